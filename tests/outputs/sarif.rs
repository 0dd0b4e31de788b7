//! SARIF by its schema, and by what GitHub takes:
//! <https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support>

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::{evidence, npm};

fn validator() -> Validator {
    let path = npm::package(npm::SARIF).join("lib/schemas/sarif-2.1.0-rtm.5.json");
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    // It has one bracket too many to be a pattern; we name no language.
    for of in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{of}/properties/language")).unwrap();
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn errors(validator: &Validator, log: &Value) -> Vec<String> {
    validator.iter_errors(log).map(|error| format!("{}: {error:.300}", error.instance_path())).collect()
}

#[test]
fn every_report_is_valid_sarif() {
    let validator = validator();
    for case in evidence::cases() {
        let log: Value = serde_json::from_str(&case.report("sarif")).unwrap();
        assert_eq!(errors(&validator, &log), Vec::<String>::new(), "{}", case.name);
    }
}

/// The validator sees what is wrong.
#[test]
fn what_is_no_sarif_is_refused() {
    let validator = validator();
    let log: Value = serde_json::from_str(&evidence::case("story").report("sarif")).unwrap();
    let changes: [(&str, Value); 4] = [
        ("/runs/0/results/0/message", json!({})),
        ("/runs/0/results/0/level", json!("fatal")),
        ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", json!(0)),
        ("/runs/0/tool/driver/rules/0/id", json!(null)),
    ];
    for (pointer, value) in changes {
        let mut log = log.clone();
        *log.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
        assert_eq!(errors(&validator, &log).len(), 1, "{pointer}");
    }
}

#[test]
fn github_takes_it_and_shows_all_of_it() {
    for case in evidence::cases() {
        let text = case.report("sarif");
        let log: Value = serde_json::from_str(&text).unwrap();
        let runs = log["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 1);
        let run = &runs[0];
        let list = |value: &Value| value.as_array().unwrap().clone();
        let (rules, results) = (list(&run["tool"]["driver"]["rules"]), list(&run["results"]));
        assert!(rules.len() <= 25_000 && results.len() <= 5000, "{}: {} results", case.name, results.len());
        for rule in &rules {
            // Twenty are taken, ten are shown.
            assert!(list(&rule["properties"]["tags"]).len() <= 10, "{rule}");
        }
        let mut told = BTreeSet::new();
        let mut fingerprints = BTreeSet::new();
        for result in &results {
            let locations = list(&result["locations"]);
            assert!(!locations.is_empty() && locations.len() <= 100, "{result}");
            let uri = locations[0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            // Relative to the repository: no scheme, no root, no way out, and nothing unescaped.
            assert!(!uri.is_empty() && !uri.starts_with('/') && !uri.split('/').any(|part| part == ".."), "{uri}");
            assert!(uri.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/%".contains(c)), "{uri}");
            assert!(fingerprints.insert(result["partialFingerprints"]["primaryLocationLineHash"].to_string()));
            told.insert(result["ruleId"].as_str().unwrap().to_owned());
        }
        let mut failed = BTreeSet::new();
        for result in case.json()["results"].as_array().unwrap() {
            let open = result["status"] == "unknown" && result["severity"] == "blocker";
            if result["status"] == "fail" || open {
                failed.insert(result["id"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(told, failed, "{}: no check is crowded out", case.name);
        assert!(compressed(&text) < 10_000_000, "{}", case.name);
    }
}

/// Bytes after gzip, which GitHub counts.
fn compressed(text: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.sarif");
    std::fs::write(&path, text).unwrap();
    let ran = Command::new("gzip").arg("-c").arg(&path).stderr(Stdio::inherit()).output().unwrap();
    assert!(ran.status.success());
    ran.stdout.len()
}

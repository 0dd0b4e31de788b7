//! `--format` and `--output` in pairs, and the JSON that scripts read.

use std::fs;

use serde_json::Value;

use crate::harness::{Ran, judge, preflight, story, timeless};

const FORMATS: [&str; 6] = ["table", "json", "markdown", "junit", "sarif", "github"];

#[test]
fn a_table_for_the_terminal_and_files_beside_it() {
    let words = "--target 16.1 --format table --format json --output r.json --format sarif --output r.sarif";
    let ran = judge("story", words).run().code(1);
    assert!(ran.stdout.starts_with("NO-GO  "), "{}", ran.stdout);
    let json: Value = serde_json::from_str(&read(&ran, "r.json")).unwrap();
    assert_eq!(json["verdict"], "no-go");
    let sarif: Value = serde_json::from_str(&read(&ran, "r.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    for format in FORMATS {
        let ran = judge("story", &format!("--target 16.1 --format {format} --output r")).run().code(1);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
        let file = read(&ran, "r");
        assert!(!file.is_empty() && !file.contains('\u{1b}'), "{format}");
        if format != "table" {
            let stdout = judge("story", &format!("--target 16.1 --format {format}")).run().code(1).stdout;
            assert_eq!(timeless(&stdout), timeless(&file), "{format}");
        }
    }
    let ran = judge("story", "--target 16.1 --output r.md --output r.xml").run().code(1);
    assert!(read(&ran, "r.md").contains("NO-GO") && read(&ran, "r.xml").starts_with("<?xml"));
}

fn read(ran: &Ran, name: &str) -> String {
    fs::read_to_string(ran.home(name)).unwrap()
}

#[test]
fn two_reports_for_stdout_are_a_mistake() {
    let line = judge("story", "--target 16.1 --format table --format json").run().mistake();
    assert!(line.contains("stdout"), "{line}");
    let line = judge("story", "--target 16.1 --output report").run().mistake();
    assert!(line.contains("--format"), "{line}");
}

#[test]
fn a_path_that_cannot_be_written_is_a_mistake() {
    let line = judge("story", "--target 16.1 --format json --output /nowhere/r.json").run().mistake();
    assert!(line.contains("/nowhere/r.json"), "{line}");
    // A file that fails is not hidden behind a table.
    judge("story", "--target 16.1 --format table --format json --output /nowhere/r.json").run().mistake();
}

/// The members of the contract, in its order; more may follow, none may go.
#[test]
fn json_has_the_members_of_the_contract() {
    let report = story().check("--format json").run().report(1).0;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let has = |value: &Value, wanted: &[&str]| {
        let keys = keys(value);
        for key in wanted {
            assert!(keys.iter().any(|name| name == key), "{key} in {keys:?}");
        }
    };
    has(&report, &["schema_version", "tool", "generated_at", "verdict", "engine", "source_version", "target_version"]);
    has(&report, &["target_requested", "instance", "declared", "coverage", "counts", "results"]);
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["tool"]["name"], "pg-preflight");
    assert_eq!(report["tool"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(report["engine"], "postgres");
    has(&report["instance"], &["id", "region", "account", "caller", "status"]);
    has(&report["coverage"], &["databases", "not_entered", "switched_off"]);
    assert_eq!(report["coverage"]["not_entered"][0]["database"], "half_dropped");
    let counted = ["blocker", "warning", "notice", "unknown", "passed", "not_applicable", "skipped", "waived"];
    let mut counts = keys(&report["counts"]);
    counts.sort_unstable();
    let mut expected = counted.to_vec();
    expected.sort_unstable();
    assert_eq!(counts, expected);
    let results = report["results"].as_array().unwrap();
    let total: u64 = counted.iter().map(|name| report["counts"][name].as_u64().unwrap()).sum();
    assert_eq!(total, results.len() as u64, "every result is counted once");
    let members =
        ["docs", "fails_at", "findings", "group", "id", "reason", "remedy", "severity", "status", "summary", "title"];
    for result in results {
        let mut found = keys(result);
        found.sort_unstable();
        assert_eq!(found, members, "{}", result["id"]);
        let mut remedy = keys(&result["remedy"]);
        remedy.sort_unstable();
        assert_eq!(remedy, ["commands", "text"]);
        let one_of =
            |name: &str, values: &[&str]| assert!(values.contains(&result[name].as_str().unwrap()), "{result}");
        one_of("status", &["pass", "fail", "unknown", "not-applicable", "skipped", "waived"]);
        one_of("severity", &["blocker", "warning", "notice"]);
        one_of("fails_at", &["request", "precheck", "outage", "after"]);
        let needs_reason = ["unknown", "not-applicable"].contains(&result["status"].as_str().unwrap());
        assert!(!needs_reason || result["reason"].is_string(), "{result}");
        for finding in result["findings"].as_array().unwrap() {
            has(finding, &["database", "object", "kind", "detail"]);
        }
        let fails = result["status"] == "fail";
        assert_eq!(fails, !result["findings"].as_array().unwrap().is_empty(), "{result}");
    }
    let reg = results.iter().find(|result| result["id"] == "pg.reg-types").unwrap();
    assert_eq!(reg["findings"][0]["database"], "app");
    assert_eq!(reg["findings"][0]["object"], "public.hooks.fn");
    assert_eq!(
        reg["remedy"]["commands"][0].as_str().unwrap().split("  --").next().unwrap(),
        "ALTER TABLE public.hooks ALTER COLUMN fn TYPE text USING fn::text;"
    );
}

#[test]
fn every_check_is_in_every_report_in_one_order() {
    let order = |words: &str| -> Vec<String> {
        let ran = preflight(words).run();
        let results = ran.json()["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["id"].as_str().unwrap().to_owned()).collect()
    };
    let evidence = |name: &str| crate::harness::fixture(&format!("bundles/{name}.json")).display().to_string();
    let all = order(&format!("check --evidence {} --target 16.1 --format json", evidence("story")));
    for words in [
        format!("check --evidence {} --target 17.6 --format json", evidence("clean")),
        format!("check --evidence {} --target 17.6 --format json --only rds.blue-green", evidence("clean")),
        format!("check --no-aws --target 17 --format json --database-url {}", crate::harness::clean().database),
        format!("check --evidence {} --target 11 --platform aurora --format json", evidence("story")),
    ] {
        assert_eq!(order(&words), all, "{words}");
    }
    let listed = preflight("checks list --format json").run().code(0).json();
    let listed = listed["checks"].as_array().or(listed.as_array()).unwrap();
    let mut ids: Vec<&str> = listed.iter().map(|check| check["id"].as_str().unwrap()).collect();
    let mut reported: Vec<&str> = all.iter().map(String::as_str).collect();
    ids.sort_unstable();
    reported.sort_unstable();
    assert_eq!(ids, reported);
    // The formats that list every check.
    for format in ["junit", "sarif"] {
        let text = judge("story", &format!("--target 16.1 --format {format}")).run().stdout;
        for id in &ids {
            assert!(text.contains(id), "{id} in {format}");
        }
    }
}

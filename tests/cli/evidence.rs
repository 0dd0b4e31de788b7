//! `collect`, and the judgement of what it wrote.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{changed, clean, fixture, judge, preflight, story, timeless};

#[test]
fn check_of_collected_evidence_gives_the_bytes_of_check() {
    for (place, code) in [(story(), 1), (clean(), 0)] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("evidence.json");
        let collect = format!("collect --database-url {} --output {}", place.database, file.display());
        let ran = place.ask(&collect).run().code(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
        let target = place.target;
        for format in ["json", "table", "markdown", "junit", "sarif", "github"] {
            let direct = place.check(&format!("--format {format}")).run().code(code);
            let words = format!("check --evidence {} --target {target} --format {format}", file.display());
            let (once, again) = (preflight(&words).run().code(code), preflight(&words).run().code(code));
            assert_eq!(timeless(&once.stdout), timeless(&again.stdout), "{format}: the same bytes");
            let (direct, once) = (without_moments(&direct.stdout), without_moments(&once.stdout));
            assert_eq!(direct, once, "{format}");
        }
    }
}

/// The recorded answers move their times with the clock, so two collections differ in minutes; the judgement of one
/// must not differ. Digits of times are blanked.
fn without_moments(text: &str) -> String {
    timeless(text)
        .split(' ')
        .map(|word| {
            let core = word.trim_matches(|c: char| !c.is_ascii_digit());
            let moment = core.len() >= 5 && core.chars().all(|c| c.is_ascii_digit() || ":-TZ.".contains(c));
            if moment && (core.contains(':') || core.contains('-')) { "·".repeat(word.len()) } else { word.to_owned() }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn evidence_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evidence.json");
    clean().ask(&format!("collect --no-database --output {}", file.display())).run().code(0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let bundle: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(bundle["schema_version"], 1);
    // Also to stdout, to be piped on.
    let piped = clean().ask("collect --no-database").run().code(0);
    assert_eq!(piped.json()["asked"], json!({ "instance": "clean16", "cluster": null }));
}

#[test]
fn what_was_switched_off_when_collecting_is_said_when_judging() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evidence.json");
    clean().ask(&format!("collect --no-database --output {}", file.display())).run().code(0);
    let judged = |words: &str| preflight(&format!("check --evidence {} --target 17.6 {words}", file.display())).run();
    let report = judged("--format json").report(0);
    assert_eq!(report.0["coverage"]["switched_off"], json!(["--no-database"]));
    let direct = clean().check_aws("--format json").run().code(0);
    assert_eq!(without_moments(&direct.stdout), without_moments(&judged("--format json").stdout));
    let table = judged("--skip rds.backup-age").code(0).stdout;
    assert!(table.contains("not judged: --no-database, --skip rds.backup-age"), "{table}");
}

/// The change that is looked at declares a version; the evidence is from elsewhere, and older.
#[test]
fn code_may_come_with_the_judgement() {
    let status = |code: &str| {
        let run = judge("clean", "--target 17.6 --format json").file("main.tf", code);
        let path = run.home().join("main.tf").display().to_string();
        run.args(["--declared", path.as_str()]).run().report(0).status("iac.version-drift").to_owned()
    };
    let code = |version: &str| {
        format!(
            "resource \"aws_db_instance\" \"a\" {{\n  engine = \"postgres\"\n  engine_version = \"{version}\"\n  allow_major_version_upgrade = true\n}}\n"
        )
    };
    assert_eq!((status(&code("17.6")).as_str(), status(&code("15.4")).as_str()), ("pass", "fail"));
}

#[test]
fn an_existing_evidence_file_does_not_stay_open_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evidence.json");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    clean().ask(&format!("collect --no-database --output {}", file.display())).run().code(0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn one_bundle_is_judged_against_any_target() {
    let verdict = |target: &str| {
        let ran = judge("story", &format!("--target {target} --format json")).run().code(1);
        (ran.json()["target_version"].clone(), ran.json())
    };
    let (exact, planned) = verdict("16.1");
    let (major, resolved) = verdict("16");
    let (other, _) = verdict("13.15");
    assert_eq!((exact, major, other), (json!("16.1"), json!("16.3"), json!("13.15")));
    let status = |report: &Value, id: &str| {
        report["results"].as_array().unwrap().iter().find(|result| result["id"] == id).unwrap()["status"].clone()
    };
    assert_eq!(status(&planned, "rds.target-version"), "fail");
    assert_eq!(status(&resolved, "rds.target-version"), "pass");
}

#[test]
fn collect_says_what_it_could_not_see() {
    let database = "postgres://preflight:wrong@127.0.0.1:1/app";
    let ran = story().ask(&format!("collect --database-url {database}")).run().code(3);
    assert!(ran.stderr.starts_with("unknown: database: "), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1);
    assert!(ran.json()["database"]["unavailable"]["reason"].is_string());
}

#[test]
fn a_bad_evidence_file_is_a_mistake_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let story = fs::read_to_string(fixture("bundles/story.json")).unwrap();
    let newer = story.replacen("\"schema_version\": 1", "\"schema_version\": 2", 1);
    assert_ne!(newer, story);
    let nested = "[".repeat(100_000);
    let cases: [(&str, &[u8], &str); 10] = [
        ("not-json", b"hello", "is not an evidence file of pg-preflight"),
        ("empty", b"", "is not an evidence file of pg-preflight"),
        ("truncated", &story.as_bytes()[..story.len() / 2], "is not an evidence file of pg-preflight"),
        ("other-json", br#"{"name":"left-pad","version":"1.0.0"}"#, "is not an evidence file of pg-preflight"),
        ("list", b"[1,2,3]", "is not an evidence file of pg-preflight"),
        ("head-alone", br#"{"schema_version":1}"#, "is not an evidence file of pg-preflight"),
        ("newer", newer.as_bytes(), "evidence format 2, this version reads 1"),
        ("negative", br#"{"schema_version":-1}"#, "is not an evidence file of pg-preflight"),
        ("nested", nested.as_bytes(), "is not an evidence file of pg-preflight"),
        ("binary", b"\xff\xfe\x00\x1b[31m", "cannot read evidence file"),
    ];
    for (name, bytes, expected) in cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let line = preflight(&format!("check --evidence {} --target 16.3", path.display())).run().mistake();
        assert!(line.contains(expected) && line.contains(name), "{name}: {line}");
    }
    for path in [folder.path().join("missing.json"), folder.path().to_owned()] {
        let line = preflight(&format!("check --evidence {} --target 16.3", path.display())).run().mistake();
        assert!(line.contains(&path.display().to_string()), "{line}");
    }
    // A report is no evidence.
    let report = judge("clean", "--target 17.6 --format json").run().stdout;
    let path = folder.path().join("report.json");
    fs::write(&path, report).unwrap();
    preflight(&format!("check --evidence {} --target 16.3", path.display())).run().mistake();
}

#[test]
fn judging_evidence_asks_nobody() {
    let ran = judge("clean", "--target 17.6").env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").env("PGHOST", "127.0.0.1");
    assert_eq!(ran.env("AWS_CA_BUNDLE", "/nowhere").run().code, Some(0));
    // Pipelines have DATABASE_URL for other steps.
    let ran = judge("clean", "--target 17.6").env("DATABASE_URL", "postgres://app@db/app").run();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for option in ["--database-url postgres://db/x", "--instance x", "--no-aws", "--no-database", "--cluster x"] {
        let ran = judge("clean", &format!("--target 17.6 {option}")).run().code(2);
        assert!(ran.stderr.contains("--evidence"), "{}", ran.stderr);
    }
}

/// A member that a later version adds must not keep an older one from judging what it knows.
#[test]
fn an_unknown_member_is_no_reason_to_refuse() {
    let more = changed("clean", |bundle| bundle["later"] = json!(true));
    let ran = preflight(&format!("check --evidence {} --target 17.6", more.path().display())).run();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn collect_to_where_it_cannot_write_is_a_mistake() {
    let line = clean().ask("collect --no-database --output /nowhere/evidence.json").run().mistake();
    assert!(line.contains("/nowhere/evidence.json"), "{line}");
    assert!(!Path::new("/nowhere").exists());
}

//! The verdicts and their exit codes, and the options that move them.

use crate::harness::{ACCOUNT, CALLER, changed, clean, first_line, judge, preflight, story};
use serde_json::json;

#[test]
fn go_is_0_live_and_from_evidence() {
    let report = clean().check("--format json").run().report(0);
    assert_eq!(report.verdict(), "go");
    assert_eq!(report.with("unknown"), [""; 0]);
    let table = clean().check("").run().code(0);
    assert!(table.stdout.starts_with("GO  clean16, PostgreSQL 16.9 to 17.6"), "{}", table.stdout);

    let table = judge("clean", "--target 17.6").run().code(0);
    assert!(table.stdout.starts_with("GO  clean16") && table.stderr.is_empty(), "{table:?}");
}

#[test]
fn no_go_is_1_and_names_the_story() {
    let report = story().check("--format json").run().report(1);
    assert_eq!(report.verdict(), "no-go");
    for id in ["pg.reg-types", "pg.prepared-transactions", "pg.logical-slots", "pg.invalid-databases"] {
        assert_eq!(report.status(id), "fail", "{id}");
    }
    assert_eq!(report.result("rds.pending-maintenance")["findings"].as_array().unwrap().len(), 2);
    assert_eq!(report.status("rds.target-version"), "pass");
    assert_eq!(report.0["source_version"], "12.19");

    let planned = story().ask("check --target 16.1 --no-database --format json").run().report(1);
    assert_eq!(planned.status("rds.target-version"), "fail");
    assert!(planned.result("rds.target-version")["summary"].as_str().unwrap().contains("16.3"));
}

#[test]
fn incomplete_is_3() {
    let gap = changed("clean", |bundle| {
        bundle["aws"]["collected"]["pending_maintenance"] = json!({ "unavailable": { "reason": "AccessDenied: no" } });
    });
    let words = format!("check --evidence {} --target 17.6", gap.path().display());
    let table = preflight(&words).run().code(3);
    assert!(table.stdout.starts_with("INCOMPLETE  "), "{}", table.stdout);
    assert!(table.stdout.contains("AccessDenied: no"));
    let report = preflight(&format!("{words} --format json")).run().report(3);
    assert_eq!((report.verdict(), report.with("unknown")), ("incomplete", vec!["rds.pending-maintenance"]));
}

#[test]
fn a_gap_under_a_warning_alone_is_a_go() {
    let gap = changed("clean", |bundle| {
        bundle["aws"]["collected"]["free_storage"] = json!({ "unavailable": { "reason": "AccessDenied: no" } });
    });
    let words = format!("check --evidence {} --target 17.6 --format json", gap.path().display());
    assert_eq!(preflight(&words).run().report(0).with("unknown"), ["rds.free-storage"]);
}

#[test]
fn fail_on_warning_makes_a_warning_a_no_go() {
    let warned = clean().check("--format json").run().report(0);
    assert!(warned.0["counts"]["warning"].as_u64().unwrap() > 0 && warned.0["counts"]["blocker"] == 0);
    let strict = clean().check("--fail-on warning --format json").run().report(1);
    assert_eq!((strict.verdict(), &strict.0["counts"]), ("no-go", &warned.0["counts"]));
    assert_eq!(judge("clean", "--target 17.6 --fail-on warning").run().code, Some(0));
}

#[test]
fn what_is_switched_off_is_said_beside_the_verdict() {
    let cases = [
        ("--skip pg.*", "pg.reg-types", "--skip pg.*"),
        ("--only rds.*", "pg.reg-types", "--only rds.*"),
        ("--only rds.* --only pg.*", "ext.unlisted", "--only rds.* --only pg.*"),
    ];
    for (words, skipped, reason) in cases {
        let report = judge("story", &format!("--target 16.3 --format json {words}")).run().report(1);
        assert_eq!((report.status(skipped), report.reason(skipped)), ("skipped", reason), "{words}");
        let off = report.0["coverage"]["switched_off"].as_array().unwrap();
        assert!(off.iter().all(|flag| words.contains(flag.as_str().unwrap())) && !off.is_empty(), "{off:?}");
        let table = judge("story", &format!("--target 16.3 {words}")).run().code(1).stdout;
        assert!(table.contains("not judged: --"), "{table}");
    }
    let report = story().check_aws("--format json").run().report(1);
    assert_eq!(report.0["coverage"]["switched_off"], json!(["--no-database"]));
    assert_eq!((report.status("pg.reg-types"), report.reason("pg.reg-types")), ("skipped", "--no-database"));

    let alone = preflight(&format!("check --no-aws --target 16 --format json --database-url {}", story().database));
    let report = alone.run().report(1);
    assert_eq!(report.0["coverage"]["switched_off"], json!(["--no-aws"]));
    assert_eq!((report.status("rds.target-version"), report.reason("rds.target-version")), ("skipped", "--no-aws"));
    assert_eq!((&report.0["source_version"], &report.0["target_version"]), (&json!("12.22"), &json!("16")));
}

#[test]
fn skipping_every_blocker_that_fails_is_a_go_that_says_so() {
    let words = "--target 16.3 --skip pg.* --skip rds.pending-maintenance --skip ext.*";
    let table = judge("story", words).run().code(0).stdout;
    assert!(table.starts_with("GO  "), "{table}");
    assert!(table.contains("not judged: --skip pg.*, --skip rds.pending-maintenance, --skip ext.*"), "{table}");
}

#[test]
fn a_glob_without_a_check_is_a_mistake() {
    let line = judge("clean", "--target 17.6 --only rds.taget-version").run().mistake();
    assert!(line.contains("--only rds.taget-version") && line.contains("rds.target-version"), "{line}");
    let line = judge("clean", "--target 17.6 --skip pg.regtypes").run().mistake();
    assert!(line.contains("--skip pg.regtypes") && line.contains("pg.reg-types"), "{line}");
}

#[test]
fn a_run_that_judges_nothing_is_no_go_ahead() {
    let line = judge("clean", "--target 17.6 --only rds.* --skip *").run().mistake();
    assert!(line.contains("nothing to judge"), "{line}");
    let words = "check --no-aws --target 17 --only rds.*";
    let line = preflight(&format!("{words} --database-url {}", clean().database)).run().mistake();
    assert!(line.contains("--no-aws") && line.contains("nothing to judge"), "{line}");
    let line = preflight("check --no-aws --no-database --target 17").run().mistake();
    assert!(line.contains("nothing to judge"), "{line}");
}

#[test]
fn old_evidence_is_incomplete() {
    let old = changed("clean", |bundle| bundle["collected_at"] = json!("2026-01-01T00:00:00Z"));
    let words = format!("check --evidence {} --target 17.6", old.path().display());
    assert_eq!(preflight(&words).run().code, Some(0), "no age was asked for");
    let table = preflight(&format!("{words} --max-age 24h")).run().code(3).stdout;
    assert!(table.starts_with("INCOMPLETE  ") && table.contains("note: the evidence of 2026-01-01 00:00 UTC is older"));
    let years = preflight(&format!("{words} --max-age 1000000h")).run();
    assert_eq!(years.code, Some(0), "{years:?}");
    let future = changed("clean", |bundle| bundle["collected_at"] = json!("2099-01-01T00:00:00Z"));
    let words = format!("check --evidence {} --target 17.6 --max-age 24h", future.path().display());
    assert!(preflight(&words).run().code(3).stdout.contains("from the future"));
    // A no-go stays one.
    assert_eq!(judge("story", "--target 16.1 --max-age 1s").run().code, Some(1));
    let line = judge("clean", "--target 17.6 --max-age soon").run().code(2).stderr;
    assert!(line.contains("'soon'"), "{line}");
}

#[test]
fn the_expected_caller_is_believed() {
    let words = format!("--format json --expect-account {ACCOUNT} --expect-identity *:user/planx-*");
    let report = clean().check(&words).run().report(0);
    assert_eq!(report.status("aws.caller-identity"), "pass");
    assert_eq!(report.0["instance"]["caller"], CALLER);
}

#[test]
fn another_caller_is_not_believed() {
    for words in ["--expect-account 999999999999", "--expect-identity *:role/deploy"] {
        let expected = words.split(' ').nth(1).unwrap();
        let report = clean().check(&format!("--format json {words}")).run().report(1);
        assert_eq!(report.status("aws.caller-identity"), "fail");
        for result in report.results() {
            let id = result["id"].as_str().unwrap();
            if id.starts_with("rds.") {
                assert_eq!(result["status"], "unknown", "{id} was judged by evidence of somebody else");
                assert!(report.reason(id).contains(expected), "{}", report.reason(id));
            }
        }
        // Nor does leaving out the check that says so make it believed.
        let report = clean().check(&format!("--format json {words} --skip aws.*")).run().report(3);
        assert_eq!(report.verdict(), "incomplete");
    }
}

/// The instance that nobody believes in runs 16, the database 12: whether there is an upgrade is for the database to say.
#[test]
fn an_instance_of_another_account_is_no_source() {
    let words = format!("check --instance clean16 --target 16.9 --database-url {}", story().database);
    let run = |more: &str| preflight(&format!("{words} --format json {more}")).aws(&story().endpoint).run();
    let report = run("--expect-account 999999999999 --only pg.* --only ext.*").report(1);
    assert_eq!((report.status("pg.reg-types"), &report.0["source_version"]), ("fail", &json!("12.22")));
}

/// Who asked could not be had: that is evidence that is missing, and no finding.
#[test]
fn an_expected_caller_that_nobody_saw_is_unknown() {
    let denied =
        || crate::proxy::Proxy::with(&clean().endpoint, "GetCallerIdentity", crate::proxy::Fault::denied("sts"));
    let proxy = denied();
    let place = clean().through(&proxy.url);
    let report = place.check(&format!("--format json --expect-account {ACCOUNT}")).run().report(0);
    assert_eq!(report.status("aws.caller-identity"), "pass", "the instance's own ARN names the account");
    let ran = place.check("--format json --expect-identity *:user/planx-*").run();
    let report = ran.report(3);
    assert_eq!(report.status("aws.caller-identity"), "unknown");
    assert!(report.reason("aws.caller-identity").contains("AccessDenied"), "{}", report.reason("aws.caller-identity"));
}

#[test]
fn a_major_resolves_to_its_highest_valid_target() {
    let report = story().ask("check --target 16 --no-database --format json").run().report(1);
    assert_eq!((&report.0["target_version"], &report.0["target_requested"]), (&json!("16.3"), &json!("16")));
    let report = judge("clean", "--target 17 --format json").run().report(0);
    assert_eq!(report.0["target_version"], "17.6");
}

#[test]
fn the_verdict_is_the_first_word_in_every_case() {
    for (target, code, word) in [("16.1", 1, "NO-GO"), ("11", 1, "NO-GO")] {
        let table = judge("story", &format!("--target {target}")).run().code(code).stdout;
        assert!(first_line(&table).starts_with(&format!("{word}  ")), "{table}");
    }
}

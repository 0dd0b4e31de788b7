//! `gate`, on real git repositories.

use serde_json::{Value, json};

use crate::harness::{Report, changed, clean as clean_place, first_line, fixture};
use crate::repository::{Repository, gate_in, git, pulumi, terraform};

/// The evidence of an instance at 12.19, whose only valid 16 is 16.3.
fn story() -> String {
    format!("--evidence {}", fixture("bundles/story.json").display())
}

/// The evidence of an instance at 16.9 in which there is nothing wrong.
fn clean() -> String {
    format!("--evidence {}", fixture("bundles/clean.json").display())
}

fn headline(report: &Report) -> &str {
    report.0["change"]["headline"].as_str().unwrap()
}

#[test]
fn without_a_version_change_only_the_drift_is_told() {
    let repository = Repository::with(&[("infra/index.ts", &pulumi("12.17"))]);
    repository.change(&[("infra/index.ts", &format!("// a comment\n{}", pulumi("12.17"))), ("other.txt", "x")]);
    let report = repository.gate(&format!("{} --format json", story())).run().report(0);
    assert_eq!(headline(&report), "no version changes against main; app declares 12.17, 12.19 runs");
    assert_eq!(report.with("fail"), ["iac.version-drift"]);
    assert_eq!(
        report.0["declared"],
        json!({"version": "12.17", "file": "infra/index.ts", "line": 5, "resource": "app"})
    );
    assert_eq!(report.reason("rds.target-version"), "this change declares no other version");
    let table = repository.gate(&story()).run().code(0).stdout;
    assert!(first_line(&table).starts_with("GO  no version changes against main;"), "{table}");
}

#[test]
fn nobody_needs_to_be_asked_when_nothing_changes() {
    let repository = Repository::with(&[("index.ts", &pulumi("12.17"))]);
    repository.change(&[("readme.md", "x")]);
    let report = repository.gate("--format json").run().report(0);
    assert_eq!(headline(&report), "no version changes against main; app declares 12.17");
}

#[test]
fn a_change_is_judged_from_what_runs() {
    let repository = Repository::with(&[("index.ts", &pulumi("12.17"))]);
    repository.change(&[("index.ts", &pulumi("16.1")), ("a.txt", ""), ("b.txt", "")]);
    let report = repository.gate(&format!("{} --format json", story())).run().report(1);
    assert_eq!(
        headline(&report),
        "16.1 is not a valid target of 12.19; in 16 it is 16.3 (a major upgrade of app1a2b3c4, among 2 other changed files)"
    );
    assert_eq!((&report.0["source_version"], &report.0["target_version"]), (&json!("12.19"), &json!("16.1")));
    assert_eq!(report.status("rds.target-version"), "fail");
    assert_eq!(report.status("iac.version-drift"), "pass");
    assert_eq!(report.0["change"]["from"], "12.17");
}

#[test]
fn a_valid_upgrade_of_a_clean_database_goes() {
    let repository = Repository::with(&[("index.ts", &pulumi("16.9"))]);
    repository.change(&[("index.ts", &pulumi("17.6"))]);
    let report = repository.gate(&format!("{} --format json", clean())).run().report(0);
    assert!(headline(&report).starts_with("a major upgrade, "), "{}", headline(&report));
    let unfit = Repository::with(&[("index.ts", &pulumi("16.9"))]);
    unfit.change(&[("index.ts", &pulumi("17.6").replace("  allowMajorVersionUpgrade: true,\n", ""))]);
    let report = unfit.gate(&format!("{} --format json", clean())).run().report(1);
    assert_eq!(report.status("iac.allow-major-version-upgrade"), "fail");
}

#[test]
fn a_downgrade_is_said_in_the_first_line() {
    let repository = Repository::with(&[("index.ts", &pulumi("16.9"))]);
    repository.change(&[("index.ts", &pulumi("15.7"))]);
    let table = repository.gate(&clean()).run().code(1).stdout;
    assert!(first_line(&table).starts_with("NO-GO  15.7 is older than 16.9"), "{table}");
    // Nobody could be asked: the base is enough to see it.
    let report = repository.gate("--no-aws --no-database --format json").run();
    assert_eq!(report.code, Some(2), "{}", report.stderr);
}

#[test]
fn a_change_that_nobody_can_judge_is_incomplete() {
    let repository = Repository::with(&[("index.ts", &pulumi("12.17"))]);
    repository.change(&[("index.ts", &pulumi("16.3"))]);
    let old = changed("clean", |bundle| bundle["collected_at"] = json!("2020-01-01T00:00:00Z"));
    let clean = Repository::with(&[("index.ts", &pulumi("16.9"))]);
    clean.change(&[("index.ts", &pulumi("17.6"))]);
    let words = format!("--evidence {} --max-age 24h --format json", old.path().display());
    assert_eq!(clean.gate(&words).run().report(3).verdict(), "incomplete");
    // Neither evidence nor an instance to ask: a mistake, and never a GO.
    repository.gate("--no-database").run().mistake();
}

#[test]
fn what_cannot_be_known_is_incomplete() {
    let code = pulumi("12.17");
    let repository = Repository::with(&[("index.ts", &code)]);
    repository.change(&[("index.ts", &code.replace("\"12.17\"", "process.env.PG_VERSION"))]);
    let report = repository.gate(&format!("{} --format json", story())).run().report(3);
    assert!(headline(&report).starts_with("the version that app declares cannot be known: "));
    assert_eq!(report.with("unknown"), ["iac.declared-version", "iac.version-drift"]);
}

#[test]
fn a_renamed_file_changes_no_version() {
    let repository = Repository::with(&[("infra/data/index.ts", &pulumi("12.17"))]);
    repository.git("checkout -q -b change");
    repository.git("mv infra/data infra/db");
    repository.commit(&[]);
    for words in ["", "--declared infra", "--declared infra/db", "--declared infra/db/index.ts"] {
        let report = repository.gate(&format!("{} --format json {words}", story())).run().report(0);
        assert!(
            headline(&report).starts_with("no version changes against main; app"),
            "{words}: {}",
            headline(&report)
        );
    }
    repository.commit(&[("infra/db/index.ts", &pulumi("16.1"))]);
    let report = repository.gate(&format!("{} --format json --declared infra/db", story())).run().report(1);
    assert_eq!(report.0["change"]["from"], "12.17");
}

#[test]
fn a_version_that_moves_between_files_is_no_change() {
    let code = pulumi("12.17");
    let repository = Repository::with(&[("index.ts", &code), ("Pulumi.yaml", "name: db\nruntime: nodejs\n")]);
    let configured = code.replace("\"12.17\"", "new pulumi.Config().require(\"version\")");
    let configured = format!("import * as pulumi from \"@pulumi/pulumi\";\n{configured}");
    let stack = |version: &str| format!("config:\n  db:version: \"{version}\"\n");
    repository.change(&[("index.ts", &configured), ("Pulumi.prod.yaml", &stack("12.17"))]);
    let words = format!("{} --format json --stack prod", story());
    assert!(headline(&repository.gate(&words).run().report(0)).starts_with("no version changes"));
    // And changed there it is one, with the line of the stack's file.
    repository.git("checkout -q -B main");
    repository.git("checkout -q -B second");
    repository.commit(&[("Pulumi.prod.yaml", &stack("16.1"))]);
    let report = repository.gate(&words).run().report(1);
    assert_eq!(report.0["declared"]["file"], "Pulumi.prod.yaml");
    assert_eq!((&report.0["change"]["from"], &report.0["change"]["to"]), (&json!("12.17"), &json!("16.1")));
}

#[test]
fn of_several_databases_the_one_that_changes_is_judged() {
    let repository = Repository::with(&[("db.tf", &terraform("12.17", "13.4"))]);
    repository.change(&[("db.tf", &terraform("16.1", "13.4"))]);
    let report = repository.gate(&format!("{} --format json", story())).run().report(1);
    assert_eq!(report.0["change"]["resource"], "aws_db_instance.main");
    repository.commit(&[("db.tf", &terraform("16.1", "16.1"))]);
    let mistake = repository.gate(&story()).run().mistake();
    assert!(
        mistake.contains("2 databases change, pass --resource: aws_db_instance.main, aws_db_instance.stats"),
        "{mistake}"
    );
    let words = format!("{} --format json --resource aws_db_instance.main", story());
    let report = repository.gate(&words).run().report(1);
    assert_eq!(report.0["notes"][0], "aws_db_instance.stats changes too: not judged");
    let words = format!("{} --resource nothing", story());
    assert!(repository.gate(&words).run().mistake().contains("there is aws_db_instance.main, aws_db_instance.stats"));
}

/// An instance that is named judges its own code; what else changes leaves the gate open.
#[test]
fn another_database_that_changes_is_not_passed_over() {
    let evidence = changed("clean", |bundle| {
        bundle["aws"]["collected"]["instance"]["collected"]["id"] = json!("stats-prod");
    });
    let repository = Repository::with(&[("db.tf", &terraform("12.17", "16.9"))]);
    repository.change(&[("db.tf", &terraform("13.4", "17.6"))]);
    repository.write(&[("preflight.toml", "[instance]\nid = \"stats-prod\"\n")]);
    let words = format!("--evidence {} --config preflight.toml --format json", evidence.path().display());
    let report = repository.gate(&words).run().report(3);
    assert!(
        report.reason("iac.declared-version").contains("aws_db_instance.main: its version changes from 12.17 to 13.4")
    );
    // The code of one instance is not judged by the evidence of another.
    let other = Repository::with(&[("db.tf", &terraform("12.17", "16.9"))]);
    other.change(&[("db.tf", &terraform("12.17", "17.6"))]);
    let report = other.gate(&format!("{} --format json", clean())).run().report(3);
    assert!(report.reason("iac.declared-version").contains("is the code of stats-prod"));
}

#[test]
fn a_change_cannot_excuse_itself() {
    let waiver = |check: &str| format!("[[waiver]]\ncheck = \"{check}\"\nreason = \"because\"\nexpires = 2099-01-01\n");
    let repository = Repository::with(&[("index.ts", &pulumi("12.17")), ("preflight.toml", "")]);
    repository.change(&[("index.ts", &pulumi("16.1")), ("preflight.toml", &waiver("*"))]);
    let report = repository.gate(&format!("{} --format json", story())).run().report(1);
    assert!(report.with("waived").is_empty());
    assert_eq!(report.0["notes"][0], "preflight.toml is changed here: the one in main holds, waivers and all");
    // A new file's waivers hold no more than a changed one's.
    let repository = Repository::with(&[("index.ts", &pulumi("12.17"))]);
    repository.change(&[("index.ts", &pulumi("16.1")), ("preflight.toml", &waiver("*"))]);
    let report = repository.gate(&format!("{} --format json", story())).run().report(1);
    assert_eq!(report.0["notes"][0], "preflight.toml is new here: its waivers hold once they are in main");
    // Those of the base do, also when the change takes them away.
    let repository =
        Repository::with(&[("index.ts", &pulumi("12.17")), ("preflight.toml", &waiver("rds.target-version"))]);
    repository.change(&[("index.ts", &pulumi("16.1")), ("preflight.toml", "")]);
    let report = repository.gate(&format!("{} --format json", story())).run().report(1);
    assert_eq!(report.with("waived"), ["rds.target-version"]);
    repository.git("rm -q preflight.toml");
    let report = repository.gate(&format!("{} --format json", story())).run().report(1);
    assert_eq!(report.with("waived"), ["rds.target-version"]);
}

#[test]
fn a_broken_configuration_is_a_mistake() {
    let repository = Repository::with(&[("index.ts", &pulumi("12.17")), ("preflight.toml", "nonsense = 1\n")]);
    repository.change(&[("index.ts", &pulumi("16.1"))]);
    repository.gate(&story()).run().code(2);
    repository.commit(&[("preflight.toml", "")]);
    let report = repository.gate(&format!("{} --format json", story())).run().report(1);
    assert_eq!(report.0["notes"][0], "preflight.toml in main is invalid: the one here holds, but for its waivers");
}

#[test]
fn a_shallow_clone_and_a_detached_head_are_enough() {
    let repository = Repository::with(&[("index.ts", &pulumi("12.17"))]);
    repository.change(&[("index.ts", &pulumi("16.1"))]);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", repository.path().display());
    git(folder.path(), &format!("clone -q --depth=1 --branch change {url} clone"));
    let clone = folder.path().join("clone");
    git(&clone, "checkout -q --detach");
    let line = gate_in(&clone, &format!("--base origin/main {}", story())).run().mistake();
    assert!(line.contains("git has no commit 'origin/main' here; in a shallow clone fetch it first"), "{line}");
    git(&clone, "fetch -q --depth=1 origin main:refs/remotes/origin/main");
    let ran = gate_in(&clone, &format!("--base origin/main {} --format json", story())).run();
    let report = ran.report(1);
    assert_eq!(report.0["change"]["to"], "16.1");
    assert_eq!(
        report.0["notes"][0],
        "the history here is too short to find where the change began: compared with origin/main"
    );
    // As GitHub names the base branch.
    let ran = gate_in(&clone, &format!("{} --format json", story())).env("GITHUB_BASE_REF", "main").run();
    assert_eq!(ran.report(1).0["change"]["base"], "origin/main");
}

/// What came to the base since is no part of the change.
#[test]
fn the_change_begins_where_it_left_the_base() {
    let repository = Repository::with(&[("index.ts", &pulumi("12.17"))]);
    repository.change(&[("other.txt", "x")]);
    repository.git("checkout -q main");
    repository.commit(&[("index.ts", &pulumi("12.19"))]);
    repository.git("checkout -q change");
    let report = repository.gate(&format!("{} --format json", story())).run().report(0);
    assert!(headline(&report).starts_with("no version changes against main; app declares 12.17"));
}

#[test]
fn outside_of_a_repository_there_is_no_gate() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.ts"), pulumi("12.17")).unwrap();
    let line = gate_in(folder.path(), "--base main").env("GIT_CEILING_DIRECTORIES", "/").run().mistake();
    assert!(line.contains("is not in a git repository"), "{line}");
    let repository = Repository::with(&[("readme.md", "x")]);
    let ran = repository.gate("").run().code(3);
    assert!(ran.stderr.contains("no PostgreSQL database is declared"), "{}", ran.stderr);
    for base in ["", "--upload-pack=x", "nothing", "main:index.ts", "HEAD~5"] {
        let program = gate_in(&repository.path(), &story()).args([&format!("--base={base}")[..]]);
        assert!(program.run().mistake().contains("git has no commit"), "{base}");
    }
}

/// What is out of sight is no GO: git goes on tracking a file that a new rule ignores.
#[test]
fn a_declaration_that_is_gone_is_incomplete() {
    let repository = Repository::with(&[("infra/index.ts", &pulumi("12.17")), ("db.tf", &terraform("13.4", "13.4"))]);
    repository.change(&[("infra/index.ts", &pulumi("16.1")), (".gitignore", "infra/\n")]);
    let report = repository.gate(&format!("{} --format json", story())).run().report(3);
    assert!(report.reason("iac.declared-version").contains("it is declared no more"));
    let only = Repository::with(&[("index.ts", &pulumi("12.17")), ("main.tf", "")]);
    only.git("rm -q index.ts");
    let report = only.gate(&format!("{} --format json", story())).run().report(3);
    assert_eq!(headline(&report), "app is declared no more");
}

/// The code says itself which instance it is about; AWS and the database are asked what runs.
#[test]
fn the_instance_that_the_code_names_is_asked() {
    let place = clean_place();
    let code = pulumi("16.9").replace("\"postgres\",", "\"postgres\",\n  identifier: \"clean16\",");
    let repository = Repository::with(&[("index.ts", &code)]);
    repository.change(&[("index.ts", &code.replace("16.9", "17.6"))]);
    let words = format!("--database-url {} --format json", place.database);
    let report = repository.gate(&words).aws(&place.endpoint).run().report(0);
    assert_eq!(report.0["instance"]["id"], "clean16");
    assert!(
        headline(&report).starts_with("a major upgrade, clean16 from PostgreSQL 16.9 to 17.6"),
        "{}",
        headline(&report)
    );
    // Where AWS cannot be reached, a change is no GO, and no change is one.
    let nowhere = "http://127.0.0.1:9";
    let words = "--no-database --format json";
    assert_eq!(repository.gate(words).aws(nowhere).run().report(3).verdict(), "incomplete");
    repository.commit(&[("index.ts", &code)]);
    let report = repository.gate(words).aws(nowhere).run().report(0);
    assert_eq!(report.with("unknown"), ["iac.version-drift"]);
}

/// The work tree is what is judged, committed or not, and nothing in it is touched.
#[test]
fn what_is_not_committed_yet_counts() {
    let repository = Repository::with(&[("index.ts", &pulumi("12.17"))]);
    repository.write(&[("index.ts", &pulumi("16.1"))]);
    let before = std::fs::read(repository.path().join(".git/index")).unwrap();
    let report = repository.gate(&format!("{} --format json", story())).run().report(1);
    assert_eq!(report.0["change"]["to"], "16.1");
    assert_eq!(std::fs::read(repository.path().join(".git/index")).unwrap(), before);
}

#[test]
fn every_format_tells_the_change() {
    let repository = Repository::with(&[("infra/index.ts", &pulumi("12.17"))]);
    repository.change(&[("infra/index.ts", &pulumi("16.1").replace("  allowMajorVersionUpgrade: true,\n", ""))]);
    let said = "16.1 is not a valid target of 12.19";
    for format in ["table", "markdown", "junit", "sarif", "github"] {
        let text = repository.gate(&format!("{} --format {format}", story())).run().code(1).stdout;
        assert!(text.contains(said), "{format}: {text}");
    }
    let sarif = repository.gate(&format!("{} --format sarif", story())).run().code(1).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let flag = results.iter().find(|result| result["ruleId"] == "iac.allow-major-version-upgrade").unwrap();
    let place = &flag["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "infra/index.ts");
    assert_eq!(place["region"]["startLine"], Value::from(2));
}

//! A user's own checks.

use crate::harness::{Preflight, clean, preflight, story};

const GOOD: &str = r#"
schema = 1
id = "acme.big-teams"
title = "No table is called teams"
severity = "blocker"
fails-at = "after"
summary = { one = "1 table is called teams", many = "{count} tables are called teams" }
why = "Because we say so."
docs = []

[remedy]
text = "Rename it."
commands = ["ALTER TABLE {relation} RENAME TO groups;  -- in database {database}"]

[query]
scope = "each-database"
columns = ["relation"]
sql = '''
SELECT format('%I.%I', n.nspname, c.relname) AS relation
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relname = 'teams'
ORDER BY 1
'''

[rule.rows]
object = "{relation}"
kind = "table"
detail = "a word of another team"
"#;

fn with(run: Preflight, name: &str, text: &str) -> Preflight {
    let folder = run.home().join("own").display().to_string();
    run.file(&format!("own/{name}.toml"), text).args(["--checks-dir", folder.as_str()])
}

#[test]
fn a_check_of_ones_own_finds_what_it_looks_for() {
    let run = || story().check("--format json --only acme.*");
    let report = with(run(), "big-teams", GOOD).run().report(1);
    let result = report.result("acme.big-teams");
    assert_eq!((&result["status"], &result["findings"][0]["object"]), (&"fail".into(), &"public.teams".into()));
    assert_eq!(result["findings"][0]["database"], "app");
    assert_eq!(result["remedy"]["commands"][0], "ALTER TABLE public.teams RENAME TO groups;  -- in database app");
    let table = with(story().check("--only acme.*"), "big-teams", GOOD).run().code(1).stdout;
    assert!(table.contains("1 table is called teams"), "{table}");
    let report = with(clean().check("--format json"), "big-teams", GOOD).run().report(0);
    assert_eq!(report.status("acme.big-teams"), "pass");
    let shown = with(preflight("checks show acme.big-teams"), "big-teams", GOOD).run().code(0).stdout;
    assert!(shown.contains("No table is called teams"));
    assert!(with(preflight("checks list"), "big-teams", GOOD).run().stdout.contains("acme.big-teams"));
}

/// Its query fails in the server: the words of the server, and no GO.
#[test]
fn a_check_whose_query_fails_is_open() {
    let broken = GOOD.replace("c.relname = 'teams'", "c.no_such_column");
    let report = with(clean().check("--format json"), "x", &broken).run().report(3);
    assert_eq!(report.with("unknown"), ["acme.big-teams"]);
    assert!(report.reason("acme.big-teams").contains("column c.no_such_column does not exist (SQLSTATE 42703)"));
    let writes = GOOD.replace("SELECT format", "DELETE FROM pg_class; SELECT format");
    let ran = with(clean().check("--format json"), "x", &writes).run().code(2);
    assert!(ran.stderr.contains("semicolon"), "{}", ran.stderr);
    let slow = GOOD.replace("WHERE c.relkind", "WHERE (SELECT pg_sleep(20)) IS NOT NULL AND c.relkind");
    let report = with(clean().check("--format json --statement-timeout 1s"), "x", &slow).run().report(3);
    assert_eq!(report.with("unknown"), ["acme.big-teams"]);
    assert!(report.reason("acme.big-teams").contains("statement timeout"), "{}", report.reason("acme.big-teams"));
}

/// Evidence from before the check was written.
#[test]
fn a_check_that_nobody_asked_for_is_open() {
    let run = crate::harness::judge("clean", "--target 17.6 --format json");
    let report = with(run, "big-teams", GOOD).run().report(3);
    assert_eq!(report.with("unknown"), ["acme.big-teams"]);
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let cases = [
        ("severity", GOOD.replace("\"blocker\"", "\"fatal\""), "fatal"),
        ("toml", GOOD.replace("title = ", "title "), "big-teams.toml"),
        ("key", GOOD.replace("why = ", "wherefore = "), "wherefore"),
        ("ours", GOOD.replace("acme.big-teams", "rds.big-teams"), "pg-preflight's own"),
        ("column", GOOD.replace("object = \"{relation}\"", "object = \"{relatoin}\""), "relatoin"),
    ];
    for (name, text, expected) in cases {
        let ran = with(preflight("checks list"), "big-teams", &text).run().code(2);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{name}: {}", ran.stderr);
        let place =
            format!("big-teams.toml:{}", text.lines().position(|line| line.contains(expected)).map_or(0, |at| at + 1));
        let found = ran.stderr.contains("big-teams.toml:") && ran.stderr.contains('^');
        assert!(found, "{name}: a file, a line and a caret ({place}): {}", ran.stderr);
    }
}

#[test]
fn all_mistakes_come_at_once() {
    let run = preflight("checks list").file("own/a.toml", &GOOD.replace("\"blocker\"", "\"fatal\""));
    let ran = with(run, "b", &GOOD.replace("columns = ", "colums = ")).run().code(2);
    assert!(ran.stderr.contains("a.toml") && ran.stderr.contains("b.toml"), "{}", ran.stderr);
}

#[test]
fn an_id_used_twice_names_both_files() {
    let run = preflight("checks list").file("own/a.toml", GOOD);
    let line = with(run, "b", GOOD).run().mistake();
    assert!(line.contains("acme.big-teams") && line.contains("a.toml") && line.contains("b.toml"), "{line}");
}

#[test]
fn a_folder_that_is_not_there_is_a_mistake() {
    let line = preflight("checks list --checks-dir /nowhere").run().mistake();
    assert!(line.contains("/nowhere"), "{line}");
    let line = clean().check("--checks-dir /nowhere").run().mistake();
    assert!(line.contains("/nowhere"), "{line}");
}

const MATRIX: &str = r#"{
  "schema": 1,
  "services": { "acme-reports": { "title": "Acme Reports", "kind": "service", "images": ["acme/reports"] } },
  "rows": [
    { "service": "acme-reports", "concern": "server", "versions": "<3.2.0", "postgres": ">=15", "verdict": "unsupported", "grade": "doc",
      "source": "https://wiki.example.org/reports", "date": "2026-08", "says": "its reports read a view that is gone" },
    { "service": "acme-reports", "concern": "scram", "versions": "*", "postgres": "*", "verdict": "supported", "grade": "doc",
      "source": "https://wiki.example.org/reports", "date": "2026-08", "says": "it speaks SCRAM" }
  ]
}"#;

/// A service of the user's own is judged as ours are, and by a rule of theirs.
#[test]
fn a_service_of_ones_own_is_judged() {
    let rule = GOOD.split("[query]").next().expect("a head").replace("{relation}", "{object}")
        + "[rule.matrix]\nservices = [\"acme-reports\"]\nconcerns = [\"scram\"]\n";
    let show = |id: &str| {
        let run = with(preflight(&format!("checks show {id}")), "reports", &rule);
        run.file("own/service-compat.json", MATRIX)
    };
    let shown = show("service.unsupported-target").run().code(0).stdout;
    assert!(shown.contains("acme-reports <3.2.0, PostgreSQL >=15, works with the server: unsupported"), "{shown}");
    assert!(shown.contains("https://wiki.example.org/reports") && shown.contains("hasura >=2.48.0"), "{shown}");
    let shown = show("acme.big-teams").args(["--format", "json"]).run().code(0).stdout;
    assert!(shown.contains("it speaks SCRAM") && !shown.contains("hasura"), "{shown}");

    let wrong = show("acme.big-teams").file("own/service-compat.json", &MATRIX.replace("<3.2.0", "soon")).run().code(2);
    assert!(wrong.stderr.contains("service-compat.json: row 1 (acme-reports, soon)"), "{}", wrong.stderr);
    let taken =
        show("acme.big-teams").file("own/service-compat.json", &MATRIX.replace("acme/reports", "metabase/metabase"));
    let taken = taken.run().code(2);
    assert!(taken.stderr.contains("service acme-reports is in another matrix already"), "{}", taken.stderr);
    let nobody = with(preflight("checks list"), "reports", &rule).run().code(2);
    assert!(nobody.stderr.contains("judges service acme-reports, which no matrix has"), "{}", nobody.stderr);
}

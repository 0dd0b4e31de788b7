//! The small commands.

use serde_json::Value;

use crate::harness::preflight;

#[test]
fn checks_are_listed_and_shown() {
    let list = preflight("checks list").run().code(0).stdout;
    assert!(list.contains("pg.reg-types") && list.contains("rds.target-version"), "{list}");
    let shown = preflight("checks show pg.reg-types").run().code(0).stdout;
    for part in ["pg.reg-types", "blocker", "SELECT", "https://www.postgresql.org/docs/", "ALTER TABLE"] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let json = preflight("checks show pg.reg-types --format json").run().code(0).json();
    assert_eq!(json["id"], "pg.reg-types");
    let all = preflight("checks list --format json").run().code(0).json();
    assert!(all.to_string().contains("\"rds.blue-green\""));
}

#[test]
fn an_unknown_check_is_a_mistake_with_near_names() {
    let line = preflight("checks show pg.regtypes").run().mistake();
    assert!(line.contains("'pg.regtypes'") && line.contains("pg.reg-types"), "{line}");
    preflight("checks show zzzzzzzzzzzzzzzzzzzzzz").run().mistake();
}

#[test]
fn permissions_are_a_policy_and_grants() {
    let policy: Value = preflight("permissions iam").run().code(0).json();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap();
    assert!(actions.iter().any(|action| action == "rds:DescribeDBInstances"));
    let sql = preflight("permissions sql").run().code(0).stdout;
    assert!(sql.contains("GRANT pg_monitor"), "{sql}");
    let both = preflight("permissions").run().code(0).stdout;
    assert!(both.contains("rds:DescribeDBInstances") && both.contains("GRANT pg_monitor"));
}

#[test]
fn completions_and_the_manual_page_are_printed() {
    let bash = preflight("completions bash").run().code(0);
    assert!(bash.stdout.contains("_pg__preflight()") && bash.stdout.contains("--fail-on"), "{}", bash.stdout);
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(!preflight(&format!("completions {shell}")).run().code(0).stdout.is_empty(), "{shell}");
    }
    let man = preflight("man").run().code(0).stdout;
    assert!(man.contains(".TH pg-preflight 1") && man.contains("Exit codes"), "{man}");
}

#[test]
fn the_version_is_the_crates() {
    let said = preflight("--version").run().code(0).stdout;
    assert_eq!(said, format!("pg-preflight {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help() {
    let mut all = String::new();
    for command in
        ["", "check", "gate", "collect", "path", "checks", "declared", "migration", "demo", "permissions", "init"]
    {
        let ran = preflight(&format!("{command} --help")).run().code(0);
        assert_eq!(ran.stderr, "");
        assert!(ran.stdout.contains("Usage: pg-preflight"), "{}", ran.stdout);
        all.push_str(&format!("$ pg-preflight {command} --help\n{}\n", ran.stdout));
    }
    insta::assert_snapshot!("help", all);
}

#[test]
fn init_writes_and_keeps() {
    let first = preflight("init").run().code(0);
    let (config, workflow) = (first.home("preflight.toml"), first.home(".github/workflows/pg-preflight.yml"));
    assert!(config.is_file() && workflow.is_file(), "{}", first.stderr);
    assert!(first.stdout.contains("wrote ./preflight.toml"), "{}", first.stdout);
    let kept = preflight("init").file("preflight.toml", "# mine\n").run().code(0);
    assert!(kept.stdout.contains("preflight.toml is there already, kept"), "{}", kept.stdout);
    assert_eq!(std::fs::read_to_string(kept.home("preflight.toml")).unwrap(), "# mine\n");
    assert!(kept.home(".github/workflows/pg-preflight.yml").is_file());
    let folder = preflight("init deep/er").run().code(0);
    assert!(folder.home("deep/er/preflight.toml").is_file());
    let line = preflight("init /dev/null/x").run().code(2).stderr;
    assert!(line.starts_with("error: cannot write "), "{line}");
}

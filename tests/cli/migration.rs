//! `migration` from saved evidence, and of an instance that RDS knows. What it writes is tried in `tests/live`.

use std::fs;

use serde_json::Value;

use crate::harness::{Preflight, preflight, story};

const CONFIG: &str = "version: 3\nendpoint: http://localhost:8080\n";
const DATABASES: &str =
    "- name: default\n  kind: postgres\n  configuration: {connection_info: {database_url: {from_env: URL}}}\n";

/// With a Hasura project in the home.
fn with_project(run: Preflight) -> Preflight {
    run.file("app/hasura/config.yaml", CONFIG).file("app/hasura/metadata/databases/databases.yaml", DATABASES)
}

#[test]
fn saved_evidence_gives_the_migration_for_after_the_upgrade() {
    let place = story();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evidence.json");
    place.ask(&format!("collect --database-url {} --output {}", place.database, file.display())).run().code(0);
    let words = format!("migration --evidence {} --target 16.3", file.display());
    let several = with_project(preflight(&words)).run().mistake();
    assert!(several.contains("--dbname NAME") && several.contains("app"), "{several}");

    let ran = with_project(preflight(&format!("{words} --dbname app --format json"))).run().code(0);
    let report = ran.json();
    assert_eq!(
        (&report["basis"], &report["source"], &report["database"]),
        (&"table".into(), &"default".into(), &"app".into())
    );
    assert_eq!(report["target_version"], "16.3");
    let up = ran.home(report["files"][0]["path"].as_str().unwrap());
    let text = fs::read_to_string(&up).unwrap();
    assert!(up.starts_with(ran.home("app/hasura/migrations/default")), "{}", up.display());
    assert!(text.contains(place.instance) && text.contains("ALTER EXTENSION \"hstore\" UPDATE;"), "{text}");
    assert!(text.contains("< 160000 THEN"), "{text}");

    let dry = with_project(preflight(&format!("{words} --dbname app --dry-run"))).run().code(0);
    assert!(dry.stdout.starts_with("-- app/hasura/migrations/default/") && !dry.home("app/hasura/migrations").exists());
    let none = preflight(&words).run().mistake();
    assert!(none.contains("--project DIR"), "{none}");
    // What it runs is as new as it can be, until the upgrade.
    let now =
        with_project(preflight(&format!("migration --evidence {} --dbname metabase", file.display()))).run().code(0);
    assert!(now.stdout.starts_with("nothing to write: ") && now.stdout.contains("--target VERSION"), "{}", now.stdout);
    assert!(!now.home("app/hasura/migrations").exists());
}

#[test]
fn evidence_without_the_database_is_none() {
    let place = story();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evidence.json");
    place.ask(&format!("collect --no-database --output {}", file.display())).run().code(0);
    let ran = with_project(preflight(&format!("migration --evidence {} --target 16", file.display()))).run().code(3);
    assert!(ran.stderr.contains("without the database"), "{}", ran.stderr);
}

/// A URL names the database, and the server; RDS need not be asked then.
#[test]
fn an_instance_and_a_url_ask_the_database_alone() {
    let place = story();
    let words =
        format!("migration --target 16.3 --platform rds --dbname app --format json --database-url {}", place.database);
    let ran = with_project(preflight(&words).args(["--instance", place.instance])).run().code(0);
    let report: Value = ran.json();
    assert_eq!(report["updates"][0]["extension"], "hstore", "{report:#}");
    assert!(report["files"][0]["text"].as_str().unwrap().contains(place.instance));
}

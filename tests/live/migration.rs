//! The migration that `migration` writes, applied to real servers as Hasura applies it: each file is one message.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pg_preflight::demo::Server;
use serde_json::Value;
use tempfile::TempDir;
use tokio_postgres::Client;

use crate::support;
use crate::world::{ROLE, create_database, run, texts, world, world_with};

const CONFIG: &str = "version: 3\nendpoint: http://localhost:8080\nmetadata_directory: metadata\n";

/// A Hasura project of config v3, as `hasura init` leaves it.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("hasura/migrations/default/1739787604659_update extensions")).unwrap();
    fs::write(folder.path().join("hasura/config.yaml"), CONFIG).unwrap();
    folder
}

fn url(server: &Server, database: &str) -> String {
    format!("postgresql://{ROLE}@127.0.0.1:{}/{database}", server.port())
}

/// The program, in a folder, with nothing else around it.
fn preflight(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pg-preflight"));
    command.arg("migration").args(words).env_clear().env("HOME", folder).current_dir(folder);
    command.output().unwrap()
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
    out.into_owned()
}

/// The report of a run that wrote a migration, and the folder of the migration.
#[track_caller]
fn written(folder: &Path, words: &[&str]) -> (Value, PathBuf) {
    let words: Vec<&str> = words.iter().copied().chain(["--format", "json"]).collect();
    let report: Value = serde_json::from_str(&said(&preflight(folder, &words), 0)).unwrap();
    assert_eq!(report["written"], true, "{report:#}");
    let up = folder.join(report["files"][0]["path"].as_str().unwrap());
    assert_eq!(fs::read_to_string(&up).unwrap(), report["files"][0]["text"].as_str().unwrap());
    (report, up.parent().unwrap().to_owned())
}

fn text(migration: &Path, file: &str) -> String {
    fs::read_to_string(migration.join(file)).unwrap()
}

/// Everything that an update could change.
async fn state(client: &Client) -> Vec<String> {
    let mut all = texts(client, "SELECT extname || ' ' || extversion FROM pg_extension ORDER BY 1").await;
    let objects = "SELECT count(*)::text FROM pg_depend WHERE deptype = 'e' UNION ALL SELECT count(*)::text FROM pg_proc \
                   UNION ALL SELECT coalesce(max(oid::int8), 0)::text FROM pg_proc";
    all.extend(texts(client, objects).await);
    all
}

async fn versions(client: &Client) -> Vec<String> {
    texts(client, "SELECT extname || ' ' || extversion FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1").await
}

const BEHIND: &str =
    "CREATE EXTENSION hstore VERSION '1.4'; CREATE EXTENSION citext VERSION '1.4'; CREATE EXTENSION pgcrypto;
     CREATE EXTENSION \"uuid-ossp\"; UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'uuid-ossp';
     CREATE EXTENSION cube; UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'cube';";

#[tokio::test]
async fn what_is_written_does_what_it_says_once() {
    let (server, admin) = world(16).await;
    for name in ["app", "metabase", "fresh"] {
        create_database(&admin, name).await;
    }
    let app = support::connect(&server, "app").await;
    run(&app, BEHIND).await;
    run(&support::connect(&server, "metabase").await, "CREATE EXTENSION citext VERSION '1.4'").await;
    let folder = project();
    let (report, migration) = written(folder.path(), &["--database-url", &url(&server, "app"), "--target", "16"]);
    assert!(migration.starts_with(folder.path().join("hasura/migrations/default")), "{}", migration.display());
    let name = migration.file_name().unwrap().to_str().unwrap();
    let version = name.strip_suffix("_update_extensions").unwrap();
    assert!(version.len() == 13 && version > "1739787604659", "{name}");
    assert_eq!(report["basis"], "live");
    assert_eq!(report["not_updated"][0]["extension"], "cube");
    let other = report["other_databases"][0]["commands"][0].as_str().unwrap();
    assert!(
        other.starts_with("ALTER EXTENSION \"citext\" UPDATE;  -- in database \"metabase\": citext 1.4 to "),
        "{other}"
    );

    let up = text(&migration, "up.sql");
    assert!(!up.contains("pgcrypto") && up.contains("--   cube 0.9: "), "{up}");
    run(&app, &up).await;
    let after = versions(&app).await;
    assert_eq!(after, ["citext 1.6", "cube 0.9", "hstore 1.8", "pgcrypto 1.3", "uuid-ossp 1.1"]);
    let before = state(&app).await;
    run(&app, &up).await;
    run(&app, &text(&migration, "down.sql")).await;
    assert_eq!(state(&app).await, before);
    // A database of a developer lacks what was made by hand elsewhere.
    let fresh = support::connect(&server, "fresh").await;
    let before = state(&fresh).await;
    run(&fresh, &up).await;
    assert_eq!(state(&fresh).await, before);
    // The commands for the others run as they stand.
    let metabase = support::connect(&server, "metabase").await;
    run(&metabase, other).await;
    assert_eq!(versions(&metabase).await, ["citext 1.6"]);

    // What has no way is left; nothing is to be written a second time.
    let again = said(&preflight(folder.path(), &["--database-url", &url(&server, "app")]), 0);
    assert!(again.starts_with("nothing to write: ") && again.contains("cube 0.9"), "{again}");
    assert!(again.contains("pass --target VERSION"), "{again}");
    assert_eq!(fs::read_dir(migration.parent().unwrap()).unwrap().count(), 2);
}

#[tokio::test]
async fn on_a_server_that_is_not_upgraded_it_refuses() {
    let (server, admin) = world(16).await;
    create_database(&admin, "app").await;
    run(&support::connect(&server, "app").await, "CREATE EXTENSION hstore VERSION '1.4'").await;
    let (old, old_admin) = world(12).await;
    create_database(&old_admin, "app").await;
    let app = support::connect(&old, "app").await;
    run(&app, "CREATE EXTENSION hstore VERSION '1.4'").await;
    let before = state(&app).await;
    let folder = project();
    let words = ["--database-url", &url(&server, "app"), "--dbname", "app"];
    let (_, guarded) = written(folder.path(), &words);
    let error = app.batch_execute(&text(&guarded, "up.sql")).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert!(
        error
            .message()
            .starts_with("this migration is for after the upgrade to PostgreSQL 16, and this server runs 12.")
    );
    assert!(error.hint().is_some_and(|hint| hint.contains("after the upgrade")));
    assert_eq!(state(&app).await, before);
    let (_, bare) = written(folder.path(), &[&words[..], &["--no-guard"]].concat());
    run(&app, &text(&bare, "up.sql")).await;
    assert_eq!(versions(&app).await, ["hstore 1.6"], "what the old server offers");
    assert_ne!(guarded, bare, "two in the same millisecond have two numbers");
}

/// Before the upgrade AWS's table stands for the target; what it writes is right on the target.
#[tokio::test]
async fn written_before_the_upgrade_it_works_after_it() {
    let (old, old_admin) = world(12).await;
    create_database(&old_admin, "app").await;
    run(
        &support::connect(&old, "app").await,
        "CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm VERSION '1.3'; CREATE EXTENSION pgcrypto",
    )
    .await;
    let folder = project();
    let no_one_knows = preflight(folder.path(), &["--database-url", &url(&old, "app"), "--target", "16"]);
    assert!(String::from_utf8_lossy(&no_one_knows.stderr).contains("against the upgraded server"));
    said(&no_one_knows, 3);
    let words = ["--database-url", &url(&old, "app"), "--target", "16", "--platform", "rds"];
    let dry = said(&preflight(folder.path(), &[&words[..], &["--dry-run"]].concat()), 0);
    assert!(
        dry.contains("up.sql\n-- Updates the extensions") && dry.contains("down.sql\n") && dry.contains("SELECT 1;"),
        "{dry}"
    );
    assert_eq!(fs::read_dir(folder.path().join("hasura/migrations/default")).unwrap().count(), 1);
    let (report, migration) = written(folder.path(), &words);
    assert_eq!((&report["basis"], &report["target_version"]), (&"table".into(), &"16".into()));
    let (new, new_admin) = world(16).await;
    create_database(&new_admin, "app").await;
    let app = support::connect(&new, "app").await;
    run(&app, "CREATE EXTENSION hstore VERSION '1.4'; ALTER EXTENSION hstore UPDATE TO '1.6'; CREATE EXTENSION pg_trgm VERSION '1.3'; CREATE EXTENSION pgcrypto").await;
    run(&app, &text(&migration, "up.sql")).await;
    assert_eq!(versions(&app).await, ["hstore 1.8", "pg_trgm 1.6", "pgcrypto 1.3"]);
}

/// Extensions of the test's own, which a server of 18 finds where it is told to look.
fn extensions() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scripts = folder.path().join("extension");
    fs::create_dir(&scripts).unwrap();
    let write = |name: String, text: &str| fs::write(scripts.join(name), text).unwrap();
    let extension = |name: &str, versions: [&str; 2], requires: &str, first: &str, update: &str| {
        let [from, to] = versions;
        let requires = if requires.is_empty() { String::new() } else { format!("requires = '{requires}'\n") };
        write(format!("{name}.control"), &format!("default_version = '{to}'\nrelocatable = false\n{requires}"));
        write(format!("{name}--{from}.sql"), first);
        write(format!("{name}--{from}--{to}.sql"), update);
    };
    let is_at = |name: &str, version: &str| {
        format!(
            "DO $$ BEGIN ASSERT '{version}' = (SELECT extversion FROM pg_extension WHERE extname = '{name}'), \
             '{name} comes first'; END $$;"
        )
    };
    // As the real one: it updates its family, and replaces itself.
    let function = "CREATE OR REPLACE FUNCTION @extschema@.postgis_extensions_upgrade() RETURNS text LANGUAGE plpgsql AS $f$
        DECLARE one record;
        BEGIN
          FOR one IN SELECT name, default_version FROM pg_available_extensions
                     WHERE name IN ('postgis', 'postgis_topology') AND installed_version <> default_version ORDER BY length(name) LOOP
            EXECUTE format('ALTER EXTENSION %I UPDATE TO %I', one.name, one.default_version);
          END LOOP;
          RETURN 'done';
        END $f$;";
    extension("postgis", ["3.0.3", "3.6.0"], "a_base", function, &format!("{}{function}", is_at("a_base", "2")));
    extension("postgis_topology", ["3.0.3", "3.6.0"], "postgis", "", &is_at("postgis", "3.6.0"));
    extension("a_router", ["1", "2"], "postgis", "", &is_at("postgis_topology", "3.6.0"));
    extension("a_base", ["1", "2"], "", "", "");
    extension(HOSTILE, ["1", "2"], "", "", "");
    folder
}

const HOSTILE: &str = "it's \"odd\\\n$update$; DROP TABLE x; é";

#[tokio::test]
async fn postgis_dependencies_and_odd_names() {
    let ours = extensions();
    let path = format!("{}:$system", ours.path().display());
    let (server, admin) = world_with(18, &[("extension_control_path", &path)]).await;
    create_database(&admin, "app").await;
    let app = support::connect(&server, "app").await;
    let odd = pg_preflight::quote::quote_ident(HOSTILE);
    run(
        &app,
        &format!(
            "CREATE SCHEMA \"Gis\"; CREATE EXTENSION a_base VERSION '1'; CREATE EXTENSION postgis VERSION '3.0.3' SCHEMA \"Gis\";
             CREATE EXTENSION postgis_topology VERSION '3.0.3'; CREATE EXTENSION a_router VERSION '1'; CREATE EXTENSION {odd} VERSION '1'"
        ),
    )
    .await;
    let folder = project();
    let (report, migration) = written(folder.path(), &["--database-url", &url(&server, "app")]);
    let statements: Vec<&str> =
        report["updates"].as_array().unwrap().iter().map(|one| one["statement"].as_str().unwrap()).collect();
    let postgis = "SELECT \"Gis\".postgis_extensions_upgrade();";
    let odd = format!("ALTER EXTENSION {odd} UPDATE;");
    assert_eq!(
        statements,
        ["ALTER EXTENSION \"a_base\" UPDATE;", &odd, postgis, postgis, "ALTER EXTENSION \"a_router\" UPDATE;"]
    );
    let up = text(&migration, "up.sql");
    run(&app, &up).await;
    let after = versions(&app).await;
    assert_eq!(
        after,
        [
            "a_base 2".to_owned(),
            "a_router 2".to_owned(),
            format!("{HOSTILE} 2"),
            "postgis 3.6.0".to_owned(),
            "postgis_topology 3.6.0".to_owned()
        ]
    );
    let before = state(&app).await;
    run(&app, &up).await;
    run(&app, &text(&migration, "down.sql")).await;
    assert_eq!(state(&app).await, before);
}

#[tokio::test]
async fn what_cannot_be_seen_ends_in_3_and_a_mistake_in_2() {
    let (server, admin) = world(16).await;
    for name in ["app", "hr"] {
        create_database(&admin, name).await;
    }
    run(&admin, "REVOKE CONNECT ON DATABASE hr FROM PUBLIC").await;
    run(&support::connect(&server, "app").await, "CREATE EXTENSION hstore VERSION '1.4'").await;
    let folder = project();
    let address = url(&server, "app");
    let partly = preflight(folder.path(), &["--database-url", &address]);
    assert!(said(&partly, 3).starts_with("wrote hasura/migrations/default/"));
    assert!(String::from_utf8_lossy(&partly.stderr).contains("database hr: permission denied"));
    let refused = url(&server, "app").replace(ROLE, "nobody");
    said(&preflight(folder.path(), &["--database-url", &refused]), 3);
    for (words, part) in [
        (&["--database-url", &address, "--dbname", "other"][..], "has no database 'other'"),
        (&["--database-url", &address, "--name", "a/b"], "--name 'a/b'"),
        (&["--database-url", &address, "--project", "nowhere"], "no config.yaml"),
        (&["--no-aws"], "--database-url"),
        (&["--no-database", "--no-aws"], "--no-database"),
        (&["--evidence", "nowhere.json"], "nowhere.json"),
    ] {
        let output = preflight(folder.path(), words);
        assert_eq!(said(&output, 2), "");
        assert!(String::from_utf8_lossy(&output.stderr).contains(part), "{part}: {output:?}");
    }
    assert_eq!(fs::read_dir(folder.path().join("hasura/migrations/default")).unwrap().count(), 2);
    fs::write(folder.path().join("config.yaml"), CONFIG).unwrap();
    let several = preflight(folder.path(), &["--database-url", &address]);
    said(&several, 2);
    assert!(String::from_utf8_lossy(&several.stderr).contains("--project DIR: ., hasura"), "{several:?}");
}

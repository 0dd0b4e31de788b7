//! `demo`: the whole main job, and nothing left of it.

use std::path::Path;

use serde_json::json;

use crate::harness::{ACCOUNT, Preflight, preflight};

/// Servers that were fetched for the tests.
fn with_servers(run: Preflight) -> Preflight {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // The programs are there for sure.
    crate::support::binaries(12);
    run.env("CARGO_TARGET_DIR", scratch.parent().unwrap())
}

/// Processes whose command line or folder is below this path.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| {
        let process = entry.path();
        let line = std::fs::read(process.join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let cwd = std::fs::read_link(process.join("cwd")).unwrap_or_default().display().to_string();
        (line.contains(&folder) || cwd.starts_with(&folder)).then_some(line)
    });
    lines.collect()
}

#[test]
fn the_demo_is_the_story_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let saved = folder.path().join("evidence.json");
    let temporary = folder.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    std::fs::set_permissions(&temporary, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = preflight(&format!("demo --format json --save {}", saved.display())).env("TMPDIR", &temporary);
    let ran = with_servers(run).run().code(1);
    assert_eq!(ran.stderr, "");
    let mut report = ran.json();
    let note = report["notes"][0].as_str().unwrap();
    assert!(note.starts_with("a demo: PostgreSQL 12.22 plays the story's 12.19"), "{note}");
    assert_eq!((&report["verdict"], &report["source_version"]), (&"no-go".into(), &"12.19".into()));
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "a file is left");
    assert_eq!(processes_of(&temporary), [""; 0]);
    // Its evidence, judged elsewhere, gives the same report; only the demo says that it is one.
    let words = format!("check --evidence {} --target 16.1 --expect-account {ACCOUNT}", saved.display());
    let mut again = preflight(&format!("{words} --format json")).run().code(1).json();
    for report in [&mut report, &mut again] {
        report["notes"] = json!([]);
        report["generated_at"] = json!(null);
    }
    assert_eq!(report.to_string(), again.to_string());
}

#[test]
fn the_demo_without_a_server_judges_what_was_recorded_and_says_so() {
    let ran = preflight("demo").env("PATH", "/nowhere").run().code(1);
    assert!(ran.stdout.starts_with("NO-GO  app1a2b3c4, PostgreSQL 1"), "{}", ran.stdout);
    let recorded = ran.stdout.contains("note: a demo of recorded evidence, since no PostgreSQL server can be had");
    // One that is installed is found without a PATH, unless a shell is needed to step down from root.
    let installed = !pg_preflight::demo::Binaries::installed().is_empty();
    assert!(recorded || (installed && ran.stdout.contains("note: a demo: PostgreSQL ")), "{}", ran.stdout);
    assert_eq!(std::fs::read_dir(ran.home.path()).unwrap().count(), 0, "a file is left");
}

#[test]
fn the_demo_can_go_to_a_valid_target() {
    let ran = preflight("demo --target 16.3 --format json").env("PATH", "/nowhere").run().code(1);
    let report = ran.json();
    let target = report["results"].as_array().unwrap().iter().find(|result| result["id"] == "rds.target-version");
    assert_eq!(target.unwrap()["status"], "pass");
}

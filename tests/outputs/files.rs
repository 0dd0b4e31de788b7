//! `--output`: a file is whole, or as it was before.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const OLD: &str = "what was there before\n";

fn check(words: &str) -> String {
    let evidence = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bundles/story.json");
    format!("'{}' check --evidence '{}' --target 16.1 {words}", env!("CARGO_BIN_EXE_pg-preflight"), evidence.display())
}

/// A shell's line, in a folder.
fn shell(folder: &Path, line: &str) -> Command {
    let mut bash = Command::new("bash");
    bash.args(["-c", line]).current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    bash
}

/// The one line of a failure; the report went nowhere.
#[track_caller]
fn mistake(ran: &Output) -> String {
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!((ran.status.code(), ran.stdout.as_slice(), said.lines().count()), (Some(2), &b""[..], 1), "{said}");
    assert!(said.starts_with("error: cannot write "), "{said}");
    said
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("r.json"), OLD).unwrap();
    // No file may grow beyond 8 kB; to be told so by an error and not by a signal, the signal is ignored.
    let line = format!("trap '' XFSZ; ulimit -f 8; exec {}", check("--format table --format json --output r.json"));
    let said = mistake(&shell(folder.path(), &line).output().unwrap());
    assert!(said.contains("r.json: File too large"), "{said}");
    assert_eq!(fs::read_to_string(folder.path().join("r.json")).unwrap(), OLD);
    assert_eq!(names(&folder), ["r.json"], "nothing is left beside it");
    let full = mistake(&shell(folder.path(), &check("--format json --output /dev/full")).output().unwrap());
    assert!(full.contains("/dev/full: No space left on device"), "{full}");
}

#[test]
fn a_read_only_folder_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.json"), OLD).unwrap();
    fs::set_permissions(folder.path().join("old.json"), Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).unwrap();
    for name in ["old.json", "new.json"] {
        let mut command = shell(folder.path(), &check(&format!("--format json --output {name}")));
        // Root may write anywhere.
        if fs::metadata(folder.path()).unwrap().uid() == 0 {
            command.uid(65534).gid(65534);
        }
        let said = mistake(&command.output().unwrap());
        assert!(said.contains(&format!("{name}: Permission denied")), "{said}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("old.json")).unwrap(), OLD);
    assert_eq!(names(&folder), ["old.json"]);
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn several_files_of_a_run_are_all_there_and_keep_their_mode() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("r.json"), OLD).unwrap();
    fs::set_permissions(folder.path().join("r.json"), Permissions::from_mode(0o640)).unwrap();
    let words = "--format json --output r.json --format sarif --output r.sarif --format table";
    let ran = shell(folder.path(), &check(words)).output().unwrap();
    assert_eq!((ran.status.code(), ran.stderr.as_slice()), (Some(1), &b""[..]));
    assert!(ran.stdout.starts_with(b"NO-GO"));
    assert_eq!(names(&folder), ["r.json", "r.sarif"]);
    for name in ["r.json", "r.sarif"] {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{name}");
    }
    assert_eq!(fs::metadata(folder.path().join("r.json")).unwrap().permissions().mode() & 0o777, 0o640);
}

/// A device, a pipe and a link stay what they are; the standard output in a file is one of these.
#[test]
fn what_is_no_plain_file_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("target.json"), OLD).unwrap();
    symlink("target.json", folder.path().join("link.json")).unwrap();
    let ran = shell(folder.path(), &check("--format json --output link.json")).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(fs::symlink_metadata(folder.path().join("link.json")).unwrap().is_symlink());
    assert!(fs::read_to_string(folder.path().join("target.json")).unwrap().starts_with('{'));
    for line in [check("--format json --output /dev/stdout"), check("--format json --output /dev/stdout | cat; exit 1")]
    {
        let ran = shell(folder.path(), &line).output().unwrap();
        assert_eq!((ran.status.code(), ran.stdout.first()), (Some(1), Some(&b'{')), "{line}");
    }
    let line = format!("{{ echo before; {}; echo after; }} > all", check("--format json --output /dev/stdout"));
    shell(folder.path(), &line).output().unwrap();
    let all = fs::read_to_string(folder.path().join("all")).unwrap();
    assert!(all.starts_with("before\n{") && all.ends_with("}\nafter\n"), "{all:.200}");
    assert!(fs::symlink_metadata("/dev/stdout").unwrap().is_symlink());
}

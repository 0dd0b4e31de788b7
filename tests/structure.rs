//! The borders between the rooms hold.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(below: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(below);
    if root.is_file() {
        return vec![root];
    }
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a room") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

/// What may judge or render the evidence may not fetch it: no driver, no clock, no file.
#[test]
fn judgement_and_reports_do_no_input_or_output() {
    let forbidden = [
        "tokio",
        "aws_sdk",
        "aws_config",
        "aws_smithy",
        "hyper::",
        "std::net",
        "Timestamp::now",
        "SystemTime",
        "std::env",
        "std::process",
        "println!",
    ];
    for room in
        ["facts", "rules", "report", "checks", "migration", "evaluate.rs", "path.rs", "upgrade.rs", "version.rs"]
    {
        for file in sources(room) {
            let text = fs::read_to_string(&file).expect("source text");
            for word in forbidden {
                assert!(!text.contains(word), "{} mentions {word}", file.display());
            }
        }
    }
}

/// Only the bundle and the user's checks are files.
#[test]
fn rules_and_reports_open_no_file() {
    for room in ["rules", "report", "migration", "evaluate.rs", "path.rs"] {
        for file in sources(room) {
            assert!(!fs::read_to_string(&file).expect("source text").contains("std::fs"), "{}", file.display());
        }
    }
}

/// Renderers know the report; the evidence behind it is none of their business.
#[test]
fn renderers_know_only_the_report() {
    for file in sources("report") {
        let text = fs::read_to_string(&file).expect("source text");
        for word in ["crate::facts", "crate::collect", "crate::rules", "crate::evaluate"] {
            assert!(!text.contains(word), "{} mentions {word}", file.display());
        }
    }
}

/// Rules know what they found, not how it is shown.
#[test]
fn rules_do_not_know_the_report() {
    for file in sources("rules") {
        assert!(!fs::read_to_string(&file).expect("source text").contains("crate::report"), "{}", file.display());
    }
}

#[test]
fn no_file_outgrows_its_subject() {
    for file in sources("") {
        let lines = fs::read_to_string(&file).expect("source text").lines().count();
        assert!(lines <= 500, "{} has {lines} lines: split it by noun", file.display());
    }
}

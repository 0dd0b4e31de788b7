//! JUnit by the schema that Jenkins validates with, and libxml2 as the validator.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::{evidence, npm};

fn validate(files: &[PathBuf]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut node = Command::new("node");
    node.arg(root.join("tests/outputs/junit.cjs")).arg(npm::package(npm::XMLLINT));
    node.arg(root.join("fixtures/schemas/junit-10.xsd")).args(files);
    node.output().unwrap_or_else(|error| panic!("cannot run node: {error}"))
}

#[test]
fn every_report_is_valid_junit() {
    let folder = tempfile::tempdir().unwrap();
    let write = |case: &evidence::Case| {
        let path = folder.path().join(case.name).with_extension("xml");
        std::fs::write(&path, case.report("junit")).unwrap();
        path
    };
    let files: Vec<PathBuf> = evidence::cases().iter().map(write).collect();
    let ran = validate(&files);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(said.lines().count(), files.len(), "{said}");
    assert!(said.lines().all(|line| line.ends_with(" valid")), "{said}");
}

/// The validator sees what is wrong.
#[test]
fn what_is_no_junit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = evidence::case("story").report("junit");
    let changes = [
        ("unknown attribute", good.replacen("<testcase name=", "<testcase nom=", 1)),
        ("unknown element", good.replacen("<properties>", "<props/><properties>", 1)),
        ("a control character", good.replacen("the precheck refuses", "the precheck \u{1} refuses", 1)),
        ("no end", good[..good.len() / 2].to_owned()),
    ];
    for (what, text) in changes {
        assert_ne!(text, good, "{what}");
        let path = folder.path().join("bad.xml");
        std::fs::write(&path, text).unwrap();
        let ran = validate(&[path]);
        assert_eq!(ran.status.code(), Some(1), "{what}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

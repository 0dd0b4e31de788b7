//! A git repository of a test's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Preflight, preflight};

pub(crate) struct Repository {
    folder: TempDir,
}

/// A database in a stack of Pulumi, with what an upgrade needs.
pub(crate) const PULUMI: &str = r#"import * as aws from "@pulumi/aws";
new aws.rds.Instance("app", {
  engine: "postgres",
  engineVersion: "VERSION",
  allowMajorVersionUpgrade: true,
});
"#;

pub(crate) fn pulumi(version: &str) -> String {
    PULUMI.replace("VERSION", version)
}

/// Two databases of Terraform, the second with an identifier.
pub(crate) fn terraform(main: &str, stats: &str) -> String {
    let block = |name: &str, version: &str, more: &str| {
        format!(
            "resource \"aws_db_instance\" \"{name}\" {{\n  engine         = \"postgres\"\n  engine_version = \
             \"{version}\"\n  allow_major_version_upgrade = true\n{more}}}\n"
        )
    };
    block("main", main, "") + &block("stats", stats, "  identifier = \"stats-prod\"\n")
}

impl Repository {
    /// A first commit of these files, on `main`.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        repository.git("init -q -b main");
        repository.commit(files);
        repository
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn git(&self, words: &str) {
        git(self.folder.path(), words);
    }

    /// Writes files without committing them.
    pub(crate) fn write(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = self.folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    pub(crate) fn commit(&self, files: &[(&str, &str)]) {
        self.write(files);
        self.git("add -A");
        self.git("commit -q --allow-empty -m change");
    }

    /// A branch with one more commit of these files.
    pub(crate) fn change(&self, files: &[(&str, &str)]) {
        self.git("checkout -q -b change");
        self.commit(files);
    }

    /// `gate` in it, against `main`.
    pub(crate) fn gate(&self, words: &str) -> Preflight {
        gate_in(&self.path(), &format!("--base main {words}"))
    }
}

/// `gate` in a folder.
pub(crate) fn gate_in(folder: &Path, words: &str) -> Preflight {
    let mut program = preflight(&format!("gate {words}"));
    program.command().current_dir(folder);
    program
}

pub(crate) fn git(folder: &Path, words: &str) {
    let output = Command::new("git")
        .args(["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgSign=false"])
        .args(words.split_whitespace())
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git");
    assert!(output.status.success(), "git {words}: {}", String::from_utf8_lossy(&output.stderr));
}

//! Pinned npm packages, unpacked and never run by npm: `target/npm/NAME-VERSION/package`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Matchers of the SARIF SDK, which hold the schema.
pub(crate) const SARIF: &str = "@microsoft/jest-sarif@1.0.0-beta.0";
/// `xmllint` of libxml2, for node.
pub(crate) const XMLLINT: &str = "xmllint-wasm@5.3.0";

/// The package's folder, fetched unless it is there. A test without it fails.
pub(crate) fn package(spec: &str) -> PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let cache = scratch.parent().unwrap_or(scratch).join("npm");
    let name = spec.replace(['@', '/'], "-");
    let there = cache.join(name.trim_start_matches('-'));
    fs::create_dir_all(&cache).unwrap();
    let lock = File::create(cache.join(".lock")).unwrap();
    lock.lock().unwrap();
    if !there.is_dir() {
        let work = tempfile::tempdir_in(&cache).unwrap();
        let mut npm = Command::new("npm");
        npm.args(["pack", "--ignore-scripts", "--loglevel=error", spec]).current_dir(work.path());
        let packed = run(npm.env("npm_config_update_notifier", "false"));
        let archive = packed.lines().last().unwrap_or_else(|| panic!("npm packed no {spec}")).to_owned();
        run(Command::new("tar").args(["-x", "-z", "-o", "-f", &archive]).current_dir(work.path()));
        // A whole package comes by one rename.
        fs::rename(work.path(), &there).unwrap();
    }
    there.join("package")
}

/// What it says, when it does not fail.
pub(crate) fn run(command: &mut Command) -> String {
    let ran = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{command:?} failed:\n{said}{}", String::from_utf8_lossy(&ran.stderr));
    said
}

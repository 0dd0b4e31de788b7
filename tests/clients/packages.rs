//! Pinned drivers of other languages, fetched once: `target/clients/NAME`. A test without its driver fails.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with node-postgres and the reader of its URLs, by their versions: which of these is installed with a `pg`
/// is a matter of the lock file.
pub(crate) fn node_postgres(pg: &str, connection_string: &str) -> PathBuf {
    fetched(&format!("pg-{pg}-{connection_string}"), |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
        npm.arg(folder).arg(format!("pg@{pg}")).arg(format!("pg-connection-string@{connection_string}"));
        run(npm.env("npm_config_update_notifier", "false"));
    })
}

/// A Python with psycopg and the libpq of its wheel.
pub(crate) fn psycopg(version: &str) -> PathBuf {
    let folder = fetched(&format!("psycopg-{version}"), |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder));
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:"]);
        run(pip.arg(format!("psycopg[binary]=={version}")));
    });
    folder.join("bin/python")
}

/// The folder, filled unless it is whole.
fn fetched(name: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let cache = scratch.parent().unwrap_or(scratch).join("clients");
    fs::create_dir_all(&cache).unwrap();
    let lock = File::create(cache.join(".lock")).unwrap();
    lock.lock().unwrap();
    let folder = cache.join(name);
    // A virtual environment cannot be moved, so the mark is what makes it whole.
    let mark = cache.join(format!("{name}.whole"));
    if !mark.is_file() {
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir(&folder).unwrap();
        fill(&folder);
        File::create(&mark).unwrap();
    }
    folder
}

fn run(command: &mut Command) {
    let ran = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{command:?} failed:\n{}{said}", String::from_utf8_lossy(&ran.stdout));
}

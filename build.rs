//! Finds every check file, so that a new file is a new check. It parses nothing: that is library code, with tests.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=checks");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("checks");
    let mut files = Vec::new();
    for area in sorted(&root)? {
        if area.is_dir() && !area.ends_with("data") {
            files.extend(sorted(&area)?.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "toml")));
        }
    }
    let mut table = String::from("&[\n");
    for path in files {
        let name = path.strip_prefix(&root).expect("it was found below").to_string_lossy().replace('\\', "/");
        writeln!(table, "    ({name:?}, include_str!({:?})),", path.display().to_string()).expect("to a string");
    }
    table.push(']');
    fs::write(PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("checks.rs"), table)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

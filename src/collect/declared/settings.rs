//! Files of settings that programs read by their paths, whatever the language.

use std::path::{Path, PathBuf};

use super::value::Spot;
use super::walk::Tree;
use super::{json, yaml};
use crate::collect::files::clean;

/// Where programs are run: their relative paths begin there.
const PROJECTS: [&str; 3] = ["Pulumi.yaml", "Pulumi.yml", "cdk.json"];

/// What is in a file of JSON or YAML that a program names.
///
/// # Errors
/// Why that cannot be known.
pub(super) fn read(tree: &Tree, program: &Path, written: &str) -> Result<Spot, String> {
    let has = |folder: &Path| PROJECTS.iter().any(|name| tree.store.is_file(&folder.join(name)));
    let folder = program.parent().unwrap_or(Path::new(""));
    let home = folder.ancestors().find(|folder| has(folder)).unwrap_or(folder);
    let path = clean(&home.join(written));
    let shown = tree.shown(&path);
    if !tree.store.is_file(&path) {
        return Err(format!("there is no {shown}"));
    }
    // Of the machine nothing is read.
    let path = tree.store.canonical(&path).map_err(|error| error.to_string())?;
    if !tree.holds(&path) && !path.starts_with(home) {
        return Err(format!("{shown} is outside of what is read"));
    }
    let text = tree.text(&path).map_err(|error| error.to_string())?;
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let document = if is_yaml { yaml::read(&shown, &text) } else { json::read(&shown, &text) };
    document.map_err(|error| format!("{shown} does not parse: {}", error.message))
}

/// `a/b` and `../c` as one path.
pub(super) fn join<'t>(parts: impl IntoIterator<Item = &'t str>) -> String {
    parts.into_iter().collect::<PathBuf>().to_string_lossy().into_owned()
}

//! Python: lists of requirements, and Pipenv's lock file.
//! <https://pip.pypa.io/en/stable/reference/requirements-file-format/>

use serde_json::value::RawValue;

use super::{Found, Installed, is_version, lines};
use crate::collect::declared::json;
use crate::facts::Ecosystem;

pub(super) fn requirements(text: &str, found: &mut Found) {
    for (number, line) in lines(text) {
        let line = line.split(" #").next().unwrap_or_default().trim();
        // Options, and hashes on lines of their own.
        if line.is_empty() || line.starts_with(['#', '-']) {
            continue;
        }
        let line = line.split(" --").next().unwrap_or(line);
        let requirement = line.split(';').next().unwrap_or(line).trim_end_matches('\\').trim();
        let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
        let (name, rest) = requirement.split_at(end.unwrap_or(requirement.len()));
        let rest = rest.trim_start();
        // Extras: `psycopg[binary]`.
        let range =
            rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(rest, |(_, range)| range).trim();
        found.add(Ecosystem::Pypi, &normal(name), number, pinned(range), Some(range));
    }
}

/// <https://packaging.python.org/en/latest/specifications/name-normalization/>
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn pinned(range: &str) -> Installed {
    let version = range.strip_prefix("===").or_else(|| range.strip_prefix("==")).map(str::trim);
    match version.filter(|version| is_version(version)) {
        Some(version) => Ok(version.to_owned()),
        None => Err("no file says which version is installed".to_owned()),
    }
}

pub(super) fn pipfile(text: &str, found: &mut Found) {
    let file = found.file.clone();
    let source = json::Source::new(&file, text);
    let Ok(raw) = serde_json::from_str::<&RawValue>(text) else { return };
    for (section, packages) in json::entries(raw).unwrap_or_default() {
        if section.starts_with('_') {
            continue;
        }
        for (name, body) in json::entries(packages).unwrap_or_default() {
            let version = json::entries(body).unwrap_or_default().into_iter().find(|(key, _)| key == "version");
            if let Some((_, raw)) = version
                && let Ok(text) = serde_json::from_str::<String>(raw.get())
            {
                found.add(Ecosystem::Pypi, &normal(&name), source.place(raw.get()).line, pinned(&text), None);
            }
        }
    }
}

//! Parameter files: CloudFormation knows no place for them, people put them beside the template and name them after
//! the environment. Those that could be for another environment only make the value uncertain.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::inputs::{Fit, Reach, Source, values};
use super::samconfig;
use crate::collect::declared::json;
use crate::collect::declared::value::{Map, Place, Spot};
use crate::collect::declared::walk::Tree;
use crate::collect::declared::yaml::{self, SyntaxError};

/// CloudFormation takes 200 parameters of 4 kB each; files larger than this hold something else.
const MAX_BYTES: usize = 1024 * 1024;

/// More files beside a template are no parameter files.
const MAX_FILES: usize = 500;

/// How folders of parameter files are called.
const FOLDERS: [&str; 9] =
    ["parameters", "parameter", "params", "param", "config", "configs", "env", "envs", "environments"];

/// Words in file names that name neither a template nor an environment.
const WORDS: [&str; 14] = [
    "parameters",
    "parameter",
    "params",
    "param",
    "overrides",
    "values",
    "config",
    "configuration",
    "template",
    "templates",
    "cfn",
    "cloudformation",
    "cf",
    "stack",
];

/// Every source of values for a template's parameters.
pub(super) fn find(tree: &Tree, template: &Path, parameters: &Map, stack: Option<&str>) -> Vec<Source> {
    if parameters.entries.is_empty() {
        return Vec::new();
    }
    let own = stem(template);
    let mut found = samconfig::find(tree, template, stack);
    let candidates = candidates(tree, template);
    let mut texts = Vec::new();
    let mut others = Vec::new();
    for (path, base) in &candidates {
        let Some(text) = tree.text(path).ok().filter(|text| text.len() <= MAX_BYTES) else { continue };
        if text.contains("Resources:") || text.contains("\"Resources\"") {
            others.push(stem(path));
        } else if parameters.entries.keys().any(|name| text.contains(name.as_str())) {
            texts.push((path, base, text));
        }
    }
    let wanted = stack.map(words);
    for (path, base, text) in texts {
        let name = Name::of(path, base, &own);
        // `app.prod.json` is for the template `app.yaml`.
        let is_in_name = |other: &Vec<String>| name.parts.iter().any(|part| contains(part, other).is_some());
        if others.iter().any(|other| other.len() > name.matched && *other != own && is_in_name(other)) {
            continue;
        }
        let file = tree.shown(path);
        let parsed = parse(path, &file, &text);
        let values = match parsed {
            Ok(document) => match values(&document, name.is_plain) {
                Some(values) => Ok(values),
                None => continue,
            },
            Err(error) => {
                let at = Place { file: file.clone(), line: error.line };
                Err((Spot::unknown(format!("{file} does not parse: line {}", error.line), at), text))
            }
        };
        let fit = match &values {
            _ if name.matched > 0 => Fit::Name,
            Ok(map) if map.entries.keys().all(|key| parameters.entries.contains_key(key)) => Fit::Keys,
            _ => Fit::Shared,
        };
        let reach = match &wanted {
            _ if name.environment.is_empty() && fit > Fit::Shared => Reach::Any,
            Some(wanted) if name.environment.contains(wanted) => Reach::Given,
            _ => Reach::Other,
        };
        found.push(Source { name: file.to_string(), reach, fit, values });
    }
    found
}

/// What the name of a parameter file says.
struct Name {
    /// The words of each folder and of the file.
    parts: Vec<Vec<String>>,
    /// How many words of the template's name are in it.
    matched: usize,
    /// The words that remain of each.
    environment: Vec<Vec<String>>,
    is_plain: bool,
}

impl Name {
    fn of(path: &Path, base: &Path, own: &[String]) -> Self {
        let below = path.strip_prefix(base).unwrap_or(path);
        let mut matched = 0;
        let mut is_plain = false;
        let mut environment = Vec::new();
        let mut parts: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if let (Some(last), Some(stem)) = (parts.last_mut(), path.file_stem()) {
            *last = stem.to_string_lossy().into_owned();
        }
        let all = parts.iter().map(|part| words(part)).collect();
        for (index, part) in parts.iter().enumerate() {
            let is_folder = index + 1 < parts.len();
            if is_folder && FOLDERS.contains(&part.to_lowercase().as_str()) {
                is_plain = true;
                continue;
            }
            let mut words = words(part);
            is_plain |= words.iter().any(|word| WORDS[..4].contains(&word.as_str()));
            if let Some(at) = contains(&words, own) {
                words.drain(at..at + own.len());
                matched = own.len();
            }
            words.retain(|word| !WORDS.contains(&word.as_str()));
            if !words.is_empty() {
                environment.push(words);
            }
        }
        Self { parts: all, matched, environment, is_plain }
    }
}

/// Where one list of words begins in another.
fn contains(words: &[String], part: &[String]) -> Option<usize> {
    if part.is_empty() { None } else { words.windows(part.len()).position(|window| window == part) }
}

fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The words of a template's name: `orders`, `db` of `orders-db.template.yaml`; none of `template.yaml`.
fn stem(template: &Path) -> Vec<String> {
    let stem = template.file_stem().unwrap_or_default().to_string_lossy();
    words(&stem).into_iter().filter(|word| !WORDS.contains(&word.as_str())).collect()
}

/// Files beside the template, and in folders of parameters beside it and above; with the folder that they are below.
fn candidates(tree: &Tree, template: &Path) -> Vec<(PathBuf, PathBuf)> {
    let Some(folder) = template.parent() else { return Vec::new() };
    let mut found = Vec::new();
    let mut waiting = Vec::new();
    let above = folder.parent().filter(|above| !tree.shown(above).starts_with(".."));
    for (base, is_own) in [(Some(folder), true), (above, false)] {
        let Some(base) = base else { continue };
        for path in tree.entries(base).unwrap_or_default() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            if FOLDERS.contains(&name.as_str()) && tree.store.is_folder(&path) {
                waiting.push((path, base.to_owned(), 0));
            } else if is_own && path != template {
                found.push((path, base.to_owned()));
            }
        }
    }
    while let Some((folder, base, depth)) = waiting.pop() {
        for path in tree.entries(&folder).unwrap_or_default() {
            if tree.store.is_folder(&path) && !tree.store.is_link(&path) && depth < 2 {
                waiting.push((path, base.clone(), depth + 1));
            } else {
                found.push((path, base.clone()));
            }
        }
    }
    found.retain(|(path, _)| is_data(path) && tree.store.is_file(path));
    found.sort();
    found.truncate(MAX_FILES);
    found
}

fn is_data(path: &Path) -> bool {
    let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let extensions = ["json", "yaml", "yml", "params", "template"];
    !is_hidden && path.extension().is_some_and(|extension| extensions.iter().any(|known| extension == *known))
}

/// A document of JSON or YAML.
///
/// # Errors
/// Where it does not parse.
pub(super) fn parse(path: &Path, file: &Arc<str>, text: &str) -> Result<Spot, SyntaxError> {
    if path.extension().is_some_and(|extension| extension == "json") {
        json::read(file, text)
    } else {
        yaml::read(file, text)
    }
}

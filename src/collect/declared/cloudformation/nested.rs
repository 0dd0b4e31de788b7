//! Templates that other templates deploy as stacks of their own, with parameters that these give.

use std::path::{Path, PathBuf};

use super::files;
use crate::collect::declared::Language;
use crate::collect::declared::value::{Spot, Value};
use crate::collect::declared::walk::Tree;

/// The property that names the template.
pub(super) fn location(kind: &str) -> Option<&'static str> {
    match kind {
        "AWS::CloudFormation::Stack" => Some("TemplateURL"),
        "AWS::Serverless::Application" => Some("Location"),
        _ => None,
    }
}

/// The nested template: a path beside the nesting one, or the only file of the tree whose path ends as the URL does.
/// A URL is where templates are uploaded to; they mostly keep their names there.
pub(super) fn target(tree: &Tree, from: &Path, resource: &Spot, location: &str) -> Option<PathBuf> {
    let folder = from.parent()?;
    let local = |path: &str| tree.store.canonical(&folder.join(path)).ok().filter(|path| tree.store.is_file(path));
    // What the CDK uploads has a hash for its name there, and its own name here.
    let asset = resource.entry("Metadata").and_then(|metadata| metadata.entry("aws:asset:path"));
    if let Some(path) = asset.as_ref().and_then(Spot::text) {
        return local(path);
    }
    let written = resource.entry("Properties")?.entry(location)?;
    let (path, is_whole) = tail(&written, 0)?;
    let is_remote = !is_whole || path.contains("://") || path.starts_with('/');
    if !is_remote {
        return local(&path);
    }
    let path = path.split(['?', '#']).next()?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    (1..=parts.len()).rev().find_map(|length| {
        let end: PathBuf = parts[parts.len() - length..].iter().collect();
        let templates = tree.files.iter().filter(|(_, language)| matches!(language, Language::Yaml | Language::Json));
        let mut found = templates.map(|(path, _)| path).filter(|path| path.ends_with(&end) && path.as_path() != from);
        match (found.next(), found.next()) {
            (Some(only), None) => Some(only.clone()),
            _ => None,
        }
    })
}

/// What a text ends with after the last thing in it that only a deployment knows, and whether that is all of it.
fn tail(spot: &Spot, depth: usize) -> Option<(String, bool)> {
    let Value::Map(map) = &spot.value else {
        return Some((spot.text()?.to_owned(), true));
    };
    let (name, argument) = map.entries.first_key_value().filter(|_| map.entries.len() == 1 && depth < 4)?;
    let last = match (name.as_str(), &argument.value) {
        ("Fn::Sub", Value::List(parts)) => parts.first()?.text()?.to_owned(),
        ("Fn::Sub", _) => argument.text()?.to_owned(),
        ("Fn::Join", Value::List(parts)) => match &parts.get(1)?.value {
            Value::List(items) => tail(items.last()?, depth + 1)?.0,
            _ => return None,
        },
        _ => return None,
    };
    let end = last.rsplit('}').next().unwrap_or_default();
    (!end.trim_matches('/').is_empty()).then(|| (end.to_owned(), false))
}

/// The document of a nested template; `None` when it does not parse, which its own reading tells.
pub(super) fn document(tree: &Tree, path: &Path) -> Option<Spot> {
    files::parse(path, &tree.shown(path), &tree.text(path).ok()?).ok()
}

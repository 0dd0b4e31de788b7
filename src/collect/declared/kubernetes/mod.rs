//! Manifests of Crossplane and of AWS Controllers for Kubernetes.

mod composition;
mod join;
mod kinds;
mod manifest;
#[cfg(test)]
mod tests;

pub(super) use join::join;
pub(super) use kinds::speaks;

use super::resource::Program;
use super::value::{Spot, Value};
use kinds::Shape;
use manifest::{Manifest, part};

/// Manifests within manifests are not deeper.
const MAX_INNER: u32 = 8;

/// The databases of a file's documents; `text` is the whole file.
pub(super) fn read(documents: &[Spot], text: &str) -> Option<Program> {
    let mut found = Program { is_manifests: true, ..Program::default() };
    for document in documents {
        visit(document, text, &mut found, 0);
    }
    let is_empty = found.resources.is_empty() && found.groups.is_empty();
    (!is_empty).then(|| join::distinct(found))
}

fn visit(document: &Spot, text: &str, found: &mut Program, depth: u32) {
    let Value::Map(map) = &document.value else { return };
    let word = |name: &str| map.entries.get(name).and_then(Spot::text).unwrap_or_default();
    let (version, kind) = (word("apiVersion"), word("kind"));
    if let Some(shape) = Shape::of(version, kind) {
        Manifest::of(document, shape).take(found);
    } else if kind == "Composition" && version.starts_with("apiextensions.crossplane.io/") {
        composition::read(document, text, found);
    } else if depth < MAX_INNER {
        for inner in inner(document, kind) {
            visit(&inner, text, found, depth + 1);
        }
    }
}

/// The manifests within a manifest.
fn inner(document: &Spot, kind: &str) -> Vec<Spot> {
    let list = |path: &[&str]| match part(document, path).value {
        Value::List(items) => items,
        _ => Vec::new(),
    };
    match kind {
        // <https://kro.run/docs/concepts/resource-group-definitions>
        "ResourceGraphDefinition" => {
            list(&["spec", "resources"]).iter().map(|resource| part(resource, &["template"])).collect()
        }
        // <https://github.com/crossplane-contrib/provider-kubernetes>
        "Object" => vec![part(document, &["spec", "forProvider", "manifest"])],
        _ if kind.ends_with("List") => list(&["items"]),
        _ => Vec::new(),
    }
}

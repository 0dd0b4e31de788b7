//! The parts of a template, and the resources in it with loops unrolled.

use std::collections::BTreeMap;
use std::path::Path;

use super::scope::Scope;
use crate::collect::declared::value::{Map, Spot, Value};

/// A loop of a loop is rare; deeper ones are not unrolled.
const MAX_LOOPS: usize = 4;

/// CloudFormation allows 500 resources in a template.
const MAX_RESOURCES: usize = 500;

/// Turns of all loops together.
const MAX_TURNS: usize = 5_000;

const LOOP: &str = "Fn::ForEach";

/// A document with `Resources`.
#[derive(Debug)]
pub(super) struct Template<'t> {
    pub path: &'t Path,
    sections: &'t Map,
    resources: &'t Map,
}

/// A resource as it stands in its template.
pub(super) struct Declared<'t> {
    pub name: String,
    pub spot: &'t Spot,
    /// The variables of the loops around it.
    pub loops: BTreeMap<String, Spot>,
}

/// A loop that cannot be unrolled.
pub(super) struct Lost<'t> {
    pub name: &'t str,
    pub spot: &'t Spot,
    pub reason: String,
}

#[derive(Default)]
pub(super) struct Resources<'t> {
    pub declared: Vec<Declared<'t>>,
    pub lost: Vec<Lost<'t>>,
    turns: usize,
}

impl<'t> Template<'t> {
    /// The template of a document, or the one that a file of the Serverless Framework holds.
    /// <https://www.serverless.com/framework/docs/providers/aws/guide/resources>
    pub(super) fn all(path: &'t Path, document: &'t Spot) -> Vec<Self> {
        if let Some(own) = Self::of(path, document) {
            return vec![own];
        }
        let Value::Map(map) = &document.value else { return Vec::new() };
        match map.entries.get("resources") {
            Some(Spot { value: Value::List(items), .. }) => {
                items.iter().filter_map(|item| Self::of(path, item)).collect()
            }
            Some(part) => Self::of(path, part).into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn of(path: &'t Path, document: &'t Spot) -> Option<Self> {
        let Value::Map(sections) = &document.value else { return None };
        let Value::Map(resources) = &sections.entries.get("Resources")?.value else { return None };
        Some(Self { path, sections, resources })
    }

    /// An entry of a section such as `Parameters`.
    pub(super) fn entry(&self, section: &str, name: &str) -> Option<&'t Spot> {
        self.section(section)?.entries.get(name)
    }

    /// A section such as `Mappings`.
    pub(super) fn section(&self, name: &str) -> Option<&'t Map> {
        match &self.sections.entries.get(name)?.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Whether a resource of this logical id is written.
    pub(super) fn has_resource(&self, name: &str) -> bool {
        self.resources.entries.contains_key(name) || self.resources.entries.keys().any(|key| key.starts_with(LOOP))
    }

    pub(super) fn resources(&self, scope: &Scope<'t>) -> Resources<'t> {
        let mut found = Resources::default();
        unroll(self.resources, scope, &BTreeMap::new(), 0, &mut found);
        found
    }
}

/// Takes the resources of a section, and those of its loops for each item.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html>
fn unroll<'t>(
    section: &'t Map,
    scope: &Scope<'t>,
    loops: &BTreeMap<String, Spot>,
    depth: usize,
    found: &mut Resources<'t>,
) {
    for (name, spot) in &section.entries {
        if found.declared.len() >= MAX_RESOURCES && !loops.is_empty() {
            found.lost.push(Lost { name, spot, reason: format!("its loops make more than {MAX_RESOURCES} resources") });
        } else if name.starts_with(LOOP) {
            if let Err(reason) = unroll_loop(spot, scope, loops, depth, found) {
                found.lost.push(Lost { name, spot, reason: format!("{name} at line {}: {reason}", spot.at.line) });
            }
        } else {
            let name = loops.iter().fold(name.clone(), |name, (variable, value)| match value.text() {
                Some(text) => {
                    name.replace(&format!("${{{variable}}}"), text).replace(&format!("&{{{variable}}}"), text)
                }
                None => name,
            });
            found.declared.push(Declared { name, spot, loops: loops.clone() });
        }
    }
}

fn unroll_loop<'t>(
    spot: &'t Spot,
    scope: &Scope<'t>,
    loops: &BTreeMap<String, Spot>,
    depth: usize,
    found: &mut Resources<'t>,
) -> Result<(), String> {
    let parts = match &spot.value {
        Value::List(parts) => parts.as_slice(),
        _ => &[],
    };
    let [variable, collection, Spot { value: Value::Map(body), .. }] = parts else {
        return Err("it is no variable, collection and body".to_owned());
    };
    let variable = variable.text().ok_or("its variable has no name")?;
    if depth >= MAX_LOOPS {
        return Err("loops are nested too deeply".to_owned());
    }
    let collection = scope.with(loops).eval(collection, 0);
    let items = match &collection.value {
        Value::List(items) => items.clone(),
        // One entry stands for all whose names cannot be known.
        _ => vec![Spot::unknown(collection.lost().unwrap_or("its collection is no list"), collection.at.clone())],
    };
    for item in items {
        found.turns += 1;
        if found.turns > MAX_TURNS || found.lost.len() > MAX_RESOURCES {
            return Err("it goes round too often".to_owned());
        }
        let mut inner = loops.clone();
        inner.insert(variable.to_owned(), item);
        unroll(body, scope, &inner, depth + 1, found);
    }
    Ok(())
}

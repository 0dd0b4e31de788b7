//! CloudFormation templates, also those of SAM, of the Serverless Framework, and what the CDK synthesizes.

mod condition;
mod database;
mod eval;
mod files;
mod inputs;
mod nested;
mod samconfig;
mod scope;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::resource::{Nesting, Program};
use super::unparsed;
use super::value::{Map, Spot, Value};
use super::walk::Tree;
use crate::facts::{Declaration, Tool};
use inputs::Inputs;
use scope::Scope;
use template::{Declared, Template};

/// Stacks within stacks within stacks.
const MAX_DEPTH: usize = 8;

/// Nested templates that one template leads to.
const MAX_NESTED: usize = 200;

/// The databases of a template; nothing of other documents.
pub(super) fn read(tree: &Tree, path: &Path, document: &Spot, stack: Option<&str>) -> Option<Program> {
    let is_derived = path.components().any(|part| part.as_os_str() == "cdk.out");
    let mut reading = Reading {
        tree,
        stack,
        chain: vec![path.to_owned()],
        nested: BTreeSet::new(),
        found: Program { is_derived, ..Program::default() },
        count: 0,
    };
    for template in Template::all(path, document) {
        let parameters = template.section("Parameters").cloned().unwrap_or_default();
        let inputs = if is_derived { Inputs::Synthesized } else { Inputs::of_files(tree, path, &parameters, stack) };
        reading.read(&Scope::new(&template, &inputs, stack, ""));
    }
    let Reading { mut found, nested, .. } = reading;
    let is_empty = found.resources.is_empty() && found.groups.is_empty() && found.broken.is_empty();
    if is_empty && nested.is_empty() {
        return None;
    }
    found.nesting = Some(Nesting { path: path.to_owned(), nested });
    Some(found)
}

/// Takes away the templates that others nest: they were read with the parameters that these give.
pub(super) fn drop_nested(programs: &mut Vec<Program>) {
    let all: BTreeSet<PathBuf> =
        programs.iter().filter_map(|program| program.nesting.as_ref()).flat_map(others).collect();
    let roots = programs.iter().filter_map(|program| program.nesting.as_ref()).filter(|one| !all.contains(&one.path));
    let mut covered: BTreeSet<PathBuf> = roots.flat_map(others).collect();
    programs.retain(|program| {
        let Some(nesting) = &program.nesting else { return true };
        if covered.contains(&nesting.path) {
            return false;
        }
        // Of a ring, the first one stays.
        covered.extend(others(nesting));
        true
    });
}

fn others(nesting: &Nesting) -> impl Iterator<Item = PathBuf> {
    nesting.nested.iter().filter(|path| **path != nesting.path).cloned()
}

struct Reading<'r> {
    tree: &'r Tree,
    stack: Option<&'r str>,
    /// The template that is read, after those that nest it.
    chain: Vec<PathBuf>,
    nested: BTreeSet<PathBuf>,
    found: Program,
    count: usize,
}

impl Reading<'_> {
    fn read(&mut self, scope: &Scope<'_>) {
        let resources = scope.template.resources(scope);
        for lost in &resources.lost {
            if speaks_of_databases(lost.spot) {
                self.lose(lost.name, lost.spot, lost.reason.clone());
            }
        }
        for declared in &resources.declared {
            self.resource(scope, declared);
        }
    }

    fn resource(&mut self, scope: &Scope<'_>, declared: &Declared<'_>) {
        if let Value::Unknown(reason) = &declared.spot.value {
            let reason = format!("resource {} cannot be known: {reason}", declared.name);
            return self.lose(&declared.name, declared.spot, reason);
        }
        let Some(name) = database::type_of(declared.spot) else { return };
        let location = nested::location(&name);
        let kind = database::kind(&name);
        if location.is_none() && kind.is_none() && !database::is_group(&name) {
            return;
        }
        let scope = scope.with(&declared.loops);
        let condition = declared.spot.entry("Condition").and_then(|name| name.text().map(str::to_owned));
        let exists = condition.is_none_or(|name| scope.condition(&name, 0) != Ok(false));
        match (location, kind) {
            (Some(location), _) => self.nest(&scope, declared, location, exists),
            _ if !exists => {}
            (None, Some(kind)) => self.found.resources.extend(database::read(&scope, declared, kind)),
            (None, None) => self.found.groups.push(database::group(&scope, declared)),
        }
    }

    fn nest(&mut self, scope: &Scope<'_>, declared: &Declared<'_>, location: &str, exists: bool) {
        let Some(path) = nested::target(self.tree, scope.template.path, declared.spot, location) else { return };
        if self.chain.contains(&path) {
            return;
        }
        self.count += 1;
        if self.chain.len() >= MAX_DEPTH || self.count > MAX_NESTED {
            return self.lose(&declared.name, declared.spot, "stacks are nested too deeply".to_owned());
        }
        let Some(document) = nested::document(self.tree, &path) else { return };
        self.nested.insert(path.clone());
        if !exists {
            return;
        }
        let caller = scope.key(&declared.name);
        let given = database::properties(scope, declared.spot).entry("Parameters").map(|given| given.value);
        let given = match given {
            Some(Value::Map(map)) => map,
            Some(Value::Unknown(reason)) => Map { open: Some(reason), ..Map::default() },
            _ => Map::default(),
        };
        let inputs = Inputs::Nested { given, caller: caller.clone() };
        let prefix = format!("{caller}.");
        self.chain.push(path.clone());
        for template in Template::all(&path, &document) {
            self.read(&Scope::new(&template, &inputs, self.stack, &prefix));
        }
        self.chain.pop();
    }

    /// There may be a database that cannot be told.
    fn lose(&mut self, name: &str, spot: &Spot, reason: String) {
        let entry = unparsed(&spot.at.file, spot.at.line, reason);
        self.found.broken.push(Declaration { resource: name.to_owned(), tool: Some(Tool::CloudFormation), ..entry });
    }
}

/// Whether a database or cluster is somewhere in it.
fn speaks_of_databases(spot: &Spot) -> bool {
    match &spot.value {
        Value::Map(map) => {
            database::type_of(spot).is_some_and(|name| database::kind(&name).is_some())
                || map.entries.values().any(speaks_of_databases)
        }
        Value::List(items) => items.iter().any(speaks_of_databases),
        _ => false,
    }
}

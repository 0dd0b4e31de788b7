//! Manifests refer to each other by name, whatever the file.

use std::collections::{BTreeMap, BTreeSet};

use crate::collect::declared::property::Property;
use crate::collect::declared::resource::{Program, Resource};
use crate::collect::declared::value::Spot;

/// Makes one program of the manifests of a folder, unless some have the same name: then each file stands alone.
pub(in crate::collect::declared) fn join(programs: Vec<Program>) -> Vec<Program> {
    let (mut manifests, mut all): (Vec<_>, Vec<_>) = programs.into_iter().partition(|program| program.is_manifests);
    overlay(&mut manifests);
    let mut folders: BTreeMap<String, Vec<Program>> = BTreeMap::new();
    for program in manifests {
        folders.entry(folder(&program)).or_default().push(program);
    }
    for programs in folders.into_values() {
        let mut seen = BTreeSet::new();
        if programs.iter().flat_map(keys).all(|key| seen.insert(key.to_owned())) {
            all.push(programs.into_iter().fold(Program::default(), merge));
        } else {
            all.extend(programs);
        }
    }
    all
}

fn keys(program: &Program) -> impl Iterator<Item = &str> {
    let groups = program.groups.iter().map(|group| group.key.as_str());
    program.resources.iter().map(|resource| resource.key.as_str()).chain(groups)
}

fn folder(program: &Program) -> String {
    let resource = program.resources.first().map(|resource| &resource.at);
    let file = resource.or_else(|| program.groups.first().map(|group| &group.identifier.at)).map(|at| &at.file);
    crate::collect::declared::folder(file.map_or("", |file| file))
}

fn merge(mut one: Program, mut other: Program) -> Program {
    one.resources.append(&mut other.resources);
    one.groups.append(&mut other.groups);
    one
}

/// What the manifests of one file call each other must be told apart: the first of a name keeps it.
pub(super) fn distinct(mut program: Program) -> Program {
    let mut seen = BTreeSet::new();
    let resources = program.resources.iter_mut().map(|resource| &mut resource.key);
    for (index, key) in resources.chain(program.groups.iter_mut().map(|group| &mut group.key)).enumerate() {
        if !seen.insert(key.clone()) {
            *key = format!("{key}#{index}");
        }
    }
    program
}

/// An overlay of Kustomize repeats of a manifest only what it changes: the rest is as in the one of the same name.
/// <https://kubectl.docs.kubernetes.io/references/kustomize/glossary/#patchstrategicmerge>
fn overlay(programs: &mut [Program]) {
    let is_whole = |one: &Resource| one.get(Property::Engine).is_some();
    let mut wholes: BTreeMap<String, Vec<Resource>> = BTreeMap::new();
    for resource in programs.iter().flat_map(|program| &program.resources).filter(|one| is_whole(one)) {
        wholes.entry(resource.key.clone()).or_default().push(resource.clone());
    }
    for resource in programs.iter_mut().flat_map(|program| &mut program.resources) {
        let is_patch = resource.get(Property::Version).is_some() && resource.get(Property::Source).is_none();
        if is_whole(resource) || !is_patch {
            continue;
        }
        let bases = wholes.get(&resource.key).map(Vec::as_slice).unwrap_or_default();
        if let [base] = bases {
            for (property, spot) in &base.properties {
                resource.properties.entry(*property).or_insert_with(|| spot.clone());
            }
            continue;
        }
        let engines: Vec<&Spot> = bases.iter().filter_map(|base| base.get(Property::Engine)).collect();
        let engine = match engines.first() {
            Some(first) if engines.iter().all(|other| first.value.same(&other.value) == Some(true)) => (*first).clone(),
            Some(_) => Spot::unknown("manifests of this name differ in it", resource.at.clone()),
            None => Spot::unknown("it is not written here, as in a patch of Kustomize", resource.at.clone()),
        };
        resource.properties.insert(Property::Engine, engine);
    }
}

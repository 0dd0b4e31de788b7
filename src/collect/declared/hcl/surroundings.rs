//! What stands around a database: its parameter group, what is ignored of it, where it gets what it does not say, and
//! the accounts that the provider names.

use std::collections::BTreeSet;

use hcl_edit::structure::Block;

use super::eval::{Bound, boolean, pairs};
use super::folder::{Item, Source, Written};
use super::scope::{Each, Scope};
use crate::collect::declared::property::Property;
use crate::collect::declared::resource::{Group, Program, Resource};
use crate::collect::declared::value::{Map, Place, Spot, Value};
use crate::facts::{PinKind, Pinned, Stated};

/// Where `lifecycle { ignore_changes = [engine_version] }` is written; its names are no values, so none is evaluated.
/// <https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle>
pub(super) fn ignored(item: &Item<'_>) -> Option<Place> {
    // Of overrides the last counts.
    let mut blocks = item.inner("lifecycle").rev();
    let (source, changes) =
        blocks.find_map(|(source, block)| Some((source, block.body.get_attribute("ignore_changes")?)))?;
    let names = source.code(&changes.value);
    let mut words = names.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.any(|word| word == "engine_version" || word == "all").then(|| source.place(&changes.value))
}

/// `lifecycle { enabled = false }` of OpenTofu.
/// <https://opentofu.org/docs/language/meta-arguments/enabled/>
pub(super) fn is_disabled<'a>(scope: &Scope<'a>, item: &Item<'a>) -> bool {
    let written = item.inner("lifecycle").rev().find_map(|(source, block)| {
        let expression = &block.body.get_attribute("enabled")?.value;
        Some(Written { source, expression })
    });
    written.is_some_and(|written| boolean(&scope.written(&written, 0)) == Some(false))
}

pub(super) fn group(scope: &Scope<'_>, address: &str, item: &Item<'_>) -> Group {
    scope.refuel();
    let first = |names: &[&str]| {
        let written = names.iter().map(|name| scope.argument(item, name, None, 0)).find(|spot| !spot.is_nothing());
        written.unwrap_or_else(|| Spot::new(Value::Nothing, item.at.clone()))
    };
    let blocks = item.inner("parameter").map(|(source, block)| entries(scope, source, block, None));
    let mut blocks: Vec<Spot> = blocks.collect();
    for (source, block) in item.inner("dynamic") {
        blocks.extend(repeated(scope, source, block, "parameter").unwrap_or_default());
    }
    let blocks = Value::List(blocks);
    let written = first(&["parameters"]);
    Group {
        key: format!("{}{address}", scope.prefix),
        name: format!("{}{address}", scope.prefix),
        identifier: first(&["name", "db_parameter_group_name", "db_cluster_parameter_group_name"]),
        family: first(&["family"]),
        parameters: if written.is_nothing() { Spot::new(blocks, item.at.clone()) } else { written },
    }
}

/// The profile and the accounts that a provider block names.
pub(super) fn pins(scope: &Scope<'_>, item: &Item<'_>) -> Vec<Pinned> {
    scope.refuel();
    let pin = |kind, spot: &Spot| {
        let value = Some(spot.text()?.to_owned());
        Some(Pinned { kind, value: Stated { value, reason: None, file: spot.at.file.to_string(), line: spot.at.line } })
    };
    let profile = pin(PinKind::Profile, &scope.argument(item, "profile", None, 0));
    let accounts = match scope.argument(item, "allowed_account_ids", None, 0).value {
        Value::List(items) => items.iter().filter_map(|spot| pin(PinKind::Account, spot)).collect(),
        _ => Vec::new(),
    };
    profile.into_iter().chain(accounts).collect()
}

/// The attributes of a block.
fn entries<'a>(scope: &Scope<'a>, source: &'a Source, block: &'a Block, bound: Option<&Bound<'_>>) -> Spot {
    let entries = block.body.attributes().map(|attribute| {
        let written = Written { source, expression: &attribute.value };
        (attribute.key.as_str().to_owned(), scope.within(&written, None, bound, 0))
    });
    Spot::new(Value::Map(Map { entries: entries.collect(), open: None }), source.place(block))
}

/// What `dynamic "parameter"` makes of a list that is known.
/// <https://developer.hashicorp.com/terraform/language/expressions/dynamic-blocks>
fn repeated<'a>(scope: &Scope<'a>, source: &'a Source, block: &'a Block, name: &str) -> Option<Vec<Spot>> {
    if block.labels.first()?.as_str() != name {
        return None;
    }
    let over = &block.body.get_attribute("for_each")?.value;
    let over = scope.written(&Written { source, expression: over }, 0);
    let iterator = block.body.get_attribute("iterator").map(|attribute| source.code(&attribute.value));
    let content = block.body.blocks().find(|inner| inner.ident.as_str() == "content")?;
    let make = |(key, value): (Spot, Spot)| {
        let at = value.at.clone();
        let entries = [("key".to_owned(), key), ("value".to_owned(), value)].into();
        let spot = Spot::new(Value::Map(Map { entries, open: None }), at);
        let bound = Bound { name: iterator.unwrap_or(name), spot, outer: None };
        self::entries(scope, source, content, Some(&bound))
    };
    Some(pairs(&over)?.into_iter().map(make).collect())
}

/// What a database does not say itself because it takes it from another.
pub(super) fn inherit<'a>(scope: &Scope<'a>, item: &Item<'a>, each: Option<&Each>, resource: &mut Resource) {
    let is_set = |name: &str| {
        let written = scope.argument(item, name, each, 0);
        written.text().is_some() || written.lost().is_some() || item.inner(name).next().is_some()
    };
    if let Some(global) = global(scope, item, each) {
        for (property, name) in [(Property::Engine, "engine"), (Property::Version, "engine_version")] {
            let taken = scope.argument(global, name, None, 0);
            if !taken.is_nothing() {
                resource.properties.entry(property).or_insert(taken);
            }
        }
    }
    let origins = [
        ("replicate_source_db", "the database that it replicates is not declared here"),
        ("snapshot_identifier", "it is restored from a snapshot"),
        ("restore_to_point_in_time", "it is restored from another database"),
    ];
    if let Some((_, why)) = origins.into_iter().find(|(name, _)| is_set(name)) {
        // A replica of a declared database has its engine; this says why there is none.
        resource.properties.entry(Property::Engine).or_insert_with(|| Spot::unknown(why, item.at.clone()));
        if resource.get(Property::Source).is_none() {
            let why = format!("{} is not set, and {why}", resource.attribute);
            resource.properties.entry(Property::Version).or_insert_with(|| Spot::unknown(why, item.at.clone()));
        }
    }
}

/// Leads references to what there is: `aws_db_instance.main["blue"]` may stand for all instances, or for one of them.
pub(super) fn link(program: &mut Program) {
    let keys = program.resources.iter().map(|one| &one.key).chain(program.groups.iter().map(|one| &one.key));
    let keys: BTreeSet<String> = keys.cloned().collect();
    for resource in &mut program.resources {
        for property in [Property::Source, Property::Group] {
            if let Some(Spot { value: Value::Output { resource: key, .. }, .. }) =
                resource.properties.get_mut(&property)
                && !keys.contains(key)
                && let Some((all, _)) = key.rsplit_once('[')
                && keys.contains(all)
            {
                *key = all.to_owned();
            }
        }
    }
}

/// The declared global cluster that a cluster belongs to.
fn global<'s, 'a>(scope: &'s Scope<'a>, item: &Item<'a>, each: Option<&Each>) -> Option<&'s Item<'a>> {
    let named = scope.argument(item, "global_cluster_identifier", each, 0);
    let mut globals =
        scope.items.by_address.iter().filter(|(address, _)| address.starts_with("aws_rds_global_cluster."));
    let is_it = |address: &str, global: &Item<'a>| match &named.value {
        Value::Output { resource, .. } => resource.strip_prefix(&scope.prefix) == Some(address),
        _ => {
            named.text().is_some()
                && scope.argument(global, "global_cluster_identifier", None, 0).text() == named.text()
        }
    };
    globals.find(|(address, global)| is_it(address, global)).map(|(_, global)| global)
}

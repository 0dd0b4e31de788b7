//! Databases, clusters and parameter groups of a template, with their properties.

use super::scope::Scope;
use super::template::Declared;
use crate::collect::declared::property::{CLOUDFORMATION, GROUP_NAMES, Property};
use crate::collect::declared::resource::{Group, Kind, Resource};
use crate::collect::declared::value::{Map, Spot, Value};

pub(super) const GLOBAL: &str = "AWS::RDS::GlobalCluster";

/// What an instance or cluster takes its engine and data from.
const ORIGINS: [&str; 9] = [
    "DBSnapshotIdentifier",
    "DBClusterSnapshotIdentifier",
    "SnapshotIdentifier",
    "SourceDBInstanceIdentifier",
    "SourceDBClusterIdentifier",
    "SourceDbiResourceId",
    "SourceDbClusterResourceId",
    "SourceDBInstanceAutomatedBackupsArn",
    "ReplicationSourceIdentifier",
];

/// The kind of database that a type of resource is.
pub(super) fn kind(name: &str) -> Option<Kind> {
    match name {
        "AWS::RDS::DBInstance" => Some(Kind::Instance),
        "AWS::RDS::DBCluster" => Some(Kind::Cluster),
        _ => None,
    }
}

pub(super) fn is_group(name: &str) -> bool {
    matches!(name, "AWS::RDS::DBParameterGroup" | "AWS::RDS::DBClusterParameterGroup")
}

/// What is written of a resource, evaluated.
pub(super) fn properties(scope: &Scope<'_>, resource: &Spot) -> Spot {
    match resource.entry("Properties") {
        Some(written) if !written.is_nothing() => scope.eval(&written, 0),
        _ => Spot::new(Value::Map(Map::default()), resource.at.clone()),
    }
}

/// A database or cluster; `None` of a cluster's instance. `scope` is that of the resource, with its loops.
pub(super) fn read(scope: &Scope<'_>, declared: &Declared<'_>, kind: Kind) -> Option<Resource> {
    let arguments = properties(scope, declared.spot);
    if kind == Kind::Instance && is_member(&arguments) {
        return None;
    }
    let name = scope.key(&declared.name);
    let get = |property| CLOUDFORMATION.read(property, kind, &arguments);
    let at = declared.spot.at.clone();
    let mut resource = Resource::new(name.clone(), name, at, kind, &CLOUDFORMATION, get);
    if let Some(source) = source(scope, declared.spot, &resource) {
        resource.properties.insert(Property::Source, source);
    }
    if kind == Kind::Cluster {
        inherit(scope, &arguments, &mut resource);
    }
    if resource.get(Property::Engine).is_none()
        && let Some((origin, spot)) = ORIGINS.iter().find_map(|name| Some((name, written(&arguments, name)?)))
    {
        let reason = format!("Engine is not set, it is that of {origin} at line {}", spot.at.line);
        resource.properties.insert(Property::Engine, Spot::unknown(reason, spot.at));
    }
    Some(resource)
}

fn written(arguments: &Spot, name: &str) -> Option<Spot> {
    let Value::Map(map) = &arguments.value else { return None };
    map.entries.get(name).filter(|spot| !spot.is_nothing()).cloned()
}

/// Whether an instance belongs to a cluster. That of plain PostgreSQL does only if it can be known to.
fn is_member(arguments: &Spot) -> bool {
    let is_plain = || written(arguments, "Engine").is_some_and(|engine| engine.text() == Some("postgres"));
    written(arguments, "DBClusterIdentifier").is_some_and(|id| !matches!(id.value, Value::Unknown(_)) || !is_plain())
}

/// What a replica's source comes to where it is written as an ARN: the last part of that is what identifies it.
fn source(scope: &Scope<'_>, written: &Spot, resource: &Resource) -> Option<Spot> {
    let known = resource.get(Property::Source)?;
    match &known.value {
        Value::Text(text) if text.starts_with("arn:") => {
            Some(Spot::new(Value::text(text.rsplit(':').next()?), known.at.clone()))
        }
        Value::Unknown(_) => {
            let names = CLOUDFORMATION.names(Property::Source, resource.kind);
            let properties = written.entry("Properties")?;
            let raw = names.iter().filter_map(|name| properties.named(name)).find(|spot| !spot.is_nothing())?;
            let last = scope.eval(&last_part(&raw)?, 0);
            matches!(last.value, Value::Output { .. } | Value::Text(_)).then_some(last)
        }
        _ => None,
    }
}

/// `${Primary}` of `!Sub arn:aws:rds:${AWS::Region}:${AWS::AccountId}:db:${Primary}`.
fn last_part(arn: &Spot) -> Option<Spot> {
    let Value::Map(map) = &arn.value else { return None };
    let (name, argument) = map.entries.first_key_value()?;
    match (name.as_str(), &argument.value) {
        ("Fn::Join", Value::List(parts)) => match &parts.get(1)?.value {
            Value::List(items) => items.last().cloned(),
            _ => None,
        },
        ("Fn::Sub", Value::Text(text)) => {
            let kinds = [":db:", ":cluster:"];
            let end = kinds.iter().find_map(|kind| text.rsplit_once(kind)).map(|(_, end)| end)?;
            let end = Spot::new(Value::text(end), argument.at.clone());
            Some(Spot::new(Value::Map(Map { entries: [(name.clone(), end)].into(), open: None }), arn.at.clone()))
        }
        _ => None,
    }
}

/// A cluster of a global cluster has the engine and version of this.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-upgrade.html>
fn inherit(scope: &Scope<'_>, arguments: &Spot, resource: &mut Resource) {
    let Some(id) = written(arguments, "GlobalClusterIdentifier") else { return };
    let global = scope.template.section("Resources").and_then(|resources| {
        let globals = resources.entries.iter().filter(|(_, spot)| type_of(spot).as_deref() == Some(GLOBAL));
        globals.map(|(name, spot)| (name, properties(scope, spot))).find(|(name, global)| match &id.value {
            Value::Output { resource, .. } => *resource == scope.key(name),
            _ => {
                id.text().is_some()
                    && written(global, "GlobalClusterIdentifier").as_ref().and_then(Spot::text) == id.text()
            }
        })
    });
    let of_global = |name: &str| global.as_ref().and_then(|(_, global)| written(global, name));
    if resource.get(Property::Engine).is_none() {
        let lost = || Spot::unknown("Engine is not set, it is that of the global cluster", id.at.clone());
        resource.properties.insert(Property::Engine, of_global("Engine").unwrap_or_else(lost));
    }
    if resource.get(Property::Version).is_none() {
        let lost = || Spot::unknown("EngineVersion is not set, it is that of the global cluster", id.at.clone());
        match (of_global("EngineVersion"), of_global("SourceDBClusterIdentifier")) {
            (None, Some(source)) if resource.get(Property::Source).is_none() => {
                resource.properties.insert(Property::Source, source);
            }
            (version, _) => drop(resource.properties.insert(Property::Version, version.unwrap_or_else(lost))),
        }
    }
}

/// The type of a resource.
pub(super) fn type_of(resource: &Spot) -> Option<String> {
    match &resource.value {
        Value::Map(map) => map.entries.get("Type")?.text().map(str::to_owned),
        _ => None,
    }
}

pub(super) fn group(scope: &Scope<'_>, declared: &Declared<'_>) -> Group {
    let arguments = properties(scope, declared.spot);
    let get = |name: &str| arguments.named(name).unwrap_or_else(|| Spot::new(Value::Nothing, arguments.at.clone()));
    let names = GROUP_NAMES.iter().map(|name| get(name));
    let nothing = || Spot::new(Value::Nothing, declared.spot.at.clone());
    let name = scope.key(&declared.name);
    Group {
        key: name.clone(),
        name,
        identifier: names.into_iter().find(|spot| !spot.is_nothing()).unwrap_or_else(nothing),
        family: get("family"),
        parameters: get("parameters"),
    }
}

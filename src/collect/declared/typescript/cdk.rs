//! Databases of the CDK.
//! <https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_rds-readme.html>

use oxc_ast::ast::{Argument, CallExpression, Expression, NewExpression};
use oxc_span::Span;

use super::construct::Site;
use super::frame::Scope;
use super::symbol::Symbol;
use super::world::World;
use crate::collect::declared::cdk::version_of_constant;
use crate::collect::declared::property::{CLOUDFORMATION, Property, Vocabulary, is_member};
use crate::collect::declared::resource::{Group, Kind, Resource};
use crate::collect::declared::value::{Map, Place, Spot, Value, normal};
use crate::collect::declared::{json, walk};
use crate::facts::Tool;

/// What version 2 is called, and how all others are known here.
pub(super) const PACKAGE: &str = "aws-cdk-lib";

const RDS: &str = "aws_rds";

/// The engine's version is part of the engine.
const CDK: Vocabulary = CLOUDFORMATION.of(Tool::CloudFormation, "the engine's version");

/// A class that declares something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Construct {
    Database(Kind),
    Replica,
    Group,
    /// The classes that mirror CloudFormation.
    Plain(Kind),
    PlainGroup,
    /// Of a type that is written as text.
    Raw,
}

/// A package of the CDK, of any version.
pub(super) fn package(specifier: &str) -> Option<Symbol<'_>> {
    let (first, rest) = specifier.split_once('/').map_or((specifier, ""), |(first, rest)| (first, rest));
    let module = match first {
        "aws-cdk-lib" | "monocdk" | "@aws-cdk" => rest.split('/').next().unwrap_or_default(),
        _ => return None,
    };
    let path = match module {
        "" | "core" => Vec::new(),
        "aws-rds" => vec![RDS],
        other => vec![other],
    };
    Some(Symbol { package: PACKAGE, path })
}

/// Any class of RDS.
pub(super) fn class<'a>(symbol: &Symbol<'a>) -> Option<&'a str> {
    match symbol.path[..] {
        [RDS, class] if symbol.package == PACKAGE => Some(class),
        _ => None,
    }
}

pub(super) fn construct(symbol: &Symbol<'_>) -> Option<Construct> {
    if symbol.package == PACKAGE && symbol.path[..] == ["CfnResource"] {
        return Some(Construct::Raw);
    }
    Some(match class(symbol)? {
        "DatabaseInstance" | "DatabaseInstanceFromSnapshot" => Construct::Database(Kind::Instance),
        "DatabaseInstanceReadReplica" => Construct::Replica,
        "DatabaseCluster" | "DatabaseClusterFromSnapshot" | "ServerlessCluster" | "ServerlessClusterFromSnapshot" => {
            Construct::Database(Kind::Cluster)
        }
        "ParameterGroup" => Construct::Group,
        "CfnDBInstance" => Construct::Plain(Kind::Instance),
        "CfnDBCluster" => Construct::Plain(Kind::Cluster),
        "CfnDBParameterGroup" | "CfnDBClusterParameterGroup" => Construct::PlainGroup,
        _ => return None,
    })
}

/// The engine that `DatabaseInstanceEngine.postgres` or `DatabaseClusterEngine.AURORA_POSTGRESQL` is.
fn engine_of(name: &str) -> String {
    match normal(name).as_str() {
        "aurorapostgres" | "aurorapostgresql" => "aurora-postgresql".to_owned(),
        other => other.to_owned(),
    }
}

fn engine(name: &str, version: Spot, at: Place) -> Spot {
    let name = Spot::new(Value::text(engine_of(name)), at.clone());
    let entries = [("engine".to_owned(), name), ("version".to_owned(), version)];
    Spot::new(Value::Map(Map { entries: entries.into(), open: None }), at)
}

/// A constant of the CDK.
pub(super) fn constant(scope: &Scope<'_>, symbol: &Symbol<'_>, span: Span) -> Option<Spot> {
    if symbol.package != PACKAGE {
        return None;
    }
    match symbol.path[..] {
        [RDS, class, name] if class.ends_with("EngineVersion") => {
            version_of_constant(name).map(|version| scope.known(span, Value::text(version)))
        }
        [RDS, class @ ("DatabaseInstanceEngine" | "DatabaseClusterEngine"), name]
            if name.starts_with(|c: char| c.is_ascii_uppercase()) =>
        {
            let why = format!("{class}.{name} at {}: it names no version, so RDS chooses it", scope.line(span));
            Some(engine(name, Spot::unknown(why, scope.place(span)), scope.place(span)))
        }
        _ => None,
    }
}

/// What a function of the CDK gives, of those that matter.
pub(super) fn call<'a>(
    world: &World<'a>,
    scope: &Scope<'a>,
    symbol: &Symbol<'a>,
    call: &'a CallExpression<'a>,
    depth: u32,
) -> Option<Spot> {
    if symbol.package != PACKAGE {
        return None;
    }
    let argument = |index: usize| match call.arguments.get(index).map(Argument::as_expression) {
        Some(Some(argument)) => world.expression(scope, argument, depth + 1),
        Some(None) => scope.lost(call.span, "only a run tells"),
        None => scope.known(call.span, Value::Nothing),
    };
    match symbol.path[..] {
        [RDS, "DatabaseInstanceEngine" | "DatabaseClusterEngine", name] => {
            let given = argument(0);
            let version = given.entry("version").unwrap_or_else(|| scope.lost(call.span, "only a run tells"));
            Some(engine(name, version, scope.place(call.span)))
        }
        [RDS, class, "of"] if class.ends_with("EngineVersion") => Some(argument(0)),
        [RDS, "ParameterGroup", "fromParameterGroupName"] => Some(argument(2)),
        ["Duration", "days"] => Some(argument(0)),
        _ => None,
    }
}

/// What `construct.node.tryGetContext(key)` finds in `cdk.json`; `None` of other calls.
/// <https://docs.aws.amazon.com/cdk/v2/guide/context.html>
pub(super) fn context<'a>(
    world: &World<'a>,
    scope: &Scope<'a>,
    call: &'a CallExpression<'a>,
    object: &'a Expression<'a>,
    method: &str,
    depth: u32,
) -> Option<Spot> {
    let node = object.get_inner_expression().as_member_expression()?;
    let is_context = node.static_property_name() == Some("node") && ["tryGetContext", "getContext"].contains(&method);
    if !is_context {
        return None;
    }
    let key = call.arguments.first().and_then(Argument::as_expression)?;
    let key = world.expression(scope, key, depth + 1);
    let Some(key) = key.text() else { return Some(scope.lost(call.span, "only a run tells")) };
    let folders = scope.root.path.ancestors().skip(1);
    let mut found = folders.map(|folder| folder.join("cdk.json")).filter(|path| world.tree.store.is_file(path));
    let Some(path) = found.next() else { return Some(scope.lost(call.span, "there is no cdk.json above it")) };
    for path in [path.clone(), path.with_file_name("cdk.context.json")] {
        let file = world.tree.shown(&path);
        let Ok(text) = walk::read_text(&world.tree.store, &path) else { continue };
        let document = match json::read(&file, &text) {
            Ok(document) => document,
            Err(error) => return Some(scope.lost(call.span, &format!("{file} does not parse: {}", error.message))),
        };
        let context = if path.ends_with("cdk.json") { document.entry("context") } else { Some(document) };
        if let Some(spot) = context.and_then(|context| context.entry(key)).filter(|spot| !spot.is_nothing()) {
            return Some(spot);
        }
    }
    Some(scope.lost(call.span, &format!("{} does not set it", world.tree.shown(&path))))
}

/// A database of the CDK's own classes.
pub(super) fn resource<'a>(world: &World<'a>, site: &Site<'a>, kind: Kind) -> Resource {
    let given = world.arguments(site, 0);
    let nothing = || Spot::new(Value::Nothing, given.at.clone());
    let get = |name: &str| given.entry(name).unwrap_or_else(nothing);
    let engine = get("engine");
    let engine_part = |part: &str| match &engine.value {
        Value::Map(_) | Value::Unknown(_) => engine.entry(part).unwrap_or_else(nothing),
        Value::Nothing => nothing(),
        _ => Spot::unknown(format!("it is no engine at line {}", engine.at.line), engine.at.clone()),
    };
    let read = |property: Property| match (property, kind) {
        (Property::Engine, _) => engine_part("engine"),
        (Property::Version, _) => {
            let (own, beside) = (engine_part("version"), get("engineVersion"));
            // Beside an engine without one, as in early versions.
            let version = if own.text().is_none() && beside.text().is_some() { beside } else { own };
            world.overridden(site, version)
        }
        (Property::Identifier, Kind::Instance) => get("instanceIdentifier"),
        (Property::Identifier, Kind::Cluster) => get("clusterIdentifier"),
        (Property::Source, _) => get("sourceDatabaseInstance"),
        (Property::Group, _) => get("parameterGroup"),
        (Property::Parameters, _) => get("parameters"),
        (Property::AllowMajor, _) => get("allowMajorVersionUpgrade"),
        (Property::ApplyImmediately, _) => get("applyImmediately"),
        (Property::AutoMinor, _) => get("autoMinorVersionUpgrade"),
        (Property::BackupRetention, Kind::Instance) => get("backupRetention"),
        (Property::BackupRetention, Kind::Cluster) => {
            let backup = get("backup").entry("retention").filter(|spot| !spot.is_nothing());
            backup.unwrap_or_else(|| get("backupRetention"))
        }
        (Property::DeletionProtection, _) => get("deletionProtection"),
        _ => nothing(),
    };
    let at = site.scope.place(site.made.span());
    Resource::new(site.key(), world.name(site), at, kind, &CDK, read)
}

/// A resource of whatever type, as CloudFormation has it; `None` of one that is no database.
/// <https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.CfnResource.html>
pub(super) fn raw<'a>(world: &World<'a>, site: &Site<'a>) -> Option<Resource> {
    let given = world.arguments(site, 0);
    let kind = match given.entry("type")?.text()? {
        "AWS::RDS::DBInstance" => Kind::Instance,
        "AWS::RDS::DBCluster" => Kind::Cluster,
        _ => return None,
    };
    let properties = given.entry("properties")?;
    if is_member(kind, &properties) {
        return None;
    }
    let at = site.scope.place(site.made.span());
    let read = |property| CLOUDFORMATION.read(property, kind, &properties);
    Some(Resource::new(site.key(), world.name(site), at, kind, &CLOUDFORMATION, read))
}

/// What a parameter of the template is by default; `None` of other things.
/// <https://docs.aws.amazon.com/cdk/v2/guide/parameters.html>
pub(super) fn parameter<'a>(
    world: &World<'a>,
    scope: &Scope<'a>,
    new: &'a NewExpression<'a>,
    key: &str,
    depth: u32,
) -> Option<Spot> {
    let symbol = world.symbol(scope, &new.callee, depth)?;
    let is_parameter = symbol.package == PACKAGE && symbol.path.last() == Some(&"CfnParameter");
    if !is_parameter || !["valueAsString", "valueAsNumber", "value", "default"].contains(&key) {
        return None;
    }
    let given = new.arguments.get(2).and_then(Argument::as_expression);
    let default = given.and_then(|given| world.expression(scope, given, depth + 1).entry("default"));
    Some(match default {
        Some(default) if !default.is_nothing() => default,
        _ => scope.lost(new.span, "it has no default"),
    })
}

/// A parameter group, whose family follows from its engine.
pub(super) fn group<'a>(world: &World<'a>, site: &Site<'a>) -> Group {
    let given = world.arguments(site, 0);
    let get = |name: &str| given.entry(name).unwrap_or_else(|| Spot::new(Value::Nothing, given.at.clone()));
    let engine = get("engine");
    let part = |name: &str| engine.entry(name).unwrap_or_else(|| Spot::new(Value::Nothing, engine.at.clone()));
    let (name, version) = (part("engine"), part("version"));
    let family = match (name.text(), version.text()) {
        (Some(name), Some(text)) => Spot::new(Value::text(format!("{name}{}", major(text))), version.at.clone()),
        (Some(_), None) if version.lost().is_some() => version,
        _ => name,
    };
    Group { key: site.key(), name: world.name(site), identifier: get("name"), family, parameters: get("parameters") }
}

/// `16` of `16.3`, and `9.6` of `9.6.24`.
fn major(version: &str) -> &str {
    let parts = if version.starts_with("9.") { 2 } else { 1 };
    let end = version.match_indices(['.', '-']).nth(parts - 1).map_or(version.len(), |(at, _)| at);
    &version[..end]
}

//! Pulumi programs in YAML.

use std::cell::Cell;
use std::path::Path;

use super::template::Template;
use super::{find, ignored};
use crate::collect::declared::property::{GROUP_NAMES, PULUMI, PULUMI_NATIVE, Vocabulary, is_member};
use crate::collect::declared::resource::{Group, Kind, Program, Resource};
use crate::collect::declared::value::{Spot, Value};
use crate::collect::declared::walk::Tree;

enum Class {
    Database(Kind),
    Group,
}

/// What of RDS a type is: `aws:rds:Instance`, or in full `aws:rds/instance:Instance`.
/// <https://www.pulumi.com/docs/iac/concepts/resources/names/#types>
fn class(token: &str) -> Option<(Class, &'static Vocabulary)> {
    let mut parts = token.split(':');
    let (package, module, name) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !(module == "rds" || module.starts_with("rds/")) {
        return None;
    }
    match (package, name) {
        ("aws", "Instance") => Some((Class::Database(Kind::Instance), &PULUMI)),
        ("aws", "Cluster") => Some((Class::Database(Kind::Cluster), &PULUMI)),
        ("aws", "ParameterGroup" | "ClusterParameterGroup") => Some((Class::Group, &PULUMI)),
        ("aws-native", "DbInstance" | "DBInstance") => Some((Class::Database(Kind::Instance), &PULUMI_NATIVE)),
        ("aws-native", "DbCluster" | "DBCluster") => Some((Class::Database(Kind::Cluster), &PULUMI_NATIVE)),
        (
            "aws-native",
            "DbParameterGroup" | "DBParameterGroup" | "DbClusterParameterGroup" | "DBClusterParameterGroup",
        ) => Some((Class::Group, &PULUMI_NATIVE)),
        _ => None,
    }
}

/// The databases of a `Pulumi.yaml` with resources; nothing of other documents.
pub(in crate::collect::declared) fn read(
    tree: &Tree,
    path: &Path,
    document: &Spot,
    stack: Option<&str>,
) -> Option<Program> {
    let inner = of_operator(document);
    let document = inner.as_ref().unwrap_or(document);
    let components = map(document, "components");
    let bodies = components.iter().map(|(name, body)| (Some(name.as_str()), body));
    let bodies: Vec<_> = std::iter::once((None, document)).chain(bodies).filter(|(_, body)| declares(body)).collect();
    if bodies.is_empty() {
        return None;
    }
    let project = find(tree, path, stack).load();
    let mut found = Program { pins: project.pins(), ..Program::default() };
    for (component, body) in bodies {
        let template = Template { body, component, project: &project, fuel: Cell::new(0) };
        for (name, resource) in map(body, "resources") {
            take(&template, &name, &resource, &mut found);
        }
    }
    Some(found)
}

/// The program in a manifest of Pulumi's operator for Kubernetes.
/// <https://github.com/pulumi/pulumi-kubernetes-operator/blob/master/docs/programs.md>
fn of_operator(document: &Spot) -> Option<Spot> {
    let Value::Map(manifest) = &document.value else { return None };
    let version = manifest.entries.get("apiVersion")?.text()?;
    let program = manifest.entries.get("program")?;
    version.starts_with("pulumi.com/").then(|| program.clone())
}

fn map(spot: &Spot, name: &str) -> Vec<(String, Spot)> {
    match spot.entry(name).map(|group| group.value) {
        Some(Value::Map(map)) => map.entries.into_iter().collect(),
        _ => Vec::new(),
    }
}

fn class_of(resource: &Spot) -> Option<(Class, &'static Vocabulary)> {
    let Value::Map(resource) = &resource.value else { return None };
    // With `get` it is only looked up.
    if resource.entries.contains_key("get") {
        return None;
    }
    class(resource.entries.get("type")?.text()?)
}

fn declares(body: &Spot) -> bool {
    map(body, "resources").iter().any(|(_, resource)| class_of(resource).is_some())
}

fn take(template: &Template<'_>, name: &str, resource: &Spot, found: &mut Program) {
    let Some((class, vocabulary)) = class_of(resource) else { return };
    template.refuel();
    let nothing = || Spot::new(Value::Nothing, resource.at.clone());
    let written = |part: &str| resource.entry(part).map_or_else(nothing, |part| template.eval(&part, 0));
    let properties = written("properties");
    let at = resource.at.clone();
    match class {
        Class::Database(kind) if is_member(kind, &properties) => {}
        Class::Database(kind) => {
            let get = |property| vocabulary.read(property, kind, &properties);
            let mut database = Resource::new(template.key(name), name.to_owned(), at, kind, vocabulary, get);
            database.ignored = written("options").named("ignorechanges").and_then(|names| ignored(&names));
            found.resources.push(database);
        }
        Class::Group => {
            let get = |name: &str| properties.named(name).filter(|spot| !spot.is_nothing());
            let identifier = GROUP_NAMES.iter().find_map(|name| get(name));
            found.groups.push(Group {
                key: template.key(name),
                name: name.to_owned(),
                identifier: identifier.unwrap_or_else(nothing),
                family: get("family").unwrap_or_else(nothing),
                parameters: get("parameters").unwrap_or_else(nothing),
            });
        }
    }
}

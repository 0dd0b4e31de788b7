//! From a resource as its language tells it to a [`Declaration`]. Common to all languages.

use super::value::{Place, Spot, Value};
use crate::facts::Declaration;

const POSTGRES: &str = "postgres";
const AURORA: &str = "aurora-postgresql";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Instance,
    Cluster,
}

/// A database or cluster that the code declares, of whatever engine.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    /// What [`Value::Output`] calls it.
    pub key: String,
    pub name: String,
    pub at: Place,
    pub kind: Kind,
    pub engine: Spot,
    pub version: Spot,
    pub identifier: Spot,
    /// What it replicates; nothing for most.
    pub source: Spot,
    /// The parameter group (family), which names the engine when nothing else does.
    pub group: Spot,
    /// How the language calls the version's attribute.
    pub attribute: &'static str,
}

/// The PostgreSQL ones among the resources of one program.
pub(super) fn declarations(resources: &[Resource]) -> Vec<Declaration> {
    resources.iter().filter_map(|resource| declare(resource, resources)).collect()
}

fn declare(resource: &Resource, all: &[Resource]) -> Option<Declaration> {
    let mut reason = None;
    let engine = match engine(resource, all, 0) {
        Engine::Known(engine) => engine,
        Engine::Other => return None,
        Engine::Lost(why) => {
            reason = Some(format!("the engine cannot be known: {why}"));
            match resource.kind {
                Kind::Instance => POSTGRES,
                Kind::Cluster => AURORA,
            }
        }
    };
    let version = version(resource, all, 0);
    let (written, at) = match (&reason, version.text()) {
        (None, Some(text)) => (Some(text.to_owned()), &version.at),
        _ => (None, &resource.at),
    };
    if written.is_none() && reason.is_none() {
        reason = Some(match version.lost() {
            Some(why) => why.to_owned(),
            None if version.is_nothing() || matches!(version.value, Value::Text(_)) => {
                format!("{} is not set, so RDS chooses it", resource.attribute)
            }
            None => format!("{} is not a text", resource.attribute),
        });
    }
    Some(Declaration {
        file: at.file.to_string(),
        line: at.line,
        resource: resource.name.clone(),
        engine: engine.to_owned(),
        version: written,
        identifier: resource.identifier.text().map(str::to_owned),
        reason,
    })
}

enum Engine {
    Known(&'static str),
    /// Not PostgreSQL, or nothing says that it is.
    Other,
    Lost(String),
}

/// A chain of replicas is never longer; a ring of them ends here.
const MAX_REPLICAS: u32 = 16;

fn engine(resource: &Resource, all: &[Resource], depth: u32) -> Engine {
    if let Some(written) = resource.engine.text() {
        return match written.to_ascii_lowercase().as_str() {
            POSTGRES => Engine::Known(POSTGRES),
            AURORA => Engine::Known(AURORA),
            _ => Engine::Other,
        };
    }
    if let Some(origin) = origin(resource, all)
        && depth < MAX_REPLICAS
    {
        return engine(origin, all, depth + 1);
    }
    if let Some(group) = resource.group.text() {
        let family = group.strip_prefix("default.").unwrap_or(group).to_ascii_lowercase();
        if let Some(engine) = [POSTGRES, AURORA].into_iter().find(|engine| family.starts_with(engine)) {
            return Engine::Known(engine);
        }
    }
    match resource.engine.lost() {
        Some(why) => Engine::Lost(why.to_owned()),
        None => Engine::Other,
    }
}

/// The version of a resource; a replica without one of its own has its source's.
fn version<'a>(resource: &'a Resource, all: &'a [Resource], depth: u32) -> &'a Spot {
    match origin(resource, all) {
        Some(origin) if resource.version.is_nothing() && depth < MAX_REPLICAS => version(origin, all, depth + 1),
        _ => &resource.version,
    }
}

/// The declared resource that this one replicates, by reference or by identifier.
fn origin<'a>(resource: &Resource, all: &'a [Resource]) -> Option<&'a Resource> {
    let mut others = all.iter().filter(|other| other.key != resource.key);
    match &resource.source.value {
        Value::Output { resource: key, .. } => others.find(|other| other.key == *key),
        Value::Text(identifier) if !identifier.is_empty() => {
            others.find(|other| other.identifier.text() == Some(identifier))
        }
        _ => None,
    }
}

//! From a resource as its language tells it to a [`Declaration`]. Common to all languages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::property::{Property, Vocabulary};
use super::value::{Place, Spot, Value};
use crate::facts::declared as facts;
use crate::facts::declared::setting;
use crate::facts::{Declaration, DeclaredGroup, Stated, Tool};

const POSTGRES: &str = "postgres";
const AURORA: &str = "aurora-postgresql";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Instance,
    Cluster,
}

/// Everything of one program: references lead from one to the other within it.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub resources: Vec<Resource>,
    pub groups: Vec<Group>,
    /// Keys of resources that another file declares: they are followed here and count there.
    pub elsewhere: Vec<String>,
    /// Files that speak of RDS and do not parse.
    pub broken: Vec<Declaration>,
    pub pins: Vec<facts::Pinned>,
    /// A state, a plan or a synthesized template: it says again what code says, if there is any.
    pub is_derived: bool,
    /// Of manifests, which refer to those of other files.
    pub is_manifests: bool,
    /// Of a template that may nest others, or be nested.
    pub nesting: Option<Nesting>,
}

/// A template, and those that were read as parts of it.
#[derive(Clone, Debug)]
pub(super) struct Nesting {
    pub path: PathBuf,
    pub nested: BTreeSet<PathBuf>,
}

/// A database or cluster that the code declares, of whatever engine.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    /// What [`Value::Output`] calls it.
    pub key: String,
    pub name: String,
    pub at: Place,
    pub kind: Kind,
    pub tool: Tool,
    /// What is written; what is not is nothing, or unknown where something else may set it.
    pub properties: BTreeMap<Property, Spot>,
    /// How the language calls the version's attribute.
    pub attribute: &'static str,
    /// Where the code says that a changed version is to be ignored.
    pub ignored: Option<Place>,
    /// The version that a state file recorded as running.
    pub actual: Option<String>,
}

/// A parameter group that the code declares.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub key: String,
    pub name: String,
    /// The group's own name.
    pub identifier: Spot,
    pub family: Spot,
    /// A list of maps with name and value, or a map from name to value.
    pub parameters: Spot,
}

impl Resource {
    /// `get` gives what is written of a property, and nothing where nothing is.
    pub(super) fn new(
        key: String,
        name: String,
        at: Place,
        kind: Kind,
        vocabulary: &Vocabulary,
        get: impl Fn(Property) -> Spot,
    ) -> Self {
        let properties = Property::ALL.into_iter().map(|property| (property, get(property)));
        let properties = properties.filter(|(_, spot)| !spot.is_nothing()).collect();
        Self {
            key,
            name,
            at,
            kind,
            tool: vocabulary.tool,
            properties,
            attribute: vocabulary.version,
            ignored: None,
            actual: None,
        }
    }

    pub(super) fn get(&self, property: Property) -> Option<&Spot> {
        self.properties.get(&property)
    }

    fn text(&self, property: Property) -> Option<&str> {
        self.get(property).and_then(Spot::text)
    }
}

/// The PostgreSQL ones among the resources of one program, and its files that do not parse.
pub(super) fn declarations(program: &Program) -> Vec<Declaration> {
    let own = program.resources.iter().filter(|resource| !program.elsewhere.contains(&resource.key));
    let declared = own.filter_map(|resource| declare(resource, program));
    declared.chain(program.broken.iter().cloned()).collect()
}

fn declare(resource: &Resource, program: &Program) -> Option<Declaration> {
    let mut reason = None;
    let all = &program.resources;
    let engine = match engine(resource, program, 0) {
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
    let (written, at) = match (&reason, version.and_then(|spot| Some((spot, spot.text()?)))) {
        (None, Some((spot, text))) => (Some(text.to_owned()), &spot.at),
        _ => (None, &resource.at),
    };
    if written.is_none() && reason.is_none() {
        reason = Some(match version {
            None if resource.get(Property::Source).is_some() => {
                format!("{} is not set, and the database that it replicates is not declared here", resource.attribute)
            }
            None => format!("{} is not set, so RDS chooses it", resource.attribute),
            Some(spot) => match (spot.lost(), &spot.value) {
                (Some(why), _) => why.to_owned(),
                (None, Value::Text(_)) => format!("{} is not set, so RDS chooses it", resource.attribute),
                (None, _) => format!("{} is not a text", resource.attribute),
            },
        });
    }
    Some(Declaration {
        file: at.file.to_string(),
        line: at.line,
        resource: resource.name.clone(),
        engine: engine.to_owned(),
        version: written,
        identifier: resource.text(Property::Identifier).map(str::to_owned),
        reason,
        tool: Some(resource.tool),
        place: Some(place(&resource.at)),
        actual: resource.actual.clone(),
        replica_of: origin(resource, all).map(|origin| origin.name.clone()),
        settings: settings(resource),
        parameter_group: parameter_group(resource, program),
    })
}

fn place(at: &Place) -> facts::Place {
    facts::Place { file: at.file.to_string(), line: at.line }
}

fn settings(resource: &Resource) -> BTreeMap<String, Stated> {
    let written = resource.properties.iter().filter_map(|(property, spot)| Some((property.setting()?, stated(spot)?)));
    let ignored = resource.ignored.iter().map(|at| {
        let stated = Stated { value: Some("true".to_owned()), reason: None, file: at.file.to_string(), line: at.line };
        (setting::IGNORED_VERSION, stated)
    });
    written.chain(ignored).map(|(name, stated)| (name.to_owned(), stated)).collect()
}

fn stated(spot: &Spot) -> Option<Stated> {
    let (value, reason) = match (spot.scalar(), spot.lost()) {
        (Some(value), _) => (Some(value.to_owned()), None),
        (None, Some(reason)) => (None, Some(reason.to_owned())),
        (None, None) if spot.is_nothing() => return None,
        (None, None) => (None, Some("it is no text".to_owned())),
    };
    Some(Stated { value, reason, file: spot.at.file.to_string(), line: spot.at.line })
}

/// The declared group of a resource; else what its code says of a group that is declared elsewhere.
fn parameter_group(resource: &Resource, program: &Program) -> Option<DeclaredGroup> {
    if let Some(group) = group(resource, program) {
        return Some(DeclaredGroup {
            resource: group.name.clone(),
            name: group.identifier.text().map(str::to_owned),
            family: stated(&group.family),
            parameters: parameters(&group.parameters),
        });
    }
    let family = resource.get(Property::Family).and_then(stated);
    let name = resource.text(Property::Group).map(str::to_owned);
    if family.is_none() && name.is_none() {
        return None;
    }
    let parameters = resource.get(Property::Parameters).map(parameters).unwrap_or_default();
    let shown = name.clone().unwrap_or_else(|| resource.name.clone());
    Some(DeclaredGroup { resource: shown, name, family, parameters })
}

fn group<'a>(resource: &Resource, program: &'a Program) -> Option<&'a Group> {
    let written = resource.get(Property::Group)?;
    let mut groups = program.groups.iter();
    if let Value::Output { resource: key, .. } = &written.value {
        groups.find(|group| group.key == *key)
    } else {
        let name = written.text()?;
        groups.find(|group| group.identifier.text() == Some(name))
    }
}

/// Name and value of each parameter, from both ways of writing them.
fn parameters(spot: &Spot) -> BTreeMap<String, Stated> {
    match &spot.value {
        Value::List(items) => items
            .iter()
            .filter_map(|item| {
                let written = |name: &str| item.named(name).filter(|spot| !spot.is_nothing());
                let name = written("name").or_else(|| written("parametername"))?;
                let value = written("value").or_else(|| written("parametervalue"))?;
                Some((name.text()?.to_owned(), stated(&value)?))
            })
            .collect(),
        Value::Map(map) => {
            map.entries.iter().filter_map(|(name, value)| Some((name.clone(), stated(value)?))).collect()
        }
        _ => BTreeMap::new(),
    }
}

enum Engine {
    Known(&'static str),
    /// Not PostgreSQL, or nothing says that it is.
    Other,
    Lost(String),
}

/// A chain of replicas is never longer; a ring of them ends here.
const MAX_REPLICAS: u32 = 16;

fn engine(resource: &Resource, program: &Program, depth: u32) -> Engine {
    if let Some(written) = resource.text(Property::Engine) {
        return match written.to_ascii_lowercase().as_str() {
            POSTGRES => Engine::Known(POSTGRES),
            AURORA => Engine::Known(AURORA),
            _ => Engine::Other,
        };
    }
    if let Some(origin) = origin(resource, &program.resources)
        && depth < MAX_REPLICAS
    {
        return engine(origin, program, depth + 1);
    }
    let declared = group(resource, program).and_then(|group| group.family.text());
    let named = declared.or(resource.text(Property::Family)).or(resource.text(Property::Group));
    if let Some(group) = named {
        let family = group.strip_prefix("default.").unwrap_or(group).to_ascii_lowercase();
        if let Some(engine) = [POSTGRES, AURORA].into_iter().find(|engine| family.starts_with(engine)) {
            return Engine::Known(engine);
        }
    }
    match resource.get(Property::Engine).and_then(Spot::lost) {
        Some(why) => Engine::Lost(why.to_owned()),
        None => Engine::Other,
    }
}

/// The version of a resource; a replica without one of its own has its source's.
fn version<'a>(resource: &'a Resource, all: &'a [Resource], depth: u32) -> Option<&'a Spot> {
    match (resource.get(Property::Version), origin(resource, all)) {
        (None, Some(origin)) if depth < MAX_REPLICAS => version(origin, all, depth + 1),
        (own, _) => own,
    }
}

/// The declared resource that this one replicates, by reference or by identifier.
fn origin<'a>(resource: &Resource, all: &'a [Resource]) -> Option<&'a Resource> {
    let mut others = all.iter().filter(|other| other.key != resource.key);
    match &resource.get(Property::Source)?.value {
        Value::Output { resource: key, .. } => others.find(|other| other.key == *key),
        Value::Text(identifier) if !identifier.is_empty() => {
            others.find(|other| other.text(Property::Identifier) == Some(identifier))
        }
        _ => None,
    }
}

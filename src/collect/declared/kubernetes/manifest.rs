//! One manifest: where it writes what, and what of it is a database or a parameter group.

use super::kinds::{Provider, Role, Shape};
use crate::collect::declared::property::{Property, is_member};
use crate::collect::declared::resource::{Group, Kind, Program, Resource};
use crate::collect::declared::value::{Map, Place, Spot, Value, normal, quote};

/// Documents are no deeper; the parser sees to that, and patches add a few levels.
const MAX_DEPTH: u32 = 256;

const EXTERNAL_NAME: &str = "crossplane.io/external-name";

pub(super) struct Manifest {
    pub shape: Shape,
    /// The name in the code, which may be a template's.
    pub name: String,
    /// What [`Value::Output`] calls it.
    pub key: String,
    /// Whether its own name is not the one that is written, as of what a composition makes.
    pub is_composed: bool,
    body: Spot,
}

enum Managed {
    Always,
    /// Made once, and not changed since there.
    Created(Place),
    /// Only looked at.
    Never,
}

impl Manifest {
    pub(super) fn of(document: &Spot, shape: Shape) -> Self {
        let metadata = |name: &str| part(document, &["metadata", name]).text().map(str::to_owned);
        let name = metadata("name").or_else(|| metadata("generateName")).unwrap_or_default();
        let key = key(shape.provider, shape.role, &metadata("namespace").unwrap_or_default(), &name);
        Self { shape, name, key, is_composed: false, body: filled(document, 0) }
    }

    pub(super) fn take(self, found: &mut Program) {
        let inert = match self.managed() {
            Managed::Never => return,
            Managed::Created(at) => Some(at),
            Managed::Always => None,
        };
        let arguments = self.arguments();
        match self.shape.role {
            Role::Database(kind) if is_member(kind, &arguments) => {}
            Role::Database(kind) => found.resources.push(self.database(kind, &arguments, inert)),
            Role::Group(_) => found.groups.push(self.group(&arguments)),
        }
    }

    fn database(&self, kind: Kind, arguments: &Spot, inert: Option<Place>) -> Resource {
        let vocabulary = self.shape.vocabulary();
        let get = |property: Property| match (property, vocabulary.read(property, kind, arguments)) {
            (Property::Identifier, written) => self.identifier(written),
            (_, spot) => scalar(spot),
        };
        let (key, at) = (self.key.clone(), self.body.at.clone());
        let mut resource = Resource::new(key, self.name.clone(), at, kind, vocabulary, get);
        resource.ignored = inert.or_else(|| self.initial());
        resource
    }

    fn group(&self, arguments: &Spot) -> Group {
        let first = |names: &[&str]| {
            let written = names.iter().filter_map(|name| arguments.named(name)).find(|spot| !spot.is_nothing());
            written.unwrap_or_else(|| Spot::new(Value::Nothing, self.body.at.clone()))
        };
        Group {
            key: self.key.clone(),
            name: self.name.clone(),
            identifier: self.identifier(first(&["name"])),
            family: scalar(first(&["family", "dbparametergroupfamily"])),
            parameters: first(&["parameter", "parameters", "parameteroverrides"]),
        }
    }

    /// Crossplane's name of the thing in AWS is an annotation, or else the manifest's own.
    /// <https://docs.crossplane.io/latest/managed-resources/managed-resources/#naming-external-resources>
    fn identifier(&self, written: Spot) -> Spot {
        if self.shape.provider == Provider::Ack {
            return written;
        }
        let own = part(&self.body, &["metadata", "name"]);
        let own = if self.is_composed { Spot::new(Value::Nothing, own.at) } else { own };
        let named = part(&self.body, &["metadata", "annotations", EXTERNAL_NAME]);
        [named, written].into_iter().find(|spot| !spot.is_nothing()).unwrap_or(own)
    }

    /// Whether what is written is done.
    /// <https://docs.crossplane.io/latest/managed-resources/managed-resources/#managementpolicies>
    /// <https://aws-controllers-k8s.github.io/community/docs/user-docs/features/>
    fn managed(&self) -> Managed {
        let annotation = |name: &str| {
            let spot = part(&self.body, &["metadata", "annotations", name]);
            (spot.scalar() == Some("true")).then_some(spot.at)
        };
        if self.shape.provider == Provider::Ack {
            let is_read_only = annotation("services.k8s.aws/read-only").is_some();
            return if is_read_only { Managed::Never } else { Managed::Always };
        }
        if part(&self.body, &["spec", "managementPolicy"]).text() == Some("ObserveOnly") {
            return Managed::Never;
        }
        let policies = part(&self.body, &["spec", "managementPolicies"]);
        if let Value::List(items) = &policies.value
            && items.iter().all(|item| item.text().is_some())
        {
            let has = |name: &str| items.iter().filter_map(Spot::text).any(|policy| policy == name || policy == "*");
            match (has("Create"), has("Update")) {
                (false, false) => return Managed::Never,
                (true, false) => return Managed::Created(policies.at),
                _ => {}
            }
        }
        annotation("crossplane.io/paused").map_or(Managed::Always, Managed::Created)
    }

    /// Where the version is written for the creation only.
    /// <https://docs.crossplane.io/latest/managed-resources/managed-resources/#initprovider>
    fn initial(&self) -> Option<Place> {
        let version = |group: &str| {
            let written = part(&self.body, &["spec", group]).named("engineversion");
            written.filter(|spot| !spot.is_nothing())
        };
        if self.shape.provider == Provider::Ack || version("forProvider").is_some() {
            return None;
        }
        version("initProvider").map(|spot| spot.at)
    }

    /// What is written of the thing itself, references among it.
    fn arguments(&self) -> Spot {
        let spec = part(&self.body, &["spec"]);
        let written = if self.shape.provider == Provider::Ack {
            spec
        } else {
            let mut map = Map::default();
            for group in ["initProvider", "forProvider"] {
                map.spread(&part(&spec, &[group]));
            }
            Spot::new(Value::Map(map), spec.at)
        };
        match written.value {
            Value::Map(map) => Spot::new(Value::Map(self.referenced(map)), written.at),
            _ => written,
        }
    }

    /// Fills in `x` where only `xRef` or `xSelector` is written.
    fn referenced(&self, mut map: Map) -> Map {
        let mut additions = Vec::new();
        for (name, spot) in &map.entries {
            let stem = name.strip_suffix("Ref").or_else(|| name.strip_suffix("Selector"));
            let Some(stem) = stem.filter(|_| !spot.is_nothing()) else { continue };
            // ACK has `dbParameterGroupRef` for `dbParameterGroupName`.
            let is_ack_group = self.shape.provider == Provider::Ack && normal(stem).ends_with("group");
            let stem = if is_ack_group { format!("{stem}Name") } else { stem.to_owned() };
            let is_written = map.entries.get(&stem).is_some_and(|written| !written.is_nothing());
            if let (false, Some(output)) = (is_written, self.reference(&stem, name, spot)) {
                additions.push((stem, output));
            }
        }
        map.entries.extend(additions);
        map
    }

    fn reference(&self, stem: &str, name: &str, spot: &Spot) -> Option<Spot> {
        let role = match normal(stem).as_str() {
            "parametergroupname" | "dbparametergroupname" => Role::Group(Kind::Instance),
            "dbclusterparametergroupname" => Role::Group(Kind::Cluster),
            "replicatesourcedb" | "sourcedbinstanceidentifier" => Role::Database(Kind::Instance),
            "replicationsourceidentifier" | "sourcedbclusteridentifier" => Role::Database(Kind::Cluster),
            _ => return None,
        };
        let target = if self.shape.provider == Provider::Ack { part(spot, &["from"]) } else { spot.clone() };
        let word = |name: &str| part(&target, &[name]).text().map(str::to_owned);
        let own = || part(&self.body, &["metadata", "namespace"]).text().map(str::to_owned);
        let namespace = word("namespace").or_else(own).unwrap_or_default();
        // Labels select what only the cluster knows.
        let resource = word("name").map(|name| key(self.shape.provider, role, &namespace, &name)).unwrap_or_default();
        let reason = format!("{name} at line {}: only known to AWS", spot.at.line);
        Some(Spot::new(Value::Output { resource, reason }, spot.at.clone()))
    }
}

fn key(provider: Provider, role: Role, namespace: &str, name: &str) -> String {
    format!("{provider:?}/{role:?}/{namespace}/{name}")
}

/// What is written under a path; nothing where nothing is.
pub(super) fn part(spot: &Spot, path: &[&str]) -> Spot {
    let mut value = spot.clone();
    for name in path {
        value = value.entry(name).unwrap_or_else(|| Spot::new(Value::Nothing, value.at.clone()));
    }
    value
}

/// A list or map where one value belongs is no answer, and must not pass for nothing.
fn scalar(spot: Spot) -> Spot {
    match spot.value {
        Value::List(_) | Value::Map(_) => Spot::unknown(format!("it is no text at line {}", spot.at.line), spot.at),
        _ => spot,
    }
}

/// The document with unknown values where a tool fills in others before it is applied.
fn filled(spot: &Spot, depth: u32) -> Spot {
    let at = &spot.at;
    if depth > MAX_DEPTH {
        return Spot::unknown(format!("at line {}: nested too deeply", at.line), at.clone());
    }
    let value = match &spot.value {
        Value::Text(text) => match filler(text) {
            Some(why) => Value::Unknown(format!("{} at line {}: {why}", quote(text), at.line)),
            None => return spot.clone(),
        },
        Value::List(items) => Value::List(items.iter().map(|item| filled(item, depth + 1)).collect()),
        // `{{ x }}` without quotes is a map in a map to YAML.
        Value::Map(map) if map.entries.contains_key("") => {
            Value::Unknown(format!("{{{{ … }}}} at line {}: it is filled in by Helm", at.line))
        }
        Value::Map(map) => {
            let entries = map.entries.iter().map(|(key, value)| (key.clone(), filled(value, depth + 1)));
            Value::Map(Map { entries: entries.collect(), open: map.open.clone() })
        }
        _ => return spot.clone(),
    };
    Spot::new(value, at.clone())
}

fn filler(text: &str) -> Option<&'static str> {
    if text.contains("${") {
        Some("it is filled in before it is applied")
    } else if text.contains("{{") {
        Some("it is filled in by Helm")
    } else {
        None
    }
}

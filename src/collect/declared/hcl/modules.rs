//! Calls of modules that are not in the files: from a registry, or from another repository. The community's RDS modules
//! are known, as are the names of arguments that all of them share; what other modules make of theirs is not.

use super::eval::boolean;
use super::folder::Item;
use super::scope::{Each, Scope};
use crate::collect::declared::property::{Property, TERRAFORM_MODULE};
use crate::collect::declared::resource::{Kind, Resource};
use crate::collect::declared::value::{Map, Place, Spot, Value, normal};

/// A call, its arguments evaluated.
pub(super) struct Call {
    pub name: String,
    pub at: Place,
    /// Where the module is from, as far as that is known.
    pub source: String,
    /// A map.
    pub arguments: Spot,
}

/// What kind of thing a known module makes, and the switches that work like `count = 0`.
type Shape = (Kind, &'static [&'static str]);

const INSTANCE: Shape = (Kind::Instance, &["create_db_instance"]);
const CLUSTER: Shape = (Kind::Cluster, &["create", "create_cluster", "enabled"]);

/// What modules around databases are for, which are no databases.
const OTHERS: [&str; 26] = [
    "proxy",
    "parameter",
    "parameters",
    "option",
    "subnet",
    "subnets",
    "security",
    "sg",
    "alarm",
    "alarms",
    "monitoring",
    "dashboard",
    "snapshot",
    "snapshots",
    "backup",
    "secret",
    "secrets",
    "role",
    "roles",
    "user",
    "users",
    "grants",
    "iam",
    "bastion",
    "dms",
    "exporter",
];

/// Arguments that only a database has.
const OF_A_DATABASE: [&str; 8] = [
    "instanceclass",
    "allocatedstorage",
    "backupretentionperiod",
    "backupretention",
    "clustersize",
    "clusterinstanceclass",
    "multiaz",
    "storagetype",
];

/// What names of arguments that set a database's version speak of.
const SUBJECTS: [&str; 8] = ["engine", "postgres", "postgresql", "pg", "db", "database", "rds", "aurora"];

/// Words in a source that speak of a database of RDS.
const SPEAKING: [&str; 7] = ["rds", "aurora", "database", "db", "postgres", "postgresql", "pg"];

/// Values within values are looked at so far.
const MAX_DEPTH: u32 = 4;

impl Call {
    pub(super) fn of(scope: &Scope<'_>, address: &str, item: &Item<'_>, each: Option<&Each>) -> Self {
        let source = scope.argument(item, "source", each, 0);
        let source = source.text().map(str::to_owned);
        let arguments = Map { entries: scope.arguments(item, each, 0), open: None };
        Self {
            name: format!("{}{address}{}", scope.prefix, Each::index(each)),
            at: item.at.clone(),
            source: source.unwrap_or_default(),
            arguments: Spot::new(Value::Map(arguments), item.at.clone()),
        }
    }

    /// The database that the module makes, or may make.
    pub(super) fn resource(&self) -> Option<Resource> {
        if let Some((kind, switches)) = community(&self.source) {
            let is_off = |name: &&str| self.argument(name).is_some_and(|spot| boolean(&spot) == Some(false));
            return (!switches.iter().any(is_off)).then(|| self.read(kind, &[]));
        }
        let (mut versions, engines) = (self.like(is_version), self.like(is_engine));
        let engine = self.argument("engine");
        let is_plain =
            engine.as_ref().is_some_and(|spot| spot.text().is_some()) && self.argument("engineversion").is_some();
        if is_plain {
            let is_aurora = engine.as_ref().and_then(Spot::text).is_some_and(|name| name.starts_with("aurora"));
            return Some(self.read(if is_aurora { Kind::Cluster } else { Kind::Instance }, &[]));
        }
        let words = words(&self.source);
        if words.iter().any(|word| OTHERS.contains(word)) {
            return None;
        }
        let known: Vec<&str> = engines.iter().filter_map(|(_, spot)| spot.text()).collect();
        let is_other = !known.is_empty() && !known.iter().any(|name| is_postgres(name));
        let is_foreign = |spot: &Spot| spot.text().is_some_and(cannot_be_postgres);
        if is_other || !versions.is_empty() && versions.iter().all(|(_, spot)| is_foreign(spot)) {
            return None;
        }
        versions.retain(|(_, spot)| !is_foreign(spot));
        let hint = self.hint(&known, &versions);
        let speaks = hint.is_some() || words.iter().any(|word| SPEAKING.contains(word));
        let is_open = matches!(&self.arguments.value, Value::Map(Map { open: Some(_), .. }));
        let is_database = is_open || !versions.is_empty() || !engines.is_empty() || self.has(&OF_A_DATABASE);
        if !speaks || !is_database {
            return None;
        }
        let is_aurora = hint.map_or_else(|| words.contains(&"aurora"), |engine| engine.starts_with("aurora"));
        let kind = if is_aurora { Kind::Cluster } else { Kind::Instance };
        let mut resource = self.read(kind, &versions);
        let beside = shown(&versions).map(|shown| format!(", only {shown}")).unwrap_or_default();
        let lost = format!("{} is not in these files and is given no engine{beside}", self.name);
        let engine = match hint {
            Some(engine) => Spot::new(Value::text(engine), self.at.clone()),
            None => engine.filter(|spot| spot.lost().is_some()).unwrap_or_else(|| Spot::unknown(lost, self.at.clone())),
        };
        resource.properties.insert(Property::Engine, engine);
        Some(resource)
    }

    fn argument(&self, name: &str) -> Option<Spot> {
        self.arguments.named(name).filter(|spot| !spot.is_nothing())
    }

    fn has(&self, names: &[&str]) -> bool {
        let Value::Map(map) = &self.arguments.value else { return false };
        map.entries.iter().any(|(key, spot)| !spot.is_nothing() && names.contains(&normal(key).as_str()))
    }

    fn read(&self, kind: Kind, versions: &[(String, Spot)]) -> Resource {
        let vocabulary = &TERRAFORM_MODULE;
        let get = |property: Property| vocabulary.read(property, kind, &self.arguments);
        let (key, name) = (self.name.clone(), self.name.clone());
        let mut resource = Resource::new(key, name, self.at.clone(), kind, vocabulary, get);
        if !self.names_the_database(kind) {
            resource.properties.remove(&Property::Identifier);
        }
        let is_replica =
            self.argument("replicatesourcedb").is_some_and(|spot| matches!(spot.value, Value::Output { .. }));
        if community(&self.source).is_none() && !is_replica {
            let version = || Spot::unknown(self.why(versions), self.at.clone());
            resource.properties.entry(Property::Version).or_insert_with(version);
        }
        let sources = ["replicatesourcedb", "snapshotidentifier"];
        if sources
            .iter()
            .any(|name| self.argument(name).is_some_and(|spot| spot.text().is_some() || spot.lost().is_some()))
        {
            let why = "it is made from another database or a snapshot";
            resource.properties.entry(Property::Engine).or_insert_with(|| Spot::unknown(why, self.at.clone()));
        }
        resource
    }

    /// Whether what is read as the identifier is all of it.
    fn names_the_database(&self, kind: Kind) -> bool {
        let begins_with_it = ["instanceuseidentifierprefix", "clusterusenameprefix"];
        if begins_with_it.iter().any(|name| self.argument(name).is_some_and(|spot| boolean(&spot) != Some(false))) {
            return false;
        }
        // Elsewhere `name` is a part of labels and names.
        kind == Kind::Instance
            || self.argument("clusteridentifier").is_some()
            || self.source.contains("terraform-aws-modules/")
    }

    /// Why the version is not known of a module that is given none by the name that all modules share.
    fn why(&self, versions: &[(String, Spot)]) -> String {
        match shown(versions) {
            None => format!("{} is not in these files and is given no engine_version", self.name),
            Some(shown) => format!("{} is not in these files: what it makes of {shown} is not known", self.name),
        }
    }

    /// PostgreSQL, by what the arguments or the source say.
    fn hint(&self, engines: &[&str], versions: &[(String, Spot)]) -> Option<&'static str> {
        let families = self.like(|name| name.contains("family"));
        let said = engines.iter().copied().chain(families.iter().filter_map(|(_, spot)| spot.text()));
        if let Some(text) = said.map(str::to_lowercase).find(|text| is_postgres(text)) {
            return Some(if text.starts_with("aurora") { "aurora-postgresql" } else { "postgres" });
        }
        let source = self.source.to_lowercase();
        let is_named = versions.iter().any(|(name, _)| {
            let name = name.rsplit('.').next().unwrap_or(name).to_lowercase();
            words(&name).iter().any(|word| matches!(*word, "postgres" | "postgresql" | "pg"))
        });
        let is_postgres = is_named || source.contains("postgres") && engines.is_empty();
        match (is_postgres, source.contains("aurora")) {
            (true, true) => Some("aurora-postgresql"),
            (true, false) => Some("postgres"),
            _ => None,
        }
    }

    /// The arguments, at whatever depth, whose name is one of those asked for: by path, with their values.
    fn like(&self, is_one: impl Fn(&str) -> bool + Copy) -> Vec<(String, Spot)> {
        let mut found = Vec::new();
        collect(&self.arguments, "", is_one, 0, &mut found);
        found
    }
}

/// Arguments for a reason: the first of them, with what they are set to.
fn shown(arguments: &[(String, Spot)]) -> Option<String> {
    let one = |(name, spot): &(String, Spot)| match spot.text() {
        Some(text) => format!("{name} ({text})"),
        None => name.clone(),
    };
    let all: Vec<String> = arguments.iter().take(5).map(one).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn collect(spot: &Spot, path: &str, is_one: impl Fn(&str) -> bool + Copy, depth: u32, found: &mut Vec<(String, Spot)>) {
    if depth >= MAX_DEPTH {
        return;
    }
    match &spot.value {
        Value::Map(map) => {
            for (key, value) in &map.entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match &value.value {
                    Value::Map(_) | Value::List(_) => collect(value, &path, is_one, depth + 1, found),
                    Value::Nothing | Value::Bool(_) => {}
                    _ if is_one(&key.to_lowercase()) => found.push((path, value.clone())),
                    _ => {}
                }
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{path}[{index}]"), is_one, depth + 1, found);
            }
        }
        _ => {}
    }
}

/// `engine_version`, `postgres_version`, `rds_engine_version`
fn is_version(name: &str) -> bool {
    let words = words(name);
    words.contains(&"version") && words.iter().any(|word| SUBJECTS.contains(word))
}

/// `engine`, `db_engine`, `engine_type`
fn is_engine(name: &str) -> bool {
    matches!(name, "engine" | "engine_type" | "engine_name") || name.ends_with("_engine")
}

fn is_postgres(text: &str) -> bool {
    let text = text.to_lowercase();
    text.starts_with("postgres") || text.starts_with("aurora-postgres")
}

/// RDS never had a PostgreSQL before 9.3, and the Aurora of `MySQL` says so in its version.
fn cannot_be_postgres(version: &str) -> bool {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    version.contains("mysql") || major.is_some_and(|major| major < 9)
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

/// The modules `terraform-aws-modules/rds/aws` and `…/rds-aurora/aws`, and cloudposse's `rds` and `rds-cluster`, by
/// registry or by repository.
fn community(source: &str) -> Option<Shape> {
    let owner = ["terraform-aws-modules/", "cloudposse/"].into_iter().find(|owner| source.contains(owner))?;
    let (_, module) = source.split_once(owner)?;
    let module = module.strip_prefix("terraform-aws-").unwrap_or(module);
    // After `//` comes a module within it, of which only this one makes a database.
    if let Some((_, inner)) = module.split_once("//")
        && !inner.contains("modules/db_instance")
    {
        return None;
    }
    let end = module.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(module.len());
    match &module[..end] {
        "rds" => Some(INSTANCE),
        "rds-aurora" | "rds-cluster" => Some(CLUSTER),
        _ => None,
    }
}

//! What the CDK calls versions and engines. They are maps, whose entries are called as its attributes are.

use super::names::map;
use super::program::{At, Program, Run, Thing};
use super::syntax::Kind;
use crate::collect::declared::cdk::{major, version_of_constant};
use crate::collect::declared::property::engine_type;
use crate::collect::declared::value::{Place, Spot, Value};

/// What the attributes of a version are called.
fn attributes(class: &str) -> Option<(&'static str, &'static str)> {
    match class {
        "PostgresEngineVersion" => Some(("postgres_full_version", "postgres_major_version")),
        "AuroraPostgresEngineVersion" => Some(("aurora_postgres_full_version", "aurora_postgres_major_version")),
        _ => None,
    }
}

/// A constant of the CDK, or an engine of Pulumi's; `None` of other things.
pub(super) fn constant(program: &Program, path: &[String], at: At) -> Option<Spot> {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    if let ["pulumi_aws", .., "rds", "EngineType", name] = parts[..] {
        return engine_type(name).map(|engine| Spot::new(Value::text(engine), program.place(at)));
    }
    let ["aws_cdk", "aws_rds", .., class, name] = parts[..] else { return None };
    let module = program.module(at.module);
    let place = match &module.exprs[at.expr].kind {
        Kind::Attribute { at: start, .. } => program.place_of(at.module, *start),
        _ => program.place(at),
    };
    if let Some(names) = attributes(class) {
        let is_constant = name.starts_with(|c: char| c.is_ascii_uppercase());
        return is_constant.then(|| match version_of_constant(name) {
            Some(full) => {
                let major = major(&full);
                version(names, Spot::new(Value::text(full), place.clone()), major, &place)
            }
            None => program.lost(at, "its name is no version"),
        });
    }
    let is_engine = matches!(class, "DatabaseInstanceEngine" | "DatabaseClusterEngine");
    if !is_engine || !name.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let kind = match (class, name) {
        ("DatabaseInstanceEngine", "POSTGRES") => "postgres".to_owned(),
        ("DatabaseClusterEngine", "AURORA_POSTGRESQL") => "aurora-postgresql".to_owned(),
        _ => name.to_ascii_lowercase(),
    };
    let lost = program.lost(at, "it names no version");
    Some(engine(&kind, &lost, &place))
}

/// A call of something of the CDK; `None` of other things.
pub(super) fn call(program: &Program, path: &[&str], at: At, run: &Run) -> Option<Thing> {
    let place = program.place(at);
    match path {
        ["aws_cdk", .., "Duration", unit @ ("days" | "hours")] => {
            let amount = program.argument(at, 0, "amount", run)?;
            let days = amount.text().and_then(|text| text.parse::<u32>().ok());
            let days = days.and_then(|days| match *unit {
                "hours" => (days % 24 == 0).then_some(days / 24),
                _ => Some(days),
            });
            Some(Thing::Data(match days {
                Some(days) => Spot::new(Value::Number(days.to_string()), amount.at.clone()),
                None => amount
                    .lost()
                    .map_or_else(|| program.lost(at, "it is no number of days"), |reason| Spot::unknown(reason, place)),
            }))
        }
        // What a parameter of the template is by default.
        // <https://docs.aws.amazon.com/cdk/v2/guide/parameters.html>
        ["aws_cdk", .., "CfnParameter"] => {
            let default = program.argument(at, usize::MAX, "default", run).filter(|spot| !spot.is_nothing());
            let default = default.unwrap_or_else(|| program.lost(at, "it has no default"));
            let names = ["value_as_string", "value_as_number", "value", "default"];
            Some(program.known(at, map(names.map(|name| (name.to_owned(), default.clone())))))
        }
        ["aws_cdk", "aws_rds", .., class, "of"] => {
            let names = attributes(class)?;
            let (full_name, major_name) = names;
            let full = program.argument(at, 0, full_name, run)?;
            let written = program.argument(at, 1, major_name, run);
            let major = written.and_then(|spot| spot.text().map(str::to_owned)).or_else(|| major(full.text()?));
            Some(Thing::Data(version(names, full, major, &place)))
        }
        ["aws_cdk", "aws_rds", .., "DatabaseInstanceEngine" | "DatabaseClusterEngine", factory] => {
            let kind = match *factory {
                "postgres" => "postgres".to_owned(),
                "aurora_postgres" => "aurora-postgresql".to_owned(),
                other => other.replace('_', "-"),
            };
            let version = program.argument(at, usize::MAX, "version", run);
            let version = version.unwrap_or_else(|| program.lost(at, "it names no version"));
            Some(Thing::Data(engine(&kind, &version, &place)))
        }
        ["aws_cdk", "aws_rds", .., "ParameterGroup", "from_parameter_group_name"] => {
            program.passed(at, 2, "parameter_group_name", run)
        }
        ["aws_cdk", "aws_rds", .., from] if from.starts_with("from_") => {
            Some(Thing::Data(program.keywords(at, &[], run)))
        }
        _ => None,
    }
}

impl Program {
    /// What `cdk.json` gives a program to read.
    pub(super) fn context_of(&self, at: At, run: &Run) -> Spot {
        let Some(key) = self.argument(at, 0, "key", run) else { return self.lost(at, "only a run tells") };
        match key.text() {
            Some(name) => self.context().setting(name, &self.place(at)).unwrap_or_else(|reason| self.lost(at, &reason)),
            None => Spot::unknown(key.lost().unwrap_or("its key is not known"), self.place(at)),
        }
    }
}

fn version(names: (&str, &str), full: Spot, major: Option<String>, at: &Place) -> Spot {
    let major = match (major, full.lost()) {
        (Some(major), _) => Spot::new(Value::text(major), full.at.clone()),
        (None, Some(reason)) => Spot::unknown(reason, full.at.clone()),
        (None, None) => Spot::unknown("it has no major version", full.at.clone()),
    };
    let entries = [(names.0, full), (names.1, major)];
    Spot::new(map(entries.map(|(name, spot)| (name.to_owned(), spot))), at.clone())
}

/// The part of a version that a map of either class has.
fn part(version: &Spot, which: fn(&(&'static str, &'static str)) -> &'static str) -> Spot {
    if version.lost().is_some() {
        return version.clone();
    }
    let names = ["PostgresEngineVersion", "AuroraPostgresEngineVersion"].into_iter().filter_map(attributes);
    let found = names.filter_map(|names| version.entry(which(&names))).find(|spot| !spot.is_nothing());
    found.unwrap_or_else(|| Spot::unknown("its version is none of PostgreSQL", version.at.clone()))
}

/// An engine, whose parameter groups' family follows from its major version.
fn engine(kind: &str, version: &Spot, at: &Place) -> Spot {
    let (full, major) = (part(version, |names| names.0), part(version, |names| names.1));
    let family = match (major.text(), major.lost()) {
        (Some(major), _) => Value::text(format!("{kind}{major}")),
        (None, reason) => Value::Unknown(reason.unwrap_or("only a run tells").to_owned()),
    };
    let family = Spot::new(family, full.at.clone());
    let both = [("full_version", full), ("major_version", major)].map(|(name, spot)| (name.to_owned(), spot));
    let entries = [
        ("engine_type", Spot::new(Value::text(kind), at.clone())),
        ("engine_version", Spot::new(map(both), at.clone())),
        ("parameter_group_family", family),
    ];
    Spot::new(map(entries.map(|(name, spot)| (name.to_owned(), spot))), at.clone())
}

/// An entry of an engine; unknown when the engine is.
pub(super) fn of_engine(engine: &Spot, path: &[&str]) -> Spot {
    let nothing = || Spot::new(Value::Nothing, engine.at.clone());
    path.iter().fold(engine.clone(), |spot, name| spot.entry(name).unwrap_or_else(nothing))
}

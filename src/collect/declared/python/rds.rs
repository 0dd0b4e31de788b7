//! The classes of RDS, and what a call of one says.

use super::builtin::is_record;
use super::cdk::of_engine;
use super::program::{At, FrameLink, Program, Run, Step};
use super::syntax::{Argument, GuardKind, Passed};
use crate::collect::declared::property::{
    CLOUDFORMATION, GROUP_NAMES, PULUMI, PULUMI_NATIVE, Property, Vocabulary, is_member,
};
use crate::collect::declared::resource::{Group, Kind, Resource};
use crate::collect::declared::value::{Map, Place, Spot, Value, normal};
use crate::facts::Tool;

/// A class that declares something.
#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    Database(Kind, &'static Vocabulary),
    Group(&'static Vocabulary),
    /// Of the CDK's own classes, whose engine says the version.
    CdkDatabase(Kind),
    CdkReplica,
    CdkGroup,
    /// A resource of a type that is written as text.
    CdkRaw,
}

/// What a class of a package declares.
pub(super) fn declares(path: &[String]) -> Option<Class> {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let class = match parts[..] {
        ["pulumi_aws", "rds", .., class] => match class {
            "Instance" => Class::Database(Kind::Instance, &PULUMI),
            "Cluster" => Class::Database(Kind::Cluster, &PULUMI),
            "ParameterGroup" | "ClusterParameterGroup" => Class::Group(&PULUMI),
            _ => return None,
        },
        ["pulumi_aws_native", "rds", .., class] => match class {
            "DbInstance" => Class::Database(Kind::Instance, &PULUMI_NATIVE),
            "DbCluster" => Class::Database(Kind::Cluster, &PULUMI_NATIVE),
            "DbParameterGroup" | "DbClusterParameterGroup" => Class::Group(&PULUMI_NATIVE),
            _ => return None,
        },
        ["aws_cdk", "CfnResource"] | ["aws_cdk", "core", "CfnResource"] => Class::CdkRaw,
        ["aws_cdk", "aws_rds", .., "ParameterGroup", "for_instance" | "for_cluster"] => Class::CdkGroup,
        ["aws_cdk", "aws_rds", .., class] => match class {
            "CfnDBInstance" => Class::Database(Kind::Instance, &CLOUDFORMATION),
            "CfnDBCluster" => Class::Database(Kind::Cluster, &CLOUDFORMATION),
            "CfnDBParameterGroup" | "CfnDBClusterParameterGroup" => Class::Group(&CLOUDFORMATION),
            "DatabaseInstance" | "DatabaseInstanceFromSnapshot" => Class::CdkDatabase(Kind::Instance),
            "DatabaseInstanceReadReplica" => Class::CdkReplica,
            "DatabaseCluster"
            | "DatabaseClusterFromSnapshot"
            | "ServerlessCluster"
            | "ServerlessClusterFromSnapshot" => Class::CdkDatabase(Kind::Cluster),
            "ParameterGroup" => Class::CdkGroup,
            _ => return None,
        },
        _ => return None,
    };
    Some(class)
}

impl Class {
    /// Whether the first argument of its constructor is the scope, and the name comes second.
    fn is_cdk(self) -> bool {
        match self {
            Self::Database(_, names) | Self::Group(names) => names.tool == Tool::CloudFormation,
            Self::CdkDatabase(_) | Self::CdkReplica | Self::CdkGroup | Self::CdkRaw => true,
        }
    }
}

/// Whether a call of this makes a resource of RDS.
pub(super) fn is_resource(path: &[String]) -> bool {
    let is_rds = match path {
        [package, rds, ..] => {
            matches!(
                (package.as_str(), rds.as_str()),
                ("pulumi_aws" | "pulumi_aws_native", "rds") | ("aws_cdk", "aws_rds")
            )
        }
        _ => false,
    };
    let is_class = path.last().is_some_and(|class| class.starts_with(|c: char| c.is_uppercase()) && !is_record(class));
    is_rds && (is_class || declares(path).is_some())
}

/// What was read of a call.
pub(super) enum Declared {
    Resource(Box<Resource>),
    Group(Box<Group>),
}

/// What a call of a class declares in one run; `None` of an instance of a cluster.
pub(super) fn read(program: &Program, class: Class, call: At, frame: &FrameLink) -> Option<Declared> {
    let run = Run { frame: frame.clone(), depth: 0 };
    let at = program.place(call);
    let (index, called) = if class.is_cdk() { (1, "id") } else { (0, "resource_name") };
    let name = program.name_of(call, index, called, &run);
    let key = program.key(call, frame);
    let arguments = if class.is_cdk() { program.keywords(call, &[], &run) } else { program.given(call, &run) };
    let get = |name: &str| arguments.named(name).unwrap_or_else(|| Spot::new(Value::Nothing, at.clone()));
    let mut resource = match class {
        Class::Database(kind, names) => {
            // An instance of a cluster is no database of its own.
            if kind == Kind::Instance && is_written(&arguments, "dbclusteridentifier") {
                return None;
            }
            Resource::new(key, name, at.clone(), kind, names, |property| names.read(property, kind, &arguments))
        }
        Class::CdkDatabase(kind) => {
            let read = |property| cdk_property(property, kind, &arguments);
            Resource::new(key, name, at.clone(), kind, &CLOUDFORMATION, read)
        }
        Class::CdkRaw => {
            let kind = match get("type").text()? {
                "AWS::RDS::DBInstance" => Kind::Instance,
                "AWS::RDS::DBCluster" => Kind::Cluster,
                _ => return None,
            };
            let properties = get("properties");
            if is_member(kind, &properties) {
                return None;
            }
            let read = |property| CLOUDFORMATION.read(property, kind, &properties);
            Resource::new(key, name, at.clone(), kind, &CLOUDFORMATION, read)
        }
        Class::CdkReplica => {
            let source = get("sourcedatabaseinstance");
            let read = |property| match property {
                Property::Source => match source.entry("instance_identifier") {
                    Some(spot) if matches!(source.value, Value::Map(_)) => spot,
                    _ => source.clone(),
                },
                Property::Engine => engine_of_source(program, &source, call),
                Property::Version if !matches!(source.value, Value::Output { .. }) => {
                    Spot::unknown("it is its source's, which is declared elsewhere", program.place(call))
                }
                other => cdk_property(other, Kind::Instance, &arguments),
            };
            Resource::new(key, name, at.clone(), Kind::Instance, &CLOUDFORMATION, read)
        }
        Class::Group(_) => {
            let identifier = GROUP_NAMES.iter().map(|name| get(name)).find(|spot| !spot.is_nothing());
            let identifier = identifier.unwrap_or_else(|| Spot::new(Value::Nothing, at.clone()));
            let (family, parameters) = (get("family"), get("parameters"));
            return Some(Declared::Group(Box::new(Group { key, name, identifier, family, parameters })));
        }
        Class::CdkGroup => {
            let family = of_engine(&get("engine"), &["parameter_group_family"]);
            let (identifier, parameters) = (get("name"), get("parameters"));
            return Some(Declared::Group(Box::new(Group { key, name, identifier, family, parameters })));
        }
    };
    resource.ignored = ignored(&program.options(call, &run));
    Some(Declared::Resource(Box::new(resource)))
}

/// What an argument of the CDK's own classes says.
fn cdk_property(property: Property, kind: Kind, arguments: &Spot) -> Spot {
    let get = |name: &str| arguments.named(name).unwrap_or_else(|| Spot::new(Value::Nothing, arguments.at.clone()));
    let nothing = || Spot::new(Value::Nothing, arguments.at.clone());
    let engine = get("engine");
    match property {
        Property::Engine => of_engine(&engine, &["engine_type"]),
        Property::Version => of_engine(&engine, &["engine_version", "full_version"]),
        Property::Identifier => match kind {
            Kind::Instance => get("instanceidentifier"),
            Kind::Cluster => get("clusteridentifier"),
        },
        Property::Group => get("parametergroup"),
        // It makes a group of its own for these.
        Property::Family if !get("parameters").is_nothing() => of_engine(&engine, &["parameter_group_family"]),
        Property::Parameters => get("parameters"),
        Property::AllowMajor => get("allowmajorversionupgrade"),
        Property::AutoMinor => get("autominorversionupgrade"),
        Property::BackupRetention => {
            let own = get("backupretention");
            if own.is_nothing() { get("backup").entry("retention").unwrap_or_else(nothing) } else { own }
        }
        Property::DeletionProtection => get("deletionprotection"),
        _ => nothing(),
    }
}

fn is_written(arguments: &Spot, name: &str) -> bool {
    let Value::Map(map) = &arguments.value else { return false };
    map.entries.iter().any(|(key, spot)| normal(key) == name && !spot.is_nothing())
}

/// A replica's engine is its source's, which counts where it is declared in the same program.
fn engine_of_source(program: &Program, source: &Spot, call: At) -> Spot {
    let engine = source.entry("engine").map(|engine| of_engine(&engine, &["engine_type"]));
    match engine {
        Some(engine) if matches!(source.value, Value::Map(_)) && engine.text().is_some() => engine,
        _ => {
            let why = source.lost().unwrap_or("its source is declared elsewhere").to_owned();
            Spot::unknown(why, program.place(call))
        }
    }
}

/// Where `ignore_changes` names the version.
fn ignored(options: &Spot) -> Option<Place> {
    let Value::List(names) = options.named("ignorechanges")?.value else { return None };
    names
        .iter()
        .find(|name| name.text().is_some_and(|name| name == "*" || normal(name) == "engineversion"))
        .map(|name| name.at.clone())
}

impl Program {
    /// The name of a resource, or the code that gives it.
    fn name_of(&self, call: At, index: usize, name: &str, run: &Run) -> String {
        let spot = self.argument(call, index, name, run);
        if let Some(text) = spot.as_ref().and_then(Spot::text) {
            return text.to_owned();
        }
        let arguments = self.arguments(call);
        let written = arguments.iter().find(|argument| matches!(&argument.passed, Passed::ByName(own) if own == name));
        let code = |value| self.code(At { module: call.module, expr: value });
        written.or_else(|| arguments.get(index)).map_or_else(|| self.code(call), |argument| code(argument.value))
    }

    /// What a call passes by name, and in objects that hold arguments, as those of Pulumi may.
    fn given(&self, call: At, run: &Run) -> Spot {
        let named = self.keywords(call, &[], run);
        let mut all = Map::default();
        let is_holder = |(index, argument): &(usize, Argument)| match &argument.passed {
            Passed::ByName(name) => name == "args",
            Passed::ByPosition => *index > 0,
            Passed::Splat => true,
            Passed::Spread => false,
        };
        for (_, argument) in self.arguments(call).into_iter().enumerate().filter(is_holder) {
            let spot = self.spot(At { module: call.module, expr: argument.value }, run);
            match (&spot.value, argument.passed) {
                (Value::Text(_) | Value::Nothing, _) => {}
                (Value::Unknown(_), _) | (_, Passed::Splat) => {
                    let code = self.code(At { module: call.module, expr: argument.value });
                    let why = spot.lost().unwrap_or("only a run tells");
                    all.forget(&format!("{code} may set it, and cannot be known: {why}"));
                }
                _ => all.spread(&spot),
            }
        }
        if let Value::Map(named) = named.value {
            all.open = all.open.or(named.open);
            all.entries.extend(named.entries);
        }
        Spot::new(Value::Map(all), named.at)
    }

    fn options(&self, call: At, run: &Run) -> Spot {
        let named = self.argument(call, usize::MAX, "opts", run);
        let by_position = || (1..3).filter_map(|index| self.argument(call, index, "", run));
        let is_options = |spot: &Spot| matches!(&spot.value, Value::Map(map) if map.entries.keys().any(|key| normal(key) == "ignorechanges"));
        named.or_else(|| by_position().find(is_options)).unwrap_or_else(|| Spot::new(Value::Nothing, self.place(call)))
    }

    /// What a resource is called in a [`Value::Output`].
    pub(super) fn key(&self, call: At, frame: &FrameLink) -> String {
        let module = self.module(call.module);
        let expr = &module.exprs[call.expr];
        let mut key = format!("{}:{}..{}", module.file, expr.start, expr.end);
        let is_around = |of: usize| {
            module.chain(expr.guard).any(|guard| matches!(module.guards[guard].kind, GuardKind::Loop(own) if own == of))
        };
        let frame = self.within(frame, call.module, expr.scope);
        let mut is_own = true;
        for frame in std::iter::successors(frame.as_ref(), |frame| frame.outer.as_ref()) {
            match &frame.step {
                Step::Call { call, .. } => {
                    is_own = false;
                    key.push_str(&format!("@{}:{}", call.module, call.expr));
                }
                // A loop that the resource is not in makes no other one of it.
                Step::Item { of, index, .. } if !is_own || is_around(*of) => key.push_str(&format!("#{of}:{index}")),
                Step::Item { .. } => {}
            }
        }
        key
    }

    /// A resource as a value.
    pub(super) fn output(&self, call: At, frame: &FrameLink) -> Spot {
        let resource = self.key(call, frame);
        self.outputs.borrow_mut().insert(resource.clone(), (call, frame.clone()));
        let reason = format!("{} is a resource", self.code(call));
        Spot::new(Value::Output { resource, reason }, self.place(call))
    }

    /// What the code sets of a resource, under the name of an attribute.
    pub(super) fn written(&self, resource: &str, name: &str) -> Option<Spot> {
        let (call, frame) = self.outputs.borrow().get(resource).cloned()?;
        // An attribute that refers to itself through others ends here.
        let run = Run { frame, depth: super::program::MAX_DEPTH / 2 };
        let spot = self.given(call, &run).named(&normal(name))?;
        (spot.text().is_some() || matches!(spot.value, Value::Map(_))).then_some(spot)
    }
}

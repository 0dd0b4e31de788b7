//! What matters of a database, and how the providers call it. Names are compared without case and underscores, so that
//! `engine_version`, `engineVersion` and `EngineVersion` are one.

use super::resource::Kind;
use super::value::{Spot, Value, normal};
use crate::facts::Tool;
use crate::facts::declared::setting;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Property {
    Engine,
    Version,
    /// DB instance or cluster identifier.
    Identifier,
    /// What it replicates.
    Source,
    /// The parameter group: a name, or a reference to a declared one.
    Group,
    /// The family of a group that a module makes.
    Family,
    /// The parameters of a group that a module makes.
    Parameters,
    AllowMajor,
    ApplyImmediately,
    AutoMinor,
    BackupRetention,
    DeletionProtection,
    FinalSnapshot,
    SkipFinalSnapshot,
}

impl Property {
    pub(super) const ALL: [Self; 14] = [
        Self::Engine,
        Self::Version,
        Self::Identifier,
        Self::Source,
        Self::Group,
        Self::Family,
        Self::Parameters,
        Self::AllowMajor,
        Self::ApplyImmediately,
        Self::AutoMinor,
        Self::BackupRetention,
        Self::DeletionProtection,
        Self::FinalSnapshot,
        Self::SkipFinalSnapshot,
    ];

    /// The name among a declaration's settings; `None` of what has a member of its own there.
    pub(super) fn setting(self) -> Option<&'static str> {
        match self {
            Self::AllowMajor => Some(setting::ALLOW_MAJOR),
            Self::ApplyImmediately => Some(setting::APPLY_IMMEDIATELY),
            Self::AutoMinor => Some(setting::AUTO_MINOR),
            Self::BackupRetention => Some(setting::BACKUP_RETENTION),
            Self::DeletionProtection => Some(setting::DELETION_PROTECTION),
            Self::FinalSnapshot => Some(setting::FINAL_SNAPSHOT),
            Self::SkipFinalSnapshot => Some(setting::SKIP_FINAL_SNAPSHOT),
            _ => None,
        }
    }
}

/// What a constant of Pulumi's `EngineType` stands for, in whatever case its language writes it.
pub(super) fn engine_type(name: &str) -> Option<&'static str> {
    Some(match normal(name).as_str() {
        "postgres" => "postgres",
        "aurorapostgresql" => "aurora-postgresql",
        "mysql" => "mysql",
        "auroramysql" => "aurora-mysql",
        "aurora" => "aurora",
        _ => return None,
    })
}

/// How a parameter group's own name is called, by whatever provider.
pub(super) const GROUP_NAMES: [&str; 3] = ["name", "dbparametergroupname", "dbclusterparametergroupname"];

/// The names of one provider.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vocabulary {
    pub tool: Tool,
    /// How people know the version's attribute.
    pub version: &'static str,
    names: fn(Property, Kind) -> &'static [&'static str],
}

impl Vocabulary {
    /// The names of a property without case and underscores; the first that is written counts.
    pub(super) fn names(&self, property: Property, kind: Kind) -> &'static [&'static str] {
        (self.names)(property, kind)
    }

    /// What a map of arguments says of a property.
    pub(super) fn read(&self, property: Property, kind: Kind, arguments: &Spot) -> Spot {
        self.first(property, kind, |name| {
            arguments.named(name).unwrap_or_else(|| Spot::new(Value::Nothing, arguments.at.clone()))
        })
        .unwrap_or_else(|| Spot::new(Value::Nothing, arguments.at.clone()))
    }

    /// The first of a property's names that is written; one that cannot be known gives way to one that can.
    pub(super) fn first(&self, property: Property, kind: Kind, get: impl Fn(&str) -> Spot) -> Option<Spot> {
        let written: Vec<Spot> =
            self.names(property, kind).iter().map(|name| get(name)).filter(|spot| !spot.is_nothing()).collect();
        let known = written.iter().position(|spot| !matches!(spot.value, Value::Unknown(_)));
        written.into_iter().nth(known.unwrap_or(0))
    }
}

/// Whether an instance belongs to a cluster, which says more of it than the instance itself.
pub(super) fn is_member(kind: Kind, arguments: &Spot) -> bool {
    let names = ["dbclusteridentifier", "dbclusteridentifierref", "dbclusteridentifierselector"];
    let Value::Map(map) = &arguments.value else { return false };
    let is_written = |key: &str, spot: &Spot| names.contains(&normal(key).as_str()) && !spot.is_nothing();
    kind == Kind::Instance && map.entries.iter().any(|(key, spot)| is_written(key, spot))
}

/// The names of Terraform's `aws` provider, which Pulumi's `aws` and Crossplane's upbound provider share.
pub(super) const TERRAFORM: Vocabulary =
    Vocabulary { tool: Tool::Terraform, version: "engine_version", names: terraform };

pub(super) const PULUMI: Vocabulary = Vocabulary { tool: Tool::Pulumi, version: "engineVersion", names: terraform };

/// `aws-native` of Pulumi.
pub(super) const PULUMI_NATIVE: Vocabulary = CLOUDFORMATION.of(Tool::Pulumi, "engineVersion");

/// Upbound's providers for Crossplane, which are made from Terraform's.
pub(super) const CROSSPLANE: Vocabulary = TERRAFORM.of(Tool::Crossplane, "engineVersion");

/// The community's provider for Crossplane, which is made from the API of RDS.
pub(super) const CROSSPLANE_COMMUNITY: Vocabulary = CLOUDFORMATION.of(Tool::Crossplane, "engineVersion");

/// AWS Controllers for Kubernetes, which are made from the API of RDS.
pub(super) const ACK: Vocabulary = CLOUDFORMATION.of(Tool::Ack, "engineVersion");

/// `awscc` of Terraform.
pub(super) const TERRAFORM_CC: Vocabulary = CLOUDFORMATION.of(Tool::Terraform, "engine_version");

/// A Terraform module from elsewhere, which may make the parameter group too.
pub(super) const TERRAFORM_MODULE: Vocabulary =
    Vocabulary { tool: Tool::Terraform, version: "engine_version", names: terraform_module };

/// The names of CloudFormation, which `awscc`, `aws-native`, ACK and the CDK's `Cfn` classes share.
pub(super) const CLOUDFORMATION: Vocabulary =
    Vocabulary { tool: Tool::CloudFormation, version: "EngineVersion", names: cloudformation };

impl Vocabulary {
    /// The same names, deployed by another tool.
    pub(super) const fn of(self, tool: Tool, version: &'static str) -> Self {
        Self { tool, version, names: self.names }
    }
}

fn terraform(property: Property, kind: Kind) -> &'static [&'static str] {
    match (property, kind) {
        (Property::Identifier, Kind::Instance) => &["identifier"],
        (Property::Identifier, Kind::Cluster) => &["clusteridentifier"],
        (Property::Source, Kind::Instance) => &["replicatesourcedb"],
        (Property::Source, Kind::Cluster) => &["replicationsourceidentifier"],
        (Property::Group, Kind::Instance) => &["parametergroupname"],
        (Property::Group, Kind::Cluster) => &["dbclusterparametergroupname"],
        (other, _) => common(other),
    }
}

fn terraform_module(property: Property, kind: Kind) -> &'static [&'static str] {
    match (property, kind) {
        (Property::Identifier, Kind::Cluster) => &["clusteridentifier", "name"],
        (Property::Family, Kind::Instance) => &["family", "dbparametergroup"],
        (Property::Family, Kind::Cluster) => &["dbclusterparametergroupfamily", "clusterfamily", "family"],
        (Property::Parameters, Kind::Instance) => &["parameters", "dbparameter"],
        (Property::Parameters, Kind::Cluster) => &["dbclusterparametergroupparameters", "clusterparameters"],
        (other, kind) => terraform(other, kind),
    }
}

fn cloudformation(property: Property, kind: Kind) -> &'static [&'static str] {
    match (property, kind) {
        (Property::Identifier, Kind::Instance) => &["dbinstanceidentifier"],
        (Property::Identifier, Kind::Cluster) => &["dbclusteridentifier"],
        (Property::Source, Kind::Instance) => &["sourcedbinstanceidentifier", "sourcedbclusteridentifier"],
        (Property::Source, Kind::Cluster) => &["sourcedbclusteridentifier", "replicationsourceidentifier"],
        (Property::Group, Kind::Instance) => &["dbparametergroupname"],
        (Property::Group, Kind::Cluster) => &["dbclusterparametergroupname"],
        (other, _) => common(other),
    }
}

fn common(property: Property) -> &'static [&'static str] {
    match property {
        Property::Engine => &["engine"],
        Property::Version => &["engineversion"],
        Property::AllowMajor => &["allowmajorversionupgrade"],
        Property::ApplyImmediately => &["applyimmediately", "applymodificationsimmediately"],
        Property::AutoMinor => &["autominorversionupgrade"],
        Property::BackupRetention => &["backupretentionperiod"],
        Property::DeletionProtection => &["deletionprotection"],
        Property::FinalSnapshot => &["finalsnapshotidentifier", "finaldbsnapshotidentifier"],
        Property::SkipFinalSnapshot => &["skipfinalsnapshot", "skipfinalsnapshotbeforedeletion"],
        _ => &[],
    }
}

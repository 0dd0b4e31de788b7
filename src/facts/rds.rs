//! What the RDS, STS and CloudWatch APIs said. Field names follow the API's; times are UTC.
//!
//! Only members that a check reads are kept: a bundle is carried to other machines, so it holds no endpoint secrets,
//! tags or network layout. Reference: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/Welcome.html>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Source;
use crate::version::PgVersion;

/// Everything asked of AWS about one instance or cluster. Each operation stands and falls alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AwsFacts {
    pub region: String,
    pub caller: Source<Caller>,
    /// By which AWS was asked, when one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The instance; for a cluster its writer.
    pub instance: Source<DbInstance>,
    /// The cluster asked for, or that the instance is a member of.
    pub cluster: Source<Option<DbCluster>>,
    /// The record of the *actual* version, by `IncludeAll`; `None`: RDS does not list it.
    pub engine_version: Source<Option<EngineVersion>>,
    /// All versions of a parameter group family, by family: the source's and those of its valid targets.
    pub engine_versions: BTreeMap<String, Source<Vec<EngineVersion>>>,
    pub pending_maintenance: Source<Vec<PendingMaintenance>>,
    /// Every parameter group of the account and region (cluster parameter groups for a cluster).
    pub parameter_groups: Source<Vec<ParameterGroup>>,
    /// Parameters that a person set, by group in use.
    pub user_parameters: BTreeMap<String, Source<Vec<Parameter>>>,
    /// The parameters of a family, by family of each valid target's major.
    pub family_defaults: BTreeMap<String, Source<Vec<Parameter>>>,
    /// What the instance's class can be ordered with, at every engine version.
    pub orderable: Source<Vec<OrderableOption>>,
    pub snapshots: Source<Vec<Snapshot>>,
    pub major_versions: Source<Vec<MajorVersion>>,
    /// The last 14 days, as long as RDS keeps them.
    pub events: Source<Vec<Event>>,
    pub blue_green_deployments: Source<Vec<BlueGreenDeployment>>,
    /// The replicas of the instance that are in its own Region.
    pub replicas: Source<Vec<DbInstance>>,
    /// People's own groups of newer families (cluster parameter groups for a cluster or its member).
    pub target_groups: Source<Vec<TargetGroup>>,
    /// The zero-ETL integrations whose source it is.
    pub integrations: Source<Vec<Integration>>,
    pub free_storage: Source<Option<FreeStorage>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    pub account: String,
    pub arn: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DbInstance {
    pub id: String,
    pub arn: String,
    pub engine: String,
    pub engine_version: PgVersion,
    pub class: String,
    pub status: String,
    pub multi_az: bool,
    pub storage_type: Option<String>,
    /// GiB
    pub allocated_storage: Option<i32>,
    /// GiB, the ceiling of storage autoscaling
    pub max_allocated_storage: Option<i32>,
    pub auto_minor_version_upgrade: bool,
    /// Days; 0 is off.
    pub backup_retention_period: Option<i32>,
    pub preferred_maintenance_window: Option<String>,
    pub latest_restorable_time: Option<Timestamp>,
    pub engine_lifecycle_support: Option<String>,
    pub parameter_groups: Vec<GroupStatus>,
    pub option_groups: Vec<String>,
    pub ca_certificate: Option<String>,
    /// Until when its own certificate, signed by that CA, is valid.
    pub certificate_valid_till: Option<Timestamp>,
    /// Name and value of everything that waits to be applied, as the API names it.
    pub pending_modified_values: BTreeMap<String, String>,
    pub cluster_id: Option<String>,
    pub replica_source: Option<String>,
    /// Identifiers; ARNs for other Regions.
    pub replicas: Vec<String>,
    pub replica_clusters: Vec<String>,
    /// `StatusInfos` of a replica: type, normal, status, message.
    pub status_infos: Vec<StatusInfo>,
    pub endpoint: Option<Endpoint>,
    pub master_username: Option<String>,
    pub master_user_secret: Option<String>,
    pub database_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub address: String,
    pub port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupStatus {
    pub name: String,
    /// `in-sync`, `pending-reboot`, …: an open set.
    pub apply_status: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusInfo {
    pub kind: String,
    pub normal: bool,
    pub status: String,
    pub message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DbCluster {
    pub id: String,
    pub arn: String,
    pub engine: String,
    pub engine_version: PgVersion,
    pub status: String,
    pub parameter_group: Option<String>,
    pub backup_retention_period: Option<i32>,
    pub latest_restorable_time: Option<Timestamp>,
    pub preferred_maintenance_window: Option<String>,
    pub engine_lifecycle_support: Option<String>,
    pub pending_modified_values: BTreeMap<String, String>,
    pub members: Vec<ClusterMember>,
    pub replica_source: Option<String>,
    /// Identifiers; ARNs for clusters and for other Regions.
    pub replicas: Vec<String>,
    pub endpoint: Option<Endpoint>,
    pub master_username: Option<String>,
    pub master_user_secret: Option<String>,
    pub database_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterMember {
    pub instance: String,
    pub writer: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineVersion {
    pub version: PgVersion,
    pub family: Option<String>,
    /// `available` or `deprecated`
    pub status: Option<String>,
    pub valid_targets: Vec<ValidTarget>,
    pub ca_certificates: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidTarget {
    pub version: PgVersion,
    pub major_upgrade: bool,
    /// Whether RDS moves instances with `AutoMinorVersionUpgrade` to it.
    pub auto_upgrade: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingMaintenance {
    /// An ARN
    pub resource: String,
    /// `system-update`, `db-upgrade`, …: an open set, shown as it is.
    pub action: String,
    pub description: Option<String>,
    pub opt_in_status: Option<String>,
    pub auto_applied_after: Option<Timestamp>,
    pub forced_apply: Option<Timestamp>,
    pub current_apply: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterGroup {
    pub name: String,
    pub family: String,
}

/// A group that could be named in the upgrade request, and what a person set in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroup {
    pub name: String,
    pub family: String,
    pub parameters: Source<Vec<Parameter>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: String,
    pub value: Option<String>,
    /// `static` or `dynamic`
    pub apply_type: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderableOption {
    pub engine_version: PgVersion,
    pub storage_type: Option<String>,
    pub multi_az_capable: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub id: String,
    pub status: String,
    pub created: Option<Timestamp>,
    pub engine_version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MajorVersion {
    pub major: String,
    pub lifecycles: Vec<Lifecycle>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// `open-source-rds-standard-support` or `open-source-rds-extended-support`
    pub name: String,
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub at: Option<Timestamp>,
    pub message: String,
    pub categories: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlueGreenDeployment {
    pub id: String,
    pub name: String,
    /// ARNs
    pub source: String,
    pub target: Option<String>,
    pub status: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    pub name: String,
    pub arn: String,
    /// An ARN
    pub source: String,
    /// `active`, `creating`, …: an open set.
    pub status: String,
}

/// The smallest `FreeStorageSpace` of the last hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FreeStorage {
    pub bytes: f64,
    pub at: Option<Timestamp>,
}

//! From the SDK's types to facts, where that takes more than naming the fields.

use std::collections::BTreeMap;

use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types as sdk;
use jiff::Timestamp;

use super::error::Refusal;
use crate::facts::rds::{ClusterMember, DbCluster, DbInstance, Endpoint, GroupStatus, StatusInfo};
use crate::version::PgVersion;

/// What stands where a password would.
const HIDDEN: &str = "***";

/// `None` outside of the years that a [`Timestamp`] knows.
pub(super) fn time(at: DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}

/// # Errors
/// When a member is missing without which the instance cannot be judged, or its version cannot be read.
pub(super) fn instance(from: sdk::DbInstance) -> Result<DbInstance, Refusal> {
    let id = required(from.db_instance_identifier, "DBInstanceIdentifier")?;
    Ok(DbInstance {
        arn: from.db_instance_arn.unwrap_or_default(),
        engine: required(from.engine, "Engine")?,
        engine_version: version(from.engine_version, &id)?,
        class: required(from.db_instance_class, "DBInstanceClass")?,
        status: required(from.db_instance_status, "DBInstanceStatus")?,
        multi_az: from.multi_az.unwrap_or_default(),
        storage_type: from.storage_type,
        allocated_storage: from.allocated_storage,
        max_allocated_storage: from.max_allocated_storage,
        auto_minor_version_upgrade: from.auto_minor_version_upgrade.unwrap_or_default(),
        backup_retention_period: from.backup_retention_period,
        preferred_maintenance_window: from.preferred_maintenance_window,
        latest_restorable_time: from.latest_restorable_time.and_then(time),
        engine_lifecycle_support: from.engine_lifecycle_support,
        parameter_groups: from.db_parameter_groups.unwrap_or_default().into_iter().filter_map(group_status).collect(),
        option_groups: from
            .option_group_memberships
            .unwrap_or_default()
            .into_iter()
            .filter_map(|group| group.option_group_name)
            .collect(),
        ca_certificate: from.ca_certificate_identifier,
        certificate_valid_till: from.certificate_details.and_then(|details| details.valid_till).and_then(time),
        pending_modified_values: from.pending_modified_values.map(pending_instance).unwrap_or_default(),
        cluster_id: from.db_cluster_identifier,
        replica_source: from
            .read_replica_source_db_instance_identifier
            .or(from.read_replica_source_db_cluster_identifier),
        replicas: from.read_replica_db_instance_identifiers.unwrap_or_default(),
        replica_clusters: from.read_replica_db_cluster_identifiers.unwrap_or_default(),
        status_infos: from.status_infos.unwrap_or_default().into_iter().map(status_info).collect(),
        endpoint: from.endpoint.and_then(|endpoint| address(endpoint.address, endpoint.port)),
        master_username: from.master_username,
        master_user_secret: from.master_user_secret.and_then(|secret| secret.secret_arn),
        database_name: from.db_name,
        id,
    })
}

/// # Errors
/// As of [`instance`].
pub(super) fn cluster(from: sdk::DbCluster) -> Result<DbCluster, Refusal> {
    let id = required(from.db_cluster_identifier, "DBClusterIdentifier")?;
    Ok(DbCluster {
        arn: from.db_cluster_arn.unwrap_or_default(),
        engine: required(from.engine, "Engine")?,
        engine_version: version(from.engine_version, &id)?,
        status: required(from.status, "Status")?,
        parameter_group: from.db_cluster_parameter_group,
        backup_retention_period: from.backup_retention_period,
        latest_restorable_time: from.latest_restorable_time.and_then(time),
        preferred_maintenance_window: from.preferred_maintenance_window,
        engine_lifecycle_support: from.engine_lifecycle_support,
        pending_modified_values: from.pending_modified_values.map(pending_cluster).unwrap_or_default(),
        members: from.db_cluster_members.unwrap_or_default().into_iter().filter_map(member).collect(),
        replica_source: from.replication_source_identifier.filter(|source| !source.is_empty()),
        replicas: from.read_replica_identifiers.unwrap_or_default(),
        endpoint: address(from.endpoint, from.port),
        master_username: from.master_username,
        master_user_secret: from.master_user_secret.and_then(|secret| secret.secret_arn),
        database_name: from.database_name,
        id,
    })
}

fn required(member: Option<String>, name: &str) -> Result<String, Refusal> {
    member.filter(|text| !text.is_empty()).ok_or_else(|| Refusal::new(&format!("the answer has no {name}")))
}

fn version(text: Option<String>, id: &str) -> Result<PgVersion, Refusal> {
    let text = required(text, "EngineVersion")?;
    text.parse().map_err(|error| Refusal::new(&format!("the version of {id} cannot be read: {error}")))
}

fn address(address: Option<String>, port: Option<i32>) -> Option<Endpoint> {
    let address = address.filter(|address| !address.is_empty())?;
    Some(Endpoint { address, port: u16::try_from(port?).ok().filter(|port| *port > 0)? })
}

fn group_status(from: sdk::DbParameterGroupStatus) -> Option<GroupStatus> {
    Some(GroupStatus {
        name: from.db_parameter_group_name?,
        apply_status: from.parameter_apply_status.unwrap_or_default(),
    })
}

fn status_info(from: sdk::DbInstanceStatusInfo) -> StatusInfo {
    StatusInfo {
        kind: from.status_type.unwrap_or_default(),
        normal: from.normal.unwrap_or_default(),
        status: from.status.unwrap_or_default(),
        message: from.message.filter(|message| !message.is_empty()),
    }
}

fn member(from: sdk::DbClusterMember) -> Option<ClusterMember> {
    Some(ClusterMember { instance: from.db_instance_identifier?, writer: from.is_cluster_writer.unwrap_or_default() })
}

fn pending_instance(from: sdk::PendingModifiedValues) -> BTreeMap<String, String> {
    set_values([
        ("AdditionalStorageVolumes", from.additional_storage_volumes.and_then(volumes)),
        ("AllocatedStorage", text(from.allocated_storage)),
        ("AutomationMode", from.automation_mode.map(|mode| mode.as_str().to_owned())),
        ("BackupRetentionPeriod", text(from.backup_retention_period)),
        ("CACertificateIdentifier", from.ca_certificate_identifier),
        ("DBCapacityReservationIdentifier", from.db_capacity_reservation_identifier),
        ("DBInstanceClass", from.db_instance_class),
        ("DBInstanceIdentifier", from.db_instance_identifier),
        ("DBSubnetGroupName", from.db_subnet_group_name),
        ("DedicatedLogVolume", text(from.dedicated_log_volume)),
        ("Engine", from.engine),
        ("EngineVersion", from.engine_version),
        ("IAMDatabaseAuthenticationEnabled", text(from.iam_database_authentication_enabled)),
        ("Iops", text(from.iops)),
        ("LicenseModel", from.license_model),
        ("MasterUserPassword", from.master_user_password.map(|_| HIDDEN.to_owned())),
        ("MultiAZ", text(from.multi_az)),
        ("MultiTenant", text(from.multi_tenant)),
        ("PendingCloudwatchLogsExports", from.pending_cloudwatch_logs_exports.and_then(log_exports)),
        ("Port", text(from.port)),
        ("ProcessorFeatures", from.processor_features.and_then(processor_features)),
        ("ResumeFullAutomationModeTime", text(from.resume_full_automation_mode_time.and_then(time))),
        ("StorageThroughput", text(from.storage_throughput)),
        ("StorageType", from.storage_type),
    ])
}

fn pending_cluster(from: sdk::ClusterPendingModifiedValues) -> BTreeMap<String, String> {
    let configuration = from.rds_custom_cluster_configuration.map(|_| "to be changed".to_owned());
    let certificate = from.certificate_details.map(|details| details.ca_identifier.unwrap_or_default());
    set_values([
        ("AllocatedStorage", text(from.allocated_storage)),
        ("BackupRetentionPeriod", text(from.backup_retention_period)),
        ("CertificateDetails", certificate),
        ("DBClusterIdentifier", from.db_cluster_identifier),
        ("EngineVersion", from.engine_version),
        ("IAMDatabaseAuthenticationEnabled", text(from.iam_database_authentication_enabled)),
        ("Iops", text(from.iops)),
        ("MasterUserPassword", from.master_user_password.map(|_| HIDDEN.to_owned())),
        ("PendingCloudwatchLogsExports", from.pending_cloudwatch_logs_exports.and_then(log_exports)),
        ("RdsCustomClusterConfiguration", configuration),
        ("StorageType", from.storage_type),
    ])
}

fn set_values<const N: usize>(members: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn log_exports(from: sdk::PendingCloudwatchLogsExports) -> Option<String> {
    let part = |verb: &str, types: Option<Vec<String>>| {
        types.filter(|types| !types.is_empty()).map(|types| format!("{verb} {}", types.join(", ")))
    };
    let parts = [part("enable", from.log_types_to_enable), part("disable", from.log_types_to_disable)];
    joined(parts.into_iter().flatten(), "; ")
}

fn processor_features(from: Vec<sdk::ProcessorFeature>) -> Option<String> {
    let feature =
        |from: sdk::ProcessorFeature| format!("{}={}", from.name.unwrap_or_default(), from.value.unwrap_or_default());
    joined(from.into_iter().map(feature), ", ")
}

fn volumes(from: Vec<sdk::AdditionalStorageVolume>) -> Option<String> {
    joined(from.into_iter().map(|volume| volume.volume_name.unwrap_or_default()), ", ")
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> Option<String> {
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(between))
}

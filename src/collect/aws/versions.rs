//! Engine versions, what they can become, what they can be ordered with, and how long they are supported.

use aws_sdk_rds::types as sdk;

use super::client::Client;
use super::convert;
use super::error::Refusal;
use super::pages;
use crate::facts::rds::{EngineVersion, Lifecycle, MajorVersion, OrderableOption, ValidTarget};
use crate::version::PgVersion;

/// The most that `DescribeOrderableDBInstanceOptions` takes, unlike the others, which stop at 100: a class at every
/// version is several hundred records, and each page waits for the one before it.
const ORDERABLE_PAGE: i32 = 1000;

/// Hears of a version that cannot be read, and so is left out of a list.
pub(super) type Note<'a> = &'a dyn Fn(&str);

/// The record of one version, `None` when RDS does not list it. Without `IncludeAll` a deprecated version would come
/// back without its targets, or not at all.
pub(super) async fn actual(
    client: &Client,
    engine: &str,
    version: &PgVersion,
    note: Note<'_>,
) -> Result<Option<EngineVersion>, Refusal> {
    let found = records(client, engine, Some(version.as_str()), None).await?;
    Ok(engine_versions(found, engine, note).into_iter().find(|record| record.version == *version))
}

/// Every version of a parameter group family.
pub(super) async fn of_family(
    client: &Client,
    engine: &str,
    family: &str,
    note: Note<'_>,
) -> Result<Vec<EngineVersion>, Refusal> {
    let found = records(client, engine, None, Some(family)).await?;
    let versions = engine_versions(found, engine, note).into_iter();
    Ok(versions.filter(|record| record.family.as_deref().is_none_or(|found| found == family)).collect())
}

/// Every version of an engine with its valid targets, deprecated ones too. `progress` hears of versions that cannot
/// be read.
///
/// # Errors
/// The service's refusal.
pub async fn upgrade_graph(
    client: &Client,
    engine: &str,
    progress: &dyn Fn(&str),
) -> Result<Vec<EngineVersion>, Refusal> {
    Ok(engine_versions(records(client, engine, None, None).await?, engine, progress))
}

/// What a class can be ordered with, at every engine version.
pub(super) async fn orderable(
    client: &Client,
    engine: &str,
    class: &str,
    note: Note<'_>,
) -> Result<Vec<OrderableOption>, Refusal> {
    let found = pages::all(
        |marker| {
            let ask = client.rds.describe_orderable_db_instance_options().engine(engine).db_instance_class(class);
            ask.max_records(ORDERABLE_PAGE).set_marker(marker).send()
        },
        |page| (page.orderable_db_instance_options, page.marker),
    )
    .await?;
    let ours = found.into_iter().filter(|option: &sdk::OrderableDbInstanceOption| {
        is(option.engine.as_ref(), engine) && is(option.db_instance_class.as_ref(), class)
    });
    let mut options: Vec<OrderableOption> = ours
        .filter_map(|option| {
            Some(OrderableOption {
                engine_version: readable(option.engine_version, "DescribeOrderableDBInstanceOptions", note)?,
                storage_type: option.storage_type,
                multi_az_capable: option.multi_az_capable,
            })
        })
        .collect();
    // One option comes once for each group of Availability Zones.
    options.sort_by(|a, b| key(a).cmp(&key(b)));
    options.dedup();
    Ok(options)
}

/// The support dates of every major.
pub(super) async fn majors(client: &Client, engine: &str) -> Result<Vec<MajorVersion>, Refusal> {
    let found = pages::all(
        |marker| client.rds.describe_db_major_engine_versions().engine(engine).set_marker(marker).send(),
        |page| (page.db_major_engine_versions, page.marker),
    )
    .await?;
    let ours = found.into_iter().filter(|record: &sdk::DbMajorEngineVersion| is(record.engine.as_ref(), engine));
    Ok(ours
        .filter_map(|record| {
            let lifecycles = record.supported_engine_lifecycles.unwrap_or_default();
            Some(MajorVersion {
                major: record.major_engine_version?,
                lifecycles: lifecycles.into_iter().filter_map(lifecycle).collect(),
            })
        })
        .collect())
}

fn lifecycle(from: sdk::SupportedEngineLifecycle) -> Option<Lifecycle> {
    Some(Lifecycle {
        name: from.lifecycle_support_name?.as_str().to_owned(),
        start: from.lifecycle_support_start_date.and_then(convert::time),
        end: from.lifecycle_support_end_date.and_then(convert::time),
    })
}

async fn records(
    client: &Client,
    engine: &str,
    version: Option<&str>,
    family: Option<&str>,
) -> Result<Vec<sdk::DbEngineVersion>, Refusal> {
    pages::all(
        |marker| {
            let ask = client.rds.describe_db_engine_versions().engine(engine).include_all(true);
            let ask = ask.set_engine_version(version.map(str::to_owned));
            ask.set_db_parameter_group_family(family.map(str::to_owned)).set_marker(marker).send()
        },
        |page| (page.db_engine_versions, page.marker),
    )
    .await
}

fn engine_versions(found: Vec<sdk::DbEngineVersion>, engine: &str, note: Note<'_>) -> Vec<EngineVersion> {
    let ours = found.into_iter().filter(|record| is(record.engine.as_ref(), engine));
    ours.filter_map(|record| {
        Some(EngineVersion {
            version: readable(record.engine_version, "DescribeDBEngineVersions", note)?,
            family: record.db_parameter_group_family,
            status: record.status,
            valid_targets: targets(record.valid_upgrade_target.unwrap_or_default(), engine, note),
            ca_certificates: record.supported_ca_certificate_identifiers.unwrap_or_default(),
        })
    })
    .collect()
}

/// RDS lists targets of other engines too: a PostgreSQL version can become an Aurora one, by another way.
fn targets(found: Vec<sdk::UpgradeTarget>, engine: &str, note: Note<'_>) -> Vec<ValidTarget> {
    let ours = found.into_iter().filter(|target| is(target.engine.as_ref(), engine));
    ours.filter_map(|target| {
        Some(ValidTarget {
            version: readable(target.engine_version, "ValidUpgradeTarget", note)?,
            major_upgrade: target.is_major_version_upgrade.unwrap_or_default(),
            auto_upgrade: target.auto_upgrade.unwrap_or_default(),
        })
    })
    .collect()
}

/// Whether a record is about what was asked for; an endpoint may ignore a filter.
fn is(found: Option<&String>, wanted: &str) -> bool {
    found.is_none_or(|found| found == wanted)
}

/// A version, or a note that it is left out: one odd name must not hide the others.
fn readable(text: Option<String>, place: &str, note: Note<'_>) -> Option<PgVersion> {
    let text = text.unwrap_or_default();
    text.parse().inspect_err(|error| note(&format!("{place}: left out, {error}"))).ok()
}

fn key(option: &OrderableOption) -> (&PgVersion, &Option<String>, Option<bool>) {
    (&option.engine_version, &option.storage_type, option.multi_az_capable)
}

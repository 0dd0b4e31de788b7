//! What happened and what is planned: snapshots, events, maintenance, blue/green deployments, integrations.

use aws_sdk_rds::types as sdk;

use super::client::Client;
use super::convert::time;
use super::error::Refusal;
use super::pages;
use super::subject::Subject;
use crate::facts::rds::{BlueGreenDeployment, Event, Integration, PendingMaintenance, Snapshot};

/// Minutes; RDS keeps events for 14 days and refuses to look back further.
const EVENT_MINUTES: i32 = 14 * 24 * 60;

pub(super) async fn snapshots(client: &Client, subject: Subject<'_>) -> Result<Vec<Snapshot>, Refusal> {
    match subject {
        Subject::Instance(id) => instance_snapshots(client, id).await,
        Subject::Cluster(id) => cluster_snapshots(client, id).await,
    }
}

async fn instance_snapshots(client: &Client, instance: &str) -> Result<Vec<Snapshot>, Refusal> {
    let found = pages::all(
        |marker| client.rds.describe_db_snapshots().db_instance_identifier(instance).set_marker(marker).send(),
        |page| (page.db_snapshots, page.marker),
    )
    .await?;
    let ours = found.into_iter().filter(|from: &sdk::DbSnapshot| is(from.db_instance_identifier.as_ref(), instance));
    let snapshot = |from: sdk::DbSnapshot| {
        Some(Snapshot {
            id: from.db_snapshot_identifier?,
            status: from.status.unwrap_or_default(),
            created: from.snapshot_create_time.and_then(time),
            engine_version: from.engine_version,
        })
    };
    Ok(ours.filter_map(snapshot).collect())
}

async fn cluster_snapshots(client: &Client, cluster: &str) -> Result<Vec<Snapshot>, Refusal> {
    let found = pages::all(
        |marker| client.rds.describe_db_cluster_snapshots().db_cluster_identifier(cluster).set_marker(marker).send(),
        |page| (page.db_cluster_snapshots, page.marker),
    )
    .await?;
    let ours =
        found.into_iter().filter(|from: &sdk::DbClusterSnapshot| is(from.db_cluster_identifier.as_ref(), cluster));
    let snapshot = |from: sdk::DbClusterSnapshot| {
        Some(Snapshot {
            id: from.db_cluster_snapshot_identifier?,
            status: from.status.unwrap_or_default(),
            created: from.snapshot_create_time.and_then(time),
            engine_version: from.engine_version,
        })
    };
    Ok(ours.filter_map(snapshot).collect())
}

pub(super) async fn events(client: &Client, subject: Subject<'_>) -> Result<Vec<Event>, Refusal> {
    let kind = match subject {
        Subject::Instance(_) => sdk::SourceType::DbInstance,
        Subject::Cluster(_) => sdk::SourceType::DbCluster,
    };
    let found = pages::all(
        |marker| {
            let ask = client.rds.describe_events().source_identifier(subject.id()).source_type(kind.clone());
            ask.duration(EVENT_MINUTES).set_marker(marker).send()
        },
        |page| (page.events, page.marker),
    )
    .await?;
    let ours = found.into_iter().filter(|from: &sdk::Event| is(from.source_identifier.as_ref(), subject.id()));
    let event = |from: sdk::Event| Event {
        at: from.date.and_then(time),
        message: from.message.unwrap_or_default(),
        categories: from.event_categories.unwrap_or_default(),
    };
    Ok(ours.map(event).collect())
}

/// The pending actions on subjects of one kind.
pub(super) async fn maintenance(client: &Client, subjects: &[Subject<'_>]) -> Result<Vec<PendingMaintenance>, Refusal> {
    let name = match subjects {
        [] => return Ok(Vec::new()),
        [Subject::Instance(_), ..] => "db-instance-id",
        [Subject::Cluster(_), ..] => "db-cluster-id",
    };
    let ids = subjects.iter().map(|subject| subject.id().to_owned()).collect();
    let filter = sdk::Filter::builder().name(name).set_values(Some(ids)).build();
    let found = pages::all(
        |marker| client.rds.describe_pending_maintenance_actions().filters(filter.clone()).set_marker(marker).send(),
        |page| (page.pending_maintenance_actions, page.marker),
    )
    .await?;
    let mut actions = Vec::new();
    for resource in found {
        let arn = resource.resource_identifier.unwrap_or_default();
        if subjects.iter().any(|subject| subject.owns(&arn)) {
            let details = resource.pending_maintenance_action_details.unwrap_or_default();
            actions.extend(details.into_iter().map(|detail| pending(&arn, detail)));
        }
    }
    Ok(actions)
}

fn pending(resource: &str, from: sdk::PendingMaintenanceAction) -> PendingMaintenance {
    PendingMaintenance {
        resource: resource.to_owned(),
        action: from.action.unwrap_or_default(),
        description: from.description,
        opt_in_status: from.opt_in_status,
        auto_applied_after: from.auto_applied_after_date.and_then(time),
        forced_apply: from.forced_apply_date.and_then(time),
        current_apply: from.current_apply_date.and_then(time),
    }
}

/// Every blue/green deployment; the API can filter by source but not by target.
pub(super) async fn blue_green(client: &Client) -> Result<Vec<BlueGreenDeployment>, Refusal> {
    let found = pages::all(
        |marker| client.rds.describe_blue_green_deployments().set_marker(marker).send(),
        |page| (page.blue_green_deployments, page.marker),
    )
    .await?;
    let deployment = |from: sdk::BlueGreenDeployment| {
        Some(BlueGreenDeployment {
            id: from.blue_green_deployment_identifier?,
            name: from.blue_green_deployment_name.unwrap_or_default(),
            source: from.source.unwrap_or_default(),
            target: from.target,
            status: from.status.unwrap_or_default(),
        })
    };
    Ok(found.into_iter().filter_map(deployment).collect())
}

/// Those that have one of the subjects as source or target.
pub(super) fn concerning(found: Vec<BlueGreenDeployment>, subjects: &[Subject<'_>]) -> Vec<BlueGreenDeployment> {
    let ours = |arn: &str| subjects.iter().any(|subject| subject.owns(arn));
    found
        .into_iter()
        .filter(|deployment| ours(&deployment.source) || deployment.target.as_deref().is_some_and(ours))
        .collect()
}

/// Every zero-ETL integration; the API cannot filter by its source's name.
pub(super) async fn integrations(client: &Client) -> Result<Vec<Integration>, Refusal> {
    let found = pages::all(
        |marker| client.rds.describe_integrations().set_marker(marker).send(),
        |page| (page.integrations, page.marker),
    )
    .await?;
    let integration = |from: sdk::Integration| Integration {
        name: from.integration_name.unwrap_or_default(),
        arn: from.integration_arn.unwrap_or_default(),
        source: from.source_arn.unwrap_or_default(),
        status: from.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
    };
    Ok(found.into_iter().map(integration).collect())
}

/// Those that read from one of the subjects.
pub(super) fn reading_from(found: Vec<Integration>, subjects: &[Subject<'_>]) -> Vec<Integration> {
    found.into_iter().filter(|found| subjects.iter().any(|subject| subject.owns(&found.source))).collect()
}

/// Whether a record is about what was asked for; an endpoint may ignore a filter.
fn is(found: Option<&String>, wanted: &str) -> bool {
    found.is_none_or(|found| found.eq_ignore_ascii_case(wanted))
}

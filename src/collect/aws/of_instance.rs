//! The evidence about a DB instance.
//!
//! No chain of answers is longer than three: what only needs the name is asked with the description, what needs the
//! description next, and last what needs the valid targets (or, for a member, its cluster).

use std::collections::BTreeMap;

use futures_util::FutureExt;
use tokio::{join, try_join};

use super::error::{Error, source};
use super::gather::{Gather, Shape, UserParameters, Versions, both, merged};
use super::history::{self, concerning, reading_from};
use super::instances::{self, Cluster};
use super::subject::Subject;
use super::{Announce, DatabaseAddress, parameters, surroundings, versions};
use crate::facts::Source;
use crate::facts::rds::{
    AwsFacts, DbCluster, DbInstance, Event, MajorVersion, OrderableOption, ParameterGroup, PendingMaintenance,
    Snapshot, TargetGroup,
};
use crate::upgrade::Platform;

/// What follows from the description of the instance.
struct Described {
    instance: Source<DbInstance>,
    versions: Versions,
    user_parameters: UserParameters,
    orderable: Source<Vec<OrderableOption>>,
    major_versions: Source<Vec<MajorVersion>>,
    replicas: Source<Vec<DbInstance>>,
    target_groups: Source<Vec<TargetGroup>>,
    membership: Membership,
}

/// What a member shares with its cluster; empty for an instance of its own.
struct Membership {
    cluster: Source<Option<DbCluster>>,
    parameters: UserParameters,
    maintenance: Source<Vec<PendingMaintenance>>,
    snapshots: Source<Vec<Snapshot>>,
    events: Source<Vec<Event>>,
}

pub(super) async fn collect(gather: Gather<'_>, id: &str, announce: Announce) -> Result<AwsFacts, Error> {
    let client = gather.client;
    let own = [Subject::Instance(id)];
    let [subject] = own;
    // Two wait for this one answer.
    let groups = gather.noted("DescribeDBParameterGroups", parameters::groups(client)).boxed_local().shared();
    let (described, caller, pending, snapshots, events, blue_green, integrations, groups, free_storage) = try_join!(
        describe(gather, id, announce, groups.clone()),
        gather.noted("GetCallerIdentity", surroundings::caller(client)).map(Ok),
        gather.noted("DescribePendingMaintenanceActions", history::maintenance(client, &own)).map(Ok),
        gather.noted("DescribeDBSnapshots", history::snapshots(client, subject)).map(Ok),
        gather.noted("DescribeEvents", history::events(client, subject)).map(Ok),
        gather.noted("DescribeBlueGreenDeployments", history::blue_green(client)).map(Ok),
        gather.noted("DescribeIntegrations", history::integrations(client)).map(Ok),
        groups.map(Ok),
        gather.noted("GetMetricStatistics", surroundings::free_storage(client, id)).map(Ok),
    )?;
    let cluster_id = described.instance.collected().and_then(|instance| instance.cluster_id.clone());
    let subjects: Vec<Subject<'_>> =
        [Some(subject), cluster_id.as_deref().map(Subject::Cluster)].into_iter().flatten().collect();
    let membership = described.membership;
    Ok(AwsFacts {
        region: client.region().to_owned(),
        caller,
        profile: client.profile(),
        cluster: membership.cluster,
        engine_version: described.versions.actual,
        engine_versions: described.versions.by_family,
        pending_maintenance: both(pending, membership.maintenance),
        parameter_groups: groups,
        user_parameters: merged(membership.parameters, described.user_parameters),
        family_defaults: described.versions.defaults,
        orderable: described.orderable,
        snapshots: both(snapshots, membership.snapshots),
        major_versions: described.major_versions,
        events: both(events, membership.events),
        blue_green_deployments: blue_green.map(|found| concerning(found, &subjects)),
        replicas: described.replicas,
        target_groups: described.target_groups,
        integrations: integrations.map(|found| reading_from(found, &subjects)),
        free_storage,
        instance: described.instance,
    })
}

/// # Errors
/// When there is no such instance, or it is none of PostgreSQL.
async fn describe(
    gather: Gather<'_>,
    id: &str,
    announce: Announce,
    groups: impl Future<Output = Source<Vec<ParameterGroup>>>,
) -> Result<Described, Error> {
    let answer = instances::instance(gather.client, id).await;
    (gather.progress)("DescribeDBInstances");
    let instance = match answer {
        Ok(instance) => instance,
        Err(refusal) => {
            return match instances::no_such_instance(gather.client, id, &refusal).await {
                Some(error) => Err(error),
                None => Ok(Described::unavailable(&refusal.reason)),
            };
        }
    };
    if Platform::of_engine(&instance.engine).is_none() {
        return Err(Error::NotPostgres { id: id.to_owned(), engine: instance.engine });
    }
    Ok(follow(gather, instance, announce, groups).await)
}

async fn follow(
    gather: Gather<'_>,
    instance: DbInstance,
    announce: Announce,
    groups: impl Future<Output = Source<Vec<ParameterGroup>>>,
) -> Described {
    let (client, engine) = (gather.client, instance.engine.as_str());
    let shape = if instance.cluster_id.is_some() { Shape::Clustered } else { Shape::Single };
    let orderable = versions::orderable(client, engine, &instance.class, gather.progress);
    let target_groups = async {
        let groups = match shape {
            Shape::Single => groups.await,
            Shape::Clustered => {
                gather.noted("DescribeDBClusterParameterGroups", parameters::cluster_groups(client)).await
            }
        };
        gather.target_groups(groups, engine, &instance.engine_version, shape).await
    };
    let (versions, user_parameters, orderable, major_versions, replicas, target_groups, membership) = join!(
        gather.versions(engine, &instance.engine_version, shape),
        gather.user_parameters(&instance.parameter_groups),
        gather.noted("DescribeOrderableDBInstanceOptions", orderable),
        gather.noted("DescribeDBMajorEngineVersions", versions::majors(client, engine)),
        gather.noted("DescribeDBInstances", instances::replicas(client, &instance.replicas)),
        target_groups,
        membership(gather, &instance, announce),
    );
    let instance = Source::Collected(instance);
    Described { instance, versions, user_parameters, orderable, major_versions, replicas, target_groups, membership }
}

/// A member's master user, and so its secret, is its cluster's: the announcement waits for that one answer.
async fn membership(gather: Gather<'_>, instance: &DbInstance, announce: Announce) -> Membership {
    let client = gather.client;
    let Some(id) = &instance.cluster_id else {
        announce.send(DatabaseAddress::of_instance(instance, None));
        return Membership::none();
    };
    let subjects = [Subject::Cluster(id)];
    let [subject] = subjects;
    let described = async {
        let answer = instances::cluster(client, id).await.map(|Cluster { facts, .. }| facts);
        (gather.progress)("DescribeDBClusters");
        announce.send(DatabaseAddress::of_instance(instance, answer.as_ref().ok()));
        let group = answer.as_ref().ok().and_then(|cluster| cluster.parameter_group.as_deref());
        let parameters = gather.cluster_parameters(group).await;
        (source(answer.map(Some)), parameters)
    };
    let ((cluster, parameters), maintenance, snapshots, events) = join!(
        described,
        gather.noted("DescribePendingMaintenanceActions", history::maintenance(client, &subjects)),
        gather.noted("DescribeDBClusterSnapshots", history::snapshots(client, subject)),
        gather.noted("DescribeEvents", history::events(client, subject)),
    );
    Membership { cluster, parameters, maintenance, snapshots, events }
}

impl Described {
    fn unavailable(reason: &str) -> Self {
        Self {
            instance: Source::unavailable(reason),
            versions: Versions {
                actual: Source::unavailable(reason),
                by_family: BTreeMap::new(),
                defaults: BTreeMap::new(),
            },
            user_parameters: UserParameters::new(),
            orderable: Source::unavailable(reason),
            major_versions: Source::unavailable(reason),
            replicas: Source::unavailable(reason),
            target_groups: Source::unavailable(reason),
            membership: Membership { cluster: Source::unavailable(reason), ..Membership::none() },
        }
    }
}

impl Membership {
    fn none() -> Self {
        Self {
            cluster: Source::Collected(None),
            parameters: UserParameters::new(),
            maintenance: Source::Collected(Vec::new()),
            snapshots: Source::Collected(Vec::new()),
            events: Source::Collected(Vec::new()),
        }
    }
}

//! The evidence about a DB cluster and its writer.
//!
//! As of an instance, no chain of answers is longer than three: the cluster, its writer, what the writer's class
//! can be ordered with.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use tokio::{join, try_join};

use super::error::{Error, Refusal, source};
use super::gather::{Gather, Shape, UserParameters, Versions, both, merged};
use super::history::{self, concerning, reading_from};
use super::instances::{self, Cluster};
use super::subject::Subject;
use super::{Announce, DatabaseAddress, parameters, surroundings, versions};
use crate::facts::Source;
use crate::facts::rds::{
    AwsFacts, DbCluster, DbInstance, FreeStorage, MajorVersion, OrderableOption, ParameterGroup, PendingMaintenance,
    TargetGroup,
};
use crate::upgrade::Platform;

/// What follows from the description of the cluster.
struct Described {
    cluster: Source<Option<DbCluster>>,
    writer: Writer,
    versions: Versions,
    user_parameters: UserParameters,
    major_versions: Source<Vec<MajorVersion>>,
    replicas: Source<Vec<DbInstance>>,
    target_groups: Source<Vec<TargetGroup>>,
    /// Of the members.
    maintenance: Source<Vec<PendingMaintenance>>,
}

struct Writer {
    instance: Source<DbInstance>,
    user_parameters: UserParameters,
    orderable: Source<Vec<OrderableOption>>,
    free_storage: Source<Option<FreeStorage>>,
}

pub(super) async fn collect(gather: Gather<'_>, id: &str, announce: Announce) -> Result<AwsFacts, Error> {
    let client = gather.client;
    let subjects = [Subject::Cluster(id)];
    let [subject] = subjects;
    // Two wait for this one answer.
    let groups =
        gather.noted("DescribeDBClusterParameterGroups", parameters::cluster_groups(client)).boxed_local().shared();
    let (described, caller, pending, snapshots, events, blue_green, integrations, groups) = try_join!(
        describe(gather, id, announce, groups.clone()),
        gather.noted("GetCallerIdentity", surroundings::caller(client)).map(Ok),
        gather.noted("DescribePendingMaintenanceActions", history::maintenance(client, &subjects)).map(Ok),
        gather.noted("DescribeDBClusterSnapshots", history::snapshots(client, subject)).map(Ok),
        gather.noted("DescribeEvents", history::events(client, subject)).map(Ok),
        gather.noted("DescribeBlueGreenDeployments", history::blue_green(client)).map(Ok),
        gather.noted("DescribeIntegrations", history::integrations(client)).map(Ok),
        groups.map(Ok),
    )?;
    Ok(AwsFacts {
        region: client.region().to_owned(),
        caller,
        profile: client.profile(),
        instance: described.writer.instance,
        cluster: described.cluster,
        engine_version: described.versions.actual,
        engine_versions: described.versions.by_family,
        pending_maintenance: both(pending, described.maintenance),
        parameter_groups: groups,
        user_parameters: merged(described.user_parameters, described.writer.user_parameters),
        family_defaults: described.versions.defaults,
        orderable: described.writer.orderable,
        snapshots,
        major_versions: described.major_versions,
        events,
        blue_green_deployments: blue_green.map(|found| concerning(found, &subjects)),
        replicas: described.replicas,
        target_groups: described.target_groups,
        integrations: integrations.map(|found| reading_from(found, &subjects)),
        free_storage: described.writer.free_storage,
    })
}

/// # Errors
/// When there is no such cluster, or it is none of PostgreSQL.
async fn describe(
    gather: Gather<'_>,
    id: &str,
    announce: Announce,
    groups: impl Future<Output = Source<Vec<ParameterGroup>>>,
) -> Result<Described, Error> {
    let answer = instances::cluster(gather.client, id).await;
    (gather.progress)("DescribeDBClusters");
    let cluster = match answer {
        Ok(cluster) => cluster,
        Err(refusal) => {
            return match instances::no_such_cluster(gather.client, id, &refusal).await {
                Some(error) => Err(error),
                None => Ok(Described::unavailable(&refusal.reason)),
            };
        }
    };
    if Platform::of_engine(&cluster.facts.engine).is_none() {
        return Err(Error::NotPostgres { id: id.to_owned(), engine: cluster.facts.engine });
    }
    announce.send(DatabaseAddress::of_cluster(&cluster.facts));
    Ok(follow(gather, cluster, groups).await)
}

async fn follow(
    gather: Gather<'_>,
    cluster: Cluster,
    groups: impl Future<Output = Source<Vec<ParameterGroup>>>,
) -> Described {
    let Cluster { facts, class } = cluster;
    let (client, engine) = (gather.client, facts.engine.as_str());
    let members: Vec<Subject<'_>> = facts.members.iter().map(|member| Subject::Instance(&member.instance)).collect();
    let target_groups =
        async { gather.target_groups(groups.await, engine, &facts.engine_version, Shape::Clustered).await };
    let (writer, versions, user_parameters, major_versions, replicas, target_groups, maintenance) = join!(
        writer(gather, &facts, class),
        gather.versions(engine, &facts.engine_version, Shape::Clustered),
        gather.cluster_parameters(facts.parameter_group.as_deref()),
        gather.noted("DescribeDBMajorEngineVersions", versions::majors(client, engine)),
        gather.noted("DescribeDBInstances", instances::replicas(client, &facts.replicas)),
        target_groups,
        gather.noted("DescribePendingMaintenanceActions", history::maintenance(client, &members)),
    );
    let cluster = Source::Collected(Some(facts));
    Described { cluster, writer, versions, user_parameters, major_versions, replicas, target_groups, maintenance }
}

/// The class of a Multi-AZ cluster is its own, an Aurora cluster has only those of its members.
async fn writer(gather: Gather<'_>, cluster: &DbCluster, class: Option<String>) -> Writer {
    let (client, engine) = (gather.client, cluster.engine.as_str());
    let Some(member) = cluster.members.iter().find(|member| member.writer) else {
        return Writer::unavailable(&format!("the cluster {} has no writer", cluster.id));
    };
    let orderable = async |class: &str| {
        let options = versions::orderable(client, engine, class, gather.progress);
        gather.noted("DescribeOrderableDBInstanceOptions", options).await
    };
    let described = async {
        let answer: Result<DbInstance, Refusal> = instances::instance(client, &member.instance).await;
        (gather.progress)("DescribeDBInstances");
        let groups = answer.as_ref().map_or(&[][..], |instance| &instance.parameter_groups);
        let of_class = async {
            match &answer {
                Ok(instance) if class.is_none() => orderable(&instance.class).await,
                Ok(_) => Source::Collected(Vec::new()),
                Err(refusal) => Source::unavailable(&refusal.reason),
            }
        };
        let (user_parameters, orderable) = join!(gather.user_parameters(groups), of_class);
        (source(answer), user_parameters, orderable)
    };
    let of_cluster = async {
        match &class {
            Some(class) => Some(orderable(class).await),
            None => None,
        }
    };
    let free_storage = surroundings::free_storage(client, &member.instance);
    let ((instance, user_parameters, by_writer), by_cluster, free_storage) =
        join!(described, of_cluster, gather.noted("GetMetricStatistics", free_storage));
    Writer { instance, user_parameters, orderable: by_cluster.unwrap_or(by_writer), free_storage }
}

impl Writer {
    fn unavailable(reason: &str) -> Self {
        Self {
            instance: Source::unavailable(reason),
            user_parameters: UserParameters::new(),
            orderable: Source::unavailable(reason),
            free_storage: Source::unavailable(reason),
        }
    }
}

impl Described {
    fn unavailable(reason: &str) -> Self {
        Self {
            cluster: Source::unavailable(reason),
            writer: Writer::unavailable(reason),
            versions: Versions {
                actual: Source::unavailable(reason),
                by_family: BTreeMap::new(),
                defaults: BTreeMap::new(),
            },
            user_parameters: UserParameters::new(),
            major_versions: Source::unavailable(reason),
            replicas: Source::unavailable(reason),
            target_groups: Source::unavailable(reason),
            maintenance: Source::Collected(Vec::new()),
        }
    }
}

//! What hangs together with the instance.

use super::{Facts, Hit, Open, Outcome, shell};
use crate::facts::Gap;
use crate::facts::rds::DbInstance;
use crate::facts::tables::BLUE_GREEN;

/// The instance is upgraded by itself, not with a cluster or a source.
pub(super) fn upgraded_elsewhere(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let instance = facts.instance()?;
    let cluster = facts.cluster()?;
    if facts.asks_for_cluster() {
        let source = cluster.and_then(|cluster| cluster.replica_source.as_ref().map(|source| (&cluster.id, source)));
        let hits = source.map(|(id, source)| replica(id, source));
        return Ok(Outcome::hits(hits.into_iter().collect()));
    }
    let mut hits = Vec::new();
    if let Some(cluster) = &instance.cluster_id {
        let detail = format!("member of cluster {cluster}, which is upgraded as a whole by ModifyDBCluster");
        hits.push(Hit::new(&instance.id, "cluster member", detail).with("cluster", shell(cluster)));
    }
    hits.extend(instance.replica_source.as_ref().map(|source| replica(&instance.id, source)));
    Ok(Outcome::hits(hits))
}

fn replica(id: &str, source: &str) -> Hit {
    let detail = format!("replica of {source}: it is upgraded with its source, or promoted first");
    Hit::new(id, "read replica", detail).with("source", shell(source))
}

/// There are no replicas to think of.
pub(super) fn replicas(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let aws = facts.aws()?;
    let instance = aws.instance.get()?;
    let (mut hits, mut open) = (Vec::new(), Vec::new());
    for name in &instance.replicas {
        if let Some(region) = other_region(name) {
            let detail =
                format!("in {region}: not upgraded with the primary, and replication cannot go on across majors");
            hits.push(Hit::new(last(name), "cross-Region replica", detail).with("replica", shell(last(name))));
            continue;
        }
        let replica = match aws.replicas.get() {
            Ok(known) => known.iter().find(|replica| replica.id == *name),
            Err(Gap::Unavailable(reason)) => {
                open.push(Open { part: name.clone(), reason });
                None
            }
            Err(gap) => return Err(gap),
        };
        let mut detail = match replica.and_then(trouble) {
            Some(trouble) => format!("upgraded with the primary, but {trouble}: its upgrade would fail"),
            None => "upgraded with the primary, whose outage lasts until it is done".to_owned(),
        };
        let below: Vec<&str> = replica.into_iter().flat_map(|replica| &replica.replicas).map(|arn| last(arn)).collect();
        if !below.is_empty() {
            detail = format!("{detail}; has replicas of its own: {}", below.join(", "));
        }
        hits.push(Hit::new(name, "read replica", detail).with("in_region", shell(name)));
    }
    // Of a Multi-AZ cluster; Aurora names only clusters, in other Regions.
    if let Some(cluster) = facts.cluster()? {
        for name in cluster.replicas.iter().filter(|name| !instance.replicas.contains(name)) {
            let detail = "replication ends with the upgrade; recreate it afterwards";
            hits.push(Hit::new(last(name), "replica of the cluster", detail).with("replica", shell(last(name))));
        }
    }
    for name in &instance.replica_clusters {
        let detail = "replication ends with the upgrade; recreate it afterwards";
        hits.push(Hit::new(last(name), "replica cluster", detail).with("replica", shell(last(name))));
    }
    Ok(Outcome::hits(hits).leaving_open(open))
}

/// No zero-ETL integration reads from it.
pub(super) fn zero_etl(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let reading = facts.aws()?.integrations.get()?;
    let hits = reading.iter().map(|integration| {
        let detail = format!("{}; it reads by a logical replication slot of its own", integration.status);
        Hit::new(&integration.name, "zero-ETL integration", detail).with("arn", shell(&integration.arn))
    });
    Ok(Outcome::hits(hits.collect()))
}

/// What AWS knows would keep a blue/green deployment from being an alternative.
pub(super) fn blue_green_limits(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let aws = facts.aws()?;
    let instance = aws.instance.get()?;
    if facts.upgrade.target.major() <= instance.engine_version.major() {
        return Ok(Outcome::not_applicable("blue/green limits are about major upgrades here"));
    }
    let mut limits = Vec::new();
    if let Some(needed) = BLUE_GREEN.needs(&instance.engine_version) {
        limits.push(format!("changes the major only from {needed} on"));
    }
    if instance.master_user_secret.is_some() {
        limits.push("not with a master password that Secrets Manager keeps".to_owned());
    }
    if facts.cluster()?.is_some() {
        limits.push("not for a Multi-AZ cluster".to_owned());
    }
    if instance.replicas.iter().any(|name| other_region(name).is_some()) {
        limits.push("not with replicas in other Regions".to_owned());
    }
    if aws.replicas.collected().is_some_and(|known| known.iter().any(|replica| !replica.replicas.is_empty())) {
        limits.push("not with replicas of replicas".to_owned());
    }
    let hits = (!limits.is_empty()).then(|| Hit::new(&instance.id, "blue/green deployment", limits.join("; ")));
    Ok(Outcome::hits(hits.into_iter().collect()))
}

fn trouble(replica: &DbInstance) -> Option<String> {
    if replica.status != "available" {
        return Some(format!("it is {}", replica.status));
    }
    let info = replica.status_infos.iter().find(|info| !info.normal)?;
    let message = info.message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
    Some(format!("its {} is {}{message}", info.kind, info.status))
}

/// `eu-west-1` of `arn:aws:rds:eu-west-1:123456789012:db:name`; a plain name is in the instance's own Region.
fn other_region(name: &str) -> Option<&str> {
    name.strip_prefix("arn:")?.split(':').nth(2)
}

fn last(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// No blue/green deployment is under way.
pub(super) fn blue_green(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let deployments = facts.aws()?.blue_green_deployments.get()?;
    // A finished deployment is only a record of itself: its green side is the instance now.
    let live = deployments.iter().filter(|deployment| !deployment.status.eq_ignore_ascii_case("SWITCHOVER_COMPLETED"));
    let hits = live.map(|deployment| {
        let detail = format!("{} is {}", deployment.id, deployment.status);
        Hit::new(&deployment.name, "blue/green deployment", detail).with("deployment", shell(&deployment.id))
    });
    Ok(Outcome::hits(hits.collect()))
}

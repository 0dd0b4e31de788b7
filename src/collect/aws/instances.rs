//! `DescribeDBInstances` and `DescribeDBClusters`: the thing itself, its replicas, and near names of a wrong one.

use aws_sdk_rds::types as sdk;
use futures_util::future::try_join_all;

use super::client::Client;
use super::convert;
use super::error::{Error, Refusal};
use super::pages;
use crate::facts::rds::{DbCluster, DbInstance};

const NO_INSTANCE: &[&str] = &["DBInstanceNotFound", "DBInstanceNotFoundFault"];
const NO_CLUSTER: &[&str] = &["DBClusterNotFoundFault", "DBClusterNotFound"];
/// How many near names are offered for a wrong one.
const NEAR: usize = 5;

/// A DB instance of the account and Region, as a person chooses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    pub engine: String,
    pub engine_version: String,
    pub cluster_id: Option<String>,
}

/// A cluster, and the class it has of its own.
pub(super) struct Cluster {
    pub(super) facts: DbCluster,
    pub(super) class: Option<String>,
}

/// Every DB instance that the caller may see, in order of name.
///
/// # Errors
/// The service's refusal.
pub async fn list_instances(client: &Client) -> Result<Vec<Listed>, Refusal> {
    let mut listed: Vec<Listed> = records(client, None)
        .await?
        .into_iter()
        .filter_map(|from| {
            Some(Listed {
                id: from.db_instance_identifier?,
                engine: from.engine.unwrap_or_default(),
                engine_version: from.engine_version.unwrap_or_default(),
                cluster_id: from.db_cluster_identifier,
            })
        })
        .collect();
    listed.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(listed)
}

pub(super) async fn instance(client: &Client, id: &str) -> Result<DbInstance, Refusal> {
    let same = |found: &sdk::DbInstance| is(found.db_instance_identifier.as_deref(), id);
    let found = records(client, Some(id)).await?.into_iter().find(same);
    convert::instance(found.ok_or_else(|| missing(NO_INSTANCE, id))?)
}

pub(super) async fn cluster(client: &Client, id: &str) -> Result<Cluster, Refusal> {
    let same = |found: &sdk::DbCluster| is(found.db_cluster_identifier.as_deref(), id);
    let found = cluster_records(client, Some(id)).await?.into_iter().find(same);
    let mut found = found.ok_or_else(|| missing(NO_CLUSTER, id))?;
    Ok(Cluster { class: found.db_cluster_instance_class.take(), facts: convert::cluster(found)? })
}

/// The replicas in the Region of their source: those in others are named by ARN.
pub(super) async fn replicas(client: &Client, ids: &[String]) -> Result<Vec<DbInstance>, Refusal> {
    let here = ids.iter().filter(|id| !id.contains(':'));
    try_join_all(here.map(|id| instance(client, id))).await
}

/// The error for a refused description that means a wrong name.
pub(super) async fn no_such_instance(client: &Client, id: &str, refusal: &Refusal) -> Option<Error> {
    if !refusal.is(NO_INSTANCE) {
        return None;
    }
    let names = records(client, None).await.unwrap_or_default();
    let (near, others) = near(id, names.into_iter().filter_map(|found| found.db_instance_identifier).collect());
    Some(Error::NoSuchInstance { id: id.to_owned(), region: client.region().to_owned(), near, others })
}

/// As [`no_such_instance`].
pub(super) async fn no_such_cluster(client: &Client, id: &str, refusal: &Refusal) -> Option<Error> {
    if !refusal.is(NO_CLUSTER) {
        return None;
    }
    let names = cluster_records(client, None).await.unwrap_or_default();
    let (near, others) = near(id, names.into_iter().filter_map(|found| found.db_cluster_identifier).collect());
    Some(Error::NoSuchCluster { id: id.to_owned(), region: client.region().to_owned(), near, others })
}

async fn records(client: &Client, id: Option<&str>) -> Result<Vec<sdk::DbInstance>, Refusal> {
    pages::all(
        |marker| {
            let ask = client.rds.describe_db_instances().set_db_instance_identifier(id.map(str::to_owned));
            ask.set_marker(marker).send()
        },
        |page| (page.db_instances, page.marker),
    )
    .await
}

async fn cluster_records(client: &Client, id: Option<&str>) -> Result<Vec<sdk::DbCluster>, Refusal> {
    pages::all(
        |marker| {
            let ask = client.rds.describe_db_clusters().set_db_cluster_identifier(id.map(str::to_owned));
            ask.set_marker(marker).send()
        },
        |page| (page.db_clusters, page.marker),
    )
    .await
}

fn is(found: Option<&str>, id: &str) -> bool {
    found.is_some_and(|found| found.eq_ignore_ascii_case(id))
}

/// An empty answer says the same as the error does.
fn missing(codes: &[&str], id: &str) -> Refusal {
    Refusal { code: codes.first().map(ToString::to_string), reason: format!("{}: {id} is not there", codes[0]) }
}

fn near(wanted: &str, mut names: Vec<String>) -> (Vec<String>, usize) {
    names.sort_by_cached_key(|name| (strsim::damerau_levenshtein(wanted, name), name.clone()));
    let others = names.len().saturating_sub(NEAR);
    names.truncate(NEAR);
    (names, others)
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn offers_the_nearest_names_first() {
        let names = ["billing", "app1a2b3c4", "app1a2b3d4", "zz", "reports", "search"].map(str::to_owned).to_vec();
        let (near, others) = near("app1a2b3c5", names);
        assert_eq!(near[..2], ["app1a2b3c4", "app1a2b3d4"]);
        assert_eq!((near.len(), others), (5, 1));
    }

    #[test]
    fn an_empty_account_has_no_near_names() {
        assert_eq!(near("app", Vec::new()), (Vec::new(), 0));
    }
}

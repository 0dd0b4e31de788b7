//! What the RDS, STS and CloudWatch APIs say about one instance or cluster.
//!
//! Every operation is read to its last page and stands alone: a refused, unknown or broken one leaves its own gap in
//! the facts, with the reason, and nothing else. Questions that do not depend on each other are asked together.
//! Only a wrong name is an [`Error`] of [`collect`].
//!
//! [`Client`] has the configuration, [`error`] the words for what fails; `of_instance` and `of_cluster` say which
//! questions are asked in which order; `instances`, `versions`, `parameters`, `history` and `surroundings` ask them.

mod client;
mod convert;
mod credentials;
pub mod error;
mod gather;
mod history;
mod instances;
mod login;
#[cfg(test)]
mod mocked;
mod of_cluster;
mod of_instance;
mod pages;
mod parameters;
mod subject;
mod surroundings;
mod versions;
mod whole;

use tokio::sync::oneshot;

pub use client::{Client, configuration};
pub use error::{Error, Refusal};
pub use instances::{Listed, list_instances};
pub use login::{Login, iam_token, secret_password};
pub use versions::upgrade_graph;

use crate::facts::AwsFacts;
use crate::facts::rds::{DbCluster, DbInstance, Endpoint};
use crate::version::PgVersion;
use gather::Gather;

/// An identifier, or an ARN, in whatever case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Instance(String),
    Cluster(String),
}

impl Wanted {
    /// The identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Instance(id) | Self::Cluster(id) => id,
        }
    }
}

/// What a connection to the database needs, known long before the rest of the evidence. It holds no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseAddress {
    /// `None` while the instance is being created.
    pub endpoint: Option<Endpoint>,
    pub master_username: Option<String>,
    pub database_name: Option<String>,
    /// The ARN of the managed master secret.
    pub master_user_secret: Option<String>,
}

/// Collects everything that AWS says. `announce` hears of the database's address as soon as it is known, or is
/// dropped when it never is; `progress` hears the name of each operation that has ended.
///
/// # Errors
/// [`Error::NoSuchInstance`], [`Error::NoSuchCluster`] and [`Error::NotPostgres`], nothing else.
pub async fn collect(
    client: &Client,
    wanted: &Wanted,
    target: Option<&PgVersion>,
    announce: Option<oneshot::Sender<DatabaseAddress>>,
    progress: &dyn Fn(&str),
) -> Result<AwsFacts, Error> {
    let gather = Gather { client, target, progress };
    let announce = Announce(announce);
    match wanted {
        Wanted::Instance(id) => Box::pin(of_instance::collect(gather, &subject::plain(id), announce)).await,
        Wanted::Cluster(id) => Box::pin(of_cluster::collect(gather, &subject::plain(id), announce)).await,
    }
}

/// The listener for the address, if there is one.
struct Announce(Option<oneshot::Sender<DatabaseAddress>>);

impl Announce {
    /// A listener that has gone away is not missed.
    fn send(self, address: DatabaseAddress) {
        if let Some(listener) = self.0 {
            let _ = listener.send(address);
        }
    }
}

impl DatabaseAddress {
    fn of_instance(instance: &DbInstance, cluster: Option<&DbCluster>) -> Self {
        let inherited = |own: &Option<String>, of: fn(&DbCluster) -> &Option<String>| {
            own.clone().or_else(|| cluster.and_then(|cluster| of(cluster).clone()))
        };
        Self {
            endpoint: instance.endpoint.clone(),
            master_username: inherited(&instance.master_username, |cluster| &cluster.master_username),
            database_name: inherited(&instance.database_name, |cluster| &cluster.database_name),
            master_user_secret: inherited(&instance.master_user_secret, |cluster| &cluster.master_user_secret),
        }
    }

    fn of_cluster(cluster: &DbCluster) -> Self {
        Self {
            endpoint: cluster.endpoint.clone(),
            master_username: cluster.master_username.clone(),
            database_name: cluster.database_name.clone(),
            master_user_secret: cluster.master_user_secret.clone(),
        }
    }
}

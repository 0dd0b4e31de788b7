//! What a server has of its own, so that what a case did to it can be undone.

use pg_preflight::demo::Server;
use tokio_postgres::Client;

use crate::support;
use crate::world::{quote_ident, run, texts};

pub(crate) struct Inventory {
    databases: Vec<String>,
    roles: Vec<String>,
}

const DATABASES: &str = "SELECT datname FROM pg_database";
const ROLES: &str = "SELECT rolname FROM pg_roles";

impl Inventory {
    pub(crate) async fn of(admin: &Client) -> Self {
        Self { databases: texts(admin, DATABASES).await, roles: texts(admin, ROLES).await }
    }

    /// Undoes whatever a setup may have done outside the databases that were there before it.
    pub(crate) async fn restore(&self, server: &Server, admin: &Client) {
        settle(server, admin).await;
        for name in texts(admin, DATABASES).await.iter().filter(|name| !self.databases.contains(name)) {
            drop_database(admin, name).await;
        }
        for role in texts(admin, ROLES).await.iter().filter(|role| !self.roles.contains(role)) {
            let role = quote_ident(role);
            run(admin, &format!("DROP OWNED BY {role}")).await;
            run(admin, &format!("DROP ROLE {role}")).await;
        }
        run(admin, "ALTER SYSTEM RESET ALL").await;
        run(admin, "SELECT pg_reload_conf()").await;
    }
}

/// Ends what keeps a database from being dropped: prepared transactions, subscriptions and slots.
pub(crate) async fn settle(server: &Server, admin: &Client) {
    let prepared = "SELECT database || E'\\n' || gid FROM pg_prepared_xacts";
    for found in texts(admin, prepared).await {
        let (database, gid) = found.split_once('\n').unwrap();
        let gid = gid.replace('\'', "''");
        run(&support::connect(server, database).await, &format!("ROLLBACK PREPARED '{gid}'")).await;
    }
    let subscribed = "SELECT d.datname || E'\\n' || s.subname FROM pg_subscription s \
                      JOIN pg_database d ON d.oid = s.subdbid";
    for found in texts(admin, subscribed).await {
        let (database, subscription) = found.split_once('\n').unwrap();
        let (inside, subscription) = (support::connect(server, database).await, quote_ident(subscription));
        run(&inside, &format!("ALTER SUBSCRIPTION {subscription} DISABLE")).await;
        run(&inside, &format!("ALTER SUBSCRIPTION {subscription} SET (slot_name = NONE)")).await;
        run(&inside, &format!("DROP SUBSCRIPTION {subscription}")).await;
    }
    texts(admin, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active").await;
}

/// Drops a database, whoever is in it: a session that has said good-bye may be in it for a moment longer.
pub(crate) async fn drop_database(admin: &Client, name: &str) {
    let literal = name.replace('\'', "''");
    let template = format!("SELECT 1 FROM pg_database WHERE datname = '{literal}' AND datistemplate");
    let name = quote_ident(name);
    if !texts(admin, &template).await.is_empty() {
        run(admin, &format!("ALTER DATABASE {name} IS_TEMPLATE false")).await;
    }
    let others = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{literal}'");
    texts(admin, &others).await;
    run(admin, &format!("DROP DATABASE {name}")).await;
}

//! Servers with little room: what does not fit is fetched later or is unknown, never left out.

use std::time::Duration;

use pg_preflight::checks::Registry;
use pg_preflight::collect::postgres::Limits;
use pg_preflight::facts::Source;
use pg_preflight::report::Verdict;

use crate::support;
use crate::world::{
    ROLE, assert_answered, create_database, entered, judge, login, look, look_with, refusal, run, world, world_with,
};

#[tokio::test]
async fn a_role_with_one_connection_sees_everything() {
    let (server, admin) = world(16).await;
    for at in 0..10 {
        create_database(&admin, &format!("app{at}")).await;
    }
    run(&admin, &format!("ALTER ROLE {ROLE} CONNECTION LIMIT 1")).await;
    let facts = look_with(&server, &Registry::built_in(), Limits { jobs: 8, ..Limits::default() }).await;
    assert_eq!(entered(&facts).len(), 12, "{facts:?}");
    assert_answered(&facts, &[]);
    run(&admin, &format!("ALTER ROLE {ROLE} CONNECTION LIMIT 0")).await;
    let reason = refusal(&login(&server, ""), Limits::default()).await;
    assert!(reason.contains("too many connections for role") && reason.contains("53300"), "{reason}");
}

#[tokio::test]
async fn a_database_that_is_full_is_unknown_and_the_others_are_judged() {
    let (server, admin) = world(12).await;
    for name in ["app", "busy"] {
        create_database(&admin, name).await;
    }
    run(&admin, "ALTER DATABASE busy CONNECTION LIMIT 0").await;
    let facts = look(&server).await;
    let Some(Source::Unavailable { reason }) = facts.per_database.get("busy") else { panic!("{facts:?}") };
    assert!(reason.contains("too many connections for database \"busy\""), "{reason}");
    assert_eq!(entered(&facts).into_iter().collect::<Vec<_>>(), ["app", "postgres", "template1"]);
    assert_eq!(judge(&facts, &Registry::built_in(), "16").verdict, Verdict::Incomplete);
}

#[tokio::test]
async fn a_server_without_a_free_slot_says_so_and_one_is_enough() {
    // Three of them are the superuser's.
    let (server, admin) = world_with(16, &[("max_connections", "8"), ("max_wal_senders", "2")]).await;
    for at in 0..6 {
        create_database(&admin, &format!("app{at}")).await;
    }
    run(&admin, "CREATE ROLE crowd LOGIN").await;
    let crowd = format!("postgresql://crowd@127.0.0.1:{}/postgres", server.port());
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(support::connect_as(&crowd).await);
    }
    let reason = refusal(&login(&server, ""), Limits::default()).await;
    assert!(reason.contains("remaining connection slots are reserved"), "{reason}");
    sessions.pop();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let facts = look_with(&server, &Registry::built_in(), Limits { jobs: 8, ..Limits::default() }).await;
    assert_eq!(entered(&facts).len(), 8, "{facts:?}");
}

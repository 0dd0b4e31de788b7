//! Services that a server tells of by itself.

use pg_preflight::checks::Registry;
use pg_preflight::report::Status;

use crate::support;
use crate::world::{create_database, judge, look, result, run, world};

/// A session's name tells the version where the tables may not be read, and contradicts a change log that may.
#[tokio::test]
async fn metabase_is_known_by_its_sessions_and_its_change_log() {
    let (server, admin) = world(16).await;
    create_database(&admin, "metabase").await;
    let own = support::connect(&server, "metabase").await;
    run(&own, "CREATE TABLE public.metabase_database (id int)").await;
    run(&own, "CREATE TABLE public.databasechangelog (id text)").await;
    run(&own, "INSERT INTO public.databasechangelog VALUES ('42'), ('v58.2026-01-05T12:00:00')").await;
    let registry = Registry::built_in();

    let report = judge(&look(&server).await, &registry, "17");
    for id in ["service.metabase-minimum", "service.unknown-versions"] {
        let found = result(&report, id);
        assert_eq!(found.status, Status::Unknown, "{id}: {:?}", found.reason);
        assert!(found.reason.as_ref().is_some_and(|reason| reason.contains("database metabase")), "{:?}", found.reason);
    }

    run(&own, "SET application_name = 'Metabase v0.56.3 [0b1c]'").await;
    let report = judge(&look(&server).await, &registry, "17");
    for id in ["service.metabase-minimum", "service.unknown-versions", "service.unsupported-target"] {
        assert_eq!(result(&report, id).status, Status::Pass, "{id}: {:?}", result(&report, id).reason);
    }
    assert_eq!(result(&report, "service.differing-versions").status, Status::NotApplicable);

    run(&own, "GRANT SELECT ON public.databasechangelog TO PUBLIC").await;
    let report = judge(&look(&server).await, &registry, "17");
    let differing = result(&report, "service.differing-versions");
    let detail = differing.findings.first().map(|finding| finding.detail.as_str());
    let expected = "v58: change log of database metabase; v0.56.3: session of database metabase";
    assert_eq!((differing.status, detail), (Status::Fail, Some(expected)));
}

//! Queries that fail, are slow or would write, locks, and sessions that end too soon: each costs its own answer only.

use std::time::{Duration, Instant};

use pg_preflight::checks::Registry;
use pg_preflight::collect::postgres::{Limits, collect};
use pg_preflight::facts::{QueryOutcome, Source};
use pg_preflight::report::{Status, Verdict};

use crate::support;
use crate::world::{
    assert_answered, assert_go, collected, create_database, failure, inside, judge, login, look, look_with, report,
    result, rows, run, texts, unanswered_or_failed, with_own, world, world_with,
};

fn limits(statement_timeout: Duration) -> Limits {
    Limits { statement_timeout, ..Limits::default() }
}

#[tokio::test]
async fn a_query_that_fails_costs_its_own_answer_only() {
    let own = [
        (
            "divides",
            "each-database",
            "SELECT '' AS object, (1 / count(*) FILTER (WHERE false))::text AS detail FROM pg_catalog.pg_class",
        ),
        ("misses", "cluster", "SELECT nothing AS object, '' AS detail FROM pg_catalog.pg_class"),
        ("nonsense", "each-database", "SELEKT 1"),
        ("unclosed", "cluster", "SELECT '' AS object, 'never closed AS detail"),
        ("comment", "each-database", "SELECT '' AS object, '' AS detail /* never closed"),
        ("escapes", "each-database", "SELECT '' AS object, '' AS detail) AS x, (SELECT 1"),
        ("denied", "cluster", "SELECT rolname AS object, rolpassword AS detail FROM pg_catalog.pg_authid"),
        ("fine", "each-database", "SELECT 'thing' AS object, '' AS detail -- with a comment"),
    ];
    for major in [12, 17] {
        let (server, _admin) = world(major).await;
        let registry = with_own(&own);
        let facts = look_with(&server, &registry, Limits::default()).await;
        let failing =
            ["own.divides", "own.misses", "own.nonsense", "own.unclosed", "own.comment", "own.escapes", "own.denied"];
        assert_answered(&facts, &failing);
        for database in ["postgres", "template1"] {
            let set = inside(&facts, database);
            assert!(failure(set, "own.divides").contains("division by zero (SQLSTATE 22012)"));
            assert!(failure(set, "own.nonsense").contains("42601"));
            assert!(failure(set, "own.comment").contains("unterminated"));
            assert!(failure(set, "own.escapes").contains("42601"));
            assert_eq!(rows(set, "own.fine").rows.len(), 1);
            assert_eq!(rows(set, "ext.not-offered").rows.len(), 1);
        }
        assert!(failure(&facts.cluster, "own.misses").contains("42703"));
        assert!(failure(&facts.cluster, "own.unclosed").contains("42601"));
        let denied = failure(&facts.cluster, "own.denied");
        assert!(denied.contains("permission denied") && !denied.contains("GRANT"), "{denied}");
        let report = judge(&facts, &registry, "18");
        assert_eq!(result(&report, "own.divides").status, Status::Unknown);
        assert_eq!(result(&report, "pg.reg-types").status, Status::Pass);
        assert_eq!(result(&report, "own.fine").findings.len(), 2);
    }
}

/// What was taken from a role is unknown, with the grant that gives it back; the rest is judged.
#[tokio::test]
async fn a_catalog_that_is_denied_is_given_back_by_the_grant_that_is_named() {
    for major in [12, 17] {
        let (server, admin) = world(major).await;
        run(&admin, "REVOKE SELECT ON pg_catalog.pg_cast FROM PUBLIC").await;
        let denied = report(&server, "18").await;
        assert_eq!(denied.verdict, Verdict::Incomplete, "{:#?}", unanswered_or_failed(&denied));
        let casts = result(&denied, "pg.casts-built-in-later");
        assert_eq!(casts.status, Status::Unknown);
        let reason = casts.reason.as_deref().unwrap();
        let grant =
            reason.split("; ").find_map(|part| part.strip_suffix(" may help")).unwrap_or_else(|| panic!("{reason}"));
        assert_eq!(result(&denied, "pg.nullable-children").status, Status::Pass);
        for database in ["postgres", "template1"] {
            run(&support::connect(&server, database).await, grant).await;
        }
        assert_go(&report(&server, "18").await);
    }
}

/// Even a superuser's session cannot write, nor talk itself out of that.
#[tokio::test]
async fn a_query_cannot_write() {
    let own = [
        ("creates", "each-database", "SELECT public.plant() AS object, '' AS detail"),
        ("counts", "each-database", "SELECT nextval('public.numbers')::text AS object, '' AS detail"),
        (
            "unlocks",
            "each-database",
            "SELECT pg_catalog.set_config('transaction_read_only', 'off', true) AS object, '' AS detail",
        ),
        (
            "unlocks-all",
            "each-database",
            "SELECT pg_catalog.set_config('default_transaction_read_only', 'off', false) AS object, '' AS detail",
        ),
        ("zz-creates", "each-database", "SELECT public.plant() AS object, '' AS detail"),
    ];
    let (server, admin) = world(12).await;
    run(
        &admin,
        "CREATE SEQUENCE public.numbers; CREATE TABLE public.written (a text);
         CREATE FUNCTION public.plant() RETURNS text LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO public.written VALUES ('x'); RETURN 'written'; END $$",
    )
    .await;
    let registry = with_own(&own);
    let superuser = crate::world::settings(&server.url("postgres"));
    let facts = collected(collect(&superuser, &registry.queries(), Limits::default(), &|_| ()).await);
    assert!(facts.server.superuser);
    let set = inside(&facts, "postgres");
    for key in ["own.creates", "own.counts", "own.zz-creates"] {
        let reason = failure(set, key);
        assert!(reason.contains("read-only transaction (SQLSTATE 25006)"), "{reason}");
    }
    assert!(failure(set, "own.unlocks").contains("read-only"), "{set:?}");
    assert_eq!(texts(&admin, "SELECT count(*) FROM public.written").await, ["0"]);
    assert_eq!(texts(&admin, "SELECT is_called FROM public.numbers").await, ["f"]);
    rows(set, "pg.reg-types");
}

#[tokio::test]
async fn a_slow_query_ends_by_the_statement_timeout() {
    let own = [("a-slow", "each-database", "SELECT 'x' AS object, pg_sleep(60)::text AS detail")];
    let (server, _admin) = world(12).await;
    let registry = with_own(&own);
    let started = Instant::now();
    let facts = look_with(&server, &registry, limits(Duration::from_millis(400))).await;
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    assert_answered(&facts, &["own.a-slow"]);
    let reason = failure(inside(&facts, "postgres"), "own.a-slow");
    assert!(reason.contains("statement timeout (SQLSTATE 57014)"), "{reason}");
    let report = judge(&facts, &registry, "17");
    assert_eq!(report.verdict, Verdict::Incomplete);
    assert_eq!(report.open().len(), 1);
}

#[tokio::test]
async fn more_rows_than_are_read_are_unknown_rather_than_few() {
    let own =
        [("many", "cluster", "SELECT i::text AS object, '' AS detail FROM pg_catalog.generate_series(1, 1001) i")];
    let (server, _admin) = world(16).await;
    let registry = with_own(&own);
    let facts = look_with(&server, &registry, Limits::default()).await;
    let answer = rows(&facts.cluster, "own.many");
    assert_eq!((answer.rows.len(), answer.truncated), (1000, true));
    let report = judge(&facts, &registry, "17");
    assert!(result(&report, "own.many").reason.as_deref().is_some_and(|reason| reason.contains("first 1000 rows")));
}

#[tokio::test]
async fn a_locked_table_is_in_nobodys_way_and_a_locked_catalog_ends_by_a_timeout() {
    let (server, admin) = world(16).await;
    create_database(&admin, "app").await;
    let mut locker = support::connect(&server, "app").await;
    run(&locker, "CREATE TABLE public.hooks (fn regproc); CREATE MATERIALIZED VIEW public.seen AS SELECT 1 AS a").await;
    let lock = locker.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE public.hooks IN ACCESS EXCLUSIVE MODE; REFRESH MATERIALIZED VIEW public.seen")
        .await
        .unwrap();
    let facts = look(&server).await;
    assert_answered(&facts, &[]);
    assert_eq!(rows(inside(&facts, "app"), "pg.reg-types").rows.len(), 1);

    lock.batch_execute("LOCK TABLE pg_catalog.pg_extension IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let facts = look_with(&server, &Registry::built_in(), limits(Duration::from_millis(400))).await;
    let Some(QueryOutcome::Failed { reason }) = inside(&facts, "app").get("ext.not-offered") else {
        panic!("{facts:?}")
    };
    assert!(reason.contains("lock timeout (SQLSTATE 55P03)"), "{reason}");
    rows(inside(&facts, "app"), "pg.reg-types");
    rows(inside(&facts, "postgres"), "ext.not-offered");
    lock.rollback().await.unwrap();
    assert_answered(&look(&server).await, &[]);
}

/// Somebody ends our sessions while they work: what was answered stays, the rest is unknown.
#[tokio::test]
async fn sessions_that_are_terminated_leave_their_answers_unknown() {
    let own = [("a-slow", "each-database", "SELECT 'x' AS object, pg_sleep(60)::text AS detail")];
    let (server, admin) = world(16).await;
    create_database(&admin, "app").await;
    let registry = with_own(&own);
    let queries = registry.queries();
    let settings = login(&server, "");
    let looking = collect(&settings, &queries, limits(Duration::from_secs(30)), &|_| ());
    let ending = async {
        let ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pg-preflight' \
                    AND wait_event = 'PgSleep'";
        loop {
            texts(&admin, ours).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let facts = tokio::select! {
        source = looking => collected(source),
        () = ending => unreachable!("it never ends"),
    };
    assert_eq!(facts.databases.len(), 3);
    for database in ["app", "postgres", "template1"] {
        let reason = failure(inside(&facts, database), "own.a-slow");
        assert!(reason.contains("terminating connection due to administrator command"), "{reason}");
        // Asked after it, in the order of their names.
        assert!(!failure(inside(&facts, database), "pg.reg-types").is_empty());
        rows(inside(&facts, database), "ext.not-offered");
    }
    assert_ne!(judge(&facts, &registry, "17").verdict, Verdict::Go);
    assert_go(&judge(&look(&server).await, &Registry::built_in(), "17"));
}

/// The server goes away in the middle.
#[tokio::test]
async fn a_server_that_stops_is_unknown() {
    let own = [("a-slow", "each-database", "SELECT 'x' AS object, pg_sleep(60)::text AS detail")];
    let (server, admin) = world(16).await;
    let registry = with_own(&own);
    let settings = login(&server, "");
    let sleeping = async {
        while texts(&admin, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
    };
    let queries = registry.queries();
    let (source, ()) = tokio::join!(collect(&settings, &queries, limits(Duration::from_secs(30)), &|_| ()), sleeping);
    let facts = collected(source);
    assert!(!failure(inside(&facts, "postgres"), "own.a-slow").is_empty());
    let Some(Source::Unavailable { reason }) = facts.per_database.get("template1") else { panic!("{facts:?}") };
    assert!(!reason.is_empty());
    assert_ne!(judge(&facts, &registry, "17").verdict, Verdict::Go);
}

/// No more connections than `jobs`, all READ ONLY and by name, and none left behind.
#[tokio::test]
async fn it_is_a_guest_that_one_can_see() {
    let own = [(
        "guest",
        "each-database",
        "SELECT pg_catalog.current_setting('transaction_read_only') AS object,
                pg_catalog.current_setting('application_name') || ' ' ||
                pg_catalog.current_setting('transaction_isolation') || ' ' || pg_sleep(0.05)::text AS detail",
    )];
    let (server, admin) = world_with(16, &[("log_connections", "on")]).await;
    for at in 0..12 {
        create_database(&admin, &format!("app{at}")).await;
    }
    let registry = with_own(&own);
    let queries = registry.queries();
    let settings = login(&server, "");
    let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg-preflight'";
    // A session that has said good-bye is in the list for a moment longer, but asks nothing.
    let asking = format!("{ours} AND wait_event = 'PgSleep'");
    for jobs in [1, 3] {
        let mut most = 0;
        let watching = async {
            loop {
                most = most.max(texts(&admin, &asking).await[0].parse::<usize>().unwrap());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let limits = Limits { jobs, ..Limits::default() };
        let facts = tokio::select! {
            source = collect(&settings, &queries, limits, &|_| ()) => collected(source),
            () = watching => unreachable!("it never ends"),
        };
        assert_answered(&facts, &[]);
        assert_eq!(facts.per_database.len(), 14);
        let guest = rows(inside(&facts, "app7"), "own.guest");
        assert_eq!(guest.cell(0, "object"), Some("on"));
        assert_eq!(guest.cell(0, "detail"), Some("pg-preflight repeatable read "));
        assert!((1..=jobs).contains(&most), "{most} at a time with {jobs} jobs");
        let patience = Instant::now() + Duration::from_secs(5);
        while texts(&admin, ours).await[0] != "0" {
            assert!(Instant::now() < patience, "a session is left behind");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let log = std::fs::read_to_string(server.data_dir().parent().unwrap().join("log")).unwrap();
    let connections = log.lines().filter(|line| line.contains("authorized: user=preflight")).count();
    assert_eq!(connections, 2 * 14, "one for each database");
}

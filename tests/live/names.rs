//! Names that break what is careless, and commands of the report that are run as they stand.

use pg_preflight::checks::Registry;
use pg_preflight::collect::postgres::Limits;
use pg_preflight::report::{Finding, Report, Status, Verdict};

use crate::databases::hostile;
use crate::support;
use crate::world::{
    assert_go, create_database, failure, in_url, inside, judge, look_as, look_with, quote_ident, report, result, rows,
    run, settings, texts, with_own, world,
};

/// The objects of a check's findings, sorted.
fn objects(report: &Report, check: &str) -> Vec<String> {
    let mut objects: Vec<String> =
        result(report, check).findings.iter().map(|finding: &Finding| finding.object.clone()).collect();
    objects.sort();
    objects
}

#[tokio::test]
async fn regproc_columns_are_cured_by_the_commands() {
    for major in [11, 16] {
        let (server, admin) = world(major).await;
        create_database(&admin, "app").await;
        let inside = support::connect(&server, "app").await;
        let mut planted = Vec::new();
        for name in hostile() {
            let name = quote_ident(&name);
            run(&inside, &format!("CREATE SCHEMA {name}; CREATE TABLE {name}.{name} ({name} regproc, other int)"))
                .await;
            run(&inside, &format!("INSERT INTO {name}.{name} VALUES ('now', 1), (NULL, 2)")).await;
            planted.push(name);
        }
        let found = report(&server, "17").await;
        let seen = result(&found, "pg.reg-types");
        assert_eq!(seen.findings.len(), planted.len());
        assert_eq!(seen.remedy.commands.len(), planted.len());
        for name in &planted {
            // `quote_ident` of the server leaves plain names bare.
            let bare = name.trim_matches('"');
            let wanted = [format!("{name}.{name}.{name}"), format!("{bare}.{bare}.{bare}")];
            let named = seen.findings.iter().filter(|finding| wanted.contains(&finding.object)).count();
            assert_eq!(named, 1, "{name} in {:?}", seen.findings);
        }
        for command in &seen.remedy.commands {
            run(&inside, command).await;
        }
        assert_go(&report(&server, "17").await);
        let kept = texts(&inside, "SELECT \"UPPER\" FROM \"UPPER\".\"UPPER\" ORDER BY other").await;
        assert_eq!(kept, ["now", ""], "the values stay, as text");
    }
}

/// What holds the column decides what cures it.
#[tokio::test]
async fn regproc_elsewhere_is_cured_by_the_commands() {
    for major in [12, 17] {
        let (server, admin) = world(major).await;
        create_database(&admin, "app").await;
        let inside = support::connect(&server, "app").await;
        run(
            &inside,
            "CREATE TABLE public.parent (id int, fn regproc) PARTITION BY RANGE (id);
             CREATE TABLE public.first PARTITION OF public.parent FOR VALUES FROM (0) TO (10);
             CREATE TABLE public.second PARTITION OF public.parent FOR VALUES FROM (10) TO (20) PARTITION BY LIST (id);
             CREATE TABLE public.second_ten PARTITION OF public.second FOR VALUES IN (10);
             CREATE TABLE public.old (id int, fn regproc);
             CREATE TABLE public.newer () INHERITS (public.old);
             CREATE TABLE public.plain (fn regprocedure PRIMARY KEY, n regnamespace[], o oid);
             CREATE INDEX plain_o ON public.plain ((o::regproc));
             CREATE MATERIALIZED VIEW public.seen AS SELECT 'now'::regproc AS fn, 1 AS n;
             CREATE INDEX seen_fn ON public.seen (fn);",
        )
        .await;
        let found = report(&server, "18").await;
        assert_eq!(result(&found, "pg.reg-types").status, Status::Fail);
        for command in &result(&found, "pg.reg-types").remedy.commands {
            run(&inside, command).await;
        }
        assert_go(&report(&server, "18").await);
    }
}

#[tokio::test]
async fn slots_and_prepared_transactions_are_cured_by_the_commands() {
    for major in [12, 16] {
        let (server, admin) = world(major).await;
        let database = "pre\npared";
        create_database(&admin, database).await;
        let inside = support::connect(&server, database).await;
        // First, as a logical slot waits for the end of all transactions.
        run(&inside, "SELECT pg_create_logical_replication_slot('cdc_1', 'test_decoding')").await;
        run(&inside, "SELECT pg_create_physical_replication_slot('standby')").await;
        run(&inside, "SELECT pg_create_logical_replication_slot('gone', 'pgoutput', true)").await;
        for gid in ["it's\\ \"x\"\n-- 😀", "%s", "\u{1b}[31m"] {
            let literal = gid.replace('\\', "\\\\").replace('\'', "\\'");
            run(&inside, &format!("BEGIN; SELECT txid_current(); PREPARE TRANSACTION E'{literal}'")).await;
        }
        let found = report(&server, "17").await;
        assert_eq!(objects(&found, "pg.logical-slots"), ["cdc_1"], "neither the standby's nor a temporary one");
        assert_eq!(objects(&found, "pg.prepared-transactions").len(), 3);
        for command in &result(&found, "pg.logical-slots").remedy.commands {
            run(&admin, command).await;
        }
        let commands = &result(&found, "pg.prepared-transactions").remedy.commands;
        let undo: Vec<_> = commands.iter().filter(|command| command.starts_with("ROLLBACK")).collect();
        assert_eq!((undo.len(), commands.len()), (3, 6));
        for command in undo {
            run(&inside, command).await;
        }
        let left = "SELECT slot_name FROM pg_replication_slots WHERE NOT temporary";
        assert_eq!(texts(&admin, left).await, ["standby"]);
        assert_go(&report(&server, "17").await);
    }
}

/// A role may have any name too, also ours.
#[tokio::test]
async fn whatever_the_role_is_called() {
    let (server, admin) = world(16).await;
    for name in hostile() {
        run(&admin, &format!("CREATE ROLE {0} LOGIN; GRANT pg_monitor TO {0}", quote_ident(&name))).await;
        let url = format!("postgresql://{}@127.0.0.1:{}/", in_url(&name), server.port());
        assert_eq!(look_as(&settings(&url)).await.server.user, name);
    }
}

/// In a database without an encoding a name is bytes.
#[tokio::test]
async fn a_name_that_is_no_text_is_unknown() {
    for major in [12, 16] {
        let (server, admin) = world(major).await;
        run(&admin, "CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'").await;
        let inside_it = support::connect(&server, "bytes").await;
        let raw = r#"DO $$ BEGIN EXECUTE format('CREATE TABLE public.%I (fn regproc)', convert_from('\x636166e9', 'SQL_ASCII')); END $$"#;
        run(&inside_it, raw).await;
        let registry = with_own(&[(
            "bytes",
            "each-database",
            "SELECT c.relname::int AS object, '' AS detail FROM pg_catalog.pg_class c WHERE c.relname ~ '^caf'",
        )]);
        let facts = look_with(&server, &registry, Limits::default()).await;
        let reason = failure(inside(&facts, "bytes"), "pg.reg-types");
        assert!(reason.contains("UTF8"), "{reason}");
        // The message of an error may name it too.
        assert!(!failure(inside(&facts, "bytes"), "own.bytes").is_empty());
        rows(inside(&facts, "bytes"), "ext.not-offered");
        rows(inside(&facts, "postgres"), "pg.reg-types");
        let report = judge(&facts, &Registry::built_in(), "17");
        assert_eq!(result(&report, "pg.reg-types").status, Status::Unknown);
        assert!(report.verdict != Verdict::Go);
    }
}

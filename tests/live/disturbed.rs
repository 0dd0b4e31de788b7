//! Settings and objects of others that must not change an answer.

use std::time::Duration;

use pg_preflight::checks::Registry;
use pg_preflight::collect::postgres::Limits;
use pg_preflight::facts::{DatabaseFacts, QueryOutcome};
use tokio_postgres::Client;

use crate::support;
use crate::world::{ROLE, assert_answered, create_database, inside, look, look_with, rows, run, world};

/// Everything that a role may set for itself, or a database for all, and that would change how a value reads.
const SETTINGS: [&str; 16] = [
    "search_path = evil, public, pg_catalog",
    "default_transaction_read_only = off",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_deferrable = on",
    "DateStyle = 'German'",
    "IntervalStyle = 'iso_8601'",
    "TimeZone = 'Asia/Kathmandu'",
    "quote_all_identifiers = on",
    "standard_conforming_strings = off",
    "bytea_output = 'escape'",
    "extra_float_digits = -10",
    "client_encoding = 'LATIN1'",
    "transform_null_equals = on",
    "application_name = 'evil'",
    "row_security = off",
    "idle_in_transaction_session_timeout = '50ms'",
];

/// What a careless query would pick up instead of the catalog.
async fn shadow(client: &Client) {
    run(
        client,
        "CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
         CREATE TABLE evil.pg_class AS SELECT * FROM pg_catalog.pg_class WHERE false;
         CREATE TABLE evil.pg_extension AS SELECT * FROM pg_catalog.pg_extension WHERE false;
         CREATE TABLE evil.pg_database AS SELECT * FROM pg_catalog.pg_database WHERE false;
         GRANT SELECT ON ALL TABLES IN SCHEMA evil TO PUBLIC;
         CREATE FUNCTION evil.format(text, name, name) RETURNS text LANGUAGE sql AS $$ SELECT 'evil'::text $$;
         CREATE FUNCTION evil.quote_ident(name) RETURNS text LANGUAGE sql AS $$ SELECT 'evil'::text $$;
         CREATE FUNCTION evil.never(name, name) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
         CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, PROCEDURE = evil.never);
         CREATE FUNCTION evil.never(oid, oid) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
         CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, PROCEDURE = evil.never);
         CREATE FUNCTION evil.never(name, text) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
         CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, PROCEDURE = evil.never);
         CREATE FUNCTION evil.never(\"char\", \"char\") RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
         CREATE OPERATOR evil.= (LEFTARG = \"char\", RIGHTARG = \"char\", PROCEDURE = evil.never);",
    )
    .await;
}

/// Without the WAL that a slot is behind, as the test itself writes some.
fn steady(mut facts: DatabaseFacts) -> DatabaseFacts {
    if let Some(QueryOutcome::Rows(slots)) = facts.cluster.get_mut("pg.unusable-slots") {
        let behind = slots.columns.iter().position(|column| column == "behind").expect("the slots say it");
        slots.rows.iter_mut().for_each(|row| row[behind] = None);
    }
    facts
}

#[tokio::test]
async fn nothing_of_a_role_or_a_database_changes_the_rows() {
    for major in [11, 17] {
        let (server, admin) = world(major).await;
        create_database(&admin, "app").await;
        let inside_it = support::connect(&server, "app").await;
        run(&inside_it, "CREATE TABLE public.\"Hooks\" (fn regproc, plain regprocedure)").await;
        run(&inside_it, "SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')").await;
        run(&inside_it, "BEGIN; SELECT txid_current(); PREPARE TRANSACTION 'it''s\\ open'").await;
        // Before the first look, as these objects are findings too; without a search_path they hide nothing.
        shadow(&inside_it).await;
        let before = steady(look(&server).await);
        // Two of the table, and the privileges in copies of pg_class and pg_database.
        assert_eq!(rows(inside(&before, "app"), "pg.reg-types").rows.len(), 4);
        for whose in [format!("ROLE {ROLE}"), "DATABASE app".to_owned(), format!("ROLE {ROLE} IN DATABASE app")] {
            for setting in SETTINGS {
                run(&admin, &format!("ALTER {whose} SET {setting}")).await;
            }
            let after = steady(look(&server).await);
            assert_eq!(before.databases, after.databases, "{whose} on {major}");
            assert_eq!(before.cluster, after.cluster, "{whose} on {major}");
            assert_eq!(before.per_database, after.per_database, "{whose} on {major}");
            run(&admin, &format!("ALTER {whose} RESET ALL")).await;
        }
    }
}

/// The role's own limit holds only until ours is set.
#[tokio::test]
async fn a_short_statement_timeout_of_the_role_does_not_strike() {
    for major in [12, 16] {
        let (server, admin) = world(major).await;
        for setting in ["statement_timeout = '1ms'", "lock_timeout = '1ms'", "default_transaction_read_only = on"] {
            run(&admin, &format!("ALTER ROLE {ROLE} SET {setting}")).await;
        }
        let slow =
            crate::world::with_own(&[("slow", "each-database", "SELECT '' AS object, pg_sleep(0.1)::text AS detail")]);
        assert_answered(&look_with(&server, &slow, Limits::default()).await, &[]);
    }
}

#[tokio::test]
async fn a_statement_timeout_of_any_length_is_one() {
    let (server, _admin) = world(12).await;
    for timeout in [Duration::from_hours(90 * 24), Duration::MAX] {
        let limits = Limits { statement_timeout: timeout, ..Limits::default() };
        assert_answered(&look_with(&server, &Registry::built_in(), limits).await, &[]);
    }
}

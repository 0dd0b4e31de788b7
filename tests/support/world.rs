//! A server as RDS hands it out: the tests' superuser plants, a role with `pg_monitor` and nothing else looks.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;
use pg_preflight::checks::Registry;
use pg_preflight::collect::postgres::{Environment, Limits, Settings, collect};
use pg_preflight::demo::Server;
use pg_preflight::evaluate::{self, evaluate};
use pg_preflight::facts::{Asked, Bundle, DatabaseFacts, QueryOutcome, QuerySet, Rows, SCHEMA_VERSION, Source};
use pg_preflight::report::{CheckResult, Report, Verdict};
use pg_preflight::upgrade::Platform;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::support;

pub(crate) use pg_preflight::quote::quote_ident;

/// The role that looks.
pub(crate) const ROLE: &str = "preflight";

/// A server of the test's own, with [`ROLE`].
pub(crate) async fn world(major: u64) -> (Server, Client) {
    world_with(major, &[]).await
}

pub(crate) async fn world_with(major: u64, settings: &[(&str, &str)]) -> (Server, Client) {
    let server = support::fresh_server_with(major, settings, None);
    let admin = support::connect(&server, "postgres").await;
    run(&admin, &format!("CREATE ROLE {ROLE} LOGIN; GRANT pg_monitor TO {ROLE}")).await;
    (server, admin)
}

/// Runs SQL that must work.
pub(crate) async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| {
        let said = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
        panic!("{said}: {sql}")
    });
}

/// The first column of every row.
pub(crate) async fn texts(client: &Client, sql: &str) -> Vec<String> {
    let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
        _ => None,
    });
    rows.collect()
}

/// A database from the template that nobody is in.
pub(crate) async fn create_database(admin: &Client, name: &str) {
    run(admin, &format!("CREATE DATABASE {} TEMPLATE template0", quote_ident(name))).await;
}

/// How [`ROLE`] logs in: `rest` is the end of the URL, `/database?sslmode=…`.
pub(crate) fn login(server: &Server, rest: &str) -> Settings {
    settings(&format!("postgresql://{ROLE}@127.0.0.1:{}{rest}", server.port()))
}

/// A name as a part of a URL.
pub(crate) fn in_url(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub(crate) fn settings(url: &str) -> Settings {
    Settings::from_user(Some(url), &Environment::new()).expect("a valid URL").expect("with a host")
}

/// Everything the built-in checks ask.
pub(crate) async fn look(server: &Server) -> DatabaseFacts {
    look_with(server, &Registry::built_in(), Limits::default()).await
}

/// As [`look`], logged in otherwise.
pub(crate) async fn look_as(settings: &Settings) -> DatabaseFacts {
    collected(collect(settings, &Registry::built_in().queries(), Limits::default(), &|_| ()).await)
}

pub(crate) async fn look_with(server: &Server, registry: &Registry, limits: Limits) -> DatabaseFacts {
    collected(collect(&login(server, ""), &registry.queries(), limits, &|_| ()).await)
}

pub(crate) fn collected(source: Source<DatabaseFacts>) -> DatabaseFacts {
    match source {
        Source::Collected(facts) => facts,
        other => panic!("{other:?}"),
    }
}

/// Why nothing could be collected at all.
pub(crate) async fn refusal(settings: &Settings, limits: Limits) -> String {
    match collect(settings, &Registry::built_in().queries(), limits, &|_| ()).await {
        Source::Unavailable { reason } => {
            assert!(!reason.contains('\n'), "one line: {reason}");
            reason
        }
        other => panic!("{other:?}"),
    }
}

/// What is judged of a database alone.
pub(crate) fn judge(facts: &DatabaseFacts, registry: &Registry, target: &str) -> Report {
    judge_as(facts, registry, target, None)
}

/// As [`judge`], by the rules of a platform.
pub(crate) fn judge_as(facts: &DatabaseFacts, registry: &Registry, target: &str, platform: Option<Platform>) -> Report {
    let now = Timestamp::now();
    let bundle = Bundle {
        schema_version: SCHEMA_VERSION,
        tool_version: "0".to_owned(),
        collected_at: now,
        asked: Asked::default(),
        aws: Source::SwitchedOff { flag: "--no-aws".to_owned() },
        database: Source::Collected(facts.clone()),
        declared: Source::NotGiven { hint: "none".to_owned() },
    };
    let settings = evaluate::Settings { platform, ..evaluate::Settings::plain(target.parse().unwrap(), now) };
    evaluate(&bundle, registry, &settings)
}

/// The judgement of a server as it is, by the built-in checks.
pub(crate) async fn report(server: &Server, target: &str) -> Report {
    judge(&look(server).await, &Registry::built_in(), target)
}

pub(crate) fn result<'a>(report: &'a Report, id: &str) -> &'a CheckResult {
    report.results.iter().find(|result| result.id == id).expect("every check is in every report")
}

pub(crate) fn assert_go(report: &Report) {
    assert_eq!(report.verdict, Verdict::Go, "{:#?}", unanswered_or_failed(report));
}

pub(crate) fn unanswered_or_failed(report: &Report) -> Vec<String> {
    let odd = report.results.iter().filter(|result| matches!(result.status.as_str(), "fail" | "unknown"));
    odd.map(|result| format!("{}: {:?} {:?}", result.id, result.reason, result.findings)).collect()
}

/// The answers of one database.
pub(crate) fn inside<'a>(facts: &'a DatabaseFacts, database: &str) -> &'a QuerySet {
    match facts.per_database.get(database) {
        Some(Source::Collected(set)) => set,
        other => panic!("{database:?}: {other:?}"),
    }
}

pub(crate) fn rows<'a>(set: &'a QuerySet, key: &str) -> &'a Rows {
    match set.get(key) {
        Some(QueryOutcome::Rows(rows)) => rows,
        other => panic!("{key}: {other:?}"),
    }
}

/// Why a query has no answer.
pub(crate) fn failure<'a>(set: &'a QuerySet, key: &str) -> &'a str {
    match set.get(key) {
        Some(QueryOutcome::Failed { reason }) => reason,
        other => panic!("{key}: {other:?}"),
    }
}

/// Every query of every place has its answer, but those of `except`.
pub(crate) fn assert_answered(facts: &DatabaseFacts, except: &[&str]) {
    let mut open = String::new();
    let inside = facts.per_database.iter().map(|(name, source)| match source {
        Source::Collected(set) => (name.as_str(), set),
        other => panic!("{name}: {other:?}"),
    });
    for (place, set) in inside.chain([("the server", &facts.cluster)]) {
        for (key, outcome) in set.iter().filter(|(key, _)| !except.contains(&key.as_str())) {
            if let QueryOutcome::Failed { reason } = outcome {
                writeln!(open, "{place}: {key}: {reason}").unwrap();
            }
        }
    }
    assert!(open.is_empty(), "{open}");
}

/// The databases that were looked into.
pub(crate) fn entered(facts: &DatabaseFacts) -> BTreeSet<&str> {
    let entered = facts.per_database.iter().filter(|(_, source)| source.collected().is_some());
    entered.map(|(name, _)| name.as_str()).collect()
}

/// The built-in checks and a user's own: name, scope, SQL with the columns `object` and `detail`.
pub(crate) fn with_own(own: &[(&str, &str, &str)]) -> Registry {
    let folder = tempfile::tempdir().unwrap();
    for (name, scope, sql) in own {
        let text = format!(
            r#"
schema = 1
id = "own.{name}"
title = "{name}"
severity = "blocker"
fails-at = "after"
summary = {{ one = "1", many = "{{count}}" }}
why = "of a test"
docs = []
[remedy]
text = "none"
[query]
scope = "{scope}"
columns = ["object", "detail"]
sql = '''
{sql}
'''
[rule.rows]
object = "{{object}}"
kind = "thing"
detail = "{{detail}}"
"#
        );
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    Registry::built_in().with_folder(folder.path()).unwrap_or_else(|error| panic!("{error}"))
}

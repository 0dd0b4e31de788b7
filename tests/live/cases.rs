//! Every `live` case of every check, on a real server of each major, as the role that RDS would give us.

use std::collections::BTreeMap;

use pg_preflight::checks::{Case, Check, Expectation, Live, Registry, Rule, Scope, Severity};
use pg_preflight::demo::Server;
use pg_preflight::facts::Rows;
use pg_preflight::report::{Report, Status, Verdict};

use crate::inventory::Inventory;
use crate::script::statements;
use crate::support;
use crate::world::{
    ROLE, assert_answered, assert_go, create_database, inside, judge, judge_as, look, result, rows, run,
    unanswered_or_failed, world,
};

const DATABASE: &str = "live";

/// The majors that a case without `majors` is tried on.
const MAJORS: [u64; 4] = [12, 14, 16, 17];

/// What differs from run to run: the time, and the names that a fixture gives its database and owner.
const VOLATILE: [&str; 3] = ["prepared", "in_database", "owner"];

#[tokio::test]
async fn postgres_11() {
    every_case(11).await;
}

#[tokio::test]
async fn postgres_12() {
    every_case(12).await;
}

#[tokio::test]
async fn postgres_13() {
    every_case(13).await;
}

#[tokio::test]
async fn postgres_14() {
    every_case(14).await;
}

#[tokio::test]
async fn postgres_15() {
    every_case(15).await;
}

#[tokio::test]
async fn postgres_16() {
    every_case(16).await;
}

#[tokio::test]
async fn postgres_17() {
    every_case(17).await;
}

#[tokio::test]
async fn postgres_18() {
    every_case(18).await;
}

async fn every_case(major: u64) {
    let (server, admin) = world(major).await;
    let registry = Registry::built_in();
    clean(&server, &registry, major).await;
    let before = Inventory::of(&admin).await;
    for check in registry.iter() {
        for case in &check.cases {
            let Some(live) = &case.live else { continue };
            let wanted = if live.majors.is_empty() { &MAJORS[..] } else { &live.majors[..] };
            if wanted.contains(&major) {
                create_database(&admin, DATABASE).await;
                one(&server, &registry, check, case, live).await;
                before.restore(&server, &admin).await;
            }
        }
    }
    clean(&server, &registry, major).await;
}

/// Nothing planted: every query runs, and the verdict is GO for every later major.
async fn clean(server: &Server, registry: &Registry, major: u64) {
    let facts = look(server).await;
    assert_eq!(facts.server.version.major(), major);
    assert_eq!((facts.server.user.as_str(), facts.server.superuser), (ROLE, false));
    assert!(!facts.server.rds && !facts.server.aurora && !facts.server.in_recovery);
    assert_answered(&facts, &[]);
    for query in registry.queries() {
        let sets = match query.scope {
            Scope::Cluster => vec![&facts.cluster],
            Scope::EachDatabase => vec![inside(&facts, "postgres"), inside(&facts, "template1")],
        };
        for set in sets {
            assert_eq!(rows(set, &query.key).columns, query.columns, "{} on {major}", query.key);
        }
    }
    for target in major + 1..=18 {
        assert_go(&judge(&facts, registry, &target.to_string()));
    }
}

async fn one(server: &Server, registry: &Registry, check: &Check, case: &Case, live: &Live) {
    let name = format!("{}: {} on {}", check.id, case.name, server.version());
    let session = support::connect(server, DATABASE).await;
    for statement in statements(&live.setup) {
        run(&session, statement).await;
    }
    drop(session);
    let facts = look(server).await;
    assert_answered(&facts, &[]);
    let query = check.query.as_ref().unwrap_or_else(|| panic!("{name}: a live case has a query"));
    let answer = match query.scope {
        Scope::Cluster => rows(&facts.cluster, &query.key),
        Scope::EachDatabase => rows(inside(&facts, DATABASE), &query.key),
    };
    let applies = check.applies.source.as_ref().is_none_or(|range| facts.server.version.satisfies(range));
    if !applies {
        return;
    }
    if let Some(expected) = &case.rows {
        same(expected, answer, &name);
    }
    let later = (server.version().major() + 1).to_string();
    let target = case.target.as_deref().unwrap_or(&later);
    judged(&judge_as(&facts, registry, target, case.platform), check, case, &name);
}

fn same(expected: &[BTreeMap<String, String>], answer: &Rows, name: &str) {
    assert_eq!(answer.rows.len(), expected.len(), "{name}: {:?}", answer.rows);
    for (at, row) in expected.iter().enumerate() {
        for (column, value) in row {
            let seen = answer.cell(at, column).unwrap_or_default();
            if VOLATILE.contains(&column.as_str()) {
                assert!(!seen.is_empty(), "{name}: row {at} has no {column}");
            } else {
                assert_eq!(seen, value, "{name}: {column} of row {at} in {:?}", answer.rows);
            }
        }
    }
}

/// What is planted, and nothing else, is found, and once.
fn judged(report: &Report, check: &Check, case: &Case, name: &str) {
    let seen = result(report, &check.id);
    // What RDS must say beside the rows, it does not say here; the cases without a server judge that.
    if seen.status == Status::Skipped && matches!(&check.rule, Rule::Rust { calls, .. } if !calls.is_empty()) {
        return;
    }
    let expected = match case.expect {
        Expectation::Pass => Status::Pass,
        Expectation::Fail => Status::Fail,
        // The rest is about evidence that a server at hand does not lack.
        _ => return,
    };
    assert_eq!(seen.status, expected, "{name}: {:?}", seen.reason);
    let objects: Vec<&str> = seen.findings.iter().map(|finding| finding.object.as_str()).collect();
    assert_eq!(objects, case.objects, "{name}");
    if seen.status == Status::Fail && check.severity == Severity::Blocker {
        assert_eq!(report.verdict, Verdict::NoGo, "{name}");
        for object in &case.objects {
            let blockers = report.results.iter().filter(|result| result.severity == Severity::Blocker);
            let named = blockers.flat_map(|result| &result.findings).filter(|finding| finding.object == *object);
            assert_eq!(named.count(), 1, "{name}: {object} in {:?}", unanswered_or_failed(report));
        }
    }
}

//! Many databases on one server.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use pg_preflight::checks::Registry;
use pg_preflight::collect::postgres::{Limits, collect};

use crate::support;
use crate::world::{assert_answered, collected, entered, judge, login, result, run, world};

#[tokio::test]
async fn fifty_databases_are_all_answered_soon() {
    let (server, admin) = world(16).await;
    run(&admin, "CREATE DATABASE pattern TEMPLATE template0").await;
    run(&support::connect(&server, "pattern").await, "CREATE TABLE public.t (a int PRIMARY KEY, b text)").await;
    for at in 1..50 {
        run(&admin, &format!("CREATE DATABASE app{at} TEMPLATE pattern STRATEGY file_copy")).await;
    }
    run(&support::connect(&server, "app31").await, "CREATE TABLE public.hooks (fn regproc)").await;
    let registry = Registry::built_in();
    let (queries, settings) = (registry.queries(), login(&server, ""));
    let said = RefCell::new(Vec::new());
    let progress = |text: &str| said.borrow_mut().push(text.to_owned());
    let started = Instant::now();
    let facts = collected(collect(&settings, &queries, Limits::default(), &progress).await);
    let elapsed = started.elapsed();
    println!("52 databases in {elapsed:?}");
    assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
    assert_eq!((facts.databases.len(), entered(&facts).len()), (52, 52));
    assert_answered(&facts, &[]);
    assert_eq!(said.borrow().last().map(String::as_str), Some("databases 52/52"));
    let report = judge(&facts, &registry, "17");
    let databases: Vec<_> =
        result(&report, "pg.reg-types").findings.iter().map(|found| found.database.as_deref()).collect();
    assert_eq!(databases, [Some("app31")]);
}

//! Which databases are entered, and what becomes of the others.

use pg_preflight::checks::Registry;
use pg_preflight::facts::{DatabaseFacts, Source};
use pg_preflight::report::Verdict;

use crate::support;
use crate::world::{
    ROLE, assert_go, create_database, entered, in_url, judge, login, look, look_as, result, run, unanswered_or_failed,
    world,
};

fn listed(facts: &DatabaseFacts) -> Vec<&str> {
    facts.databases.iter().map(|database| database.name.as_str()).collect()
}

#[tokio::test]
async fn all_but_template0_and_rdsadmin_are_entered() {
    for major in [12, 17] {
        let (server, admin) = world(major).await;
        for name in ["app", "rdsadmin"] {
            create_database(&admin, name).await;
        }
        let facts = look(&server).await;
        assert_eq!(listed(&facts), ["app", "postgres", "template1"]);
        assert_eq!(entered(&facts).into_iter().collect::<Vec<_>>(), ["app", "postgres", "template1"]);
        assert_eq!(facts.server.address, format!("127.0.0.1:{}", server.port()));
        assert_go(&judge(&facts, &Registry::built_in(), "18"));
    }
}

#[tokio::test]
async fn rds_and_aurora_are_told_from_their_own_marks() {
    let (server, admin) = world(16).await;
    run(&admin, "CREATE ROLE rdsadmin; CREATE FUNCTION public.aurora_version() RETURNS text RETURN 'not Aurora'").await;
    let facts = look(&server).await;
    assert!(facts.server.rds);
    assert!(!facts.server.aurora, "anybody can make a function of that name");
    run(&admin, "SET allow_system_table_mods = on; ALTER FUNCTION public.aurora_version() SET SCHEMA pg_catalog").await;
    assert!(look(&server).await.server.aurora);
}

#[tokio::test]
async fn one_without_connect_is_unknown_and_the_others_are_judged() {
    for (major, words) in [(12, "permission denied for database \"hr\""), (16, "permission denied for database \"hr\"")]
    {
        let (server, admin) = world(major).await;
        for name in ["app", "hr"] {
            create_database(&admin, name).await;
        }
        run(&admin, "REVOKE CONNECT ON DATABASE hr FROM PUBLIC").await;
        run(&support::connect(&server, "app").await, "CREATE TABLE public.hooks (fn regproc)").await;
        let facts = look(&server).await;
        let Some(Source::Unavailable { reason }) = facts.per_database.get("hr") else { panic!("{facts:?}") };
        assert!(reason.contains(words) && reason.contains("42501"), "{reason}");
        assert_eq!(listed(&facts), ["app", "hr", "postgres", "template1"]);

        let report = judge(&facts, &Registry::built_in(), "17");
        assert_eq!(report.verdict, Verdict::NoGo, "the database that was entered is judged");
        assert_eq!(result(&report, "pg.reg-types").findings.len(), 1);
        run(&support::connect(&server, "app").await, "DROP TABLE public.hooks").await;
        let report = judge(&look(&server).await, &Registry::built_in(), "17");
        assert_eq!(report.verdict, Verdict::Incomplete, "{:?}", unanswered_or_failed(&report));
        assert_eq!(report.coverage.not_entered.len(), 1);
        run(&admin, &format!("GRANT CONNECT ON DATABASE hr TO {ROLE}")).await;
        assert_go(&judge(&look(&server).await, &Registry::built_in(), "17"));
    }
}

/// Each is a blocker of its own and opens nothing else; the commands of the report cure them.
#[tokio::test]
async fn closed_ones_are_named_once_and_cured() {
    let names = ["half", "closed", "it's \"half\"\n-- 😀 %s \\", "\u{1b}[31mclosed;"];
    for major in [12, 16] {
        let (server, admin) = world(major).await;
        for (at, name) in names.iter().enumerate() {
            create_database(&admin, name).await;
            let change = if at % 2 == 0 { "datconnlimit = -2" } else { "datallowconn = false" };
            let literal = name.replace('\'', "''");
            run(
                &admin,
                &format!(
                    "SET standard_conforming_strings = on; \
                     UPDATE pg_database SET {change} WHERE datname = '{literal}'"
                ),
            )
            .await;
        }
        let facts = look(&server).await;
        assert_eq!(entered(&facts).into_iter().collect::<Vec<_>>(), ["postgres", "template1"]);
        let report = judge(&facts, &Registry::built_in(), "17");
        assert_eq!(report.verdict, Verdict::NoGo);
        assert_eq!(report.open().len(), 0, "{:?}", unanswered_or_failed(&report));
        for (check, at) in [("pg.invalid-databases", 0), ("pg.unconnectable-databases", 1)] {
            let seen = result(&report, check);
            let mut objects: Vec<&str> = seen.findings.iter().map(|finding| finding.object.as_str()).collect();
            let mut planted = [names[at], names[at + 2]];
            objects.sort_unstable();
            planted.sort_unstable();
            assert_eq!(objects, planted);
            for command in &seen.remedy.commands {
                run(&admin, command).await;
            }
        }
        let facts = look(&server).await;
        assert_eq!(facts.databases.len(), 4, "the half-dropped are gone, the closed are open: {:?}", listed(&facts));
        assert_go(&judge(&facts, &Registry::built_in(), "17"));
    }
}

#[tokio::test]
async fn whatever_it_is_called_it_is_entered() {
    let names = hostile();
    let (server, admin) = world(14).await;
    for name in &names {
        create_database(&admin, name).await;
        run(&support::connect(&server, name).await, "CREATE TABLE public.hooks (fn regproc)").await;
    }
    let facts = look(&server).await;
    let report = judge(&facts, &Registry::built_in(), "16");
    let seen = result(&report, "pg.reg-types");
    let mut databases: Vec<_> = seen.findings.iter().filter_map(|finding| finding.database.clone()).collect();
    databases.sort();
    let mut planted = names.clone();
    planted.sort();
    assert_eq!(databases, planted);
    assert!(seen.findings.iter().all(|finding| finding.object == "public.hooks.fn"));
    // A name in a comment must not end the comment.
    for command in &seen.remedy.commands {
        assert_eq!(command.lines().count(), 1, "{command:?}");
    }
    // The database that is entered first may be one of these.
    for name in &names {
        let facts = look_as(&login(&server, &format!("/{}", in_url(name)))).await;
        assert_eq!(facts.databases.len(), names.len() + 2, "{name:?}");
    }
}

/// Names that break what is careless. PostgreSQL cuts at 63 bytes.
pub(crate) fn hostile() -> Vec<String> {
    let mut names = [
        "it's \"quoted\"",
        "line\nDROP TABLE x; --",
        "😀 ünïcode",
        "-- comment",
        "\u{1b}[31mred\u{1b}[0m",
        "%s %n %d {database} {}",
        "back\\slash\\'",
        "select",
        "a;b,c $1 $$",
        "/* x */",
        " ",
        "UPPER",
        "../../etc/passwd?sslmode=disable&x=%00#",
        "host=evil port=1",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("x".repeat(63));
    names.push(format!("{}é", "y".repeat(61)));
    names
}

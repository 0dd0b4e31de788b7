use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{
    About, Action, Basis, Installed, Plan, QUERY, down, folder_name, installed, next_version, plan, snake_case, up,
};
use crate::facts::{DatabaseFacts, QueryOutcome, Rows, Server, Source};
use crate::upgrade::Platform;
use crate::version::PgVersion;

fn version(text: &str) -> PgVersion {
    text.parse().expect(text)
}

fn one(name: &str, version: &str, available: &str, requires: &[&str]) -> Installed {
    Installed {
        name: name.to_owned(),
        version: version.to_owned(),
        available: (!available.is_empty()).then(|| available.to_owned()),
        schema: "public".to_owned(),
        owner: "app".to_owned(),
        requires: requires.iter().map(|name| (*name).to_owned()).collect(),
        has_way: (version != available).then_some(true),
    }
}

fn statements(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(super::Step::statement).collect()
}

fn left(plan: &Plan) -> Vec<(&str, bool)> {
    plan.left.iter().map(|left| (left.name.as_str(), left.is_unknown)).collect()
}

fn about<'a>(runs: &'a PgVersion, target: &'a PgVersion) -> About<'a> {
    About { subject: "app1a2b3c4", database: "app", source: "default", runs, target, as_of: None, is_guarded: true }
}

#[test]
fn what_is_behind_is_updated_and_nothing_else() {
    let some = [
        one("uuid-ossp", "1.0", "1.1", &[]),
        one("hstore", "1.4", "1.8", &[]),
        one("pgcrypto", "1.3", "1.3", &[]),
        one("ours", "2.0", "", &[]),
        one("pg_cron", "1.9", "1.6", &[]),
        Installed { has_way: Some(false), ..one("pgaudit", "1.4.3", "16.0", &[]) },
        Installed { has_way: None, ..one("odd", "1", "2", &[]) },
        // Neither is older: the server knows whether there is a way.
        one("beta", "3.6.0next", "3.6.1", &[]),
    ];
    let found = plan(&some, Basis::Live);
    assert_eq!(
        statements(&found),
        [
            "ALTER EXTENSION \"beta\" UPDATE;",
            "ALTER EXTENSION \"hstore\" UPDATE;",
            "ALTER EXTENSION \"uuid-ossp\" UPDATE;"
        ]
    );
    assert_eq!(left(&found), [("odd", true), ("ours", false), ("pg_cron", false), ("pgaudit", false)]);
    assert!(found.left[3].reason.contains("has no update path"));
    assert_eq!(plan(&[one("hstore", "1.8", "1.8", &[])], Basis::Live), Plan::default());
}

#[test]
fn what_others_need_comes_first_even_over_one_that_is_current() {
    let some = [
        one("a_last", "1", "2", &["m_between"]),
        one("m_between", "1", "1", &["z_first"]),
        one("z_first", "1", "2", &[]),
        one("ring_a", "1", "2", &["ring_b"]),
        one("ring_b", "1", "2", &["ring_a"]),
        one("lone", "1", "2", &["not_installed"]),
    ];
    let names: Vec<String> = plan(&some, Basis::Live)
        .steps
        .iter()
        .flat_map(|step| step.updates.iter().map(|one| one.name.clone()))
        .collect();
    let at = |name: &str| names.iter().position(|other| other == name).expect(name);
    assert_eq!(names.len(), 5, "{names:?}");
    assert!(at("z_first") < at("a_last"));
    assert!(names.contains(&"ring_a".to_owned()) && names.contains(&"lone".to_owned()));
}

#[test]
fn postgis_is_updated_by_its_own_function_between_what_it_needs_and_what_needs_it() {
    let mut some = vec![
        one("address_standardizer", "3.0.3", "3.4.2", &[]),
        one("fuzzystrmatch", "1.1", "1.2", &[]),
        one("pgrouting", "3.0.3", "3.6.2", &["postgis"]),
        one("postgis", "3.0.3", "3.4.2", &[]),
        one("postgis_raster", "3.0.3", "3.4.2", &["postgis"]),
        one("postgis_tiger_geocoder", "3.4.2", "3.4.2", &["fuzzystrmatch", "postgis"]),
    ];
    for item in &mut some {
        item.schema = "Gis \"x\"".to_owned();
        // Nobody asks for its ways.
        item.has_way = item.has_way.filter(|_| !item.name.starts_with("postgis"));
    }
    let found = plan(&some, Basis::Live);
    let postgis = "SELECT \"Gis \"\"x\"\"\".postgis_extensions_upgrade();";
    assert_eq!(
        statements(&found),
        [
            "ALTER EXTENSION \"address_standardizer\" UPDATE;",
            "ALTER EXTENSION \"fuzzystrmatch\" UPDATE;",
            postgis,
            "ALTER EXTENSION \"pgrouting\" UPDATE;"
        ]
    );
    let updated: Vec<&str> = found.steps[2].updates.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(updated, ["postgis", "postgis_raster"]);
    let (runs, target) = (version("16.3"), version("16.3"));
    let text = up(&about(&runs, &target), &found);
    assert_eq!(text.matches("PERFORM \"Gis \"\"x\"\"\".postgis_extensions_upgrade();").count(), 1, "{text}");

    // From 2 to 3 it is called twice; before 2.5 there is no such function.
    some[3].version = "2.5.5".to_owned();
    assert!(matches!(plan(&some, Basis::Live).steps[2].action, Action::Postgis { times: 2, .. }));
    let old = [one("postgis", "2.4.4", "3.4.2", &[]), one("postgis_topology", "2.4.4", "3.4.2", &["postgis"])];
    assert_eq!(
        statements(&plan(&old, Basis::Live)),
        ["ALTER EXTENSION \"postgis\" UPDATE;", "ALTER EXTENSION \"postgis_topology\" UPDATE;"]
    );
}

#[test]
fn before_the_upgrade_the_table_says_what_will_be_behind() {
    let target = version("16.3");
    let some = [
        one("hstore", "1.4", "1.4", &[]),
        one("plpgsql", "1.0", "1.0", &[]),
        one("pg_repack", "1.4.7", "1.4.7", &[]),
        one("pgaudit", "1.4.3", "1.4.3", &[]),
        one("pgcrypto", "1.3", "1.3", &[]),
        one("postgis", "3.0.3", "3.0.3", &[]),
        one("timescaledb", "2.9.1", "2.9.1", &[]),
        one("hypopg", "99", "99", &[]),
    ];
    let found = plan(&some, Basis::Table { platform: Platform::Rds, target: &target });
    assert_eq!(
        statements(&found),
        ["ALTER EXTENSION \"hstore\" UPDATE;", "SELECT \"public\".postgis_extensions_upgrade();"]
    );
    assert_eq!(found.steps[0].updates[0].to, "1.8");
    assert_eq!(left(&found), [("hypopg", false), ("pg_repack", false), ("pgaudit", false), ("timescaledb", true)]);
    let runs = version("12.22");
    let text = up(&About { as_of: Some("2026-10"), ..about(&runs, &target) }, &found);
    assert!(text.contains("AWS's table of 2026-10 for 16.3, while the server ran 12.22"), "{text}");
    assert!(!text.contains("UPDATE TO"), "a table's version is not asked of the server: {text}");
}

#[test]
fn the_text_warns_guards_and_quotes() {
    let (runs, target) = (version("16.3"), version("16.3"));
    let name = "it's \"odd\\\n$update$; DROP TABLE x; -- é";
    let some = [Installed { owner: "o\nwner".to_owned(), ..one(name, "1\n2", "3", &[]) }];
    let found = plan(&some, Basis::Live);
    let text = up(&About { database: "a\nSELECT 2;", ..about(&runs, &target) }, &found);
    assert!(text.contains("DEPLOY THIS AFTER THE UPGRADE"));
    assert!(
        text.contains("< 160000 THEN")
            && text.contains("ALTER EXTENSION \"it's \"\"odd\\\n$update$; DROP TABLE x; -- é\" UPDATE;")
    );
    assert!(text.contains("extname = E'it''s \"odd\\\\\n$update$; DROP TABLE x; -- é') THEN"), "{text}");
    assert!(text.contains("DO $update_$\n") && text.ends_with("END\n$update_$;\n"), "{text}");
    for forged in ["\nSELECT 2;", "\n2", "\nwner"] {
        assert!(!text.contains(forged), "{forged:?} in {text}");
    }
    let back = down(&about(&runs, &target), &found);
    assert!(back.ends_with("\nSELECT 1;\n"));
    assert!(back.lines().rev().skip(1).all(|line| line.starts_with("--")), "{back}");
    let bare = up(&About { is_guarded: false, ..about(&runs, &target) }, &found);
    assert!(!bare.contains("RAISE EXCEPTION") && bare.contains("--no-guard"));
}

#[test]
fn versions_are_larger_than_every_one_there_is() {
    let now = 1_763_982_000_000;
    let existing = [
        "1654696186008_init",
        "1739787604659_update extensions",
        "notes",
        "99",
        "12x_no",
        "999999999999999999999_huge",
    ];
    assert_eq!(next_version(existing, now), Some(now));
    assert_eq!(next_version(["2999999999999_future one", "1_old"], now), Some(3_000_000_000_000));
    // As the documentation has it, in nanoseconds.
    assert_eq!(next_version(["1654696186008000000_init.up.sql"], now), Some(1_654_696_186_008_000_001));
    assert_eq!(next_version(["18446744073709551615_last"], now), None);
    assert_eq!(next_version([], now), Some(now));
    assert_eq!(folder_name(now, "update_extensions"), "1763982000000_update_extensions");
    assert_eq!(snake_case("update extensions-16").as_deref(), Some("update_extensions_16"));
    for bad in ["", " ", "a/b", "..", "a.b", "ü", "a\nb"] {
        assert_eq!(snake_case(bad), None, "{bad:?}");
    }
}

fn facts(outcome: Option<QueryOutcome>) -> DatabaseFacts {
    let set = outcome.into_iter().map(|outcome| (QUERY.to_owned(), outcome)).collect();
    DatabaseFacts {
        server: Server {
            version: version("16.3"),
            address: "db:5432".to_owned(),
            user: "preflight".to_owned(),
            superuser: false,
            rds: true,
            aurora: false,
            in_recovery: false,
        },
        databases: Vec::new(),
        cluster: BTreeMap::new(),
        per_database: BTreeMap::from([
            ("app".to_owned(), Source::Collected(set)),
            ("hr".to_owned(), Source::unavailable("permission denied")),
        ]),
    }
}

#[test]
fn what_was_not_seen_is_said_in_the_words_of_the_server() {
    let columns =
        ["name", "version", "available", "schema", "owner", "requires", "has_way"].map(str::to_owned).to_vec();
    let row = |cells: [&str; 7]| cells.map(|cell| (!cell.is_empty()).then(|| cell.to_owned())).to_vec();
    let rows = |rows, truncated| Some(QueryOutcome::Rows(Rows { columns: columns.clone(), rows, truncated }));
    let good = row(["earthdistance", "1.1", "1.2", "public", "app", "[\"cube\"]", "t"]);
    let found = installed(&facts(rows(vec![good.clone()], false)), "app").unwrap();
    assert_eq!(found[0].requires, BTreeSet::from(["cube".to_owned()]));
    assert_eq!(found[0].has_way, Some(true));
    let reason = |outcome, database: &str| installed(&facts(outcome), database).unwrap_err();
    assert_eq!(reason(None, "hr"), "permission denied");
    assert_eq!(reason(None, "other"), "it was not entered");
    assert!(reason(None, "app").contains(QUERY));
    assert_eq!(reason(Some(QueryOutcome::Failed { reason: "timeout".to_owned() }), "app"), "timeout");
    assert!(reason(rows(vec![good], true), "app").contains("not all"));
    assert!(reason(rows(vec![row(["x", "", "", "public", "", "", ""])], false), "app").contains("version"));
    assert!(reason(rows(vec![row(["x", "1", "", "public", "", "[", ""])], false), "app").contains("list of names"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever a name holds, no comment ends in it and no quote does.
    #[test]
    fn no_name_gets_out_of_its_place(name in "(?s)[a-z'\"\\\\$\n;-]{1,12}|(?s).{1,8}", version_of in "(?s).{1,5}") {
        let (runs, target) = (version("16.3"), version("16.3"));
        let some = [one(&name, &version_of, "9", &[])];
        let found = plan(&some, Basis::Live);
        let about = About { database: &name, source: &name, subject: &name, ..about(&runs, &target) };
        let back = down(&about, &found);
        prop_assert!(back.lines().filter(|line| !line.starts_with("--")).eq(["SELECT 1;"]));
        let text = up(&about, &found);
        let marks: Vec<&str> = text.lines().filter(|line| line.starts_with("DO $")).collect();
        for mark in marks {
            let tag = mark.trim_start_matches("DO ");
            prop_assert_eq!(text.matches(tag).count() % 2, 0);
        }
    }
}

//! The oracle: what PostgreSQL itself said of each case, and what we say of it.
//!
//! `fixtures/oracle/cases/` holds the cases, `verdicts.json` what the real `pg_upgrade` did to each, `explained.toml`
//! where we rightly differ. Here every case is planted on a real server of every major it was recorded on, looked at
//! as on RDS, and judged. `UPDATE_DOCS=1 cargo test --test oracle` writes `docs/accuracy.md` anew;
//! `ORACLE_ONLY=word` takes the cases whose name holds the word, `ORACLE_MAJORS=13,15` these majors, and no page.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "the functions here are parts of tests")]

mod case;
mod compare;
#[path = "../support/inventory.rs"]
mod inventory;
mod page;
mod record;
mod run;
#[path = "../support/script.rs"]
mod script;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod sweep;
#[path = "../support/world.rs"]
#[allow(dead_code, reason = "the live tests use all of it")]
mod world;

use std::path::Path;

use record::{Explained, Verdicts};
use run::Selection;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All that is wrong comes in one message, and the page is written even then: it shows what is wrong.
#[test]
fn every_case_is_judged_as_postgresql_judged_it() {
    let selection = Selection::from_environment();
    let cases = case::all(&root().join("fixtures/oracle/cases"), &selection);
    let verdicts = Verdicts::load(&root().join("fixtures/oracle/verdicts.json"));
    let explained = Explained::load(&root().join("fixtures/oracle/explained.toml"));
    let seen = run::all(&cases, &verdicts, &explained, &selection);
    let mut wrong = compare::disagreements(&cases, &verdicts, &seen, &explained);
    if selection.is_everything() {
        wrong.extend(compare::stray(&cases, &verdicts, &explained));
        let page = page::render(&cases, &verdicts, &seen, &explained);
        let path = root().join("docs/accuracy.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, page).expect("the page can be written");
        } else if std::fs::read_to_string(&path).unwrap_or_default() != page {
            wrong.push("docs/accuracy.md is old; run: UPDATE_DOCS=1 cargo test --test oracle".to_owned());
        }
    }
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}

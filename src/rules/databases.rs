//! Databases that nobody can enter.

use super::{Facts, Hit, Open, Outcome, quote_ident};
use crate::facts::{Database, Gap, Source};

/// No half-dropped database is left.
pub(super) fn invalid_databases(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    closed(facts, Database::is_invalid, "an interrupted DROP DATABASE left it invalid")
}

/// Every database accepts connections.
pub(super) fn unconnectable_databases(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    closed(
        facts,
        |database| !database.allow_connections && !database.is_invalid(),
        "it refuses connections (datallowconn is false)",
    )
}

fn closed(facts: &Facts<'_>, problem: fn(&Database) -> bool, detail: &str) -> Result<Outcome, Gap> {
    let databases = &facts.database()?.databases;
    let hits = databases
        .iter()
        .filter(|database| problem(database))
        .map(|database| Hit::new(&database.name, "database", detail).with("name", quote_ident(&database.name)));
    Ok(Outcome::hits(hits.collect()))
}

/// Every database that accepts connections was entered.
pub(super) fn unread_databases(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let database = facts.database()?;
    let open = database.databases.iter().filter(|entry| !entry.is_closed()).filter_map(|entry| {
        let reason = match database.per_database.get(&entry.name) {
            Some(Source::Collected(_)) => return None,
            Some(Source::Unavailable { reason }) => reason.clone(),
            _ => "it was not entered".to_owned(),
        };
        Some(Open { part: entry.name.clone(), reason })
    });
    Ok(Outcome::pass().leaving_open(open))
}

//! The extensions that are installed in a database, as the server tells.

use std::collections::BTreeSet;

use crate::facts::{DatabaseFacts, QueryOutcome, Rows, Source};

/// The check whose query this reads.
pub const QUERY: &str = "ext.no-update-path";

/// An extension of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    pub name: String,
    pub version: String,
    /// What the server that was asked would install; `None`: it lacks the extension.
    pub available: Option<String>,
    pub schema: String,
    pub owner: String,
    /// The extensions that it needs.
    pub requires: BTreeSet<String>,
    /// Whether there are scripts from the version to the one available; `None` where that was not asked.
    pub has_way: Option<bool>,
}

/// The extensions of one database.
///
/// # Errors
/// Why they are not known, in the words of the server.
pub fn installed(facts: &DatabaseFacts, database: &str) -> Result<Vec<Installed>, String> {
    let answers = match facts.per_database.get(database) {
        Some(Source::Collected(answers)) => answers,
        Some(Source::Unavailable { reason }) => return Err(reason.clone()),
        _ => return Err("it was not entered".to_owned()),
    };
    match answers.get(QUERY) {
        Some(QueryOutcome::Rows(rows)) if rows.truncated => Err("not all of its extensions were read".to_owned()),
        Some(QueryOutcome::Rows(rows)) => read(rows),
        Some(QueryOutcome::Failed { reason }) => Err(reason.clone()),
        None => Err(format!("the evidence was collected without {QUERY}")),
    }
}

fn read(rows: &Rows) -> Result<Vec<Installed>, String> {
    let row = |at: usize| {
        let cell = |column: &str| rows.cell(at, column).filter(|text| !text.is_empty());
        let required = |column: &str| {
            cell(column).map(str::to_owned).ok_or_else(|| format!("the answer to {QUERY} has no {column}"))
        };
        let requires = cell("requires").unwrap_or("[]");
        Ok(Installed {
            name: required("name")?,
            version: required("version")?,
            available: cell("available").map(str::to_owned),
            schema: required("schema")?,
            owner: cell("owner").unwrap_or_default().to_owned(),
            requires: serde_json::from_str(requires)
                .map_err(|_| format!("the answer to {QUERY} has no list of names"))?,
            has_way: cell("has_way").map(|text| text == "t"),
        })
    };
    (0..rows.rows.len()).map(row).collect()
}

//! The declarative rule: every row of the query is a finding, and the rows of one object are one.

use std::collections::BTreeMap;

use super::{Facts, Hit, Hits, Outcome, lacks_column};
use crate::checks::{RowsRule, template};
use crate::facts::Gap;

/// Judges by the rows of the check's query; the templates are the check's.
pub(super) fn judge(facts: &Facts<'_>, rule: &RowsRule) -> Result<Outcome, Gap> {
    let answers = facts.answers()?;
    let mut hits = Hits::default();
    for (database, mut row) in answers.rows {
        if !counts(rule, &row, facts.upgrade.target.major())? {
            continue;
        }
        if let Some(database) = &database {
            row.insert("database".to_owned(), database.clone());
        }
        let fill = |text: &str| template::fill(text, &row).ok_or_else(lacks_column);
        let mut hit = Hit::new(fill(&rule.object)?, fill(&rule.kind)?, fill(&rule.detail)?).in_database(database);
        hit.values.extend(row);
        Hit::add(&mut hits, hit);
    }
    Ok(Outcome::hits(hits.all).leaving_open(answers.open))
}

/// Whether a row is this check's, and about this target.
fn counts(rule: &RowsRule, row: &BTreeMap<String, String>, target: u64) -> Result<bool, Gap> {
    for (column, value) in &rule.only {
        if row.get(column).ok_or_else(lacks_column)? != value {
            return Ok(false);
        }
    }
    let Some(column) = &rule.since_target else { return Ok(true) };
    let since = row.get(column).ok_or_else(lacks_column)?;
    match since.parse::<u64>() {
        Ok(since) => Ok(target >= since),
        Err(_) => Err(Gap::Unavailable(format!("the answer has '{since}' where a major version is expected"))),
    }
}

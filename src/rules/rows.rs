//! The declarative rule: every row of the query is a finding.

use super::{Facts, Hit, Outcome};
use crate::checks::template;
use crate::facts::Gap;

/// Judges by the rows of the check's query; the templates are the check's.
pub(super) fn judge(facts: &Facts<'_>, object: &str, kind: &str, detail: &str) -> Result<Outcome, Gap> {
    let answers = facts.answers()?;
    let mut hits = Vec::new();
    for (database, mut row) in answers.rows {
        if let Some(database) = &database {
            row.insert("database".to_owned(), database.clone());
        }
        let fill = |text: &str| {
            template::fill(text, &row)
                .ok_or_else(|| Gap::Unavailable("the answer lacks a column that the check reads".to_owned()))
        };
        let mut hit = Hit::new(fill(object)?, fill(kind)?, fill(detail)?).in_database(database);
        hit.values.extend(row);
        hits.push(hit);
    }
    Ok(Outcome::hits(hits).leaving_open(answers.open))
}

//! Extensions: what the target offers of what is installed.

use super::{Answers, Facts, Hit, Outcome, quote_ident};
use crate::facts::Gap;
use crate::facts::tables::{EXTENSIONS, Offer};

/// Every installed extension is offered at the target.
pub(super) fn not_offered(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    judge(facts, |facts, name, _installed| match offer(facts, name) {
        Offer::NotOffered => Some(format!("RDS does not offer it in {}", facts.upgrade.target)),
        Offer::Version { .. } | Offer::Unlisted => None,
    })
}

/// AWS's table knows every installed extension.
pub(super) fn unlisted(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    judge(facts, |facts, name, installed| match offer(facts, name) {
        Offer::Unlisted => Some(format!("{installed}; AWS's table of {} does not list it", EXTENSIONS.as_of)),
        Offer::Version { .. } | Offer::NotOffered => None,
    })
}

/// No extension is older than the version the target offers.
pub(super) fn update_after(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    judge(facts, |facts, name, installed| match offer(facts, name) {
        Offer::Version { version: Some(offered), at } if older(installed, &offered) => {
            Some(format!("{installed} stays {installed}; {at} offers {offered}"))
        }
        _ => None,
    })
}

/// No extension is newer than the version the target offers.
pub(super) fn newer_than_target(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    judge(facts, |facts, name, installed| match offer(facts, name) {
        Offer::Version { version: Some(offered), at } if older(&offered, installed) => {
            Some(format!("{installed} is installed; {at} offers only {offered}"))
        }
        _ => None,
    })
}

fn offer(facts: &Facts<'_>, name: &str) -> Offer {
    EXTENSIONS.offer(facts.upgrade.platform, name, &facts.upgrade.target)
}

fn judge(facts: &Facts<'_>, problem: fn(&Facts<'_>, &str, &str) -> Option<String>) -> Result<Outcome, Gap> {
    let Answers { rows, open } = facts.answers()?;
    let mut hits = Vec::new();
    for (database, row) in rows {
        let (Some(name), Some(installed)) = (row.get("name"), row.get("version")) else {
            return Err(Gap::Unavailable("the answer lacks a column that the check reads".to_owned()));
        };
        if let Some(detail) = problem(facts, name, installed) {
            let database_name = database.as_deref().map(quote_ident).unwrap_or_default();
            let hit = Hit::new(name, "extension", detail).with("name", quote_ident(name));
            hits.push(hit.with("in_database", database_name).in_database(database));
        }
    }
    Ok(Outcome::hits(hits).leaving_open(open))
}

/// Whether a version comes before another: numbers as numbers, part by part. Extension versions follow no standard
/// (`1.5.3`, `3.6.0next`, `18`), so what cannot be ordered is not called older.
fn older(left: &str, right: &str) -> bool {
    let parts = |text: &str| -> Option<Vec<u64>> { text.split('.').map(|part| part.parse().ok()).collect() };
    match (parts(left), parts(right)) {
        (Some(mut left), Some(mut right)) => {
            let length = left.len().max(right.len());
            left.resize(length, 0);
            right.resize(length, 0);
            left < right
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::older;

    #[test]
    fn versions_order_by_number() {
        assert!(older("1.9", "1.10"));
        assert!(older("1.6", "1.8"));
        assert!(!older("1.8", "1.8"));
        assert!(!older("1.8.0", "1.8"));
        assert!(!older("3.6.0next", "3.6.1"));
        assert!(!older("18", "17.1"));
    }
}

//! Extensions: what the target offers of what is installed.

use super::{Answers, Facts, Hit, Outcome, lacks_column, quote_ident};
use crate::facts::Gap;
use crate::facts::changes::CHANGES;
use crate::facts::rds::Parameter;
use crate::facts::tables::{EXTENSION_STEPS, EXTENSIONS, Offer};

/// Every installed extension is offered at the target.
pub(super) fn not_offered(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    judge(facts, |facts, name, _installed| match offer(facts, name) {
        // Its library is gone altogether, see pg.missing-libraries.
        Offer::NotOffered if is_gone(facts, name) => None,
        Offer::NotOffered => Some(format!("RDS does not offer it in {}", facts.upgrade.target)),
        Offer::Version { .. } | Offer::Unlisted => None,
    })
}

/// AWS's table knows every installed extension.
pub(super) fn unlisted(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    judge(facts, |facts, name, installed| match offer(facts, name) {
        // Its library is gone altogether, see pg.missing-libraries.
        Offer::Unlisted if is_gone(facts, name) => None,
        Offer::Unlisted => Some(format!("{installed}; AWS's table of {} does not list it", EXTENSIONS.as_of)),
        Offer::Version { .. } | Offer::NotOffered => None,
    })
}

fn is_gone(facts: &Facts<'_>, name: &str) -> bool {
    let library = format!("$libdir/{name}");
    CHANGES.between("libraries", 0, facts.upgrade.target.major()).any(|texts| texts.first() == Some(&library.as_str()))
}

/// No extension is older than the version the target offers.
pub(super) fn update_after(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    judge(facts, |facts, name, installed| match offer(facts, name) {
        // It is dropped before, see ext.refused.
        _ if EXTENSION_STEPS.refuses(name, &facts.upgrade.target) => None,
        Offer::Version { version: Some(offered), at } if older(installed, &offered) => {
            Some(format!("{installed} stays {installed}; {at} offers {offered}"))
        }
        _ => None,
    })
}

/// No extension is newer than the version the target offers.
pub(super) fn newer_than_target(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    judge(facts, |facts, name, installed| match offer(facts, name) {
        _ if EXTENSION_STEPS.refuses(name, &facts.upgrade.target) => None,
        Offer::Version { version: Some(offered), at } if older(&offered, installed) => {
            Some(format!("{installed} is installed; {at} offers only {offered}"))
        }
        _ => None,
    })
}

/// No extension is one that the precheck refuses whatever its version.
pub(super) fn refused(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    judge(facts, |facts, name, installed| {
        let refused = EXTENSION_STEPS.refuses(name, &facts.upgrade.target);
        refused.then(|| format!("{installed} is installed, and must not be during the upgrade"))
    })
}

/// The `PostGIS` family is as new as the source offers.
pub(super) fn outdated(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    behind(facts, &EXTENSION_STEPS.outdated)
}

/// What RDS may treat like the `PostGIS` family is as new as the source offers.
pub(super) fn maybe_outdated(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    behind(facts, &EXTENSION_STEPS.maybe_outdated)
}

fn behind(facts: &Facts<'_>, names: &[String]) -> Result<Outcome, Gap> {
    let Answers { rows, open } = facts.answers()?;
    let mut hits = Vec::new();
    for (database, mut row) in rows {
        let (Some(name), Some(installed), Some(available)) =
            (row.get("name"), row.get("version"), row.get("available"))
        else {
            return Err(lacks_column());
        };
        // What cannot be ordered is another version, and so refused.
        let current = available.is_empty() || installed == available || older(available, installed);
        if current || !names.contains(name) {
            continue;
        }
        let mut hit = Hit::new(name, "extension", format!("{installed} is installed, this server offers {available}"))
            .with("in_database", database.as_deref().map(quote_ident).unwrap_or_default());
        // PostGIS 3 made an extension of its own of what was a part of 2, which ALTER EXTENSION leaves lying about.
        // https://postgis.net/docs/postgis_extensions_upgrade.html
        if name != "postgis" || !installed.starts_with("2.") || available.starts_with("2.") {
            row.remove("schema");
        }
        row.insert("name".to_owned(), quote_ident(&hit.finding.object));
        hit.values.extend(row);
        hits.push(hit.in_database(database));
    }
    Ok(Outcome::hits(hits).leaving_open(open))
}

/// Every extension that needs its library preloaded gets it from a group of the target's family, or by default.
pub(super) fn not_preloaded(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let family = facts.upgrade.family(facts.upgrade.target.major());
    let Answers { rows, open } = facts.answers()?;
    let needing: Vec<_> = rows
        .into_iter()
        .filter_map(|(database, row)| {
            let name = row.get("name")?.clone();
            Some((database, EXTENSION_STEPS.preload.get(&name)?, name))
        })
        .collect();
    if needing.is_empty() {
        return Ok(Outcome::pass().leaving_open(open));
    }
    let preloaded = preloaded(facts, &family)?;
    let missing = needing.into_iter().filter(|(_, library, _)| !preloaded.iter().any(|found| found == *library));
    let hits = missing.map(|(database, library, name)| {
        let detail = format!("no group of {family} has {library} in {PRELOAD}");
        Hit::new(name, "extension", detail).with("library", library).in_database(database)
    });
    Ok(Outcome::hits(hits.collect()).leaving_open(open))
}

const PRELOAD: &str = "shared_preload_libraries";

/// The libraries that some group of a family preloads; without a group of people's own, those of the default one.
fn preloaded(facts: &Facts<'_>, family: &str) -> Result<Vec<String>, Gap> {
    let aws = facts.aws()?;
    let groups: Vec<_> = aws.target_groups.get()?.iter().filter(|group| group.family == family).collect();
    let mut values = Vec::new();
    for group in &groups {
        values.extend(value(group.parameters.get()?));
    }
    if values.len() < groups.len() || groups.is_empty() {
        let Some(defaults) = aws.family_defaults.get(family) else {
            return Err(Gap::Unavailable(format!("the defaults of {family} were not collected")));
        };
        values.extend(value(defaults.get()?));
    }
    let libraries = values.iter().flat_map(|value| value.split(','));
    Ok(libraries.map(|library| library.trim().trim_matches('"').to_owned()).collect())
}

fn value(parameters: &[Parameter]) -> Option<&str> {
    parameters.iter().find(|parameter| parameter.name == PRELOAD)?.value.as_deref()
}

fn offer(facts: &Facts<'_>, name: &str) -> Offer {
    EXTENSIONS.offer(facts.upgrade.platform, name, &facts.upgrade.target)
}

fn judge(facts: &Facts<'_>, problem: fn(&Facts<'_>, &str, &str) -> Option<String>) -> Result<Outcome, Gap> {
    let Answers { rows, open } = facts.answers()?;
    let mut hits = Vec::new();
    for (database, row) in rows {
        let (Some(name), Some(installed)) = (row.get("name"), row.get("version")) else {
            return Err(lacks_column());
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

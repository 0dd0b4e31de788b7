//! Extensions: what the target offers of what is installed.

use super::{Answers, Facts, Hit, Outcome, lacks_column, quote_ident};
use crate::facts::Gap;
use crate::facts::changes::CHANGES;
use crate::facts::tables::{EXTENSION_STEPS, EXTENSIONS, Offer};
use crate::version::older;

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
    judge(facts, |facts, name, installed| {
        let (offered, at) = behind_target(facts, name, installed)?;
        let how = if is_recreated(name) { ", and has no script to get there" } else { "" };
        Some(format!("{installed} stays {installed}; {at} offers {offered}{how}"))
    })
}

/// What the target offers of an extension that stays behind it, and the version of which that is known.
pub(super) fn behind_target(facts: &Facts<'_>, name: &str, installed: &str) -> Option<(String, String)> {
    match offer(facts, name) {
        // It is dropped before, see ext.refused.
        _ if EXTENSION_STEPS.refuses(name, &facts.upgrade.target) => None,
        Offer::Version { version: Some(offered), at } if older(installed, &offered) => Some((offered, at)),
        _ => None,
    }
}

/// Why an extension must be dropped, before the upgrade or to get to the target's version.
pub(super) fn must_be_dropped(facts: &Facts<'_>, name: &str, installed: &str) -> Option<String> {
    let target = &facts.upgrade.target;
    if EXTENSION_STEPS.refuses(name, target) {
        return Some(format!("{name} must be dropped before the upgrade"));
    }
    if is_gone(facts, name) || offer(facts, name) == Offer::NotOffered {
        return Some(format!("{target} does not have {name}"));
    }
    let (offered, _) = behind_target(facts, name, installed).filter(|_| is_recreated(name))?;
    Some(format!("{name} has no script from {installed} to {offered}, and must be dropped to get there"))
}

fn is_recreated(name: &str) -> bool {
    EXTENSION_STEPS.recreate.iter().any(|known| known == name)
}

/// Every extension that is behind the server that has it can be updated in place.
pub(super) fn no_update_path(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let Answers { rows, open } = facts.answers()?;
    let mut hits = Vec::new();
    for (database, row) in rows {
        let cell = |column: &str| row.get(column).map(String::as_str).ok_or_else(lacks_column);
        let (name, installed, available) = (cell("name")?, cell("version")?, cell("available")?);
        // A newer one than this server's is no older one's business.
        if cell("has_way")? != "f" || older(available, installed) {
            continue;
        }
        let detail = format!("{installed} is installed, this server has {available}, and no script leads there");
        let hit = Hit::new(name, "extension", detail).with("name", quote_ident(name));
        hits.push(hit.with("in_database", in_database(database.as_deref())).in_database(database));
    }
    Ok(Outcome::hits(hits).leaving_open(open))
}

fn in_database(database: Option<&str>) -> String {
    database.map(quote_ident).unwrap_or_default()
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
            .with("in_database", in_database(database.as_deref()));
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
            let hit = Hit::new(name, "extension", detail).with("name", quote_ident(name));
            let how = if is_recreated(name) {
                format!("DROP EXTENSION {0}; CREATE EXTENSION {0};", quote_ident(name))
            } else {
                format!("ALTER EXTENSION {} UPDATE;", quote_ident(name))
            };
            hits.push(hit.with("in_database", in_database(database.as_deref())).with("how", how).in_database(database));
        }
    }
    Ok(Outcome::hits(hits).leaving_open(open))
}

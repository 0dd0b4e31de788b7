//! Settings that roles, databases and functions carry: what the target makes of them.

use super::{Answers, Facts, Hit, Outcome, lacks_column};
use crate::facts::Gap;
use crate::facts::changes::CHANGES;

/// From this major on names of settings that nobody defined must be made of identifiers.
/// <https://www.postgresql.org/docs/release/14.0/>
const NAMES_CHECKED_SINCE: u64 = 14;

/// Every stored setting is one that the target takes.
pub(super) fn refused(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let source = facts.database()?.server.version.major();
    let target = facts.upgrade.target.major();
    let Answers { rows, open } = facts.answers()?;
    let mut hits = Vec::new();
    for (database, row) in rows {
        let cell = |column: &str| row.get(column).map(String::as_str).ok_or_else(lacks_column);
        let (name, value) = (cell("name")?, cell("value")?);
        let kind = cell("kind")?;
        let reason = refusal(name, value, source, target).or_else(|| reserved(name, kind, target));
        if let Some(reason) = reason {
            let hit = Hit::new(cell("object")?, kind, reason);
            hits.push(hit.with("cure", cell("cure")?).in_database(database));
        }
    }
    Ok(Outcome::hits(hits).leaving_open(open))
}

/// Why the target refuses a setting.
fn refusal(name: &str, value: &str, source: u64, target: u64) -> Option<String> {
    let is_name = |texts: &[&str]| texts.first().is_some_and(|other| other.eq_ignore_ascii_case(name));
    if CHANGES.between("settings", source, target).any(|texts| is_name(&texts)) {
        return Some(format!("{target} has no such setting"));
    }
    let refuses =
        |texts: &[&str]| is_name(texts) && texts.get(1).is_some_and(|other| other.eq_ignore_ascii_case(value));
    if CHANGES.between("setting_values", source, target).any(|texts| refuses(&texts)) {
        return Some(format!("{target} does not take the value {value}"));
    }
    let nobodys = name.contains('.');
    if nobodys && source < NAMES_CHECKED_SINCE && target >= NAMES_CHECKED_SINCE && !is_made_of_identifiers(name) {
        return Some(format!("{target} takes no such name: its parts must be identifiers"));
    }
    None
}

/// From this major on a library that is loaded keeps the names that begin with its own for itself, and the restore of a
/// database has PL/pgSQL loaded; that of the roles has not. <https://www.postgresql.org/docs/release/15.0/>
const PREFIXES_RESERVED_SINCE: u64 = 15;

fn reserved(name: &str, kind: &str, target: u64) -> Option<String> {
    let own = |other: &String| other.eq_ignore_ascii_case(name);
    let is_of_plpgsql = name.to_ascii_lowercase().starts_with("plpgsql.") && !CHANGES.plpgsql_settings.iter().any(own);
    (target >= PREFIXES_RESERVED_SINCE && kind != ROLE_SETTING && is_of_plpgsql)
        .then(|| format!("{target} reserves the prefix plpgsql, which has no such setting"))
}

/// The kind of a setting that is restored with the roles.
const ROLE_SETTING: &str = "role setting";

/// Parts that begin with a letter or `_` and go on with letters, digits, `_` and `$`; every character beyond ASCII is
/// a letter (`valid_custom_variable_name` in `guc.c`).
fn is_made_of_identifiers(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    name.split('.')
        .all(|part| part.starts_with(letter) && part.chars().all(|c| letter(c) || c.is_ascii_digit() || c == '$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_settings_and_values() {
        assert!(refusal("operator_precedence_warning", "off", 13, 14).is_some());
        assert!(refusal("Operator_Precedence_Warning", "off", 12, 18).is_some());
        assert!(refusal("operator_precedence_warning", "off", 12, 13).is_none());
        assert!(refusal("force_parallel_mode", "off", 14, 15).is_none());
        assert!(refusal("password_encryption", "ON", 13, 16).is_some());
        assert!(refusal("password_encryption", "md5", 13, 16).is_none());
        assert!(refusal("default_with_oids", "true", 11, 12).is_some());
        assert!(refusal("default_with_oids", "off", 11, 12).is_none());
        assert!(refusal("work_mem", "4MB", 11, 18).is_none());
    }

    #[test]
    fn a_prefix_of_a_loaded_library_is_its_own() {
        assert!(reserved("plpgsql.odd", "database setting", 15).is_some());
        assert!(reserved("plpgsql.odd", "function", 18).is_some());
        assert!(reserved("plpgsql.odd", "database setting", 14).is_none());
        assert!(reserved("plpgsql.odd", ROLE_SETTING, 15).is_none());
        assert!(reserved("PLpgSQL.extra_errors", "function", 15).is_none());
        assert!(reserved("app.odd", "function", 15).is_none());
    }

    #[test]
    fn names_of_settings_are_identifiers_from_14_on() {
        for name in ["my-app.user", "app.1st", "a..b", "app.user name", "app."] {
            assert!(refusal(name, "x", 13, 14).is_some(), "{name}");
            assert!(refusal(name, "x", 11, 13).is_none(), "{name}");
        }
        for name in ["app.user", "App._u1$", "größe.wert", "a.b.c"] {
            assert!(refusal(name, "x", 12, 16).is_none(), "{name}");
        }
    }
}

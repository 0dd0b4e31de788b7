//! What PostgreSQL's majors no longer have, or have anew, as their own servers say (`checks/data/postgres-changes.json`,
//! written by `cargo run --example changes`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

/// How a query names a list: `{changes_calls}`.
const PREFIX: &str = "{changes_";

#[derive(Debug, Deserialize)]
pub struct Changes {
    pub as_of: String,
    pub source: String,
    /// The version that was asked, by major.
    pub servers: BTreeMap<String, String>,
    /// Columns of system relations and of functions that return rows, by the majors from which on they are so.
    row_types: Vec<(String, BTreeMap<u64, String>)>,
    /// Libraries that some major's extensions name.
    pub libraries_known: Vec<String>,
    /// The settings that begin with `plpgsql.` and are PL/pgSQL's own.
    #[serde(skip)]
    pub plpgsql_settings: Vec<String>,
    /// Rows of a major, from which on it is so, and of texts.
    #[serde(flatten)]
    lists: BTreeMap<String, Vec<Vec<Value>>>,
}

/// What no server at hand can be asked, from documentation (`checks/data/postgres-documented.json`).
#[derive(Debug, Deserialize)]
struct Documented {
    documented_libraries: Vec<Vec<Value>>,
    plpgsql_settings: Vec<String>,
}

pub static CHANGES: LazyLock<Changes> = LazyLock::new(|| {
    let valid = "an embedded table is valid, its test says";
    let mut changes: Changes =
        serde_json::from_str(include_str!("../../checks/data/postgres-changes.json")).expect(valid);
    let documented: Documented =
        serde_json::from_str(include_str!("../../checks/data/postgres-documented.json")).expect(valid);
    changes.lists.entry("libraries".to_owned()).or_default().extend(documented.documented_libraries);
    changes.plpgsql_settings = documented.plpgsql_settings;
    changes
});

impl Changes {
    /// The columns of a system relation (`pg_catalog.pg_stat_activity`) or of a function that returns rows
    /// (`pg_get_keywords()`) in a major; `None` when no major changes them, or it is not there yet.
    #[must_use]
    pub fn columns_of(&self, name: &str, major: u64) -> Option<Vec<&str>> {
        let at = self.row_types.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok()?;
        let (_, columns) = self.row_types[at].1.range(..=major).next_back()?;
        Some(columns.split(',').collect())
    }

    /// SQL with its lists written out: `{changes_calls}` becomes the rows of `calls` of later majors than the server's,
    /// as `VALUES` takes them. The first is a row of `NULL`, so that there always is one.
    #[must_use]
    pub fn fill(&self, sql: &str, server: u64) -> String {
        let mut out = String::new();
        let mut rest = sql;
        while let Some((before, name, after)) = split(rest) {
            out.push_str(before);
            out.push_str(&self.values(name, server).unwrap_or_default());
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// The texts of a list's rows whose change comes after one major and with or before another.
    pub fn between(&self, list: &str, source: u64, target: u64) -> impl Iterator<Item = Vec<&str>> {
        let rows = self.lists.get(list).map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(move |row| {
            let [major, texts @ ..] = row.as_slice() else { return None };
            let comes = major.as_u64().is_some_and(|major| major > source && major <= target);
            comes.then(|| texts.iter().filter_map(Value::as_str).collect())
        })
    }

    /// The names in SQL that are no list.
    #[must_use]
    pub fn unknown<'a>(&self, sql: &'a str) -> Vec<&'a str> {
        let mut rest = sql;
        let mut found = Vec::new();
        while let Some((_, name, after)) = split(rest) {
            found.extend((name != "row_types" && !self.lists.contains_key(name)).then_some(name));
            rest = after;
        }
        found
    }

    fn values(&self, name: &str, server: u64) -> Option<String> {
        if name == "row_types" {
            let changing = self.row_types.iter().filter(|(_, columns)| columns.range(server + 1..).next().is_some());
            return Some(
                changing.fold("(NULL::text)".to_owned(), |list, (name, _)| list + &format!(", ({})", literal(name))),
            );
        }
        let rows = self.lists.get(name)?;
        let texts = rows.first().map_or(1, |row| row.len() - 1);
        let mut out = format!("(NULL::integer{})", ", NULL::text".repeat(texts));
        for row in rows {
            let [major, texts @ ..] = row.as_slice() else { continue };
            if major.as_u64().is_some_and(|major| major > server) {
                write!(out, ", ({major}").expect("to a string");
                for text in texts {
                    write!(out, ", {}", literal(text.as_str().unwrap_or_default())).expect("to a string");
                }
                out.push(')');
            }
        }
        Some(out)
    }
}

/// What is before the first list, its name, what is behind it.
fn split(sql: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = sql.split_once(PREFIX)?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        let lists: Vec<&str> = CHANGES.lists.keys().map(String::as_str).collect();
        let expected = [
            "calls",
            "casts_added",
            "columns",
            "default_classes_added",
            "functions",
            "libraries",
            "library_symbols",
            "lost_immutable",
            "operators",
            "parameters",
            "relations",
            "setting_ranges",
            "setting_values",
            "settings",
            "symbols",
            "types",
        ];
        assert_eq!(lists, expected);
        for row in CHANGES.lists.values().flatten() {
            assert!(row[0].as_u64().is_some_and(|major| (12..=18).contains(&major)), "{row:?}");
            assert!(row.len() > 1 && row[1..].iter().all(Value::is_string), "{row:?}");
        }
        assert!(CHANGES.row_types.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(CHANGES.servers.len(), 8);
    }

    #[test]
    fn lists_hold_what_comes_after_the_server() {
        let filled = CHANGES.fill("SELECT * FROM (VALUES {changes_settings}) AS v(since, name)", 15);
        assert_eq!(
            filled,
            "SELECT * FROM (VALUES (NULL::integer, NULL::text), (16, 'force_parallel_mode')) AS v(since, name)"
        );
        assert_eq!(CHANGES.fill("SELECT '{a}'", 12), "SELECT '{a}'");
        assert_eq!(CHANGES.unknown("{changes_settings} {changes_nothing} {changes_row_types}"), ["nothing"]);
    }

    #[test]
    fn columns_are_those_of_the_major() {
        let has = |major, column| {
            CHANGES.columns_of("pg_catalog.pg_stat_bgwriter", major).is_some_and(|c| c.contains(&column))
        };
        assert!(has(16, "checkpoints_timed") && !has(17, "checkpoints_timed") && has(18, "buffers_clean"));
        assert_eq!(CHANGES.columns_of("pg_get_keywords()", 14).map(|columns| columns.len()), Some(5));
        assert_eq!(CHANGES.columns_of("pg_catalog.pg_stat_io", 15), None);
        assert_eq!(CHANGES.columns_of("pg_catalog.pg_nothing", 15), None);
    }
}

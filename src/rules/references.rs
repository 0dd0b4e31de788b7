//! Stored definitions and what of the server's own they use that the target lacks or lays out otherwise.

use std::collections::BTreeMap;

use super::{Answers, Facts, Hit, Hits, Outcome};
use crate::facts::Gap;
use crate::facts::changes::CHANGES;

type Row = BTreeMap<String, String>;

/// Nothing stored uses what is gone at the target.
pub(super) fn removed(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let target = facts.upgrade.target.major();
    judge(facts, |row| {
        let since = cell(row, "since");
        let gone = !since.is_empty() && major(since)? <= target;
        Ok(gone.then(|| format!("{} {}, gone in {since}", cell(row, "what"), without_schema(cell(row, "name")))))
    })
}

/// No column list meets a row type of other columns at the target, where it would not fit.
pub(super) fn row_types(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    over_row_types(facts, |name, row| match row {
        Layout::List(list) => match list.fate() {
            Fate::TooLong(there) => {
                Some(format!("lists {} columns of {name}, which has {there} at the target", list.names.len()))
            }
            Fate::Ambiguous(column) => Some(format!(
                "lists the columns of {name}, which has more of them at the target: {column} becomes ambiguous"
            )),
            Fate::Shifted(_) | Fate::Fits => None,
        },
        Layout::Fields(gone) if gone.is_empty() => None,
        Layout::Fields(gone) => Some(format!("reads {} of {name}, which is gone at the target", gone.join(", "))),
    })
}

/// No column list silently names other columns at the target.
pub(super) fn shifted_columns(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    over_row_types(facts, |name, row| match row {
        Layout::List(list) => match list.fate() {
            Fate::Shifted((alias, becomes)) => {
                Some(format!("lists the columns of {name} by position: {alias} would be {becomes} at the target"))
            }
            Fate::TooLong(_) | Fate::Ambiguous(_) | Fate::Fits => None,
        },
        Layout::Fields(_) => None,
    })
}

/// A use of a row type of the server's own.
enum Layout<'a> {
    List(ColumnList<'a>),
    /// Fields that are read and gone at the target.
    Fields(Vec<String>),
}

/// Names laid over the columns of a relation or function, by position, as a written-out query has them.
struct ColumnList<'a> {
    names: Vec<String>,
    /// Those of them that are read.
    used: Vec<String>,
    source: Vec<&'a str>,
    target: Vec<&'a str>,
}

#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Fits,
    /// More names than columns; so many are there.
    TooLong(usize),
    /// A column behind the list has a name of the list.
    Ambiguous(String),
    /// A name, and the column that it would stand for.
    Shifted((String, String)),
}

impl<'a> ColumnList<'a> {
    /// What becomes of the list at the target: PostgreSQL gives the names to the first columns, and those left over
    /// keep their own.
    fn fate(&self) -> Fate {
        // WITH ORDINALITY and further functions add columns of their own behind ours, under their own names.
        let behind: Vec<&str> = self.names.iter().skip(self.source.len()).map(String::as_str).collect();
        let there =
            |ours: &[&'a str]| -> Vec<String> { ours.iter().chain(&behind).map(|name| (*name).to_owned()).collect() };
        let (source, target) = (there(&self.source), there(&self.target));
        if self.names.len() > target.len() {
            return Fate::TooLong(self.target.len());
        }
        let is_used = |name: &String| self.used.contains(name);
        let (listed, left_over) = target.split_at(self.names.len());
        if let Some(name) = left_over.iter().filter(|name| is_used(name)).min() {
            return Fate::Ambiguous(name.clone());
        }
        let shifted = (0..listed.len()).find(|at| source.get(*at) != listed.get(*at) && is_used(&self.names[*at]));
        shifted.map_or(Fate::Fits, |at| Fate::Shifted((self.names[at].clone(), listed[at].clone())))
    }
}

fn over_row_types(facts: &Facts<'_>, say: impl Fn(&str, Layout<'_>) -> Option<String>) -> Result<Outcome, Gap> {
    let source = facts.database()?.server.version.major();
    let target = facts.upgrade.target.major();
    judge(facts, |row| {
        let name = cell(row, "name");
        // What is not there at the target is pg.removed-references' business.
        let (Some(source), Some(target)) = (CHANGES.columns_of(name, source), CHANGES.columns_of(name, target)) else {
            return Ok(None);
        };
        let layout = match cell(row, "what") {
            "row type" => {
                let (names, used) = (listed(cell(row, "aliases")), listed(cell(row, "used")));
                Layout::List(ColumnList { names, used, source, target })
            }
            "field" => {
                let is_gone = |field: &&str| source.contains(field) && !target.contains(field);
                Layout::Fields(cell(row, "fields").split(' ').filter(is_gone).map(str::to_owned).collect())
            }
            _ => return Ok(None),
        };
        Ok(say(without_schema(name), layout))
    })
}

/// A hit for each object of which anything is to be said, with all that is.
fn judge(facts: &Facts<'_>, say: impl Fn(&Row) -> Result<Option<String>, Gap>) -> Result<Outcome, Gap> {
    let Answers { rows, open } = facts.answers()?;
    let mut hits = Hits::default();
    for (database, row) in rows {
        let Some(detail) = say(&row)? else { continue };
        let place = format!("{}{}", database.as_deref().unwrap_or_default(), cell(&row, "dependents"));
        let hit = Hit::new(cell(&row, "object"), cell(&row, "kind"), detail)
            .with("cure", cell(&row, "cure"))
            .with("place", place)
            .in_database(database);
        Hit::add(&mut hits, hit);
    }
    Ok(Outcome::hits(hits.all).leaving_open(open))
}

/// The names of `"datid" "da\ name"`, as node trees write lists.
fn listed(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut open = false;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' if open => open = false,
            '"' => {
                open = true;
                names.push(String::new());
            }
            _ if !open => {}
            '\\' => names.last_mut().expect("a name is open").extend(characters.next()),
            c => names.last_mut().expect("a name is open").push(c),
        }
    }
    names
}

fn without_schema(name: &str) -> &str {
    name.strip_prefix("pg_catalog.").unwrap_or(name)
}

fn cell<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

fn major(text: &str) -> Result<u64, Gap> {
    text.parse().map_err(|_| Gap::Unavailable(format!("the answer has '{text}' where a major version is expected")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list<'a>(names: &str, used: &str, source: &'a str, target: &'a str) -> ColumnList<'a> {
        let owned = |text: &str| text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        ColumnList {
            names: owned(names),
            used: owned(used),
            source: source.split(',').collect(),
            target: target.split(',').collect(),
        }
    }

    #[test]
    fn a_list_meets_the_columns_of_the_target() {
        assert_eq!(list("a,b,c", "a,b,c", "a,b,c", "a,b,c").fate(), Fate::Fits);
        assert_eq!(list("a,b,c", "a,b,c", "a,b,c", "a,b,c,d").fate(), Fate::Fits);
        assert_eq!(list("a,b,c", "a,b,c", "a,b,c", "a,x,b,c").fate(), Fate::Ambiguous("c".to_owned()));
        assert_eq!(list("a,b,c", "a", "a,b,c", "a,x,b,c").fate(), Fate::Fits);
        assert_eq!(list("a,b,c", "b", "a,b,c", "a,x,b,c").fate(), Fate::Shifted(("b".to_owned(), "x".to_owned())));
        assert_eq!(list("a,b,c", "a", "a,b,c", "a,b").fate(), Fate::TooLong(2));
        assert_eq!(list("p,q,r", "p,r", "a,b,c", "a,x,b,c").fate(), Fate::Shifted(("r".to_owned(), "b".to_owned())));
        assert_eq!(list("a,b,ordinality", "a,ordinality", "a,b", "a,b").fate(), Fate::Fits);
        let ordinality = Fate::Ambiguous("ordinality".to_owned());
        assert_eq!(list("a,b,ordinality", "a,ordinality", "a,b", "a,b,c").fate(), ordinality);
    }

    #[test]
    fn lists_of_node_trees_are_read() {
        assert_eq!(listed(r#""datid" "da\ \(\)t\{n\}\\ame" """#), ["datid", r"da ()t{n}\ame", ""]);
        assert_eq!(listed(""), [""; 0]);
    }
}

//! What hangs on an extension: the objects that go when it is dropped, and the tables of its own that Hasura tracks.

use std::collections::{BTreeMap, BTreeSet};

use super::extensions::{behind_target, must_be_dropped};
use super::{Answers, Facts, Hit, Open, Outcome, lacks_column};
use crate::facts::Gap;
use crate::quote::quote_ident;

/// Nothing depends on an extension that must be dropped.
pub(super) fn dropped_along(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let Answers { rows, mut open } = facts.answers()?;
    let mut hits = Vec::new();
    let mut cut = BTreeSet::new();
    for (database, row) in rows {
        let cell = |column: &str| row.get(column).map(String::as_str).ok_or_else(lacks_column);
        let (extension, version) = (cell("extension")?, cell("version")?);
        let Some(why) = must_be_dropped(facts, extension, version) else { continue };
        if cell("more")? != "0" {
            cut.insert((database.clone().unwrap_or_default(), extension.to_owned(), cell("more")?.to_owned()));
        }
        hits.push(
            Hit::new(cell("object")?, cell("kind")?, format!("depends on {extension}; {why}")).in_database(database),
        );
    }
    open.extend(cut.into_iter().map(|(database, extension, more)| Open {
        part: database,
        reason: format!("{more} more objects depend on {extension}"),
    }));
    Ok(Outcome::hits(hits).leaving_open(open))
}

/// Schema and name.
type Table = (String, String);

/// Where Hasura's metadata names a table.
enum Tracked {
    /// In a file of the repository.
    File { source: String, file: String, line: u32 },
    /// In the database that holds the metadata.
    Database { source: String, database: String },
}

/// No table of an extension that changes is one that Hasura tracks.
pub(super) fn tracked_tables(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let Answers { rows, mut open } = facts.answers()?;
    let mut tracked = of_repository(facts);
    let mut closed = Vec::new();
    let mut members = Vec::new();
    for (database, row) in rows {
        let cell = |column: &str| row.get(column).map(String::as_str).ok_or_else(lacks_column);
        let database = database.unwrap_or_default();
        match cell("what")? {
            "metadata" => of_database(&mut tracked, &database, cell("tables")?)?,
            "closed" => closed.push(database),
            _ => {
                let (extension, version) = (cell("extension")?, cell("version")?);
                let table = (cell("schema")?.to_owned(), cell("name")?.to_owned());
                if let Some(change) = change(facts, extension, version) {
                    members.push((database, extension.to_owned(), table, change));
                }
            }
        }
    }
    if tracked.is_empty() && closed.is_empty() && open.is_empty() {
        return Ok(Outcome::not_applicable("no metadata of Hasura was found"));
    }
    // Unreadable metadata matters only where there is something to find, and where no file says the same.
    if tracked.is_empty() && !members.is_empty() {
        open.extend(closed.into_iter().map(|part| {
            Open {
                part,
                reason:
                    "hdb_catalog.hdb_metadata cannot be read, and no file of the repository holds Hasura's metadata"
                        .to_owned(),
            }
        }));
    }
    let hits = members.into_iter().filter_map(|(database, extension, table, change)| {
        let places = tracked.get(&table)?;
        let object = format!("{}.{}", shown(&table.0), shown(&table.1));
        let hit = Hit::new(object, format!("table of {extension}"), format!("{}; {change}", said(places)));
        let file = places.iter().find_map(|place| match place {
            Tracked::File { file, line, .. } => Some((file.as_str(), *line)),
            Tracked::Database { .. } => None,
        });
        let hit = hit.in_database(Some(database));
        Some(match file {
            Some((file, line)) => hit.at(file, line),
            None => hit,
        })
    });
    Ok(Outcome::hits(hits.collect()).leaving_open(open))
}

/// What becomes of an extension; `None`: nothing.
fn change(facts: &Facts<'_>, extension: &str, version: &str) -> Option<String> {
    if let Some(why) = must_be_dropped(facts, extension, version) {
        return Some(why);
    }
    let (offered, _) = behind_target(facts, extension, version)?;
    Some(format!("{extension} is to be updated from {version} to {offered}"))
}

fn of_repository(facts: &Facts<'_>) -> BTreeMap<Table, Vec<Tracked>> {
    let mut tracked: BTreeMap<Table, Vec<Tracked>> = BTreeMap::new();
    for one in facts.bundle.repository.collected().into_iter().flat_map(|repository| &repository.tracked_tables) {
        let place = Tracked::File { source: one.source.clone(), file: one.file.clone(), line: one.line };
        tracked.entry((one.schema.clone(), one.table.clone())).or_default().push(place);
    }
    tracked
}

fn of_database(tracked: &mut BTreeMap<Table, Vec<Tracked>>, database: &str, tables: &str) -> Result<(), Gap> {
    let unreadable = || Gap::Unavailable("Hasura's metadata is not of a form that is known".to_owned());
    let tables: Vec<(String, String, String)> = serde_json::from_str(tables).map_err(|_| unreadable())?;
    for (source, schema, name) in tables {
        let place = Tracked::Database { source, database: database.to_owned() };
        tracked.entry((schema, name)).or_default().push(place);
    }
    Ok(())
}

fn said(places: &[Tracked]) -> String {
    let said: BTreeSet<String> = places
        .iter()
        .map(|place| match place {
            Tracked::File { source, file, line } => format!("tracked in Hasura's source {source} ({file}:{line})"),
            Tracked::Database { source, database } => {
                format!("tracked in Hasura's source {source} (metadata in database {database})")
            }
        })
        .collect();
    said.into_iter().collect::<Vec<_>>().join(", ")
}

/// A name as its owner would write it.
fn shown(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_plain = name.chars().all(plain) && name.starts_with(|c: char| !c.is_ascii_digit());
    if is_plain { name.to_owned() } else { quote_ident(name) }
}

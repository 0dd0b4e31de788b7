//! The tables that Hasura's metadata tracks, as its CLI writes them into files.
//! <https://hasura.io/docs/2.0/migrations-metadata-seeds/metadata-format/>

use std::path::{Path, PathBuf};

use super::{Source, Tree, entry, items};
use crate::collect::declared::value::Spot;
use crate::collect::declared::yaml;
use crate::facts::TrackedTable;

/// The source of a project from before there were several, and the name of the first one since.
const DEFAULT: &str = "default";
/// Where a table is whose schema is not written.
const PUBLIC: &str = "public";
/// Bytes of a name in PostgreSQL: no table has a longer one.
const LONGEST: usize = 63;

pub(super) fn read(tree: Tree<'_>) -> Vec<TrackedTable> {
    let mut found = Vec::new();
    for path in tree.paths {
        let Some(named) = named(tree, path) else { continue };
        if let Some(source) = tree.source(path) {
            found.extend(tables(&source, &named));
        }
    }
    found
}

/// Whose tables a file may name.
enum Named {
    /// Of every source that the file itself names.
    Each,
    Source(String),
}

fn named(tree: Tree<'_>, path: &Path) -> Option<Named> {
    let below: Vec<&str> = tree.below(path).iter().map(|part| part.to_str().unwrap_or_default()).collect();
    let (name, folders) = below.split_last()?;
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))?;
    match (stem, folders) {
        ("databases", [.., "databases"]) => Some(Named::Each),
        (_, [.., "databases", source, "tables"]) => {
            let list = path.ancestors().nth(3)?;
            is_there(tree, &list.join("databases.yaml")).then(|| Named::Source((*source).to_owned()))
        }
        // Of config v2: the metadata's own folder, which holds its version.
        ("tables", _) => {
            let metadata = path.parent()?;
            let is_metadata = is_there(tree, &metadata.join("version.yaml"));
            is_metadata.then(|| Named::Source(DEFAULT.to_owned()))
        }
        _ => None,
    }
}

/// Paths are sorted.
fn is_there(tree: Tree<'_>, path: &PathBuf) -> bool {
    tree.paths.binary_search(path).is_ok()
}

fn tables(source: &Source<'_>, named: &Named) -> Vec<TrackedTable> {
    let Ok(document) = yaml::read(&source.file, &source.text) else { return Vec::new() };
    match named {
        Named::Source(name) => listed(&document, name),
        Named::Each => {
            let each = items(Some(&document)).iter().filter_map(|one| {
                let name = entry(one, "name")?;
                Some(listed(entry(one, "tables")?, name.text()?))
            });
            each.flatten().collect()
        }
    }
}

/// The table of a document, or those of its list; what a list includes is a file of its own.
fn listed(document: &Spot, source: &str) -> Vec<TrackedTable> {
    let all = std::slice::from_ref(document).iter().chain(items(Some(document)));
    all.filter_map(|one| table(entry(one, "table")?, source)).collect()
}

fn table(written: &Spot, source: &str) -> Option<TrackedTable> {
    let name = entry(written, "name").unwrap_or(written);
    let schema = entry(written, "schema");
    Some(TrackedTable {
        file: name.at.file.to_string(),
        line: name.at.line,
        source: source.to_owned(),
        schema: schema.and_then(Spot::text).unwrap_or(PUBLIC).to_owned(),
        table: name.text().filter(|name| name.len() <= LONGEST)?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use crate::collect::files::Files;
    use crate::collect::repository;
    use crate::facts::TrackedTable;

    fn lines(found: &[TrackedTable]) -> Vec<String> {
        let line =
            |one: &TrackedTable| format!("{}:{} {} {}.{}", one.file, one.line, one.source, one.schema, one.table);
        found.iter().map(line).collect()
    }

    #[test]
    fn tracked_tables_are_read_in_all_layouts() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repository/hasura");
        assert_eq!(
            lines(&repository::read(&Files::Disk, &folder).unwrap().tracked_tables),
            [
                "hasura/metadata/databases/databases.yaml:18 stats public.events",
                "hasura/metadata/databases/databases.yaml:19 stats monitoring.pg_stat_statements",
                "hasura/metadata/databases/default/tables/cron_job.yaml:3 default cron.job",
                "hasura/metadata/databases/default/tables/public_flows.yaml:2 default public.flows",
                "hasura/metadata/databases/default/tables/public_odd.yaml:1 default public.Odd name",
                "old/metadata/tables.yaml:3 default public.users",
                "old/metadata/tables.yaml:6 default cron.job_run_details",
            ]
        );
    }

    const LIST: &str = include_str!("../../../fixtures/repository/hasura/hasura/metadata/databases/databases.yaml");

    fn read(list: &str, table: &str) -> Vec<TrackedTable> {
        let files = [
            ("m/databases/databases.yaml", list),
            ("m/databases/a b/tables/t.yaml", table),
            ("m/databases/nested/tables/deep/t.yaml", table),
        ];
        let files = Files::memory("/r", files.map(|(path, text)| (path, text.as_bytes().to_vec())));
        repository::read(&files, Path::new("/r")).unwrap().tracked_tables
    }

    #[test]
    fn hostile_files_end() {
        let n = 250_000;
        for text in ["[".repeat(n), "table: ".repeat(n), "- table: {".repeat(n), format!("table: {}", "x".repeat(n))] {
            assert!(read(&text, &text).is_empty());
        }
        let laughs = format!("a: &a [{}]\n", "x,".repeat(1000)) + &"- *a\n".repeat(1000);
        assert!(read(&laughs, &laughs).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..40_usize, with in "(?s)[\\[\\]{}\"':&*!\n -]{0,6}|(?s).{0,3}") {
            let start = LIST.floor_char_boundary(LIST.len() * at / 1000);
            let end = LIST.floor_char_boundary((start + cut).min(LIST.len()));
            let text = format!("{}{with}{}", &LIST[..start], &LIST[end..]);
            read(&text, &text);
        }
    }
}

//! Projects of Hasura's CLI: where their migrations are, and for which databases.
//! <https://hasura.io/docs/2.0/hasura-cli/config-reference/>

use std::io;
use std::path::{Path, PathBuf};

use super::declared::value::{Spot, Value};
use super::declared::{walk, yaml};
use super::files::{Files, Kind};

const CONFIG: [&str; 2] = ["config.yaml", "config.yml"];
/// A configuration is a few lines; the list of databases may hold all of the metadata.
const MAX_BYTES: u64 = 2 * 1024 * 1024;
/// What makes a `config.yaml` one of Hasura's.
const MARKS: [&str; 3] = ["metadata_directory", "migrations_directory", "endpoint"];

/// A project of config v2 or v3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Where its configuration is.
    pub folder: PathBuf,
    pub layout: Layout,
    pub migrations: PathBuf,
    /// From the metadata; empty when it does not name any.
    pub sources: Vec<Source>,
}

/// How migrations are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Config v2: `migrations/<version>_<name>/`
    Flat,
    /// Config v3: `migrations/<source>/<version>_<name>/`
    BySource,
}

/// A database as Hasura calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub kind: String,
    /// The PostgreSQL database, where the metadata spells its address out.
    pub database: Option<String>,
}

/// What a folder of migrations holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrations {
    /// Names of all migrations, of all sources.
    pub names: Vec<String>,
    /// The folders of sources.
    pub sources: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} has no config.yaml of a Hasura project", folder.display())]
    NoConfig { folder: PathBuf },
    #[error("{}: {problem}", path.display())]
    Config { path: PathBuf, problem: String },
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
}

impl Source {
    /// Whether it is a PostgreSQL at all.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.kind.as_str(), "postgres" | "pg" | "citus" | "alloy")
    }
}

/// The projects below a folder, by their paths.
///
/// # Errors
/// When the folder, or a project in it, cannot be read.
pub fn find(files: &Files, folder: &Path) -> Result<Vec<Project>, Error> {
    let read = |source| Error::Read { path: folder.to_owned(), source };
    let mut projects = Vec::new();
    for path in files.below(folder, &[]).map_err(read)? {
        let is_named_so = path.file_name().is_some_and(|name| CONFIG.iter().any(|config| name == *config));
        if !is_named_so {
            continue;
        }
        let Ok(config) = document(files, &path) else { continue };
        if layout(&config).is_some() && MARKS.iter().any(|mark| text(&config, mark).is_some()) {
            projects.push(project(files, &path, &config)?);
        }
    }
    Ok(projects)
}

/// The project in a folder.
///
/// # Errors
/// When there is none, or of another layout, or it cannot be read.
pub fn open(files: &Files, folder: &Path) -> Result<Project, Error> {
    let path = CONFIG.iter().map(|name| folder.join(name)).find(|path| files.is_file(path));
    let path = path.ok_or_else(|| Error::NoConfig { folder: folder.to_owned() })?;
    let config = document(files, &path)?;
    project(files, &path, &config)
}

fn project(files: &Files, path: &Path, config: &Spot) -> Result<Project, Error> {
    let problem = |problem: &str| Error::Config { path: path.to_owned(), problem: problem.to_owned() };
    let layout = layout(config).ok_or_else(|| {
        problem("only config of version 2 and 3 is written; `hasura scripts update-project-v3` brings a project there")
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let directory = |key: &str, otherwise: &str| match config.entry(key) {
        Some(spot) if spot.lost().is_some() => Err(problem(&format!("{key}: {}", spot.lost().unwrap_or_default()))),
        Some(spot) => Ok(folder.join(spot.text().unwrap_or(otherwise))),
        None => Ok(folder.join(otherwise)),
    };
    let metadata = directory("metadata_directory", "metadata")?;
    let list = metadata.join("databases").join("databases.yaml");
    let sources = if files.is_file(&list) { sources(&document(files, &list)?) } else { Vec::new() };
    Ok(Project {
        folder: folder.to_owned(),
        layout,
        migrations: directory("migrations_directory", "migrations")?,
        sources: if layout == Layout::Flat { Vec::new() } else { sources },
    })
}

fn layout(config: &Spot) -> Option<Layout> {
    match text(config, "version")?.as_str() {
        "2" => Some(Layout::Flat),
        "3" => Some(Layout::BySource),
        _ => None,
    }
}

fn sources(list: &Spot) -> Vec<Source> {
    let Value::List(items) = &list.value else { return Vec::new() };
    let source = |one: &Spot| {
        let address = ["configuration", "connection_info", "database_url"];
        let address = address.iter().try_fold(one.clone(), |spot, key| spot.entry(key));
        Some(Source {
            name: text(one, "name")?,
            kind: text(one, "kind").unwrap_or_else(|| "postgres".to_owned()),
            database: address.and_then(|address| database(&address)),
        })
    };
    items.iter().filter_map(source).collect()
}

/// The database of an address that is a URL or made of parts, and not the name of a variable.
fn database(address: &Spot) -> Option<String> {
    if let Some(url) = address.text() {
        let config: tokio_postgres::Config = url.parse().ok()?;
        return config.get_dbname().map(str::to_owned);
    }
    text(&address.entry("connection_parameters")?, "database")
}

fn text(map: &Spot, key: &str) -> Option<String> {
    map.entry(key)?.text().map(str::to_owned)
}

fn document(files: &Files, path: &Path) -> Result<Spot, Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    match files.kind(path).map_err(read)? {
        Kind::File(length) if length <= MAX_BYTES => {}
        _ => {
            return Err(Error::Config {
                path: path.to_owned(),
                problem: "it is too large for a configuration".to_owned(),
            });
        }
    }
    let text = walk::text(files.bytes(path).map_err(read)?);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    yaml::read(&name.into(), &text).map_err(|error| Error::Config { path: path.to_owned(), problem: error.to_string() })
}

/// What is in the folder of a project's migrations; nothing when it is not there yet.
///
/// # Errors
/// When it cannot be read.
pub fn migrations(files: &Files, project: &Project) -> Result<Migrations, Error> {
    let mut found = Migrations::default();
    if files.kind(&project.migrations).is_err() {
        return Ok(found);
    }
    let entries = |path: &Path| files.entries(path).map_err(|source| Error::Read { path: path.to_owned(), source });
    for path in entries(&project.migrations)? {
        let name = name(&path);
        let is_source = project.layout == Layout::BySource && files.is_folder(&path) && !is_migration(&name);
        if is_source {
            found.names.extend(entries(&path)?.iter().map(|path| self::name(path)).filter(|name| is_migration(name)));
            found.sources.push(name);
        } else if is_migration(&name) {
            found.names.push(name);
        }
    }
    Ok(found)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether Hasura takes a folder or file of this name for a migration.
fn is_migration(name: &str) -> bool {
    let rest = name.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < name.len() && (rest.is_empty() || rest.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASES: &str = "- name: default\n  kind: postgres\n  configuration:\n    connection_info:\n      database_url:\n        from_env: URL\n  tables: \"!include default/tables/tables.yaml\"\n- name: stats\n  configuration:\n    connection_info:\n      database_url: postgres://u:p%40@h:5432/stats%20db?sslmode=require\n- name: parts\n  configuration: {connection_info: {database_url: {connection_parameters: {host: h, database: third}}}}\n- name: lake\n  kind: bigquery\n";

    fn files(some: &[(&'static str, &str)]) -> Files {
        Files::memory("/r", some.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())))
    }

    #[test]
    fn projects_are_found_with_their_sources() {
        let found = find(
            &files(&[
                ("hasura/config.yaml", "version: 3\nendpoint: http://localhost:8080\nmetadata_directory: meta\n"),
                ("hasura/meta/databases/databases.yaml", DATABASES),
                ("hasura/migrations/default/1_init/up.sql", ""),
                ("old/config.yaml", "version: 2\nmigrations_directory: sql/changes\n"),
                ("other/config.yaml", "version: 3\nplugins: []\n"),
                ("ancient/config.yaml", "endpoint: http://localhost:8080\n"),
                ("broken/config.yaml", "version: [3\n"),
            ]),
            Path::new("/r"),
        )
        .unwrap();
        let [hasura, old] = &found[..] else { panic!("{found:?}") };
        assert_eq!((hasura.layout, hasura.migrations.as_path()), (Layout::BySource, Path::new("/r/hasura/migrations")));
        assert_eq!((old.layout, old.migrations.as_path()), (Layout::Flat, Path::new("/r/old/sql/changes")));
        let sources: Vec<_> =
            hasura.sources.iter().map(|one| (&*one.name, one.is_postgres(), one.database.as_deref())).collect();
        assert_eq!(
            sources,
            [
                ("default", true, None),
                ("stats", true, Some("stats db")),
                ("parts", true, Some("third")),
                ("lake", false, None)
            ]
        );
    }

    #[test]
    fn a_folder_without_a_project_of_version_2_or_3_says_so() {
        let some = files(&[
            ("a/config.yaml", "endpoint: x\n"),
            ("b/config.yml", "version: 3\nmigrations_directory: !x y\n"),
            ("c/x", ""),
        ]);
        for (folder, said) in
            [("/r/a", "version 2 and 3"), ("/r/b", "migrations_directory"), ("/r/c", "no config.yaml")]
        {
            let error = open(&some, Path::new(folder)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn migrations_of_every_source_count() {
        let some = files(&[
            ("config.yaml", "version: 3\n"),
            ("migrations/default/1739787604659_update extensions/up.sql", ""),
            ("migrations/default/notes.txt", ""),
            ("migrations/stats/1654696186008_init/up.sql", ""),
            ("migrations/1600000000000_from_v2/up.sql", ""),
            ("migrations/1500000000000_v1.up.sql", ""),
        ]);
        let project = open(&some, Path::new("/r")).unwrap();
        let found = migrations(&some, &project).unwrap();
        assert_eq!(found.sources, ["default", "stats"]);
        assert_eq!(
            found.names,
            [
                "1500000000000_v1.up.sql",
                "1600000000000_from_v2",
                "1739787604659_update extensions",
                "1654696186008_init"
            ]
        );
        let none = Project { migrations: PathBuf::from("/r/none"), ..project };
        assert_eq!(migrations(&some, &none).unwrap(), Migrations::default());
    }
}

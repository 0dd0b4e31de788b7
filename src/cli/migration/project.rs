//! Where the migration goes: the project, the source, the folder.

use std::path::{Path, PathBuf};

use super::super::args::MigrationArgs;
use super::super::error::Error;
use super::super::settings;
use crate::collect::files::Files;
use crate::collect::hasura::{self, Layout, Migrations, Project};
use crate::migration::{folder_name, next_version, snake_case};

/// The source of a project that names none.
const DEFAULT: &str = "default";

/// A folder that is not there yet.
pub(super) struct Destination {
    pub project: PathBuf,
    /// As Hasura calls the database.
    pub source: String,
    /// The PostgreSQL database, where the project says it.
    pub database: Option<String>,
    pub version: u64,
    pub folder: PathBuf,
}

impl Destination {
    pub(super) fn of(args: &MigrationArgs, files: &Files) -> Result<Self, Error> {
        let name = snake_case(&args.name).ok_or_else(|| {
            Error::Usage(format!("--name '{}' is no name of letters, digits and underscores", args.name))
        })?;
        let project = project(args.project.as_deref(), files)?;
        let existing = hasura::migrations(files, &project)?;
        let (source, database) = source(&project, &existing, args.database.as_deref())?;
        let now = u64::try_from(settings::now().as_millisecond()).unwrap_or_default();
        let version = next_version(existing.names.iter().map(String::as_str), now).ok_or_else(|| {
            Error::Usage(format!("no number is larger than those in {}", project.migrations.display()))
        })?;
        let parent = match project.layout {
            Layout::Flat => project.migrations.clone(),
            Layout::BySource => project.migrations.join(&source),
        };
        Ok(Self {
            project: project.folder,
            source,
            database,
            version,
            folder: parent.join(folder_name(version, &name)),
        })
    }
}

fn project(named: Option<&Path>, files: &Files) -> Result<Project, Error> {
    if let Some(folder) = named {
        return Ok(hasura::open(files, folder)?);
    }
    let mut found = hasura::find(files, Path::new("."))?;
    for project in &mut found {
        for path in [&mut project.folder, &mut project.migrations] {
            *path = path.strip_prefix(".").map(Path::to_owned).unwrap_or_else(|_| path.clone());
        }
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Error::Usage(
            "which Hasura project? No config.yaml of version 2 or 3 is below this folder; pass --project DIR"
                .to_owned(),
        )),
        _ => {
            let folders: Vec<String> = found.iter().map(|project| shown(&project.folder)).collect();
            Err(Error::Usage(format!("several Hasura projects are here, pass --project DIR: {}", folders.join(", "))))
        }
    }
}

fn shown(folder: &Path) -> String {
    if folder.as_os_str().is_empty() { ".".to_owned() } else { folder.display().to_string() }
}

/// Hasura's name of the database, and PostgreSQL's where the project says it.
fn source(project: &Project, existing: &Migrations, named: Option<&str>) -> Result<(String, Option<String>), Error> {
    if project.layout == Layout::Flat {
        return match named {
            Some(name) if name != DEFAULT => Err(Error::Usage(format!(
                "--database {name}: a project of config v2 has one database, and no folder for each"
            ))),
            _ => Ok((DEFAULT.to_owned(), None)),
        };
    }
    let of_postgres: Vec<_> = project.sources.iter().filter(|source| source.is_postgres()).collect();
    let list = || of_postgres.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = match (named, &of_postgres[..]) {
        (Some(name), []) if project.sources.is_empty() => return Ok((checked(name)?, None)),
        (Some(name), _) => of_postgres.iter().find(|source| source.name == name).copied().ok_or_else(|| {
            Error::Usage(format!("the project has no PostgreSQL database '{name}'; it has {}", or_none(&list())))
        })?,
        (None, [one]) => one,
        (None, []) if !project.sources.is_empty() => {
            return Err(Error::Usage("the project's metadata names no PostgreSQL database".to_owned()));
        }
        (None, []) => {
            return match &existing.sources[..] {
                [] => Ok((DEFAULT.to_owned(), None)),
                [one] => Ok((one.clone(), None)),
                several => Err(Error::Usage(format!("which database? Pass --database NAME: {}", several.join(", ")))),
            };
        }
        (None, _) => return Err(Error::Usage(format!("which database? Pass --database NAME: {}", list()))),
    };
    Ok((checked(&found.name)?, found.database.clone()))
}

fn or_none(list: &str) -> &str {
    if list.is_empty() { "none" } else { list }
}

/// A name that is one folder.
fn checked(name: &str) -> Result<String, Error> {
    let is_folder = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0']);
    if is_folder { Ok(name.to_owned()) } else { Err(Error::Usage(format!("'{name}' is no name of a folder"))) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::super::args::{Cli, Command};
    use super::*;

    const CONFIG: &str = "version: 3\nendpoint: http://localhost:8080\n";

    fn destination(words: &str, files: &[(&'static str, &str)]) -> Result<Destination, String> {
        let words = ["pg-preflight", "migration"].into_iter().chain(words.split('|').filter(|word| !word.is_empty()));
        let Command::Migration(args) = Cli::try_parse_from(words).expect("valid words").command else { panic!() };
        let files = Files::memory("/r", files.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())));
        let args = MigrationArgs { project: args.project.or_else(|| Some(PathBuf::from("/r"))), ..*args };
        Destination::of(&args, &files).map_err(|error| error.lines())
    }

    fn folder(found: &Result<Destination, String>) -> String {
        let found = found.as_ref().map_err(String::as_str).unwrap();
        found.folder.to_str().unwrap().replace(&found.version.to_string(), "NOW")
    }

    #[test]
    fn config_v3_has_a_folder_for_each_source_and_v2_has_none() {
        let v3 = destination("", &[("config.yaml", CONFIG)]);
        assert_eq!(folder(&v3), "/r/migrations/default/NOW_update_extensions");
        assert_eq!(v3.as_ref().map(|found| found.version.to_string().len()), Ok(13));
        let v2 = "version: 2\nmigrations_directory: db/changes\n";
        assert_eq!(folder(&destination("--name|for 16", &[("config.yaml", v2)])), "/r/db/changes/NOW_for_16");
        assert!(
            destination("--database|other", &[("config.yaml", v2)]).is_err_and(|error| error.contains("config v2"))
        );
    }

    #[test]
    fn the_source_is_the_only_one_or_named() {
        let two = "- {name: default, kind: postgres}\n- {name: stats, kind: postgres, configuration: {connection_info: {database_url: 'postgres://h/s'}}}\n- {name: lake, kind: bigquery}\n";
        let some = [("config.yaml", CONFIG), ("metadata/databases/databases.yaml", two)];
        assert!(destination("", &some).is_err_and(|error| error.ends_with("Pass --database NAME: default, stats")));
        let stats = destination("--database|stats", &some);
        assert_eq!(folder(&stats), "/r/migrations/stats/NOW_update_extensions");
        assert_eq!(stats.unwrap().database.as_deref(), Some("s"));
        for other in ["lake", "nobody"] {
            let error = destination(&format!("--database|{other}"), &some).err().expect(other);
            assert!(error.contains(other) && error.contains("default, stats"), "{error}");
        }
        let lake = [("config.yaml", CONFIG), ("metadata/databases/databases.yaml", "- {name: lake, kind: bigquery}\n")];
        assert!(destination("", &lake).is_err());
    }

    #[test]
    fn without_metadata_the_folders_tell() {
        let one = [("config.yaml", CONFIG), ("migrations/main/1_a/up.sql", "")];
        assert_eq!(folder(&destination("", &one)), "/r/migrations/main/NOW_update_extensions");
        let two = [("config.yaml", CONFIG), ("migrations/a/1_a/up.sql", ""), ("migrations/b/1_a/up.sql", "")];
        assert!(destination("", &two).is_err_and(|error| error.contains("a, b")));
        assert_eq!(folder(&destination("--database|c d", &two)), "/r/migrations/c d/NOW_update_extensions");
        for bad in ["..", "a/b", "."] {
            assert!(
                destination(&format!("--database|{bad}"), &two).is_err_and(|error| error.contains("folder")),
                "{bad}"
            );
        }
        let forged = [("config.yaml", CONFIG), ("metadata/databases/databases.yaml", "- {name: ../../x}\n")];
        assert!(destination("", &forged).is_err_and(|error| error.contains("folder")));
    }

    #[test]
    fn the_version_is_larger_than_that_of_any_source() {
        let some = [
            ("config.yaml", CONFIG),
            ("metadata/databases/databases.yaml", "- name: default\n"),
            ("migrations/default/1739787604659_update extensions/up.sql", ""),
            ("migrations/stats/4102444800000_from the future/up.sql", ""),
        ];
        let found = destination("", &some).unwrap();
        assert_eq!(found.version, 4_102_444_800_001);
        assert_eq!(found.folder, Path::new("/r/migrations/default/4102444800001_update_extensions"));
    }
}

//! `init`: writes the configuration and a pipeline, for the code that it finds.

use std::collections::BTreeSet;
use std::path::Path;

use super::args::{Ci, InitArgs};
use super::console::Console;
use super::error::Error;
use crate::collect::declared;
use crate::collect::files::Files;
use crate::exit;
use crate::facts::Declaration;
use crate::templates::{self, Found};

const CONFIG: &str = "preflight.toml";
const GITHUB: &str = ".github/workflows/pg-preflight.yml";
const GITLAB: &str = ".gitlab/pg-preflight.yml";
const GITLAB_ROOT: &str = ".gitlab-ci.yml";

/// Writes what is not there yet.
pub(super) fn run(args: &InitArgs, console: &Console) -> Result<u8, Error> {
    let found = look(&args.folder);
    for one in &found.databases {
        let version = one.version.as_deref().unwrap_or("of unknown version");
        let said = format!("found {} ({} {version}) at {}:{}\n", one.resource, one.engine, one.file, one.line);
        console.print(&crate::report::text::lines(&said))?;
    }
    write(args, CONFIG, &templates::config(&found), console)?;
    match args.ci {
        Ci::Github => drop(write(args, GITHUB, &templates::github(&found), console)?),
        Ci::Gitlab => {
            write(args, GITLAB, &templates::gitlab(&found), console)?;
            if !write(args, GITLAB_ROOT, templates::GITLAB_INCLUDE, console)? {
                console.print(&format!("add to {GITLAB_ROOT}:\n{}", templates::GITLAB_INCLUDE))?;
            }
        }
    }
    Ok(exit::GO)
}

/// Whether it was written.
fn write(args: &InitArgs, name: &str, text: &str, console: &Console) -> Result<bool, Error> {
    let path = args.folder.join(name);
    if path.exists() {
        console.print(&format!("{} is there already, kept\n", path.display()))?;
        return Ok(false);
    }
    let failed = |source| Error::Write { path: path.clone(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(&path, text).map_err(failed)?;
    console.print(&format!("wrote {}\n", path.display()))?;
    Ok(true)
}

/// What the code in the folder says. That there is none is no mistake: everything is then left open.
fn look(folder: &Path) -> Found {
    let databases = read(folder);
    if databases.is_empty() {
        return Found::default();
    }
    let path = smallest(folder, &databases);
    let below = if path == "." { String::new() } else { format!("{path}/") };
    let also: BTreeSet<&String> =
        databases.iter().map(|one| &one.file).filter(|file| !file.starts_with(&below)).collect();
    let projects = projects(folder, &databases);
    let mut stacks = BTreeSet::new();
    let mut regions = BTreeSet::new();
    for (stack, text) in projects.iter().flat_map(|project| stacks_of(project)) {
        stacks.insert(stack);
        regions.extend(region(&text));
    }
    Found {
        also: also.into_iter().cloned().collect(),
        path: Some(path),
        stacks: stacks.into_iter().collect(),
        // Where stacks are in several Regions, nobody can say which is meant.
        region: regions.pop_first().filter(|_| regions.is_empty()),
        databases: databases.into_iter().filter(|one| one.replica_of.is_none()).collect(),
    }
}

fn read(folder: &Path) -> Vec<Declaration> {
    declared::read(&Files::Disk, folder, None).map(|code| code.declarations).unwrap_or_default()
}

fn place(one: &Declaration) -> &str {
    one.place.as_ref().map_or(&one.file, |place| &place.file)
}

fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..at])
}

/// The smallest folder that holds all declarations, and says the same of them without what is around it.
fn smallest(folder: &Path, databases: &[Declaration]) -> String {
    let mut path = parent(place(&databases[0]));
    while !databases.iter().all(|one| path.is_empty() || place(one).starts_with(&format!("{path}/"))) {
        path = parent(path);
    }
    while !path.is_empty() && !is_same(&read(&folder.join(path)), databases) {
        path = parent(path);
    }
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

fn is_same(some: &[Declaration], all: &[Declaration]) -> bool {
    let said = |one: &Declaration| (one.resource.clone(), one.version.clone(), one.identifier.clone());
    let (mut some, mut all): (Vec<_>, Vec<_>) = (some.iter().map(said).collect(), all.iter().map(said).collect());
    some.sort();
    all.sort();
    some == all
}

/// The folders of Pulumi projects in which databases are declared.
fn projects(folder: &Path, databases: &[Declaration]) -> BTreeSet<std::path::PathBuf> {
    let mut projects = BTreeSet::new();
    for one in databases {
        let mut at = parent(place(one));
        loop {
            let project = folder.join(at);
            if ["Pulumi.yaml", "Pulumi.yml"].iter().any(|name| project.join(name).is_file()) {
                projects.insert(project);
                break;
            }
            if at.is_empty() {
                break;
            }
            at = parent(at);
        }
    }
    projects
}

/// The stacks that have a file in a project, with its text.
fn stacks_of(project: &Path) -> Vec<(String, String)> {
    let files = Files::Disk.entries(project).unwrap_or_default();
    let stacks = files.iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_prefix("Pulumi.")?;
        let stack = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))?;
        Some((stack.to_owned(), std::fs::read_to_string(path).unwrap_or_default()))
    });
    stacks.collect()
}

/// The Region in the configuration of a stack.
fn region(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix("aws:region:"))?;
    let region = value.split('#').next()?.trim().trim_matches(['"', '\'']);
    let is_region =
        !region.is_empty() && region.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    is_region.then(|| region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_as_it_is_written() {
        let told = |line: &str| region(&format!("config:\n  app:size: 1\n  {line}\n"));
        assert_eq!(told("aws:region: eu-west-2 # London").as_deref(), Some("eu-west-2"));
        assert_eq!(told("aws:region: \"us-east-1\"").as_deref(), Some("us-east-1"));
        for line in ["aws:region:", "aws:region: ${x}", "xaws:region: eu-west-2", "aws:regions: eu-west-2"] {
            assert_eq!(told(line), None, "{line}");
        }
    }

    #[test]
    fn a_parent_is_above() {
        assert_eq!((parent("a/b/c.ts"), parent("a/b"), parent("a"), parent("")), ("a/b", "a", "", ""));
    }
}

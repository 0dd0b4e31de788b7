//! A Pulumi project: its name, its stacks, and what they configure.

pub(super) mod program;
mod template;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::value::{Place, Spot, Value, normal};
use super::walk::{self, Tree};
use super::yaml;
use crate::collect::files::Files;
use crate::facts::{PinKind, Pinned, Stated};

/// The nearest project of a program, and the stack whose configuration applies.
#[derive(Debug)]
pub(super) struct Project {
    name: Option<String>,
    /// Why the project's own file is not read.
    broken: Option<String>,
    defaults: Option<Spot>,
    /// As given by the user.
    given: Option<String>,
    stack: Result<Settings, String>,
    has_stacks: bool,
}

/// A stack's file.
#[derive(Debug)]
struct Settings {
    file: Arc<str>,
    config: Spot,
}

/// Paths that the loader wants to know how to show.
pub(super) struct Found {
    store: Files,
    file: Option<(PathBuf, Arc<str>)>,
    /// Of a given name, or else every one.
    stacks: Vec<(PathBuf, Arc<str>)>,
    given: Option<String>,
}

/// Looks for the project of a program, upward from its folder.
pub(super) fn find(tree: &Tree, program: &Path, stack: Option<&str>) -> Found {
    let given = stack.map(|name| name.rsplit('/').next().unwrap_or(name).to_owned());
    let mut found = Found { store: tree.store.clone(), file: None, stacks: Vec::new(), given };
    for folder in program.ancestors().skip(1) {
        let Some(file) = ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"]
            .iter()
            .map(|name| folder.join(name))
            .find(|path| tree.store.is_file(path))
        else {
            continue;
        };
        let shown = tree.shown(&file);
        let folders = [stack_folder(tree, &file, folder), Some(folder.to_owned())];
        for path in folders.into_iter().flatten().filter_map(|folder| tree.entries(&folder).ok()).flatten() {
            let wanted = stack_of(&path).is_some_and(|name| found.given.as_ref().is_none_or(|given| *given == name));
            if wanted && !found.stacks.iter().any(|(known, _)| *known == path) {
                found.stacks.push((path.clone(), tree.shown(&path)));
            }
        }
        found.file = Some((file, shown));
        break;
    }
    found
}

/// `staging` of `Pulumi.staging.yaml`
fn stack_of(path: &Path) -> Option<String> {
    let full = path.file_name()?.to_str()?.strip_prefix("Pulumi.")?;
    let name = full.strip_suffix(".yaml").or_else(|| full.strip_suffix(".yml"));
    let name = name.or_else(|| full.strip_suffix(".json"))?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// `stackConfigDir`, which keeps the stacks' files in another folder.
fn stack_folder(tree: &Tree, file: &Path, folder: &Path) -> Option<PathBuf> {
    let project = yaml::read(&"".into(), &tree.text(file).ok()?).ok()?;
    let path = project.entry("stackConfigDir")?.text()?.to_owned();
    let path = folder.join(path);
    tree.store.is_folder(&path).then_some(path)
}

impl Found {
    pub(super) fn load(self) -> Project {
        let none = "there is no Pulumi.yaml above it".to_owned();
        let mut project = Project {
            name: None,
            broken: None,
            defaults: None,
            given: self.given.clone(),
            stack: Err(none.clone()),
            has_stacks: !self.stacks.is_empty(),
        };
        let Some((file, shown)) = &self.file else {
            project.broken = Some(none);
            return project;
        };
        match document(&self.store, file, shown) {
            Ok(document) => {
                project.name = document.entry("name").and_then(|name| name.text().map(str::to_owned));
                project.defaults = document.entry("config");
            }
            Err(reason) => project.broken = Some(reason),
        }
        project.stack = match (&self.stacks[..], &self.given) {
            ([(path, shown)], _) => document(&self.store, path, shown).map(|document| Settings {
                file: shown.clone(),
                config: document
                    .entry("config")
                    .unwrap_or_else(|| Spot::new(Value::Nothing, Place { file: shown.clone(), line: 1 })),
            }),
            ([], Some(given)) => Err(format!("there is no Pulumi.{given}.yaml")),
            ([], None) => Err("no stack given".to_owned()),
            (several, Some(given)) => Err(format!("there are {} files Pulumi.{given}.yaml", several.len())),
            (several, None) => {
                let names: Vec<String> = several.iter().filter_map(|(path, _)| stack_of(path)).collect();
                Err(format!("no stack given, of {}", names.join(", ")))
            }
        };
        project
    }
}

fn document(store: &Files, path: &Path, shown: &Arc<str>) -> Result<Spot, String> {
    let text = walk::read_text(store, path).map_err(|error| error.to_string())?;
    yaml::read(shown, &text).map_err(|error| format!("{shown}: {error}"))
}

impl Project {
    /// The stack's name, when it was given.
    pub(super) fn stack(&self) -> Option<&str> {
        self.given.as_deref()
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What is configured under a key; nothing when it is not.
    ///
    /// # Errors
    /// Why that cannot be known.
    pub(super) fn setting(&self, namespace: Option<&str>, key: &str) -> Result<Spot, String> {
        let own = match (namespace, &self.broken) {
            (None, Some(reason)) => return Err(reason.clone()),
            (None, None) => self.name.as_deref().ok_or("Pulumi.yaml gives the project no name")?,
            (Some(namespace), _) => namespace,
        };
        let full = format!("{own}:{key}");
        let is_own = self.name.as_deref() == Some(own);
        let default = self.default(&full).or_else(|| if is_own { self.default(key) } else { None });
        let settings = match (&self.stack, default.clone()) {
            (Ok(settings), _) => settings,
            // A stack without configuration has no file.
            (Err(_), Some(default)) if !self.has_stacks => return Ok(default),
            (Err(reason), _) => return Err(reason.clone()),
        };
        let of_stack = settings.config.entry(&full).filter(|spot| !spot.is_nothing());
        let short = || is_own.then(|| settings.config.entry(key)).flatten().filter(|spot| !spot.is_nothing());
        if let Some(spot) = of_stack.or_else(short) {
            return match &spot.value {
                Value::Map(map) if map.entries.contains_key("secure") => {
                    Err(format!("{full} is a secret in {}", settings.file))
                }
                _ => Ok(spot),
            };
        }
        Ok(default.unwrap_or_else(|| Spot::new(Value::Nothing, settings.config.at.clone())))
    }

    fn default(&self, key: &str) -> Option<Spot> {
        let written = self.defaults.as_ref()?.entry(key).filter(|spot| !spot.is_nothing())?;
        default_of(&written)
    }

    /// Whether there is a file of the stack given, or of any when none is given.
    pub(super) fn has_stacks(&self) -> bool {
        self.has_stacks
    }

    /// The profile and the accounts that the stack's file names.
    pub(super) fn pins(&self) -> Vec<Pinned> {
        let Ok(settings) = &self.stack else { return Vec::new() };
        let pin = |kind, spot: &Spot| {
            let value = Some(spot.text()?.to_owned());
            let value = Stated { value, reason: None, file: spot.at.file.to_string(), line: spot.at.line };
            Some(Pinned { kind, value })
        };
        let profile = settings.config.entry("aws:profile").and_then(|spot| pin(PinKind::Profile, &spot));
        let accounts = settings.config.entry("aws:allowedAccountIds");
        let accounts = match accounts.as_ref().map(|spot| &spot.value) {
            Some(Value::List(items)) => items.iter().filter_map(|spot| pin(PinKind::Account, spot)).collect(),
            _ => Vec::new(),
        };
        profile.into_iter().chain(accounts).collect()
    }

    /// How the stack's file is called, for a reason.
    pub(super) fn settings_file(&self) -> &str {
        self.stack.as_ref().map_or("the stack", |settings| &settings.file)
    }
}

/// What a declaration of configuration gives a stack that does not set it.
fn default_of(declared: &Spot) -> Option<Spot> {
    let part = |name: &str| declared.entry(name).filter(|part| !part.is_nothing());
    match declared.value {
        Value::Map(_) => part("value").or_else(|| part("default")),
        _ => Some(declared.clone()),
    }
}

/// Where the names in `ignoreChanges` have the version among them.
/// <https://www.pulumi.com/docs/iac/concepts/options/ignorechanges/>
pub(super) fn ignored(names: &Spot) -> Option<Place> {
    let Value::List(names) = &names.value else { return None };
    let is_version = |name: &str| name == "*" || normal(name) == "engineversion";
    names.iter().find(|name| name.text().is_some_and(is_version)).map(|name| name.at.clone())
}

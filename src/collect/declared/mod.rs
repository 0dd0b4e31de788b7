//! What the infrastructure code declares: the PostgreSQL databases in it, their versions, and where these are written.
//!
//! Each language is a module here and a line in `EXTENSIONS`; `readers` says who reads it. It reads files into
//! `resource::Program`s, whose values (`value::Spot`) are known with their place, or unknown with the reason; what of
//! them is PostgreSQL, and what is said about it, is decided in `resource` for all languages alike. No program is run
//! and nothing is fetched: what only a run would tell is unknown.

mod cdk;
mod cloudformation;
mod documents;
mod go;
mod guard;
mod hcl;
pub(in crate::collect) mod json;
mod kubernetes;
mod property;
mod pulumi;
mod python;
mod readers;
mod resource;
mod settings;
mod states;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub(in crate::collect) mod typescript;
pub(in crate::collect) mod value;
pub(in crate::collect) mod walk;
pub(in crate::collect) mod yaml;

use std::io;
use std::path::{Path, PathBuf};

use super::files::Files;
use crate::facts::{Declaration, Pinned};
use walk::Tree;

/// Why infrastructure code was not read at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no {}", path.display())]
    Missing { path: PathBuf },
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is too large for infrastructure code", path.display())]
    TooLarge { path: PathBuf },
    #[error("{} is no infrastructure code that can be read ({})", path.display(), extensions())]
    Unsupported { path: PathBuf },
    #[error("there is no infrastructure code in {} ({})", path.display(), extensions())]
    NothingToRead { path: PathBuf },
}

/// In which language a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Language {
    TypeScript,
    Python,
    Go,
    Hcl,
    Yaml,
    /// Templates, states and plans.
    Json,
}

/// Which language a file is in, by its extension.
const EXTENSIONS: &[(&str, Language)] = &[
    ("ts", Language::TypeScript),
    ("tsx", Language::TypeScript),
    ("mts", Language::TypeScript),
    ("cts", Language::TypeScript),
    ("js", Language::TypeScript),
    ("mjs", Language::TypeScript),
    ("cjs", Language::TypeScript),
    ("py", Language::Python),
    ("go", Language::Go),
    ("tf", Language::Hcl),
    ("tofu", Language::Hcl),
    ("yaml", Language::Yaml),
    ("yml", Language::Yaml),
    // CloudFormation's own, which may hold JSON as well: YAML includes that.
    ("template", Language::Yaml),
    ("cfn", Language::Yaml),
    ("json", Language::Json),
    ("tfstate", Language::Json),
];

impl Language {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        // Terraform's own syntax in JSON belongs to its folder; of Terragrunt only the units are read.
        if name.ends_with(".tf.json") || name.ends_with(".tofu.json") || name == "terragrunt.hcl" {
            return Some(Self::Hcl);
        }
        let extension = path.extension()?.to_str()?;
        let language = EXTENSIONS.iter().find(|(known, _)| *known == extension).map(|(_, language)| *language)?;
        // `.d.ts` declares types, no resources.
        let is_types = Path::new(path.file_stem()?).extension().is_some_and(|inner| inner == "d");
        if language == Self::TypeScript && is_types { None } else { Some(language) }
    }
}

/// Whether a file can be of interest to a reader: code, or what code is configured by.
#[must_use]
pub fn may_be_read(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let configures = [".tfvars", ".toml", ".mod", ".hcl"];
    Language::of(path).is_some() || configures.iter().any(|end| name.ends_with(end))
}

fn extensions() -> String {
    EXTENSIONS.iter().map(|(extension, _)| format!(".{extension}")).collect::<Vec<_>>().join(", ")
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// One for each PostgreSQL database or cluster, in order of file and line.
    pub declarations: Vec<Declaration>,
    pub pins: Vec<Pinned>,
}

impl Code {
    /// The same with its files named from further up: `main.tf` of `infra` is `infra/main.tf`.
    #[must_use]
    pub fn below(mut self, folder: &str) -> Self {
        if folder.is_empty() {
            return self;
        }
        let files = self.declarations.iter_mut().flat_map(|one| {
            let group = one.parameter_group.iter_mut();
            let group = group.flat_map(|group| group.family.iter_mut().chain(group.parameters.values_mut()));
            let stated = one.settings.values_mut().chain(group).map(|stated| &mut stated.file);
            stated.chain(one.place.iter_mut().map(|place| &mut place.file)).chain([&mut one.file])
        });
        for file in files.chain(self.pins.iter_mut().map(|pin| &mut pin.value.file)) {
            *file = format!("{folder}/{file}");
        }
        self
    }
}

/// Reads a file or a folder of infrastructure code, from the disk or from a commit.
///
/// `stack` is the Pulumi stack or the Terraform workspace (and the name of its `.tfvars` file). A file that does not
/// parse but speaks of RDS is an entry of unknown version. States, plans and synthesized templates count where no code
/// beside, above or below them declares a database.
///
/// # Errors
/// When nothing could be read.
pub fn read(files: &Files, path: &Path, stack: Option<&str>) -> Result<Code, Error> {
    let tree = Tree::of(files, path)?;
    let stack = stack.filter(|stack| !stack.is_empty());
    let programs = readers::read(&tree, stack)?;
    let mut code = Code::default();
    let mut derived = Vec::new();
    for program in programs {
        let declarations = resource::declarations(&program);
        if program.is_derived { &mut derived } else { &mut code.declarations }.extend(declarations);
        code.pins.extend(program.pins);
    }
    let folders: Vec<String> = code.declarations.iter().map(|one| folder(&one.file)).collect();
    derived.retain(|one: &Declaration| {
        let own = synthesized_from(&folder(&one.file));
        folders.iter().all(|other| !own.starts_with(other.as_str()) && !other.starts_with(&own))
    });
    code.declarations.append(&mut derived);
    code.declarations.sort_by(|a, b| (&a.file, a.line, &a.resource).cmp(&(&b.file, b.line, &b.resource)));
    code.declarations.dedup();
    code.pins.sort();
    code.pins.dedup();
    Ok(code)
}

/// `a/b/` of `a/b/c.tf`, so that one folder's begins with the other's only when it is in it.
fn folder(file: &str) -> String {
    file.rfind('/').map_or_else(String::new, |at| file[..=at].to_owned())
}

/// The folder whose code was synthesized into this one.
fn synthesized_from(folder: &str) -> String {
    let at = format!("/{folder}").find("/cdk.out/");
    at.map_or_else(|| folder.to_owned(), |at| folder[..at].to_owned())
}

/// The entry of a file that speaks of RDS and does not parse.
fn unparsed(file: &str, line: u32, reason: String) -> Declaration {
    Declaration {
        file: file.to_owned(),
        line,
        resource: file.rsplit('/').next().unwrap_or(file).to_owned(),
        engine: "postgres".to_owned(),
        version: None,
        identifier: None,
        reason: Some(reason),
        tool: None,
        place: None,
        actual: None,
        replica_of: None,
        settings: std::collections::BTreeMap::new(),
        parameter_group: None,
    }
}

//! What the infrastructure code declares: the PostgreSQL databases in it, their versions, and where these are written.
//!
//! Each language is a module here and a line in `LANGUAGES`. It reads files into `resource::Resource`s, whose
//! values (`value::Spot`) are known with their place, or unknown with the reason; what of them is PostgreSQL, and
//! what is said about it, is decided in `resource` for all languages alike. No program is run and nothing is
//! fetched: what only a run would tell is unknown.

mod guard;
mod hcl;
mod pulumi;
mod resource;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod typescript;
mod value;
mod walk;
mod yaml;

use std::io;
use std::path::{Path, PathBuf};

use crate::facts::Declaration;
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Language {
    TypeScript,
    Hcl,
}

/// Which language a file is in, by its extension.
const LANGUAGES: &[(&str, Language)] = &[
    ("ts", Language::TypeScript),
    ("tsx", Language::TypeScript),
    ("mts", Language::TypeScript),
    ("cts", Language::TypeScript),
    ("js", Language::TypeScript),
    ("mjs", Language::TypeScript),
    ("cjs", Language::TypeScript),
    ("tf", Language::Hcl),
    ("tofu", Language::Hcl),
];

impl Language {
    fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        let language = LANGUAGES.iter().find(|(known, _)| *known == extension).map(|(_, language)| *language)?;
        // `.d.ts` declares types, no resources.
        let is_types = Path::new(path.file_stem()?).extension().is_some_and(|inner| inner == "d");
        if language == Self::TypeScript && is_types { None } else { Some(language) }
    }
}

fn extensions() -> String {
    LANGUAGES.iter().map(|(extension, _)| format!(".{extension}")).collect::<Vec<_>>().join(", ")
}

/// Reads a file or a folder of infrastructure code.
///
/// `stack` is the Pulumi stack or the Terraform workspace (and the name of its `.tfvars` file). One entry for each
/// PostgreSQL database or cluster, in order of file and line; a file that does not parse but speaks of RDS is an entry
/// of unknown version.
///
/// # Errors
/// When nothing could be read.
pub fn read(path: &Path, stack: Option<&str>) -> Result<Vec<Declaration>, Error> {
    let tree = Tree::of(path)?;
    let stack = stack.filter(|stack| !stack.is_empty());
    let mut found = Vec::new();
    for (file, language) in &tree.files {
        if *language == Language::TypeScript {
            found.extend(typescript::read(&tree, file, stack)?);
        }
    }
    found.extend(hcl::read(&tree, stack)?);
    found.sort_by(|a, b| (&a.file, a.line, &a.resource).cmp(&(&b.file, b.line, &b.resource)));
    Ok(found)
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
    }
}

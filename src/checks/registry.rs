//! All checks there are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::validate::{self, Ownership};
use super::{Check, MatrixRule, Query, Rule};
use crate::facts::compat::{COMPAT, Kind, Matrix, Service};
use crate::snippet::Problem;

/// Path below `checks/` and text of every built-in check file.
static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/checks.rs"));

/// The checks of a run, in the order of their ids.
#[derive(Clone, Debug)]
pub struct Registry {
    checks: Vec<Check>,
    /// What the checks judge services by, ours and the user's.
    matrix: Matrix,
}

/// The name of a file of a user's own services, beside their checks.
const MATRIX_FILE: &str = "service-compat.json";

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read the checks folder {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
    Invalid { problems: Vec<Problem> },
    #[error("check {id} reads the query of {owner}, which has none")]
    NoSuchQuery { id: String, owner: String },
    #[error("check {id} reads the query of {owner}: {problem}")]
    NoSuchColumn { id: String, owner: String, problem: String },
    #[error("check {id} judges service {service}, which no matrix has")]
    NoSuchService { id: String, service: String },
    #[error("{}: {}", path.display(), problems.join("; "))]
    Matrix { path: PathBuf, problems: Vec<String> },
    #[error("check id {id} is used twice: in {first} and in {second}")]
    Duplicate { id: String, first: String, second: String },
}

impl Registry {
    /// The checks that come with the program.
    ///
    /// # Panics
    /// When a built-in file is invalid, which a test excludes.
    #[must_use]
    pub fn built_in() -> Self {
        let checks = parse(EMBEDDED, Ownership::BuiltIn);
        let registry = checks.and_then(|checks| Self::join(checks, COMPAT.clone()));
        registry.unwrap_or_else(|error| panic!("built-in checks: {error}"))
    }

    /// These checks and those of a folder of the user's.
    ///
    /// # Errors
    /// When a file cannot be read, or any is invalid: all problems of all files at once.
    pub fn with_folder(self, folder: &Path) -> Result<Self, LoadError> {
        let mut files = Vec::new();
        read_folder(folder, &mut files).map_err(|source| LoadError::Read { path: folder.to_owned(), source })?;
        files.sort();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let own = parse(&files, Ownership::User)?;
        let path = folder.join(MATRIX_FILE);
        let matrix = match std::fs::read_to_string(&path) {
            Ok(text) => Matrix::parse(&text)
                .and_then(|own| self.matrix.join(own))
                .map_err(|problems| LoadError::Matrix { path, problems })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.matrix,
            Err(source) => return Err(LoadError::Read { path, source }),
        };
        Self::join(self.checks.into_iter().chain(own), matrix)
    }

    /// Only the check of this id, so that only its query is asked.
    #[must_use]
    pub fn only(mut self, id: &str) -> Self {
        self.checks.retain(|check| check.id == id);
        self
    }

    /// The checks of a test, in this order.
    #[cfg(test)]
    pub(crate) fn of(checks: Vec<Check>) -> Self {
        Self { checks, matrix: Matrix::default() }
    }

    /// A user's check files, as name and text.
    #[cfg(test)]
    pub(crate) fn of_user(files: &[(&str, &str)]) -> Result<Self, LoadError> {
        Self::join(parse(files, Ownership::User)?, COMPAT.clone())
    }

    fn join(checks: impl IntoIterator<Item = Check>, matrix: Matrix) -> Result<Self, LoadError> {
        let mut by_id: BTreeMap<String, Check> = BTreeMap::new();
        for check in checks {
            if let Some(first) = by_id.get(&check.id) {
                let (id, first, second) = (check.id.clone(), first.origin.clone(), check.origin);
                return Err(LoadError::Duplicate { id, first, second });
            }
            by_id.insert(check.id.clone(), check);
        }
        let queries: BTreeMap<String, _> =
            by_id.iter().filter_map(|(id, check)| Some((id.clone(), check.query.clone()?))).collect();
        for check in by_id.values_mut() {
            if let Rule::Matrix(rule) = &mut check.rule {
                let found = resolve(rule, &matrix);
                rule.services = found.map_err(|service| LoadError::NoSuchService { id: check.id.clone(), service })?;
            }
            let Some(owner) = &check.query_of else { continue };
            let Some(query) = queries.get(owner) else {
                return Err(LoadError::NoSuchQuery { id: check.id.clone(), owner: owner.clone() });
            };
            if let Rule::Rows(rows) = &check.rule {
                let unknown = validate::unknown_columns(rows, &check.remedy, query);
                if !unknown.is_empty() {
                    let problem = validate::no_columns(&unknown, query);
                    return Err(LoadError::NoSuchColumn { id: check.id.clone(), owner: owner.clone(), problem });
                }
            }
            check.query = Some(query.clone());
        }
        Ok(Self { checks: by_id.into_values().collect(), matrix })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter()
    }

    /// Every query once, in the order of their keys.
    #[must_use]
    pub fn queries(&self) -> Vec<&Query> {
        let by_key: BTreeMap<&str, &Query> = self
            .checks
            .iter()
            .filter_map(|check| check.query.as_ref())
            .map(|query| (query.key.as_str(), query))
            .collect();
        by_key.into_values().collect()
    }

    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }
}

fn parse(files: &[(&str, &str)], ownership: Ownership) -> Result<Vec<Check>, LoadError> {
    let (mut checks, mut problems) = (Vec::new(), Vec::new());
    for (origin, text) in files {
        match validate::check(origin, text, ownership) {
            Ok(check) => checks.push(check),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(checks) } else { Err(LoadError::Invalid { problems }) }
}

/// The services that a rule is about, with the rows that it judges by or shows. An error is the name of one that is not there.
fn resolve(rule: &MatrixRule, matrix: &Matrix) -> Result<Vec<Service>, String> {
    let part = &rule.part;
    if let Some(name) = part.services.iter().find(|name| !matrix.services.contains_key(*name)) {
        return Err(name.clone());
    }
    let wanted = |service: &&Service| {
        let named = part.services.is_empty() || part.services.contains(&service.name);
        named && part.kind.is_none_or(|kind| kind == service.kind)
    };
    let services = matrix.services.values().filter(wanted).cloned().map(|mut service| {
        let shows = service.kind == Kind::Driver || part.services.contains(&service.name);
        service.rows.retain(|row| part.concerns.contains(&row.concern) || (shows && part.shows.contains(&row.concern)));
        service.rows.sort_by_key(|row| !part.concerns.contains(&row.concern));
        service
    });
    Ok(services.collect())
}

fn read_folder(folder: &Path, files: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push((path.display().to_string(), std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_ids_are_area_and_stem() {
        let registry = Registry::built_in();
        assert_eq!(registry.iter().count(), EMBEDDED.len());
        for check in registry.iter() {
            assert_eq!(check.origin, format!("{}.toml", check.id.replacen('.', "/", 1)), "{}", check.id);
        }
    }

    #[test]
    fn the_example_of_the_readme_is_a_check() {
        let readme = include_str!("../../checks/README.md");
        let (_, rest) = readme.split_once("```toml\n").expect("an example");
        let (example, _) = rest.split_once("```\n").expect("an end");
        let registry = Registry::of_user(&[("odd-owner.toml", example)]).unwrap_or_else(|error| panic!("{error}"));
        let check = registry.get("acme.odd-owner").expect("the example");
        let expected: Vec<_> = check.cases.iter().map(|case| case.expect).collect();
        assert_eq!(expected, [crate::checks::Expectation::Fail, crate::checks::Expectation::Pass]);
    }

    /// The fields of the format are all explained.
    #[test]
    fn the_readme_names_every_field() {
        let readme = include_str!("../../checks/README.md");
        for field in [
            "`schema`",
            "`id`",
            "`title`",
            "`severity`",
            "`fails-at`",
            "`summary`",
            "`why`",
            "`docs`",
            "`[applies]`",
            "`[remedy]`",
            "`[query]`",
            "`[[query.variants]]`",
            "`[rule.rows]`",
            "`[rule.rust]`",
            "`[[test]]`",
            "`name`",
            "`rows`",
            "`bundle`",
            "`patch`",
            "`target`",
            "`live`",
            "`expect`",
            "`objects`",
        ] {
            assert!(readme.contains(&format!("| {field} |")), "{field}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_loader_never_panics(text in "\\PC{0,200}") {
            let _ = validate::check("x.toml", &text, Ownership::User);
        }
    }
}

//! From the written form to a [`Check`]: all problems of a file at once, each with its place.

use std::collections::BTreeSet;
use std::ops::Range;

use semver::VersionReq;
use toml::Spanned;

use super::file::{RawCheck, RawQuery, RawRule, SCHEMA};
use super::{Applies, Check, Finds, MatrixRule, Query, RemedyTemplate, RowsRule, Rule, Scope};
use crate::facts::changes::CHANGES;
use crate::snippet::Problem;

/// What distinguishes our files from a user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ownership {
    BuiltIn,
    User,
}

/// The areas of the built-in checks; a user's ids begin with another word.
pub(super) const AREAS: [&str; 7] = ["aws", "rds", "pg", "ext", "service", "iac", "ops"];

/// More would hold up the run.
const MAX_SAMPLES: u32 = 3;

struct Validator<'a> {
    origin: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

/// Reads one check file.
pub(super) fn check(origin: &str, text: &str, ownership: Ownership) -> Result<Check, Vec<Problem>> {
    let raw: RawCheck = toml::from_str(text).map_err(|error| vec![Problem::of_toml(origin, text, &error)])?;
    let mut validator = Validator { origin, text, problems: Vec::new() };
    let check = validator.check(raw, ownership);
    if validator.problems.is_empty() { Ok(check) } else { Err(validator.problems) }
}

impl Validator<'_> {
    fn problem(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem {
            origin: self.origin.to_owned(),
            text: self.text.to_owned(),
            span,
            message: message.into(),
        });
    }

    fn check(&mut self, raw: RawCheck, ownership: Ownership) -> Check {
        if *raw.schema.get_ref() > SCHEMA {
            let message =
                format!("schema {} needs a newer pg-preflight; this one reads {SCHEMA}", raw.schema.get_ref());
            self.problem(raw.schema.span(), message);
        }
        self.id(&raw.id, ownership);
        for text in [&raw.title, &raw.why] {
            if text.get_ref().trim().is_empty() {
                self.problem(text.span(), "must not be empty");
            }
        }
        if raw.summary.get_ref().many.as_ref().is_some_and(|many| !many.contains("{count}")) {
            self.problem(raw.summary.span(), "`many` must contain {count}");
        }
        if raw.docs.get_ref().is_empty() && ownership == Ownership::BuiltIn {
            self.problem(raw.docs.span(), "at least one source is needed");
        }
        if raw.docs.get_ref().iter().any(|url| !url.starts_with("https://")) {
            self.problem(raw.docs.span(), "a source is an https:// address");
        }
        let applies = Applies {
            source: raw.applies.source.as_ref().and_then(|range| self.range(range)),
            target: raw.applies.target.as_ref().and_then(|range| self.range(range)),
            platforms: raw.applies.platforms.unwrap_or_default(),
            without_upgrade: raw.applies.without_upgrade,
        };
        let query = raw.query.map(|query| self.query(query, raw.id.get_ref()));
        let rule = self.rule(raw.rule, query.is_some() || raw.query_of.is_some(), &raw.id, ownership);
        let remedy = RemedyTemplate {
            text: raw.remedy.text.trim().to_owned(),
            commands: raw.remedy.commands.into_iter().map(Spanned::into_inner).collect(),
        };
        if let (Rule::Rows(rows), Some(query)) = (&rule, &query) {
            let unknown = unknown_columns(rows, &remedy, query);
            if !unknown.is_empty() {
                let message = no_columns(&unknown, query);
                self.problem(place(self.text, &unknown).unwrap_or(raw.id.span()), message);
            }
        }
        for case in &raw.tests {
            if case.rows.is_some() == case.bundle.is_some() {
                self.problem(raw.id.span(), format!("test '{}' needs either rows or a bundle", case.name));
            }
        }
        Check {
            id: raw.id.into_inner(),
            title: raw.title.into_inner(),
            severity: raw.severity,
            fails_at: raw.fails_at,
            summary: raw.summary.into_inner(),
            why: raw.why.into_inner().trim().to_owned(),
            docs: raw.docs.into_inner(),
            applies,
            remedy,
            query,
            query_of: raw.query_of.map(Spanned::into_inner),
            rule,
            cases: raw.tests,
            origin: self.origin.to_owned(),
        }
    }

    fn id(&mut self, id: &Spanned<String>, ownership: Ownership) {
        let text = id.get_ref();
        let kebab = |part: &str| {
            !part.is_empty()
                && part
                    .split('-')
                    .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
        };
        match text.split_once('.') {
            Some((area, name)) if kebab(area) && kebab(name) => {
                let ours = AREAS.contains(&area);
                if ownership == Ownership::User && ours {
                    self.problem(
                        id.span(),
                        format!(
                            "the area '{area}' is pg-preflight's own; begin with a word of yours, such as acme.{name}"
                        ),
                    );
                }
                if ownership == Ownership::BuiltIn && !ours {
                    self.problem(id.span(), format!("unknown area '{area}'"));
                }
            }
            _ => self.problem(id.span(), "an id is area.kebab-name"),
        }
    }

    fn range(&mut self, range: &Spanned<String>) -> Option<VersionReq> {
        match VersionReq::parse(range.get_ref()) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.problem(range.span(), format!("not a version range such as >=14 or '>=12, <17': {error}"));
                None
            }
        }
    }

    fn query(&mut self, raw: RawQuery, id: &str) -> Query {
        for sql in raw.variants.iter().map(|variant| &variant.sql).chain([&raw.sql]) {
            if sql.get_ref().contains(';') {
                self.problem(sql.span(), "one statement, without a semicolon");
            }
            for name in CHANGES.unknown(sql.get_ref()) {
                self.problem(sql.span(), format!("there is no list {{changes_{name}}}"));
            }
        }
        let variants = raw
            .variants
            .into_iter()
            .filter_map(|variant| Some((self.range(&variant.server)?, variant.sql.into_inner().trim().to_owned())))
            .collect();
        if let Some(samples) = &raw.samples
            && (!(1..=MAX_SAMPLES).contains(samples.get_ref()) || raw.scope != Scope::Cluster)
        {
            self.problem(samples.span(), format!("1 to {MAX_SAMPLES}, of a query whose scope is cluster"));
        }
        Query {
            key: id.to_owned(),
            scope: raw.scope,
            samples: raw.samples.map_or(1, Spanned::into_inner),
            columns: raw.columns,
            sql: raw.sql.into_inner().trim().to_owned(),
            variants,
        }
    }

    fn rule(&mut self, raw: RawRule, has_rows: bool, id: &Spanned<String>, ownership: Ownership) -> Rule {
        match raw {
            RawRule::Rows(rows) => {
                if !has_rows {
                    self.problem(id.span(), "a rows rule needs a [query]");
                }
                Rule::Rows(RowsRule {
                    object: rows.object.into_inner(),
                    kind: rows.kind.into_inner(),
                    detail: rows.detail.into_inner(),
                    since_target: rows.since_target.map(Spanned::into_inner),
                    only: rows.only,
                })
            }
            RawRule::Matrix(part) => {
                if part.finds == Finds::Unsupported && part.concerns.is_empty() {
                    self.problem(id.span(), "a matrix rule that finds what is unsupported needs `concerns`");
                }
                let (finds, concerns) = (part.finds, part.concerns.clone());
                Rule::Matrix(MatrixRule { finds, concerns, services: Vec::new(), part })
            }
            RawRule::Rust(rust) => {
                if ownership == Ownership::User {
                    self.problem(rust.function.span(), "a check of your own is judged by its rows: use [rule.rows]");
                } else if !crate::rules::exists(rust.function.get_ref()) {
                    self.problem(rust.function.span(), "no such function in src/rules");
                }
                Rule::Rust { function: rust.function.into_inner(), calls: rust.calls }
            }
        }
    }
}

/// The columns that a rows rule names and its query lacks, each once.
pub(super) fn unknown_columns<'a>(rows: &'a RowsRule, remedy: &'a RemedyTemplate, query: &Query) -> BTreeSet<&'a str> {
    rows.columns(remedy).filter(|name| !query.columns.iter().any(|column| column == name)).collect()
}

pub(super) fn no_columns(unknown: &BTreeSet<&str>, query: &Query) -> String {
    let unknown: Vec<&str> = unknown.iter().copied().collect();
    format!("no column {} in the query, it has {}", unknown.join(", "), query.columns.join(", "))
}

/// Where the first of the names is written as a placeholder, or else as a value.
fn place(text: &str, names: &BTreeSet<&str>) -> Option<Range<usize>> {
    let name = names.first()?;
    let written = [format!("{{{name}}}"), format!("\"{name}\"")];
    let at = |text: &str, word: &String| text.rfind(word.as_str()).map(|at| at..at + word.len());
    written.iter().find_map(|word| at(text, word))
}

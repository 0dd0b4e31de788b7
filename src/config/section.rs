//! Reading a table key by key, so that every problem of the file is found in one go.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::{Date, Datetime};

use super::secrets;
use crate::snippet::Problem;

/// More are not read by anybody.
const MAX_PROBLEMS: usize = 20;

/// The file, and what is wrong with it.
pub(super) struct Reader<'t> {
    origin: &'t str,
    text: &'t str,
    folder: &'t Path,
    problems: Vec<Problem>,
}

/// A table; what was asked for is taken out, so that what is left is unknown.
pub(super) struct Section<'t> {
    name: String,
    span: Range<usize>,
    table: DeTable<'t>,
    known: Vec<&'static str>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(origin: &'t str, text: &'t str, folder: &'t Path) -> Self {
        Self { origin, text, folder, problems: Vec::new() }
    }

    /// The whole file, unless it is no TOML.
    pub(super) fn parse(&mut self) -> Option<Section<'t>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            self.problems.push(Problem::of_toml(self.origin, self.text, error));
        }
        let span = table.span();
        let root = Section { name: String::new(), span, table: table.into_inner(), known: Vec::new() };
        errors.is_empty().then_some(root)
    }

    pub(super) fn problem(&mut self, span: Range<usize>, message: impl Into<String>) {
        let (origin, text) = (self.origin.to_owned(), self.text.to_owned());
        self.problems.push(Problem { origin, text, span, message: message.into() });
    }

    /// All problems in the order of the file, without the secrets of its lines.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.span.start);
        self.problems.truncate(MAX_PROBLEMS);
        let text = secrets::masked(self.text);
        for problem in &mut self.problems {
            problem.text.clone_from(&text);
        }
        self.problems
    }
}

impl<'t> Section<'t> {
    /// Its heading.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'t>>> {
        self.known.push(key);
        self.table.remove(key)
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<String> {
        self.value(reader, key, |text| Ok(text.to_owned()))
    }

    /// A text that means something; `read` says what is wrong with it.
    pub(super) fn value<T>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let read = match text_of(value.get_ref()) {
            Ok(text) => read(text),
            Err(message) => Err(message),
        };
        read.map_err(|message| reader.problem(value.span(), message)).ok()
    }

    /// The same of a key that must be there.
    pub(super) fn required<T>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.demand(reader, key);
        self.value(reader, key, read)
    }

    fn demand(&self, reader: &mut Reader<'_>, key: &str) {
        if !self.has(key) {
            reader.problem(self.span(), format!("{} needs `{key}`", self.title()));
        }
    }

    /// A path, relative to the file.
    pub(super) fn path(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<PathBuf> {
        let folder = reader.folder;
        self.value(reader, key, |text| Ok(folder.join(text)))
    }

    pub(super) fn paths(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Vec<PathBuf> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            reader.problem(value.span(), format!("must be a list of texts, not {}", kind(value.get_ref())));
            return Vec::new();
        };
        let mut paths = Vec::new();
        for item in items {
            match text_of(item.get_ref()) {
                Ok(text) => paths.push(reader.folder.join(text)),
                Err(message) => reader.problem(item.span(), message),
            }
        }
        paths
    }

    /// A day that must be there.
    pub(super) fn date(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<(Date, Range<usize>)> {
        self.demand(reader, key);
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Datetime(Datetime { date: Some(date), time: None, offset: None }) => Some((*date, value.span())),
            other => {
                let message = format!("must be a day without quotes, such as 2026-12-31, not {}", kind(other));
                reader.problem(value.span(), message);
                None
            }
        }
    }

    /// `[key]`
    pub(super) fn section(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<Self> {
        let value = self.take(key)?;
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some(Self { name: format!("[{key}]"), span, table, known: Vec::new() }),
            other => {
                reader.problem(span, format!("must be a table, [{key}], not {}", kind(&other)));
                None
            }
        }
    }

    /// `[[key]]`
    pub(super) fn sections(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Vec<Self> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let span = value.span();
        let mut sections = Vec::new();
        match value.into_inner() {
            DeValue::Array(items) => {
                for item in items {
                    let span = item.span();
                    match item.into_inner() {
                        DeValue::Table(table) => {
                            sections.push(Self { name: format!("[[{key}]]"), span, table, known: Vec::new() });
                        }
                        other => reader.problem(span, format!("must be a table, [[{key}]], not {}", kind(&other))),
                    }
                }
            }
            other => reader.problem(span, format!("must be a list of tables, [[{key}]], not {}", kind(&other))),
        }
        sections
    }

    /// What is left is unknown.
    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        for key in self.table.keys() {
            let message = format!(
                "unknown key `{}` in {}, expected one of {}",
                key.get_ref(),
                self.title(),
                self.known.join(", ")
            );
            reader.problem(key.span(), message);
        }
    }

    fn title(&self) -> &str {
        if self.name.is_empty() { "the file" } else { &self.name }
    }
}

fn text_of<'v>(value: &'v DeValue<'_>) -> Result<&'v str, String> {
    match value.as_str() {
        Some(text) if text.trim().is_empty() => Err("must not be empty".to_owned()),
        Some(text) => Ok(text),
        None => Err(format!("must be a text in quotes, not {}", kind(value))),
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

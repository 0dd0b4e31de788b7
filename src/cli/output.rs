//! `--format F --output FILE`, in pairs.

use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::console::Console;
use super::error::Error;
use super::file;
use crate::report::{self, Format, Report};

/// Columns of a table in a file.
const FILE_WIDTH: u16 = 100;

/// Where one rendering goes; `None` is stdout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub format: Format,
    pub path: Option<PathBuf>,
}

/// Pairs every `--output` with the `--format` before it.
pub(super) fn pairs(matches: &ArgMatches) -> Result<Vec<Output>, Error> {
    let formats = indexed::<Format>(matches, "format");
    let paths = indexed::<PathBuf>(matches, "output");
    let mut outputs: Vec<(usize, Output)> =
        formats.into_iter().map(|(at, format)| (at, Output { format, path: None })).collect();
    for (at, path) in paths {
        if let Some((_, output)) = outputs.iter_mut().rev().find(|(index, output)| *index < at && output.path.is_none())
        {
            output.path = Some(path);
        } else {
            let format = by_extension(&path)
                .ok_or_else(|| Error::Usage(format!("--output {} needs a --format before it", path.display())))?;
            outputs.push((at, Output { format, path: Some(path) }));
        }
    }
    if outputs.is_empty() {
        outputs.push((0, Output { format: Format::Table, path: None }));
    }
    if outputs.iter().filter(|(_, output)| output.path.is_none()).count() > 1 {
        return Err(Error::Usage("only one --format can go to stdout; give the others an --output".to_owned()));
    }
    Ok(outputs.into_iter().map(|(_, output)| output).collect())
}

fn indexed<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Vec<(usize, T)> {
    let indices = matches.indices_of(name).into_iter().flatten();
    indices.zip(matches.get_many::<T>(name).into_iter().flatten().cloned()).collect()
}

fn by_extension(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()? {
        "json" => Some(Format::Json),
        "md" => Some(Format::Markdown),
        "sarif" => Some(Format::Sarif),
        "txt" => Some(Format::Table),
        "xml" => Some(Format::Junit),
        _ => None,
    }
}

/// Renders the report to every output; files first, so that a failure there is not hidden behind a report.
pub(super) fn write(report: &Report, outputs: &[Output], console: &Console) -> Result<(), Error> {
    for output in outputs.iter().filter(|output| output.path.is_some()) {
        let path = output.path.as_ref().expect("just filtered");
        let text = anstream::adapter::strip_str(&render(report, output.format, FILE_WIDTH)).to_string();
        file::write_whole(path, &text).map_err(|source| Error::Write { path: path.clone(), source })?;
    }
    match outputs.iter().find(|output| output.path.is_none()) {
        Some(output) => console.print(&render(report, output.format, console.width())),
        None => Ok(()),
    }
}

pub(super) fn render(report: &Report, format: Format, width: u16) -> String {
    match format {
        Format::Table => report::table::render(report, width),
        Format::Json => report::json::render(report),
        Format::Markdown => report::markdown::render(report),
        Format::Junit => report::junit::render(report),
        Format::Sarif => report::sarif::render(report),
        Format::Github => report::github::render(report),
    }
}

//! `declared`: what the infrastructure code declares, and where.

use std::path::PathBuf;

use serde::Serialize;

use super::args::{DeclaredArgs, Text};
use super::code::Question;
use super::console::Console;
use super::error::Error;
use super::settings;
use crate::collect::declared::Error::NothingToRead;
use crate::collect::files::Files;
use crate::exit;
use crate::facts::Declaration;

#[derive(Serialize)]
struct DeclaredV1<'a> {
    schema_version: u32,
    declarations: Vec<DeclarationV1<'a>>,
}

#[derive(Serialize)]
struct DeclarationV1<'a> {
    engine: &'a str,
    version: Option<&'a str>,
    file: &'a str,
    line: u32,
    resource: &'a str,
    identifier: Option<&'a str>,
    reason: Option<&'a str>,
}

pub(super) fn run(args: &DeclaredArgs, console: &Console) -> Result<u8, Error> {
    let config = settings::config(args.config.as_deref())?;
    let named = config.as_ref().map(|config| &config.declared);
    let question = Question {
        path: args.path.clone().or_else(|| named?.path.clone()).unwrap_or_else(|| PathBuf::from(".")),
        stack: args.stack.clone().or_else(|| named?.stack.clone()),
        resource: args.resource.clone(),
    };
    let found = match question.read(&Files::Disk).map(|code| code.declarations) {
        // A folder without code declares nothing, which is an answer here.
        Err(Error::Declared(error @ NothingToRead { .. })) => {
            console.explain(&error.to_string());
            Vec::new()
        }
        found => found?,
    };
    let text = match args.format {
        Text::Json => json(&found),
        Text::Text => text(&found),
    };
    console.print(&text)?;
    let known = !found.is_empty() && found.iter().all(|declaration| declaration.version.is_some());
    Ok(if known { exit::GO } else { exit::INCOMPLETE })
}

fn json(found: &[Declaration]) -> String {
    let declarations = found.iter().map(|declaration| DeclarationV1 {
        engine: &declaration.engine,
        version: declaration.version.as_deref(),
        file: &declaration.file,
        line: declaration.line,
        resource: &declaration.resource,
        identifier: declaration.identifier.as_deref(),
        reason: declaration.reason.as_deref(),
    });
    let v1 = DeclaredV1 { schema_version: 1, declarations: declarations.collect() };
    crate::report::text::json(&v1)
}

fn text(found: &[Declaration]) -> String {
    if found.is_empty() {
        return "no PostgreSQL database is declared here\n".to_owned();
    }
    let lines = found.iter().map(|declaration| {
        let version = declaration.version.as_deref().unwrap_or("unknown");
        let identifier = declaration.identifier.as_ref().map(|id| format!(", {id}")).unwrap_or_default();
        let reason = declaration.reason.as_ref().map(|reason| format!("\n    {reason}")).unwrap_or_default();
        format!(
            "{version:<10} {}:{}  {} ({}{identifier}){reason}\n",
            declaration.file, declaration.line, declaration.resource, declaration.engine
        )
    });
    lines.collect()
}

//! `checks list`, `checks show`.

use super::args::{ChecksArgs, ChecksCommand, Text};
use super::console::Console;
use super::error::Error;
use super::settings;
use crate::checks::docs;
use crate::exit;

pub(super) fn run(args: &ChecksArgs, console: &Console) -> Result<u8, Error> {
    let registry = settings::registry(&args.checks_dir, None)?;
    let text = match (&args.command, args.format) {
        (ChecksCommand::List, Text::Text) => docs::list(&registry),
        (ChecksCommand::List, Text::Json) => docs::list_json(&registry),
        (ChecksCommand::Show { id }, format) => match (registry.get(id), format) {
            (Some(check), Text::Text) => docs::show(check),
            (Some(check), Text::Json) => docs::show_json(check),
            (None, _) => {
                let hint = docs::did_you_mean(&registry, id);
                return Err(Error::Usage(format!("there is no check '{id}'{hint}")));
            }
        },
    };
    console.print(&text)?;
    Ok(exit::GO)
}

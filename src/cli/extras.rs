//! Small commands: permissions, completions, man.

use clap::CommandFactory;

use super::args::{Cli, Permissions, PermissionsArgs};
use super::console::Console;
use super::error::Error;
use crate::checks::Registry;
use crate::{exit, permissions as grants};

pub(super) fn permissions(args: &PermissionsArgs, console: &Console) -> Result<u8, Error> {
    let iam = || grants::iam_policy(&Registry::built_in());
    let text = match args.what {
        Some(Permissions::Iam) => iam(),
        Some(Permissions::Sql) => grants::sql_grants(),
        None => format!("{}\n{}\n{}", iam(), grants::iam_optional(), grants::sql_grants()),
    };
    console.print(&text)?;
    Ok(exit::GO)
}

pub(super) fn completions(shell: clap_complete::Shell, console: &Console) -> Result<u8, Error> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "pg-preflight", &mut text);
    console.print(&String::from_utf8_lossy(&text))?;
    Ok(exit::GO)
}

pub(super) fn man(console: &Console) -> Result<u8, Error> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut text).map_err(|source| Error::Print { source })?;
    console.print(&String::from_utf8_lossy(&text))?;
    Ok(exit::GO)
}

//! Small commands: permissions, init, completions, man.

use clap::CommandFactory;

use super::args::{Cli, InitArgs, Permissions, PermissionsArgs};
use super::console::Console;
use super::error::Error;
use crate::checks::Registry;
use crate::{exit, permissions as grants, templates};

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

/// Writes what is not there yet.
pub(super) fn init(args: &InitArgs, console: &Console) -> Result<u8, Error> {
    let files = [("preflight.toml", templates::CONFIG), (".github/workflows/pg-preflight.yml", templates::WORKFLOW)];
    for (name, text) in files {
        let path = args.folder.join(name);
        if path.exists() {
            console.print(&format!("{} is there already, kept\n", path.display()))?;
            continue;
        }
        let failed = |source| Error::Write { path: path.clone(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(&path, text).map_err(failed)?;
        console.print(&format!("wrote {}\n", path.display()))?;
    }
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

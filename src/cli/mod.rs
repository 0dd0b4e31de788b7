//! The commands, and the only place that prints. Reports go to stdout, all else to stderr.

mod args;
mod check;
mod checks;
mod code;
mod console;
mod declared;
mod demo;
mod error;
mod evidence;
mod extras;
mod file;
mod gate;
mod init;
mod migration;
mod output;
mod path;
mod services;
mod settings;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

pub use args::Cli;
use args::Command;
use console::Console;
use error::Error;

use crate::exit;

/// Parses the arguments, runs the command, and says with which code to end.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        // The payload may hold what was read, so only the place is said.
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        Console::error(&format!("internal error at {place}; nothing was judged. Please report it."));
    }));
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::GO });
        }
    };
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let cli = Cli::from_arg_matches(&matches).map_err(|error| Error::Usage(error.to_string()))?;
        run(cli, &matches)
    }));
    match outcome {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            Console::error(&error.lines());
            ExitCode::from(error.code())
        }
        Err(_) => ExitCode::from(exit::INCOMPLETE),
    }
}

fn run(cli: Cli, matches: &clap::ArgMatches) -> Result<u8, Error> {
    let console = Console::new(&cli.global);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| Error::Runtime { source })?;
    let sub = matches.subcommand().map(|(_, matches)| matches);
    match cli.command {
        Command::Check(args) => {
            let outputs = output::pairs(sub.expect("clap requires a command"))?;
            runtime.block_on(Box::pin(check::run(*args, &outputs, &console)))
        }
        Command::Gate(args) => {
            let outputs = output::pairs(sub.expect("clap requires a command"))?;
            runtime.block_on(Box::pin(gate::run(*args, &outputs, &console)))
        }
        Command::Collect(args) => runtime.block_on(Box::pin(check::collect(*args, &console))),
        Command::Path(args) => runtime.block_on(Box::pin(path::run(*args, &console))),
        Command::Checks(args) => checks::run(&args, &console),
        Command::Declared(args) => declared::run(&args, &console),
        Command::Migration(args) => runtime.block_on(Box::pin(migration::run(*args, &console))),
        Command::Demo(args) => runtime.block_on(Box::pin(demo::run(&args, &console))),
        Command::Init(args) => init::run(&args, &console),
        Command::Permissions(args) => extras::permissions(&args, &console),
        Command::Completions { shell } => extras::completions(shell, &console),
        Command::Man => extras::man(&console),
    }
}

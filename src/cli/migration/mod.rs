//! `migration`: writes the Hasura migration that updates the extensions after the upgrade.

mod evidence;
mod project;
mod report;
mod write;

use super::args::MigrationArgs;
use super::console::Console;
use super::error::Error;
use super::settings;
use crate::collect::files::Files;
use crate::exit;
use crate::facts::DatabaseFacts;
use crate::migration::{self, About, Plan};
use evidence::Seen;
use project::Destination;
use report::Report;
use write::Written;

pub(super) async fn run(args: MigrationArgs, console: &Console) -> Result<u8, Error> {
    let config = settings::config(args.source.subject.config.as_deref())?;
    let destination = Destination::of(&args, &Files::Disk)?;
    let seen = Seen::of(&args, config.as_ref(), console).await?;
    let facts = seen.facts()?;
    let database = seen.database(&args, facts, destination.database.as_deref())?;
    let planned = |name: &str| Ok(migration::plan(&migration::installed(facts, name)?, seen.basis()));
    let plan: Plan =
        planned(&database).map_err(|reason: String| Error::Unseen(format!("database {database}: {reason}")))?;
    let mut report = Report::of(&destination, &seen, &database, &plan);
    for other in others(facts, &database) {
        report.add(other, planned(other));
    }
    if !plan.steps.is_empty() {
        let about = About {
            subject: &seen.subject(facts),
            database: &database,
            source: &destination.source,
            runs: &facts.server.version,
            target: &seen.target,
            as_of: seen.as_of(),
            is_guarded: !args.no_guard,
        };
        let written = Written {
            folder: destination.folder.clone(),
            files: [("up.sql", migration::up(&about, &plan)), ("down.sql", migration::down(&about, &plan))],
        };
        if !args.dry_run {
            written.save()?;
        }
        report.wrote(written, args.dry_run);
    }
    console.print(&report.render(args.format))?;
    let open = report.open();
    for line in &open {
        console.explain(line);
    }
    Ok(if open.is_empty() { exit::GO } else { exit::INCOMPLETE })
}

/// The databases beside it that can be entered; `template0` and `rdsadmin` are never among them.
fn others<'a>(facts: &'a DatabaseFacts, database: &'a str) -> impl Iterator<Item = &'a str> {
    let open = facts.databases.iter().filter(|one| !one.is_closed()).map(|one| one.name.as_str());
    open.filter(move |name| *name != database)
}

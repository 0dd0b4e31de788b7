//! The text of `up.sql` and `down.sql`.

use super::plan::{Action, Plan, Step, Update};
use crate::quote::quote_ident;
use crate::report::text::one_line;
use crate::version::PgVersion;

/// What a migration is for.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The instance, or else the address of the server.
    pub subject: &'a str,
    pub database: &'a str,
    /// As Hasura calls the database.
    pub source: &'a str,
    /// What the server that was asked runs.
    pub runs: &'a PgVersion,
    /// What the migration is for.
    pub target: &'a PgVersion,
    /// The date of the table that stands for the target; `None`: the server that was asked runs it already.
    pub as_of: Option<&'a str>,
    pub is_guarded: bool,
}

/// Dollar quotes that their text does not hold.
fn tagged(tag: &str, body: &str) -> String {
    let mut tag = tag.to_owned();
    while body.contains(&format!("${tag}$")) {
        tag.push('_');
    }
    format!("DO ${tag}$\n{body}\n${tag}$;\n")
}

/// As `quote_literal`.
fn literal(text: &str) -> String {
    let text = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", text.replace('\\', "\\\\")) } else { format!("'{text}'") }
}

/// What updates the extensions, and refuses to on a server that is not upgraded yet.
#[must_use]
pub fn up(about: &About<'_>, plan: &Plan) -> String {
    let mut out = header(about);
    if about.is_guarded {
        out.push_str(GUARDED);
        out.push_str(&guard(about.target.major()));
    } else {
        out.push_str(UNGUARDED);
    }
    out.push('\n');
    out.push_str(OWNERS);
    for step in &plan.steps {
        out.push('\n');
        out.push_str(&update(step));
    }
    if !plan.left.is_empty() {
        out.push_str("\n-- Not updated here:\n");
        for left in &plan.left {
            let line = format!("{} {}: {}", left.name, left.version, left.reason);
            out.push_str(&format!("--   {}\n", one_line(&line)));
        }
    }
    out
}

fn header(about: &About<'_>) -> String {
    let (target, runs) = (about.target, about.runs);
    let first = format!(
        "Updates the extensions of database {} (in Hasura: {}) after the upgrade to PostgreSQL {target}.",
        about.database, about.source
    );
    let tool = env!("CARGO_PKG_VERSION");
    let basis = match about.as_of {
        None => format!("by what its server, which runs {runs}, has to offer."),
        Some(as_of) => format!("by AWS's table of {as_of} for {target}, while the server ran {runs}."),
    };
    let second = format!("Written by pg-preflight {tool} for {}, {basis}", about.subject);
    let mut out = format!("-- {}\n-- {}\n", one_line(&first), one_line(&second));
    if about.as_of.is_some() {
        out.push_str(
            "-- A table may be behind: `pg-preflight migration` against the upgraded server knows for certain.\n",
        );
    }
    out.push_str(WARNING);
    out
}

const WARNING: &str = "--
-- DEPLOY THIS AFTER THE UPGRADE, NEVER BEFORE IT. Hasura records a migration as applied and does not run it again. The
-- old server has nothing newer to offer, so there it would succeed, change nothing, be recorded, and the extensions of
-- the new server would stay behind for good.
";

const GUARDED: &str = "--
-- So it fails on an older server. The price: a cli-migrations container that starts before the upgrade exits instead of
-- serving. That is seen at once and undone by deploying the image before; a migration that never runs is seen by nobody.
-- (`--no-guard` leaves this block out.)
";

const UNGUARDED: &str = "--
-- Nothing in here keeps it from that: it was written with --no-guard.
";

const OWNERS: &str = "-- An extension is updated by its owner or a superuser (on RDS: rds_superuser); the role that Hasura connects as must be
-- one. What is not installed is passed over, so that databases for development and tests need not have it.
";

fn guard(major: u64) -> String {
    let least = major.saturating_mul(10_000);
    tagged(
        "guard",
        &format!(
            "BEGIN
  IF pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < {least} THEN
    RAISE EXCEPTION 'this migration is for after the upgrade to PostgreSQL {major}, and this server runs %',
      pg_catalog.current_setting('server_version')
      USING HINT = 'Deploy it after the upgrade: applied before, it would be recorded and never run again.';
  END IF;
END"
        ),
    )
}

fn update(step: &Step) -> String {
    let mut out = String::new();
    for update in &step.updates {
        out.push_str(&format!("-- {}\n", one_line(&described(update))));
    }
    let (condition, statement) = match &step.action {
        Action::Alter => {
            let name = step.updates.first().map_or("", |update| &update.name);
            (literal(name), format!("    {}\n", step.statement()))
        }
        Action::Postgis { schema, times } => {
            let call = format!("    PERFORM {}.postgis_extensions_upgrade();\n", quote_ident(schema));
            (literal("postgis"), call.repeat(*times))
        }
    };
    let body = format!(
        "BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = {condition}) THEN
{statement}  END IF;
END"
    );
    out.push_str(&tagged("update", &body));
    out
}

fn described(update: &Update) -> String {
    let owner = if update.owner.is_empty() { String::new() } else { format!(", owned by {}", update.owner) };
    format!("{} {} to {}{owner}", update.name, update.from, update.to)
}

/// What says that there is no way back.
#[must_use]
pub fn down(about: &About<'_>, plan: &Plan) -> String {
    let mut out = NO_WAY_BACK.to_owned();
    for update in plan.steps.iter().flat_map(|step| &step.updates) {
        let line = format!("{}: stays {}, was {}", update.name, update.to, update.from);
        out.push_str(&format!("--   {}\n", one_line(&line)));
    }
    let first = format!("For database {} (in Hasura: {}).", about.database, about.source);
    format!("-- {}\n{out}SELECT 1;\n", one_line(&first))
}

const NO_WAY_BACK: &str = "-- This undoes nothing: an extension has no way back. PostgreSQL takes it to another version only by a script that the
-- extension ships for that step; extensions ship the steps forward, and `ALTER EXTENSION … UPDATE TO` an older version
-- answers \"has no update path\". The old versions come back with the snapshot from before the upgrade, and its server.
-- The statement is there so that `hasura migrate apply --down` can go on to what was before.
";

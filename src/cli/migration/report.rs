//! What `migration` says it did.

use serde::Serialize;

use super::super::args::Text;
use super::evidence::Seen;
use super::project::Destination;
use super::write::Written;
use crate::migration::{Left, Plan, Step};
use crate::quote::quote_ident;
use crate::report::text::{json, lines, one_line};

#[derive(Serialize)]
pub(super) struct Report {
    schema_version: u32,
    /// Whether there are files on the disk that were not there before.
    written: bool,
    project: String,
    source: String,
    database: String,
    /// What the migration is for.
    target_version: String,
    /// `live`: by the server that runs it; `table`: by what AWS publishes.
    basis: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<&'static str>,
    /// `None`: nothing is to be done.
    version: Option<String>,
    files: Vec<File>,
    updates: Vec<Change>,
    not_updated: Vec<Kept>,
    /// They are not Hasura's, or are in another source.
    other_databases: Vec<Other>,
    #[serde(skip)]
    is_target_named: bool,
    #[serde(skip)]
    number: u64,
}

#[derive(Serialize)]
struct File {
    path: String,
    text: String,
}

#[derive(Serialize)]
struct Change {
    extension: String,
    from: String,
    to: String,
    statement: String,
}

#[derive(Serialize)]
struct Kept {
    extension: String,
    version: String,
    reason: String,
    unknown: bool,
}

#[derive(Serialize)]
struct Other {
    database: String,
    commands: Vec<String>,
    not_updated: Vec<Kept>,
    /// Why its extensions are not known.
    reason: Option<String>,
}

impl Report {
    pub(super) fn of(destination: &Destination, seen: &Seen, database: &str, plan: &Plan) -> Self {
        Self {
            schema_version: 1,
            written: false,
            project: match destination.project.to_string_lossy() {
                here if here.is_empty() => ".".to_owned(),
                folder => folder.into_owned(),
            },
            source: destination.source.clone(),
            database: database.to_owned(),
            target_version: seen.target.to_string(),
            basis: if seen.is_live { "live" } else { "table" },
            as_of: seen.as_of(),
            version: None,
            files: Vec::new(),
            updates: plan.steps.iter().flat_map(changes).collect(),
            not_updated: plan.left.iter().map(kept).collect(),
            other_databases: Vec::new(),
            is_target_named: seen.is_named,
            number: destination.version,
        }
    }

    /// A database that the migration is not for.
    pub(super) fn add(&mut self, database: &str, plan: Result<Plan, String>) {
        let (plan, reason) = match plan {
            Ok(plan) => (plan, None),
            Err(reason) => (Plan::default(), Some(reason)),
        };
        let other = Other {
            database: database.to_owned(),
            commands: plan.steps.iter().flat_map(|step| vec![command(step, database); step.times()]).collect(),
            not_updated: plan.left.iter().map(kept).collect(),
            reason,
        };
        if !other.commands.is_empty() || !other.not_updated.is_empty() || other.reason.is_some() {
            self.other_databases.push(other);
        }
    }

    pub(super) fn wrote(&mut self, written: Written, is_dry: bool) {
        let path = |name: &str| written.folder.join(name).to_string_lossy().into_owned();
        self.files = written.files.iter().map(|(name, text)| File { path: path(name), text: text.clone() }).collect();
        self.version = Some(self.number.to_string());
        self.written = !is_dry;
    }

    /// What nobody could say.
    pub(super) fn open(&self) -> Vec<String> {
        let of = |database: &str, kept: &[Kept]| -> Vec<String> {
            let unknown = kept.iter().filter(|one| one.unknown);
            unknown
                .map(|one| format!("database {database}: {} {}: {}", one.extension, one.version, one.reason))
                .collect()
        };
        let mut open = of(&self.database, &self.not_updated);
        for other in &self.other_databases {
            open.extend(other.reason.iter().map(|reason| format!("database {}: {reason}", other.database)));
            open.extend(of(&other.database, &other.not_updated));
        }
        open.iter().map(|line| one_line(line).into_owned()).collect()
    }

    pub(super) fn render(&self, format: Text) -> String {
        match format {
            Text::Json => json(self),
            Text::Text => lines(&self.text()).into_owned(),
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for file in &self.files {
            if self.written {
                out.push_str(&format!("wrote {}\n", one_line(&file.path)));
            } else {
                out.push_str(&format!("-- {}\n{}\n", one_line(&file.path), file.text));
            }
        }
        if self.written {
            for change in &self.updates {
                let line = format!("  {} {} to {}", change.extension, change.from, change.to);
                out.push_str(&format!("{}\n", one_line(&line)));
            }
            out.push_str(&format!("Deploy it after the upgrade to {}, never before it.\n", self.target_version));
        }
        if self.files.is_empty() {
            out.push_str(&self.nothing());
        }
        // A dry run shows them in the file.
        if self.files.is_empty() || self.written {
            out.push_str(&not_updated(&self.not_updated, &format!("not updated in database {}:", self.database)));
        }
        for other in &self.other_databases {
            if !other.commands.is_empty() {
                let line = format!("database {} is not in it, run there after the upgrade:", other.database);
                out.push_str(&format!("{}\n", one_line(&line)));
                for command in &other.commands {
                    out.push_str(&format!("  {}\n", one_line(command)));
                }
            }
            out.push_str(&not_updated(&other.not_updated, &format!("not updated in database {}:", other.database)));
        }
        out
    }

    fn nothing(&self) -> String {
        let basis = match self.as_of {
            Some(as_of) => format!(" offers by AWS's table of {as_of}"),
            None => " offers".to_owned(),
        };
        let known = if self.not_updated.is_empty() { "" } else { ", apart from what is named below" };
        let hint = if self.is_target_named {
            ""
        } else {
            "\nThat is what the server runs now; before an upgrade, pass --target VERSION."
        };
        let line = format!(
            "nothing to write: the extensions of database {} are as new as PostgreSQL {}{basis}{known}",
            one_line(&self.database),
            self.target_version
        );
        format!("{line}{hint}\n")
    }
}

fn not_updated(kept: &[Kept], title: &str) -> String {
    if kept.is_empty() {
        return String::new();
    }
    let mut out = format!("{}\n", one_line(title));
    for one in kept {
        let line = format!("  {} {}: {}", one.extension, one.version, one.reason);
        out.push_str(&format!("{}\n", one_line(&line)));
    }
    out
}

fn changes(step: &Step) -> Vec<Change> {
    let change = |update: &crate::migration::Update| Change {
        extension: update.name.clone(),
        from: update.from.clone(),
        to: update.to.clone(),
        statement: step.statement(),
    };
    step.updates.iter().map(change).collect()
}

/// A statement with where and why it is run.
fn command(step: &Step, database: &str) -> String {
    let updates = step.updates.iter().map(|update| format!("{} {} to {}", update.name, update.from, update.to));
    let updates = updates.collect::<Vec<_>>().join(", ");
    // A comment must not end in a name.
    format!("{}  -- in database {}: {}", step.statement(), one_line(&quote_ident(database)), one_line(&updates))
}

fn kept(left: &Left) -> Kept {
    Kept {
        extension: left.name.clone(),
        version: left.version.clone(),
        reason: left.reason.clone(),
        unknown: left.is_unknown,
    }
}

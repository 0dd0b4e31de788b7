//! The version that a pull request declares, against the one before.

use super::{Facts, Hit, Open, Outcome};
use crate::facts::change::{Pair, Step};
use crate::facts::{Gap, Source};
use crate::version::PgVersion;

/// Whether it is to be deleted or only out of sight (a new ignore rule hides it as well) the code does not tell.
const REMOVED: &str = "it is declared no more";

/// The gate knows what the change declares, and it is not older than what runs.
pub(super) fn declared_version(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let Some(change) = facts.change else {
        return Ok(Outcome::not_applicable("only `gate` compares the code with a base"));
    };
    let open = change.others.iter().filter(|_| !change.is_scoped).map(unjudged);
    let Some(subject) = &change.subject else { return Ok(Outcome::pass().leaving_open(open)) };
    if let Step::Unknown { reason } = subject.step() {
        return Err(Gap::Unavailable(format!("{}: {reason}", place(subject))));
    }
    if subject.step() == Step::Removed {
        return Err(Gap::Unavailable(format!("{}: {REMOVED}", place(subject))));
    }
    let (Some(text), Some(after)) = (change.target(), &subject.after) else {
        return Ok(Outcome::pass().leaving_open(open));
    };
    if let Some(identifier) = &after.identifier
        && let Ok(instance) = facts.instance()
        && !instance.id.eq_ignore_ascii_case(identifier)
        && facts.cluster().ok().flatten().is_none_or(|cluster| !cluster.id.eq_ignore_ascii_case(identifier))
    {
        let reason = format!("{} is the code of {identifier}, the evidence is about {}", place(subject), instance.id);
        return Err(Gap::Unavailable(reason));
    }
    let version = super::declaration::declared_version(after)?;
    let before = subject.before.as_ref().and_then(|before| before.version.as_deref());
    let before = before.and_then(|text| text.parse::<PgVersion>().ok());
    let Some(reference) = facts.upgrade.source.as_ref().or(before.as_ref()) else {
        return Ok(Outcome::pass().leaving_open(open));
    };
    // Where RDS or the server was asked, rds.target-version or ops.older-target says it.
    let is_said = match &facts.bundle.aws {
        Source::Collected(aws) => aws.engine_version.collected().is_some_and(Option::is_some),
        Source::SwitchedOff { .. } => facts.database().is_ok(),
        _ => false,
    };
    let is_older =
        !is_said && (version.major() < reference.major() || (!version.is_major_only() && version < *reference));
    if !is_older {
        return Ok(Outcome::pass().leaving_open(open));
    }
    let from = before.as_ref().map(|before| format!(" instead of {before}")).unwrap_or_default();
    let runs = if facts.upgrade.source.is_some() { format!(", {reference} runs") } else { String::new() };
    let hit = Hit::new(&after.resource, "downgrade", format!("declares {text}{from}{runs}"));
    let summary = format!("{text} is older than {reference}, and PostgreSQL never goes back");
    Ok(Outcome::hits(vec![hit.at(&after.file, after.line)]).summarised(summary).leaving_open(open))
}

fn place(subject: &Pair) -> String {
    let Some(declaration) = subject.latest() else { return String::new() };
    format!("{} at {}:{}", declaration.resource, declaration.file, declaration.line)
}

fn unjudged(pair: &Pair) -> Open {
    let reason = match pair.step() {
        Step::Removed => format!("{REMOVED}; it was not judged, pass --resource"),
        Step::Unknown { reason } => format!("its version may change and was not judged, pass --resource: {reason}"),
        Step::Changed { from, to } => {
            format!(
                "its version changes from {} to {to} and was not judged, pass --resource",
                from.unwrap_or("unknown")
            )
        }
        _ => "it was not judged, pass --resource".to_owned(),
    };
    Open { part: pair.name().to_owned(), reason }
}

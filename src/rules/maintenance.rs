//! What waits to be applied to the instance.

use jiff::Timestamp;

use super::{Facts, Hit, Outcome, shell};
use crate::facts::Gap;
use crate::facts::rds::PendingMaintenance;
use crate::moment::minute;

/// No maintenance action waits.
pub(super) fn pending_maintenance(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let actions = facts.aws()?.pending_maintenance.get()?;
    let hits = actions.iter().map(|action| {
        Hit::new(&action.action, "pending maintenance", detail(action))
            .with("arn", shell(&action.resource))
            .with("action", shell(&action.action))
    });
    Ok(Outcome::hits(hits.collect()))
}

fn detail(action: &PendingMaintenance) -> String {
    let when = |label: &str, at: Option<Timestamp>| at.map(|at| format!("{label} {}", minute(at)));
    let parts = [
        action.description.clone(),
        action.opt_in_status.as_ref().map(|status| format!("opt-in {status}")),
        when("applies on", action.current_apply),
        when("applied automatically after", action.auto_applied_after),
        when("forced on", action.forced_apply),
    ];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    if said.is_empty() { "no description, no date".to_owned() } else { said.join("; ") }
}

/// No modification waits.
pub(super) fn pending_modifications(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let instance = facts.instance()?;
    let cluster = facts.cluster()?.filter(|_| facts.asks_for_cluster());
    let values = cluster.map(|cluster| &cluster.pending_modified_values).into_iter().flatten();
    let hits = instance.pending_modified_values.iter().chain(values).map(|(name, value)| {
        Hit::new(name, "pending modification", format!("becomes {value}")).with("id", shell(&instance.id))
    });
    Ok(Outcome::hits(hits.collect()))
}

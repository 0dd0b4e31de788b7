//! The way back.

use jiff::{Span, Timestamp};

use super::{Facts, Hit, Outcome, shell};
use crate::facts::Gap;
use crate::moment::minute;

/// Backups are on, so that RDS takes snapshots around the upgrade.
pub(super) fn backups_off(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let instance = facts.instance()?;
    let cluster = facts.cluster()?.and_then(|cluster| cluster.backup_retention_period);
    let Some(days) = cluster.or(instance.backup_retention_period) else {
        return Err(Gap::Unavailable(format!("RDS does not say how long {} keeps backups", instance.id)));
    };
    if days > 0 {
        return Ok(Outcome::pass());
    }
    let hit =
        Hit::new(&instance.id, "automated backups", "retention is 0 days: RDS takes no snapshot, there is no way back");
    Ok(Outcome::hits(vec![hit.with("id", shell(&instance.id))]))
}

/// A fresh snapshot and a fresh point to restore to are there.
pub(super) fn backup_age(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let aws = facts.aws()?;
    let instance = aws.instance.get()?;
    let cluster = facts.cluster()?;
    let id = cluster.map_or(&instance.id, |cluster| &cluster.id);
    let retention = cluster.map_or(instance.backup_retention_period, |cluster| cluster.backup_retention_period);
    if retention == Some(0) {
        return Ok(Outcome::not_applicable("automated backups are off, see rds.backups-off"));
    }
    let snapshots = aws.snapshots.get()?;
    let newest = snapshots
        .iter()
        .filter(|snapshot| snapshot.status == "available")
        .filter_map(|snapshot| Some((snapshot.created?, &snapshot.id)))
        .max();
    let mut hits = Vec::new();
    match newest {
        None => hits.push(Hit::new(id, "snapshot", "there is no available snapshot")),
        Some((created, name)) if older(created, facts.now(), 36) => {
            hits.push(Hit::new(name, "snapshot", format!("the newest snapshot is of {}", minute(created))));
        }
        Some(_) => {}
    }
    match cluster.map_or(instance.latest_restorable_time, |cluster| cluster.latest_restorable_time) {
        None => hits.push(Hit::new(id, "point-in-time restore", "RDS names no time it could restore to")),
        Some(time) if older(time, facts.now(), 6) => {
            hits.push(Hit::new(id, "point-in-time restore", format!("it ends at {}", minute(time))));
        }
        Some(_) => {}
    }
    let (what, kind) = if cluster.is_some() { ("cluster-", "cluster") } else { ("", "instance") };
    let hits = hits.into_iter().map(|hit| hit.with("id", shell(id)).with("what", what).with("kind", kind));
    Ok(Outcome::hits(hits.collect()))
}

fn older(than: Timestamp, now: Timestamp, hours: i64) -> bool {
    now.checked_sub(Span::new().hours(hours)).is_ok_and(|limit| than < limit)
}

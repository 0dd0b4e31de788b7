//! Logical replication slots, which `pg_upgrade` takes along from 17 on.

use std::collections::BTreeMap;

use super::{Answers, Facts, Hit, Outcome, lacks_column};
use crate::facts::Gap;
use crate::facts::rds::{Parameter, TargetGroup};
use crate::facts::tables::OUTPUT_PLUGINS;
use crate::upgrade::Platform;

const KIND: &str = "logical replication slot";

/// From this target on the slots need no more than `wal_level = replica`.
/// <https://www.postgresql.org/docs/19/logical-replication-upgrade.html>
const REPLICA_SUFFICES: u64 = 19;

/// From this target on the name is the server's own.
/// <https://www.postgresql.org/docs/19/logical-replication-conflicts.html>
const RESERVED: (&str, u64) = ("pg_conflict_detection", 19);

/// `max_replication_slots` of a server that nobody configured.
/// <https://www.postgresql.org/docs/current/runtime-config-replication.html>
const DEFAULT_SLOTS: usize = 10;

/// Bytes. An idle slot is always some hundred behind, as the server itself logs what runs; a page of WAL is more than that.
const BEHIND: i64 = 8192;

struct Slot {
    name: String,
    plugin: String,
    active: bool,
    invalid: String,
    /// Bytes of WAL that it has not confirmed; `None` where the server cannot tell.
    behind: Option<i64>,
    values: BTreeMap<String, String>,
}

impl Slot {
    fn hit(self, detail: impl Into<String>) -> Hit {
        let mut hit = Hit::new(self.name, KIND, detail);
        hit.values.extend(self.values);
        hit
    }

    /// Why `pg_upgrade` refuses this slot whatever the target's settings.
    fn trouble(&self, target: u64) -> Option<String> {
        if !self.invalid.is_empty() {
            return Some(format!("invalidated: {}", self.invalid));
        }
        let (name, since) = RESERVED;
        (self.name == name && target >= since).then(|| format!("the name is reserved from {since} on"))
    }
}

fn slots(facts: &Facts<'_>) -> Result<Vec<Slot>, Gap> {
    let Answers { rows, open } = facts.answers()?;
    if let Some(open) = open.into_iter().next() {
        return Err(Gap::Unavailable(open.reason));
    }
    rows.into_iter().map(|(_, row)| slot(row).ok_or_else(lacks_column)).collect()
}

fn slot(row: BTreeMap<String, String>) -> Option<Slot> {
    let get = |name: &str| row.get(name).cloned();
    Some(Slot {
        name: get("slot")?,
        plugin: get("plugin")?,
        active: get("state")? == "active",
        invalid: get("invalid")?,
        behind: get("behind")?.parse().ok(),
        values: row,
    })
}

/// No slot is one that `pg_upgrade` refuses by itself.
pub(super) fn unusable(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let target = facts.upgrade.target.major();
    let hits = slots(facts)?.into_iter().filter_map(|slot| {
        let trouble = slot.trouble(target)?;
        Some(slot.hit(trouble))
    });
    Ok(Outcome::hits(hits.collect()))
}

/// A parameter group of the target can take the slots.
pub(super) fn at_target(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let slots = slots(facts)?;
    let needed = slots.len();
    let target = facts.upgrade.target.major();
    let usable: Vec<Slot> = slots.into_iter().filter(|slot| slot.trouble(target).is_none()).collect();
    if usable.is_empty() {
        return Ok(Outcome::pass());
    }
    let Some(refusal) = refusal(facts, needed)? else { return Ok(Outcome::pass()) };
    let hits = usable.into_iter().map(|slot| with_group(facts, slot.hit(&refusal)));
    Ok(Outcome::hits(hits.collect()))
}

/// With the names for a command about parameter groups, where there are such.
fn with_group(facts: &Facts<'_>, hit: Hit) -> Hit {
    let group = match facts.upgrade.platform {
        Platform::Rds => "db",
        Platform::Aurora => "db-cluster",
        Platform::SelfManaged => return hit,
    };
    hit.with("family", facts.upgrade.family(facts.upgrade.target.major())).with("group", group)
}

/// Why the target does not take that many slots, unless one of the groups that may be named in the request does.
fn refusal(facts: &Facts<'_>, needed: usize) -> Result<Option<String>, Gap> {
    let target = facts.upgrade.target.major();
    let family = facts.upgrade.family(target);
    let aws = match facts.aws() {
        Ok(aws) => Some(aws),
        Err(gap @ Gap::Unavailable(_)) => return Err(gap),
        // Nobody can know which group or which file of settings is meant for the target.
        Err(Gap::SwitchedOff(_) | Gap::NotGiven(_)) => None,
    };
    let defaults = aws.and_then(|aws| aws.family_defaults.get(&family)?.collected());
    let allowed = match facts.upgrade.platform {
        Platform::SelfManaged => Some(DEFAULT_SLOTS),
        Platform::Rds | Platform::Aurora => defaults.and_then(|defaults| number(defaults)),
    };
    let by_default = shortcoming(target >= REPLICA_SUFFICES, allowed, needed);
    let (Some(aws), Ok(Some(mut refusal))) = (aws, by_default.clone()) else { return by_default };
    let mut gap = None;
    for group in aws.target_groups.get()?.iter().filter(|group| group.family == family) {
        match of_group(group, target, allowed, needed) {
            Ok(None) => return Ok(None),
            Ok(Some(reason)) => refusal = reason,
            Err(unseen) => gap = Some(unseen),
        }
    }
    gap.map_or(Ok(Some(refusal)), Err)
}

fn of_group(group: &TargetGroup, target: u64, allowed: Option<usize>, needed: usize) -> Result<Option<String>, Gap> {
    let parameters = group.parameters.get()?;
    let logical = parameters.iter().any(|parameter| {
        parameter.name == "rds.logical_replication"
            && parameter.value.as_deref().is_some_and(|value| ["1", "on", "true"].contains(&value))
    });
    let reason = shortcoming(logical || target >= REPLICA_SUFFICES, number(parameters).or(allowed), needed)?;
    Ok(reason.map(|reason| format!("{reason} (parameter group {})", group.name)))
}

fn shortcoming(wal_level: bool, allowed: Option<usize>, needed: usize) -> Result<Option<String>, Gap> {
    if !wal_level {
        return Ok(Some("the target's wal_level is replica, not logical, unless somebody sets it".to_owned()));
    }
    match allowed {
        Some(allowed) if allowed < needed => {
            Ok(Some(format!("the target's max_replication_slots is {allowed}, the server has {needed}")))
        }
        // No platform has a smaller default than PostgreSQL.
        None if needed > DEFAULT_SLOTS => {
            Err(Gap::Unavailable("the default of max_replication_slots at the target is not known".to_owned()))
        }
        _ => Ok(None),
    }
}

/// `max_replication_slots`, where it is a plain number.
fn number(parameters: &[Parameter]) -> Option<usize> {
    let found = parameters.iter().find(|parameter| parameter.name == "max_replication_slots")?;
    found.value.as_deref()?.parse().ok()
}

/// Every slot without a consumer has been read to its end.
pub(super) fn behind(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let target = facts.upgrade.target.major();
    let idle = slots(facts)?.into_iter().filter(|slot| !slot.active && slot.trouble(target).is_none());
    let hits = idle.filter_map(|slot| match slot.behind {
        Some(bytes) if bytes >= BEHIND => Some(slot.hit(format!("inactive, {} of WAL not read", size(bytes)))),
        Some(_) => None,
        None => Some(slot.hit("inactive, and the server does not say how much WAL is not read")),
    });
    Ok(Outcome::hits(hits.collect()))
}

/// No slot is one that `pg_upgrade` forgets.
pub(super) fn lost(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let hits = slots(facts)?.into_iter().map(|slot| {
        let detail = format!("plugin {}: pg_upgrade does not take it along", slot.plugin);
        slot.hit(detail)
    });
    Ok(Outcome::hits(hits.collect()))
}

fn size(bytes: i64) -> String {
    const UNITS: [(&str, i64); 3] = [("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

/// Every slot's output plugin is one that the target loads without being told to.
pub(super) fn plugins(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    if !OUTPUT_PLUGINS.restricts(&facts.upgrade.target) {
        return Ok(Outcome::pass());
    }
    let others = slots(facts)?.into_iter().filter(|slot| !OUTPUT_PLUGINS.default.contains(&slot.plugin));
    let hits = others.map(|slot| {
        let detail = format!("plugin {} is not in output_plugin_libraries by default", slot.plugin);
        with_group(facts, slot.hit(detail))
    });
    Ok(Outcome::hits(hits.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(parameters: &[(&str, &str)]) -> TargetGroup {
        let parameter = |(name, value): &(&str, &str)| Parameter {
            name: (*name).to_owned(),
            value: Some((*value).to_owned()),
            apply_type: None,
        };
        let parameters = crate::facts::Source::Collected(parameters.iter().map(parameter).collect());
        TargetGroup { name: "app18".to_owned(), family: "postgres18".to_owned(), parameters }
    }

    #[test]
    fn a_group_must_allow_logical_decoding_and_that_many_slots() {
        let judge = |parameters, target, needed| of_group(&group(parameters), target, Some(10), needed).unwrap();
        assert_eq!(judge(&[("rds.logical_replication", "1")], 18, 10), None);
        assert_eq!(judge(&[("rds.logical_replication", "1"), ("max_replication_slots", "20")], 18, 11), None);
        assert_eq!(judge(&[], 19, 1), None, "19 decodes on demand");
        let few = judge(&[("rds.logical_replication", "1"), ("max_replication_slots", "5")], 18, 6).unwrap();
        assert_eq!(few, "the target's max_replication_slots is 5, the server has 6 (parameter group app18)");
        assert!(judge(&[("rds.logical_replication", "0")], 18, 1).unwrap().contains("wal_level"));
        assert!(judge(&[], 19, 11).unwrap().contains("max_replication_slots is 10"));
        assert!(of_group(&group(&[]), 19, None, 11).is_err());
    }

    #[test]
    fn sizes_are_said_in_words() {
        assert_eq!(size(8192), "8 kB");
        assert_eq!(size(5 << 20), "5 MB");
        assert_eq!(size(3 << 30), "3 GB");
    }
}

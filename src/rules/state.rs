//! The state the instance is in.

use jiff::Span;

use super::{Facts, Hit, Outcome, shell};
use crate::facts::Gap;
use crate::moment::minute;

/// The instance (the cluster) is `available`.
pub(super) fn instance_status(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let instance = facts.instance()?;
    let cluster = facts.cluster()?.filter(|_| facts.asks_for_cluster());
    let mut states = vec![(&instance.id, "DB instance", &instance.status)];
    states.extend(cluster.map(|cluster| (&cluster.id, "DB cluster", &cluster.status)));
    let hits = states.into_iter().filter(|(_, _, status)| *status != "available").map(|(id, kind, status)| {
        Hit::new(id, kind, format!("status is {status}, not available")).with("id", shell(id))
    });
    Ok(Outcome::hits(hits.collect()))
}

/// Below this share of the allocated storage we warn. A judgement, not a rule of AWS: an upgrade of 14.7 to 17.9 ran
/// out of storage and was rolled back after six hours, <https://status.preset.io/incidents/01KP34GXYRB4A4RHNH1Y43KSWM/write-up>.
const ENOUGH: f64 = 0.2;

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// Free storage is well above what an upgrade needs.
pub(super) fn free_storage(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let aws = facts.aws()?;
    let instance = aws.instance.get()?;
    let Some(allocated) = instance.allocated_storage.filter(|gib| *gib > 0) else {
        return Err(Gap::Unavailable(format!("RDS does not say how much storage {} has", instance.id)));
    };
    let Some(free) = aws.free_storage.get()? else {
        return Err(Gap::Unavailable("CloudWatch has no FreeStorageSpace of the last hour".to_owned()));
    };
    let share = free.bytes / (f64::from(allocated) * GIB);
    if share >= ENOUGH {
        return Ok(Outcome::pass());
    }
    let ceiling = match instance.max_allocated_storage {
        Some(max) if max <= allocated => "; autoscaling is at its ceiling",
        _ => "",
    };
    let detail = format!("{:.1} GiB of {allocated} GiB free ({:.0} %){ceiling}", free.bytes / GIB, share * 100.0);
    let more = allocated.saturating_add(allocated / 2).saturating_add(1);
    let hit = Hit::new(&instance.id, "storage", &detail).with("id", shell(&instance.id)).with("more", more.to_string());
    Ok(Outcome::hits(vec![hit]).summarised(detail))
}

/// The name of the master user is none that PostgreSQL keeps for itself.
pub(super) fn master_username(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let instance = facts.instance()?;
    let of_cluster = facts.cluster()?.and_then(|cluster| cluster.master_username.as_ref());
    let Some(name) = of_cluster.or(instance.master_username.as_ref()) else {
        return Err(Gap::Unavailable(format!("RDS does not say who the master user of {} is", instance.id)));
    };
    let hit = Hit::new(name, "master user", "the name begins with pg_");
    Ok(Outcome::hits(name.to_lowercase().starts_with("pg_").then_some(hit).into_iter().collect()))
}

/// Option groups that AWS made bear this prefix; RDS replaces them by the target's.
const DEFAULT_OPTIONS: &str = "default:";

/// No option group is one of a person's own, which is of one major.
pub(super) fn option_group(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let instance = facts.instance()?;
    let (source, target) = (&instance.engine_version, &facts.upgrade.target);
    if target.major() <= source.major() {
        return Ok(Outcome::not_applicable(format!(
            "{source} to {target} is no major upgrade, the option group stays"
        )));
    }
    let own = instance.option_groups.iter().filter(|name| !name.starts_with(DEFAULT_OPTIONS));
    let hits = own.map(|name| {
        Hit::new(name, "option group", format!("is of {}, the target needs one of {}", source.major(), target.major()))
            .with("id", shell(&instance.id))
            .with("default", shell(&format!("{DEFAULT_OPTIONS}{}-{}", instance.engine, target.major())))
    });
    Ok(Outcome::hits(hits.collect()))
}

/// Days that a certificate should still be good for: nobody wants to change it in the days of an upgrade.
const CERTIFICATE_DAYS: i64 = 30;

/// The target knows the CA of the instance, and its certificate is good for a while.
pub(super) fn ca_certificate(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let aws = facts.aws()?;
    let instance = aws.instance.get()?;
    let Some(ca) = &instance.ca_certificate else {
        return Err(Gap::Unavailable(format!("RDS does not name the CA of {}", instance.id)));
    };
    let mut details = Vec::new();
    let soon = facts.now().checked_add(Span::new().hours(24 * CERTIFICATE_DAYS)).unwrap_or(facts.now());
    if let Some(end) = instance.certificate_valid_till.filter(|end| *end < soon) {
        details.push(format!("the server's certificate ends at {}", minute(end)));
    }
    let target = &facts.upgrade.target;
    if let Some(versions) = aws.engine_versions.get(&facts.upgrade.family(target.major())) {
        let known = versions.get()?.iter().find(|record| record.version == *target);
        let offered = known.map_or(&[][..], |record| &record.ca_certificates);
        if !offered.is_empty() && !offered.contains(ca) {
            details.push(format!("{target} knows only {}", offered.join(", ")));
        }
    }
    if details.is_empty() {
        return Ok(Outcome::pass());
    }
    let hit = Hit::new(ca, "certificate authority", details.join("; ")).with("id", shell(&instance.id));
    Ok(Outcome::hits(vec![hit]))
}

/// What RDS says of an attempt that failed; matched in lower case.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html>, RDS-EVENT-0158 and 0270
const FAILURES: [&str; 2] = ["is in a state that cannot be upgraded", "upgrade failed"];

/// No recent attempt failed.
pub(super) fn failed_attempts(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let aws = facts.aws()?;
    let id = &aws.instance.get()?.id;
    let events = aws.events.get()?;
    let failed = events.iter().filter(|event| {
        let message = event.message.to_lowercase();
        FAILURES.iter().any(|failure| message.contains(failure))
    });
    let hits = failed.map(|event| {
        let at = event.at.map_or_else(|| "undated".to_owned(), minute);
        Hit::new(id, "RDS event", format!("{at}: {}", event.message)).with("id", shell(id))
    });
    Ok(Outcome::hits(hits.collect()))
}

//! Whether RDS takes the target at all.

use super::{Facts, Hit, Outcome, shell};
use crate::facts::rds::EngineVersion;
use crate::facts::{Gap, Source};
use crate::path::{self, Graph};
use crate::version::PgVersion;

/// The target is a valid one of the *actual* version.
pub(super) fn target_version(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let aws = facts.aws()?;
    let instance = aws.instance.get()?;
    let (source, target) = (&instance.engine_version, &facts.upgrade.target);
    let Some(record) = aws.engine_version.get()? else {
        return Err(Gap::Unavailable(format!(
            "RDS does not list {} {source}, not even with IncludeAll",
            instance.engine
        )));
    };
    if target == source || (target.is_major_only() && target.major() == source.major()) {
        return Ok(Outcome::not_applicable(format!("it runs {source} already")));
    }
    if record.valid_targets.iter().any(|valid| valid.version == *target) {
        return Ok(Outcome::pass());
    }
    let summary = refusal(source, target, record);
    let mut hit = Hit::new(&instance.id, "upgrade target", detail(source, target, record))
        .with("id", &instance.id)
        .with("engine", &instance.engine)
        .with("source", source.as_str())
        .with("option", if facts.asks_for_cluster() { "--cluster" } else { "--instance" });
    if let Some(nearest) = nearest(target, record) {
        hit = hit.with("nearest", nearest.as_str());
    } else if let Some(hops) = path::fewest_hops(&Graph::of_bundle(aws), source, target)
        && let [first, ..] = hops.as_slice()
    {
        hit = hit.with("nearest", first.as_str());
        hit.finding.detail.push_str(&format!("; the way there is {}", path::arrow(&hops)));
    }
    Ok(Outcome::hits(vec![hit]).summarised(summary))
}

/// Without RDS: the target comes after what runs.
pub(super) fn older_target(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    if !matches!(facts.bundle.aws, Source::SwitchedOff { .. }) {
        return Ok(Outcome::not_applicable("RDS was asked, see rds.target-version"));
    }
    let server = &facts.database()?.server;
    let target = &facts.upgrade.target;
    // A bare major is that of any of its minors.
    let is_older = target.major() < server.version.major() || (!target.is_major_only() && *target < server.version);
    if !is_older {
        return Ok(Outcome::pass());
    }
    let detail = format!("runs {}, and {target} is older: PostgreSQL never goes back", server.version);
    Ok(Outcome::hits(vec![Hit::new(&server.address, "database server", detail)]))
}

fn refusal(source: &PgVersion, target: &PgVersion, record: &EngineVersion) -> String {
    if target < source {
        return format!("{target} is older than {source}: RDS never goes back");
    }
    let same_major = in_major(target.major(), record);
    match (same_major.as_slice(), target.is_major_only()) {
        ([], _) => {
            format!("{target} is not a valid target of {source}, nor is any other version of {}", target.major())
        }
        (valid, _) => {
            format!("{target} is not a valid target of {source}; in {} it is {}", target.major(), join(valid))
        }
    }
}

fn detail(source: &PgVersion, target: &PgVersion, record: &EngineVersion) -> String {
    if record.valid_targets.is_empty() {
        return format!("RDS offers no target for {source} in this Region");
    }
    let others: Vec<&PgVersion> = record
        .valid_targets
        .iter()
        .map(|valid| &valid.version)
        .filter(|version| version.major() != target.major() && version.major() > source.major())
        .collect();
    let same = in_major(target.major(), record);
    let mut parts = Vec::new();
    if !same.is_empty() {
        parts.push(format!("valid in {}: {}", target.major(), join(&same)));
    }
    if !others.is_empty() {
        parts.push(format!("{}: {}", if same.is_empty() { "valid majors" } else { "others" }, join(&others)));
    }
    if parts.is_empty() { "only minor upgrades are offered".to_owned() } else { parts.join("; ") }
}

fn in_major(major: u64, record: &EngineVersion) -> Vec<&PgVersion> {
    record.valid_targets.iter().map(|valid| &valid.version).filter(|version| version.major() == major).collect()
}

/// The next newer valid version of the same major, or else the newest older one.
fn nearest<'a>(target: &PgVersion, record: &'a EngineVersion) -> Option<&'a PgVersion> {
    let valid = in_major(target.major(), record);
    let newer = valid.iter().filter(|version| **version > target).min().copied();
    newer.or_else(|| valid.into_iter().max())
}

fn join(versions: &[&PgVersion]) -> String {
    let mut sorted: Vec<&PgVersion> = versions.to_vec();
    sorted.sort_unstable();
    sorted.iter().map(|version| version.as_str()).collect::<Vec<_>>().join(", ")
}

/// The instance class can be ordered at the target, with the instance's storage and Multi-AZ.
pub(super) fn instance_class(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let aws = facts.aws()?;
    let instance = aws.instance.get()?;
    let target = &facts.upgrade.target;
    let options = aws.orderable.get()?;
    if target.is_major_only() {
        return Ok(Outcome::not_applicable(format!("no version of {target} is a valid target")));
    }
    let at_target: Vec<_> = options.iter().filter(|option| option.engine_version == *target).collect();
    let problem = if at_target.is_empty() {
        let offered = aws.engine_version.collected().and_then(Option::as_ref);
        if offered.is_some_and(|record| record.valid_targets.iter().all(|valid| valid.version != *target)) {
            return Ok(Outcome::not_applicable(format!("{target} is no valid target, see rds.target-version")));
        }
        let newest = options.iter().map(|option| &option.engine_version).max();
        let until = newest.map(|version| format!("; the newest version it can have is {version}")).unwrap_or_default();
        format!("{} cannot be ordered with {target}{until}", instance.class)
    } else if let Some(storage) = &instance.storage_type
        && at_target.iter().all(|option| option.storage_type.as_ref().is_some_and(|offered| offered != storage))
    {
        format!("{} cannot be ordered with {target} and storage {storage}", instance.class)
    } else if instance.multi_az && at_target.iter().all(|option| option.multi_az_capable == Some(false)) {
        format!("{} cannot be ordered with {target} in Multi-AZ", instance.class)
    } else {
        return Ok(Outcome::pass());
    };
    let hit = Hit::new(&instance.id, "DB instance class", &problem)
        .with("id", shell(&instance.id))
        .with("engine", &instance.engine)
        .with("target", target.as_str());
    Ok(Outcome::hits(vec![hit]).summarised(problem))
}

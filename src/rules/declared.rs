//! What else the code says of the database, against what is there.

use super::declaration::{declared_version, in_words_of};
use super::{Facts, Hit, Outcome, shell};
use crate::facts::declared::{PinKind, setting};
use crate::facts::{Gap, Stated};
use crate::version::PgVersion;

/// The next deploy changes nothing but the version.
pub(super) fn settings_drift(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let declaration = facts.declaration()?;
    let instance = facts.instance()?;
    let live = [
        (setting::AUTO_MINOR, Some(instance.auto_minor_version_upgrade.to_string())),
        (setting::BACKUP_RETENTION, instance.backup_retention_period.map(|days| days.to_string())),
    ];
    let mut hits = Vec::new();
    for (name, live) in live {
        let (Some(stated), Some(live)) = (declaration.setting(name), live) else { continue };
        let Some(value) = stated.value.as_ref().filter(|value| !value.eq_ignore_ascii_case(&live)) else { continue };
        let name = in_words_of(declaration.tool, name);
        let detail = format!("declares {value}, it is {live}: the deploy changes it too");
        hits.push(Hit::new(name, "setting", detail).at(&stated.file, stated.line));
    }
    Ok(Outcome::hits(hits))
}

/// The code keeps the automated backups, which the upgrade's own snapshots need.
pub(super) fn backups_off(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let declaration = facts.declaration()?;
    match declaration.setting(setting::BACKUP_RETENTION) {
        Some(stated @ Stated { value: Some(value), .. }) if value == "0" => {
            let name = in_words_of(declaration.tool, setting::BACKUP_RETENTION);
            let detail = format!("{name} is 0: RDS takes no snapshot before the upgrade");
            let hit = Hit::new(&declaration.resource, "declaration", detail).at(&stated.file, stated.line);
            Ok(Outcome::hits(vec![hit]))
        }
        Some(Stated { value: None, reason, .. }) => {
            Err(Gap::Unavailable(reason.clone().unwrap_or_else(|| "it cannot be known".to_owned())))
        }
        _ => Ok(Outcome::pass()),
    }
}

/// A replacement could take its final snapshot.
pub(super) fn final_snapshot(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let declaration = facts.declaration()?;
    let is_skipped = declaration.setting(setting::SKIP_FINAL_SNAPSHOT).and_then(|stated| stated.value.as_deref());
    let fixed = match declaration.setting(setting::FINAL_SNAPSHOT) {
        Some(stated @ Stated { value: Some(_), .. }) if is_skipped != Some("true") => stated,
        _ => return Ok(Outcome::pass()),
    };
    let name = fixed.value.as_deref().unwrap_or_default();
    let detail = format!("the final snapshot is always called {name}: the second time there is one already");
    let hit = Hit::new(&declaration.resource, "declaration", detail).at(&fixed.file, fixed.line);
    Ok(Outcome::hits(vec![hit]))
}

/// The code is deployed to the account that the evidence is from.
pub(super) fn aws_profile(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let repository = facts.bundle.repository.get()?;
    if repository.pins.is_empty() {
        return Ok(Outcome::not_applicable("the code names neither profile nor account"));
    }
    let aws = facts.bundle.aws.get()?;
    let mut hits = Vec::new();
    let pins = |kind| repository.pins.iter().filter(move |pin| pin.kind == kind);
    for pin in pins(PinKind::Profile) {
        let (Some(pinned), Some(asked)) = (&pin.value.value, &aws.profile) else { continue };
        if pinned != asked {
            let detail = format!("the code deploys by it, AWS was asked by {asked}");
            hits.push(Hit::new(pinned, "AWS profile", detail).at(&pin.value.file, pin.value.line));
        }
    }
    if pins(PinKind::Account).next().is_some() {
        let caller = aws.caller.get()?;
        if pins(PinKind::Account).all(|pin| pin.value.value.as_ref() != Some(&caller.account)) {
            hits.extend(pins(PinKind::Account).map(|pin| {
                let account = pin.value.value.as_deref().unwrap_or_default();
                let detail = format!("the code deploys to it, the evidence is from {}", caller.account);
                Hit::new(account, "AWS account", detail).at(&pin.value.file, pin.value.line)
            }));
        }
    }
    Ok(Outcome::hits(hits))
}

/// Replicas are declared with the version of their primary.
pub(super) fn replica_version(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let primary = facts.declaration()?;
    let replicas: Vec<_> = facts
        .declared()?
        .iter()
        .filter(|other| other.replica_of.as_ref() == Some(&primary.resource) && other.resource != primary.resource)
        .collect();
    if replicas.is_empty() {
        return Ok(Outcome::not_applicable("the code declares no replica of it"));
    }
    let version = declared_version(primary)?;
    let mut hits = Vec::new();
    for replica in replicas {
        let own = declared_version(replica)?;
        if own != version {
            let detail = format!("declares {own}, its primary {} declares {version}", primary.resource);
            hits.push(Hit::new(&replica.resource, "replica", detail).at(&replica.file, replica.line));
        }
    }
    Ok(Outcome::hits(hits))
}

/// The parameters of the code are those of the live group.
pub(super) fn parameter_drift(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let declaration = facts.declaration()?;
    let Some(group) = declaration.parameter_group.as_ref().filter(|group| !group.parameters.is_empty()) else {
        return Ok(Outcome::not_applicable("the code declares no parameters for it"));
    };
    let source = &facts.instance()?.engine_version;
    let family = group.family.as_ref().and_then(|family| family.value.as_deref()).unwrap_or_default();
    if !is_of(family, source) {
        return Ok(Outcome::not_applicable(format!("the declared group is of {family}, {source} runs")));
    }
    let (live, set) = live_group(facts, group.name.as_deref())?;
    let mut hits = Vec::new();
    for (name, stated) in &group.parameters {
        let Some(value) = &stated.value else { continue };
        let there =
            set.iter().find(|parameter| parameter.name == *name).and_then(|parameter| parameter.value.as_deref());
        if there != Some(value.as_str()) {
            let says = there.map_or("does not set it".to_owned(), |there| format!("has {there}"));
            let hit = Hit::new(name, "parameter", format!("declared as {value}, {live} {says}"));
            hits.push(hit.at(&stated.file, stated.line).with("group", shell(live)));
        }
    }
    Ok(Outcome::hits(hits))
}

fn is_of(family: &str, version: &PgVersion) -> bool {
    family.trim_start_matches(|c: char| !c.is_ascii_digit()) == version.major().to_string()
}

/// The group in use that the code means, and what a person set in it.
fn live_group<'a>(facts: &Facts<'a>, name: Option<&str>) -> Result<(&'a str, &'a [crate::facts::rds::Parameter]), Gap> {
    let groups = &facts.aws()?.user_parameters;
    let found = match name {
        Some(name) => groups.iter().find(|(live, _)| live.eq_ignore_ascii_case(name)),
        None => match groups.iter().collect::<Vec<_>>()[..] {
            [only] => Some(only),
            _ => None,
        },
    };
    let Some((live, parameters)) = found else {
        let which = name.map_or("of the code".to_owned(), |name| format!("{name} of the code"));
        return Err(Gap::Unavailable(format!("the parameter group {which} is not the one in use")));
    };
    Ok((live, parameters.get()?))
}

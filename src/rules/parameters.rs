//! Parameter groups: what does not come along.

use std::collections::BTreeMap;

use super::{Facts, Hit, Outcome, shell};
use crate::facts::rds::{GroupStatus, Parameter};
use crate::facts::tables::PARAMETERS;
use crate::facts::{DeclaredGroup, Gap};
use crate::upgrade::DEFAULT_PREFIX;

pub(super) const FORCE_SSL: &str = "rds.force_ssl";

/// The groups in use, the cluster's first.
fn groups(facts: &Facts<'_>) -> Result<Vec<GroupStatus>, Gap> {
    let mut groups = Vec::new();
    if let Some(group) = facts.cluster()?.and_then(|cluster| cluster.parameter_group.clone()) {
        groups.push(GroupStatus { name: group, apply_status: "in-sync".to_owned() });
    }
    groups.extend(facts.instance()?.parameter_groups.iter().cloned());
    Ok(groups)
}

/// A group belongs to a major: within one it stays in use.
pub(super) fn groups_stay(facts: &Facts<'_>) -> Result<Option<Outcome>, Gap> {
    let (source, target) = (&facts.instance()?.engine_version, &facts.upgrade.target);
    let reason = || format!("{source} to {target} is no major upgrade, the parameter groups stay");
    Ok((target.major() <= source.major()).then(|| Outcome::not_applicable(reason())))
}

/// All groups in use are applied.
pub(super) fn parameter_group_status(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let id = shell(&facts.instance()?.id);
    let groups = groups(facts)?;
    let hits = groups.iter().filter(|group| group.apply_status != "in-sync").map(|group| {
        Hit::new(&group.name, "parameter group", format!("status is {}", group.apply_status)).with("id", &id)
    });
    Ok(Outcome::hits(hits.collect()))
}

/// No custom group needs a counterpart in the target's family.
pub(super) fn parameter_group_family(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    if let Some(outcome) = groups_stay(facts)? {
        return Ok(outcome);
    }
    let aws = facts.aws()?;
    let engine = &aws.instance.get()?.engine;
    let family = crate::upgrade::family(engine, facts.upgrade.target.major());
    let custom: Vec<GroupStatus> =
        groups(facts)?.into_iter().filter(|group| !group.name.starts_with(DEFAULT_PREFIX)).collect();
    if custom.is_empty() {
        return Ok(Outcome::pass());
    }
    let declared = facts.declaration().ok().and_then(|declaration| declaration.parameter_group.as_ref());
    if declared.is_some_and(|group| group.family.is_some()) {
        let reason = "the code makes the group, see iac.parameter-group-family and iac.not-prepared";
        return Ok(Outcome::not_applicable(reason));
    }
    let known = aws.parameter_groups.get()?;
    let ready: Vec<&str> = known
        .iter()
        .filter(|group| group.family == family && !group.name.starts_with(DEFAULT_PREFIX))
        .map(|group| group.name.as_str())
        .collect();
    let hits = custom.iter().map(|group| {
        let now =
            known.iter().find(|known| known.name == group.name).map_or("an unknown family", |known| &known.family);
        let have = if ready.is_empty() {
            format!("there is none of {family} yet")
        } else {
            format!("of {family} there is {}", ready.join(", "))
        };
        let hit = Hit::new(&group.name, "parameter group", format!("is of {now}; {have}")).with("family", &family);
        if ready.is_empty() {
            hit.with("new_name", shell(&format!("{}-{}", group.name, facts.upgrade.target.major())))
        } else {
            hit
        }
    });
    Ok(Outcome::hits(hits.collect()))
}

/// Every value that a person set is the target family's default.
pub(super) fn lost_parameters(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    if let Some(outcome) = groups_stay(facts)? {
        return Ok(outcome);
    }
    let aws = facts.aws()?;
    let engine = &aws.instance.get()?.engine;
    let family = crate::upgrade::family(engine, facts.upgrade.target.major());
    let declared = declared_for(facts, &family);
    let mut hits = Vec::new();
    let mut target: Option<BTreeMap<&str, &Parameter>> = None;
    for group in groups(facts)? {
        let set = match aws.user_parameters.get(&group.name) {
            Some(source) => source.get()?,
            None => return Err(Gap::Unavailable(format!("parameter group {} was not read", group.name))),
        };
        for parameter in set.iter().filter(|parameter| parameter.name != FORCE_SSL) {
            let defaults = match &target {
                Some(defaults) => defaults,
                None => target.insert(family_defaults(facts, &family)?),
            };
            let value = parameter.value.as_deref().unwrap_or("");
            // The group that the code makes for the target says what it is there.
            if declared.is_some_and(|group| group.parameters.contains_key(&parameter.name)) {
                continue;
            }
            let detail = match defaults.get(parameter.name.as_str()) {
                Some(default) if default.value.as_deref() == Some(value) => continue,
                Some(default) => match default.value.as_deref() {
                    Some(other) => format!("{value} in {}; the default of {family} is {other}", group.name),
                    None => format!("{value} in {}; {family} sets no default", group.name),
                },
                None => format!("{value} in {}; RDS does not list it for {family}", group.name),
            };
            let request = request(&parameter.name, value);
            let hit = Hit::new(&parameter.name, "parameter", detail);
            hits.push(hit.with("family", &family).with("request", shell(&request)));
        }
    }
    Ok(Outcome::hits(hits))
}

/// The group of a family that the code declares for the database.
fn declared_for<'a>(facts: &Facts<'a>, family: &str) -> Option<&'a DeclaredGroup> {
    let group = facts.declaration().ok()?.parameter_group.as_ref()?;
    let declared = group.family.as_ref()?.value.as_deref()?;
    (declared == family).then_some(group)
}

/// The value as the AWS CLI takes it; its shorthand has no way to write a comma.
fn request(name: &str, value: &str) -> String {
    if value.contains([',', '"', '\'', '=', ' ']) {
        let request =
            serde_json::json!([{"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}]);
        return request.to_string();
    }
    format!("ParameterName={name},ParameterValue={value},ApplyMethod=pending-reboot")
}

pub(super) fn family_defaults<'a>(facts: &Facts<'a>, family: &str) -> Result<BTreeMap<&'a str, &'a Parameter>, Gap> {
    let aws = facts.aws()?;
    let Some(source) = aws.family_defaults.get(family) else {
        return Err(Gap::Unavailable(format!("the defaults of {family} were not collected: no valid target is of it")));
    };
    Ok(source.get()?.iter().map(|parameter| (parameter.name.as_str(), parameter)).collect())
}

/// What is asked of clients today, and where that is set.
pub(super) fn force_ssl_now(facts: &Facts<'_>) -> Result<(String, String), Gap> {
    let aws = facts.aws()?;
    let instance = aws.instance.get()?;
    let mut now = PARAMETERS.default_of(FORCE_SSL, instance.engine_version.major()).unwrap_or("0").to_owned();
    let mut where_set = "the default".to_owned();
    for group in groups(facts)? {
        let set = aws.user_parameters.get(&group.name).map(|source| source.get()).transpose()?;
        if let Some(parameter) = set.into_iter().flatten().find(|parameter| parameter.name == FORCE_SSL) {
            now = parameter.value.clone().unwrap_or_default();
            where_set = format!("set in {}", group.name);
        }
    }
    Ok((now, where_set))
}

//! What the code must say for its deploy to upgrade a major.

use super::declaration::{Stage, declared_version, in_words_of};
use super::{Facts, Hit, Outcome, shell};
use crate::facts::declared::setting;
use crate::facts::{Declaration, Gap, Stated, Tool};
use crate::upgrade::{DEFAULT_PREFIX, family};

const NOT_YET: &str = "the code does not declare the upgrade yet, see iac.not-prepared";

/// A declared upgrade names a parameter group of the target's family.
pub(super) fn parameter_group_family(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    if_declared(facts, wrong_family(facts, facts.declaration()?))
}

/// A declared upgrade allows a major upgrade.
pub(super) fn allow_major_version_upgrade(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    if_declared(facts, not_allowed(facts.declaration()?))
}

/// What is wrong is only wrong once the upgrade is declared; what is right is so whether that can be known or not.
fn if_declared(facts: &Facts<'_>, found: Result<Option<Hit>, Gap>) -> Result<Outcome, Gap> {
    match (facts.stage(), found) {
        (Ok(Err(outcome)), _) => Ok(outcome),
        (Ok(Ok(Stage::NotYet(_))), _) => Ok(Outcome::not_applicable(NOT_YET)),
        (Ok(Ok(Stage::Declared(_))), found) => Ok(Outcome::hits(found?.into_iter().collect())),
        (Err(_), Ok(None)) => Ok(Outcome::pass()),
        (Err(gap), _) => Err(gap),
    }
}

/// What else has to change in the code, where the upgrade is not declared yet.
pub(super) fn not_prepared(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let declaration = match facts.stage()? {
        Err(outcome) => return Ok(outcome),
        Ok(Stage::Declared(_)) => return Ok(Outcome::not_applicable("the code declares the upgrade")),
        Ok(Stage::NotYet(declaration)) => declaration,
    };
    let found = [wrong_family(facts, declaration)?, not_allowed(declaration)?];
    Ok(Outcome::hits(found.into_iter().flatten().collect()))
}

fn at(hit: Hit, declaration: &Declaration, stated: Option<&Stated>) -> Hit {
    let place = declaration.place.as_ref();
    match (stated, place) {
        (Some(stated), _) => hit.at(&stated.file, stated.line),
        (None, Some(place)) => hit.at(&place.file, place.line),
        (None, None) => hit.at(&declaration.file, declaration.line),
    }
}

/// A group that the code declares or names, and whose family is not the target's.
fn wrong_family(facts: &Facts<'_>, declaration: &Declaration) -> Result<Option<Hit>, Gap> {
    let Some(group) = &declaration.parameter_group else { return Ok(None) };
    let wanted = family(&declaration.engine, facts.upgrade.target.major());
    let lost = |why: &str| Gap::Unavailable(format!("the family of parameter group {}: {why}", group.resource));
    let found = match (&group.family, &group.name) {
        (Some(Stated { value: Some(family), .. }), _) => family.clone(),
        (Some(Stated { reason, .. }), _) => return Err(lost(reason.as_deref().unwrap_or("it cannot be known"))),
        (None, Some(name)) if name.starts_with(DEFAULT_PREFIX) => name[DEFAULT_PREFIX.len()..].to_owned(),
        // Of a group that is declared elsewhere RDS knows the family.
        (None, Some(name)) => {
            let groups = facts.aws()?.parameter_groups.get()?;
            let known = groups.iter().find(|known| known.name.eq_ignore_ascii_case(name));
            known.ok_or_else(|| lost("neither the code nor RDS has such a group"))?.family.clone()
        }
        (None, None) => return Err(lost("it is not set")),
    };
    if found == wanted {
        return Ok(None);
    }
    let detail = format!("is of {found}, the upgrade of {} needs {wanted}", declaration.resource);
    let hit = Hit::new(&group.resource, "parameter group", detail).with("family", &wanted);
    Ok(Some(at(hit, declaration, group.family.as_ref())))
}

/// The flag without which RDS refuses; CloudFormation's clusters have none.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbcluster.html>
fn not_allowed(declaration: &Declaration) -> Result<Option<Hit>, Gap> {
    if declaration.tool == Some(Tool::CloudFormation) && declaration.engine != "postgres" {
        return Ok(None);
    }
    if declaration.tool.is_none() {
        return Err(Gap::Unavailable("the evidence was collected by a version that did not look".to_owned()));
    }
    let name = in_words_of(declaration.tool, setting::ALLOW_MAJOR);
    let stated = declaration.setting(setting::ALLOW_MAJOR);
    let says = match stated {
        None => "is not set".to_owned(),
        Some(Stated { value: Some(value), .. }) if value.eq_ignore_ascii_case("true") => return Ok(None),
        Some(Stated { value: Some(value), .. }) => format!("is {value}"),
        Some(Stated { reason, .. }) => {
            let why = reason.as_deref().unwrap_or("it cannot be known");
            return Err(Gap::Unavailable(format!("{name} of {}: {why}", declaration.resource)));
        }
    };
    let hit = Hit::new(&declaration.resource, "declaration", format!("{name} {says}")).with("setting", name);
    Ok(Some(at(hit, declaration, stated)))
}

/// The upgrade waits for the maintenance window.
pub(super) fn apply_immediately(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let declaration = facts.declaration()?;
    if declaration.tool == Some(Tool::CloudFormation) {
        return Ok(Outcome::not_applicable("CloudFormation applies a new version with the deploy, whatever it says"));
    }
    let name = in_words_of(declaration.tool, setting::APPLY_IMMEDIATELY);
    match declaration.setting(setting::APPLY_IMMEDIATELY) {
        Some(stated @ Stated { value: Some(value), .. }) if value.eq_ignore_ascii_case("true") => {
            let window = window(facts).map(|window| format!(", not in the window {window}")).unwrap_or_default();
            let detail = format!("{name} is true: the upgrade starts with the deploy{window}");
            let hit = Hit::new(&declaration.resource, "declaration", detail).with("setting", name);
            Ok(Outcome::hits(vec![at(hit, declaration, Some(stated))]))
        }
        Some(Stated { value: None, reason, .. }) => {
            let why = reason.as_deref().unwrap_or("it cannot be known");
            Err(Gap::Unavailable(format!("{name} of {}: {why}", declaration.resource)))
        }
        _ => Ok(Outcome::pass()),
    }
}

/// The deploy that changes the version also upgrades.
pub(super) fn deferred(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let declaration = facts.declaration()?;
    if !matches!(declaration.tool, Some(Tool::Terraform | Tool::Pulumi)) {
        return Ok(Outcome::not_applicable("only Terraform and Pulumi end a deploy before the version has changed"));
    }
    let name = in_words_of(declaration.tool, setting::APPLY_IMMEDIATELY);
    let stated = declaration.setting(setting::APPLY_IMMEDIATELY);
    let says = match stated {
        None => format!("{name} is not set"),
        Some(Stated { value: Some(value), .. }) if value.eq_ignore_ascii_case("false") => format!("{name} is false"),
        Some(_) => return Ok(Outcome::pass()),
    };
    let when = window(facts).map_or("in the maintenance window".to_owned(), |window| format!("in the window {window}"));
    let detail = format!("{says}: the deploy succeeds and changes nothing, RDS upgrades {when}");
    let hit = Hit::new(&declaration.resource, "declaration", detail);
    let hit = match facts.instance() {
        Ok(instance) => hit.with("id", shell(&instance.id)),
        Err(_) => hit,
    };
    Ok(Outcome::hits(vec![at(hit, declaration, stated)]))
}

fn window<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    facts.instance().ok()?.preferred_maintenance_window.as_deref()
}

/// A declared upgrade says which minor it means.
pub(super) fn bare_major(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let declaration = match facts.stage()? {
        Err(outcome) => return Ok(outcome),
        Ok(Stage::NotYet(_)) => return Ok(Outcome::not_applicable(NOT_YET)),
        Ok(Stage::Declared(declaration)) => declaration,
    };
    let version = declared_version(declaration)?;
    if !version.is_major_only() {
        return Ok(Outcome::pass());
    }
    let target = &facts.upgrade.target;
    let mut hit = Hit::new(
        &declaration.resource,
        "declaration",
        format!("declares {version}, and RDS takes its own default minor of it, valid from here or not"),
    )
    .with("engine", &declaration.engine)
    .with("major", version.as_str());
    if !target.is_major_only() {
        hit.finding.detail.push_str(&format!("; the highest valid one is {target}"));
        hit = hit.with("target", target.as_str());
    }
    Ok(Outcome::hits(vec![hit.at(&declaration.file, declaration.line)]))
}

/// A change of the declared version does something.
pub(super) fn ignored_version(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let declaration = facts.declaration()?;
    let Some(stated) = declaration.setting(setting::IGNORED_VERSION) else { return Ok(Outcome::pass()) };
    let detail = "a change of the version is ignored: the deploy succeeds and upgrades nothing";
    let hit = Hit::new(&declaration.resource, "declaration", detail);
    Ok(Outcome::hits(vec![hit.at(&stated.file, stated.line)]))
}

//! Extensions whose library must be loaded when the server starts, against the group that the target gets.

use super::{Answers, Facts, Hit, Outcome};
use crate::facts::rds::{Parameter, TargetGroup};
use crate::facts::tables::EXTENSION_STEPS;
use crate::facts::{DeclaredGroup, Gap};

const PRELOAD: &str = "shared_preload_libraries";

/// What is preloaded at the target.
struct Preloaded {
    libraries: Vec<String>,
    /// Who does not name a library: `no group of postgres16 has`.
    nobody: String,
    /// Where the code says it.
    at: Option<(String, u32)>,
}

/// Every extension that needs its library preloaded gets it: from the group that the code has for the target, else from
/// some group of the target's family, else by default.
pub(super) fn not_preloaded(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let Answers { rows, open } = facts.answers()?;
    let needing: Vec<_> = rows
        .into_iter()
        .filter_map(|(database, row)| {
            let name = row.get("name")?.clone();
            Some((database, EXTENSION_STEPS.preload.get(&name)?, name))
        })
        .collect();
    if needing.is_empty() {
        return Ok(Outcome::pass().leaving_open(open));
    }
    let family = facts.upgrade.family(facts.upgrade.target.major());
    let group = facts.declaration().ok().and_then(|declaration| declaration.parameter_group.as_ref());
    let declared = match group {
        Some(group) => of_code(facts, group, &family)?,
        None => None,
    };
    let Preloaded { libraries, nobody, at } = match declared {
        Some(preloaded) => preloaded,
        None => of_any_group(facts, &family)?,
    };
    let missing = needing.into_iter().filter(|(_, library, _)| !libraries.contains(library));
    let hits = missing.map(|(database, library, name)| {
        let detail = format!("{nobody} {library} in {PRELOAD}");
        let hit = Hit::new(name, "extension", detail).with("library", library).in_database(database);
        match &at {
            Some((file, line)) => hit.at(file, *line),
            None => hit,
        }
    });
    Ok(Outcome::hits(hits.collect()).leaving_open(open))
}

/// What the group preloads that the code makes or names; `None` where it has none for the target yet.
fn of_code(facts: &Facts<'_>, group: &DeclaredGroup, family: &str) -> Result<Option<Preloaded>, Gap> {
    let name = group.name.as_ref().unwrap_or(&group.resource);
    let nobody = format!("the code's group {name}, of {family}, does not have");
    let Some(stated) = &group.family else {
        // One that the code names and does not make.
        let named = facts.aws().ok().and_then(|aws| aws.target_groups.collected());
        let known = named.into_iter().flatten().find(|known| known.name == *name && known.family == family);
        let preloaded = |known| Ok(Preloaded { libraries: of_group(facts, known, family)?, nobody, at: None });
        return known.map(preloaded).transpose();
    };
    if stated.value.as_deref() != Some(family) {
        return Ok(None);
    }
    let Some(set) = group.parameters.get(PRELOAD) else {
        let at = Some((stated.file.clone(), stated.line));
        return Ok(Some(Preloaded { libraries: by_default(facts, family)?, nobody, at }));
    };
    let Some(value) = &set.value else {
        let reason = set.reason.as_deref().unwrap_or("it cannot be known");
        return Err(Gap::Unavailable(format!("{PRELOAD} at {}:{}: {reason}", set.file, set.line)));
    };
    Ok(Some(Preloaded { libraries: split(value), nobody, at: Some((set.file.clone(), set.line)) }))
}

/// The libraries that some group of people's own of a family preloads; without one, those of the default group.
fn of_any_group(facts: &Facts<'_>, family: &str) -> Result<Preloaded, Gap> {
    let groups = facts.aws()?.target_groups.get()?;
    let mut libraries = Vec::new();
    let mut is_empty = true;
    for group in groups.iter().filter(|group| group.family == family) {
        libraries.extend(of_group(facts, group, family)?);
        is_empty = false;
    }
    if is_empty {
        libraries = by_default(facts, family)?;
    }
    Ok(Preloaded { libraries, nobody: format!("no group of {family} has"), at: None })
}

fn of_group(facts: &Facts<'_>, group: &TargetGroup, family: &str) -> Result<Vec<String>, Gap> {
    match value(group.parameters.get()?) {
        Some(value) => Ok(split(value)),
        None => by_default(facts, family),
    }
}

fn by_default(facts: &Facts<'_>, family: &str) -> Result<Vec<String>, Gap> {
    let Some(defaults) = facts.aws()?.family_defaults.get(family) else {
        return Err(Gap::Unavailable(format!("the defaults of {family} were not collected")));
    };
    Ok(value(defaults.get()?).map(split).unwrap_or_default())
}

fn value(parameters: &[Parameter]) -> Option<&str> {
    parameters.iter().find(|parameter| parameter.name == PRELOAD)?.value.as_deref()
}

fn split(value: &str) -> Vec<String> {
    value.split(',').map(|library| library.trim().trim_matches('"').to_owned()).collect()
}

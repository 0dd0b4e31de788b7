//! Services and drivers against the compatibility matrix.

use super::services::{Place, Seen, Sighting, decisive, look};
use super::{Facts, Hit, Open, Outcome};
use crate::checks::{Finds, MatrixRule};
use crate::facts::Gap;
use crate::facts::compat::{Concern, Kind, Row, Ruling, Service};
use crate::facts::service_version::Span;

const UNKNOWN: &str = "see service.unknown-versions";

/// Judges what was found by the rows of the rule.
pub(super) fn judge(facts: &Facts<'_>, rule: &MatrixRule) -> Result<Outcome, Gap> {
    let seen = look(facts, rule)?;
    if seen.is_empty() {
        let nothing = Outcome::not_applicable("none is found where the run looked");
        return Ok(if seen.open.is_empty() { nothing } else { Outcome::pass().leaving_open(seen.open) });
    }
    match rule.finds {
        Finds::Unsupported => Ok(unsupported(facts, rule, seen)),
        Finds::UnknownVersions => Ok(unknown_versions(seen)),
        Finds::DifferingVersions => Ok(differing_versions(seen)),
    }
}

/// One version of one service, and all places where it was found.
struct Subject<'a> {
    name: String,
    version: &'a (String, Span),
    sightings: Vec<&'a Sighting>,
}

impl Subject<'_> {
    fn places(&self) -> String {
        let mut shown: Vec<&str> = Vec::new();
        for sighting in &self.sightings {
            if !shown.contains(&sighting.shown.as_str()) {
                shown.push(&sighting.shown);
            }
        }
        shown.join(", ")
    }

    fn hit(&self, kind: &str, detail: String) -> Hit {
        let hit = Hit::new(&self.name, kind, detail);
        match self.sightings.iter().find_map(|sighting| sighting.at.as_ref()) {
            Some((file, line)) => hit.at(file, *line),
            None => hit,
        }
    }
}

fn subjects<'s>(service: &Service, versions: Vec<(&'s Sighting, &'s (String, Span))>) -> Vec<Subject<'s>> {
    let mut subjects: Vec<Subject<'s>> = Vec::new();
    for (sighting, version) in versions {
        let name = if sighting.place == Place::Package { &sighting.object } else { &service.name };
        let name = format!("{name} {}", version.0);
        match subjects.iter_mut().find(|one| one.version.1 == version.1 && one.name == name) {
            Some(one) => one.sightings.push(sighting),
            None => subjects.push(Subject { name, version, sightings: vec![sighting] }),
        }
    }
    subjects
}

fn unsupported(facts: &Facts<'_>, rule: &MatrixRule, seen: Seen<'_>) -> Outcome {
    if rule.concerns.contains(&Concern::Scram)
        && let Some(group) = md5_group(facts)
    {
        return Outcome::not_applicable(format!("parameter group {group} sets password_encryption to md5"));
    }
    let major = facts.upgrade.target.major();
    let (mut hits, mut open, mut judged) = (Vec::new(), seen.open, 0);
    let mut nameless = Vec::new();
    for (service, sightings) in &seen.services {
        for concern in &rule.concerns {
            let homes = homes(*concern, sightings);
            if homes.is_empty() || !service.rows.iter().any(|row| row.concern == *concern) {
                continue;
            }
            // What runs would decide, whatever is written.
            let silent = sightings.iter().filter(|sighting| sighting.place == Place::Running);
            open.extend(silent.filter_map(|sighting| {
                let reason = sighting.version.as_ref().err()?.clone();
                Some(Open { part: format!("{} ({})", service.name, sighting.shown), reason })
            }));
            let subjects = subjects(service, decisive(service, sightings));
            if subjects.is_empty() && !sightings.is_empty() {
                nameless.push(service.title.as_str());
                // It is there, so whether it starts again has to be answered.
                open.extend(homes.iter().flatten().map(|database| Open {
                    part: format!("{} of database {database}", service.name),
                    reason: format!("its version is not known, {UNKNOWN}"),
                }));
            }
            for subject in subjects {
                judged += 1;
                match service.ruling(*concern, &subject.version.1, major) {
                    Ruling::Supported | Ruling::Silent => {}
                    Ruling::Uncertain(reason) => {
                        let part = format!("{} ({})", subject.name, subject.places());
                        open.push(Open { part, reason });
                    }
                    Ruling::Unsupported(row) => {
                        let detail = format!("{}; {}", detail(row), subject.places());
                        let hit = |home: &Option<String>| {
                            subject.hit(&service.title, detail.clone()).in_database(home.clone())
                        };
                        hits.extend(homes.iter().map(hit));
                    }
                }
            }
        }
    }
    if judged == 0 && open.is_empty() {
        return match nameless.first() {
            Some(title) => Outcome::not_applicable(format!("no version of {title} is known, {UNKNOWN}")),
            None => Outcome::not_applicable("none is found that this is about"),
        };
    }
    Outcome::hits(hits).leaving_open(open)
}

/// The databases that a concern is about: those where the service keeps its own data, or none in particular.
fn homes(concern: Concern, sightings: &[Sighting]) -> Vec<Option<String>> {
    if concern != Concern::ApplicationDatabase {
        return vec![None];
    }
    let own = sightings.iter().filter(|sighting| sighting.place == Place::ChangeLog);
    let mut databases: Vec<_> = own.map(|sighting| sighting.database.clone()).collect();
    databases.dedup();
    databases
}

fn detail(row: &Row) -> String {
    match &row.error {
        Some(error) => format!("{} (`{error}`)", row.says),
        None => row.says.clone(),
    }
}

/// A group for the target in which passwords stay what they are.
fn md5_group<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    let family = facts.upgrade.family(facts.upgrade.target.major());
    let groups = facts.aws().ok()?.target_groups.collected()?;
    let mut of_family = groups.iter().filter(|group| group.family == family).peekable();
    let first = of_family.peek()?.name.as_str();
    let is_md5 = of_family.all(|group| {
        let parameters = group.parameters.collected().into_iter().flatten();
        parameters.filter(|one| one.name == "password_encryption").any(|one| one.value.as_deref() == Some("md5"))
    });
    is_md5.then_some(first)
}

/// What is written without a version, where nothing that runs tells it.
fn unknown_versions(seen: Seen<'_>) -> Outcome {
    let (mut hits, mut open): (Vec<Hit>, _) = (Vec::new(), seen.open);
    for (service, sightings) in &seen.services {
        let is_told = service.kind == Kind::Service && !decisive(service, sightings).is_empty();
        for sighting in sightings.iter().filter(|sighting| !is_told || sighting.place == Place::Running) {
            let reason = match &sighting.version {
                Err(reason) => reason.clone(),
                Ok((text, _)) if sighting.place == Place::Catalog => {
                    format!("{text} bounds its version, and tells it not")
                }
                Ok(_) => continue,
            };
            let Some((file, line)) = &sighting.at else {
                open.push(Open { part: format!("{} ({})", service.name, sighting.shown), reason });
                continue;
            };
            if let Some(hit) = hits.iter_mut().find(|hit| hit.finding.object == sighting.object) {
                hit.finding.detail.push_str(", ");
                hit.finding.detail.push_str(&sighting.shown);
            } else {
                let detail = format!("{reason}; {}", sighting.shown);
                hits.push(Hit::new(&sighting.object, &service.title, detail).at(file, *line));
            }
        }
    }
    Outcome::hits(hits).leaving_open(open)
}

/// Services that were found in versions which cannot be one.
fn differing_versions(seen: Seen<'_>) -> Outcome {
    let (mut hits, mut compared) = (Vec::new(), false);
    for (service, sightings) in &seen.services {
        let known: Vec<_> =
            sightings.iter().filter_map(|sighting| Some((sighting, sighting.version.as_ref().ok()?))).collect();
        compared |= known.len() > 1;
        let differs = known.iter().any(|(_, (_, one))| known.iter().any(|(_, (_, other))| !one.overlaps(other)));
        if !differs {
            continue;
        }
        let subjects = subjects(service, known);
        let versions: Vec<String> =
            subjects.iter().map(|subject| format!("{}: {}", subject.version.0, subject.places())).collect();
        let hit = Hit::new(&service.name, &service.title, versions.join("; "));
        let code = sightings.iter().find_map(|sighting| sighting.at.as_ref());
        hits.push(match code {
            Some((file, line)) => hit.at(file, *line),
            None => hit,
        });
    }
    if !compared && seen.open.is_empty() {
        return Outcome::not_applicable("no service is found twice with its version");
    }
    Outcome::hits(hits).leaving_open(seen.open)
}

//! Where services and drivers were found, and in which versions.

use super::{Facts, Open};
use crate::checks::MatrixRule;
use crate::facts::compat::{Kind, Service};
use crate::facts::service_version::Span;
use crate::facts::{Gap, ImageKind, ServiceKind};

/// One place where a service or driver was found.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    pub place: Place,
    /// In words: an address, a file, a database.
    pub shown: String,
    /// The name it has there: a package, an image with its tag.
    pub object: String,
    pub at: Option<(String, u32)>,
    pub database: Option<String>,
    /// As it is written, and what that means; or why it cannot be known.
    pub version: Result<(String, Span), String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It answered itself.
    Running,
    /// Its name for its sessions tells.
    Session,
    /// The change log in its own database: the major that last changed it.
    ChangeLog,
    /// The number of its catalogue, which only bounds its version.
    Catalog,
    Image,
    Package,
}

impl Place {
    pub(super) fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Session)
    }

    pub(super) fn is_code(self) -> bool {
        matches!(self, Self::Image | Self::Package)
    }
}

/// All places of the services of a rule.
#[derive(Debug, Default)]
pub(super) struct Seen<'a> {
    pub services: Vec<(&'a Service, Vec<Sighting>)>,
    pub open: Vec<Open>,
}

impl Seen<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.services.iter().all(|(_, sightings)| sightings.is_empty())
    }
}

/// Looks for the rule's services in everything that was collected; the gap, where nothing was.
pub(super) fn look<'a>(facts: &Facts<'_>, rule: &'a MatrixRule) -> Result<Seen<'a>, Gap> {
    let mut seen = Seen { services: rule.services.iter().map(|one| (one, Vec::new())).collect(), open: Vec::new() };
    let mut gaps = Vec::new();
    let mut places = 0;
    let mut note = |found: Result<(), Gap>, what: &str, open: &mut Vec<Open>| match found {
        Ok(()) => places += 1,
        Err(Gap::Unavailable(reason)) => {
            open.push(Open { part: what.to_owned(), reason: reason.clone() });
            gaps.push(Gap::Unavailable(reason));
        }
        Err(gap) => gaps.push(gap),
    };
    let found = running(facts, &mut seen);
    note(found, "the services", &mut seen.open);
    let found = repository(facts, &mut seen);
    note(found, "the repository", &mut seen.open);
    if facts.check.query.is_some() {
        let found = database(facts, &mut seen);
        note(found, "the database", &mut seen.open);
    }
    match gaps.into_iter().next_back() {
        Some(gap) if places == 0 => Err(gap),
        _ => Ok(seen),
    }
}

fn running(facts: &Facts<'_>, seen: &mut Seen<'_>) -> Result<(), Gap> {
    for service in facts.bundle.services.get()? {
        let name = match service.kind {
            ServiceKind::Hasura => "hasura",
            ServiceKind::Metabase => "metabase",
        };
        let Some((of, sightings)) = seen.services.iter_mut().find(|(of, _)| of.name == name) else { continue };
        let version = match service.version.get() {
            Ok(text) => of.version(text).ok_or_else(|| format!("it says '{text}', which is no version")),
            Err(Gap::Unavailable(reason) | Gap::SwitchedOff(reason) | Gap::NotGiven(reason)) => Err(reason),
        };
        sightings.push(Sighting {
            place: Place::Running,
            shown: service.url.clone(),
            object: service.url.clone(),
            at: None,
            database: None,
            version,
        });
    }
    Ok(())
}

fn repository(facts: &Facts<'_>, seen: &mut Seen<'_>) -> Result<(), Gap> {
    let repository = facts.bundle.repository.get()?;
    for image in repository.images.iter().filter(|image| image.kind == ImageKind::Image) {
        let at = image.set_at.as_ref().map_or((&image.file, image.line), |at| (&at.file, at.line));
        for (service, sightings) in &mut seen.services {
            let Some(version) = service.in_image(&image.reference) else { continue };
            sightings.push(in_code(Place::Image, at, image.reference.clone(), version));
        }
    }
    for package in &repository.packages {
        for (service, sightings) in &mut seen.services {
            if !service.is_package(package.ecosystem, &package.name) {
                continue;
            }
            let lost = || package.reason.clone().unwrap_or_else(|| "no file says which one is installed".to_owned());
            let version = package.version.as_ref().ok_or_else(lost).and_then(|text| {
                service.locked(text).ok_or_else(|| format!("'{text}' is no version that can be ordered"))
            });
            sightings.push(in_code(Place::Package, (&package.file, package.line), package.name.clone(), version));
        }
    }
    Ok(())
}

fn in_code(place: Place, at: (&String, u32), object: String, version: Result<(String, Span), String>) -> Sighting {
    let (file, line) = at;
    let shown = format!("{file}:{line}");
    Sighting { place, shown, object, at: Some((file.clone(), line)), database: None, version }
}

/// What the query of the check found in each database: service, kind of evidence, version.
fn database(facts: &Facts<'_>, seen: &mut Seen<'_>) -> Result<(), Gap> {
    let answers = facts.answers()?;
    seen.open.extend(answers.open);
    for (database, row) in answers.rows {
        let cell = |name: &str| row.get(name).map_or("", String::as_str);
        let Some((service, sightings)) = seen.services.iter_mut().find(|(of, _)| of.name == cell("service")) else {
            continue;
        };
        let text = cell("version");
        let (place, span) = match cell("evidence") {
            "session" => (Place::Session, service.version(text)),
            "change log" => (Place::ChangeLog, service.series(text).map(|span| (format!("v{text}"), span))),
            "catalogue" => {
                let number: Option<u64> = text.parse().ok();
                (Place::Catalog, number.and_then(|at| Some((format!("catalogue {at}"), service.of_catalog(at)?))))
            }
            _ => return Err(super::lacks_column()),
        };
        let name = database.as_deref().unwrap_or_default();
        let lost = || match text {
            "" => format!("its {} is there and may not be read", cell("evidence")),
            text => format!("its {} says '{text}', which is no version", cell("evidence")),
        };
        sightings.push(Sighting {
            place,
            shown: format!("{} of database {name}", cell("evidence")),
            object: service.name.clone(),
            at: None,
            version: span.ok_or_else(lost),
            database,
        });
    }
    Ok(())
}

/// The versions that are judged: what runs decides over what is written. The change log counts where no exact version is in its major.
pub(super) fn decisive<'s>(service: &Service, sightings: &'s [Sighting]) -> Vec<(&'s Sighting, &'s (String, Span))> {
    let known = |wanted: fn(Place) -> bool| -> Vec<(&'s Sighting, &'s (String, Span))> {
        let places = sightings.iter().filter(|sighting| wanted(sighting.place));
        places.filter_map(|sighting| Some((sighting, sighting.version.as_ref().ok()?))).collect()
    };
    if service.kind == Kind::Driver {
        return known(Place::is_code);
    }
    let live = known(Place::is_live);
    if !live.is_empty() {
        return live;
    }
    let mut written = known(Place::is_code);
    for (sighting, version) in known(|place| place == Place::ChangeLog) {
        if !written.iter().any(|(_, (_, other))| version.1.contains(other)) {
            written.push((sighting, version));
        }
    }
    written
}

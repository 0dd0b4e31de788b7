//! The PostgreSQL that the repository's files name, against the target.

use super::{Facts, Hit, Open, Outcome};
use crate::facts::{Gap, Image, Part, PostgresImage};

/// Servers for developers and tests are of the target's major.
pub(super) fn servers(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let target = facts.upgrade.target.major();
    judge(facts, &[Part::Server, Part::Headers, Part::Extension], |major| {
        (major != target).then(|| format!("is PostgreSQL {major}, the target is {target}"))
    })
}

/// Clients are not older than the target.
pub(super) fn clients(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let target = facts.upgrade.target.major();
    judge(facts, &[Part::Client], |major| {
        (major < target).then(|| format!("is of {major}: its pg_dump refuses a server of {target}"))
    })
}

fn judge(facts: &Facts<'_>, parts: &[Part], wrong: impl Fn(u64) -> Option<String>) -> Result<Outcome, Gap> {
    let images = &facts.bundle.repository.get()?.images;
    let of_postgres = |image: &'_ Image| image.postgres.clone().filter(|postgres| parts.contains(&postgres.part));
    let found: Vec<(&Image, PostgresImage)> =
        images.iter().filter_map(|image| Some((image, of_postgres(image)?))).collect();
    if found.is_empty() {
        return Ok(Outcome::not_applicable("no file of the repository names one"));
    }
    let (mut hits, mut open) = (Vec::new(), Vec::new());
    for (image, postgres) in found {
        let at = image.set_at.as_ref().map_or((image.file.as_str(), image.line), |at| (at.file.as_str(), at.line));
        match postgres.major {
            Some(major) => {
                hits.extend(wrong(major).map(|says| Hit::new(&image.reference, &image.what, says).at(at.0, at.1)));
            }
            None => open.push(Open {
                part: format!("{} ({}:{})", image.reference, at.0, at.1),
                reason: postgres.reason.unwrap_or_else(|| "its major cannot be known".to_owned()),
            }),
        }
    }
    Ok(Outcome::hits(hits).leaving_open(open))
}

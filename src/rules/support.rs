//! How long AWS supports a version.

use jiff::{ToSpan, civil};

use super::{Facts, Hit, Outcome};
use crate::facts::Gap;
use crate::facts::rds::AwsFacts;
use crate::facts::tables::LIFECYCLES;
use crate::moment::day;

/// The days a support phase ends; `None`: not known.
struct Ends {
    standard: Option<civil::Date>,
    extended: Option<civil::Date>,
    /// The table's date, when it is from there.
    as_of: Option<&'static str>,
}

fn ends(aws: Option<&AwsFacts>, major: u64) -> Option<Ends> {
    let name = major.to_string();
    let live = aws.and_then(|aws| aws.major_versions.collected());
    if let Some(version) = live.and_then(|versions| versions.iter().find(|version| version.major == name)) {
        let end = |kind: &str| {
            let phase = version.lifecycles.iter().find(|phase| phase.name.contains(kind))?;
            phase.end.map(day)
        };
        return Some(Ends { standard: end("standard"), extended: end("extended"), as_of: None });
    }
    let row = LIFECYCLES.majors.get(&name)?;
    let day = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
    Some(Ends {
        standard: day(&row.rds_end_of_standard_support),
        extended: day(&row.rds_end_of_extended_support),
        as_of: Some(&LIFECYCLES.as_of),
    })
}

/// Neither source nor target leaves standard support within a year.
pub(super) fn support_dates(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let today = day(facts.now());
    let soon = today.checked_add(1.year()).unwrap_or(today);
    let aws = facts.aws()?;
    // Whose version nobody saw is no version that is supported.
    aws.instance.get()?;
    let source = facts.upgrade.source.as_ref();
    let mut hits = Vec::new();
    for (role, version) in [("source", source), ("target", Some(&facts.upgrade.target))] {
        let Some(version) = version else { continue };
        let Some(ends) = ends(Some(aws), version.major()) else {
            return Err(Gap::Unavailable(format!(
                "neither RDS nor the table knows the support dates of {}",
                version.major()
            )));
        };
        let Some(standard) = ends.standard.filter(|day| *day < soon) else { continue };
        let verb = if standard < today { "ended" } else { "ends" };
        let extended = ends.extended.map(|day| format!(", Extended Support (charged) until {day}")).unwrap_or_default();
        let basis = ends.as_of.map(|as_of| format!(" (table of {as_of})")).unwrap_or_default();
        let detail = format!("standard support {verb} on {standard}{extended}{basis}");
        hits.push(Hit::new(format!("PostgreSQL {}", version.major()), format!("{role} version"), detail));
    }
    Ok(Outcome::hits(hits))
}

/// Extended Support is on, so that RDS does not upgrade by itself.
pub(super) fn extended_support_off(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let aws = facts.aws()?;
    let instance = aws.instance.get()?;
    let cluster = facts.cluster()?.and_then(|cluster| cluster.engine_lifecycle_support.as_ref());
    let Some(setting) = cluster.or(instance.engine_lifecycle_support.as_ref()) else {
        return Ok(Outcome::not_applicable("RDS does not report EngineLifecycleSupport for it"));
    };
    if !setting.ends_with("-disabled") {
        return Ok(Outcome::pass());
    }
    let end = ends(Some(aws), instance.engine_version.major()).and_then(|ends| ends.standard);
    let detail = match end {
        Some(day) => format!("RDS upgrades the major by itself once standard support ends, on {day}"),
        None => "RDS upgrades the major by itself once standard support ends".to_owned(),
    };
    Ok(Outcome::hits(vec![Hit::new(&instance.id, "Extended Support", detail)]))
}

//! The declared version against the one that runs.

use super::declaration::declared_version;
use super::{Facts, Hit, Outcome, shell};
use crate::facts::Gap;
use crate::version::PgVersion;

/// The code declares what runs, or the target of this upgrade.
pub(super) fn version_drift(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let instance = facts.instance().ok();
    let actual = match (instance, facts.database()) {
        (Some(instance), _) => &instance.engine_version,
        (None, Ok(database)) => &database.server.version,
        (None, Err(gap)) => return Err(facts.instance().err().unwrap_or(gap)),
    };
    let declaration = facts.declaration()?;
    let version = declared_version(declaration)?;
    // Of a change that declares no other version nothing is an upgrade.
    let is_upgrade = facts.change.is_none_or(|change| change.target().is_some());
    let target = if is_upgrade { &facts.upgrade.target } else { actual };
    let Some((kind, says)) =
        difference(&version, actual, target, instance.is_some_and(|instance| instance.auto_minor_version_upgrade))
    else {
        return Ok(Outcome::pass());
    };
    let summary = format!("the code declares {version}, {actual} runs: {says}");
    let mut hit = Hit::new(&declaration.resource, kind, format!("declares {version}, {actual} runs"))
        .at(&declaration.file, declaration.line);
    if kind == BEHIND {
        let edit = format!("{}s/{}/{actual}/", declaration.line, version.as_str().replace('.', "\\."));
        hit = hit.with("edit", shell(&edit)).with("file", shell(&declaration.file));
    }
    Ok(Outcome::hits(vec![hit]).summarised(summary))
}

const BEHIND: &str = "behind";

/// How a declared version differs from what runs, and what that does; `None`: it does not, or it is the upgrade.
fn difference(
    declared: &PgVersion,
    actual: &PgVersion,
    target: &PgVersion,
    auto_minor: bool,
) -> Option<(&'static str, String)> {
    if declared == actual || declared == target {
        return None;
    }
    if declared.is_major_only() && (declared.major() == actual.major() || declared.major() == target.major()) {
        return None;
    }
    if declared.major() != actual.major() {
        let way = if declared > actual {
            "the next deploy asks for that upgrade"
        } else {
            "a deploy would ask for a downgrade"
        };
        return Some(("another major", way.to_owned()));
    }
    if declared > actual {
        return Some(("ahead", "the declared minor was never applied".to_owned()));
    }
    let mover = if auto_minor { "RDS moved the minor by itself" } else { "the minor was moved outside the code" };
    Some((BEHIND, format!("{mover}, and a plan made for {declared} may have no valid target")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(declared: &str, actual: &str, target: &str) -> Option<&'static str> {
        let version = |text: &str| text.parse::<PgVersion>().expect(text);
        difference(&version(declared), &version(actual), &version(target), true).map(|(kind, _)| kind)
    }

    #[test]
    fn each_difference_has_its_name() {
        assert_eq!(kind("12.17", "12.19", "16.3"), Some("behind"));
        assert_eq!(kind("12.20", "12.19", "16.3"), Some("ahead"));
        assert_eq!(kind("13.4", "12.19", "16.3"), Some("another major"));
        assert_eq!(kind("11", "12.19", "16.3"), Some("another major"));
        for same in ["12.19", "12", "16.3", "16"] {
            assert_eq!(kind(same, "12.19", "16.3"), None, "{same}");
        }
        assert_eq!(kind("12.22", "12.22-rds.20250508", "16.3"), Some("behind"));
    }
}

//! What a pull request does to the version, in one sentence: the first line of the gate's report.

use crate::facts::Bundle;
use crate::facts::change::{Change, Pair, Step};
use crate::report::{CheckResult, Status};
use crate::upgrade::Upgrade;
use crate::version::PgVersion;

/// The checks whose sentence belongs into the first line: the target itself is wrong.
const TARGET: [&str; 3] = ["iac.declared-version", "rds.target-version", "ops.older-target"];

/// The sentence.
pub(crate) fn of(change: &Change, upgrade: &Upgrade, bundle: &Bundle, results: &[CheckResult]) -> String {
    let Some(subject) = &change.subject else {
        return format!("no PostgreSQL version changes against {}", change.base);
    };
    let instance = bundle.aws.collected().and_then(|aws| aws.instance.collected());
    let name = instance.map_or(subject.name(), |instance| &instance.id);
    let Some(target) = change.target() else { return unchanged(change, subject, upgrade) };
    let declared = subject.before.as_ref().and_then(|before| before.version.as_deref());
    let source = upgrade.source.as_ref().map(PgVersion::as_str).or(declared);
    let Some(source) = source else {
        return format!("{name} to PostgreSQL {target}, from a version that nobody could say");
    };
    let kind = kind(source, upgrade);
    if kind == Kind::None {
        return format!("{} is declared as PostgreSQL {target}, which {name} runs already", subject.name());
    }
    let article = match kind {
        Kind::Downgrade => "a downgrade",
        Kind::Minor => "a minor upgrade",
        Kind::Major | Kind::None => "a major upgrade",
    };
    let among = match change.other_files {
        0 => String::new(),
        1 => ", beside 1 other changed file".to_owned(),
        count => format!(", among {count} other changed files"),
    };
    let wrong = results.iter().filter(|result| result.status == Status::Fail);
    let mut wrong = wrong.filter(|result| TARGET.contains(&result.id.as_str())).map(|result| result.summary.as_str());
    match wrong.next_back() {
        Some(wrong) => format!("{wrong} ({article} of {name}{among})"),
        None => format!("{article}, {name} from PostgreSQL {source} to {}{among}", upgrade.target),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Minor,
    Major,
    Downgrade,
}

fn kind(source: &str, upgrade: &Upgrade) -> Kind {
    let Ok(source) = source.parse::<PgVersion>() else { return Kind::Major };
    let target = &upgrade.target;
    if *target == source || (target.is_major_only() && target.major() == source.major()) {
        Kind::None
    } else if *target < source {
        Kind::Downgrade
    } else if target.major() == source.major() {
        Kind::Minor
    } else {
        Kind::Major
    }
}

fn unchanged(change: &Change, subject: &Pair, upgrade: &Upgrade) -> String {
    let name = subject.name();
    let declared = match subject.step() {
        Step::Unknown { reason } => return format!("the version that {name} declares cannot be known: {reason}"),
        Step::Removed => return format!("{name} is declared no more"),
        _ => subject.latest().and_then(|declaration| declaration.version.as_deref()).unwrap_or("nothing"),
    };
    let runs = match &upgrade.source {
        None => String::new(),
        Some(actual) if actual.as_str() == declared => ", which runs".to_owned(),
        Some(actual) => format!(", {actual} runs"),
    };
    format!("no version changes against {}; {name} declares {declared}{runs}", change.base)
}

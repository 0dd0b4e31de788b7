//! Evidence × checks → report. Pure: no clock, no I/O.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use wildmatch::WildMatch;

use crate::checks::{Check, Registry, Severity, template};
use crate::facts::change::Change;
use crate::facts::{Bundle, Gap, Source};
use crate::headline;
use crate::moment;
use crate::report::{
    self, CheckResult, Coverage, Declared, Finding, Instance, NotEntered, Remedy, Report, Status, Verdict,
};
use crate::rules::{self, Expectations, Facts, Hit, Open, Outcome};
use crate::upgrade::{Platform, Upgrade};
use crate::version::PgVersion;

/// Everything a judgement depends on beside the evidence.
#[derive(Clone, Debug)]
pub struct Settings {
    /// As asked: `16.3` or `16`.
    pub target: PgVersion,
    pub platform: Option<Platform>,
    pub expectations: Expectations,
    /// Globs over check ids; empty: all.
    pub only: Vec<String>,
    pub skip: Vec<String>,
    pub waivers: Vec<Waiver>,
    pub fail_on: Severity,
    /// Flags that switched checks off, to be repeated beside the verdict with those that the evidence tells of.
    pub switched_off: Vec<String>,
    /// What the user should know of how this was asked.
    pub notes: Vec<String>,
    /// Of a pull request; `None`: the target is the user's.
    pub change: Option<Change>,
    /// Evidence older than this cannot make a GO.
    pub max_age: Option<std::time::Duration>,
    /// By which waivers expire.
    pub today: Date,
    pub generated_at: Timestamp,
}

impl Settings {
    /// The plain judgement at a moment: every check, nothing expected, nothing waived.
    #[must_use]
    pub fn plain(target: PgVersion, now: Timestamp) -> Self {
        Self {
            target,
            platform: None,
            expectations: Expectations::default(),
            only: Vec::new(),
            skip: Vec::new(),
            waivers: Vec::new(),
            fail_on: Severity::Blocker,
            switched_off: Vec::new(),
            change: None,
            notes: Vec::new(),
            max_age: None,
            today: moment::day(now),
            generated_at: now,
        }
    }
}

/// A finding that somebody answers for, until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// A glob over check ids.
    pub check: String,
    /// A glob over `database:object`, or over `object` where there is no database; `None`: every finding.
    pub object: Option<String>,
    pub reason: String,
    pub owner: Option<String>,
    /// The last day on which it holds.
    pub expires: Date,
}

/// Judges the evidence by the checks.
#[must_use]
pub fn evaluate(bundle: &Bundle, registry: &Registry, settings: &Settings) -> Report {
    let upgrade = resolve(bundle, settings);
    let mut used = vec![false; settings.waivers.len()];
    let mut results: Vec<CheckResult> =
        registry.iter().map(|check| judge(check, bundle, &upgrade, settings, &mut used)).collect();
    results.sort_by(|a, b| (a.severity, a.fails_at, &a.id).cmp(&(b.severity, b.fails_at, &b.id)));
    let change =
        settings.change.as_ref().map(|change| changed(change, headline::of(change, &upgrade, bundle, &results)));
    let stale = staleness(bundle, settings);
    let verdict = verdict(&results, settings.fail_on);
    let aws = bundle.aws.collected();
    let instance = aws.and_then(|aws| {
        let instance = aws.instance.collected()?;
        let cluster = aws.cluster.collected().and_then(Option::as_ref).filter(|_| bundle.asked.cluster.is_some());
        Some(Instance {
            id: cluster.map_or(&instance.id, |cluster| &cluster.id).clone(),
            region: aws.region.clone(),
            account: aws.caller.collected().map(|caller| caller.account.clone()),
            caller: aws.caller.collected().map(|caller| caller.arn.clone()),
            status: cluster.map_or(&instance.status, |cluster| &cluster.status).clone(),
        })
    });
    Report {
        generated_at: settings.generated_at,
        verdict: if stale.is_some() && verdict == Verdict::Go { Verdict::Incomplete } else { verdict },
        platform: upgrade.platform,
        engine: aws
            .and_then(|aws| aws.instance.collected())
            .map_or_else(|| upgrade.platform.engine().to_owned(), |instance| instance.engine.clone()),
        instance,
        change,
        declared: declared(bundle, settings).map(|declaration| Declared {
            version: declaration.version.clone(),
            file: declaration.file.clone(),
            line: declaration.line,
            resource: declaration.resource.clone(),
        }),
        coverage: coverage(bundle, settings),
        results,
        notes: stale.into_iter().chain(settings.notes.iter().cloned()).chain(waiver_notes(settings, &used)).collect(),
        source: upgrade.source,
        target: upgrade.target,
        requested: upgrade.requested,
    }
}

fn changed(change: &Change, headline: String) -> report::Change {
    let subject = change.subject.as_ref();
    let version = |one: &Option<crate::facts::Declaration>| one.as_ref().and_then(|one| one.version.clone());
    report::Change {
        headline,
        base: change.base.clone(),
        resource: subject.map(|pair| pair.name().to_owned()),
        from: subject.and_then(|pair| version(&pair.before)),
        to: subject.and_then(|pair| version(&pair.after)),
    }
}

/// The declaration that the report is about.
fn declared<'a>(bundle: &'a Bundle, settings: &'a Settings) -> Option<&'a crate::facts::Declaration> {
    match &settings.change {
        Some(change) => change.subject.as_ref().and_then(|subject| subject.latest()),
        None => rules::declaration(bundle),
    }
}

/// The upgrade that the evidence is about: the actual version, and what the target resolves to. Of AWS only what is
/// believed counts, since the versions decide which checks apply.
#[must_use]
pub fn resolve(bundle: &Bundle, settings: &Settings) -> Upgrade {
    let aws = bundle.aws.collected().filter(|aws| settings.expectations.disappointment(aws).is_none());
    let instance = aws.and_then(|aws| aws.instance.collected());
    let server = bundle.database.collected().map(|database| &database.server);
    let platform = settings.platform.unwrap_or_else(|| {
        let by_engine = instance.and_then(|instance| Platform::of_engine(&instance.engine));
        let by_server = server.filter(|server| server.aurora).map(|_| Platform::Aurora);
        by_engine.or(by_server).unwrap_or(Platform::Rds)
    });
    let source = instance.map(|instance| &instance.engine_version).or(server.map(|server| &server.version)).cloned();
    let requested = settings.target.clone();
    let target = if requested.is_major_only() {
        let valid = aws.and_then(|aws| aws.engine_version.collected()).and_then(Option::as_ref);
        valid
            .and_then(|record| {
                let targets = record.valid_targets.iter().map(|target| &target.version);
                targets.filter(|version| version.major() == requested.major()).max()
            })
            .unwrap_or(&requested)
            .clone()
    } else {
        requested.clone()
    };
    Upgrade { source, requested, target, platform }
}

fn judge(check: &Check, bundle: &Bundle, upgrade: &Upgrade, settings: &Settings, used: &mut [bool]) -> CheckResult {
    let change = settings.change.as_ref();
    let facts = Facts { bundle, upgrade, expectations: &settings.expectations, check, change };
    let bare = |status, reason: String| result(check, status, Some(reason), Vec::new(), Remedy::default(), None);
    if let Some(flag) = skipped_by(check, settings) {
        return bare(Status::Skipped, flag);
    }
    if change.is_some_and(|change| change.target().is_none()) && !check.applies.without_upgrade {
        return bare(Status::NotApplicable, "this change declares no other version".to_owned());
    }
    match applies(check, upgrade, bundle) {
        Ok(()) => {}
        Err(Inapplicable::No(reason)) => return bare(Status::NotApplicable, reason),
        Err(Inapplicable::Unknowable(reason)) => return bare(Status::Unknown, reason),
    }
    match rules::judge(check, &facts) {
        Err(Gap::Unavailable(reason)) => bare(Status::Unknown, reason),
        Err(Gap::SwitchedOff(flag)) => bare(Status::Skipped, flag),
        Err(Gap::NotGiven(hint)) => bare(Status::NotApplicable, hint),
        Ok(Outcome::NotApplicable(reason)) => bare(Status::NotApplicable, reason),
        Ok(Outcome::Judged { hits, open, summary }) => judged(check, hits, &open, summary, settings, used),
    }
}

fn judged(
    check: &Check,
    mut hits: Vec<Hit>,
    open: &[Open],
    summary: Option<String>,
    settings: &Settings,
    used: &mut [bool],
) -> CheckResult {
    hits.sort_by(|a, b| a.finding.cmp(&b.finding));
    // A cluster and its instances may share a parameter group's name.
    hits.dedup_by(|a, b| a.finding == b.finding);
    let mut waived: Vec<(Hit, &Waiver)> = Vec::new();
    let mut left = Vec::new();
    for hit in hits {
        match waiver(check, &hit.finding, settings, used) {
            Some(waiver) => waived.push((hit, waiver)),
            None => left.push(hit),
        }
    }
    let unseen = (!open.is_empty()).then(|| unseen(open));
    if !left.is_empty() {
        let sentence = summary.filter(|_| waived.is_empty()).unwrap_or_else(|| sentence(check, left.len()));
        let reason = match (unseen, waived.len()) {
            (None, 0) => None,
            (Some(unseen), 0) => Some(format!("not seen: {unseen}")),
            (None, count) => Some(format!("{count} more waived")),
            (Some(unseen), count) => Some(format!("{count} more waived; not seen: {unseen}")),
        };
        let remedy = remedy(check, &left);
        let findings = left.into_iter().map(|hit| hit.finding).collect();
        return result(check, Status::Fail, reason, findings, remedy, Some(sentence));
    }
    if let Some(unseen) = unseen {
        return result(check, Status::Unknown, Some(unseen), Vec::new(), Remedy::default(), None);
    }
    let Some((_, first)) = waived.first() else {
        return result(check, Status::Pass, None, Vec::new(), Remedy::default(), None);
    };
    let owner = first.owner.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default();
    let reason = format!("{}{owner}", first.reason);
    let expires = waived.iter().map(|(_, waiver)| waiver.expires).min();
    let sentence = summary.unwrap_or_else(|| sentence(check, waived.len()));
    let findings = waived.into_iter().map(|(hit, _)| hit.finding).collect();
    CheckResult { expires, ..result(check, Status::Waived, Some(reason), findings, Remedy::default(), Some(sentence)) }
}

fn result(
    check: &Check,
    status: Status,
    reason: Option<String>,
    findings: Vec<Finding>,
    remedy: Remedy,
    summary: Option<String>,
) -> CheckResult {
    CheckResult {
        id: check.id.clone(),
        group: check.group().to_owned(),
        title: check.title.clone(),
        severity: check.severity,
        status,
        fails_at: check.fails_at,
        summary: summary.unwrap_or_else(|| check.title.clone()),
        why: check.why.clone(),
        findings,
        remedy,
        reason,
        expires: None,
        docs: check.docs.clone(),
    }
}

fn sentence(check: &Check, count: usize) -> String {
    match &check.summary.many {
        Some(many) if count != 1 => many.replace("{count}", &count.to_string()),
        _ => check.summary.one.clone(),
    }
}

/// The commands for every finding, each once, in order.
fn remedy(check: &Check, hits: &[Hit]) -> Remedy {
    let mut commands: Vec<String> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for hit in hits {
        let rows = std::iter::once(&hit.values).chain(&hit.more);
        let filled = rows.flat_map(|row| check.remedy.commands.iter().filter_map(|it| template::fill_command(it, row)));
        for command in filled {
            if seen.insert(command.clone()) {
                commands.push(command);
            }
        }
    }
    Remedy { text: check.remedy.text.clone(), commands }
}

fn unseen(open: &[Open]) -> String {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in open {
        by_reason.entry(&entry.reason).or_default().push(&entry.part);
    }
    let groups = by_reason.iter().map(|(reason, parts)| format!("{}: {reason}", parts.join(", ")));
    groups.collect::<Vec<_>>().join("; ")
}

enum Inapplicable {
    No(String),
    Unknowable(String),
}

/// Whether the check is about this upgrade at all.
fn applies(check: &Check, upgrade: &Upgrade, bundle: &Bundle) -> Result<(), Inapplicable> {
    let platforms = &check.applies.platforms;
    if !platforms.is_empty() && !platforms.contains(&upgrade.platform) {
        return Err(Inapplicable::No(format!("not on platform {}", upgrade.platform.as_str())));
    }
    if let Some(range) = &check.applies.target
        && !upgrade.target.satisfies(range)
    {
        return Err(Inapplicable::No(format!("only for targets {range}")));
    }
    if let Some(range) = &check.applies.source {
        match &upgrade.source {
            None => return Err(Inapplicable::Unknowable(source_gap(bundle))),
            Some(source) if !source.satisfies(range) => {
                return Err(Inapplicable::No(format!("only for sources {range}")));
            }
            Some(_) => {}
        }
    }
    if check.is_for_major_upgrades()
        && let Some(source) = &upgrade.source
        && upgrade.target.major() <= source.major()
    {
        return Err(Inapplicable::No(format!(
            "{source} to {} is no major upgrade, pg_upgrade does not run",
            upgrade.target
        )));
    }
    Ok(())
}

/// Why nobody could say what version runs.
fn source_gap(bundle: &Bundle) -> String {
    let instance = bundle.aws.get().and_then(|aws| aws.instance.get()).err();
    let database = bundle.database.get().err();
    let reasons = [instance, database].into_iter().flatten().filter_map(|gap| match gap {
        Gap::Unavailable(reason) => Some(reason),
        Gap::SwitchedOff(_) | Gap::NotGiven(_) => None,
    });
    reasons.reduce(|first, _| first).unwrap_or_else(|| "the source version is not known".to_owned())
}

fn skipped_by(check: &Check, settings: &Settings) -> Option<String> {
    let matches = |globs: &[String]| globs.iter().any(|glob| WildMatch::new(glob).matches(&check.id));
    if !settings.only.is_empty() && !matches(&settings.only) {
        return Some(format!("--only {}", settings.only.join(" --only ")));
    }
    settings.skip.iter().find(|glob| WildMatch::new(glob).matches(&check.id)).map(|glob| format!("--skip {glob}"))
}

fn waiver<'a>(check: &Check, finding: &Finding, settings: &'a Settings, used: &mut [bool]) -> Option<&'a Waiver> {
    let object = match &finding.database {
        Some(database) => format!("{database}:{}", finding.object),
        None => finding.object.clone(),
    };
    let mut found = None;
    for (waiver, used) in settings.waivers.iter().zip(used) {
        let matches = WildMatch::new(&waiver.check).matches(&check.id)
            && waiver.object.as_ref().is_none_or(|glob| WildMatch::new(glob).matches(&object));
        if matches {
            *used = true;
            if waiver.expires >= settings.today && found.is_none() {
                found = Some(waiver);
            }
        }
    }
    found
}

/// Why the evidence is too old; evidence of the future has no age that could be trusted.
fn staleness(bundle: &Bundle, settings: &Settings) -> Option<String> {
    let limit = settings.max_age?;
    let age = settings.generated_at.duration_since(bundle.collected_at);
    let collected = moment::minute(bundle.collected_at);
    match std::time::Duration::try_from(age) {
        Ok(age) if age <= limit => None,
        Ok(_) => Some(format!("the evidence of {collected} is older than --max-age allows")),
        // A clock may be a little off.
        Err(_) if age.abs() < jiff::SignedDuration::from_mins(5) => None,
        Err(_) => Some(format!("the evidence of {collected} is from the future")),
    }
}

fn waiver_notes(settings: &Settings, used: &[bool]) -> Vec<String> {
    let mut notes = Vec::new();
    for (waiver, used) in settings.waivers.iter().zip(used) {
        let object = waiver.object.as_ref().map(|object| format!(" on {object}")).unwrap_or_default();
        let name = format!("the waiver of {}{object} ({})", waiver.check, waiver.reason);
        if waiver.expires < settings.today {
            notes.push(format!("{name} expired on {}", waiver.expires));
        } else if !used {
            notes.push(format!("{name} matches nothing that was found"));
        }
    }
    notes
}

fn verdict(results: &[CheckResult], fail_on: Severity) -> Verdict {
    let any = |status, severity| results.iter().any(|result| result.status == status && result.severity <= severity);
    if any(Status::Fail, fail_on) {
        Verdict::NoGo
    } else if any(Status::Unknown, Severity::Blocker) {
        Verdict::Incomplete
    } else {
        Verdict::Go
    }
}

/// The flag that switched a collection off, also where that was done on another machine.
fn flag<T>(source: &Source<T>) -> Option<String> {
    match source {
        Source::SwitchedOff { flag } => Some(flag.clone()),
        _ => None,
    }
}

fn coverage(bundle: &Bundle, settings: &Settings) -> Coverage {
    let collected = [flag(&bundle.aws), flag(&bundle.database), flag(&bundle.services)];
    let switched_off = collected.into_iter().flatten().chain(settings.switched_off.iter().cloned()).collect();
    let mut coverage = Coverage { switched_off, ..Coverage::default() };
    let Some(database) = bundle.database.collected() else { return coverage };
    for entry in &database.databases {
        match database.per_database.get(&entry.name) {
            Some(source) if source.collected().is_some() => coverage.databases.push(entry.name.clone()),
            other => {
                let reason = match other {
                    Some(Source::Unavailable { reason }) => reason.clone(),
                    _ if entry.is_invalid() => "invalid: a DROP DATABASE was interrupted".to_owned(),
                    _ if !entry.allow_connections => "it refuses connections (datallowconn)".to_owned(),
                    _ => "it was not entered".to_owned(),
                };
                coverage.not_entered.push(NotEntered { database: entry.name.clone(), reason });
            }
        }
    }
    coverage
}

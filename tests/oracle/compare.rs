//! PostgreSQL's verdicts beside ours.

use std::collections::BTreeSet;

use pg_preflight::report::Verdict;

use crate::case::Case;
use crate::record::{Explained, Pair, Said, Verdicts};
use crate::run::{Cured, Ours, Seen};

/// How a verdict of ours stands to PostgreSQL's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    Agreed,
    /// The upgrade fails, and we let it pass.
    Missed,
    /// The upgrade fails, and we say so for another reason.
    Unnamed,
    /// The upgrade goes through, and we say NO-GO.
    FalseAlarm,
}

pub(crate) fn agreement(case: &Case, said: &Said, ours: &Ours) -> Agreement {
    match (said.is_fatal(), ours.verdict == Verdict::NoGo) {
        (true, false) => Agreement::Missed,
        (false, true) => Agreement::FalseAlarm,
        (true, true) if !names(case, ours) => Agreement::Unnamed,
        _ => Agreement::Agreed,
    }
}

fn names(case: &Case, ours: &Ours) -> bool {
    let said = |object: &String| ours.named.iter().any(|named| named.contains(object.as_str()));
    !case.objects.is_empty() && case.objects.iter().all(|alternatives| alternatives.iter().any(said))
}

/// Everything that is wrong, a line each.
pub(crate) fn disagreements(cases: &[Case], verdicts: &Verdicts, seen: &Seen, explained: &Explained) -> Vec<String> {
    let mut wrong = seen.broken.clone();
    for case in cases {
        for (pair, said) in verdicts.of(&case.name) {
            let Some(ours) = seen.ours.get(&(case.name.clone(), pair)) else { continue };
            wrong.extend(disagreement(case, pair, said, ours, explained));
            wrong.extend(unremedied(case, pair, ours, explained));
        }
    }
    wrong
}

fn disagreement(case: &Case, pair: Pair, said: &Said, ours: &Ours, explained: &Explained) -> Option<String> {
    let place = format!("{} {pair}", case.name);
    let named = ours.named.join(", ");
    match (agreement(case, said, ours), explained.difference(&case.name, pair)) {
        (Agreement::Agreed, Some(_)) => Some(format!("{place}: explained, but there is no disagreement")),
        (Agreement::Agreed, None) | (_, Some(_)) => None,
        (Agreement::Missed, None) => {
            Some(format!("{place}: missed, we say {} {named}; PostgreSQL: {}", ours.verdict.in_words(), said.says))
        }
        (Agreement::FalseAlarm, None) => Some(format!("{place}: false alarm: {named}")),
        (Agreement::Unnamed, None) => {
            Some(format!("{place}: {:?} is not named, but {named}; PostgreSQL: {}", case.objects, said.says))
        }
    }
}

fn unremedied(case: &Case, pair: Pair, ours: &Ours, explained: &Explained) -> Option<String> {
    let place = format!("{} {pair}", case.name);
    match (ours.cured.as_ref()?, explained.has_no_remedy(&case.name, pair)) {
        (Cured::Yes, false) | (Cured::No(_), true) => None,
        (Cured::Yes, true) => Some(format!("{place}: explained as without remedy, but the commands lead to GO")),
        (Cured::No(why), false) => Some(format!("{place}: the commands do not lead to GO: {why}")),
    }
}

/// Cases, verdicts and explanations that have lost each other.
pub(crate) fn stray(cases: &[Case], verdicts: &Verdicts, explained: &Explained) -> Vec<String> {
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let unrecorded = names.iter().filter(|name| !verdicts.verdicts.contains_key(**name));
    let unknown = verdicts.verdicts.keys().filter(|name| !names.contains(name.as_str()));
    let unfounded = explained.explained.iter().filter(|entry| !names.contains(entry.case.as_str()));
    unrecorded
        .map(|name| format!("{name} has no verdict: record it"))
        .chain(unknown.map(|name| format!("{name} has a verdict and no case")))
        .chain(unfounded.map(|entry| format!("{} is explained and no case", entry.case)))
        .collect()
}

#[test]
fn a_verdict_without_the_object_is_no_agreement() {
    use crate::record::Outcome;

    let case = |objects: &[&str]| Case {
        name: "x".to_owned(),
        about: String::new(),
        objects: objects.iter().map(|line| line.split(" | ").map(str::to_owned).collect()).collect(),
        settings: Vec::new(),
        alone: false,
        script: String::new(),
    };
    let said = |upgrade| Said { check: Outcome::Ok, upgrade, says: String::new() };
    let ours = |verdict, named: &[&str]| Ours {
        verdict,
        named: named.iter().map(|text| (*text).to_owned()).collect(),
        cured: None,
    };
    let (fatal, ok) = (said(Outcome::Fatal), said(Outcome::Ok));
    let no_go = ours(Verdict::NoGo, &["pg.reg-types: public.hooks.fn", "pg.slots: cdc"]);
    assert_eq!(agreement(&case(&["hooks | other"]), &fatal, &no_go), Agreement::Agreed);
    assert_eq!(agreement(&case(&["hooks", "cdc"]), &fatal, &no_go), Agreement::Agreed);
    assert_eq!(agreement(&case(&["hooks", "other"]), &fatal, &no_go), Agreement::Unnamed);
    assert_eq!(agreement(&case(&[]), &fatal, &no_go), Agreement::Unnamed);
    assert_eq!(agreement(&case(&["hooks"]), &ok, &no_go), Agreement::FalseAlarm);
    for verdict in [Verdict::Go, Verdict::Incomplete] {
        assert_eq!(agreement(&case(&["hooks"]), &fatal, &ours(verdict, &[])), Agreement::Missed);
        assert_eq!(agreement(&case(&["hooks"]), &ok, &ours(verdict, &[])), Agreement::Agreed);
    }
}

//! `docs/accuracy.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pg_preflight::report::Verdict;

use crate::case::Case;
use crate::compare::{Agreement, agreement};
use crate::record::{Explained, Outcome, Pair, Said, Verdicts};
use crate::run::{Ours, Seen};

const HEAD: &str = "\
# How accurate the verdicts are

Written by `UPDATE_DOCS=1 cargo test --test oracle`, which plants every case on real servers and judges it as on RDS,
through a role with `pg_monitor` and nothing else. What PostgreSQL says was recorded from the real `pg_upgrade`
([how](../fixtures/oracle/README.md)).
";

const LEGEND: &str = "\
| sign | PostgreSQL | we |
| --- | --- | --- |
| `·` | the upgrade goes through | do not say NO-GO |
| `C` | `pg_upgrade --check` refuses | say NO-GO and name the object |
| `U` | the check passes, the real upgrade fails | say NO-GO and name the object |
| `C!` `U!` | fails | let it pass: a miss |
| `C?` `U?` | fails | say NO-GO, but name something else |
| `·!` | goes through | say NO-GO: a false alarm |
| `*` | a difference that is explained below | |
";

pub(crate) fn render(cases: &[Case], verdicts: &Verdicts, seen: &Seen, explained: &Explained) -> String {
    let pairs: Vec<Pair> = verdicts.pairs().into_iter().collect();
    let mut page =
        format!("{HEAD}\n{}\n{}\n## Signs\n\n{LEGEND}\n", counts(cases, verdicts, seen, explained), servers(verdicts));
    write!(page, "## Cases\n\n| case | about |").unwrap();
    for pair in &pairs {
        write!(page, " {} |", pair.to_string().replace('-', "→")).unwrap();
    }
    writeln!(page, "\n| --- | --- |{}", " --- |".repeat(pairs.len())).unwrap();
    for case in cases {
        write!(page, "| `{}` | {} |", case.name, case.about.replace('|', "\\|")).unwrap();
        let said: BTreeMap<Pair, &Said> = verdicts.of(&case.name).collect();
        for pair in &pairs {
            let ours = seen.ours.get(&(case.name.clone(), *pair));
            let sign = said.get(pair).zip(ours).map(|(said, ours)| sign(case, *pair, said, ours, explained));
            write!(page, " {} |", sign.unwrap_or_default()).unwrap();
        }
        page.push('\n');
    }
    page.push_str(&differences(explained));
    page
}

fn sign(case: &Case, pair: Pair, said: &Said, ours: &Ours, explained: &Explained) -> String {
    let theirs = match (said.check, said.upgrade) {
        (Outcome::Fatal, _) => "C",
        (Outcome::Ok, Outcome::Fatal) => "U",
        (Outcome::Ok, Outcome::Ok) => "·",
    };
    let mark = match agreement(case, said, ours) {
        Agreement::Agreed => "",
        Agreement::Unnamed => "?",
        Agreement::Missed | Agreement::FalseAlarm => "!",
    };
    let star = if explained.difference(&case.name, pair).is_some() { "\\*" } else { "" };
    format!("{theirs}{mark}{star}")
}

fn counts(cases: &[Case], verdicts: &Verdicts, seen: &Seen, explained: &Explained) -> String {
    let (mut fatal, mut found, mut named, mut fine, mut alarms, mut differ) = (0, 0, 0, 0, 0, 0);
    for case in cases {
        for (pair, said) in verdicts.of(&case.name) {
            let Some(ours) = seen.ours.get(&(case.name.clone(), pair)) else { continue };
            let agreed = agreement(case, said, ours);
            differ += usize::from(explained.difference(&case.name, pair).is_some());
            if said.is_fatal() {
                fatal += 1;
                found += usize::from(ours.verdict == Verdict::NoGo);
                named += usize::from(agreed == Agreement::Agreed);
            } else {
                fine += 1;
                alarms += usize::from(agreed == Agreement::FalseAlarm);
            }
        }
    }
    format!(
        "| | |\n| --- | --- |\n\
         | cases | {} |\n\
         | upgrades recorded | {} |\n\
         | upgrades that fail; we say NO-GO; and name the object | {fatal}; {found}; {named} |\n\
         | upgrades that go through; we say NO-GO | {fine}; {alarms} |\n\
         | recall | {} |\n\
         | precision | {} |\n\
         | differences explained [below](#differences) | {differ} |\n",
        cases.len(),
        fatal + fine,
        percent(found, fatal),
        percent(found, found + alarms),
    )
}

fn percent(part: usize, whole: usize) -> String {
    if part == whole {
        return "100 %".to_owned();
    }
    // Rounded down: 100 % is all of them.
    let tenths = part * 1000 / whole;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn servers(verdicts: &Verdicts) -> String {
    let list = |versions: &BTreeMap<String, String>| versions.values().cloned().collect::<Vec<_>>().join(", ");
    format!("Upgraded from {} to {}.\n", list(&verdicts.servers.old), list(&verdicts.servers.new))
}

fn differences(explained: &Explained) -> String {
    let mut text = "\n## Differences\n\n".to_owned();
    let (cures, verdicts): (Vec<_>, Vec<_>) = explained.explained.iter().partition(|entry| entry.no_remedy);
    if verdicts.is_empty() {
        text.push_str("None.\n");
    }
    for entry in verdicts {
        writeln!(text, "- `{}` ({}): {}", entry.case, entry.pairs(), entry.reason).unwrap();
    }
    text.push_str(
        "\n## Remedies\n\nThe commands of every NO-GO were run on the case, for the highest target of each major, and led to GO",
    );
    text.push_str(if cures.is_empty() { ".\n" } else { ", but for:\n\n" });
    for entry in cures {
        writeln!(text, "- `{}` ({}): {}", entry.case, entry.pairs(), entry.reason).unwrap();
    }
    text
}

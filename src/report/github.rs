//! `--format github`: workflow commands that GitHub Actions shows as annotations.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::fmt::Write as _;

use super::text::{cut, lines, one_line};
use super::{CheckResult, Finding, Location, Open, Report, Status, Verdict};
use crate::checks::Severity;

/// GitHub shows ten annotations of a level and step, and drops the others without a word.
const SHOWN: usize = 10;
/// Characters of a message and of a title; GitHub cuts the first at 64 kB.
const MESSAGE: usize = 4000;
const TITLE: usize = 200;
/// Findings of a message, and characters of one, so that the remedy below them is still seen.
const FINDINGS: usize = 10;
const FINDING: usize = 250;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Notice,
}

struct Annotation<'a> {
    level: Level,
    location: Option<&'a Location>,
    title: String,
    message: String,
}

/// The report as workflow commands, a line each; the last is the verdict.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let open = report.open();
    let mut annotations: Vec<Annotation<'_>> = Vec::new();
    for severity in Severity::ALL {
        let of_severity = report.with_status(Status::Fail).filter(|result| result.severity == severity);
        annotations.extend(of_severity.flat_map(failed));
        annotations.extend(open.iter().filter(|open| open.severity == severity).map(unjudged));
    }
    let verdict = verdict(report);
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let all: Vec<&Annotation<'_>> = annotations.iter().filter(|annotation| annotation.level == level).collect();
        let room = SHOWN - usize::from(verdict.level == level);
        let shown = if all.len() <= room { all.len() } else { room - 1 };
        for annotation in &all[..shown] {
            command(&mut out, annotation);
        }
        if let Some(rest) = all.get(shown..).filter(|rest| !rest.is_empty()) {
            command(&mut out, &summed_up(level, rest));
        }
    }
    command(&mut out, &verdict);
    out
}

/// One for each finding with a place in a file, and one for the others together.
fn failed(result: &CheckResult) -> Vec<Annotation<'_>> {
    let level = match result.severity {
        Severity::Blocker => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Notice => Level::Notice,
    };
    let annotation = |location, message| Annotation { level, location, title: title(result), message };
    let (located, others): (Vec<&Finding>, Vec<&Finding>) =
        result.findings.iter().partition(|finding| finding.location.is_some());
    let mut all: Vec<Annotation<'_>> =
        located.into_iter().map(|finding| annotation(finding.location.as_ref(), message(result, &[finding]))).collect();
    if !others.is_empty() || all.is_empty() {
        all.push(annotation(None, message(result, &others)));
    }
    all
}

fn unjudged<'a>(open: &Open<'_>) -> Annotation<'a> {
    let level = if open.severity == Severity::Blocker { Level::Warning } else { Level::Notice };
    let title = match &open.results[..] {
        [only] => title(only),
        many => format!("{} checks could not be judged", many.len()),
    };
    let titles: Vec<String> = open.results.iter().map(|result| self::title(result)).collect();
    let message = format!("could not be judged: {}\n{}", cut(&one_line(open.reason), MESSAGE / 2), titles.join("\n"));
    Annotation { level, location: None, title, message }
}

fn title(result: &CheckResult) -> String {
    format!("{}: {}", result.id, result.title)
}

fn message(result: &CheckResult, findings: &[&Finding]) -> String {
    let mut text = format!("{} ({})", one_line(&result.summary), result.fails_at.in_words());
    for finding in findings.iter().take(FINDINGS) {
        write!(text, "\n{}", cut(&one_line(&finding.to_string()), FINDING)).expect("to a string");
    }
    if findings.len() > FINDINGS {
        write!(text, "\nand {} more", findings.len() - FINDINGS).expect("to a string");
    }
    if let Some(reason) = &result.reason {
        write!(text, "\n{}", one_line(reason)).expect("to a string");
    }
    for part in std::iter::once(&result.remedy.text).chain(&result.remedy.commands).filter(|part| !part.is_empty()) {
        write!(text, "\n{}", lines(part)).expect("to a string");
    }
    text
}

fn summed_up<'a>(level: Level, rest: &[&Annotation<'_>]) -> Annotation<'a> {
    let mut ids: Vec<&str> = rest.iter().map(|annotation| annotation.title.as_str()).collect();
    ids.dedup();
    let message = format!("not shown one by one:\n{}", ids.join("\n"));
    Annotation { level, location: None, title: format!("{} more", rest.len()), message }
}

fn verdict(report: &Report) -> Annotation<'_> {
    let level = if report.verdict == Verdict::Go { Level::Notice } else { Level::Error };
    let mut message = format!("{}: {}; {}", report.verdict.in_words(), one_line(&report.subject()), report.tally());
    if !report.coverage.switched_off.is_empty() {
        let flags = report.coverage.switched_off.join(", ");
        write!(message, "; switched off: {}", one_line(&flags)).expect("to a string");
    }
    let title = format!("pg-preflight: {}", report.verdict.in_words());
    Annotation { level, location: None, title, message }
}

fn command(out: &mut String, annotation: &Annotation<'_>) {
    let name = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    write!(out, "::{name} ").expect("to a string");
    if let Some(location) = annotation.location {
        write!(out, "file={},line={},", property(&location.file), location.line.max(1)).expect("to a string");
    }
    let title = cut(&annotation.title, TITLE);
    writeln!(out, "title={}::{}", property(&title), data(&cut(&annotation.message, MESSAGE))).expect("to a string");
}

fn data(text: &str) -> String {
    lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    one_line(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn one_command_a_check_and_the_verdict_last() {
        insta::assert_snapshot!(render(&sample::report()), @r#"
        ::error title=pg.reg-types%3A Columns of reg* types::2 columns hold OIDs that change in the upgrade (the precheck refuses)%0Aapp: public.hooks.fn (table column): regproc%0Aapp: public.we`ird|name (table column): regclass%0ATurn the columns into text; back again after the upgrade.%0AALTER TABLE public.hooks ALTER COLUMN fn TYPE text USING fn::text;%0AALTER TABLE public."we```ird" ALTER COLUMN x TYPE text;
        ::error file=infrastructure/data/index.ts,line=52,title=iac.version-drift%3A Declared version is not the actual one::the code declares 12.17, the instance runs 12.19 (the request is refused)%0Aapp (declaration): 12.17%0Anot seen: hr: permission denied%0ADeclare 12.19.
        ::warning title=rds.pending-maintenance%3A Title of rds.pending-maintenance::could not be judged: User is not authorized to perform rds:DescribePendingMaintenanceActions%0Ards.pending-maintenance: Title of rds.pending-maintenance
        ::warning title=rds.backups%3A Title of rds.backups::Title of rds.backups (the request is refused)%0Aapp1a2b3c4 (DB instance): no snapshot since 2026-11-20%0ATake a snapshot.
        ::error title=pg-preflight%3A NO-GO::NO-GO: app1a2b3c4, PostgreSQL 12.19 to 16.3; 2 blockers, 1 warning, 1 unknown, 1 waived; switched off: --skip ops.*
        "#);
        assert!(render(&sample::clean()).starts_with("::notice title=pg-preflight%3A GO::GO: app1a2b3c4, "));
    }

    #[test]
    fn ten_of_a_level_at_most() {
        for count in [8, 9, 10, 30] {
            let text = render(&sample::crowd(count));
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines.len(), (count + 1).min(SHOWN), "{count}");
            assert!(lines.last().is_some_and(|line| line.contains("NO-GO")));
        }
        let text = render(&sample::crowd(30));
        assert!(text.contains("title=22 more::") && text.contains("pg.blocker-29"));
    }

    #[test]
    fn one_cause_is_one_annotation() {
        let mut report = sample::report();
        let unknown = report.results[2].clone();
        report.results.extend((0..20).map(|number| CheckResult { id: format!("rds.x{number}"), ..unknown.clone() }));
        let text = render(&report);
        let told: Vec<&str> = text.lines().filter(|line| line.contains("could not be judged")).collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("::warning title=21 checks could not be judged::") && told[0].contains("rds.x19"));
    }

    #[test]
    fn hostile_names_stay_in_their_line() {
        let text = render(&sample::hostile());
        assert!(text.lines().count() <= 3 * SHOWN);
        for line in text.lines() {
            let command = line.strip_prefix("::").expect("a command");
            let (head, _) = command.split_once("::").expect("a message");
            assert!(["error ", "warning ", "notice "].iter().any(|level| head.starts_with(level)), "{head}");
            let (_, properties) = head.split_once(' ').expect("properties");
            for pair in properties.split(',') {
                let (name, value) = pair.split_once('=').expect("name and value");
                assert!(["file", "line", "title"].contains(&name), "{name}");
                assert!(!value.contains(':'), "{value}");
                assert!(name != "line" || value.parse::<u32>().is_ok_and(|line| line > 0));
            }
            assert!(!line.chars().any(crate::report::text::acts));
            assert!(line.len() < 64 * 1024);
        }
        assert_eq!(text, render(&sample::hostile()));
    }
}

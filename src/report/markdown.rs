//! `--format markdown`: for a comment on a pull request.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::text::{cut, lines, one_line};
use super::{CheckResult, Finding, Report, Status};
use crate::checks::Severity;
use crate::markdown;

/// GitHub refuses a comment of more than 65,536 characters; an escaped one counts several times.
const COMMENT: usize = 60_000;
/// Rows of the table, findings and commands of a check, and characters of a name, a reason and a command.
const ROWS: usize = 60;
const FINDINGS: usize = 20;
const NAME: usize = 200;
const REASON: usize = 500;
const COMMAND: usize = 2000;

/// The report as GitHub-flavoured Markdown; the first line is the verdict.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut out = format!(
        "## {}: {} ({})\n\n",
        report.verdict.in_words(),
        escape(&cut(&one_line(&report.subject()), NAME)),
        report.tally()
    );
    coverage(&mut out, report);
    let told: Vec<&CheckResult> =
        report.results.iter().filter(|result| matches!(result.status, Status::Fail | Status::Unknown)).collect();
    table(&mut out, &told);
    let mut left_out = 0;
    let waived = report.with_status(Status::Waived).map(|result| (result, true));
    for (result, waived) in told.iter().map(|result| (*result, false)).chain(waived) {
        let details = if waived { waiver(result) } else { details(result) };
        if out.len() + details.len() > COMMENT {
            left_out += 1;
        } else {
            out.push_str(&details);
        }
    }
    if left_out > 0 {
        line(
            &mut out,
            &format!("The details of {left_out} checks have no room in a comment; `--format json` has all.\n"),
        );
    }
    let counts = report.counts();
    let rest = [
        (counts.passed, "passed"),
        (counts.not_applicable, "not applicable"),
        (counts.skipped, "skipped"),
        (counts.waived, "waived"),
    ];
    let rest: Vec<String> =
        rest.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let rest = if rest.is_empty() { String::new() } else { format!("{}. ", rest.join(", ")) };
    line(
        &mut out,
        &format!(
            "<sub>{rest}pg-preflight {}, {}</sub>",
            env!("CARGO_PKG_VERSION"),
            report.generated_at.strftime("%Y-%m-%d %H:%M UTC")
        ),
    );
    out
}

/// What was looked into, and what was not, beside the verdict.
fn coverage(out: &mut String, report: &Report) {
    if report.requested.as_str() != report.target.as_str() {
        let (requested, target) = (escape(report.requested.as_str()), escape(report.target.as_str()));
        line(out, &format!("- Target {requested} was resolved to {target}"));
    }
    if let Some(declared) = &report.declared {
        let version = declared.version.as_deref().unwrap_or("no version that can be known");
        let place = code(&format!("{}:{}", declared.file, declared.line));
        line(out, &format!("- Declared: {} in {place}", escape(&cut(&one_line(version), NAME))));
    }
    let databases = &report.coverage.databases;
    if !databases.is_empty() {
        let mut names: Vec<String> = databases.iter().take(FINDINGS).map(|name| code(name)).collect();
        if databases.len() > FINDINGS {
            names.push(format!("{} more", databases.len() - FINDINGS));
        }
        line(out, &format!("- Databases looked into: {}", names.join(", ")));
    }
    let closed = &report.coverage.not_entered;
    for entry in closed.iter().take(FINDINGS) {
        line(out, &format!("- **Not entered:** {}: {}", code(&entry.database), reason(&entry.reason)));
    }
    if closed.len() > FINDINGS {
        line(out, &format!("- **Not entered:** {} more", closed.len() - FINDINGS));
    }
    if !report.coverage.switched_off.is_empty() {
        let flags: Vec<String> = report.coverage.switched_off.iter().map(|flag| code(flag)).collect();
        line(out, &format!("- **Switched off:** {}", flags.join(", ")));
    }
    for note in report.notes.iter().take(FINDINGS) {
        line(out, &format!("- Note: {}", reason(note)));
    }
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
}

fn table(out: &mut String, told: &[&CheckResult]) {
    if told.is_empty() {
        return;
    }
    line(out, "| | Check | What was found | When it bites |");
    line(out, "| --- | --- | --- | --- |");
    for result in told.iter().take(ROWS) {
        let (what, text) = match result.status {
            Status::Unknown => (
                format!("unknown {}", result.severity.as_str()),
                reason(result.reason.as_deref().unwrap_or("no reason given")),
            ),
            _ => (result.severity.as_str().to_owned(), reason(&result.summary)),
        };
        let what = if result.severity == Severity::Blocker { format!("**{what}**") } else { what };
        line(out, &format!("| {what} | {} | {text} | {} |", code(&result.id), result.fails_at.in_words()));
    }
    out.push('\n');
    if told.len() > ROWS {
        line(out, &format!("{} more are not in this table.\n", told.len() - ROWS));
    }
}

fn details(result: &CheckResult) -> String {
    let mut out = opening(result, "");
    line(&mut out, &format!("{}\n", prose(&result.why)));
    if let Some(text) = &result.reason {
        line(&mut out, &format!("{}\n", reason(text)));
    }
    findings(&mut out, &result.findings);
    if !result.remedy.text.is_empty() {
        line(&mut out, &format!("**Remedy:** {}\n", prose(&result.remedy.text)));
    }
    if !result.remedy.commands.is_empty() {
        fence(&mut out, &result.remedy.commands);
    }
    let sources: Vec<String> =
        result.docs.iter().map(|url| format!("<{}>", one_line(url).replace(['<', '>', ' '], ""))).collect();
    if !sources.is_empty() {
        line(&mut out, &format!("Sources: {}\n", sources.join(", ")));
    }
    out.push_str("</details>\n\n");
    out
}

fn waiver(result: &CheckResult) -> String {
    let until = result.expires.map(|date| format!(" until {date}")).unwrap_or_default();
    let mut out = opening(result, &format!("waived{until}: "));
    line(&mut out, &format!("{}\n", reason(result.reason.as_deref().unwrap_or("no reason given"))));
    findings(&mut out, &result.findings);
    out.push_str("</details>\n\n");
    out
}

/// A blank line must follow for Markdown to be read as such inside.
fn opening(result: &CheckResult, prefix: &str) -> String {
    let title = html(&cut(&one_line(&result.title), NAME));
    format!("<details><summary>{prefix}<code>{}</code>: {title}</summary>\n\n", html(&result.id))
}

fn findings(out: &mut String, findings: &[Finding]) {
    for finding in findings.iter().take(FINDINGS) {
        let mut text = format!("- {}", code(&finding.object));
        if let Some(database) = &finding.database {
            write!(text, " in {}", code(database)).expect("to a string");
        }
        if !finding.kind.is_empty() {
            write!(text, ", {}", escape(&cut(&one_line(&finding.kind), NAME))).expect("to a string");
        }
        if !finding.detail.is_empty() {
            write!(text, ": {}", reason(&finding.detail)).expect("to a string");
        }
        if let Some(place) = &finding.location {
            write!(text, " ({})", code(&format!("{}:{}", place.file, place.line))).expect("to a string");
        }
        line(out, &text);
    }
    if findings.len() > FINDINGS {
        line(out, &format!("- and {} more", findings.len() - FINDINGS));
    }
    if !findings.is_empty() {
        out.push('\n');
    }
}

fn fence(out: &mut String, commands: &[String]) {
    let shown: Vec<String> = commands
        .iter()
        .take(FINDINGS)
        .map(|command| match cut(command, COMMAND) {
            Cow::Borrowed(whole) => lines(whole).into_owned(),
            // Half a command would be worse than none.
            Cow::Owned(_) => "(a command too long for a comment)".to_owned(),
        })
        .collect();
    out.push_str(&markdown::fenced("", &shown.join("\n")));
    if commands.len() > FINDINGS {
        line(out, &format!("and {} more", commands.len() - FINDINGS));
    }
    out.push('\n');
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// A name as code.
fn code(text: &str) -> String {
    markdown::code(&cut(&one_line(text), NAME))
}

/// A server's or a person's words, in one line.
fn reason(text: &str) -> String {
    escape(&cut(&one_line(text), REASON))
}

/// Text that means nothing to Markdown, and calls no person or issue of GitHub: a space without width parts the sign
/// from what follows it.
fn escape(text: &str) -> String {
    markdown::escape(text).replace('@', "@\u{200b}").replace(" #", " #\u{200b}")
}

fn prose(text: &str) -> String {
    markdown::prose(&lines(text))
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn reads_as_a_comment() {
        insta::assert_snapshot!(render(&sample::report()));
    }

    #[test]
    fn a_go_needs_no_table() {
        insta::assert_snapshot!(render(&sample::clean()), @r"
        ## GO: app1a2b3c4, PostgreSQL 12.19 to 16.3 (1 check passed)

        - Target 16 was resolved to 16.3
        - Declared: 12.17 in `infrastructure/data/index.ts:52`
        - Databases looked into: `app`

        <sub>1 passed. pg-preflight 0.1.0, 2026-11-22 21:00 UTC</sub>
        ");
    }

    #[test]
    fn hostile_names_stay_text() {
        let text = render(&sample::hostile());
        assert!(text.len() < 65_536, "{}", text.len());
        assert!(text.lines().next().is_some_and(|first| first.starts_with("## NO-GO: a\\\\nb")));
        let mut fence: Option<&str> = None;
        let mut open = 0;
        for line in text.lines() {
            match fence {
                Some(ticks) if line == ticks => fence = None,
                Some(_) => continue,
                None if line.starts_with("```") => fence = Some(line),
                None => {}
            }
            assert!(!line.contains("<script"), "{line}");
            assert!(!line.replace("\\]", "").contains("]("), "{line}");
            assert!(!line.chars().any(crate::report::text::acts), "{line}");
            if line.starts_with("| ") {
                assert_eq!(line.matches('|').count(), 5, "{line}");
            }
            open += i32::from(line.starts_with("<details>")) - i32::from(line == "</details>");
        }
        assert_eq!((fence, open), (None, 0));
        assert_eq!(text, render(&sample::hostile()));
    }

    #[test]
    fn a_crowd_fits_a_comment() {
        let text = render(&sample::crowd(2000));
        assert!(text.len() < 65_536, "{}", text.len());
        assert!(text.contains("1940 more are not in this table."));
        assert!(text.contains("checks have no room in a comment"));
    }
}

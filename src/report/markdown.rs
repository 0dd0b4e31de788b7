//! `--format markdown`: for a comment on a pull request.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::text::{cut, lines, one_line};
use super::{CheckResult, Finding, Report, Status};
use crate::checks::Severity;
use crate::markdown;

/// GitHub refuses a comment of more than 65,536 characters. The parts share them, each up to a mark: what was looked
/// into, the table, the details.
const COVERAGE: usize = 15_000;
const TABLE: usize = 35_000;
const DETAILS: usize = 60_000;
/// Findings and commands of a check, and characters of a name, a reason and a command.
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
    table(&mut out, report);
    let failed = report.with_status(Status::Fail).map(details);
    let left_out = within(&mut out, DETAILS, failed.chain(report.with_status(Status::Waived).map(waiver)));
    if left_out > 0 {
        line(&mut out, &format!("Details left out for want of room: {left_out}. `--format json` has all.\n"));
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
            crate::moment::minute(report.generated_at)
        ),
    );
    line(&mut out, &format!("\n{}", marker(report)));
    out
}

/// The last line, which is shown nowhere: by it a later run finds its comment among the others, and writes that anew.
/// A comment for each instance, whose identifier can have letters, digits and single hyphens only.
fn marker(report: &Report) -> String {
    let id = report.instance.as_ref().map_or("", |instance| &instance.id);
    let mut words = vec!["<!-- pg-preflight"];
    let plain: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(NAME).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    let id = parts.join("-");
    words.extend((!id.is_empty()).then_some(id.as_str()));
    words.push("-->");
    words.join(" ")
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
        let names = names.join(", ");
        let count = databases.len();
        // Names that are hostile enough to fill the comment are only counted.
        let said = if names.len() < COVERAGE / 3 { names } else { count.to_string() };
        line(out, &format!("- Databases looked into: {said}"));
    }
    let closed = report.coverage.not_entered.iter();
    let closed =
        closed.map(|entry| format!("- **Not entered:** {}: {}\n", code(&entry.database), reason(&entry.reason)));
    let flags = report.coverage.switched_off.iter().map(|flag| format!("- **Switched off:** {}\n", code(flag)));
    let notes = report.notes.iter().map(|note| format!("- Note: {}\n", reason(note)));
    let left_out = within(out, COVERAGE, flags.chain(closed).chain(notes));
    if left_out > 0 {
        line(out, &format!("- {left_out} more such lines have no room here"));
    }
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
}

/// A row for each failed check, and one for each reason that left checks open.
fn table(out: &mut String, report: &Report) {
    let open = report.open();
    let mut rows: Vec<String> = Vec::new();
    for severity in Severity::ALL {
        let failed = report.with_status(Status::Fail).filter(|result| result.severity == severity);
        rows.extend(failed.map(|result| {
            // A warning stops nothing.
            let bites = if severity == Severity::Blocker { result.fails_at.in_words() } else { "" };
            row(result.severity, "", &code(&result.id), &result.summary, bites)
        }));
        rows.extend(open.iter().filter(|open| open.severity == severity).map(|open| {
            let mut ids: Vec<String> = open.results.iter().take(FINDINGS).map(|result| code(&result.id)).collect();
            if open.results.len() > FINDINGS {
                ids.push(format!("{} more", open.results.len() - FINDINGS));
            }
            row(severity, "unknown ", &ids.join(", "), open.reason, "")
        }));
    }
    if rows.is_empty() {
        return;
    }
    line(out, "| | Check | What was found | When it bites |");
    line(out, "| --- | --- | --- | --- |");
    let left_out = within(out, TABLE, rows.into_iter());
    out.push('\n');
    if left_out > 0 {
        line(out, &format!("Rows left out for want of room: {left_out}.\n"));
    }
}

fn row(severity: Severity, prefix: &str, check: &str, text: &str, bites: &str) -> String {
    let what = format!("{prefix}{}", severity.as_str());
    let what = if severity == Severity::Blocker { format!("**{what}**") } else { what };
    format!("| {what} | {check} | {} | {bites} |\n", reason(text))
}

/// Adds the texts as long as there is room up to a mark, and says how many there was none for.
fn within(out: &mut String, mark: usize, texts: impl Iterator<Item = String>) -> usize {
    let mut left_out = 0;
    for text in texts {
        if out.len() + text.len() > mark {
            left_out += 1;
        } else {
            out.push_str(&text);
        }
    }
    left_out
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

/// Text that means nothing to Markdown, and neither calls a person, nor names an issue, nor becomes a link: a space
/// without width parts the sign from what follows it.
fn escape(text: &str) -> String {
    let mut text = markdown::escape(text);
    for sign in ["@", "#", ":", "www"] {
        if text.contains(sign) {
            let apart = format!("{sign}\u{200b}");
            text = match sign {
                ":" => text.replace("://", &format!("{apart}//")),
                "www" => text.replace("www.", &format!("{apart}.")),
                _ => text.replace(sign, &apart),
            };
        }
    }
    text
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
    use crate::report::{Instance, sample};

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

        <!-- pg-preflight app1a2b3c4 -->
        ");
    }

    #[test]
    fn the_marker_is_one_comment_whatever_the_name() {
        let marked = |id: Option<&str>| {
            let mut report = sample::report();
            report.instance = report.instance.zip(id).map(|(instance, id)| Instance { id: id.to_owned(), ..instance });
            marker(&report)
        };
        assert_eq!(marked(Some("my-Db-1")), "<!-- pg-preflight my-Db-1 -->");
        for id in [None, Some(""), Some("-"), Some("--> <!")] {
            assert_eq!(marked(id), "<!-- pg-preflight -->", "{id:?}");
        }
        assert_eq!(marked(Some("-a--b->x\n")), "<!-- pg-preflight a-b-x -->");
        assert!(render(&sample::hostile()).lines().last().is_some_and(|last| last.ends_with("-->")));
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
            assert!(!line.contains("<script") && !line.contains("://") || line.starts_with("Sources"), "{line}");
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
        assert!(
            text.contains("Rows left out for want of room: ") && text.contains("Details left out for want of room: ")
        );
        let mut report = sample::hostile();
        for _ in 0..5 {
            report.results.extend(report.results.clone());
            report.notes.extend(report.notes.clone());
            report.coverage.databases.extend(report.coverage.databases.clone());
            report.coverage.not_entered.extend(report.coverage.not_entered.clone());
        }
        assert!(render(&report).len() < 65_536);
    }
}

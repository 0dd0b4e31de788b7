//! `--format table`: for a person at a terminal. The first line is the answer; the table says what was found,
//! the lines below it why that matters and what cures it, unboxed so that commands can be copied.

use anstyle::{AnsiColor, Style};
use comfy_table::presets::UTF8_FULL;
use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Table, Width};

use super::text::one_line;
use super::{CheckResult, Finding, Report, Status, Verdict, wrap};
use crate::checks::Severity;

/// Findings and commands shown of one check; the rest is counted.
const SHOWN: usize = 5;

/// The first column with its padding: `BLOCKER`, `UNKNOWN`.
const LABEL: u16 = 9;

/// Borders and padding around the text of the second column.
const FRAME: usize = LABEL as usize + 5;

/// The report for a terminal of this many columns (at least 60), with ANSI styles, which a pipe strips.
#[must_use]
pub fn render(report: &Report, columns: u16) -> String {
    let width = usize::from(columns.clamp(60, 120));
    let mut out = heading(report, width);
    let rows = rows(report, width);
    if !rows.is_empty() {
        out.push('\n');
        out.push_str(&table(&rows, width));
        out.push('\n');
    }
    out.push_str(&cures(report, width));
    out.push_str(&footer(report, width));
    out
}

fn heading(report: &Report, width: usize) -> String {
    let style = verdict_style(report.verdict);
    let word = verdict_word(report.verdict);
    let sentence = format!("{}: {}", clean(&report.subject()), report.tally());
    let mut lines = wrap::text(&sentence, width.saturating_sub(word.len() + 2)).into_iter();
    let indent = " ".repeat(word.len() + 2);
    let mut out = format!("{style}{word}{style:#}  {}\n", lines.next().unwrap_or_default());
    let mut facts: Vec<String> = lines.collect();
    facts.extend(report.notes.iter().map(|note| format!("note: {}", clean(note))));
    if !report.coverage.switched_off.is_empty() {
        facts.push(format!("not judged: {}", clean(&report.coverage.switched_off.join(", "))));
    }
    facts.extend(asked(report));
    for fact in facts {
        for line in wrap::text(&fact, width.saturating_sub(indent.len())) {
            out.push_str(&format!("{indent}{line}\n"));
        }
    }
    out
}

/// Who was asked, and what.
fn asked(report: &Report) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(instance) = &report.instance {
        let account = instance.account.as_deref().unwrap_or("unknown");
        let caller =
            instance.caller.as_deref().map_or("an unknown caller", |arn| arn.rsplit(':').next().unwrap_or(arn));
        facts.push(clean(&format!("account {account}, {}, asked as {caller}", instance.region)));
    }
    if let Some(declared) = &report.declared {
        let version = declared.version.as_deref().unwrap_or("an unknown version");
        facts.push(clean(&format!("declared {version} at {}:{}", declared.file, declared.line)));
    }
    let coverage = &report.coverage;
    if !coverage.databases.is_empty() {
        let count = coverage.databases.len();
        let names = if count <= 8 { coverage.databases.join(", ") } else { format!("{count} of them") };
        let missed = match coverage.not_entered.len() {
            0 => String::new(),
            missed => format!("; not entered: {missed}"),
        };
        facts.push(clean(&format!("databases looked into: {names}{missed}")));
    }
    facts
}

struct Row {
    label: &'static str,
    style: Style,
    /// Lines: the sentence, then what belongs to it.
    head: String,
    body: Vec<String>,
}

fn rows(report: &Report, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for severity in [Severity::Blocker, Severity::Warning, Severity::Notice] {
        let failed = report.with_status(Status::Fail).filter(|result| result.severity == severity);
        rows.extend(failed.map(|result| failed_row(result, width)));
        rows.extend(unknown_rows(report, severity));
    }
    rows.extend(report.with_status(Status::Waived).map(|result| {
        let until = result.expires.map(|date| format!(" until {date}")).unwrap_or_default();
        Row {
            label: "WAIVED",
            style: Style::new().dimmed(),
            head: clean(&result.summary),
            body: vec![format!("{}{until}: {}", result.id, clean(result.reason.as_deref().unwrap_or_default()))],
        }
    }));
    rows
}

fn failed_row(result: &CheckResult, width: usize) -> Row {
    // Of a blocker the moment is what it costs; a warning stops nothing.
    let moment =
        if result.severity == Severity::Blocker { format!(" ({})", result.fails_at.in_words()) } else { String::new() };
    let mut body = vec![format!("{}{moment}", result.id)];
    // The sentence may say it all already.
    let says_more = |finding: &&Finding| finding.detail != result.summary || finding.location.is_some();
    for finding in result.findings.iter().take(SHOWN).filter(says_more) {
        let place = finding.location.as_ref().map(|at| format!(" ({}:{})", at.file, at.line)).unwrap_or_default();
        body.extend(bullet(&clean(&format!("{finding}{place}")), width.saturating_sub(FRAME)));
    }
    if result.findings.len() > SHOWN {
        body.push(format!("… and {} more (--format json has all)", result.findings.len() - SHOWN));
    }
    body.extend(result.reason.as_deref().map(clean));
    let (label, style) = severity_label(result.severity);
    Row { label, style, head: clean(&result.summary), body }
}

/// A list item whose later lines stand below its text.
fn bullet(text: &str, width: usize) -> Vec<String> {
    let lines = wrap::text(text, width.saturating_sub(2)).into_iter();
    lines.enumerate().map(|(at, line)| format!("{} {line}", if at == 0 { "•" } else { " " })).collect()
}

/// Checks that share a reason are one row: one root cause is one finding.
fn unknown_rows(report: &Report, severity: Severity) -> Vec<Row> {
    let open = report.open().into_iter().filter(|open| open.severity == severity);
    let rows = open.map(|open| {
        let by_severity = Severity::ALL.into_iter().filter_map(|severity| {
            let results = open.results.iter().filter(|result| result.severity == severity);
            let ids: Vec<&str> = results.map(|result| result.id.as_str()).collect();
            (!ids.is_empty()).then(|| format!("{} ({})", ids.join(", "), severity.as_str()))
        });
        Row {
            label: "UNKNOWN",
            style: AnsiColor::Magenta.on_default().bold(),
            head: clean(open.reason),
            body: vec![format!("leaves open: {}", by_severity.collect::<Vec<_>>().join("; "))],
        }
    });
    rows.collect()
}

fn table(rows: &[Row], width: usize) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL.with_solid_inner_borders())
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX));
    for row in rows {
        let text = std::iter::once(row.head.as_str()).chain(row.body.iter().map(String::as_str));
        table.add_row([Cell::new(row.label), Cell::new(text.collect::<Vec<_>>().join("\n"))]);
    }
    // Two columns and their three borders fill the line, whatever they hold.
    let text = u16::try_from(width.saturating_sub(usize::from(LABEL) + 3)).unwrap_or(u16::MAX);
    for (at, columns) in [(0, LABEL), (1, text)] {
        if let Some(column) = table.column_mut(at) {
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(columns)));
        }
    }
    let plain = table.to_string();
    paint(&plain, rows)
}

/// Styles the labels after the table is laid out, so that no style is counted as width.
fn paint(plain: &str, rows: &[Row]) -> String {
    let mut styles = rows.iter();
    let lines = plain.lines().map(|line| {
        let Some(label) =
            line.strip_prefix("│ ").and_then(|rest| rest.split(' ').next()).filter(|word| !word.is_empty())
        else {
            return line.to_owned();
        };
        match styles.next() {
            Some(row) if row.label == label => line.replacen(label, &format!("{0}{label}{0:#}", row.style), 1),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Why each failed check matters, and what cures it: text, then commands to copy.
fn cures(report: &Report, width: usize) -> String {
    let bold = Style::new().bold();
    let mut out = String::new();
    for result in report.with_status(Status::Fail) {
        if result.remedy.text.is_empty() && result.remedy.commands.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{bold}{}{bold:#}\n", result.id));
        for text in [&result.why, &result.remedy.text] {
            for line in wrap::text(&clean(&text.replace('\n', " ")), width - 2) {
                out.push_str(&format!("  {line}\n"));
            }
        }
        let shown: Vec<String> = result.remedy.commands.iter().take(SHOWN * 2).map(|command| clean(command)).collect();
        for line in wrap::commands(shown.iter().map(String::as_str), width - 4) {
            out.push_str(&format!("    {line}\n"));
        }
        if result.remedy.commands.len() > SHOWN * 2 {
            out.push_str(&format!(
                "    … and {} more (--format json has all)\n",
                result.remedy.commands.len() - SHOWN * 2
            ));
        }
        let room = width - "  see ".len();
        match result.docs.iter().find(|source| source.len() <= room) {
            Some(source) => out.push_str(&format!("  see {source}\n")),
            // A broken address cannot be followed.
            None => out.push_str(&format!("  see pg-preflight checks show {}\n", result.id)),
        }
    }
    out
}

fn footer(report: &Report, width: usize) -> String {
    let counts = report.counts();
    let said = format!(
        "{} checks: {} passed, {} not applicable, {} skipped.",
        report.results.len(),
        counts.passed,
        counts.not_applicable,
        counts.skipped
    );
    let help = "What could not be seen may be a missing permission: pg-preflight permissions prints what it needs.";
    let unseen = counts.unknown > 0;
    let mut out = String::from("\n");
    for line in
        wrap::text(&said, width).into_iter().chain(unseen.then(|| wrap::text(help, width)).into_iter().flatten())
    {
        out.push_str(&format!("{line}\n"));
    }
    out
}

fn severity_label(severity: Severity) -> (&'static str, Style) {
    match severity {
        Severity::Blocker => ("BLOCKER", AnsiColor::Red.on_default().bold()),
        Severity::Warning => ("WARNING", AnsiColor::Yellow.on_default().bold()),
        Severity::Notice => ("NOTICE", AnsiColor::Cyan.on_default()),
    }
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Go => "GO",
        Verdict::NoGo => "NO-GO",
        Verdict::Incomplete => "INCOMPLETE",
    }
}

fn verdict_style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Go => AnsiColor::Green,
        Verdict::NoGo => AnsiColor::Red,
        Verdict::Incomplete => AnsiColor::Magenta,
    };
    color.on_default().bold()
}

/// Names come from a database: what would act on the terminal is shown instead.
fn clean(text: &str) -> String {
    one_line(text).into_owned()
}

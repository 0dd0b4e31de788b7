//! `--format junit`: a suite for each group of checks, a case for each check.
//!
//! A failed check is a `failure` whatever its severity, which stands in `type`; one that could not be judged is an
//! `error`; waived, skipped and not applicable ones are `skipped` with their reason.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::text::{cut, lines, one_line};
use super::{CheckResult, Report, Status};

/// Characters of a finding, and findings and commands of a failure: libxml2 refuses a text of more than 10 MB.
const FINDING: usize = 2000;
const FINDINGS: usize = 1000;

/// The report as XML with a final newline.
///
/// # Panics
/// Never: it is written to memory.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut groups: Vec<&str> = Vec::new();
    for result in &report.results {
        if !groups.contains(&result.group.as_str()) {
            groups.push(&result.group);
        }
    }
    groups.sort_unstable();
    let mut document = quick_junit::Report::new(env!("CARGO_PKG_NAME"));
    for group in groups {
        document.add_test_suite(suite(report, group));
    }
    let text = document.to_string().expect("plain text, in memory");
    // Each suite has its own; the schema that Jenkins validates with knows none of all suites together.
    // <https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd>
    text.replacen(&format!(" skipped=\"{}\"", document.skipped), "", 1)
}

fn suite(report: &Report, group: &str) -> TestSuite {
    let mut suite = TestSuite::new(xml(group));
    let generated_at = report.generated_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    suite.extra.insert(xml("timestamp"), xml(&generated_at));
    suite.add_property((xml("verdict"), xml(report.verdict.as_str())));
    suite.add_property((xml("subject"), xml(&report.subject())));
    if !report.coverage.switched_off.is_empty() {
        suite.add_property((xml("switched-off"), xml(&report.coverage.switched_off.join(", "))));
    }
    suite.add_test_cases(report.results.iter().filter(|result| result.group == group).map(case));
    suite
}

fn case(result: &CheckResult) -> TestCase {
    let reason = result.reason.as_deref().unwrap_or_default();
    let mut status = match result.status {
        Status::Pass => TestCaseStatus::success(),
        Status::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::Unknown => TestCaseStatus::non_success(NonSuccessKind::Error),
        Status::Waived | Status::NotApplicable | Status::Skipped => TestCaseStatus::skipped(),
    };
    match result.status {
        Status::Pass => {}
        Status::Fail => {
            status.set_message(xml(&result.summary)).set_type(result.severity.as_str());
            status.set_description(xml_lines(&failure(result)));
        }
        Status::Unknown => {
            status.set_message(xml(reason)).set_type(format!("unknown {}", result.severity.as_str()));
        }
        Status::Waived => {
            let expires = result.expires.map(|date| format!(" until {date}")).unwrap_or_default();
            status.set_message(xml(&format!("waived{expires}: {reason}"))).set_type("waived");
        }
        Status::NotApplicable | Status::Skipped => {
            status.set_message(xml(reason)).set_type(result.status.as_str());
        }
    }
    let mut case = TestCase::new(xml(&result.id), status);
    case.set_classname(xml(&format!("{}.{}", env!("CARGO_PKG_NAME"), result.group)));
    case
}

/// What the person who opens the failed case needs: what, when, which, the cure, the sources.
fn failure(result: &CheckResult) -> String {
    let mut paragraphs = vec![format!("{}\n{}", result.title, result.fails_at.in_words()), result.why.clone()];
    let findings = result
        .findings
        .iter()
        .take(FINDINGS)
        .map(|finding| {
            let place = finding.location.as_ref().map(|place| format!("{}:{}: ", place.file, place.line));
            let text = format!("{}{finding}", place.unwrap_or_default());
            format!("- {}", cut(&one_line(&text), FINDING))
        })
        .collect();
    paragraphs.push(listed(findings, result.findings.len()));
    paragraphs.extend(result.reason.as_deref().map(|reason| one_line(reason).into_owned()));
    paragraphs.push(result.remedy.text.clone());
    let commands = result.remedy.commands.iter().take(FINDINGS).cloned().collect();
    paragraphs.push(listed(commands, result.remedy.commands.len()));
    paragraphs.push(result.docs.join("\n"));
    paragraphs.retain(|paragraph| !paragraph.trim().is_empty());
    paragraphs.join("\n\n")
}

/// The lines, and how many of all are not among them.
fn listed(mut shown: Vec<String>, all: usize) -> String {
    if all > shown.len() {
        shown.push(format!("and {} more, which --format json has", all - shown.len()));
    }
    shown.join("\n")
}

/// Text that XML 1.0 allows; [`XmlString`] alone would drop the rest, and leave the two non-characters in.
fn xml(text: &str) -> XmlString {
    XmlString::new(one_line(text))
}

/// As [`xml`], in lines. `XmlString` drops tabs too, which would join words of SQL.
fn xml_lines(text: &str) -> XmlString {
    XmlString::new(lines(&text.replace('\t', "    ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn parsed(text: &str) -> quick_junit::Report {
        quick_junit::Report::deserialize_from_str(text).expect("JUnit")
    }

    fn status<'a>(report: &'a quick_junit::Report, id: &str) -> &'a TestCaseStatus {
        let mut cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
        &cases.find(|case| case.name.as_str() == id).expect(id).status
    }

    #[test]
    fn every_check_is_a_case_of_its_group() {
        let report = sample::report();
        let document = parsed(&render(&report));
        let skipped: usize = document.test_suites.iter().map(|suite| suite.skipped).sum();
        assert_eq!((document.tests, document.failures, document.errors, skipped), (8, 3, 1, 3));
        let suites: Vec<(&str, usize)> =
            document.test_suites.iter().map(|suite| (suite.name.as_str(), suite.tests)).collect();
        assert_eq!(suites, [("database", 3), ("declaration", 1), ("instance", 3), ("operations", 1)]);
        assert!(matches!(status(&document, "rds.instance-status"), TestCaseStatus::Success { .. }));
        assert!(matches!(
            status(&document, "rds.pending-maintenance"),
            TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, message: Some(reason), .. }
                if reason.contains("not authorized")
        ));
        assert!(matches!(
            status(&document, "pg.waived-thing"),
            TestCaseStatus::Skipped { message: Some(reason), .. }
                if reason.as_str() == "waived until 2026-12-31: dropped in the next release (data team)"
        ));
        assert!(matches!(
            status(&document, "pg.not-yet"),
            TestCaseStatus::Skipped { message: Some(reason), .. } if reason.as_str() == "only for targets >=17"
        ));
    }

    #[test]
    fn a_failure_says_what_and_how_to_cure_it() {
        let document = parsed(&render(&sample::report()));
        let TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, ty, description, .. } =
            status(&document, "pg.reg-types")
        else {
            panic!("it failed");
        };
        assert_eq!(ty.as_deref(), Some("blocker"));
        insta::assert_snapshot!(description.as_ref().expect("a text").as_str(), @r#"
        Columns of reg* types
        the precheck refuses

        `pg_upgrade` refuses them, as their OIDs are not kept.

        - app: public.hooks.fn (table column): regproc
        - app: public.we`ird|name (table column): regclass

        Turn the columns into text; back again after the upgrade.

        ALTER TABLE public.hooks ALTER COLUMN fn TYPE text USING fn::text;
        ALTER TABLE public."we```ird" ALTER COLUMN x TYPE text;

        https://example.org/docs
        "#);
    }

    #[test]
    fn hostile_names_stay_text() {
        let text = render(&sample::hostile());
        let document = parsed(&text);
        assert_eq!(document.tests, 8);
        assert!(!text.chars().any(|c| crate::report::text::acts(c) && c != '\n'));
        assert!(text.contains("\\u{1b}[31m]]&gt;"), "an escape is spelt out, not dropped");
        assert_eq!(text, render(&sample::hostile()));
    }
}

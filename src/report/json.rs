//! `--format json`, version 1. Its own types, so that inner ones may change; fields are only ever added.

use serde::Serialize;

use super::text::json;
use super::{CheckResult, Report};

#[derive(Serialize)]
struct ReportV1<'a> {
    schema_version: u32,
    tool: Tool,
    generated_at: String,
    verdict: &'static str,
    engine: &'a str,
    platform: &'static str,
    source_version: Option<&'a str>,
    target_version: &'a str,
    target_requested: &'a str,
    instance: Option<Instance<'a>>,
    declared: Option<Declared<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Change<'a>>,
    coverage: Coverage<'a>,
    counts: Counts,
    notes: &'a [String],
    results: Vec<Result<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Instance<'a> {
    id: &'a str,
    region: &'a str,
    account: Option<&'a str>,
    caller: Option<&'a str>,
    status: &'a str,
}

#[derive(Serialize)]
struct Declared<'a> {
    version: Option<&'a str>,
    file: &'a str,
    line: u32,
    resource: &'a str,
}

#[derive(Serialize)]
struct Change<'a> {
    headline: &'a str,
    base: &'a str,
    resource: Option<&'a str>,
    from: Option<&'a str>,
    to: Option<&'a str>,
}

#[derive(Serialize)]
struct Coverage<'a> {
    databases: &'a [String],
    not_entered: Vec<NotEntered<'a>>,
    switched_off: &'a [String],
}

#[derive(Serialize)]
struct NotEntered<'a> {
    database: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Counts {
    blocker: usize,
    warning: usize,
    notice: usize,
    unknown: usize,
    passed: usize,
    not_applicable: usize,
    skipped: usize,
    waived: usize,
}

#[derive(Serialize)]
struct Result<'a> {
    id: &'a str,
    group: &'a str,
    title: &'a str,
    severity: &'static str,
    status: &'static str,
    fails_at: &'static str,
    summary: &'a str,
    findings: Vec<Finding<'a>>,
    remedy: Remedy<'a>,
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    docs: &'a [String],
}

#[derive(Serialize)]
struct Finding<'a> {
    database: Option<&'a str>,
    object: &'a str,
    kind: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Serialize)]
struct Remedy<'a> {
    text: &'a str,
    commands: &'a [String],
}

/// The report as indented JSON with a final newline.
///
/// # Panics
/// Never: every member has a JSON form.
#[must_use]
pub fn render(report: &Report) -> String {
    let counts = report.counts();
    let v1 = ReportV1 {
        schema_version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        generated_at: report.generated_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        verdict: report.verdict.as_str(),
        engine: &report.engine,
        platform: report.platform.as_str(),
        source_version: report.source.as_ref().map(crate::version::PgVersion::as_str),
        target_version: report.target.as_str(),
        target_requested: report.requested.as_str(),
        instance: report.instance.as_ref().map(|instance| Instance {
            id: &instance.id,
            region: &instance.region,
            account: instance.account.as_deref(),
            caller: instance.caller.as_deref(),
            status: &instance.status,
        }),
        declared: report.declared.as_ref().map(|declared| Declared {
            version: declared.version.as_deref(),
            file: &declared.file,
            line: declared.line,
            resource: &declared.resource,
        }),
        change: report.change.as_ref().map(|change| Change {
            headline: &change.headline,
            base: &change.base,
            resource: change.resource.as_deref(),
            from: change.from.as_deref(),
            to: change.to.as_deref(),
        }),
        coverage: Coverage {
            databases: &report.coverage.databases,
            not_entered: report
                .coverage
                .not_entered
                .iter()
                .map(|entry| NotEntered { database: &entry.database, reason: &entry.reason })
                .collect(),
            switched_off: &report.coverage.switched_off,
        },
        counts: Counts {
            blocker: counts.blocker,
            warning: counts.warning,
            notice: counts.notice,
            unknown: counts.unknown,
            passed: counts.passed,
            not_applicable: counts.not_applicable,
            skipped: counts.skipped,
            waived: counts.waived,
        },
        notes: &report.notes,
        results: report.results.iter().map(result).collect(),
    };
    json(&v1)
}

fn result(result: &CheckResult) -> Result<'_> {
    Result {
        id: &result.id,
        group: &result.group,
        title: &result.title,
        severity: result.severity.as_str(),
        status: result.status.as_str(),
        fails_at: result.fails_at.as_str(),
        summary: &result.summary,
        findings: result
            .findings
            .iter()
            .map(|finding| Finding {
                database: finding.database.as_deref(),
                object: &finding.object,
                kind: &finding.kind,
                detail: &finding.detail,
                file: finding.location.as_ref().map(|location| location.file.as_str()),
                line: finding.location.as_ref().map(|location| location.line),
            })
            .collect(),
        remedy: Remedy { text: &result.remedy.text, commands: &result.remedy.commands },
        reason: result.reason.as_deref(),
        expires: result.expires.map(|date| date.to_string()),
        docs: &result.docs,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::{sample, text};

    /// The members that scripts depend on, in order; more may follow in later versions, none may go.
    #[test]
    fn has_the_members_of_the_contract() {
        let value: Value = serde_json::from_str(&render(&sample::report())).expect("JSON");
        let has = |pointer: &str, names: &[&str]| {
            let object = value.pointer(pointer).and_then(Value::as_object).expect(pointer);
            for name in names {
                assert!(object.contains_key(*name), "{pointer}/{name}");
            }
        };
        has("", &["schema_version", "tool", "generated_at", "verdict", "engine", "source_version", "target_version"]);
        has("", &["target_requested", "instance", "declared", "coverage", "counts", "results"]);
        has("/tool", &["name", "version"]);
        has("/instance", &["id", "region", "account", "caller", "status"]);
        has("/declared", &["version", "file", "line", "resource"]);
        has("/coverage", &["databases", "not_entered", "switched_off"]);
        has("/coverage/not_entered/0", &["database", "reason"]);
        has("/counts", &["blocker", "warning", "notice", "unknown"]);
        has("/counts", &["passed", "not_applicable", "skipped", "waived"]);
        for index in 0..8 {
            let names = ["id", "group", "title", "severity", "status", "fails_at", "summary", "findings", "reason"];
            has(&format!("/results/{index}"), &names);
            has(&format!("/results/{index}"), &["docs"]);
            has(&format!("/results/{index}/remedy"), &["text", "commands"]);
        }
        has("/results/0/findings/0", &["database", "object", "kind", "detail"]);
        assert_eq!(value["generated_at"], "2026-11-22T21:00:00Z");
        assert_eq!(value["results"][2]["status"], "unknown");
        assert_eq!(value["results"][3]["expires"], "2026-12-31");
        assert_eq!(value["results"][0]["reason"], Value::Null);
    }

    #[test]
    fn hostile_names_come_back_as_they_were() {
        let rendered = render(&sample::hostile());
        assert!(!rendered.chars().any(|c| text::acts(c) && c != '\n'));
        let value: Value = serde_json::from_str(&rendered).expect("JSON");
        assert_eq!(value["results"][0]["summary"], sample::HOSTILE);
        assert_eq!(rendered, render(&sample::hostile()));
    }
}

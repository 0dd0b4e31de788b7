//! `--format sarif`: SARIF 2.1.0, for code scanning.
//!
//! Every check is a rule; every finding of a failed one a result. A waived one is no result, so that its alert closes.

mod model;

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::text::{cut, json, lines, one_line};
use super::{CheckResult, Finding, Report, Status, Verdict};
use crate::checks::Severity;
use model::{
    ArtifactLocation, AutomationDetails, Configuration, Driver, Invocation, Level, Location, Log, LogicalLocation,
    Message, Notification, PhysicalLocation, Region, Result, Rule, RuleProperties, RuleReference, Run, RunProperties,
    Tool,
};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

/// Where a result without a place of its own is shown when nothing is declared: an unlocated result spoils the upload.
const CONFIG: &str = "preflight.toml";

/// Characters of a message, of the commands in it, and of an object's name.
const MESSAGE: usize = 4000;
const COMMANDS: usize = 2000;
const NAME: usize = 500;

/// GitHub refuses more than 25,000 results of a run, and drops all but 5,000.
/// <https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support>
const RESULTS: usize = 5000;

/// What a URI's path may hold unescaped, without the colon, which would make a scheme of what is before it.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The report as indented JSON with a final newline.
///
/// # Panics
/// Never: every member has a JSON form.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut results: Vec<Result> = Vec::new();
    let room = room(report);
    for (index, result) in report.results.iter().enumerate() {
        match result.status {
            Status::Fail if result.findings.is_empty() => {
                results.push(located(
                    result,
                    index,
                    level(result.severity),
                    said(result, &cure(result), None),
                    None,
                    fallback(report),
                ));
            }
            Status::Fail => {
                let cure = cure(result);
                let shown = if result.findings.len() > room { room - 1 } else { result.findings.len() };
                results.extend(result.findings[..shown].iter().map(|finding| {
                    let at = finding.location.as_ref();
                    let place = at.map_or_else(|| fallback(report), |at| place(&at.file, at.line));
                    let message = said(result, &cure, Some(finding));
                    located(result, index, level(result.severity), message, Some(finding), place)
                }));
                if shown < result.findings.len() {
                    let rest = left_out(result, result.findings.len() - shown);
                    results.push(located(result, index, level(result.severity), rest, None, fallback(report)));
                }
            }
            Status::Unknown if result.severity == Severity::Blocker => {
                results.push(located(result, index, Level::Warning, unjudged(result), None, fallback(report)));
            }
            Status::Unknown | Status::Waived | Status::Pass | Status::NotApplicable | Status::Skipped => {}
        }
    }
    number(&mut results);
    let driver = Driver {
        name: env!("CARGO_PKG_NAME"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: report.results.iter().map(rule).collect(),
    };
    let instance = report.instance.as_ref().map_or("database", |instance| &instance.id);
    let run = Run {
        tool: Tool { driver },
        automation_details: AutomationDetails { id: format!("pg-preflight/{}/", one_line(instance)) },
        invocations: [Invocation {
            execution_successful: report.verdict != Verdict::Incomplete,
            end_time_utc: report.generated_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            tool_execution_notifications: notifications(report),
        }],
        results,
        column_kind: "unicodeCodePoints",
        properties: RunProperties {
            verdict: report.verdict.as_str(),
            subject: one_line(&report.subject()).into_owned(),
            switched_off: report.coverage.switched_off.clone(),
        },
    };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    json(&log)
}

/// How many results a check may have, so that none is dropped for another's findings.
fn room(report: &Report) -> usize {
    let told = report.results.iter().filter(|result| matches!(result.status, Status::Fail | Status::Unknown)).count();
    (RESULTS / told.max(1)).max(1)
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Blocker => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Notice => Level::Note,
    }
}

fn rule(result: &CheckResult) -> Rule {
    let help = [result.why.as_str(), "Sources:"].into_iter().chain(result.docs.iter().map(String::as_str));
    let help = help.collect::<Vec<_>>().join("\n");
    Rule {
        id: result.id.clone(),
        short_description: message(&[&result.title, &result.id]),
        full_description: message(&[&result.why, &result.title, &result.id]),
        help: message(&[&help]),
        help_uri: result.docs.first().cloned(),
        default_configuration: Configuration { level: level(result.severity) },
        properties: RuleProperties {
            tags: vec![result.group.clone(), "postgresql".to_owned()],
            fails_at: result.fails_at.as_str(),
            status: result.status.as_str(),
        },
    }
}

fn said(result: &CheckResult, cure: &str, finding: Option<&Finding>) -> Message {
    let mut text = format!("{} ({})", one_line(&result.summary), result.fails_at.in_words());
    if let Some(finding) = finding {
        text = format!("{}\n{text}", cut(&one_line(&finding.to_string()), NAME));
    }
    text.push_str(cure);
    message(&[&text])
}

/// The remedy, with as many of its commands as have room; half a command would be worse than none.
fn cure(result: &CheckResult) -> String {
    let mut text = String::new();
    if !result.remedy.text.is_empty() {
        text.push('\n');
        text.push_str(&lines(&result.remedy.text));
    }
    let mut room = COMMANDS;
    for (shown, command) in result.remedy.commands.iter().enumerate() {
        let Some(rest) = room.checked_sub(command.len() + 1) else {
            text.push_str(&format!("\nand {} more commands", result.remedy.commands.len() - shown));
            break;
        };
        room = rest;
        text.push('\n');
        text.push_str(&lines(command));
    }
    text
}

fn left_out(result: &CheckResult, count: usize) -> Message {
    message(&[&format!("{}: {count} findings have no room here, --format json has all", one_line(&result.summary))])
}

fn unjudged(result: &CheckResult) -> Message {
    let reason = result.reason.as_deref().unwrap_or("no reason given");
    message(&[&format!("{}: could not be judged: {reason}", result.title)])
}

/// The first of the texts that says something, since a message must not be empty. `](` is parted, as SARIF reads
/// `[text](target)` in a plain message as a link.
fn message(texts: &[&str]) -> Message {
    let text = texts.iter().find(|text| !text.trim().is_empty()).unwrap_or(&"(no text)");
    Message { text: cut(&lines(text), MESSAGE).replace("](", "] (") }
}

fn located(
    result: &CheckResult,
    rule_index: usize,
    level: Level,
    message: Message,
    finding: Option<&Finding>,
    place: PhysicalLocation,
) -> Result {
    let logical_locations = finding.map(|finding| LogicalLocation { fully_qualified_name: name(finding) });
    Result {
        rule_id: result.id.clone(),
        rule_index,
        level,
        message,
        locations: [Location { physical_location: place, logical_locations: logical_locations.into_iter().collect() }],
        partial_fingerprints: fingerprints(&result.id, finding),
    }
}

fn name(finding: &Finding) -> String {
    let object = one_line(&finding.object);
    let full = match &finding.database {
        Some(database) => format!("{}:{object}", one_line(database)),
        None => object.into_owned(),
    };
    cut(&full, NAME).into_owned()
}

/// The declaration of the instance, else the configuration.
fn fallback(report: &Report) -> PhysicalLocation {
    match &report.declared {
        Some(declared) if !declared.file.is_empty() => place(&declared.file, declared.line),
        _ => place(CONFIG, 1),
    }
}

fn place(file: &str, line: u32) -> PhysicalLocation {
    PhysicalLocation {
        artifact_location: ArtifactLocation { uri: uri(file) },
        region: Region { start_line: line.max(1) },
    }
}

/// A path as a URI: relative ones stay relative to the repository.
fn uri(file: &str) -> String {
    let forward = file.replace('\\', "/");
    let path = forward.trim_start_matches("./");
    let encoded = utf8_percent_encode(path, PATH).to_string();
    match path.as_bytes() {
        [] => CONFIG.to_owned(),
        [b'/', ..] => format!("file://{encoded}"),
        [drive, b':', b'/', ..] if drive.is_ascii_alphabetic() => format!("file:///{encoded}"),
        _ => encoded,
    }
}

/// One key by our name, and the only one that GitHub compares, which it would otherwise compute from the line: all
/// findings that fall back to one line would be one alert.
fn fingerprints(check: &str, finding: Option<&Finding>) -> BTreeMap<&'static str, String> {
    let database = finding.and_then(|finding| finding.database.as_deref()).unwrap_or_default();
    let object = finding.map_or("", |finding| &finding.object);
    let hash = format!("{:016x}", fnv1a(&[check, database, object]));
    BTreeMap::from([("pgPreflight/v1", hash.clone()), ("primaryLocationLineHash", hash)])
}

/// Tells results of the same check and object apart by their place in the order, as GitHub does itself.
fn number(results: &mut [Result]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for result in results {
        for (key, hash) in &mut result.partial_fingerprints {
            let count = seen.entry(format!("{key} {hash}")).or_default();
            *count += 1;
            *hash = format!("{hash}:{count}");
        }
    }
}

/// FNV-1a, 64 bits, of the parts with a zero byte after each: stable across versions, unlike the standard hasher.
fn fnv1a(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What is to be known of the run beside its results: the lesser checks left open, databases not entered, notes.
fn notifications(report: &Report) -> Vec<Notification> {
    let open = report.results.iter().enumerate().filter(|(_, result)| result.status == Status::Unknown);
    let mut all: Vec<Notification> = open
        .map(|(index, result)| Notification {
            level: Level::Warning,
            message: unjudged(result),
            associated_rule: Some(RuleReference { id: result.id.clone(), index }),
        })
        .collect();
    let plain = |level, text: &str| Notification { level, message: message(&[text]), associated_rule: None };
    all.extend(report.coverage.not_entered.iter().map(|entry| {
        plain(Level::Warning, &format!("database {} was not entered: {}", one_line(&entry.database), entry.reason))
    }));
    all.extend(report.coverage.switched_off.iter().map(|flag| plain(Level::Note, &format!("switched off: {flag}"))));
    all.extend(report.notes.iter().map(|note| plain(Level::Note, note)));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::sample;

    fn parsed(report: &Report) -> Value {
        let text = render(report);
        assert_eq!(text, render(report), "same report, same bytes");
        assert!(!text.chars().any(|c| crate::report::text::acts(c) && c != '\n'));
        serde_json::from_str(&text).expect("JSON")
    }

    fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} is no text in {value}"))
    }

    /// What the schema requires of what we write.
    fn validate(log: &Value) {
        assert_eq!(text(log, "/version"), "2.1.0");
        assert!(text(log, "/$schema").ends_with("sarif-schema-2.1.0.json"));
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        assert!(!text(run, "/tool/driver/name").is_empty());
        let mut ids: Vec<&str> = Vec::new();
        for rule in rules {
            for pointer in ["/shortDescription/text", "/fullDescription/text", "/help/text", "/id"] {
                assert!(!text(rule, pointer).trim().is_empty(), "{pointer}");
            }
            assert!(!ids.contains(&text(rule, "/id")), "rules are unique");
            ids.push(text(rule, "/id"));
            assert!(["error", "warning", "note"].contains(&text(rule, "/defaultConfiguration/level")));
        }
        assert!(run["invocations"][0]["executionSuccessful"].is_boolean());
        for note in run["invocations"][0]["toolExecutionNotifications"].as_array().expect("notifications") {
            assert!(!text(note, "/message/text").trim().is_empty());
        }
        let mut seen: Vec<&str> = Vec::new();
        for result in run["results"].as_array().expect("results") {
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
            assert_eq!(ids[index], text(result, "/ruleId"));
            assert!(["error", "warning", "note"].contains(&text(result, "/level")));
            assert!(!text(result, "/message/text").trim().is_empty());
            assert!(!text(result, "/message/text").contains("]("));
            let place = &result["locations"][0]["physicalLocation"];
            assert!(place["region"]["startLine"].as_u64().is_some_and(|line| line >= 1));
            let uri = text(place, "/artifactLocation/uri");
            assert!(!uri.is_empty() && !uri.starts_with('/'), "{uri}");
            let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
            assert!(uri.chars().all(plain), "{uri}");
            let fingerprint = text(result, "/partialFingerprints/primaryLocationLineHash");
            assert!(!seen.contains(&fingerprint), "fingerprints tell results apart");
            seen.push(fingerprint);
        }
    }

    #[test]
    fn is_valid_whatever_the_names() {
        for report in [sample::report(), sample::hostile(), sample::clean(), sample::crowd(3)] {
            validate(&parsed(&report));
        }
    }

    #[test]
    fn results_have_level_place_and_fingerprint() {
        let log = parsed(&sample::report());
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(8));
        let told: Vec<(&str, &str, u64)> = run["results"]
            .as_array()
            .expect("results")
            .iter()
            .map(|result| {
                let line = &result["locations"][0]["physicalLocation"]["region"]["startLine"];
                (text(result, "/ruleId"), text(result, "/level"), line.as_u64().expect("a line"))
            })
            .collect();
        let expected = [
            ("pg.reg-types", "error", 52),
            ("pg.reg-types", "error", 52),
            ("iac.version-drift", "error", 52),
            ("rds.pending-maintenance", "warning", 52),
            ("rds.backups", "warning", 52),
        ];
        assert_eq!(told, expected);
        assert_eq!(
            text(&run["results"][3], "/message/text"),
            "Title of rds.pending-maintenance: could not be judged: User is not authorized to perform \
             rds:DescribePendingMaintenanceActions"
        );
        assert_eq!(
            text(&run["results"][0], "/locations/0/logicalLocations/0/fullyQualifiedName"),
            "app:public.hooks.fn"
        );
        // What follows from check, database and object must never change: alerts are matched by it.
        assert_eq!(text(&run["results"][0], "/partialFingerprints/pgPreflight~1v1"), "cec7222723f72258:1");
    }

    #[test]
    fn findings_of_one_check_leave_room_for_the_others() {
        let mut report = sample::report();
        let many = (0..30_000).map(|number| sample::finding(Some("app"), &format!("t{number}"), "table", ""));
        report.results[0].findings = many.collect();
        let log = parsed(&report);
        let results = log["runs"][0]["results"].as_array().expect("results");
        let of = |id: &str| results.iter().filter(|result| result["ruleId"] == id).collect::<Vec<_>>();
        // Three failed, one is unknown.
        assert_eq!(of("pg.reg-types").len(), RESULTS / 4);
        assert_eq!((of("iac.version-drift").len(), of("rds.backups").len()), (1, 1));
        let last = text(of("pg.reg-types").last().expect("results"), "/message/text");
        assert!(last.ends_with(": 28751 findings have no room here, --format json has all"), "{last}");
        validate(&log);
        let crowd = parsed(&sample::crowd(6000));
        assert_eq!(crowd["runs"][0]["results"].as_array().map(Vec::len), Some(6000));
    }

    #[test]
    fn an_incomplete_run_is_no_success() {
        let report = Report { verdict: Verdict::Incomplete, ..sample::report() };
        assert_eq!(parsed(&report)["runs"][0]["invocations"][0]["executionSuccessful"], false);
    }

    #[test]
    fn paths_become_uris() {
        for (file, expected) in [
            ("a/b.ts", "a/b.ts"),
            ("./a b/ü#.tf", "a%20b/%C3%BC%23.tf"),
            ("a\\b.tf", "a/b.tf"),
            ("x:y.tf", "x%3Ay.tf"),
            ("/srv/a.tf", "file:///srv/a.tf"),
            ("C:\\a.tf", "file:///C%3A/a.tf"),
            ("", "preflight.toml"),
        ] {
            assert_eq!(uri(file), expected);
        }
        let undeclared = Report { declared: None, ..sample::report() };
        let log = parsed(&undeclared);
        assert_eq!(
            text(&log["runs"][0]["results"][0], "/locations/0/physicalLocation/artifactLocation/uri"),
            "preflight.toml"
        );
    }
}

//! Reports for the renderers' tests: one result of each status, and names as hostile as a database allows.

use super::{
    CheckResult, Coverage, Declared, Finding, Instance, Location, NotEntered, Remedy, Report, Status, Verdict,
};
use crate::checks::{FailsAt, Severity};
use crate::upgrade::Platform;

/// A name with everything that ends a line, a tag, a comment, a fence, a property or a string somewhere.
pub(crate) const HOSTILE: &str =
    "a\nb\r\n::error::x\u{1b}[31m]]>-->`` ``` <script>&amp;\"'|\\|{0}[x](http://e)%0A,:@all\u{202e}\u{0}\u{ffff}";

pub(crate) fn report() -> Report {
    Report {
        generated_at: "2026-11-22T21:00:00Z".parse().expect("a timestamp"),
        verdict: Verdict::NoGo,
        platform: Platform::Rds,
        engine: "postgres".to_owned(),
        source: Some("12.19".parse().expect("a version")),
        target: "16.3".parse().expect("a version"),
        requested: "16".parse().expect("a version"),
        instance: Some(Instance {
            id: "app1a2b3c4".to_owned(),
            region: "eu-west-2".to_owned(),
            account: Some("123456789012".to_owned()),
            caller: Some("arn:aws:sts::123456789012:assumed-role/ci/run".to_owned()),
            status: "available".to_owned(),
        }),
        change: None,
        declared: Some(Declared {
            version: Some("12.17".to_owned()),
            file: "infrastructure/data/index.ts".to_owned(),
            line: 52,
            resource: "app".to_owned(),
        }),
        coverage: Coverage {
            databases: vec!["app".to_owned(), "postgres".to_owned()],
            not_entered: vec![NotEntered {
                database: "hr".to_owned(),
                reason: "permission denied for database \"hr\"".to_owned(),
            }],
            switched_off: vec!["--skip ops.*".to_owned()],
        },
        results: vec![
            reg_types(),
            drift(),
            CheckResult {
                reason: Some("User is not authorized to perform rds:DescribePendingMaintenanceActions".to_owned()),
                ..bare("rds.pending-maintenance", Severity::Blocker, Status::Unknown)
            },
            CheckResult {
                findings: vec![finding(Some("app"), "public.old", "table", "")],
                reason: Some("dropped in the next release (data team)".to_owned()),
                expires: Some("2026-12-31".parse().expect("a date")),
                ..bare("pg.waived-thing", Severity::Blocker, Status::Waived)
            },
            bare("rds.instance-status", Severity::Blocker, Status::Pass),
            CheckResult {
                findings: vec![finding(None, "app1a2b3c4", "DB instance", "no snapshot since 2026-11-20")],
                remedy: Remedy { text: "Take a snapshot.".to_owned(), commands: Vec::new() },
                ..bare("rds.backups", Severity::Warning, Status::Fail)
            },
            CheckResult {
                reason: Some("only for targets >=17".to_owned()),
                ..bare("pg.not-yet", Severity::Warning, Status::NotApplicable)
            },
            CheckResult {
                reason: Some("--skip ops.*".to_owned()),
                ..bare("ops.skipped", Severity::Notice, Status::Skipped)
            },
        ],
        notes: vec!["the waiver of pg.gone (old) matches nothing that was found".to_owned()],
    }
}

/// The same with every text that comes from outside hostile, or 100 kB long.
pub(crate) fn hostile() -> Report {
    let long = "x`|]]>\n".repeat(100_000 / 7);
    let mut report = report();
    report.coverage.databases = vec![HOSTILE.to_owned(), long.clone()];
    report.coverage.not_entered[0] = NotEntered { database: HOSTILE.to_owned(), reason: long.clone() };
    report.notes = vec![HOSTILE.to_owned(), long.clone()];
    if let Some(instance) = &mut report.instance {
        instance.id = HOSTILE.to_owned();
    }
    for result in &mut report.results {
        result.summary = HOSTILE.to_owned();
        if result.reason.is_some() {
            result.reason = Some(HOSTILE.to_owned());
        }
        if result.status == Status::Fail {
            result.findings.push(finding(Some(HOSTILE), HOSTILE, HOSTILE, HOSTILE));
            result.findings.push(finding(Some(&long), &long, &long, &long));
            result.findings.push(Finding {
                location: Some(Location { file: format!("a b/{HOSTILE}"), line: 0 }),
                ..finding(None, HOSTILE, "declaration", "")
            });
            result.remedy.commands.push(format!("DROP TABLE \"{HOSTILE}\";"));
            result.remedy.commands.push(long.clone());
        }
    }
    report
}

/// A failed blocker of its own for each number.
pub(crate) fn crowd(count: usize) -> Report {
    let results = (0..count).map(|number| CheckResult {
        id: format!("pg.blocker-{number:02}"),
        ..bare("pg.x", Severity::Blocker, Status::Fail)
    });
    Report { results: results.collect(), ..report() }
}

/// Nothing but a pass.
pub(crate) fn clean() -> Report {
    let results = vec![bare("rds.instance-status", Severity::Blocker, Status::Pass)];
    let coverage = Coverage { databases: vec!["app".to_owned()], ..Coverage::default() };
    Report { verdict: Verdict::Go, results, coverage, notes: Vec::new(), ..report() }
}

pub(crate) fn finding(database: Option<&str>, object: &str, kind: &str, detail: &str) -> Finding {
    Finding {
        database: database.map(str::to_owned),
        object: object.to_owned(),
        kind: kind.to_owned(),
        detail: detail.to_owned(),
        location: None,
    }
}

fn bare(id: &str, severity: Severity, status: Status) -> CheckResult {
    let group = match id.split_once('.').map(|(area, _)| area) {
        Some("rds") => "instance",
        Some("pg") => "database",
        Some("iac") => "declaration",
        _ => "operations",
    };
    CheckResult {
        id: id.to_owned(),
        group: group.to_owned(),
        title: format!("Title of {id}"),
        severity,
        status,
        fails_at: FailsAt::Request,
        summary: format!("Title of {id}"),
        why: "Because it bites.".to_owned(),
        findings: Vec::new(),
        remedy: Remedy::default(),
        reason: None,
        expires: None,
        docs: vec!["https://example.org/docs".to_owned()],
    }
}

fn reg_types() -> CheckResult {
    CheckResult {
        title: "Columns of reg* types".to_owned(),
        fails_at: FailsAt::Precheck,
        summary: "2 columns hold OIDs that change in the upgrade".to_owned(),
        why: "`pg_upgrade` refuses them, as their OIDs are not kept.".to_owned(),
        findings: vec![
            finding(Some("app"), "public.hooks.fn", "table column", "regproc"),
            finding(Some("app"), "public.we`ird|name", "table column", "regclass"),
        ],
        remedy: Remedy {
            text: "Turn the columns into text; back again after the upgrade.".to_owned(),
            commands: vec![
                "ALTER TABLE public.hooks ALTER COLUMN fn TYPE text USING fn::text;".to_owned(),
                "ALTER TABLE public.\"we```ird\" ALTER COLUMN x TYPE text;".to_owned(),
            ],
        },
        ..bare("pg.reg-types", Severity::Blocker, Status::Fail)
    }
}

fn drift() -> CheckResult {
    CheckResult {
        title: "Declared version is not the actual one".to_owned(),
        fails_at: FailsAt::Request,
        summary: "the code declares 12.17, the instance runs 12.19".to_owned(),
        findings: vec![Finding {
            location: Some(Location { file: "infrastructure/data/index.ts".to_owned(), line: 52 }),
            ..finding(None, "app", "declaration", "12.17")
        }],
        remedy: Remedy { text: "Declare 12.19.".to_owned(), commands: Vec::new() },
        reason: Some("not seen: hr: permission denied".to_owned()),
        ..bare("iac.version-drift", Severity::Blocker, Status::Fail)
    }
}

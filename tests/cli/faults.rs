//! One operation at a time refused, unknown, broken or cut off: its own checks are open, in the words of the server,
//! everything else is judged as before, and nobody gets a GO by it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::harness::{Place, Report, clean, preflight, story};
use crate::proxy::{Fault, Proxy};

/// Every operation that is asked about an instance, and the checks that need its answer, when nothing is declared.
/// The support dates are also in a table of our own, so nothing is open without `DescribeDBMajorEngineVersions`.
const NEEDED_BY: [(&str, &[&str]); 14] = [
    ("DescribeBlueGreenDeployments", &["rds.blue-green"]),
    ("DescribeDBEngineVersions", &["rds.target-version"]),
    ("DescribeDBInstances", &ALL_OF_THE_INSTANCE),
    ("DescribeDBMajorEngineVersions", &[]),
    ("DescribeDBParameterGroups", &["rds.parameter-group-family"]),
    ("DescribeDBParameters", &["rds.force-ssl", "rds.lost-parameters"]),
    ("DescribeDBSnapshots", &["rds.backup-age"]),
    ("DescribeEngineDefaultParameters", &["rds.force-ssl", "rds.lost-parameters"]),
    ("DescribeEvents", &["rds.failed-attempts"]),
    ("DescribeIntegrations", &["rds.zero-etl"]),
    ("DescribeOrderableDBInstanceOptions", &["rds.instance-class"]),
    ("DescribePendingMaintenanceActions", &["rds.pending-maintenance"]),
    ("GetCallerIdentity", &["aws.caller-identity"]),
    ("GetMetricStatistics", &["rds.free-storage"]),
];

/// Blue/green deployments and maintenance are found by the name alone.
const ALL_OF_THE_INSTANCE: [&str; 21] = [
    "rds.backup-age",
    "rds.backups-off",
    "rds.blue-green-limits",
    "rds.ca-certificate",
    "rds.extended-support-off",
    "rds.failed-attempts",
    "rds.force-ssl",
    "rds.free-storage",
    "rds.instance-class",
    "rds.instance-status",
    "rds.lost-parameters",
    "rds.master-username",
    "rds.option-group",
    "rds.parameter-group-family",
    "rds.parameter-group-status",
    "rds.pending-modifications",
    "rds.replicas",
    "rds.support-dates",
    "rds.target-version",
    "rds.upgraded-elsewhere",
    "ops.server-version",
];

/// Judges with a fault, and compares with the judgement without it.
#[track_caller]
fn compare(place: &Place, baseline: &Report, operation: &'static str, fault: Fault, words: &str) -> Report {
    let proxy = Proxy::with(&place.endpoint, operation, fault);
    let ran = place.clone().through(&proxy.url).check_aws("--format json").run();
    assert!(proxy.count(operation) > 0, "{operation} was not asked");
    let label = format!("{operation}, {words}");
    assert_eq!(ran.stderr, "", "{label}");
    let report = Report(ran.json());
    let mut blocker_open = false;
    for (before, after) in baseline.results().iter().zip(report.results()) {
        let id = &before["id"];
        assert_eq!(id, &after["id"], "{label}: the order");
        if after["status"] == "unknown" {
            let reason = after["reason"].as_str().unwrap();
            assert!(reason.contains(words), "{label}: {id}: {reason}");
            assert!(!reason.contains('\n') && reason.chars().count() < 620, "{label}: {reason}");
            blocker_open |= after["severity"] == "blocker";
        } else if operation != "DescribeDBMajorEngineVersions" {
            assert_eq!((&before["status"], &before["reason"]), (&after["status"], &after["reason"]), "{label}: {id}");
        }
    }
    let needed = NEEDED_BY.iter().find(|(name, _)| *name == operation).unwrap().1;
    for id in needed {
        let before = baseline.status(id);
        // What needs no answer of this operation here stays as it was: a group with nothing set has nothing to lose.
        if before != "skipped" && !settled_without(place, operation, id) {
            assert_eq!(report.status(id), "unknown", "{label}: {id}");
        }
    }
    let expected = match (report.0["counts"]["blocker"].as_u64().unwrap() > 0, blocker_open) {
        (true, _) => ("no-go", 1),
        (false, true) => ("incomplete", 3),
        (false, false) => ("go", 0),
    };
    assert_eq!((report.verdict(), ran.code), (expected.0, Some(expected.1)), "{label}");
    report
}

/// `clean16` uses a group of AWS's own, which RDS replaces by itself, and in which nobody set a parameter.
fn settled_without(place: &Place, operation: &str, id: &str) -> bool {
    let clean = place.instance == "clean16";
    match operation {
        "DescribeDBParameterGroups" => clean,
        "DescribeEngineDefaultParameters" => clean && id == "rds.lost-parameters",
        _ => false,
    }
}

#[track_caller]
fn each_operation(place: &Place, fault: impl Fn(&str) -> Fault, words: impl Fn(&str) -> String) {
    let baseline = Report(place.check_aws("--format json").run().json());
    // Most of the time of a run is spent waiting for the next attempt.
    std::thread::scope(|scope| {
        for (operation, _) in NEEDED_BY {
            let (baseline, fault, words) = (&baseline, fault(operation), words(operation));
            scope.spawn(move || compare(place, baseline, operation, fault, &words));
        }
    });
}

#[test]
fn the_list_has_every_operation_that_is_asked() {
    let proxy = Proxy::before(&story().endpoint, |_, _| None);
    story().through(&proxy.url).check_aws("").run().code(1);
    assert_eq!(proxy.operations(), NEEDED_BY.map(|(operation, _)| operation));
}

#[test]
fn denied() {
    for place in [clean(), story()] {
        each_operation(&place, Fault::denied, |operation| {
            format!("AccessDenied: User: arn:aws:iam::123456789012:user/ci is not authorized to perform: {operation}")
        });
    }
}

#[test]
fn unknown_to_the_endpoint() {
    let fault = |operation: &str| Fault::error(400, operation, "InvalidAction", "The action is not valid.");
    each_operation(&clean(), fault, |_| "InvalidAction: The action is not valid.".to_owned());
}

#[test]
fn broken() {
    let fault = |operation: &str| Fault::error(500, operation, "InternalFailure", "An internal error has occurred.");
    each_operation(&clean(), fault, |_| "InternalFailure: An internal error has occurred.".to_owned());
}

#[test]
fn answered_by_something_else() {
    each_operation(&clean(), |_| Fault::html(200), |_| "the answer (HTTP 200) cannot be read".to_owned());
    each_operation(&clean(), |_| Fault::html(403), |_| "the endpoint answered HTTP 403 with no error".to_owned());
}

#[test]
fn cut_off() {
    each_operation(&clean(), |_| Fault::Cut, |_| String::new());
}

#[test]
fn throttled_for_a_while_is_no_gap() {
    let proxy = Proxy::before(&clean().endpoint, |operation, before| {
        (before < 2).then(|| Fault::error(400, operation, "Throttling", "Rate exceeded"))
    });
    let ran = clean().through(&proxy.url).check_aws("--format json").run().report(0);
    assert_eq!(ran.with("unknown"), [""; 0]);
    assert!(proxy.count("DescribeDBInstances") >= 3);
}

#[test]
fn throttled_without_end_is_a_gap() {
    let fault = Fault::error(400, "DescribeEvents", "Throttling", "Rate exceeded");
    let proxy = Proxy::with(&clean().endpoint, "DescribeEvents", fault);
    let ran = clean().through(&proxy.url).check_aws("--format json").run().report(0);
    assert_eq!(ran.with("unknown"), ["rds.failed-attempts"]);
    assert_eq!(ran.reason("rds.failed-attempts"), "Throttling: Rate exceeded");
}

/// The database needs no answer of AWS when its URL is given.
#[test]
fn the_database_is_judged_without_aws() {
    let proxy = Proxy::before(&story().endpoint, |operation, _| Some(Fault::denied(operation)));
    let report = story().through(&proxy.url).check("--format json").run().report(1);
    assert_eq!(report.status("pg.reg-types"), "fail");
    assert_eq!((report.status("rds.target-version"), report.0["source_version"].as_str()), ("unknown", Some("12.22")));
}

/// One cause is one row: the database's own address was to come from the refused description.
#[test]
fn a_refused_description_is_said_once() {
    let proxy = Proxy::with(&clean().endpoint, "DescribeDBInstances", Fault::denied("rds:DescribeDBInstances"));
    let place = clean().through(&proxy.url);
    let words = format!("check --target {}", place.target);
    let report = place.ask(&format!("{words} --format json")).run().report(3);
    let mut reasons: Vec<&str> = report.with("unknown").into_iter().map(|id| report.reason(id)).collect();
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), 1, "{reasons:#?}");
    let table = place.ask(&words).run().code(3).stdout;
    let flat = flat(&table);
    assert_eq!(flat.matches("AccessDenied: User: ").count(), 1, "{table}");
    assert!(flat.contains("rds.target-version") && flat.contains("pg.reg-types"), "{table}");
}

/// The text of the second column, unwrapped.
fn flat(table: &str) -> String {
    let cells = table.lines().map(|line| line.rsplit('│').nth(1).unwrap_or(line).trim().to_owned());
    cells.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_table_says_a_gap_once_with_the_checks_it_leaves_open() {
    for (operation, ids) in NEEDED_BY.iter().filter(|(_, ids)| ids.len() == 1) {
        if settled_without(&clean(), operation, ids[0]) {
            continue;
        }
        let proxy = Proxy::with(&clean().endpoint, operation, Fault::denied(operation));
        let table = clean().through(&proxy.url).check_aws("").run().stdout;
        let flat = flat(&table);
        let said =
            format!("AccessDenied: User: arn:aws:iam::123456789012:user/ci is not authorized to perform: {operation}");
        assert_eq!(flat.matches(&said).count(), 1, "{operation}\n{table}");
        assert_eq!(flat.matches(ids[0]).count(), 1, "{operation}\n{table}");
        assert!(flat.contains("leaves open: "), "{table}");
    }
}

#[test]
fn an_expired_token_is_a_gap_and_no_verdict() {
    let proxy = Proxy::before(&clean().endpoint, |operation, _| {
        let message = "The security token included in the request is expired";
        Some(Fault::error(403, operation, "ExpiredToken", message))
    });
    let ran = clean().through(&proxy.url).check("--format json").env("AWS_SESSION_TOKEN", "old").run();
    let report = ran.report(3);
    assert!(report.reason("rds.target-version").starts_with("ExpiredToken: The security token included"));
    assert_eq!(report.status("pg.reg-types"), "pass");
}

#[test]
fn no_credentials_is_a_gap_that_says_what_to_do() {
    let ran = clean().check("--format json").without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY").run();
    let report = ran.report(3);
    let reason = report.reason("rds.target-version");
    assert!(reason.starts_with("no credentials found: set AWS_PROFILE or AWS_ACCESS_KEY_ID"), "{reason}");
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for id in report.with("unknown") {
        *reasons.entry(report.reason(id)).or_default() += 1;
    }
    assert_eq!(reasons.len(), 1, "{reasons:#?}");
    let ran = clean().check("--format json --profile nobody");
    let ran = ran.file(".aws/config", "[profile somebody]\nregion = eu-west-2\n").run().report(3);
    assert!(ran.reason("rds.target-version").contains("nobody"), "{}", ran.reason("rds.target-version"));
}

#[test]
fn an_endpoint_that_is_down_is_a_gap() {
    let report = clean().through("http://127.0.0.1:1").check("--format json").run().report(3);
    let reason = report.reason("rds.target-version");
    assert!(reason.starts_with("the endpoint cannot be reached: "), "{reason}");
    assert_eq!(report.status("pg.reg-types"), "pass");
}

#[test]
fn a_database_that_is_down_leaves_aws_judged() {
    let url = "postgres://preflight:secret@127.0.0.1:1/app";
    let place = Place { database: url.to_owned(), ..clean() };
    let report = place.check("--format json").run().report(3);
    assert_eq!((report.status("rds.target-version"), report.status("pg.reg-types")), ("pass", "unknown"));
    assert!(report.reason("pg.reg-types").contains("refused"), "{}", report.reason("pg.reg-types"));
    let table = place.check("").run().code(3).stdout;
    assert_eq!(flat(&table).matches("Connection refused").count(), 1, "{table}");

    let report = Place { database: url.to_owned(), ..story() }.check("--format json").run().report(1);
    assert_eq!(report.status("rds.pending-maintenance"), "fail");
}

#[test]
fn a_wrong_password_leaves_aws_judged() {
    let url = story().database;
    let (before, rest) = url.split_once("preflight:").unwrap();
    let (_, host) = rest.split_once('@').unwrap();
    let place = Place { database: format!("{before}preflight:wrong@{host}"), ..story() };
    let report = place.check("--format json").run().report(1);
    let reason = report.reason("pg.reg-types");
    assert_eq!(reason, "password authentication failed for user \"preflight\" (SQLSTATE 28P01)");
    assert_eq!(report.status("rds.pending-maintenance"), "fail");
}

#[test]
fn a_database_that_does_not_exist_is_a_gap() {
    let url = clean().database;
    let (server, _) = url.rsplit_once('/').unwrap();
    let place = Place { database: format!("{server}/nothing_here"), ..clean() };
    let report = place.check("--format json").run().report(3);
    assert!(report.reason("pg.reg-types").contains("database \"nothing_here\" does not exist"));
}

/// The longest chain is of three answers, with 100 ms each.
#[test]
fn the_api_part_is_quick_where_aws_is_slow() {
    let late =
        |delay: u64| Proxy::before(&clean().endpoint, move |_, _| Some(Fault::Late(Duration::from_millis(delay))));
    let timed = |proxy: &Proxy| {
        let started = Instant::now();
        clean().through(&proxy.url).check_aws("--format json").run().report(0);
        started.elapsed()
    };
    let at_once = timed(&late(0));
    let slow = timed(&late(100));
    println!("API part: {} ms at once, {} ms with 100 ms added to each answer", at_once.as_millis(), slow.as_millis());
    // What the machine adds while it does other things is in both.
    assert!(slow < Duration::from_secs(1) || slow < at_once + Duration::from_millis(500), "{at_once:?} {slow:?}");
}

#[test]
fn verbose_says_what_is_asked() {
    let ran = clean().check_aws("--verbose").run().code(0);
    for operation in NEEDED_BY.map(|(operation, _)| operation) {
        assert!(ran.stderr.contains(operation), "{operation} in {}", ran.stderr);
    }
    let quiet = clean().check_aws("--quiet").run().code(0);
    assert_eq!(quiet.stderr, "");
    assert_eq!(preflight("check --quiet --verbose").run().code, Some(2));
}

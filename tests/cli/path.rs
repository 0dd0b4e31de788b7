//! `path`: the ways to a version.

use serde_json::json;

use crate::harness::{Place, fixture, preflight, story};
use crate::proxy::{Fault, Proxy};

#[test]
fn the_table_is_named_with_its_date() {
    let ran = preflight("path --no-aws --source 11.22 --target 17.6 --format json").run().code(0);
    let answer = ran.json();
    assert_eq!((&answer["schema_version"], &answer["basis"]), (&json!(1), &json!("table")));
    assert_eq!((&answer["source"], &answer["target"]), (&json!("11.22"), &json!("17.6")));
    let hops: Vec<&str> = answer["hops"].as_array().unwrap().iter().map(|hop| hop.as_str().unwrap()).collect();
    assert_eq!(hops.last(), Some(&"17.6"));
    assert!(!hops.contains(&"11.22") && !hops.is_empty());
    let date = answer["as_of"].as_str().unwrap();
    assert!(date.starts_with("20") && date.contains('-'), "{date}");
    let text = preflight("path --no-aws --source 11.22 --target 17.6").run().code(0).stdout;
    assert!(text.contains(date) && text.starts_with("11.22 to "), "{text}");
}

#[test]
fn live_is_what_rds_answers() {
    let ran = story().ask("path --target 16.3 --format json").run().code(0);
    assert_eq!(ran.stderr, "");
    let answer = ran.json();
    assert_eq!(
        (&answer["source"], &answer["target"], &answer["basis"], &answer["hops"]),
        (&json!("12.19"), &json!("16.3"), &json!("live"), &json!(["16.3"]))
    );
    assert!(answer.get("as_of").is_none());
    let two = story().ask("path --target 17.6 --format json").run().code(0).json();
    assert!(two["hops"].as_array().unwrap().len() >= 2, "{two}");
    let text = story().ask("path --target 16").run().code(0).stdout;
    assert!(text.contains("16.3") && text.contains("basis: what RDS answers now"), "{text}");
    let all = story().ask("path").run().code(0).stdout;
    assert!(all.starts_with("direct targets of 12.19:"), "{all}");
}

#[test]
fn no_way_is_1_with_a_reason() {
    let cases = [
        ("--source 16.3 --target 12.22", "older"),
        ("--source 16.8 --target 16.4", "no way"),
        ("--source 12.22 --target 99.1", "no way"),
        ("--source 12.99 --target 16.3", "not listed"),
    ];
    for (words, expected) in cases {
        let ran = preflight(&format!("path --no-aws --format json {words}")).run().code(1);
        let answer = ran.json();
        assert_eq!(answer["hops"], json!([]), "{words}");
        assert!(answer["reason"].as_str().unwrap().contains(expected), "{answer}");
    }
    let same = preflight("path --no-aws --source 16.8 --target 16.8 --format json").run().code(0).json();
    assert_eq!((&same["hops"], same["reason"].is_string()), (&json!([]), true));
}

#[test]
fn evidence_has_ways_too() {
    let words = format!("path --evidence {} --target 16.3 --format json", fixture("bundles/story.json").display());
    assert_eq!(preflight(&words).run().code(0).json()["hops"], json!(["16.3"]));
}

#[test]
fn what_cannot_be_seen_is_3() {
    for operation in ["DescribeDBInstances", "DescribeDBEngineVersions"] {
        let proxy = Proxy::with(&story().endpoint, operation, Fault::denied(operation));
        let place: Place = story().through(&proxy.url);
        let ran = place.ask("path --target 16.3").run().code(3);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: AccessDenied: "), "{operation}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1);
    }
}

#[test]
fn from_nowhere_is_a_mistake() {
    let line = preflight("path --no-aws --target 16.3").run().mistake();
    assert!(line.contains("--source"), "{line}");
}

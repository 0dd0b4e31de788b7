//! `[[service]]`: the running services are asked beside AWS and the database.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Preflight, RUNTIME, clean, judge, preflight};
use crate::web::{Said, Tls, Web, path};

/// A Hasura, and a Metabase behind a load balancer that finds none.
fn answer(request: &str) -> Said {
    match path(request) {
        "/v1/version" => Said::file(200, "hasura-2.48.json"),
        "/bi/api/session/properties" => Said::file(503, "hasura-unavailable.html"),
        _ => Said::body(404, "text/plain", "not found"),
    }
}

fn web(answer: impl Fn(&str) -> Said + Send + Sync + 'static) -> Web {
    RUNTIME.block_on(Web::start(answer))
}

fn service(kind: &str, url: &str) -> String {
    format!("[[service]]\nkind = \"{kind}\"\nurl = \"{url}\"\n")
}

/// Collects from a database and these services.
fn collect(words: &str, services: &str) -> Preflight {
    preflight(&format!("collect --no-aws --database-url {} {words}", clean().database)).file("preflight.toml", services)
}

fn of_hasura(url: &str, version: &Value) -> Value {
    json!({ "collected": [{ "kind": "hasura", "url": url, "version": version }] })
}

#[test]
fn what_runs_is_in_the_evidence_and_what_does_not_answer_is_a_gap() {
    let web = web(answer);
    let bi = format!("{}/bi", web.url);
    let services = format!(
        "{}{}{}[[service]]\nkind = \"image\"\nimage_from = \"Dockerfile\"\n",
        service("hasura", &web.url),
        service("metabase", &bi),
        service("sharedb", "https://sharedb.invalid"),
    );
    let ran = collect("", &services).run().code(3);
    let reason = "it answered with a web page, HTTP 503 Service Unavailable";
    assert_eq!(ran.stderr, format!("unknown: metabase at {bi}: {reason}\n"));
    let expected = json!({ "collected": [
        { "kind": "hasura", "url": web.url, "version": { "collected": "v2.48.16" } },
        { "kind": "metabase", "url": bi, "version": { "unavailable": { "reason": reason } } },
    ] });
    assert_eq!(ran.json()["services"], expected);
    assert_eq!(web.requests().len(), 2);

    let verbose = collect("--verbose", &services).run().code(3).stderr;
    for line in [
        format!("asking hasura at {}", web.url),
        format!("asking metabase at {bi}"),
        "not asking sharedb: it tells no version over HTTP".to_owned(),
    ] {
        assert!(verbose.lines().any(|said| said == line), "{line} in\n{verbose}");
    }
}

#[test]
fn nobody_is_asked_who_is_not_named_and_when_that_is_switched_off() {
    let hint = "no [[service]] of the configuration has a url to ask";
    for config in ["", "[[service]]\nkind = \"hasura\"\nimage_from = \"docker-compose.yml\"\n"] {
        let ran = collect("", config).run().code(0);
        assert_eq!(ran.json()["services"], json!({ "not-given": { "hint": hint } }));
    }
    let web = web(|_| panic!("nobody asks"));
    let services = service("hasura", &web.url);
    let ran = collect("--no-services", &services).run().code(0);
    assert_eq!(ran.json()["services"], json!({ "switched-off": { "flag": "--no-services" } }));
    let place = clean();
    let report = place.check("--no-services --format json").file("preflight.toml", &services).run().report(0);
    assert_eq!(report.0["coverage"]["switched_off"], json!(["--no-services"]));
    assert!(web.requests().is_empty());
    let mistake = judge("story", "--target 16.3 --no-services").run().code(2);
    assert!(mistake.stderr.contains("--no-services"), "{}", mistake.stderr);
}

#[test]
fn one_entry_twice_is_asked_once() {
    let web = web(answer);
    let ran = collect("", &service("hasura", &web.url).repeat(2)).run().code(0);
    assert_eq!(ran.json()["services"], of_hasura(&web.url, &json!({ "collected": "v2.48.16" })));
    assert_eq!(web.requests().len(), 1);
}

#[test]
fn the_environment_says_whom_to_trust() {
    let tls = Tls::signed_by("ours");
    let web = RUNTIME.block_on(Web::start_with(Some(&tls), answer));
    let collect = || collect("", &service("hasura", &web.url)).file("ca.pem", &tls.issuer);
    for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let run = collect();
        let file = run.home().join("ca.pem");
        let ran = run.env(name, file).run().code(0);
        assert_eq!(ran.json()["services"], of_hasura(&web.url, &json!({ "collected": "v2.48.16" })), "{name}");
    }
    let refused = collect().run().code(3).stderr;
    assert!(refused.contains("invalid peer certificate: UnknownIssuer; AWS_CA_BUNDLE or SSL_CERT_FILE"), "{refused}");
    let mistake = collect().env("AWS_CA_BUNDLE", "/nowhere/ca.pem").run().mistake();
    assert!(mistake.contains("cannot use the certificates of AWS_CA_BUNDLE in /nowhere/ca.pem"), "{mistake}");
}

#[test]
fn proxies_are_those_of_the_environment() {
    let proxy = web(|request| {
        if request.starts_with("CONNECT ") {
            Said::body(403, "text/plain", "no")
        } else {
            Said::file(200, "hasura-2.48.json")
        }
    });
    let ran = collect("", &service("hasura", "http://hasura.invalid")).env("HTTP_PROXY", &proxy.url).run().code(0);
    assert_eq!(ran.json()["services"]["collected"][0]["version"], json!({ "collected": "v2.48.16" }));
    assert!(proxy.requests()[0].starts_with("GET http://hasura.invalid/v1/version "), "{:?}", proxy.requests());

    let secure = |run: Preflight| run.env("HTTPS_PROXY", proxy.url.replace("://", "://me:canary@"));
    let ran = secure(collect("", &service("hasura", "https://hasura.invalid"))).run().code(3);
    assert!(ran.stderr.starts_with("unknown: hasura at https://hasura.invalid: no answer: "), "{}", ran.stderr);
    assert!(!ran.stderr.contains("canary") && !ran.stdout.contains("canary"));
    assert!(proxy.requests()[1].starts_with("CONNECT hasura.invalid:443 "), "{:?}", proxy.requests());

    let run = secure(collect("", &service("hasura", "https://hasura.invalid"))).env("NO_PROXY", "hasura.invalid");
    run.run().code(3);
    assert_eq!(proxy.requests().len(), 2);
}

#[test]
fn nobody_waits_for_a_service_that_is_silent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let started = Instant::now();
    let ran = collect("--connect-timeout 300ms", &service("metabase", &url)).run().code(3);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(ran.stderr, format!("unknown: metabase at {url}: no connection in 300ms\n"));
}

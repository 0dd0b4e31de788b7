//! What the settings of real drivers mean to a server that takes TLS only, as RDS does from PostgreSQL 15 on: whom the
//! upgrade locks out, in which words, and which remedy lets them in again.

#![allow(clippy::unwrap_used, reason = "the functions here are parts of tests")]

#[path = "../support/certified.rs"]
mod certified;
mod packages;
mod place;
mod rust;
mod sessions;
#[path = "../support/mod.rs"]
mod support;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../support/world.rs"]
mod world;

use std::path::PathBuf;

use pg_preflight::checks::Registry;
use pg_preflight::report::Status;
use pg_preflight::upgrade::Platform;
use serde_json::{Value, json};

use place::{ELSEWHERE, FORCED, Place, RUNTIME};
use sessions::{Node, Outcome, crash_of_node, node, python};
use world::{in_url, judge_as, look, result};

/// The words of a server of 14 and later; before, the last are `SSL off`.
fn no_entry() -> String {
    format!("no pg_hba.conf entry for host \"{ELSEWHERE}\", user \"app\", database \"postgres\", no encryption")
}

const UNTRUSTED: &str = "self-signed certificate in certificate chain";

fn current() -> PathBuf {
    packages::node_postgres("8.20.0", "2.12.0")
}

/// What becomes of one client of node-postgres at the server that takes TLS only.
fn outcome(folder: &std::path::Path, query: &str, ssl: Value) -> Outcome {
    node(folder, &[Node { url: FORCED.url(query), ssl, application: "" }]).outcomes[0].clone()
}

fn refused(words: &str) -> Outcome {
    Outcome::Refused(words.to_owned())
}

#[test]
fn node_postgres_speaks_in_clear_unless_told_otherwise_and_is_refused() {
    for ssl in [Value::Null, json!(false)] {
        assert_eq!(outcome(&current(), "", ssl), refused(&no_entry()));
    }
    for query in ["?sslmode=disable", "?ssl=0"] {
        assert_eq!(outcome(&current(), query, Value::Null), refused(&no_entry()), "{query}");
    }
}

/// The text `false` is no `false`: it asks for TLS, gets it, and then fails over its own setting. No server that offers
/// TLS has such a client.
#[test]
fn node_postgres_with_ssl_false_in_the_url_asks_for_tls_and_crashes() {
    let client = Node { url: FORCED.url("?ssl=false"), ssl: Value::Null, application: "" };
    let said = crash_of_node(&current(), client);
    assert!(said.contains("TypeError: Cannot use 'in' operator to search for 'key' in false"), "{said}");
}

/// Node does not trust the issuer of RDS.
#[test]
fn node_postgres_with_ssl_true_is_encrypted_and_ends_at_the_unknown_issuer() {
    assert_eq!(outcome(&current(), "", json!(true)), refused(UNTRUSTED));
    assert_eq!(outcome(&current(), "", json!({})), refused(UNTRUSTED));
    assert_eq!(outcome(&current(), "?ssl=true", Value::Null), refused(UNTRUSTED));
}

#[test]
fn node_postgres_with_the_bundle_of_the_issuer_is_let_in() {
    assert_eq!(outcome(&current(), "", json!({ "ca": FORCED.bundle() })), Outcome::Tls);
    let file = in_url(&FORCED.roots.path("ours.pem").display().to_string());
    let query = format!("?sslmode=verify-full&sslrootcert={file}");
    assert_eq!(outcome(&current(), &query, Value::Null), Outcome::Tls);
    let other = std::fs::read_to_string(FORCED.roots.path("other.pem")).unwrap();
    let refusal = outcome(&current(), "", json!({ "ca": other }));
    assert!(matches!(&refusal, Outcome::Refused(words) if words.contains("certificate")), "{refusal:?}");
}

#[test]
fn node_postgres_without_verification_is_let_in() {
    assert_eq!(outcome(&current(), "", json!({ "rejectUnauthorized": false })), Outcome::Tls);
    assert_eq!(outcome(&current(), "?sslmode=no-verify", Value::Null), Outcome::Tls);
}

/// Unlike libpq: <https://github.com/brianc/node-postgres/blob/master/packages/pg-connection-string/README.md>
#[test]
fn node_postgres_takes_prefer_require_and_verify_ca_for_verify_full_and_says_that_it_will_not_be_so() {
    for mode in ["prefer", "require", "verify-ca", "verify-full"] {
        let query = format!("?sslmode={mode}");
        let sessions = node(&current(), &[Node { url: FORCED.url(&query), ssl: Value::Null, application: "" }]);
        assert_eq!(sessions.outcomes, [refused(UNTRUSTED)], "{mode}");
        let warned = sessions.warnings().iter().any(|text| text.contains("treated as aliases for 'verify-full'"));
        assert_eq!(warned, mode != "verify-full", "{mode}: {:?}", sessions.warnings());
    }
}

#[test]
fn node_postgres_with_uselibpqcompat_takes_require_as_libpq_does() {
    let query = "?uselibpqcompat=true&sslmode=require";
    assert_eq!(outcome(&current(), query, Value::Null), Outcome::Tls);
    assert_eq!(outcome(&current(), "?uselibpqcompat=true&sslmode=prefer", Value::Null), Outcome::Tls);
    // The reader of URLs of before 2.8 knows no such word.
    let older = packages::node_postgres("8.14.1", "2.7.0");
    assert_eq!(outcome(&older, query, Value::Null), refused(UNTRUSTED));
}

#[test]
fn node_postgres_forgets_the_bundle_in_the_code_when_the_url_has_an_sslmode() {
    let ssl = json!({ "ca": FORCED.bundle() });
    assert_eq!(outcome(&current(), "?sslmode=require", ssl.clone()), refused(UNTRUSTED));
    assert_eq!(outcome(&current(), "?sslmode=disable", ssl), refused(&no_entry()));
}

/// `sslmode` came with 8.4.
#[test]
fn node_postgres_of_before_8_4_takes_no_notice_of_sslmode_and_is_refused() {
    let old = packages::node_postgres("8.3.3", "2.3.0");
    assert_eq!(outcome(&old, "?sslmode=require", Value::Null), refused(&no_entry()));
    assert_eq!(outcome(&old, "?sslmode=no-verify", Value::Null), refused(&no_entry()));
    assert_eq!(outcome(&old, "?ssl=no-verify", Value::Null), Outcome::Tls);
    assert_eq!(outcome(&old, "?ssl=true", Value::Null), refused(UNTRUSTED));
}

/// As Hasura, psql and everything else that is built upon libpq.
#[test]
fn libpq_prefers_tls_and_is_let_in_but_with_disable() {
    let ours = in_url(&FORCED.roots.path("ours.pem").display().to_string());
    let other = in_url(&FORCED.roots.path("other.pem").display().to_string());
    let queries = [
        String::new(),
        "?sslmode=allow".to_owned(),
        "?sslmode=prefer".to_owned(),
        "?sslmode=require".to_owned(),
        format!("?sslmode=verify-ca&sslrootcert={ours}"),
        format!("?sslmode=verify-full&sslrootcert={ours}"),
        "?sslmode=disable".to_owned(),
        format!("?sslmode=require&sslrootcert={other}"),
        format!("?sslmode=verify-full&sslrootcert={other}"),
        "?sslmode=verify-full&sslrootcert=/nowhere/root.crt".to_owned(),
        "?sslrootcert=system".to_owned(),
    ];
    let sessions = python(&queries.each_ref().map(|query| FORCED.url(query)));
    assert!(sessions.libpq() >= 160_000, "{}", sessions.libpq());
    let (good, bad) = sessions.outcomes.split_at(6);
    assert_eq!(good, vec![Outcome::Tls; 6]);
    let entry = no_entry();
    let expected = [
        entry.as_str(),
        "certificate verify failed",
        "certificate verify failed",
        "does not exist",
        "certificate verify failed",
    ];
    for ((query, outcome), words) in queries[6..].iter().zip(bad).zip(expected) {
        assert!(matches!(outcome, Outcome::Refused(said) if said.contains(words)), "{query}: {outcome:?}");
    }
}

#[test]
fn tokio_postgres_is_let_in_only_with_a_tls_connector_that_knows_the_issuer() {
    let (ours, other) = (FORCED.roots.path("ours.pem"), FORCED.roots.path("other.pem"));
    let cases = [
        ("", Some(&ours), None),
        ("?sslmode=require", Some(&ours), None),
        ("", None, Some(no_entry())),
        ("?sslmode=disable", Some(&ours), Some(no_entry())),
        ("?sslmode=require", Some(&other), Some("UnknownIssuer".to_owned())),
        ("", Some(&other), Some("UnknownIssuer".to_owned())),
        ("?sslmode=require", None, Some("TLS".to_owned())),
    ];
    for (query, roots, words) in cases {
        let (outcome, _client) = RUNTIME.block_on(rust::connect(&FORCED.url(query), roots.map(PathBuf::as_path)));
        match words {
            None => assert_eq!(outcome, Outcome::Tls, "{query}"),
            Some(words) => {
                assert!(matches!(&outcome, Outcome::Refused(said) if said.contains(&words)), "{query}: {outcome:?}");
            }
        }
    }
}

/// On a server that takes both: the ones without TLS are found, by name, and nobody else is.
#[test]
fn the_check_of_sessions_sees_exactly_the_clients_in_clear_that_are_refused_once_tls_is_forced() {
    let place = RUNTIME.block_on(Place::start(14, false));
    let named = |name: &str, more: &str| place.url(&format!("?application_name={name}{more}"));
    let client = |application, ssl| Node { url: place.url(""), ssl, application };
    let in_node = node(
        &current(),
        &[client("node-clear", json!(false)), client("node-tls", json!({ "rejectUnauthorized": false }))],
    );
    assert_eq!(in_node.outcomes, [Outcome::Clear, Outcome::Tls]);
    let in_python = python(&[named("libpq-tls", ""), named("libpq-clear", "&sslmode=disable")]);
    assert_eq!(in_python.outcomes, [Outcome::Tls, Outcome::Clear]);
    let ours = place.roots.path("ours.pem");
    let (in_clear, _clear) = RUNTIME.block_on(rust::connect(&named("rust-clear", ""), None));
    let (in_tls, _tls) = RUNTIME.block_on(rust::connect(&named("rust-tls", ""), Some(&ours)));
    assert_eq!((in_clear, in_tls), (Outcome::Clear, Outcome::Tls));

    let found = || {
        let facts = RUNTIME.block_on(look(&place.server));
        let report = judge_as(&facts, &Registry::built_in(), "16.3", Some(Platform::Rds));
        let result = result(&report, "pg.plaintext-sessions");
        assert_eq!(result.status, Status::Fail);
        format!("{:?}", result.findings)
    };
    let all = ["node-clear", "node-tls", "libpq-tls", "libpq-clear", "rust-clear", "rust-tls"];
    let named = |text: &str| all.into_iter().filter(|name| text.contains(name)).collect::<Vec<_>>();
    let text = found();
    assert_eq!(named(&text), ["node-clear", "libpq-clear", "rust-clear"], "{text}");
    assert!(text.contains("app") && text.contains(ELSEWHERE), "{text}");

    // Only new connections are refused; those that are there stay, and are still seen.
    RUNTIME.block_on(place.set_force_ssl(true));
    let again = node(&current(), &[client("", json!(false)), client("", json!({ "rejectUnauthorized": false }))]);
    assert_eq!(again.outcomes, [refused(&no_entry()), Outcome::Tls]);
    assert_eq!(named(&found()), ["node-clear", "libpq-clear", "rust-clear"]);
}

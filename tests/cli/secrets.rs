//! No password in any output, wherever it was given and whatever goes wrong.

use crate::harness::{Place, Preflight, clean, story};
use crate::proxy::{Fault, Proxy};

const CANARY: &str = "c4n4ry-p4ssw0rd";
const FORMATS: [&str; 6] = ["table", "json", "markdown", "junit", "sarif", "github"];

/// The three ways to give a password, with this address.
fn ways(place: &Place, user: &str, words: &str) -> Vec<Preflight> {
    let address = place.database.rsplit('@').next().unwrap().rsplit("://").next().unwrap();
    let (host, database) = address.split_once('/').unwrap();
    let (host, port) = host.split_once(':').unwrap();
    let database = database.split('?').next().unwrap();
    let bare = format!("--database-url postgres://{user}@{host}:{port}/{database}");
    let ask = |more: &str| place.ask(&format!("{words} --verbose {more}"));
    vec![
        ask(&format!("--database-url postgres://{user}:{CANARY}@{host}:{port}/{database}")),
        ask(&bare).env("PGPASSWORD", CANARY),
        ask(&bare).file(".pgpass", &format!("*:*:*:*:{CANARY}\n")),
        ask("").args(["--database-url", &format!("host={host} port={port} user={user} password='{CANARY}'")]),
    ]
}

#[track_caller]
fn says_nothing(run: Preflight) {
    let ran = run.run();
    assert!(ran.code.is_some_and(|code| code != 0), "{ran:?}");
    assert!(!ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY), "{}\n{}", ran.stdout, ran.stderr);
    assert!(!ran.stderr.contains("not-a-secret") && !ran.stdout.contains("not-a-secret"));
    let kept = std::fs::read_dir(ran.home.path()).unwrap().map(|entry| entry.unwrap().path());
    for path in kept.filter(|path| path.is_file() && !path.ends_with(".pgpass")) {
        assert!(!std::fs::read_to_string(&path).unwrap().contains(CANARY), "{}", path.display());
    }
}

#[test]
fn a_wrong_password_is_in_no_report() {
    let files = FORMATS.map(|format| format!(" --format {format} --output r.{format}")).concat();
    for run in ways(&story(), "preflight", &format!("check --target 16.3{files}")) {
        says_nothing(run);
    }
    for format in FORMATS {
        for run in ways(&story(), "preflight", &format!("check --target 16.3 --format {format}")).drain(..1) {
            says_nothing(run);
        }
    }
}

#[test]
fn a_password_is_in_no_evidence() {
    for run in ways(&story(), "preflight", "collect --output e.json") {
        says_nothing(run);
    }
    // One that works, in a server that takes any.
    let place = clean();
    for run in ways(&place, "postgres", "collect --output e.json") {
        let ran = run.run().code(0);
        let text = std::fs::read_to_string(ran.home("e.json")).unwrap();
        assert!(!text.contains(CANARY) && !ran.stderr.contains(CANARY));
    }
}

/// Nor is a part of the text of a wrong URL, or the user's name taken for a password.
#[test]
fn a_failure_repeats_no_password() {
    let nowhere = Place { database: "postgres://127.0.0.1:1/app".to_owned(), ..story() };
    for run in ways(&nowhere, "preflight", "check --target 16.3") {
        says_nothing(run);
    }
    let proxy = Proxy::before(&story().endpoint, |operation, _| Some(Fault::denied(operation)));
    for run in ways(&story().through(&proxy.url), "preflight", "check --target 16.3") {
        says_nothing(run);
    }
    for url in [
        format!("postgres://me:{CANARY}@127.0.0.1:99999/x"),
        format!("postgres://me:{CANARY}@[::1/x"),
        format!("postgres//me:{CANARY}@db/x"),
        format!("host=db password={CANARY} nonsense=1"),
        format!("host=db password=two {CANARY} user=me"),
        format!("postgres://me:{CANARY}@db/x?sslmode=nonsense"),
        format!("postgres://me:{CANARY}%zz@db/x"),
        format!("postgres://me:a@{CANARY}@127.0.0.1:1/x"),
    ] {
        says_nothing(story().ask("check --verbose --target 16.3").args(["--database-url", url.as_str()]));
    }
}

/// The role's own name may be what somebody pasted a password into; the server repeats it, and so we do not hide it.
/// A password that the server repeats is hidden.
#[test]
fn help_shows_no_value_of_the_environment() {
    for words in ["check --help", "collect --help", "check -h"] {
        let ran = crate::harness::preflight(words).env("DATABASE_URL", format!("postgres://me:{CANARY}@db/x")).run();
        assert_eq!(ran.code, Some(0));
        assert!(!ran.stdout.contains(CANARY), "{}", ran.stdout);
    }
}

const SECRET: &str = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:db";

/// What Secrets Manager answers with.
fn with_secret(place: Place, status: u16, body: &str) -> (Proxy, Place) {
    let fault = Fault::Answer { status, kind: "application/x-amz-json-1.1", body: body.as_bytes().to_vec() };
    let proxy = Proxy::with(&place.endpoint, "GetSecretValue", fault);
    let place = place.through(&proxy.url);
    (proxy, place)
}

#[test]
fn a_password_of_secrets_manager_is_used_and_kept() {
    let url = story().database;
    let (login, address) = url.split_once("://").unwrap().1.split_once('@').unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let secret = |password: &str| {
        let value = serde_json::json!({ "username": user, "password": password }).to_string();
        serde_json::json!({ "ARN": SECRET, "SecretString": value }).to_string()
    };
    let words =
        format!("check --target 16.3 --verbose --format json --secret {SECRET} --database-url postgres://{address}");
    let (_proxy, place) = with_secret(story(), 200, &secret(password));
    let ran = place.ask(&words).run().code(1);
    assert!(!ran.stderr.contains(password) && !ran.stdout.contains(password));
    assert!(ran.stdout.contains("public.hooks.fn"));

    let (_proxy, place) = with_secret(story(), 200, &secret(CANARY));
    says_nothing(place.ask(&words));
    let (_proxy, place) = with_secret(story(), 200, &serde_json::json!({ "SecretString": CANARY }).to_string());
    says_nothing(place.ask(&words));

    let refused =
        r#"{"__type":"AccessDeniedException","Message":"not authorized to perform: secretsmanager:GetSecretValue"}"#;
    let (_proxy, place) = with_secret(clean(), 400, refused);
    let words = format!("check --target 17.6 --format json --secret {SECRET}");
    let report = place.ask(&words).run().report(3);
    let reason = report.reason("pg.reg-types");
    assert!(reason.contains(SECRET) && reason.contains("not authorized to perform"), "{reason}");
    assert_eq!(report.status("rds.target-version"), "pass");
}

#[test]
fn keys_of_aws_are_in_no_output() {
    let proxy =
        Proxy::before(&clean().endpoint, |operation, _| Some(Fault::error(403, operation, "InvalidSignature", "x")));
    for format in FORMATS {
        let ran = clean().through(&proxy.url).check_aws(&format!("--verbose --format {format}"));
        let ran = ran.env("AWS_SECRET_ACCESS_KEY", CANARY).env("AWS_SESSION_TOKEN", CANARY).run().code(3);
        assert!(!ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY));
    }
}

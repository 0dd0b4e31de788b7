//! Services in front of the database over real HTTP: recorded answers, and all that can come instead of one.

#![allow(clippy::unwrap_used, reason = "the functions here are parts of tests")]

#[path = "../support/web.rs"]
mod web;

use std::time::{Duration, Instant};

use pg_preflight::collect::services::{Address, Limits, collect};
use pg_preflight::facts::{RunningService, ServiceKind, Source};
use web::{Said, Tls, Web, path};

/// Short, so that waiting for what never comes is quick.
const LIMITS: Limits = Limits { connect_timeout: Duration::from_millis(600), timeout: Duration::from_millis(1200) };

fn hasura(url: &str) -> Address {
    Address { kind: ServiceKind::Hasura, url: url.to_owned() }
}

fn metabase(url: &str) -> Address {
    Address { kind: ServiceKind::Metabase, url: url.to_owned() }
}

async fn ask_all(services: &[Address]) -> Vec<RunningService> {
    collect(services, None, LIMITS, &|_| ()).await.unwrap()
}

/// What one service says.
async fn ask(service: Address) -> Source<String> {
    ask_all(&[service]).await.remove(0).version
}

#[track_caller]
fn reason(said: &Source<String>) -> &str {
    match said {
        Source::Unavailable { reason } => {
            assert!(!reason.contains('\n') && !reason.contains("canary"), "{reason}");
            reason
        }
        other => panic!("{other:?}"),
    }
}

fn version(text: &str) -> Source<String> {
    Source::Collected(text.to_owned())
}

/// Why a service that says this says no version.
async fn refused(said: Said) -> String {
    let web = Web::start(move |_| said.clone()).await;
    reason(&ask(hasura(&web.url)).await).to_owned()
}

#[tokio::test]
async fn each_service_is_asked_at_its_own_place_and_nothing_secret_is_sent() {
    let web = Web::start(|request| match path(request) {
        "/v1/version" => Said::file(200, "hasura-2.48.json"),
        "/old/v1/version" => Said::file(200, "hasura-1.3.json"),
        "/data/api/session/properties" => Said::file(200, "metabase-0.58.json"),
        other => panic!("{other}"),
    })
    .await;
    let url = &web.url;
    let with_secrets = format!("{}/?key=canary#canary", url.replace("://", "://me:canary@"));
    let asked = [hasura(url), hasura(&format!("{url}/old/")), metabase(&format!("{url}/data")), hasura(&with_secrets)];
    let said = ask_all(&asked).await;
    let found: Vec<_> = said.iter().map(|one| (one.kind, one.url.as_str(), one.version.clone())).collect();
    let (old, data) = (format!("{url}/old"), format!("{url}/data"));
    let expected = [
        (ServiceKind::Hasura, url.as_str(), version("v2.48.16")),
        (ServiceKind::Hasura, &old, version("v1.3.3")),
        (ServiceKind::Metabase, &data, version("v0.58.24")),
        (ServiceKind::Hasura, url.as_str(), version("v2.48.16")),
    ];
    assert_eq!(found, expected);
    let requests = web.requests();
    assert_eq!(requests.len(), 4);
    for request in requests {
        let names: Vec<&str> = request.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
        assert!(request.starts_with("GET /") && !request.contains("canary"), "{request}");
        assert_eq!(names, ["accept", "user-agent", "host"], "{request}");
    }
}

#[tokio::test]
async fn an_answer_that_is_none_says_what_it_is() {
    let page = "<html><body>canary</body></html>";
    let whole = br#"{"server_type":"ce","version":"v2.48.16"}"#;
    for (said, expected) in [
        (Said::file(503, "hasura-unavailable.html"), "it answered with a web page, HTTP 503 Service Unavailable"),
        (Said::body(200, "text/plain", page), "it answered with a web page, HTTP 200 OK"),
        (
            Said::body(401, "application/json", r#"{"error":"canary"}"#),
            "it answered HTTP 401 Unauthorized to GET /v1/version",
        ),
        (Said::body(404, "text/plain", "canary"), "it answered HTTP 404 Not Found to GET /v1/version"),
        (Said::body(200, "application/json", ""), "its answer is empty, HTTP 200 OK"),
        (Said::json("{"), "its answer is no JSON: EOF while parsing an object at line 1 column 1"),
        (Said::json(r#"{"release":"canary"}"#), "its answer has no version"),
        (Said::json(r#"{"version":"latest"}"#), "what it says is no version: 'latest'"),
        (Said::cut_to(200, "application/json", whole, 20), "its answer breaks off: "),
        // An error page that breaks off is an error page.
        (Said::cut_to(502, "text/html", page.as_bytes(), 3), "it answered with a web page, HTTP 502 Bad Gateway"),
        (Said::Bytes(b"HTTP/1.1 200 O".to_vec()), "no answer: "),
        (Said::Bytes(Vec::new()), "no answer: "),
        (Said::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec()), "no answer: "),
    ] {
        let reason = refused(said).await;
        let matches = if expected.ends_with(": ") { reason.starts_with(expected) } else { reason == expected };
        assert!(matches, "{reason}, not {expected}");
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let filler = "x".repeat(1_100_000);
    let large = format!(r#"{{"filler":"{filler}","version":"v2.48.16"}}"#);
    assert_eq!(refused(Said::json(&large)).await, "its answer is larger than 1 MB");
    // Also when no length is announced.
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    assert_eq!(refused(Said::Bytes(format!("{head}{large}").into_bytes())).await, "its answer is larger than 1 MB");
    // What Metabase tells everybody is large.
    let large = format!(r#"{{"filler":"{}","version":"v2.48.16"}}"#, "x".repeat(900_000));
    let web = Web::start(move |_| Said::json(&large)).await;
    assert_eq!(ask(hasura(&web.url)).await, version("v2.48.16"));
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_the_limits() {
    let started = Instant::now();
    assert_eq!(refused(Said::Nothing).await, "no answer in 1.2s");
    let slowly = |body: &str| {
        let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        Said::Slowly(Duration::from_millis(100), text.into_bytes())
    };
    assert_eq!(refused(slowly(r#"{"version":"v2.48.16"}"#)).await, "no answer in 1.2s");
    // Somebody listens and never says a word of TLS.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", silent.local_addr().unwrap().port());
    assert_eq!(reason(&ask(hasura(&url)).await), "no connection in 600ms");
    // Redirects share one limit.
    let web = Web::start(|request| {
        let step: usize = path(request).rsplit('/').next().unwrap().parse().unwrap_or(0);
        let to = format!("HTTP/1.1 302 Found\r\nLocation: /{}\r\nContent-Length: 0\r\n\r\n", step + 1);
        Said::Slowly(Duration::from_millis(8), to.into_bytes())
    })
    .await;
    assert_eq!(reason(&ask(hasura(&web.url)).await), "no answer in 1.2s");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[tokio::test]
async fn all_are_asked_at_once_and_one_does_not_spoil_another() {
    let slow = Web::start(|_| Said::Nothing).await;
    let good = Web::start(|_| Said::file(200, "hasura-2.48.json")).await;
    let started = Instant::now();
    let said = ask_all(&[hasura(&slow.url), metabase(&slow.url), hasura(&good.url), metabase(&good.url)]).await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let versions: Vec<_> = said.iter().map(|service| service.version.clone()).collect();
    let expected = [
        Source::unavailable("no answer in 1.2s"),
        Source::unavailable("no answer in 1.2s"),
        version("v2.48.16"),
        Source::unavailable("its answer has no version.tag"),
    ];
    assert_eq!(versions, expected);
}

#[tokio::test]
async fn redirects_are_followed_to_their_end() {
    let web = Web::start(|request| match path(request) {
        "/v1/version" => Said::redirect(301, "/a/b"),
        "/a/b" => Said::redirect(302, "c?token=canary"),
        "/a/c?token=canary" => Said::redirect(308, "/final"),
        "/final" => Said::file(200, "hasura-2.48.json"),
        other => panic!("{other}"),
    })
    .await;
    assert_eq!(ask(hasura(&web.url)).await, version("v2.48.16"));

    let cases = [
        ("/v1/version", "it redirects more than 5 times, at last to URL/v1/version"),
        ("https://", "it redirects (HTTP 302) to no address of the web"),
        ("mailto:me@example.org", "it redirects (HTTP 302) to no address of the web"),
        ("file:///etc/passwd", "it redirects (HTTP 302) to no address of the web"),
    ];
    for (to, expected) in cases {
        let web = Web::start(|_| Said::redirect(302, to)).await;
        assert_eq!(reason(&ask(hasura(&web.url)).await), expected.replace("URL", &web.url));
    }
    let nowhere = Said::Bytes(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_vec());
    assert_eq!(refused(nowhere).await, "it redirects (HTTP 302) to no address of the web");
    // A status that only looks like one.
    let same = Said::Bytes(b"HTTP/1.1 304 Not Modified\r\nLocation: /\r\n\r\n".to_vec());
    assert_eq!(refused(same).await, "it answered HTTP 304 Not Modified to GET /v1/version");
}

#[tokio::test]
async fn a_login_page_says_where_it_is_and_gets_no_password() {
    let login = Web::start(|_| Said::body(200, "text/html", "<html>Sign in</html>")).await;
    let to = format!("{}/login?state=canary", login.url.replace("://", "://me:canary@"));
    let web = Web::start(move |_| Said::redirect(302, &to)).await;
    let expected = format!("it answered with a web page, HTTP 200 OK (after a redirect to {}/login)", login.url);
    assert_eq!(reason(&ask(hasura(&web.url)).await), expected);
    assert!(!login.requests()[0].to_ascii_lowercase().contains("authorization"), "{:?}", login.requests());
}

#[tokio::test]
async fn tls_is_verified_and_never_left() {
    let (tls, other) = (Tls::signed_by("ours"), Tls::signed_by("theirs"));
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours.pem"), folder.path().join("theirs.pem"));
    std::fs::write(&ours, &tls.issuer).unwrap();
    std::fs::write(&theirs, &other.issuer).unwrap();
    let plain = Web::start(|_| Said::file(200, "hasura-2.48.json")).await;
    let down = format!("{}/v1/version", plain.url);
    let web = Web::start_with(Some(&tls), move |request| match path(request) {
        "/down/v1/version" => Said::redirect(302, &down),
        _ => Said::file(200, "hasura-2.48.json"),
    })
    .await;
    let up = format!("{}/v1/version", web.url);
    let upward = Web::start(move |_| Said::redirect(307, &up)).await;
    let asked = [hasura(&web.url), hasura(&upward.url), hasura(&format!("{}/down", web.url))];
    let said = collect(&asked, Some(&ours), LIMITS, &|_| ()).await.unwrap();
    assert_eq!((&said[0].version, &said[1].version), (&version("v2.48.16"), &version("v2.48.16")));
    let down = format!("it redirects from https to {}/v1/version, which is not followed", plain.url);
    assert_eq!(reason(&said[2].version), down);
    assert!(plain.requests().is_empty());

    // Another's name, another's issuer, no TLS behind it, TLS where none is expected.
    let by_address = hasura(&web.url.replace("localhost", "127.0.0.2"));
    let no_tls = hasura(&plain.url.replace("http://", "https://"));
    let in_clear = hasura(&web.url.replace("https://", "http://"));
    let said = collect(&[by_address, no_tls, in_clear], Some(&ours), LIMITS, &|_| ()).await.unwrap();
    for (one, expected) in said.iter().zip(["no answer: ", "no connection in 600ms", "no answer: "]) {
        assert!(reason(&one.version).starts_with(expected), "{one:?}");
    }
    let said = collect(&[hasura(&web.url)], Some(&theirs), LIMITS, &|_| ()).await.unwrap();
    let expected = "no answer: invalid peer certificate: UnknownIssuer; \
                    AWS_CA_BUNDLE or SSL_CERT_FILE can name a file with its issuer";
    assert_eq!(reason(&said[0].version), expected);
    let mistake = collect(&[hasura(&web.url)], Some(&folder.path().join("none.pem")), LIMITS, &|_| ()).await;
    assert!(mistake.unwrap_err().to_string().starts_with("cannot use the certificates of AWS_CA_BUNDLE in "));
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_a_gap() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for (url, expected) in [
        (closed.as_str(), "no answer: Connection refused"),
        ("http://no-such-host.invalid", "no answer: "),
        ("https://host:99999", "its address cannot be used: invalid port number"),
        ("https://[::1", "its address cannot be used: "),
    ] {
        let said = ask(hasura(url)).await;
        assert!(reason(&said).starts_with(expected), "{url}: {said:?}");
    }
}

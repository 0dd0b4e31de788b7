//! `sslmode`, against servers with certificates of their own.

use std::path::{Path, PathBuf};

use pg_preflight::collect::postgres::{Limits, collect};
use pg_preflight::demo::Server;
use tokio_postgres::Client;

use crate::certified::{self, Authorities};
use crate::world::{ROLE, collected, in_url, inside, refusal, rows, run, settings, with_own, world};

/// Gives the server a certificate for `names` and has it take [`ROLE`] by TLS only.
async fn encrypt(server: &Server, admin: &Client, names: &[&str]) -> Authorities {
    let hba = format!("hostssl all {ROLE} 127.0.0.1/32 trust\nhost all postgres 127.0.0.1/32 trust\n");
    certified::encrypt(server, admin, names, &hba).await
}

fn url(server: &Server, host: &str, mode: &str, root: Option<&Path>) -> String {
    let root = root.map(|path| format!("&sslrootcert={}", in_url(&path.display().to_string()))).unwrap_or_default();
    format!("postgresql://{ROLE}@{host}:{}/postgres?sslmode={mode}{root}", server.port())
}

/// Whether the connection was encrypted, as the server sees it.
async fn encrypted(url: &str) -> bool {
    let own = "SELECT s.ssl::text AS object, '' AS detail FROM pg_catalog.pg_stat_ssl s \
               WHERE s.pid = pg_catalog.pg_backend_pid()";
    let registry = with_own(&[("tls", "each-database", own)]);
    let facts = collected(collect(&settings(url), &registry.queries(), Limits::default(), &|_| ()).await);
    let said: Vec<_> = ["postgres", "template1"]
        .map(|database| rows(inside(&facts, database), "own.tls").cell(0, "object").unwrap() == "true")
        .to_vec();
    assert_eq!(said[0], said[1]);
    said[0]
}

#[tokio::test]
async fn every_mode_means_what_it_says() {
    for (major, protocol) in [(12, "TLSv1.2"), (16, "TLSv1.3")] {
        let (server, admin) = world(major).await;
        run(&admin, &format!("ALTER SYSTEM SET ssl_max_protocol_version = '{protocol}'")).await;
        let roots = encrypt(&server, &admin, &["localhost"]).await;
        let (ours, other) = (roots.path("ours.pem"), roots.path("other.pem"));
        for (host, mode, root) in [
            ("127.0.0.1", "prefer", None),
            ("127.0.0.1", "require", None),
            ("127.0.0.1", "require", Some(&ours)),
            ("127.0.0.1", "verify-ca", Some(&ours)),
            ("localhost", "verify-ca", Some(&ours)),
            ("localhost", "verify-full", Some(&ours)),
            ("localhost", "verify-full", Some(&roots.path("both.pem"))),
        ] {
            assert!(encrypted(&url(&server, host, mode, root.map(PathBuf::as_path))).await, "{host} {mode}");
        }
        for (host, mode, root, words) in [
            ("127.0.0.1", "verify-full", Some(&ours), "not valid for name"),
            ("localhost", "verify-full", Some(&other), "UnknownIssuer"),
            ("localhost", "verify-ca", Some(&other), "UnknownIssuer"),
            ("localhost", "require", Some(&other), "UnknownIssuer"),
            ("localhost", "verify-full", None, "needs sslrootcert"),
            ("localhost", "verify-ca", None, "needs sslrootcert"),
            ("localhost", "verify-full", Some(&roots.path("missing.pem")), "cannot read the root certificates"),
            ("localhost", "verify-full", Some(&roots.path("empty.pem")), "cannot read the root certificates"),
            ("127.0.0.1", "disable", None, "no pg_hba.conf entry for host"),
        ] {
            let refused = settings(&url(&server, host, mode, root.map(PathBuf::as_path)));
            let reason = refusal(&refused, Limits::default()).await;
            assert!(reason.contains(words), "{host} {mode}: {reason}");
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_asked_in_clear_only_where_that_is_allowed() {
    let (server, _admin) = world(16).await;
    for mode in ["disable", "allow", "prefer"] {
        assert!(!encrypted(&url(&server, "127.0.0.1", mode, None)).await, "{mode}");
    }
    let reason = refusal(&settings(&url(&server, "127.0.0.1", "require", None)), Limits::default()).await;
    assert!(reason.contains("server does not support TLS"), "{reason}");
    // As a token must not travel in clear.
    let insisting = settings(&url(&server, "127.0.0.1", "prefer", None)).with_tls();
    assert_eq!(refusal(&insisting, Limits::default()).await, reason);
}

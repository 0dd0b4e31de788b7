//! `sslmode`, against servers with certificates of their own.

use std::path::{Path, PathBuf};

use pg_preflight::collect::postgres::{Limits, collect};
use pg_preflight::demo::Server;
use rustls::pki_types::pem::PemObject as _;
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

/// A client of an application, from an address that is not the server's own.
async fn application(server: &Server, roots: Option<&Path>, name: &str) -> Result<Client, tokio_postgres::Error> {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let stream = socket.connect(format!("127.0.0.1:{}", server.port()).parse().unwrap()).await.unwrap();
    let mut config = tokio_postgres::Config::new();
    config.user("app").dbname("postgres").application_name(name);
    let client = match roots {
        None => {
            let (client, connection) = config.connect_raw(stream, tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            client
        }
        Some(roots) => {
            let mut store = rustls::RootCertStore::empty();
            let certificates = rustls::pki_types::CertificateDer::pem_file_iter(roots).unwrap();
            store.add_parsable_certificates(certificates.map(Result::unwrap));
            let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
            let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
            let tls = tls.unwrap().with_root_certificates(store).with_no_client_auth();
            let mut connector = tokio_postgres_rustls::MakeRustlsConnect::new(tls);
            let connector = tokio_postgres::tls::MakeTlsConnect::<tokio::net::TcpStream>::make_tls_connect(
                &mut connector,
                "localhost",
            );
            config.ssl_mode(tokio_postgres::config::SslMode::Require);
            let (client, connection) = config.connect_raw(stream, connector.unwrap()).await?;
            tokio::spawn(connection);
            client
        }
    };
    Ok(client)
}

/// Those in clear text are found, also one that comes between two looks; those with TLS are not; and what the former
/// are told by a server that requires it, as RDS does by `hostssl`.
#[tokio::test]
async fn clients_in_clear_text_are_seen_and_then_refused() {
    let (server, admin) = world(16).await;
    run(&admin, "CREATE ROLE app LOGIN").await;
    let roots = encrypt(&server, &admin, &["localhost"]).await;
    let rules = |kind: &str| {
        let own = format!("host all postgres 127.0.0.1/32 trust\nhostssl all {ROLE} 127.0.0.1/32 trust\n");
        format!("{own}{kind} all app 127.0.0.2/32 trust\n")
    };
    certified::let_in(&server, &admin, &rules("host")).await;
    let ours = roots.path("ours.pem");
    let _plain = application(&server, None, "plain").await.unwrap();
    let _encrypted = application(&server, Some(&ours), "encrypted").await.unwrap();
    let late = async {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        application(&server, None, "late").await.unwrap()
    };
    let registry = pg_preflight::checks::Registry::built_in();
    let login = settings(&url(&server, "127.0.0.1", "require", None));
    let queries: Vec<_> = registry.queries().into_iter().filter(|query| query.key == "pg.plaintext-sessions").collect();
    let (facts, _late) = tokio::join!(collect(&login, &queries, Limits::default(), &|_| ()), late);
    let facts = collected(facts);
    let seen = rows(&facts.cluster, "pg.plaintext-sessions");
    let names: Vec<_> = (0..seen.rows.len()).map(|row| seen.cell(row, "application").unwrap()).collect();
    assert_eq!(names, ["plain", "late"]);
    assert_eq!((seen.cell(0, "client"), seen.cell(0, "in_database")), (Some("127.0.0.2"), Some("postgres")));

    certified::let_in(&server, &admin, &rules("hostssl")).await;
    let refused = application(&server, None, "plain").await.unwrap_err();
    let said = refused.as_db_error().unwrap();
    assert_eq!(said.code().code(), "28000");
    assert_eq!(
        said.message(),
        "no pg_hba.conf entry for host \"127.0.0.2\", user \"app\", database \"postgres\", no encryption"
    );
    application(&server, Some(&ours), "encrypted").await.unwrap();
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

//! `sslmode`, against servers with certificates of their own.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use pg_preflight::collect::postgres::{Limits, collect};
use pg_preflight::demo::Server;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio_postgres::Client;

use crate::world::{ROLE, collected, in_url, inside, refusal, rows, run, settings, texts, with_own, world};

/// Certificates on disk: the one that signed the server's, and another.
struct Authorities {
    folder: TempDir,
}

impl Authorities {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Gives the server a certificate for `names` and has it take TLS connections only.
async fn encrypt(server: &Server, admin: &Client, names: &[&str]) -> Authorities {
    let (ours, other) = (authority("ours"), authority("other"));
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &ours).unwrap();
    let data = server.data_dir();
    install(&data, "server.crt", &certificate.pem());
    install(&data, "server.key", &key.serialize_pem());
    install(
        &data,
        "pg_hba.conf",
        &format!("hostssl all {ROLE} 127.0.0.1/32 trust\nhost all postgres 127.0.0.1/32 trust\n"),
    );
    run(admin, "ALTER SYSTEM SET ssl = on").await;
    run(admin, "SELECT pg_reload_conf()").await;
    while texts(admin, "SHOW ssl").await != ["on"] {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ours.pem"), ours.pem()).unwrap();
    std::fs::write(folder.path().join("other.pem"), other.pem()).unwrap();
    std::fs::write(folder.path().join("both.pem"), format!("{}{}", other.pem(), ours.pem())).unwrap();
    std::fs::write(folder.path().join("empty.pem"), "nothing").unwrap();
    Authorities { folder }
}

/// Writes a file of the server's, as the server's account.
fn install(data: &Path, name: &str, text: &str) {
    let path = data.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let owner = data.metadata().unwrap();
    chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
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

//! Servers with certificates of their own.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pg_preflight::demo::Server;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio_postgres::Client;

use crate::world::{run, texts};

/// Certificates on disk: the one that signed the server's (`ours.pem`), another (`other.pem`), both, and none.
pub(crate) struct Authorities {
    folder: TempDir,
}

impl Authorities {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Gives the server a certificate for `names`, and the rules of `pg_hba.conf`. It sends its issuer along, as RDS does.
pub(crate) async fn encrypt(server: &Server, admin: &Client, names: &[&str], hba: &str) -> Authorities {
    let (ours, other) = (authority("ours"), authority("other"));
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &ours).unwrap();
    let data = server.data_dir();
    install(&data, "server.crt", &format!("{}{}", certificate.pem(), ours.pem()));
    install(&data, "server.key", &key.serialize_pem());
    run(admin, "ALTER SYSTEM SET ssl = on").await;
    let_in(server, admin, hba).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ours.pem"), ours.pem()).unwrap();
    std::fs::write(folder.path().join("other.pem"), other.pem()).unwrap();
    std::fs::write(folder.path().join("both.pem"), format!("{}{}", other.pem(), ours.pem())).unwrap();
    std::fs::write(folder.path().join("empty.pem"), "nothing").unwrap();
    Authorities { folder }
}

/// Replaces `pg_hba.conf`, and waits until the server has read it.
pub(crate) async fn let_in(server: &Server, admin: &Client, hba: &str) {
    install(&server.data_dir(), "pg_hba.conf", hba);
    let loaded = "SELECT pg_catalog.pg_conf_load_time()::text";
    let before = texts(admin, loaded).await;
    run(admin, "SELECT pg_reload_conf()").await;
    while texts(admin, "SHOW ssl").await != ["on"] || texts(admin, loaded).await == before {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Writes a file of the server's, as the server's account.
fn install(data: &Path, name: &str, text: &str) {
    let path = data.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let owner = data.metadata().unwrap();
    chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
}

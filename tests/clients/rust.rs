//! tokio-postgres, with and without rustls.

use std::error::Error;
use std::iter;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::sessions::Outcome;

/// Connects, trusting the issuers of a file; without TLS where there is none.
pub(crate) async fn connect(url: &str, roots: Option<&Path>) -> (Outcome, Option<Client>) {
    let connected = match roots {
        Some(roots) => tokio_postgres::connect(url, trusting(roots)).await.map(|(client, connection)| {
            tokio::spawn(connection);
            client
        }),
        None => tokio_postgres::connect(url, NoTls).await.map(|(client, connection)| {
            tokio::spawn(connection);
            client
        }),
    };
    match connected {
        Ok(client) => {
            let query = "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()";
            let tls: bool = client.query_one(query, &[]).await.unwrap().get(0);
            (if tls { Outcome::Tls } else { Outcome::Clear }, Some(client))
        }
        Err(error) => {
            let error: &dyn Error = &error;
            let causes: Vec<String> =
                iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
            (Outcome::Refused(causes.join(": ")), None)
        }
    }
}

fn trusting(roots: &Path) -> MakeRustlsConnect {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(roots).unwrap() {
        store.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    MakeRustlsConnect::new(config.with_root_certificates(store).with_no_client_auth())
}

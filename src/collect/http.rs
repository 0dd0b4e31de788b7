//! The HTTP client of everything that is asked: through which proxies it goes, and whom it trusts.

use std::error::Error;
use std::path::{Path, PathBuf};

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The file of `AWS_CA_BUNDLE` is no use.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the certificates of AWS_CA_BUNDLE in {}", path.display())]
pub struct CaBundle {
    path: PathBuf,
    source: Box<dyn Error + Send + Sync>,
}

/// The file that the environment names.
pub(crate) fn ca_bundle() -> Option<PathBuf> {
    std::env::var_os("AWS_CA_BUNDLE").map(PathBuf::from)
}

/// The issuers of a PEM file, or else the system's, which `SSL_CERT_FILE` and `SSL_CERT_DIR` replace.
pub(super) fn trust(ca_bundle: Option<&Path>) -> Result<TlsContext, CaBundle> {
    match ca_bundle.filter(|path| !path.as_os_str().is_empty()) {
        Some(path) => only(path).map_err(|source| CaBundle { path: path.to_owned(), source }),
        None => Ok(TlsContext::default()),
    }
}

/// The certificates are read twice, since the SDK panics on a file that is no PEM.
fn only(path: &Path) -> Result<TlsContext, Box<dyn Error + Send + Sync>> {
    let pem = std::fs::read(path)?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.map_err(|error| error.to_string())?)?;
    }
    if roots.is_empty() {
        return Err("it holds no certificate".into());
    }
    let store = TrustStore::empty().with_pem_certificate(pem);
    Ok(TlsContext::builder().with_trust_store(store).build()?)
}

/// A client with the proxies of the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.
pub(super) fn connector(settings: Option<HttpConnectorSettings>, trust: &TlsContext) -> Connector {
    let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
    connector.set_connector_settings(settings);
    connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(trust.clone()).build()
}

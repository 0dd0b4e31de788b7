//! A web server on loopback that says what a test has it say: HTTP/1.1 by hand, so that it can also be rude.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What is said to one request.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Bytes(Vec<u8>),
    /// Byte by byte, with a pause before each.
    Slowly(Duration, Vec<u8>),
    /// Nothing at all, for ever.
    Nothing,
}

impl Said {
    pub(crate) fn body(status: u16, kind: &str, body: impl AsRef<[u8]>) -> Self {
        Self::cut_to(status, kind, body.as_ref(), body.as_ref().len())
    }

    pub(crate) fn json(body: impl AsRef<[u8]>) -> Self {
        Self::body(200, "application/json; charset=utf-8", body)
    }

    /// A file of `fixtures/services`.
    pub(crate) fn file(status: u16, name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/services").join(name);
        let body = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let kind =
            if path.extension() == Some("html".as_ref()) { "text/html" } else { "application/json; charset=utf-8" };
        Self::body(status, kind, body)
    }

    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        Self::Bytes(format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into_bytes())
    }

    /// Only the beginning of the body that was announced.
    pub(crate) fn cut_to(status: u16, kind: &str, body: &[u8], length: usize) -> Self {
        let announced = body.len();
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {announced}\r\n\r\n");
        Self::Bytes([head.as_bytes(), &body[..length]].concat())
    }
}

/// The request line and headers of a request.
type Answer = dyn Fn(&str) -> Said + Send + Sync;

/// Certificates for `localhost` and 127.0.0.1, and who signed them.
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    /// PEM
    pub(crate) issuer: String,
}

impl Tls {
    /// Issuers of one name would be told apart by their signatures only.
    pub(crate) fn signed_by(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), issuer: issuer.pem() }
    }
}

pub(crate) struct Web {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Web {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Web {
    pub(crate) async fn start(answer: impl Fn(&str) -> Said + Send + Sync + 'static) -> Self {
        Self::start_with(None, answer).await
    }

    pub(crate) async fn start_with(tls: Option<&Tls>, answer: impl Fn(&str) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let acceptor = tls.map(|tls| tls.acceptor.clone());
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, log): (Arc<Answer>, _) = (Arc::new(answer), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, answer, log) = (acceptor.clone(), Arc::clone(&answer), Arc::clone(&log));
                tokio::spawn(async move {
                    match acceptor {
                        // A client that does not believe the certificate goes away.
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => serve(stream, &*answer, &log).await,
                            Err(_) => None,
                        },
                        None => serve(stream, &*answer, &log).await,
                    }
                });
            }
        });
        Self { url, requests, task }
    }

    /// Request lines and headers, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// One request a connection; a client that goes away is no failure of the test.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &Answer,
    log: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    log.lock().unwrap().push(head.clone());
    match answer(&head) {
        Said::Bytes(bytes) => stream.write_all(&bytes).await.ok()?,
        Said::Slowly(pause, bytes) => {
            for byte in bytes {
                tokio::time::sleep(pause).await;
                stream.write_all(&[byte]).await.ok()?;
                stream.flush().await.ok()?;
            }
        }
        Said::Nothing => std::future::pending().await,
    }
    stream.flush().await.ok()?;
    stream.shutdown().await.ok()
}

/// The path that a request asks for.
pub(crate) fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

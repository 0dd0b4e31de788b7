//! An endpoint of AWS that misbehaves by operation: it stands before the recorded answers and passes on what the
//! script says nothing about. Plain HTTP/1.1, one request a connection, so that it can also be rude.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::RUNTIME;

/// What is done instead of answering.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Answer {
        status: u16,
        kind: &'static str,
        body: Vec<u8>,
    },
    /// The connection ends in the middle of the real answer.
    Cut,
    /// The real answer, later.
    Late(Duration),
}

impl Fault {
    /// An error in the protocol of the service that has the operation.
    pub(crate) fn error(status: u16, operation: &str, code: &str, message: &str) -> Self {
        if operation == "GetMetricStatistics" {
            let pairs = [("__type", code), ("message", message)];
            let body = pairs.iter().flat_map(|(name, value)| [cbor_text(name), cbor_text(value)].concat());
            return Self::Answer { status, kind: "application/cbor", body: [0xa2].into_iter().chain(body).collect() };
        }
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>1</RequestId></ErrorResponse>"
        );
        Self::Answer { status, kind: "text/xml", body: body.into_bytes() }
    }

    pub(crate) fn denied(operation: &str) -> Self {
        let message = format!("User: arn:aws:iam::123456789012:user/ci is not authorized to perform: {operation}");
        Self::error(403, operation, "AccessDenied", &message)
    }

    pub(crate) fn html(status: u16) -> Self {
        let body = b"<!DOCTYPE html><html><body><h1>Sign in to the guest network</h1></body></html>".to_vec();
        Self::Answer { status, kind: "text/html", body }
    }
}

fn cbor_text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short text");
    [&[0x78, length], text.as_bytes()].concat()
}

/// Operation and how often it was asked before.
type Script = dyn Fn(&str, usize) -> Option<Fault> + Send + Sync;

pub(crate) struct Proxy {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Before the endpoint at `upstream` (`http://127.0.0.1:1`).
    pub(crate) fn before(
        upstream: &str,
        script: impl Fn(&str, usize) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (script, log): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&calls));
        let task = RUNTIME.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, upstream.clone(), Arc::clone(&script), Arc::clone(&log)));
            }
        });
        Self { url, calls, task }
    }

    /// With one fault for one operation, whenever it is asked.
    pub(crate) fn with(upstream: &str, operation: &'static str, fault: Fault) -> Self {
        Self::before(upstream, move |asked, _| (asked == operation).then(|| fault.clone()))
    }

    /// The operations asked, each once, sorted.
    pub(crate) fn operations(&self) -> Vec<String> {
        let mut names = self.calls.lock().unwrap().clone();
        names.sort_unstable();
        names.dedup();
        names
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|name| *name == operation).count()
    }
}

/// A client that goes away is no failure of the test.
async fn serve(mut client: TcpStream, upstream: String, script: Arc<Script>, log: Arc<Mutex<Vec<String>>>) {
    let Some((head, body)) = read(&mut client).await else { return };
    let operation = operation(&head, &body);
    let before = {
        let mut log = log.lock().unwrap();
        let before = log.iter().filter(|name| **name == operation).count();
        log.push(operation.clone());
        before
    };
    let answer = match script(&operation, before) {
        Some(Fault::Answer { status, kind, body }) => answer(status, kind, &body),
        Some(Fault::Cut) => {
            let whole = forward(&upstream, &head, &body).await;
            whole[..whole.len() - whole.len() / 4].to_vec()
        }
        Some(Fault::Late(by)) => {
            tokio::time::sleep(by).await;
            forward(&upstream, &head, &body).await
        }
        None => forward(&upstream, &head, &body).await,
    };
    let _ = client.write_all(&answer).await;
    let _ = client.shutdown().await;
}

async fn read(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut seen = Vec::new();
    loop {
        if let Some(at) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&seen[..at]).into_owned();
            let mut body = seen.split_off(at + 4);
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let missing = length.unwrap_or(0).saturating_sub(body.len());
            let mut rest = vec![0; missing];
            client.read_exact(&mut rest).await.ok()?;
            body.extend(rest);
            return Some((head, body));
        }
        if client.read_buf(&mut seen).await.ok()? == 0 {
            return None;
        }
    }
}

fn operation(head: &str, body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let target = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target").then_some(value.rsplit('.').next()?.trim())
    });
    // Smithy RPC v2 has it in the path.
    let path = head.split(' ').nth(1).unwrap_or_default();
    action.or(target).unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default()).to_owned()
}

async fn forward(upstream: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(upstream).await.unwrap();
    let lines = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head = lines.collect::<Vec<_>>().join("\r\n");
    server.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
    server.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.unwrap();
    answer
}

fn answer(status: u16, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nSmithy-Protocol: rpc-v2-cbor\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

//! A stand-in for AWS on loopback: plain HTTP/1.1, so that it can also be rude.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pg_preflight::collect::aws::{Client, configuration};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One request: operation, parameters, when it came and when it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) operation: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) came: Instant,
    pub(crate) answered: Instant,
}

impl Call {
    pub(crate) fn get(&self, parameter: &str) -> Option<&str> {
        self.parameters.get(parameter).map(String::as_str)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
    cut: bool,
}

impl Reply {
    /// A file of `fixtures/wire`.
    pub(crate) fn file(status: u16, name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/wire").join(name);
        let body = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let kind = if Path::new(name).extension() == Some("html".as_ref()) { "text/html" } else { "text/xml" };
        Self { status, kind, body, cut: false }
    }

    pub(crate) fn ok(name: &str) -> Self {
        Self::file(200, &format!("{name}.xml"))
    }

    pub(crate) fn error(status: u16, name: &str) -> Self {
        Self::file(status, &format!("error.{name}.xml"))
    }

    pub(crate) fn body(kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, kind, body: body.into(), cut: false }
    }

    /// The connection ends in the middle of the body.
    pub(crate) fn cut(self) -> Self {
        Self { cut: true, ..self }
    }

    /// The first half of the body, as if it were the whole.
    pub(crate) fn half(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }

    /// The same with another text in it.
    pub(crate) fn replacing(self, from: &str, to: &str) -> Self {
        let body = String::from_utf8(self.body).unwrap();
        assert!(body.contains(from), "{from} is not in the fixture");
        Self { body: body.replace(from, to).into_bytes(), ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        let head = format!(
            "HTTP/1.1 {} Said\r\nContent-Type: {}\r\nSmithy-Protocol: rpc-v2-cbor\r\nContent-Length: {}\r\n\r\n",
            self.status,
            self.kind,
            self.body.len()
        );
        let end = if self.cut { self.body.len() / 2 } else { self.body.len() };
        [head.as_bytes(), &self.body[..end]].concat()
    }
}

type Answer = dyn Fn(&Call) -> Reply + Send + Sync;

pub(crate) struct Server {
    calls: Arc<Mutex<Vec<Call>>>,
    url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(latency: Duration, answer: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (answer, log): (Arc<Answer>, _) = (Arc::new(answer), Arc::clone(&calls));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, latency, Arc::clone(&answer), Arc::clone(&log)));
            }
        });
        Self { calls, url, task }
    }

    /// A client for this server, with the timeouts and retries of the program. Retries are budgeted by Region.
    pub(crate) async fn client(&self, region: &str) -> Client {
        let keys = aws_sdk_rds::config::Credentials::new("AKIDEXAMPLE", "secret-key-text", None, None, "test");
        let loader = configuration(None).unwrap().endpoint_url(&self.url).credentials_provider(keys);
        let config = loader.region(aws_config::Region::new(region.to_owned())).load().await;
        Client::new(&config).unwrap()
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.calls().iter().filter(|call| call.operation == operation).count()
    }

    /// The length of the longest chain of calls each of which came after the one before it was answered.
    pub(crate) fn depth(&self) -> usize {
        let mut calls = self.calls();
        calls.sort_by_key(|call| call.came);
        let mut depths: Vec<usize> = Vec::new();
        for (at, call) in calls.iter().enumerate() {
            let before = (0..at).filter(|earlier| calls[*earlier].answered <= call.came);
            depths.push(1 + before.map(|earlier| depths[earlier]).max().unwrap_or(0));
        }
        depths.into_iter().max().unwrap_or(0)
    }
}

async fn serve(stream: TcpStream, latency: Duration, answer: Arc<Answer>, log: Arc<Mutex<Vec<Call>>>) {
    let mut stream = BufReader::new(stream);
    while let Some(mut call) = read(&mut stream).await {
        tokio::time::sleep(latency).await;
        let reply = answer(&call);
        call.answered = Instant::now();
        log.lock().unwrap().push(call);
        if stream.write_all(&reply.bytes()).await.is_err() || reply.cut {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Call> {
    let (mut head, mut line) = (Vec::new(), String::new());
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        let text = std::mem::take(&mut line);
        if text == "\r\n" {
            break;
        }
        head.push(text.trim_end().to_owned());
    }
    let came = Instant::now();
    let header = |name: &str| {
        let pairs = head.iter().filter_map(|line| line.split_once(": "));
        pairs.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    };
    let path = head.first()?.split(' ').nth(1)?;
    let mut body = vec![0; header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    let parameters: BTreeMap<String, String> = String::from_utf8_lossy(&body)
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    let named = parameters.get("Action").cloned().or_else(|| header("x-amz-target").map(str::to_owned));
    let operation = named.unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default().to_owned());
    Some(Call { operation, parameters, came, answered: came })
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

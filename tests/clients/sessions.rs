//! Clients in processes of their own, and what became of their connections.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::packages;

/// What a client says of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As the server sees it.
    Tls,
    Clear,
    /// In the words of the driver.
    Refused(String),
}

impl Outcome {
    fn of(said: &Value) -> Self {
        match (said["tls"].as_bool(), said["message"].as_str()) {
            (Some(true), _) => Self::Tls,
            (Some(false), _) => Self::Clear,
            (None, Some(message)) => Self::Refused(message.to_owned()),
            _ => panic!("{said}"),
        }
    }
}

/// The connections of one process; they end with it.
pub(crate) struct Sessions {
    process: Child,
    pub(crate) outcomes: Vec<Outcome>,
    said: Value,
}

impl Drop for Sessions {
    fn drop(&mut self) {
        // Its input ends, and so does it.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

impl Sessions {
    fn start(command: &mut Command) -> Self {
        // The warnings of Node are still told to the script.
        let started = command
            .env_remove("PGSSLMODE")
            .env("NODE_NO_WARNINGS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = started.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {command:?}: {line}"));
        let outcomes = said["outcomes"].as_array().unwrap().iter().map(Outcome::of).collect();
        Self { process, outcomes, said }
    }

    /// Of Node: what it warned of while connecting.
    pub(crate) fn warnings(&self) -> Vec<&str> {
        self.said["warnings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
    }

    /// Of Python: the version of libpq.
    pub(crate) fn libpq(&self) -> u64 {
        self.said["libpq"].as_u64().unwrap()
    }
}

/// One client of node-postgres; `ssl` is left out where it is null.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) url: String,
    pub(crate) ssl: Value,
    pub(crate) application: &'static str,
}

pub(crate) fn node(folder: &Path, clients: &[Node]) -> Sessions {
    Sessions::start(&mut of_node(folder, clients))
}

/// What Node says at the end of its life, where the driver does not survive.
pub(crate) fn crash_of_node(folder: &Path, client: Node) -> String {
    let ran = of_node(folder, &[client]).stdin(Stdio::null()).output().unwrap();
    assert!(!ran.status.success() && ran.stdout.is_empty(), "{ran:?}");
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

fn of_node(folder: &Path, clients: &[Node]) -> Command {
    let cases = clients.iter().map(|client| {
        let mut case = json!({ "url": client.url, "application": client.application });
        if !client.ssl.is_null() {
            case["ssl"] = client.ssl.clone();
        }
        case
    });
    let cases = Value::Array(cases.collect());
    let mut node = Command::new("node");
    node.arg(script("connect.cjs")).arg(folder).arg(cases.to_string());
    node
}

pub(crate) fn python(urls: &[String]) -> Sessions {
    let python = packages::psycopg("3.2.13");
    Sessions::start(Command::new(python).arg(script("connect.py")).arg(json!(urls).to_string()))
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

//! The program as a script runs it: nothing of the environment but what the test gives it, and a home of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use pg_preflight::demo::{self, Demo, RdsEndpoint};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::proxy::{Fault, Proxy};
use crate::support;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_pg-preflight");
pub(crate) const ACCOUNT: &str = demo::ACCOUNT;
pub(crate) const CALLER: &str = "arn:aws:iam::123456789012:user/planx-staging-pulumi";

/// The runtime of the stand-ins; it lives as long as the process.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});

/// The story: a PostgreSQL 12 with its blockers, and RDS answers. Its servers end with this process.
static STORY: LazyLock<Demo> =
    LazyLock::new(|| RUNTIME.block_on(demo::start(&|_| ())).unwrap_or_else(|error| panic!("{error}")));

/// RDS answers whose instances are at a PostgreSQL 16 in which there is nothing wrong. In the group of AWS's own that
/// `clean16` uses nobody set a parameter; the recorded answers do not have it.
static CLEAN: LazyLock<(RdsEndpoint, Proxy)> = LazyLock::new(|| {
    let port = support::server(16).port();
    let endpoint = RUNTIME.block_on(RdsEndpoint::serve(port)).expect("a free port");
    let nothing_set = r#"<DescribeDBParametersResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/">
        <DescribeDBParametersResult><Parameters/></DescribeDBParametersResult></DescribeDBParametersResponse>"#;
    let answer = Fault::Answer { status: 200, kind: "text/xml", body: nothing_set.into() };
    let proxy = Proxy::with(&endpoint.url(), "DescribeDBParameters", answer);
    (endpoint, proxy)
});

/// Where a scenario's RDS and database are.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) endpoint: String,
    pub(crate) instance: &'static str,
    pub(crate) database: String,
    /// A valid one.
    pub(crate) target: &'static str,
}

pub(crate) fn story() -> Place {
    Place { endpoint: STORY.aws_endpoint(), instance: demo::INSTANCE, database: STORY.database_url(), target: "16.3" }
}

pub(crate) fn clean() -> Place {
    Place {
        endpoint: CLEAN.1.url.clone(),
        instance: "clean16",
        database: support::server(16).url("postgres"),
        target: "17.6",
    }
}

impl Place {
    /// The same scenario with another endpoint before it.
    pub(crate) fn through(self, endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), ..self }
    }

    /// A command about this instance, with `AWS_*` for its endpoint; options may follow the command.
    pub(crate) fn ask(&self, words: &str) -> Preflight {
        preflight(words).args(["--instance", self.instance]).aws(&self.endpoint)
    }

    /// `check` of the instance and its database against the valid target.
    pub(crate) fn check(&self, words: &str) -> Preflight {
        self.ask(&format!("check --target {} --database-url {} {words}", self.target, self.database))
    }

    /// `check` of what AWS says alone.
    pub(crate) fn check_aws(&self, words: &str) -> Preflight {
        self.ask(&format!("check --target {} --no-database {words}", self.target))
    }
}

/// One run.
pub(crate) struct Preflight {
    command: Command,
    home: TempDir,
}

/// The program with these words.
pub(crate) fn preflight(words: &str) -> Preflight {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(words.split_whitespace()).env_clear().current_dir(home.path()).stdin(Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", home.path()).env("TMPDIR", home.path());
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    Preflight { command, home }
}

impl Preflight {
    pub(crate) fn args<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(words);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn aws(self, endpoint: &str) -> Self {
        self.env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_REGION", demo::REGION)
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    }

    /// Its home, temporary folder and working directory.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// A file in the home, mode 600.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        self
    }

    pub(crate) fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    pub(crate) fn run(mut self) -> Ran {
        let output = self.command.output().unwrap();
        Ran::of(&output, self.home)
    }
}

/// What came of it. The home is there until this is dropped.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) home: TempDir,
}

impl Ran {
    fn of(output: &Output, home: TempDir) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it writes UTF-8");
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr), home }
    }

    /// The run itself, when it ended with this code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let error = |error| panic!("{error}\n{}\n{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(error)
    }

    /// The report, when it came with this code; nothing else was said.
    #[track_caller]
    pub(crate) fn report(self, code: i32) -> Report {
        let ran = self.code(code);
        assert_eq!(ran.stderr, "");
        Report(ran.json())
    }

    /// The one line that a mistake of the user is answered with: exit 2, an empty stdout.
    #[track_caller]
    pub(crate) fn mistake(self) -> String {
        let ran = self.code(2);
        assert_eq!(ran.stdout, "");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        let line = ran.stderr.trim_end().to_owned();
        assert!(line.starts_with("error: "), "{line}");
        line
    }

    pub(crate) fn home(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

/// A report in JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report(pub(crate) Value);

impl Report {
    pub(crate) fn verdict(&self) -> &str {
        self.0["verdict"].as_str().unwrap()
    }

    pub(crate) fn results(&self) -> &[Value] {
        self.0["results"].as_array().unwrap()
    }

    #[track_caller]
    pub(crate) fn result(&self, id: &str) -> &Value {
        self.results().iter().find(|result| result["id"] == id).unwrap_or_else(|| panic!("no result {id}"))
    }

    #[track_caller]
    pub(crate) fn status(&self, id: &str) -> &str {
        self.result(id)["status"].as_str().unwrap()
    }

    #[track_caller]
    pub(crate) fn reason(&self, id: &str) -> &str {
        self.result(id)["reason"].as_str().unwrap_or_default()
    }

    /// The ids of a status, sorted.
    pub(crate) fn with(&self, status: &str) -> Vec<&str> {
        let mut ids: Vec<&str> = self
            .results()
            .iter()
            .filter(|result| result["status"] == status)
            .map(|result| result["id"].as_str().unwrap())
            .collect();
        ids.sort_unstable();
        ids
    }
}

/// A file of the repository.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// `check` of a recorded bundle.
pub(crate) fn judge(bundle: &str, words: &str) -> Preflight {
    preflight(&format!("check --evidence {} {words}", fixture(&format!("bundles/{bundle}.json")).display()))
}

/// A recorded bundle, changed, in a file of its own.
pub(crate) fn changed(bundle: &str, change: impl FnOnce(&mut Value)) -> tempfile::NamedTempFile {
    let text = std::fs::read_to_string(fixture(&format!("bundles/{bundle}.json"))).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    change(&mut value);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), value.to_string()).unwrap();
    file
}

/// A report without the moment of judgement, in which alone two judgements of the same evidence differ.
pub(crate) fn timeless(text: &str) -> String {
    let moments = ["\"generated_at\"", "\"endTimeUtc\"", "timestamp=", "<sub>"];
    let lines = text.lines().filter(|line| !moments.iter().any(|moment| line.contains(moment)));
    lines.collect::<Vec<_>>().join("\n")
}

/// The first line of a table, without what acts on a terminal.
pub(crate) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

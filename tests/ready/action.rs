//! `action.yml` and `ci/action.sh`, with a `gh` that only writes down how it was called.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::repository::{PROGRAM, bundle, commit, folder, root, write};
use crate::yaml;

/// Writes down its words and the text of the comment; a list of comments is what the test says it is.
const GH: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$*" >>"$RECORDS/calls"
printf '%s\n' "${MARKER-}" >>"$RECORDS/markers"
for word in "$@"; do
  case $word in body=@*) cat "${word#body=@}" >"$RECORDS/body" ;; esac
done
if [[ -e $RECORDS/fails ]]; then echo 'gh: Resource not accessible by integration (HTTP 403)' >&2; exit 1; fi
case $* in *--paginate*) cat "$RECORDS/earlier" 2>/dev/null ;; esac
exit 0
"#;

/// A repository, and a runner's folders beside it.
struct Runner {
    repository: TempDir,
    temporary: TempDir,
}

struct Ran {
    code: Option<i32>,
    log: String,
    outputs: String,
    summary: String,
    /// What `gh` was asked, a line each.
    calls: Vec<String>,
    body: Option<String>,
}

impl Runner {
    fn new() -> Self {
        let repository = folder(&[("main.tf", "")]);
        commit(repository.path());
        let temporary = folder(&[("bin/gh", GH), ("records/calls", ""), ("outputs", ""), ("summary", "before\n")]);
        let gh = temporary.path().join("bin/gh");
        fs::set_permissions(&gh, fs::Permissions::from_mode(0o755)).unwrap();
        symlink(PROGRAM, temporary.path().join("bin/pg-preflight")).unwrap();
        Self { repository, temporary }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.temporary.path().join(name)
    }

    /// Comments of the pull request that `gh` would find.
    fn with_comments(self, ids: &str) -> Self {
        fs::write(self.at("records/earlier"), ids).unwrap();
        self
    }

    fn run(&self, inputs: &[(&str, &str)]) -> Ran {
        let mut path = self.at("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut bash = Command::new("bash");
        bash.arg(root().join("ci/action.sh")).current_dir(self.repository.path()).env_clear().env("PATH", path);
        bash.env("HOME", self.temporary.path()).env("RUNNER_TEMP", self.temporary.path());
        bash.env("RECORDS", self.at("records")).env("GH_TOKEN", "not-a-token");
        bash.env("GITHUB_OUTPUT", self.at("outputs")).env("GITHUB_STEP_SUMMARY", self.at("summary"));
        bash.env("GITHUB_REPOSITORY", "o/r").env("IN_COMMENT", "true").env("IN_PULL_REQUEST", "7");
        bash.envs(inputs.iter().copied());
        self.ran(&bash.output().unwrap())
    }

    fn ran(&self, output: &Output) -> Ran {
        let read = |name: &str| fs::read_to_string(self.at(name)).unwrap();
        Ran {
            code: output.status.code(),
            log: format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
            outputs: read("outputs"),
            summary: read("summary"),
            calls: read("records/calls").lines().map(str::to_owned).collect(),
            body: fs::read_to_string(self.at("records/body")).ok(),
        }
    }

    /// `check` of a recorded bundle.
    fn check(&self, evidence: &str, target: &str) -> Ran {
        let evidence = bundle(evidence).display().to_string();
        let target = format!("--target\n {target}");
        self.run(&[("IN_COMMAND", "check"), ("IN_EVIDENCE", &evidence), ("IN_ARGS", &target)])
    }
}

impl Ran {
    fn output(&self, name: &str) -> Option<&str> {
        self.outputs.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }
}

#[test]
fn a_no_go_is_told_everywhere() {
    let runner = Runner::new();
    let ran = runner.check("story", "16.1");
    assert_eq!(ran.code, Some(1), "{}", ran.log);
    assert!(ran.log.starts_with("::error title=") && ran.log.contains("title=pg-preflight%3A NO-GO::"), "{}", ran.log);
    assert_eq!((ran.output("verdict"), ran.output("blockers")), (Some("no-go"), Some("6")));
    let json: Value = serde_json::from_str(&fs::read_to_string(ran.output("report").unwrap()).unwrap()).unwrap();
    assert_eq!((&json["verdict"], &json["counts"]["blocker"]), (&"no-go".into(), &6.into()));
    let sarif: Value = serde_json::from_str(&fs::read_to_string(ran.output("sarif").unwrap()).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(ran.summary.starts_with("before\n## NO-GO: app1a2b3c4, "), "{}", ran.summary);
    // No comment is there yet.
    assert_eq!(ran.calls.len(), 2, "{:?}", ran.calls);
    assert!(ran.calls[0].starts_with("api --paginate repos/o/r/issues/7/comments?per_page=100 --jq "));
    assert!(ran.calls[0].contains(".user.type == \"Bot\"") && ran.calls[0].contains("endswith(env.MARKER)"));
    assert!(ran.calls[1].starts_with("api --silent --method POST repos/o/r/issues/7/comments --field body=@"));
    let body = ran.body.unwrap();
    assert_eq!(body, ran.summary.strip_prefix("before\n").unwrap());
    let marker = body.lines().last().unwrap();
    assert_eq!(marker, "<!-- pg-preflight app1a2b3c4 -->");
    let markers = fs::read_to_string(runner.at("records/markers")).unwrap();
    assert_eq!(markers.lines().next(), Some(marker), "it looks for what it writes");
}

#[test]
fn a_later_run_writes_its_own_comment_anew() {
    let ran = Runner::new().with_comments("41\n42\n").check("clean", "17.6");
    assert_eq!((ran.code, ran.output("verdict"), ran.output("blockers")), (Some(0), Some("go"), Some("0")));
    assert_eq!(ran.calls.len(), 2, "{:?}", ran.calls);
    assert!(ran.calls[1].starts_with("api --silent --method PATCH repos/o/r/issues/comments/41 --field body=@"));
    assert!(ran.body.unwrap().starts_with("## GO: clean16"));
}

#[test]
fn a_comment_that_is_refused_changes_no_verdict() {
    let runner = Runner::new();
    fs::write(runner.at("records/fails"), "").unwrap();
    let ran = runner.check("story", "16.1");
    assert_eq!((ran.code, ran.output("verdict"), ran.calls.len()), (Some(1), Some("no-go"), 1));
    assert!(ran.log.contains("::warning title=pg-preflight::the comment could not be written"), "{}", ran.log);
}

#[test]
fn no_comment_without_a_pull_request_or_when_it_is_not_wanted() {
    let evidence = bundle("story").display().to_string();
    for (name, value) in [("IN_COMMENT", "false"), ("IN_PULL_REQUEST", ""), ("IN_PULL_REQUEST", "7/../8")] {
        let inputs = [("IN_COMMAND", "check"), ("IN_EVIDENCE", &evidence), ("IN_ARGS", "--target 16.1"), (name, value)];
        let ran = Runner::new().run(&inputs);
        assert_eq!((ran.code, ran.calls.len()), (Some(1), 0), "{name}={value}");
        assert!(ran.summary.contains("## NO-GO"));
    }
}

#[test]
fn a_mistake_is_no_verdict() {
    let evidence = bundle("story").display().to_string();
    for inputs in [
        [("IN_COMMAND", "check"), ("IN_EVIDENCE", evidence.as_str()), ("IN_ARGS", "--target tomorrow")],
        [("IN_COMMAND", "check"), ("IN_EVIDENCE", "/nowhere"), ("IN_ARGS", "--target 16.1")],
        [("IN_COMMAND", "gate"), ("IN_EVIDENCE", evidence.as_str()), ("IN_BASE", "no-such-branch")],
    ] {
        let ran = Runner::new().run(&inputs);
        assert_eq!(
            (ran.code, ran.output("verdict"), ran.output("report")),
            (Some(2), Some("error"), None),
            "{}",
            ran.log
        );
        assert!(ran.calls.is_empty() && ran.summary == "before\n");
        assert!(ran.log.contains("error: "), "{}", ran.log);
    }
}

#[test]
fn what_could_not_be_seen_is_incomplete() {
    let ran = Runner::new().run(&[
        ("IN_COMMAND", "check"),
        ("IN_EVIDENCE", &bundle("clean").display().to_string()),
        ("IN_MAX_AGE", "1s"),
        ("IN_ARGS", "--target 17.6"),
    ]);
    assert_eq!((ran.code, ran.output("verdict")), (Some(3), Some("incomplete")), "{}", ran.log);
    assert!(ran.body.unwrap().starts_with("## INCOMPLETE"));
}

/// The default command, in a repository with a change that nobody committed yet.
#[test]
fn the_gate_judges_what_the_change_declares() {
    let code = |version: &str| {
        format!(
            "resource \"aws_db_instance\" \"app\" {{\n  engine = \"postgres\"\n  engine_version = \"{version}\"\n}}\n"
        )
    };
    let runner = Runner::new();
    write(runner.repository.path(), &[("main.tf", &code("12.19"))]);
    commit(runner.repository.path());
    write(runner.repository.path(), &[("main.tf", &code("16.3"))]);
    let evidence = bundle("story").display().to_string();
    let ran = runner.run(&[("IN_BASE", "main"), ("IN_EVIDENCE", &evidence), ("IN_DECLARED", "main.tf")]);
    assert_eq!((ran.code, ran.output("verdict")), (Some(1), Some("no-go")), "{}", ran.log);
    let body = ran.body.unwrap();
    let first = body.lines().next().unwrap();
    assert!(first.starts_with("## NO-GO: ") && first.contains(" 12.19 to 16.3 ("), "{first}");
    assert!(ran.log.contains("file=main.tf,line="), "{}", ran.log);
}

#[test]
fn no_input_is_evaluated_and_none_becomes_another_option() {
    let evil = "$(touch pwned) `touch pwned` ; touch pwned; * --output=pwned";
    for (name, command) in [
        ("IN_BASE", "gate"),
        ("IN_CONFIG", "check"),
        ("IN_INSTANCE", "check"),
        ("IN_REGION", "check"),
        ("IN_EVIDENCE", "check"),
        ("IN_MAX_AGE", "check"),
        ("IN_DECLARED", "check"),
        ("IN_STACK", "check"),
        ("IN_RESOURCE", "check"),
        ("IN_FAIL_ON", "check"),
        ("IN_ARGS", "check"),
    ] {
        let runner = Runner::new();
        let ran = runner.run(&[("IN_COMMAND", command), (name, evil)]);
        assert_ne!(ran.code, Some(0), "{name}");
        assert!(
            !runner.repository.path().join("pwned").exists() && !runner.at("pwned").exists(),
            "{name}: {}",
            ran.log
        );
        assert_ne!(ran.output("verdict"), Some("go"));
    }
    let runner = Runner::new();
    let ran = runner.run(&[("IN_COMMAND", "check; touch pwned")]);
    assert_eq!(
        (ran.code, ran.log.as_str()),
        (Some(2), "::error title=pg-preflight::the input 'command' is gate or check\n")
    );
    assert!(!runner.repository.path().join("pwned").exists());
}

#[test]
fn the_program_is_not_given_the_token() {
    let runner = Runner::new();
    fs::remove_file(runner.at("bin/pg-preflight")).unwrap();
    fs::write(runner.at("bin/pg-preflight"), "#!/bin/sh\nenv >\"$RECORDS/environment\"\nexit 3\n").unwrap();
    fs::set_permissions(runner.at("bin/pg-preflight"), fs::Permissions::from_mode(0o755)).unwrap();
    let ran = runner.run(&[]);
    assert_eq!((ran.code, ran.output("verdict"), ran.output("blockers")), (Some(3), Some("incomplete"), Some("0")));
    assert!(ran.calls.is_empty(), "there is no report to tell");
    let environment = fs::read_to_string(runner.at("records/environment")).unwrap();
    assert!(environment.contains("GITHUB_REPOSITORY=o/r") && !environment.contains("not-a-token"));
}

#[test]
fn the_manifest_and_the_script_fit() {
    let manifest = yaml::parse(&fs::read_to_string(root().join("action.yml")).unwrap());
    let script = fs::read_to_string(root().join("ci/action.sh")).unwrap();
    assert_eq!(manifest["inputs"]["version"]["default"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["runs"]["using"], "composite");
    let steps = manifest["runs"]["steps"].as_array().unwrap();
    let mut used = String::new();
    for step in steps {
        if let Some(run) = step["run"].as_str() {
            assert!(!run.contains("${{"), "nothing is written into a script: {run}");
            assert_eq!(step["shell"], "bash");
        }
        if let Some(uses) = step["uses"].as_str() {
            let (_, commit) = uses.split_once('@').unwrap();
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{uses} is not pinned");
        }
        used.push_str(&step.to_string());
    }
    for (name, input) in manifest["inputs"].as_object().unwrap() {
        assert!(used.contains(&format!("inputs.{name}")), "{name} does nothing");
        assert!(input["description"].is_string() && input["default"].is_string(), "{name}");
    }
    let run = steps.iter().find(|step| step["id"] == "run").unwrap();
    let given: BTreeSet<&str> =
        run["env"].as_object().unwrap().keys().map(String::as_str).filter(|name| name.starts_with("IN_")).collect();
    let word = |at: usize| script[at..].split(|c: char| !c.is_ascii_uppercase() && c != '_').next().unwrap();
    let taken: BTreeSet<&str> = script.match_indices("IN_").map(|(at, _)| word(at)).filter(|it| *it != "IN_").collect();
    assert_eq!(given, taken);
    for (name, output) in manifest["outputs"].as_object().unwrap() {
        assert_eq!(output["value"], format!("${{{{ steps.run.outputs.{name} }}}}"));
        assert!(script.contains(&format!("\"{name}=$")), "{name} is never written");
    }
}

//! `init` writes for the code that it finds, and the program takes what it wrote.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::commands::{assert_taken, of_script, words};
use crate::repository::{bundle, commit, folder, preflight, root, write};
use crate::yaml::{parse, texts};

const WORKFLOW: &str = ".github/workflows/pg-preflight.yml";

const PULUMI: &str = r#"import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
const config = new pulumi.Config();
new aws.rds.Instance("app", {
  identifier: "app1a2b3c4",
  engine: "postgres",
  engineVersion: config.require("version"),
});
"#;

const TERRAFORM: &str = r#"variable "engine_version" {
  default = "14.10"
}
resource "aws_db_instance" "main" {
  identifier     = "app-prod"
  engine         = "postgres"
  engine_version = var.engine_version
}
resource "aws_db_instance" "replica" {
  identifier          = "app-replica"
  replicate_source_db = aws_db_instance.main.identifier
}
resource "aws_rds_cluster" "stats" {
  cluster_identifier = "stats-prod"
  engine             = "aurora-postgresql"
  engine_version     = "15.4"
}
"#;

const CLOUDFORMATION: &str = r"Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      DBInstanceIdentifier: app1a2b3c4
      Engine: postgres
      EngineVersion: '12.17'
";

fn pulumi() -> TempDir {
    folder(&[
        ("README.md", "# An application\n"),
        ("infra/data/index.ts", PULUMI),
        ("infra/data/Pulumi.yaml", "name: data\nruntime: nodejs\n"),
        ("infra/data/Pulumi.staging.yaml", "config:\n  aws:region: eu-west-2\n  data:version: \"12.17\"\n"),
        ("infra/data/Pulumi.production.yaml", "config:\n  aws:region: eu-west-2\n  data:version: \"12.17\"\n"),
        ("api/src/index.ts", "export const x = 1;\n"),
    ])
}

fn init(folder: &TempDir, words: &[&str]) -> String {
    let ran = preflight(folder.path(), &[&["init"], words].concat());
    assert_eq!((ran.status.code(), text(&ran.stderr)), (Some(0), String::new()));
    text(&ran.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The configuration as `check` takes it.
#[track_caller]
fn assert_accepted(folder: &Path) -> Output {
    let evidence = bundle("story").display().to_string();
    let words =
        ["check", "--config", "preflight.toml", "--evidence", &evidence, "--target", "16.3", "--format", "json"];
    let ran = preflight(folder, &words);
    assert_eq!((ran.status.code(), text(&ran.stderr)), (Some(1), String::new()), "judged, and as it was before");
    ran
}

#[test]
fn a_pulumi_project_is_found_with_its_stacks() {
    let folder = pulumi();
    let said = init(&folder, &[]);
    assert!(said.starts_with("found app (postgres ") && said.contains("wrote ./preflight.toml\n"), "{said}");
    let config: toml::Table = read(&folder, "preflight.toml").parse().unwrap();
    assert_eq!(config["declared"]["path"].as_str(), Some("infra/data"));
    assert_eq!(config["instance"]["id"].as_str(), Some("app1a2b3c4"));
    assert_eq!(config["instance"]["region"].as_str(), Some("eu-west-2"));
    assert!(!config.contains_key("target"), "a target is only suggested");
    let lines = read(&folder, "preflight.toml");
    assert!(lines.contains("\n#stack = \"production\"\n#stack = \"staging\"\n") && lines.contains("\n#target = \""));
    assert_accepted(folder.path());
    // With one of the stacks taken it is read by that.
    write(folder.path(), &[("preflight.toml", &lines.replace("#stack = \"staging\"", "stack = \"staging\""))]);
    let ran = preflight(folder.path(), &["declared", "--format", "json"]);
    let declared: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!((ran.status.code(), &declared["declarations"][0]["version"]), (Some(0), &"12.17".into()), "{declared}");
}

#[test]
fn several_databases_of_terraform_are_listed() {
    let folder = folder(&[("envs/prod/main.tf", TERRAFORM), ("modules/none/main.tf", "locals {}\n")]);
    let said = init(&folder, &[]);
    assert_eq!(said.matches("found ").count(), 2, "a replica follows its source: {said}");
    let lines = read(&folder, "preflight.toml");
    for line in [
        "path = \"envs/prod\"",
        "#id = \"app-prod\"",
        "#cluster = \"stats-prod\"",
        "#resource = \"aws_db_instance.main\"",
        "#resource = \"aws_rds_cluster.stats\"",
    ] {
        assert!(lines.lines().any(|it| it == line), "{line} in\n{lines}");
    }
    assert!(!lines.contains("app-replica"), "{lines}");
    assert_accepted(folder.path());
}

/// A module's database has its version from outside of the module's folder, so that folder is too small.
#[test]
fn the_folder_holds_what_the_version_needs() {
    let module = "variable \"v\" {}\nresource \"aws_db_instance\" \"this\" {\n  engine = \"postgres\"\n  \
                  engine_version = var.v\n}\n";
    let caller = "module \"db\" {\n  source = \"./modules/db\"\n  v = \"15.4\"\n}\n";
    let folder = folder(&[("tf/modules/db/main.tf", module), ("tf/main.tf", caller)]);
    init(&folder, &[]);
    let config: toml::Table = read(&folder, "preflight.toml").parse().unwrap();
    let path = folder.path().join(config["declared"]["path"].as_str().unwrap());
    let whole = preflight(folder.path(), &["declared", ".", "--format", "json"]);
    let part = preflight(&path, &["declared", ".", "--format", "json"]);
    let versions = |ran: &Output| {
        let value: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let all = value["declarations"].as_array().unwrap().clone();
        all.iter().map(|one| (one["resource"].clone(), one["version"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(versions(&part), versions(&whole));
    assert_accepted(folder.path());
}

#[test]
fn templates_of_cloudformation_are_taken() {
    let folder = folder(&[("templates/database.yaml", CLOUDFORMATION), ("docs/index.md", "")]);
    init(&folder, &[]);
    assert_accepted(folder.path());
}

#[test]
fn an_empty_folder_is_left_open() {
    let folder = folder(&[]);
    let said = init(&folder, &[]);
    assert_eq!(said, format!("wrote ./preflight.toml\nwrote ./{WORKFLOW}\n"));
    let config: toml::Table = read(&folder, "preflight.toml").parse().unwrap();
    assert!(!config.contains_key("declared") && !config.contains_key("target"), "{config}");
    let workflow = parse(&read(&folder, WORKFLOW));
    assert_eq!(workflow["on"]["pull_request"], "", "every pull request");
    assert_accepted(folder.path());
}

#[test]
fn the_repository_in_its_own_fixtures_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let source = root().join("fixtures/iac/story/infrastructure/data");
    for name in ["index.ts", "Pulumi.yaml", "Pulumi.staging.yaml"] {
        write(
            folder.path(),
            &[(&format!("infrastructure/data/{name}"), &fs::read_to_string(source.join(name)).unwrap())],
        );
    }
    init(&folder, &[]);
    let ran = assert_accepted(folder.path());
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(report["verdict"], "no-go");
}

#[test]
fn the_workflow_runs_what_the_program_takes() {
    let folder = pulumi();
    init(&folder, &[]);
    let workflow = parse(&read(&folder, WORKFLOW));
    let paths = texts(&workflow["on"]["pull_request"]["paths"]);
    assert_eq!(paths, ["infra/data/**", "preflight.toml", WORKFLOW]);
    assert!(workflow["on"]["schedule"][0]["cron"].is_string());
    for (job, command) in [("gate", "gate"), ("weekly", "check")] {
        let job = &workflow["jobs"][job];
        assert_eq!(job["permissions"]["id-token"], "write");
        let steps = job["steps"].as_array().unwrap();
        let runs: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
        assert!(runs.iter().all(|run| !run.contains("${{")), "nothing is written into a script: {runs:?}");
        let commands: Vec<Vec<String>> = runs.iter().flat_map(|run| of_script(run)).collect();
        assert_eq!(commands.len(), 1);
        assert_eq!(commands[0][0], command);
        assert_taken(&commands[0]);
        assert!(steps.iter().any(|step| step["with"]["sarif_file"] == "pg-preflight.sarif"));
        for uses in steps.iter().filter_map(|step| step["uses"].as_str()) {
            let (_, commit) = uses.split_once('@').unwrap();
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{uses} is not pinned");
        }
    }
    let checkout = &workflow["jobs"]["gate"]["steps"][0]["with"];
    assert_eq!((&checkout["fetch-depth"], &checkout["persist-credentials"]), (&"0".into(), &"false".into()));
}

/// The command of the workflow, in the repository, with the evidence of a file.
#[test]
fn the_workflows_gate_judges_the_change() {
    let folder = pulumi();
    init(&folder, &[]);
    let config = read(&folder, "preflight.toml").replace("#stack = \"staging\"", "stack = \"staging\"");
    write(folder.path(), &[("preflight.toml", &config)]);
    commit(folder.path());
    let stack = read(&folder, "infra/data/Pulumi.staging.yaml").replace("12.17", "16.3");
    write(folder.path(), &[("infra/data/Pulumi.staging.yaml", &stack)]);
    let workflow = parse(&read(&folder, WORKFLOW));
    let steps = workflow["jobs"]["gate"]["steps"].as_array().unwrap();
    let run = steps.iter().filter_map(|step| step["run"].as_str()).find(|run| run.starts_with("pg-preflight")).unwrap();
    let summary = folder.path().join("summary.md").display().to_string();
    let evidence = bundle("story").display().to_string();
    let command = words(&run.replace("origin/$GITHUB_BASE_REF", "main").replace("$GITHUB_STEP_SUMMARY", &summary));
    let mut command: Vec<&str> = command.iter().skip(1).map(String::as_str).collect();
    command.extend(["--evidence", &evidence]);
    let ran = preflight(folder.path(), &command);
    assert_eq!((ran.status.code(), text(&ran.stderr)), (Some(1), String::new()), "{}", text(&ran.stdout));
    assert!(text(&ran.stdout).contains("title=pg-preflight%3A NO-GO::"), "{}", text(&ran.stdout));
    let first = read(&folder, "summary.md").lines().next().unwrap().to_owned();
    assert!(first.starts_with("## NO-GO: ") && first.contains(" 12.19 to 16.3 ("), "{first}");
    assert!(read(&folder, "pg-preflight.sarif").contains("\"2.1.0\""));
}

#[test]
fn for_gitlab_it_writes_a_job_to_be_included() {
    let folder = pulumi();
    let said = init(&folder, &["--ci", "gitlab"]);
    assert!(said.ends_with("wrote ./.gitlab/pg-preflight.yml\nwrote ./.gitlab-ci.yml\n"), "{said}");
    assert!(!folder.path().join(".github").exists());
    let pipeline = parse(&read(&folder, ".gitlab-ci.yml"));
    assert_eq!(pipeline["include"][0]["local"], ".gitlab/pg-preflight.yml");
    let job = &parse(&read(&folder, ".gitlab/pg-preflight.yml"))["pg-preflight"];
    assert_eq!(texts(&job["rules"][0]["changes"]), ["preflight.toml", "infra/data/**"]);
    assert_eq!(job["variables"]["AWS_REGION"], "eu-west-2");
    let mut commands: Vec<Vec<String>> = texts(&job["script"]).iter().flat_map(|step| of_script(step)).collect();
    assert_eq!(commands[0].pop().as_deref(), Some("$PG_PREFLIGHT_ARGS"));
    assert_taken(&commands[0]);
    // A pipeline that is there is only told about.
    let other = folder_with_pipeline();
    let said = init(&other, &["--ci", "gitlab"]);
    let end = "./.gitlab-ci.yml is there already, kept\nadd to .gitlab-ci.yml:\ninclude:\n  - local: .gitlab/pg-preflight.yml\n";
    assert!(said.ends_with(end), "{said}");
    assert_eq!(read(&other, ".gitlab-ci.yml"), "stages: [test]\n");
}

fn folder_with_pipeline() -> TempDir {
    folder(&[(".gitlab-ci.yml", "stages: [test]\n")])
}

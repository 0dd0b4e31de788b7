//! `ci/gitlab.yml` and `.pre-commit-hooks.yaml`.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::commands::{assert_taken, of_script, words};
use crate::repository::{PROGRAM, bundle, commit, folder, preflight, root, write};
use crate::yaml::{parse, texts};

fn read(name: &str) -> Value {
    parse(&fs::read_to_string(root().join(name)).unwrap())
}

/// A line of the job's script, run as GitLab runs it: by the shell of the image, with the job's variables.
fn sh(folder: &std::path::Path, script: &str, variables: &[(&str, &str)]) -> std::process::Output {
    let mut path = std::path::Path::new(PROGRAM).parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", script]).current_dir(folder).env_clear().env("PATH", path).env("HOME", folder);
    shell.envs(variables.iter().copied()).output().unwrap()
}

fn database(version: &str) -> String {
    format!("resource \"aws_db_instance\" \"app\" {{\n  engine = \"postgres\"\n  engine_version = \"{version}\"\n}}\n")
}

#[test]
fn the_job_of_gitlab_runs_what_the_program_takes() {
    let job = &read("ci/gitlab.yml")["pg-preflight"];
    assert_eq!(job["variables"]["PG_PREFLIGHT_VERSION"], env!("CARGO_PKG_VERSION"));
    assert_eq!(job["variables"]["GIT_DEPTH"], "0", "the gate reads the base");
    assert_eq!(job["rules"][0]["if"], "$CI_PIPELINE_SOURCE == \"merge_request_event\"");
    let script = texts(&job["script"]);
    let mut commands: Vec<Vec<String>> = script.iter().flat_map(|step| of_script(step)).collect();
    assert_eq!(commands.len(), 1, "{script:?}");
    let command = &mut commands[0];
    assert_eq!(command.pop().as_deref(), Some("$PG_PREFLIGHT_ARGS"));
    assert_taken(command);
    // What it writes is what is kept.
    let kept =
        [&texts(&job["artifacts"]["paths"])[..], &[job["artifacts"]["reports"]["junit"].as_str().unwrap()]].concat();
    let mut written: Vec<&str> =
        command.windows(2).filter(|pair| pair[0] == "--output").map(|pair| pair[1].as_str()).collect();
    written.sort_unstable();
    let mut kept = kept;
    kept.sort_unstable();
    assert_eq!(written, kept);
    assert_eq!(job["artifacts"]["when"], "always");
}

#[test]
fn the_job_of_gitlab_judges_the_change() {
    let job = &read("ci/gitlab.yml")["pg-preflight"];
    let script = texts(&job["script"]).join("\n");
    let repository = folder(&[("main.tf", &database("12.19"))]);
    commit(repository.path());
    let base = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(repository.path()).output().unwrap().stdout;
    let base = String::from_utf8(base).unwrap();
    write(repository.path(), &[("main.tf", &database("16.3"))]);
    commit(repository.path());
    let arguments = format!("--declared main.tf --evidence {}", bundle("story").display());
    let variables = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.trim()), ("PG_PREFLIGHT_ARGS", arguments.as_str())];
    let ran = sh(repository.path(), &script, &variables);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!((ran.status.code(), said.as_ref()), (Some(1), ""));
    assert!(String::from_utf8_lossy(&ran.stdout).starts_with("NO-GO"));
    for (name, start) in [
        ("pg-preflight.xml", "<?xml"),
        ("pg-preflight.md", "## NO-GO"),
        ("pg-preflight.json", "{\n  \"schema_version\""),
    ] {
        assert!(fs::read_to_string(repository.path().join(name)).unwrap().starts_with(start), "{name}");
    }
}

/// The token goes into a file that only its owner reads, and only when there is a role to take.
#[test]
fn the_job_of_gitlab_hands_on_the_token() {
    let job = &read("ci/gitlab.yml")["pg-preflight"];
    let before = texts(&job["before_script"]);
    let login = before.iter().find(|step| step.contains("AWS_WEB_IDENTITY_TOKEN_FILE")).unwrap();
    let show = "printf '%s|' \"${AWS_ROLE_ARN-unset}\" \"${AWS_REGION-unset}\" \"$(cat \"$AWS_WEB_IDENTITY_TOKEN_FILE\" \
                2>/dev/null)\" \"$(stat -c %a \"$AWS_WEB_IDENTITY_TOKEN_FILE\" 2>/dev/null)\"";
    let home = folder(&[]);
    let said = |variables: &[(&str, &str)]| {
        let ran = sh(home.path(), &format!("{login}\n{show}"), variables);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    };
    let with = [("AWS_ROLE_ARN", "arn:aws:iam::1:role/x"), ("AWS_REGION", "eu-west-2"), ("PG_PREFLIGHT_ID_TOKEN", "t")];
    assert_eq!(said(&with), "arn:aws:iam::1:role/x|eu-west-2|t|600|");
    assert_eq!(said(&[("AWS_ROLE_ARN", ""), ("AWS_REGION", "")]), "unset|unset|||");
}

#[test]
fn the_hook_judges_what_is_about_to_be_committed() {
    let hooks = read(".pre-commit-hooks.yaml");
    let [hook] = &hooks.as_array().unwrap()[..] else { panic!("one hook: {hooks}") };
    assert_eq!(hook["id"], "pg-preflight-gate");
    assert_eq!((&hook["language"], &hook["pass_filenames"]), (&"rust".into(), &"false".into()));
    let entry = words(hook["entry"].as_str().unwrap());
    assert_eq!(entry[0], "pg-preflight");
    assert_taken(&entry[1..]);
    let repository = folder(&[("main.tf", &database("12.19"))]);
    commit(repository.path());
    write(repository.path(), &[("main.tf", &database("16.3"))]);
    let mut all: Vec<&str> = entry[1..].iter().map(String::as_str).collect();
    let evidence = bundle("story").display().to_string();
    all.extend(["--declared", "main.tf", "--evidence", &evidence]);
    let ran = preflight(repository.path(), &all);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.lines().next().unwrap().contains(" 12.19 to 16.3"), "{said}");
}

/// The pattern of the hook is the one of what can be read. Python has the regular expressions that pre-commit uses.
#[test]
fn the_hook_is_called_for_code_and_configuration() {
    let hooks = read(".pre-commit-hooks.yaml");
    let pattern = hooks[0]["files"].as_str().unwrap();
    let search = "import re, sys; print(' '.join(str(int(bool(re.search(sys.argv[1], it)))) for it in sys.argv[2:]))";
    let wanted =
        ["main.tf", "a/b.tofu", "a/index.ts", "app.py", "main.go", "t.yaml", "t.yml", "x.tf.json", "preflight.toml"];
    let others = ["README.md", "main.tfvars.bak", "a.rs", "xpreflight.toml", "ts", "a.tsv"];
    let mut python = Command::new("python3");
    let ran = python.args(["-c", search, pattern]).args(wanted).args(others).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let expected = [vec!["1"; wanted.len()], vec!["0"; others.len()]].concat().join(" ");
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), expected);
}

//! Files that are there to take memory or time: the tests run in a process of their own that has little of both.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::read;
use crate::collect::files::Files;

/// Set in the process that may take little.
const LIMITED: &str = "PG_PREFLIGHT_TEST_LIMITED";
/// In kB of address space, of which the program itself takes some.
const MEMORY: u32 = 1_000_000;
/// For one file, on a busy machine and without optimization.
const TIME: Duration = Duration::from_secs(20);

/// Runs a test in a process of its own; `true` in that process.
fn is_limited(name: &str) -> bool {
    if std::env::var_os(LIMITED).is_some() {
        return true;
    }
    let own = std::env::current_exe().unwrap();
    let test = format!("{}::{name}", module_path!().split_once("::").unwrap().1);
    let script = format!("ulimit -v {MEMORY} && exec \"$0\" --exact {test} --test-threads 1 --nocapture");
    let output = Command::new("sh").args(["-c", &script]).arg(own).env(LIMITED, "1").output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}

fn require_bounds(files: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let start = Instant::now();
    let found = read(&Files::Disk, folder.path()).unwrap().images;
    let taken = start.elapsed();
    let size: usize = found.iter().map(|one| one.reference.len() + one.what.len()).sum();
    let begin: String = files[0].1.chars().take(80).collect();
    assert!(taken < TIME, "{} {begin:?} takes {taken:?}", files[0].0);
    assert!(size < 100_000_000, "{} {begin:?} makes {size} bytes", files[0].0);
}

const WORKFLOW: &str = ".github/workflows/a.yml";

fn numbered(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

fn list(count: usize) -> String {
    format!("[{}]", "0,".repeat(count))
}

#[test]
#[cfg(target_os = "linux")]
fn anchors_within_anchors_end() {
    if is_limited("anchors_within_anchors_end") {
        let anchors = numbered(60, |i| format!("&a{i} ["));
        let text = format!("image: x\nb: {anchors}{}{}\n", "0,".repeat(200_000), "]".repeat(60));
        require_bounds(&[("compose.yml", &text)]);
        let one = format!("- {anchors}{}{}\n", "0,".repeat(5_000), "]".repeat(60));
        require_bounds(&[("compose.yml", &format!("image: x\nb:\n{}", one.repeat(100)))]);
        let aliases = "x: [&a [x], &b [*a, *a, *a, *a, *a, *a], &c [*b, *b, *b, *b, *b], &d [*c, *c, *c, *c]]\n";
        let text = format!("image: x\n{aliases}services:\n{}", "  a: {image: *d}\n".repeat(25_000));
        require_bounds(&[("compose.yml", &text)]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn matrices_end() {
    if is_limited("matrices_end") {
        let job = |matrix: &str, rest: &str| format!("jobs:\n  a:\n    strategy:\n      matrix:\n{matrix}    {rest}\n");
        let container = "container: 'postgres:${{ matrix.v }}'";
        let runs = format!("        v: {}\n", list(300));
        let several = format!("        v: [{}]\n", numbered(256, |i| format!("{i},")));
        let big = format!("        big: [{}]\n", list(200_000));
        require_bounds(&[(WORKFLOW, &job(&(big.clone() + &runs), container))]);
        require_bounds(&[(WORKFLOW, &job(&(runs.clone() + &big), container))]);
        let axes = numbered(25_000, |i| format!("        a{i}: [1]\n"));
        require_bounds(&[(WORKFLOW, &job(&(several.clone() + &axes), container))]);
        let keys = numbered(25_000, |i| format!("a{i}: 1, "));
        let include = format!("        include:\n          - {{{keys}}}\n");
        require_bounds(&[(WORKFLOW, &job(&(several.clone() + &include), container))]);
        let include = format!("        include:\n{}", "          - {b: 1}\n".repeat(25_000));
        require_bounds(&[(WORKFLOW, &job(&(several.clone() + &include), container))]);
        let exclude = format!("        exclude:\n{}", "          - {v: 1000}\n".repeat(25_000));
        require_bounds(&[(WORKFLOW, &job(&(several.clone() + &exclude), container))]);
        let steps = format!("steps:\n{}", "      - uses: 'docker://postgres:${{ matrix.v }}'\n".repeat(15_000));
        require_bounds(&[(WORKFLOW, &job(&several, &steps))]);
        let text = format!("container: '{}${{{{ matrix.v }}}}'", "a".repeat(1_000_000));
        require_bounds(&[(WORKFLOW, &job(&several, &text))]);
        let jobs = numbered(5_000, |i| {
            format!("  j{i}:\n    strategy: {{matrix: {{v: &v{i} {}}}}}\n    {container}\n", list(60))
        });
        require_bounds(&[(WORKFLOW, &format!("jobs:\n{jobs}"))]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn variables_end() {
    if is_limited("variables_end") {
        let names = numbered(20_000, |i| format!("  A{i}: 1\n"));
        let steps = "      - run: docker pull postgres:$A1\n".repeat(15_000);
        require_bounds(&[(WORKFLOW, &format!("env:\n{names}jobs:\n  a:\n    steps:\n{steps}"))]);
        let big = format!("env:\n  BIG: '{}'\n", "x".repeat(500_000));
        let container = format!("jobs:\n  a:\n    container: '{}'\n", "${{ env.BIG }}".repeat(25_000));
        require_bounds(&[(WORKFLOW, &(big + &container))]);
        let jobs = numbered(20_000, |i| format!("j{i}:\n  image: postgres:$A1\n"));
        require_bounds(&[(".gitlab-ci.yml", &format!("variables:\n{names}{jobs}"))]);
        let big = format!("parameters:\n  big: {{default: '{}'}}\njobs:\n", "x".repeat(500_000));
        let job = format!("  a:\n    docker:\n      - image: '{}'\n", "<< pipeline.parameters.big >>".repeat(20_000));
        require_bounds(&[(".circleci/config.yml", &(big + &job))]);
        let many = numbered(15_000, |i| format!("  p{i}: {{default: 1}}\n"));
        let jobs = numbered(15_000, |i| format!("  j{i}: {{docker: [{{image: a:1}}]}}\n"));
        require_bounds(&[(".circleci/config.yml", &format!("parameters:\n{many}jobs:\n{jobs}"))]);
        let empty = numbered(9, |i| format!("V{i}={}\n", format!("$V{}", i + 1).repeat(300))) + "V9=\n";
        require_bounds(&[("compose.yml", "services: {db: {image: 'postgres:$V0'}}"), (".env", &empty)]);
        let text = "services: {db: {image: 'postgres:".to_owned() + &"${A:-".repeat(800) + &"}".repeat(800) + "'}}";
        require_bounds(&[("compose.yml", &text)]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn stages_end() {
    if is_limited("stages_end") {
        let variables = numbered(25_000, |i| format!("ENV A{i}=1\n"));
        let stages = numbered(20_000, |i| format!("FROM s{i} AS s{}\n", i + 1));
        require_bounds(&[("Dockerfile", &format!("FROM postgres:16 AS s0\n{variables}{stages}"))]);
        require_bounds(&[("Dockerfile", &numbered(20_000, |i| format!("FROM a:1 AS s{i}\n")))]);
        let runs = "RUN docker pull postgres:$A1\n".repeat(15_000);
        require_bounds(&[("Dockerfile", &format!("FROM postgres:16\n{variables}{runs}"))]);
        let long = format!("FROM a AS b\nENV A={}\n{}", "x".repeat(1_000), "ENV B$A=$A\n".repeat(100_000));
        require_bounds(&[("Dockerfile", &long)]);
        let name = "n".repeat(1_000_000);
        let runs = "RUN docker pull a\n".repeat(20_000);
        require_bounds(&[("Dockerfile", &format!("FROM a AS {name}\n{runs}"))]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn long_names_end() {
    if is_limited("long_names_end") {
        let name = "n".repeat(1_000_000);
        let steps = "      - run: docker pull a\n".repeat(15_000);
        require_bounds(&[(WORKFLOW, &format!("jobs:\n  ? {name}\n  :\n    steps:\n{steps}"))]);
        let images = "- {image: 'a:1'}\n".repeat(20_000);
        require_bounds(&[("values.yaml", &format!("image: a\n? {name}\n:\n{images}"))]);
        let containers = format!("kind: Pod\napiVersion: v1\nmetadata: {{name: {name}}}\nspec: {{containers: [");
        require_bounds(&[("pod.yaml", &format!("{containers}{}]}}", "{image: 'a'}, ".repeat(20_000)))]);
        let nested = format!("image: x\na: {}{}{}", "{repository: ".repeat(60), list(200_000), "}".repeat(60));
        require_bounds(&[("values.yaml", &nested)]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn whatever_multiplies_stays_within_bounds() {
    if !is_limited("whatever_multiplies_stays_within_bounds") {
        return;
    }
    let word = prop::sample::select(vec![
        "a",
        "$A",
        "${A:-$B}",
        "${{ matrix.v }}",
        "${{ env.A }}",
        "<< parameters.a >>",
        "*x",
        "&x [a, a]",
        "{b: *x}",
        "[1, 2]",
        "",
    ]);
    let texts = (prop::collection::vec(word, 1..6), 1..3_000_usize);
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() });
    let test = |(words, times): (Vec<&str>, usize)| {
        let value = words.concat();
        let many = value.repeat(times);
        let entries = numbered(times, |i| format!("    k{i}: '{value}'\n"));
        let workflow = format!(
            "env:\n{entries}jobs:\n  j:\n    strategy:\n      matrix:\n        v: &x [{}]\n    services:\n      s:\n        image: 'postgres:{many}'\n",
            format!("'{value}',").repeat(times)
        );
        let docker =
            format!("ARG A={value}\nFROM a:{many} AS x\n{}", format!("ENV A={value}$A\nFROM x AS x\n").repeat(times));
        let compose = format!("x: &x [{many}]\nservices:\n  db: {{image: 'postgres:{many}'}}\n");
        let circle =
            format!("parameters:\n  a: {{default: '{many}'}}\njobs: {{a: {{docker: [{{image: '{many}'}}]}}}}\n");
        require_bounds(&[
            (WORKFLOW, &workflow),
            ("Dockerfile", &docker),
            ("compose.yml", &compose),
            (".env", &format!("A={many}\nB={many}$A\n")),
            (".circleci/config.yml", &circle),
        ]);
        Ok(())
    };
    runner.run(&texts, test).unwrap();
}

//! What a person sees: 80 columns, no colour where none is wanted, the verdict first.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use unicode_width::UnicodeWidthStr as _;

use crate::harness::{changed, judge, preflight, story};
use crate::support;

/// Lines wider than this, a command's single word aside: who copies a broken one has nothing.
fn too_wide(text: &str, width: usize) -> Vec<&str> {
    let one_word =
        |line: &str| line.starts_with("    ") && line.trim_end_matches(" \\").split_whitespace().count() == 1;
    text.lines().filter(|line| line.width() > width && !one_word(line)).collect()
}

#[test]
fn the_story_fits_80_columns() {
    for target in ["16.1", "16.3", "16", "17.6", "11"] {
        let table = judge("story", &format!("--target {target}")).run().code(1).stdout;
        assert_eq!(too_wide(&table, 80), [""; 0], "{table}");
        assert!(!table.contains('\u{1b}'), "no colour in a pipe");
    }
    let live = story().check("").run().code(1).stdout;
    assert_eq!(too_wide(&live, 80), [""; 0], "{live}");
}

#[test]
fn commands_are_there_to_be_copied() {
    let table = judge("story", "--target 16.3").run().code(1).stdout;
    for part in ["ALTER TABLE public.hooks ALTER COLUMN fn TYPE text", "ROLLBACK PREPARED 'merge-team-1'"] {
        assert!(table.contains(part), "{part} in\n{table}");
    }
}

/// A name of 63 bytes that does all that a name can do.
fn hostile(kind: &str) -> String {
    let mut name = format!("{kind}\u{1b}[31m\n\t\"' \\ \u{202e}漢字漢字 e\u{301} 👩‍👩‍👧 --x\u{7}|`");
    while name.len() < 63 {
        name.push('w');
    }
    assert_eq!(name.len(), 63, "{}", name.len());
    name
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Real objects with such names, in a server of their own.
#[test]
fn hostile_names_stay_in_their_cells() {
    let server = support::fresh_server(12);
    let (database, table, column) = (hostile("d"), hostile("t"), hostile("c"));
    let long = "long_name_without_any_break_".repeat(3)[..63].to_owned();
    crate::harness::RUNTIME.block_on(async {
        let client = support::connect(&server, "postgres").await;
        client.batch_execute(&format!("CREATE DATABASE {}", quoted(&database))).await.unwrap();
        client
            .batch_execute(&format!("CREATE SCHEMA {long}; CREATE TABLE {long}.{long} ({long} regproc)"))
            .await
            .unwrap();
        let url: tokio_postgres::Config = server.url("postgres").parse().unwrap();
        let (client, connection) = url.clone().dbname(&database).connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let sql = format!("CREATE TABLE {} ({} regproc)", quoted(&table), quoted(&column));
        client.batch_execute(&sql).await.unwrap();
        client.batch_execute("SELECT pg_create_logical_replication_slot('s', 'pgoutput')").await.unwrap();
        let gid = hostile("g").replace('\'', "''");
        client.batch_execute(&format!("BEGIN; CREATE TABLE x(); PREPARE TRANSACTION '{gid}'")).await.unwrap();
    });
    let words = format!("check --no-aws --target 16 --database-url {}", server.url("postgres"));
    let ran = preflight(&words).run().code(1);
    assert_eq!(too_wide(&ran.stdout, 80), [""; 0], "{}", ran.stdout);
    for line in ran.stdout.lines().filter(|line| line.starts_with(['│', '├'])) {
        assert_eq!(line.width(), 80, "a frame that is not straight: {line}\n{}", ran.stdout);
    }
    for format in ["table", "markdown", "github", "junit", "sarif", "json"] {
        // In Markdown a tab of SQL stays one.
        let kept = |c: char| c == '\n' || (c == '\t' && ["markdown", "github"].contains(&format));
        let bad = |c: char| (c.is_control() && !kept(c)) || ('\u{202a}'..='\u{202e}').contains(&c);
        let ran = preflight(&format!("{words} --format {format}")).run().code(1);
        assert!(!ran.stdout.contains(bad), "{format}: {:?}", ran.stdout.chars().find(|c| bad(*c)));
        assert_eq!(ran.stderr, "");
    }
    let report = preflight(&format!("{words} --format json")).run().report(1);
    let findings = report.result("pg.reg-types")["findings"].as_array().unwrap().clone();
    assert!(findings.iter().any(|finding| finding["database"] == database.as_str()), "{findings:#?}");
    let object = format!("public.{}.{}", quoted(&table), quoted(&column));
    assert!(findings.iter().any(|finding| finding["object"] == object.as_str()), "{findings:#?}");
}

#[test]
fn names_of_aws_are_not_trusted_either() {
    let odd = changed("story", |bundle| {
        let aws = &mut bundle["aws"]["collected"];
        aws["caller"]["collected"]["arn"] =
            "arn:aws:iam::1:user/\u{1b}[2J漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字".into();
        aws["pending_maintenance"]["collected"][0]["description"] =
            format!("{}\u{1b}]0;x\u{7}", "長".repeat(300)).into();
    });
    let table = preflight(&format!("check --evidence {} --target 16.1", odd.path().display())).run().code(1).stdout;
    assert!(!table.contains(|c: char| c.is_control() && c != '\n'), "{table}");
    assert_eq!(too_wide(&table, 80), [""; 0], "{table}");
}

#[test]
fn colour_is_for_who_wants_it() {
    let colour = |words: &str, variables: &[(&str, &str)]| {
        let mut run = judge("story", &format!("--target 16.1 {words}"));
        for (name, value) in variables {
            run = run.env(name, value);
        }
        run.run().code(1).stdout.contains('\u{1b}')
    };
    assert!(!colour("", &[]) && !colour("", &[("TERM", "xterm-256color")]));
    assert!(!colour("--color never", &[]) && !colour("--color auto", &[]));
    assert!(colour("--color always", &[]));
    assert!(!colour("", &[("NO_COLOR", "1"), ("CLICOLOR", "1")]));
    for format in ["json", "markdown", "junit", "sarif", "github"] {
        assert!(!colour(&format!("--color always --format {format}"), &[]), "{format}");
    }
    // Colour adds nothing but itself.
    let plain = judge("story", "--target 16.1").run().stdout;
    let painted = judge("story", "--target 16.1 --color always").run().stdout;
    assert_eq!(plain, anstream::adapter::strip_str(&painted).to_string());
}

/// What `script` shows of a run on a terminal of this width.
fn on_a_terminal(width: u16, words: &str, variables: &[(&str, &str)]) -> Option<String> {
    let program = crate::harness::PROGRAM;
    let evidence = crate::harness::fixture("bundles/story.json").display().to_string();
    let line = format!("stty cols {width} rows 40; {program} check --evidence {evidence} --target 16.1 {words}");
    let mut command = std::process::Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("TERM", "xterm-256color").envs(variables.iter().copied()).stdin(Stdio::null());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            println!("SKIPPED: script does not run here: {error}");
            return None;
        }
    };
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap().replace('\r', ""))
}

#[test]
fn a_terminal_says_its_width_and_gets_colour() {
    let Some(wide) = on_a_terminal(110, "", &[]) else { return };
    assert!(wide.contains("\u{1b}["), "{wide}");
    let widest = |text: &str| {
        let plain = anstream::adapter::strip_str(text).to_string();
        plain.lines().filter(|line| line.starts_with('│')).map(unicode_width::UnicodeWidthStr::width).max()
    };
    assert_eq!(widest(&wide), Some(110));
    assert_eq!(widest(&on_a_terminal(64, "", &[]).unwrap()), Some(64));
    assert_eq!(widest(&on_a_terminal(110, "", &[("COLUMNS", "90")]).unwrap()), Some(90), "a person may set it");
    let plain = on_a_terminal(110, "", &[("NO_COLOR", "1")]).unwrap();
    assert!(!plain.contains("\u{1b}[3") && plain.contains("NO-GO"), "{plain}");
    let never = on_a_terminal(110, "--color never", &[]).unwrap();
    assert!(!never.contains("\u{1b}[3"), "{never}");
}

/// Progress is on stderr, which a report on stdout must not be mixed with.
#[test]
fn progress_leaves_nothing_on_the_terminal() {
    let Some(text) = on_a_terminal(80, "2>/dev/null", &[]) else { return };
    assert!(anstream::adapter::strip_str(&text).to_string().starts_with("NO-GO  "), "{text}");
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    for format in ["table", "json"] {
        let mut run = judge("story", &format!("--target 16.1 --format {format}"));
        let mut child = run.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(1), ""), "{format}");
        assert!(!line.is_empty());
    }
    // Closed before the first byte.
    let mut run = judge("story", "--target 16.1");
    let mut child = run.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    for words in ["checks list", "checks show pg.reg-types", "man", "completions bash", "permissions", "--help"] {
        let mut run = preflight(words);
        let mut child = run.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{words}");
    }
}

#[test]
fn a_disk_that_is_full_is_no_go_ahead() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut run = judge("clean", "--target 17.6");
    let output = run.command().stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: cannot print: "));
}

//! Command lines in the files are such as the program takes.

use clap::CommandFactory as _;
use pg_preflight::cli::Cli;

/// Every `pg-preflight …` of a script, in words; a line goes on after a backslash.
pub(crate) fn of_script(script: &str) -> Vec<Vec<String>> {
    let joined = script.replace("\\\n", " ");
    let commands = joined.lines().filter_map(|line| line.trim().strip_prefix("pg-preflight "));
    commands.map(words).collect()
}

/// The words of a command; what is quoted is one.
pub(crate) fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in command.trim().chars() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c.is_whitespace() => words.push(String::new()),
            (c, _) => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The command is one that the program takes.
#[track_caller]
pub(crate) fn assert_taken(words: &[String]) {
    let all = std::iter::once("pg-preflight").chain(words.iter().map(String::as_str));
    if let Err(error) = Cli::command().try_get_matches_from(all) {
        panic!("{words:?}: {error}");
    }
}

#[test]
fn words_are_a_shells() {
    let script = "echo x\n  pg-preflight gate --base \"origin/$X\" \\\n    --format github\npg-preflight check\n";
    let commands = of_script(script);
    assert_eq!(commands, [vec!["gate", "--base", "origin/$X", "--format", "github"], vec!["check"]]);
    for command in &commands {
        assert_taken(command);
    }
}

#[test]
#[should_panic(expected = "--bass")]
fn an_unknown_option_is_noticed() {
    assert_taken(&words("gate --bass main"));
}

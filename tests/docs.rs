//! What the README shows is what the program says. `UPDATE_DOCS=1 cargo test --test docs` writes it anew.

use std::fs;
use std::path::Path;
use std::process::Command;

use pg_preflight::checks::Registry;
use pg_preflight::evaluate::{Settings, evaluate};
use pg_preflight::facts::Bundle;
use pg_preflight::permissions;
use pg_preflight::report::table;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The table of the demo, from its recorded evidence, up to the end of the box.
fn story_table() -> String {
    let bundle = Bundle::load(&root().join("fixtures/bundles/story.json")).expect("the story is there");
    let settings = Settings::plain("16.1".parse().expect("a version"), bundle.collected_at);
    let report = evaluate(&bundle, &Registry::built_in(), &settings);
    let text = anstream::adapter::strip_str(&table::render(&report, 80)).to_string();
    let end = text.find('└').expect("the table ends");
    let line_end = text[end..].find('\n').expect("a line ends") + end;
    text[..line_end].to_owned()
}

/// The comment on a pull request that bumps the story's version, made by the gate in a repository of its own.
fn comment() -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let code = root().join("fixtures/iac/story/infrastructure/data");
    let data = folder.path().join("infrastructure/data");
    fs::create_dir_all(&data).expect("a folder");
    for entry in fs::read_dir(code).expect("the story's code") {
        let path = entry.expect("a file").path();
        fs::copy(&path, data.join(path.file_name().expect("a name"))).expect("copied");
    }
    let run = |program: &str, words: &str| {
        let command = Command::new(program).args(words.split(' ')).current_dir(folder.path()).output();
        command.unwrap_or_else(|error| panic!("{program}: {error}"))
    };
    let author = "-c user.name=test -c user.email=test@example.org -c commit.gpgSign=false";
    for words in ["init -q -b main", "add -A", &format!("{author} commit -q -m before")] {
        assert!(run("git", words).status.success(), "git {words}");
    }
    let program = data.join("index.ts");
    let text = fs::read_to_string(&program).expect("the program").replace("12.17", "16.1");
    fs::write(&program, text).expect("written");
    let evidence = root().join("fixtures/bundles/story.json");
    let words = format!("gate --base main --format markdown --evidence {}", evidence.display());
    let output = run(env!("CARGO_BIN_EXE_pg-preflight"), &words);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text.lines().map(|line| match line.strip_prefix("<sub>").and_then(|line| line.split_once(", 20")) {
        Some((before, _)) => format!("<sub>{before}</sub>"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The README with what stands between its markers replaced.
fn written(readme: &str) -> String {
    let blocks = [
        ("table", "text", story_table()),
        ("iam", "json", permissions::iam_policy(&Registry::built_in())),
        ("sql", "sql", permissions::sql_grants()),
        ("comment", "", comment()),
    ];
    blocks.into_iter().fold(readme.to_owned(), |text, (name, language, block)| {
        let begin = format!("<!-- begin {name} -->\n");
        let start = text.find(&begin).unwrap_or_else(|| panic!("the README has no {begin}")) + begin.len();
        let end = start + text[start..].find("<!-- end -->").expect("every block ends");
        // Markdown is shown as it is, everything else as code.
        let (open, close) =
            if language.is_empty() { ("\n".to_owned(), "\n") } else { (format!("```{language}\n"), "```\n") };
        format!("{}{open}{}\n{close}{}", &text[..start], block.trim_end(), &text[end..])
    })
}

#[test]
fn the_readme_is_current() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("there is a README");
    let wanted = written(&readme);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &wanted).expect("the README can be written");
        return;
    }
    assert!(readme == wanted, "README.md is not what the program says; run: UPDATE_DOCS=1 cargo test --test docs");
}

#[test]
fn the_exit_codes_are_the_documented_ones() {
    use pg_preflight::exit;
    let readme = fs::read_to_string(root().join("README.md")).expect("there is a README");
    for (code, word) in
        [(exit::GO, "GO"), (exit::NO_GO, "NO-GO"), (exit::USAGE, "usage"), (exit::INCOMPLETE, "INCOMPLETE")]
    {
        assert!(readme.contains(&format!("| {code} | {word} |")), "exit code {code} is not documented as {word}");
    }
}

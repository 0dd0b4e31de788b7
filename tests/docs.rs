//! What the README shows is what the program says. `UPDATE_DOCS=1 cargo test --test docs` writes it anew.

use std::fs;
use std::path::Path;

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

/// The README with what stands between its markers replaced.
fn written(readme: &str) -> String {
    let blocks = [
        ("table", "text", story_table()),
        ("iam", "json", permissions::iam_policy(&Registry::built_in())),
        ("sql", "sql", permissions::sql_grants()),
    ];
    blocks.into_iter().fold(readme.to_owned(), |text, (name, language, block)| {
        let begin = format!("<!-- begin {name} -->\n");
        let start = text.find(&begin).unwrap_or_else(|| panic!("the README has no {begin}")) + begin.len();
        let end = start + text[start..].find("<!-- end -->").expect("every block ends");
        format!("{}```{language}\n{}\n```\n{}", &text[..start], block.trim_end(), &text[end..])
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

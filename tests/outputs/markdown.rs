//! Markdown as GitHub renders it: a name in it stays a name.

use std::collections::BTreeSet;

use comrak::Options;

use crate::evidence::{self, TABLE};

/// Raw HTML passes, as much of it does on GitHub: a tag that a name made would be seen here.
fn html(markdown: &str) -> String {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.alerts = true;
    options.extension.math_dollars = true;
    options.render.r#unsafe = true;
    comrak::markdown_to_html(markdown, &options)
}

/// The tags and comments, without their angles. In the renderer's output every other `<` is an entity.
fn tags(html: &str) -> Vec<&str> {
    let parts = html.split('<').skip(1);
    parts.map(|part| part.split_once('>').unwrap_or_else(|| panic!("<{part} has no end")).0).collect()
}

/// What the report itself makes.
const OURS: [&str; 17] = [
    "h2", "ul", "li", "p", "code", "strong", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "sub",
    "pre", "a",
];

#[test]
fn names_make_no_tag_and_no_link() {
    for case in evidence::cases() {
        let text = case.report("markdown");
        let report = case.json();
        let results = report["results"].as_array().unwrap();
        let docs: BTreeSet<&str> =
            results.iter().flat_map(|result| result["docs"].as_array().unwrap()).filter_map(|it| it.as_str()).collect();
        let html = html(&text);
        let tags = tags(&html);
        let (last, others) = tags.split_last().unwrap();
        assert!(last.starts_with("!-- pg-preflight"), "{}: {last}", case.name);
        for tag in others {
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            assert!(OURS.contains(&name.trim_start_matches('/')), "{}: <{tag}>", case.name);
            match attributes.strip_prefix("href=\"").and_then(|rest| rest.strip_suffix('"')) {
                Some(target) => assert!(docs.contains(target), "{}: a link to {target}", case.name),
                None => assert_eq!(attributes, "", "{}: <{tag}>", case.name),
            }
        }
    }
}

#[test]
fn names_make_no_cell() {
    for case in evidence::cases() {
        let html = html(&case.report("markdown"));
        let report = case.json();
        let count = |status: &str| {
            report["results"].as_array().unwrap().iter().filter(|result| result["status"] == status).count()
        };
        let rows: Vec<&str> = html.split("<tr>").skip(1).collect();
        for row in &rows {
            let row = row.split_once("</tr>").unwrap().0;
            assert_eq!(row.matches("<td>").count() + row.matches("<th>").count(), 4, "{}: {row}", case.name);
        }
        // A header, a row for each failed check, and at least one when anything is open.
        let least = count("fail") + usize::from(count("unknown") > 0);
        assert!(rows.len() == usize::from(least > 0) || rows.len() > least, "{}: {} rows", case.name, rows.len());
    }
}

#[test]
fn a_hostile_table_is_shown_by_its_name() {
    let html = html(&evidence::case("hostile").report("markdown"));
    let name = TABLE.replace('<', "&lt;").replace('>', "&gt;");
    assert!(html.contains(&format!("{name}.")), "{html}");
    assert!(!html.contains("<script"));
}

/// A page that looks like the report's comment in all but one thing is caught.
#[test]
fn the_renderer_would_show_a_tag_a_cell_and_a_link() {
    let page = "| a |\n| --- |\n| <b>x</b> |\n\nwww.evil.example [x](https://evil.example)\n";
    let html = html(page);
    let tags = tags(&html);
    for tag in ["b", "td", "a href=\"http://www.evil.example\"", "a href=\"https://evil.example\""] {
        assert!(tags.contains(&tag), "{tag} in {tags:?}");
    }
}

#[test]
fn the_first_line_is_the_verdict_and_the_last_the_marker() {
    for (name, first, last) in [
        ("clean", "## GO: clean16, ", "<!-- pg-preflight clean16 -->"),
        ("story", "## NO-GO: app1a2b3c4, ", "<!-- pg-preflight app1a2b3c4 -->"),
        ("incomplete", "## INCOMPLETE: clean16, ", "<!-- pg-preflight clean16 -->"),
    ] {
        let text = evidence::case(name).report("markdown");
        assert!(text.starts_with(first), "{text}");
        assert_eq!(text.lines().last(), Some(last));
    }
    // What GitHub takes as a comment.
    assert!(evidence::cases().iter().all(|case| case.report("markdown").len() < 65_536));
}

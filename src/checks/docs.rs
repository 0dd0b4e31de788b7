//! Texts about checks, all from the check files: `checks list`, `checks show`, `docs/checks.md`.

mod matrix;
mod page;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{Check, Query, Registry, RowsRule, Rule, Scope};
use crate::report::text::json;

pub use page::page;

/// Columns of a terminal, and of a text that is piped.
const WIDTH: usize = 80;

/// A line for each check: id, severity, when it fails, title. Titles are wrapped, never cut.
#[must_use]
pub fn list(registry: &Registry) -> String {
    let id = registry.iter().map(|check| check.id.len()).max().unwrap_or(0).max("ID".len());
    let mut out = format!("{:id$}  SEVERITY  FAILS AT  TITLE\n", "ID");
    let room = WIDTH.saturating_sub(id + 22).max(20);
    for check in registry.iter() {
        let (severity, fails_at) = (check.severity.as_str(), check.fails_at.as_str());
        let mut title = wrapped(&check.title, room).into_iter();
        let first = title.next().unwrap_or_default();
        writeln!(out, "{:id$}  {severity:8}  {fails_at:8}  {first}", check.id).expect("to a string");
        for line in title {
            writeln!(out, "{:id$}  {:8}  {:8}  {line}", "", "", "").expect("to a string");
        }
    }
    out
}

/// What `list` says, as JSON.
#[must_use]
pub fn list_json(registry: &Registry) -> String {
    #[derive(Serialize)]
    struct List<'a> {
        schema_version: u32,
        checks: Vec<Head<'a>>,
    }
    json(&List { schema_version: 1, checks: registry.iter().map(head).collect() })
}

#[derive(Serialize)]
struct Head<'a> {
    id: &'a str,
    group: &'a str,
    title: &'a str,
    severity: &'static str,
    fails_at: &'static str,
}

fn head(check: &Check) -> Head<'_> {
    Head {
        id: &check.id,
        group: check.group(),
        title: &check.title,
        severity: check.severity.as_str(),
        fails_at: check.fails_at.as_str(),
    }
}

/// All about one check, for a person.
#[must_use]
pub fn show(check: &Check) -> String {
    let mut out = wrapped(&format!("{}: {}", check.id, check.title), WIDTH).join("\n") + "\n\n";
    let facts = [
        ("severity", check.severity.as_str().to_owned()),
        ("fails at", format!("{}: {}", check.fails_at.as_str(), check.fails_at.in_words())),
        ("applies", applies(check)),
        ("finds", check.summary.one.clone()),
        ("judged by", judged_by(check)),
        ("costs", costs(check)),
    ];
    for (name, text) in facts {
        let mut lines = wrapped(&text, WIDTH - 13).into_iter();
        writeln!(out, "  {name:9}  {}", lines.next().unwrap_or_default()).expect("to a string");
        for line in lines {
            writeln!(out, "  {:9}  {line}", "").expect("to a string");
        }
    }
    section(&mut out, "Why", &reflowed(&check.why, WIDTH - 2));
    if let Some(query) = &check.query {
        for (server, sql) in query.forms() {
            section(&mut out, &form_title(query, server), &sql.lines().map(str::to_owned).collect::<Vec<_>>());
        }
    }
    section(&mut out, "Matrix", &matrix::lines(check, WIDTH - 2));
    section(&mut out, "Remedy", &reflowed(&check.remedy.text, WIDTH - 2));
    let commands = check.remedy.commands.iter().flat_map(|command| command.lines()).map(str::to_owned);
    section(&mut out, "Commands, for each finding", &commands.collect::<Vec<_>>());
    section(&mut out, "Sources", &check.docs);
    out
}

fn section(out: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    writeln!(out, "\n{title}").expect("to a string");
    for line in lines {
        writeln!(out, "{}", format!("  {line}").trim_end()).expect("to a string");
    }
}

/// What `show` says, as JSON.
#[must_use]
pub fn show_json(check: &Check) -> String {
    let (function, calls, rows) = match &check.rule {
        Rule::Rust { function, calls } => (Some(function.as_str()), calls.as_slice(), None),
        Rule::Rows(RowsRule { object, kind, detail, since_target, only }) => {
            let since_target = since_target.as_deref();
            (None, [].as_slice(), Some(Rows { object, kind, detail, since_target, only }))
        }
        Rule::Matrix(_) => (None, [].as_slice(), None),
    };
    let show = Show {
        schema_version: 1,
        head: head(check),
        summary: Summary { one: &check.summary.one, many: check.summary.many.as_deref() },
        why: &check.why,
        applies: Applies {
            source: check.applies.source.as_ref().map(ToString::to_string),
            target: check.applies.target.as_ref().map(ToString::to_string),
            platforms: check.applies.platforms.iter().map(|platform| platform.as_str()).collect(),
            major_upgrades_only: check.is_for_major_upgrades(),
        },
        query: check.query.as_ref().map(|query| QueryV1 {
            scope: query.scope,
            columns: &query.columns,
            forms: query.forms().map(|(server, sql)| Form { server: server.map(ToString::to_string), sql }).collect(),
        }),
        rule: RuleV1 { rows, function, calls, matrix: matrix::json(check) },
        remedy: Remedy { text: &check.remedy.text, commands: &check.remedy.commands },
        docs: &check.docs,
    };
    json(&show)
}

#[derive(Serialize)]
struct Show<'a> {
    schema_version: u32,
    #[serde(flatten)]
    head: Head<'a>,
    summary: Summary<'a>,
    why: &'a str,
    applies: Applies,
    query: Option<QueryV1<'a>>,
    rule: RuleV1<'a>,
    remedy: Remedy<'a>,
    docs: &'a [String],
}

#[derive(Serialize)]
struct Summary<'a> {
    one: &'a str,
    many: Option<&'a str>,
}

#[derive(Serialize)]
struct Applies {
    source: Option<String>,
    target: Option<String>,
    /// Empty: all.
    platforms: Vec<&'static str>,
    major_upgrades_only: bool,
}

#[derive(Serialize)]
struct QueryV1<'a> {
    scope: Scope,
    columns: &'a [String],
    forms: Vec<Form<'a>>,
}

#[derive(Serialize)]
struct Form<'a> {
    /// `null`: every other server.
    server: Option<String>,
    sql: &'a str,
}

/// One of `rows`, `function` and `matrix` is there.
#[derive(Serialize)]
struct RuleV1<'a> {
    rows: Option<Rows<'a>>,
    function: Option<&'a str>,
    calls: &'a [String],
    matrix: Option<matrix::MatrixV1<'a>>,
}

#[derive(Serialize)]
struct Rows<'a> {
    object: &'a str,
    kind: &'a str,
    detail: &'a str,
    /// The column with the target major from which on a row counts.
    since_target: Option<&'a str>,
    /// Columns and the values they must have.
    only: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Remedy<'a> {
    text: &'a str,
    commands: &'a [String],
}

/// Ids that were perhaps meant, the likeliest first, three at most.
#[must_use]
pub fn nearest<'a>(registry: &'a Registry, id: &str) -> Vec<&'a str> {
    let wanted: String = id.to_lowercase().chars().take(100).collect();
    let mut near: Vec<(usize, &str)> = registry
        .iter()
        .filter_map(|check| {
            let name = check.id.split_once('.').map_or(check.id.as_str(), |(_, name)| name);
            let distance = |to| strsim::damerau_levenshtein(&wanted, to);
            let distance = distance(&check.id).min(distance(name));
            let part = wanted.len() > 2 && check.id.contains(&wanted);
            (part || distance <= 2.max(wanted.len() / 4)).then_some((distance, check.id.as_str()))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, id)| id).collect()
}

/// `; did you mean a, b?` after a message about an id that is none; empty when nothing is near.
#[must_use]
pub fn did_you_mean(registry: &Registry, id: &str) -> String {
    let near = nearest(registry, id);
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) }
}

/// Which upgrades it is about, in words.
fn applies(check: &Check) -> String {
    let mut parts = Vec::new();
    if check.is_for_major_upgrades() {
        parts.push("major upgrades".to_owned());
    }
    parts.extend(check.applies.source.as_ref().map(|range| format!("sources {range}")));
    parts.extend(check.applies.target.as_ref().map(|range| format!("targets {range}")));
    if !check.applies.platforms.is_empty() {
        let names: Vec<&str> = check.applies.platforms.iter().map(|platform| platform.as_str()).collect();
        parts.push(format!("on {}", names.join(", ")));
    }
    if parts.is_empty() { "every upgrade".to_owned() } else { parts.join("; ") }
}

fn judged_by(check: &Check) -> String {
    match &check.rule {
        Rule::Rows(RowsRule { since_target, only, .. }) => {
            let only: Vec<String> = only.iter().map(|(column, value)| format!(" with {column} '{value}'")).collect();
            let since = since_target.as_ref().map(|column| format!(", for targets from its {column} on"));
            format!("every row of the query{} is a finding{}", only.join(" and"), since.unwrap_or_default())
        }
        Rule::Rust { function, .. } => format!("the rule {function}"),
        Rule::Matrix(rule) => matrix::in_words(rule),
    }
}

/// What it does to the server and the API.
fn costs(check: &Check) -> String {
    let mut parts = Vec::new();
    match check.query.as_ref().map(|query| query.scope) {
        Some(Scope::EachDatabase) => parts.push("one query in each database".to_owned()),
        Some(Scope::Cluster) => parts.push("one query to the server".to_owned()),
        None => {}
    }
    if let Rule::Rust { calls, .. } = &check.rule
        && !calls.is_empty()
    {
        let word = if calls.len() == 1 { "API call" } else { "API calls" };
        parts.push(format!("{} {word}, shared with other checks: {}", calls.len(), calls.join(", ")));
    }
    if parts.is_empty() { "nothing of its own".to_owned() } else { parts.join("; ") }
}

fn form_title(query: &Query, server: Option<&semver::VersionReq>) -> String {
    match server {
        Some(range) => format!("SQL on servers {range}"),
        None if query.forms().count() > 1 => "SQL on other servers".to_owned(),
        None => "SQL".to_owned(),
    }
}

/// Words in lines of at most so many characters; a longer word has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Paragraphs and list items wrapped anew, however the file broke their lines.
fn reflowed(text: &str, width: usize) -> Vec<String> {
    let is_item = |line: &str| {
        let mark = line.split_whitespace().next().unwrap_or_default();
        matches!(mark, "-" | "*") || mark.strip_suffix('.').is_some_and(|number| number.parse::<u32>().is_ok())
    };
    let mut blocks: Vec<String> = Vec::new();
    for line in text.lines() {
        match blocks.last_mut() {
            Some(block) if !block.is_empty() && !line.trim().is_empty() && !is_item(line) => {
                block.push(' ');
                block.push_str(line.trim());
            }
            _ => blocks.push(line.trim().to_owned()),
        }
    }
    blocks.iter().flat_map(|block| if block.is_empty() { vec![String::new()] } else { wrapped(block, width) }).collect()
}

#[cfg(test)]
pub(crate) mod sample;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_list_fits_the_terminal() {
        let text = list(&sample::registry());
        insta::assert_snapshot!(text, @r"
        ID               SEVERITY  FAILS AT  TITLE
        acme.odd-tables  warning   after     Tables with a name that is | odd, and a
                                             title that is longer than a line of the
                                             list has room for
        rds.sample       blocker   request   Recommendations
        ");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn a_check_is_shown_whole() {
        let registry = sample::registry();
        insta::assert_snapshot!(show(registry.get("acme.odd-tables").expect("there")));
        insta::assert_snapshot!(show(registry.get("rds.sample").expect("there")));
        for check in registry.iter() {
            for line in show(check).lines().filter(|line| !line.contains("https://")) {
                assert!(line.chars().count() <= WIDTH, "{line}");
            }
        }
    }

    #[test]
    fn json_has_the_same() {
        let registry = sample::registry();
        let list: Value = serde_json::from_str(&list_json(&registry)).expect("JSON");
        assert_eq!(list["schema_version"], 1);
        assert_eq!(list["checks"][0]["id"], "acme.odd-tables");
        let show = |id| serde_json::from_str::<Value>(&show_json(registry.get(id).expect("there"))).expect("JSON");
        let odd = show("acme.odd-tables");
        assert_eq!(odd["id"], "acme.odd-tables");
        assert_eq!(odd["applies"]["source"], "<14");
        assert_eq!(odd["query"]["forms"][0]["server"], "<12");
        assert_eq!(odd["query"]["forms"][1]["server"], Value::Null);
        assert_eq!(odd["rule"]["function"], Value::Null);
        assert_eq!(show("rds.sample")["rule"]["calls"][0], "rds:DescribeRecommendations");
    }

    #[test]
    fn near_ids_are_offered() {
        let registry = sample::registry();
        assert_eq!(nearest(&registry, "acme.od-tables"), ["acme.odd-tables"]);
        assert_eq!(nearest(&registry, "ODD-TABLE"), ["acme.odd-tables"]);
        assert_eq!(nearest(&registry, "odd"), ["acme.odd-tables"]);
        assert_eq!(nearest(&registry, "something-else"), [""; 0]);
        assert_eq!(nearest(&registry, ""), [""; 0]);
        assert_eq!(nearest(&registry, &"x".repeat(1_000_000)), [""; 0]);
    }

    #[test]
    fn text_is_wrapped_anew() {
        assert_eq!(
            reflowed("one\ntwo three\n\n1. four\n   five\n- six", 9),
            ["one two", "three", "", "1. four", "five", "- six"]
        );
    }
}

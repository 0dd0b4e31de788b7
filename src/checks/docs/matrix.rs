//! The part of the compatibility matrix that a check judges by, or that belongs beside it.

use std::fmt::Write as _;

use serde::Serialize;

use super::{reflowed, wrapped};
use crate::checks::{Check, Finds, MatrixRule, Rule};
use crate::facts::compat::{Concern, Grade, Row, Service, Verdict};
use crate::markdown::{escape, prose};

fn rule(check: &Check) -> Option<&MatrixRule> {
    match &check.rule {
        Rule::Matrix(rule) => Some(rule),
        Rule::Rows(_) | Rule::Rust { .. } => None,
    }
}

fn rows(rule: &MatrixRule) -> impl Iterator<Item = (&Service, &Row)> {
    rule.services.iter().flat_map(|service| service.rows.iter().map(move |row| (service, row)))
}

/// How the rule judges.
pub(super) fn in_words(rule: &MatrixRule) -> String {
    match rule.finds {
        Finds::Unsupported => {
            let concerns: Vec<&str> = rule.concerns.iter().map(|concern| concern.in_words()).collect();
            format!(
                "the matrix below ({}): unsupported is a finding; what is unknown, inferred or not verified is unknown",
                concerns.join(", ")
            )
        }
        Finds::UnknownVersions => "every service or driver whose version nobody can tell is a finding".to_owned(),
        Finds::DifferingVersions => {
            "every service that is found in versions which cannot be one is a finding".to_owned()
        }
    }
}

/// A paragraph for each row.
pub(super) fn lines(check: &Check, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (service, row) in rule(check).into_iter().flat_map(rows) {
        let (verdict, grade) = (row.verdict.as_str(), row.grade.in_words());
        let head = format!(
            "{} {}, PostgreSQL {}, {}: {verdict} ({grade}, {})",
            service.name,
            row.versions,
            row.postgres,
            row.concern.in_words(),
            row.date
        );
        lines.extend(wrapped(&head, width));
        let says = reflowed(&row.says, width - 2).into_iter();
        let error = row.error.iter().flat_map(|error| wrapped(&format!("error: {error}"), width - 2));
        lines.extend(says.chain(error).chain([row.source.clone()]).map(|line| format!("  {line}")));
    }
    lines
}

/// The rows as a Markdown table with an empty line after it; nothing of other checks.
pub(super) fn table(check: &Check) -> String {
    let mut out = String::new();
    for (service, row) in rule(check).into_iter().flat_map(rows) {
        if out.is_empty() {
            out.push_str("| | Versions | PostgreSQL | About | Verdict | | Grade |\n| --- | --- | --- | --- | --- | --- | --- |\n");
        }
        let says = match &row.error {
            Some(error) => format!("{}: `{error}`", row.says),
            None => row.says.clone(),
        };
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | [{}]({}), {} |",
            escape(&service.name),
            escape(&row.versions),
            escape(&row.postgres),
            row.concern.in_words(),
            row.verdict.as_str(),
            prose(&says),
            row.grade.in_words(),
            row.source,
            row.date
        )
        .expect("to a string");
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

#[derive(Serialize)]
pub(super) struct MatrixV1<'a> {
    finds: Finds,
    /// What is judged; the other rows are only shown.
    concerns: &'a [Concern],
    rows: Vec<RowV1<'a>>,
}

#[derive(Serialize)]
struct RowV1<'a> {
    service: &'a str,
    concern: Concern,
    versions: &'a str,
    postgres: &'a str,
    verdict: Verdict,
    grade: Grade,
    source: &'a str,
    date: &'a str,
    says: &'a str,
    error: Option<&'a str>,
}

pub(super) fn json(check: &Check) -> Option<MatrixV1<'_>> {
    let rule = rule(check)?;
    let rows = rows(rule).map(|(service, row)| RowV1 {
        service: &service.name,
        concern: row.concern,
        versions: &row.versions,
        postgres: &row.postgres,
        verdict: row.verdict,
        grade: row.grade,
        source: &row.source,
        date: &row.date,
        says: &row.says,
        error: row.error.as_deref(),
    });
    Some(MatrixV1 { finds: rule.finds, concerns: &rule.concerns, rows: rows.collect() })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::checks::{Registry, docs};

    #[test]
    fn a_check_shows_its_part_of_the_matrix() {
        let registry = Registry::built_in();
        let check = registry.get("service.hasura-pg-dump").expect("there");
        let text = docs::show(check);
        assert!(text.contains("hasura >=2.48.6, PostgreSQL 17, bundled pg_dump: supported (issue, 2025-11)"), "{text}");
        let (_, part) = text.split_once("\nMatrix\n").expect("a part");
        assert!(
            part.contains("    https://github.com/hasura/graphql-engine/issues/10790\n") && !part.contains("metabase")
        );
        let too_long = part.lines().find(|line| line.chars().count() > 80 && !line.contains("https://"));
        assert_eq!(too_long, None);
        let json: Value = serde_json::from_str(&docs::show_json(check)).expect("JSON");
        let rows = json["rule"]["matrix"]["rows"].as_array().expect("rows");
        assert!(rows.iter().all(|row| row["concern"] == "pg-dump" && row["service"] == "hasura") && rows.len() > 10);
        assert!(rows.iter().any(|row| row["verdict"] == "unsupported" && row["error"].is_string()));
        let page = docs::page(&registry);
        assert!(page.contains("[issue](https://github.com/hasura/graphql-engine/issues/10790), 2025-11 |"));
        let other = registry.get("pg.reg-types").expect("there");
        assert!(!docs::show(other).contains("\nMatrix\n"));
    }
}

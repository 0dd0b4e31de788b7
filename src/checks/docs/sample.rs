//! Two checks for tests: one of a user's, with everything a rows rule may have, and one of ours with a Rust rule.

use crate::checks::{Applies, Check, FailsAt, Registry, RemedyTemplate, Rule, Severity, Summary};

const ODD_TABLES: &str = r#"
schema = 1
id = "acme.odd-tables"
title = "Tables with a name that is | odd, and a title that is longer than a line of the list has room for"
severity = "warning"
fails-at = "after"
summary = { one = "1 table is odd", many = "{count} tables are odd" }
why = """
Odd tables (`odd_*`) are written by a job that does not know
the new version.

1. The job stops.
2. Nobody is told.
"""
docs = ["https://example.org/odd"]

[applies]
source = "<14"
platforms = ["rds", "aurora"]

[remedy]
text = "Rename the table."
commands = ["ALTER TABLE {relation} RENAME TO even;"]

[query]
scope = "each-database"
columns = ["relation"]
sql = '''
SELECT oid::regclass::text AS relation
FROM pg_class
WHERE relname ~ '^odd_'
'''

[[query.variants]]
server = "<12"
sql = "SELECT relname::text AS relation FROM pg_class WHERE relname ~ '^odd_'"

[rule.rows]
object = "{relation}"
kind = "table"
detail = ""
"#;

pub(crate) fn registry() -> Registry {
    let own = Registry::of_user(&[("odd.toml", ODD_TABLES)]).unwrap_or_else(|error| panic!("{error}"));
    let rust = Check {
        id: "rds.sample".to_owned(),
        title: "Recommendations".to_owned(),
        severity: Severity::Blocker,
        fails_at: FailsAt::Request,
        summary: Summary { one: "1 recommendation".to_owned(), many: Some("{count} recommendations".to_owned()) },
        why: "RDS knows better.".to_owned(),
        docs: vec!["https://example.org/rds".to_owned()],
        applies: Applies { target: Some(">=16".parse().expect("a range")), ..Applies::default() },
        remedy: RemedyTemplate { text: "Follow it.".to_owned(), commands: Vec::new() },
        query: None,
        query_of: None,
        rule: Rule::Rust {
            function: "sample".to_owned(),
            calls: vec!["rds:DescribeRecommendations".to_owned(), "sts:GetCallerIdentity".to_owned()],
        },
        cases: Vec::new(),
        origin: "rds/sample.toml".to_owned(),
    };
    Registry::of(own.iter().cloned().chain([rust]).collect())
}

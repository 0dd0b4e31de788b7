//! `docs/checks.md`.

use std::fmt::Write as _;

use crate::checks::{Check, Registry, Severity};
use crate::markdown::{escape, fenced, prose};

/// The areas in the order of the page, and what each is about; areas of users follow.
const AREAS: [(&str, &str); 7] = [
    ("aws", "Who asks, and whose account it is"),
    ("rds", "The instance and what RDS would do with it"),
    ("pg", "What pg_upgrade refuses, and what breaks inside the databases"),
    ("ext", "Extensions"),
    ("service", "Services in front of the database"),
    ("iac", "What the infrastructure code declares"),
    ("ops", "How the upgrade is run"),
];

/// The whole page, with a final newline.
#[must_use]
pub fn page(registry: &Registry) -> String {
    let mut out = String::from(
        "# Checks\n\n<!-- Written from the files in `checks/` by `UPDATE_DOCS=1 cargo test`. Edit those. -->\n\n",
    );
    let count = registry.iter().count();
    let blockers = registry.iter().filter(|check| check.severity == Severity::Blocker).count();
    writeln!(
        out,
        "{count} checks, of them blockers: {blockers}. `pg-preflight checks show ID` prints the same. How to write one: \
         [checks/README.md](../checks/README.md). In the SQL `{{changes_calls}}` and its like stand for lists of what later majors no \
         longer have, or have anew, from [a table](../checks/data/postgres-changes.json) that servers of every major wrote.\n"
    )
    .expect("to a string");
    let areas = areas(registry);
    for (area, about) in &areas {
        writeln!(out, "**{area}**: {}\n", escape(about)).expect("to a string");
        writeln!(out, "| Check | Severity | Fails at | |\n| --- | --- | --- | --- |").expect("to a string");
        for check in of(registry, area) {
            let (severity, fails_at) = (check.severity.as_str(), check.fails_at.as_str());
            let (id, title) = (&check.id, one_line(&check.title));
            writeln!(out, "| [{id}](#{}) | {severity} | {fails_at} | {title} |", anchor(id)).expect("to a string");
        }
        out.push('\n');
    }
    for (area, about) in &areas {
        writeln!(out, "## {area}: {}\n", escape(about)).expect("to a string");
        for check in of(registry, area) {
            out.push_str(&section(check));
        }
    }
    format!("{}\n", out.trim_end())
}

fn areas(registry: &Registry) -> Vec<(&str, &str)> {
    let mut areas: Vec<(&str, &str)> =
        AREAS.into_iter().filter(|(area, _)| of(registry, area).next().is_some()).collect();
    for check in registry.iter() {
        if !areas.iter().any(|(area, _)| *area == check.area()) {
            areas.push((check.area(), "checks of your own"));
        }
    }
    areas
}

fn of<'a>(registry: &'a Registry, area: &str) -> impl Iterator<Item = &'a Check> {
    registry.iter().filter(move |check| check.area() == area)
}

/// As GitHub makes it of a heading.
fn anchor(id: &str) -> String {
    id.replace('.', "")
}

fn one_line(text: &str) -> String {
    prose(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn section(check: &Check) -> String {
    let mut out = format!("### {}\n\n{}\n\n", check.id, one_line(&check.title));
    let facts = [
        ("Severity", check.severity.as_str().to_owned()),
        ("Fails at", format!("{}: {}", check.fails_at.as_str(), check.fails_at.in_words())),
        ("Applies to", escape(&super::applies(check))),
        ("Finds", one_line(&check.summary.one)),
        ("Judged by", one_line(&super::judged_by(check))),
        ("Costs", one_line(&super::costs(check))),
    ];
    for (name, text) in facts {
        writeln!(out, "- {name}: {text}").expect("to a string");
    }
    writeln!(out, "\n{}\n", prose(&check.why)).expect("to a string");
    if let Some(query) = &check.query {
        for (server, sql) in query.forms() {
            writeln!(out, "{}:\n\n{}", escape(&super::form_title(query, server)), fenced("sql", sql))
                .expect("to a string");
        }
    }
    out.push_str(&super::matrix::table(check));
    writeln!(out, "**Remedy.** {}\n", prose(&check.remedy.text)).expect("to a string");
    if !check.remedy.commands.is_empty() {
        writeln!(out, "For each finding:\n\n{}", fenced("", &check.remedy.commands.join("\n"))).expect("to a string");
    }
    if !check.docs.is_empty() {
        let sources: Vec<String> = check.docs.iter().map(|url| format!("<{url}>")).collect();
        writeln!(out, "Sources: {}\n", sources.join(", ")).expect("to a string");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::docs::sample;

    #[test]
    fn the_page_has_contents_and_a_section_for_each() {
        let text = page(&sample::registry());
        insta::assert_snapshot!(text);
        for check in sample::registry().iter() {
            assert!(text.contains(&format!("](#{})", anchor(&check.id))));
            assert!(text.contains(&format!("\n### {}\n", check.id)));
        }
    }

    #[test]
    fn the_built_in_checks_have_a_page() {
        assert!(page(&Registry::built_in()).starts_with("# Checks\n"));
    }
}

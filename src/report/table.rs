//! `--format table`
use super::Report;

#[must_use]
pub fn render(report: &Report) -> String {
    report.subject()
}

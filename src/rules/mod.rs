//! The judgement: pure functions of the evidence and the upgrade. No I/O, no clock.
//!
//! A rule that needs more than "every row is a finding" is one file here and one line in [`RULES`]; its check file
//! owns everything that is said about it.

mod outcome;
mod rows;
mod view;

pub use outcome::{Hit, Open, Outcome};
pub use view::{Answers, Expectations, Facts};

use crate::checks::{Check, Rule};
use crate::facts::Gap;

/// A rule: the outcome, or the evidence it lacks.
pub type RuleFn = fn(&Facts<'_>) -> Result<Outcome, Gap>;

/// Every rule that a check file can name.
const RULES: &[(&str, RuleFn)] = &[];

/// Whether a check file may name this function.
#[must_use]
pub fn exists(function: &str) -> bool {
    RULES.iter().any(|(name, _)| *name == function)
}

/// Every function a check file can name.
pub fn names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|(name, _)| *name)
}

/// Judges one check.
///
/// # Errors
/// The evidence that the rule lacks.
pub fn judge(check: &Check, facts: &Facts<'_>) -> Result<Outcome, Gap> {
    match &check.rule {
        Rule::Rows { object, kind, detail } => rows::judge(facts, object, kind, detail),
        Rule::Rust { function, .. } => {
            let rule = RULES.iter().find(|(name, _)| name == function).map(|(_, rule)| rule);
            rule.expect("validated when the check was read")(facts)
        }
    }
}

/// The one declaration that the evidence is about, when there is exactly one.
#[must_use]
pub fn declaration(bundle: &crate::facts::Bundle) -> Option<&crate::facts::Declaration> {
    match bundle.declared.collected().map(Vec::as_slice) {
        Some([only]) => Some(only),
        _ => None,
    }
}

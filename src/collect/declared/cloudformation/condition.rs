//! Conditions: what holds, what does not, and what cannot be decided.

use super::scope::{Scope, located};
use crate::collect::declared::value::{Spot, Value};

impl Scope<'_> {
    /// Whether a condition holds.
    ///
    /// # Errors
    /// Why that cannot be decided.
    pub(super) fn condition(&self, name: &str, depth: usize) -> Result<bool, String> {
        match self.template.entry("Conditions", name) {
            Some(written) => self.holds(written, depth + 1),
            None => Err("it is not declared".to_owned()),
        }
    }

    fn holds(&self, spot: &Spot, depth: usize) -> Result<bool, String> {
        if !self.spend(depth) {
            return Err("it refers too far".to_owned());
        }
        let strange = || Err(located("a condition", &spot.at, "it is not written as it should be"));
        let Value::Map(map) = &spot.value else { return strange() };
        let Some((name, argument)) = map.entries.first_key_value().filter(|_| map.entries.len() == 1) else {
            return strange();
        };
        let parts = match &argument.value {
            Value::List(parts) => parts.as_slice(),
            _ => &[],
        };
        let each = || parts.iter().map(|part| self.holds(part, depth + 1));
        match (name.as_str(), parts) {
            ("Condition", _) => argument.text().map_or_else(strange, |name| self.condition(name, depth)),
            ("Fn::Equals", [a, b]) => equal(&self.eval(a, depth + 1), &self.eval(b, depth + 1)),
            ("Fn::Not", [one]) => self.holds(one, depth + 1).map(|holds| !holds),
            ("Fn::And", [_, ..]) => decide(each(), false),
            ("Fn::Or", [_, ..]) => decide(each(), true),
            _ => strange(),
        }
    }
}

fn equal(a: &Spot, b: &Spot) -> Result<bool, String> {
    if let Some(reason) = a.lost().or(b.lost()) {
        return Err(reason.to_owned());
    }
    a.value.same(&b.value).ok_or_else(|| located("Fn::Equals", &a.at, "lists are not compared"))
}

/// `decisive` where one part is it; else its opposite, when all parts can be decided.
fn decide(parts: impl Iterator<Item = Result<bool, String>>, decisive: bool) -> Result<bool, String> {
    let mut lost = None;
    for part in parts {
        match part {
            Ok(holds) if holds == decisive => return Ok(decisive),
            Ok(_) => {}
            Err(reason) => lost = lost.or(Some(reason)),
        }
    }
    lost.map_or(Ok(!decisive), Err)
}

//! Names that are changed after their declaration: `let version; if (old) { version = "12"; } else { … }`.

use oxc_span::Span;

use super::frame::Scope;
use super::meaning::{Binding, Change, Meaning, OwnerKind, Root};
use super::world::World;
use crate::collect::declared::value::{Spot, Value};

impl<'a> World<'a> {
    /// The value of a name at an offset, if anything changes the name.
    pub(super) fn changed(
        &self,
        scope: &Scope<'a>,
        name: &'a str,
        binding: &Binding<'a>,
        (span, offset): (Span, u32),
        depth: u32,
    ) -> Option<Spot> {
        let changes = scope.module.names.changes(name, binding);
        let first = changes.first()?;
        let lost = |change: &Change<'a>, why: &str| {
            scope.lost(span, &format!("it is changed at {}{why}", scope.line(change.span)))
        };
        let Some(before) = settled_before(scope, binding, &changes, offset) else { return Some(lost(first, "")) };
        let mut current = match &binding.meaning {
            Meaning::Bound { root: Root::Unset, .. } => scope.known(span, Value::Nothing),
            meaning => {
                let thing = self.meant(scope, meaning, span, depth + 1);
                self.value_of(scope, &thing, span, depth + 1)
            }
        };
        for change in before {
            let Some(value) = change.value else { return Some(lost(&change, "")) };
            let mut runs = true;
            for guard in scope.module.names.branches.of(change.span) {
                let around = scope.module.names.branches.of(Span::new(offset, offset));
                // What is around the code that reads it holds there.
                if around.iter().any(|other| guard.is(other)) {
                    continue;
                }
                match self.holds(scope, &guard, depth + 1) {
                    Ok(holds) => runs &= holds,
                    Err(why) => return Some(lost(&change, &format!(": {why}"))),
                }
            }
            if runs {
                current = self.expression(scope, value, depth + 1);
            }
        }
        Some(current)
    }
}

/// The changes that are made before an offset, in order, when that order is sure.
fn settled_before<'a>(
    scope: &Scope<'a>,
    binding: &Binding<'a>,
    changes: &[Change<'a>],
    offset: u32,
) -> Option<Vec<Change<'a>>> {
    let names = &scope.module.names;
    let owner = |at: u32| names.around(Span::new(at, at)).first().map(|owner| owner.span);
    // A parameter is declared in its function.
    let home = owner(binding.at);
    if changes.iter().any(|change| names.around(change.span).first().map(|owner| owner.span) != home) {
        return None;
    }
    let is_elsewhere = offset == u32::MAX;
    let around = if is_elsewhere { Vec::new() } else { names.around(Span::new(offset, offset)) };
    let between: Vec<_> = around.iter().take_while(|owner| Some(owner.span) != home).collect();
    let mut before: Vec<Change<'a>> = match between.last() {
        // Read where it is declared: what follows does not matter.
        None => changes.iter().filter(|change| change.span.end <= offset).copied().collect(),
        // Read in a function, which may be called at any time after it is declared, or before if it is hoisted.
        Some(outer) => {
            let is_hoisted = matches!(outer.kind, OwnerKind::Function(Some(name))
                if names.binding(name, binding.at).is_some_and(|binding| matches!(binding.meaning, Meaning::Function(_))));
            if is_hoisted || changes.iter().any(|change| change.span.end > outer.span.start) {
                return None;
            }
            changes.to_vec()
        }
    };
    before.sort_by_key(|change| change.span.start);
    Some(before)
}

//! Statements with conditions: what is in them, and what follows them.

use tree_sitter::Node;

use super::build::{Builder, children, fields};
use super::syntax::{ExprId, GuardKind, Kind, Meaning};

impl Builder {
    pub(super) fn branches(&mut self, node: Node<'_>) {
        let outer = self.guard;
        let mut clauses = vec![node];
        clauses.extend(fields(node, "alternative"));
        let mut tests = Vec::new();
        for clause in &clauses {
            if clause.kind() == "else_clause" {
                self.bodies(*clause);
                continue;
            }
            let test = self.field(*clause, "condition");
            let holds = |holds| GuardKind::If { test, holds };
            if let Some(body) = clause.child_by_field_name("consequence") {
                self.guarded(holds(true), |this| this.block(body));
            }
            self.guard(holds(false));
            tests.push(test);
        }
        self.guard = outer;
        // What follows is reached only where none of the blocks that end in a `return` was.
        for (_, test) in clauses.iter().zip(&tests).take_while(|(clause, _)| leaves(**clause)) {
            self.guard(GuardKind::If { test: *test, holds: false });
        }
        if let ([first, last], [test]) = (&clauses[..], &tests[..])
            && !leaves(*first)
            && leaves(*last)
        {
            self.guard(GuardKind::If { test: *test, holds: true });
        }
    }

    pub(super) fn matching(&mut self, node: Node<'_>) {
        let outer = self.guard;
        let subjects: Vec<ExprId> =
            fields(node, "subject").into_iter().map(|subject| self.expression(subject)).collect();
        let Some(body) = node.child_by_field_name("body") else { return };
        for case in children(body) {
            let patterns: Vec<Node<'_>> =
                children(case).into_iter().filter(|child| child.kind() == "case_pattern").collect();
            let values = match (&patterns[..], &subjects[..]) {
                ([pattern], [_]) if case.child_by_field_name("guard").is_none() => self.literals(*pattern),
                _ => None,
            };
            let consequence = case.child_by_field_name("consequence");
            let Some(values) = values else {
                self.other_pattern(&patterns, consequence);
                continue;
            };
            let left = subjects[0];
            let (start, end) = (self.made.exprs[left].start, self.made.exprs[left].end);
            let right = self.made_up(start, end, Kind::List(values));
            let test = self.made_up(start, end, Kind::Binary { left, operator: "in".to_owned(), right });
            if let Some(body) = consequence {
                self.guarded(GuardKind::If { test, holds: true }, |this| this.block(body));
            }
            self.guard(GuardKind::If { test, holds: false });
        }
        self.guard = outer;
    }

    /// What follows a pattern that is no value: `_`, which is whatever is left, or one that is not looked into.
    fn other_pattern(&mut self, patterns: &[Node<'_>], consequence: Option<Node<'_>>) {
        let is_rest = patterns.iter().all(|pattern| self.text(*pattern) == "_");
        let doubt = GuardKind::Doubt("a pattern");
        if let Some(body) = consequence {
            if is_rest {
                self.block(body);
            } else {
                self.guarded(doubt, |this| this.block(body));
            }
        }
        if !is_rest {
            self.guard(doubt);
        }
    }

    pub(super) fn for_loop(&mut self, node: Node<'_>) {
        let over = self.field(node, "right");
        let of = self.looped(over);
        self.guarded(GuardKind::Loop(of), |this| {
            if let Some(left) = node.child_by_field_name("left") {
                this.targets(left, left, &|path| Meaning::Item { of, path }, Vec::new());
            }
            if let Some(body) = node.child_by_field_name("body") {
                this.block(body);
            }
        });
        if let Some(rest) = node.child_by_field_name("alternative") {
            self.guarded(GuardKind::Doubt("a loop"), |this| this.bodies(rest));
        }
    }
}

/// Whether a clause ends by leaving what is around it. Where one raises an error there is no run to speak of.
fn leaves(clause: Node<'_>) -> bool {
    let body = clause.child_by_field_name("consequence").or_else(|| clause.child_by_field_name("body"));
    let last = body.and_then(|body| children(body).pop());
    last.is_some_and(|last| matches!(last.kind(), "return_statement" | "continue_statement" | "break_statement"))
}

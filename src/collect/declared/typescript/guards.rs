//! Under which conditions a piece of code runs.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    ConditionalExpression, Expression, IfStatement, LogicalExpression, LogicalOperator, Statement, SwitchStatement,
};
use oxc_span::{GetSpan, Span};

use super::eval::undecided;
use super::frame::Scope;
use super::world::World;

/// The places of a program where it goes one way or another.
#[derive(Debug, Default)]
pub(super) struct Branches<'a> {
    ifs: Vec<&'a IfStatement<'a>>,
    choices: Vec<&'a ConditionalExpression<'a>>,
    logicals: Vec<&'a LogicalExpression<'a>>,
    switches: Vec<&'a SwitchStatement<'a>>,
    /// Blocks that run when something fails.
    handlers: Vec<Span>,
}

/// A condition of some code.
#[derive(Clone, Copy, Debug)]
pub(super) enum Guard<'a> {
    Is(&'a Expression<'a>, bool),
    /// A case by its index.
    Case(&'a SwitchStatement<'a>, usize),
    Fails(Span),
}

impl Guard<'_> {
    /// The same of the same code.
    pub(super) fn is(&self, other: &Guard<'_>) -> bool {
        match (self, other) {
            (Self::Is(a, yes), Guard::Is(b, other)) => a.span() == b.span() && yes == other,
            (Self::Case(a, index), Guard::Case(b, other)) => a.span == b.span && index == other,
            (Self::Fails(a), Guard::Fails(b)) => a == b,
            _ => false,
        }
    }
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

impl<'a> Branches<'a> {
    pub(super) fn enter(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::IfStatement(statement) => self.ifs.push(statement),
            AstKind::ConditionalExpression(choice) => self.choices.push(choice),
            AstKind::LogicalExpression(logical) => self.logicals.push(logical),
            AstKind::SwitchStatement(statement) => self.switches.push(statement),
            AstKind::CatchClause(clause) => self.handlers.push(clause.span),
            _ => {}
        }
    }

    /// The conditions of some code.
    pub(super) fn of(&self, code: Span) -> Vec<Guard<'a>> {
        let mut guards = Vec::new();
        for statement in &self.ifs {
            if holds(statement.consequent.span(), code) {
                guards.push(Guard::Is(&statement.test, true));
            } else if statement.alternate.as_ref().is_some_and(|other| holds(other.span(), code)) {
                guards.push(Guard::Is(&statement.test, false));
            }
        }
        for choice in &self.choices {
            if holds(choice.consequent.span(), code) {
                guards.push(Guard::Is(&choice.test, true));
            } else if holds(choice.alternate.span(), code) {
                guards.push(Guard::Is(&choice.test, false));
            }
        }
        for logical in self.logicals.iter().filter(|logical| holds(logical.right.span(), code)) {
            match logical.operator {
                LogicalOperator::And => guards.push(Guard::Is(&logical.left, true)),
                LogicalOperator::Or => guards.push(Guard::Is(&logical.left, false)),
                LogicalOperator::Coalesce => {}
            }
        }
        for statement in &self.switches {
            let case = statement
                .cases
                .iter()
                .position(|case| case.consequent.iter().any(|statement| holds(statement.span(), code)));
            guards.extend(case.map(|index| Guard::Case(statement, index)));
        }
        guards.extend(self.handlers.iter().filter(|handler| holds(**handler, code)).map(|span| Guard::Fails(*span)));
        guards
    }
}

impl<'a> World<'a> {
    /// Whether a condition holds.
    ///
    /// # Errors
    /// Why that cannot be known.
    pub(super) fn holds(&self, scope: &Scope<'a>, guard: &Guard<'a>, depth: u32) -> Result<bool, String> {
        match guard {
            Guard::Is(test, expected) => {
                let value = self.expression(scope, test, depth);
                match value.value.truthy() {
                    Some(holds) => Ok(holds == *expected),
                    None => Err(undecided(scope, test, &value)),
                }
            }
            Guard::Case(statement, index) => self.case(scope, statement, *index, depth),
            Guard::Fails(span) => Err(format!("it depends on what fails at {}", scope.line(*span))),
        }
    }

    /// Whether a condition is known not to hold of some code.
    pub(super) fn never_runs(&self, scope: &Scope<'a>, code: Span, depth: u32) -> bool {
        let guards = scope.module.names.branches.of(code);
        guards.iter().any(|guard| self.holds(scope, guard, depth) == Ok(false))
    }

    fn case(
        &self,
        scope: &Scope<'a>,
        statement: &'a SwitchStatement<'a>,
        index: usize,
        depth: u32,
    ) -> Result<bool, String> {
        let value = self.expression(scope, &statement.discriminant, depth);
        let matches = |test: &'a Expression<'a>| {
            let other = self.expression(scope, test, depth);
            let same = value.value.same(&other.value);
            same.ok_or_else(|| undecided(scope, &statement.discriminant, &value))
        };
        // Empty cases share the statements of the next; what runs on into it cannot be told apart.
        let mut first = index;
        while first > 0 && statement.cases[first - 1].consequent.is_empty() {
            first -= 1;
        }
        if first > 0 && !ends(&statement.cases[first - 1].consequent) {
            return Err(format!("a case runs on into the next at {}", scope.line(statement.cases[index].span)));
        }
        let mut any = false;
        for case in &statement.cases[first..=index] {
            let Some(test) = &case.test else {
                let mut none = true;
                for test in statement.cases.iter().filter_map(|case| case.test.as_ref()) {
                    none &= !matches(test)?;
                }
                any |= none;
                continue;
            };
            any |= matches(test)?;
        }
        Ok(any)
    }
}

fn ends(statements: &[Statement<'_>]) -> bool {
    match statements.last() {
        Some(Statement::BlockStatement(block)) => ends(&block.body),
        Some(last) => matches!(
            last,
            Statement::BreakStatement(_)
                | Statement::ReturnStatement(_)
                | Statement::ThrowStatement(_)
                | Statement::ContinueStatement(_)
        ),
        None => true,
    }
}

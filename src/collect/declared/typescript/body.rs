//! What a function returns.

use std::rc::Rc;

use oxc_ast::ast::{ArrowFunctionBody, Expression, Statement, SwitchStatement};
use oxc_span::{GetSpan, Span};

use super::eval::{MAX_DEPTH, undecided};
use super::frame::{Frame, Given, Id, Scope};
use super::meaning::Func;
use super::world::World;
use crate::collect::declared::value::{Spot, Value};

/// Where statements lead.
enum Flow<'a> {
    On,
    /// Out of a `switch`.
    Out,
    Returned(Option<&'a Expression<'a>>),
    Lost(Spot),
}

impl<'a> World<'a> {
    /// What a call of a function gives, from the place of the call.
    ///
    /// # Errors
    /// A value that says why it cannot be known.
    pub(super) fn result(
        &self,
        scope: &Scope<'a>,
        (at, function, instance): (&Scope<'a>, Func<'a>, Option<Rc<Frame<'a>>>),
        given: &Given<'a>,
        call: (Span, usize),
        depth: u32,
    ) -> Result<Spot, Spot> {
        let (inside, returned) = self.returned(scope, (at, function, instance), given, call, depth)?;
        Ok(match returned {
            Some(value) => self.expression(&inside, value, depth + 1),
            None => scope.known(call.0, Value::Nothing),
        })
    }

    /// The expression that a call of a function returns, and where to evaluate it.
    ///
    /// # Errors
    /// A value that says why it cannot be known.
    pub(super) fn returned(
        &self,
        scope: &Scope<'a>,
        (at, function, instance): (&Scope<'a>, Func<'a>, Option<Rc<Frame<'a>>>),
        given: &Given<'a>,
        call: (Span, usize),
        depth: u32,
    ) -> Result<(Scope<'a>, Option<&'a Expression<'a>>), Spot> {
        let frame = scope.call(Id::of(&at.module, function.span()), given.clone(), call.0, call.1);
        let Some(mut frame) = frame.filter(|_| depth < MAX_DEPTH && self.step()) else {
            return Err(scope.lost(call.0, "it refers too far"));
        };
        frame.instance = instance;
        let inside = at.within(frame);
        let body = match function {
            Func::Function(function) if function.generator => return Err(scope.lost(call.0, "only a run tells")),
            Func::Function(function) => function.body.as_deref(),
            Func::Arrow(arrow) => match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => Some(&**body),
                other => return Ok((inside, other.as_expression())),
            },
        };
        let Some(body) = body else { return Err(scope.lost(call.0, "only a run tells")) };
        match self.run(&inside, &body.statements, depth) {
            Flow::Returned(value) => Ok((inside, value)),
            Flow::On | Flow::Out => Ok((inside, None)),
            Flow::Lost(spot) => Err(spot),
        }
    }

    fn run(&self, scope: &Scope<'a>, statements: &'a [Statement<'a>], depth: u32) -> Flow<'a> {
        for statement in statements {
            match self.statement(scope, statement, depth) {
                Flow::On => {}
                other => return other,
            }
        }
        Flow::On
    }

    fn statement(&self, scope: &Scope<'a>, statement: &'a Statement<'a>, depth: u32) -> Flow<'a> {
        let span = statement.span();
        if depth > MAX_DEPTH || !self.step() {
            return Flow::Lost(scope.lost(span, "it refers too far"));
        }
        match statement {
            Statement::ReturnStatement(returned) => Flow::Returned(returned.argument.as_ref()),
            Statement::BlockStatement(block) => self.run(scope, &block.body, depth + 1),
            Statement::IfStatement(statement) => {
                let test = self.expression(scope, &statement.test, depth + 1);
                match test.value.truthy() {
                    Some(true) => self.statement(scope, &statement.consequent, depth + 1),
                    Some(false) => match &statement.alternate {
                        Some(other) => self.statement(scope, other, depth + 1),
                        None => Flow::On,
                    },
                    None if !leaves(scope, span) => Flow::On,
                    None => {
                        let why = undecided(scope, &statement.test, &test);
                        Flow::Lost(Spot::unknown(why, scope.place(span)))
                    }
                }
            }
            Statement::SwitchStatement(statement) => match self.switch(scope, statement, depth + 1) {
                Flow::Out => Flow::On,
                other => other,
            },
            Statement::BreakStatement(leave) if leave.label.is_none() => Flow::Out,
            Statement::ExpressionStatement(_) | Statement::EmptyStatement(_) => Flow::On,
            Statement::ThrowStatement(_) => Flow::Lost(scope.lost(span, "it fails")),
            other if other.as_declaration().is_some() => Flow::On,
            _ if !leaves(scope, span) => Flow::On,
            _ => Flow::Lost(scope.lost(span, "only a run tells")),
        }
    }

    fn switch(&self, scope: &Scope<'a>, statement: &'a SwitchStatement<'a>, depth: u32) -> Flow<'a> {
        let value = self.expression(scope, &statement.discriminant, depth);
        let mut chosen = statement.cases.iter().position(|case| case.test.is_none());
        for (index, case) in statement.cases.iter().enumerate() {
            let Some(test) = &case.test else { continue };
            match value.value.same(&self.expression(scope, test, depth).value) {
                Some(true) => {
                    chosen = Some(index);
                    break;
                }
                Some(false) => {}
                None => {
                    let why = undecided(scope, &statement.discriminant, &value);
                    return Flow::Lost(Spot::unknown(why, scope.place(statement.span)));
                }
            }
        }
        for case in chosen.into_iter().flat_map(|index| &statement.cases[index..]) {
            match self.run(scope, &case.consequent, depth) {
                Flow::On => {}
                other => return other,
            }
        }
        Flow::On
    }
}

/// Whether statements may end the function; a word too many costs no more than a reason.
fn leaves(scope: &Scope<'_>, span: Span) -> bool {
    let code = scope.code(span);
    code.contains("return") || code.contains("throw")
}

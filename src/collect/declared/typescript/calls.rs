//! What a script gives to the packages that it imports, and the objects in it; for those who look for other things than
//! databases.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, CallExpression, Expression, NewExpression, ObjectExpression, ObjectPropertyKind};
use oxc_ast_visit::Visit;
use oxc_parser::Parser;
use oxc_span::{SourceType, Span};

use super::eval::Program;
use super::{MAX_BRACKETS, MAX_STACK, bracket_depth, scope, stack_for, symbol};
use crate::collect::declared::value::{Lines, Place, Spot};
use crate::collect::declared::{guard, pulumi};
use crate::collect::files::Files;

/// A call, or a `new`, of something imported.
#[derive(Clone, Debug)]
pub(in crate::collect) struct Given {
    /// As the code imports it: `pg`, `./adapter`.
    pub package: String,
    /// The export: `Pool`; empty of the package itself.
    pub name: String,
    pub is_new: bool,
    pub arguments: Vec<Spot>,
    pub at: Place,
}

#[derive(Clone, Debug, Default)]
pub(in crate::collect) struct Script {
    pub calls: Vec<Given>,
    /// Those that have all the keys of one of the sets asked for.
    pub objects: Vec<Spot>,
}

/// Which calls and objects are wanted.
#[derive(Clone, Copy)]
pub(in crate::collect) struct Wanted {
    pub package: fn(&str) -> bool,
    /// Sets of keys.
    pub objects: &'static [&'static [&'static str]],
}

/// Reads a script; `None` of one that does not parse.
pub(in crate::collect) fn read(
    files: &Files,
    path: &Path,
    file: &Arc<str>,
    text: &str,
    wanted: Wanted,
) -> Option<Script> {
    let kind = SourceType::from_path(path).unwrap_or_else(|_| SourceType::ts());
    let need = stack_for(text);
    if need > MAX_STACK || bracket_depth(text) > MAX_BRACKETS {
        return None;
    }
    let (text, file, found) = (text.to_owned(), file.clone(), pulumi::Found::none(files));
    guard::run(need, move || parse(&text, file, kind, found, wanted)).ok().flatten()
}

fn parse(text: &str, file: Arc<str>, kind: SourceType, found: pulumi::Found, wanted: Wanted) -> Option<Script> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind).parse();
    if parsed.panicked {
        return None;
    }
    let mut all = All::default();
    all.visit_program(&parsed.program);
    let program = Program {
        source: text,
        lines: Lines::of(text),
        file,
        names: scope::Names::of(&parsed.program, text),
        project: found.load(),
        fuel: Cell::new(0),
    };
    let mut script = Script::default();
    let calls = all.calls.iter().map(|call| (&call.callee, &call.arguments, call.span, false));
    let news = all.news.iter().map(|new| (&new.callee, &new.arguments, new.span, true));
    for (callee, arguments, span, is_new) in calls.chain(news) {
        script.calls.extend(given(&program, callee, arguments, span, is_new, wanted));
    }
    for object in all.objects.into_iter().filter(|object| is_wanted(object, wanted)) {
        program.refuel();
        script.objects.push(program.object(object, 0));
    }
    Some(script)
}

fn given<'a>(
    program: &Program<'a>,
    callee: &'a Expression<'a>,
    arguments: &'a [Argument<'a>],
    span: Span,
    is_new: bool,
    wanted: Wanted,
) -> Option<Given> {
    let symbol = symbol::resolve(&program.names, callee)?;
    if !(wanted.package)(symbol.package()) {
        return None;
    }
    program.refuel();
    let arguments = arguments.iter().map(|argument| match argument.as_expression() {
        Some(expression) => program.eval(expression),
        None => program.lost(span, "only a run tells"),
    });
    Some(Given {
        package: symbol.package().to_owned(),
        name: symbol.path().last().copied().unwrap_or_default().to_owned(),
        is_new,
        arguments: arguments.collect(),
        at: program.place(span),
    })
}

fn is_wanted(object: &ObjectExpression<'_>, wanted: Wanted) -> bool {
    let has = |wanted: &str| {
        object.properties.iter().any(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => {
                property.key.static_name().is_some_and(|name| name == wanted)
            }
            ObjectPropertyKind::SpreadProperty(_) => false,
        })
    };
    wanted.objects.iter().any(|keys| keys.iter().all(|key| has(key)))
}

#[derive(Default)]
struct All<'a> {
    calls: Vec<&'a CallExpression<'a>>,
    news: Vec<&'a NewExpression<'a>>,
    objects: Vec<&'a ObjectExpression<'a>>,
}

impl<'a> Visit<'a> for All<'a> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::CallExpression(call) => self.calls.push(call),
            AstKind::NewExpression(new) => self.news.push(new),
            AstKind::ObjectExpression(object) => self.objects.push(object),
            _ => {}
        }
    }
}

//! What a script gives to the packages that it imports, and the objects in it; for those who look for other things than
//! databases.

use std::path::Path;
use std::rc::Rc;

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, Expression, ObjectExpression, ObjectPropertyKind};
use oxc_ast_visit::Visit;
use oxc_span::Span;

use super::frame::Scope;
use super::world::{Module, World};
use super::{MAX_STACK, ROOM, guard, is_too_deep, stack_for};
use crate::collect::declared::value::{Place, Spot};
use crate::collect::declared::walk::Tree;
use crate::collect::files::Files;

/// Ways to a call that are told apart.
const MAX_WAYS: usize = 50;

/// A call, or a `new`, of something that is imported from no file of the repository.
#[derive(Clone, Debug)]
pub(in crate::collect) struct Given {
    pub package: String,
    /// The export: `Pool`; empty of the package itself.
    pub name: String,
    pub is_new: bool,
    /// By one of the ways that lead to it.
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
    /// By package and export.
    pub call: fn(&str, &str) -> bool,
    /// Sets of keys.
    pub objects: &'static [&'static [&'static str]],
}

/// The scripts of a folder.
pub(in crate::collect) struct Scripts {
    tree: Tree,
}

impl Scripts {
    /// `None` where there are none.
    pub(in crate::collect) fn of(files: &Files, folder: &Path) -> Option<Self> {
        Some(Self { tree: Tree::of(files, folder).ok()? })
    }

    /// Reads one of them; `None` of one that does not parse.
    pub(in crate::collect) fn read(&self, path: &Path, text: &str, wanted: Wanted) -> Option<Script> {
        let need = stack_for(text);
        if need > MAX_STACK || is_too_deep(text) {
            return None;
        }
        let (tree, path, text, room) = (self.tree.clone(), path.to_owned(), text.to_owned(), need.max(ROOM));
        let work = move || {
            let allocator = Allocator::default();
            let world = World::new(&allocator, tree, None, (room, false));
            world.parse(&path, &text).ok().map(|module| world.script(&module, wanted))
        };
        guard::run(room, work).ok().flatten()
    }
}

impl<'a> World<'a> {
    fn script(&self, module: &Rc<Module<'a>>, wanted: Wanted) -> Script {
        let mut script = Script::default();
        let calls = module.names.calls.iter().map(|call| (&call.callee, &call.arguments[..], call.span, false));
        let news = module.names.news.iter().map(|new| (&new.callee, &new.arguments[..], new.span, true));
        for (callee, arguments, span, is_new) in calls.chain(news) {
            script.calls.extend(self.given(module, callee, arguments, span, is_new, wanted));
        }
        let mut objects = Objects::default();
        objects.visit_program(module.program);
        let top = Scope::top(module);
        for object in objects.0.into_iter().filter(|object| is_wanted(object, wanted)) {
            self.refuel();
            script.objects.push(self.object(&top, object, 0));
        }
        script
    }

    fn given(
        &self,
        module: &Rc<Module<'a>>,
        callee: &'a Expression<'a>,
        arguments: &'a [Argument<'a>],
        span: Span,
        is_new: bool,
        wanted: Wanted,
    ) -> Vec<Given> {
        self.refuel();
        let top = Scope::top(module);
        let Some(symbol) = self.symbol(&top, callee, 0) else { return Vec::new() };
        let name = symbol.path.last().copied().unwrap_or_default();
        if !(wanted.call)(symbol.package, name) {
            return Vec::new();
        }
        let mut ways = self.contexts(module, span);
        // Who else leads here is not known.
        if ways.is_open || ways.scopes.is_empty() || ways.scopes.len() > MAX_WAYS {
            ways.scopes.truncate(MAX_WAYS);
            ways.scopes.push(top);
        }
        let each = ways.scopes.iter().map(|scope| {
            self.refuel();
            let arguments = arguments.iter().map(|argument| match argument.as_expression() {
                Some(expression) => self.expression(scope, expression, 0),
                None => scope.lost(span, "only a run tells"),
            });
            Given {
                package: symbol.package.to_owned(),
                name: name.to_owned(),
                is_new,
                arguments: arguments.collect(),
                at: scope.place(span),
            }
        });
        each.collect()
    }
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
struct Objects<'a>(Vec<&'a ObjectExpression<'a>>);

impl<'a> Visit<'a> for Objects<'a> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        if let AstKind::ObjectExpression(object) = kind {
            self.0.push(object);
        }
    }
}

//! Resources: where they are made, and what is given to them.

use oxc_ast::ast::{Argument, CallExpression, Class, NewExpression};
use oxc_span::Span;

use super::frame::{Given, Id, Scope};
use super::object::{constructed, constructor, super_call};
use super::symbol::Symbol;
use super::thing::Thing;
use super::world::World;
use crate::collect::declared::value::{Map, Spot, Value, quote};

/// How an object of a package's class is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Made<'a> {
    New(&'a NewExpression<'a>),
    /// By the constructor of a class that extends it.
    Super(&'a CallExpression<'a>),
    /// By a class that extends it and has no constructor of its own.
    Class(&'a Class<'a>),
}

/// A resource: its class, where it is made, and by which calls.
#[derive(Clone, Debug)]
pub(super) struct Site<'a> {
    pub scope: Scope<'a>,
    pub made: Made<'a>,
    pub symbol: Symbol<'a>,
}

impl Made<'_> {
    pub(super) fn span(&self) -> Span {
        match self {
            Self::New(new) => new.span,
            Self::Super(call) => call.span,
            Self::Class(class) => class.span,
        }
    }
}

impl Site<'_> {
    /// What a [`Value::Output`] calls it.
    pub(super) fn key(&self) -> String {
        let span = self.made.span();
        format!("{}:{}..{}{}", self.scope.module.file, span.start, span.end, self.scope.chain())
    }
}

impl<'a> World<'a> {
    /// All places of a file that make an object of a package's class.
    pub(super) fn made_in(&self, scope: &Scope<'a>) -> Vec<(Made<'a>, Symbol<'a>)> {
        let names = &scope.module.names;
        let mut all = Vec::new();
        for new in &names.news {
            self.refuel();
            let symbol = self.symbol(scope, &new.callee, 0);
            all.extend(symbol.map(|symbol| (Made::New(new), symbol)));
        }
        for class in &names.classes {
            self.refuel();
            let Some(heritage) = &class.heritage else { continue };
            let Some(symbol) = self.symbol(scope, &heritage.expression, 0) else { continue };
            match (super_call(scope, class), constructor(class)) {
                (Some(call), _) => all.push((Made::Super(call), symbol)),
                (None, None) => all.push((Made::Class(class), symbol)),
                (None, Some(_)) => {}
            }
        }
        all
    }

    /// A `new` expression as a value.
    pub(super) fn made(&self, scope: &Scope<'a>, new: &'a NewExpression<'a>, depth: u32) -> Spot {
        match self.thing(scope, &new.callee, depth) {
            Thing::Package(symbol) => {
                let site = Site { scope: scope.settled(new.span), made: Made::New(new), symbol };
                self.output(&site).unwrap_or_else(|| scope.lost(new.span, "only a run tells"))
            }
            Thing::Class(at, class) => match constructed(scope, &at, class, &new.arguments, new.span) {
                Some(object) => self.object_value(scope, &object, new.span, depth + 1),
                None => scope.lost(new.span, "it refers too far"),
            },
            _ => scope.lost(new.span, "only a run tells"),
        }
    }

    /// A resource as a value: of its attributes, those that the code sets are known.
    pub(super) fn output(&self, site: &Site<'a>) -> Option<Spot> {
        site.symbol.rds_class()?;
        let (scope, span, resource) = (&site.scope, site.made.span(), site.key());
        let reason = format!("{} is a resource", quote(scope.code(span)));
        self.referred.borrow_mut().entry(resource.clone()).or_insert_with(|| site.clone());
        Some(Spot::new(Value::Output { resource, reason }, scope.place(span)))
    }

    /// What is given to a resource at a position.
    pub(super) fn argument(&self, site: &Site<'a>, index: usize, depth: u32) -> Spot {
        let span = site.made.span();
        let (scope, arguments) = match site.made {
            Made::New(new) => (site.scope.clone(), &new.arguments[..]),
            Made::Super(call) => (site.scope.clone(), &call.arguments[..]),
            Made::Class(class) => {
                let frame = site.scope.find(Id::of(&site.scope.module, class.span));
                match frame.map(|frame| (frame.outer.clone(), frame.given.clone())) {
                    Some((outer, Given::Arguments(arguments))) => (outer, arguments),
                    _ => return site.scope.lost(class_head(class), "nothing makes one"),
                }
            }
        };
        match arguments.get(index).map(Argument::as_expression) {
            Some(Some(expression)) => self.expression(&scope, expression, depth),
            // Spread into the call.
            Some(None) => {
                let line = scope.line(span);
                Spot::unknown(format!("... at {line}: only a run tells"), scope.place(span))
            }
            None if arguments.iter().any(Argument::is_spread) => {
                let line = scope.line(span);
                Spot::unknown(format!("... at {line}: only a run tells"), scope.place(span))
            }
            None => site.scope.known(span, Value::Nothing),
        }
    }

    /// The map of what a resource is given.
    pub(super) fn arguments(&self, site: &Site<'a>, depth: u32) -> Spot {
        let given = self.argument(site, site.symbol.arguments_at(), depth);
        match given.value {
            Value::Map(_) | Value::Unknown(_) => given,
            _ => Spot::new(Value::Map(Map::default()), site.scope.place(site.made.span())),
        }
    }

    /// What a resource is called in the code.
    pub(super) fn name(&self, site: &Site<'a>) -> String {
        let index = site.symbol.arguments_at() - 1;
        if let Some(name) = self.argument(site, index, 0).text() {
            return name.to_owned();
        }
        let argument = match site.made {
            Made::New(new) => new.arguments.get(index),
            Made::Super(call) => call.arguments.get(index),
            Made::Class(class) => return class.id.as_ref().map(|id| id.name.to_string()).unwrap_or_default(),
        };
        argument.map(|name| quote(site.scope.code(oxc_span::GetSpan::span(name)))).unwrap_or_default()
    }
}

/// `class Name`, for a reason.
fn class_head(class: &Class<'_>) -> Span {
    Span::new(class.span.start, class.id.as_ref().map_or(class.span.start, |id| id.span.end))
}

/// Tests call with versions of their own, which nothing deploys.
pub(super) fn is_test_path(path: &std::path::Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folders = ["__tests__", "__mocks__"];
    name.contains(".test.")
        || name.contains(".spec.")
        || path.components().any(|part| folders.iter().any(|folder| part.as_os_str() == *folder))
}

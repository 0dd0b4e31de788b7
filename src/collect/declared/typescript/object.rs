//! Classes of the repository: what their objects hold, as far as that is known.

use std::rc::Rc;

use oxc_ast::ast::{
    Argument, CallExpression, Class, ClassElement, Expression, FormalParameter, Function, MethodDefinition,
    MethodDefinitionKind, PropertyDefinition,
};
use oxc_span::Span;

use super::construct::{Made, Site};
use super::eval::MAX_DEPTH;
use super::frame::{Frame, Given, Id, Scope};
use super::meaning::{Change, Func, Meaning, Root, Step};
use super::thing::{Object, Thing};
use super::world::World;
use crate::collect::declared::value::{Spot, Value};

pub(super) fn constructor<'a>(class: &'a Class<'a>) -> Option<&'a Function<'a>> {
    let methods = methods(class).filter(|method| method.kind == MethodDefinitionKind::Constructor);
    // Without a body it is an overload.
    methods.map(|method| &*method.value).find(|function| function.body.is_some())
}

fn methods<'a>(class: &'a Class<'a>) -> impl Iterator<Item = &'a MethodDefinition<'a>> {
    class.body.body.iter().filter_map(|element| match element {
        ClassElement::MethodDefinition(method) => Some(&**method),
        _ => None,
    })
}

fn method<'a>(class: &'a Class<'a>, name: &str, is_static: bool) -> Option<&'a MethodDefinition<'a>> {
    methods(class).find(|method| {
        method.r#static == is_static && method.value.body.is_some() && method.key.name().is_some_and(|key| key == name)
    })
}

fn field<'a>(class: &'a Class<'a>, name: &str, is_static: bool) -> Option<&'a PropertyDefinition<'a>> {
    class.body.body.iter().find_map(|element| match element {
        ClassElement::PropertyDefinition(field) if field.r#static == is_static => {
            field.key.name().is_some_and(|key| key == name).then_some(&**field)
        }
        _ => None,
    })
}

/// `constructor(private readonly name: string)`
fn parameter<'a>(class: &'a Class<'a>, name: &str) -> Option<(usize, &'a FormalParameter<'a>)> {
    let parameters = constructor(class)?.params.items.iter().enumerate();
    parameters.into_iter().find(|(_, parameter)| {
        let is_field = parameter.accessibility.is_some() || parameter.readonly || parameter.r#override;
        is_field && parameter.pattern.get_binding_identifier().is_some_and(|id| id.name == name)
    })
}

/// Whether a class says itself what its objects have under a name.
fn defines(class: &Class<'_>, name: &str) -> bool {
    field(class, name, false).is_some_and(|field| field.value.is_some())
        || method(class, name, false).is_some()
        || parameter(class, name).is_some()
}

/// The calls of `super` within a class.
pub(super) fn super_call<'a>(scope: &Scope<'a>, class: &'a Class<'a>) -> Option<&'a CallExpression<'a>> {
    let constructor = constructor(class)?;
    let is_super = |call: &&CallExpression<'_>| matches!(call.callee, Expression::Super(_));
    let inside = |call: &&CallExpression<'_>| constructor.span.contains_inclusive(call.span);
    scope.module.names.calls.iter().copied().find(|call| is_super(call) && inside(call))
}

impl<'a> World<'a> {
    /// The same object as its class's base makes it; `None` when that is no class of the repository.
    pub(super) fn base(&self, object: &Object<'a>, depth: u32) -> Option<Object<'a>> {
        let Object { scope, class } = object;
        let heritage = class.heritage.as_ref()?;
        let Thing::Class(at, base) = self.thing(scope, &heritage.expression, depth) else { return None };
        let owner = Id::of(&at.module, base.span);
        let frame = match (super_call(scope, class), constructor(class)) {
            (Some(call), _) => scope.call(owner, Given::Arguments(&call.arguments), call.span, 0),
            // What makes it gives its arguments to the base.
            (None, None) => {
                let frame = scope.find(Id::of(&scope.module, class.span))?;
                let given = frame.given.clone();
                frame.outer.call(owner, given, class.span, 0)
            }
            (None, Some(_)) => None,
        };
        let mut frame = frame?;
        frame.derived = Some(class);
        Some(Object { scope: at.within(frame), class: base })
    }

    /// A static member of a class.
    pub(super) fn static_member(
        &self,
        at: &Scope<'a>,
        class: &'a Class<'a>,
        key: &'a str,
        scope: &Scope<'a>,
        span: Span,
        depth: u32,
    ) -> Thing<'a> {
        if let Some(method) = method(class, key, true) {
            return self.read_method(at, method, None, scope, span, depth);
        }
        let changes = class.id.as_ref().map(|id| {
            let binding = at.module.names.binding(id.name.as_str(), id.span.start);
            binding.map(|binding| at.module.names.changes(id.name.as_str(), binding)).unwrap_or_default()
        });
        if let Some(change) = changes.iter().flatten().next() {
            return Thing::Spot(scope.lost(span, &format!("it is changed at {}", at.line(change.span))));
        }
        match field(class, key, true).and_then(|field| field.value.as_ref()) {
            Some(value) => self.thing(at, value, depth + 1),
            None => match &class.heritage {
                Some(heritage) => match self.thing(at, &heritage.expression, depth + 1) {
                    Thing::Class(at, base) => self.static_member(&at, base, key, scope, span, depth + 1),
                    Thing::Package(symbol) => Thing::Package(symbol.then(key)),
                    _ => Thing::Spot(scope.lost(span, "only a run tells")),
                },
                None => Thing::Spot(scope.lost(span, "only a run tells")),
            },
        }
    }

    /// A member of an object.
    pub(super) fn object_member(
        &self,
        object: &Object<'a>,
        key: &'a str,
        scope: &Scope<'a>,
        span: Span,
        depth: u32,
    ) -> Thing<'a> {
        let frame = object.scope.find(Id::of(&object.scope.module, object.class.span));
        if let Some(derived) = frame.and_then(|frame| frame.derived)
            && defines(derived, key)
        {
            return Thing::Spot(scope.lost(span, "a class that extends it may set it"));
        }
        self.own_member(object, key, scope, span, depth)
    }

    /// A member by its class or the nearest one that this extends.
    fn own_member(&self, object: &Object<'a>, key: &'a str, scope: &Scope<'a>, span: Span, depth: u32) -> Thing<'a> {
        let Object { scope: at, class } = object;
        if let Some(method) = method(class, key, false) {
            let frame = at.find(Id::of(&at.module, class.span));
            return self.read_method(at, method, frame, scope, span, depth);
        }
        if let Some(thing) = self.field_value(at, class, key, scope, span, depth) {
            return thing;
        }
        match self.base(object, depth + 1) {
            Some(base) if depth < MAX_DEPTH => self.own_member(&base, key, scope, span, depth + 1),
            _ => Thing::Spot(match self.made_object(object, depth) {
                Some(output) => self.attribute(scope, &output, key, span, depth),
                None => scope.lost(span, "only a run tells"),
            }),
        }
    }

    fn read_method(
        &self,
        at: &Scope<'a>,
        method: &'a MethodDefinition<'a>,
        instance: Option<Rc<Frame<'a>>>,
        scope: &Scope<'a>,
        span: Span,
        depth: u32,
    ) -> Thing<'a> {
        let function = Func::Function(&method.value);
        match method.kind {
            MethodDefinitionKind::Get => {
                let value = self.result(scope, (at, function, instance), &Given::Values(Vec::new()), (span, 0), depth);
                Thing::Spot(value.unwrap_or_else(|lost| lost))
            }
            MethodDefinitionKind::Method => Thing::Function(at.clone(), function, instance),
            _ => Thing::Spot(scope.lost(span, "only a run tells")),
        }
    }

    /// What is written to a field; `None` where this class does not.
    fn field_value(
        &self,
        at: &Scope<'a>,
        class: &'a Class<'a>,
        key: &'a str,
        scope: &Scope<'a>,
        span: Span,
        depth: u32,
    ) -> Option<Thing<'a>> {
        let changes = at.module.names.fields.get(key);
        let is_own = |change: &&Change<'a>| {
            let inner = at.module.names.class_at(change.span.start);
            inner.is_some_and(|inner| inner.span == class.span)
        };
        let changes: Vec<_> = changes.into_iter().flatten().filter(is_own).collect();
        let initial = match (field(class, key, false).and_then(|field| field.value.as_ref()), parameter(class, key)) {
            (Some(value), _) => Some(self.thing(at, value, depth + 1)),
            (None, Some((index, parameter))) => {
                let function = constructor(class)?.span;
                let path = parameter.initializer.iter().map(|default| Step::Default(default)).collect();
                let root = Root::Parameter { function, index, is_rest: false };
                Some(self.meant(at, &Meaning::Bound { root, path }, parameter.span, depth + 1))
            }
            (None, None) => None,
        };
        if changes.is_empty() {
            return initial;
        }
        let body = constructor(class).map(|constructor| constructor.span);
        let mut thing = initial;
        for change in changes {
            let elsewhere = |why: String| Some(Thing::Spot(scope.lost(span, &why)));
            let line = at.line(change.span);
            let owner = at.module.names.around(change.span).first().map(|owner| owner.span);
            let (Some(value), true) = (change.value, owner.is_some() && owner == body) else {
                return elsewhere(format!("it is changed at {line}"));
            };
            let mut runs = true;
            for guard in at.module.names.branches.of(change.span) {
                // What is around the code that reads it holds there.
                let is_shared = at.module.number == scope.module.number
                    && scope.module.names.branches.of(span).iter().any(|other| guard.is(other));
                if !is_shared {
                    match self.holds(at, &guard, depth + 1) {
                        Ok(holds) => runs &= holds,
                        Err(why) => return elsewhere(format!("it is changed at {line}: {why}")),
                    }
                }
            }
            let before = thing.unwrap_or_else(|| Thing::Spot(at.known(change.span, Value::Nothing)));
            thing = Some(if runs { self.thing(at, value, depth + 1) } else { before });
        }
        thing
    }

    /// What a field holds as a value.
    pub(super) fn object_value(&self, scope: &Scope<'a>, object: &Object<'a>, span: Span, depth: u32) -> Spot {
        self.made_object(object, depth).unwrap_or_else(|| scope.lost(span, "only a run tells"))
    }

    /// The class of a package that an object's class extends, and what is given to it.
    pub(super) fn made_object(&self, object: &Object<'a>, depth: u32) -> Option<Spot> {
        let site = self.site_of(object, depth)?;
        self.output(&site)
    }

    fn site_of(&self, object: &Object<'a>, depth: u32) -> Option<Site<'a>> {
        if depth > MAX_DEPTH || !self.step() {
            return None;
        }
        if let Some(base) = self.base(object, depth + 1) {
            return self.site_of(&base, depth + 1);
        }
        let Object { scope, class } = object;
        let heritage = class.heritage.as_ref()?;
        let symbol = self.symbol(scope, &heritage.expression, depth + 1)?;
        let made = match (super_call(scope, class), constructor(class)) {
            (Some(call), _) => Made::Super(call),
            (None, None) => Made::Class(class),
            (None, Some(_)) => return None,
        };
        Some(Site { scope: scope.clone(), made, symbol })
    }
}

/// The object that a `new` expression makes; `None` when it leads too far.
pub(super) fn constructed<'a>(
    scope: &Scope<'a>,
    at: &Scope<'a>,
    class: &'a Class<'a>,
    arguments: &'a [Argument<'a>],
    call: Span,
) -> Option<Object<'a>> {
    let frame = scope.call(Id::of(&at.module, class.span), Given::Arguments(arguments), call, 0)?;
    Some(Object { scope: at.within(frame), class })
}

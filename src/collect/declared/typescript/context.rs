//! Which calls lead to a piece of code: a database that a function declares is one for each of them.

use std::rc::Rc;

use oxc_ast::ast::{Argument, Class, ClassElement, Expression};
use oxc_span::Span;

use super::construct::is_test_path;
use super::frame::{Frame, Given, Id, Scope};
use super::meaning::{Meaning, Owner, OwnerKind};
use super::object::{constructor, super_call};
use super::thing::Thing;
use super::world::{Calls, Module, World};
use crate::collect::declared::value::{Spot, Value};

/// More calls are not told apart.
const MAX_CONTEXTS: usize = 500;
/// Functions that call each other are no longer chains than this.
const MAX_CHAIN: usize = 12;
/// Ways that are tried for one piece of code.
const MAX_TRIES: u32 = 5_000;

/// A call of a function, or the making of an object.
#[derive(Clone, Debug)]
pub(super) struct CallSite<'a> {
    pub span: Span,
    pub arguments: &'a [Argument<'a>],
    /// Of a method: what it is called on.
    instance: Option<Rc<Frame<'a>>>,
    /// Of a class that is extended: by which one.
    derived: Option<&'a Class<'a>>,
}

/// The ways that lead to some code.
#[derive(Debug, Default)]
pub(super) struct Contexts<'a> {
    pub scopes: Vec<Scope<'a>>,
    /// There may be others.
    pub is_open: bool,
}

impl<'a> World<'a> {
    /// The ways that lead to some code of a file.
    pub(super) fn contexts(&self, module: &Rc<Module<'a>>, code: Span) -> Contexts<'a> {
        self.tries.set(MAX_TRIES);
        let found = self.leading_to(module, code, &mut Vec::new());
        if found.scopes.len() > MAX_CONTEXTS {
            return Contexts { scopes: vec![Scope::top(module)], is_open: true };
        }
        found
    }

    /// The ways that lead to a class's construction.
    pub(super) fn constructions(&self, module: &Rc<Module<'a>>, class: &'a Class<'a>) -> Contexts<'a> {
        self.tries.set(MAX_TRIES);
        self.called(module, class.span, &names_of(class, class.span), &mut Vec::new())
    }

    fn leading_to(&self, module: &Rc<Module<'a>>, code: Span, seen: &mut Vec<Id>) -> Contexts<'a> {
        let owner = module.names.around(code).first().copied();
        let mut found = match owner {
            None => Contexts { scopes: vec![Scope::top(module)], is_open: false },
            Some(owner) => self.entering(module, &owner, seen),
        };
        found.scopes.retain(|scope| {
            self.refuel();
            !self.never_runs(scope, code, 0)
        });
        found
    }

    fn entering(&self, module: &Rc<Module<'a>>, owner: &Owner<'a>, seen: &mut Vec<Id>) -> Contexts<'a> {
        let id = Id::of_owner(module, owner);
        let tries = self.tries.get();
        self.tries.set(tries.saturating_sub(1));
        if tries == 0 || seen.contains(&id) || seen.len() > MAX_CHAIN {
            return Contexts { scopes: Vec::new(), is_open: true };
        }
        seen.push(id);
        let found = match owner.kind {
            OwnerKind::Repeated => self.leading_to(module, owner.span, seen),
            OwnerKind::Each { list, keys } => {
                let outer = self.leading_to(module, owner.span, seen);
                self.rounds(outer, id, owner.span, |scope| {
                    let spot = self.expression(scope, list, 0);
                    if keys { keys_of(spot) } else { spot }
                })
            }
            OwnerKind::Callback { object, method } => {
                let outer = self.leading_to(module, owner.span, seen);
                self.rounds(outer, id, owner.span, |scope| {
                    let spot = self.expression(scope, object, 0);
                    if method == "apply" && !matches!(spot.value, Value::Unknown(_)) {
                        let at = spot.at.clone();
                        return Spot::new(Value::List(vec![spot]), at);
                    }
                    spot
                })
            }
            OwnerKind::Function(name) => self.called(module, owner.span, &name.into_iter().collect::<Vec<_>>(), seen),
            OwnerKind::Method(class) => self.called(module, owner.span, &names_of(class, owner.span), seen),
            OwnerKind::Construction(class) => self.called(module, class.span, &names_of(class, class.span), seen),
        };
        seen.pop();
        found
    }

    /// One way for each item of a list, or one of which the item is unknown.
    fn rounds(&self, outer: Contexts<'a>, id: Id, span: Span, list: impl Fn(&Scope<'a>) -> Spot) -> Contexts<'a> {
        let mut found = Contexts { scopes: Vec::new(), is_open: outer.is_open };
        for scope in outer.scopes {
            self.refuel();
            let spot = list(&scope);
            let items = match spot.value {
                Value::List(items) => items,
                Value::Unknown(_) | Value::Output { .. } => vec![spot],
                _ => vec![Spot::unknown(format!("it is an item of a list at {}", scope.line(span)), spot.at)],
            };
            for (round, item) in items.into_iter().enumerate() {
                let order = scope.lost(Span::new(span.start, span.start), "its order is not known");
                if let Some(frame) = scope.call(id, Given::Values(vec![item, order]), span, round) {
                    found.scopes.push(scope.within(frame));
                }
                if found.scopes.len() > MAX_CONTEXTS {
                    return found;
                }
            }
        }
        found
    }

    /// The ways that lead to a function or a class: all calls of it.
    fn called(&self, module: &Rc<Module<'a>>, span: Span, names: &[&str], seen: &mut Vec<Id>) -> Contexts<'a> {
        let id = Id::of(module, span);
        self.refuel();
        let is_open = !self.look_for_callers(module, names);
        let mut found = Contexts { scopes: Vec::new(), is_open };
        let mut calls = 0;
        // Looking at calls may load further files, whose calls count as well.
        let mut next = 0;
        loop {
            let Some(caller) = self.modules.borrow().get(next).cloned() else { break };
            next += 1;
            if caller.number != 0 && is_test_path(&caller.path) || !self.may_call(&caller, module) {
                continue;
            }
            let all = self.calls_in(&caller, module);
            for (_, site) in all.iter().filter(|(target, _)| *target == id) {
                calls += 1;
                let outer = self.leading_to(&caller, site.span, seen);
                found.is_open |= outer.is_open;
                for scope in outer.scopes {
                    let frame = scope.call(id, Given::Arguments(site.arguments), site.span, 0);
                    if let Some(mut frame) = frame {
                        frame.instance.clone_from(&site.instance);
                        frame.derived = site.derived;
                        let inside = Scope { module: module.clone(), env: Some(Rc::new(frame)), root: scope.root };
                        found.scopes.push(inside);
                    }
                }
                if found.scopes.len() > MAX_CONTEXTS {
                    return found;
                }
            }
            found.is_open |= names.first().is_some_and(|name| self.escapes(&caller, module, name, id));
        }
        if calls == 0 {
            // Nobody calls it that we know; what is around it is still known.
            let mut outer = self.leading_to(module, span, seen);
            outer.is_open = false;
            return outer;
        }
        found
    }

    /// Whether a file uses a function or class other than by calling it.
    fn escapes(&self, caller: &Rc<Module<'a>>, module: &Rc<Module<'a>>, name: &str, id: Id) -> bool {
        let scope = Scope::top(caller);
        let is_exported = |imported: &str| imported == name || module.exports.named.contains_key(imported);
        caller.names.uses.iter().any(|used| {
            let written = used.name.as_str();
            let is_near = if caller.number == module.number {
                written == name
            } else {
                caller.names.binding(written, used.span.start).is_some_and(
                    |binding| matches!(binding.meaning, Meaning::Imported { name, .. } if is_exported(name)),
                )
            };
            is_near && id_of(&self.named(&scope, written, used.span, 0)) == Some(id)
        })
    }

    /// What the calls of a file lead to; of those into other files, the ones that may lead to the target.
    fn calls_in(&self, module: &Rc<Module<'a>>, target: &Module<'a>) -> Calls<'a> {
        if let Some(known) = module.calls.borrow().get(&target.number) {
            return known.clone();
        }
        let scope = Scope::top(module);
        let mut all = Vec::new();
        let leads = |callee: &'a Expression<'a>| self.may_lead_to(module, callee, target);
        let plain = |span, arguments| CallSite { span, arguments, instance: None, derived: None };
        for call in module.names.calls.iter().filter(|call| leads(&call.callee)) {
            self.refuel();
            let thing = self.thing(&scope, &call.callee, 0);
            if let Some(id) = id_of(&thing) {
                let instance = if let Thing::Function(.., instance) = thing { instance } else { None };
                all.push((id, CallSite { instance, ..plain(call.span, &call.arguments[..]) }));
            }
        }
        for new in module.names.news.iter().filter(|new| leads(&new.callee)) {
            self.refuel();
            match self.thing(&scope, &new.callee, 0) {
                Thing::Class(at, class) => {
                    all.push((Id::of(&at.module, class.span), plain(new.span, &new.arguments[..])));
                    all.extend(self.bases(&at, class, &plain(new.span, &new.arguments[..])));
                }
                // A class as it was written before there were any.
                thing @ Thing::Function(..) => {
                    all.extend(id_of(&thing).map(|id| (id, plain(new.span, &new.arguments[..]))));
                }
                _ => {}
            }
        }
        for class in &module.names.classes {
            let Some(heritage) = class.heritage.as_ref().filter(|heritage| leads(&heritage.expression)) else {
                continue;
            };
            self.refuel();
            if let (Some(call), Thing::Class(at, base)) =
                (super_call(&scope, class), self.thing(&scope, &heritage.expression, 0))
            {
                let site = CallSite { derived: Some(class), ..plain(call.span, &call.arguments[..]) };
                all.push((Id::of(&at.module, base.span), site.clone()));
                all.extend(self.bases(&at, base, &site));
            }
        }
        let all = Rc::new(all);
        module.calls.borrow_mut().insert(target.number, all.clone());
        all
    }

    /// A class without a constructor gives its arguments to the one that it extends.
    fn bases(&self, at: &Scope<'a>, class: &'a Class<'a>, site: &CallSite<'a>) -> Vec<(Id, CallSite<'a>)> {
        let mut found = Vec::new();
        let (mut at, mut class) = (at.clone(), class);
        while constructor(class).is_none()
            && found.len() < MAX_CHAIN
            && let Some(heritage) = &class.heritage
            && let Thing::Class(above, base) = self.thing(&at, &heritage.expression, 0)
        {
            found.push((Id::of(&above.module, base.span), CallSite { derived: Some(class), ..site.clone() }));
            (at, class) = (above, base);
        }
        found
    }
}

/// The name of a class, and that of its method at some place: whoever calls it has the class, or an object of it.
fn names_of<'a>(class: &'a Class<'a>, code: Span) -> Vec<&'a str> {
    let method = class.body.body.iter().find_map(|element| match element {
        ClassElement::MethodDefinition(method) if method.value.span == code => match method.key.static_name()? {
            std::borrow::Cow::Borrowed(name) => Some(name),
            std::borrow::Cow::Owned(_) => None,
        },
        _ => None,
    });
    class.id.iter().map(|id| id.name.as_str()).chain(method).collect()
}

fn keys_of(spot: Spot) -> Spot {
    match &spot.value {
        Value::Map(map) => {
            let key = |(name, value): (&String, &Spot)| Spot::new(Value::text(name.as_str()), value.at.clone());
            match map.open.clone() {
                Some(reason) => Spot::unknown(reason, spot.at),
                None => Spot::new(Value::List(map.entries.iter().map(key).collect()), spot.at.clone()),
            }
        }
        Value::Unknown(_) | Value::Output { .. } => spot,
        _ => Spot::unknown(format!("it is no map at line {}", spot.at.line), spot.at),
    }
}

fn id_of(thing: &Thing<'_>) -> Option<Id> {
    match thing {
        Thing::Function(scope, function, _) => Some(Id::of(&scope.module, function.span())),
        Thing::Class(scope, class) => Some(Id::of(&scope.module, class.span)),
        _ => None,
    }
}

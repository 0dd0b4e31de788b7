//! What becomes of a name after its declaration, and which parts of the code run at all.

use tree_sitter::Node;

use super::eval::{boolean, equal};
use super::source::children;
use super::unit::{Binding, Change, GuardKind, Meaning, What};
use super::world::{Callee, Here, World, arguments};
use crate::collect::declared::value::{Map, Spot, Value};

/// What a change does to the value that is used.
enum Effect {
    None,
    Sure,
    /// Why it may or may not have happened.
    Maybe(String),
    /// It happens at another time, or more than once.
    Unclear,
}

/// A step from a value into it.
type Key = Result<String, String>;

impl<'a> World<'a> {
    /// A name's value where it is used: declared, and then changed in the order of the code. An offset of `usize::MAX`
    /// is in another file.
    pub(super) fn meaning(
        &self,
        here: &Here<'a>,
        name: &str,
        binding: Binding<'a>,
        offset: usize,
        used: (&Here<'a>, Node<'a>),
        depth: u32,
    ) -> Spot {
        let mut value = self.declared(here, binding.meaning, used, depth);
        if !binding.is_global {
            let changes = self.unit(here).changes.get(name).map(Vec::as_slice).unwrap_or_default();
            for change in changes {
                let Some(other) = self.unit(here).local(name, change.offset) else { continue };
                if (other.start, other.scope) != (binding.start, binding.scope) || change.offset == offset {
                    continue;
                }
                if !self.spend(1) {
                    return self.lost(used.0, used.1, "it refers too far");
                }
                value = self.changed(here, binding, offset, *change, value, depth);
            }
            return value;
        }
        for unit in &self.spaces[self.unit(here).package].units {
            let there = Here { unit: *unit, frame: None };
            let offset = if *unit == used.0.unit { offset } else { usize::MAX };
            for change in self.units[*unit].changes.get(name).map(Vec::as_slice).unwrap_or_default() {
                if self.units[*unit].local(name, change.offset).is_some() || change.offset == offset {
                    continue;
                }
                if !self.spend(1) {
                    return self.lost(used.0, used.1, "it refers too far");
                }
                value = self.changed(&there, binding, offset, *change, value, depth);
            }
        }
        value
    }

    fn changed(
        &self,
        here: &Here<'a>,
        binding: Binding<'a>,
        offset: usize,
        change: Change<'a>,
        old: Spot,
        depth: u32,
    ) -> Spot {
        // Nothing is done with a copy or a constant that is given away.
        if let What::Given(call, index) = change.what
            && !self.is_changed_by(here, call, index, &old)
        {
            return old;
        }
        let at = self.place(here, change.target);
        let unclear = || Spot::unknown(format!("it is changed at {}:{}", at.file, at.line), at.clone());
        let new = match self.effect(here, binding, offset, change, depth) {
            Effect::None => return old,
            Effect::Unclear => Err(unclear()),
            Effect::Sure => Ok((self.changed_to(here, binding, change, depth).unwrap_or_else(unclear), None)),
            Effect::Maybe(reason) => {
                Ok((self.changed_to(here, binding, change, depth).unwrap_or_else(unclear), Some(reason)))
            }
        };
        let path = self.path(here, change.target, depth);
        match new {
            Err(unclear) => set(old, &path, |_| unclear),
            Ok((new, None)) => set(old, &path, |_| new),
            Ok((new, Some(reason))) => set(old, &path, |old| match old.value.same(&new.value) {
                Some(true) => old,
                _ => Spot::unknown(reason, new.at),
            }),
        }
    }

    /// The new value of what a change names; `None` when it is reckoned from the old one.
    fn changed_to(&self, here: &Here<'a>, binding: Binding<'a>, change: Change<'a>, depth: u32) -> Option<Spot> {
        match change.what {
            What::Set(value, part, of) => Some(self.one_of(here, value, part, of, depth)),
            What::Reckoned => None,
            What::Given(call, _) => {
                let object = self.object(here, call, depth)?;
                let kind = match binding.meaning {
                    Meaning::Zero(kind) => kind,
                    Meaning::Value(value, 0, 1) => value.child_by_field_name("type"),
                    _ => None,
                };
                Some(match kind {
                    Some(kind) => self.tagged(object, (here.unit, kind), depth),
                    None => object,
                })
            }
        }
    }

    /// The names and keys between a name and what of it is changed.
    fn path(&self, here: &Here<'a>, target: Node<'a>, depth: u32) -> Vec<Key> {
        let mut path = Vec::new();
        let mut node = target;
        loop {
            let field = |name: &str| node.child_by_field_name(name);
            let (operand, key) = match (node.kind(), field("operand")) {
                ("selector_expression", Some(operand)) => {
                    (operand, field("field").map(|name| Ok(self.code(here, name).to_owned())))
                }
                ("index_expression", Some(operand)) => {
                    let key = field("index").map(|index| self.eval(here, index, depth));
                    let why = || "only a run tells".to_owned();
                    (
                        operand,
                        key.map(|key| {
                            key.scalar().map(str::to_owned).ok_or_else(|| key.lost().map_or_else(why, str::to_owned))
                        }),
                    )
                }
                ("unary_expression", Some(operand)) => (operand, None),
                ("parenthesized_expression", _) => match children(node).first() {
                    Some(inner) => (*inner, None),
                    None => break,
                },
                _ => break,
            };
            path.extend(key);
            node = operand;
        }
        path.reverse();
        path
    }

    fn effect(&self, here: &Here<'a>, binding: Binding<'a>, offset: usize, change: Change<'a>, depth: u32) -> Effect {
        let unit = self.unit(here);
        let has = |(start, end): (usize, usize)| start <= offset && offset < end;
        if has(change.whole) {
            return Effect::None;
        }
        let mut conditions = Vec::new();
        let mut next = change.guard;
        while let Some(guard) = next.and_then(|index| unit.guards.get(index)) {
            if !binding.is_global && guard.part.0 <= binding.scope && binding.end <= guard.part.1 {
                break;
            }
            if !self.spend(1) {
                return Effect::Unclear;
            }
            match (guard.kind, has(guard.part)) {
                (GuardKind::Function, false) => return Effect::Unclear,
                (GuardKind::Loop(_), true) if change.offset > offset => return Effect::Unclear,
                (GuardKind::Loop(_), false) if change.offset < offset => return Effect::Unclear,
                (GuardKind::If(..) | GuardKind::Case(..) | GuardKind::Other, false) => {
                    if has(guard.whole) {
                        return Effect::None;
                    }
                    conditions.push(*guard);
                }
                _ => {}
            }
            next = guard.parent;
        }
        if change.offset > offset {
            // A function around the use alone may be called after the change.
            let is_later = |(start, end): &(usize, usize)| {
                has((*start, *end)) && !(*start <= change.offset && change.offset < *end)
            };
            let inner = unit.literals.iter().filter(|(start, _)| binding.is_global || *start > binding.scope);
            self.spend(unit.literals.len());
            return if inner.into_iter().any(is_later) { Effect::Unclear } else { Effect::None };
        }
        let mut doubt = None;
        for guard in conditions.iter().rev() {
            match self.holds(here, guard.kind, depth) {
                Ok(true) => {}
                Ok(false) => return Effect::None,
                Err(reason) => doubt = doubt.or(Some(reason)),
            }
        }
        doubt.map_or(Effect::Sure, Effect::Maybe)
    }

    /// Whether a part of the code runs.
    ///
    /// # Errors
    /// Why that cannot be known.
    pub(super) fn holds(&self, here: &Here<'a>, guard: GuardKind<'a>, depth: u32) -> Result<bool, String> {
        match guard {
            GuardKind::If(condition, wanted) => {
                let value = self.eval(here, condition, depth + 1);
                match boolean(&value.value) {
                    Some(holds) => Ok(holds == wanted),
                    None => Err(self.undecided(here, condition, &value)),
                }
            }
            GuardKind::Case(switch, case) => self.is_chosen(here, switch, case, depth + 1),
            GuardKind::Function => Ok(true),
            GuardKind::Loop(Some(clause)) if self.item(here, clause).is_some() => Ok(true),
            GuardKind::Loop(_) => Err("it is in a loop".to_owned()),
            GuardKind::Other => Err("only a run decides".to_owned()),
        }
    }

    fn is_chosen(&self, here: &Here<'a>, switch: Node<'a>, case: Node<'a>, depth: u32) -> Result<bool, String> {
        if self.code(here, switch).contains("fallthrough") {
            return Err("a case falls through".to_owned());
        }
        let subject = switch.child_by_field_name("value");
        let value = subject.map(|subject| self.eval(here, subject, depth));
        let matches = |case: Node<'a>| {
            let mut outcome = Ok(false);
            for test in case.child_by_field_name("value").map(children).unwrap_or_default() {
                let spot = self.eval(here, test, depth);
                let holds = match (&value, &spot.value) {
                    (Some(value), test) => equal(&value.value, test),
                    (None, test) => boolean(test),
                };
                match holds {
                    Some(true) => return Ok(true),
                    Some(false) => {}
                    None => {
                        let (node, lost) = match (subject, &value) {
                            (Some(subject), Some(value)) if value.lost().is_some() => (subject, value),
                            _ => (test, &spot),
                        };
                        outcome = Err(self.undecided(here, node, lost));
                    }
                }
            }
            outcome
        };
        let is_default = case.kind() == "default_case";
        for other in children(switch).into_iter().filter(|other| other.kind() == "expression_case") {
            if other == case {
                break;
            }
            if matches(other)? {
                return Ok(false);
            }
        }
        if is_default { Ok(true) } else { matches(case) }
    }

    /// Whether the conditions around a part of the code let it run, as far as that is known.
    pub(super) fn runs(&self, here: &Here<'a>, guard: Option<usize>, depth: u32) -> bool {
        let unit = self.unit(here);
        let mut next = guard;
        while let Some(guard) = next.and_then(|index| unit.guards.get(index)) {
            if self.holds(here, guard.kind, depth) == Ok(false) {
                return false;
            }
            next = guard.parent;
        }
        true
    }

    /// Whether a function may change what it is given.
    fn is_changed_by(&self, here: &Here<'a>, call: Node<'a>, index: usize, value: &Spot) -> bool {
        let argument = arguments(call).get(index).copied();
        let is_address = argument.is_some_and(|argument| self.code(here, argument).starts_with('&'));
        let is_shared = is_address || matches!(value.value, Value::Map(_));
        let changes = |unit: usize, function: usize| {
            let unit = &self.units[unit];
            let function = &unit.functions[function];
            let (start, end) = (function.node.start_byte(), function.node.end_byte());
            let name = function.parameters.get(index).copied().unwrap_or_default();
            let changes = unit.changes.get(name).map(Vec::as_slice).unwrap_or_default();
            changes.iter().any(|change| {
                let is_inside = start <= change.offset && change.offset < end;
                // The name alone is the function's own copy.
                is_inside && !matches!(change.what, What::Given(..)) && change.target.kind() != "identifier"
            })
        };
        match self.callee(here, call) {
            _ if !is_shared => false,
            Callee::Function(unit, function) => changes(unit, function),
            Callee::External(path, _) => is_address && !path.contains("/pulumi"),
            Callee::Method(_, name) => {
                let named = self.units.iter().enumerate().flat_map(|(at, unit)| {
                    let methods = unit.functions.iter().enumerate();
                    methods.filter(|(_, one)| one.is_method && one.name == name).map(move |(index, _)| (at, index))
                });
                let named: Vec<_> = named.collect();
                if named.is_empty() {
                    is_address
                } else {
                    named.into_iter().any(|(unit, function)| changes(unit, function))
                }
            }
            Callee::Builtin(name) => matches!(name, "delete" | "clear"),
            Callee::Conversion => false,
            Callee::Other => true,
        }
    }
}

/// The value with another at the end of a path.
fn set(mut spot: Spot, path: &[Key], new: impl FnOnce(Spot) -> Spot) -> Spot {
    let Some((key, rest)) = path.split_first() else { return new(spot) };
    if spot.is_nothing() {
        spot.value = Value::Map(Map::default());
    }
    match (&mut spot.value, key) {
        (Value::Map(map), Ok(key)) => {
            let old = map.entries.remove(key).unwrap_or_else(|| match &map.open {
                Some(reason) => Spot::unknown(reason.clone(), spot.at.clone()),
                None => Spot::new(Value::Nothing, spot.at.clone()),
            });
            map.entries.insert(key.clone(), set(old, rest, new));
        }
        (Value::Map(map), Err(reason)) => map.forget(reason),
        (Value::List(list), Ok(key)) => {
            if let Some(item) = key.parse::<usize>().ok().and_then(|index| list.get_mut(index)) {
                *item = set(item.clone(), rest, new);
            }
        }
        (Value::List(_), Err(reason)) => spot.value = Value::Unknown(reason.clone()),
        // Unknown stays so.
        _ => {}
    }
    spot
}

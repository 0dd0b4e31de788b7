//! Calls whose outcome is known: of Pulumi, of its configuration, of the program's own functions, and a few of Go's.

use std::rc::Rc;

use tree_sitter::Node;

use super::config::Namespace;
use super::source::children;
use super::symbol;
use super::unit::{GuardKind, Meaning};
use super::world::{Callee, Frame, Here, Step, World, arguments};
use crate::collect::declared::value::{Map, Spot, Value, concat};

/// Methods that hand on what they are called on.
const SAME: [&str; 8] = [
    "ToStringOutput",
    "ToStringPtrOutput",
    "ToStringOutputWithContext",
    "ToStringPtrOutputWithContext",
    "ToIntOutput",
    "ToBoolOutput",
    "Elem",
    "String",
];

impl<'a> World<'a> {
    /// One of the values that a call comes to.
    pub(super) fn call(&self, here: &Here<'a>, call: Node<'a>, part: usize, of: usize, depth: u32) -> Spot {
        let lost = |why: &str| self.lost(here, call, why);
        let given = arguments(call);
        let argument = |index: usize| given.get(index).map(|node| self.eval(here, *node, depth));
        match self.callee(here, call) {
            Callee::Function(unit, function) => self.outcome(here, call, (unit, function), part, of, depth),
            Callee::Conversion if given.len() == 1 => argument(0).unwrap_or_else(|| lost("only a run tells")),
            Callee::External(path, name) if symbol::class(path, name).is_some() => match part {
                0 => self.made(here, call),
                _ => lost("only a run tells"),
            },
            Callee::External(path, name) if symbol::is_pulumi(path) => match (name, given.len()) {
                ("Sprintf", _) => self.format(here, call, depth),
                ("IgnoreChanges", 1) => {
                    let names = argument(0).unwrap_or_else(|| lost("only a run tells"));
                    let map = Map { entries: [("ignoreChanges".to_owned(), names)].into(), open: None };
                    self.known(here, call, Value::Map(map))
                }
                (name, 1) if is_wrapper(name) => argument(0).unwrap_or_else(|| lost("only a run tells")),
                _ => lost("only a run tells"),
            },
            Callee::External(path, name) if symbol::is_config(path) && part == 0 => match given.get(1) {
                Some(key) => self.setting(here, call, &Namespace::Own, name, *key, depth),
                None => lost("only a run tells"),
            },
            Callee::External("fmt", "Sprintf") => self.format(here, call, depth),
            Callee::External("strings", name) => self.text(here, call, name, &[argument(0), argument(1)]),
            Callee::External("os", _) => lost("it depends on the environment"),
            Callee::External(path, _) => lost(&format!("it is of \"{path}\"")),
            Callee::Method(operand, name) => self.method(here, call, (operand, name), part, depth),
            Callee::Builtin("string") if given.len() == 1 => argument(0).unwrap_or_else(|| lost("only a run tells")),
            Callee::Builtin("new") => self.known(here, call, Value::Map(Map::default())),
            Callee::Builtin("append") => {
                let Some(Value::List(mut items)) = argument(0).map(|list| list.value) else {
                    return lost("only a run tells");
                };
                for node in given.iter().skip(1) {
                    match (node.kind(), self.eval(here, *node, depth)) {
                        ("variadic_argument", Spot { value: Value::List(more), .. }) => items.extend(more),
                        (_, item) => items.push(item),
                    }
                }
                self.known(here, call, Value::List(items))
            }
            _ => lost("only a run tells"),
        }
    }

    /// What a resource is called in a [`Value::Output`].
    pub(super) fn key(&self, here: &Here<'a>, call: Node<'a>) -> String {
        let mut key = format!("{}:{}", self.unit(here).file.shown, call.start_byte());
        let (mut outer, mut inner) = (here, call);
        while let Some(frame) = &outer.frame {
            outer = &frame.from;
            match &frame.step {
                Step::Call { call, .. } => {
                    key += &format!("@{}:{}", self.unit(outer).file.shown, call.start_byte());
                    inner = *call;
                }
                // A loop that it is not in makes no other one of it.
                Step::Round { clause, index, .. } => {
                    let whole = clause.parent().unwrap_or(*clause);
                    if whole.start_byte() <= inner.start_byte() && inner.end_byte() <= whole.end_byte() {
                        key += &format!("#{}:{index}", clause.start_byte());
                    }
                }
            }
        }
        key
    }

    fn made(&self, here: &Here<'a>, call: Node<'a>) -> Spot {
        let resource = self.key(here, call);
        self.made.borrow_mut().insert(resource.clone(), (here.clone(), call));
        let reason = self.lost(here, call, "it is a resource").lost().unwrap_or_default().to_owned();
        self.known(here, call, Value::Output { resource, reason })
    }

    /// What one of the program's own functions returns.
    fn outcome(
        &self,
        here: &Here<'a>,
        call: Node<'a>,
        callee: (usize, usize),
        part: usize,
        of: usize,
        depth: u32,
    ) -> Spot {
        let (unit, function) = callee;
        let frame = Frame { unit, step: Step::Call { function, call }, from: here.clone() };
        let there = Here { unit, frame: Some(Rc::new(frame)) };
        let mut doubtful: Option<(Spot, String)> = None;
        for (statement, guard) in &self.units[unit].functions[function].returns {
            if !self.spend(1) {
                break;
            }
            let mut doubt = None;
            let mut is_reached = true;
            let mut next = *guard;
            while let Some(guard) = next.and_then(|index| self.units[unit].guards.get(index)) {
                if matches!(guard.kind, GuardKind::Function) {
                    break;
                }
                match self.holds(&there, guard.kind, depth) {
                    Ok(true) => {}
                    Ok(false) => is_reached = false,
                    Err(reason) => doubt = Some(reason),
                }
                next = guard.parent;
            }
            if !is_reached {
                continue;
            }
            let list = children(*statement);
            let values = list.first().map(|list| children(*list)).unwrap_or_default();
            let value = match (values.get(part), values.first()) {
                (Some(value), _) if values.len() == of => self.eval(&there, *value, depth + 1),
                (_, Some(value)) if values.len() == 1 => self.one_of(&there, *value, part, of, depth + 1),
                _ => self.lost(&there, *statement, "only a run tells"),
            };
            let differs = doubtful.as_ref().is_some_and(|(other, _)| other.value.same(&value.value) != Some(true));
            match (doubtful.take(), doubt) {
                (Some((_, reason)), _) if differs => return Spot::unknown(reason, self.place(here, call)),
                (Some((other, _)), None) => return other,
                (Some(earlier), Some(_)) => doubtful = Some(earlier),
                (None, None) => return value,
                (None, Some(reason)) => doubtful = Some((value, reason)),
            }
        }
        let reason = doubtful.map(|(_, reason)| reason);
        reason
            .map_or_else(|| self.lost(here, call, "only a run tells"), |why| Spot::unknown(why, self.place(here, call)))
    }

    /// `Sprintf` with the verbs that versions and names are written with. <https://pkg.go.dev/fmt#hdr-Printing>
    fn format(&self, here: &Here<'a>, call: Node<'a>, depth: u32) -> Spot {
        let given = arguments(call);
        let mut values = given.iter().map(|node| self.eval(here, *node, depth));
        let pattern = match values.next() {
            Some(pattern) if pattern.scalar().is_some() => pattern,
            Some(pattern) if pattern.lost().is_some() => return pattern,
            _ => return self.lost(here, call, "only a run tells"),
        };
        let at = self.place(here, call);
        let mut parts = Vec::new();
        let mut rest = pattern.scalar().unwrap_or_default();
        while let Some((plain, after)) = rest.split_once('%') {
            parts.push(Spot::new(Value::text(plain), at.clone()));
            let Some(verb) = after.chars().next() else { return self.lost(here, call, "its format is not read") };
            match (verb, if verb == '%' { None } else { values.next() }) {
                ('%', _) => parts.push(Spot::new(Value::text("%"), at.clone())),
                ('s' | 'v' | 'd', Some(value)) => parts.push(value),
                _ => return self.lost(here, call, "its format is not read"),
            }
            rest = &after[verb.len_utf8()..];
        }
        parts.push(Spot::new(Value::text(rest), at.clone()));
        concat(parts, at)
    }

    fn text(&self, here: &Here<'a>, call: Node<'a>, name: &str, given: &[Option<Spot>; 2]) -> Spot {
        let [one, other] = given;
        if let Some(reason) = given.iter().flatten().find_map(Spot::lost) {
            return Spot::unknown(reason, self.place(here, call));
        }
        let boolean = |holds: bool| self.known(here, call, Value::Bool(holds));
        let text = |text: String, of: &Spot| Spot::new(Value::text(text), of.at.clone());
        let Some(first) = one else { return self.lost(here, call, "only a run tells") };
        match (name, first.scalar(), other.as_ref().and_then(Spot::scalar)) {
            ("TrimSpace", Some(value), None) => text(value.trim().to_owned(), first),
            ("ToLower", Some(value), None) => text(value.to_lowercase(), first),
            ("ToUpper", Some(value), None) => text(value.to_uppercase(), first),
            ("TrimPrefix", Some(value), Some(part)) => {
                text(value.strip_prefix(part).unwrap_or(value).to_owned(), first)
            }
            ("TrimSuffix", Some(value), Some(part)) => {
                text(value.strip_suffix(part).unwrap_or(value).to_owned(), first)
            }
            ("HasPrefix", Some(value), Some(part)) => boolean(value.starts_with(part)),
            ("HasSuffix", Some(value), Some(part)) => boolean(value.ends_with(part)),
            ("Contains", Some(value), Some(part)) => boolean(value.contains(part)),
            ("EqualFold", Some(value), Some(part)) => boolean(value.to_lowercase() == part.to_lowercase()),
            _ => self.lost(here, call, "only a run tells"),
        }
    }

    fn method(&self, here: &Here<'a>, call: Node<'a>, method: (Node<'a>, &str), part: usize, depth: u32) -> Spot {
        let (operand, name) = method;
        let lost = |why: &str| self.lost(here, call, why);
        let given = arguments(call);
        if matches!(name, "Stack" | "Project") && given.is_empty() && self.is_context(here, operand) {
            let project = self.project(here);
            let known = |text: &str| self.known(here, call, Value::text(text));
            return match name {
                "Stack" => project.stack().map_or_else(|| lost("no stack given"), known),
                _ => project.name().map_or_else(|| lost("there is no Pulumi.yaml above it"), known),
            };
        }
        // `ctx.GetConfig("project:key")`
        if name == "GetConfig" && self.is_context(here, operand) {
            let found = given.first().map(|key| self.setting(here, call, &Namespace::Own, "Get", *key, depth));
            return match (found, part) {
                (Some(found), 0) => found,
                (Some(Spot { value: Value::Text(text), .. }), 1) => {
                    self.known(here, call, Value::Bool(!text.is_empty()))
                }
                _ => lost("only a run tells"),
            };
        }
        if let Some(namespace) = self.config(here, operand, depth) {
            return match given.first() {
                Some(key) if part == 0 => self.setting(here, call, &namespace, name, *key, depth),
                _ => lost("only a run tells"),
            };
        }
        let object = self.eval(here, operand, depth);
        match &object.value {
            _ if SAME.contains(&name) => object,
            Value::Output { .. } if name == "ID" => self.part(here, call, &object, "ID"),
            _ => lost("only a run tells"),
        }
    }

    /// Whether an expression is what Pulumi hands to a program.
    pub(super) fn is_context(&self, here: &Here<'a>, node: Node<'a>) -> bool {
        let code = self.code(here, node);
        let word = code.rsplit('.').next().unwrap_or_default().to_lowercase();
        if word.ends_with("ctx") || word.ends_with("context") {
            return true;
        }
        let meaning = self.unit(here).local(code, node.start_byte()).map(|binding| binding.meaning);
        matches!(meaning, Some(Meaning::Parameter(_, _, Some(kind))) if self.code(here, kind).ends_with("pulumi.Context"))
    }
}

/// `pulumi.String(x)` and its like, which come to `x`.
fn is_wrapper(name: &str) -> bool {
    let known = ["ToOutput", "ToSecret", "Unsecret", "Any", "ID", "StringRef", "BoolRef", "IntRef"];
    let types = ["String", "Int", "Bool", "Float64"];
    known.contains(&name) || types.contains(&name.strip_suffix("Ptr").unwrap_or(name))
}

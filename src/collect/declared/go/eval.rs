//! What expressions come to, as far as the files and the project's configuration determine them.

use tree_sitter::Node;

use super::source::child;
use super::unit::Meaning;
use super::world::{Here, World, arguments};
use crate::collect::declared::property::engine_type;
use crate::collect::declared::value::{Map, Place, Spot, Value, concat, quote};

/// Deeper references are not written by people.
const MAX_DEPTH: u32 = 128;

impl<'a> World<'a> {
    pub(super) fn place(&self, here: &Here<'a>, node: Node<'a>) -> Place {
        self.unit(here).file.place(node)
    }

    /// What cannot be known here: the code, its line, and why.
    pub(super) fn lost(&self, here: &Here<'a>, node: Node<'a>, why: &str) -> Spot {
        let at = self.place(here, node);
        Spot::unknown(format!("{} at {}:{}: {why}", quote(self.code(here, node)), at.file, at.line), at)
    }

    pub(super) fn known(&self, here: &Here<'a>, node: Node<'a>, value: Value) -> Spot {
        Spot::new(value, self.place(here, node))
    }

    pub(super) fn eval(&self, here: &Here<'a>, node: Node<'a>, depth: u32) -> Spot {
        if depth > MAX_DEPTH || !self.spend(1) {
            return self.lost(here, node, "it refers too far");
        }
        let next = depth + 1;
        let field = |name: &str| node.child_by_field_name(name);
        let code = self.code(here, node);
        match node.kind() {
            "interpreted_string_literal" => match unescaped(code) {
                Some(text) => self.known(here, node, Value::text(text)),
                None => self.lost(here, node, "it has an escape that is not read"),
            },
            "raw_string_literal" => self.known(here, node, Value::text(code.trim_matches('`'))),
            "int_literal" | "float_literal" => self.known(here, node, Value::Number(code.to_owned())),
            "true" | "false" => self.known(here, node, Value::Bool(code == "true")),
            "nil" => self.known(here, node, Value::Nothing),
            "iota" => self.lost(here, node, "it is numbered"),
            "identifier" => self.name(here, node, next),
            "parenthesized_expression" | "literal_element" | "variadic_argument" => match child(node) {
                Some(inner) => self.eval(here, inner, next),
                None => self.lost(here, node, "only a run tells"),
            },
            "unary_expression" => match (field("operand"), code.as_bytes().first()) {
                (Some(operand), Some(b'&' | b'*')) => self.eval(here, operand, next),
                (Some(operand), Some(b'!')) => {
                    let inner = self.eval(here, operand, next);
                    match boolean(&inner.value) {
                        Some(holds) => self.known(here, node, Value::Bool(!holds)),
                        None => Spot::unknown(self.undecided(here, operand, &inner), self.place(here, node)),
                    }
                }
                _ => self.lost(here, node, "only a run tells"),
            },
            "binary_expression" => self.binary(here, node, next),
            "composite_literal" => match field("body") {
                Some(body) => self.literal(here, body, field("type").map(|kind| (here.unit, kind)), next),
                None => self.lost(here, node, "only a run tells"),
            },
            "literal_value" => self.literal(here, node, None, next),
            "call_expression" | "type_conversion_expression" => self.call(here, node, 0, 1, next),
            "index_expression" => match (field("operand"), field("index")) {
                (Some(operand), Some(index)) => self.index(here, node, operand, index, next),
                _ => self.lost(here, node, "only a run tells"),
            },
            "selector_expression" => self.selector(here, node, next),
            "type_assertion_expression" => match field("operand") {
                Some(operand) => self.eval(here, operand, next),
                None => self.lost(here, node, "only a run tells"),
            },
            _ => self.lost(here, node, "only a run tells"),
        }
    }

    /// Why a condition cannot be decided.
    pub(super) fn undecided(&self, here: &Here<'a>, test: Node<'a>, value: &Spot) -> String {
        let why = value.lost().unwrap_or("only a run tells");
        let code = quote(self.code(here, test));
        // The condition itself is often what gets lost.
        if why.starts_with(&format!("{code} at ")) {
            return why.to_owned();
        }
        format!("{code} cannot be decided: {why}")
    }

    fn binary(&self, here: &Here<'a>, node: Node<'a>, depth: u32) -> Spot {
        let field = |name: &str| node.child_by_field_name(name);
        let (Some(left), Some(right), Some(operator)) = (field("left"), field("right"), field("operator")) else {
            return self.lost(here, node, "only a run tells");
        };
        let (one, other) = (self.eval(here, left, depth), self.eval(here, right, depth));
        let boolean = |spot: &Spot| boolean(&spot.value);
        let outcome = match self.code(here, operator) {
            "==" => equal(&one.value, &other.value),
            "!=" => equal(&one.value, &other.value).map(|same| !same),
            "&&" => match (boolean(&one), boolean(&other)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            "||" => match (boolean(&one), boolean(&other)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            "+" if [&one, &other].iter().any(|side| matches!(side.value, Value::Text(_))) => {
                let text = |spot: Spot| if spot.is_nothing() { Spot::new(Value::text(""), spot.at) } else { spot };
                return concat([text(one), text(other)], self.place(here, node));
            }
            _ => None,
        };
        match (outcome, one.lost().or(other.lost())) {
            (Some(holds), _) => self.known(here, node, Value::Bool(holds)),
            (None, Some(reason)) => Spot::unknown(reason, self.place(here, node)),
            (None, None) => self.lost(here, node, "only a run tells"),
        }
    }

    fn index(&self, here: &Here<'a>, node: Node<'a>, operand: Node<'a>, index: Node<'a>, depth: u32) -> Spot {
        let whole = self.eval(here, operand, depth);
        let key = self.eval(here, index, depth);
        match (key.scalar(), key.lost()) {
            (Some(key), _) => self.part(here, node, &whole, key),
            (None, Some(reason)) => Spot::unknown(reason, self.place(here, node)),
            (None, None) => self.lost(here, node, "only a run tells"),
        }
    }

    pub(super) fn part(&self, here: &Here<'a>, node: Node<'a>, whole: &Spot, key: &str) -> Spot {
        match (&whole.value, whole.entry(key)) {
            (Value::Output { resource, .. }, _) => self.attribute(here, node, resource, key),
            (_, Some(part)) => part,
            (_, None) => self.lost(here, node, "only a run tells"),
        }
    }

    /// An attribute of a resource: known where the code sets it.
    fn attribute(&self, here: &Here<'a>, node: Node<'a>, resource: &str, key: &str) -> Spot {
        let made = self.made.borrow().get(resource).cloned();
        if let Some((there, call)) = made
            && let Some(given) = arguments(call).get(2)
        {
            // Below the middle, so that resources which refer to each other end.
            let written = self.eval(&there, *given, MAX_DEPTH / 2).entry(key);
            if let Some(written) = written.filter(|written| written.text().is_some()) {
                return written;
            }
        }
        let reason = format!("{} is only known to AWS", quote(self.code(here, node)));
        self.known(here, node, Value::Output { resource: resource.to_owned(), reason })
    }

    fn selector(&self, here: &Here<'a>, node: Node<'a>, depth: u32) -> Spot {
        let field = |name: &str| node.child_by_field_name(name);
        let (Some(operand), Some(name)) = (field("operand"), field("field")) else {
            return self.lost(here, node, "only a run tells");
        };
        let name = self.code(here, name);
        if operand.kind() == "identifier"
            && let Some(path) = self.import(here, self.code(here, operand), operand.start_byte())
        {
            return match self.linked(here, path) {
                Some(package) => match self.global(package, name) {
                    Some((unit, binding)) => {
                        let there = Here { unit, frame: None };
                        self.meaning(&there, name, binding, usize::MAX, (here, node), depth)
                    }
                    None => self.lost(here, node, "it is not declared there"),
                },
                None => match name.strip_prefix("EngineType").and_then(engine_type) {
                    Some(engine) => self.known(here, node, Value::text(engine)),
                    None => self.lost(here, node, &format!("it is of \"{path}\"")),
                },
            };
        }
        let whole = self.eval(here, operand, depth);
        match &whole.value {
            // An object of the configuration: a tag may name the field otherwise.
            Value::Map(map) if !map.entries.contains_key(name) && map.open.is_none() => {
                let is_configured = whole.at.file.ends_with(".yaml") || whole.at.file.ends_with(".yml");
                match whole.named(&crate::collect::declared::value::normal(name)) {
                    Some(part) if is_configured && !part.is_nothing() => part,
                    _ if is_configured => self.lost(here, node, &format!("{} may call it otherwise", whole.at.file)),
                    _ => self.known(here, node, Value::Nothing),
                }
            }
            _ => self.part(here, node, &whole, name),
        }
    }

    fn name(&self, here: &Here<'a>, node: Node<'a>, depth: u32) -> Spot {
        let (name, offset) = (self.code(here, node), node.start_byte());
        if let Some(binding) = self.unit(here).local(name, offset) {
            return self.meaning(here, name, binding, offset, (here, node), depth);
        }
        match self.global(self.unit(here).package, name) {
            Some((unit, binding)) if unit == here.unit => {
                self.meaning(&Here { unit, frame: None }, name, binding, offset, (here, node), depth)
            }
            Some((unit, binding)) => {
                self.meaning(&Here { unit, frame: None }, name, binding, usize::MAX, (here, node), depth)
            }
            None => self.lost(here, node, "it is not declared here"),
        }
    }

    /// A name's value before it is changed; `used` is where the name stands.
    pub(super) fn declared(
        &self,
        here: &Here<'a>,
        meaning: Meaning<'a>,
        used: (&Here<'a>, Node<'a>),
        depth: u32,
    ) -> Spot {
        let lost = |why: &str| self.lost(used.0, used.1, why);
        match meaning {
            Meaning::Value(value, _, _) if self.unit(here).is_broken(value) => lost("its file does not parse there"),
            Meaning::Value(value, part, of) => self.one_of(here, value, part, of, depth),
            Meaning::Zero(kind) => {
                let (kind, node) = (kind.map(|kind| (kind.kind(), self.code(here, kind))), kind.unwrap_or(used.1));
                self.known(here, node, zero(kind))
            }
            Meaning::Parameter(function, index, _) => match self.call_of(here, here.unit, function) {
                Some((call, from)) => {
                    let given = arguments(call);
                    let declared = &self.units[here.unit].functions[function];
                    let count = declared.parameters.len() - usize::from(declared.is_variadic);
                    match given.get(index) {
                        Some(value) if given.len() >= count && value.kind() != "variadic_argument" => {
                            self.eval(from, *value, depth)
                        }
                        _ => lost("only a run tells"),
                    }
                }
                None => lost(&format!("it is a parameter of {}", self.unit(here).functions[function].name)),
            },
            Meaning::Function(_) => lost("it is a function"),
            Meaning::Type(_) => lost("it is a type"),
            Meaning::Item(clause, index) => match self.item(here, clause) {
                Some((key, _)) if index == 0 => key.clone(),
                Some((_, value)) => value.clone(),
                None => lost("it is a variable of a loop"),
            },
            Meaning::Opaque(what) => lost(&format!("it is {what}")),
        }
    }

    /// One of the values that an expression comes to.
    pub(super) fn one_of(&self, here: &Here<'a>, value: Node<'a>, part: usize, of: usize, depth: u32) -> Spot {
        match (value.kind(), part) {
            _ if of == 1 => self.eval(here, value, depth),
            ("call_expression" | "type_conversion_expression", _) => self.call(here, value, part, of, depth),
            ("index_expression" | "type_assertion_expression", 0) => self.eval(here, value, depth),
            ("index_expression", 1) => {
                let found = self.eval(here, value, depth);
                match found.lost() {
                    Some(reason) => Spot::unknown(reason, found.at.clone()),
                    None => self.known(here, value, Value::Bool(!found.is_nothing())),
                }
            }
            _ => self.lost(here, value, "only a run tells"),
        }
    }
}

/// A field or an entry that is not written has its type's zero value, whatever the type.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_empty(),
        Value::Number(number) => number == "0",
        Value::Bool(holds) => !holds,
        Value::Nothing => true,
        _ => false,
    }
}

pub(super) fn equal(one: &Value, other: &Value) -> Option<bool> {
    let is_unwritten = matches!(one, Value::Nothing) || matches!(other, Value::Nothing);
    if is_unwritten && is_zero(one) && is_zero(other) { Some(true) } else { one.same(other) }
}

pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(holds) => Some(*holds),
        Value::Nothing => Some(false),
        _ => None,
    }
}

/// The value of a variable that is given none. <https://go.dev/ref/spec#The_zero_value>
pub(super) fn zero(kind: Option<(&str, &str)>) -> Value {
    match kind {
        Some((_, "string")) => Value::Text(String::new()),
        Some((_, "bool")) => Value::Bool(false),
        Some((_, "int" | "int32" | "int64" | "float64")) => Value::Number("0".to_owned()),
        Some(("type_identifier" | "qualified_type" | "struct_type", _)) => Value::Map(Map::default()),
        Some(("slice_type", _)) => Value::List(Vec::new()),
        _ => Value::Nothing,
    }
}

/// A string between quotes; `None` when it has an escape that no version or name has.
fn unescaped(code: &str) -> Option<String> {
    let inner = code.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next()? {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            quoted @ ('"' | '\\' | '\'') => text.push(quoted),
            _ => return None,
        }
    }
    Some(text)
}

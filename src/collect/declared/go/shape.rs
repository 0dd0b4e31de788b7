//! Composite literals, whose types may say what their parts are called; and what loops range over.

use tree_sitter::Node;

use super::eval::zero;
use super::source::{child, children};
use super::unit::{Binding, Meaning};
use super::world::{Here, World};
use crate::collect::declared::value::{Map, Spot, Value, quote};

/// Types that are named by types are no longer chains.
const MAX_NAMES: usize = 8;
/// Deeper objects are not written by people.
const MAX_DEPTH: u32 = 128;
/// Longer loops are not told apart.
const MAX_ROUNDS: usize = 100;

/// A type, and the file that it is written in.
type Kind<'a> = (usize, Node<'a>);

impl<'a> World<'a> {
    /// `{a: b}` and `{a, b}` of a type: the keys of a struct are names, those of a map are expressions.
    pub(super) fn literal(&self, here: &Here<'a>, body: Node<'a>, kind: Option<Kind<'a>>, depth: u32) -> Spot {
        let elements = children(body);
        let is_keyed = elements.iter().any(|element| element.kind() == "keyed_element");
        let kind = kind.map(|kind| self.underlying(kind));
        let shape = kind.map(|(_, node)| node.kind()).unwrap_or_default();
        let is_array = kind.is_some_and(|(unit, node)| self.units[unit].file.code(node).ends_with("Array"));
        let inner = kind.and_then(|(unit, node)| Some((unit, element(node)?)));
        if !is_keyed && shape == "struct_type" {
            let names = kind.into_iter().flat_map(|(unit, node)| {
                fields(node).flat_map(names).map(move |name| self.units[unit].file.code(name))
            });
            let values = elements.into_iter().map(|element| self.element(here, element, None, depth));
            let entries = names.map(str::to_owned).zip(values).collect();
            return self.known(here, body, Value::Map(Map { entries, open: None }));
        }
        let is_list = matches!(shape, "slice_type" | "array_type" | "implicit_length_array_type");
        if !is_keyed && (is_list || is_array || !elements.is_empty()) {
            let items = elements.into_iter().map(|element| self.element(here, element, inner, depth)).collect();
            return self.known(here, body, Value::List(items));
        }
        let mut map = Map::default();
        for element in elements {
            let field = |name: &str| element.child_by_field_name(name);
            let (Some(key), Some(value)) = (field("key"), field("value")) else { continue };
            let name = child(key).unwrap_or(key);
            let key = if shape != "map_type" && name.kind() == "identifier" {
                Ok(self.code(here, name).to_owned())
            } else {
                let key = self.eval(here, name, depth);
                key.scalar().map(str::to_owned).ok_or_else(|| key.lost().unwrap_or("only a run tells").to_owned())
            };
            match key {
                Ok(key) => {
                    map.entries.insert(key, self.element(here, value, inner, depth));
                }
                Err(why) => map.forget(&format!("{} may set it: {why}", quote(self.code(here, element)))),
            }
        }
        self.known(here, body, Value::Map(map))
    }

    /// A part of a literal, which may leave out its own type.
    fn element(&self, here: &Here<'a>, node: Node<'a>, kind: Option<Kind<'a>>, depth: u32) -> Spot {
        let inner = if node.kind() == "literal_element" { child(node).unwrap_or(node) } else { node };
        if inner.kind() == "literal_value" && self.spend(1) {
            return self.literal(here, inner, kind, depth + 1);
        }
        self.eval(here, inner, depth)
    }

    /// What a type is declared as.
    fn underlying(&self, (mut unit, mut kind): Kind<'a>) -> Kind<'a> {
        for _ in 0..MAX_NAMES {
            let here = Here { unit, frame: None };
            let named = match kind.kind() {
                "pointer_type" | "parenthesized_type" => child(kind).map(|inner| (unit, inner)),
                "generic_type" => kind.child_by_field_name("type").map(|inner| (unit, inner)),
                "type_identifier" => {
                    let name = self.code(&here, kind);
                    let local = self.unit(&here).local(name, kind.start_byte()).map(|binding| (unit, binding));
                    declared(local.or_else(|| self.global(self.unit(&here).package, name)))
                }
                "qualified_type" => {
                    let part = |name: &str| kind.child_by_field_name(name).map(|part| self.code(&here, part));
                    let path = part("package").and_then(|name| self.import(&here, name, kind.start_byte()));
                    let package = path.and_then(|path| self.linked(&here, path));
                    declared(package.zip(part("name")).and_then(|(package, name)| self.global(package, name)))
                }
                _ => None,
            };
            match named {
                Some(next) => (unit, kind) = next,
                None => break,
            }
        }
        (unit, kind)
    }

    /// An object of the configuration with its fields as the program calls them.
    /// <https://pkg.go.dev/encoding/json#Unmarshal>
    pub(super) fn tagged(&self, spot: Spot, kind: Kind<'a>, depth: u32) -> Spot {
        if depth > MAX_DEPTH || !self.spend(1) {
            return spot;
        }
        let (unit, kind) = self.underlying(kind);
        let inner = element(kind).map(|kind| (unit, kind));
        let step = |spot: Spot, kind: Option<Kind<'a>>| match kind {
            Some(kind) => self.tagged(spot, kind, depth + 1),
            None => spot,
        };
        let value = match spot.value {
            Value::List(items) => Value::List(items.into_iter().map(|item| step(item, inner)).collect()),
            Value::Map(mut map) if kind.kind() == "struct_type" => {
                let file = &self.units[unit].file;
                for field in fields(kind) {
                    let tag = field.child_by_field_name("tag").and_then(|tag| json_name(file.code(tag)));
                    let kind = field.child_by_field_name("type").map(|kind| (unit, kind));
                    for name in names(field).into_iter().map(|name| file.code(name)) {
                        let written = tag.unwrap_or(name);
                        let found = map.entries.keys().find(|key| key.eq_ignore_ascii_case(written)).cloned();
                        let zero = || {
                            let kind = kind.map(|(_, kind)| (kind.kind(), file.code(kind)));
                            Spot::new(zero(kind), spot.at.clone())
                        };
                        let value = found.and_then(|key| map.entries.remove(&key));
                        let value = value.map_or_else(zero, |value| step(value, kind));
                        map.entries.insert(name.to_owned(), value);
                    }
                }
                Value::Map(map)
            }
            Value::Map(map) => {
                let entries = map.entries.into_iter().map(|(key, value)| (key, step(value, inner))).collect();
                Value::Map(Map { entries, open: map.open })
            }
            other => other,
        };
        Spot::new(value, spot.at)
    }

    /// Keys and values of what a loop ranges over; `None` when these cannot be known.
    pub(super) fn items(&self, here: &Here<'a>, clause: Node<'a>) -> Option<Vec<(Spot, Spot)>> {
        let over = clause.child_by_field_name("right")?;
        let whole = self.eval(here, over, 0);
        let key = |index: usize| self.known(here, over, Value::Number(index.to_string()));
        let items: Vec<(Spot, Spot)> = match whole.value {
            Value::List(items) => items.into_iter().enumerate().map(|(index, item)| (key(index), item)).collect(),
            Value::Map(Map { entries, open: None }) => entries
                .into_iter()
                .map(|(name, value)| (Spot::new(Value::text(name), value.at.clone()), value))
                .collect(),
            Value::Number(count) => {
                let count = count.parse::<usize>().ok().filter(|count| *count <= MAX_ROUNDS)?;
                (0..count).map(|index| (key(index), self.known(here, over, Value::Nothing))).collect()
            }
            _ => return None,
        };
        (items.len() <= MAX_ROUNDS).then_some(items)
    }
}

fn fields(kind: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let lists = children(kind).into_iter().filter(|list| list.kind() == "field_declaration_list");
    lists.flat_map(children).filter(|field| field.kind() == "field_declaration")
}

/// The names that a field declares; an embedded type is called by its own.
fn names(field: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = field.walk();
    let names: Vec<Node<'_>> = field.children_by_field_name("name", &mut cursor).collect();
    if names.is_empty() { field.child_by_field_name("type").into_iter().collect() } else { names }
}

/// `name` of `` `json:"name,omitempty"` ``.
fn json_name(tag: &str) -> Option<&str> {
    let (_, rest) = tag.split_once("json:\"")?;
    let name = rest.split(['"', ',']).next()?;
    (!name.is_empty() && name != "-").then_some(name)
}

/// The type of what is in a list or map.
fn element(kind: Node<'_>) -> Option<Node<'_>> {
    match kind.kind() {
        "slice_type" | "array_type" | "implicit_length_array_type" => kind.child_by_field_name("element"),
        "map_type" => kind.child_by_field_name("value"),
        _ => None,
    }
}

fn declared(named: Option<(usize, Binding<'_>)>) -> Option<Kind<'_>> {
    let (unit, binding) = named?;
    if let Meaning::Type(kind) = binding.meaning { kind.map(|kind| (unit, kind)) } else { None }
}

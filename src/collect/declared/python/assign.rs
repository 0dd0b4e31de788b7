//! Assignments, and calls that change what they are called on.

use tree_sitter::Node;

use super::build::{Builder, children};
use super::syntax::{Assigned, ExprId, Kind, Meaning, Passed};

/// Methods that change what they are called on.
const CHANGING: [&str; 11] =
    ["append", "extend", "insert", "pop", "popitem", "remove", "clear", "setdefault", "sort", "reverse", "__setitem__"];

impl Builder {
    pub(super) fn expression_statement(&mut self, node: Node<'_>) {
        for child in children(node) {
            match child.kind() {
                "assignment" => {
                    self.assignment(child);
                }
                "augmented_assignment" => {
                    let value = self.field(child, "right");
                    let operator = self.operator(child).trim_end_matches('=').to_owned();
                    if let Some(left) = child.child_by_field_name("left") {
                        let meaning = Meaning::Augmented { operator, value };
                        self.target(left, child, meaning, value);
                    }
                }
                _ => {
                    let value = self.expression(child);
                    self.changing_call(child, value);
                }
            }
        }
    }

    /// A call that changes a dictionary or list.
    fn changing_call(&mut self, node: Node<'_>, call: ExprId) {
        let Kind::Call { function, arguments } = &self.made.exprs[call].kind else { return };
        let Kind::Attribute { name, .. } = &self.made.exprs[*function].kind else { return };
        let only = match &arguments[..] {
            [only] if only.passed == Passed::ByPosition => Some(only.value),
            _ => None,
        };
        let meaning = match (name.as_str(), only) {
            ("update", Some(value)) => Meaning::Update(value),
            ("update", None) => Meaning::Opaque("changed"),
            (name, _) if CHANGING.contains(&name) => Meaning::Opaque("changed"),
            _ => return,
        };
        let object = node.child_by_field_name("function").and_then(|function| function.child_by_field_name("object"));
        if let Some(object) = object {
            self.set(object, node, meaning);
        }
    }

    fn assignment(&mut self, node: Node<'_>) -> Option<ExprId> {
        let left = node.child_by_field_name("left")?;
        if let (Some(_), "identifier", name) =
            (node.child_by_field_name("type"), left.kind(), self.text(left).to_owned())
            && let Some(class) = self.class_body()
        {
            class.fields.push(name);
        }
        let right = node.child_by_field_name("right")?;
        let value = match right.kind() {
            "assignment" => self.assignment(right)?,
            _ => self.expression(right),
        };
        self.target(left, node, Meaning::Value(value), value);
        Some(value)
    }

    /// One target of an assignment: a name, a part of something, or a pattern of such.
    fn target(&mut self, target: Node<'_>, statement: Node<'_>, meaning: Meaning, value: ExprId) {
        match target.kind() {
            "identifier" | "attribute" => {
                if target.kind() == "attribute" {
                    let object = self.field(target, "object");
                    let name = target.child_by_field_name("attribute").map(|name| self.text(name).to_owned());
                    self.made.assigned.push(Assigned { object, name: name.unwrap_or_default(), value });
                }
                self.set(target, statement, meaning);
            }
            "subscript" => {
                let object = target.child_by_field_name("value");
                let key = self.field(target, "subscript");
                let meaning = match meaning {
                    Meaning::Value(value) => Meaning::Entry { key, value },
                    _ => Meaning::Opaque("changed"),
                };
                if let Some(object) = object {
                    self.set(object, statement, meaning);
                }
            }
            _ => match meaning {
                Meaning::Value(whole) => {
                    self.targets(target, statement, &|path| Meaning::Part { whole, path }, Vec::new());
                }
                _ => self.changed(target, "changed"),
            },
        }
    }

    /// The names of a pattern, each with its way through the value.
    pub(super) fn targets(
        &mut self,
        target: Node<'_>,
        statement: Node<'_>,
        meaning: &dyn Fn(Vec<usize>) -> Meaning,
        path: Vec<usize>,
    ) {
        if !matches!(target.kind(), "pattern_list" | "tuple_pattern" | "list_pattern") {
            return self.set(target, statement, meaning(path));
        }
        let parts = children(target);
        let is_exact = !parts.iter().any(|part| part.kind() == "list_splat_pattern");
        for (index, part) in parts.into_iter().enumerate() {
            let path = path.iter().copied().chain([index]).collect();
            let step = |this: &mut Self| {
                if is_exact {
                    this.targets(part, statement, meaning, path);
                } else {
                    this.changed(part, "part of a pattern");
                }
            };
            self.deeper(target, step);
        }
    }

    /// What a name, or an attribute of `self`, is given. Of a part of something, the whole is changed.
    fn set(&mut self, target: Node<'_>, statement: Node<'_>, meaning: Meaning) {
        let (mut root, mut meaning, mut attribute) = (target, meaning, None);
        loop {
            let inner = match root.kind() {
                "attribute" => root.child_by_field_name("object"),
                "subscript" => root.child_by_field_name("value"),
                "parenthesized_expression" | "list_splat_pattern" | "as_pattern_target" => root.named_child(0),
                _ => break,
            };
            let Some(inner) = inner else { return };
            if root.kind() == "attribute" && inner.kind() == "identifier" && attribute.is_none() {
                attribute = root.child_by_field_name("attribute");
            } else if matches!(root.kind(), "attribute" | "subscript") {
                meaning = Meaning::Opaque("changed");
            }
            root = inner;
        }
        if root.kind() != "identifier" {
            return;
        }
        let name = self.text(root).to_owned();
        let own = self.own().filter(|(own, _)| *own == name).map(|(_, class)| class);
        match (own, attribute) {
            (Some(class), Some(attribute)) => {
                let attribute = self.text(attribute).to_owned();
                self.bind_attribute(statement, class, &attribute, meaning);
            }
            (None, Some(field)) => {
                let field = self.text(field).to_owned();
                let value = match meaning {
                    Meaning::Value(value) => Some(value),
                    _ => None,
                };
                self.bind_outside(statement, &name, Meaning::Field { field, value });
            }
            // In a comprehension it is the comprehension's own.
            (_, None) => self.bind(statement, &name, meaning),
        }
    }

    /// Every name in a pattern has another value from here on.
    pub(super) fn changed(&mut self, target: Node<'_>, how: &'static str) {
        match target.kind() {
            "pattern_list" | "tuple_pattern" | "list_pattern" | "expression_list" | "tuple" | "list" => {
                for part in children(target) {
                    self.deeper(target, |this| this.changed(part, how));
                }
            }
            _ => self.set(target, target, Meaning::Opaque(how)),
        }
    }
}

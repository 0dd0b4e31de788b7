//! The expressions of a file, what is assigned, and the parameters of functions.

use tree_sitter::Node;

use super::build::{Builder, children};
use super::syntax::{Argument, ExprId, GuardKind, Kind, Meaning, Parameter, Passed, ScopeKind, Style};
use super::text;

impl Builder {
    pub(super) fn expression(&mut self, node: Node<'_>) -> ExprId {
        match self.deeper(node, |this| this.shallow_expression(node)) {
            Some(expression) => expression,
            None => self.push(node, Kind::Opaque),
        }
    }

    fn shallow_expression(&mut self, node: Node<'_>) -> ExprId {
        let kind = match node.kind() {
            "string" => return self.string(node),
            "concatenated_string" => {
                Kind::Template(children(node).into_iter().map(|part| self.expression(part)).collect())
            }
            "integer" => match text::integer(self.text(node)) {
                Some(number) => Kind::Number(number),
                None => Kind::Opaque,
            },
            "float" => match text::float(self.text(node)) {
                Some(number) => Kind::Number(number),
                None => Kind::Opaque,
            },
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "none" => Kind::Nothing,
            "identifier" => {
                let name = self.text(node).to_owned();
                let id = self.push(node, Kind::Name(name.clone()));
                self.made.mentions.entry(name).or_default().push(id);
                return id;
            }
            "attribute" => return self.attribute(node),
            "subscript" => {
                let object = self.field(node, "value");
                let mut cursor = node.walk();
                let keys: Vec<Node<'_>> = node.children_by_field_name("subscript", &mut cursor).collect();
                let keys: Vec<ExprId> = keys.into_iter().map(|key| self.expression(key)).collect();
                match keys[..] {
                    [key] => Kind::Subscript { object, key },
                    _ => Kind::Opaque,
                }
            }
            "call" => return self.call(node),
            "list" | "tuple" | "set" | "expression_list" | "pattern_list" => Kind::List(self.items(node)),
            "dictionary" => Kind::Dict(self.pairs(node)),
            "parenthesized_expression" | "await" | "type" => match children(node)[..] {
                [inner] => return self.expression(inner),
                _ => Kind::Opaque,
            },
            "named_expression" => {
                let value = self.field(node, "value");
                if let Some(name) = node.child_by_field_name("name") {
                    let name = self.text(name).to_owned();
                    self.bind_outside(node, &name, Meaning::Value(value));
                }
                return value;
            }
            "conditional_expression"
            | "boolean_operator"
            | "not_operator"
            | "binary_operator"
            | "comparison_operator"
            | "unary_operator" => self.operation(node),
            "list_comprehension" | "set_comprehension" | "dictionary_comprehension" | "generator_expression" => {
                self.comprehension(node);
                Kind::Opaque
            }
            "lambda" => {
                self.scoped(ScopeKind::Inline, node.start_byte(), |this| {
                    let parameters = node.child_by_field_name("parameters").map(|list| this.parameters(list));
                    for parameter in parameters.unwrap_or_default() {
                        this.bind(node, &parameter.name, Meaning::Opaque("a parameter"));
                    }
                    this.field(node, "body");
                });
                Kind::Opaque
            }
            "as_pattern" => {
                let value = children(node).first().map(|value| self.expression(*value));
                if let Some(alias) = node.child_by_field_name("alias") {
                    let is_open = children(node).first().is_some_and(|call| {
                        let called = call.child_by_field_name("function").map(|function| self.text(function));
                        called.and_then(|called| called.rsplit('.').next()) == Some("open")
                    });
                    match value.filter(|_| is_open) {
                        Some(value) => self.targets(alias, node, &|_| Meaning::Value(value), Vec::new()),
                        None => self.changed(alias, "what a block begins with"),
                    }
                }
                return value.unwrap_or_else(|| self.push(node, Kind::Opaque));
            }
            "yield" => {
                self.defer();
                self.expressions(node);
                Kind::Opaque
            }
            _ => {
                self.expressions(node);
                Kind::Opaque
            }
        };
        self.push(node, kind)
    }

    fn operation(&mut self, node: Node<'_>) -> Kind {
        match node.kind() {
            "conditional_expression" => match children(node)[..] {
                [yes, test, no] => {
                    let test = self.expression(test);
                    let yes = self.guarded(GuardKind::If { test, holds: true }, |this| this.expression(yes));
                    let no = self.guarded(GuardKind::If { test, holds: false }, |this| this.expression(no));
                    Kind::Choice { test, yes, no }
                }
                _ => Kind::Opaque,
            },
            "boolean_operator" => {
                let (left, right) = (self.field(node, "left"), self.field(node, "right"));
                match self.operator(node) {
                    "and" => Kind::And(left, right),
                    _ => Kind::Or(left, right),
                }
            }
            "not_operator" => Kind::Not(self.field(node, "argument")),
            "binary_operator" => {
                let (left, right) = (self.field(node, "left"), self.field(node, "right"));
                Kind::Binary { left, operator: self.operator(node).to_owned(), right }
            }
            "comparison_operator" => {
                let operator = node.child(1).map(|operator| self.text(operator).split_whitespace().collect::<Vec<_>>());
                let operator = operator.unwrap_or_default().join(" ");
                let sides: Vec<ExprId> = children(node).into_iter().map(|side| self.expression(side)).collect();
                match sides[..] {
                    [left, right] => Kind::Binary { left, operator, right },
                    _ => Kind::Opaque,
                }
            }
            "unary_operator" => {
                let inner = self.field(node, "argument");
                match (&self.made.exprs[inner].kind, self.operator(node)) {
                    (Kind::Number(number), "-") => Kind::Number(format!("-{number}")),
                    _ => Kind::Opaque,
                }
            }
            _ => Kind::Opaque,
        }
    }

    pub(super) fn operator(&self, node: Node<'_>) -> &str {
        node.child_by_field_name("operator").map(|operator| self.text(operator)).unwrap_or_default()
    }

    fn attribute(&mut self, node: Node<'_>) -> ExprId {
        let object = self.field(node, "object");
        let Some(attribute) = node.child_by_field_name("attribute") else { return self.push(node, Kind::Opaque) };
        let name = self.text(attribute).to_owned();
        let at = attribute.start_byte();
        let id = self.push(node, Kind::Attribute { object, name: name.clone(), at });
        self.made.mentions.entry(name).or_default().push(id);
        id
    }

    fn call(&mut self, node: Node<'_>) -> ExprId {
        let function = self.field(node, "function");
        let list = node.child_by_field_name("arguments");
        let arguments = match list {
            Some(list) if list.kind() == "argument_list" => self.items(list),
            Some(only) => vec![Argument { passed: Passed::ByPosition, value: self.expression(only) }],
            None => Vec::new(),
        };
        let call = self.push(node, Kind::Call { function, arguments });
        self.made.calls.push(call);
        self.made.callers.insert(function, call);
        call
    }

    fn items(&mut self, node: Node<'_>) -> Vec<Argument> {
        let mut items = Vec::new();
        for child in children(node) {
            let (passed, value) = match child.kind() {
                "keyword_argument" => {
                    let name = child.child_by_field_name("name").map(|name| self.text(name).to_owned());
                    (Passed::ByName(name.unwrap_or_default()), child.child_by_field_name("value").unwrap_or(child))
                }
                "list_splat" | "dictionary_splat" => {
                    let is_list = child.kind() == "list_splat";
                    let passed = if is_list { Passed::Splat } else { Passed::Spread };
                    (passed, children(child).first().copied().unwrap_or(child))
                }
                _ => (Passed::ByPosition, child),
            };
            items.push(Argument { passed, value: self.expression(value) });
        }
        items
    }

    fn pairs(&mut self, node: Node<'_>) -> Vec<(Option<ExprId>, ExprId)> {
        let mut pairs = Vec::new();
        for child in children(node) {
            if child.kind() == "pair" {
                let key = self.field(child, "key");
                pairs.push((Some(key), self.field(child, "value")));
            } else {
                let inner = children(child).first().copied().unwrap_or(child);
                pairs.push((None, self.expression(inner)));
            }
        }
        pairs
    }

    fn comprehension(&mut self, node: Node<'_>) {
        let outer = self.guard;
        self.scoped(ScopeKind::Inline, node.start_byte(), |this| {
            for clause in children(node) {
                match clause.kind() {
                    "for_in_clause" => {
                        let over = this.field(clause, "right");
                        let of = this.looped(over);
                        this.guard(GuardKind::Loop(of));
                        if let Some(left) = clause.child_by_field_name("left") {
                            // Before the body, which stands before it.
                            this.targets(left, node, &|path| Meaning::Item { of, path }, Vec::new());
                        }
                    }
                    "if_clause" => {
                        let test = children(clause).first().map(|test| this.expression(*test));
                        if let Some(test) = test {
                            this.guard(GuardKind::If { test, holds: true });
                        }
                    }
                    _ => {}
                }
            }
            match node.child_by_field_name("body") {
                Some(body) if body.kind() == "pair" => this.expressions(body),
                Some(body) => {
                    this.expression(body);
                }
                None => {}
            }
        });
        self.guard = outer;
    }

    fn string(&mut self, node: Node<'_>) -> ExprId {
        let start = node.child(0).map(|start| self.text(start).to_ascii_lowercase()).unwrap_or_default();
        let prefix = start.trim_end_matches(['"', '\'']);
        let is_raw = prefix.contains('r');
        let is_template = prefix.contains('f');
        let mut parts = Vec::new();
        for child in children(node) {
            match child.kind() {
                "string_content" => {
                    let content = text::unescape(self.text(child), is_raw, is_template);
                    parts.push(self.push(child, content.map_or(Kind::Opaque, Kind::Text)));
                }
                "interpolation" => {
                    let inner = child.child_by_field_name("expression");
                    let is_plain = child.child_by_field_name("format_specifier").is_none()
                        && !self.text(child).trim_end_matches('}').trim_end().ends_with('=')
                        && child.child_by_field_name("type_conversion").is_none_or(|how| self.text(how) == "!s");
                    let value = inner.map(|inner| self.expression(inner));
                    parts.push(match value {
                        Some(value) if is_plain => value,
                        _ => self.push(child, Kind::Opaque),
                    });
                }
                _ => {}
            }
        }
        let is_plain = parts.iter().all(|part| matches!(self.made.exprs[*part].kind, Kind::Text(_)));
        let kind = match prefix.contains('b') || prefix.contains('t') {
            true => Kind::Opaque,
            false if is_plain => {
                let texts = parts.iter().map(|part| match &self.made.exprs[*part].kind {
                    Kind::Text(text) => text.as_str(),
                    _ => "",
                });
                Kind::Text(texts.collect())
            }
            false => Kind::Template(parts),
        };
        self.push(node, kind)
    }

    /// The values that a pattern of a `match` statement stands for, when it is made of literals.
    pub(super) fn literals(&mut self, pattern: Node<'_>) -> Option<Vec<Argument>> {
        let mut literals = Vec::new();
        let mut open = children(pattern);
        while let Some(node) = open.pop() {
            match node.kind() {
                "union_pattern" => open.extend(children(node)),
                "string" | "concatenated_string" | "integer" | "true" | "false" | "none" => {
                    literals.push(Argument { passed: Passed::ByPosition, value: self.expression(node) });
                }
                _ => return None,
            }
        }
        (!literals.is_empty()).then_some(literals)
    }

    pub(super) fn parameters(&mut self, list: Node<'_>) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        let mut style = Style::Plain;
        for child in children(list) {
            let named = child.child_by_field_name("name").or_else(|| match child.kind() {
                "typed_parameter" => children(child).first().copied(),
                _ => Some(child),
            });
            let Some(named) = named else { continue };
            let default = child.child_by_field_name("value").map(|value| self.expression(value));
            let name = self.text(named).trim_start_matches('*').trim().to_owned();
            let own = match named.kind() {
                "keyword_separator" => {
                    style = Style::KeywordOnly;
                    continue;
                }
                "positional_separator" => continue,
                "list_splat_pattern" => {
                    style = Style::KeywordOnly;
                    Style::Rest
                }
                "dictionary_splat_pattern" => Style::Keywords,
                _ => style,
            };
            parameters.push(Parameter { name, default, style: own });
        }
        parameters
    }
}

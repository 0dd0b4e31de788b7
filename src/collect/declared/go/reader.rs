//! Reads a file into a [`Unit`] in one walk.

use std::collections::{HashMap, HashSet};

use tree_sitter::Node;

use super::source::{Branch, File, Step, child, children, error_in, imports, walk};
use super::unit::{Binding, Call, Change, Function, Guard, GuardKind, Meaning, Unit, What};

/// What else names are declared in.
const SCOPES: [&str; 9] = [
    "block",
    "if_statement",
    "expression_switch_statement",
    "type_switch_statement",
    "select_statement",
    "expression_case",
    "default_case",
    "type_case",
    "communication_case",
];

impl<'a> Unit<'a> {
    pub(super) fn of(file: &'a File, package: usize) -> Self {
        let unit = Self {
            file,
            package,
            name: "",
            imports: imports(file),
            locals: HashMap::new(),
            globals: Vec::new(),
            changes: HashMap::new(),
            guards: Vec::new(),
            functions: Vec::new(),
            calls: Vec::new(),
            literals: Vec::new(),
            broken: Vec::new(),
        };
        let mut reader = Reader {
            unit,
            path: Vec::new(),
            scopes: Vec::new(),
            guards: Vec::new(),
            functions: Vec::new(),
            known: HashSet::new(),
            constant: None,
        };
        let root = file.tree.root_node();
        let broken = children(root).into_iter().filter(|top| error_in(*top).is_some());
        reader.unit.broken = broken.map(range).collect();
        walk(root, |step| {
            match step {
                Step::Enter(node, field) => reader.enter(node, field),
                Step::Leave(node) => reader.leave(node),
            }
            true
        });
        reader.unit
    }
}

struct Reader<'a> {
    unit: Unit<'a>,
    /// The nodes that are open.
    path: Vec<Node<'a>>,
    /// Names by the scope that declares them.
    known: HashSet<(&'a str, usize)>,
    /// Where the open scopes begin and end; the file itself is none.
    scopes: Vec<(usize, (usize, usize))>,
    /// The open guards with the node that each belongs to.
    guards: Vec<(usize, usize)>,
    functions: Vec<(usize, usize)>,
    /// The value of the constant before, which the next repeats.
    constant: Option<Node<'a>>,
}

fn range(node: Node<'_>) -> (usize, usize) {
    (node.start_byte(), node.end_byte())
}

impl<'a> Reader<'a> {
    fn code(&self, node: Node<'a>) -> &'a str {
        self.unit.file.code(node)
    }

    fn guard(&self) -> Option<usize> {
        self.guards.last().map(|(index, _)| *index)
    }

    fn open_guard(&mut self, node: Node<'a>, whole: (usize, usize), kind: GuardKind<'a>) {
        self.unit.guards.push(Guard { parent: self.guard(), part: range(node), whole, kind });
        self.guards.push((self.unit.guards.len() - 1, node.id()));
    }

    fn declare(&mut self, name: Node<'a>, meaning: Meaning<'a>, from: usize) {
        let name = self.code(name);
        if name == "_" {
            return;
        }
        let binding = match self.scopes.last() {
            Some((_, (start, end))) => Binding { meaning, start: from, end: *end, scope: *start, is_global: false },
            None => Binding { meaning, start: 0, end: usize::MAX, scope: 0, is_global: true },
        };
        self.known.insert((name, binding.scope));
        if binding.is_global {
            self.unit.globals.push((name, binding));
        } else {
            self.unit.locals.entry(name).or_default().push(binding);
        }
    }

    fn enter(&mut self, node: Node<'a>, field: Option<Branch>) {
        let whole = range(node);
        match node.kind() {
            "package_clause" => {
                if let Some(name) = child(node) {
                    self.unit.name = self.code(name);
                }
            }
            "const_declaration" => self.constant = None,
            "const_spec" => self.constants(node),
            "var_spec" => self.variables(node),
            "type_spec" | "type_alias" => {
                if let Some(name) = node.child_by_field_name("name") {
                    self.declare(name, Meaning::Type(node.child_by_field_name("type")), node.start_byte());
                }
            }
            "function_declaration" | "method_declaration" | "func_literal" => self.function(node),
            "for_statement" => {
                self.scopes.push((node.id(), whole));
                let clause = children(node).into_iter().find(|child| child.kind() == "range_clause");
                self.open_guard(node, whole, GuardKind::Loop(clause));
            }
            kind if SCOPES.contains(&kind) => self.scopes.push((node.id(), whole)),
            "short_var_declaration" => self.short(node),
            "assignment_statement" => self.assignment(node),
            "inc_statement" | "dec_statement" => {
                if let Some(target) = child(node) {
                    self.change(whole, target, What::Reckoned);
                }
            }
            "range_clause" => {
                let is_new = self.code(node).split("range").next().is_some_and(|left| left.contains(":="));
                let left = node.child_by_field_name("left").map(children).unwrap_or_default();
                for (index, name) in left.into_iter().enumerate() {
                    if is_new {
                        self.declare(name, Meaning::Item(node, index), node.end_byte());
                    } else {
                        self.change(whole, name, What::Reckoned);
                    }
                }
            }
            "return_statement" => {
                let guard = self.guard();
                if let Some((_, function)) = self.functions.last() {
                    // A literal within it returns for itself.
                    let of_literal = self
                        .guards
                        .iter()
                        .rev()
                        .find(|(index, _)| matches!(self.unit.guards[*index].kind, GuardKind::Function));
                    let owner = self.unit.functions[*function].node;
                    if of_literal.is_some_and(|(_, id)| *id == owner.id()) {
                        self.unit.functions[*function].returns.push((node, guard));
                    }
                }
            }
            "call_expression" | "type_conversion_expression" => self.call(node),
            _ => {}
        }
        self.branch(node, field);
        self.path.push(node);
    }

    /// The parts of statements that run under a condition.
    fn branch(&mut self, node: Node<'a>, field: Option<Branch>) {
        match (node.kind(), field) {
            ("block" | "if_statement", Some(branch)) => {
                let Some(parent) = self.path.last().copied().filter(|parent| parent.kind() == "if_statement") else {
                    return;
                };
                let Some(condition) = parent.child_by_field_name("condition") else { return };
                let kind = GuardKind::If(condition, branch == Branch::Then);
                self.open_guard(node, range(parent), kind);
            }
            ("expression_case" | "default_case", _) => {
                let Some(parent) = self.path.last().copied() else { return };
                let kind = match parent.kind() {
                    "expression_switch_statement" => GuardKind::Case(parent, node),
                    _ => GuardKind::Other,
                };
                self.open_guard(node, range(parent), kind);
            }
            ("type_case" | "communication_case", _) => {
                let whole = self.path.last().copied().map_or_else(|| range(node), range);
                self.open_guard(node, whole, GuardKind::Other);
            }
            _ => {}
        }
    }

    fn leave(&mut self, node: Node<'a>) {
        let id = node.id();
        self.path.pop();
        while self.scopes.last().is_some_and(|(of, _)| *of == id) {
            self.scopes.pop();
        }
        while self.guards.last().is_some_and(|(_, of)| *of == id) {
            self.guards.pop();
        }
        if self.functions.last().is_some_and(|(of, _)| *of == id) {
            self.functions.pop();
        }
    }

    fn constants(&mut self, node: Node<'a>) {
        let own = node.child_by_field_name("value");
        self.constant = own.or(self.constant);
        let values = self.constant.map(children).unwrap_or_default();
        for (index, name) in names(node).into_iter().enumerate() {
            let meaning = match values.get(index) {
                Some(value) => Meaning::Value(*value, 0, 1),
                None => Meaning::Opaque("a constant"),
            };
            self.declare(name, meaning, node.end_byte());
        }
    }

    fn variables(&mut self, node: Node<'a>) {
        let kind = node.child_by_field_name("type");
        let values = node.child_by_field_name("value").map(children).unwrap_or_default();
        let names = names(node);
        for (index, name) in names.iter().enumerate() {
            let meaning = match (values.get(index), values.first()) {
                (Some(value), _) if values.len() == names.len() => Meaning::Value(*value, 0, 1),
                (_, Some(value)) => Meaning::Value(*value, index, names.len()),
                _ => Meaning::Zero(kind),
            };
            self.declare(*name, meaning, node.end_byte());
        }
    }

    fn short(&mut self, node: Node<'a>) {
        let (left, right) = sides(node);
        for (index, name) in left.iter().enumerate() {
            let (value, part, of) = match right.get(index) {
                Some(value) if right.len() == left.len() => (*value, 0, 1),
                _ => match right.first() {
                    Some(value) => (*value, index, left.len()),
                    None => continue,
                },
            };
            // What is declared in the same scope already is assigned to.
            let scope = self.scopes.last().map_or(0, |(_, (start, _))| *start);
            if self.known.contains(&(self.code(*name), scope)) {
                self.change(range(node), *name, What::Set(value, part, of));
            } else {
                self.declare(*name, Meaning::Value(value, part, of), node.end_byte());
            }
        }
    }

    fn assignment(&mut self, node: Node<'a>) {
        let (left, right) = sides(node);
        let is_plain = node.child_by_field_name("operator").is_none_or(|operator| self.code(operator) == "=");
        for (index, target) in left.iter().enumerate() {
            let what = match (right.get(index), right.first()) {
                _ if !is_plain => What::Reckoned,
                (Some(value), _) if right.len() == left.len() => What::Set(*value, 0, 1),
                (_, Some(value)) => What::Set(*value, index, left.len()),
                _ => What::Reckoned,
            };
            self.change(range(node), *target, what);
        }
    }

    fn change(&mut self, whole: (usize, usize), target: Node<'a>, what: What<'a>) {
        let Some(root) = root(target) else { return };
        let change = Change { offset: target.start_byte(), whole, target, what, guard: self.guard() };
        self.unit.changes.entry(self.code(root)).or_default().push(change);
    }

    fn call(&mut self, node: Node<'a>) {
        let function = self.functions.last().map(|(_, index)| *index);
        let called = node.child_by_field_name("function").or_else(|| node.child_by_field_name("type"));
        let code = called.map(|called| self.code(called)).unwrap_or_default();
        let code = code.split('[').next().unwrap_or_default();
        let name = code.rsplit('.').next().unwrap_or_default().trim();
        self.unit.calls.push(Call { node, guard: self.guard(), function, name });
        let arguments = node.child_by_field_name("arguments").map(children).unwrap_or_default();
        for (index, argument) in arguments.into_iter().enumerate() {
            let is_address = argument.kind() == "unary_expression" && self.code(argument).starts_with('&');
            let target = if is_address { argument.child_by_field_name("operand") } else { Some(argument) };
            if let Some(target) = target.filter(|target| target.kind() == "identifier") {
                self.change(range(node), target, What::Given(node, index));
            }
        }
    }

    /// The variable that is declared as a function.
    fn variable(&self, node: Node<'a>) -> Option<Node<'a>> {
        let [.., statement, list] = self.path[..] else { return None };
        let names = match (statement.kind(), list.kind()) {
            ("short_var_declaration", "expression_list") => children(statement.child_by_field_name("left")?),
            ("var_spec", "expression_list") => names(statement),
            _ => return None,
        };
        let values = children(list);
        let index = values.iter().position(|value| *value == node)?;
        if values.len() == names.len() { names.get(index).copied() } else { None }
    }

    fn function(&mut self, node: Node<'a>) {
        let index = self.unit.functions.len();
        let own = node.child_by_field_name("name");
        let name = own.or_else(|| self.variable(node));
        let is_literal = name.is_none();
        if let Some(name) = name {
            let is_method = node.kind() == "method_declaration";
            let function = Function {
                name: self.code(name),
                node,
                parameters: Vec::new(),
                returns: Vec::new(),
                is_method,
                is_variadic: false,
                outer: if own.is_none() { self.functions.last().map(|(_, outer)| *outer) } else { None },
                is_variable: own.is_none(),
            };
            self.unit.functions.push(function);
            if own.is_some() && !is_method {
                self.declare(name, Meaning::Function(index), node.start_byte());
            }
            self.functions.push((node.id(), index));
        }
        self.scopes.push((node.id(), range(node)));
        self.open_guard(node, range(node), GuardKind::Function);
        self.unit.literals.push(range(node));
        let mut position = 0;
        for list in ["receiver", "parameters", "result"]
            .iter()
            .filter_map(|field| Some((*field, node.child_by_field_name(field)?)))
        {
            for parameter in children(list.1) {
                let kind = parameter.child_by_field_name("type");
                let is_variadic = parameter.kind() == "variadic_parameter_declaration";
                let names = names(parameter);
                if names.is_empty() && list.0 == "parameters" {
                    position += 1;
                }
                for name in names {
                    let meaning = match list.0 {
                        "parameters" if !is_literal && !is_variadic => Meaning::Parameter(index, position, kind),
                        "parameters" => Meaning::Opaque("a parameter"),
                        "result" => Meaning::Zero(kind),
                        _ => Meaning::Opaque("a receiver"),
                    };
                    if list.0 == "parameters" {
                        if !is_literal {
                            let name = self.code(name);
                            self.unit.functions[index].parameters.push(name);
                            self.unit.functions[index].is_variadic |= is_variadic;
                        }
                        position += 1;
                    }
                    self.declare(name, meaning, node.start_byte());
                }
            }
        }
    }
}

fn names(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children_by_field_name("name", &mut cursor).filter(Node::is_named).collect()
}

fn sides(node: Node<'_>) -> (Vec<Node<'_>>, Vec<Node<'_>>) {
    let side = |field: &str| node.child_by_field_name(field).map(children).unwrap_or_default();
    (side("left"), side("right"))
}

/// More parts than this has no name that people write.
const MAX_PARTS: usize = 64;

/// The name at the begin of `name.a[b].c`.
fn root(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    for _ in 0..MAX_PARTS {
        node = match node.kind() {
            "identifier" => return Some(node),
            "selector_expression" | "index_expression" | "unary_expression" => node.child_by_field_name("operand")?,
            "parenthesized_expression" => child(node)?,
            _ => return None,
        };
    }
    None
}

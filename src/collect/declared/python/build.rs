//! The statements of a file: which names they give what, where, and on which condition.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use tree_sitter::Node;

use super::syntax::{
    Binding, Class, ClassId, Expr, ExprId, Fault, Function, FunctionId, GLOBAL, Guard, GuardId, GuardKind, Import,
    Kind, Loop, LoopId, Meaning, Module, Return, Scope, ScopeId, ScopeKind,
};
use crate::collect::declared::value::Lines;

/// Deeper nesting is not written by people.
const MAX_DEPTH: u32 = 250;

pub(super) struct Builder {
    pub made: Module,
    pub scope: ScopeId,
    pub guard: Option<GuardId>,
    depth: u32,
    /// Of each function being read: names that belong to an outer scope.
    outer: Vec<HashMap<String, ScopeId>>,
    functions: Vec<FunctionId>,
    classes: Vec<ClassId>,
}

/// The children that mean something.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !child.is_extra()).collect()
}

pub(super) fn fields<'t>(node: Node<'t>, name: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(name, &mut cursor).filter(|child| child.is_named() && !child.is_extra()).collect()
}

impl Builder {
    pub(super) fn new(path: PathBuf, file: Arc<str>, text: String, faults: Vec<Fault>) -> Self {
        let made = Module {
            path,
            file,
            lines: Lines::of(&text),
            text,
            exprs: Vec::new(),
            scopes: vec![Scope { parent: None, kind: ScopeKind::Module, start: 0, guard: None }],
            guards: Vec::new(),
            loops: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
            names: HashMap::new(),
            stars: Vec::new(),
            calls: Vec::new(),
            callers: HashMap::new(),
            mentions: HashMap::new(),
            assigned: Vec::new(),
            faults,
        };
        Self {
            made,
            scope: GLOBAL,
            guard: None,
            depth: 0,
            outer: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
        }
    }

    pub(super) fn module(&mut self, root: Node<'_>) {
        self.block(root);
    }

    pub(super) fn finish(mut self) -> Module {
        self.made.faults.sort_by_key(|fault| (fault.start, fault.end));
        self.made
    }

    pub(super) fn text(&self, node: Node<'_>) -> &str {
        self.made.code(node.start_byte(), node.end_byte())
    }

    /// Runs a step a level deeper; `None` where there are too many.
    pub(super) fn deeper<T>(&mut self, node: Node<'_>, step: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            let (start, end) = (node.start_byte(), node.end_byte());
            let around = (start, end);
            self.made.faults.push(Fault { start, end, reason: "it is nested too deeply", around });
            return None;
        }
        self.depth += 1;
        let done = step(self);
        self.depth -= 1;
        Some(done)
    }

    pub(super) fn push(&mut self, node: Node<'_>, kind: Kind) -> ExprId {
        self.made_up(node.start_byte(), node.end_byte(), kind)
    }

    /// An expression that a statement amounts to.
    pub(super) fn made_up(&mut self, start: usize, end: usize, kind: Kind) -> ExprId {
        self.made.exprs.push(Expr { start, end, scope: self.scope, guard: self.guard, kind });
        self.made.exprs.len() - 1
    }

    pub(super) fn guarded<T>(&mut self, kind: GuardKind, step: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.guard;
        self.guard(kind);
        let done = step(self);
        self.guard = outer;
        done
    }

    /// From here on the condition holds.
    pub(super) fn guard(&mut self, kind: GuardKind) {
        self.made.guards.push(Guard { parent: self.guard, kind });
        self.guard = Some(self.made.guards.len() - 1);
    }

    pub(super) fn scoped<T>(&mut self, kind: ScopeKind, start: usize, step: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope;
        self.made.scopes.push(Scope { parent: Some(outer), kind, start, guard: self.guard });
        self.scope = self.made.scopes.len() - 1;
        let done = step(self);
        self.scope = outer;
        done
    }

    pub(super) fn looped(&mut self, over: ExprId) -> LoopId {
        self.made.loops.push(Loop { over });
        self.made.loops.len() - 1
    }

    pub(super) fn bind(&mut self, node: Node<'_>, name: &str, meaning: Meaning) {
        let binding = Binding { start: node.start_byte(), end: node.end_byte(), guard: self.guard, meaning };
        let outer = self.outer.last().and_then(|outer| outer.get(name)).copied();
        let binding = match outer {
            // When the function runs, if ever, is not known.
            Some(_) => Binding { meaning: Meaning::Opaque("changed in a function"), guard: None, ..binding },
            None => binding,
        };
        let scope = outer.unwrap_or(self.scope);
        self.made.names.entry((scope, name.to_owned())).or_default().push(binding);
    }

    /// A name, where an expression sets it: not in a comprehension's own scope.
    pub(super) fn bind_outside(&mut self, node: Node<'_>, name: &str, meaning: Meaning) {
        let inner = self.scope;
        while self.made.scopes[self.scope].kind == ScopeKind::Inline {
            self.scope = self.made.scopes[self.scope].parent.unwrap_or(GLOBAL);
        }
        self.bind(node, name, meaning);
        self.scope = inner;
    }

    /// `self` of the method being read, and its class.
    pub(super) fn own(&self) -> Option<(&str, ClassId)> {
        let function = &self.made.functions[*self.functions.last()?];
        Some((function.parameters.first()?.name.as_str(), function.class?))
    }

    /// What `self.name` is given.
    pub(super) fn bind_attribute(&mut self, node: Node<'_>, class: ClassId, name: &str, meaning: Meaning) {
        let binding = Binding { start: node.start_byte(), end: node.end_byte(), guard: self.guard, meaning };
        let scope = self.scope;
        self.made.classes[class].attributes.entry(name.to_owned()).or_default().push((scope, binding));
    }

    pub(super) fn block(&mut self, node: Node<'_>) {
        let outer = self.guard;
        for child in children(node) {
            self.statement(child);
        }
        self.guard = outer;
    }

    fn statement(&mut self, node: Node<'_>) {
        self.deeper(node, |this| this.shallow_statement(node));
    }

    fn shallow_statement(&mut self, node: Node<'_>) {
        match node.kind() {
            "expression_statement" => self.expression_statement(node),
            "import_statement" | "import_from_statement" => self.import(node),
            "future_import_statement" | "pass_statement" => {}
            "if_statement" => self.branches(node),
            "for_statement" => self.for_loop(node),
            "while_statement" => {
                self.field(node, "condition");
                self.guarded(GuardKind::Doubt("a loop"), |this| this.bodies(node));
            }
            "try_statement" => self.guarded(GuardKind::Doubt("a try statement"), |this| this.bodies(node)),
            "match_statement" => self.matching(node),
            "with_statement" => {
                for child in children(node) {
                    if child.kind() == "with_clause" {
                        self.expression(child);
                    }
                }
                self.bodies(node);
            }
            "function_definition" => self.function(node, Vec::new()),
            "class_definition" => self.class(node, Vec::new()),
            "decorated_definition" => self.decorated(node),
            "return_statement" => {
                let value = children(node).first().map(|value| self.expression(*value));
                let guard = self.guard;
                if let Some(function) = self.functions.last() {
                    self.made.functions[*function].returns.push(Return { guard, value });
                }
            }
            "global_statement" | "nonlocal_statement" => self.outer_names(node),
            "delete_statement" => {
                for target in children(node) {
                    self.changed(target, "deleted");
                }
            }
            "block" | "ERROR" => self.block(node),
            // Values may raise, assert, print: the calls in them count.
            _ => self.expressions(node),
        }
    }

    pub(super) fn expressions(&mut self, node: Node<'_>) {
        for child in children(node) {
            self.expression(child);
        }
    }

    pub(super) fn field(&mut self, node: Node<'_>, name: &str) -> ExprId {
        match node.child_by_field_name(name) {
            Some(child) => self.expression(child),
            None => self.push(node, Kind::Opaque),
        }
    }

    /// The blocks of a compound statement, and of its clauses.
    pub(super) fn bodies(&mut self, node: Node<'_>) {
        for child in children(node) {
            match child.kind() {
                "block" => self.block(child),
                "else_clause" | "finally_clause" | "except_clause" | "except_group_clause" => self.bodies(child),
                _ if node.kind() == "except_clause" => {
                    self.expression(child);
                }
                _ => {}
            }
        }
    }

    fn outer_names(&mut self, node: Node<'_>) {
        let names: Vec<String> = children(node).into_iter().map(|name| self.text(name).to_owned()).collect();
        let around = self.made.functions_around(self.scope);
        let enclosing = around.get(1).map(|function| self.made.functions[*function].scope);
        let scope = if node.kind() == "global_statement" { GLOBAL } else { enclosing.unwrap_or(GLOBAL) };
        if let Some(outer) = self.outer.last_mut() {
            outer.extend(names.into_iter().map(|name| (name, scope)));
        }
    }

    fn decorated(&mut self, node: Node<'_>) {
        let mut decorators = Vec::new();
        for child in children(node) {
            match child.kind() {
                "decorator" => {
                    self.expressions(child);
                    let name = self.text(child).trim_start_matches('@').split('(').next().unwrap_or_default().trim();
                    decorators.push(name.rsplit('.').next().unwrap_or_default().trim().to_owned());
                }
                "class_definition" => self.class(child, std::mem::take(&mut decorators)),
                "function_definition" => self.function(child, std::mem::take(&mut decorators)),
                _ => self.statement(child),
            }
        }
    }

    fn function(&mut self, node: Node<'_>, decorators: Vec<String>) {
        let name = node.child_by_field_name("name").map(|name| self.text(name).to_owned()).unwrap_or_default();
        let parameters = node.child_by_field_name("parameters").map(|list| self.parameters(list)).unwrap_or_default();
        let id = self.made.functions.len();
        let class = match self.made.scopes[self.scope].kind {
            ScopeKind::Class => self.classes.last().copied(),
            _ => None,
        };
        let is_async = node.child(0).is_some_and(|first| first.kind() == "async");
        self.bind(node, &name, Meaning::Function(id));
        self.made.functions.push(Function {
            name,
            parameters: parameters.clone(),
            scope: self.made.scopes.len(),
            outer: self.scope,
            class,
            returns: Vec::new(),
            decorators,
            is_deferred: is_async,
        });
        let guard = self.guard;
        self.outer.push(HashMap::new());
        self.functions.push(id);
        self.scoped(ScopeKind::Function(id), node.start_byte(), |this| {
            this.guard = None;
            let mut seen = HashSet::new();
            for (index, parameter) in parameters.iter().enumerate() {
                if seen.insert(&parameter.name) {
                    this.bind(node, &parameter.name, Meaning::Parameter { function: id, index });
                }
            }
            if let Some(list) = node.child_by_field_name("parameters") {
                // They are there before the body begins.
                let end = list.end_byte();
                for parameter in &parameters {
                    let key = (this.scope, parameter.name.clone());
                    for binding in this.made.names.get_mut(&key).into_iter().flatten() {
                        (binding.start, binding.end) = (end, end);
                    }
                }
            }
            if let Some(body) = node.child_by_field_name("body") {
                this.block(body);
            }
        });
        self.functions.pop();
        self.outer.pop();
        self.guard = guard;
    }

    /// The function being read gives no plain value.
    pub(super) fn defer(&mut self) {
        if let Some(function) = self.functions.last() {
            self.made.functions[*function].is_deferred = true;
        }
    }

    fn class(&mut self, node: Node<'_>, decorators: Vec<String>) {
        let name = node.child_by_field_name("name").map(|name| self.text(name).to_owned()).unwrap_or_default();
        let bases: Vec<Node<'_>> = node.child_by_field_name("superclasses").map(children).unwrap_or_default();
        let bases = bases.into_iter().map(|base| self.expression(base)).collect();
        let id = self.made.classes.len();
        let scope = self.made.scopes.len();
        let (fields, attributes) = (Vec::new(), HashMap::new());
        self.made.classes.push(Class { name: name.clone(), bases, scope, decorators, fields, attributes });
        self.classes.push(id);
        self.scoped(ScopeKind::Class, node.start_byte(), |this| {
            if let Some(body) = node.child_by_field_name("body") {
                this.block(body);
            }
        });
        self.classes.pop();
        self.bind(node, &name, Meaning::Class(id));
    }

    /// The class whose body is being read.
    pub(super) fn class_body(&mut self) -> Option<&mut Class> {
        match self.made.scopes[self.scope].kind {
            ScopeKind::Class => self.classes.last().map(|class| &mut self.made.classes[*class]),
            _ => None,
        }
    }

    fn import(&mut self, node: Node<'_>) {
        let module = node.child_by_field_name("module_name");
        let (mut level, mut path) = (0, Vec::new());
        if let Some(module) = module {
            let text: String = self.text(module).split_whitespace().collect();
            let rest = text.trim_start_matches('.');
            level = text.len() - rest.len();
            path = dotted(rest);
        }
        if children(node).iter().any(|child| child.kind() == "wildcard_import") {
            self.made.stars.push(Import { level, path: path.clone(), name: None });
        }
        for imported in fields(node, "name") {
            let alias = imported.child_by_field_name("alias").map(|alias| self.text(alias).to_owned());
            let name = imported.child_by_field_name("name").unwrap_or(imported);
            let name = dotted(self.text(name));
            let import = match (module, &alias) {
                (Some(_), _) => Import { level, path: path.clone(), name: name.first().cloned() },
                (None, Some(_)) => Import { level: 0, path: name.clone(), name: None },
                // `import a.b` gives the name `a`.
                (None, None) => Import { level: 0, path: name.iter().take(1).cloned().collect(), name: None },
            };
            let Some(local) = alias.or_else(|| name.first().cloned()) else { continue };
            self.bind(node, &local, Meaning::Import(import));
        }
    }
}

fn dotted(text: &str) -> Vec<String> {
    text.split('.').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

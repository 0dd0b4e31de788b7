//! Which name means what, where: imports, constants, parameters; and where code is run only if, or more than once.

use std::collections::HashMap;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, AssignmentExpression, AssignmentOperator, AssignmentTarget, BindingPattern, CallExpression, Class,
    Expression, ForStatementLeft, FormalParameters, IdentifierReference, ImportDeclaration, ImportDeclarationSpecifier,
    MethodDefinitionKind, NewExpression, SimpleAssignmentTarget, TSImportEqualsDeclaration, TSModuleReference,
};
use oxc_ast_visit::Visit;
use oxc_span::{GetSpan, Span};

use super::guards::Branches;
use super::meaning::{Binding, Change, Func, Meaning, Owner, OwnerKind, Root, Step};
use super::overrides::Override;

/// All names of a program, and all that matters of its expressions.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    bindings: HashMap<&'a str, Vec<Binding<'a>>>,
    changes: HashMap<String, Vec<Change<'a>>>,
    /// `this.name = value`
    pub fields: HashMap<&'a str, Vec<Change<'a>>>,
    /// Where something sets the version of a resource that is made already.
    pub overrides: Vec<Override<'a>>,
    /// `exports.name = value`; of `module.exports`, no name.
    pub commonjs: Vec<(Option<&'a str>, &'a Expression<'a>)>,
    /// Other files, by how imports write them.
    pub imports: Vec<&'a str>,
    pub owners: Vec<Owner<'a>>,
    pub classes: Vec<&'a Class<'a>>,
    pub news: Vec<&'a NewExpression<'a>>,
    pub calls: Vec<&'a CallExpression<'a>>,
    /// Names where they are used as values, but for those that are called.
    pub uses: Vec<&'a IdentifierReference<'a>>,
    pub branches: Branches<'a>,
    /// Where names are called, extended or mentioned as types only.
    harmless: std::collections::HashSet<u32>,
    scopes: Vec<Span>,
    loops: HashMap<u32, Span>,
    /// Of functions, by where these begin.
    known: HashMap<u32, OwnerKind<'a>>,
    source: &'a str,
}

/// Methods that call a function once for each item, or with the value itself.
const CALLBACKS: [&str; 4] = ["map", "forEach", "flatMap", "apply"];

/// Methods that change what they are called on.
const MUTATORS: [&str; 9] = ["push", "unshift", "pop", "shift", "splice", "set", "delete", "sort", "reverse"];

impl<'a> Names<'a> {
    pub(super) fn of(program: &oxc_ast::ast::Program<'a>, source: &'a str) -> Self {
        let mut names = Self { source, ..Self::default() };
        names.visit_program(program);
        let harmless = std::mem::take(&mut names.harmless);
        // What `module.exports = { name }` passes on is no use of it either.
        let passed: Vec<Span> = names.commonjs.iter().map(|(_, value)| value.span()).collect();
        names.uses.retain(|name| {
            let is_passed = passed.iter().any(|span| span.contains_inclusive(name.span));
            !is_passed && !harmless.contains(&name.span.start)
        });
        names
    }

    /// What a name means at an offset: its innermost declaration around there.
    pub(super) fn binding(&self, name: &str, offset: u32) -> Option<&Binding<'a>> {
        let around = |binding: &&Binding<'a>| binding.scope.start <= offset && offset < binding.scope.end.max(1);
        let bindings = self.bindings.get(name)?.iter().filter(around);
        bindings.min_by_key(|binding| binding.scope.end - binding.scope.start)
    }

    /// The changes of a name as it is declared by a binding.
    pub(super) fn changes(&self, name: &str, binding: &Binding<'a>) -> Vec<Change<'a>> {
        let Some(changes) = self.changes.get(name) else { return Vec::new() };
        let same = |change: &&Change<'a>| {
            self.binding(name, change.span.start)
                .is_none_or(|other| (other.at, other.scope) == (binding.at, binding.scope))
        };
        changes.iter().filter(same).copied().collect()
    }

    /// The owners around some code, the innermost first.
    pub(super) fn around(&self, span: Span) -> Vec<Owner<'a>> {
        let inside =
            |owner: &&Owner<'a>| owner.span.start <= span.start && span.end <= owner.span.end && owner.span != span;
        let mut owners: Vec<_> = self.owners.iter().filter(inside).copied().collect();
        owners.sort_by_key(|owner| owner.span.end - owner.span.start);
        owners
    }

    /// The innermost class around an offset.
    pub(super) fn class_at(&self, offset: u32) -> Option<&'a Class<'a>> {
        let around = |class: &&&Class<'a>| class.span.start <= offset && offset < class.span.end;
        self.classes.iter().filter(around).min_by_key(|class| class.span.end - class.span.start).copied()
    }

    fn declare(&mut self, name: &'a str, at: u32, meaning: Meaning<'a>) {
        let scope = self.scopes.last().copied().unwrap_or(Span::new(0, u32::MAX));
        self.bindings.entry(name).or_default().push(Binding { scope, at, meaning });
    }

    fn pattern(&mut self, pattern: &'a BindingPattern<'a>, root: Root<'a>, path: &[Step<'a>]) {
        let then = |step: Step<'a>| [path, &[step]].concat();
        match pattern {
            BindingPattern::BindingIdentifier(name) => {
                self.declare(name.name.as_str(), name.span.start, Meaning::Bound { root, path: path.to_vec() });
            }
            BindingPattern::ObjectPattern(object) => {
                let mut keys = Vec::new();
                for property in &object.properties {
                    let key = match property.key.static_name() {
                        Some(std::borrow::Cow::Borrowed(key)) => Some(key),
                        _ => None,
                    };
                    keys.extend(key);
                    self.pattern(&property.value, root, &then(key.map_or(Step::Lost, Step::Key)));
                }
                if let Some(rest) = &object.rest {
                    self.pattern(&rest.argument, root, &then(Step::Without(keys)));
                }
            }
            BindingPattern::ArrayPattern(array) => {
                for (index, element) in array.elements.iter().enumerate() {
                    if let Some(element) = element {
                        self.pattern(element, root, &then(Step::Index(index)));
                    }
                }
                if let Some(rest) = &array.rest {
                    self.pattern(&rest.argument, root, &then(Step::From(array.elements.len())));
                }
            }
            BindingPattern::AssignmentPattern(assignment) => {
                self.pattern(&assignment.left, root, &then(Step::Default(&assignment.right)));
            }
        }
    }

    fn parameters(&mut self, function: Span, parameters: &'a FormalParameters<'a>) {
        for (index, parameter) in parameters.items.iter().enumerate() {
            let path: Vec<Step<'a>> = parameter.initializer.iter().map(|default| Step::Default(default)).collect();
            self.pattern(&parameter.pattern, Root::Parameter { function, index, is_rest: false }, &path);
        }
        if let Some(rest) = &parameters.rest {
            let root = Root::Parameter { function, index: parameters.items.len(), is_rest: true };
            self.pattern(&rest.rest.argument, root, &[]);
        }
    }

    fn import(&mut self, import: &'a ImportDeclaration<'a>) {
        let from = import.source.value.as_str();
        if import.import_kind.is_value() {
            self.imports.push(from);
        }
        for specifier in import.specifiers.iter().flatten() {
            let meaning = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(named) => {
                    Meaning::Imported { from, name: named.imported.name().as_str() }
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => Meaning::Imported { from, name: "default" },
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => Meaning::Namespace(from),
            };
            let local = specifier.local();
            self.declare(local.name.as_str(), local.span.start, meaning);
        }
    }

    fn import_equals(&mut self, import: &'a TSImportEqualsDeclaration<'a>) {
        let meaning = match &import.module_reference {
            TSModuleReference::ExternalModuleReference(module) => {
                self.imports.push(module.expression.value.as_str());
                Meaning::Namespace(module.expression.value.as_str())
            }
            other => Meaning::Alias(other),
        };
        self.declare(import.id.name.as_str(), import.id.span.start, meaning);
    }

    fn change(&mut self, name: &str, span: Span, value: Option<&'a Expression<'a>>) {
        self.changes.entry(name.to_owned()).or_default().push(Change { span, value });
    }

    fn assignment(&mut self, assignment: &'a AssignmentExpression<'a>) {
        let is_plain = assignment.operator == AssignmentOperator::Assign;
        let value = is_plain.then_some(&assignment.right);
        if let Some(simple) = assignment.left.as_simple_assignment_target() {
            self.simple_assignment(simple, assignment.span, value);
            return;
        }
        // In a pattern every word may be a target; one too many costs no more than a reason.
        let target: &AssignmentTarget<'_> = &assignment.left;
        let span = target.span();
        let text = &self.source[span.start as usize..span.end as usize];
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$') {
            self.change(word, assignment.span, None);
        }
    }

    fn simple_assignment(
        &mut self,
        target: &'a SimpleAssignmentTarget<'a>,
        span: Span,
        value: Option<&'a Expression<'a>>,
    ) {
        if let SimpleAssignmentTarget::AssignmentTargetIdentifier(name) = target {
            self.change(name.name.as_str(), span, value);
        } else if let Some(member) = target.as_member_expression() {
            let mut path = vec![member.static_property_name()];
            let mut object = member.object();
            while let Some(member) = object.get_inner_expression().as_member_expression() {
                path.push(member.static_property_name());
                object = member.object();
            }
            if path.first() == Some(&Some("engineVersion")) {
                self.overrides.push(Override { span, target: member.object(), value });
            }
            path.reverse();
            match (object.get_inner_expression(), &path[..], value) {
                (Expression::ThisExpression(_), [Some(name), rest @ ..], value) => {
                    let value = if rest.is_empty() { value } else { None };
                    self.fields.entry(name).or_default().push(Change { span, value });
                }
                (Expression::Identifier(name), [Some("exports")], Some(value)) if name.name == "module" => {
                    self.commonjs.push((None, value));
                }
                (Expression::Identifier(name), [Some("exports"), Some(key)], Some(value)) if name.name == "module" => {
                    self.commonjs.push((Some(key), value));
                }
                (Expression::Identifier(name), [Some(key)], Some(value)) if name.name == "exports" => {
                    self.commonjs.push((Some(key), value));
                }
                (Expression::Identifier(name), ..) => self.change(name.name.as_str(), span, None),
                _ => {}
            }
        }
    }

    fn call(&mut self, call: &'a CallExpression<'a>) {
        self.calls.push(call);
        self.imports.extend(call.common_js_require().map(|specifier| specifier.value.as_str()));
        self.harmless.insert(call.callee.span().start);
        let first = call.arguments.first().and_then(Argument::as_expression);
        let Some(member) = call.callee.get_inner_expression().as_member_expression() else { return };
        let Some(method) = member.static_property_name() else { return };
        if CALLBACKS.contains(&method)
            && let Some(function) = first.and_then(Func::of)
        {
            self.known.insert(function.span().start, OwnerKind::Callback { object: member.object(), method });
        }
        self.overrides.extend(Override::of(call, member, method));
        let mutated = match member.object().get_inner_expression() {
            Expression::Identifier(object) if object.name == "Object" => {
                if method == "assign" || method.starts_with("define") { first } else { None }
            }
            object if MUTATORS.contains(&method) => Some(object),
            _ => None,
        };
        if let Some(Expression::Identifier(name)) = mutated.map(Expression::get_inner_expression) {
            self.change(name.name.as_str(), call.span, None);
        }
    }

    fn class(&mut self, class: &'a Class<'a>) {
        self.classes.push(class);
        if let Some(id) = &class.id {
            self.declare(id.name.as_str(), id.span.start, Meaning::Class(class));
        }
        if let Some(heritage) = &class.heritage {
            self.harmless.insert(heritage.expression.span().start);
        }
    }

    /// Names that are mentioned where that does not pass their values on.
    fn mention(&mut self, kind: AstKind<'a>) {
        let span = match kind {
            AstKind::TSTypeReference(reference) => reference.type_name.span(),
            AstKind::StaticMemberExpression(member) => member.object.span(),
            AstKind::ExportSpecifier(specifier) => specifier.local.span(),
            AstKind::ExportDefaultDeclaration(export) => export.declaration.span(),
            AstKind::TSExportAssignment(export) => export.expression.span(),
            AstKind::TSTypeQuery(query) => query.expr_name.span(),
            AstKind::TSClassImplements(implements) => implements.span,
            _ => return,
        };
        self.harmless.insert(span.start);
    }

    /// The loop's variable is its item.
    fn each(&mut self, span: Span, left: &'a ForStatementLeft<'a>, list: &'a Expression<'a>, keys: bool) {
        if let ForStatementLeft::VariableDeclaration(declaration) = left {
            self.loops.extend(declaration.declarations.iter().map(|declarator| (declarator.span.start, span)));
        }
        self.owners.push(Owner { span, kind: OwnerKind::Each { list, keys } });
    }

    fn function(&mut self, span: Span, name: Option<&'a str>) {
        let kind = self.known.get(&span.start).copied().unwrap_or(OwnerKind::Function(name));
        self.owners.push(Owner { span, kind });
    }
}

fn is_scope(kind: &AstKind<'_>) -> bool {
    matches!(
        kind,
        AstKind::Program(_)
            | AstKind::Function(_)
            | AstKind::ArrowFunctionExpression(_)
            | AstKind::BlockStatement(_)
            | AstKind::ForStatement(_)
            | AstKind::ForInStatement(_)
            | AstKind::ForOfStatement(_)
            | AstKind::SwitchStatement(_)
            | AstKind::CatchClause(_)
            | AstKind::Class(_)
            | AstKind::StaticBlock(_)
            | AstKind::TSModuleBlock(_)
    )
}

impl<'a> Visit<'a> for Names<'a> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        self.branches.enter(kind);
        match kind {
            // What has no body is an overload.
            AstKind::Function(function) if function.body.is_some() || function.declare => {
                let name = function.id.as_ref().map(|id| id.name.as_str());
                if let Some(id) = &function.id {
                    self.declare(id.name.as_str(), id.span.start, Meaning::Function(function));
                }
                self.function(function.span, name);
            }
            AstKind::ArrowFunctionExpression(arrow) => self.function(arrow.span, None),
            AstKind::Class(class) => self.class(class),
            AstKind::MethodDefinition(method) => {
                let class = self.classes.iter().rev().find(|class| class.span.contains_inclusive(method.span));
                if let Some(class) = class.copied() {
                    let kind = match method.kind {
                        MethodDefinitionKind::Constructor => OwnerKind::Construction(class),
                        _ => OwnerKind::Method(class),
                    };
                    self.known.insert(method.value.span.start, kind);
                }
            }
            AstKind::PropertyDefinition(field) if !field.r#static && field.value.is_some() => {
                let class = self.classes.iter().rev().find(|class| class.span.contains_inclusive(field.span));
                if let Some(class) = class.copied() {
                    self.owners.push(Owner { span: field.span, kind: OwnerKind::Construction(class) });
                }
            }
            AstKind::VariableDeclarator(declarator) => {
                let root = match (&declarator.init, self.loops.get(&declarator.span.start)) {
                    (Some(value), _) => Root::Value(value),
                    (None, Some(span)) => Root::Item(*span),
                    (None, None) => Root::Unset,
                };
                if let (BindingPattern::BindingIdentifier(name), Some(function)) =
                    (&declarator.id, declarator.init.as_ref().and_then(Func::of))
                {
                    let name = Some(name.name.as_str());
                    self.known.entry(function.span().start).or_insert(OwnerKind::Function(name));
                }
                self.pattern(&declarator.id, root, &[]);
            }
            AstKind::ObjectProperty(property) => {
                if let (Some(function), Some(std::borrow::Cow::Borrowed(name))) =
                    (Func::of(&property.value), property.key.static_name())
                {
                    self.known.entry(function.span().start).or_insert(OwnerKind::Function(Some(name)));
                }
            }
            AstKind::CatchParameter(parameter) => {
                if let BindingPattern::BindingIdentifier(name) = &parameter.pattern {
                    self.declare(name.name.as_str(), name.span.start, Meaning::Opaque("an error"));
                }
            }
            AstKind::ForOfStatement(each) => self.each(each.span, &each.left, &each.right, false),
            AstKind::ForInStatement(each) => self.each(each.span, &each.left, &each.right, true),
            AstKind::ForStatement(_) | AstKind::WhileStatement(_) | AstKind::DoWhileStatement(_) => {
                self.owners.push(Owner { span: kind.span(), kind: OwnerKind::Repeated });
            }
            AstKind::ImportDeclaration(import) => self.import(import),
            AstKind::TSImportEqualsDeclaration(import) => self.import_equals(import),
            AstKind::TSEnumDeclaration(declaration) => {
                let id = &declaration.id;
                self.declare(id.name.as_str(), id.span.start, Meaning::Enum(declaration));
            }
            AstKind::ExportFromDeclaration(export) => self.imports.push(export.source.value.as_str()),
            AstKind::ExportAllDeclaration(export) => self.imports.push(export.source.value.as_str()),
            AstKind::AssignmentExpression(assignment) => self.assignment(assignment),
            AstKind::UpdateExpression(update) => self.simple_assignment(&update.argument, update.span, None),
            AstKind::NewExpression(new) => {
                self.news.push(new);
                self.harmless.insert(new.callee.span().start);
            }
            AstKind::CallExpression(call) => self.call(call),
            AstKind::IdentifierReference(name) => self.uses.push(name),
            _ => self.mention(kind),
        }
        if is_scope(&kind) {
            self.scopes.push(kind.span());
        }
        match kind {
            AstKind::Function(function) => self.parameters(function.span, &function.params),
            AstKind::ArrowFunctionExpression(arrow) => self.parameters(arrow.span, &arrow.params),
            _ => {}
        }
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        if is_scope(&kind) {
            self.scopes.pop();
        }
    }
}

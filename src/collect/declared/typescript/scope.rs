//! Which name means what, where: imports, constants, parameters.

use std::collections::HashMap;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentTarget, BindingPattern, Expression, ImportDeclaration, ImportDeclarationSpecifier, NewExpression,
    SimpleAssignmentTarget, TSEnumDeclaration, TSImportEqualsDeclaration, TSModuleReference,
};
use oxc_ast_visit::Visit;
use oxc_span::{GetSpan, Span};

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning<'a> {
    /// `import * as local`, and a default import, which in a `CommonJS` package is the same.
    Package(&'a str),
    /// `import { name as local } from "package"`
    Imported {
        package: &'a str,
        name: &'a str,
    },
    /// `import local = a.b.c`
    Alias(&'a TSModuleReference<'a>),
    /// `const local = expression`
    Value(&'a Expression<'a>),
    /// `const { key: local = default } = expression`
    Part {
        whole: &'a Expression<'a>,
        key: &'a str,
        default: Option<&'a Expression<'a>>,
    },
    Enum(&'a TSEnumDeclaration<'a>),
    /// Something that only a run gives a value: `a parameter`.
    Opaque(&'static str),
}

#[derive(Clone, Copy, Debug)]
struct Binding<'a> {
    scope: Span,
    meaning: Meaning<'a>,
}

/// All names of a program, and all its `new` expressions.
#[derive(Debug)]
pub(super) struct Names<'a> {
    bindings: HashMap<&'a str, Vec<Binding<'a>>>,
    /// Names that are assigned to, or whose parts are, after their declaration; with an offset.
    changed: HashMap<String, u32>,
    scopes: Vec<Span>,
    pub news: Vec<&'a NewExpression<'a>>,
    source: &'a str,
}

impl<'a> Names<'a> {
    pub(super) fn of(program: &oxc_ast::ast::Program<'a>, source: &'a str) -> Self {
        let mut names =
            Self { bindings: HashMap::new(), changed: HashMap::new(), scopes: Vec::new(), news: Vec::new(), source };
        names.visit_program(program);
        names
    }

    /// What a name means at an offset: its innermost declaration around there.
    pub(super) fn meaning(&self, name: &str, offset: u32) -> Option<Meaning<'a>> {
        let around = |binding: &&Binding<'a>| binding.scope.start <= offset && offset < binding.scope.end.max(1);
        let bindings = self.bindings.get(name)?.iter().filter(around);
        bindings.min_by_key(|binding| binding.scope.end - binding.scope.start).map(|binding| binding.meaning)
    }

    /// Where a name is changed after its declaration.
    pub(super) fn changed(&self, name: &str) -> Option<u32> {
        self.changed.get(name).copied()
    }

    fn declare(&mut self, name: &'a str, meaning: Meaning<'a>) {
        let scope = self.scopes.last().copied().unwrap_or(Span::new(0, u32::MAX));
        self.bindings.entry(name).or_default().push(Binding { scope, meaning });
    }

    fn pattern(&mut self, pattern: &'a BindingPattern<'a>, meaning: Meaning<'a>) {
        match pattern {
            BindingPattern::BindingIdentifier(name) => self.declare(name.name.as_str(), meaning),
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let key = property.key.static_name().and_then(|key| match key {
                        std::borrow::Cow::Borrowed(key) => Some(key),
                        std::borrow::Cow::Owned(_) => None,
                    });
                    let (inner, default) = match &property.value {
                        BindingPattern::AssignmentPattern(assignment) => (&assignment.left, Some(&assignment.right)),
                        other => (other, None),
                    };
                    let part = match (meaning, key) {
                        (Meaning::Value(whole), Some(key)) if is_name(inner) => Meaning::Part { whole, key, default },
                        (Meaning::Value(_), _) => Meaning::Opaque("part of a pattern"),
                        (other, _) => other,
                    };
                    self.pattern(inner, part);
                }
                if let Some(rest) = &object.rest {
                    self.pattern(&rest.argument, opaque(meaning));
                }
            }
            BindingPattern::ArrayPattern(array) => {
                for element in array.elements.iter().flatten() {
                    self.pattern(element, opaque(meaning));
                }
                if let Some(rest) = &array.rest {
                    self.pattern(&rest.argument, opaque(meaning));
                }
            }
            BindingPattern::AssignmentPattern(assignment) => self.pattern(&assignment.left, opaque(meaning)),
        }
    }

    fn import(&mut self, import: &'a ImportDeclaration<'a>) {
        let package = import.source.value.as_str();
        for specifier in import.specifiers.iter().flatten() {
            let meaning = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(named) => match named.imported.name().as_str() {
                    "default" => Meaning::Package(package),
                    name => Meaning::Imported { package, name },
                },
                _ => Meaning::Package(package),
            };
            let local = specifier.local();
            self.declare(local.name.as_str(), meaning);
        }
    }

    fn import_equals(&mut self, import: &'a TSImportEqualsDeclaration<'a>) {
        let meaning = match &import.module_reference {
            TSModuleReference::ExternalModuleReference(module) => Meaning::Package(module.expression.value.as_str()),
            other => Meaning::Alias(other),
        };
        self.declare(import.id.name.as_str(), meaning);
    }

    fn change(&mut self, name: &str, offset: u32) {
        self.changed.entry(name.to_owned()).or_insert(offset);
    }

    fn assignment(&mut self, target: &AssignmentTarget<'a>) {
        if let Some(simple) = target.as_simple_assignment_target() {
            self.simple_assignment(simple);
            return;
        }
        // In a pattern every word may be a target; one too many costs no more than a reason.
        let span = target.span();
        let text = &self.source[span.start as usize..span.end as usize];
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$') {
            self.change(word, span.start);
        }
    }

    fn simple_assignment(&mut self, target: &SimpleAssignmentTarget<'a>) {
        let offset = target.span().start;
        if let SimpleAssignmentTarget::AssignmentTargetIdentifier(name) = target {
            self.change(name.name.as_str(), offset);
        } else if let Some(member) = target.as_member_expression() {
            let mut object = member.object();
            while let Some(member) = object.get_inner_expression().as_member_expression() {
                object = member.object();
            }
            if let Expression::Identifier(name) = object.get_inner_expression() {
                self.change(name.name.as_str(), offset);
            }
        }
    }
}

fn opaque(meaning: Meaning<'_>) -> Meaning<'_> {
    match meaning {
        Meaning::Opaque(_) => meaning,
        _ => Meaning::Opaque("part of a pattern"),
    }
}

fn is_name(pattern: &BindingPattern<'_>) -> bool {
    matches!(pattern, BindingPattern::BindingIdentifier(_))
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
        match kind {
            AstKind::Function(function) => {
                if let Some(id) = &function.id {
                    self.declare(id.name.as_str(), Meaning::Opaque("a function"));
                }
            }
            AstKind::Class(class) => {
                if let Some(id) = &class.id {
                    self.declare(id.name.as_str(), Meaning::Opaque("a class"));
                }
            }
            AstKind::VariableDeclarator(declarator) => {
                let meaning = declarator.init.as_ref().map_or(Meaning::Opaque("a variable"), Meaning::Value);
                self.pattern(&declarator.id, meaning);
            }
            AstKind::FormalParameter(parameter) => self.pattern(&parameter.pattern, Meaning::Opaque("a parameter")),
            AstKind::CatchParameter(parameter) => self.pattern(&parameter.pattern, Meaning::Opaque("an error")),
            AstKind::ImportDeclaration(import) => self.import(import),
            AstKind::TSImportEqualsDeclaration(import) => self.import_equals(import),
            AstKind::TSEnumDeclaration(declaration) => {
                self.declare(declaration.id.name.as_str(), Meaning::Enum(declaration));
            }
            AstKind::AssignmentExpression(assignment) => self.assignment(&assignment.left),
            AstKind::UpdateExpression(update) => self.simple_assignment(&update.argument),
            AstKind::NewExpression(new) => self.news.push(new),
            _ => {}
        }
        if is_scope(&kind) {
            self.scopes.push(kind.span());
        }
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        if is_scope(&kind) {
            self.scopes.pop();
        }
    }
}

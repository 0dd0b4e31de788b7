//! Evaluation of expressions, as far as the file and the project's configuration determine them.

use std::cell::Cell;
use std::sync::Arc;

use oxc_ast::ast::{
    Argument, BinaryOperator, ChainElement, Expression, LogicalOperator, MemberExpression, NewExpression,
    ObjectExpression, ObjectPropertyKind, PropertyKind, TSEnumDeclaration, TemplateLiteral, UnaryOperator,
};
use oxc_span::{GetSpan, Span};

use super::scope::{Meaning, Names};
use super::symbol;
use crate::collect::declared::pulumi::Project;
use crate::collect::declared::value::{Lines, Map, Place, Spot, Value, choose, concat, quote};

/// Deeper references are not written by people.
pub(super) const MAX_DEPTH: u32 = 128;
/// Steps per resource: constants that refer to each other can multiply.
const FUEL: u32 = 100_000;

/// One program.
pub(super) struct Program<'a> {
    pub source: &'a str,
    pub lines: Lines,
    pub file: Arc<str>,
    pub names: Names<'a>,
    pub project: Project,
    pub fuel: Cell<u32>,
}

impl<'a> Program<'a> {
    pub(super) fn refuel(&self) {
        self.fuel.set(FUEL);
    }

    pub(super) fn place(&self, span: Span) -> Place {
        Place { file: self.file.clone(), line: self.lines.line(span.start as usize) }
    }

    pub(super) fn code(&self, span: Span) -> &'a str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// What cannot be known here: the code, its line, and why.
    pub(super) fn lost(&self, span: Span, why: &str) -> Spot {
        let at = self.place(span);
        Spot::unknown(format!("{} at line {}: {why}", quote(self.code(span)), at.line), at)
    }

    pub(super) fn known(&self, span: Span, value: Value) -> Spot {
        Spot::new(value, self.place(span))
    }

    pub(super) fn eval(&self, expression: &'a Expression<'a>) -> Spot {
        self.expression(expression, 0)
    }

    pub(super) fn expression(&self, expression: &'a Expression<'a>, depth: u32) -> Spot {
        let (span, next) = (expression.span(), depth + 1);
        let fuel = self.fuel.get();
        if depth > MAX_DEPTH || fuel == 0 {
            return self.lost(span, "it refers too far");
        }
        self.fuel.set(fuel - 1);
        match expression {
            Expression::StringLiteral(text) => self.known(span, Value::text(text.value.as_str())),
            Expression::NumericLiteral(number) => self.known(span, Value::Number(self.code(number.span).to_owned())),
            Expression::BooleanLiteral(boolean) => self.known(span, Value::Bool(boolean.value)),
            Expression::NullLiteral(_) => self.known(span, Value::Nothing),
            Expression::TemplateLiteral(template) => self.template(template, next),
            Expression::TaggedTemplateExpression(tagged) => match symbol::resolve(&self.names, &tagged.tag) {
                Some(symbol) if symbol.pulumi() == Some("interpolate") => self.template(&tagged.quasi, next),
                _ => self.lost(span, "only a run tells"),
            },
            Expression::Identifier(name) => self.name(name.name.as_str(), span, next),
            Expression::ParenthesizedExpression(inner) => self.expression(&inner.expression, next),
            Expression::TSAsExpression(inner) => self.expression(&inner.expression, next),
            Expression::TSSatisfiesExpression(inner) => self.expression(&inner.expression, next),
            Expression::TSNonNullExpression(inner) => self.expression(&inner.expression, next),
            Expression::TSTypeAssertion(inner) => self.expression(&inner.expression, next),
            Expression::AwaitExpression(inner) => self.expression(&inner.argument, next),
            Expression::ConditionalExpression(choice) => {
                let test = self.expression(&choice.test, next);
                let yes = self.expression(&choice.consequent, next);
                let no = self.expression(&choice.alternate, next);
                choose(test.value.truthy(), yes, no, || self.undecided(&choice.test, &test))
            }
            Expression::LogicalExpression(logical) => {
                let left = self.expression(&logical.left, next);
                let right = self.expression(&logical.right, next);
                let keeps_left = match logical.operator {
                    LogicalOperator::Or => left.value.truthy(),
                    LogicalOperator::And => left.value.truthy().map(|holds| !holds),
                    LogicalOperator::Coalesce if left.lost().is_some() => None,
                    LogicalOperator::Coalesce => Some(!left.is_nothing()),
                };
                let reason = left.lost().unwrap_or_default().to_owned();
                choose(keeps_left, left, right, || reason)
            }
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
                let inner = self.expression(&unary.argument, next);
                match inner.value.truthy() {
                    Some(holds) => self.known(span, Value::Bool(!holds)),
                    None => Spot::unknown(self.undecided(&unary.argument, &inner), self.place(span)),
                }
            }
            Expression::BinaryExpression(binary) => {
                let left = self.expression(&binary.left, next);
                let right = self.expression(&binary.right, next);
                self.binary(span, binary.operator, left, right)
            }
            Expression::ArrayExpression(array) => {
                let items = array.elements.iter().map(|item| match item.as_expression() {
                    Some(item) => self.expression(item, next),
                    None => self.lost(item.span(), "only a run tells"),
                });
                self.known(span, Value::List(items.collect()))
            }
            Expression::ObjectExpression(object) => self.object(object, next),
            Expression::CallExpression(call) => self.call(call, next),
            Expression::NewExpression(new) => self.output(new),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.call(call, next),
                ChainElement::TSNonNullExpression(inner) => self.expression(&inner.expression, next),
                other => match other.member_expression() {
                    Some(member) => self.member(member, span, next),
                    None => self.lost(span, "only a run tells"),
                },
            },
            other => match other.as_member_expression() {
                Some(member) => self.member(member, span, next),
                None => self.lost(span, "only a run tells"),
            },
        }
    }

    fn undecided(&self, test: &Expression<'a>, value: &Spot) -> String {
        let why = value.lost().unwrap_or("only a run tells");
        let code = quote(self.code(test.span()));
        // The condition itself is often what gets lost.
        if why.starts_with(&format!("{code} at line")) {
            return why.to_owned();
        }
        format!("{code} cannot be decided: {why}")
    }

    fn name(&self, name: &str, span: Span, depth: u32) -> Spot {
        let Some(meaning) = self.names.meaning(name, span.start) else {
            return match name {
                "undefined" => self.known(span, Value::Nothing),
                _ => self.lost(span, "it is not declared in this file"),
            };
        };
        if let Some(offset) = self.names.changed(name) {
            let line = self.lines.line(offset as usize);
            return self.lost(span, &format!("it is changed at line {line}"));
        }
        match meaning {
            Meaning::Value(value) => self.expression(value, depth),
            Meaning::Part { whole, key, default } => {
                let part = self.part(&self.expression(whole, depth), key, span);
                match default {
                    Some(default) if part.is_nothing() => self.expression(default, depth),
                    _ => part,
                }
            }
            Meaning::Enum(declaration) => self.enumeration(declaration, depth),
            Meaning::Package(package) | Meaning::Imported { package, .. } => {
                self.lost(span, &format!("it is imported from \"{package}\""))
            }
            Meaning::Alias(_) => self.lost(span, "it is an import"),
            Meaning::Opaque(what) => self.lost(span, &format!("it is {what}")),
        }
    }

    fn enumeration(&self, declaration: &'a TSEnumDeclaration<'a>, depth: u32) -> Spot {
        let mut map = Map::default();
        for member in &declaration.body.members {
            let value = match &member.initializer {
                Some(value) => self.expression(value, depth),
                None => self.lost(member.span, "it is numbered"),
            };
            map.entries.insert(member.id.static_name().to_string(), value);
        }
        self.known(declaration.span, Value::Map(map))
    }

    fn template(&self, template: &'a TemplateLiteral<'a>, depth: u32) -> Spot {
        let mut parts = Vec::new();
        for (index, quasi) in template.quasis.iter().enumerate() {
            let text = quasi.value.cooked.unwrap_or(quasi.value.raw);
            parts.push(self.known(quasi.span, Value::text(text.as_str())));
            if let Some(expression) = template.expressions.get(index) {
                parts.push(self.expression(expression, depth));
            }
        }
        let is_bare = template.quasis.iter().all(|quasi| quasi.value.raw.is_empty());
        match &parts[..] {
            // Nothing but a reference: the value is written there.
            [_, only, _] if is_bare && only.scalar().is_some() => {
                Spot::new(Value::text(only.scalar().unwrap_or_default()), only.at.clone())
            }
            _ => concat(parts, self.place(template.span)),
        }
    }

    fn binary(&self, span: Span, operator: BinaryOperator, left: Spot, right: Spot) -> Spot {
        let same = match operator {
            BinaryOperator::StrictEquality | BinaryOperator::Equality => left.value.same(&right.value),
            BinaryOperator::StrictInequality | BinaryOperator::Inequality => {
                left.value.same(&right.value).map(|same| !same)
            }
            BinaryOperator::Addition if [&left, &right].iter().any(|side| matches!(side.value, Value::Text(_))) => {
                return concat([left, right], self.place(span));
            }
            _ => None,
        };
        match (same, left.lost().or(right.lost())) {
            (Some(same), _) => self.known(span, Value::Bool(same)),
            (None, Some(reason)) => Spot::unknown(reason, self.place(span)),
            (None, None) => self.lost(span, "only a run tells"),
        }
    }

    pub(super) fn object(&self, object: &'a ObjectExpression<'a>, depth: u32) -> Spot {
        let mut map = Map::default();
        for property in &object.properties {
            match property {
                ObjectPropertyKind::SpreadProperty(spread) => {
                    let value = self.expression(&spread.argument, depth);
                    if value.lost().is_some() {
                        let why = value.lost().unwrap_or_default();
                        let code = quote(self.code(spread.span));
                        map.forget(&format!("{code} may set it, and cannot be known: {why}"));
                    } else {
                        map.spread(&value);
                    }
                }
                ObjectPropertyKind::ObjectProperty(property) => {
                    let key = match property.key.static_name() {
                        Some(key) => Some(key.into_owned()),
                        None => property
                            .key
                            .as_expression()
                            .and_then(|key| self.expression(key, depth).scalar().map(str::to_owned)),
                    };
                    match key {
                        Some(key) if property.kind == PropertyKind::Init && !property.method => {
                            map.entries.insert(key, self.expression(&property.value, depth));
                        }
                        Some(key) => {
                            map.entries.insert(key, self.lost(property.span, "it is a function"));
                        }
                        None => map.forget(&format!("{} may set it", quote(self.code(property.span)))),
                    }
                }
            }
        }
        self.known(object.span, Value::Map(map))
    }

    fn member(&self, member: &'a MemberExpression<'a>, span: Span, depth: u32) -> Spot {
        let object = member.object();
        let key = match (member.static_property_name(), member) {
            (Some(key), _) => key.to_owned(),
            (None, MemberExpression::ComputedMemberExpression(computed)) => {
                let key = self.expression(&computed.expression, depth);
                match (key.scalar(), key.lost()) {
                    (Some(key), _) => key.to_owned(),
                    (None, reason) => return Spot::unknown(reason.unwrap_or("only a run tells"), self.place(span)),
                }
            }
            _ => return self.lost(span, "it is private"),
        };
        let code = self.code(object.span());
        if code == "process.env" || code == "process" {
            return self.lost(span, "it depends on the environment");
        }
        let whole = self.expression(object, depth);
        if let Value::Output { resource, .. } = &whole.value
            && let Some(new) = self.names.news.iter().find(|new| self.key(new) == *resource)
            && let Some(Some(arguments)) = new.arguments.get(1).map(Argument::as_expression)
            && let Some(written) = self.expression(arguments, depth).entry(&key).filter(|spot| spot.text().is_some())
        {
            return written;
        }
        self.part(&whole, &key, span)
    }

    fn part(&self, whole: &Spot, key: &str, span: Span) -> Spot {
        match (&whole.value, whole.entry(key)) {
            (Value::Output { resource, .. }, _) => Spot::new(
                Value::Output {
                    resource: resource.clone(),
                    reason: format!("{} is only known to AWS", quote(self.code(span))),
                },
                self.place(span),
            ),
            (_, Some(part)) => part,
            (Value::Nothing, None) => self.known(span, Value::Nothing),
            (_, None) => self.lost(span, "only a run tells"),
        }
    }

    /// What a resource is called in a [`Value::Output`].
    pub(super) fn key(&self, new: &NewExpression<'_>) -> String {
        format!("{}:{}..{}", self.file, new.span.start, new.span.end)
    }

    /// A resource as a value: of its attributes, those that the code sets are known.
    fn output(&self, new: &'a NewExpression<'a>) -> Spot {
        match symbol::resolve(&self.names, &new.callee) {
            Some(symbol) if symbol.rds_class().is_some() => Spot::new(
                Value::Output {
                    resource: self.key(new),
                    reason: format!("{} is a resource", quote(self.code(new.span))),
                },
                self.place(new.span),
            ),
            _ => self.lost(new.span, "only a run tells"),
        }
    }
}

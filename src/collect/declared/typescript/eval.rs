//! Evaluation of expressions, as far as the files and the project's configuration determine them.

use oxc_ast::ast::{
    BinaryOperator, ChainElement, Expression, LogicalOperator, MemberExpression, ObjectExpression, ObjectPropertyKind,
    PropertyKind, TSEnumDeclaration, TemplateLiteral, UnaryOperator,
};
use oxc_span::{GetSpan, Span};

use super::frame::{Given, Scope};
use super::meaning::Func;
use super::thing::{ENVIRONMENT, Thing, is_environment};
use super::world::World;
use crate::collect::declared::value::{Map, Spot, Value, choose, concat, quote};

/// Deeper references are not written by people.
pub(super) const MAX_DEPTH: u32 = 128;

impl<'a> World<'a> {
    pub(super) fn expression(&self, scope: &Scope<'a>, expression: &'a Expression<'a>, depth: u32) -> Spot {
        let (span, next) = (expression.span(), depth + 1);
        if depth > MAX_DEPTH || !self.step() {
            return scope.lost(span, "it refers too far");
        }
        let unclear = || scope.lost(span, "only a run tells");
        match expression {
            Expression::StringLiteral(text) => scope.known(span, Value::text(text.value.as_str())),
            Expression::NumericLiteral(number) => scope.known(span, Value::Number(scope.code(number.span).to_owned())),
            Expression::BooleanLiteral(boolean) => scope.known(span, Value::Bool(boolean.value)),
            Expression::NullLiteral(_) => scope.known(span, Value::Nothing),
            Expression::TemplateLiteral(template) => self.template(scope, template, next),
            Expression::TaggedTemplateExpression(tagged) => match self.symbol(scope, &tagged.tag, next) {
                Some(symbol) if symbol.pulumi() == Some("interpolate") => self.template(scope, &tagged.quasi, next),
                _ => unclear(),
            },
            Expression::ParenthesizedExpression(inner) => self.expression(scope, &inner.expression, next),
            Expression::TSAsExpression(inner) => self.expression(scope, &inner.expression, next),
            Expression::TSSatisfiesExpression(inner) => self.expression(scope, &inner.expression, next),
            Expression::TSNonNullExpression(inner) => self.expression(scope, &inner.expression, next),
            Expression::TSTypeAssertion(inner) => self.expression(scope, &inner.expression, next),
            Expression::AwaitExpression(inner) => self.expression(scope, &inner.argument, next),
            Expression::ConditionalExpression(choice) => {
                let test = self.expression(scope, &choice.test, next);
                let yes = self.expression(scope, &choice.consequent, next);
                let no = self.expression(scope, &choice.alternate, next);
                choose(test.value.truthy(), yes, no, || undecided(scope, &choice.test, &test))
            }
            Expression::LogicalExpression(logical) => {
                let left = self.expression(scope, &logical.left, next);
                let right = self.expression(scope, &logical.right, next);
                logic(logical.operator, left, right)
            }
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
                let inner = self.expression(scope, &unary.argument, next);
                match inner.value.truthy() {
                    Some(holds) => scope.known(span, Value::Bool(!holds)),
                    None => Spot::unknown(undecided(scope, &unary.argument, &inner), scope.place(span)),
                }
            }
            Expression::BinaryExpression(binary) => {
                let left = self.expression(scope, &binary.left, next);
                let right = self.expression(scope, &binary.right, next);
                binary_value(scope, span, binary.operator, left, right)
            }
            Expression::ArrayExpression(array) => {
                let mut items = Vec::new();
                for element in &array.elements {
                    match element.as_expression() {
                        Some(item) => items.push(self.expression(scope, item, next)),
                        None => match element {
                            oxc_ast::ast::ArrayExpressionElement::SpreadElement(spread) => {
                                let inner = self.expression(scope, &spread.argument, next);
                                match inner.value {
                                    Value::List(inner) => items.extend(inner),
                                    // How many there are is not known either.
                                    Value::Unknown(reason) => return Spot::unknown(reason, inner.at),
                                    _ => return scope.lost(element.span(), "only a run tells"),
                                }
                            }
                            _ => items.push(scope.known(element.span(), Value::Nothing)),
                        },
                    }
                }
                scope.known(span, Value::List(items))
            }
            Expression::ObjectExpression(object) => self.object(scope, object, next),
            Expression::CallExpression(call) => self.call(scope, call, next),
            Expression::NewExpression(new) => self.made(scope, new, next),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.call(scope, call, next),
                ChainElement::TSNonNullExpression(inner) => self.expression(scope, &inner.expression, next),
                other => match other.member_expression() {
                    Some(member) => self.member(scope, member, span, next),
                    None => unclear(),
                },
            },
            Expression::Identifier(_)
            | Expression::ThisExpression(_)
            | Expression::ArrowFunctionExpression(_)
            | Expression::FunctionExpression(_)
            | Expression::ClassExpression(_) => {
                let thing = self.thing(scope, expression, next);
                self.value_of(scope, &thing, span, next)
            }
            other => match other.as_member_expression() {
                Some(member) => self.member(scope, member, span, next),
                None => unclear(),
            },
        }
    }

    /// The value of what a name stands for.
    pub(super) fn value_of(&self, scope: &Scope<'a>, thing: &Thing<'a>, span: Span, depth: u32) -> Spot {
        match thing {
            Thing::Value(at, expression) => match expression {
                // It stands for itself.
                Expression::Identifier(_) | Expression::ThisExpression(_) => at.lost(span, "only a run tells"),
                expression => self.expression(at, expression, depth + 1),
            },
            Thing::Spot(spot) => spot.clone(),
            Thing::Package(symbol) => scope.lost(span, &format!("it is imported from \"{}\"", symbol.package)),
            Thing::Module(module) => self.namespace(scope, module, span, depth + 1),
            Thing::Enum(at, declaration) => self.enumeration(at, declaration, depth + 1),
            Thing::Object(object) => self.object_value(scope, object, span, depth + 1),
            Thing::Function(..) => scope.lost(span, "it is a function"),
            Thing::Class(..) => scope.lost(span, "it is a class"),
        }
    }

    pub(super) fn enumeration(&self, scope: &Scope<'a>, declaration: &'a TSEnumDeclaration<'a>, depth: u32) -> Spot {
        let mut map = Map::default();
        for member in &declaration.body.members {
            let value = match &member.initializer {
                Some(value) => self.expression(scope, value, depth + 1),
                None => scope.lost(member.span, "it is numbered"),
            };
            map.entries.insert(member.id.static_name().to_string(), value);
        }
        scope.known(declaration.span, Value::Map(map))
    }

    fn template(&self, scope: &Scope<'a>, template: &'a TemplateLiteral<'a>, depth: u32) -> Spot {
        let mut parts = Vec::new();
        for (index, quasi) in template.quasis.iter().enumerate() {
            let text = quasi.value.cooked.unwrap_or(quasi.value.raw);
            parts.push(scope.known(quasi.span, Value::text(text.as_str())));
            if let Some(expression) = template.expressions.get(index) {
                parts.push(self.expression(scope, expression, depth));
            }
        }
        let is_bare = template.quasis.iter().all(|quasi| quasi.value.raw.is_empty());
        match &parts[..] {
            // Nothing but a reference: the value is written there.
            [_, only, _] if is_bare && only.scalar().is_some() => {
                Spot::new(Value::text(only.scalar().unwrap_or_default()), only.at.clone())
            }
            _ => concat(parts, scope.place(template.span)),
        }
    }

    pub(super) fn object(&self, scope: &Scope<'a>, object: &'a ObjectExpression<'a>, depth: u32) -> Spot {
        let mut map = Map::default();
        for property in &object.properties {
            match property {
                ObjectPropertyKind::SpreadProperty(spread) => {
                    let value = self.expression(scope, &spread.argument, depth);
                    if let Some(why) = value.lost() {
                        let code = quote(scope.code(spread.span));
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
                            .and_then(|key| self.expression(scope, key, depth).scalar().map(str::to_owned)),
                    };
                    let Some(key) = key else {
                        map.forget(&format!("{} may set it", quote(scope.code(property.span))));
                        continue;
                    };
                    let value = match (property.kind, Func::of(&property.value)) {
                        (PropertyKind::Get, Some(function)) => {
                            let none = Given::Values(Vec::new());
                            let value = self.result(scope, (scope, function, None), &none, (property.span, 0), depth);
                            value.unwrap_or_else(|lost| lost)
                        }
                        (PropertyKind::Init, None) => self.expression(scope, &property.value, depth),
                        _ => scope.lost(property.span, "it is a function"),
                    };
                    map.entries.insert(key, value);
                }
            }
        }
        scope.known(object.span, Value::Map(map))
    }

    fn member(&self, scope: &Scope<'a>, member: &'a MemberExpression<'a>, span: Span, depth: u32) -> Spot {
        let key = match self.member_key(scope, member, depth) {
            Ok(key) => key,
            Err(spot) => return spot,
        };
        if is_environment(scope.code(member.object().span())) {
            return scope.lost(span, ENVIRONMENT);
        }
        let thing = self.thing(scope, member.object(), depth);
        if let Some(part) = self.part_of(&thing, key, scope, span, depth) {
            return self.value_of(scope, &part, span, depth);
        }
        let whole = self.value_of(scope, &thing, member.object().span(), depth);
        self.attribute(scope, &whole, key, span, depth)
    }

    /// Of a resource, what its code sets is known; of other values, their part.
    pub(super) fn attribute(&self, scope: &Scope<'a>, whole: &Spot, key: &str, span: Span, depth: u32) -> Spot {
        if let Value::Output { resource, .. } = &whole.value {
            let site = self.referred.borrow().get(resource).cloned();
            let written = site.and_then(|site| self.arguments(&site, depth + 1).entry(key));
            if let Some(written) = written.filter(|spot| spot.text().is_some() || matches!(spot.value, Value::Map(_))) {
                return written;
            }
        }
        part(scope, whole, key, span)
    }
}

fn logic(operator: LogicalOperator, left: Spot, right: Spot) -> Spot {
    let keeps_left = match operator {
        LogicalOperator::Or => left.value.truthy(),
        LogicalOperator::And => left.value.truthy().map(|holds| !holds),
        LogicalOperator::Coalesce if left.lost().is_some() => None,
        LogicalOperator::Coalesce => Some(!left.is_nothing()),
    };
    let reason = left.lost().unwrap_or_default().to_owned();
    // `a && b` of which one is false is false, whatever the other is.
    if operator == LogicalOperator::And && keeps_left.is_none() && right.value.truthy() == Some(false) {
        return Spot::new(Value::Bool(false), right.at);
    }
    choose(keeps_left, left, right, || reason)
}

fn binary_value(scope: &Scope<'_>, span: Span, operator: BinaryOperator, left: Spot, right: Spot) -> Spot {
    let number = |spot: &Spot| spot.scalar().and_then(|text| text.parse::<f64>().ok());
    let ordered = |holds: fn(&f64, &f64) -> bool| match (&left.value, number(&left), number(&right)) {
        (Value::Number(_), Some(left), Some(right)) => Some(holds(&left, &right)),
        _ => None,
    };
    let same = match operator {
        BinaryOperator::StrictEquality | BinaryOperator::Equality => left.value.same(&right.value),
        BinaryOperator::StrictInequality | BinaryOperator::Inequality => {
            left.value.same(&right.value).map(|same| !same)
        }
        BinaryOperator::GreaterThan => ordered(f64::gt),
        BinaryOperator::GreaterEqualThan => ordered(f64::ge),
        BinaryOperator::LessThan => ordered(f64::lt),
        BinaryOperator::LessEqualThan => ordered(f64::le),
        BinaryOperator::Addition if [&left, &right].iter().any(|side| matches!(side.value, Value::Text(_))) => {
            return concat([left, right], scope.place(span));
        }
        _ => None,
    };
    match (same, left.lost().or(right.lost())) {
        (Some(same), _) => scope.known(span, Value::Bool(same)),
        (None, Some(reason)) => Spot::unknown(reason, scope.place(span)),
        (None, None) => scope.lost(span, "only a run tells"),
    }
}

pub(super) fn undecided(scope: &Scope<'_>, test: &Expression<'_>, value: &Spot) -> String {
    let why = value.lost().unwrap_or("only a run tells");
    let code = quote(scope.code(test.span()));
    // The condition itself is often what gets lost.
    if why.starts_with(&format!("{code} at ")) {
        return why.to_owned();
    }
    format!("{code} cannot be decided: {why}")
}

pub(super) fn part(scope: &Scope<'_>, whole: &Spot, key: &str, span: Span) -> Spot {
    match (&whole.value, whole.entry(key)) {
        (Value::Output { resource, .. }, _) => Spot::new(
            Value::Output {
                resource: resource.clone(),
                reason: format!("{} is only known to AWS", quote(scope.code(span))),
            },
            scope.place(span),
        ),
        (Value::List(items), _) if key == "length" => scope.known(span, Value::Number(items.len().to_string())),
        (_, Some(part)) => part,
        (Value::Nothing, None) => scope.known(span, Value::Nothing),
        (_, None) => scope.lost(span, "only a run tells"),
    }
}

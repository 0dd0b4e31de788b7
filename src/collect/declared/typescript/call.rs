//! Calls whose outcome is known: of Pulumi, of its configuration, and a few of the language's own.

use oxc_ast::ast::{Argument, CallExpression, Expression};
use oxc_span::{GetSpan, Span};

use super::eval::{MAX_DEPTH, Program};
use super::scope::Meaning;
use super::symbol;
use crate::collect::declared::value::{Spot, Value, concat};

/// Whose configuration a `pulumi.Config` reads.
enum Namespace {
    /// The project's.
    Own,
    Named(Spot),
}

impl<'a> Program<'a> {
    pub(super) fn call(&self, call: &'a CallExpression<'a>, depth: u32) -> Spot {
        let span = call.span;
        let argument = |index: usize| call.arguments.get(index).and_then(Argument::as_expression);
        if let Some(function) = symbol::resolve(&self.names, &call.callee).and_then(|symbol| symbol.pulumi()) {
            return match (function, argument(0)) {
                ("getStack", _) => match self.project.stack() {
                    Some(stack) => self.known(span, Value::text(stack)),
                    None => self.lost(span, "no stack given"),
                },
                ("getProject", _) => match self.project.name() {
                    Some(name) => self.known(span, Value::text(name)),
                    None => self.lost(span, "there is no Pulumi.yaml above it"),
                },
                ("output" | "secret" | "unsecret", Some(inner)) => self.expression(inner, depth),
                ("concat", Some(_)) => {
                    let parts = call.arguments.iter().map(|argument| match argument.as_expression() {
                        Some(part) => self.expression(part, depth),
                        None => self.lost(argument.span(), "only a run tells"),
                    });
                    concat(parts.collect::<Vec<_>>(), self.place(span))
                }
                _ => self.lost(span, "only a run tells"),
            };
        }
        if let Expression::Identifier(name) = &call.callee
            && name.name == "String"
            && self.names.meaning("String", span.start).is_none()
            && let Some(inner) = argument(0)
        {
            let inner = self.expression(inner, depth);
            return match inner.scalar() {
                Some(text) => Spot::new(Value::text(text), inner.at.clone()),
                None => inner,
            };
        }
        let Some(member) = call.callee.get_inner_expression().as_member_expression() else {
            return self.lost(span, "only a run tells");
        };
        let Some(method) = member.static_property_name() else { return self.lost(span, "only a run tells") };
        if method == "freeze"
            && self.code(member.object().span()) == "Object"
            && let Some(inner) = argument(0)
        {
            return self.expression(inner, depth);
        }
        if let Some(namespace) = self.config(member.object(), depth) {
            return self.setting(call, &namespace, method, argument(0), depth);
        }
        let object = self.expression(member.object(), depth);
        let argument = argument(0).map(|argument| self.expression(argument, depth));
        self.method(span, &object, method, argument.as_ref())
    }

    /// The few methods that versions and conditions on stack names are written with.
    fn method(&self, span: Span, object: &Spot, method: &str, argument: Option<&Spot>) -> Spot {
        if let Some(reason) = object.lost().or_else(|| argument.and_then(Spot::lost)) {
            return Spot::unknown(reason, self.place(span));
        }
        let text = |text: &str| Spot::new(Value::text(text), object.at.clone());
        let boolean = |holds: bool| self.known(span, Value::Bool(holds));
        match (object.scalar(), method, argument.and_then(Spot::scalar)) {
            (Some(value), "toString" | "valueOf", None) => text(value),
            (Some(value), "trim", None) => text(value.trim()),
            (Some(value), "toLowerCase", None) => text(&value.to_lowercase()),
            (Some(value), "startsWith", Some(part)) => boolean(value.starts_with(part)),
            (Some(value), "endsWith", Some(part)) => boolean(value.ends_with(part)),
            (Some(value), "includes", Some(part)) => boolean(value.contains(part)),
            (None, "includes", Some(part)) => match &object.value {
                Value::List(items) if items.iter().all(|item| item.scalar().is_some()) => {
                    boolean(items.iter().any(|item| item.scalar() == Some(part)))
                }
                _ => self.lost(span, "only a run tells"),
            },
            _ => self.lost(span, "only a run tells"),
        }
    }

    /// What a `pulumi.Config` reads; `None` of other things.
    fn config(&self, expression: &'a Expression<'a>, depth: u32) -> Option<Namespace> {
        match expression.get_inner_expression() {
            Expression::NewExpression(new) => {
                let symbol = symbol::resolve(&self.names, &new.callee)?;
                let namespace = new.arguments.first().and_then(Argument::as_expression);
                let namespace = namespace.map(|name| self.expression(name, depth + 1));
                let namespace = namespace.filter(|name| !name.is_nothing()).map_or(Namespace::Own, Namespace::Named);
                (symbol.pulumi() == Some("Config")).then_some(namespace)
            }
            Expression::Identifier(name) if depth < MAX_DEPTH => {
                match self.names.meaning(name.name.as_str(), name.span.start)? {
                    Meaning::Value(value) if self.names.changed(name.name.as_str()).is_none() => {
                        self.config(value, depth + 1)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn setting(
        &self,
        call: &'a CallExpression<'a>,
        namespace: &Namespace,
        method: &str,
        key: Option<&'a Expression<'a>>,
        depth: u32,
    ) -> Spot {
        let span = call.span;
        let is_required = method.starts_with("require");
        if !is_required && !method.starts_with("get") {
            return self.lost(span, "only a run tells");
        }
        if method.contains("Secret") {
            return self.lost(span, "it is a secret");
        }
        let key = key.map(|key| self.expression(key, depth));
        let Some(key) = key.as_ref().and_then(Spot::text) else { return self.lost(span, "only a run tells") };
        let name = match namespace {
            Namespace::Own => None,
            Namespace::Named(name) => match name.text() {
                Some(name) => Some(name),
                None => return self.lost(span, "its namespace is not known"),
            },
        };
        match self.project.setting(name, key) {
            Ok(spot) if spot.is_nothing() && is_required => {
                self.lost(span, &format!("{} does not set it", self.project.settings_file()))
            }
            Ok(spot) => spot,
            Err(reason) => self.lost(span, &reason),
        }
    }
}

//! Calls whose outcome is known: of Pulumi and the CDK, of their configuration, of functions of the repository, and a
//! few of the language's own.

use oxc_ast::ast::{Argument, CallExpression, Expression};
use oxc_span::{GetSpan, Span};

use super::cdk;
use super::frame::{Given, Scope};
use super::meaning::Func;
use super::method;
use super::thing::Thing;
use super::world::World;
use crate::collect::declared::value::{Map, Spot, Value, concat};

/// Whose configuration a `pulumi.Config` reads.
enum Namespace {
    /// The project's.
    Own,
    Named(Spot),
}

impl<'a> World<'a> {
    pub(super) fn call(&self, scope: &Scope<'a>, call: &'a CallExpression<'a>, depth: u32) -> Spot {
        let span = call.span;
        let argument = |index: usize| call.arguments.get(index).and_then(Argument::as_expression);
        let callee = self.thing(scope, &call.callee, depth);
        match &callee {
            Thing::Package(symbol) => {
                if let Some(spot) = cdk::call(self, scope, symbol, call, depth) {
                    return spot;
                }
                if let Some(spot) = self.of_files(scope, symbol, call, depth) {
                    return spot;
                }
                return match symbol.pulumi() {
                    Some(function) => self.pulumi(scope, call, function, depth),
                    None => scope.lost(span, "only a run tells"),
                };
            }
            Thing::Function(at, function, instance) => {
                let given = Given::Arguments(&call.arguments);
                let result = self.result(scope, (at, *function, instance.clone()), &given, (span, 0), depth);
                return result.unwrap_or_else(|lost| lost);
            }
            _ => {}
        }
        // `require("./config.json")`
        if call.common_js_require().is_some() && scope.module.names.binding("require", span.start).is_none() {
            let thing = self.required(scope, call, depth);
            return self.value_of(scope, &thing, span, depth);
        }
        if let Expression::Identifier(name) = &call.callee
            && ["String", "Number"].contains(&name.name.as_str())
            && scope.module.names.binding(name.name.as_str(), span.start).is_none()
            && let Some(inner) = argument(0)
        {
            let inner = self.expression(scope, inner, depth);
            return match (name.name.as_str(), inner.scalar()) {
                ("String", Some(text)) => Spot::new(Value::text(text), inner.at.clone()),
                (_, Some(text)) if text.parse::<f64>().is_ok() => {
                    Spot::new(Value::Number(text.to_owned()), inner.at.clone())
                }
                (_, Some(_)) => scope.lost(span, "only a run tells"),
                (_, None) => inner,
            };
        }
        let Some(member) = call.callee.get_inner_expression().as_member_expression() else {
            return match callee {
                Thing::Spot(spot) if spot.lost().is_some() => {
                    Spot::unknown(spot.lost().unwrap_or_default(), scope.place(span))
                }
                _ => scope.lost(span, "only a run tells"),
            };
        };
        let Some(method) = member.static_property_name() else { return scope.lost(span, "only a run tells") };
        let arguments = || -> Vec<Spot> {
            let values = call.arguments.iter().map(|argument| match argument.as_expression() {
                Some(value) => self.expression(scope, value, depth),
                None => scope.lost(argument.span(), "only a run tells"),
            });
            values.collect()
        };
        if matches!(scope.code(member.object().span()), "Object") {
            return method::of_object(scope, span, method, &arguments());
        }
        if matches!((scope.code(member.object().span()), method), ("JSON", "parse")) {
            return self.parsed(scope, call, depth).unwrap_or_else(|| scope.lost(span, "only a run tells"));
        }
        if let Some(spot) = cdk::context(self, scope, call, member.object(), method, depth) {
            return spot;
        }
        if let Some(namespace) = self.config(scope, member.object(), depth) {
            return self.setting(scope, call, &namespace, method, depth);
        }
        let object = self.expression(scope, member.object(), depth);
        if let Some(function) = argument(0).and_then(Func::of) {
            return self.with_function(scope, &object, method, function, span, depth);
        }
        method::of_value(scope, span, &object, method, &arguments())
    }

    fn required(&self, scope: &Scope<'a>, call: &'a CallExpression<'a>, depth: u32) -> Thing<'a> {
        match call.common_js_require() {
            Some(specifier) => self.imported(scope, specifier.value.as_str(), None, call.span, depth),
            None => Thing::Spot(scope.lost(call.span, "only a run tells")),
        }
    }

    fn pulumi(&self, scope: &Scope<'a>, call: &'a CallExpression<'a>, function: &str, depth: u32) -> Spot {
        let span = call.span;
        let argument = call.arguments.first().and_then(Argument::as_expression);
        let all = || {
            let parts = call.arguments.iter().map(|argument| match argument.as_expression() {
                Some(part) => self.expression(scope, part, depth),
                None => scope.lost(argument.span(), "only a run tells"),
            });
            parts.collect::<Vec<_>>()
        };
        match (function, argument) {
            ("getStack", _) => match self.project(scope).stack() {
                Some(stack) => scope.known(span, Value::text(stack)),
                None => scope.lost(span, "no stack given"),
            },
            ("getProject", _) => match self.project(scope).name() {
                Some(name) => scope.known(span, Value::text(name)),
                None => scope.lost(span, "there is no Pulumi.yaml above it"),
            },
            ("output" | "secret" | "unsecret" | "all", Some(inner)) => self.expression(scope, inner, depth),
            ("concat", Some(_)) => concat(all(), scope.place(span)),
            ("mergeOptions", Some(_)) => {
                let mut map = Map::default();
                for spot in all() {
                    map.spread(&spot);
                }
                scope.known(span, Value::Map(map))
            }
            _ => scope.lost(span, "only a run tells"),
        }
    }

    /// A method that is given a function: `list.map(…)`, `output.apply(…)`.
    fn with_function(
        &self,
        scope: &Scope<'a>,
        object: &Spot,
        method: &str,
        function: Func<'a>,
        span: Span,
        depth: u32,
    ) -> Spot {
        let apply = |(index, item): (usize, &Spot)| {
            let given = Given::Values(vec![item.clone(), scope.lost(function.span(), "its order is not known")]);
            let call = (function.span(), index);
            self.result(scope, (scope, function, None), &given, call, depth).unwrap_or_else(|lost| lost)
        };
        if method == "apply" && !matches!(object.value, Value::Output { .. } | Value::Unknown(_)) {
            return apply((0, object));
        }
        if let Some(reason) = object.lost() {
            return Spot::unknown(reason, scope.place(span));
        }
        let Value::List(items) = &object.value else { return scope.lost(span, "only a run tells") };
        match method {
            "map" => scope.known(span, Value::List(items.iter().enumerate().map(apply).collect())),
            "filter" | "find" => {
                let mut kept = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let test = apply((index, item));
                    match test.value.truthy() {
                        Some(true) if method == "find" => return item.clone(),
                        Some(true) => kept.push(item.clone()),
                        Some(false) => {}
                        None => {
                            return match test.lost() {
                                Some(reason) => Spot::unknown(reason, scope.place(span)),
                                None => scope.lost(span, "only a run tells"),
                            };
                        }
                    }
                }
                scope.known(span, if method == "find" { Value::Nothing } else { Value::List(kept) })
            }
            _ => scope.lost(span, "only a run tells"),
        }
    }

    /// What a `pulumi.Config` reads; `None` of other things.
    fn config(&self, scope: &Scope<'a>, expression: &'a Expression<'a>, depth: u32) -> Option<Namespace> {
        let Thing::Value(at, value) = self.thing(scope, expression, depth) else { return None };
        let Expression::NewExpression(new) = value.get_inner_expression() else { return None };
        let symbol = self.symbol(&at, &new.callee, depth)?;
        let namespace = new.arguments.first().and_then(Argument::as_expression);
        let namespace = namespace.map(|name| self.expression(&at, name, depth + 1));
        let namespace = namespace.filter(|name| !name.is_nothing()).map_or(Namespace::Own, Namespace::Named);
        (symbol.pulumi() == Some("Config")).then_some(namespace)
    }

    fn setting(
        &self,
        scope: &Scope<'a>,
        call: &'a CallExpression<'a>,
        namespace: &Namespace,
        method: &str,
        depth: u32,
    ) -> Spot {
        let span = call.span;
        let is_required = method.starts_with("require");
        if !is_required && !method.starts_with("get") {
            return scope.lost(span, "only a run tells");
        }
        if method.contains("Secret") {
            return scope.lost(span, "it is a secret");
        }
        let key = call.arguments.first().and_then(Argument::as_expression);
        let key = key.map(|key| self.expression(scope, key, depth));
        let Some(key) = key.as_ref().and_then(Spot::text) else { return scope.lost(span, "only a run tells") };
        let name = match namespace {
            Namespace::Own => None,
            Namespace::Named(name) => match name.text() {
                Some(name) => Some(name),
                None => return scope.lost(span, "its namespace is not known"),
            },
        };
        let project = self.project(scope);
        match project.setting(name, key) {
            Ok(spot) if spot.is_nothing() && is_required => {
                scope.lost(span, &format!("{} does not set it", project.settings_file()))
            }
            // `"false"` is text in the file, and no text to the program.
            Ok(spot) => match (method.ends_with("Boolean"), spot.scalar()) {
                (true, Some("true")) => Spot::new(Value::Bool(true), spot.at),
                (true, Some("false")) => Spot::new(Value::Bool(false), spot.at),
                _ => spot,
            },
            Err(reason) => scope.lost(span, &reason),
        }
    }
}

//! Versions that a program of the CDK sets after a database is made.
//! <https://docs.aws.amazon.com/cdk/v2/guide/cfn-layer.html>

use std::rc::Rc;

use oxc_ast::ast::{Argument, CallExpression, Expression, MemberExpression};
use oxc_span::{GetSpan, Span};

use super::construct::Site;
use super::frame::{Id, Scope};
use super::thing::Thing;
use super::world::{Module, World};
use crate::collect::declared::value::{Spot, Value};

/// `cfn.engineVersion = value`, `cfn.addPropertyOverride("EngineVersion", value)`
#[derive(Clone, Copy, Debug)]
pub(super) struct Override<'a> {
    pub span: Span,
    pub target: &'a Expression<'a>,
    /// `None` when it may be another property.
    pub value: Option<&'a Expression<'a>>,
}

impl<'a> Override<'a> {
    /// A call that may set the version.
    pub(super) fn of(call: &'a CallExpression<'a>, member: &'a MemberExpression<'a>, method: &str) -> Option<Self> {
        if !["addPropertyOverride", "addOverride"].contains(&method) {
            return None;
        }
        let argument = |index: usize| call.arguments.get(index).and_then(Argument::as_expression);
        let value = match argument(0) {
            Some(Expression::StringLiteral(path)) if !path.value.ends_with("EngineVersion") => return None,
            Some(Expression::StringLiteral(_)) => argument(1),
            _ => None,
        };
        Some(Self { span: call.span, target: member.object(), value })
    }
}

impl<'a> World<'a> {
    /// The version of a database after all that its file sets.
    pub(super) fn overridden(&self, site: &Site<'a>, version: Spot) -> Spot {
        let module = site.scope.module.clone();
        let (mut version, key) = (version, site.key());
        for change in &module.names.overrides {
            let (scopes, is_open) = self.overriding(site, &module, change);
            let lost = |scope: &Scope<'a>| scope.lost(change.span, "it may set the version");
            if is_open || scopes.is_empty() {
                version = lost(&site.scope);
            }
            for scope in scopes {
                let target = self.construct(&scope, change.target);
                match &target.value {
                    Value::Output { resource, .. } if *resource == key => {
                        version = match (self.applies(&scope, site, change.span), change.value) {
                            (Ok(false), _) => version,
                            (Ok(true), Some(value)) => self.expression(&scope, value, 0),
                            (Ok(true), None) => lost(&scope),
                            (Err(why), _) => scope.lost(change.span, &format!("it may set the version: {why}")),
                        };
                    }
                    // The same code in another run of it, as far as that can be told.
                    Value::Output { resource, .. } if code(resource) != code(&key) => {}
                    Value::Map(_) => {}
                    _ => version = lost(&scope),
                }
            }
        }
        version
    }

    /// Where a change happens, as seen from a database: in the same run, if it is in the same function.
    fn overriding(&self, site: &Site<'a>, module: &Rc<Module<'a>>, change: &Override<'a>) -> (Vec<Scope<'a>>, bool) {
        let is_shared = match module.names.around(change.span).first() {
            Some(owner) => site.scope.find(Id::of_owner(module, owner)).is_some(),
            None => site.scope.env.is_none(),
        };
        if is_shared {
            return (vec![site.scope.clone()], false);
        }
        let found = self.contexts(module, change.span);
        (found.scopes, found.is_open)
    }

    /// Whether a change happens, where the database is made.
    fn applies(&self, scope: &Scope<'a>, site: &Site<'a>, change: Span) -> Result<bool, String> {
        let names = &scope.module.names;
        let shared = names.branches.of(site.made.span());
        let mut applies = true;
        for guard in names.branches.of(change).iter().filter(|guard| !shared.iter().any(|other| guard.is(other))) {
            applies &= self.holds(scope, guard, 0)?;
        }
        Ok(applies)
    }

    /// The construct that something of the lower level belongs to.
    fn construct(&self, scope: &Scope<'a>, target: &'a Expression<'a>) -> Spot {
        let target = target.get_inner_expression();
        let thing = match target {
            // What is set of it makes no other of it.
            Expression::Identifier(name) => {
                let names = &scope.module.names;
                let binding = names.binding(name.name.as_str(), name.span.start);
                match binding.filter(|binding| {
                    names.changes(name.name.as_str(), binding).iter().all(|change| change.value.is_none())
                }) {
                    Some(binding) => self.meant(scope, &binding.meaning, name.span, 0),
                    None => Thing::Value(scope.clone(), target),
                }
            }
            _ => self.thing(scope, target, 0),
        };
        if let Thing::Value(at, expression) = &thing
            && let Some(outer) = owner(expression)
        {
            return self.expression(at, outer, 0);
        }
        self.value_of(scope, &thing, target.span(), 0)
    }
}

/// What `db.node.defaultChild` and `db.node.findChild("Resource")` are of.
fn owner<'a>(expression: &'a Expression<'a>) -> Option<&'a Expression<'a>> {
    let inner = expression.get_inner_expression();
    let (member, first) = match inner {
        Expression::CallExpression(call) => (call.callee.as_member_expression()?, call.arguments.first()),
        other => (other.as_member_expression()?, None),
    };
    let is_child = match (member.static_property_name()?, first) {
        ("defaultChild", None) => true,
        ("findChild" | "tryFindChild", Some(Argument::StringLiteral(name))) => name.value == "Resource",
        _ => false,
    };
    let node = member.object().get_inner_expression().as_member_expression()?;
    (is_child && node.static_property_name() == Some("node")).then(|| node.object())
}

/// The part of a key that says where the code is.
fn code(key: &str) -> &str {
    key.split('<').next().unwrap_or(key)
}

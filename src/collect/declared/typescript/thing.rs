//! What an expression names: a package's export, a function, a class, an object of one, or any other expression.

use std::rc::Rc;

use oxc_ast::ast::{
    Argument, Class, Expression, MemberExpression, ObjectExpression, ObjectPropertyKind, PropertyKind,
    TSEnumDeclaration, TSModuleReference, TSQualifiedName, TSTypeName,
};
use oxc_span::{GetSpan, Span};

use super::cdk;
use super::eval::{MAX_DEPTH, part};
use super::frame::{Frame, Given, Id, Scope};
use super::meaning::{Func, Meaning, Root, Step};
use super::object::constructed;
use super::symbol::Symbol;
use super::world::{Module, World};
use crate::collect::declared::value::{Spot, Value};

/// What an expression names.
#[derive(Clone, Debug)]
pub(super) enum Thing<'a> {
    Package(Symbol<'a>),
    Module(Rc<Module<'a>>),
    Value(Scope<'a>, &'a Expression<'a>),
    Spot(Spot),
    /// A method has the object that it is called on.
    Function(Scope<'a>, Func<'a>, Option<Rc<Frame<'a>>>),
    Class(Scope<'a>, &'a Class<'a>),
    Enum(Scope<'a>, &'a TSEnumDeclaration<'a>),
    Object(Object<'a>),
}

/// An object of a class of the repository.
#[derive(Clone, Debug)]
pub(super) struct Object<'a> {
    /// Within its construction, if that is known.
    pub scope: Scope<'a>,
    pub class: &'a Class<'a>,
}

impl<'a> World<'a> {
    pub(super) fn thing(&self, scope: &Scope<'a>, expression: &'a Expression<'a>, depth: u32) -> Thing<'a> {
        let (span, next) = (expression.span(), depth + 1);
        if depth > MAX_DEPTH || !self.step() {
            return Thing::Spot(scope.lost(span, "it refers too far"));
        }
        let inner = expression.get_inner_expression();
        match inner {
            Expression::Identifier(name) => self.named(scope, name.name.as_str(), name.span, next),
            Expression::ThisExpression(_) => match scope.module.names.class_at(span.start) {
                Some(class) => {
                    let env = scope.find(Id::of(&scope.module, class.span));
                    Thing::Object(Object { scope: Scope { env, ..scope.clone() }, class })
                }
                None => Thing::Value(scope.clone(), inner),
            },
            Expression::CallExpression(call) => match call.common_js_require() {
                Some(specifier) if scope.module.names.binding("require", span.start).is_none() => {
                    self.imported(scope, specifier.value.as_str(), None, span, next)
                }
                _ => match (&call.callee, call.arguments.first().and_then(Argument::as_expression)) {
                    // What compilers put around an import.
                    (Expression::Identifier(name), Some(import)) if name.name.starts_with("__import") => {
                        self.thing(scope, import, next)
                    }
                    _ => Thing::Value(scope.clone(), inner),
                },
            },
            Expression::AwaitExpression(awaited) => match &awaited.argument {
                Expression::ImportExpression(import) => match &import.source {
                    Expression::StringLiteral(specifier) => {
                        self.imported(scope, specifier.value.as_str(), None, span, next)
                    }
                    _ => Thing::Value(scope.clone(), inner),
                },
                argument => self.thing(scope, argument, next),
            },
            Expression::NewExpression(new) => match self.thing(scope, &new.callee, next) {
                Thing::Class(at, class) => match constructed(scope, &at, class, &new.arguments, new.span) {
                    Some(object) => Thing::Object(object),
                    None => Thing::Spot(scope.lost(span, "it refers too far")),
                },
                _ => Thing::Value(scope.clone(), inner),
            },
            Expression::ArrowFunctionExpression(arrow) => Thing::Function(scope.clone(), Func::Arrow(arrow), None),
            Expression::FunctionExpression(function) => Thing::Function(scope.clone(), Func::Function(function), None),
            Expression::ClassExpression(class) => Thing::Class(scope.clone(), class),
            Expression::ConditionalExpression(choice) => {
                match self.expression(scope, &choice.test, next).value.truthy() {
                    Some(true) => self.thing(scope, &choice.consequent, next),
                    Some(false) => self.thing(scope, &choice.alternate, next),
                    None => Thing::Value(scope.clone(), inner),
                }
            }
            Expression::ChainExpression(chain) => match chain.expression.member_expression() {
                Some(member) => self.member_thing(scope, member, inner, next),
                None => Thing::Value(scope.clone(), inner),
            },
            other => match other.as_member_expression() {
                Some(member) => self.member_thing(scope, member, inner, next),
                None => Thing::Value(scope.clone(), inner),
            },
        }
    }

    fn member_thing(
        &self,
        scope: &Scope<'a>,
        member: &'a MemberExpression<'a>,
        whole: &'a Expression<'a>,
        depth: u32,
    ) -> Thing<'a> {
        let as_is = || Thing::Value(scope.clone(), whole);
        if is_environment(scope.code(member.object().span())) {
            return Thing::Spot(scope.lost(member.span(), ENVIRONMENT));
        }
        let Ok(key) = self.member_key(scope, member, depth) else { return as_is() };
        let object = self.thing(scope, member.object(), depth);
        self.part_of(&object, key, scope, member.span(), depth).unwrap_or_else(as_is)
    }

    /// The name of a member.
    ///
    /// # Errors
    /// Why it cannot be known.
    pub(super) fn member_key(
        &self,
        scope: &Scope<'a>,
        member: &'a MemberExpression<'a>,
        depth: u32,
    ) -> Result<&'a str, Spot> {
        let span = member.span();
        match (member.static_property_name(), member) {
            (Some(key), _) => Ok(key),
            (None, MemberExpression::ComputedMemberExpression(computed)) => {
                let key = self.expression(scope, &computed.expression, depth);
                match (key.scalar(), key.lost()) {
                    (Some(key), _) => Ok(self.kept(key)),
                    (None, Some(reason)) => Err(Spot::unknown(reason, scope.place(span))),
                    (None, None) => Err(scope.lost(span, "only a run tells")),
                }
            }
            // `#name` of this class.
            (None, MemberExpression::PrivateFieldExpression(_)) => Err(scope.lost(span, "it is private")),
            (None, MemberExpression::StaticMemberExpression(_)) => Err(scope.lost(span, "only a run tells")),
        }
    }

    /// Of what a name stands for, the part with that key; `None` of what has to be evaluated first.
    pub(super) fn part_of(
        &self,
        thing: &Thing<'a>,
        key: &'a str,
        scope: &Scope<'a>,
        span: Span,
        depth: u32,
    ) -> Option<Thing<'a>> {
        Some(match thing {
            Thing::Package(symbol) => {
                let symbol = symbol.clone().then(key);
                // It is written where its own name is, at the end.
                let length = u32::try_from(key.len()).unwrap_or_default();
                let name = Span::new(span.end.saturating_sub(length).max(span.start), span.end);
                let at = if scope.code(name) == key { name } else { span };
                let known = cdk::constant(scope, &symbol, at);
                let known = known.or_else(|| Some(scope.known(at, Value::text(symbol.engine_type()?))));
                known.map_or(Thing::Package(symbol), Thing::Spot)
            }
            Thing::Module(module) => self.export(scope, module, key, span, depth),
            Thing::Spot(spot) => Thing::Spot(part(scope, spot, key, span)),
            Thing::Class(at, class) => self.static_member(at, class, key, scope, span, depth),
            Thing::Object(object) => self.object_member(object, key, scope, span, depth),
            Thing::Enum(at, declaration) => {
                Thing::Spot(part(scope, &self.enumeration(at, declaration, depth), key, span))
            }
            Thing::Value(at, expression) => match expression.get_inner_expression() {
                Expression::ObjectExpression(object) => self.thing(at, property(object, key)?, depth + 1),
                Expression::NewExpression(new) => Thing::Spot(cdk::parameter(self, at, new, key, depth + 1)?),
                _ => return None,
            },
            Thing::Function(..) => Thing::Spot(scope.lost(span, "only a run tells")),
        })
    }

    pub(super) fn named(&self, scope: &Scope<'a>, name: &'a str, span: Span, depth: u32) -> Thing<'a> {
        let Some(binding) = scope.module.names.binding(name, span.start) else {
            return Thing::Spot(match name {
                "undefined" => scope.known(span, Value::Nothing),
                "__dirname" => {
                    let folder = scope.module.path.parent().map(|folder| folder.to_string_lossy().into_owned());
                    scope.known(span, Value::text(folder.unwrap_or_default()))
                }
                "process" => scope.lost(span, ENVIRONMENT),
                _ => scope.lost(span, "it is not declared in this file"),
            });
        };
        if depth > MAX_DEPTH || !self.step() {
            return Thing::Spot(scope.lost(span, "it refers too far"));
        }
        match self.changed(scope, name, binding, (span, span.start), depth) {
            Some(spot) => Thing::Spot(spot),
            None => self.meant(scope, &binding.meaning, span, depth),
        }
    }

    /// What a name means where it is declared.
    pub(super) fn meant(&self, scope: &Scope<'a>, meaning: &Meaning<'a>, span: Span, depth: u32) -> Thing<'a> {
        match meaning {
            Meaning::Namespace(from) => self.imported(scope, from, None, span, depth),
            Meaning::Imported { from, name } => self.imported(scope, from, Some(name), span, depth),
            Meaning::Alias(TSModuleReference::QualifiedName(alias)) => self.qualified(scope, alias, depth),
            Meaning::Alias(TSModuleReference::IdentifierReference(alias)) => {
                self.named(scope, alias.name.as_str(), alias.span, depth + 1)
            }
            Meaning::Alias(_) => Thing::Spot(scope.lost(span, "it is an import")),
            Meaning::Enum(declaration) => Thing::Enum(scope.clone(), declaration),
            Meaning::Function(function) => Thing::Function(scope.clone(), Func::Function(function), None),
            Meaning::Class(class) => Thing::Class(scope.clone(), class),
            Meaning::Opaque(what) => Thing::Spot(scope.lost(span, &format!("it is {what}"))),
            Meaning::Bound { root, path } => {
                let thing = match *root {
                    Root::Value(value) => self.thing(scope, value, depth),
                    Root::Unset => Thing::Spot(scope.lost(span, "it is a variable")),
                    Root::Parameter { function, index, is_rest } => {
                        self.parameter(scope, function, (index, is_rest), span, depth)
                    }
                    Root::Item(each) => {
                        match scope.find(Id::of(&scope.module, each)).map(|frame| frame.given.clone()) {
                            Some(Given::Values(items)) => {
                                Thing::Spot(items.first().cloned().unwrap_or_else(|| scope.known(span, Value::Nothing)))
                            }
                            _ => Thing::Spot(scope.lost(span, "it is the item of a loop")),
                        }
                    }
                };
                path.iter().fold(thing, |thing, step| self.take(scope, thing, step, span, depth))
            }
        }
    }

    /// One step into a pattern.
    fn take(&self, scope: &Scope<'a>, thing: Thing<'a>, step: &Step<'a>, span: Span, depth: u32) -> Thing<'a> {
        match step {
            Step::Key(key) => self.part_of(&thing, key, scope, span, depth).unwrap_or_else(|| {
                let whole = self.value_of(scope, &thing, span, depth);
                Thing::Spot(self.attribute(scope, &whole, key, span, depth))
            }),
            Step::Index(index) => {
                let whole = self.value_of(scope, &thing, span, depth);
                Thing::Spot(part(scope, &whole, &index.to_string(), span))
            }
            Step::Default(default) => match thing {
                Thing::Spot(spot) if spot.is_nothing() => self.thing(scope, default, depth),
                Thing::Value(..) => {
                    if self.value_of(scope, &thing, span, depth).is_nothing() {
                        self.thing(scope, default, depth)
                    } else {
                        thing
                    }
                }
                other => other,
            },
            Step::Without(keys) => {
                let mut whole = self.value_of(scope, &thing, span, depth);
                if let Value::Map(map) = &mut whole.value {
                    map.entries.retain(|key, _| !keys.contains(&key.as_str()));
                }
                Thing::Spot(whole)
            }
            Step::From(index) => {
                let whole = self.value_of(scope, &thing, span, depth);
                Thing::Spot(match whole.value {
                    Value::List(items) => Spot::new(Value::List(items.into_iter().skip(*index).collect()), whole.at),
                    _ => scope.lost(span, "it is part of a pattern"),
                })
            }
            Step::Lost => Thing::Spot(scope.lost(span, "it is part of a pattern")),
        }
    }

    /// What a call gives a parameter.
    fn parameter(
        &self,
        scope: &Scope<'a>,
        function: Span,
        (index, is_rest): (usize, bool),
        span: Span,
        depth: u32,
    ) -> Thing<'a> {
        let owner = scope.module.names.owners.iter().find(|owner| owner.span == function);
        let frame = owner.and_then(|owner| scope.find(Id::of_owner(&scope.module, owner)));
        let Some(frame) = frame else { return Thing::Spot(scope.lost(span, "it is a parameter")) };
        let outer = &frame.outer;
        match &frame.given {
            Given::Arguments(arguments) => {
                let before = arguments.get(..=index).unwrap_or(arguments);
                if before.iter().any(Argument::is_spread) {
                    return Thing::Spot(scope.lost(span, "it is spread into the call"));
                }
                let value = |argument: &'a Argument<'a>| match argument.as_expression() {
                    Some(argument) => self.expression(outer, argument, depth),
                    None => outer.lost(argument.span(), "it is spread into the call"),
                };
                if is_rest {
                    let rest = arguments.get(index..).unwrap_or_default();
                    return Thing::Spot(scope.known(span, Value::List(rest.iter().map(value).collect())));
                }
                match arguments.get(index).map(Argument::as_expression) {
                    Some(Some(argument)) => self.thing(outer, argument, depth),
                    _ => Thing::Spot(scope.known(span, Value::Nothing)),
                }
            }
            Given::Values(values) if is_rest => {
                Thing::Spot(scope.known(span, Value::List(values.iter().skip(index).cloned().collect())))
            }
            Given::Values(values) => {
                Thing::Spot(values.get(index).cloned().unwrap_or_else(|| scope.known(span, Value::Nothing)))
            }
        }
    }

    fn qualified(&self, scope: &Scope<'a>, name: &'a TSQualifiedName<'a>, depth: u32) -> Thing<'a> {
        if depth > MAX_DEPTH {
            return Thing::Spot(scope.lost(name.span, "it refers too far"));
        }
        let left = match &name.left {
            TSTypeName::IdentifierReference(left) => self.named(scope, left.name.as_str(), left.span, depth + 1),
            TSTypeName::QualifiedName(left) => self.qualified(scope, left, depth + 1),
            TSTypeName::ThisExpression(_) => return Thing::Spot(scope.lost(name.span, "it is an import")),
        };
        let part = self.part_of(&left, name.right.name.as_str(), scope, name.span, depth);
        part.unwrap_or_else(|| Thing::Spot(scope.lost(name.span, "it is an import")))
    }

    /// The package's export that an expression names.
    pub(super) fn symbol(&self, scope: &Scope<'a>, expression: &'a Expression<'a>, depth: u32) -> Option<Symbol<'a>> {
        match self.thing(scope, expression, depth) {
            Thing::Package(symbol) => Some(symbol),
            _ => None,
        }
    }
}

pub(super) const ENVIRONMENT: &str = "it depends on the environment";

pub(super) fn is_environment(code: &str) -> bool {
    ["process.env", "process", "import.meta.env"].contains(&code)
}

/// The property of an object, where nothing after it can replace it.
fn property<'a>(object: &'a ObjectExpression<'a>, key: &str) -> Option<&'a Expression<'a>> {
    for property in object.properties.iter().rev() {
        let ObjectPropertyKind::ObjectProperty(property) = property else { return None };
        if property.key.static_name()? == key {
            return (property.kind == PropertyKind::Init).then_some(&property.value);
        }
    }
    None
}

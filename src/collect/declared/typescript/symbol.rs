//! Which export of which package an expression names, whatever the style of import.

use oxc_ast::ast::{Expression, TSModuleReference, TSQualifiedName, TSTypeName};
use oxc_span::GetSpan;

use super::scope::{Meaning, Names};
use crate::collect::declared::property::{self, Vocabulary};
use crate::collect::declared::resource::Kind;

/// `rds.Instance` of `@pulumi/aws`: the last part of the path is the export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symbol<'a> {
    package: &'a str,
    path: Vec<&'a str>,
}

/// A class of RDS that matters.
#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    Database(Kind, &'static Vocabulary),
    Group(&'static Vocabulary),
}

/// Import chains are short; a ring of them ends here.
const MAX_DEPTH: u32 = 32;

const PULUMI: &str = "@pulumi/pulumi";
const AWS: &str = "@pulumi/aws";
const AWS_NATIVE: &str = "@pulumi/aws-native";

impl<'a> Symbol<'a> {
    /// Of a package specifier: `@pulumi/aws/rds/index.js` is `rds` of `@pulumi/aws`.
    fn of_package(specifier: &'a str) -> Self {
        let known = [AWS_NATIVE, AWS, PULUMI].into_iter().find(|package| {
            specifier.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let (package, rest) = specifier.split_at(known.map_or(specifier.len(), str::len));
        let parts = rest.split('/').map(|part| part.strip_suffix(".js").unwrap_or(part));
        Self { package, path: parts.filter(|part| !["", "index"].contains(part)).collect() }
    }

    fn then(mut self, part: &'a str) -> Self {
        // What a CommonJS package looks like to an ES module.
        if part != "default" {
            self.path.push(part);
        }
        self
    }

    /// As the code imports it.
    pub(super) fn package(&self) -> &'a str {
        self.package
    }

    /// The export, and what follows it: `Pool` of `pg`.
    pub(super) fn path(&self) -> &[&'a str] {
        &self.path
    }

    /// What of RDS this class declares.
    pub(super) fn declares(&self) -> Option<Class> {
        match (self.package, self.rds_class()?) {
            (AWS, "Instance") => Some(Class::Database(Kind::Instance, &property::PULUMI)),
            (AWS, "Cluster") => Some(Class::Database(Kind::Cluster, &property::PULUMI)),
            (AWS, "ParameterGroup" | "ClusterParameterGroup") => Some(Class::Group(&property::PULUMI)),
            (AWS_NATIVE, "DbInstance") => Some(Class::Database(Kind::Instance, &property::PULUMI_NATIVE)),
            (AWS_NATIVE, "DbCluster") => Some(Class::Database(Kind::Cluster, &property::PULUMI_NATIVE)),
            (AWS_NATIVE, "DbParameterGroup" | "DbClusterParameterGroup") => {
                Some(Class::Group(&property::PULUMI_NATIVE))
            }
            _ => None,
        }
    }

    /// Any resource class of RDS.
    pub(super) fn rds_class(&self) -> Option<&'a str> {
        let is_aws = self.package == AWS || self.package == AWS_NATIVE;
        match self.path[..] {
            ["rds", .., class] if is_aws => Some(class),
            _ => None,
        }
    }

    /// `getStack` of `@pulumi/pulumi`.
    pub(super) fn pulumi(&self) -> Option<&'a str> {
        if self.package == PULUMI { self.path.last().copied() } else { None }
    }
}

/// The symbol that an expression names.
pub(super) fn resolve<'a>(names: &Names<'a>, expression: &'a Expression<'a>) -> Option<Symbol<'a>> {
    resolve_within(names, expression, 0)
}

fn resolve_within<'a>(names: &Names<'a>, expression: &'a Expression<'a>, depth: u32) -> Option<Symbol<'a>> {
    if depth > MAX_DEPTH {
        return None;
    }
    match expression.get_inner_expression() {
        Expression::Identifier(name) => named(names, name.name.as_str(), name.span().start, depth),
        Expression::CallExpression(call) => match names.meaning("require", call.span.start) {
            None => call.common_js_require().map(|package| Symbol::of_package(package.value.as_str())),
            Some(_) => None,
        },
        Expression::AwaitExpression(inner) => match &inner.argument {
            Expression::ImportExpression(import) => match &import.source {
                Expression::StringLiteral(package) => Some(Symbol::of_package(package.value.as_str())),
                _ => None,
            },
            _ => None,
        },
        other => {
            let member = other.as_member_expression()?;
            let part = member.static_property_name()?;
            Some(resolve_within(names, member.object(), depth + 1)?.then(part))
        }
    }
}

fn named<'a>(names: &Names<'a>, name: &str, offset: u32, depth: u32) -> Option<Symbol<'a>> {
    if depth > MAX_DEPTH {
        return None;
    }
    match names.meaning(name, offset)? {
        Meaning::Package(package) => Some(Symbol::of_package(package)),
        Meaning::Imported { package, name } => Some(Symbol::of_package(package).then(name)),
        Meaning::Alias(TSModuleReference::QualifiedName(alias)) => qualified(names, alias, depth + 1),
        Meaning::Alias(TSModuleReference::IdentifierReference(alias)) => {
            named(names, alias.name.as_str(), alias.span.start, depth + 1)
        }
        Meaning::Value(value) => resolve_within(names, value, depth + 1),
        Meaning::Part { whole, key, .. } => Some(resolve_within(names, whole, depth + 1)?.then(key)),
        Meaning::Alias(_) | Meaning::Enum(_) | Meaning::Opaque(_) => None,
    }
}

fn qualified<'a>(names: &Names<'a>, name: &'a TSQualifiedName<'a>, depth: u32) -> Option<Symbol<'a>> {
    if depth > MAX_DEPTH {
        return None;
    }
    let left = match &name.left {
        TSTypeName::IdentifierReference(left) => named(names, left.name.as_str(), left.span.start, depth + 1)?,
        TSTypeName::QualifiedName(left) => qualified(names, left, depth + 1)?,
        TSTypeName::ThisExpression(_) => return None,
    };
    Some(left.then(name.right.name.as_str()))
}

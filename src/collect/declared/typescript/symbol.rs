//! Which export of which package: `rds.Instance` of `@pulumi/aws`.

use super::cdk;
use crate::collect::declared::property::{self, Vocabulary};
use crate::collect::declared::resource::Kind;

/// `rds.Instance` of `@pulumi/aws`: the last part of the path is the export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symbol<'a> {
    pub package: &'a str,
    pub path: Vec<&'a str>,
}

/// A class of RDS that matters.
#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    Database(Kind, &'static Vocabulary),
    Group,
    Cdk(cdk::Construct),
}

const PULUMI: &str = "@pulumi/pulumi";
const AWS: &str = "@pulumi/aws";
const AWS_NATIVE: &str = "@pulumi/aws-native";

impl<'a> Symbol<'a> {
    /// Of a package specifier: `@pulumi/aws/rds/index.js` is `rds` of `@pulumi/aws`.
    pub(super) fn of_package(specifier: &'a str) -> Self {
        if let Some(symbol) = cdk::package(specifier) {
            return symbol;
        }
        let known = [AWS_NATIVE, AWS, PULUMI].into_iter().find(|package| {
            specifier.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let (package, rest) = specifier.split_at(known.map_or(specifier.len(), str::len));
        let parts = rest.split('/').map(|part| part.strip_suffix(".js").unwrap_or(part));
        Self { package, path: parts.filter(|part| !["", "index"].contains(part)).collect() }
    }

    /// Whether it is of a package that nothing in a repository replaces.
    pub(super) fn is_known(&self) -> bool {
        [AWS_NATIVE, AWS, PULUMI, cdk::PACKAGE].contains(&self.package)
    }

    pub(super) fn then(mut self, part: &'a str) -> Self {
        // What a CommonJS package looks like to an ES module.
        if part != "default" {
            self.path.push(part);
        }
        self
    }

    /// What of RDS this class declares.
    pub(super) fn declares(&self) -> Option<Class> {
        if let Some(construct) = cdk::construct(self) {
            return Some(Class::Cdk(construct));
        }
        match (self.package, self.rds_class()?) {
            (AWS, "Instance") => Some(Class::Database(Kind::Instance, &property::PULUMI)),
            (AWS, "Cluster") => Some(Class::Database(Kind::Cluster, &property::PULUMI)),
            (AWS, "ParameterGroup" | "ClusterParameterGroup")
            | (AWS_NATIVE, "DbParameterGroup" | "DbClusterParameterGroup") => Some(Class::Group),
            (AWS_NATIVE, "DbInstance") => Some(Class::Database(Kind::Instance, &property::PULUMI_NATIVE)),
            (AWS_NATIVE, "DbCluster") => Some(Class::Database(Kind::Cluster, &property::PULUMI_NATIVE)),
            _ => None,
        }
    }

    /// The engine that `EngineType.AuroraPostgresql` is.
    /// <https://www.pulumi.com/registry/packages/aws/api-docs/rds/cluster/#enginetype>
    pub(super) fn engine_type(&self) -> Option<&'static str> {
        match self.path[..] {
            [.., "rds", "EngineType", name] if self.package == AWS => property::engine_type(name),
            _ => None,
        }
    }

    /// Any resource class of RDS.
    pub(super) fn rds_class(&self) -> Option<&'a str> {
        let is_aws = self.package == AWS || self.package == AWS_NATIVE;
        match self.path[..] {
            ["rds", .., class] if is_aws => Some(class),
            _ => cdk::class(self),
        }
    }

    /// At which position the class takes its arguments: after the name, which in the CDK is after the scope.
    pub(super) fn arguments_at(&self) -> usize {
        if self.package == cdk::PACKAGE { 2 } else { 1 }
    }

    /// `getStack` of `@pulumi/pulumi`.
    pub(super) fn pulumi(&self) -> Option<&'a str> {
        if self.package == PULUMI { self.path.last().copied() } else { None }
    }
}

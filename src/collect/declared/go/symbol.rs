//! Which packages of Pulumi a path names, and what of them declares a database.

use crate::collect::declared::property::{PULUMI, PULUMI_NATIVE, Vocabulary};
use crate::collect::declared::resource::Kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Database(Kind),
    Group,
}

/// What a function of a package makes: `NewInstance` of `…/pulumi-aws/sdk/v6/go/aws/rds`.
/// <https://pkg.go.dev/github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds>
pub(super) fn class(path: &str, function: &str) -> Option<(Class, &'static Vocabulary)> {
    if !path.ends_with("/aws/rds") {
        return None;
    }
    let name = function.strip_prefix("New")?;
    if path.contains("/pulumi-aws-native/") {
        return match name {
            "DbInstance" => Some((Class::Database(Kind::Instance), &PULUMI_NATIVE)),
            "DbCluster" => Some((Class::Database(Kind::Cluster), &PULUMI_NATIVE)),
            "DbParameterGroup" | "DbClusterParameterGroup" => Some((Class::Group, &PULUMI_NATIVE)),
            _ => None,
        };
    }
    match name {
        _ if !path.contains("/pulumi-aws/") => None,
        "Instance" => Some((Class::Database(Kind::Instance), &PULUMI)),
        "Cluster" => Some((Class::Database(Kind::Cluster), &PULUMI)),
        "ParameterGroup" | "ClusterParameterGroup" => Some((Class::Group, &PULUMI)),
        _ => None,
    }
}

/// The functions that make a database, for a text that does not parse.
pub(super) const MAKERS: [&str; 4] = ["NewInstance(", "NewCluster(", "NewDbInstance(", "NewDbCluster("];

pub(super) fn is_pulumi(path: &str) -> bool {
    path.contains("github.com/pulumi/pulumi/sdk/") && path.ends_with("/go/pulumi")
}

pub(super) fn is_config(path: &str) -> bool {
    path.contains("github.com/pulumi/pulumi/sdk/") && path.ends_with("/go/pulumi/config")
}

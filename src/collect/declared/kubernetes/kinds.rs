//! The kinds that matter, by the group of their API.

use crate::collect::declared::property::{ACK, CROSSPLANE, CROSSPLANE_COMMUNITY, Vocabulary};
use crate::collect::declared::resource::Kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Database(Kind),
    Group(Kind),
}

/// Who deploys a kind, and so where and how its arguments are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    /// <https://marketplace.upbound.io/providers/upbound/provider-aws-rds>
    Upbound,
    /// <https://github.com/crossplane-contrib/provider-aws>
    Community,
    /// <https://github.com/aws-controllers-k8s/rds-controller>
    Ack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub provider: Provider,
    pub role: Role,
}

const INSTANCE: Role = Role::Database(Kind::Instance);
const CLUSTER: Role = Role::Database(Kind::Cluster);

type Kinds = &'static [(&'static str, Role)];

const KINDS: &[(&str, Provider, Kinds)] = &[
    ("rds.aws.upbound.io", Provider::Upbound, UPBOUND),
    ("rds.aws.m.upbound.io", Provider::Upbound, UPBOUND),
    ("rds.aws.crossplane.io", Provider::Community, API),
    ("rds.aws.m.crossplane.io", Provider::Community, API),
    ("database.aws.crossplane.io", Provider::Community, &[("RDSInstance", INSTANCE)]),
    ("rds.services.k8s.aws", Provider::Ack, API),
];

const UPBOUND: Kinds = &[
    ("Instance", INSTANCE),
    ("Cluster", CLUSTER),
    ("ParameterGroup", Role::Group(Kind::Instance)),
    ("ClusterParameterGroup", Role::Group(Kind::Cluster)),
];

const API: Kinds = &[
    ("DBInstance", INSTANCE),
    ("DBCluster", CLUSTER),
    ("DBParameterGroup", Role::Group(Kind::Instance)),
    ("DBClusterParameterGroup", Role::Group(Kind::Cluster)),
];

impl Shape {
    pub(super) fn of(version: &str, kind: &str) -> Option<Self> {
        let (group, _) = version.split_once('/')?;
        let (_, provider, kinds) = KINDS.iter().find(|(known, ..)| *known == group)?;
        let (_, role) = kinds.iter().find(|(known, _)| *known == kind)?;
        Some(Self { provider: *provider, role: *role })
    }

    pub(super) fn vocabulary(self) -> &'static Vocabulary {
        match self.provider {
            Provider::Upbound => &CROSSPLANE,
            Provider::Community => &CROSSPLANE_COMMUNITY,
            Provider::Ack => &ACK,
        }
    }
}

/// Whether a text that does not parse names a kind of database of ours.
pub(in crate::collect::declared) fn speaks(text: &str) -> bool {
    KINDS.iter().any(|(group, _, kinds)| {
        text.match_indices(group).any(|(at, _)| text[at + group.len()..].starts_with('/'))
            && kinds.iter().any(|(kind, role)| matches!(role, Role::Database(_)) && names(text, kind))
    })
}

/// Whether `kind: X` is in the text, in whatever style.
fn names(text: &str, kind: &str) -> bool {
    text.match_indices("kind").any(|(at, word)| {
        let rest = text[at + word.len()..].trim_start_matches(['"', '\'']).trim_start();
        let Some(rest) = rest.strip_prefix(':') else { return false };
        let rest = rest.trim_start().trim_start_matches(['"', '\'']);
        rest.strip_prefix(kind).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    })
}

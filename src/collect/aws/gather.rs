//! The questions that an instance and a cluster share, and what joins their answers.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};

use super::client::Client;
use super::error::{Refusal, source};
use super::{parameters, versions};
use crate::facts::Source;
use crate::facts::rds::{EngineVersion, GroupStatus, Parameter, ParameterGroup, TargetGroup};
use crate::upgrade::{DEFAULT_PREFIX, family};
use crate::version::PgVersion;

/// One collection: who is asked, and for which target.
#[derive(Clone, Copy)]
pub(super) struct Gather<'a> {
    pub(super) client: &'a Client,
    pub(super) target: Option<&'a PgVersion>,
    pub(super) progress: &'a dyn Fn(&str),
}

/// What the API says of the actual version and of those around it.
pub(super) struct Versions {
    pub(super) actual: Source<Option<EngineVersion>>,
    pub(super) by_family: BTreeMap<String, Source<Vec<EngineVersion>>>,
    pub(super) defaults: BTreeMap<String, Source<Vec<Parameter>>>,
}

/// Whether parameters are those of clusters and of their members, or of single instances.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Single,
    Clustered,
}

struct Family {
    name: String,
    versions: Source<Vec<EngineVersion>>,
    defaults: Option<Source<Vec<Parameter>>>,
}

/// More groups of newer families than this are not looked into: each costs a call.
const TARGET_GROUPS: usize = 20;

/// The groups in use and what a person set in them.
pub(super) type UserParameters = BTreeMap<String, Source<Vec<Parameter>>>;

impl Gather<'_> {
    /// Awaits one operation, says so, and keeps its refusal as a gap.
    pub(super) async fn noted<T>(
        &self,
        operation: &str,
        answer: impl Future<Output = Result<T, Refusal>>,
    ) -> Source<T> {
        let answer = Box::pin(answer).await;
        (self.progress)(operation);
        source(answer)
    }

    /// The actual version, and the families of its own major, of the valid targets' majors and of the wanted one.
    ///
    /// The wanted family needs no answer about the actual version, so it is asked for at once.
    pub(super) async fn versions(&self, engine: &str, version: &PgVersion, shape: Shape) -> Versions {
        let own = version.major();
        let wanted = self.target.map(PgVersion::major);
        let early: BTreeSet<u64> = wanted.into_iter().chain([own]).collect();
        let family = |major| self.family(engine, major, shape, major != own || wanted == Some(own));
        let (families, (actual, rest)) = join(join_all(early.iter().map(|major| family(*major))), async {
            let actual = versions::actual(self.client, engine, version, self.progress);
            let actual = self.noted("DescribeDBEngineVersions", actual).await;
            let targets = actual.collected().and_then(Option::as_ref).map_or(&[][..], |record| &record.valid_targets);
            let majors: BTreeSet<u64> = targets.iter().map(|target| target.version.major()).collect();
            let rest = join_all(majors.difference(&early).map(|major| family(*major))).await;
            (actual, rest)
        })
        .await;
        let mut versions = Versions { actual, by_family: BTreeMap::new(), defaults: BTreeMap::new() };
        for family in families.into_iter().chain(rest) {
            if let Some(defaults) = family.defaults {
                versions.defaults.insert(family.name.clone(), defaults);
            }
            versions.by_family.insert(family.name, family.versions);
        }
        versions
    }

    async fn family(&self, engine: &str, major: u64, shape: Shape, with_defaults: bool) -> Family {
        let name = family(engine, major);
        let listed = versions::of_family(self.client, engine, &name, self.progress);
        let defaults = async { if with_defaults { Some(self.defaults(&name, shape).await) } else { None } };
        let (versions, defaults) = join(self.noted("DescribeDBEngineVersions", listed), defaults).await;
        Family { name, versions, defaults }
    }

    /// A cluster's parameters are in two groups, its own and its members', so both lists of defaults count.
    async fn defaults(&self, family: &str, shape: Shape) -> Source<Vec<Parameter>> {
        let single =
            async { self.noted("DescribeEngineDefaultParameters", parameters::defaults(self.client, family)).await };
        if shape == Shape::Single {
            return single.await;
        }
        let cluster = parameters::cluster_defaults(self.client, family);
        let (cluster, single) = join(self.noted("DescribeEngineDefaultClusterParameters", cluster), single).await;
        both(cluster, single).map(by_name)
    }

    /// What a person set in each of the groups of an instance.
    pub(super) async fn user_parameters(&self, groups: &[GroupStatus]) -> UserParameters {
        let asked = groups.iter().map(|group| async {
            let found = parameters::set_by_user(self.client, &group.name);
            (group.name.clone(), self.noted("DescribeDBParameters", found).await)
        });
        join_all(asked).await.into_iter().collect()
    }

    /// What a person set in the group of a cluster.
    pub(super) async fn cluster_parameters(&self, group: Option<&str>) -> UserParameters {
        let Some(group) = group else {
            return UserParameters::new();
        };
        let found = parameters::set_by_user_in_cluster(self.client, group);
        BTreeMap::from([(group.to_owned(), self.noted("DescribeDBClusterParameters", found).await)])
    }

    /// What a person set in each of their groups of newer families, those of the wanted one first. No answer about
    /// valid targets is waited for.
    pub(super) async fn target_groups(
        &self,
        groups: Source<Vec<ParameterGroup>>,
        engine: &str,
        version: &PgVersion,
        shape: Shape,
    ) -> Source<Vec<TargetGroup>> {
        let groups = match groups {
            Source::Collected(groups) => newer(groups, engine, version.major(), self.target.map(PgVersion::major)),
            gap => return gap.map(|_| Vec::new()),
        };
        let asked = groups.into_iter().enumerate().map(|(at, group)| async move {
            let parameters = if at >= TARGET_GROUPS {
                Source::unavailable(format!("only the first {TARGET_GROUPS} groups of newer families are read"))
            } else if shape == Shape::Clustered {
                let found = parameters::set_by_user_in_cluster(self.client, &group.name);
                self.noted("DescribeDBClusterParameters", found).await
            } else {
                self.noted("DescribeDBParameters", parameters::set_by_user(self.client, &group.name)).await
            };
            TargetGroup { name: group.name, family: group.family, parameters }
        });
        Source::Collected(join_all(asked).await)
    }
}

/// People's own groups of the engine's newer families: the wanted major's first, then by family and name.
fn newer(groups: Vec<ParameterGroup>, engine: &str, own: u64, wanted: Option<u64>) -> Vec<ParameterGroup> {
    let major = |group: &ParameterGroup| group.family.strip_prefix(engine)?.parse::<u64>().ok();
    let mut newer: Vec<(u64, ParameterGroup)> = groups
        .into_iter()
        .filter(|group| !group.name.starts_with(DEFAULT_PREFIX))
        .filter_map(|group| Some((major(&group)?, group)))
        .filter(|(major, _)| *major > own)
        .collect();
    newer.sort_by(|(a, left), (b, right)| {
        (Some(*a) != wanted, a, &left.name).cmp(&(Some(*b) != wanted, b, &right.name))
    });
    newer.into_iter().map(|(_, group)| group).collect()
}

/// Both lists, or the first gap: a list with a part missing is no list.
pub(super) fn both<T>(first: Source<Vec<T>>, second: Source<Vec<T>>) -> Source<Vec<T>> {
    match (first, second) {
        (Source::Collected(mut first), Source::Collected(second)) => {
            first.extend(second);
            Source::Collected(first)
        }
        (Source::Collected(_), gap) | (gap, _) => gap,
    }
}

/// A cluster's group and a member's often bear the same name.
pub(super) fn merged(cluster: UserParameters, members: UserParameters) -> UserParameters {
    let mut merged = cluster;
    for (name, parameters) in members {
        let parameters = match merged.remove(&name) {
            Some(first) => both(first, parameters).map(by_name),
            None => parameters,
        };
        merged.insert(name, parameters);
    }
    merged
}

/// In order of name, the first of each.
fn by_name(mut parameters: Vec<Parameter>) -> Vec<Parameter> {
    parameters.sort_by(|a, b| a.name.cmp(&b.name));
    parameters.dedup_by(|second, first| second.name == first.name);
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Source<Vec<Parameter>> {
        let parameter = |name: &&str| Parameter { name: (*name).to_owned(), value: None, apply_type: None };
        Source::Collected(names.iter().map(parameter).collect())
    }

    #[test]
    fn groups_of_one_name_are_merged() {
        let cluster = BTreeMap::from([("g".to_owned(), list(&["b", "a"]))]);
        let members = BTreeMap::from([("g".to_owned(), list(&["a", "c"])), ("h".to_owned(), list(&["d"]))]);
        let all = merged(cluster, members);
        assert_eq!(all["g"], list(&["a", "b", "c"]));
        assert_eq!(all["h"], list(&["d"]));
    }

    #[test]
    fn groups_of_the_wanted_family_come_first() {
        let group = |(name, family): (&str, &str)| ParameterGroup { name: name.to_owned(), family: family.to_owned() };
        let all = [
            ("b16", "postgres16"),
            ("a17", "postgres17"),
            ("a16", "postgres16"),
            ("now", "postgres12"),
            ("aurora", "aurora-postgresql16"),
            ("default.postgres16", "postgres16"),
            ("odd", "postgres9.6"),
        ];
        let newer = newer(all.map(group).to_vec(), "postgres", 12, Some(17));
        assert_eq!(newer.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["a17", "a16", "b16"]);
    }

    #[test]
    fn a_list_with_a_part_missing_is_no_list() {
        let gap = || Source::<Vec<Parameter>>::unavailable("AccessDenied: no");
        assert_eq!(both(gap(), list(&["a"])), gap());
        assert_eq!(both(list(&["a"]), gap()), gap());
    }
}

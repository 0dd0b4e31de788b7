//! The way to a version: fewest hops through the graph of valid upgrade targets.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::facts::AwsFacts;
use crate::facts::rds::EngineVersion;
use crate::facts::tables::UPGRADE_TARGETS;
use crate::upgrade::Platform;
use crate::version::PgVersion;

/// Valid targets by version.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    edges: BTreeMap<PgVersion, BTreeSet<PgVersion>>,
}

impl Graph {
    /// From records of `DescribeDBEngineVersions`.
    pub fn of_records<'a>(records: impl IntoIterator<Item = &'a EngineVersion>) -> Self {
        let mut graph = Self::default();
        for record in records {
            let targets = record.valid_targets.iter().map(|target| target.version.clone());
            graph.edges.entry(record.version.clone()).or_default().extend(targets);
        }
        graph
    }

    /// From all records of a bundle.
    #[must_use]
    pub fn of_bundle(aws: &AwsFacts) -> Self {
        let families = aws.engine_versions.values().filter_map(|records| records.collected()).flatten();
        let actual = aws.engine_version.collected().and_then(Option::as_ref);
        Self::of_records(families.chain(actual))
    }

    /// From the published table.
    #[must_use]
    pub fn of_table(platform: Platform) -> Self {
        let rows = UPGRADE_TARGETS.graph(platform).iter();
        let edges = rows
            .filter_map(|(source, targets)| Some((source.parse().ok()?, targets.iter().cloned().collect())))
            .collect();
        Self { edges }
    }

    #[must_use]
    pub fn knows(&self, version: &PgVersion) -> bool {
        self.edges.contains_key(version)
    }

    /// The direct targets of a version, oldest first.
    pub fn targets(&self, version: &PgVersion) -> impl Iterator<Item = &PgVersion> {
        self.edges.get(version).into_iter().flatten()
    }
}

/// The hops from `source` to `target`, ending with the target; of a bare major its newest version that takes the
/// fewest hops. Among equally short ways the one with the fewest major upgrades wins, as a minor one is the smaller
/// risk, then the one over the newest versions. `None` when there is no way, empty when the source is the target.
#[must_use]
pub fn fewest_hops(graph: &Graph, source: &PgVersion, target: &PgVersion) -> Option<Vec<PgVersion>> {
    let wanted = |version: &PgVersion| {
        if target.is_major_only() { version.major() == target.major() } else { version == target }
    };
    if wanted(source) {
        return Some(Vec::new());
    }
    let mut seen = BTreeSet::from([source.clone()]);
    let mut layer: BTreeMap<PgVersion, Vec<PgVersion>> = BTreeMap::from([(source.clone(), Vec::new())]);
    while !layer.is_empty() {
        let mut next: BTreeMap<PgVersion, Vec<PgVersion>> = BTreeMap::new();
        for (version, hops) in &layer {
            for step in graph.targets(version).filter(|step| !seen.contains(step)) {
                let mut way = hops.clone();
                way.push(step.clone());
                match next.get(step) {
                    Some(known) if preference(source, known) >= preference(source, &way) => {}
                    _ => {
                        next.insert(step.clone(), way);
                    }
                }
            }
        }
        if let Some((_, hops)) = next.iter().rev().find(|(version, _)| wanted(version)) {
            return Some(hops.clone());
        }
        seen.extend(next.keys().cloned());
        layer = next;
    }
    None
}

/// The greater, the better.
fn preference<'a>(source: &'a PgVersion, hops: &'a [PgVersion]) -> (Reverse<usize>, &'a [PgVersion]) {
    let starts = std::iter::once(source).chain(hops);
    (Reverse(starts.zip(hops).filter(|(from, to)| from.major() != to.major()).count()), hops)
}

/// `16.10, then 17.6`
#[must_use]
pub fn arrow(hops: &[PgVersion]) -> String {
    hops.iter().map(PgVersion::as_str).collect::<Vec<_>>().join(", then ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> PgVersion {
        text.parse().expect(text)
    }

    fn hops(graph: &Graph, source: &str, target: &str) -> Option<Vec<String>> {
        fewest_hops(graph, &version(source), &version(target))
            .map(|hops| hops.iter().map(ToString::to_string).collect())
    }

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let edges = edges.iter().map(|(from, to)| (version(from), to.iter().map(|to| version(to)).collect()));
        Graph { edges: edges.collect() }
    }

    #[test]
    fn direct_and_over_the_newest_intermediate() {
        let graph = graph(&[
            ("12.19", &["12.22", "16.3", "13.15"]),
            ("12.22", &["16.6", "17.2"]),
            ("13.15", &["17.2"]),
            ("16.3", &["17.1"]),
        ]);
        assert_eq!(hops(&graph, "12.19", "16.3"), Some(vec!["16.3".into()]));
        assert_eq!(hops(&graph, "12.19", "17.2"), Some(vec!["12.22".into(), "17.2".into()]));
        assert_eq!(hops(&graph, "12.19", "17"), Some(vec!["12.22".into(), "17.2".into()]));
        assert_eq!(hops(&graph, "12.19", "12.19"), Some(vec![]));
        assert_eq!(hops(&graph, "16.3", "12.19"), None);
        assert_eq!(hops(&graph, "9.6.24", "16.3"), None);
    }

    #[test]
    fn cycles_end() {
        let graph = graph(&[("12.1", &["12.2"]), ("12.2", &["12.1", "12.2"])]);
        assert_eq!(hops(&graph, "12.1", "16.3"), None);
    }

    #[test]
    fn the_published_table_answers() {
        let table = Graph::of_table(Platform::Rds);
        assert_eq!(hops(&table, "16.9", "18.6"), Some(vec!["18.6".into()]));
        assert!(hops(&table, "11.22", "17.6").is_some());
    }
}

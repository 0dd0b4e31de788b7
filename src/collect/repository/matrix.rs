//! The matrix of a job: the values that each of its runs has.
//! <https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations>

use std::collections::BTreeMap;

use super::{entries, entry, items};
use crate::collect::declared::value::Spot;

/// GitHub allows 256 runs of a job.
const MAX_RUNS: usize = 256;

/// Nobody tells runs apart by more values.
const MAX_KEYS: usize = 64;

/// The values of one run.
pub(super) type Run<'s> = BTreeMap<&'s str, &'s Spot>;

/// The runs of a job; one without values where it has no matrix that can be known.
pub(super) fn runs(job: &Spot) -> Vec<Run<'_>> {
    let Some(matrix) = entry(job, "strategy").and_then(|strategy| entry(strategy, "matrix")) else {
        return vec![Run::new()];
    };
    let (mut runs, own) = product(matrix);
    for excluded in items(entry(matrix, "exclude")).iter().take(MAX_RUNS) {
        runs.retain(|run| {
            !entries(Some(excluded)).all(|(key, value)| run.get(key).is_some_and(|own| is_same(own, value)))
        });
    }
    let included = items(entry(matrix, "include"));
    let count = if own.is_empty() { 0 } else { runs.len() };
    if own.is_empty() && !included.is_empty() {
        runs.clear();
    }
    for included in included.iter().take(MAX_RUNS) {
        let given = || entries(Some(included)).take(MAX_KEYS);
        let mut is_taken = false;
        for run in runs.iter_mut().take(count) {
            let differs = |(key, value): (&str, &Spot)| {
                own.contains(&key) && run.get(key).is_some_and(|own| !is_same(own, value))
            };
            if !given().any(differs) {
                is_taken = true;
                run.extend(given());
            }
        }
        if !is_taken {
            runs.push(given().collect());
        }
    }
    runs
}

/// The runs that the lists of values make, and the names of these.
fn product(matrix: &Spot) -> (Vec<Run<'_>>, Vec<&str>) {
    let mut runs = vec![Run::new()];
    let mut own = Vec::new();
    for (key, values) in entries(Some(matrix)).filter(|(key, _)| !matches!(*key, "include" | "exclude")) {
        let values = items(Some(values));
        if values.is_empty() || own.len() >= MAX_KEYS {
            continue;
        }
        own.push(key);
        let each = runs.iter().flat_map(|run: &Run<'_>| {
            values.iter().map(move |value| {
                let mut run = run.clone();
                run.insert(key, value);
                run
            })
        });
        runs = each.take(MAX_RUNS).collect();
    }
    (runs, own)
}

fn is_same(a: &Spot, b: &Spot) -> bool {
    a.scalar().is_some() && a.scalar() == b.scalar()
}

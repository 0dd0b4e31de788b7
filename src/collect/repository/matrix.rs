//! The matrix of a job: the values that each of its runs has.
//! <https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations>

use std::collections::BTreeMap;

use super::{entries, entry, items};
use crate::collect::declared::value::Spot;

/// GitHub allows 256 runs of a job.
const MAX_RUNS: usize = 256;

/// The values of one run.
pub(super) type Run = BTreeMap<String, Spot>;

/// The runs of a job; one without values where it has no matrix that can be known.
pub(super) fn runs(job: &Spot) -> Vec<Run> {
    let Some(matrix) = entry(job, "strategy").and_then(|strategy| entry(&strategy, "matrix")) else {
        return vec![Run::new()];
    };
    let mut runs = vec![Run::new()];
    let mut own = Vec::new();
    for (key, values) in entries(Some(&matrix)).filter(|(key, _)| !matches!(*key, "include" | "exclude")) {
        let values = items(Some(values));
        if values.is_empty() {
            continue;
        }
        own.push(key);
        let with = |run: &Run, value: &Spot| {
            let mut run = run.clone();
            run.insert(key.to_owned(), value.clone());
            run
        };
        let each = runs.iter().flat_map(|run| values.iter().map(move |value| with(run, value)));
        runs = each.take(MAX_RUNS).collect();
    }
    let exclude = entry(&matrix, "exclude");
    for excluded in items(exclude.as_ref()) {
        runs.retain(|run| {
            !entries(Some(excluded)).all(|(key, value)| run.get(key).is_some_and(|own| is_same(own, value)))
        });
    }
    let include = entry(&matrix, "include");
    let count = if own.is_empty() { 0 } else { runs.len() };
    if own.is_empty() && !items(include.as_ref()).is_empty() {
        runs.clear();
    }
    for included in items(include.as_ref()).iter().take(MAX_RUNS) {
        let mut is_taken = false;
        for run in runs.iter_mut().take(count) {
            let differs = |(key, value): (&str, &Spot)| {
                own.contains(&key) && run.get(key).is_some_and(|own| !is_same(own, value))
            };
            if !entries(Some(included)).any(differs) {
                is_taken = true;
                run.extend(entries(Some(included)).map(|(key, value)| (key.to_owned(), value.clone())));
            }
        }
        if !is_taken {
            runs.push(entries(Some(included)).map(|(key, value)| (key.to_owned(), value.clone())).collect());
        }
    }
    runs
}

fn is_same(a: &Spot, b: &Spot) -> bool {
    a.scalar().is_some() && a.scalar() == b.scalar()
}

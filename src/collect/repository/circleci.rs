//! Pipelines of `CircleCI`.
//! <https://circleci.com/docs/configuration-reference/>

use std::collections::BTreeMap;

use super::variables::Filled;
use super::{Source, begin, entries, entry, image, items, script};
use crate::collect::declared::value::Spot;
use crate::facts::Image;

/// Defaults by name: `pipeline.parameters.pg`, `parameters.pg`.
type Parameters = BTreeMap<String, Spot>;

pub(super) fn read(source: &Source<'_>, document: &Spot) -> Vec<Image> {
    let pipeline = defaults("pipeline.parameters", document);
    let mut found = Vec::new();
    for (section, shown) in [("jobs", "job"), ("executors", "executor"), ("commands", "command")] {
        let section = entry(document, section);
        for (name, part) in entries(section.as_ref()) {
            let mut parameters = pipeline.clone();
            parameters.extend(defaults("parameters", part));
            let what = format!("{shown} {name}");
            let images = entry(part, "docker");
            for one in items(images.as_ref()) {
                if let Some(written) = entry(one, "image")
                    && let Some(text) = written.text()
                {
                    found.push(image(&written.at, fill(text, &parameters), what.clone()));
                }
            }
            let steps = entry(part, "steps");
            for step in items(steps.as_ref()) {
                let run = entry(step, "run").map(|run| entry(&run, "command").unwrap_or(run));
                if let Some(run) = run
                    && let Some(text) = run.scalar()
                {
                    let text = fill(text, &parameters).text;
                    found.extend(script(&begin(source, &run), &text, &what, &|_| None));
                }
            }
        }
    }
    found
}

fn defaults(prefix: &str, part: &Spot) -> Parameters {
    let parameters = entry(part, "parameters");
    let defaults = entries(parameters.as_ref());
    defaults.filter_map(|(name, spot)| Some((format!("{prefix}.{name}"), entry(spot, "default")?))).collect()
}

/// Fills in `<< parameters.pg >>`; what a job gives for it is another matter, which its own file says.
fn fill(text: &str, parameters: &Parameters) -> Filled {
    let mut filled = Filled { text: String::new(), set_at: None };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<<") {
        let Some((name, tail)) = after.split_once(">>") else { break };
        filled.text.push_str(before);
        match parameters.get(name.trim()).and_then(|spot| Some((spot, spot.scalar()?))) {
            Some((spot, value)) => {
                filled.text.push_str(value);
                filled.set_at.get_or_insert_with(|| spot.at.clone());
            }
            None => filled.text.push_str(&format!("<< {} >>", name.trim())),
        }
        rest = tail;
    }
    filled.text.push_str(rest);
    filled
}

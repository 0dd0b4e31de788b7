//! Pipelines of `CircleCI`.
//! <https://circleci.com/docs/configuration-reference/>

use super::variables::{Filled, Layer};
use super::{MAX_REFERENCE, Source, begin, entries, entry, image, items, name, script};
use crate::collect::declared::value::Spot;
use crate::facts::Image;

/// The parameters of the pipeline, and of the part at hand: `pipeline.parameters.pg`, `parameters.pg`.
struct Parameters<'s> {
    pipeline: Layer<'s>,
    own: Layer<'s>,
}

impl<'s> Parameters<'s> {
    fn default(&self, path: &str) -> Option<&'s Spot> {
        let pipeline = path.strip_prefix("pipeline.parameters.").and_then(|name| self.pipeline.get(name));
        let own = || path.strip_prefix("parameters.").and_then(|name| self.own.get(name));
        entry(pipeline.or_else(own)?, "default")
    }
}

pub(super) fn read(source: &Source<'_>, document: &Spot) -> Vec<Image> {
    let pipeline = Layer::of(entry(document, "parameters"));
    let mut found = Vec::new();
    for (section, shown) in [("jobs", "job"), ("executors", "executor"), ("commands", "command")] {
        for (key, part) in entries(entry(document, section)) {
            let parameters = Parameters { pipeline, own: Layer::of(entry(part, "parameters")) };
            let what = format!("{shown} {}", name(key));
            for one in items(entry(part, "docker")) {
                if let Some(written) = entry(one, "image")
                    && let Some(text) = written.text()
                {
                    found.push(image(&written.at, fill(text, &parameters), what.clone()));
                }
            }
            for step in items(entry(part, "steps")) {
                let run = entry(step, "run").map(|run| entry(run, "command").unwrap_or(run));
                if let Some(run) = run
                    && let Some(text) = run.scalar()
                {
                    let text = fill(text, &parameters).text;
                    found.extend(script(&begin(source, run), &text, &what, &|_| None));
                }
            }
        }
    }
    found
}

/// Fills in `<< parameters.pg >>`; what a job gives for it is another matter, which its own file says.
fn fill(text: &str, parameters: &Parameters<'_>) -> Filled {
    let mut filled = Filled { text: String::new(), set_at: None };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<<") {
        let Some((name, tail)) = after.split_once(">>") else { break };
        filled.text.push_str(before);
        match parameters.default(name.trim()).and_then(|spot| Some((spot, spot.scalar()?))) {
            Some((spot, value)) => {
                filled.text.push_str(value);
                filled.set_at.get_or_insert_with(|| spot.at.clone());
            }
            None => filled.text.push_str(&format!("<< {} >>", name.trim())),
        }
        rest = tail;
        // Long values multiply; a script may be long itself.
        if filled.text.len() > 2 * text.len() + MAX_REFERENCE {
            return Filled::of(text);
        }
    }
    filled.text.push_str(rest);
    filled
}

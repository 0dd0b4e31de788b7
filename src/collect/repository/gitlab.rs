//! GitLab's pipelines.
//! <https://docs.gitlab.com/ci/yaml/>

use super::variables::{Layer, fill};
use super::{Source, begin, entries, entry, image, items, name, script};
use crate::collect::declared::value::Spot;
use crate::facts::Image;

/// Keys beside the jobs that are none.
const OTHERS: [&str; 5] = ["variables", "include", "workflow", "stages", "spec"];

const SCRIPTS: [&str; 3] = ["before_script", "script", "after_script"];

pub(super) fn read(source: &Source<'_>, document: &Spot) -> Vec<Image> {
    let variables = Layer::of(entry(document, "variables"));
    let mut found = of_job(source, document, &variables, "all jobs");
    for (key, job) in entries(Some(document)).filter(|(name, _)| !OTHERS.contains(name)) {
        // What begins with a dot is run only as others extend it.
        let what = match name(key) {
            "default" => "all jobs".to_owned(),
            name if name.starts_with('.') => format!("template {name}"),
            name => format!("job {name}"),
        };
        found.extend(of_job(source, job, &Layer::within(entry(job, "variables"), &variables), &what));
    }
    found
}

fn of_job(source: &Source<'_>, job: &Spot, variables: &Layer<'_>, what: &str) -> Vec<Image> {
    let lookup = |name: &str| {
        let written = variables.get(name)?;
        Some(entry(written, "value").unwrap_or(written).clone())
    };
    let named = |spot: &Spot, what: String| {
        let written = entry(spot, "name").unwrap_or(spot);
        Some(image(&written.at, fill(written.text()?, &lookup), what))
    };
    let mut found: Vec<Image> =
        entry(job, "image").and_then(|one| named(one, format!("image of {what}"))).into_iter().collect();
    found.extend(items(entry(job, "services")).iter().filter_map(|one| named(one, format!("service of {what}"))));
    for key in SCRIPTS {
        let Some(written) = entry(job, key) else { continue };
        for line in std::slice::from_ref(written).iter().chain(items(Some(written))) {
            if let Some(text) = line.scalar() {
                found.extend(script(&begin(source, line), text, &format!("{key} of {what}"), &lookup));
            }
        }
    }
    found
}

//! GitLab's pipelines.
//! <https://docs.gitlab.com/ci/yaml/>

use std::collections::BTreeMap;

use super::variables::fill;
use super::{Source, begin, entries, entry, image, items, script};
use crate::collect::declared::value::Spot;
use crate::facts::Image;

/// Keys beside the jobs that are none.
const OTHERS: [&str; 5] = ["variables", "include", "workflow", "stages", "spec"];

const SCRIPTS: [&str; 3] = ["before_script", "script", "after_script"];

type Variables = BTreeMap<String, Spot>;

pub(super) fn read(source: &Source<'_>, document: &Spot) -> Vec<Image> {
    let variables = extended(&Variables::new(), document);
    let mut found = of_job(source, document, &variables, "all jobs");
    for (name, job) in entries(Some(document)).filter(|(name, _)| !OTHERS.contains(name)) {
        // What begins with a dot is run only as others extend it.
        let what = match name {
            "default" => "all jobs".to_owned(),
            name if name.starts_with('.') => format!("template {name}"),
            name => format!("job {name}"),
        };
        found.extend(of_job(source, job, &extended(&variables, job), &what));
    }
    found
}

fn extended(outer: &Variables, part: &Spot) -> Variables {
    let mut all = outer.clone();
    let own = entry(part, "variables");
    all.extend(
        entries(own.as_ref())
            .map(|(name, spot)| (name.to_owned(), entry(spot, "value").unwrap_or_else(|| spot.clone()))),
    );
    all
}

fn of_job(source: &Source<'_>, job: &Spot, variables: &Variables, what: &str) -> Vec<Image> {
    let lookup = |name: &str| variables.get(name).cloned();
    let named = |spot: &Spot, what: String| {
        let written = entry(spot, "name").unwrap_or_else(|| spot.clone());
        Some(image(&written.at, fill(written.text()?, &lookup), what))
    };
    let mut found: Vec<Image> =
        entry(job, "image").and_then(|one| named(&one, format!("image of {what}"))).into_iter().collect();
    let services = entry(job, "services");
    found.extend(items(services.as_ref()).iter().filter_map(|one| named(one, format!("service of {what}"))));
    for key in SCRIPTS {
        let Some(written) = entry(job, key) else { continue };
        for line in std::slice::from_ref(&written).iter().chain(items(Some(&written))) {
            if let Some(text) = line.scalar() {
                found.extend(script(&begin(source, line), text, &format!("{key} of {what}"), &lookup));
            }
        }
    }
    found
}

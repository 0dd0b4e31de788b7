//! Workflows and actions of GitHub.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>

use std::collections::BTreeMap;

use super::matrix::{self, Run};
use super::variables::Filled;
use super::{Source, begin, build, entries, entry, image, items, script};
use crate::collect::declared::value::{Place, Spot, Value};
use crate::facts::images::{POSTGRES_IMAGES, known, unknown};
use crate::facts::{Image, ImageKind, Part};

type Environment = BTreeMap<String, Spot>;

pub(super) fn read(source: &Source<'_>, document: &Spot) -> Vec<Image> {
    let mut found = Vec::new();
    let environment = extended(&Environment::new(), document);
    let jobs = entry(document, "jobs");
    for (name, job) in entries(jobs.as_ref()) {
        let context = Context { environment: extended(&environment, job), runs: matrix::runs(job) };
        let services = entry(job, "services");
        for (service, body) in entries(services.as_ref()) {
            found.extend(context.image(entry(body, "image").as_ref(), &format!("service {service} of job {name}")));
        }
        let container = entry(job, "container").map(|one| entry(&one, "image").unwrap_or(one));
        found.extend(context.image(container.as_ref(), &format!("container of job {name}")));
        found.extend(context.steps(source, job, &format!("job {name}")));
    }
    // An action of the repository's own.
    if let Some(action) = entry(document, "runs") {
        let context = Context { environment, runs: vec![Run::new()] };
        let is_image = |spot: &Spot| spot.text().is_some_and(|text| text.starts_with("docker://"));
        found.extend(context.image(entry(&action, "image").filter(is_image).as_ref(), "the action"));
        found.extend(context.steps(source, &action, "the action"));
    }
    found
}

/// The variables of a workflow, job or step, with those around it.
fn extended(outer: &Environment, part: &Spot) -> Environment {
    let mut all = outer.clone();
    let own = entry(part, "env");
    all.extend(entries(own.as_ref()).map(|(name, spot)| (name.to_owned(), spot.clone())));
    all
}

struct Context {
    environment: Environment,
    runs: Vec<Run>,
}

impl Context {
    fn image(&self, written: Option<&Spot>, what: &str) -> Vec<Image> {
        let Some((written, text)) = written.and_then(|spot| Some((spot, spot.text()?))) else { return Vec::new() };
        let filled = self.fill(text, &self.environment).into_iter();
        filled.map(|reference| image(&written.at, reference, what.to_owned())).collect()
    }

    fn steps(&self, source: &Source<'_>, job: &Spot, name: &str) -> Vec<Image> {
        let mut found = Vec::new();
        let steps = entry(job, "steps");
        for step in items(steps.as_ref()) {
            let environment = extended(&self.environment, step);
            let what = match entry(step, "name").as_ref().and_then(Spot::text) {
                Some(step) => format!("step {step} of {name}"),
                None => format!("a step of {name}"),
            };
            if let Some(run) = entry(step, "run")
                && let Some(text) = run.scalar()
            {
                let at = begin(source, &run);
                let lookup = |name: &str| environment.get(name).and_then(|spot| self.evaluated(spot, &environment));
                for one in script(&at, text, &what, &lookup) {
                    found.extend(self.variants(one, &environment));
                }
            }
            if let Some(uses) = entry(step, "uses")
                && let Some(text) = uses.text()
            {
                if text.starts_with("docker://") {
                    found.extend(self.image(Some(&uses), &what));
                } else if let Some(input) = POSTGRES_IMAGES.action(text) {
                    let given = entry(step, "with").and_then(|inputs| entry(&inputs, input));
                    found.extend(self.action(&uses, text, given.as_ref(), &what));
                }
            }
        }
        found
    }

    /// An action that sets up PostgreSQL.
    fn action(&self, uses: &Spot, name: &str, version: Option<&Spot>, what: &str) -> Vec<Image> {
        let make = |at, set_at, postgres| {
            let reference = Filled { text: name.to_owned(), set_at };
            build(at, ImageKind::Action, reference, what.to_owned(), Some(postgres))
        };
        let Some((at, text)) = version.and_then(|spot| Some((&spot.at, spot.text()?))) else {
            return vec![make(&uses.at, None, unknown(Part::Server, "it names no version".to_owned()))];
        };
        let filled = self.fill(text, &self.environment).into_iter();
        let each = filled.map(|Filled { text, set_at }| {
            let is_number = text.starts_with(|c: char| c.is_ascii_digit());
            let lost = || unknown(Part::Server, format!("{text} cannot be known"));
            make(at, set_at, if is_number { known(Part::Server, &text) } else { lost() })
        });
        each.collect()
    }

    /// The images that one of a script is, over the runs of the job.
    fn variants(&self, one: Image, environment: &Environment) -> Vec<Image> {
        if !one.reference.contains("${{") {
            return vec![one];
        }
        let filled = self.fill(&one.reference, environment).into_iter();
        let at = Place { file: one.file.as_str().into(), line: one.line };
        filled
            .map(|reference| match one.kind {
                ImageKind::Package => {
                    let postgres = POSTGRES_IMAGES.package(&reference.text);
                    build(&at, one.kind, reference, one.what.clone(), postgres)
                }
                _ => image(&at, reference, one.what.clone()),
            })
            .collect()
    }

    /// A value of the environment, where it comes to one thing in all runs.
    fn evaluated(&self, spot: &Spot, environment: &Environment) -> Option<Spot> {
        let mut filled = self.fill(spot.scalar()?, environment).into_iter();
        match (filled.next(), filled.next()) {
            (Some(only), None) => Some(Spot::new(Value::Text(only.text), spot.at.clone())),
            _ => None,
        }
    }

    /// A text for each run of the job, where these differ: `${{ matrix.pg }}` and `${{ env.PG }}` are filled in, of
    /// other expressions nothing is known.
    fn fill(&self, text: &str, environment: &Environment) -> Vec<Filled> {
        let mut found: Vec<Filled> = Vec::new();
        for run in &self.runs {
            let filled = expressions(text, &|name| match name.split_once('.')? {
                ("env", name) => environment.get(name).cloned(),
                ("matrix", path) => path.split('.').try_fold(None, |value: Option<Spot>, key| {
                    Some(Some(match value {
                        None => run.get(key)?.clone(),
                        Some(value) => entry(&value, key)?,
                    }))
                })?,
                _ => None,
            });
            if !found.iter().any(|known| known.text == filled.text) {
                found.push(filled);
            }
        }
        // A run that lacks a value which others have is none that this is for.
        let is_lacking = |filled: &Filled| filled.text.contains("${{ matrix.");
        if !found.iter().all(is_lacking) {
            found.retain(|filled| !is_lacking(filled));
        }
        found
    }
}

/// Fills in the expressions of a text whose value is known; a value that holds others is not.
fn expressions(text: &str, lookup: &dyn Fn(&str) -> Option<Spot>) -> Filled {
    let mut filled = Filled { text: String::new(), set_at: None };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let Some((expression, tail)) = after.split_once("}}") else { break };
        filled.text.push_str(before);
        match lookup(expression.trim()).as_ref().and_then(|spot| Some((spot, spot.scalar()?))) {
            Some((spot, value)) if !value.contains("${{") => {
                filled.text.push_str(value);
                filled.set_at.get_or_insert_with(|| spot.at.clone());
            }
            _ => filled.text.push_str(&format!("${{{{ {} }}}}", expression.trim())),
        }
        rest = tail;
    }
    filled.text.push_str(rest);
    filled
}

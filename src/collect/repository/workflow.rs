//! Workflows and actions of GitHub.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>

use std::cell::Cell;

use super::matrix::{self, Run};
use super::variables::{Filled, Layer};
use super::{MAX_REFERENCE, Source, begin, build, entries, entry, image, items, name, script};
use crate::collect::declared::value::{Place, Spot, Value};
use crate::facts::images::{POSTGRES_IMAGES, known, unknown};
use crate::facts::{Image, ImageKind, Part};

/// Expressions that are filled in for the runs of all jobs of a file.
const MAX_EXPRESSIONS: usize = 200_000;

pub(super) fn read(source: &Source<'_>, document: &Spot) -> Vec<Image> {
    let mut found = Vec::new();
    let environment = Layer::of(entry(document, "env"));
    let fuel = Cell::new(MAX_EXPRESSIONS);
    for (job_name, job) in entries(entry(document, "jobs")) {
        let job_name = name(job_name);
        let environment = Layer::within(entry(job, "env"), &environment);
        let context = Context { environment, runs: matrix::runs(job), fuel: &fuel };
        for (service, body) in entries(entry(job, "services")) {
            let what = format!("service {} of job {job_name}", name(service));
            found.extend(context.image(entry(body, "image"), &what));
        }
        let container = entry(job, "container").map(|one| entry(one, "image").unwrap_or(one));
        found.extend(context.image(container, &format!("container of job {job_name}")));
        found.extend(context.steps(source, job, &format!("job {job_name}")));
    }
    // An action of the repository's own.
    if let Some(action) = entry(document, "runs") {
        let context = Context { environment, runs: vec![Run::new()], fuel: &fuel };
        let is_image = |spot: &&Spot| spot.text().is_some_and(|text| text.starts_with("docker://"));
        found.extend(context.image(entry(action, "image").filter(is_image), "the action"));
        found.extend(context.steps(source, action, "the action"));
    }
    found
}

struct Context<'s> {
    environment: Layer<'s>,
    runs: Vec<Run<'s>>,
    fuel: &'s Cell<usize>,
}

impl Context<'_> {
    fn image(&self, written: Option<&Spot>, what: &str) -> Vec<Image> {
        let Some((written, text)) = written.and_then(|spot| Some((spot, spot.text()?))) else { return Vec::new() };
        let filled = self.fill(text, &self.environment).into_iter();
        filled.map(|reference| image(&written.at, reference, what.to_owned())).collect()
    }

    fn steps(&self, source: &Source<'_>, job: &Spot, whose: &str) -> Vec<Image> {
        let mut found = Vec::new();
        for step in items(entry(job, "steps")) {
            let environment = Layer::within(entry(step, "env"), &self.environment);
            let what = match entry(step, "name").and_then(Spot::text) {
                Some(step) => format!("step {} of {whose}", name(step)),
                None => format!("a step of {whose}"),
            };
            if let Some(run) = entry(step, "run")
                && let Some(text) = run.scalar()
            {
                let at = begin(source, run);
                let lookup = |name: &str| environment.get(name).and_then(|spot| self.evaluated(spot, &environment));
                for one in script(&at, text, &what, &lookup) {
                    found.extend(self.variants(one, &environment));
                }
            }
            if let Some(uses) = entry(step, "uses")
                && let Some(text) = uses.text()
            {
                if text.starts_with("docker://") {
                    found.extend(self.image(Some(uses), &what));
                } else if let Some(input) = POSTGRES_IMAGES.action(text) {
                    let given = entry(step, "with").and_then(|inputs| entry(inputs, input));
                    found.extend(self.action(uses, text, given, &what));
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
    fn variants(&self, one: Image, environment: &Layer<'_>) -> Vec<Image> {
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
    fn evaluated(&self, spot: &Spot, environment: &Layer<'_>) -> Option<Spot> {
        let mut filled = self.fill(spot.scalar()?, environment).into_iter();
        match (filled.next(), filled.next()) {
            (Some(only), None) => Some(Spot::new(Value::Text(only.text), spot.at.clone())),
            _ => None,
        }
    }

    /// A text for each run of the job, where these differ: `${{ matrix.pg }}` and `${{ env.PG }}` are filled in, of
    /// other expressions nothing is known.
    fn fill(&self, text: &str, environment: &Layer<'_>) -> Vec<Filled> {
        let count = text.matches("${{").count();
        let cost = count * self.runs.len();
        if count == 0 || text.len() > MAX_REFERENCE || cost > self.fuel.get() {
            return vec![Filled::of(text)];
        }
        self.fuel.set(self.fuel.get() - cost);
        let mut found: Vec<Filled> = Vec::new();
        for run in &self.runs {
            let filled = expressions(text, &|name| match name.split_once('.')? {
                ("env", name) => environment.get(name),
                ("matrix", path) => {
                    let mut keys = path.split('.');
                    let first = run.get(keys.next()?).copied()?;
                    keys.try_fold(first, |value, key| entry(value, key))
                }
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
fn expressions<'s>(text: &str, lookup: &dyn Fn(&str) -> Option<&'s Spot>) -> Filled {
    let mut filled = Filled { text: String::new(), set_at: None };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let Some((expression, tail)) = after.split_once("}}") else { break };
        filled.text.push_str(before);
        match lookup(expression.trim()).and_then(|spot| Some((spot, spot.scalar()?))) {
            Some((spot, value)) if !value.contains("${{") => {
                filled.text.push_str(value);
                filled.set_at.get_or_insert_with(|| spot.at.clone());
            }
            _ => filled.text.push_str(&format!("${{{{ {} }}}}", expression.trim())),
        }
        rest = tail;
        // Long values multiply.
        if filled.text.len() > MAX_REFERENCE {
            return Filled::of(text);
        }
    }
    filled.text.push_str(rest);
    filled
}

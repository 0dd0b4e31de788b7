//! What the tools wrote of what they made or are about to make: `pulumi stack export`, `pulumi preview --json`,
//! `terraform show -json` of a state or a plan, `terraform.tfstate`. Such files can be large.
//!
//! [`stream`] finds the resources in a document, [`pulumi`] and [`terraform`] read one, [`kinds`] says what it is.

mod kinds;
mod pulumi;
mod stream;
mod terraform;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use memchr::memmem;
use serde_json::value::RawValue;

use super::json::{Source, syntax};
use super::property::Property;
use super::resource::{Program, Resource};
use super::unparsed;
use super::value::Spot;
use super::yaml::SyntaxError;
use stream::{Document, Leaf};

/// What a document of these has written near its top; to know one that does not parse.
const SIGNS: [&str; 7] = [
    "\"terraform_version\"",
    "\"format_version\"",
    "\"planned_values\"",
    "\"resource_changes\"",
    "\"deployment\"",
    "\"checkpoint\"",
    "\"steps\"",
];

/// <https://github.com/hashicorp/terraform/blob/main/internal/states/statefile/version3.go>
const OLD: &str = "the state is of Terraform 0.11 or before, which keeps resources by module: only newer ones are read";

/// Whether a file can be one of them that holds a database.
pub(super) fn is_worth_reading(bytes: &[u8]) -> bool {
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    is_utf16 || kinds::mentions_database(bytes)
}

/// The databases of the states and plans in a text; `None` of other documents.
pub(super) fn read(file: &Arc<str>, text: &str) -> Option<Vec<Program>> {
    let source = Source::new(file, text);
    let mut programs = Vec::new();
    let mut is_state = false;
    let mut seen = BTreeSet::new();
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<Document<'_>>();
    loop {
        let start = documents.byte_offset();
        match documents.next() {
            None => break,
            Some(Ok(document)) => {
                is_state |= document.is_state;
                let written = text.get(start..documents.byte_offset()).unwrap_or_default();
                if document.is_state && document.is_old && kinds::mentions_database(written.as_bytes()) {
                    programs.push(broken(file, source.place(written.trim_start()).line, OLD.to_owned()));
                }
                let mut program = program(&source, &document);
                // The same said again in a later document.
                program.resources.retain(|resource| seen.insert(gist(resource)));
                programs.push(program);
            }
            Some(Err(error)) => {
                let rest = text.get(start..).unwrap_or_default().as_bytes();
                let is_sign = SIGNS.iter().any(|sign| memmem::find(rest, sign.as_bytes()).is_some());
                if (is_sign || is_tfstate(file)) && kinds::mentions_database(rest) {
                    is_state = true;
                    let error = syntax(&error);
                    programs.push(broken(file, error.line, format!("file does not parse: {}", error.message)));
                }
                break;
            }
        }
    }
    is_state.then_some(programs)
}

fn is_tfstate(file: &str) -> bool {
    file.ends_with(".tfstate")
}

fn gist(resource: &Resource) -> (String, Option<String>, Option<String>) {
    let text = |property| resource.get(property).and_then(Spot::text).map(str::to_owned);
    (resource.name.clone(), text(Property::Version), text(Property::Identifier))
}

fn broken(file: &str, line: u32, reason: String) -> Program {
    Program { broken: vec![unparsed(file, line, reason)], is_derived: true, ..Program::default() }
}

fn program(source: &Source<'_>, document: &Document<'_>) -> Program {
    let mut program = Program { is_derived: true, ..Program::default() };
    match found(source, document) {
        Ok(found) => found.into_iter().for_each(|found| found.put(&mut program)),
        Err(error) => program = broken(&source.file, error.line, error.message),
    }
    program
}

fn found(source: &Source<'_>, document: &Document<'_>) -> Result<Vec<kinds::Found>, SyntaxError> {
    let mut plan = terraform::Plan::default();
    let mut all = Vec::new();
    let mut steps: Vec<&RawValue> = Vec::new();
    for (leaf, raw) in &document.found {
        match leaf {
            Leaf::Exported => all.extend(pulumi::exported(source, raw)?),
            Leaf::Step => steps.push(raw),
            Leaf::Shown => all.extend(terraform::shown(source, raw)?),
            Leaf::Planned => plan.planned(source, raw)?,
            Leaf::Prior => plan.prior(source, raw)?,
            Leaf::Change => plan.change(source, raw)?,
            Leaf::Stored => all.extend(terraform::stored(source, raw)?),
        }
    }
    all.extend(pulumi::previewed(source, &steps)?);
    all.extend(plan.found());
    Ok(all)
}

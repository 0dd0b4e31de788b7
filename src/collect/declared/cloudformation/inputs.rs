//! What is given to the parameters of a template: by parameter files beside it, or by the template that nests it.

use std::path::Path;

use super::files;
use crate::collect::declared::value::{Map, Place, Spot, Value};
use crate::collect::declared::walk::Tree;

pub(super) enum Inputs {
    Files {
        sources: Vec<Source>,
        stack: Option<String>,
    },
    /// What a nested stack is given, and its name.
    Nested {
        given: Map,
        caller: String,
    },
    /// The CDK gives them when it deploys.
    Synthesized,
}

/// For which stacks a source of values is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// It names none.
    Any,
    Given,
    /// Others than the given one; or no one said which.
    Other,
}

/// How surely a source is for this template: only the surest are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It sets a parameter that the template has, and others that it has not.
    Shared,
    /// It sets nothing but parameters that the template has.
    Keys,
    /// It is called as the template is.
    Name,
}

/// A file of values, or a part of one.
#[derive(Debug)]
pub(super) struct Source {
    pub name: String,
    pub reach: Reach,
    pub fit: Fit,
    /// Or what is broken: the reason, and the text.
    pub values: Result<Map, (Spot, String)>,
}

impl Source {
    fn value(&self, name: &str) -> Option<Spot> {
        match &self.values {
            Ok(map) => map.entries.get(name).cloned(),
            Err((reason, text)) => text.contains(name).then(|| reason.clone()),
        }
    }
}

impl Inputs {
    pub(super) fn of_files(tree: &Tree, template: &Path, parameters: &Map, stack: Option<&str>) -> Self {
        let sources = files::find(tree, template, parameters, stack);
        Self::Files { sources, stack: stack.map(str::to_owned) }
    }

    pub(super) fn are_files(&self) -> bool {
        matches!(self, Self::Files { .. })
    }

    /// Why a parameter without a default has no value.
    pub(super) fn unset(&self) -> String {
        match self {
            Self::Files { .. } => "no parameter file sets it".to_owned(),
            Self::Nested { caller, .. } => format!("{caller} does not set it"),
            Self::Synthesized => "is given when it is deployed".to_owned(),
        }
    }

    /// The value of a parameter whose default is given; `None` when nothing sets it.
    pub(super) fn value(&self, name: &str, default: Option<Spot>, at: &Place) -> Option<Spot> {
        match self {
            Self::Synthesized => default,
            Self::Nested { given, .. } => match (given.entries.get(name), &given.open) {
                (Some(spot), _) if !spot.is_nothing() => Some(spot.clone()),
                (None, Some(reason)) => Some(Spot::unknown(reason.clone(), at.clone())),
                _ => default,
            },
            Self::Files { sources, stack } => from_files(sources, stack.as_deref(), name, default),
        }
    }
}

/// The surest sources of a reach that set a parameter, and what to.
fn setting<'s>(sources: &'s [Source], reach: &Reach, name: &str) -> Vec<(&'s Source, Spot)> {
    let all = sources.iter().filter(|source| source.reach == *reach);
    let mut found: Vec<_> = all.filter_map(|source| Some((source, source.value(name)?))).collect();
    let best = found.iter().map(|(source, _)| source.fit).max();
    found.retain(|(source, _)| Some(source.fit) == best);
    found
}

fn from_files(sources: &[Source], stack: Option<&str>, name: &str, default: Option<Spot>) -> Option<Spot> {
    let own = setting(sources, &Reach::Given, name);
    if !own.is_empty() {
        return agreed(name, &own);
    }
    let value = agreed(name, &setting(sources, &Reach::Any, name)).or(default);
    // With the stack's own file, those of others say nothing.
    let has_own = sources.iter().any(|source| source.reach == Reach::Given && source.fit > Fit::Shared);
    let others = if has_own { Vec::new() } else { setting(sources, &Reach::Other, name) };
    let Some((_, first)) = others.first() else { return value };
    let base = value.as_ref().unwrap_or(first);
    if others.iter().all(|(_, spot)| same(spot, base)) {
        return Some(base.clone());
    }
    let names: Vec<&str> = others.iter().map(|(source, _)| source.name.as_str()).collect();
    let why = stack.map_or_else(|| "no stack given".to_owned(), |stack| format!("none is called {stack}"));
    let reason = match value.as_ref().and_then(Spot::scalar) {
        Some(text) => format!("parameter {name} is {text}, unless {} applies: {why}", names.join(" or ")),
        None => format!("parameter {name} is set by {}: {why}", names.join(" and ")),
    };
    Some(Spot::unknown(reason, first.at.clone()))
}

/// What sources that all apply set a parameter to.
fn agreed(name: &str, sources: &[(&Source, Spot)]) -> Option<Spot> {
    let (_, first) = sources.first()?;
    if let [_] = sources {
        return Some(first.clone());
    }
    if sources.iter().all(|(_, spot)| same(spot, first)) {
        return Some(first.clone());
    }
    let names: Vec<&str> = sources.iter().map(|(source, _)| source.name.as_str()).collect();
    let reason = format!("parameter {name} is set differently by {}", names.join(" and "));
    Some(Spot::unknown(reason, first.at.clone()))
}

/// Texts, numbers and truths are all texts to CloudFormation.
fn same(a: &Spot, b: &Spot) -> bool {
    match (a.scalar(), b.scalar()) {
        (Some(a), Some(b)) => a == b,
        _ => a.value.same(&b.value) == Some(true),
    }
}

/// The values that a document sets, in any of the ways that tools read; `None` when it sets none.
///
/// `[{"ParameterKey": "K", "ParameterValue": "V"}]`, `{"Parameters": {"K": "V"}}`, `["K=V"]`, and where the file's name
/// says that it holds parameters, `{"K": "V"}`.
/// <https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/>
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html>
pub(super) fn values(document: &Spot, is_plain: bool) -> Option<Map> {
    let mut found = Map::default();
    match &document.value {
        Value::List(items) => {
            for item in items {
                let pair = match item.scalar() {
                    Some(text) => text
                        .split_once('=')
                        .map(|(key, value)| (key.to_owned(), Spot::new(Value::text(value), item.at.clone()))),
                    None => pair(item),
                };
                let (key, value) = pair?;
                found.entries.insert(key, value);
            }
        }
        Value::Map(map) => {
            let part = ["Parameters", "parameters"].iter().find_map(|name| map.entries.get(*name));
            let values = match part {
                Some(Spot { value: Value::Map(values), .. }) => values,
                Some(part) => return values(part, false),
                None if is_plain => map,
                None => return None,
            };
            let scalars = values.entries.iter().filter(|(_, spot)| spot.scalar().is_some() || spot.lost().is_some());
            found.entries.extend(scalars.map(|(key, spot)| (key.clone(), spot.clone())));
        }
        _ => return None,
    }
    (!found.entries.is_empty()).then_some(found)
}

fn pair(item: &Spot) -> Option<(String, Spot)> {
    let key = item.entry("ParameterKey")?.text()?.to_owned();
    let value = item.entry("ParameterValue")?;
    let value = match value.value {
        Value::Nothing if item.entry("UsePreviousValue").is_some_and(|spot| !spot.is_nothing()) => {
            Spot::unknown(format!("parameter {key} keeps its previous value"), item.at.clone())
        }
        _ => value,
    };
    Some((key, value))
}

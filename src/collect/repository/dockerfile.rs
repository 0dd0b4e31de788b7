//! Dockerfiles: what their stages are built upon, and which packages they install.
//! <https://docs.docker.com/reference/dockerfile/>

use std::collections::BTreeMap;

use super::variables::{Filled, fill};
use super::{Source, image, name, script};
use crate::collect::declared::value::{Place, Spot, Value};
use crate::facts::Image;

/// What stands beside Dockerfiles and is called like them.
const OTHERS: [&str; 4] = [".md", ".txt", ".dockerignore", ".sh"];

pub(super) fn is_one(name: &str) -> bool {
    let names = ["dockerfile", "containerfile"];
    if OTHERS.iter().any(|other| name.ends_with(other)) {
        return false;
    }
    names.contains(&name)
        || names.iter().any(|known| {
            let before = name.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'));
            before || name.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'))
        })
}

/// An instruction: its lines with the ends that continue them.
struct Instruction {
    line: u32,
    keyword: String,
    text: String,
}

type Variables = BTreeMap<String, Spot>;

/// More stages, and variables of all of them, are there to take memory.
const MAX_STAGES: usize = 500;
const MAX_VARIABLES: usize = 10_000;

struct Stage {
    name: Option<String>,
    /// The stage that it is built upon, whose variables it has.
    base: Option<usize>,
    variables: Variables,
}

/// The value of a variable in the last stage, from that or from one that it is built upon.
fn value(stages: &[Stage], name: &str) -> Option<Spot> {
    let mut stage = stages.last();
    while let Some(one) = stage {
        if let Some(value) = one.variables.get(name) {
            return Some(value.clone());
        }
        stage = one.base.and_then(|base| stages.get(base));
    }
    None
}

pub(super) fn read(source: &Source<'_>) -> Vec<Image> {
    let mut found = Vec::new();
    let mut global = Variables::new();
    let mut stages: Vec<Stage> = Vec::new();
    let mut room = MAX_VARIABLES;
    for instruction in instructions(&source.text) {
        let at = Place { file: source.file.clone(), line: instruction.line };
        let text = instruction.text.as_str();
        match (instruction.keyword.as_str(), stages.last()) {
            ("FROM", _) if stages.len() >= MAX_STAGES => break,
            ("FROM", _) => {
                let from = From::of(text, &global);
                let base = stages.iter().position(|stage| stage.is_called(&from.image.text));
                stages.push(Stage { name: from.name, base, variables: Variables::new() });
                if base.is_none() && !from.image.text.is_empty() && from.image.text != "scratch" {
                    found.push(image(&at, from.image, shown(&stages)));
                }
            }
            ("ARG" | "ENV", _) if room == 0 => {}
            ("ARG", None) => {
                let set = assigned(text, &at, &Variables::new(), &|name| global.get(name).cloned());
                keep(set, &mut global, &mut room);
            }
            (keyword @ ("ARG" | "ENV"), Some(_)) => {
                let none = Variables::new();
                let inherited = if keyword == "ARG" { &global } else { &none };
                let set = assigned(text, &at, inherited, &|name| value(&stages, name));
                if let Some(stage) = stages.last_mut() {
                    keep(set, &mut stage.variables, &mut room);
                }
            }
            ("COPY", Some(_)) => found.extend(copied(text, &at, &stages)),
            ("RUN", Some(_)) => found.extend(script(&at, text, &shown(&stages), &|name| value(&stages, name))),
            _ => {}
        }
    }
    found
}

fn keep(set: Vec<(String, Spot)>, variables: &mut Variables, room: &mut usize) {
    for (name, value) in set.into_iter().take(*room) {
        variables.insert(name, value);
        *room -= 1;
    }
}

/// `stage build`, or by its number from 1 where it has no name.
fn shown(stages: &[Stage]) -> String {
    match stages.last().and_then(|stage| stage.name.as_ref()) {
        Some(own) => format!("stage {}", name(own)),
        None => format!("stage {}", stages.len()),
    }
}

impl Stage {
    fn is_called(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

struct From {
    image: Filled,
    name: Option<String>,
}

impl From {
    /// `[--platform=…] image [AS name]`
    fn of(text: &str, global: &Variables) -> Self {
        let mut words = words(text).into_iter().filter(|word| !word.starts_with("--"));
        let image = fill(&words.next().unwrap_or_default(), &|name| global.get(name).cloned());
        let name = words.next().filter(|word| word.eq_ignore_ascii_case("as")).and_then(|_| words.next());
        Self { image, name }
    }
}

fn words(text: &str) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    text.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect()
}

/// `NAME=value NAME=value`, `NAME value`, or `NAME` alone, which takes the value of a variable before all stages.
fn assigned(
    text: &str,
    at: &Place,
    inherited: &Variables,
    lookup: &dyn Fn(&str) -> Option<Spot>,
) -> Vec<(String, Spot)> {
    let text_at = |text: String| Spot::new(Value::Text(text), at.clone());
    let words = words(text);
    if let [name, value, ..] = words.as_slice()
        && !name.contains('=')
        && !value.contains('=')
    {
        return vec![(name.clone(), text_at(value.clone()))];
    }
    let mut set: Vec<(String, Spot)> = Vec::new();
    for word in words.into_iter().take(MAX_VARIABLES) {
        let value = match word.split_once('=') {
            Some((name, value)) => {
                let value = fill(value.trim_matches(['"', '\'']), lookup);
                Some((name.to_owned(), text_at(value.text)))
            }
            None => inherited.get(&word).map(|value| (word, value.clone())),
        };
        set.extend(value);
    }
    set
}

/// The image that files are copied from, which is no stage and no number of one.
fn copied(text: &str, at: &Place, stages: &[Stage]) -> Option<Image> {
    let words = words(text);
    let from = words.iter().find_map(|word| word.strip_prefix("--from="))?;
    let is_stage = from.parse::<usize>().is_ok() || stages.iter().any(|stage| stage.is_called(from));
    (!is_stage && !from.contains('$')).then(|| image(at, Filled::of(from), format!("copied into {}", shown(stages))))
}

fn instructions(text: &str) -> Vec<Instruction> {
    let escape = if text.lines().take(3).any(|line| line.replace(' ', "").eq_ignore_ascii_case("#escape=`")) {
        '`'
    } else {
        '\\'
    };
    let mut found: Vec<Instruction> = Vec::new();
    let mut is_open = false;
    let mut lines = text.lines().zip(1..);
    while let Some((written, line)) = lines.next() {
        let trimmed = written.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            if let Some(open) = found.last_mut().filter(|_| is_open) {
                open.text.push_str("\\\n");
            }
            continue;
        }
        let (body, continues) = match trimmed.strip_suffix(escape) {
            Some(body) => (body, true),
            None => (trimmed, false),
        };
        if !is_open {
            let body = body.strip_prefix("ONBUILD ").unwrap_or(body);
            let (keyword, rest) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
            found.push(Instruction { line, keyword: keyword.to_uppercase(), text: rest.to_owned() });
        } else if let Some(open) = found.last_mut() {
            open.text.push_str(body);
        }
        is_open = continues;
        let Some(open) = found.last_mut() else { continue };
        if continues {
            open.text.push_str("\\\n");
        } else if let Some(end) = heredoc(&open.text).filter(|_| matches!(open.keyword.as_str(), "RUN" | "COPY")) {
            for (body, _) in lines.by_ref().take_while(|(body, _)| body.trim() != end) {
                open.text.push('\n');
                open.text.push_str(body);
            }
        }
    }
    found
}

/// The word that ends the text which follows `<<`.
fn heredoc(text: &str) -> Option<String> {
    let after = text.split_once("<<")?.1.trim_start_matches('-');
    let word = after.split_whitespace().next()?.trim_matches(['"', '\'']);
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_word.then(|| word.to_owned())
}

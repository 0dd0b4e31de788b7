//! `samconfig.toml`: what SAM gives to the parameters of a template, by environment.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html>

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::inputs::{Fit, Reach, Source};
use crate::collect::declared::value::{Lines, Map, Place, Spot, Value};
use crate::collect::declared::walk::Tree;
use crate::collect::declared::yaml;

/// What applies when no environment is asked for.
const DEFAULT: &str = "default";

/// The tables of a command's arguments, the weakest first.
const COMMANDS: [&str; 2] = ["global", "deploy"];

pub(super) fn find(tree: &Tree, template: &Path, stack: Option<&str>) -> Vec<Source> {
    let Some(folder) = template.parent() else { return Vec::new() };
    let names = ["samconfig.toml", "samconfig.yaml", "samconfig.yml"];
    let Some(path) = names.iter().map(|name| folder.join(name)).find(|path| tree.store.is_file(path)) else {
        return Vec::new();
    };
    let Ok(text) = tree.text(&path) else { return Vec::new() };
    let file = tree.shown(&path);
    let document = if path.extension().is_some_and(|extension| extension == "toml") {
        read(&file, &text)
    } else {
        yaml::read(&file, &text).map_err(|error| error.line)
    };
    let document = match document {
        Ok(document) => document,
        Err(line) => {
            let at = Place { file: file.clone(), line };
            let reason = Spot::unknown(format!("{file} does not parse: line {line}"), at);
            return vec![Source {
                name: file.to_string(),
                reach: Reach::Any,
                fit: Fit::Name,
                values: Err((reason, text)),
            }];
        }
    };
    let Value::Map(environments) = &document.value else { return Vec::new() };
    let has_own = stack.is_some_and(|stack| environments.entries.contains_key(stack));
    let sources = environments.entries.iter().filter_map(|(name, environment)| {
        let reach = match name.as_str() {
            name if Some(name) == stack => Reach::Given,
            // Another environment takes nothing from it.
            DEFAULT if !has_own => Reach::Any,
            _ => Reach::Other,
        };
        let found = overrides(environment, template)?;
        let values = match found.open {
            Some(reason) => Err((Spot::unknown(reason, environment.at.clone()), text.clone())),
            None => Ok(found),
        };
        Some(Source { name: format!("{file} [{name}]"), reach, fit: Fit::Name, values })
    });
    sources.collect()
}

/// The overrides of an environment, unless they are for another template.
fn overrides(environment: &Spot, template: &Path) -> Option<Map> {
    let own = template.file_name()?.to_str()?;
    let mut file = None;
    let mut found = Map::default();
    for command in COMMANDS {
        let Some(arguments) = environment.entry(command).and_then(|command| command.entry("parameters")) else {
            continue;
        };
        let path = ["template_file", "template"].iter().find_map(|key| arguments.entry(key)?.text().map(str::to_owned));
        file = path.or(file);
        if let Some(overrides) = arguments.entry("parameter_overrides") {
            take(&overrides, &mut found);
        }
    }
    // A built template is called `template.yaml` whatever its source is called.
    let stem = Path::new(own).file_stem().is_some_and(|stem| stem == "template");
    let is_own = match &file {
        Some(file) => file.rsplit(['/', '\\']).next() == Some(own) || file.contains(".aws-sam"),
        None => stem,
    };
    is_own.then_some(found)
}

fn take(overrides: &Spot, found: &mut Map) {
    match &overrides.value {
        Value::Text(text) => {
            for (key, value, line) in pairs(text) {
                let at = Place { line: overrides.at.line + line, ..overrides.at.clone() };
                found.entries.insert(key, Spot::new(Value::text(value), at));
            }
        }
        Value::List(items) => items.iter().for_each(|item| take(item, found)),
        Value::Map(map) => {
            let known = map.entries.iter().filter(|(_, spot)| spot.scalar().is_some());
            found.entries.extend(known.map(|(key, spot)| (key.clone(), spot.clone())));
        }
        Value::Unknown(reason) => found.open = Some(reason.clone()),
        _ => {}
    }
}

/// `K=V K2="V 2" ParameterKey=K3,ParameterValue=V3`, each with the number of line ends before it.
fn pairs(text: &str) -> Vec<(String, String, u32)> {
    let mut pairs = Vec::new();
    let mut line = 0;
    let mut rest = text;
    loop {
        let begin = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        line += newlines(&rest[..begin]);
        rest = &rest[begin..];
        if rest.is_empty() {
            return pairs;
        }
        let (word, end) = word(rest);
        let long = word.strip_prefix("ParameterKey=").and_then(|word| word.split_once(",ParameterValue="));
        if let Some((key, value)) = long.or_else(|| word.split_once('=')) {
            pairs.push((key.to_owned(), value.to_owned(), line));
        }
        line += newlines(&rest[..end]);
        rest = &rest[end..];
    }
}

fn newlines(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

/// The first word without its quotes, and its length as written.
fn word(text: &str) -> (String, usize) {
    let mut word = String::new();
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match (c, quote) {
            (c, None) if c.is_whitespace() => return (word, at),
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('\\', _) => word.extend(characters.next().map(|(_, c)| c)),
            (c, _) => word.push(c),
        }
    }
    (word, text.len())
}

/// TOML as values with places.
///
/// # Errors
/// The line where it does not parse.
fn read(file: &Arc<str>, text: &str) -> Result<Spot, u32> {
    let lines = Lines::of(text);
    let table = DeTable::parse(text).map_err(|error| lines.line(error.span().map_or(0, |span| span.start)))?;
    let at = Place { file: file.clone(), line: 1 };
    Ok(Spot::new(map(file, text, &lines, table.get_ref()), at))
}

fn map(file: &Arc<str>, text: &str, lines: &Lines, table: &DeTable<'_>) -> Value {
    let entries = table.iter().map(|(key, value)| (key.get_ref().to_string(), spot(file, text, lines, value)));
    Value::Map(Map { entries: entries.collect(), open: None })
}

fn spot(file: &Arc<str>, text: &str, lines: &Lines, value: &Spanned<DeValue<'_>>) -> Spot {
    let span = value.span();
    let mut line = lines.line(span.start);
    let value = match value.get_ref() {
        // Unbounded: many overrides are one text.
        DeValue::String(written) => {
            let raw = text.get(span).unwrap_or_default();
            // The line end after the quotes is no part of the text.
            if ["\"\"\"\n", "\"\"\"\r\n", "'''\n", "'''\r\n"].iter().any(|open| raw.starts_with(open)) {
                line += 1;
            }
            Value::Text(written.to_string())
        }
        DeValue::Integer(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(moment) => Value::text(moment.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| spot(file, text, lines, item)).collect()),
        DeValue::Table(table) => map(file, text, lines, table),
    };
    Spot::new(value, Place { file: file.clone(), line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_cut_at_spaces_outside_of_quotes() {
        let text = "A=16.3 B=\"x y\" \n C='1=2'\\ 3  ParameterKey=D,ParameterValue=4 e";
        let expected = [("A", "16.3", 0), ("B", "x y", 0), ("C", "1=2 3", 1), ("D", "4", 1)];
        let found = pairs(text);
        let found: Vec<_> = found.iter().map(|(key, value, line)| (key.as_str(), value.as_str(), *line)).collect();
        assert_eq!(found, expected);
    }
}

//! YAML as values with places. The parser hands out events, so no nesting can overflow the stack.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::value::{Map, Place, Spot, Value};

/// A document nested deeper than this is no configuration.
const MAX_DEPTH: usize = 64;

/// More documents in one file are no configuration.
const MAX_DOCUMENTS: usize = 10_000;

/// Values that the aliases of a document may repeat in all, so that none can multiply.
const MAX_REPEATED: usize = 200_000;

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it does not parse at line {line}: {message}")]
pub(super) struct SyntaxError {
    pub line: u32,
    pub message: String,
}

/// A mapping or sequence that is still open.
struct Open {
    spot: Spot,
    key: Option<String>,
    is_map: bool,
    tag: Option<Tag>,
    anchor: usize,
}

/// What aliases stand for.
struct Anchors {
    named: HashMap<usize, Spot>,
    left: usize,
}

impl Anchors {
    fn keep(&mut self, anchor: usize, spot: &Spot) {
        // Anchors are numbered from 1.
        if anchor > 0 && weigh(spot, 0, &mut self.left) {
            self.named.insert(anchor, spot.clone());
        }
    }

    fn repeat(&mut self, anchor: usize, at: Place) -> Spot {
        match self.named.get(&anchor) {
            Some(spot) if weigh(spot, 0, &mut self.left) => spot.clone(),
            _ => Spot::unknown(format!("a YAML alias at line {}", at.line), at),
        }
    }
}

/// Takes the number of values from what is left; false when that is not enough, or when they are nested too deeply.
fn weigh(spot: &Spot, depth: usize, left: &mut usize) -> bool {
    if depth > MAX_DEPTH || *left == 0 {
        return false;
    }
    *left -= 1;
    match &spot.value {
        Value::List(items) => items.iter().all(|item| weigh(item, depth + 1, left)),
        Value::Map(map) => map.entries.values().all(|item| weigh(item, depth + 1, left)),
        _ => true,
    }
}

/// The first document of the text; nothing when there is none.
pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Spot, SyntaxError> {
    let first = documents(file, text, 1)?.into_iter().next();
    Ok(first.unwrap_or_else(|| Spot::new(Value::Nothing, Place { file: file.clone(), line: 1 })))
}

/// All documents of the text.
pub(super) fn read_all(file: &Arc<str>, text: &str) -> Result<Vec<Spot>, SyntaxError> {
    documents(file, text, MAX_DOCUMENTS)
}

fn documents(file: &Arc<str>, text: &str, limit: usize) -> Result<Vec<Spot>, SyntaxError> {
    let mut stack: Vec<Open> = Vec::new();
    let mut documents = Vec::new();
    let mut anchors = Anchors { named: HashMap::new(), left: MAX_REPEATED };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| SyntaxError {
            line: u32::try_from(error.marker().line()).unwrap_or(u32::MAX),
            message: error.info().to_owned(),
        })?;
        let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
        let at = Place { file: file.clone(), line };
        let done = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let done = tagged(Spot::new(scalar(text.into_owned(), plain), at), tag.as_deref());
                anchors.keep(anchor, &done);
                done
            }
            Event::Alias(anchor) => anchors.repeat(anchor, at),
            Event::MappingStart(anchor, ref tag) | Event::SequenceStart(anchor, ref tag) => {
                if stack.len() >= MAX_DEPTH {
                    return Err(SyntaxError { line, message: "nested too deeply".to_owned() });
                }
                let is_map = matches!(event, Event::MappingStart(..));
                let value = if is_map { Value::Map(Map::default()) } else { Value::List(Vec::new()) };
                let tag = tag.as_deref().cloned();
                stack.push(Open { spot: Spot::new(value, at), key: None, is_map, tag, anchor });
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match stack.pop() {
                Some(open) => {
                    let done = tagged(open.spot, open.tag.as_ref());
                    anchors.keep(open.anchor, &done);
                    done
                }
                None => continue,
            },
            _ => continue,
        };
        match stack.last_mut() {
            Some(open) => open.take(done),
            None => {
                documents.push(done);
                if documents.len() >= limit {
                    break;
                }
            }
        }
    }
    Ok(documents)
}

/// CloudFormation's short forms as the long ones: `!Ref x` is `Ref: x`, `!Sub x` is `Fn::Sub: x`.
fn tagged(spot: Spot, tag: Option<&Tag>) -> Spot {
    let Some(tag) = tag.filter(|tag| tag.handle == "!") else { return spot };
    let name = match tag.suffix.as_str() {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name if name.starts_with(|c: char| c.is_ascii_uppercase()) => format!("Fn::{name}"),
        _ => return spot,
    };
    let at = spot.at.clone();
    Spot::new(Value::Map(Map { entries: [(name, spot)].into(), open: None }), at)
}

impl Open {
    fn take(&mut self, spot: Spot) {
        match &mut self.spot.value {
            Value::List(list) => list.push(spot),
            Value::Map(map) if self.is_map => match self.key.take() {
                None => self.key = Some(spot.scalar().unwrap_or_default().to_owned()),
                Some(key) if key == "<<" => merge(map, &spot),
                Some(key) => {
                    map.entries.insert(key, spot);
                }
            },
            _ => {}
        }
    }
}

/// Takes the entries that the map does not have. <https://yaml.org/type/merge.html>
fn merge(map: &mut Map, other: &Spot) {
    match &other.value {
        Value::List(items) => items.iter().for_each(|item| merge_one(map, item)),
        _ => merge_one(map, other),
    }
}

fn merge_one(map: &mut Map, other: &Spot) {
    match &other.value {
        Value::Map(other) => {
            for (key, value) in &other.entries {
                map.entries.entry(key.clone()).or_insert_with(|| value.clone());
            }
            map.open = map.open.take().or_else(|| other.open.clone());
        }
        _ => map.open = other.lost().map(str::to_owned).or(map.open.take()),
    }
}

fn scalar(text: String, plain: bool) -> Value {
    if !plain {
        return Value::text(text);
    }
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Nothing,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        number if number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok() => {
            Value::Number(text)
        }
        _ => Value::text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_values_as_written_and_their_lines() {
        let spot = read(&"a.yaml".into(), "config:\n  p:version: 16.10\n  list: [a, 'b']\n").unwrap();
        let version = spot.entry("config").unwrap().entry("p:version").unwrap();
        assert_eq!((version.text(), version.at.line), (Some("16.10"), 2));
        let second = spot.entry("config").unwrap().entry("list").unwrap().entry("1").unwrap();
        assert_eq!((second.text(), second.at.line), (Some("b"), 3));
    }

    #[test]
    fn reads_documents_and_short_forms() {
        let text = "a: !Ref x\n---\nb: !Join ['-', [y, !Sub '${z}']]\n---\nc: !!str 16\nd: !If\n  - e\n";
        let all = read_all(&"a".into(), text).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].entry("a").unwrap().entry("Ref").unwrap().text(), Some("x"));
        let join = all[1].entry("b").unwrap().entry("Fn::Join").unwrap();
        let sub = join.entry("1").unwrap().entry("1").unwrap().entry("Fn::Sub").unwrap();
        assert_eq!((sub.text(), sub.at.line), (Some("${z}"), 3));
        assert_eq!(all[2].entry("c").unwrap().text(), Some("16"));
        assert_eq!(all[2].entry("d").unwrap().entry("Fn::If").unwrap().entry("0").unwrap().text(), Some("e"));
    }

    #[test]
    fn aliases_and_merges_stand_for_what_they_name() {
        let text =
            "a: &a { v: 16, w: x }\nb:\n  w: y\n  <<: *a\nc:\n  <<: [{ v: 17 }, *a]\nd: *a\ne: { <<: *nowhere }\n";
        let error = read(&"a".into(), text).unwrap_err();
        assert_eq!(error.line, 8);
        let spot = read(&"a".into(), text.rsplit_once("e: ").unwrap().0).unwrap();
        let value = |name: &str, key: &str| {
            let value = spot.entry(name).unwrap().entry(key).unwrap();
            (value.text().map(str::to_owned), value.at.line)
        };
        assert_eq!(value("b", "w"), (Some("y".to_owned()), 3));
        assert_eq!(value("b", "v"), (Some("16".to_owned()), 1));
        assert_eq!(value("c", "v"), (Some("17".to_owned()), 6));
        assert_eq!(value("d", "w"), (Some("x".to_owned()), 1));
        assert_eq!(
            read(&"a".into(), "a: &a [*a]\n").unwrap().entry("a").unwrap().entry("0").unwrap().lost(),
            Some("a YAML alias at line 1")
        );
        let laughs = (1..60).map(|i| format!("a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1)).collect::<Vec<_>>().concat();
        assert!(read(&"a".into(), &format!("a0: &a0 x\n{laughs}")).is_ok());
    }

    #[test]
    fn refuses_what_is_broken_or_hostile() {
        assert!(read(&"a".into(), "a: [").is_err());
        assert!(read(&"a".into(), &"[".repeat(100_000)).is_err());
        assert!(read(&"a".into(), &"- ".repeat(100_000)).is_err());
        assert!(read(&"a".into(), "").unwrap().is_nothing());
    }
}

//! YAML as values with places. The parser hands out events, so no nesting can overflow the stack.

use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::value::{Map, Place, Spot, Value};

/// A document nested deeper than this is no configuration.
const MAX_DEPTH: usize = 64;

/// More documents in one file are no configuration.
const MAX_DOCUMENTS: usize = 10_000;

/// Aliases that bring in more values than this are there to multiply.
const MAX_ALIASED: usize = 50_000;

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it does not parse at line {line}: {message}")]
pub(in crate::collect) struct SyntaxError {
    pub line: u32,
    pub message: String,
}

/// A mapping or sequence that is still open.
struct Open {
    spot: Spot,
    /// With its line.
    key: Option<(String, u32)>,
    is_map: bool,
    tag: Option<Tag>,
    anchor: usize,
}

/// Anchors that name more values than this together, each with those of the anchors in it, are there to multiply.
const MAX_KEPT: usize = 200_000;

/// What anchors name, until so much of it is repeated that it can only be there to multiply.
struct Anchors {
    by_id: BTreeMap<usize, Anchored>,
    left: usize,
    room: usize,
}

struct Anchored {
    spot: Spot,
    depth: usize,
    size: usize,
}

impl Anchors {
    fn keep(&mut self, id: usize, spot: &Spot) {
        if id > 0 {
            let (depth, size) = extent(spot);
            // What is too large to follow, or comes too late, need not be kept.
            if size <= self.left && size <= self.room {
                self.room -= size;
                self.by_id.insert(id, Anchored { spot: spot.clone(), depth, size });
            }
        }
    }

    fn follow(&mut self, id: usize, depth: usize, at: Place) -> Spot {
        match self.by_id.get(&id) {
            Some(known) if known.size <= self.left && depth + known.depth <= MAX_DEPTH => {
                self.left -= known.size;
                known.spot.clone()
            }
            _ => Spot::unknown(format!("a YAML alias at line {} that repeats too much", at.line), at),
        }
    }
}

/// How deep a value is, and how many values it holds, long texts for more than one; both have a bound.
fn extent(spot: &Spot) -> (usize, usize) {
    let within = |depth: usize, size: usize, inner: &Spot| {
        let (inner_depth, inner_size) = extent(inner);
        (depth.max(inner_depth + 1), size + inner_size)
    };
    match &spot.value {
        Value::List(items) => items.iter().fold((1, 1), |(depth, size), item| within(depth, size, item)),
        Value::Map(map) => map.entries.values().fold((1, 1), |(depth, size), item| within(depth, size, item)),
        Value::Text(text) => (1, 1 + text.len() / 64),
        _ => (1, 1),
    }
}

/// The first document of the text; nothing when there is none.
pub(in crate::collect) fn read(file: &Arc<str>, text: &str) -> Result<Spot, SyntaxError> {
    let first = documents(file, text, 1)?.into_iter().next();
    Ok(first.unwrap_or_else(|| Spot::new(Value::Nothing, Place { file: file.clone(), line: 1 })))
}

/// All documents of the text.
pub(in crate::collect) fn read_all(file: &Arc<str>, text: &str) -> Result<Vec<Spot>, SyntaxError> {
    documents(file, text, MAX_DOCUMENTS)
}

fn documents(file: &Arc<str>, text: &str, limit: usize) -> Result<Vec<Spot>, SyntaxError> {
    let mut stack: Vec<Open> = Vec::new();
    let mut documents = Vec::new();
    let mut anchors = Anchors { by_id: BTreeMap::new(), left: MAX_ALIASED, room: MAX_KEPT };
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
                let spot = tagged(Spot::new(scalar(text.into_owned(), plain), at), tag.as_deref());
                anchors.keep(anchor, &spot);
                spot
            }
            Event::Alias(id) => anchors.follow(id, stack.len(), at),
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
                    let spot = tagged(open.spot, open.tag.as_ref());
                    anchors.keep(open.anchor, &spot);
                    spot
                }
                None => continue,
            },
            _ => continue,
        };
        if let Some(open) = stack.last_mut() {
            open.take(done);
        } else {
            documents.push(done);
            if documents.len() >= limit {
                break;
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
        "" => return spot,
        // Other tools' own: `!vault`, `!environment_variable`, `!reference`.
        name => return Spot::unknown(format!("the YAML tag !{name} at line {}", spot.at.line), spot.at),
    };
    let at = spot.at.clone();
    Spot::new(Value::Map(Map { entries: [(name, spot)].into(), open: None }), at)
}

impl Open {
    fn take(&mut self, spot: Spot) {
        match &mut self.spot.value {
            Value::List(list) => list.push(spot),
            Value::Map(map) if self.is_map => match self.key.take() {
                None => self.key = Some((spot.scalar().unwrap_or_default().to_owned(), spot.at.line)),
                Some((key, _)) if key == "<<" => merge(map, &spot),
                Some((key, line)) => {
                    map.entries.insert(key, under(spot, line));
                }
            },
            _ => {}
        }
    }
}

/// A map or list stands where its key does, wherever its first item is.
fn under(mut spot: Spot, line: u32) -> Spot {
    if matches!(spot.value, Value::Map(_) | Value::List(_)) {
        spot.at.line = line;
    }
    spot
}

/// The entries of a merged map, or of several: what is written in the map itself wins, and then what came first.
/// <https://yaml.org/type/merge.html>
fn merge(map: &mut Map, merged: &Spot) {
    match &merged.value {
        Value::Map(other) => {
            for (key, spot) in &other.entries {
                map.entries.entry(key.clone()).or_insert_with(|| spot.clone());
            }
            map.open = map.open.take().or_else(|| other.open.clone());
        }
        Value::List(items) => {
            for item in items.iter().filter(|item| !matches!(item.value, Value::List(_))) {
                merge(map, item);
            }
        }
        Value::Unknown(reason) => map.open = Some(reason.clone()),
        _ => {}
    }
}

/// Of any length: a script is a text too.
fn scalar(text: String, plain: bool) -> Value {
    if !plain {
        return Value::Text(text);
    }
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Nothing,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        number if number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok() => {
            Value::Number(text)
        }
        _ => Value::Text(text),
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
    fn follows_aliases_and_merges() {
        let text = "x: &x {image: a, tag: &t 16.10}\nb:\n  tag: '17'\n  <<: *x\nc: *t\nd:\n  <<: [*x, {other: 1}]\n  image: z\n";
        let spot = read(&"a".into(), text).unwrap();
        let at = |path: &[&str]| path.iter().try_fold(spot.clone(), |spot, key| spot.entry(key)).unwrap();
        assert_eq!((at(&["b", "tag"]).text(), at(&["b", "image"]).text()), (Some("17"), Some("a")));
        assert_eq!((at(&["c"]).text(), at(&["c"]).at.line), (Some("16.10"), 1));
        assert_eq!((at(&["d", "image"]).text(), at(&["d", "other"]).text()), (Some("z"), Some("1")));
        assert_eq!(at(&["d", "tag"]).text(), Some("16.10"));
        let mut laughs = "a0: &a0 [x, x]\n".to_owned();
        for i in 1..200 {
            laughs += &format!("a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1);
        }
        assert!(read(&"a".into(), &laughs).is_ok());
        let mut deep = "a0: &a0 [x]\n".to_owned();
        for i in 1..5000 {
            deep += &format!("a{i}: &a{i} [*a{}]\n", i - 1);
        }
        assert!(read(&"a".into(), &deep).is_ok());
        assert!(read(&"a".into(), "a: *missing\n").is_err());
    }

    #[test]
    fn a_map_stands_where_its_key_does() {
        let spot = read(&"a".into(), "a:\n\n  b:\n    c: 1\n  d: !If\n    - x\n  e:\n  - y\n").unwrap();
        let line = |key: &str| spot.entry("a").unwrap().entry(key).unwrap().at.line;
        assert_eq!((spot.entry("a").unwrap().at.line, line("b"), line("d"), line("e")), (1, 3, 5, 7));
        let tagged = read(&"a".into(), "a: !vault x\nb: !reference [x, y]\n").unwrap();
        assert!(["a", "b"].iter().all(|key| tagged.entry(key).unwrap().lost().is_some()));
    }

    #[test]
    fn refuses_what_is_broken_or_hostile() {
        assert!(read(&"a".into(), "a: [").is_err());
        assert!(read(&"a".into(), &"[".repeat(100_000)).is_err());
        assert!(read(&"a".into(), &"- ".repeat(100_000)).is_err());
        assert!(read(&"a".into(), "").unwrap().is_nothing());
    }
}

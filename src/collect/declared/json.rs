//! JSON as values with places.

use std::cell::Cell;
use std::sync::Arc;

use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::value::{Map, Place, Spot, Value};
use super::yaml::SyntaxError;

/// A document nested deeper than this is no configuration.
const MAX_DEPTH: usize = 64;

/// Where in a text its parts stand.
pub(in crate::collect) struct Source<'t> {
    pub file: Arc<str>,
    text: &'t str,
    /// An offset and its line. The next place asked for is near it, so that a table of the lines of a text, which can
    /// have millions, is not worth its room.
    near: Cell<(usize, usize)>,
}

/// The value of a whole text.
///
/// # Errors
/// Where it does not parse.
pub(in crate::collect) fn read(file: &Arc<str>, text: &str) -> Result<Spot, SyntaxError> {
    let source = Source::new(file, text);
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| syntax(&error))?;
    source.spot(raw)
}

pub(super) fn syntax(error: &serde_json::Error) -> SyntaxError {
    SyntaxError { line: u32::try_from(error.line()).unwrap_or(u32::MAX), message: error.to_string() }
}

impl<'t> Source<'t> {
    pub(in crate::collect) fn new(file: &Arc<str>, text: &'t str) -> Self {
        Self { file: file.clone(), text, near: Cell::new((0, 1)) }
    }

    /// Where a part of the text stands.
    pub(in crate::collect) fn place(&self, part: &str) -> Place {
        // The part borrows from the text, so that their addresses tell its offset.
        let offset = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        Place { file: self.file.clone(), line: u32::try_from(self.line(offset)).unwrap_or(u32::MAX) }
    }

    /// 1-based
    fn line(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let (known, line) = self.near.get();
        let between = &self.text.as_bytes()[known.min(offset)..known.max(offset)];
        let ends = memchr::memchr_iter(b'\n', between).count();
        let line = if offset < known { line - ends } else { line + ends };
        self.near.set((offset, line));
        line
    }

    /// Where the key of a value stands: what precedes the value is the colon, and what precedes that the key's end.
    fn key(&self, value: &RawValue) -> Place {
        let offset = value.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let before = self.text.get(..offset).unwrap_or_default().trim_end();
        let before = before.strip_suffix(':').unwrap_or(before).trim_end();
        let line = self.line(before.len().saturating_sub(1));
        Place { file: self.file.clone(), line: u32::try_from(line).unwrap_or(u32::MAX) }
    }

    /// The value of a part of the text.
    ///
    /// # Errors
    /// When it is nested too deeply.
    pub(super) fn spot(&self, raw: &RawValue) -> Result<Spot, SyntaxError> {
        self.within(raw, 0)
    }

    fn within(&self, raw: &RawValue, depth: usize) -> Result<Spot, SyntaxError> {
        let at = self.place(raw.get());
        if depth > MAX_DEPTH {
            return Err(SyntaxError { line: at.line, message: "nested too deeply".to_owned() });
        }
        let value = match raw.get().as_bytes().first() {
            Some(b'{') => {
                let mut map = Map::default();
                for (key, value) in parts(raw.get(), Parts::Entries).map_err(|error| syntax(&error))? {
                    let mut spot = self.within(value, depth + 1)?;
                    if matches!(spot.value, Value::Map(_) | Value::List(_)) {
                        spot.at = self.key(value);
                    }
                    map.entries.insert(key, spot);
                }
                Value::Map(map)
            }
            Some(b'[') => {
                let items = parts(raw.get(), Parts::Items).map_err(|error| syntax(&error))?;
                Value::List(items.into_iter().map(|(_, item)| self.within(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Value::text(serde_json::from_str::<String>(raw.get()).map_err(|error| syntax(&error))?),
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') | None => Value::Nothing,
            Some(_) => Value::Number(raw.get().to_owned()),
        };
        Ok(Spot::new(value, at))
    }
}

/// The keys and values of an object; a key that is written twice comes twice.
///
/// # Errors
/// When it is no object.
pub(in crate::collect) fn entries(raw: &RawValue) -> Result<Vec<(String, &RawValue)>, serde_json::Error> {
    parts(raw.get(), Parts::Entries)
}

#[derive(Clone, Copy)]
enum Parts {
    Entries,
    Items,
}

/// The keys and values of an object, or the items of an array; a key that is written twice comes twice.
fn parts(text: &str, what: Parts) -> Result<Vec<(String, &RawValue)>, serde_json::Error> {
    struct Collect;
    impl<'de> Visitor<'de> for Collect {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an object or an array")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(entry) = map.next_entry::<String, &RawValue>()? {
                all.push(entry);
            }
            Ok(all)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(item) = items.next_element::<&RawValue>()? {
                all.push((String::new(), item));
            }
            Ok(all)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match what {
        Parts::Entries => deserializer.deserialize_map(Collect),
        Parts::Items => deserializer.deserialize_seq(Collect),
    }
    .map_err(serde_json::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_values_as_written_and_their_lines() {
        let text = "{\n  \"a\": {\"Ref\": \"x\"},\n  \"version\": 16.10,\n  \"list\": [true,\n null, \"\\u0062\"]\n}\n";
        let spot = read(&"a.json".into(), text).unwrap();
        let version = spot.entry("version").unwrap();
        assert_eq!((version.text(), version.at.line), (Some("16.10"), 3));
        let item = spot.entry("list").unwrap().entry("2").unwrap();
        assert_eq!((item.text(), item.at.line), (Some("b"), 5));
        assert_eq!(spot.entry("a").unwrap().entry("Ref").unwrap().text(), Some("x"));
        let spaced = read(&"a.json".into(), "{\n \"a\"\n :\n {\n \"b\": 1}}").unwrap();
        assert_eq!(spaced.entry("a").unwrap().at.line, 2);
    }

    #[test]
    fn tells_lines_in_any_order() {
        let text = "[\n1,\n2,\n\n3]";
        let source = Source::new(&"a.json".into(), text);
        for (part, line) in [("3", 5), ("1", 2), ("2", 3), ("3", 5), ("[", 1)] {
            let at = text.find(part).unwrap();
            assert_eq!(source.place(&text[at..]).line, line, "{part}");
        }
    }

    #[test]
    fn refuses_what_is_broken_or_hostile() {
        for text in ["", "{", "{\"a\": 1,}", "[1 2]", "{} {}", &"[".repeat(100_000), &"{\"a\":".repeat(100_000)] {
            assert!(read(&"a".into(), text).is_err());
        }
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert!(read(&"a".into(), &deep).unwrap_err().message.contains("deeply"));
    }
}

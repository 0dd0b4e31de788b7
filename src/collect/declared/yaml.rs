//! YAML as values with places. The parser hands out events, so no nesting can overflow the stack.

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::value::{Map, Place, Spot, Value};

/// A document nested deeper than this is no configuration.
const MAX_DEPTH: usize = 64;

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
}

/// The first document of the text. Aliases are [`Value::Unknown`], so that none can multiply.
pub(super) fn read(file: &std::sync::Arc<str>, text: &str) -> Result<Spot, SyntaxError> {
    let mut stack: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| SyntaxError {
            line: u32::try_from(error.marker().line()).unwrap_or(u32::MAX),
            message: error.info().to_owned(),
        })?;
        let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
        let at = Place { file: file.clone(), line };
        let done = match event {
            Event::Scalar(text, style, _, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                Spot::new(scalar(text.into_owned(), plain), at)
            }
            Event::Alias(_) => Spot::unknown(format!("a YAML alias at line {line}"), at),
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                if stack.len() >= MAX_DEPTH {
                    return Err(SyntaxError { line, message: "nested too deeply".to_owned() });
                }
                let is_map = matches!(event, Event::MappingStart(..));
                let value = if is_map { Value::Map(Map::default()) } else { Value::List(Vec::new()) };
                stack.push(Open { spot: Spot::new(value, at), key: None, is_map });
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match stack.pop() {
                Some(open) => open.spot,
                None => continue,
            },
            Event::DocumentEnd => break,
            _ => continue,
        };
        match stack.last_mut() {
            None => return Ok(done),
            Some(open) => open.take(done),
        }
    }
    Ok(Spot::new(Value::Nothing, Place { file: file.clone(), line: 1 }))
}

impl Open {
    fn take(&mut self, spot: Spot) {
        match &mut self.spot.value {
            Value::List(list) => list.push(spot),
            Value::Map(map) if self.is_map => match self.key.take() {
                None => self.key = Some(spot.scalar().unwrap_or_default().to_owned()),
                Some(key) => {
                    map.entries.insert(key, spot);
                }
            },
            _ => {}
        }
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
    fn refuses_what_is_broken_or_hostile() {
        assert!(read(&"a".into(), "a: [").is_err());
        assert!(read(&"a".into(), &"[".repeat(100_000)).is_err());
        assert!(read(&"a".into(), &"- ".repeat(100_000)).is_err());
        assert!(read(&"a".into(), "").unwrap().is_nothing());
    }
}

//! YAML as JSON, every scalar a text as it is written.

use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

/// A collection that is still open, with its entries; of a mapping, keys and values in turn.
struct Open {
    is_mapping: bool,
    entries: Vec<Value>,
}

/// The one document of a text.
#[track_caller]
pub(crate) fn parse(text: &str) -> Value {
    let mut stack: Vec<Open> = Vec::new();
    let mut documents = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.unwrap_or_else(|error| panic!("{error} in\n{text}"));
        let done = match event {
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                let is_mapping = matches!(event, Event::MappingStart(..));
                stack.push(Open { is_mapping, entries: Vec::new() });
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => stack.pop().unwrap().close(),
            Event::Alias(_) => panic!("an alias in\n{text}"),
            _ => continue,
        };
        stack.last_mut().map_or(&mut documents, |open| &mut open.entries).push(done);
    }
    assert_eq!(documents.len(), 1, "one document in\n{text}");
    documents.remove(0)
}

impl Open {
    #[track_caller]
    fn close(self) -> Value {
        if !self.is_mapping {
            return Value::Array(self.entries);
        }
        let mut map = Map::new();
        for pair in self.entries.chunks(2) {
            let key = pair[0].as_str().unwrap().to_owned();
            assert!(map.insert(key.clone(), pair[1].clone()).is_none(), "{key} is there twice");
        }
        Value::Object(map)
    }
}

/// The texts of a list.
#[track_caller]
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    let list = value.as_array().unwrap_or_else(|| panic!("no list: {value}"));
    list.iter().map(|it| it.as_str().unwrap()).collect()
}

#[test]
fn yaml_is_read_as_it_is_written() {
    let value = parse("a: [1, 'x']\nb:\n  - run: >-\n      c\n      d\n    on: false\n");
    let expected = serde_json::json!({ "a": ["1", "x"], "b": [{ "run": "c d", "on": "false" }] });
    assert_eq!(value, expected);
}

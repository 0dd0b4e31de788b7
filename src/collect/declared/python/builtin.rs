//! Functions and methods of the language itself, as far as versions and conditions are written with them.

use super::program::{At, Program, Run, Thing, truthy};
use super::{files, text};
use crate::collect::declared::value::{Map, Spot, Value};

/// A range longer than this is no list of databases.
const MAX_RANGE: usize = 100;

/// Whether objects of a foreign class only hold what they are given: `InstanceArgs`, `BackupProps`.
pub(super) fn is_record(class: &str) -> bool {
    ["Args", "ArgsDict", "Props", "Options"].iter().any(|ending| class.ends_with(ending))
}

impl Program {
    /// The values that a call passes by position; `None` when it spreads some.
    fn positions(&self, at: At, run: &Run) -> Vec<Spot> {
        (0..self.arguments(at).len()).map_while(|index| self.argument(at, index, "", run)).collect()
    }

    pub(super) fn builtin(&self, name: &str, at: At, run: &Run) -> Thing {
        if let Some(Thing::Bag(items)) = self.passed(at, 0, "", run) {
            return match name {
                "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" => Thing::Bag(items),
                "len" => self.known(at, Value::Number(items.len().to_string())),
                "enumerate" => {
                    let unknown = || self.lost(at, "its order is not known");
                    let pair = |item: Spot| Spot::new(Value::List(vec![unknown(), item.clone()]), item.at);
                    Thing::Bag(items.into_iter().map(pair).collect())
                }
                _ => self.unknown(at, "only a run tells"),
            };
        }
        let given = self.positions(at, run);
        let unknown = || match given.iter().find_map(Spot::lost) {
            Some(reason) => Thing::Data(Spot::unknown(reason, self.place(at))),
            None => self.unknown(at, "only a run tells"),
        };
        let list = |items: Vec<Spot>| self.known(at, Value::List(items));
        match (name, &given[..]) {
            ("open", [path, ..]) if path.text().is_some() => files::file(path.text().unwrap_or_default()),
            ("str", [value]) => Thing::Data(self.text(value, at)),
            ("int", [value]) => match value.text().and_then(text::integer) {
                Some(number) => Thing::Data(Spot::new(Value::Number(number), value.at.clone())),
                None => unknown(),
            },
            ("float", [value]) => match value.text().and_then(text::float) {
                Some(number) => Thing::Data(Spot::new(Value::Number(number), value.at.clone())),
                None => unknown(),
            },
            ("bool", [value]) => match truthy(&value.value) {
                Some(holds) => self.known(at, Value::Bool(holds)),
                None => unknown(),
            },
            ("dict", []) => Thing::Data(self.keywords(at, &[], run)),
            ("dict", [first]) => match &first.value {
                Value::Map(base) => {
                    let mut map = base.clone();
                    map.spread(&self.keywords(at, &[], run));
                    self.known(at, Value::Map(map))
                }
                _ => unknown(),
            },
            ("list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed", [value]) => match (&value.value, name) {
                (Value::List(items), "reversed") => list(items.iter().rev().cloned().collect()),
                (Value::List(items), "list" | "tuple") => list(items.clone()),
                (Value::List(items), _) => Thing::Bag(items.clone()),
                (Value::Map(map), _) if map.open.is_none() => Thing::Bag(keys(map, value)),
                _ => unknown(),
            },
            ("enumerate", [value]) => match &value.value {
                Value::List(items) => list(numbered(items)),
                _ => unknown(),
            },
            ("zip", [first, second]) => match (&first.value, &second.value) {
                (Value::List(first), Value::List(second)) => {
                    let pairs = first.iter().zip(second);
                    list(pairs.map(|(a, b)| Spot::new(Value::List(vec![a.clone(), b.clone()]), a.at.clone())).collect())
                }
                _ => unknown(),
            },
            ("range", bounds) => {
                let number = |spot: &Spot| spot.text()?.parse::<usize>().ok();
                let (from, to) = match bounds {
                    [to] => (Some(0), number(to)),
                    [from, to] => (number(from), number(to)),
                    _ => (None, None),
                };
                match (from, to) {
                    (Some(from), Some(to)) if to.saturating_sub(from) <= MAX_RANGE => {
                        let number = |number: usize| Spot::new(Value::Number(number.to_string()), self.place(at));
                        list((from..to).map(number).collect())
                    }
                    _ => unknown(),
                }
            }
            ("len", [value]) => match &value.value {
                Value::List(items) => self.known(at, Value::Number(items.len().to_string())),
                Value::Map(map) if map.open.is_none() => self.known(at, Value::Number(map.entries.len().to_string())),
                _ => unknown(),
            },
            ("getattr", [_, name, ..]) => match (self.passed(at, 0, "", run), name.text()) {
                (Some(object), Some(text)) => match self.member(object, text, at, run) {
                    // Its name is what is written.
                    Thing::Data(mut spot) if spot.at == self.place(at) => {
                        spot.at = name.at.clone();
                        Thing::Data(spot)
                    }
                    other => other,
                },
                _ => unknown(),
            },
            _ => unknown(),
        }
    }

    pub(super) fn method(&self, object: &Spot, method: &str, at: At, run: &Run) -> Spot {
        let given = self.positions(at, run);
        if let Value::Unknown(reason) = &object.value {
            return Spot::unknown(reason, self.place(at));
        }
        if let Some(reason) = given.iter().find_map(Spot::lost)
            && !matches!(object.value, Value::Map(_))
        {
            return Spot::unknown(reason, self.place(at));
        }
        let text = |text: &str| Spot::new(Value::text(text), object.at.clone());
        let boolean = |holds: bool| Spot::new(Value::Bool(holds), self.place(at));
        let texts: Vec<Option<&str>> = given
            .iter()
            .map(|spot| match &spot.value {
                Value::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let found = match (&object.value, method, &texts[..]) {
            (Value::Text(own), "format", _) => {
                let named = self.keywords(at, &[], run);
                Some(self.filled(text::fields(own), &given, Some(&named), at))
            }
            (Value::Text(own), _, []) => match method {
                "strip" => Some(text(own.trim())),
                "lstrip" => Some(text(own.trim_start())),
                "rstrip" => Some(text(own.trim_end())),
                "lower" | "casefold" => Some(text(&own.to_lowercase())),
                "upper" => Some(text(&own.to_uppercase())),
                "split" => Some(Spot::new(Value::List(own.split_whitespace().map(text).collect()), object.at.clone())),
                _ => None,
            },
            (Value::Text(own), _, [Some(part)]) => match method {
                "startswith" => Some(boolean(own.starts_with(part))),
                "endswith" => Some(boolean(own.ends_with(part))),
                "removeprefix" => Some(text(own.strip_prefix(part).unwrap_or(own))),
                "removesuffix" => Some(text(own.strip_suffix(part).unwrap_or(own))),
                "split" if !part.is_empty() => {
                    Some(Spot::new(Value::List(own.split(part).map(text).collect()), object.at.clone()))
                }
                _ => None,
            },
            (Value::Text(own), "replace", [Some(old), Some(new)]) if !old.is_empty() => {
                Some(text(&own.replace(old, new)))
            }
            (Value::Text(own), "split" | "rsplit", [Some(part), None])
                if given[1].text() == Some("1") && !part.is_empty() =>
            {
                let pair = if method == "split" { own.split_once(part) } else { own.rsplit_once(part) };
                let parts = pair.map_or_else(|| vec![text(own)], |(a, b)| vec![text(a), text(b)]);
                Some(Spot::new(Value::List(parts), object.at.clone()))
            }
            (Value::Text(own), "startswith", [None]) => match &given[0].value {
                Value::List(items) => {
                    let parts: Option<Vec<&str>> = items.iter().map(Spot::scalar).collect();
                    parts.map(|parts| boolean(parts.iter().any(|part| own.starts_with(part))))
                }
                _ => None,
            },
            (Value::Text(own), "join", [None]) => match &given[0].value {
                Value::List(items) => {
                    let parts: Option<Vec<&str>> = items.iter().map(Spot::text).collect();
                    parts.map(|parts| Spot::new(Value::text(parts.join(own)), self.place(at)))
                }
                _ => None,
            },
            (Value::Map(map), "get" | "pop", _) => self.get(object, map, at, run),
            (Value::Map(_) | Value::List(_), "copy", []) => Some(object.clone()),
            (Value::Map(base), "_replace", []) => {
                let mut merged = base.clone();
                merged.spread(&self.keywords(at, &[], run));
                Some(Spot::new(Value::Map(merged), object.at.clone()))
            }
            _ => None,
        };
        found.unwrap_or_else(|| self.lost(at, "only a run tells"))
    }

    /// `.get(key, default)`
    fn get(&self, object: &Spot, map: &Map, at: At, run: &Run) -> Option<Spot> {
        let key = self.argument(at, 0, "key", run)?;
        let Some(name) = key.scalar() else {
            return key.lost().map(|reason| Spot::unknown(reason, self.place(at)));
        };
        if map.entries.contains_key(name) || map.open.is_some() {
            return object.entry(name);
        }
        let nothing = || Spot::new(Value::Nothing, self.place(at));
        Some(self.argument(at, 1, "default", run).unwrap_or_else(nothing))
    }
}

fn numbered(items: &[Spot]) -> Vec<Spot> {
    let pair = |(index, item): (usize, &Spot)| {
        let number = Spot::new(Value::Number(index.to_string()), item.at.clone());
        Spot::new(Value::List(vec![number, item.clone()]), item.at.clone())
    };
    items.iter().enumerate().map(pair).collect()
}

pub(super) fn keys(map: &Map, of: &Spot) -> Vec<Spot> {
    map.entries.keys().map(|key| Spot::new(Value::text(key.as_str()), of.at.clone())).collect()
}

/// `.items()`, `.keys()` and `.values()` of a dictionary, whose order is not kept here.
pub(super) fn view(map: &Map, method: &str, of: &Spot) -> Option<Thing> {
    if map.open.is_some() {
        return None;
    }
    let pair = |(key, value): (&String, &Spot)| {
        let key = Spot::new(Value::text(key.as_str()), value.at.clone());
        Spot::new(Value::List(vec![key, value.clone()]), value.at.clone())
    };
    match method {
        "items" => Some(Thing::Bag(map.entries.iter().map(pair).collect())),
        "keys" => Some(Thing::Bag(keys(map, of))),
        "values" => Some(Thing::Bag(map.entries.values().cloned().collect())),
        _ => None,
    }
}

//! The few methods that versions, lists of databases and conditions on stack names are written with.

use oxc_span::Span;

use super::frame::Scope;
use crate::collect::declared::value::{Map, Spot, Value, concat};

/// More parts of a text are no version.
const MAX_PARTS: usize = 64;

/// `Object.entries(…)`
pub(super) fn of_object(scope: &Scope<'_>, span: Span, method: &str, arguments: &[Spot]) -> Spot {
    let unclear = || scope.lost(span, "only a run tells");
    let Some(first) = arguments.first() else { return unclear() };
    match method {
        "freeze" | "seal" => return first.clone(),
        "assign" => {
            let mut map = Map::default();
            for spot in arguments {
                map.spread(spot);
            }
            return scope.known(span, Value::Map(map));
        }
        _ => {}
    }
    let key = |key: &String, value: &Spot| Spot::new(Value::text(key.as_str()), value.at.clone());
    match (&first.value, method) {
        (Value::Unknown(reason) | Value::Output { reason, .. }, _) => Spot::unknown(reason, scope.place(span)),
        (Value::Map(map), _) if map.open.is_some() => {
            Spot::unknown(map.open.clone().unwrap_or_default(), scope.place(span))
        }
        (Value::Map(map), "keys") => {
            scope.known(span, Value::List(map.entries.iter().map(|(name, value)| key(name, value)).collect()))
        }
        (Value::Map(map), "values") => scope.known(span, Value::List(map.entries.values().cloned().collect())),
        (Value::Map(map), "entries") => {
            let pair = |(name, value): (&String, &Spot)| {
                Spot::new(Value::List(vec![key(name, value), value.clone()]), value.at.clone())
            };
            scope.known(span, Value::List(map.entries.iter().map(pair).collect()))
        }
        (Value::List(items), "fromEntries") => {
            let mut map = Map::default();
            for item in items {
                match (item.entry("0").and_then(|key| key.scalar().map(str::to_owned)), item.entry("1")) {
                    (Some(key), Some(value)) => drop(map.entries.insert(key, value)),
                    _ => return unclear(),
                }
            }
            scope.known(span, Value::Map(map))
        }
        _ => unclear(),
    }
}

pub(super) fn of_value(scope: &Scope<'_>, span: Span, object: &Spot, method: &str, arguments: &[Spot]) -> Spot {
    if let Some(reason) = object.lost().or_else(|| arguments.iter().find_map(Spot::lost)) {
        return Spot::unknown(reason, scope.place(span));
    }
    let text = |text: String| Spot::new(Value::text(text), object.at.clone());
    let boolean = |holds: bool| scope.known(span, Value::Bool(holds));
    let unclear = || scope.lost(span, "only a run tells");
    let part = arguments.first().and_then(Spot::scalar);
    if let Value::List(items) = &object.value {
        return match (method, part) {
            ("includes", Some(part)) if items.iter().all(|item| item.scalar().is_some()) => {
                boolean(items.iter().any(|item| item.scalar() == Some(part)))
            }
            ("at", Some(index)) => match index.parse::<usize>() {
                Ok(_) => object.entry(index).unwrap_or_else(unclear),
                Err(_) => unclear(),
            },
            ("concat", _) => {
                let more = arguments.iter().map(|more| match &more.value {
                    Value::List(more) => more.clone(),
                    _ => vec![more.clone()],
                });
                scope.known(span, Value::List(items.iter().cloned().chain(more.flatten()).collect()))
            }
            ("join", _) => {
                let between = Spot::new(Value::text(part.unwrap_or(",")), scope.place(span));
                let mut parts = Vec::new();
                for item in items {
                    if !parts.is_empty() {
                        parts.push(between.clone());
                    }
                    parts.push(item.clone());
                }
                concat(parts, scope.place(span))
            }
            _ => unclear(),
        };
    }
    let Some(value) = object.scalar() else {
        return if object.is_nothing() { scope.known(span, Value::Nothing) } else { unclear() };
    };
    match (method, part) {
        ("toString" | "valueOf", None) => text(value.to_owned()),
        ("trim", None) => text(value.trim().to_owned()),
        ("toLowerCase", None) => text(value.to_lowercase()),
        ("toUpperCase", None) => text(value.to_uppercase()),
        ("startsWith", Some(part)) => boolean(value.starts_with(part)),
        ("endsWith", Some(part)) => boolean(value.ends_with(part)),
        ("includes", Some(part)) => boolean(value.contains(part)),
        ("split", Some(part)) if !part.is_empty() => {
            let parts = value.split(part).take(MAX_PARTS).map(|part| text(part.to_owned()));
            scope.known(span, Value::List(parts.collect()))
        }
        ("replace", Some(part)) => match arguments.get(1).and_then(Spot::scalar) {
            Some(with) if !with.contains('$') => text(value.replacen(part, with, 1)),
            _ => unclear(),
        },
        ("concat", Some(_)) => {
            let parts = std::iter::once(object.clone()).chain(arguments.iter().cloned());
            concat(parts, scope.place(span))
        }
        _ => unclear(),
    }
}

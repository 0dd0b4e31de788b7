//! Texts, lists, dictionaries, and what operators make of them.

use super::files;
use super::program::{At, Program, Run};
use super::syntax::{Argument, ExprId, Passed};
use super::text::{self, Piece};
use crate::collect::declared::value::{Map, Spot, Value, concat};

/// More items are no versions.
const MAX_ITEMS: usize = 10_000;

impl Program {
    pub(super) fn template(&self, at: At, parts: &[ExprId], run: &Run) -> Spot {
        let spots: Vec<Spot> = parts.iter().map(|part| self.spot(At { module: at.module, expr: *part }, run)).collect();
        match &spots[..] {
            // Nothing but a reference: the value is written there.
            [only] => self.text(only, at),
            _ => concat(spots, self.place(at)),
        }
    }

    /// As a text; the place stays.
    pub(super) fn text(&self, spot: &Spot, at: At) -> Spot {
        match (&spot.value, spot.scalar(), spot.lost()) {
            (Value::Bool(value), ..) => Spot::new(Value::text(if *value { "True" } else { "False" }), spot.at.clone()),
            (_, Some(text), _) => Spot::new(Value::text(text), spot.at.clone()),
            (_, None, Some(_)) => spot.clone(),
            (_, None, None) => self.lost(at, "only a run tells"),
        }
    }

    pub(super) fn subscript(&self, at: At, object: At, key: At, run: &Run) -> Spot {
        let whole = self.spot(object, run);
        if let Value::Unknown(reason) = &whole.value {
            return Spot::unknown(reason, self.place(at));
        }
        let key = self.spot(key, run);
        match (&whole.value, key.scalar(), key.lost()) {
            (_, _, Some(reason)) => Spot::unknown(reason, self.place(at)),
            (Value::Map(map), Some(name), _) if map.open.is_none() && !map.entries.contains_key(name) => {
                self.lost(at, &format!("there is no {name}"))
            }
            (Value::Map(_), Some(name), _) => whole.entry(name).unwrap_or_else(|| self.lost(at, "only a run tells")),
            (Value::List(items), Some(index), _) => {
                let index = match index.strip_prefix('-') {
                    Some(back) => back.parse().ok().and_then(|back| items.len().checked_sub(back)),
                    None => index.parse().ok(),
                };
                let item = index.and_then(|index: usize| items.get(index));
                item.cloned().unwrap_or_else(|| self.lost(at, "only a run tells"))
            }
            _ => self.lost(at, "only a run tells"),
        }
    }

    pub(super) fn list(&self, at: At, items: &[Argument], run: &Run) -> Spot {
        let mut list = Vec::new();
        for item in items {
            let here = At { module: at.module, expr: item.value };
            let spot = self.spot(here, run);
            match (&item.passed, spot.value) {
                (Passed::Splat, Value::List(inner)) => list.extend(inner),
                (Passed::Splat, _) => return self.lost(at, "only a run tells"),
                (_, value) => list.push(Spot::new(value, spot.at)),
            }
            if list.len() > MAX_ITEMS {
                return self.lost(at, "it is too long");
            }
        }
        Spot::new(Value::List(list), self.place(at))
    }

    pub(super) fn dictionary(&self, at: At, pairs: &[(Option<ExprId>, ExprId)], run: &Run) -> Spot {
        let mut map = Map::default();
        for (key, value) in pairs {
            let here = |expr: ExprId| At { module: at.module, expr };
            let spot = self.spot(here(*value), run);
            let Some(key) = key else {
                match spot.lost() {
                    Some(why) => {
                        let code = self.code(here(*value));
                        map.forget(&format!("**{code} may set it, and cannot be known: {why}"));
                    }
                    None => map.spread(&spot),
                }
                continue;
            };
            match self.spot(here(*key), run).scalar() {
                Some(key) => drop(map.entries.insert(key.to_owned(), spot)),
                None => map.forget(&format!("{} may set it", self.code(here(*key)))),
            }
        }
        Spot::new(Value::Map(map), self.place(at))
    }

    pub(super) fn binary(&self, at: At, left: &Spot, operator: &str, right: &Spot) -> Spot {
        let place = self.place(at);
        let decided = |outcome: Option<bool>, negated: bool| match (outcome, left.lost().or(right.lost())) {
            (Some(holds), _) => Spot::new(Value::Bool(holds != negated), place.clone()),
            (None, Some(reason)) => Spot::unknown(reason, place.clone()),
            (None, None) => self.lost(at, "only a run tells"),
        };
        let number = |spot: &Spot| match &spot.value {
            Value::Number(text) => text.parse::<f64>().ok(),
            _ => None,
        };
        let order = || number(left)?.partial_cmp(&number(right)?);
        match operator {
            "==" | "is" => decided(same(left, right), false),
            "!=" | "is not" => decided(same(left, right), true),
            "in" => decided(contains(right, left), false),
            "not in" => decided(contains(right, left), true),
            "<" => decided(order().map(std::cmp::Ordering::is_lt), false),
            "<=" => decided(order().map(std::cmp::Ordering::is_le), false),
            ">" => decided(order().map(std::cmp::Ordering::is_gt), false),
            ">=" => decided(order().map(std::cmp::Ordering::is_ge), false),
            "+" => match (&left.value, &right.value) {
                (Value::List(a), Value::List(b)) if a.len() + b.len() <= MAX_ITEMS => {
                    Spot::new(Value::List(a.iter().chain(b).cloned().collect()), place)
                }
                (Value::Text(_), Value::Text(_)) => concat([left.clone(), right.clone()], place),
                _ => decided(None, false),
            },
            "/" if matches!(left.value, Value::Text(_)) => files::joined(self, &[left.clone(), right.clone()], at),
            "|" => match (&left.value, &right.value) {
                (Value::Map(map), Value::Map(_)) => {
                    let mut map = map.clone();
                    map.spread(right);
                    Spot::new(Value::Map(map), left.at.clone())
                }
                _ => decided(None, false),
            },
            "%" => match &left.value {
                Value::Text(template) => {
                    let values = match &right.value {
                        Value::List(items) => items.clone(),
                        _ => vec![right.clone()],
                    };
                    self.filled(text::percents(template), &values, None, at)
                }
                _ => decided(None, false),
            },
            _ => decided(None, false),
        }
    }

    /// A template with values in it.
    pub(super) fn filled(&self, pieces: Option<Vec<Piece>>, values: &[Spot], named: Option<&Spot>, at: At) -> Spot {
        let Some(pieces) = pieces else { return self.lost(at, "only a run tells") };
        let parts = pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => Spot::new(Value::text(text), self.place(at)),
            Piece::Position(index) => match values.get(index) {
                Some(value) => self.text(value, at),
                None => self.lost(at, "only a run tells"),
            },
            Piece::Name(name) => match named.and_then(|named| named.entry(&name)) {
                Some(value) => self.text(&value, at),
                None => self.lost(at, "only a run tells"),
            },
        });
        concat(parts.collect::<Vec<_>>(), self.place(at))
    }
}

/// Whether two values are the same, where a list is compared item by item.
fn same(left: &Spot, right: &Spot) -> Option<bool> {
    match (&left.value, &right.value) {
        // Numbers are the same however they are written.
        (Value::Number(a), Value::Number(b)) => Some(a.parse::<f64>().ok()?.total_cmp(&b.parse::<f64>().ok()?).is_eq()),
        (Value::Nothing, Value::List(_) | Value::Map(_)) | (Value::List(_) | Value::Map(_), Value::Nothing) => {
            Some(false)
        }
        (Value::Nothing, Value::Output { .. }) | (Value::Output { .. }, Value::Nothing) => Some(false),
        _ => left.value.same(&right.value),
    }
}

fn contains(whole: &Spot, part: &Spot) -> Option<bool> {
    if part.lost().is_some() {
        return None;
    }
    match &whole.value {
        Value::Text(text) => Some(text.contains(part.scalar()?)),
        Value::Map(map) if map.entries.contains_key(part.scalar()?) => Some(true),
        Value::Map(map) => map.open.is_none().then_some(false),
        Value::List(items) => {
            let mut unknown = false;
            for item in items {
                match same(item, part) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => unknown = true,
                }
            }
            (!unknown).then_some(false)
        }
        _ => None,
    }
}

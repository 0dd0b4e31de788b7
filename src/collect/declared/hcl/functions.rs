//! The functions of Terraform that lead from what is written to a version, a name or a list of these.
//! <https://developer.hashicorp.com/terraform/language/functions>

use hcl_edit::expr::{Expression, FuncCall};

use super::eval::{Eval, MISSING, agreed, boolean, pairs, part_of, weight};
use super::files::FUNCTIONS;
use super::{patterns, terragrunt};
use crate::collect::declared::value::{Map, Place, Spot, Value, concat};

impl<'a> Eval<'a, '_> {
    pub(super) fn call(&self, expression: &'a Expression, call: &'a FuncCall, depth: u32) -> Spot {
        if call.name.is_namespaced() {
            return self.lost(expression, "only a run tells");
        }
        let name = call.name.name.as_str();
        if FUNCTIONS.contains(&name) {
            let read = self.filed(name, call, depth);
            return self.affordable(expression, read.unwrap_or_else(|| self.lost(expression, "only a run tells")));
        }
        let mut arguments: Vec<Spot> = call.args.iter().map(|argument| self.eval(argument, depth)).collect();
        // merge(local.list...)
        if call.args.expand_final()
            && let Some(last) = arguments.pop()
        {
            match last.value {
                Value::List(items) => arguments.extend(items),
                _ => return self.passed(expression, &[&last]),
            }
        }
        let at = self.source.place(expression);
        if let Some(found) = self.scope.and_then(|scope| terragrunt::call(scope, name, &arguments, &at, depth)) {
            return self.affordable(expression, found);
        }
        let found = match (name, &arguments[..]) {
            (
                "tostring" | "tonumber" | "tobool" | "toset" | "tolist" | "tomap" | "sensitive" | "nonsensitive",
                [only],
            ) => Some(only.clone()),
            ("try", all) => first_that_works(all),
            ("can", [only]) if only.lost().is_none() => Some(Spot::new(Value::Bool(true), at)),
            ("can", [only]) if is_missing(only) => Some(Spot::new(Value::Bool(false), at)),
            ("coalesce", all) => match all.iter().find(|spot| !is_blank(spot)) {
                Some(first) => Some(first.clone()),
                None => return self.lost(expression, BLANK),
            },
            ("merge", maps) => {
                let mut merged = Map::default();
                for map in maps {
                    merged.spread(map);
                }
                Some(Spot::new(Value::Map(merged), at))
            }
            ("lookup", [map, key, rest @ ..]) => look_up(map, key, rest.first()),
            ("format", [pattern, rest @ ..]) => patterns::format(pattern, rest, &at),
            ("regex" | "regexall", [pattern, whole]) => patterns::find(name, pattern, whole, &at),
            ("list", items) => Some(Spot::new(Value::List(items.to_vec()), at)),
            ("map", items) => paired(items, at),
            ("max" | "min", numbers) => extreme(name == "max", numbers),
            ("coalescelist", all) => {
                all.iter().find(|spot| !matches!(&spot.value, Value::List(items) if items.is_empty())).cloned()
            }
            ("range", numbers) => range(numbers, &at),
            ("setproduct", lists) => product(lists, &at),
            ("alltrue" | "anytrue", [Spot { value: Value::List(items), .. }]) => every(name == "alltrue", items, at),
            (name, [only]) => of_one(name, only, at),
            (name, [first, rest @ ..]) => of_several(name, first, rest, at),
            _ => None,
        };
        match found {
            Some(found) => self.affordable(expression, found),
            None => self.passed(expression, &arguments.iter().collect::<Vec<_>>()),
        }
    }
}

/// Why a call fails that is given nothing but nothing.
const BLANK: &str = "it comes to nothing";

/// Longer lists are not made.
const MAX_LIST: usize = 1000;

/// Of more values no product is made.
const MAX_PRODUCT: u32 = 10_000;

fn is_missing(spot: &Spot) -> bool {
    spot.lost().is_some_and(|why| why.ends_with(MISSING) || why.ends_with(BLANK))
}

/// The old `map("a", 1, "b", 2)`.
fn paired(items: &[Spot], at: Place) -> Option<Spot> {
    let mut map = Map::default();
    for pair in items.chunks(2) {
        let [key, value] = pair else { return None };
        map.entries.insert(key.scalar()?.to_owned(), value.clone());
    }
    Some(Spot::new(Value::Map(map), at))
}

/// The greatest of numbers, or the least.
fn extreme(is_greatest: bool, numbers: &[Spot]) -> Option<Spot> {
    let numbers: Option<Vec<(f64, &Spot)>> =
        numbers.iter().map(|spot| Some((spot.scalar()?.parse().ok()?, spot))).collect();
    let mut numbers = numbers?.into_iter();
    let first = numbers.next()?;
    let better = |a: f64, b: f64| if is_greatest { a > b } else { a < b };
    Some(numbers.fold(first, |best, one| if better(one.0, best.0) { one } else { best }).1.clone())
}

fn range(numbers: &[Spot], at: &Place) -> Option<Spot> {
    let numbers: Option<Vec<i64>> = numbers.iter().map(|spot| spot.scalar()?.parse().ok()).collect();
    let (start, end) = match numbers?.as_slice() {
        [end] => (0, *end),
        [start, end] => (*start, *end),
        _ => return None,
    };
    let length = usize::try_from(end.checked_sub(start)?.max(0)).ok().filter(|length| *length <= MAX_LIST)?;
    let items = (start..end).take(length).map(|number| Spot::new(Value::Number(number.to_string()), at.clone()));
    Some(Spot::new(Value::List(items.collect()), at.clone()))
}

/// Every choice of one item of each list.
fn product(lists: &[Spot], at: &Place) -> Option<Spot> {
    let mut all: Vec<Vec<Spot>> = vec![Vec::new()];
    let mut size = 1;
    for list in lists {
        let Value::List(items) = &list.value else { return None };
        size = weight(list).saturating_mul(size);
        if size > MAX_PRODUCT {
            return None;
        }
        let with = |chosen: &Vec<Spot>| {
            let chosen = chosen.clone();
            items.iter().map(move |item| chosen.iter().chain([item]).cloned().collect()).collect::<Vec<Vec<Spot>>>()
        };
        all = all.iter().flat_map(with).collect();
    }
    let all = all.into_iter().map(|chosen| Spot::new(Value::List(chosen), at.clone()));
    Some(Spot::new(Value::List(all.collect()), at.clone()))
}

fn every(all: bool, items: &[Spot], at: Place) -> Option<Spot> {
    let known: Option<Vec<bool>> = items.iter().map(boolean).collect();
    let mut known = known?.into_iter();
    let holds = if all { known.all(|holds| holds) } else { known.any(|holds| holds) };
    Some(Spot::new(Value::Bool(holds), at))
}

fn title(text: &str) -> String {
    let mut is_first = true;
    let letters = text.chars().flat_map(|c| {
        let upper = is_first && c.is_lowercase();
        is_first = !c.is_alphanumeric();
        if upper { c.to_uppercase().collect::<Vec<_>>() } else { vec![c] }
    });
    letters.collect()
}

/// The items without those that are there already; `None` when some cannot be told apart.
fn distinct(items: &[Spot]) -> Option<Vec<Spot>> {
    let mut found: Vec<Spot> = Vec::new();
    for item in items {
        let text = item.scalar()?;
        if !found.iter().any(|other| other.scalar() == Some(text)) {
            found.push(item.clone());
        }
    }
    Some(found)
}

/// `try` passes over what fails, not over `null`.
fn first_that_works(all: &[Spot]) -> Option<Spot> {
    all.iter().find(|spot| !is_missing(spot)).cloned()
}

fn is_blank(spot: &Spot) -> bool {
    spot.is_nothing() || matches!(&spot.value, Value::Text(text) if text.is_empty())
}

fn look_up(map: &Spot, key: &Spot, default: Option<&Spot>) -> Option<Spot> {
    let Some(key) = key.scalar() else {
        let values: Vec<Spot> = pairs(map)?.into_iter().map(|(_, value)| value).chain(default.cloned()).collect();
        return agreed(&values);
    };
    match (part_of(map, key), default) {
        (Some(found), _) => Some(found),
        (None, Some(default)) if matches!(map.value, Value::Map(_)) => Some(default.clone()),
        _ => None,
    }
}

fn of_one(name: &str, only: &Spot, at: Place) -> Option<Spot> {
    let text = |change: fn(&str) -> String| Some(Spot::new(Value::text(change(only.scalar()?)), only.at.clone()));
    let list = |items: Vec<Spot>| Some(Spot::new(Value::List(items), at.clone()));
    match (name, &only.value) {
        ("trimspace", _) => text(|text| text.trim().to_owned()),
        ("chomp", _) => text(|text| text.trim_end_matches(['\n', '\r']).to_owned()),
        ("title", _) => text(title),
        ("basename", _) => text(|text| text.rsplit('/').next().unwrap_or(text).to_owned()),
        ("dirname", _) => text(|text| text.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned()),
        ("abspath" | "pathexpand", _) if only.text().is_some_and(|text| text.starts_with('/')) => Some(only.clone()),
        ("lower", _) => text(str::to_lowercase),
        ("upper", _) => text(str::to_uppercase),
        ("floor", _) => {
            let number = only.scalar()?;
            number.parse::<f64>().ok()?;
            let whole = number.split('.').next().filter(|whole| !whole.is_empty() && !number.starts_with('-'))?;
            Some(Spot::new(Value::Number(whole.to_owned()), only.at.clone()))
        }
        ("length", value) => {
            let length = match value {
                Value::List(items) => items.len(),
                Value::Map(Map { entries, open: None }) => entries.len(),
                Value::Text(text) => text.chars().count(),
                _ => return None,
            };
            Some(Spot::new(Value::Number(length.to_string()), at))
        }
        ("keys", Value::Map(_)) => list(pairs(only)?.into_iter().map(|(key, _)| key).collect()),
        ("values", Value::Map(_)) => list(pairs(only)?.into_iter().map(|(_, value)| value).collect()),
        ("reverse", Value::List(items)) => list(items.iter().rev().cloned().collect()),
        ("compact", Value::List(items)) => list(items.iter().filter(|item| !is_blank(item)).cloned().collect()),
        ("flatten", Value::List(items)) => list(flat(items, 0)),
        ("distinct", Value::List(items)) => list(distinct(items)?),
        ("sort", Value::List(items)) => {
            let mut items = items.clone();
            items.iter().all(|item| item.scalar().is_some()).then_some(())?;
            items.sort_by(|a, b| a.scalar().cmp(&b.scalar()));
            list(items)
        }
        ("one", Value::List(items)) => match &items[..] {
            [] => Some(Spot::new(Value::Nothing, at)),
            [item] => Some(item.clone()),
            _ => None,
        },
        ("concat", Value::List(_)) => Some(only.clone()),
        _ => None,
    }
}

fn flat(items: &[Spot], depth: u32) -> Vec<Spot> {
    let flatten = |item: &Spot| match &item.value {
        Value::List(inner) if depth < 16 => flat(inner, depth + 1),
        _ => vec![item.clone()],
    };
    items.iter().flat_map(flatten).collect()
}

fn of_several(name: &str, first: &Spot, rest: &[Spot], at: Place) -> Option<Spot> {
    let second = rest.first()?;
    let texts = || Some((first.scalar()?, second.scalar()?));
    let text = |text: &str| Some(Spot::new(Value::text(text), first.at.clone()));
    let truth = |holds: bool| Some(Spot::new(Value::Bool(holds), at.clone()));
    match (name, &first.value, rest) {
        ("element", Value::List(items), [_]) => {
            let index: usize = second.scalar()?.parse().ok()?;
            items.get(index.checked_rem(items.len())?).cloned()
        }
        ("slice", Value::List(items), [_, end]) => {
            let (start, end): (usize, usize) = (second.scalar()?.parse().ok()?, end.scalar()?.parse().ok()?);
            Some(Spot::new(Value::List(items.get(start..end)?.to_vec()), at))
        }
        ("contains", Value::List(items), [_]) => {
            let wanted = second.scalar()?;
            let known: Option<Vec<&str>> = items.iter().map(Spot::scalar).collect();
            truth(known?.contains(&wanted))
        }
        ("concat", ..) => {
            let mut all = Vec::new();
            for spot in std::iter::once(first).chain(rest) {
                let Value::List(items) = &spot.value else { return None };
                all.extend(items.iter().cloned());
            }
            Some(Spot::new(Value::List(all), at))
        }
        ("join", ..) => {
            let separator = Spot::new(Value::text(first.scalar()?), at.clone());
            let mut parts = Vec::new();
            for spot in rest {
                let Value::List(items) = &spot.value else { return None };
                for item in items {
                    if !parts.is_empty() {
                        parts.push(separator.clone());
                    }
                    parts.push(item.clone());
                }
            }
            Some(concat(parts, at))
        }
        ("split", _, [_]) => {
            let (separator, whole) = texts()?;
            let items = whole.split(separator).map(|item| Spot::new(Value::text(item), second.at.clone()));
            if separator.is_empty() { None } else { Some(Spot::new(Value::List(items.collect()), at)) }
        }
        ("replace", _, [_, with]) => {
            let (whole, wanted) = texts()?;
            text(&patterns::replace(whole, wanted, with.scalar()?)?)
        }
        ("substr", _, [_, length]) => {
            let start: usize = second.scalar()?.parse().ok()?;
            let length: i64 = length.scalar()?.parse().ok()?;
            let tail = first.scalar()?.chars().skip(start);
            text(&tail.take(usize::try_from(length).unwrap_or(usize::MAX)).collect::<String>())
        }
        ("trim", _, [_]) => texts().and_then(|(whole, part)| text(whole.trim_matches(|c| part.contains(c)))),
        ("trimprefix", _, [_]) => texts().and_then(|(whole, part)| text(whole.strip_prefix(part).unwrap_or(whole))),
        ("trimsuffix", _, [_]) => texts().and_then(|(whole, part)| text(whole.strip_suffix(part).unwrap_or(whole))),
        ("startswith", _, [_]) => texts().and_then(|(whole, part)| truth(whole.starts_with(part))),
        ("endswith", _, [_]) => texts().and_then(|(whole, part)| truth(whole.ends_with(part))),
        ("strcontains", _, [_]) => texts().and_then(|(whole, part)| truth(whole.contains(part))),
        ("zipmap", Value::List(keys), [values]) => {
            let Value::List(values) = &values.value else { return None };
            let mut map = Map::default();
            for (key, value) in keys.iter().zip(values) {
                map.entries.insert(key.scalar()?.to_owned(), value.clone());
            }
            Some(Spot::new(Value::Map(map), at))
        }
        _ => None,
    }
}

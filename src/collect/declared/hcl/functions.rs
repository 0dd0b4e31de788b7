//! The functions of Terraform that lead from what is written to a version, a name or a list of these.
//! <https://developer.hashicorp.com/terraform/language/functions>

use std::path::PathBuf;

use hcl_edit::expr::{Expression, FuncCall, TraversalOperator};
use hcl_edit::template::Element;

use super::eval::{Eval, MISSING, pairs, part_of};
use crate::collect::declared::value::{Map, Place, Spot, Value, concat};
use crate::collect::declared::{json, yaml};
use crate::collect::files::Kind;

impl<'a> Eval<'a, '_> {
    pub(super) fn call(&self, expression: &'a Expression, call: &'a FuncCall, depth: u32) -> Spot {
        if call.name.is_namespaced() {
            return self.lost(expression, "only a run tells");
        }
        let name = call.name.name.as_str();
        if let ("file" | "jsondecode" | "yamldecode", Some(argument)) = (name, call.args.get(0)) {
            let read = self.read(name, argument, depth);
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
                None => return self.lost(expression, "it comes to nothing"),
            },
            ("merge", maps) => {
                let mut merged = Map::default();
                for map in maps {
                    merged.spread(map);
                }
                Some(Spot::new(Value::Map(merged), at))
            }
            ("lookup", [map, key, rest @ ..]) => look_up(map, key, rest.first()),
            ("format", [pattern, rest @ ..]) => format(pattern, rest, &at),
            (name, [only]) => of_one(name, only, at),
            (name, [first, rest @ ..]) => of_several(name, first, rest, at),
            _ => None,
        };
        match found {
            Some(found) => self.affordable(expression, found),
            None => self.passed(expression, &arguments.iter().collect::<Vec<_>>()),
        }
    }

    /// The text of a file of the code, or what it decodes to; `None` when it cannot be read.
    fn read(&self, name: &str, argument: &'a Expression, depth: u32) -> Option<Spot> {
        let tree = self.scope?.world.tree;
        let argument = match (name, argument) {
            ("file", argument) => argument,
            (_, Expression::FuncCall(inner)) if inner.name.name.as_str() == "file" => inner.args.get(0)?,
            _ => return None,
        };
        let path = tree.store.canonical(&self.path(argument, depth)?).ok()?;
        // What lies elsewhere on the machine is not part of the code, and nobody may be made to print it.
        if !tree.holds(&path) || !matches!(tree.store.kind(&path), Ok(Kind::File(_))) {
            return None;
        }
        let (text, file) = (tree.text(&path).ok()?, tree.shown(&path));
        match name {
            "file" => Some(Spot::new(Value::text(text), Place { file, line: 1 })),
            "jsondecode" => json::read(&file, &text).ok(),
            _ => yaml::read(&file, &text).ok(),
        }
    }

    /// A path as written: `"${path.module}/databases.yaml"`.
    fn path(&self, expression: &'a Expression, depth: u32) -> Option<PathBuf> {
        let scope = self.scope?;
        let Expression::StringTemplate(template) = expression else {
            return Some(scope.root.join(self.eval(expression, depth).text()?));
        };
        let mut elements = template.iter();
        let base = match elements.next()? {
            Element::Interpolation(inner) => match &inner.expr {
                Expression::Traversal(traversal) => match (&traversal.expr, &traversal.operators[..]) {
                    (Expression::Variable(root), [only]) if root.as_str() == "path" => match only.value() {
                        TraversalOperator::GetAttr(name) if name.as_str() == "module" => scope.folder.path.as_path(),
                        TraversalOperator::GetAttr(name) if name.as_str() == "root" => scope.root,
                        _ => return None,
                    },
                    _ => return None,
                },
                _ => return None,
            },
            _ => return Some(scope.root.join(self.eval(expression, depth).text()?)),
        };
        let at = self.source.place(expression);
        let rest = elements.map(|element| match element {
            Element::Literal(text) => Spot::new(Value::text(text.as_str()), at.clone()),
            Element::Interpolation(inner) => self.eval(&inner.expr, depth),
            Element::Directive(_) => Spot::unknown("a template directive", at.clone()),
        });
        let rest = concat(rest.collect::<Vec<_>>(), at.clone());
        Some(base.join(rest.text()?.trim_start_matches('/')))
    }
}

fn is_missing(spot: &Spot) -> bool {
    spot.lost().is_some_and(|why| why.ends_with(MISSING))
}

/// `try` passes over what fails, not over `null`.
fn first_that_works(all: &[Spot]) -> Option<Spot> {
    all.iter().find(|spot| !is_missing(spot)).cloned()
}

fn is_blank(spot: &Spot) -> bool {
    spot.is_nothing() || matches!(&spot.value, Value::Text(text) if text.is_empty())
}

fn look_up(map: &Spot, key: &Spot, default: Option<&Spot>) -> Option<Spot> {
    let key = key.scalar()?;
    match (part_of(map, key), default) {
        (Some(found), _) => Some(found),
        (None, Some(default)) if matches!(map.value, Value::Map(_)) => Some(default.clone()),
        _ => None,
    }
}

/// `%s`, `%d` and `%v`; other verbs are not for versions.
fn format(pattern: &Spot, arguments: &[Spot], at: &Place) -> Option<Spot> {
    let mut parts = Vec::new();
    let mut arguments = arguments.iter();
    let mut rest = pattern.scalar()?;
    let literal = |text: &str| Spot::new(Value::text(text), at.clone());
    while let Some((before, after)) = rest.split_once('%') {
        parts.push(literal(before));
        let verb = after.chars().next()?;
        match verb {
            '%' => parts.push(literal("%")),
            's' | 'd' | 'v' => parts.push(arguments.next()?.clone()),
            _ => return None,
        }
        rest = &after[verb.len_utf8()..];
    }
    parts.push(literal(rest));
    Some(concat(parts, at.clone()))
}

fn of_one(name: &str, only: &Spot, at: Place) -> Option<Spot> {
    let text = |change: fn(&str) -> String| Some(Spot::new(Value::text(change(only.scalar()?)), only.at.clone()));
    let list = |items: Vec<Spot>| Some(Spot::new(Value::List(items), at.clone()));
    match (name, &only.value) {
        ("trimspace", _) => text(|text| text.trim().to_owned()),
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
            // Between slashes it is a regular expression.
            if wanted.is_empty() || wanted.len() > 1 && wanted.starts_with('/') && wanted.ends_with('/') {
                return None;
            }
            text(&whole.replace(wanted, with.scalar()?))
        }
        ("substr", _, [_, length]) => {
            let start: usize = second.scalar()?.parse().ok()?;
            let length: i64 = length.scalar()?.parse().ok()?;
            let tail = first.scalar()?.chars().skip(start);
            text(&tail.take(usize::try_from(length).unwrap_or(usize::MAX)).collect::<String>())
        }
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

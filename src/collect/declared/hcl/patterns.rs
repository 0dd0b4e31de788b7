//! The functions of Terraform that take a pattern: of what to find, or of what to write.

use regex_lite::RegexBuilder;

use super::eval::MISSING;
use crate::collect::declared::value::{Map, Place, Spot, Value, concat};

/// A compiled pattern takes no more room.
const MAX_SIZE: usize = 1 << 16;

/// What `regex` and `regexall` find: a text, or what the groups hold. `None` when the pattern is of another dialect.
/// <https://developer.hashicorp.com/terraform/language/functions/regex>
pub(super) fn find(name: &str, pattern: &Spot, whole: &Spot, at: &Place) -> Option<Spot> {
    let text = whole.scalar()?;
    let pattern = RegexBuilder::new(pattern.scalar()?).size_limit(MAX_SIZE).build().ok()?;
    let names: Vec<Option<&str>> = pattern.capture_names().skip(1).collect();
    let part = |text: Option<&str>| {
        let value = text.map_or(Value::Nothing, Value::text);
        Spot::new(value, whole.at.clone())
    };
    let mut found = pattern.captures_iter(text).map(|captures| {
        let group = |index: usize| part(captures.get(index).map(|group| group.as_str()));
        if names.is_empty() {
            group(0)
        } else if names.iter().all(Option::is_some) {
            let entries =
                names.iter().enumerate().map(|(index, name)| (name.unwrap_or("").to_owned(), group(index + 1)));
            Spot::new(Value::Map(Map { entries: entries.collect(), open: None }), whole.at.clone())
        } else {
            Spot::new(Value::List((1..=names.len()).map(group).collect()), whole.at.clone())
        }
    });
    if name == "regexall" {
        return Some(Spot::new(Value::List(found.collect()), at.clone()));
    }
    let missing = || Spot::unknown(format!("{pattern} at line {}: {MISSING}", at.line), at.clone());
    Some(found.next().unwrap_or_else(missing))
}

/// `replace`, whose pattern is a regular expression between slashes.
/// <https://developer.hashicorp.com/terraform/language/functions/replace>
pub(super) fn replace(whole: &str, wanted: &str, with: &str) -> Option<String> {
    match wanted.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(pattern) => {
            let pattern = RegexBuilder::new(pattern).size_limit(MAX_SIZE).build().ok()?;
            Some(pattern.replace_all(whole, with).into_owned())
        }
        None if wanted.is_empty() => None,
        None => Some(whole.replace(wanted, with)),
    }
}

/// `%s`, `%v`, `%q` and `%d`, this also with a width as in `%02d`; other verbs are not for versions and names.
/// <https://developer.hashicorp.com/terraform/language/functions/format>
pub(super) fn format(pattern: &Spot, arguments: &[Spot], at: &Place) -> Option<Spot> {
    let mut parts = Vec::new();
    let mut arguments = arguments.iter();
    let mut rest = pattern.scalar()?;
    let literal = |text: &str| Spot::new(Value::text(text), at.clone());
    while let Some((before, after)) = rest.split_once('%') {
        parts.push(literal(before));
        let verb = after.find(|c: char| !c.is_ascii_digit())?;
        let (width, after) = after.split_at(verb);
        let verb = after.chars().next()?;
        match (verb, width) {
            ('%', "") => parts.push(literal("%")),
            ('s' | 'd' | 'v', "") => parts.push(arguments.next()?.clone()),
            ('d', width) => {
                let number = arguments.next()?;
                match (number.scalar(), width.parse::<usize>().ok().filter(|width| *width < 64)?) {
                    (Some(text), size) if width.starts_with('0') => parts.push(literal(&format!("{text:0>size$}"))),
                    (Some(text), size) => parts.push(literal(&format!("{text:>size$}"))),
                    (None, _) => parts.push(number.clone()),
                }
            }
            _ => return None,
        }
        rest = after.get(verb.len_utf8()..)?;
    }
    parts.push(literal(rest));
    Some(concat(parts, at.clone()))
}

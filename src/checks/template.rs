//! `{name}` placeholders in the texts of a check.

use std::collections::BTreeMap;

/// The names of the placeholders of a template, in order, repeated ones repeated.
pub fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    pieces(template).filter_map(|piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Text(_) => None,
    })
}

/// The template with its placeholders filled; `None` when a value is missing.
#[must_use]
pub fn fill(template: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let mut out = String::new();
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) => out.push_str(values.get(name)?),
        }
    }
    Some(out)
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// A brace that encloses no plain name is text: JSON and SQL arrays need no escaping.
fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(name) = name_at(rest) {
            rest = &rest[name.len() + 2..];
            return Some(Piece::Name(name));
        }
        let skip = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[skip..]
            .char_indices()
            .map(|(at, _)| at + skip)
            .find(|at| name_at(&rest[*at..]).is_some())
            .unwrap_or(rest.len());
        let (text, tail) = rest.split_at(end);
        rest = tail;
        Some(Piece::Text(text))
    })
}

fn name_at(text: &str) -> Option<&str> {
    let name = &text.strip_prefix('{')?[..text.find('}')?.checked_sub(1)?];
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
    plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_names_and_keeps_other_braces() {
        let values = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b_c".to_owned(), "{a}".to_owned())]);
        assert_eq!(fill("{a}-{b_c} {} {A} {\"x\": [{a}]}", &values).as_deref(), Some("1-{a} {} {A} {\"x\": [1]}"));
        assert_eq!(fill("{missing}", &values), None);
        assert_eq!(placeholders("x {a} {b_c}{a} {").collect::<Vec<_>>(), ["a", "b_c", "a"]);
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_keeps_plain_text(text in "[^{]{0,60}|.{0,60}") {
            let filled = fill(&text, &BTreeMap::new());
            if !text.contains('{') {
                proptest::prop_assert_eq!(filled, Some(text));
            }
        }
    }
}

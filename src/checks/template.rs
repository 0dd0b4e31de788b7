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

/// A command with its placeholders filled; `None` when a value is missing or empty. In the comment behind a command,
/// which begins with `-- `, a value is one line: a database's name may hold a newline, and what follows it would run.
#[must_use]
pub fn fill_command(template: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let mut out = String::new();
    let mut in_comment = false;
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => {
                in_comment |= text.contains("-- ");
                out.push_str(text);
            }
            Piece::Name(name) => {
                let value = values.get(name).filter(|value| !value.is_empty())?;
                if in_comment {
                    out.extend(value.chars().map(|c| if c.is_control() { '?' } else { c }));
                } else {
                    out.push_str(value);
                }
            }
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

    #[test]
    fn a_name_cannot_leave_the_comment_of_a_command() {
        let values =
            |name: &str| BTreeMap::from([("t".to_owned(), "\"a\nb\"".to_owned()), ("d".to_owned(), name.to_owned())]);
        let filled = fill_command("DROP TABLE {t};  -- in database {d}", &values("x\nDROP TABLE y;\r"));
        assert_eq!(filled.as_deref(), Some("DROP TABLE \"a\nb\";  -- in database x?DROP TABLE y;?"));
        assert_eq!(fill_command("DROP TABLE {t};  -- in database {d}", &values("")), None);
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

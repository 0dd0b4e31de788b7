//! Variables in texts, as shells and compose files write them.
//! <https://docs.docker.com/reference/compose-file/interpolation/>

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::collect::declared::value::{Place, Spot, Value};

/// Variables whose values or defaults hold variables are short chains; a ring of them ends here.
const MAX_DEPTH: usize = 8;

/// An image's name is shorter; so are its parts together.
const MAX_TEXT: usize = 1024;

/// What is longer as it is written names no image.
const MAX_WRITTEN: usize = 4096;

/// So many variables are filled into one text, also when they come to nothing.
const MAX_STEPS: usize = 1000;

/// Variables of a part of a file, and those around it.
#[derive(Clone, Copy)]
pub(super) struct Layer<'s> {
    own: Option<&'s Spot>,
    outer: Option<&'s Self>,
}

impl<'s> Layer<'s> {
    pub(super) fn of(own: Option<&'s Spot>) -> Self {
        Self { own, outer: None }
    }

    pub(super) fn within(own: Option<&'s Spot>, outer: &'s Self) -> Self {
        Self { own, outer: Some(outer) }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'s Spot> {
        self.own.and_then(|own| super::entry(own, name)).or_else(|| self.outer.and_then(|outer| outer.get(name)))
    }
}

/// A text with its variables filled in; those without a value stay, as `${NAME}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filled {
    pub text: String,
    /// Where the first of them gets its value.
    pub set_at: Option<Place>,
}

impl Filled {
    pub(super) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), set_at: None }
    }
}

/// Fills in `$NAME`, `${NAME}`, `${NAME:-default}` and their like.
pub(super) fn fill(text: &str, lookup: &dyn Fn(&str) -> Option<Spot>) -> Filled {
    if text.len() > MAX_WRITTEN {
        return Filled::of(text);
    }
    let mut filled = Filled { text: String::new(), set_at: None };
    let mut steps = MAX_STEPS;
    fill_within(text, lookup, &mut filled, 0, &mut steps);
    // Values that hold variables multiply.
    if steps == 0 || filled.text.len() > text.len().max(MAX_TEXT) { Filled::of(text) } else { filled }
}

fn fill_within(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<Spot>,
    filled: &mut Filled,
    depth: usize,
    steps: &mut usize,
) {
    if depth > 0 && filled.text.len() > MAX_TEXT {
        return;
    }
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled.text.push_str(before);
        *steps = steps.saturating_sub(1);
        if *steps == 0 {
            return;
        }
        if depth > MAX_DEPTH || filled.text.len() > MAX_TEXT {
            filled.text.push('$');
            rest = after;
            continue;
        }
        if let Some(tail) = after.strip_prefix('$') {
            filled.text.push('$');
            rest = tail;
        } else if let Some((expression, tail)) = after.strip_prefix("{{").and_then(|after| after.split_once("}}")) {
            // An expression of GitHub, which is filled in elsewhere.
            filled.text.push_str(&format!("${{{{{expression}}}}}"));
            rest = tail;
        } else if let Some((inner, tail)) = braced(after) {
            let end = inner.find(|c: char| !is_name(c)).unwrap_or(inner.len());
            let (name, operator) = inner.split_at(end);
            expand(name, operator, lookup, filled, depth, steps);
            rest = tail;
        } else {
            let end = after.find(|c: char| !is_name(c)).unwrap_or(after.len());
            let (name, tail) = after.split_at(end);
            if name.is_empty() {
                filled.text.push('$');
            } else {
                expand(name, "", lookup, filled, depth, steps);
            }
            rest = tail;
        }
    }
    filled.text.push_str(rest);
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The inside of braces, which may hold others, and what follows.
fn braced(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('{')?;
    let mut depth = 1;
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&inner[..at], &inner[at + 1..]));
        }
    }
    None
}

/// `operator` is what follows the name: `:-16`, `-16`, `:?it must be set`, `:+x`, or nothing.
fn expand(
    name: &str,
    operator: &str,
    lookup: &dyn Fn(&str) -> Option<Spot>,
    filled: &mut Filled,
    depth: usize,
    steps: &mut usize,
) {
    let value = lookup(name).filter(|spot| spot.scalar().is_some());
    let is_empty = value.as_ref().is_some_and(|spot| spot.scalar() == Some(""));
    let (with_colon, operator) = match operator.strip_prefix(':') {
        Some(rest) => (true, rest),
        None => (false, operator),
    };
    let is_set = value.is_some() && !(with_colon && is_empty);
    let default = operator.strip_prefix(['-', '=']);
    match (value, default, operator.strip_prefix('+')) {
        (_, _, Some(other)) if is_set => fill_within(other, lookup, filled, depth + 1, steps),
        (Some(value), _, None) if is_set => {
            filled.set_at.get_or_insert_with(|| value.at.clone());
            fill_within(value.scalar().unwrap_or_default(), lookup, filled, depth + 1, steps);
        }
        (_, Some(default), _) => fill_within(default, lookup, filled, depth + 1, steps),
        (_, _, Some(_)) => {}
        _ => filled.text.push_str(&format!("${{{name}}}")),
    }
}

/// The lines `NAME=value` of a file of variables.
/// <https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>
pub(super) fn of_file(file: &Arc<str>, text: &str) -> BTreeMap<String, Spot> {
    let numbered = text.lines().zip(1..);
    let values = numbered.filter_map(|(text, line)| {
        let text = text.trim();
        let text = text.strip_prefix("export ").unwrap_or(text);
        let (name, value) = text.split_once('=').filter(|_| !text.starts_with('#'))?;
        let value = value.trim();
        let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.split_once(quote));
        let value = match quoted {
            Some((value, _)) => value,
            None => value.split(" #").next().unwrap_or_default().trim_end(),
        };
        let at = Place { file: file.clone(), line };
        Some((name.trim().to_owned(), Spot::new(Value::Text(value.to_owned()), at)))
    });
    values.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_or_stay() {
        let known =
            of_file(&".env".into(), "# x\nexport A=16\nB='3.5'  # y\nC=${A}-x\nEMPTY=\nRING=${RING}x\nD=1 # z\n");
        let filled = |text: &str| fill(text, &|name| known.get(name).cloned());
        for (text, expected) in [
            ("p:$A-${B}", "p:16-3.5"),
            ("p:${A:-12}", "p:16"),
            ("p:${X:-12}", "p:12"),
            ("p:${X-${A}}", "p:16"),
            ("p:${X:-${Y:-7}}.1", "p:7.1"),
            ("p:${EMPTY:-12}", "p:12"),
            ("p:${EMPTY-12}", "p:"),
            ("p:${C}", "p:16-x"),
            ("p:${D}", "p:1"),
            ("p:${X:?it must be set}", "p:${X}"),
            ("p:$X", "p:${X}"),
            ("p${A:+-a}${X:+-b}", "p-a"),
            ("$$A", "$A"),
            ("${{ matrix.A }}-$A", "${{ matrix.A }}-16"),
            ("a$", "a$"),
            ("${", "${"),
        ] {
            assert_eq!(filled(text).text, expected, "{text}");
        }
        assert_eq!(filled("p:${A}").set_at.map(|at| at.line), Some(2));
        assert_eq!(filled("p:${X:-1}").set_at, None);
        assert!(filled("${RING}").text.len() < 100);
        let empty = of_file(&".env".into(), &format!("A={}\nB={}\nC=\n", "$B".repeat(900), "$C".repeat(900)));
        assert_eq!(fill("x$A", &|name| empty.get(name).cloned()).text, "x$A");
        assert!(fill(&"${A:-".repeat(800), &|_| None).text.len() <= 4096);
    }
}

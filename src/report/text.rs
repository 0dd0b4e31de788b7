//! Text that others wrote, made fit to be shown: names from a database may hold anything.

use std::borrow::Cow;
use std::fmt::Write as _;

/// One line in which every character that would act instead of being seen is spelt out: a newline as `\n`, an escape
/// as `\u{1b}`, a change of writing direction as `\u{202e}`.
#[must_use]
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    spelt(text, acts)
}

/// As [`one_line`], with newlines and tabs kept.
#[must_use]
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    spelt(text, |c| acts(c) && !matches!(c, '\n' | '\t'))
}

/// Indented JSON with a final newline. What acts on a terminal is escaped, also where JSON would let it pass.
///
/// # Panics
/// When a map's keys are no texts, which no report has.
#[must_use]
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("plain data has a JSON form");
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        // Outside strings there are no such characters but the newlines of the indentation.
        if acts(c) && c != '\n' {
            write!(out, "\\u{:04x}", u32::from(c)).expect("to a string");
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

/// At most this many characters, the last an ellipsis when some were cut.
#[must_use]
pub(crate) fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if text.char_indices().nth(limit).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
    Cow::Owned(format!("{}…", &text[..end]))
}

/// Controls, line separators and the marks of <https://www.unicode.org/reports/tr9/> that reorder what is read; and
/// the two non-characters that XML forbids.
#[must_use]
pub(crate) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn spelt(text: &str, bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' if bad(c) => write!(out, "{}", c.escape_default()).expect("to a string"),
            c if bad(c) => write!(out, "{}", c.escape_unicode()).expect("to a string"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_out_what_acts() {
        assert_eq!(
            one_line("a\nb\r\t\u{1b}[31m\u{9b}\u{202e}é\u{7f}"),
            "a\\nb\\r\\t\\u{1b}[31m\\u{9b}\\u{202e}é\\u{7f}"
        );
        assert_eq!(lines("a\n\tb\r"), "a\n\tb\\r");
        assert!(matches!(one_line("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn cuts_at_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(cut("x", 0), "…");
    }
}

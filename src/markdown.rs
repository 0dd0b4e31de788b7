//! Text as Markdown that GitHub shows as the text it is.

use std::fmt::Write as _;

/// What a code span or a table would act on goes into an element, as entities, which are only text.
#[must_use]
pub(crate) fn code(text: &str) -> String {
    if !text.trim().is_empty() && text.trim() == text && !text.contains(['`', '|', '\\', '\n']) {
        return format!("`{text}`");
    }
    let mut out = String::from("<code>");
    for c in text.chars() {
        match c {
            '\n' => out.push(' '),
            // What comes of an entity could still be an address; a space without width parts it.
            '@' => out.push_str("&#64;\u{200b}"),
            c if c.is_ascii_punctuation() => write!(out, "&#{};", u32::from(c)).expect("to a string"),
            c => out.push(c),
        }
    }
    out + "</code>"
}

/// Text in which no character means anything to Markdown, in a table neither.
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let within_word = before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '|' => out.push_str("&#124;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '_' if within_word => out.push(c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        before = c;
    }
    out
}

/// Text of a check file, whose `code` is code.
#[must_use]
pub(crate) fn prose(text: &str) -> String {
    if text.matches('`').count() % 2 == 1 {
        return escape(text);
    }
    let pieces = text.split('`').enumerate();
    pieces.map(|(at, piece)| if at % 2 == 1 { code(piece) } else { escape(piece) }).collect()
}

/// A fenced block that its content cannot close, with a final newline.
#[must_use]
pub(crate) fn fenced(language: &str, content: &str) -> String {
    let run = content.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat((run + 1).max(3));
    format!("{ticks}{language}\n{}\n{ticks}\n", content.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(code("a.b"), "`a.b`");
        assert_eq!(code("a`b"), "<code>a&#96;b</code>");
        assert_eq!(code("a|b@c.org"), "<code>a&#124;b&#64;\u{200b}c&#46;org</code>");
        assert_eq!(code("a|b*c"), "<code>a&#124;b&#42;c</code>");
        assert_eq!(code(" "), "<code> </code>");
        assert_eq!(fenced("sql", "a\n````\n"), "`````sql\na\n````\n`````\n");
    }

    #[test]
    fn text_means_nothing_but_itself() {
        assert_eq!(escape("<b>[x](y)_a_ b_c *|\\"), "&lt;b&gt;\\[x\\](y)\\_a\\_ b_c \\*&#124;\\\\");
        assert_eq!(prose("use `a|b` or x_y*"), "use <code>a&#124;b</code> or x_y\\*");
        assert_eq!(prose("one ` tick"), "one \\` tick");
    }
}

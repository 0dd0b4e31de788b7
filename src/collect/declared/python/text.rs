//! Texts and numbers as Python writes and formats them.

/// The digits of a decimal integer.
pub(super) fn integer(code: &str) -> Option<String> {
    let digits = code.replace('_', "");
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
}

/// A number as Python shows it, for which `16.10` is `16.1`.
pub(super) fn float(code: &str) -> Option<String> {
    let number: f64 = code.replace('_', "").parse().ok()?;
    (number.is_finite() && number.abs() < 1e15).then(|| format!("{number:?}"))
}

/// What a piece of a literal stands for; `None` where it names characters in a way that is not read here.
pub(super) fn unescape(content: &str, is_raw: bool, is_template: bool) -> Option<String> {
    let braces = |text: &str| {
        if is_template { text.replace("{{", "{").replace("}}", "}") } else { text.to_owned() }
    };
    if is_raw || !content.contains('\\') {
        return Some(braces(content));
    }
    let mut text = String::new();
    let mut rest = content.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match rest.next()? {
            '\n' => {}
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            quote @ ('\\' | '\'' | '"') => text.push(quote),
            'x' | 'u' | 'U' | 'N' | '0'..='9' | 'a' | 'b' | 'f' | 'v' => return None,
            other => text.extend(['\\', other]),
        }
    }
    Some(braces(&text))
}

/// `"{}.{}".format(…)` as texts and the names of what stands between them; `None` of anything but plain names.
pub(super) fn fields(template: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut next = 0;
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(at);
        pieces.push(Piece::Text(before.to_owned()));
        let escaped = ["{{", "}}"].into_iter().find(|double| after.starts_with(double));
        if let Some(double) = escaped {
            pieces.push(Piece::Text(double[..1].to_owned()));
            rest = &after[2..];
            continue;
        }
        let (name, after) = after.strip_prefix('{')?.split_once('}')?;
        let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        match (name, name.parse::<usize>()) {
            ("", _) => {
                pieces.push(Piece::Position(next));
                next += 1;
            }
            (_, Ok(index)) => pieces.push(Piece::Position(index)),
            (name, Err(_)) if is_plain => pieces.push(Piece::Name(name.to_owned())),
            _ => return None,
        }
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Some(pieces)
}

/// `"%s.%d" % (…)`, likewise.
pub(super) fn percents(template: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut next = 0;
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        let (before, after) = rest.split_at(at);
        pieces.push(Piece::Text(before.to_owned()));
        match after.as_bytes().get(1)? {
            b's' | b'd' | b'i' => {
                pieces.push(Piece::Position(next));
                next += 1;
            }
            b'%' => pieces.push(Piece::Text("%".to_owned())),
            _ => return None,
        }
        rest = &after[2..];
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Some(pieces)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Position(usize),
    Name(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_python_shows_them() {
        assert_eq!(integer("1_6").as_deref(), Some("16"));
        assert_eq!(integer("0x10"), None);
        assert_eq!(float("16.10").as_deref(), Some("16.1"));
        assert_eq!(float("16.0").as_deref(), Some("16.0"));
        assert_eq!(float("1e400"), None);
        assert_eq!(float("1j"), None);
    }

    #[test]
    fn literals_are_unescaped() {
        assert_eq!(unescape("a\\n\\\\\\'", false, false).as_deref(), Some("a\n\\'"));
        assert_eq!(unescape("a\\n", true, false).as_deref(), Some("a\\n"));
        assert_eq!(unescape("{{a}}", false, true).as_deref(), Some("{a}"));
        assert_eq!(unescape("\\x31", false, false), None);
        assert_eq!(unescape("\\", false, false), None);
    }

    #[test]
    fn templates_are_split() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let expected = [text(""), Piece::Position(0), text("."), Piece::Name("minor".to_owned()), text("")];
        assert_eq!(fields("{}.{minor}").unwrap(), expected);
        assert_eq!(fields("{0:>3}"), None);
        assert_eq!(fields("{"), None);
        assert_eq!(fields("}"), None);
        assert_eq!(percents("%s.%d").unwrap().len(), 5);
        assert_eq!(percents("%5s"), None);
        assert_eq!(percents("%"), None);
    }
}

//! SQL scripts, statement by statement: some statements refuse to share a message with others.

/// The statements of a script, without their semicolons. Knows quotes, dollar quotes, comments and `BEGIN ATOMIC`.
pub(crate) fn statements(script: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut at, mut atomic) = (0, 0, false);
    while let Some(c) = script[at..].chars().next() {
        let rest = &script[at..];
        let word_begins = !script[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if let Some(end) = quoted(rest) {
            at += end;
        } else if word_begins && starts_with_words(rest, &["begin", "atomic"]) {
            (atomic, at) = (true, at + 5);
        } else if word_begins && atomic && starts_with_words(rest, &["end"]) {
            (atomic, at) = (false, at + 3);
        } else {
            if c == ';' && !atomic {
                found.push(&script[start..at]);
                start = at + 1;
            }
            at += c.len_utf8();
        }
    }
    found.push(&script[start..]);
    found.into_iter().map(str::trim).filter(|statement| !statement.is_empty()).collect()
}

/// The length of the string, name or comment that the text begins with.
fn quoted(text: &str) -> Option<usize> {
    let closed = |skip: usize, end: &str| text[skip..].find(end).map_or(text.len(), |at| skip + at + end.len());
    match text.as_bytes() {
        [b'\'', ..] => Some(closed(1, "'")),
        [b'"', ..] => Some(closed(1, "\"")),
        [b'-', b'-', ..] => Some(closed(2, "\n")),
        [b'/', b'*', ..] => Some(closed(2, "*/")),
        [b'$', ..] => {
            let tag = &text[..=1 + text[1..].find('$')?];
            let name = &tag[1..tag.len() - 1];
            let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(char::is_numeric);
            plain.then(|| closed(tag.len(), tag))
        }
        _ => None,
    }
}

fn starts_with_words(text: &str, words: &[&str]) -> bool {
    let mut seen = text.split(|c: char| c.is_whitespace() || c == ';').filter(|word| !word.is_empty());
    words.iter().all(|word| seen.next().is_some_and(|seen| seen.eq_ignore_ascii_case(word)))
}

#[test]
fn splits_at_the_semicolons_that_end_a_statement() {
    let script = "SELECT ';' AS \";\"; -- no; comment\nDO $x$ BEGIN NULL; END $x$;/* ; */ SELECT $1;\n
        CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3";
    let split = statements(script);
    assert_eq!(split.len(), 5, "{split:#?}");
    assert!(split[3].ends_with("SELECT 2; END") && split[4] == "SELECT 3");
    assert!(statements(" ; -- \n").iter().all(|statement| statement.starts_with("--")));
}

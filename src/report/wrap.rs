//! Breaking lines.

use unicode_width::UnicodeWidthStr;

/// Breaks at blanks; a word longer than the line is broken anywhere.
pub(super) fn text(text: &str, width: usize) -> Vec<String> {
    let width = width.max(10);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
        let line = lines.last_mut().expect("there is always one");
        if line.is_empty() {
            line.clone_from(&word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word.clone());
        }
        while lines.last().is_some_and(|line| line.width() > width) {
            word = lines.pop().expect("just seen");
            let cut = cut(&word, width);
            lines.push(word[..cut].to_owned());
            lines.push(word[cut..].to_owned());
        }
    }
    lines
}

fn cut(word: &str, width: usize) -> usize {
    let mut seen = 0;
    let mut end = 0;
    for (at, c) in word.char_indices() {
        seen += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if seen > width && at > 0 {
            return at;
        }
        end = at + c.len_utf8();
    }
    end
}

/// The lines of some commands, each as [`command`] breaks it. A comment that stands already is not repeated.
pub(super) fn commands<'a>(commands: impl Iterator<Item = &'a str>, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut standing = None;
    for whole in commands {
        let (code, comment) = match whole.split_once("  -- ") {
            Some((code, comment)) => (code, Some(comment)),
            None => (whole, None),
        };
        lines.extend(command(code, comment.filter(|_| comment != standing), width));
        standing = comment;
    }
    lines
}

/// Breaks a command where it stays one: a shell command with a backslash, SQL at a blank; never inside quotes. An
/// SQL comment goes to the line before. A single word that is too long stays whole, so that it can be copied.
fn command(code: &str, comment: Option<&str>, width: usize) -> Vec<String> {
    let sql = code.trim_end().ends_with(';');
    let tail = if sql { "" } else { " \\" };
    let mut lines: Vec<String> =
        comment.into_iter().flat_map(|comment| text(&format!("-- {comment}"), width)).collect();
    let mut line = String::new();
    for word in units(code, width.saturating_sub(2 + tail.len())) {
        let indent = usize::from(!line.is_empty());
        if !line.trim().is_empty() && line.width() + indent + word.width() + tail.len() > width {
            lines.push(format!("{line}{tail}"));
            line = format!("  {word}");
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines.push(line);
    lines
}

/// The words of a command, an option together with its value where both fit.
fn units(command: &str, width: usize) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    for word in words(command) {
        match units.last_mut() {
            Some(option)
                if option.starts_with("--")
                    && !option.contains(' ')
                    && !word.starts_with("--")
                    && option.width() + 1 + word.width() <= width =>
            {
                option.push(' ');
                option.push_str(word);
            }
            _ => units.push(word.to_owned()),
        }
    }
    units
}

/// The words of a command; quoted text, in whatever quotes, is part of its word.
fn words(command: &str) -> Vec<&str> {
    let (mut words, mut start, mut quote) = (Vec::new(), None, None);
    for (at, c) in command.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == ' ' => {
                if let Some(begin) = start.take() {
                    words.push(&command[begin..at]);
                }
                continue;
            }
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => {}
        }
        start.get_or_insert(at);
    }
    words.extend(start.map(|begin| &command[begin..]));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_to_the_width() {
        assert_eq!(text("one two three", 10), ["one two", "three"]);
        assert_eq!(text("abcdefghijklmnop", 10), ["abcdefghij", "klmnop"]);
    }

    #[test]
    fn commands_stay_commands() {
        let command = |text: &str, width| commands([text].into_iter(), width);
        assert_eq!(command("aws rds x --query 'a b c' --y", 22), ["aws rds x \\", "  --query 'a b c' \\", "  --y"]);
        assert_eq!(
            command("ALTER TABLE a.b DROP COLUMN c;  -- in database app", 24),
            ["-- in database app", "ALTER TABLE a.b DROP", "  COLUMN c;"]
        );
        let three =
            ["DROP VIEW a;  -- in database x", "DROP VIEW b;  -- in database x", "DROP VIEW c;  -- in database y"];
        assert_eq!(
            commands(three.into_iter(), 40),
            ["-- in database x", "DROP VIEW a;", "DROP VIEW b;", "-- in database y", "DROP VIEW c;"]
        );
    }

    proptest::proptest! {
        #[test]
        fn text_never_overflows(input in "\\PC{0,200}", width in 10usize..100) {
            for line in text(&input, width) {
                // A single wide character may be wider than what is left of a line.
                proptest::prop_assert!(line.width() <= width + 1);
            }
        }

        #[test]
        fn commands_lose_nothing(input in "[a-z' \"-]{0,80}", width in 10usize..60) {
            let joined = commands([input.as_str()].into_iter(), width).join(" ").replace('\\', "");
            let flat = |text: &str| text.split_whitespace().collect::<String>();
            proptest::prop_assert_eq!(flat(&joined).len(), flat(&input).len());
        }
    }
}

//! Messages repeat lines of the file; what somebody wrongly put there must not be among them.

/// Words in a key, or elsewhere on its line, that announce a secret.
const WORDS: [&str; 8] = ["password", "passwd", "pwd", "secret", "token", "credential", "access_key", "private"];

/// The text with secrets blanked, byte for byte as long, so that spans stay right.
pub(super) fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    // The quotes of a text of several lines that is blanked.
    let mut open: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        if let Some(quotes) = open {
            blank(line, &mut masked);
            if line.contains(quotes) {
                open = None;
            }
            continue;
        }
        let lower = line.to_ascii_lowercase();
        match (WORDS.iter().any(|word| lower.contains(word)), line.find('=')) {
            (true, Some(at)) => {
                let (key, value) = line.split_at(at + 1);
                masked.push_str(key);
                blank(value, &mut masked);
                open = ["\"\"\"", "'''"].into_iter().find(|quotes| value.matches(*quotes).count() == 1);
            }
            _ => without_userinfo(line, &mut masked),
        }
    }
    masked
}

fn blank(text: &str, masked: &mut String) {
    for c in text.chars() {
        if c.is_whitespace() {
            masked.push(c);
        } else {
            masked.extend(std::iter::repeat_n('*', c.len_utf8()));
        }
    }
}

/// `https://user:secret@host` without what is between the slashes and the `@`.
fn without_userinfo(line: &str, masked: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        masked.push_str(before);
        let end = after.find(['"', '\'', ' ', '\n']).unwrap_or(after.len());
        let userinfo = after[..end].rfind('@').unwrap_or(0);
        blank(&after[..userinfo], masked);
        rest = &after[userinfo..];
    }
    masked.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_length_and_blanks_the_secret() {
        for text in [
            "password = \"canary\"\n",
            "db_Password=canary",
            "url = \"postgres://me:canary@host/db\" # ok\n",
            "url = \"https://me:ca/nary:canary@host\"\n",
            "secret = '''\ncanary é\n''' \nid = 1\n",
            "[database]\nTOKEN = \"é canary\"",
        ] {
            let masked = masked(text);
            assert_eq!(masked.len(), text.len(), "{text}");
            assert!(!masked.contains("canary"), "{masked}");
        }
        assert_eq!(masked("id = \"app\"\nurl = \"https://host/x@y\"\n").matches("app").count(), 1);
    }
}

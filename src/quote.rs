//! Names as words of commands.

/// A value as one word of a POSIX shell command.
#[must_use]
pub fn shell(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ',' | ':' | '/' | '=' | '@' | '+');
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "'\\''"))
    }
}

/// An SQL identifier, always quoted, since a bare one may be a keyword of another version.
#[must_use]
pub fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_names_stay_one() {
        assert_eq!(shell("arn:aws:rds:eu-west-2:1:db:app"), "arn:aws:rds:eu-west-2:1:db:app");
        assert_eq!(shell("it's; rm"), r"'it'\\''s; rm'".replace("\\\\", "\\"));
        assert_eq!(shell(""), "''");
        assert_eq!(quote_ident("a\"b"), "\"a\"\"b\"");
    }
}

//! What a file imports, by its text alone: one too many costs no more than a look.

use memchr::memmem;

/// Longer names are no paths.
const MAX_LENGTH: usize = 512;

/// The texts that follow `from`, `import` and `require`.
pub(super) fn specifiers(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = ["from", "import", "require"]
        .iter()
        .flat_map(|word| following(text, word))
        .filter(|one| !one.is_empty())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn following<'t>(text: &'t str, word: &'static str) -> impl Iterator<Item = &'t str> {
    memmem::find_iter(text.as_bytes(), word).filter_map(move |at| {
        let is_part = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if is_part { None } else { quoted(after_space(&text[at + word.len()..])) }
    })
}

/// Past white space, comments and one bracket.
fn after_space(text: &str) -> &str {
    let mut rest = text;
    let mut may_open = true;
    loop {
        rest = rest.trim_start();
        let next = if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map(|(_, rest)| rest)
        } else if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n').map(|(_, rest)| rest)
        } else if may_open {
            may_open = false;
            rest.strip_prefix('(')
        } else {
            None
        };
        match next {
            Some(next) => rest = next,
            None => return rest,
        }
    }
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|quote| ['"', '\'', '`'].contains(quote))?;
    let inner = &text[1..];
    let end = inner.bytes().take(MAX_LENGTH + 1).position(|byte| char::from(byte) == quote || byte == b'\n')?;
    inner[end..].starts_with(quote).then(|| &inner[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_import_are_found() {
        let text = "import a from \"./a\";\nimport * as b from'./b';import './c'\nexport { d } from\n  \"./d\";\n\
            const e = require( './e' ); const f = await import(/* webpackChunkName: \"x\" */ `./f`);\n\
            import g = require(\"@acme/g\"); export*from\"./h\"; import type { I } from // why\n \"./i\"";
        let expected = ["./a", "./b", "./c", "./d", "./e", "./f", "./h", "./i", "@acme/g"];
        assert_eq!(specifiers(text), expected);
    }

    #[test]
    fn other_texts_are_not() {
        let long = format!("import \"{}\"", "x".repeat(MAX_LENGTH + 1));
        for text in
            ["", "from", "import \"", "import 'a\nb'", "xfrom 'a'", "$import('a')", "import \"\"", "from /*", &long]
        {
            assert_eq!(specifiers(text), Vec::<&str>::new(), "{text}");
        }
    }
}

//! Terraform's syntax in JSON, written in its own: one reader then does for both.
//! <https://developer.hashicorp.com/terraform/language/syntax/json>

use crate::collect::declared::value::{Spot, Value};

/// Blocks within resources that are looked at; all else is taken for attributes.
const INNER: [&str; 3] = ["lifecycle", "parameter", "content"];

/// Blocks of the top, and how many names each of them has.
const BLOCKS: [(&str, usize); 6] =
    [("resource", 2), ("data", 2), ("variable", 1), ("output", 1), ("module", 1), ("provider", 1)];

#[derive(Default)]
struct Native {
    text: String,
    /// For each line the one that it comes from.
    origins: Vec<u32>,
}

/// The text, and for each of its lines that of the document.
pub(super) fn native(document: &Spot) -> (String, Vec<u32>) {
    let mut native = Native::default();
    for part in one_or_many(document) {
        let Value::Map(map) = &part.value else { continue };
        for (key, value) in &map.entries {
            if key == "locals" {
                one_or_many(value).for_each(|locals| native.block("locals", locals, false));
            } else if let Some((_, names)) = BLOCKS.iter().find(|(known, _)| known == key) {
                native.blocks(key, value, *names);
            }
        }
    }
    (native.text, native.origins)
}

/// Where one thing may stand, a list of them may.
fn one_or_many(spot: &Spot) -> impl Iterator<Item = &Spot> {
    let (one, many) = match &spot.value {
        Value::List(items) => (None, Some(items)),
        _ => (Some(spot), None),
    };
    one.into_iter().chain(many.into_iter().flatten())
}

impl Native {
    fn line(&mut self, text: &str, at: u32) {
        self.text.push_str(text);
        self.text.push('\n');
        self.origins.push(at);
    }

    fn blocks(&mut self, head: &str, spot: &Spot, names: usize) {
        for part in one_or_many(spot) {
            if names == 0 {
                self.block(head, part, head.starts_with("resource "));
            } else if let Value::Map(map) = &part.value {
                for (name, value) in map.entries.iter().filter(|(name, _)| is_name(name)) {
                    self.blocks(&format!("{head} \"{name}\""), value, names - 1);
                }
            }
        }
    }

    fn block(&mut self, head: &str, spot: &Spot, is_resource: bool) {
        let Value::Map(map) = &spot.value else { return };
        self.line(&format!("{head} {{"), spot.at.line);
        for (key, value) in map.entries.iter().filter(|(key, _)| is_name(key)) {
            let is_block = matches!(value.value, Value::Map(_) | Value::List(_));
            if is_resource && is_block && INNER.contains(&key.as_str()) {
                one_or_many(value).for_each(|inner| self.block(key, inner, is_resource));
            } else if is_resource && is_block && key == "dynamic" {
                self.dynamic(value);
            } else if head.starts_with("variable ") && key == "type" {
                if let Some(kind) = value.text().filter(|text| is_type(text)) {
                    self.line(&format!("{key} = {kind}"), value.at.line);
                }
            } else {
                self.value(&format!("{key} = "), value, "");
            }
        }
        self.line("}", spot.at.line);
    }

    fn dynamic(&mut self, spot: &Spot) {
        for part in one_or_many(spot) {
            let Value::Map(map) = &part.value else { continue };
            for (name, value) in map.entries.iter().filter(|(name, _)| is_name(name)) {
                let head = format!("dynamic \"{name}\"");
                one_or_many(value).for_each(|inner| self.block(&head, inner, true));
            }
        }
    }

    /// A value that begins on a line of its own, so that its origin is known.
    fn value(&mut self, lead: &str, spot: &Spot, tail: &str) {
        let line = spot.at.line;
        match &spot.value {
            Value::Map(map) => {
                self.line(&format!("{lead}{{"), line);
                for (key, value) in &map.entries {
                    self.value(&format!("{} = ", template(key)), value, ",");
                }
                self.line(&format!("}}{tail}"), line);
            }
            Value::List(items) => {
                self.line(&format!("{lead}["), line);
                for item in items {
                    self.value("", item, ",");
                }
                self.line(&format!("]{tail}"), line);
            }
            Value::Text(text) => self.line(&format!("{lead}{}{tail}", template(text)), line),
            Value::Number(number) => self.line(&format!("{lead}{number}{tail}"), line),
            Value::Bool(value) => self.line(&format!("{lead}{value}{tail}"), line),
            Value::Nothing => self.line(&format!("{lead}null{tail}"), line),
            // A text too long for a version.
            Value::Output { .. } | Value::Unknown(_) => self.line(&format!("{lead}long_text(){tail}"), line),
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// Whether a text is a type and nothing that could break out of its place.
fn is_type(text: &str) -> bool {
    !text.contains('\n') && text.parse::<hcl_edit::expr::Expression>().is_ok()
}

/// A text in quotes, in which `${…}` stays as it is.
fn template(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("$${") || rest.starts_with("%%{") {
            quoted.push_str(&rest[..3]);
            rest = &rest[3..];
            continue;
        }
        if rest.starts_with("${") || rest.starts_with("%{") {
            let Some(end) = end_of(rest) else { return "unclosed_template()".to_owned() };
            quoted.push_str(&rest[..end].replace(['\n', '\r'], " "));
            rest = &rest[end..];
            continue;
        }
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
        rest = &rest[c.len_utf8()..];
    }
    quoted + "\""
}

/// Where the `${…}` ends that a text begins with.
fn end_of(text: &str) -> Option<usize> {
    // Braces and quotes that are open; a quote within braces begins a text, which may have braces of its own.
    let mut open: Vec<char> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let in_text = open.last() == Some(&'"');
        match c {
            '\\' if in_text => drop(chars.next()),
            '"' if in_text => drop(open.pop()),
            '"' => open.push('"'),
            '{' if !in_text => open.push('{'),
            '$' | '%' if in_text && chars.peek().is_some_and(|(_, next)| *next == '{') => {
                chars.next();
                open.push('{');
            }
            '}' if !in_text => {
                open.pop();
                if open.is_empty() {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn texts_keep_what_is_evaluated_in_them() {
        for (text, quoted) in [
            ("16.3", "\"16.3\""),
            ("a \"b\" \\ c\n", "\"a \\\"b\\\" \\\\ c\\n\""),
            ("${var.v}", "\"${var.v}\""),
            ("x${lookup(var.m, \"}\")}\"", "\"x${lookup(var.m, \"}\")}\\\"\""),
            ("$${a} \"", "\"$${a} \\\"\""),
            ("${a", "unclosed_template()"),
        ] {
            assert_eq!(template(text), quoted);
        }
    }
}

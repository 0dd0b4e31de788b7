//! Development containers, whose files are JSON with comments.
//! <https://containers.dev/implementors/json_reference/>

use super::variables::fill;
use super::{Source, entry, image, script};
use crate::collect::declared::value::Spot;
use crate::collect::declared::yaml;
use crate::facts::Image;

const SCRIPTS: [&str; 4] = ["onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand"];

pub(super) fn read(source: &Source<'_>) -> Vec<Image> {
    // YAML takes the commas at the ends that JSON does not.
    let text = without_comments(&source.text);
    let Ok(document) = yaml::read(&source.file, &text) else { return super::lines(source) };
    let mut found = Vec::new();
    if let Some(written) = entry(&document, "image")
        && let Some(text) = written.text()
    {
        found.push(image(&written.at, fill(text, &|_| None), "the development container".to_owned()));
    }
    for key in SCRIPTS {
        let written = entry(&document, key);
        if let Some((written, text)) = written.and_then(|spot: &Spot| Some((spot, spot.scalar()?))) {
            found.extend(script(&written.at, text, key, &|_| None));
        }
    }
    found
}

/// Comments as spaces, tabs too, so that every line stays where it is.
fn without_comments(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut in_text = false;
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some(_)) if in_text => {
                result.push(c);
                result.extend(characters.next());
            }
            ('"', _) => {
                in_text = !in_text;
                result.push(c);
            }
            ('/', Some('/')) if !in_text => {
                while characters.peek().is_some_and(|c| *c != '\n') {
                    characters.next();
                }
            }
            ('/', Some('*')) if !in_text => {
                let mut last = ' ';
                characters.next();
                for c in characters.by_ref() {
                    if c == '\n' {
                        result.push('\n');
                    }
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            ('\t', _) if !in_text => result.push(' '),
            (c, _) => result.push(c),
        }
    }
    result
}

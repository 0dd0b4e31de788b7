//! What a `tsconfig.json` says of imports.
//! <https://www.typescriptlang.org/tsconfig/#paths>

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::paths::is_relative;
use crate::collect::declared::value::{Spot, Value};
use crate::collect::declared::{json, walk};
use crate::collect::files::Files;
use crate::collect::files::clean;

/// Configurations that extend each other are short chains; a ring of them ends here.
const MAX_EXTENDS: u32 = 8;

#[derive(Debug, Default)]
pub(super) struct Config {
    pub name: String,
    base: Option<PathBuf>,
    paths: BTreeMap<String, Vec<String>>,
    /// What paths are relative to where there is no base.
    home: PathBuf,
}

impl Config {
    pub(super) fn read(store: &Files, path: &Path) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut config = Self { name, ..Self::default() };
        config.take(store, path, 0);
        config
    }

    /// Takes what a file says, after what those that it extends say.
    fn take(&mut self, store: &Files, path: &Path, depth: u32) {
        let Ok(text) = walk::read_text(store, path) else { return };
        let Ok(document) = json::read(&"".into(), &plain(&text)) else { return };
        let folder = path.parent().unwrap_or(Path::new(""));
        let extends = document.entry("extends");
        for name in extends.iter().flat_map(texts).filter(|name| is_relative(name) && depth < MAX_EXTENDS) {
            let path = clean(&folder.join(&name));
            let with = path.with_file_name(format!("{}.json", path.file_name().unwrap_or_default().to_string_lossy()));
            let path = if store.is_file(&path) { path } else { with };
            if store.is_file(&path) {
                self.take(store, &path, depth + 1);
            }
        }
        let Some(options) = document.entry("compilerOptions") else { return };
        if let Some(base) = options.entry("baseUrl").and_then(|base| base.text().map(str::to_owned)) {
            self.base = Some(clean(&folder.join(base)));
        }
        if let Some(Value::Map(map)) = options.entry("paths").map(|paths| paths.value) {
            self.paths = map.entries.iter().map(|(pattern, targets)| (pattern.clone(), texts(targets))).collect();
            folder.clone_into(&mut self.home);
        }
    }

    /// Where a file may be, without its extension.
    pub(super) fn bases(&self, specifier: &str) -> Vec<PathBuf> {
        let home = self.base.as_deref().unwrap_or(&self.home);
        let mapped = self.best(specifier).into_iter().flat_map(|(targets, middle)| {
            targets.iter().map(move |target| clean(&home.join(target.replacen('*', middle, 1))))
        });
        mapped.chain(self.base.as_ref().map(|base| clean(&base.join(specifier)))).collect()
    }

    /// Whether a pattern is meant for it alone: `*` is for everything.
    pub(super) fn claims(&self, specifier: &str) -> bool {
        self.best(specifier).is_some_and(|(_, middle)| middle != specifier)
    }

    /// The pattern with the longest beginning counts.
    fn best<'t>(&self, specifier: &'t str) -> Option<(&Vec<String>, &'t str)> {
        let matching = self.paths.iter().filter_map(|(pattern, targets)| {
            let (before, middle) = matched(pattern, specifier)?;
            Some((before, targets, middle))
        });
        matching.max_by_key(|(before, ..)| *before).map(|(_, targets, middle)| (targets, middle))
    }
}

/// How much of a pattern is before its `*`, and what stands for that.
pub(super) fn matched<'t>(pattern: &str, text: &'t str) -> Option<(usize, &'t str)> {
    match pattern.split_once('*') {
        Some((before, after)) => {
            let middle = text.strip_prefix(before)?.strip_suffix(after)?;
            Some((before.len(), middle))
        }
        None => (pattern == text).then_some((usize::MAX, "")),
    }
}

fn texts(spot: &Spot) -> Vec<String> {
    match &spot.value {
        Value::List(items) => items.iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
        _ => spot.text().map(str::to_owned).into_iter().collect(),
    }
}

/// JSON without the comments and the commas too many that TypeScript allows.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut comma = None;
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                comma = None;
                out.push(c);
                while let Some(c) = rest.next() {
                    out.push(c);
                    if c == '\\' {
                        out.extend(rest.next());
                    } else if c == '"' {
                        break;
                    }
                }
            }
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            '/' if rest.peek() == Some(&'*') => {
                let mut last = ' ';
                rest.next();
                for c in rest.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            ',' => {
                comma = Some(out.len());
                out.push(c);
            }
            '}' | ']' => {
                if let Some(at) = comma.take() {
                    out.replace_range(at..=at, " ");
                }
                out.push(c);
            }
            c => {
                if !c.is_whitespace() {
                    comma = None;
                }
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_commas_are_no_mistakes() {
        let text = "{ // one\n /* \"two\" */ \"a//b\": [1, 2, ], \"c\": \"\\\"/*\", }";
        let spot = json::read(&"".into(), &plain(text)).unwrap();
        assert_eq!(spot.entry("a//b").unwrap().entry("1").unwrap().text(), Some("2"));
        assert_eq!(spot.entry("c").unwrap().text(), Some("\"/*"));
        for hostile in ["/*", "\"\\", ",", "/", ",]", "//"] {
            plain(hostile);
        }
    }

    #[test]
    fn the_longest_pattern_counts() {
        let targets = |target: &str| vec![target.to_owned()];
        let paths = [("@/*", "src/*"), ("@/db/*", "data/*"), ("pg", "lib/pg"), ("*", "types/*")];
        let paths = paths.map(|(pattern, target)| (pattern.to_owned(), targets(target)));
        let config = Config { paths: paths.into(), home: "/r".into(), ..Config::default() };
        assert_eq!(config.bases("@/db/x"), [Path::new("/r/data/x")]);
        assert_eq!(config.bases("@/x"), [Path::new("/r/src/x")]);
        assert_eq!(config.bases("pg"), [Path::new("/r/lib/pg")]);
        assert_eq!(config.bases("react"), [Path::new("/r/types/react")]);
        assert!(config.claims("@/x") && config.claims("pg") && !config.claims("react"));
    }
}

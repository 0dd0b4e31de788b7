//! What the expressions of a Pulumi program in YAML come to.
//! <https://www.pulumi.com/docs/iac/languages-sdks/yaml/yaml-language-reference/>

use std::cell::Cell;

use super::Project;
use crate::collect::declared::value::{Map, Spot, Value, concat, quote};

/// Deeper references are not written by people.
const MAX_DEPTH: u32 = 128;
/// Steps per resource: variables that refer to each other can multiply.
const FUEL: u32 = 100_000;

/// A program, or a component of one, which has resources and variables of its own.
pub(super) struct Template<'a> {
    pub body: &'a Spot,
    /// Of a component, what it is called.
    pub component: Option<&'a str>,
    pub project: &'a Project,
    pub fuel: Cell<u32>,
}

/// A piece of a text: as it stands, or what `${…}` refers to.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Access(Vec<String>),
    Broken,
}

impl Template<'_> {
    pub(super) fn refuel(&self) {
        self.fuel.set(FUEL);
    }

    /// What a resource is called in a [`Value::Output`].
    pub(super) fn key(&self, resource: &str) -> String {
        format!("{}{resource}", self.component.map(|name| format!("{name}/")).unwrap_or_default())
    }

    pub(super) fn eval(&self, spot: &Spot, depth: u32) -> Spot {
        let fuel = self.fuel.get();
        if depth > MAX_DEPTH || fuel == 0 {
            return Spot::unknown(format!("at line {}: it refers too far", spot.at.line), spot.at.clone());
        }
        self.fuel.set(fuel - 1);
        let next = depth + 1;
        match &spot.value {
            Value::Text(text) if text.contains('$') => self.interpolate(text, spot, next),
            Value::List(items) => {
                let items = items.iter().map(|item| self.eval(item, next)).collect();
                Spot::new(Value::List(items), spot.at.clone())
            }
            Value::Map(map) => match map.entries.iter().next() {
                Some((name, argument)) if map.entries.len() == 1 && name.to_lowercase().starts_with("fn::") => {
                    self.function(name, argument, spot, next)
                }
                _ => {
                    let entries = map.entries.iter().map(|(key, value)| (key.clone(), self.eval(value, next)));
                    let map = Map { entries: entries.collect(), open: map.open.clone() };
                    Spot::new(Value::Map(map), spot.at.clone())
                }
            },
            _ => spot.clone(),
        }
    }

    fn interpolate(&self, text: &str, spot: &Spot, depth: u32) -> Spot {
        let pieces = pieces(text);
        let mut parts = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Spot::new(Value::text(text.as_str()), spot.at.clone()),
            Piece::Access(path) => self.access(path, spot, depth),
            Piece::Broken => lost(text, spot, "it does not parse"),
        });
        match (&pieces[..], parts.next()) {
            // Nothing but a reference: the value is written there.
            ([Piece::Access(_)], Some(only)) => only,
            (_, first) => concat(first.into_iter().chain(parts), spot.at.clone()),
        }
    }

    /// The built-in functions whose outcome the files determine.
    fn function(&self, name: &str, argument: &Spot, spot: &Spot, depth: u32) -> Spot {
        let argument = || self.eval(argument, depth);
        let lost = || lost(name, spot, "only a run tells");
        match name.to_lowercase().as_str() {
            "fn::secret" => argument(),
            "fn::join" => {
                let argument = argument();
                match (argument.entry("0"), argument.entry("1").map(|list| list.value)) {
                    (Some(separator), Some(Value::List(items))) => {
                        let parts = items.into_iter().enumerate().flat_map(|(index, item)| {
                            let separator = (index > 0).then(|| separator.clone());
                            separator.into_iter().chain([item])
                        });
                        concat(parts, spot.at.clone())
                    }
                    _ => lost(),
                }
            }
            "fn::select" => {
                let argument = argument();
                let index = argument.entry("0").and_then(|index| index.scalar().map(str::to_owned));
                match (index, argument.entry("1")) {
                    (Some(index), Some(list)) => list.entry(&index).unwrap_or_else(lost),
                    _ => lost(),
                }
            }
            _ => lost(),
        }
    }

    fn access(&self, path: &[String], spot: &Spot, depth: u32) -> Spot {
        let code = format!("${{{}}}", path.join("."));
        let (Some(root), rest) = (path.first(), path.get(1..).unwrap_or_default()) else {
            return lost(&code, spot, "it does not parse");
        };
        let named = |group: &str| self.body.entry(group).and_then(|group| written(&group, root));
        if root == "pulumi" {
            return self.context(rest, &code, spot);
        }
        if let Some(variable) = named("variables") {
            return part(self.eval(&variable, depth), rest, &code, spot);
        }
        if let Some(resource) = named("resources") {
            return self.attribute(root, &resource, rest, &code, spot, depth);
        }
        match self.component {
            Some(name) if named("inputs").is_some() => lost(&code, spot, &format!("it is an input of {name}")),
            Some(_) => lost(&code, spot, "it is not declared here"),
            None => part(self.configured(root, &code, spot), rest, &code, spot),
        }
    }

    /// `pulumi.stack` and its like.
    fn context(&self, rest: &[String], code: &str, spot: &Spot) -> Spot {
        let known = |text: &str| Spot::new(Value::text(text), spot.at.clone());
        match rest {
            [name] if name == "stack" => self.project.stack().map_or_else(|| lost(code, spot, "no stack given"), known),
            [name] if name == "project" => match self.project.name() {
                Some(name) => known(name),
                None => lost(code, spot, "there is no Pulumi.yaml above it"),
            },
            _ => lost(code, spot, "only a run tells"),
        }
    }

    /// What the stack's file sets, or else the default that the program gives.
    fn configured(&self, name: &str, code: &str, spot: &Spot) -> Spot {
        let full = format!("{}:{name}", self.project.name().unwrap_or_default());
        let declared = ["config", "configuration"]
            .iter()
            .filter_map(|group| self.body.entry(group))
            .find_map(|group| written(&group, name).or_else(|| written(&group, &full)));
        let default = declared.as_ref().and_then(super::default_of);
        let setting = match name.split_once(':') {
            Some((namespace, key)) => self.project.setting(Some(namespace), key),
            None => self.project.setting(None, name),
        };
        match (setting, default) {
            (Ok(set), _) if !set.is_nothing() => set,
            (Ok(_), Some(default)) => default,
            (Ok(_), None) if declared.is_none() => lost(code, spot, "it is not declared in this file"),
            (Ok(_), None) => lost(code, spot, &format!("{} does not set it", self.project.settings_file())),
            (Err(_), Some(default)) if !self.project.has_stacks() => default,
            (Err(reason), _) => lost(code, spot, &reason),
        }
    }

    /// An attribute of a resource: known where the program sets it.
    fn attribute(&self, name: &str, resource: &Spot, rest: &[String], code: &str, spot: &Spot, depth: u32) -> Spot {
        let is_looked_up = written(resource, "get").is_some();
        if let ([key, deeper @ ..], Some(properties), false) = (rest, resource.entry("properties"), is_looked_up) {
            let set = properties.entry(key).filter(|set| !set.is_nothing());
            let set = set.map(|set| part(self.eval(&set, depth), deeper, code, spot));
            if let Some(set) = set.filter(|set| set.text().is_some()) {
                return set;
            }
        }
        let reason = format!("{} at line {}: only known to AWS", quote(code), spot.at.line);
        Spot::new(Value::Output { resource: self.key(name), reason }, spot.at.clone())
    }
}

fn lost(code: &str, spot: &Spot, why: &str) -> Spot {
    Spot::unknown(format!("{} at line {}: {why}", quote(code), spot.at.line), spot.at.clone())
}

/// An entry that is written, even as nothing; what is not known to be there counts too.
fn written(group: &Spot, name: &str) -> Option<Spot> {
    let Value::Map(map) = &group.value else { return None };
    map.entries.get(name).cloned()
}

fn part(whole: Spot, rest: &[String], code: &str, spot: &Spot) -> Spot {
    let mut value = whole;
    for key in rest {
        value = match value.entry(key) {
            Some(inner) => inner,
            None => return lost(code, spot, "only a run tells"),
        };
    }
    value
}

/// The pieces of a text with `${…}` in it; `$$` is a dollar sign.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('$') {
            plain.push('$');
            rest = after;
        } else if let Some(after) = after.strip_prefix('{') {
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            let Some((path, after)) = path(after) else {
                pieces.push(Piece::Broken);
                return pieces;
            };
            pieces.push(Piece::Access(path));
            rest = after;
        } else {
            plain.push('$');
            rest = after;
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// `a.b["c"][0]` before `}`, and what follows that.
fn path(text: &str) -> Option<(Vec<String>, &str)> {
    let mut path = Vec::new();
    let mut rest = text;
    loop {
        if let Some(inner) = rest.strip_prefix("[\"") {
            let (name, after) = inner.split_once("\"]")?;
            path.push(name.to_owned());
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('[') {
            let (index, after) = inner.split_once(']')?;
            path.push(index.to_owned());
            rest = after;
        } else {
            let end = rest.find(['.', '[', '}'])?;
            path.push(rest[..end].trim().to_owned());
            rest = &rest[end..];
        }
        rest = match rest.as_bytes().first()? {
            b'}' => return Some((path, &rest[1..])),
            b'.' => &rest[1..],
            b'[' => rest,
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fall_into_pieces() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let access = |path: &[&str]| Piece::Access(path.iter().map(|&part| part.to_owned()).collect());
        for (code, expected) in [
            ("16", vec![text("16")]),
            ("${v}", vec![access(&["v"])]),
            ("a${v.w}b", vec![text("a"), access(&["v", "w"]), text("b")]),
            ("${v[\"a.b\"][0].c}", vec![access(&["v", "a.b", "0", "c"])]),
            ("$${v} $ $5", vec![text("${v} $ $5")]),
            ("${v", vec![Piece::Broken]),
            ("${v[}", vec![Piece::Broken]),
            ("é${", vec![text("é"), Piece::Broken]),
        ] {
            assert_eq!(pieces(code), expected, "{code}");
        }
    }
}

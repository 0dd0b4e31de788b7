//! The intrinsic functions.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use super::scope::{Scope, located};
use crate::collect::declared::value::{Map, Place, Spot, Value, choose, concat};

/// The function that a map is, if it is one.
pub(super) fn function(map: &Map) -> Option<(&str, &Spot)> {
    let mut entries = map.entries.iter();
    match (entries.next(), entries.next()) {
        (Some((name, argument)), None) if name == "Ref" || name.starts_with("Fn::") => Some((name, argument)),
        _ => None,
    }
}

/// A value that nothing but an index, a name or a separator may be.
fn items(argument: &Spot) -> &[Spot] {
    match &argument.value {
        Value::List(items) => items,
        _ => &[],
    }
}

fn unusual(name: &str, at: &Place) -> Spot {
    Spot::unknown(located(name, at, "it is not written as it should be"), at.clone())
}

impl Scope<'_> {
    /// The value of a part of the template. All that is no list and no map is text to CloudFormation.
    pub(super) fn eval(&self, spot: &Spot, depth: usize) -> Spot {
        if !self.spend(depth) {
            return Spot::unknown("it refers too far", spot.at.clone());
        }
        let value = match &spot.value {
            Value::Text(text) => return Self::literal(text, &spot.at),
            Value::Number(text) => Value::Text(text.clone()),
            Value::Bool(value) => Value::Text(value.to_string()),
            Value::List(items) => {
                let items = items.iter().map(|item| self.eval(item, depth + 1));
                Value::List(items.filter(|item| !item.is_nothing()).collect())
            }
            Value::Map(map) => {
                if let Some((name, argument)) = function(map) {
                    return self.call(name, argument, &spot.at, depth + 1);
                }
                self.map(map, depth + 1)
            }
            other => other.clone(),
        };
        Spot::new(value, spot.at.clone())
    }

    fn map(&self, map: &Map, depth: usize) -> Value {
        let mut result = Map { open: map.open.clone(), ..Map::default() };
        for (key, spot) in &map.entries {
            // A macro, or a loop, among entries brings in others.
            if key.starts_with("Fn::") {
                result.open = Some(located(key, &spot.at, "only a run tells"));
            } else {
                result.entries.insert(key.clone(), self.eval(spot, depth));
            }
        }
        Value::Map(result)
    }

    fn call(&self, name: &str, argument: &Spot, at: &Place, depth: usize) -> Spot {
        match name {
            "Ref" => {
                let target = self.eval(argument, depth);
                match (target.text(), target.lost()) {
                    (Some(target), _) => self.reference(target, at, depth),
                    (None, Some(reason)) => Spot::unknown(reason, at.clone()),
                    (None, None) => unusual(name, at),
                }
            }
            "Fn::GetAtt" => self.attribute(argument, at, depth),
            "Fn::Sub" => self.substitute(argument, at, depth),
            "Fn::Join" => self.join(argument, at, depth),
            "Fn::Select" => self.select(argument, at, depth),
            "Fn::Split" => self.split(argument, at, depth),
            "Fn::FindInMap" => self.find_in_map(argument, at, depth),
            "Fn::If" => self.choice(argument, at, depth),
            "Fn::ImportValue" | "Fn::GetAZs" | "Fn::Cidr" => {
                Spot::unknown(located(name, at, "only known to AWS"), at.clone())
            }
            _ => Spot::unknown(located(name, at, "only a run tells"), at.clone()),
        }
    }

    fn attribute(&self, argument: &Spot, at: &Place, depth: usize) -> Spot {
        let path = match &argument.value {
            Value::List(parts) => {
                let parts: Vec<Spot> = parts.iter().map(|part| self.eval(part, depth)).collect();
                parts.iter().map(|part| part.text().unwrap_or("?")).collect::<Vec<_>>().join(".")
            }
            _ => argument.text().unwrap_or_default().to_owned(),
        };
        let resource = path.split('.').next().unwrap_or_default();
        self.output(resource, &path, at)
    }

    fn substitute(&self, argument: &Spot, at: &Place, depth: usize) -> Spot {
        let (text, variables) = match items(argument) {
            [text, variables] => (text, Some(variables)),
            [text] => (text, None),
            _ => (argument, None),
        };
        let Some(written) = text.scalar() else {
            return if text.lost().is_some() { text.clone() } else { unusual("Fn::Sub", at) };
        };
        let mut parts = Vec::new();
        for piece in pieces(written) {
            parts.push(match piece {
                Piece::Text(piece) => match Self::literal(piece, &text.at) {
                    // `${!x}` is no reference.
                    lost if lost.lost().is_some() && !piece.contains("${") => return lost,
                    _ => Spot::new(Value::text(piece), text.at.clone()),
                },
                Piece::Name(name) => {
                    let given = variables.and_then(|variables| match &variables.value {
                        Value::Map(map) => map.entries.get(name),
                        _ => None,
                    });
                    match (given, name.split_once('.')) {
                        (Some(given), _) => self.eval(given, depth),
                        (None, Some((resource, _))) => self.output(resource, name, &text.at),
                        (None, None) => self.reference(name, &text.at, depth),
                    }
                }
            });
        }
        match <[Spot; 1]>::try_from(parts) {
            Ok([only]) => only,
            Err(parts) => concat(parts, text.at.clone()),
        }
    }

    fn join(&self, argument: &Spot, at: &Place, depth: usize) -> Spot {
        let [separator, list] = items(argument) else { return unusual("Fn::Join", at) };
        let list = self.eval(list, depth);
        let (separator, parts) = match (separator.scalar(), &list.value) {
            (Some(separator), Value::List(parts)) => (separator, parts),
            (None, _) if !separator.is_nothing() => return unusual("Fn::Join", at),
            (_, Value::List(parts)) => ("", parts),
            _ => return list.lost().map_or_else(|| unusual("Fn::Join", at), |why| Spot::unknown(why, at.clone())),
        };
        if let [only] = parts.as_slice() {
            return only.clone();
        }
        let mut all = Vec::new();
        for part in parts {
            if !all.is_empty() {
                all.push(Spot::new(Value::text(separator), at.clone()));
            }
            all.push(part.clone());
        }
        concat(all, at.clone())
    }

    fn select(&self, argument: &Spot, at: &Place, depth: usize) -> Spot {
        let [index, list] = items(argument) else { return unusual("Fn::Select", at) };
        let (index, list) = (self.eval(index, depth), self.eval(list, depth));
        if let Some(reason) = index.lost().or(list.lost()) {
            return Spot::unknown(reason, at.clone());
        }
        let found = index.text().and_then(|index| index.parse::<usize>().ok()).and_then(|i| items(&list).get(i));
        found.cloned().unwrap_or_else(|| unusual("Fn::Select", at))
    }

    fn split(&self, argument: &Spot, at: &Place, depth: usize) -> Spot {
        let [separator, text] = items(argument) else { return unusual("Fn::Split", at) };
        let text = self.eval(text, depth);
        match (separator.scalar(), text.scalar(), text.lost()) {
            (Some(separator), Some(whole), _) if !separator.is_empty() => {
                let parts = whole.split(separator).map(|part| Spot::new(Value::text(part), text.at.clone()));
                Spot::new(Value::List(parts.collect()), text.at.clone())
            }
            (_, _, Some(reason)) => Spot::unknown(reason, at.clone()),
            _ => unusual("Fn::Split", at),
        }
    }

    /// Where a key is not known, the answer still is when it is the same under all of them.
    fn find_in_map(&self, argument: &Spot, at: &Place, depth: usize) -> Spot {
        let [name, first, second, rest @ ..] = items(argument) else { return unusual("Fn::FindInMap", at) };
        let default = rest.first().and_then(|options| options.entry("DefaultValue")).filter(|spot| !spot.is_nothing());
        let default = default.map(|default| self.eval(&default, depth));
        let keys = [name, first, second].map(|key| self.eval(key, depth));
        let missing = |what: &str| {
            let why = located(&format!("Fn::FindInMap {what}"), at, "there is no such mapping");
            default.clone().unwrap_or_else(|| Spot::unknown(why, at.clone()))
        };
        let Some(mapping) = keys[0].text().and_then(|name| self.template.entry("Mappings", name)) else {
            return match keys[0].lost() {
                Some(reason) => Spot::unknown(reason, at.clone()),
                None => missing(keys[0].text().unwrap_or_default()),
            };
        };
        let (mut found, mut undecided) = (vec![mapping], None);
        for key in &keys[1..] {
            let maps = found.iter().filter_map(|spot| match &spot.value {
                Value::Map(map) => Some(map),
                _ => None,
            });
            found = match (key.text(), key.lost()) {
                (Some(key), _) => maps.filter_map(|map| map.entries.get(key)).collect(),
                (None, Some(reason)) => {
                    undecided.get_or_insert(reason);
                    maps.flat_map(|map| map.entries.values()).collect()
                }
                (None, None) => return unusual("Fn::FindInMap", at),
            };
        }
        let found: Vec<Spot> = found.into_iter().map(|spot| self.eval(spot, depth)).collect();
        let Some(one) = found.first() else {
            return missing(&keys.each_ref().map(|key| key.text().unwrap_or("?")).join("."));
        };
        let default = default.iter().filter(|_| undecided.is_some());
        let same = found[1..].iter().chain(default).all(|other| other.value.same(&one.value) == Some(true));
        match undecided {
            Some(reason) if !same => Spot::unknown(reason, at.clone()),
            _ => one.clone(),
        }
    }

    fn choice(&self, argument: &Spot, at: &Place, depth: usize) -> Spot {
        let [name, yes, no] = items(argument) else { return unusual("Fn::If", at) };
        let Some(name) = name.text() else { return unusual("Fn::If", at) };
        match self.condition(name, depth) {
            Ok(true) => self.eval(yes, depth),
            Ok(false) => self.eval(no, depth),
            Err(why) => choose(None, self.eval(yes, depth), self.eval(no, depth), || {
                format!("condition {name} cannot be decided: {why}")
            }),
        }
    }
}

/// A part of the text of `Fn::Sub`.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    Name(&'t str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let Some((name, tail)) = after.split_once('}') else {
            pieces.push(Piece::Text(&rest[before.len()..]));
            return pieces;
        };
        match name.strip_prefix('!') {
            // `${!x}` is the text `${x}`.
            Some(literal) => {
                pieces.push(Piece::Text("${"));
                pieces.push(Piece::Text(literal));
                pieces.push(Piece::Text("}"));
            }
            None => pieces.push(Piece::Name(name.trim())),
        }
        rest = tail;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_references() {
        let name = Piece::Name;
        let text = Piece::Text;
        assert_eq!(pieces("${a}.${b.c}-d"), [name("a"), text("."), name("b.c"), text("-d")]);
        assert_eq!(pieces("${!a}"), [text("${"), text("a"), text("}")]);
        assert_eq!(pieces("x${"), [text("x"), text("${")]);
        assert_eq!(pieces(""), [text("")]);
    }
}

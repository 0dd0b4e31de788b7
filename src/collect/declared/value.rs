//! What an expression of infrastructure code comes to, as far as the files tell. Common to all languages.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Longer texts are no versions, names or conditions; the bound keeps hostile concatenations small.
const MAX_TEXT: usize = 1024;

/// Where something is written; `file` as shown to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Place {
    pub file: Arc<str>,
    /// 1-based
    pub line: u32,
}

/// A value and where it is written, which for a reference is where the value is, not the reference.
#[derive(Clone, Debug)]
pub(in crate::collect) struct Spot {
    pub value: Value,
    pub at: Place,
}

#[derive(Clone, Debug)]
pub(in crate::collect) enum Value {
    Text(String),
    /// As written: `16.10` is not `16.1`.
    Number(String),
    Bool(bool),
    /// `null`, `undefined`, or not written at all.
    Nothing,
    List(Vec<Spot>),
    Map(Map),
    /// An attribute of a declared resource, which only the provider knows.
    Output {
        resource: String,
        reason: String,
    },
    /// Why it cannot be known, and where it gets lost.
    Unknown(String),
}

#[derive(Clone, Debug, Default)]
pub(in crate::collect) struct Map {
    pub entries: BTreeMap<String, Spot>,
    /// Why there may be other entries.
    pub open: Option<String>,
}

impl Spot {
    pub(in crate::collect) fn new(value: Value, at: Place) -> Self {
        Self { value, at }
    }

    pub(super) fn unknown(reason: impl Into<String>, at: Place) -> Self {
        Self { value: Value::Unknown(reason.into()), at }
    }

    /// The text of a scalar.
    pub(in crate::collect) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// The text of a text or number that is not empty.
    pub(in crate::collect) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) if !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        }
    }

    pub(in crate::collect) fn is_nothing(&self) -> bool {
        matches!(self.value, Value::Nothing)
    }

    /// Why it is unknown.
    pub(in crate::collect) fn lost(&self) -> Option<&str> {
        match &self.value {
            Value::Unknown(reason) | Value::Output { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// The entry of a map or list; nothing when it has none.
    pub(in crate::collect) fn entry(&self, key: &str) -> Option<Self> {
        match &self.value {
            Value::Map(map) => Some(match (map.entries.get(key), &map.open) {
                (Some(spot), _) => spot.clone(),
                (None, Some(reason)) => Self::unknown(reason.clone(), self.at.clone()),
                (None, None) => Self::new(Value::Nothing, self.at.clone()),
            }),
            Value::List(list) => {
                let item = key.parse::<usize>().ok().and_then(|index| list.get(index));
                Some(item.cloned().unwrap_or_else(|| Self::new(Value::Nothing, self.at.clone())))
            }
            Value::Unknown(_) | Value::Output { .. } => Some(self.clone()),
            _ => None,
        }
    }

    /// The entry of a map by its [`normal`] name; nothing when it has none.
    pub(super) fn named(&self, name: &str) -> Option<Self> {
        let Value::Map(map) = &self.value else { return self.entry(name) };
        let written = map.entries.keys().find(|key| normal(key) == name);
        self.entry(written.map_or(name, String::as_str))
    }
}

/// A name without case, underscores and hyphens: `engine_version`, `engineVersion` and `EngineVersion` are one.
pub(super) fn normal(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

impl Map {
    /// Takes the entries of a map that is spread into or merged with this one.
    pub(super) fn spread(&mut self, spot: &Spot) {
        match &spot.value {
            Value::Map(other) => {
                if let Some(reason) = &other.open {
                    self.forget(reason);
                }
                self.entries.extend(other.entries.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            Value::Unknown(reason) | Value::Output { reason, .. } => self.forget(reason),
            _ => {}
        }
    }

    /// From here on every entry may have been overwritten.
    pub(super) fn forget(&mut self, reason: &str) {
        self.entries.clear();
        self.open = Some(reason.to_owned());
    }
}

impl Value {
    /// A text, or the reason why one so long is not looked at.
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.len() > MAX_TEXT { Self::Unknown("a text too long for a version".to_owned()) } else { Self::Text(text) }
    }

    /// Whether two values are the same; `None` when that cannot be known.
    pub(super) fn same(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Unknown(_) | Self::Output { .. }, _)
            | (_, Self::Unknown(_) | Self::Output { .. })
            | (Self::List(_) | Self::Map(_), Self::List(_) | Self::Map(_)) => None,
            (Self::Text(a), Self::Text(b)) | (Self::Number(a), Self::Number(b)) => Some(a == b),
            (Self::Bool(a), Self::Bool(b)) => Some(a == b),
            (Self::Nothing, Self::Nothing) => Some(true),
            _ => Some(false),
        }
    }

    /// Whether a JavaScript condition holds; `None` when that cannot be known.
    pub(super) fn truthy(&self) -> Option<bool> {
        match self {
            Self::Text(text) => Some(!text.is_empty()),
            Self::Number(text) => text.parse::<f64>().ok().map(|number| number != 0.0 && !number.is_nan()),
            Self::Bool(value) => Some(*value),
            Self::Nothing => Some(false),
            Self::List(_) | Self::Map(_) => Some(true),
            Self::Output { .. } | Self::Unknown(_) => None,
        }
    }
}

/// The parts of a template or sum in one text.
pub(super) fn concat(parts: impl IntoIterator<Item = Spot>, at: Place) -> Spot {
    let mut text = String::new();
    for part in parts {
        match (part.scalar(), part.lost()) {
            (Some(piece), _) => text.push_str(piece),
            (None, Some(reason)) => return Spot::unknown(reason, at),
            (None, None) => return Spot::unknown(format!("no text at line {}", at.line), at),
        }
        if text.len() > MAX_TEXT {
            break;
        }
    }
    Spot::new(Value::text(text), at)
}

/// The value of a choice between two: known when the condition is, or when both come to the same.
pub(super) fn choose(holds: Option<bool>, yes: Spot, no: Spot, undecided: impl FnOnce() -> String) -> Spot {
    match holds {
        Some(true) => yes,
        Some(false) => no,
        None if yes.value.same(&no.value) == Some(true) => yes,
        None => Spot::unknown(undecided(), yes.at),
    }
}

/// Code as quoted in a reason: one line, not long.
pub(in crate::collect) fn quote(code: &str) -> String {
    let line = code.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Offsets of line starts, to turn byte offsets into lines.
#[derive(Debug)]
pub(in crate::collect) struct Lines(Vec<usize>);

impl Lines {
    pub(in crate::collect) fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// A line, by its number, of the text that these are the lines of.
    pub(in crate::collect) fn text<'t>(&self, text: &'t str, line: u32) -> &'t str {
        let index = usize::try_from(line).unwrap_or_default().saturating_sub(1);
        let start = self.0.get(index).copied().unwrap_or(text.len());
        let end = self.0.get(index + 1).copied().unwrap_or(text.len());
        text.get(start..end).unwrap_or_default().trim_end()
    }

    /// 1-based
    pub(in crate::collect) fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }
}

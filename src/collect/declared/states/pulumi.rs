//! `pulumi stack export`, checkpoints and `pulumi preview --json`.
//! <https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go>

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::kinds::{Found, type_of};
use super::stream::{Fields, items};
use crate::collect::declared::json::Source;
use crate::collect::declared::value::{Map, Place, Spot, Value, normal};
use crate::collect::declared::yaml::SyntaxError;

/// The key that marks secrets and other values that are no plain ones.
/// <https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go>
const SIGNATURE: &str = "4dabf18193072939515e22adb298388d";

/// What a preview shows of a secret.
const SECRET: &str = "[secret]";

/// What stands for a value that an update will tell.
/// <https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go>
const UNKNOWNS: [&str; 7] = [
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
];

/// A resource of a deployment. One that is to be deleted, or that the program only reads, is none.
pub(super) fn exported(source: &Source<'_>, raw: &RawValue) -> Result<Option<Found>, SyntaxError> {
    let Some(fields) = Fields::of(raw) else { return Ok(None) };
    let Some(kind) = fields.text("type").and_then(|name| type_of(&name)) else { return Ok(None) };
    if fields.is_true("delete") || fields.is_true("external") {
        return Ok(None);
    }
    let at = source.place(raw.get());
    let key = fields.text("urn").unwrap_or_else(|| format!("line {}", at.line));
    Ok(Some(Found {
        kind,
        name: name_of(&key).to_owned(),
        declared: values(source, &fields, "inputs", &at)?,
        actual: values(source, &fields, "outputs", &at)?,
        id: fields.text("id").filter(|id| !id.is_empty() && !UNKNOWNS.contains(&id.as_str())),
        ignored: ignored(source, &fields),
        key,
        at,
    }))
}

/// The name in the program: the last part of `urn:pulumi:STACK::PROJECT::TYPE::NAME`, which may have `::` itself.
fn name_of(urn: &str) -> &str {
    urn.splitn(4, "::").last().unwrap_or(urn)
}

/// The steps of a preview as resources: a replacement is made of several, and stands for one.
pub(super) fn previewed(source: &Source<'_>, steps: &[&RawValue]) -> Result<Vec<Found>, SyntaxError> {
    let mut all: Vec<Found> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for raw in steps {
        let Some(step) = Fields::of(raw) else { continue };
        let state = |name: &str| step.get(name).map_or(Ok(None), |raw| exported(source, raw));
        let (old, new) = (state("oldState")?, state("newState")?);
        let op = step.text("op").unwrap_or_default();
        // These steps end something; of a replacement others say what comes after.
        let is_there = !op.starts_with("delete") && !op.starts_with("discard") && !op.starts_with("remove");
        let Some(mut found) = new.filter(|_| is_there) else { continue };
        found.actual = Spot::new(Value::Nothing, found.at.clone());
        found.id = None;
        if let Some(old) = old {
            found.actual = old.actual;
            found.id = old.id;
        }
        found.ignored = found.ignored.or_else(|| ignored(source, &step));
        if let Some(known) = places.get(&found.key).and_then(|index| all.get_mut(*index)) {
            if known.actual.is_nothing() {
                known.actual = found.actual;
            }
            known.id = known.id.take().or(found.id);
        } else {
            places.insert(found.key.clone(), all.len());
            all.push(found);
        }
    }
    Ok(all)
}

fn values(source: &Source<'_>, fields: &Fields<'_>, name: &str, at: &Place) -> Result<Spot, SyntaxError> {
    match fields.get(name) {
        Some(raw) => Ok(plain(name, source.spot(raw)?)),
        None => Ok(Spot::new(Value::Nothing, at.clone())),
    }
}

/// The value of a name without secrets, and with unknown ones as such.
fn plain(name: &str, spot: Spot) -> Spot {
    let is_secret = match &spot.value {
        Value::Map(map) => map.entries.contains_key(SIGNATURE),
        Value::Text(text) => text == SECRET,
        _ => false,
    };
    let value = match spot.value {
        _ if is_secret => Value::Unknown(format!("{name} is a secret")),
        Value::Map(Map { entries, open }) => {
            let entries = entries.into_iter().map(|(key, value)| {
                let value = plain(&key, value);
                (key, value)
            });
            Value::Map(Map { entries: entries.collect(), open })
        }
        Value::List(items) => Value::List(items.into_iter().map(|item| plain(name, item)).collect()),
        Value::Text(text) if UNKNOWNS.contains(&text.as_str()) => {
            Value::Unknown(format!("{name} is known after the update"))
        }
        other => other,
    };
    Spot::new(value, spot.at)
}

/// Where `ignoreChanges` names the version.
fn ignored(source: &Source<'_>, fields: &Fields<'_>) -> Option<Place> {
    let raw = fields.get("ignoreChanges")?;
    let is_named = |item: &&RawValue| {
        let name = serde_json::from_str::<String>(item.get()).unwrap_or_default();
        name == "*" || normal(&name) == "engineversion"
    };
    items(Some(raw)).iter().any(is_named).then(|| source.place(raw.get()))
}

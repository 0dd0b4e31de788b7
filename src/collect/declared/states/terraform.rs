//! `terraform show -json` of a state or a plan, and `terraform.tfstate`; OpenTofu writes the same.
//! <https://developer.hashicorp.com/terraform/internals/json-format>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::kinds::{Found, Type, type_of};
use super::stream::{Fields, items};
use crate::collect::declared::json::Source;
use crate::collect::declared::value::{Place, Spot, Value};
use crate::collect::declared::yaml::SyntaxError;

/// A resource of a plan.
#[derive(Default)]
pub(super) struct Plan {
    planned: Vec<Found>,
    prior: BTreeMap<String, Found>,
    changes: BTreeMap<String, Change>,
    /// What changes are about, under its old address as well.
    touched: BTreeSet<String>,
}

struct Change {
    /// What is there afterwards; nothing of it when it is destroyed.
    after: Option<Found>,
    before: Spot,
    unknown: Spot,
}

/// A managed resource, its type and address.
fn managed(raw: &RawValue) -> Option<(Fields<'_>, &'static Type, String)> {
    let fields = Fields::of(raw)?;
    let kind = type_of(&fields.text("type")?)?;
    let is_managed = fields.text("mode").is_none_or(|mode| mode == "managed");
    // An object that a failed replacement left behind.
    let is_deposed = fields.get("deposed").or_else(|| fields.get("deposed_key")).is_some();
    if !is_managed || is_deposed {
        return None;
    }
    let mut address = fields.text("address").unwrap_or_default();
    // Terraform 0.12 leaves the index out.
    if let Some(index) = fields.get("index")
        && !address.ends_with(']')
    {
        address = format!("{address}[{}]", index.get());
    }
    Some((fields, kind, address))
}

fn found(kind: &'static Type, address: String, at: Place, values: Spot) -> Found {
    let id = values.entry("id").and_then(|id| id.text().map(str::to_owned));
    Found { kind, key: address.clone(), name: address, actual: values.clone(), declared: values, at, id, ignored: None }
}

/// A resource of a state.
pub(super) fn shown(source: &Source<'_>, raw: &RawValue) -> Result<Option<Found>, SyntaxError> {
    let Some((fields, kind, address)) = managed(raw) else { return Ok(None) };
    let at = source.place(raw.get());
    let mut values = read(source, fields.get("values"), &at)?;
    let marks = read(source, fields.get("sensitive_values"), &at)?;
    overlay(&mut values, &marks, "sensitive");
    Ok(Some(found(kind, address, at, values)))
}

/// The instances of a resource of `terraform.tfstate`.
pub(super) fn stored(source: &Source<'_>, raw: &RawValue) -> Result<Vec<Found>, SyntaxError> {
    let Some((fields, kind, _)) = managed(raw) else { return Ok(Vec::new()) };
    let text = |name: &str| fields.text(name).unwrap_or_default();
    let module = fields.text("module").map(|module| format!("{module}.")).unwrap_or_default();
    let address = format!("{module}{}.{}", text("type"), text("name"));
    let mut all = Vec::new();
    for raw in items(fields.get("instances")) {
        let Some(instance) = Fields::of(raw).filter(|instance| instance.get("deposed").is_none()) else { continue };
        let at = source.place(raw.get());
        let index = instance.get("index_key").map(|key| format!("[{}]", key.get())).unwrap_or_default();
        let mut values = read(source, instance.get("attributes").or_else(|| instance.get("attributes_flat")), &at)?;
        for path in items(instance.get("sensitive_attributes")) {
            let first = items(Some(path)).first().and_then(|step| Fields::of(step)?.text("value"));
            hide(&mut values, first.as_deref().unwrap_or_default(), "sensitive");
        }
        all.push(found(kind, format!("{address}{index}"), at, values));
    }
    Ok(all)
}

impl Plan {
    pub(super) fn planned(&mut self, source: &Source<'_>, raw: &RawValue) -> Result<(), SyntaxError> {
        self.planned.extend(shown(source, raw)?);
        Ok(())
    }

    pub(super) fn prior(&mut self, source: &Source<'_>, raw: &RawValue) -> Result<(), SyntaxError> {
        if let Some(found) = shown(source, raw)? {
            self.prior.insert(found.key.clone(), found);
        }
        Ok(())
    }

    pub(super) fn change(&mut self, source: &Source<'_>, raw: &RawValue) -> Result<(), SyntaxError> {
        let Some((fields, kind, address)) = managed(raw) else { return Ok(()) };
        let Some(change) = fields.within("change") else { return Ok(()) };
        let at = source.place(raw.get());
        let part = |name: &str| read(source, change.get(name), &at);
        let mut before = part("before")?;
        overlay(&mut before, &part("before_sensitive")?, "sensitive");
        let unknown = part("after_unknown")?;
        let mut after = part("after")?;
        overlay(&mut after, &part("after_sensitive")?, "sensitive");
        let after = matches!(after.value, Value::Map(_)).then(|| found(kind, address.clone(), at.clone(), after));
        self.touched.insert(address.clone());
        self.touched.extend(fields.text("previous_address"));
        self.changes.insert(address, Change { after, before, unknown });
        Ok(())
    }

    /// What the plan leads to; what it does not touch stays as it was.
    pub(super) fn found(mut self) -> Vec<Found> {
        let mut all = Vec::new();
        for mut found in std::mem::take(&mut self.planned) {
            let prior = self.prior.get(&found.key).map(|prior| prior.declared.clone());
            let none = || Spot::new(Value::Nothing, found.at.clone());
            let before = match self.changes.remove(&found.key) {
                Some(change) => {
                    overlay(&mut found.declared, &change.unknown, "known after apply");
                    change.before
                }
                None => none(),
            };
            found.actual = if before.is_nothing() { prior.unwrap_or_else(none) } else { before };
            self.touched.insert(found.key.clone());
            all.push(found);
        }
        for change in std::mem::take(&mut self.changes).into_values() {
            let Some(mut found) = change.after else { continue };
            overlay(&mut found.declared, &change.unknown, "known after apply");
            found.actual = change.before;
            all.push(found);
        }
        let untouched = std::mem::take(&mut self.prior).into_iter().filter(|(key, _)| !self.touched.contains(key));
        all.extend(untouched.map(|(_, found)| found));
        all
    }
}

fn read(source: &Source<'_>, raw: Option<&RawValue>, at: &Place) -> Result<Spot, SyntaxError> {
    raw.map_or_else(|| Ok(Spot::new(Value::Nothing, at.clone())), |raw| source.spot(raw))
}

/// Makes unknown what is marked with `true` in a value of the same form.
fn overlay(spot: &mut Spot, marks: &Spot, why: &str) {
    match &marks.value {
        Value::Map(marks) => {
            for (key, mark) in &marks.entries {
                match (&mark.value, &mut spot.value) {
                    (Value::Bool(true), _) => hide(spot, key, why),
                    (_, Value::Map(map)) => {
                        if let Some(entry) = map.entries.get_mut(key) {
                            overlay(entry, mark, why);
                        }
                    }
                    _ => {}
                }
            }
        }
        Value::List(marks) => {
            if let Value::List(items) = &mut spot.value {
                items.iter_mut().zip(marks).for_each(|(item, mark)| overlay(item, mark, why));
            }
        }
        Value::Bool(true) => spot.value = Value::Unknown(format!("it is {why}")),
        _ => {}
    }
}

fn hide(spot: &mut Spot, key: &str, why: &str) {
    if let Value::Map(map) = &mut spot.value {
        let at = map.entries.get(key).map_or_else(|| spot.at.clone(), |known| known.at.clone());
        map.entries.insert(key.to_owned(), Spot::unknown(format!("{key} is {why}"), at));
    }
}

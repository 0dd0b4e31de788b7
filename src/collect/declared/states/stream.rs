//! Where in a document of a tool its resources stand. What is not on the way to them is skipped without being looked at,
//! and of the resources only those are kept that speak of RDS, so that the size of a document costs time but no memory.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::kinds;

/// One document: the resources in it that speak of RDS.
#[derive(Debug, Default)]
pub(super) struct Document<'t> {
    pub found: Vec<(Leaf, &'t RawValue)>,
    /// Whether it is what a tool wrote of its state or plan, with such a resource or without.
    pub is_state: bool,
    /// A state of Terraform 0.11 and before keeps its resources by module.
    pub is_old: bool,
}

/// What a resource is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    /// `pulumi stack export`, or a checkpoint.
    Exported,
    /// A step of `pulumi preview --json`.
    Step,
    /// `terraform show -json` of a state.
    Shown,
    /// The values of a plan.
    Planned,
    /// The state that a plan began from.
    Prior,
    /// A change of a plan.
    Change,
    /// `terraform.tfstate`
    Stored,
}

/// A part of a document on the way to resources.
#[derive(Clone, Copy)]
enum Part {
    Document,
    Checkpoint,
    Deployment,
    Prior,
    Values(Leaf),
    Module(Leaf),
    Modules(Leaf),
    List(Leaf),
    One(Leaf),
}

/// Keys that no other document has at its top.
const OWN_KEYS: [&str; 7] =
    ["deployment", "checkpoint", "steps", "planned_values", "resource_changes", "terraform_version", "format_version"];

impl Part {
    /// <https://developer.hashicorp.com/terraform/internals/json-format>
    fn below(self, key: &str) -> Option<Self> {
        match (self, key) {
            (Self::Document, "deployment") | (Self::Checkpoint, "latest") => Some(Self::Deployment),
            (Self::Document, "checkpoint") => Some(Self::Checkpoint),
            (Self::Document, "steps") => Some(Self::List(Leaf::Step)),
            (Self::Document, "values") => Some(Self::Values(Leaf::Shown)),
            (Self::Document, "planned_values") => Some(Self::Values(Leaf::Planned)),
            (Self::Document, "prior_state") => Some(Self::Prior),
            (Self::Document, "resource_changes") => Some(Self::List(Leaf::Change)),
            (Self::Document, "resources") => Some(Self::List(Leaf::Stored)),
            (Self::Deployment, "resources") => Some(Self::List(Leaf::Exported)),
            (Self::Prior, "values") => Some(Self::Values(Leaf::Prior)),
            (Self::Values(leaf), "root_module") => Some(Self::Module(leaf)),
            (Self::Module(leaf), "resources") => Some(Self::List(leaf)),
            (Self::Module(leaf), "child_modules") => Some(Self::Modules(leaf)),
            _ => None,
        }
    }

    fn item(self) -> Option<Self> {
        match self {
            Self::List(leaf) => Some(Self::One(leaf)),
            Self::Modules(leaf) => Some(Self::Module(leaf)),
            _ => None,
        }
    }
}

impl<'t> Deserialize<'t> for Document<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        let mut document = Self::default();
        Walk { part: Part::Document, document: &mut document }.deserialize(deserializer)?;
        Ok(document)
    }
}

struct Walk<'d, 't> {
    part: Part,
    document: &'d mut Document<'t>,
}

impl<'t> DeserializeSeed<'t> for Walk<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        let Part::One(leaf) = self.part else { return deserializer.deserialize_any(self) };
        let raw = <&RawValue>::deserialize(deserializer)?;
        if kinds::may_be_one(raw.get()) {
            self.document.found.push((leaf, raw));
        }
        Ok(())
    }
}

impl<'t> Visitor<'t> for Walk<'_, 't> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        let at_top = matches!(self.part, Part::Document);
        while let Some(key) = map.next_key::<String>()? {
            if at_top {
                self.document.is_state |= OWN_KEYS.contains(&key.as_str());
                self.document.is_old |= key == "modules";
            }
            match self.part.below(&key) {
                Some(part) => map.next_value_seed(Walk { part, document: self.document })?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
        match self.part.item() {
            Some(part) => while items.next_element_seed(Walk { part, document: self.document })?.is_some() {},
            None => while items.next_element::<IgnoredAny>()?.is_some() {},
        }
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The keys and values of an object.
pub(super) struct Fields<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Fields<'t> {
    /// `None` of what is no object.
    pub(super) fn of(raw: &'t RawValue) -> Option<Self> {
        if !raw.get().starts_with('{') {
            return None;
        }
        crate::collect::declared::json::entries(raw).ok().map(Self)
    }

    /// What is written under a name; `null` is nothing.
    pub(super) fn get(&self, name: &str) -> Option<&'t RawValue> {
        let (_, raw) = self.0.iter().rev().find(|(key, _)| key == name)?;
        (raw.get() != "null").then_some(*raw)
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|raw| raw.get() == "true")
    }

    pub(super) fn within(&self, name: &str) -> Option<Fields<'t>> {
        Fields::of(self.get(name)?)
    }
}

/// The items of a list; none of what is no list.
pub(super) fn items(raw: Option<&RawValue>) -> Vec<&RawValue> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

//! What names mean in a template: parameters, pseudo parameters, variables of loops, resources.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::inputs::Inputs;
use super::template::Template;
use crate::collect::declared::value::{Place, Spot, Value, quote};

/// References of references: no template needs as many, a ring of them ends here.
pub(super) const MAX_DEPTH: usize = 100;

/// Steps of work for one resource.
const FUEL: u32 = 20_000;

pub(super) struct Scope<'t> {
    pub template: &'t Template<'t>,
    pub inputs: &'t Inputs,
    pub stack: Option<&'t str>,
    /// Before the logical ids of a nested template: `Database.`
    pub prefix: &'t str,
    loops: BTreeMap<String, Spot>,
    fuel: Cell<u32>,
}

impl<'t> Scope<'t> {
    pub(super) fn new(template: &'t Template<'t>, inputs: &'t Inputs, stack: Option<&'t str>, prefix: &'t str) -> Self {
        Self { template, inputs, stack, prefix, loops: BTreeMap::new(), fuel: Cell::new(FUEL) }
    }

    /// The same for one resource, within the loops around it.
    pub(super) fn with(&self, loops: &BTreeMap<String, Spot>) -> Self {
        Self { loops: loops.clone(), ..Self::new(self.template, self.inputs, self.stack, self.prefix) }
    }

    /// Takes a step; `false` when there were too many.
    pub(super) fn spend(&self, depth: usize) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0 && depth <= MAX_DEPTH
    }

    /// What [`Value::Output`] calls a resource of this template.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// What `Ref` gives.
    pub(super) fn reference(&self, name: &str, at: &Place, depth: usize) -> Spot {
        if let Some(value) = self.loops.get(name) {
            return value.clone();
        }
        if name == "AWS::NoValue" {
            return Spot::new(Value::Nothing, at.clone());
        }
        if name == "AWS::StackName" {
            return match self.stack.filter(|_| self.prefix.is_empty()) {
                Some(stack) => Spot::new(Value::text(stack), at.clone()),
                None => Spot::unknown(located(name, at, "no stack given"), at.clone()),
            };
        }
        if name.starts_with("AWS::") {
            return Spot::unknown(located(name, at, "only known to AWS"), at.clone());
        }
        if let Some(written) = self.template.entry("Parameters", name) {
            return self.parameter(name, written, depth);
        }
        self.output(name, name, at)
    }

    /// An attribute of a resource.
    pub(super) fn output(&self, resource: &str, shown: &str, at: &Place) -> Spot {
        if !self.template.has_resource(resource) {
            return Spot::unknown(located(shown, at, "it is not declared"), at.clone());
        }
        let reason = located(shown, at, "only known to AWS");
        Spot::new(Value::Output { resource: self.key(resource), reason }, at.clone())
    }

    fn parameter(&self, name: &str, written: &Spot, depth: usize) -> Spot {
        let part = |key: &str| written.entry(key).filter(|spot| !spot.is_nothing());
        let kind = part("Type").and_then(|kind| kind.text().map(str::to_owned)).unwrap_or_default();
        let default = part("Default").map(|default| self.default(name, default, part("AllowedValues").as_ref()));
        let Some(value) = self.inputs.value(name, default, &written.at) else {
            let reason = format!("parameter {name} has no default and {}", self.inputs.unset());
            return Spot::unknown(reason, written.at.clone());
        };
        if kind.starts_with("AWS::SSM::Parameter::Value") {
            let reason = match value.text() {
                Some(path) => format!("parameter {name} is read from SSM: {path}"),
                None => format!("parameter {name} is read from SSM"),
            };
            return Spot::unknown(reason, value.at);
        }
        let value = if value.lost().is_some() { value } else { self.eval(&value, depth + 1) };
        match value.scalar() {
            Some(text) if kind.starts_with("List<") || kind == "CommaDelimitedList" => {
                let items = text.split(',').map(|item| Spot::new(Value::text(item.trim()), value.at.clone()));
                Spot::new(Value::List(items.collect()), value.at.clone())
            }
            _ => value,
        }
    }

    /// A parameter that may be called as the stack is has it for its value more likely than its default.
    fn default(&self, name: &str, default: Spot, allowed: Option<&Spot>) -> Spot {
        let Some(stack) = self.stack.filter(|_| self.inputs.are_files()) else { return default };
        let Some(Spot { value: Value::List(allowed), .. }) = allowed else { return default };
        let text = default.scalar().unwrap_or_default().to_owned();
        if text == stack || !allowed.iter().any(|one| one.scalar() == Some(stack)) {
            return default;
        }
        let reason = format!("parameter {name} is {text} unless {stack} is given for it, which no parameter file does");
        Spot::unknown(reason, default.at)
    }

    /// A text as it is written; what renders templates first may have left its marks in it.
    pub(super) fn literal(text: &str, at: &Place) -> Spot {
        if text.contains("{{resolve:") {
            return Spot::unknown(located(&quote(text), at, "only known to AWS"), at.clone());
        }
        if ["{{", "{%", "<%", "${"].iter().any(|mark| text.contains(mark)) {
            return Spot::unknown(located(&quote(text), at, "known when something has filled it in"), at.clone());
        }
        Spot::new(Value::text(text), at.clone())
    }
}

/// `what at db.yaml:3: why`
pub(super) fn located(what: &str, at: &Place, why: &str) -> String {
    format!("{what} at {}:{}: {why}", at.file, at.line)
}

//! The configuration of the stack, as programs read it.
//! <https://pkg.go.dev/github.com/pulumi/pulumi/sdk/v3/go/pulumi/config>

use tree_sitter::Node;

use super::symbol;
use super::unit::Meaning;
use super::world::{Callee, Here, World, arguments};
use crate::collect::declared::value::{Spot, Value};

/// Whose configuration a `config.Config` reads.
pub(super) enum Namespace {
    /// The project's.
    Own,
    Named(Spot),
}

impl<'a> World<'a> {
    /// What a `config.Config` reads; `None` of other things.
    pub(super) fn config(&self, here: &Here<'a>, node: Node<'a>, depth: u32) -> Option<Namespace> {
        if !self.spend(1) {
            return None;
        }
        match node.kind() {
            "call_expression" => {
                let Callee::External(path, "New") = self.callee(here, node) else { return None };
                let namespace = arguments(node).get(1).map(|name| self.eval(here, *name, depth));
                let named = namespace.filter(|name| name.text().is_some() || name.lost().is_some());
                symbol::is_config(path).then(|| named.map_or(Namespace::Own, Namespace::Named))
            }
            "identifier" => {
                let name = self.code(here, node);
                let local = self.unit(here).local(name, node.start_byte()).map(|binding| (here.clone(), binding));
                let global = || self.global(self.unit(here).package, name);
                let global = || global().map(|(unit, binding)| (Here { unit, frame: None }, binding));
                let (there, binding) = local.or_else(global)?;
                match binding.meaning {
                    Meaning::Value(value, 0, 1) => self.config(&there, value, depth + 1),
                    Meaning::Parameter(function, index, _) => {
                        let (call, from) = self.call_of(&there, there.unit, function)?;
                        self.config(from, *arguments(call).get(index)?, depth + 1)
                    }
                    _ => None,
                }
            }
            "unary_expression" => self.config(here, node.child_by_field_name("operand")?, depth + 1),
            _ => None,
        }
    }

    /// What `RequireObject` and its like fill in.
    pub(super) fn object(&self, here: &Here<'a>, call: Node<'a>, depth: u32) -> Option<Spot> {
        let Callee::Method(operand, name @ ("RequireObject" | "GetObject" | "TryObject")) = self.callee(here, call)
        else {
            return None;
        };
        let namespace = self.config(here, operand, depth)?;
        let key = arguments(call).first().copied()?;
        Some(self.setting(here, call, &namespace, name, key, depth))
    }

    pub(super) fn setting(
        &self,
        here: &Here<'a>,
        call: Node<'a>,
        namespace: &Namespace,
        method: &str,
        key: Node<'a>,
        depth: u32,
    ) -> Spot {
        let lost = |why: &str| self.lost(here, call, why);
        let kinds = [("Require", true), ("Try", true), ("Get", false)];
        let Some((kind, is_required)) =
            kinds.into_iter().find_map(|(prefix, is_required)| Some((method.strip_prefix(prefix)?, is_required)))
        else {
            return lost("only a run tells");
        };
        if kind.contains("Secret") {
            return lost("it is a secret");
        }
        let key = self.eval(here, key, depth);
        let Some(key) = key.text() else { return lost(key.lost().unwrap_or("only a run tells")) };
        let (name, key) = match (namespace, key.split_once(':')) {
            (Namespace::Named(name), _) => match name.text() {
                Some(name) => (Some(name.to_owned()), key),
                None => return lost("its namespace is not known"),
            },
            (Namespace::Own, Some((name, key))) => (Some(name.to_owned()), key),
            (Namespace::Own, None) => (None, key),
        };
        let project = self.project(here);
        let spot = match project.setting(name.as_deref(), key) {
            Ok(spot) if spot.is_nothing() && is_required => {
                return lost(&format!("{} does not set it", project.settings_file()));
            }
            Ok(spot) => spot,
            Err(reason) => return lost(&reason),
        };
        let at = spot.at.clone();
        let value = match (kind, spot.scalar()) {
            ("", Some(text)) => Value::text(text),
            ("", None) if spot.is_nothing() => Value::Text(String::new()),
            ("Bool", Some(text)) => Value::Bool(text == "true"),
            ("Bool", None) if spot.is_nothing() => Value::Bool(false),
            ("Int" | "Int64" | "Float64", Some(text)) => Value::Number(text.to_owned()),
            ("Int" | "Int64" | "Float64", None) if spot.is_nothing() => Value::Number("0".to_owned()),
            _ => return spot,
        };
        Spot::new(value, at)
    }
}

//! Functions of Pulumi, and its configuration.

use super::program::{At, Program, Run, Thing};
use super::text;
use crate::collect::declared::value::{Map, Spot, Value, concat};

/// A call of something of Pulumi; `None` of other things.
pub(super) fn call(program: &Program, path: &[&str], at: At, run: &Run) -> Option<Thing> {
    let ["pulumi", path @ ..] = path else { return None };
    let project = || program.project();
    let first = || program.passed(at, 0, "val", run);
    let arguments = || {
        let count = program.arguments(at).len();
        (0..count).map_while(|index| program.argument(at, index, "", run)).collect::<Vec<Spot>>()
    };
    match path {
        ["get_stack" | "runtime", ..] if path.last() == Some(&"get_stack") => Some(match project().stack() {
            Some(stack) => program.known(at, Value::text(stack)),
            None => program.unknown(at, "no stack given"),
        }),
        ["get_project" | "runtime", ..] if path.last() == Some(&"get_project") => Some(match project().name() {
            Some(name) => program.known(at, Value::text(name)),
            None => program.unknown(at, "there is no Pulumi.yaml above it"),
        }),
        ["Config"] => {
            let name = program.argument(at, 0, "name", run).filter(|name| !name.is_nothing());
            Some(Thing::Config(name.map(Box::new)))
        }
        ["Output", "from_input" | "secret" | "unsecret"] => first(),
        ["Output", "concat"] => Some(Thing::Data(concat(arguments(), program.place(at)))),
        ["Output", "format"] => {
            let given = arguments();
            let (template, values) = given.split_first()?;
            let named = program.keywords(at, &[], run);
            Some(Thing::Data(match template.text() {
                Some(template) => program.filled(text::fields(template), values, Some(&named), at),
                None => template.clone(),
            }))
        }
        ["ResourceOptions", "merge"] => {
            let mut map = Map::default();
            for options in arguments() {
                map.spread(&options);
            }
            Some(program.known(at, Value::Map(map)))
        }
        _ => None,
    }
}

impl Program {
    /// What a `pulumi.Config` reads.
    pub(super) fn setting(&self, namespace: Option<&Spot>, method: &str, at: At, run: &Run) -> Thing {
        let is_required = method.starts_with("require");
        if !is_required && !method.starts_with("get") {
            return self.unknown(at, "only a run tells");
        }
        if method.contains("secret") {
            return self.unknown(at, "it is a secret");
        }
        let Some(key) = self.argument(at, 0, "key", run) else { return self.unknown(at, "only a run tells") };
        let Some(key) = key.text() else {
            let reason = key.lost().unwrap_or("its key is not known");
            return Thing::Data(Spot::unknown(reason, self.place(at)));
        };
        let name = match namespace.map(Spot::text) {
            Some(None) => return self.unknown(at, "its namespace is not known"),
            Some(name) => name,
            None => None,
        };
        match self.project().setting(name, key) {
            Ok(spot) if !spot.is_nothing() => Thing::Data(converted(spot, method)),
            Ok(_) if is_required => self.unknown(at, &format!("{} does not set it", self.project().settings_file())),
            Ok(nothing) => self.passed(at, 1, "default", run).unwrap_or(Thing::Data(nothing)),
            Err(reason) => self.unknown(at, &reason),
        }
    }
}

/// A setting as the method gives it: `get` gives texts only, whatever is written.
fn converted(spot: Spot, method: &str) -> Spot {
    let at = spot.at.clone();
    let value = match (&spot.value, spot.scalar()) {
        (Value::Bool(_), _) if method.ends_with("_bool") => return spot,
        (Value::Text(text), _) if method.ends_with("_bool") => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return spot,
        },
        (Value::Text(text), _) if method.ends_with("_int") || method.ends_with("_float") => Value::Number(text.clone()),
        (Value::Number(_), _) if method.ends_with("_int") || method.ends_with("_float") => return spot,
        (_, Some(text)) if matches!(method, "get" | "require") => Value::text(text),
        _ => return spot,
    };
    Spot::new(value, at)
}

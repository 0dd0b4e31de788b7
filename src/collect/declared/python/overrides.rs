//! What is changed of a resource after it is declared, and what of it is declared in another file.

use super::program::{At, Program, Run, Thing};
use super::rds::{self, Declared};
use super::syntax::Kind;
use crate::collect::declared::property::Property;
use crate::collect::declared::resource::{Program as Found, Resource};
use crate::collect::declared::value::{Map, Spot, Value, normal};
use crate::facts::Tool;

/// `add_property_override("EngineVersion", …)`, `cfn.engine_version = …` and `add_parameter(…)` of the CDK.
/// <https://docs.aws.amazon.com/cdk/v2/guide/cfn-layer.html>
pub(super) fn apply(program: &Program, main: usize, found: &mut Found) {
    let module = program.module(main);
    for call in &module.calls {
        let call = At { module: main, expr: *call };
        let Kind::Call { function, .. } = &module.exprs[call.expr].kind else { continue };
        let Kind::Attribute { object, name, .. } = &module.exprs[*function].kind else { continue };
        let object = At { module: main, expr: *object };
        let is_override = matches!(name.as_str(), "add_property_override" | "add_override");
        if !is_override && name != "add_parameter" {
            continue;
        }
        for frame in program.contexts(call) {
            program.refuel();
            let run = Run { frame, depth: 0 };
            let (Some(key), Some(value)) =
                (program.argument(call, 0, "property_path", &run), program.argument(call, 1, "value", &run))
            else {
                continue;
            };
            let target = program.spot(object, &run);
            if is_override {
                let key = key.text().map(|key| normal(key.strip_prefix("Properties.").unwrap_or(key)));
                if key.is_none_or(|key| key == "engineversion") {
                    replace(program, found, &target, &value, call);
                }
            } else if let (Value::Output { resource, .. }, Some(key)) = (&target.value, key.text())
                && let Some(group) = found.groups.iter_mut().find(|group| group.key == *resource)
            {
                if group.parameters.is_nothing() {
                    group.parameters.value = Value::Map(Map::default());
                }
                if let Value::Map(map) = &mut group.parameters.value {
                    map.entries.insert(key.to_owned(), value);
                }
            }
        }
    }
    for assigned in module.assigned.iter().filter(|assigned| assigned.name == "engine_version") {
        let (object, value) = (At { module: main, expr: assigned.object }, At { module: main, expr: assigned.value });
        for frame in program.contexts(object) {
            program.refuel();
            let run = Run { frame, depth: 0 };
            // A field of an object of one's own is no resource's.
            if let Thing::Data(target) = program.thing(object, &run) {
                replace(program, found, &target, &program.spot(value, &run), object);
            }
        }
    }
}

/// Another version for a resource; when it is not known for which, for none of them is it known.
fn replace(program: &Program, found: &mut Found, target: &Spot, value: &Spot, at: At) {
    let of_cdk = |resource: &&mut Resource| resource.tool == Tool::CloudFormation;
    match &target.value {
        Value::Output { resource: key, .. } => {
            for resource in found.resources.iter_mut().filter(|resource| resource.key == *key) {
                resource.properties.insert(Property::Version, value.clone());
            }
        }
        Value::Unknown(_) => {
            let line = program.line(&program.place(at));
            let reason = format!("it may be overridden at {line}");
            for resource in found.resources.iter_mut().filter(of_cdk) {
                resource.properties.insert(Property::Version, Spot::unknown(reason.as_str(), program.place(at)));
            }
        }
        _ => {}
    }
}

/// Parameter groups that other files declare, and what replicas have of sources there.
pub(super) fn elsewhere(program: &Program, found: &mut Found) {
    let mut groups = Vec::new();
    let known: Vec<String> = found.resources.iter().map(|resource| resource.key.clone()).collect();
    for resource in &mut found.resources {
        let read = |property| match resource.get(property).map(|spot| &spot.value) {
            Some(Value::Output { resource: key, .. }) => Some((key.clone(), read(program, key)?)),
            _ => None,
        };
        if let Some((key, Declared::Group(group))) = read(Property::Group)
            && !found.groups.iter().chain(&groups).any(|group| group.key == key)
        {
            groups.push(*group);
        }
        if let Some((key, Declared::Resource(source))) = read(Property::Source)
            && !known.contains(&key)
        {
            for property in [Property::Engine, Property::Version] {
                let has_own = resource.get(property).is_some_and(|spot| spot.lost().is_none());
                if let Some(spot) = source.get(property).filter(|_| !has_own) {
                    resource.properties.insert(property, spot.clone());
                }
            }
        }
    }
    found.groups.extend(groups);
}

/// What a resource's key leads to, in whichever file.
fn read(program: &Program, key: &str) -> Option<Declared> {
    let (call, frame) = program.outputs.borrow().get(key).cloned()?;
    program.refuel();
    rds::read(program, super::class(program, call)?, call, &frame)
}

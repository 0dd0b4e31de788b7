//! Attributes of things, and objects of the repository's own classes.

use std::rc::Rc;

use super::names::map;
use super::program::{At, Frame, FrameLink, Object, Program, Run, Step, Thing};
use super::syntax::{ClassId, FunctionId, Kind, Meaning, Parameter, ScopeId, Style};
use super::{cdk, files, rds};
use crate::collect::declared::value::{Spot, Value};

/// Longer chains of base classes are not written by people.
const MAX_BASES: usize = 16;

/// Classes whose objects are the values that they are given.
const RECORDS: [&str; 6] = ["dataclass", "define", "frozen", "NamedTuple", "BaseModel", "TypedDict"];

/// Classes whose members are values.
const ENUMS: [&str; 5] = ["Enum", "StrEnum", "IntEnum", "Flag", "IntFlag"];

impl Program {
    /// An attribute of something.
    pub(super) fn member(&self, object: Thing, name: &str, at: At, run: &Run) -> Thing {
        match object {
            Thing::Data(spot) => Thing::Data(self.attribute(&spot, name, at)),
            Thing::External(mut path) => {
                path.push(name.to_owned());
                if path.first().is_some_and(|first| first == "os") && path.get(1).is_some_and(|name| name == "environ")
                {
                    return self.unknown(at, "it depends on the environment");
                }
                match cdk::constant(self, &path, at) {
                    Some(spot) => Thing::Data(spot),
                    None => Thing::External(path),
                }
            }
            Thing::Package(package) => match self.of_package(&package, name, at, &run.by(None)) {
                Some(thing) => thing,
                None => self.unknown(at, "its module does not set it"),
            },
            Thing::Class { module, class } => match self.class_member(module, class, name, at, run) {
                Some(thing) => thing,
                None => self.unknown(at, "its class does not set it"),
            },
            Thing::Object(object) => self.object_member(&object, name, at, run),
            Thing::Bag(_) | Thing::Function { .. } | Thing::Config(_) => self.unknown(at, "only a run tells"),
        }
    }

    /// An attribute of data: of what the code sets of a resource, or of a map that stands for an object.
    fn attribute(&self, spot: &Spot, name: &str, at: At) -> Spot {
        match &spot.value {
            Value::Output { resource, .. } => {
                if let Some(written) = self.written(resource, name) {
                    return written;
                }
                let reason = format!("{} is only known to AWS", self.code(at));
                Spot::new(Value::Output { resource: resource.clone(), reason }, self.place(at))
            }
            Value::Unknown(_) => spot.clone(),
            Value::Text(_) if name == "parent" => files::parent(self, spot, at),
            // Of a member of an enumeration.
            Value::Text(_) | Value::Number(_) if name == "value" => spot.clone(),
            Value::Map(entries) if entries.entries.contains_key(name) || entries.open.is_some() => {
                spot.entry(name).unwrap_or_else(|| self.lost(at, "only a run tells"))
            }
            _ => self.lost(at, "only a run tells"),
        }
    }

    /// The class and its bases in the repository, in order.
    pub(super) fn bases(&self, module: usize, class: ClassId, run: &Run) -> (Vec<(usize, ClassId)>, Vec<Vec<String>>) {
        let (mut own, mut external) = (Vec::new(), Vec::new());
        let mut open = vec![(module, class)];
        while let Some((module, class)) = open.pop() {
            if own.contains(&(module, class)) || own.len() >= MAX_BASES {
                continue;
            }
            own.push((module, class));
            for base in self.module(module).classes[class].bases.iter().rev() {
                match self.thing(At { module, expr: *base }, &run.by(None).deeper()) {
                    Thing::Class { module, class } => open.push((module, class)),
                    Thing::External(path) => external.push(path),
                    _ => {}
                }
            }
        }
        (own, external)
    }

    pub(super) fn class_member(&self, module: usize, class: ClassId, name: &str, at: At, run: &Run) -> Option<Thing> {
        let (bases, _) = self.bases(module, class, run);
        bases.into_iter().find_map(|(module, class)| {
            let scope = self.module(module).classes[class].scope;
            self.of_class(module, scope, name, at, &run.by(None))
        })
    }

    fn object_member(&self, object: &Rc<Object>, name: &str, at: At, run: &Run) -> Thing {
        let run = run.by(object.frame.clone());
        let (bases, _) = self.bases(object.module, object.class, &run);
        for (module, class) in &bases {
            let own = self.module(*module);
            let given = own.classes[*class].attributes.get(name).map(Vec::as_slice).unwrap_or_default();
            let class = || self.class_member(object.module, object.class, name, at, &run);
            if let Some(thing) = self.of_self(*module, given, at, &run, class) {
                return thing;
            }
        }
        match self.class_member(object.module, object.class, name, at, &run) {
            Some(Thing::Function { module, function, .. }) => {
                let found = Thing::Function { module, function, owner: Some(object.clone()) };
                let own = self.module(module);
                let decorators = &own.functions[function].decorators;
                if decorators.iter().any(|name| name == "property" || name == "cached_property") {
                    return self.run(module, function, None, Some(object.clone()), at, &run);
                }
                found
            }
            Some(_) if self.is_base(object.module, object.class) => {
                self.unknown(at, "a class derived from this one may set it")
            }
            Some(thing) => thing,
            None => match self.declared_by(object) {
                Some(output) => Thing::Data(self.attribute(&output, name, at)),
                None => self.unknown(at, "its class does not set it"),
            },
        }
    }

    /// What a class makes of a call.
    pub(super) fn instantiate(&self, module: usize, class: ClassId, call: At, run: &Run) -> Thing {
        let own = self.module(module);
        let (bases, external) = self.bases(module, class, run);
        let is = |names: &[&str]| {
            let decorators = own.classes[class].decorators.iter();
            let last = external.iter().filter_map(|path| path.last());
            decorators.chain(last).any(|name| names.contains(&name.as_str()))
        };
        if is(&ENUMS) {
            return self
                .argument(call, 0, "value", run)
                .map_or_else(|| self.unknown(call, "only a run tells"), Thing::Data);
        }
        let constructor = bases.iter().find_map(|(module, class)| Some((*module, self.constructor(*module, *class)?)));
        match constructor {
            Some((of, function)) => {
                let made = Some((module, class));
                let step = Step::Call { module: of, function, call, owner: None, made };
                let frame = Some(Rc::new(Frame { step, outer: run.frame.clone() }));
                Thing::Object(Rc::new(Object { module, class, frame }))
            }
            None if is(&RECORDS) => self.record(&bases, call, run),
            None if external.iter().any(|path| rds::declares(path).is_some()) => {
                Thing::Data(self.output(call, &run.frame))
            }
            None => Thing::Object(Rc::new(Object { module, class, frame: run.frame.clone() })),
        }
    }

    pub(super) fn constructor(&self, module: usize, class: ClassId) -> Option<FunctionId> {
        let own = self.module(module);
        let bindings = own.bindings(own.classes[class].scope, "__init__");
        match bindings.last().map(|binding| &binding.meaning) {
            Some(Meaning::Function(function)) => Some(*function),
            _ => None,
        }
    }

    /// The fields of a record, as passed or by default.
    fn record(&self, bases: &[(usize, ClassId)], call: At, run: &Run) -> Thing {
        let mut entries = Vec::new();
        let mut parameters: Vec<(usize, usize, Parameter)> = Vec::new();
        for (module, class) in bases.iter().rev() {
            let own = self.module(*module);
            let scope = own.classes[*class].scope;
            for name in &own.classes[*class].fields {
                let parameter = Parameter { name: name.clone(), default: None, style: Style::Plain };
                parameters.push((*module, scope, parameter));
            }
        }
        for (index, (module, scope, parameter)) in parameters.iter().enumerate() {
            let default = || {
                self.of_class(*module, *scope, &parameter.name, call, &run.by(None)).map(|thing| self.data(thing, call))
            };
            let passed = self.argument(call, index, &parameter.name, run).or_else(default);
            entries.extend(passed.map(|spot| (parameter.name.clone(), spot)));
        }
        Thing::Data(Spot::new(map(entries), self.place(call)))
    }

    /// The resource that an object of a class derived from one of RDS is: what its constructor passes on.
    pub(super) fn declared_by(&self, object: &Object) -> Option<Spot> {
        let run = Run::default();
        let (bases, external) = self.bases(object.module, object.class, &run);
        if !external.iter().any(|path| rds::declares(path).is_some()) {
            return None;
        }
        bases.into_iter().find_map(|(index, class)| {
            let module = self.module(index);
            let scope = module.functions[self.constructor(index, class)?].scope;
            let call = self.super_call(index, scope)?;
            let frame: FrameLink = self.within(&object.frame, index, scope);
            Some(self.output(call, &frame))
        })
    }

    /// The call of the base's constructor in a scope.
    pub(super) fn super_call(&self, module: usize, scope: ScopeId) -> Option<At> {
        let own = self.module(module);
        let calls = own.calls.iter().filter(|call| own.exprs[**call].scope == scope);
        calls.map(|call| At { module, expr: *call }).find(|call| self.is_super(*call))
    }

    /// Whether a call is `super().__init__(…)`.
    pub(super) fn is_super(&self, call: At) -> bool {
        let module = self.module(call.module);
        let Kind::Call { function, .. } = &module.exprs[call.expr].kind else { return false };
        let Kind::Attribute { object, name, .. } = &module.exprs[*function].kind else { return false };
        let Kind::Call { function, .. } = &module.exprs[*object].kind else { return false };
        name == "__init__" && matches!(&module.exprs[*function].kind, Kind::Name(name) if name == "super")
    }
}

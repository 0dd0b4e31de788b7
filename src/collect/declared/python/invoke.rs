//! Calls: how arguments reach parameters, and what a function gives back.

use std::rc::Rc;

use super::program::{At, Frame, Object, Program, Run, Step, Thing};
use super::syntax::{Argument, FunctionId, Kind, Passed, Style};
use super::{builtin, cdk, files, pulumi, rds};
use crate::collect::declared::value::{Map, Spot, Value};

/// Decorators that leave a function what it is.
const HARMLESS: [&str; 5] = ["staticmethod", "classmethod", "lru_cache", "cache", "override"];

pub(super) fn is_harmless(decorator: &str) -> bool {
    HARMLESS.contains(&decorator)
}

impl Program {
    pub(super) fn arguments(&self, call: At) -> Vec<Argument> {
        match &self.module(call.module).exprs[call.expr].kind {
            Kind::Call { arguments, .. } => arguments.clone(),
            _ => Vec::new(),
        }
    }

    /// What a call passes, by position or by name; `None` when it passes nothing there.
    pub(super) fn passed(&self, call: At, index: usize, name: &str, run: &Run) -> Option<Thing> {
        let at = |argument: &Argument| At { module: call.module, expr: argument.value };
        let arguments = self.arguments(call);
        let mut position = 0;
        for argument in &arguments {
            match &argument.passed {
                Passed::ByName(own) if own == name => return Some(self.thing(at(argument), run)),
                Passed::ByPosition if position == index => return Some(self.thing(at(argument), run)),
                Passed::ByPosition => position += 1,
                Passed::Splat if index < usize::MAX => {
                    let list = self.spot(at(argument), run);
                    match &list.value {
                        Value::List(items) if items.len() > index - position => {
                            return Some(Thing::Data(items[index - position].clone()));
                        }
                        Value::List(items) => position += items.len(),
                        _ => return Some(self.unknown(at(argument), "only a run tells")),
                    }
                }
                _ => {}
            }
        }
        let mut spread = arguments.iter().filter(|argument| argument.passed == Passed::Spread);
        spread.find_map(|argument| {
            let spot = self.spot(at(argument), run);
            let entry = match &spot.value {
                Value::Unknown(reason) => {
                    let code = self.code(at(argument));
                    Some(Spot::unknown(format!("**{code} may set it, and cannot be known: {reason}"), spot.at.clone()))
                }
                Value::Map(map) if map.entries.contains_key(name) || map.open.is_some() => spot.entry(name),
                _ => None,
            };
            entry.map(Thing::Data)
        })
    }

    pub(super) fn argument(&self, call: At, index: usize, name: &str, run: &Run) -> Option<Spot> {
        self.passed(call, index, name, run).map(|thing| self.data(thing, call))
    }

    /// Everything that a call passes by name, but for some names.
    pub(super) fn keywords(&self, call: At, but: &[String], run: &Run) -> Spot {
        let mut map = Map::default();
        for argument in self.arguments(call) {
            let at = At { module: call.module, expr: argument.value };
            match argument.passed {
                Passed::ByName(name) if !but.contains(&name) => {
                    map.entries.insert(name, self.spot(at, run));
                }
                Passed::Spread => {
                    let spread = self.spot(at, run);
                    // A name is passed once only: what is written beside the spread stays.
                    if let Value::Map(inner) = spread.value {
                        map.open = map.open.or(inner.open);
                        map.entries.extend(inner.entries.into_iter().filter(|(name, _)| !but.contains(name)));
                    } else {
                        let why = spread.lost().unwrap_or("only a run tells");
                        map.open = Some(format!("**{} may set it, and cannot be known: {why}", self.code(at)));
                    }
                }
                _ => {}
            }
        }
        Spot::new(Value::Map(map), self.place(call))
    }

    /// What a parameter is in a run.
    pub(super) fn parameter(&self, module: usize, function: FunctionId, index: usize, at: At, run: &Run) -> Thing {
        let own = self.module(module);
        let declared = &own.functions[function];
        let decorated = |name: &str| declared.decorators.iter().any(|own| own == name);
        let is_method = declared.class.is_some() && !decorated("staticmethod");
        let mut frames = std::iter::successors(run.frame.as_ref(), |frame| frame.outer.as_ref());
        let frame = frames.find(|frame| {
            matches!(&frame.step, Step::Call { module: of, function: known, .. } if (*of, *known) == (module, function))
        });
        let (owner, made) = match frame.map(|frame| &frame.step) {
            Some(Step::Call { owner, made, .. }) => (owner.clone(), *made),
            _ => (None, None),
        };
        let has_owner = owner.is_some();
        if let (true, 0, Some(class)) = (is_method, index, declared.class) {
            return match (decorated("classmethod"), owner) {
                (true, _) => Thing::Class { module, class },
                (false, Some(owner)) => Thing::Object(owner),
                (false, None) => {
                    let (module, class) = made.unwrap_or((module, class));
                    Thing::Object(Rc::new(Object { module, class, frame: run.frame.clone() }))
                }
            };
        }
        let Some(frame) = frame else { return self.unknown(at, "it is a parameter") };
        let Step::Call { call, .. } = &frame.step else { return self.unknown(at, "it is a parameter") };
        let caller = run.by(frame.outer.clone()).deeper();
        let parameter = &declared.parameters[index];
        // `Class.method(object, …)` passes the object as well.
        let is_bound = is_method && (has_owner || decorated("classmethod") || declared.name == "__init__");
        let position = index - usize::from(is_bound).min(index);
        let passed = match parameter.style {
            Style::Plain => self.passed(*call, position, &parameter.name, &caller),
            Style::KeywordOnly => self.passed(*call, usize::MAX, &parameter.name, &caller),
            Style::Rest => return self.unknown(at, "it is a parameter"),
            Style::Keywords => {
                let but: Vec<String> = declared.parameters.iter().map(|parameter| parameter.name.clone()).collect();
                return Thing::Data(self.keywords(*call, &but, &caller));
            }
        };
        match (passed, parameter.default) {
            (Some(thing), _) => thing,
            (None, Some(default)) => self.thing(At { module, expr: default }, &run.by(frame.outer.clone()).deeper()),
            (None, None) => {
                let line = self.line(&self.place(*call));
                self.unknown(at, &format!("it is a parameter, which {line} does not pass"))
            }
        }
    }

    /// What a function gives back in a call; without one, it is a property.
    pub(super) fn run(
        &self,
        module: usize,
        function: FunctionId,
        call: Option<At>,
        owner: Option<Rc<Object>>,
        at: At,
        run: &Run,
    ) -> Thing {
        let own = self.module(module);
        let declared = &own.functions[function];
        let is_plain = call.is_none() || declared.decorators.iter().all(|name| is_harmless(name));
        if declared.is_deferred || !is_plain || !own.faults.is_empty() {
            return self.unknown(at, "only a run tells");
        }
        let step = Step::Call { module, function, call: call.unwrap_or(at), owner, made: None };
        let run = &run.by(Some(Rc::new(Frame { step, outer: run.frame.clone() }))).deeper();
        let mut pending: Option<(Thing, String)> = None;
        for one in &declared.returns {
            let reached = self.decided(&own, module, one.guard, &[], run);
            if reached == Ok(false) {
                continue;
            }
            let value = match one.value {
                Some(expr) => self.thing(At { module, expr }, run),
                None => self.known(at, Value::Nothing),
            };
            let value = match pending.take() {
                Some((before, reason)) => self.either(before, value, at, &reason),
                None => value,
            };
            match reached {
                Ok(_) => return value,
                Err(reason) => pending = Some((value, reason)),
            }
        }
        let nothing = self.known(at, Value::Nothing);
        match pending {
            Some((before, reason)) => self.either(before, nothing, at, &reason),
            None => nothing,
        }
    }

    pub(super) fn call(&self, at: At, run: &Run) -> Thing {
        let module = self.module(at.module);
        let Kind::Call { function, .. } = &module.exprs[at.expr].kind else {
            return self.unknown(at, "only a run tells");
        };
        let callee = At { module: at.module, expr: *function };
        let called = match &module.exprs[*function].kind {
            Kind::Attribute { name, .. } if name == "try_get_context" || name == "get_context" => {
                return Thing::Data(self.context_of(at, run));
            }
            Kind::Attribute { object, name, .. } => match self.thing(At { module: at.module, expr: *object }, run) {
                Thing::Data(spot) => {
                    if let Value::Map(map) = &spot.value
                        && let Some(view) = builtin::view(map, name, &spot)
                    {
                        return view;
                    }
                    if let Some(thing) = files::method(self, &spot, name, at, run) {
                        return thing;
                    }
                    return Thing::Data(self.method(&spot, name, at, run));
                }
                Thing::Config(namespace) => return self.setting(namespace.as_deref(), name, at, run),
                object => self.member(object, name, callee, run),
            },
            _ => self.thing(callee, run),
        };
        match called {
            Thing::Function { module, function, owner } => self.run(module, function, Some(at), owner, at, run),
            Thing::Class { module, class } => self.instantiate(module, class, at, run),
            Thing::External(path) => self.external(&path, at, run),
            Thing::Data(Spot { value: Value::Unknown(reason), at: place }) => Thing::Data(Spot::unknown(reason, place)),
            _ => self.unknown(at, "only a run tells"),
        }
    }

    /// What a field of a data class is by default.
    /// <https://docs.python.org/3/library/dataclasses.html#dataclasses.field>
    fn field(&self, at: At, run: &Run) -> Thing {
        if let Some(default) = self.passed(at, 0, "default", run) {
            return default;
        }
        let factory = ["default_factory", "factory"].iter().find_map(|name| self.passed(at, usize::MAX, name, run));
        match factory {
            Some(Thing::Class { module, class }) => self.instantiate(module, class, at, run),
            Some(Thing::Function { module, function, owner }) => self.run(module, function, Some(at), owner, at, run),
            Some(Thing::External(path)) if path == ["builtins", "dict"] => self.known(at, Value::Map(Map::default())),
            Some(Thing::External(path)) if path == ["builtins", "list"] => self.known(at, Value::List(Vec::new())),
            _ => self.unknown(at, "only a run tells"),
        }
    }

    /// A call of something that is not in the repository.
    fn external(&self, path: &[String], at: At, run: &Run) -> Thing {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        match parts[..] {
            ["builtins", name] => return self.builtin(name, at, run),
            ["os", "getenv"] => return self.unknown(at, "it depends on the environment"),
            ["typing", "cast"] => {
                return self.passed(at, 1, "val", run).unwrap_or_else(|| self.unknown(at, "only a run tells"));
            }
            ["copy", "copy" | "deepcopy"] => {
                return self.passed(at, 0, "x", run).unwrap_or_else(|| self.unknown(at, "only a run tells"));
            }
            ["dataclasses", "field"] | ["pydantic" | "attr" | "attrs", .., "Field" | "field" | "ib"] => {
                return self.field(at, run);
            }
            ["types", "SimpleNamespace"] => return Thing::Data(self.keywords(at, &[], run)),
            _ => {}
        }
        let known = pulumi::call(self, &parts, at, run)
            .or_else(|| cdk::call(self, &parts, at, run))
            .or_else(|| files::call(self, &parts, at, run));
        if let Some(thing) = known {
            return thing;
        }
        if rds::is_resource(path) {
            return Thing::Data(self.output(at, &run.frame));
        }
        // What passes values on to a resource.
        let is_record = parts.last().is_some_and(|name| builtin::is_record(name));
        if is_record { Thing::Data(self.keywords(at, &[], run)) } else { self.unknown(at, "only a run tells") }
    }
}

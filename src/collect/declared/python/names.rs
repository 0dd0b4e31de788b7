//! What a name stands for where it is used: the last of what it was given by then, on conditions that are decided.

use super::program::{At, FrameLink, Program, Run, Step, Thing};
use super::syntax::{Binding, GLOBAL, GuardId, GuardKind, Import, LoopId, Meaning, Module, ScopeId, ScopeKind};
use crate::collect::declared::value::{Map, Spot, Value};

/// Functions of the language that are known here.
pub(super) const BUILTINS: [&str; 19] = [
    "open",
    "str",
    "int",
    "float",
    "bool",
    "dict",
    "list",
    "tuple",
    "set",
    "frozenset",
    "len",
    "getattr",
    "range",
    "enumerate",
    "sorted",
    "reversed",
    "zip",
    "super",
    "isinstance",
];

/// From where a name is looked at.
#[derive(Clone, Copy, Debug)]
struct View {
    at: At,
    /// Where in the scope.
    position: usize,
    guard: Option<GuardId>,
    /// From a function in the scope, which may run at any time after.
    is_nested: bool,
}

impl Program {
    pub(super) fn name(&self, at: At, name: &str, run: &Run) -> Thing {
        let module = self.module(at.module);
        let expr = &module.exprs[at.expr];
        let mut view = View { at, position: expr.start, guard: expr.guard, is_nested: false };
        let mut scope = expr.scope;
        loop {
            let Scope { kind, parent, start, guard } = Scope::of(&module, scope);
            let is_hidden = kind == ScopeKind::Class && view.is_nested;
            let bindings = module.bindings(scope, name);
            if !is_hidden && !bindings.is_empty() {
                if kind == ScopeKind::Inline {
                    view.position = usize::MAX;
                }
                return self.resolve(at.module, scope, bindings, view, run);
            }
            if matches!(kind, ScopeKind::Function(_)) {
                view = View { position: start, guard, is_nested: true, ..view };
            }
            match parent {
                Some(outer) => scope = outer,
                None => break,
            }
        }
        for star in &module.stars {
            match self.import(at.module, star, at, run) {
                Thing::Package(package) => {
                    if let Some(found) = self.of_package(&package, name, at, &run.by(None)) {
                        return found;
                    }
                }
                Thing::External(mut path) if !BUILTINS.contains(&name) => {
                    path.push(name.to_owned());
                    return Thing::External(path);
                }
                _ => {}
            }
        }
        if name == "__file__" {
            return self.known(at, Value::text(module.path.to_string_lossy()));
        }
        if BUILTINS.contains(&name) {
            return Thing::External(vec!["builtins".to_owned(), name.to_owned()]);
        }
        self.unknown(at, "it is not declared in this file")
    }

    /// What a module gives a name, once it has run.
    pub(super) fn global(&self, module: usize, name: &str, at: At, run: &Run) -> Option<Thing> {
        let own = self.module(module);
        let bindings = own.bindings(GLOBAL, name);
        if !bindings.is_empty() {
            let view = View { at, position: usize::MAX, guard: None, is_nested: false };
            return Some(self.resolve(module, GLOBAL, bindings, view, &run.by(None)));
        }
        let run = &run.by(None).deeper();
        let mut stars = own.stars.iter().filter(|_| self.spend(run));
        stars.find_map(|star| match self.import(module, star, at, run) {
            Thing::Package(package) => self.of_package(&package, name, at, run),
            _ => None,
        })
    }

    /// What a class body gives a name.
    pub(super) fn of_class(&self, module: usize, scope: ScopeId, name: &str, at: At, run: &Run) -> Option<Thing> {
        let own = self.module(module);
        let bindings = own.bindings(scope, name);
        let view = View { at, position: usize::MAX, guard: None, is_nested: false };
        (!bindings.is_empty()).then(|| self.resolve(module, scope, bindings, view, run))
    }

    /// What a method gives an attribute of `self`, as seen from an expression. Where it may not be given there, the
    /// class says what it is.
    pub(super) fn of_self(
        &self,
        module: usize,
        given: &[(ScopeId, Binding)],
        at: At,
        run: &Run,
        class: impl Fn() -> Option<Thing>,
    ) -> Option<Thing> {
        let (scope, first) = given.first()?;
        if let Some((_, other)) = given.iter().find(|(other, _)| other != scope) {
            let line = self.line(&self.place_of(module, other.start));
            return Some(self.unknown(at, &format!("it is changed at {line}")));
        }
        let bindings: Vec<Binding> = given.iter().map(|(_, binding)| binding.clone()).collect();
        let here = self.module(at.module);
        let expr = &here.exprs[at.expr];
        let is_within = at.module == module && expr.scope == *scope;
        let (position, guard) = if is_within { (expr.start, expr.guard) } else { (usize::MAX, None) };
        let value = || self.resolve(module, *scope, &bindings, View { at, position, guard, is_nested: false }, run);
        if bindings.len() > 1 || first.guard.is_none() {
            return Some(value());
        }
        let own = self.module(module);
        let shared: Vec<GuardId> = own.chain(guard).collect();
        let inner = run.by(self.within(&run.frame, module, *scope));
        match (self.decided(&own, module, first.guard, &shared, &inner), class()) {
            (Ok(false), otherwise) => otherwise,
            (Err(reason), Some(otherwise)) => Some(self.either(value(), otherwise, at, &reason)),
            _ => Some(value()),
        }
    }

    fn resolve(&self, index: usize, scope: ScopeId, bindings: &[Binding], view: View, run: &Run) -> Thing {
        let at = view.at;
        let module = &self.module(index);
        let run = run.by(self.within(&run.frame, index, scope));
        if let [only] = bindings
            && (only.end <= view.position || view.is_nested)
        {
            return self.apply(index, None, only, at, &run);
        }
        if let Some(fault) = module.faults.first() {
            let line = self.line(&self.place_of(index, fault.start));
            return self.unknown(at, &format!("its file does not parse at {line}"));
        }
        let (before, after): (Vec<_>, Vec<_>) = bindings.iter().partition(|binding| binding.end <= view.position);
        let shared: Vec<GuardId> = module.chain(view.guard).collect();
        let loops = shared.iter().any(|guard| matches!(module.guards[*guard].kind, GuardKind::Loop(_)));
        let mut current: Option<Thing> = None;
        for binding in before {
            match self.decided(module, index, binding.guard, &shared, &run) {
                Ok(false) => {}
                Ok(true) => current = Some(self.apply(index, current.as_ref(), binding, at, &run)),
                Err(reason) => {
                    let new = self.apply(index, current.as_ref(), binding, at, &run);
                    current = Some(match current {
                        Some(old) => self.either(old, new, at, &reason),
                        None => new,
                    });
                }
            }
        }
        // What comes later counts when the code comes round again, or runs later.
        let later = after.into_iter().find(|binding| {
            (view.is_nested || loops) && self.decided(module, index, binding.guard, &shared, &run) != Ok(false)
        });
        match (current, later) {
            (Some(_), Some(later)) => {
                let line = self.line(&self.place_of(index, later.start));
                self.unknown(at, &format!("it is changed at {line}"))
            }
            (None, Some(later)) if view.is_nested => self.apply(index, None, later, at, &run),
            (Some(current), None) => current,
            (None, _) => self.unknown(at, "it is not set"),
        }
    }

    /// Whether the conditions of a statement hold, but for those that also hold where it is looked at from.
    ///
    /// # Errors
    /// Why that cannot be decided.
    pub(super) fn decided(
        &self,
        module: &Module,
        index: usize,
        guard: Option<GuardId>,
        shared: &[GuardId],
        run: &Run,
    ) -> Result<bool, String> {
        let mut doubt = None;
        for guard in module.chain(guard).filter(|guard| !shared.contains(guard)) {
            let outcome = match module.guards[guard].kind {
                GuardKind::If { test, holds } => {
                    self.holds(At { module: index, expr: test }, &run.deeper()).map(|test| test == holds)
                }
                GuardKind::Loop(of) if item(&run.frame, index, of).is_some() => Ok(true),
                GuardKind::Loop(of) => {
                    let line = self.line(&self.place(At { module: index, expr: module.loops[of].over }));
                    Err(format!("it is set in the loop at {line}"))
                }
                GuardKind::Doubt(what) => Err(format!("it is set in {what}")),
            };
            match outcome {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(reason) => doubt = Some(reason),
            }
        }
        doubt.map_or(Ok(true), Err)
    }

    /// What a name stands for after one more statement.
    fn apply(&self, module: usize, current: Option<&Thing>, binding: &Binding, at: At, run: &Run) -> Thing {
        let run = &run.deeper();
        if !self.spend(run) {
            return self.unknown(at, "it refers too far");
        }
        let here = |expr| At { module, expr };
        let line = || self.line(&self.place_of(module, binding.start));
        let before = || current.cloned().unwrap_or_else(|| self.unknown(at, "it is not set"));
        match &binding.meaning {
            Meaning::Value(value) => self.thing(here(*value), run),
            Meaning::Part { whole, path } => Thing::Data(self.part(self.spot(here(*whole), run), path, at)),
            Meaning::Augmented { operator, value } => {
                let left = self.data(before(), at);
                Thing::Data(self.binary(here(*value), &left, operator, &self.spot(here(*value), run)))
            }
            Meaning::Entry { key, value } => {
                let mut whole = self.data(before(), at);
                let key = self.spot(here(*key), run);
                if let Value::Map(map) = &mut whole.value {
                    match key.scalar() {
                        Some(key) => drop(map.entries.insert(key.to_owned(), self.spot(here(*value), run))),
                        None => map.forget(&format!("it is changed at {}", line())),
                    }
                    return Thing::Data(whole);
                }
                self.unknown(at, &format!("it is changed at {}", line()))
            }
            Meaning::Update(value) => {
                let mut whole = self.data(before(), at);
                if let Value::Map(map) = &mut whole.value {
                    map.spread(&self.spot(here(*value), run));
                    return Thing::Data(whole);
                }
                self.unknown(at, &format!("it is changed at {}", line()))
            }
            Meaning::Field { field, value } => match (before(), value) {
                (Thing::Data(Spot { value: Value::Map(mut map), at: place }), Some(value)) => {
                    map.entries.insert(field.clone(), self.spot(here(*value), run));
                    Thing::Data(Spot::new(Value::Map(map), place))
                }
                (unchanged @ Thing::Data(Spot { value: Value::Output { .. } | Value::Unknown(_), .. }), _) => unchanged,
                _ => self.unknown(at, &format!("it is changed at {}", line())),
            },
            Meaning::Import(import) => self.import(module, import, at, run),
            Meaning::Function(function) => Thing::Function { module, function: *function, owner: None },
            Meaning::Class(class) => Thing::Class { module, class: *class },
            Meaning::Parameter { function, index } => self.parameter(module, *function, *index, at, run),
            Meaning::Item { of, path } => match item(&run.frame, module, *of) {
                Some(item) => Thing::Data(self.part(item, path, at)),
                None => self.unknown(at, "it differs each time round a loop"),
            },
            Meaning::Opaque(how) if how.starts_with("changed") || *how == "deleted" => {
                self.unknown(at, &format!("it is {how} at {}", line()))
            }
            Meaning::Opaque(what) => self.unknown(at, &format!("it is {what}")),
        }
    }

    /// The part of a value that a pattern gives a name.
    fn part(&self, whole: Spot, path: &[usize], at: At) -> Spot {
        path.iter().fold(whole, |whole, index| match &whole.value {
            Value::List(items) => items.get(*index).cloned().unwrap_or_else(|| self.lost(at, "only a run tells")),
            Value::Unknown(_) => whole,
            _ => self.lost(at, "only a run tells"),
        })
    }

    /// What of a run is about the functions and loops around a scope.
    pub(super) fn within(&self, frame: &FrameLink, module: usize, scope: ScopeId) -> FrameLink {
        let own = self.module(module);
        let around: Vec<ScopeId> = std::iter::successors(Some(scope), |scope| own.scopes[*scope].parent).collect();
        let is_around = |step: &Step| match step {
            Step::Call { module: of, function, .. } => {
                *of == module && around.contains(&own.functions[*function].scope)
            }
            Step::Item { module: of, of: looped, .. } => {
                *of == module && around.contains(&own.exprs[own.loops[*looped].over].scope)
            }
        };
        let mut frames = std::iter::successors(frame.as_ref(), |frame| frame.outer.as_ref());
        frames.find(|frame| is_around(&frame.step)).cloned()
    }

    /// What an import gives, for an expression that uses it.
    fn import(&self, module: usize, import: &Import, at: At, run: &Run) -> Thing {
        let from = self.module(module).path.clone();
        let package = match self.find(&from, import.level, &import.path) {
            Ok(Some(package)) => package,
            Ok(None) => return Thing::External(import.path.iter().chain(&import.name).cloned().collect()),
            Err(reason) => return self.unknown(at, &reason),
        };
        let Some(name) = &import.name else { return Thing::Package(package) };
        self.of_package(&package, name, at, &run.by(None)).unwrap_or_else(|| {
            let file = package.module.map(|module| self.module(module).file.to_string());
            let from = file.unwrap_or_else(|| import.path.join("."));
            self.unknown(at, &format!("it is imported from {from}, which does not set {name}"))
        })
    }
}

/// The item that a loop is at.
fn item(frame: &FrameLink, module: usize, of: LoopId) -> Option<Spot> {
    let mut frames = std::iter::successors(frame.as_ref(), |frame| frame.outer.as_ref());
    frames.find_map(|frame| match &frame.step {
        Step::Item { module: own, of: known, item, .. } if (*own, *known) == (module, of) => Some(item.clone()),
        _ => None,
    })
}

/// A scope's parts, copied.
struct Scope {
    kind: ScopeKind,
    parent: Option<ScopeId>,
    start: usize,
    guard: Option<GuardId>,
}

impl Scope {
    fn of(module: &Module, scope: ScopeId) -> Self {
        let scope = &module.scopes[scope];
        Self { kind: scope.kind, parent: scope.parent, start: scope.start, guard: scope.guard }
    }
}

/// A map of what is passed by name.
pub(super) fn map(entries: impl IntoIterator<Item = (String, Spot)>) -> Value {
    Value::Map(Map { entries: entries.into_iter().collect(), open: None })
}

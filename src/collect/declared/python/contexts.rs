//! By which calls a function is run: only where all of them are known, so that its parameters are.

use std::path::Path;
use std::rc::Rc;

use memchr::memmem;

use super::builtin::keys;
use super::invoke::is_harmless;
use super::program::{At, Frame, FrameLink, Program, Run, Step, Thing};
use super::syntax::{ClassId, FunctionId, GuardKind, Import, Kind, Meaning};
use crate::collect::declared::Language;
use crate::collect::declared::value::{Spot, Value};

/// More runs of one call are not told apart.
const MAX_RUNS: usize = 64;
/// Longer chains of calls are not followed.
const MAX_CALLS: u32 = 8;
/// More code is not searched for calls.
const MAX_SOURCES: usize = 32 * 1024 * 1024;

/// The class of the object that a call makes.
type Made = Option<(usize, ClassId)>;

/// What is being looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Target {
    Function(usize, FunctionId),
    Class(usize, ClassId),
}

impl Program {
    /// The runs in which an expression is reached.
    pub(super) fn contexts(&self, at: At) -> Vec<FrameLink> {
        self.contexts_within(at, 0)
    }

    fn contexts_within(&self, at: At, depth: u32) -> Vec<FrameLink> {
        let module = self.module(at.module);
        let expr = &module.exprs[at.expr];
        let mut frames = match module.functions_around(expr.scope).first() {
            Some(function) => self.entries(at.module, *function, depth),
            None => vec![None],
        };
        let chain: Vec<_> = module.chain(expr.guard).collect();
        for guard in chain.into_iter().rev() {
            let GuardKind::Loop(of) = module.guards[guard].kind else { continue };
            let over = At { module: at.module, expr: module.loops[of].over };
            let expand = |frame: &FrameLink| {
                let run = Run { frame: frame.clone(), depth: 0 };
                let items = match self.thing(over, &run) {
                    Thing::Bag(items) | Thing::Data(Spot { value: Value::List(items), .. }) => items,
                    Thing::Data(spot) => match &spot.value {
                        Value::Map(map) if map.open.is_none() => keys(map, &spot),
                        _ => return vec![frame.clone()],
                    },
                    _ => return vec![frame.clone()],
                };
                let step = |(index, item)| {
                    let step = Step::Item { module: at.module, of, index, item };
                    Some(Rc::new(Frame { step, outer: frame.clone() }))
                };
                items.into_iter().enumerate().map(step).collect()
            };
            let expanded: Vec<FrameLink> = frames.iter().flat_map(expand).take(MAX_RUNS + 1).collect();
            if expanded.len() <= MAX_RUNS {
                frames = expanded;
            }
        }
        frames.retain(|frame| {
            let run = Run { frame: frame.clone(), depth: 0 };
            self.decided(&module, at.module, expr.guard, &[], &run) != Ok(false)
        });
        frames
    }

    /// The runs of a function.
    fn entries(&self, module: usize, function: FunctionId, depth: u32) -> Vec<FrameLink> {
        let own = self.module(module);
        let calls = if depth < MAX_CALLS { self.calls_of(module, function) } else { None };
        let Some(calls) = calls.filter(|calls| !calls.is_empty()) else {
            // What is around it may still be known.
            return match own.functions_around(own.functions[function].outer).first() {
                Some(outer) if depth < MAX_CALLS => self.entries(module, *outer, depth + 1),
                _ => vec![None],
            };
        };
        let mut frames = Vec::new();
        for (call, made) in calls {
            for outer in self.contexts_within(call, depth + 1) {
                let run = Run { frame: outer.clone(), depth: 0 };
                let made = if self.is_super(call) { made_by(&outer).or(made) } else { made };
                let owner = self.owner(call, &run);
                // A derived class may have a method of its own in its place.
                let is_other = owner.as_ref().is_some_and(|owner| {
                    let found = self.class_member(owner.module, owner.class, &own.functions[function].name, call, &run);
                    matches!(found, Some(Thing::Function { module: of, function: other, .. }) if (of, other) != (module, function))
                });
                if is_other {
                    continue;
                }
                let step = Step::Call { module, function, call, owner, made };
                frames.push(Some(Rc::new(Frame { step, outer })));
                if frames.len() > MAX_RUNS {
                    return vec![None];
                }
            }
        }
        frames
    }

    /// What a method is called on.
    fn owner(&self, call: At, run: &Run) -> Option<Rc<super::program::Object>> {
        let module = self.module(call.module);
        let Kind::Call { function, .. } = &module.exprs[call.expr].kind else { return None };
        let Kind::Attribute { object, .. } = &module.exprs[*function].kind else { return None };
        match self.thing(At { module: call.module, expr: *object }, run) {
            Thing::Object(object) => Some(object),
            _ => None,
        }
    }

    /// All calls of a function, and the class of what these make; `None` where there may be others.
    fn calls_of(&self, module: usize, function: FunctionId) -> Option<Vec<(At, Made)>> {
        let own = self.module(module);
        let declared = &own.functions[function];
        if !declared.decorators.iter().all(|name| is_harmless(name)) {
            return None;
        }
        match (declared.name.as_str(), declared.class) {
            ("__init__", Some(class)) => self.constructions(module, class, 0),
            (name, _) if name.starts_with("__") => None,
            (name, _) => {
                let mentions = self.mentions(Target::Function(module, function), name)?;
                mentions.into_iter().map(|at| Some((self.call_at(at)?, None))).collect()
            }
        }
    }

    /// All calls that make an object of a class, or of one that is derived from it.
    fn constructions(&self, module: usize, class: ClassId, depth: u32) -> Option<Vec<(At, Made)>> {
        let name = self.module(module).classes[class].name.clone();
        let mut found = Vec::new();
        for at in self.mentions(Target::Class(module, class), &name)? {
            if let Some(call) = self.call_at(at) {
                found.push((call, Some((module, class))));
                continue;
            }
            let own = self.module(at.module);
            let derived = own.classes.iter().position(|class| class.bases.contains(&at.expr))?;
            match self.constructor(at.module, derived) {
                Some(function) => {
                    let call = self.super_call(at.module, own.functions[function].scope);
                    found.extend(call.map(|call| (call, Some((at.module, derived)))));
                }
                None if depth < MAX_CALLS => found.extend(self.constructions(at.module, derived, depth + 1)?),
                None => return None,
            }
        }
        Some(found)
    }

    /// The call of what is mentioned.
    fn call_at(&self, mention: At) -> Option<At> {
        Some(At { expr: *self.module(mention.module).callers.get(&mention.expr)?, ..mention })
    }

    /// Whether another class is derived from this one, as far as can be known.
    pub(super) fn is_base(&self, module: usize, class: ClassId) -> bool {
        let target = Target::Class(module, class);
        let name = self.module(module).classes[class].name.clone();
        let Some(mentions) = self.mentions(target, &name) else { return true };
        mentions.iter().any(|at| self.module(at.module).classes.iter().any(|class| class.bases.contains(&at.expr)))
    }

    /// Where a function or class is named; `None` where that cannot be known.
    fn mentions(&self, target: Target, name: &str) -> Option<Vec<At>> {
        if let Some(known) = self.mentioned.borrow().get(&target) {
            return known.clone();
        }
        // While it is being looked for it is not known.
        self.mentioned.borrow_mut().insert(target, None);
        let found = self.search(target, name);
        self.mentioned.borrow_mut().insert(target, found.clone());
        found
    }

    fn search(&self, target: Target, name: &str) -> Option<Vec<At>> {
        let (Target::Function(own, _) | Target::Class(own, _)) = target;
        let mut modules = vec![own];
        for (path, text) in self.sources()? {
            if memmem::find(text.as_bytes(), name.as_bytes()).is_some() {
                let module = self.load(path).ok()?;
                if !modules.contains(&module) {
                    modules.push(module);
                }
            }
        }
        let mut found = Vec::new();
        for module in modules {
            let own = self.module(module);
            let mut names = vec![name.to_owned()];
            names.extend(own.names.iter().filter_map(|((_, local), bindings)| {
                let imports = |meaning: &Meaning| {
                    matches!(meaning, Meaning::Import(Import { name: Some(imported), .. }) if imported == name)
                };
                bindings.iter().any(|binding| imports(&binding.meaning)).then(|| local.clone())
            }));
            names.sort_unstable();
            names.dedup();
            for expr in names.iter().filter_map(|name| own.mentions.get(name)).flatten() {
                let at = At { module, expr: *expr };
                self.refuel();
                match self.thing(at, &Run::default()) {
                    Thing::Function { module, function, .. } if Target::Function(module, function) == target => {
                        found.push(at);
                    }
                    Thing::Class { module, class } if Target::Class(module, class) == target => found.push(at),
                    // A method of something unknown may be this one.
                    Thing::Data(spot) if matches!(spot.value, Value::Unknown(_)) => {
                        let is_attribute = matches!(own.exprs[*expr].kind, Kind::Attribute { .. });
                        let is_method = matches!(target, Target::Function(module, function) if self.module(module).functions[function].class.is_some());
                        if is_attribute && is_method {
                            return None;
                        }
                    }
                    _ => {}
                }
            }
        }
        Some(found)
    }

    /// The other code of the repository, but for its tests; `None` when there is too much of it.
    fn sources(&self) -> Option<&[(std::path::PathBuf, String)]> {
        let read = || {
            if self.tree.single.is_some() {
                return Some(Vec::new());
            }
            let mut all = Vec::new();
            let mut length = 0;
            for path in self
                .tree
                .of_language(Language::Python)
                .filter(|path| !is_test(path.strip_prefix(&self.tree.anchor).unwrap_or(path)))
            {
                let text = self.tree.text(path).unwrap_or_default();
                length += text.len();
                if length > MAX_SOURCES {
                    return None;
                }
                all.push((path.to_owned(), text));
            }
            Some(all)
        };
        self.sources.get_or_init(read).as_deref()
    }
}

/// What is being made where a constructor calls its base's.
fn made_by(frame: &FrameLink) -> Made {
    let mut frames = std::iter::successors(frame.as_ref(), |frame| frame.outer.as_ref());
    frames.find_map(|frame| match &frame.step {
        Step::Call { made, .. } => Some(*made),
        Step::Item { .. } => None,
    })?
}

/// Tests call with values of their own.
fn is_test(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_named = name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py";
    is_named || path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "test")
}

//! Pulumi programs in Go. The files of a folder are one package.
//!
//! [`source`] parses files, [`reader`] makes a [`unit`] of one, [`world`] is how packages lead to each other; [`eval`],
//! [`call`], [`config`] and [`change`] say what expressions come to. Here is what of it is a database.

mod call;
mod change;
mod config;
mod eval;
mod reader;
mod shape;
mod source;
mod symbol;
#[cfg(test)]
mod tests;
mod unit;
mod world;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;

use super::property::{GROUP_NAMES, Property, Vocabulary, is_member};
use super::resource::{Group, Program, Resource};
use super::value::{Map, Spot, Value, quote};
use super::walk::Tree;
use super::{Error, Language, guard, pulumi, unparsed};
use symbol::Class;
use unit::Call;
use world::{Callee, Frame, Here, Sources, Step, World, arguments};

/// Evaluation goes as deep as its own bound lets it, which takes far less.
const STACK: usize = 64 * 1024 * 1024;
/// Functions that call functions to make a database are not deeper.
const MAX_CALLS: u32 = 8;
/// More calls of a function that makes a database are not told apart.
const MAX_FRAMES: usize = 100;
/// Steps of looking for calls in all, since functions that call others several times multiply.
const MAX_PLACES: u32 = 20_000;

/// The databases of all packages.
pub(super) fn read(tree: &Tree, stack: Option<&str>) -> Result<Vec<Program>, Error> {
    let mut folders = BTreeSet::new();
    let mut texts = Vec::new();
    let mut broken = Vec::new();
    for path in tree.of_language(Language::Go) {
        let text = match tree.text(path) {
            Ok(text) => text,
            // One of many that vanished or is closed to us.
            Err(Error::Unreadable { source, .. }) if tree.single.is_none() => {
                broken.push(unparsed(&tree.shown(path), 1, format!("it cannot be read: {source}")));
                continue;
            }
            Err(error) => return Err(error),
        };
        if source::may_declare(&text) {
            folders.extend(path.parent().map(Path::to_owned));
        }
        texts.push((path, text));
    }
    let closed = Program { broken, ..Program::default() };
    if folders.is_empty() {
        return Ok(vec![closed]);
    }
    // Those that import them, since they say what these make.
    let names: Vec<String> =
        folders.iter().filter_map(|folder| Some(format!("/{}\"", folder.file_name()?.to_str()?))).collect();
    let callers = texts.iter().filter(|(_, text)| names.iter().any(|name| text.contains(name)));
    folders.extend(callers.filter_map(|(path, _)| path.parent().map(Path::to_owned)));
    drop(texts);
    let sources = Sources::read(tree, folders)?;
    let outcome = thread::scope(|scope| {
        let work = || program(&sources, tree, stack);
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        thread.ok().and_then(|thread| thread.join().ok())
    });
    let found = outcome.unwrap_or_else(|| {
        let unread = sources.packages.values().flat_map(|package| &package.files);
        let broken = unread.map(|file| unparsed(&file.shown, 1, guard::Trouble::GaveUp.to_string())).collect();
        Program { broken, ..Program::default() }
    });
    Ok(vec![closed, found])
}

/// One program, since packages refer to each other.
fn program(sources: &Sources, tree: &Tree, stack: Option<&str>) -> Program {
    let world = World::of(sources, tree, stack);
    let is_wanted = |path: &PathBuf| tree.single.as_ref().is_none_or(|single| single == path);
    let mut found = Program::default();
    for (path, file, reason) in sources.packages.values().flat_map(|package| &package.unread) {
        if is_wanted(path) {
            found.broken.push(unparsed(file, 1, format!("file does not parse: {reason}")));
        }
    }
    let mut pinned = BTreeSet::new();
    let left = Cell::new(MAX_PLACES);
    for (index, unit) in world.units.iter().enumerate().filter(|(_, unit)| is_wanted(&unit.file.path)) {
        let mut is_program = false;
        for call in &unit.calls {
            let here = Here { unit: index, frame: None };
            let Callee::External(path, name) = world.callee(&here, call.node) else { continue };
            let Some((class, vocabulary)) = symbol::class(path, name) else { continue };
            is_program = true;
            if unit.is_broken(call.node) {
                continue;
            }
            for here in places(&world, index, call, &left, 0) {
                take(&world, &here, call, class, vocabulary, &mut found);
            }
        }
        found.broken.extend(broken(unit));
        if is_program && pinned.insert(unit.package) {
            found.pins.extend(world.spaces[unit.package].project.pins());
        }
    }
    found
}

/// The entry of a file in whose broken parts a database may be.
fn broken(unit: &unit::Unit<'_>) -> Option<crate::facts::Declaration> {
    let text = &unit.file.text;
    if !source::may_declare(text) {
        return None;
    }
    let is_lost = unit.broken.iter().any(|(start, end)| {
        let part = text.get(*start..*end).unwrap_or_default();
        symbol::MAKERS.iter().any(|maker| part.contains(maker))
    });
    let error = source::error_in(unit.file.tree.root_node()).filter(|_| is_lost)?;
    let line = unit.file.place(error).line;
    Some(unparsed(&unit.file.shown, line, format!("file does not parse: syntax error at line {line}")))
}

/// Where a call happens: once, or for each call of the function that it stands in and each round of its loops.
fn places<'a>(world: &World<'a>, unit: usize, call: &Call<'a>, left: &Cell<u32>, depth: u32) -> Vec<Here<'a>> {
    let mut found = entries(world, unit, call, left, depth);
    for clause in world.units[unit].loops(call) {
        let expand = |here: &Here<'a>| {
            world.refuel();
            let Some(items) = world.items(here, clause) else { return vec![here.clone()] };
            let round = |(index, (key, value))| {
                let step = Step::Round { clause, index, key, value };
                Here { unit, frame: Some(Rc::new(Frame { unit, step, from: here.clone() })) }
            };
            items.into_iter().enumerate().map(round).collect()
        };
        let expanded: Vec<Here<'a>> = found.iter().flat_map(expand).take(MAX_FRAMES + 1).collect();
        if expanded.len() <= MAX_FRAMES {
            found = expanded;
        }
    }
    found
}

fn entries<'a>(world: &World<'a>, unit: usize, call: &Call<'a>, left: &Cell<u32>, depth: u32) -> Vec<Here<'a>> {
    let alone = vec![Here { unit, frame: None }];
    let Some(function) = call.function else { return alone };
    let declared = &world.units[unit].functions[function];
    if depth >= MAX_CALLS || declared.is_method && !world.is_only_method(declared.name) {
        return alone;
    }
    let mut found = Vec::new();
    let mut is_called = false;
    for (at, caller) in world.callers.get(declared.name).into_iter().flatten() {
        let is_own = (*at, caller.function) == (unit, Some(function));
        let there = Here { unit: *at, frame: None };
        let leads_here = match world.callee(&there, caller.node) {
            Callee::Function(of, index) => (of, index) == (unit, function),
            // There is no other of that name, unless another module's.
            Callee::Method(operand, _) => {
                let given = arguments(caller.node).len();
                declared.is_method
                    && !world.is_context(&there, operand)
                    && (given == declared.parameters.len()
                        || declared.is_variadic && given + 1 >= declared.parameters.len())
            }
            _ => false,
        };
        if is_own || !leads_here {
            continue;
        }
        if left.get() == 0 {
            return alone;
        }
        left.set(left.get() - 1);
        is_called = true;
        for from in places(world, *at, caller, left, depth + 1) {
            world.refuel();
            if found.len() < MAX_FRAMES && world.runs(&from, caller.guard, 0) {
                let frame = Frame { unit, step: Step::Call { function, call: caller.node }, from };
                found.push(Here { unit, frame: Some(Rc::new(frame)) });
            }
        }
    }
    if is_called {
        return found;
    }
    // A function that nobody calls by its name runs where it stands, as far as that can be told.
    match declared.outer {
        Some(outer) => entries(world, unit, &Call { function: Some(outer), ..*call }, left, depth + 1),
        None => alone,
    }
}

fn take<'a>(
    world: &World<'a>,
    here: &Here<'a>,
    call: &Call<'a>,
    class: Class,
    vocabulary: &'static Vocabulary,
    found: &mut Program,
) {
    world.refuel();
    if !world.runs(here, call.guard, 0) {
        return;
    }
    let given = arguments(call.node);
    let at = world.place(here, call.node);
    let argument = |index: usize| {
        world.refuel();
        let nothing = || Spot::new(Value::Nothing, at.clone());
        given.get(index).map_or_else(nothing, |node| world.eval(here, *node, 0))
    };
    let name = argument(1).text().map(str::to_owned);
    let name = name.unwrap_or_else(|| given.get(1).map(|node| quote(world.code(here, *node))).unwrap_or_default());
    let key = world.key(here, call.node);
    let arguments = argument(2);
    let arguments = match arguments.value {
        Value::Map(_) | Value::Unknown(_) => arguments,
        _ => Spot::new(Value::Map(Map::default()), at.clone()),
    };
    match class {
        Class::Database(kind) if is_member(kind, &arguments) => {}
        Class::Database(kind) => {
            let get = |property: Property| vocabulary.read(property, kind, &arguments);
            let mut resource = Resource::new(key, name, at.clone(), kind, vocabulary, get);
            let options = (3..given.len()).map(argument).collect();
            resource.ignored = ignored(&Spot::new(Value::List(options), at.clone()), 0);
            found.resources.push(resource);
        }
        Class::Group => {
            let get = |name: &str| arguments.named(name).filter(|spot| !spot.is_nothing());
            let nothing = || Spot::new(Value::Nothing, at.clone());
            let identifier = GROUP_NAMES.iter().find_map(|name| get(name));
            found.groups.push(Group {
                key,
                name,
                identifier: identifier.unwrap_or_else(nothing),
                family: get("family").unwrap_or_else(nothing),
                parameters: get("parameters").unwrap_or_else(nothing),
            });
        }
    }
}

/// Where the options say that a changed version is to be ignored.
fn ignored(options: &Spot, depth: u32) -> Option<super::value::Place> {
    match &options.value {
        Value::List(items) if depth < MAX_CALLS => items.iter().find_map(|item| ignored(item, depth + 1)),
        Value::Map(_) => pulumi::ignored(&options.named("ignorechanges")?),
        _ => None,
    }
}

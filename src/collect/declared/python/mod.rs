//! Programs in Python: of Pulumi, and of the CDK.
//!
//! [`parse`] and [`build`] read a file, [`program`] and [`names`] say what its expressions stand for, [`contexts`] by
//! which calls its functions are run; here is what of it is a database.

mod assign;
mod build;
mod builtin;
mod cdk;
mod compound;
mod contexts;
mod data;
mod express;
mod files;
mod invoke;
mod modules;
mod names;
mod objects;
mod overrides;
mod parse;
mod program;
mod pulumi;
mod rds;
mod syntax;
#[cfg(test)]
mod tests;
mod text;

use std::path::Path;

use memchr::memmem;

use super::resource::Program as Found;
use super::walk::Tree;
use super::{Error, guard, unparsed};
use program::{At, FrameLink, Program, Run, Thing};
use rds::{Class, Declared};
use syntax::{Fault, Module};

/// What evaluation takes at most, many times over.
const STACK: usize = 64 * 1024 * 1024;

/// Words of code that declares a database.
const CLASSES: [&str; 8] = [
    "rds.Instance",
    "rds.Cluster",
    "rds import",
    "DbInstance",
    "DbCluster",
    "DatabaseInstance",
    "DatabaseCluster",
    "ServerlessCluster",
];

/// The databases of one file.
pub(super) fn read(tree: &Tree, path: &Path, stack: Option<&str>) -> Result<Vec<Found>, Error> {
    let text = tree.text(path)?;
    if !names_rds(&text) && !text.contains("AWS::RDS::DB") {
        return Ok(Vec::new());
    }
    let file = tree.shown(path);
    let mentions = speaks(&text);
    let program = (tree.clone(), path.to_owned(), stack.map(str::to_owned));
    let outcome = guard::run(STACK, move || {
        let (tree, path, stack) = program;
        let program = Program::new(tree, &path, stack.as_deref());
        program.add(&path, text).map(|main| declared(&program, main))
    });
    let broken = |reason: String| {
        let broken = if mentions { vec![unparsed(&file, 1, reason)] } else { Vec::new() };
        Found { broken, ..Found::default() }
    };
    Ok(vec![match outcome {
        Ok(Ok(found)) => found,
        Ok(Err(reason)) => broken(format!("file does not parse: {reason}")),
        Err(trouble) => broken(format!("file does not parse: {trouble}")),
    }])
}

/// Whether a text has the word `rds` or `aws_rds`: every class of RDS is reached by one, and most files have neither.
fn names_rds(text: &str) -> bool {
    let bytes = text.as_bytes();
    memmem::find_iter(bytes, b"rds").any(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at + 3);
        !before.is_some_and(u8::is_ascii_alphanumeric)
            && !after.is_some_and(|after| after.is_ascii_alphanumeric() || *after == b'_')
    })
}

fn speaks(text: &str) -> bool {
    CLASSES.iter().any(|class| text.contains(class)) || text.contains("CfnDB") || text.contains("engine_version")
}

/// A call that declares something, in one of its runs.
struct Declaring {
    class: Class,
    call: At,
    frame: FrameLink,
}

fn declared(program: &Program, main: usize) -> Found {
    let module = program.module(main);
    let mut found = Found::default();
    if module.text.contains("pulumi") {
        found.pins = program.project().pins();
    }
    let mut is_broken = false;
    let mut all = Vec::new();
    for call in &module.calls {
        let call = At { module: main, expr: *call };
        program.refuel();
        let Some(class) = class(program, call) else { continue };
        let expr = &module.exprs[call.expr];
        if module.faults.iter().any(|fault| fault.start <= expr.end && fault.end >= expr.start) {
            is_broken = true;
            continue;
        }
        let frames = program.contexts(call).into_iter();
        all.extend(frames.map(|frame| Declaring { class, call, frame }));
    }
    for Declaring { class, call, frame } in &all {
        program.refuel();
        // So that what refers to it by its key finds it.
        program.output(*call, frame);
        match rds::read(program, *class, *call, frame) {
            Some(Declared::Resource(resource)) => found.resources.push(*resource),
            Some(Declared::Group(group)) => found.groups.push(*group),
            None => {}
        }
    }
    overrides::apply(program, main, &mut found);
    overrides::elsewhere(program, &mut found);
    found.broken.extend(broken(&module, is_broken || all.is_empty()));
    found
}

/// What a call declares.
fn class(program: &Program, call: At) -> Option<Class> {
    let module = program.module(call.module);
    let syntax::Kind::Call { function, .. } = &module.exprs[call.expr].kind else { return None };
    if program.is_super(call) {
        let function = *module.functions_around(module.exprs[call.expr].scope).first()?;
        let (_, external) = program.bases(call.module, module.functions[function].class?, &Run::default());
        return external.iter().find_map(|path| rds::declares(path));
    }
    match program.thing(At { module: call.module, expr: *function }, &Run::default()) {
        Thing::External(path) => rds::declares(&path),
        Thing::Class { module, class } => {
            let (bases, external) = program.bases(module, class, &Run::default());
            let has_constructor = bases.iter().any(|(module, class)| program.constructor(*module, *class).is_some());
            if has_constructor { None } else { external.iter().find_map(|path| rds::declares(path)) }
        }
        _ => None,
    }
}

/// An entry for a file that is not wholly read, unless what is not has nothing to do with databases.
fn broken(module: &Module, is_sure: bool) -> Option<super::Declaration> {
    let first = module.faults.first()?;
    let touches = |fault: &Fault| {
        let around = module.text.get(fault.around.0..fault.around.1).unwrap_or(&module.text);
        speaks(around) || names_rds(around)
    };
    if !speaks(&module.text) || !(is_sure || module.faults.iter().any(touches)) {
        return None;
    }
    let line = module.lines.line(first.start);
    let reason = match first.reason {
        "syntax error" => format!("file does not parse: syntax error at line {line}"),
        other => format!("file does not parse: {other} at line {line}"),
    };
    Some(unparsed(&module.file, line, reason))
}

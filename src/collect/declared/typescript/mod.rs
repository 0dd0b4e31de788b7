//! Programs in TypeScript and JavaScript: of Pulumi, and of the CDK.
//!
//! [`world`] holds the file that is read and those that it needs, [`scope`] says what their names mean, [`thing`] and
//! [`eval`] follow these, and [`context`] finds the calls that lead to a database; [`declare`] is what comes of it.

mod assign;
mod body;
mod call;
mod callers;
pub(in crate::collect) mod calls;
mod cdk;
mod construct;
mod context;
mod declare;
mod eval;
mod exports;
mod files;
mod frame;
mod guards;
mod meaning;
mod method;
mod object;
mod outside;
mod overrides;
mod packages;
mod paths;
mod scope;
mod scripts;
mod specifiers;
mod symbol;
#[cfg(test)]
mod tests;
mod thing;
mod tsconfig;
mod world;

use std::path::Path;

use memchr::memmem;
use oxc_allocator::Allocator;

use super::resource::Program;
use super::walk::Tree;
use super::{Error, guard, unparsed};
pub(super) use scripts::Scripts;
use world::World;

/// Stack that the parser takes at most, measured: an opening bracket costs it 4 kB, an unclosed `<` 14 kB, and any
/// other byte 0.4 kB.
fn stack_for(text: &str) -> usize {
    let cost = |byte: u8| match byte {
        b'(' | b'[' | b'{' => 6 * 1024,
        b'<' => 18 * 1024,
        _ => 640,
    };
    EVALUATION + text.bytes().map(cost).sum::<usize>()
}

/// Stack for everything else.
const EVALUATION: usize = 32 * 1024 * 1024;

/// Stack for the files that are imported; of it, the machine gives only what is used.
const ROOM: usize = 512 * 1024 * 1024;

/// More is refused.
const MAX_STACK: usize = 2 * 1024 * 1024 * 1024;

/// Deeper brackets are an attack: parsing them takes cubic time.
const MAX_BRACKETS: usize = 256;

/// What a file that declares a database writes: the name of the module, or that of a class which another file passes on.
const MARKS: [&str; 7] =
    ["Instance(", "Cluster(", "ReadReplica(", "new Database", "CfnDB", "FromSnapshot(", "AWS::RDS::DB"];

/// Not of `words` and `records`.
const RDS: &str = "rds";

/// The databases of one program.
pub(super) fn read(tree: &Tree, path: &Path, stack: Option<&str>) -> Result<Vec<Program>, Error> {
    let text = tree.scripts.text(tree, path)?;
    let leads_out = outside::may_lead_out(tree, path, &text);
    if !leads_out && !is_marked(&text) {
        return Ok(Vec::new());
    }
    let file = tree.shown(path);
    let marks = ["engineVersion", "rds.Instance", "rds.Cluster", "rds.Database", "EngineVersion."];
    let mentions = marks.iter().any(|mark| text.contains(mark));
    if !leads_out && !mentions && !tree.scripts.may_declare(tree, path, &text) {
        return Ok(Vec::new());
    }
    let need = stack_for(&text);
    let outcome = if need > MAX_STACK || is_too_deep(&text) {
        Err(guard::Trouble::TooDeep)
    } else {
        let (tree, path, stack, room) = (tree.clone(), path.to_owned(), stack.map(str::to_owned), need.max(ROOM));
        guard::run(room, move || {
            let allocator = Allocator::default();
            let world = World::new(&allocator, tree, stack, (room, leads_out));
            world.parse(&path, &text).map(|module| world.declared(&module))
        })
    };
    let broken = |line, reason| {
        let broken = if mentions { vec![unparsed(&file, line, reason)] } else { Vec::new() };
        Program { broken, ..Program::default() }
    };
    Ok(vec![match outcome {
        Ok(Ok(program)) => program,
        Ok(Err(line)) => broken(line, format!("file does not parse: syntax error at line {line}")),
        Err(trouble) => broken(1, format!("file does not parse: {trouble}")),
    }])
}

/// Whether a file may declare a database.
fn is_marked(text: &str) -> bool {
    let is_word = |at: usize| {
        let (before, after) = (text[..at].bytes().next_back(), text.as_bytes().get(at + RDS.len()));
        !before.is_some_and(|byte| byte.is_ascii_lowercase()) && !after.is_some_and(u8::is_ascii_lowercase)
    };
    MARKS.iter().any(|mark| text.contains(mark)) || memmem::find_iter(text.as_bytes(), RDS).any(is_word)
}

/// Whether brackets are nested deeper than people nest them, wherever they stand.
fn is_too_deep(text: &str) -> bool {
    guard::bracket_depth(text) > MAX_BRACKETS
}

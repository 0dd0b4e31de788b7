//! Pulumi programs in TypeScript and JavaScript.

mod call;
pub(in crate::collect) mod calls;
mod eval;
mod scope;
mod symbol;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use oxc_allocator::Allocator;
use oxc_ast::ast::{Argument, NewExpression};
use oxc_parser::Parser;
use oxc_span::SourceType;

use super::property::{Property, Vocabulary};
use super::resource::{Group, Kind, Program as Found, Resource};
use super::value::{Lines, Map, Place, Spot, Value, normal, quote};
use super::walk::Tree;
use super::{Error, guard, pulumi, unparsed};
use eval::Program;

/// Stack that the parser takes at most, measured: an opening bracket costs it 4 kB, an unclosed `<` 14 kB, and any
/// other byte 0.4 kB.
fn stack_for(text: &str) -> usize {
    let cost = |byte: u8| match byte {
        b'(' | b'[' | b'{' => 6 * 1024,
        b'<' => 18 * 1024,
        _ => 640,
    };
    8 * 1024 * 1024 + text.bytes().map(cost).sum::<usize>()
}

/// More is refused; of less, the machine gives only what is used.
const MAX_STACK: usize = 2 * 1024 * 1024 * 1024;

/// Deeper brackets are an attack: parsing them takes cubic time.
const MAX_BRACKETS: usize = 256;

/// The databases of one program.
pub(super) fn read(tree: &Tree, path: &Path, stack: Option<&str>) -> Result<Vec<Found>, Error> {
    let text = tree.text(path)?;
    // Every class of RDS is reached by that name, and most files never name it.
    if !text.contains("rds") {
        return Ok(Vec::new());
    }
    let file = tree.shown(path);
    let mentions = text.contains("engineVersion") || text.contains("rds.Instance") || text.contains("rds.Cluster");
    let found = pulumi::find(tree, path, stack);
    let kind = SourceType::from_path(path).unwrap_or_else(|_| SourceType::ts());
    let need = stack_for(&text);
    let outcome = if need > MAX_STACK || bracket_depth(&text) > MAX_BRACKETS {
        Err(guard::Trouble::TooDeep)
    } else {
        let shown = file.clone();
        guard::run(need, move || parse(&text, shown, kind, found))
    };
    let broken = |line, reason| {
        let broken = if mentions { vec![unparsed(&file, line, reason)] } else { Vec::new() };
        Found { broken, ..Found::default() }
    };
    Ok(vec![match outcome {
        Ok(Ok(program)) => program,
        Ok(Err(line)) => broken(line, format!("file does not parse: syntax error at line {line}")),
        Err(trouble) => broken(1, format!("file does not parse: {trouble}")),
    }])
}

/// Deepest nesting of brackets, wherever they stand.
fn bracket_depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// # Errors
/// The line of the first syntax error.
fn parse(text: &str, file: Arc<str>, kind: SourceType, found: pulumi::Found) -> Result<Found, u32> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, kind).parse();
    let lines = Lines::of(text);
    if parsed.panicked {
        let labels = parsed.diagnostics.iter().filter_map(|error| error.labels.first());
        return Err(labels.map(|label| lines.line(label.offset() as usize)).min().unwrap_or(1));
    }
    let program = Program {
        source: text,
        lines,
        file,
        names: scope::Names::of(&parsed.program, text),
        project: found.load(),
        fuel: Cell::new(0),
    };
    let mut found = Found { pins: program.project.pins(), ..Found::default() };
    for new in &program.names.news {
        match symbol::resolve(&program.names, &new.callee).and_then(|symbol| symbol.declares()) {
            Some(symbol::Class::Database(kind, vocabulary)) => {
                found.resources.push(resource(&program, new, kind, vocabulary));
            }
            Some(symbol::Class::Group(vocabulary)) => found.groups.push(group(&program, new, vocabulary)),
            None => {}
        }
    }
    Ok(found)
}

/// The name, the arguments and the options that a `new` expression is given.
struct Given {
    name: String,
    arguments: Spot,
    options: Spot,
}

fn given<'a>(program: &Program<'a>, new: &'a NewExpression<'a>) -> Given {
    program.refuel();
    let at = program.place(new.span);
    let argument = |index: usize| match new.arguments.get(index).map(Argument::as_expression) {
        Some(Some(expression)) => program.eval(expression),
        // Spread into the call.
        Some(None) => Spot::unknown(format!("... at line {}: only a run tells", at.line), at.clone()),
        None => Spot::new(Value::Nothing, at.clone()),
    };
    let name = match argument(0).text() {
        Some(name) => name.to_owned(),
        None => {
            new.arguments.first().map(|name| quote(program.code(oxc_span::GetSpan::span(name)))).unwrap_or_default()
        }
    };
    let arguments = argument(1);
    let arguments = match arguments.value {
        Value::Map(_) | Value::Unknown(_) => arguments,
        _ => Spot::new(Value::Map(Map::default()), at.clone()),
    };
    Given { name, arguments, options: argument(2) }
}

/// The database or cluster that a `new` expression declares.
fn resource<'a>(
    program: &Program<'a>,
    new: &'a NewExpression<'a>,
    kind: Kind,
    vocabulary: &'static Vocabulary,
) -> Resource {
    let given = given(program, new);
    let get = |property: Property| vocabulary.read(property, kind, &given.arguments);
    let mut resource =
        Resource::new(program.key(new), given.name.clone(), program.place(new.span), kind, vocabulary, get);
    resource.ignored = ignored(&given.options);
    resource
}

/// Where `ignoreChanges` names the version.
fn ignored(options: &Spot) -> Option<Place> {
    let Value::List(names) = options.named("ignorechanges")?.value else { return None };
    names
        .iter()
        .find(|name| name.text().is_some_and(|name| normal(name) == "engineversion"))
        .map(|name| name.at.clone())
}

fn group<'a>(program: &Program<'a>, new: &'a NewExpression<'a>, vocabulary: &'static Vocabulary) -> Group {
    let given = given(program, new);
    let get = |name: &str| {
        given.arguments.named(name).unwrap_or_else(|| Spot::new(Value::Nothing, given.arguments.at.clone()))
    };
    let identifier = vocabulary.group_names().iter().map(|name| get(name)).find(|spot| !spot.is_nothing());
    Group {
        key: program.key(new),
        name: given.name.clone(),
        identifier: identifier.unwrap_or_else(|| Spot::new(Value::Nothing, given.arguments.at.clone())),
        family: get("family"),
        parameters: get("parameters"),
    }
}

//! Settings in files that a program opens.

use std::path::Path;

use super::program::{At, Program, Run, Thing};
use crate::collect::declared::settings;
use crate::collect::declared::value::{Spot, Value};

/// What an open file, or its text, is called among what is foreign.
const FILE: &str = "<file>";

pub(super) fn file(path: &str) -> Thing {
    Thing::External(vec![FILE.to_owned(), path.to_owned()])
}

/// What a call of the libraries for files gives; `None` of other calls.
pub(super) fn call(program: &Program, path: &[&str], at: At, run: &Run) -> Option<Thing> {
    let first = |name: &str| program.argument(at, 0, name, run);
    match path {
        [FILE, path, "read" | "read_text" | "readlines"] => Some(file(path)),
        ["json", "load" | "loads"]
        | ["yaml", "load" | "safe_load" | "full_load"]
        | ["ruamel", "yaml", "safe_load" | "load"] => {
            let Thing::External(given) = program.passed(at, 0, "fp", run)? else { return None };
            let [kind, path] = &given[..] else { return None };
            let read = || settings::read(&program.tree, program.main(), path);
            (kind == FILE).then(|| match read() {
                Ok(spot) => Thing::Data(spot),
                Err(reason) => program.unknown(at, &reason),
            })
        }
        ["os", "path", "join"] | ["pathlib", "Path" | "PurePath"] => {
            let count = program.arguments(at).len();
            let parts: Vec<Spot> = (0..count).map_while(|index| program.argument(at, index, "", run)).collect();
            Some(Thing::Data(joined(program, &parts, at)))
        }
        ["os", "path", "dirname"] => first("p").map(|path| Thing::Data(parent(program, &path, at))),
        ["os", "path", "abspath" | "realpath" | "normpath"] => first("path").map(Thing::Data),
        _ => None,
    }
}

/// A method of a path, which is a text here; `None` of other methods.
pub(super) fn method(program: &Program, object: &Spot, name: &str, at: At, run: &Run) -> Option<Thing> {
    let Value::Text(path) = &object.value else { return None };
    match name {
        "read_text" | "open" => Some(file(path)),
        "resolve" | "absolute" => Some(Thing::Data(object.clone())),
        "joinpath" => {
            let part = program.argument(at, 0, "", run)?;
            Some(Thing::Data(joined(program, &[object.clone(), part], at)))
        }
        _ => None,
    }
}

/// `path / "name"`
pub(super) fn joined(program: &Program, parts: &[Spot], at: At) -> Spot {
    let texts: Option<Vec<&str>> = parts.iter().map(Spot::text).collect();
    match (texts, parts.iter().find_map(Spot::lost)) {
        (Some(texts), _) => Spot::new(Value::text(settings::join(texts)), program.place(at)),
        (None, Some(reason)) => Spot::unknown(reason, program.place(at)),
        (None, None) => program.lost(at, "only a run tells"),
    }
}

pub(super) fn parent(program: &Program, path: &Spot, at: At) -> Spot {
    match path.text().and_then(|text| Path::new(text).parent()) {
        Some(folder) => Spot::new(Value::text(folder.to_string_lossy()), path.at.clone()),
        None => path
            .lost()
            .map_or_else(|| program.lost(at, "only a run tells"), |reason| Spot::unknown(reason, program.place(at))),
    }
}

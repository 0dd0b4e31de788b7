//! `JSON.parse(fs.readFileSync(path))` and its like: settings in files that are read, not imported.

use oxc_ast::ast::{Argument, CallExpression, Expression};

use super::frame::Scope;
use super::symbol::Symbol;
use super::thing::Thing;
use super::world::World;
use crate::collect::declared::settings;
use crate::collect::declared::value::{Spot, Value};

/// What may be called on a text before it is parsed.
const SAME: [&str; 3] = ["toString", "trim", "trimEnd"];

impl<'a> World<'a> {
    /// What a function of a package for files gives; `None` of other functions.
    pub(super) fn of_files(
        &self,
        scope: &Scope<'a>,
        symbol: &Symbol<'a>,
        call: &'a CallExpression<'a>,
        depth: u32,
    ) -> Option<Spot> {
        match (symbol.package, symbol.path.last().copied()?) {
            ("js-yaml", "load" | "safeLoad") | ("yaml", "parse") => self.parsed(scope, call, depth),
            ("path" | "node:path", "join" | "resolve") => {
                let parts: Option<Vec<Spot>> = call
                    .arguments
                    .iter()
                    .map(|argument| Some(self.expression(scope, argument.as_expression()?, depth + 1)))
                    .collect();
                let parts = parts?;
                if let Some(reason) = parts.iter().find_map(Spot::lost) {
                    return Some(Spot::unknown(reason, scope.place(call.span)));
                }
                let texts: Option<Vec<&str>> = parts.iter().map(Spot::text).collect();
                Some(scope.known(call.span, Value::text(settings::join(texts?))))
            }
            _ => None,
        }
    }

    /// What a parser makes of a file; `None` when it is given no file.
    pub(super) fn parsed(&self, scope: &Scope<'a>, call: &'a CallExpression<'a>, depth: u32) -> Option<Spot> {
        let given = call.arguments.first().and_then(Argument::as_expression)?;
        let (at, path) = self.file_read(scope, given, depth + 1)?;
        let path = self.expression(&at, path, depth + 1);
        Some(match (path.text(), path.lost()) {
            (Some(path), _) => settings::read(&self.tree, &scope.root.path, path)
                .unwrap_or_else(|reason| scope.lost(call.span, &reason)),
            (None, Some(reason)) => Spot::unknown(reason, scope.place(call.span)),
            (None, None) => scope.lost(call.span, "only a run tells"),
        })
    }

    /// The path of the file whose text an expression is.
    fn file_read(
        &self,
        scope: &Scope<'a>,
        text: &'a Expression<'a>,
        depth: u32,
    ) -> Option<(Scope<'a>, &'a Expression<'a>)> {
        let Thing::Value(at, value) = self.thing(scope, text, depth) else { return None };
        let inner = match value.get_inner_expression() {
            Expression::AwaitExpression(awaited) => awaited.argument.get_inner_expression(),
            other => other,
        };
        let Expression::CallExpression(call) = inner else { return None };
        if let Some(member) = call.callee.get_inner_expression().as_member_expression()
            && member.static_property_name().is_some_and(|name| SAME.contains(&name))
        {
            return self.file_read(&at, member.object(), depth + 1);
        }
        let symbol = self.symbol(&at, &call.callee, depth + 1)?;
        let is_read = ["fs", "node:fs", "fs-extra", "fs/promises", "node:fs/promises"].contains(&symbol.package)
            && symbol.path.last().is_some_and(|name| ["readFileSync", "readFile"].contains(name));
        let path = call.arguments.first().and_then(Argument::as_expression)?;
        is_read.then_some((at, path))
    }
}

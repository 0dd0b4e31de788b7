//! The functions of Terraform that read files of the code.
//! <https://developer.hashicorp.com/terraform/language/functions/file>

use std::path::{Path, PathBuf};

use hcl_edit::expr::{Expression, FuncCall};
use wildmatch::WildMatch;

use super::eval::Eval;
use super::scope::Scope;
use crate::collect::declared::value::{Place, Spot, Value};
use crate::collect::declared::{json, yaml};
use crate::collect::files::Kind;

/// Their names; two of them decode what others read.
pub(super) const FUNCTIONS: [&str; 6] = ["file", "templatefile", "fileexists", "fileset", "jsondecode", "yamldecode"];

/// Folders within folders that `**` goes down into.
const MAX_DEPTH: u32 = 8;
/// Files that a pattern may find, and alternatives that its braces may make.
const MAX_FOUND: usize = 1000;

impl<'a> Eval<'a, '_> {
    /// What one of [`FUNCTIONS`] comes to; `None` when the file is not part of the code.
    pub(super) fn filed(&self, name: &str, call: &'a FuncCall, depth: u32) -> Option<Spot> {
        let first = call.args.get(0)?;
        match name {
            "fileexists" => self.existing(first, depth),
            "fileset" => self.listed(first, call.args.get(1)?, depth),
            _ => self.read(name, first, depth),
        }
    }

    /// The text of a file, or what it decodes to; `None` when it cannot be read.
    fn read(&self, name: &str, argument: &'a Expression, depth: u32) -> Option<Spot> {
        let tree = self.scope?.world.tree;
        let (argument, is_template) = match (name, argument) {
            ("file", argument) => (argument, false),
            ("templatefile", argument) => (argument, true),
            (_, Expression::FuncCall(inner)) => match inner.name.name.as_str() {
                "file" => (inner.args.get(0)?, false),
                "templatefile" => (inner.args.get(0)?, true),
                _ => return None,
            },
            _ => return None,
        };
        let path = tree.store.canonical(&self.path(argument, depth)?).ok()?;
        // What lies elsewhere on the machine is not part of the code, and nobody may be made to print it.
        if !tree.holds(&path) || !matches!(tree.store.kind(&path), Ok(Kind::File(_))) {
            return None;
        }
        let (text, file) = (tree.text(&path).ok()?, tree.shown(&path));
        if is_template && (text.contains("${") || text.contains("%{")) {
            return None;
        }
        match name {
            "jsondecode" => json::read(&file, &text).ok(),
            "yamldecode" => yaml::read(&file, &text).ok(),
            _ => Some(Spot::new(Value::text(text), Place { file, line: 1 })),
        }
    }

    fn existing(&self, argument: &'a Expression, depth: u32) -> Option<Spot> {
        let scope = self.scope?;
        let path = self.path(argument, depth)?;
        let is_file = scope.world.tree.store.canonical(&path).is_ok_and(|path| scope.world.tree.store.is_file(&path));
        Some(Spot::new(Value::Bool(is_file), self.source.place(argument)))
    }

    fn listed(&self, folder: &'a Expression, pattern: &'a Expression, depth: u32) -> Option<Spot> {
        let scope = self.scope?;
        let tree = scope.world.tree;
        let folder = tree.store.canonical(&self.path(folder, depth)?).ok().filter(|folder| tree.holds(folder))?;
        let at = self.source.place(pattern);
        let pattern = self.eval(pattern, depth);
        let mut names = Vec::new();
        for pattern in alternatives(pattern.text()?)? {
            let steps: Vec<&str> = pattern.split('/').filter(|step| !step.is_empty() && *step != ".").collect();
            find(scope, &folder, "", &steps, 0, &mut names)?;
        }
        names.sort();
        names.dedup();
        let names = names.into_iter().map(|name| Spot::new(Value::text(name), at.clone()));
        Some(Spot::new(Value::List(names.collect()), at.clone()))
    }

    /// A path, relative to where Terraform runs.
    fn path(&self, expression: &'a Expression, depth: u32) -> Option<PathBuf> {
        Some(self.scope?.root.join(self.eval(expression, depth).text()?))
    }
}

/// The files below a folder that a pattern names; `None` when there are too many.
fn find(
    scope: &Scope<'_>,
    folder: &Path,
    prefix: &str,
    steps: &[&str],
    depth: u32,
    names: &mut Vec<String>,
) -> Option<()> {
    let Some((step, rest)) = steps.split_first() else { return Some(()) };
    if *step == "**" {
        find(scope, folder, prefix, rest, depth, names)?;
    }
    if !scope.burn(10) || depth > MAX_DEPTH {
        return None;
    }
    let tree = scope.world.tree;
    for path in tree.entries(folder).ok()? {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let shown = format!("{prefix}{name}");
        let is_folder = tree.store.is_folder(&path) && !tree.store.is_link(&path);
        if !scope.burn(1) || names.len() > MAX_FOUND {
            return None;
        }
        if *step == "**" && is_folder {
            find(scope, &path, &format!("{shown}/"), steps, depth + 1, names)?;
        } else if *step != "**" && WildMatch::new(step).matches(&name) {
            if is_folder {
                find(scope, &path, &format!("{shown}/"), rest, depth + 1, names)?;
            } else if rest.is_empty() && tree.store.is_file(&path) {
                names.push(shown);
            }
        }
    }
    Some(())
}

/// `a.{yml,yaml}` is `a.yml` and `a.yaml`; sets of characters are not for names of files.
fn alternatives(pattern: &str) -> Option<Vec<String>> {
    if pattern.contains(['[', '\\']) {
        return None;
    }
    let mut done = Vec::new();
    let mut waiting = vec![pattern.to_owned()];
    while let Some(pattern) = waiting.pop() {
        let Some((before, after)) = pattern.split_once('{') else {
            done.push(pattern);
            continue;
        };
        let (inner, after) = after.split_once('}').filter(|(inner, _)| !inner.contains('{'))?;
        waiting.extend(inner.split(',').map(|part| format!("{before}{part}{after}")));
        if waiting.len() + done.len() > MAX_FOUND {
            return None;
        }
    }
    Some(done)
}

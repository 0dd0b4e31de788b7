//! Which files may call a function: those that import it by some way, and write its name.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use memchr::memmem;
use oxc_ast::ast::Expression;
use oxc_span::GetSpan;

use super::construct::is_test_path;
use super::exports::Export;
use super::meaning::{Meaning, Root};
use super::object::constructor;
use super::world::{Loaded, Module, World};
use crate::collect::declared::Language;

/// More files are not looked at.
const MAX_CALLERS: usize = 500;
/// Names under which files pass a function on, and files that do so under any name.
const MAX_WORDS: usize = 16;
/// A name is no longer a chain of names than this.
const MAX_CHAIN: u32 = 8;

/// What is looked for: a function of a file, under all its names.
struct Sought {
    words: Vec<String>,
    /// Files that export it as a whole, under which name anyone imports it.
    whole: Vec<PathBuf>,
}

impl<'a> World<'a> {
    /// Loads the files that may call a function of a file, which has these names. False when there are others, which
    /// are not looked at.
    pub(super) fn look_for_callers(&self, module: &Rc<Module<'a>>, names: &[&str]) -> bool {
        if self.tree.single.is_some() || module.exports.is_empty() {
            return true;
        }
        let mut sought = sought(module, names);
        self.extended(module, &mut sought.words);
        let (mut words, mut files) = (0, 0);
        while words < sought.words.len() || files < sought.whole.len() {
            let (callers, is_complete) = self.mentioning(module, &sought.words[words..], &sought.whole[files..]);
            (words, files) = (sought.words.len(), sought.whole.len());
            if !is_complete {
                return false;
            }
            for other in callers {
                self.pass_on(&other, module, &mut sought);
            }
        }
        true
    }

    /// Adds how another file passes it on.
    fn pass_on(&self, other: &Rc<Module<'a>>, module: &Module<'a>, sought: &mut Sought) {
        for (exported, export) in &other.exports.named {
            if !self.passes_on(other, export, module, sought) {
                continue;
            }
            if *exported != "default" {
                add(&mut sought.words, exported);
            } else if sought.whole.len() < MAX_WORDS && !sought.whole.contains(&other.path) {
                sought.whole.push(other.path.clone());
            }
        }
        self.extended(other, &mut sought.words);
    }

    /// Adds the classes that extend one of these names and make it by their own making.
    #[allow(clippy::unused_self, reason = "it reads as the others do")]
    fn extended(&self, module: &Module<'a>, words: &mut Vec<String>) {
        for class in module.names.classes.iter().filter(|class| constructor(class).is_none()) {
            let (Some(id), Some(heritage)) = (&class.id, &class.heritage) else { continue };
            let span = heritage.expression.span();
            let written = module.source.get(span.start as usize..span.end as usize).unwrap_or_default();
            let last = written.rsplit('.').next().unwrap_or_default();
            if words.iter().any(|word| word == last) {
                add(words, id.name.as_str());
            }
        }
    }

    /// Whether an export is what another file exports by one of these names.
    fn passes_on(&self, other: &Module<'a>, export: &Export<'a>, module: &Module<'a>, sought: &Sought) -> bool {
        let (source, name) = match *export {
            Export::From { source, name } => (source, name),
            Export::Local(local) => match other.names.binding(local, 0).map(|binding| &binding.meaning) {
                Some(Meaning::Imported { from, name }) => (*from, *name),
                _ => return false,
            },
            _ => return false,
        };
        if name != "default" {
            return sought.words.iter().any(|word| word == name);
        }
        let whole = |path: &Path| path == module.path || sought.whole.iter().any(|whole| whole == path);
        matches!(self.import(other, source), Ok(Some(Loaded::Module(from))) if whole(&from.path))
    }

    /// The files that may have the function and contain one of several texts, or import one of several files; and
    /// whether these are all.
    fn mentioning(&self, module: &Module<'a>, words: &[String], whole: &[PathBuf]) -> (Vec<Rc<Module<'a>>>, bool) {
        let key = |word: &String| (module.number, word.clone());
        let known: Vec<bool> =
            words.iter().filter_map(|word| self.searched.borrow().get(&key(word)).copied()).collect();
        if known.contains(&false) {
            return (Vec::new(), false);
        }
        let scripts = &self.tree.scripts;
        let is_new = |word: &&String| !self.searched.borrow().contains_key(&key(word));
        let finders: Vec<_> = words.iter().filter(is_new).map(|word| memmem::Finder::new(word.as_bytes())).collect();
        let importers: Vec<&Path> = whole.iter().flat_map(|path| scripts.importers(&self.tree, path)).collect();
        let leading = scripts.leading_to(&self.tree, &module.path);
        let (mut found, mut is_complete) = (Vec::new(), true);
        for path in self.tree.of_language(Language::TypeScript) {
            if path == module.path || !leading.has(path) || is_test_path(path) {
                continue;
            }
            let Ok(text) = scripts.text(&self.tree, path) else { continue };
            let may_call = finders.iter().any(|finder| finder.find(text.as_bytes()).is_some());
            if !may_call && !importers.contains(&path) {
                continue;
            }
            match self.load(path) {
                _ if found.len() >= MAX_CALLERS => is_complete = false,
                Ok(Loaded::Module(module)) => found.push(module),
                Ok(Loaded::Json(_)) => {}
                // It may call, and cannot be asked.
                Err(_) => is_complete = false,
            }
            if found.len() >= MAX_CALLERS && !is_complete {
                break;
            }
        }
        self.searched.borrow_mut().extend(words.iter().map(|word| (key(word), is_complete)));
        (found, is_complete)
    }

    /// Whether an expression of a file may name what another file has: not when it is an import that does not lead
    /// there, which need not be loaded.
    pub(super) fn may_lead_to(&self, from: &Module<'a>, callee: &'a Expression<'a>, target: &Module<'a>) -> bool {
        if self.tree.single.is_some() {
            return true;
        }
        let Some(specifier) = imported_by(from, callee, 0) else { return true };
        let scripts = &self.tree.scripts;
        match scripts.paths.resolve(&from.path, specifier) {
            Ok(Some(path)) => path == target.path || scripts.leading_to(&self.tree, &target.path).has(&path),
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// Whether a file may call what another file has.
    pub(super) fn may_call(&self, caller: &Module<'a>, target: &Module<'a>) -> bool {
        self.tree.single.is_some()
            || caller.number == target.number
            || self.tree.scripts.leading_to(&self.tree, &target.path).has(&caller.path)
    }
}

fn sought(module: &Module<'_>, names: &[&str]) -> Sought {
    let mut words: Vec<String> =
        names.iter().filter(|name| !["", "default"].contains(name)).map(|name| (*name).to_owned()).collect();
    for (exported, export) in &module.exports.named {
        if *exported != "default" && matches!(export, Export::Local(local) if names.contains(local)) {
            add(&mut words, exported);
        }
    }
    let is_whole = module.exports.named.contains_key("default") || module.exports.assigned.is_some();
    Sought { words, whole: if is_whole { vec![module.path.clone()] } else { Vec::new() } }
}

fn add(words: &mut Vec<String>, word: &str) {
    if words.len() < MAX_WORDS && !words.iter().any(|known| known == word) {
        words.push(word.to_owned());
    }
}

/// The import that an expression begins with.
fn imported_by<'a>(module: &Module<'a>, expression: &'a Expression<'a>, depth: u32) -> Option<&'a str> {
    if depth > MAX_CHAIN {
        return None;
    }
    match expression.get_inner_expression() {
        Expression::Identifier(name) => match &module.names.binding(name.name.as_str(), name.span.start)?.meaning {
            Meaning::Imported { from, .. } | Meaning::Namespace(from) => Some(from),
            Meaning::Bound { root: Root::Value(value), .. } => imported_by(module, value, depth + 1),
            _ => None,
        },
        Expression::NewExpression(new) => imported_by(module, &new.callee, depth + 1),
        Expression::AwaitExpression(awaited) => imported_by(module, &awaited.argument, depth + 1),
        Expression::CallExpression(call) => match call.common_js_require() {
            Some(specifier) => Some(specifier.value.as_str()),
            None => imported_by(module, &call.callee, depth + 1),
        },
        inner => imported_by(module, inner.as_member_expression()?.object(), depth + 1),
    }
}

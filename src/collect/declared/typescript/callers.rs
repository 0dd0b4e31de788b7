//! Which files may call a function: those that write its name, or that of its file.

use std::rc::Rc;

use memchr::memmem;

use super::construct::is_test_path;
use super::exports::Export;
use super::meaning::Meaning;
use super::world::{Loaded, Module, World};
use crate::collect::declared::Language;

/// More files are not looked at.
const MAX_CALLERS: usize = 100;
/// Names under which files pass a function on.
const MAX_WORDS: usize = 16;

impl<'a> World<'a> {
    /// Loads the files that may call a function of a file. False when there are others, which are not looked at.
    pub(super) fn look_for_callers(&self, module: &Rc<Module<'a>>, name: Option<&str>) -> bool {
        if self.tree.single.is_some() || module.exports.is_empty() {
            return true;
        }
        let mut words = words(module, name);
        let mut asked = 0;
        while asked < words.len() {
            let (callers, is_complete) = self.mentioning(&words[asked..]);
            asked = words.len();
            if !is_complete {
                return false;
            }
            for other in callers {
                for (exported, export) in &other.exports.named {
                    let is_new = *exported != "default" && !words.iter().any(|word| word == exported);
                    if is_new && words.len() < MAX_WORDS && self.passes_on(&other, export, module, &words) {
                        words.push((*exported).to_owned());
                    }
                }
            }
        }
        true
    }

    /// Whether an export is what another file exports by one of these names.
    fn passes_on(&self, other: &Module<'a>, export: &Export<'a>, module: &Module<'a>, words: &[String]) -> bool {
        let (source, name) = match *export {
            Export::From { source, name } => (source, name),
            Export::Local(local) => match other.names.binding(local, 0).map(|binding| &binding.meaning) {
                Some(Meaning::Imported { from, name }) => (*from, *name),
                _ => return false,
            },
            _ => return false,
        };
        if name != "default" {
            return words.iter().any(|word| word == name);
        }
        matches!(self.import(other, source), Ok(Some(Loaded::Module(from))) if from.number == module.number)
    }

    /// The files that contain one of several texts, and whether these are all.
    fn mentioning(&self, words: &[String]) -> (Vec<Rc<Module<'a>>>, bool) {
        let known: Vec<bool> = words.iter().filter_map(|word| self.searched.borrow().get(word).copied()).collect();
        if known.contains(&false) {
            return (Vec::new(), false);
        }
        let is_new = |word: &&String| !self.searched.borrow().contains_key(*word);
        let finders: Vec<_> = words.iter().filter(is_new).map(|word| memmem::Finder::new(word.as_bytes())).collect();
        let (mut found, mut is_complete) = (Vec::new(), true);
        if !finders.is_empty() {
            for path in self.tree.of_language(Language::TypeScript).filter(|path| !is_test_path(path)) {
                let Ok(text) = self.tree.text(path) else { continue };
                if !finders.iter().any(|finder| finder.find(text.as_bytes()).is_some()) {
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
        }
        self.searched.borrow_mut().extend(words.iter().map(|word| (word.clone(), is_complete)));
        (found, is_complete)
    }
}

/// What a file that calls writes.
fn words(module: &Module<'_>, name: Option<&str>) -> Vec<String> {
    let mut words: Vec<String> = name.filter(|name| !name.is_empty()).map(str::to_owned).into_iter().collect();
    let named = module.exports.named.iter();
    let is_it = |export: &Export<'_>| matches!(export, Export::Local(local) if Some(*local) == name);
    words.extend(named.filter(|(_, export)| is_it(export)).map(|(exported, _)| (*exported).to_owned()));
    // What a file exports as a whole may have any name elsewhere, but not the file that it is in.
    if module.exports.named.contains_key("default") || module.exports.assigned.is_some() {
        let text = |name: Option<&std::ffi::OsStr>| name.map(|name| name.to_string_lossy().into_owned());
        let stem = text(module.path.file_stem()).unwrap_or_default();
        let folder = text(module.path.parent().and_then(std::path::Path::file_name)).unwrap_or_default();
        let file = if stem == "index" { folder } else { stem };
        words.extend(["\"", "'", ".js"].map(|end| format!("/{file}{end}")));
    }
    words.retain(|word| word != "default");
    words
}

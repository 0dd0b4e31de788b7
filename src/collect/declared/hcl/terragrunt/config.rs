//! What the files of Terragrunt say: those of units, those that units include, and those that these read.

use std::path::{Path, PathBuf};

use hcl_edit::expr::Expression;
use hcl_edit::structure::Block;

use super::given;
use crate::collect::declared::hcl::eval::{Eval, MAX_DEPTH};
use crate::collect::declared::hcl::folder::{Folder, Items, Source};
use crate::collect::declared::hcl::scope::{Inputs, Scope, World};
use crate::collect::declared::value::{Map, Place, Spot, Value};

/// From where a file is looked at.
pub(in crate::collect::declared::hcl) struct Context {
    /// The folder of the unit that is deployed.
    pub unit: PathBuf,
    /// The folder in which the functions of Terragrunt answer: the unit's, also in files that it includes.
    pub folder: PathBuf,
    /// The folder of the file, in which the functions of Terraform answer.
    pub beside: PathBuf,
    /// The included files, by name.
    includes: Vec<(String, PathBuf)>,
    /// What they say, by name.
    exposed: Map,
}

impl Context {
    fn of(unit: &Path, folder: &Path, beside: &Path) -> Self {
        let (unit, folder, beside) = (unit.to_owned(), folder.to_owned(), beside.to_owned());
        Self { unit, folder, beside, includes: Vec::new(), exposed: Map::default() }
    }

    /// The folder of an included file, or that of the file itself.
    pub(super) fn parent(&self, name: Option<&str>) -> PathBuf {
        let mut includes = self.includes.iter();
        let found = includes.find(|(own, _)| name.is_none_or(|name| name == own));
        let folder = found.and_then(|(_, path)| path.parent());
        folder.unwrap_or(&self.beside).to_owned()
    }

    /// What `include.root` stands for, or `include` alone of one without a name; and how many parts of the path it took.
    pub(in crate::collect::declared::hcl) fn included(&self, path: &[&str]) -> Option<(Spot, usize)> {
        let named = path.first().and_then(|name| self.exposed.entries.get(*name)).map(|spot| (spot.clone(), 1));
        named.or_else(|| Some((self.exposed.entries.get("")?.clone(), 0)))
    }
}

/// What a file says.
pub(super) struct Config {
    /// A map; open where an included file may give more.
    pub inputs: Spot,
    pub locals: Spot,
    /// What variable files set, the later ones win.
    pub given: Vec<Spot>,
    /// The module, as it comes out and as it is written.
    pub source: Option<(Spot, String)>,
}

impl Config {
    /// Evaluates a file.
    fn of(world: &World<'_>, folder: &Folder, file: &Source, context: &Context, depth: u32) -> Self {
        let items = Items::of([file]);
        let inputs = Inputs::Call { module: String::new(), arguments: Map::default() };
        let root = &context.beside;
        let config = Some(context);
        let scope = Scope { world, folder, items: &items, root, inputs, prefix: String::new(), depth: 0, config };
        let evaluator = Eval { source: file, scope: Some(&scope), each: None, bound: None };
        let eval = |expression| evaluator.eval(expression, depth);
        let at = Place { file: file.file.clone(), line: 1 };
        let locals = items.locals.iter().map(|(name, written)| ((*name).to_owned(), eval(written.expression)));
        let locals = Value::Map(Map { entries: locals.collect(), open: None });
        let inputs = file.attributes().find(|(key, _)| *key == "inputs").map(|(_, written)| eval(written));
        let source = source_of(file).map(|written| (eval(written), file.code(written).to_owned()));
        let given = given::files(&evaluator, file, depth);
        Self {
            given,
            locals: Spot::new(locals, at.clone()),
            inputs: inputs.unwrap_or_else(|| Spot::new(Value::Map(Map::default()), at)),
            source,
        }
    }

    /// A unit, with what it includes.
    pub(super) fn of_unit(world: &World<'_>, folder: &Folder, file: &Source) -> Self {
        let mut context = Context::of(&folder.path, &folder.path, &folder.path);
        let blocks = file.blocks().filter(|block| block.ident.as_str() == "include");
        let includes: Vec<Include> = blocks.map(|block| Include::of(world, folder, file, block, &context)).collect();
        for include in &includes {
            if let Some(config) = &include.config {
                context.exposed.entries.insert(include.name.clone(), config.shown());
            }
            context.includes.extend(include.path.clone().map(|path| (include.name.clone(), path)));
        }
        world.fuel.set(super::FUEL);
        let mut own = Self::of(world, folder, file, &context, 0);
        // The unit itself wins, then what it includes last.
        for include in includes.iter().rev().filter(|include| include.strategy != "no_merge") {
            match &include.config {
                Some(config) => {
                    inherit(&mut own.inputs, &config.inputs, include.strategy == "deep");
                    own.source = own.source.or_else(|| config.source.clone());
                }
                None => forget(&mut own.inputs, &include.reason),
            }
        }
        let included = includes.iter().filter_map(|include| include.config.as_ref());
        for given in included.flat_map(|config| &config.given).chain(&own.given) {
            match &mut own.inputs.value {
                Value::Map(map) => map.spread(given),
                value => *value = given.value.clone(),
            }
        }
        own
    }

    /// As references see it.
    fn shown(&self) -> Spot {
        let entries = [("locals".to_owned(), self.locals.clone()), ("inputs".to_owned(), self.inputs.clone())];
        let open = Some("only a run tells".to_owned());
        Spot::new(Value::Map(Map { entries: entries.into(), open }), self.locals.at.clone())
    }
}

/// What `read_terragrunt_config` gives of a file; `None` when it cannot be read.
pub(super) fn read(scope: &Scope<'_>, path: &Path, depth: u32) -> Option<Spot> {
    let context = scope.config.filter(|_| depth < MAX_DEPTH)?;
    let file = open(scope.world, path)?;
    if !scope.burn(file.size() / 16) {
        return None;
    }
    let beside = file.path.parent()?.to_owned();
    let context = Context::of(&context.unit, &beside, &beside);
    Some(Config::of(scope.world, scope.folder, &file, &context, depth + 1).shown())
}

fn open(world: &World<'_>, path: &Path) -> Option<Source> {
    let path = world.tree.store.canonical(path).ok()?;
    // Other files are no configuration, and nobody may be made to print them.
    path.extension().filter(|extension| *extension == "hcl")?;
    Source::read(world.tree, &path).ok()?.ok()
}

pub(super) fn source_of(file: &Source) -> Option<&Expression> {
    let block = file.blocks().find(|block| block.ident.as_str() == "terraform")?;
    Some(&block.body.get_attribute("source")?.value)
}

pub(super) fn has_include(file: &Source) -> bool {
    file.blocks().any(|block| block.ident.as_str() == "include")
}

/// An `include` of a unit.
/// <https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/#include>
struct Include {
    name: String,
    path: Option<PathBuf>,
    strategy: String,
    /// `None` when it cannot be read.
    config: Option<Config>,
    reason: String,
}

impl Include {
    fn of(world: &World<'_>, folder: &Folder, file: &Source, block: &Block, context: &Context) -> Self {
        let name = block.labels.first().map_or_else(String::new, |label| label.as_str().to_owned());
        let shown = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        let reason = format!("include{shown} at {}:{} may set it", file.file, file.place(block).line);
        let items = Items::of([file]);
        let inputs = Inputs::Call { module: String::new(), arguments: Map::default() };
        let (root, config) = (&context.beside, Some(context));
        let scope = Scope { world, folder, items: &items, root, inputs, prefix: String::new(), depth: 0, config };
        scope.refuel();
        let eval = |name: &str| {
            let written = &block.body.get_attribute(name)?.value;
            Eval { source: file, scope: Some(&scope), each: None, bound: None }
                .eval(written, 0)
                .text()
                .map(str::to_owned)
        };
        let strategy = eval("merge_strategy").unwrap_or_default();
        let path = eval("path").map(|path| folder.path.join(path));
        let opened = path.as_ref().and_then(|path| open(world, path)).filter(|file| !has_include(file));
        let config = opened.and_then(|file| {
            let beside = file.path.parent()?;
            let mut context = Context::of(&folder.path, &folder.path, beside);
            context.includes.push((name.clone(), file.path.clone()));
            scope.refuel();
            Some(Config::of(world, folder, &file, &context, 0))
        });
        let path = config.as_ref().and_then(|_| world.tree.store.canonical(path.as_ref()?).ok());
        Self { name, path, strategy, config, reason }
    }
}

/// Takes what an included file gives and the unit does not.
fn inherit(own: &mut Spot, given: &Spot, is_deep: bool) {
    match (&mut own.value, &given.value) {
        (Value::Map(own), Value::Map(given)) if own.open.is_none() => {
            for (key, value) in &given.entries {
                match own.entries.get_mut(key) {
                    Some(own) if is_deep && matches!(own.value, Value::Map(_)) => inherit(own, value, true),
                    Some(_) => {}
                    None => drop(own.entries.insert(key.clone(), value.clone())),
                }
            }
            own.open.clone_from(&given.open);
        }
        (Value::Map(_), _) => {
            if let Some(reason) = given.lost() {
                forget(own, reason);
            }
        }
        _ => {}
    }
}

fn forget(own: &mut Spot, reason: &str) {
    if let Value::Map(map) = &mut own.value {
        map.open.get_or_insert_with(|| reason.to_owned());
    }
}

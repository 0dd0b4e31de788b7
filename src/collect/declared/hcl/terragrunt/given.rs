//! Variable files that a file of Terragrunt has Terraform read. They win over its inputs.
//! <https://terragrunt.gruntwork.io/docs/features/extra-arguments/>

use hcl_edit::structure::Block;

use crate::collect::declared::hcl::eval::Eval;
use crate::collect::declared::hcl::folder::Source;
use crate::collect::declared::hcl::inputs;
use crate::collect::declared::value::{Map, Spot, Value};

/// A map for each of them in order, or why what one sets is not known.
pub(super) fn files(eval: &Eval<'_, '_>, file: &Source, depth: u32) -> Vec<Spot> {
    let blocks = file.blocks().filter(|block| block.ident.as_str() == "terraform");
    let inner = blocks.flat_map(|block| block.body.blocks()).filter(|block| block.ident.as_str() == "extra_arguments");
    inner.flat_map(|block| of_block(eval, block, depth)).collect()
}

fn of_block<'a>(eval: &Eval<'a, '_>, block: &'a Block, depth: u32) -> Vec<Spot> {
    let list = |name: &str| {
        let written = block.body.get_attribute(name).map(|attribute| eval.eval(&attribute.value, depth));
        match written.as_ref().map(|spot| &spot.value) {
            None => Vec::new(),
            Some(Value::List(items)) => items.clone(),
            Some(_) => written.into_iter().collect(),
        }
    };
    let mut found = Vec::new();
    let mut arguments = list("arguments").into_iter();
    while let Some(argument) = arguments.next() {
        let lost = |why: &str| Spot::unknown(why, argument.at.clone());
        let Some(text) = argument.text() else {
            found.extend(argument.lost().map(lost));
            continue;
        };
        // `-var-file=x`, or the value as an argument of its own; with one hyphen or two.
        let text = text.trim_start_matches('-');
        let (name, given) = text.split_once('=').map_or((text, None), |(name, given)| (name, Some(given.to_owned())));
        if !matches!(name, "var" | "var-file") {
            continue;
        }
        let given = given.map(|given| Spot::new(Value::text(given), argument.at.clone())).or_else(|| arguments.next());
        found.extend(match (name, given) {
            (_, None) => None,
            ("var", Some(given)) => Some(
                given
                    .text()
                    .and_then(|text| set(text, &given))
                    .unwrap_or_else(|| lost(given.lost().unwrap_or("-var sets what is not known"))),
            ),
            (_, Some(path)) => read(eval, &path, true),
        });
    }
    found.extend(list("required_var_files").iter().filter_map(|path| read(eval, path, true)));
    found.extend(list("optional_var_files").iter().filter_map(|path| read(eval, path, false)));
    found
}

/// `name=value`
fn set(text: &str, given: &Spot) -> Option<Spot> {
    let (name, value) = text.split_once('=')?;
    let value = Spot::new(Value::text(value), given.at.clone());
    let entries = [(name.trim().to_owned(), value)].into();
    Some(Spot::new(Value::Map(Map { entries, open: None }), given.at.clone()))
}

fn read(eval: &Eval<'_, '_>, path: &Spot, is_required: bool) -> Option<Spot> {
    let scope = eval.scope?;
    let lost = |why: &str| Spot::unknown(format!("a variable file at line {}: {why}", path.at.line), path.at.clone());
    let Some(text) = path.text() else { return Some(lost(path.lost().unwrap_or("only a run tells"))) };
    // Terraform runs in the folder of the unit.
    let full = scope.config.map_or_else(|| scope.root.join(text), |config| config.folder.join(text));
    let name = full.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let found = scope.world.tree.store.canonical(&full).ok();
    match found.filter(|_| name.ends_with(".tfvars") || name.ends_with(".tfvars.json")) {
        Some(path) => Some(inputs::file(scope.world.tree, &path).unwrap_or_else(|why| lost(&why))),
        None => is_required.then(|| lost("it is not in these files")),
    }
}

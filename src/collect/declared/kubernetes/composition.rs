//! Compositions of Crossplane: resources to make, and patches that write into them.
//! <https://docs.crossplane.io/latest/composition/compositions/>

use super::kinds::{Shape, speaks};
use super::manifest::{Manifest, part};
use crate::collect::declared::property::{CROSSPLANE, Property};
use crate::collect::declared::resource::{Kind, Program, Resource};
use crate::collect::declared::value::{Map, Spot, Value, quote};

pub(super) fn read(composition: &Spot, text: &str, found: &mut Program) {
    let name = part(composition, &["metadata", "name"]).text().unwrap_or_default().to_owned();
    let spec = part(composition, &["spec"]);
    let mut count = 0;
    take(&spec, &name, &mut count, found);
    let steps = items(&part(&spec, &["pipeline"]));
    for (index, step) in steps.iter().enumerate() {
        let input = part(step, &["input"]);
        if part(&input, &["resources"]).is_nothing() {
            let end = steps.get(index + 1).map(|next| next.at.line);
            found.resources.extend(generated(step, &name, &lines(text, step.at.line, end)));
        } else {
            take(&input, &name, &mut count, found);
        }
    }
}

fn items(spot: &Spot) -> Vec<Spot> {
    match &spot.value {
        Value::List(items) => items.clone(),
        _ => Vec::new(),
    }
}

/// The resources of a composition, or of the input of a function that patches and transforms.
/// <https://github.com/crossplane-contrib/function-patch-and-transform>
fn take(holder: &Spot, composition: &str, count: &mut usize, found: &mut Program) {
    let sets = items(&part(holder, &["patchSets"]));
    for entry in items(&part(holder, &["resources"])) {
        *count += 1;
        let mut base = part(&entry, &["base"]);
        let word = |name: &str| part(&base, &[name]).text().unwrap_or_default().to_owned();
        let Some(shape) = Shape::of(&word("apiVersion"), &word("kind")) else { continue };
        for patch in patches(&part(&entry, &["patches"]), &sets) {
            apply(&patch, &mut base);
        }
        let mut manifest = Manifest::of(&base, shape);
        let own = part(&entry, &["name"]).text().map(str::to_owned);
        manifest.name = own.filter(|name| !name.is_empty()).unwrap_or_else(|| {
            let is_named = !manifest.name.is_empty();
            if is_named { manifest.name.clone() } else { composition.to_owned() }
        });
        manifest.key = format!("composition/{composition}/{count}");
        manifest.is_composed = true;
        manifest.take(found);
    }
}

/// The patches of a resource, with those of the sets that it names.
fn patches(own: &Spot, sets: &[Spot]) -> Vec<Spot> {
    let expand = |patch: Spot| {
        if part(&patch, &["type"]).text() != Some("PatchSet") {
            return vec![patch];
        }
        let wanted = part(&patch, &["patchSetName"]).text().map(str::to_owned);
        let named = sets.iter().filter(|set| part(set, &["name"]).text() == wanted.as_deref());
        named.flat_map(|set| items(&part(set, &["patches"]))).collect()
    };
    items(own).into_iter().flat_map(expand).collect()
}

/// Makes unknown what a patch writes.
fn apply(patch: &Spot, base: &mut Spot) {
    let word = |name: &str| part(patch, &[name]).text().map(str::to_owned);
    // Others write to the composite or to the environment.
    if word("type").is_some_and(|kind| kind.starts_with("To") || kind.starts_with("CombineTo")) {
        return;
    }
    let from = word("fromFieldPath");
    let Some(target) = word("toFieldPath").or_else(|| from.clone()) else { return };
    let path = segments(&target);
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut reason = format!("a patch at line {} sets it", patch.at.line);
    if let Some(from) = from {
        reason += &format!(" from {}", quote(&from));
    }
    if let Some(written) = part(base, &names).text() {
        reason += &format!(", else it is {}", quote(written));
    }
    write(base, &path, Spot::unknown(reason, patch.at.clone()));
}

/// `a.b[c.d][0]` as its names.
fn segments(path: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word = String::new();
    let mut is_inside = false;
    for c in path.chars() {
        match c {
            '.' | '[' if !is_inside => {
                all.push(std::mem::take(&mut word));
                is_inside = c == '[';
            }
            ']' if is_inside => is_inside = false,
            '"' | '\'' if is_inside => {}
            c => word.push(c),
        }
    }
    all.push(word);
    all.retain(|word| !word.is_empty());
    all
}

fn write(spot: &mut Spot, path: &[String], value: Spot) {
    let mut target = spot;
    for name in path {
        if target.is_nothing() {
            target.value = Value::Map(Map::default());
        }
        let nothing = || Spot::new(Value::Nothing, value.at.clone());
        let inner = match &mut target.value {
            Value::Map(map) => Some(map.entries.entry(name.clone()).or_insert_with(nothing)),
            Value::List(list) => name.parse::<usize>().ok().and_then(|index| list.get_mut(index)),
            _ => None,
        };
        match inner {
            Some(inner) => target = inner,
            // Into what is no map, or into every item of a list.
            None => return,
        }
    }
    *target = value;
}

/// What a function makes from a text of its own: a template, or a program.
fn generated(step: &Spot, composition: &str, text: &str) -> Option<Resource> {
    if !speaks(text) {
        return None;
    }
    let name = part(step, &["step"]).text().unwrap_or(composition).to_owned();
    let function = part(step, &["functionRef", "name"]).text().unwrap_or("a function").to_owned();
    let at = step.at.clone();
    let reason = format!("{} at line {}: only a run tells", quote(&function), at.line);
    let key = format!("composition/{composition}/step/{}", at.line);
    let get = |property: Property| match property {
        Property::Engine | Property::Version => Spot::unknown(reason.clone(), at.clone()),
        _ => Spot::new(Value::Nothing, at.clone()),
    };
    Some(Resource::new(key, name, at.clone(), Kind::Instance, &CROSSPLANE, get))
}

/// The lines of a text from one to before another, both counted from 1.
fn lines(text: &str, from: u32, to: Option<u32>) -> String {
    let skip = from.saturating_sub(1) as usize;
    let take = to.map_or(usize::MAX, |to| to.saturating_sub(from) as usize);
    text.lines().skip(skip).take(take).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fall_into_names() {
        let names = |path: &str| segments(path).join(" ");
        assert_eq!(names("spec.forProvider.engineVersion"), "spec forProvider engineVersion");
        assert_eq!(
            names("metadata.annotations[crossplane.io/external-name]"),
            "metadata annotations crossplane.io/external-name"
        );
        assert_eq!(names("a[0][\"b.c\"].d"), "a 0 b.c d");
        assert_eq!(names("[.].]"), ". ]");
    }
}

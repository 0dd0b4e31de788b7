//! .NET: projects, versions kept in one place, and `NuGet`'s lock file.
//! <https://learn.microsoft.com/en-us/nuget/consume-packages/package-references-in-project-files>

use serde_json::value::RawValue;

use super::{Found, Installed, is_version};
use crate::collect::declared::json;
use crate::collect::declared::value::Lines;
use crate::facts::Ecosystem;

pub(super) fn lock(text: &str, found: &mut Found) {
    let file = found.file.clone();
    let source = json::Source::new(&file, text);
    let Ok(raw) = serde_json::from_str::<&RawValue>(text) else { return };
    let top = json::entries(raw).unwrap_or_default();
    let frameworks = top.into_iter().filter(|(key, _)| key == "dependencies").map(|(_, raw)| raw);
    for (_, packages) in frameworks.flat_map(|raw| json::entries(raw).unwrap_or_default()) {
        for (name, body) in json::entries(packages).unwrap_or_default() {
            let parts = json::entries(body).unwrap_or_default();
            let text = |key: &str| {
                let (_, raw) = parts.iter().find(|(name, _)| name == key)?;
                Some((serde_json::from_str::<String>(raw.get()).ok()?, source.place(raw.get()).line))
            };
            if let Some((version, line)) = text("resolved") {
                let requested = text("requested").map(|(range, _)| range);
                found.add(Ecosystem::Nuget, &name, line, Ok(version), requested.as_deref());
            }
        }
    }
}

/// `PackageReference` and `PackageVersion`, whose version is an attribute or an element.
pub(super) fn project(text: &str, found: &mut Found) {
    let text = without_comments(text);
    let places = Lines::of(&text);
    for tag in ["<PackageReference", "<PackageVersion"] {
        for (start, _) in text.match_indices(tag) {
            let rest = &text[start + tag.len()..];
            let Some(end) = rest.find('>') else { continue };
            let (attributes, after) = (&rest[..end], &rest[end + 1..]);
            let Some((_, name)) = attribute(attributes, "Include").or_else(|| attribute(attributes, "Update")) else {
                continue;
            };
            let offset = start + tag.len();
            let own = attribute(attributes, "Version").or_else(|| attribute(attributes, "VersionOverride"));
            let inner = || {
                let body = after.split("</Package").next().filter(|_| !attributes.ends_with('/'))?;
                let at = body.find("<Version>")? + "<Version>".len();
                let version = body[at..].split('<').next()?;
                Some((end + 1 + at, version.trim()))
            };
            let Some((at, version)) = own.or_else(inner) else {
                // The version is in `Directory.Packages.props`.
                continue;
            };
            found.add(Ecosystem::Nuget, name, places.line(offset + at), pinned(version), Some(version));
        }
    }
}

/// `NuGet` takes the lowest version that is asked for, if it is one.
fn pinned(version: &str) -> Installed {
    let exact = version.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(version);
    if is_version(exact) {
        Ok(exact.to_owned())
    } else {
        Err("no lock file says which version is installed".to_owned())
    }
}

/// The value of an attribute, and where it begins.
fn attribute<'t>(text: &'t str, name: &str) -> Option<(usize, &'t str)> {
    text.match_indices(name).find_map(|(at, _)| {
        let is_whole = text[..at].ends_with(|c: char| c.is_whitespace());
        let rest = text[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let value = rest[1..].split(quote).next()?;
        is_whole.then_some((at, value.trim()))
    })
}

/// Comments of XML as spaces, so that every line stays where it is.
pub(super) fn without_comments(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        result.push_str(before);
        let (comment, tail) = after.split_once("-->").unwrap_or((after, ""));
        result.extend(comment.chars().filter(|c| *c == '\n'));
        rest = tail;
    }
    result.push_str(rest);
    result
}

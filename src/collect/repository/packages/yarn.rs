//! Lock files of yarn, of both its formats, and of Bun.
//! <https://classic.yarnpkg.com/lang/en/docs/yarn-lock/>, <https://bun.com/docs/pm/lockfile>

use super::{Found, lines};
use crate::facts::Ecosystem;

pub(super) fn lock(text: &str, found: &mut Found) {
    let mut entry: Option<(&str, String)> = None;
    for (number, line) in lines(text) {
        if !line.starts_with([' ', '#']) {
            entry = line.strip_suffix(':').and_then(descriptors);
            continue;
        }
        let Some((name, requested)) = &entry else { continue };
        let trimmed = line.trim();
        let version = trimmed.strip_prefix("version:").or_else(|| trimmed.strip_prefix("version "));
        if let Some(version) = version.filter(|_| line.starts_with("  ") && !line.starts_with("   ")) {
            let version = version.trim().trim_matches('"');
            let version = match version {
                // Berry writes so of the packages of the repository.
                "0.0.0-use.local" => Err("it is a package of this repository".to_owned()),
                version => Ok(version.to_owned()),
            };
            found.add(Ecosystem::Npm, name, number, version, Some(requested));
            entry = None;
        }
    }
}

/// `pg@^8.0.0, pg@^8.1.0`, `"@prisma/client@npm:^5.0.0"`, `"db@npm:pg@^8"`: the package, and what is asked for.
fn descriptors(header: &str) -> Option<(&str, String)> {
    let mut package = None;
    let mut requested = Vec::new();
    for one in header.split(',') {
        let one = one.trim().trim_matches('"').trim();
        let (name, range) = split(one)?;
        let range = range.strip_prefix("npm:").unwrap_or(range);
        let (name, range) = match split(range) {
            Some((name, range)) if !name.is_empty() && !range.contains("://") => (name, range),
            _ => (name, range),
        };
        package.get_or_insert(name);
        if !requested.contains(&range) {
            requested.push(range);
        }
    }
    Some((package?, requested.join(" || ")))
}

/// At the `@` that follows the name, whose own may be first.
fn split(text: &str) -> Option<(&str, &str)> {
    let at = text.get(1..)?.find('@')? + 1;
    Some((&text[..at], &text[at + 1..]))
}

/// `"pg": ["pg@8.11.3", …],`, one package a line.
pub(super) fn bun(text: &str, found: &mut Found) {
    for (number, line) in lines(text) {
        let Some((_, rest)) = line.split_once("\": [\"") else { continue };
        if let Some((name, version)) = rest.split('"').next().and_then(split) {
            let version = match version.strip_prefix("workspace:") {
                Some(_) => Err("it is a package of this repository".to_owned()),
                None => Ok(version.to_owned()),
            };
            found.add(Ecosystem::Npm, name, number, version, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::descriptors;

    #[test]
    fn headers_of_both_formats() {
        for (header, name, requested) in [
            ("pg@^8.0.0, pg@^8.1.0", "pg", "^8.0.0 || ^8.1.0"),
            ("\"@prisma/client@^5.0.0\"", "@prisma/client", "^5.0.0"),
            ("\"pg@npm:^8.11.0, pg@npm:^8.12.0\"", "pg", "^8.11.0 || ^8.12.0"),
            ("\"db@npm:pg@^8\"", "pg", "^8"),
            ("db@npm:@acme/pg@8", "@acme/pg", "8"),
        ] {
            assert_eq!(descriptors(header), Some((name, requested.to_owned())), "{header}");
        }
        assert_eq!(descriptors("__metadata"), None);
    }
}

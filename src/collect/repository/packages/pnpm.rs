//! pnpm's lock files and workspaces. A lock file is read by its lines, as pnpm writes them: it can have a hundred
//! thousand of them. <https://github.com/pnpm/spec/blob/master/lockfile/9.0.md>

use super::{Found, lines};
use crate::collect::declared::value::Spot;
use crate::collect::declared::yaml;
use crate::collect::repository::Source;
use crate::facts::Ecosystem;

pub(super) fn workspace(source: &Source<'_>) -> Option<Spot> {
    yaml::read(&source.file, &source.text).ok()
}

pub(super) fn lock(text: &str, found: &mut Found) {
    let mut is_packages = false;
    for (number, line) in lines(text) {
        if !line.starts_with([' ', '#']) && !line.trim().is_empty() {
            is_packages = line.starts_with("packages:");
            continue;
        }
        let is_key = is_packages && line.starts_with("  ") && !line.starts_with("   ");
        let Some(key) = is_key.then(|| line.trim().split_once(": ").map_or(line.trim(), |(key, _)| key)) else {
            continue;
        };
        if let Some((name, version)) = package(key.trim_end_matches(':').trim_matches(['\'', '"'])) {
            found.add(Ecosystem::Npm, name, number, Ok(version.to_owned()), None);
        }
    }
}

/// `/pg/8.7.1`, `/pg/8.7.1_pg-native@3.0.0`, `/pg@8.11.3(pg-native@3.0.0)`, `@prisma/client@5.0.0`.
fn package(key: &str) -> Option<(&str, &str)> {
    // What is in brackets, or after `_`, are the peers it was resolved with.
    let key = key.split('(').next()?;
    let (slash, path) = match key.strip_prefix('/') {
        Some(path) => (true, path),
        None => (false, key),
    };
    let scope = if path.starts_with('@') { path.find('/')? + 1 } else { 0 };
    let separator = path[scope..].find(['/', '@'])? + scope;
    let (name, version) = (&path[..separator], &path[separator + 1..]);
    let version = if slash && path[separator..].starts_with('/') { version.split('_').next()? } else { version };
    (!name.is_empty()).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::package;

    #[test]
    fn keys_of_all_formats() {
        for (key, expected) in [
            ("/pg/8.7.1", Some(("pg", "8.7.1"))),
            ("/pg/8.7.1_pg-native@3.0.0", Some(("pg", "8.7.1"))),
            ("/@prisma/client/4.0.0_prisma@4.0.0", Some(("@prisma/client", "4.0.0"))),
            ("/pg@8.11.3(pg-native@3.0.0)", Some(("pg", "8.11.3"))),
            ("@prisma/client@5.0.0", Some(("@prisma/client", "5.0.0"))),
            ("pg@8.12.0", Some(("pg", "8.12.0"))),
            ("pg@https://x.example.com/pg.tgz", Some(("pg", "https://x.example.com/pg.tgz"))),
            ("pg", None),
            ("@", None),
            ("", None),
        ] {
            assert_eq!(package(key), expected, "{key}");
        }
    }
}

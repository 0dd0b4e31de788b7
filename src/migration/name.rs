//! The name of a migration's folder: `1739787604659_update_extensions`.

/// The number that a migration's name begins with, by which Hasura orders them.
fn version(name: &str) -> Option<u64> {
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    let is_version = matches!(name.as_bytes().get(end), None | Some(b'_'));
    name[..end].parse().ok().filter(|_| is_version)
}

/// The number for a new migration: the time in milliseconds, or one more than the largest there is, since clocks differ
/// and Hasura runs them in the order of their numbers. `None` when there is no larger one.
pub fn next_version<'a>(existing: impl IntoIterator<Item = &'a str>, now: u64) -> Option<u64> {
    let largest = existing.into_iter().filter_map(version).max();
    match largest {
        Some(largest) => Some(now.max(largest.checked_add(1)?)),
        None => Some(now),
    }
}

/// A name as Hasura's CLI would write it, `None` for one that is no name of a folder.
#[must_use]
pub fn snake_case(name: &str) -> Option<String> {
    let name: String = name.trim().chars().map(|c| if c == ' ' || c == '-' { '_' } else { c }).collect();
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_plain && !name.is_empty() && name.len() <= 100).then_some(name)
}

#[must_use]
pub fn folder_name(version: u64, name: &str) -> String {
    format!("{version}_{name}")
}

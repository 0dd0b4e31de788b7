//! `~/.pgpass` and `pg_service.conf`: <https://www.postgresql.org/docs/current/libpq-pgpass.html>,
//! <https://www.postgresql.org/docs/current/libpq-pgservice.html>

use std::collections::BTreeMap;

use crate::secret::Secret;

/// The password of the first line that matches; fields are host, port, database, user.
pub(super) fn password(text: &str, wanted: [&str; 4]) -> Option<Secret> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [host, port, database, user, password] = <[String; 5]>::try_from(fields).ok()?;
        let matches =
            [host, port, database, user].iter().zip(wanted).all(|(field, want)| field == "*" || field == want);
        matches.then(|| Secret::new(password))
    })
}

/// Colons separate, a backslash takes the next character as it is; the password is the rest of the line.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let at = fields.len() - 1;
        match c {
            '\\' => fields[at].extend(chars.next()),
            ':' if fields.len() < 5 => fields.push(String::new()),
            c => fields[at].push(c),
        }
    }
    fields
}

/// The settings of a service, `None` when the file does not have it.
pub(super) fn service(text: &str, name: &str) -> Option<BTreeMap<String, String>> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.find(|line| line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) == Some(name))?;
    let pairs = lines.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once('='));
    Some(pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pgpass_takes_the_first_match() {
        let text = "# comment\nother:5432:*:app:no\ndb\\:x:*:*:app:se:cret\\\\\n*:*:*:*:last\n";
        let password = |host| password(text, [host, "5432", "postgres", "app"]).map(|found| found.expose().to_owned());
        assert_eq!(password("db:x").as_deref(), Some("se:cret\\"));
        assert_eq!(password("other").as_deref(), Some("no"));
        assert_eq!(password("elsewhere").as_deref(), Some("last"));
        assert_eq!(super::password("short:line", ["short", "line", "a", "b"]).map(|_| ()), None);
    }

    #[test]
    fn services_end_with_the_next_section() {
        let text = "[a]\nhost=one\n\n# no\n[b]\nhost = two\nport=5433\n";
        assert_eq!(service(text, "a").map(|found| found.len()), Some(1));
        assert_eq!(service(text, "b").and_then(|found| found.get("host").cloned()).as_deref(), Some("two"));
        assert_eq!(service(text, "c"), None);
    }
}

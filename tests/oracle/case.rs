//! A case: an SQL script of `psql`, with what it is about in the comments at its head.

use std::path::Path;

use crate::run::Selection;
use crate::script::statements;

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) about: String,
    /// What a failing blocker must name: of each line one of its alternatives.
    pub(crate) objects: Vec<Vec<String>>,
    /// Settings of the old server.
    pub(crate) settings: Vec<(String, String)>,
    /// It damages what cannot be undone, so nothing else is run on its server.
    pub(crate) alone: bool,
    pub(crate) script: String,
}

/// The settings that every server of the tests has, so that a case with them needs no server of its own.
const COMMON: [&str; 2] = ["wal_level=logical", "max_prepared_transactions=5"];

impl Case {
    fn parse(name: &str, text: &str) -> Self {
        let heads = |key: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix("-- ")?.strip_prefix(key)?.strip_prefix(": "));
            lines.map(|value| value.trim().to_owned()).collect()
        };
        let conf = heads("conf").join(" ");
        let settings = conf.split_whitespace().filter(|setting| !COMMON.contains(setting));
        Self {
            name: name.to_owned(),
            about: heads("about").join(" "),
            objects: heads("object").iter().map(|line| line.split(" | ").map(str::to_owned).collect()).collect(),
            settings: settings
                .map(|setting| {
                    setting.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap()
                })
                .collect(),
            alone: !heads("alone").is_empty(),
            script: text.to_owned(),
        }
    }

    pub(crate) fn needs_its_own_server(&self) -> bool {
        self.alone || !self.settings.is_empty()
    }

    /// Whether it does, or may do, more than to fill the database that it is run in.
    pub(crate) fn reaches_out(&self) -> bool {
        let script = self.script.to_lowercase();
        let words =
            ["role", "\\c ", " database ", "_slot(", "alter system", "subscription", "prepare transaction", "pg_auth"];
        self.needs_its_own_server() || words.iter().any(|word| script.contains(word))
    }

    /// The statements by the database they are for: the first, until `\c` changes it.
    pub(crate) fn steps(&self, first: &str) -> Vec<(String, Vec<String>)> {
        let mut steps = vec![(first.to_owned(), String::new())];
        for line in self.script.lines() {
            if let Some(database) = line.strip_prefix("\\c ") {
                steps.push((unquoted(database.trim()), String::new()));
            } else {
                let (_, script) = steps.last_mut().unwrap();
                script.push_str(line);
                script.push('\n');
            }
        }
        let split = |script: &str| statements(script).into_iter().map(str::to_owned).collect();
        steps.into_iter().map(|(database, script)| (database, split(&script))).collect()
    }
}

/// Of an argument of `\c`.
fn unquoted(word: &str) -> String {
    match word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => word.to_lowercase(),
    }
}

/// The selected cases, by name.
pub(crate) fn all(folder: &Path, selection: &Selection) -> Vec<Case> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut cases: Vec<Case> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .map(|path| Case::parse(path.file_stem().unwrap().to_str().unwrap(), &std::fs::read_to_string(&path).unwrap()))
        .filter(|case| selection.takes(&case.name))
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

#[test]
fn a_case_is_read_as_psql_would() {
    let text = "-- about: two\n-- conf: wal_level=logical work_mem=1MB\n-- object: a | b\n-- object: c d\nSELECT ';';\n\\c \"My \"\"App\"\nSELECT 2; SELECT 3\n\\c Plain\n";
    let case = Case::parse("x", text);
    assert_eq!(case.about, "two");
    assert_eq!(case.objects, [vec!["a".to_owned(), "b".to_owned()], vec!["c d".to_owned()]]);
    assert_eq!(case.settings, [("work_mem".to_owned(), "1MB".to_owned())]);
    assert!(case.needs_its_own_server() && !case.alone);
    let steps = case.steps("postgres");
    assert_eq!(steps[0].0, "postgres");
    assert!(steps[0].1.len() == 1 && steps[0].1[0].ends_with("SELECT ';'"), "{steps:?}");
    assert_eq!(steps[1], ("My \"App".to_owned(), vec!["SELECT 2".to_owned(), "SELECT 3".to_owned()]));
    assert_eq!(steps[2], ("plain".to_owned(), Vec::new()));
}

//! What a pull request changes in the declarations.

use super::Declaration;

/// The databases that the code declares before and after a change, paired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is compared with, as named by the user: `origin/main`.
    pub base: String,
    /// The database that is judged; `None` when none was declared.
    pub subject: Option<Pair>,
    /// Others of the repository that change too, and are not judged.
    pub others: Vec<Pair>,
    /// Whether the user named the subject, so that the others are no concern of this run.
    pub is_scoped: bool,
    /// How many files the change touches beside those that declare the subject.
    pub other_files: usize,
}

/// A database before and after the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub before: Option<Declaration>,
    pub after: Option<Declaration>,
}

/// What becomes of a declared version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    Same,
    Changed {
        from: Option<&'a str>,
        to: &'a str,
    },
    /// It was not declared before.
    Added {
        version: &'a str,
    },
    /// It is declared no more.
    Removed,
    /// Whether it changes cannot be known.
    Unknown {
        reason: &'a str,
    },
}

impl Pair {
    /// What becomes of the version.
    #[must_use]
    pub fn step(&self) -> Step<'_> {
        let Some(after) = &self.after else { return Step::Removed };
        let before = self.before.as_ref();
        match (&after.version, before) {
            (None, _) => Step::Unknown { reason: after.reason.as_deref().unwrap_or("the version is not in the files") },
            (Some(version), None) => Step::Added { version },
            (Some(version), Some(before)) if before.version.as_ref() == Some(version) => Step::Same,
            (Some(version), Some(before)) => Step::Changed { from: before.version.as_deref(), to: version },
        }
    }

    /// The name in the code, of the later one.
    #[must_use]
    pub fn name(&self) -> &str {
        self.latest().map_or("", |declaration| &declaration.resource)
    }

    #[must_use]
    pub fn identifier(&self) -> Option<&str> {
        self.latest()?.identifier.as_deref()
    }

    #[must_use]
    pub fn latest(&self) -> Option<&Declaration> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// Whether it is a replica of one of these resources.
    #[must_use]
    pub fn replicates(&self, names: &[String]) -> bool {
        let origin = self.latest().and_then(|declaration| declaration.replica_of.as_ref());
        origin.is_some_and(|origin| names.contains(origin))
    }

    /// Whether something is to be judged: a version that changes, or may.
    #[must_use]
    pub fn may_change(&self) -> bool {
        matches!(self.step(), Step::Changed { .. } | Step::Unknown { .. })
    }
}

impl Change {
    /// The version that the change asks for, when it asks for another one.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        match self.subject.as_ref()?.step() {
            Step::Changed { to, .. } => Some(to),
            Step::Added { version } => Some(version),
            Step::Same | Step::Removed | Step::Unknown { .. } => None,
        }
    }
}

/// Whether two declarations are taken for the same database.
type Likeness = fn(&Declaration, &Declaration) -> bool;

/// Pairs the declarations of two commits: by identifier, by place and name, by name alone, and what is left when that is
/// one on either side.
#[must_use]
pub fn pair(before: Vec<Declaration>, after: Vec<Declaration>) -> Vec<Pair> {
    let mut before: Vec<Option<Declaration>> = before.into_iter().map(Some).collect();
    let mut after: Vec<Option<Declaration>> = after.into_iter().map(Some).collect();
    let mut pairs = Vec::new();
    let likenesses: [Likeness; 3] = [
        |a, b| a.identifier.is_some() && a.identifier == b.identifier && a.engine == b.engine,
        |a, b| a.file == b.file && a.resource == b.resource && !conflict(a, b),
        |a, b| a.resource == b.resource && !conflict(a, b),
    ];
    for alike in likenesses {
        for later in &mut after {
            let Some(declaration) = later.as_ref() else { continue };
            let mut like =
                before.iter_mut().filter(|earlier| earlier.as_ref().is_some_and(|it| alike(it, declaration)));
            // Two that are alike cannot be told apart.
            if let (Some(earlier), None) = (like.next(), like.next()) {
                pairs.push(Pair { before: earlier.take(), after: later.take() });
            }
        }
    }
    let (mut before, mut after) = (before.into_iter().flatten(), after.into_iter().flatten());
    match (before.next(), before.next(), after.next(), after.next()) {
        (Some(earlier), None, Some(later), None) if !conflict(&earlier, &later) => {
            pairs.push(Pair { before: Some(earlier), after: Some(later) });
        }
        (a, b, c, d) => {
            pairs.extend([a, b].into_iter().flatten().chain(before).map(|it| Pair { before: Some(it), after: None }));
            pairs.extend([c, d].into_iter().flatten().chain(after).map(|it| Pair { before: None, after: Some(it) }));
        }
    }
    pairs.sort_by(|a, b| a.latest().cmp(&b.latest()));
    pairs
}

/// Whether two cannot be the same database: both have an identifier, and another one.
fn conflict(a: &Declaration, b: &Declaration) -> bool {
    a.identifier.is_some() && b.identifier.is_some() && a.identifier != b.identifier
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(file: &str, resource: &str, version: &str, identifier: &str) -> Declaration {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        serde_json::from_value(serde_json::json!({
            "file": file, "line": 1, "resource": resource, "engine": "postgres",
            "version": text(version), "identifier": text(identifier), "reason": text(if version.is_empty() { "lost" } else { "" }),
        }))
        .expect("a declaration")
    }

    fn told(before: &[Declaration], after: &[Declaration]) -> Vec<String> {
        let pairs = pair(before.to_vec(), after.to_vec());
        pairs.iter().map(|pair| format!("{} {:?}", pair.name(), pair.step())).collect()
    }

    #[test]
    fn pairs_by_what_is_surest() {
        let before = [one("a.ts", "app", "12.17", ""), one("b.ts", "stats", "13.4", "stats-prod")];
        let after = [one("db/x.ts", "app", "16.3", ""), one("c.ts", "numbers", "13.4", "stats-prod")];
        assert_eq!(told(&before, &after), ["numbers Same", "app Changed { from: Some(\"12.17\"), to: \"16.3\" }"]);
    }

    #[test]
    fn a_rename_of_the_only_one_is_no_new_one() {
        let (before, after) = (one("a.ts", "app", "12.17", ""), one("b.tf", "aws_db_instance.app", "12.17", ""));
        assert_eq!(told(std::slice::from_ref(&before), &[after]), ["aws_db_instance.app Same"]);
        let other = one("a.ts", "other", "15.2", "x");
        assert_eq!(
            told(&[before], std::slice::from_ref(&other)),
            ["other Changed { from: Some(\"12.17\"), to: \"15.2\" }"]
        );
        let elsewhere = one("a.ts", "other", "15.2", "y");
        assert_eq!(told(&[other], &[elsewhere]).len(), 2);
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_paired() {
        let same = one("a.ts", "app", "12.17", "");
        let told = told(&[same.clone(), same.clone()], &[same.clone(), same]);
        assert_eq!(told.len(), 4, "{told:?}");
    }

    #[test]
    fn what_cannot_be_known_may_change() {
        let pairs = pair(vec![one("a.ts", "app", "12.17", "")], vec![one("a.ts", "app", "", "")]);
        assert_eq!(pairs[0].step(), Step::Unknown { reason: "lost" });
        assert!(pairs[0].may_change());
        let pairs = pair(vec![one("a.ts", "app", "12.17", "")], vec![]);
        assert_eq!(pairs[0].step(), Step::Removed);
    }
}

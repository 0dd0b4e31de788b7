//! Which of the declared databases the evidence is about, and how far its code is with the upgrade.

use super::{Facts, Outcome};
use crate::facts::{Bundle, Declaration, Gap, Tool};
use crate::version::PgVersion;

/// The one declaration that the evidence is about, when there is exactly one.
#[must_use]
pub fn declaration(bundle: &Bundle) -> Option<&Declaration> {
    the_one(bundle.declared.collected()?, &Identity::of(bundle)).ok()
}

/// What RDS calls the subject.
struct Identity<'a> {
    names: Vec<&'a str>,
    is_replica: bool,
}

impl<'a> Identity<'a> {
    fn of(bundle: &'a Bundle) -> Self {
        let aws = bundle.aws.collected();
        let instance = aws.and_then(|aws| aws.instance.collected());
        let cluster = aws.and_then(|aws| aws.cluster.collected()).and_then(Option::as_ref);
        let asked = [&bundle.asked.instance, &bundle.asked.cluster].into_iter().flatten().map(String::as_str);
        let seen = instance.map(|instance| instance.id.as_str());
        let names = asked.chain(seen).chain(cluster.map(|cluster| cluster.id.as_str())).collect();
        Self { names, is_replica: instance.is_some_and(|instance| instance.replica_source.is_some()) }
    }

    /// RDS compares identifiers without case.
    fn has(&self, identifier: &str) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(identifier))
    }
}

fn the_one<'a>(declared: &'a [Declaration], identity: &Identity<'_>) -> Result<&'a Declaration, Gap> {
    let named = |one: &&Declaration| one.identifier.as_deref().is_some_and(|identifier| identity.has(identifier));
    let mut matching = declared.iter().filter(named);
    if let (Some(one), None) = (matching.next(), matching.next()) {
        return Ok(one);
    }
    // One that is called otherwise is another database.
    let is_other = |one: &&Declaration| !identity.names.is_empty() && one.identifier.is_some() && !named(one);
    let possible: Vec<&Declaration> = declared.iter().filter(|one| !is_other(one)).collect();
    let primaries: Vec<&Declaration> = possible.iter().copied().filter(|one| one.replica_of.is_none()).collect();
    match (&possible[..], &primaries[..]) {
        ([only], _) => Ok(only),
        (_, [only]) if !identity.is_replica => Ok(only),
        ([], _) if declared.is_empty() => Err(Gap::Unavailable("the code declares no PostgreSQL database".to_owned())),
        ([], _) => Err(Gap::Unavailable(format!(
            "the code declares {}, and not {}",
            list(declared.iter()),
            identity.names.first().copied().unwrap_or("the instance")
        ))),
        _ => Err(Gap::Unavailable(format!(
            "several databases are declared, pass --resource: {}",
            list(possible.into_iter())
        ))),
    }
}

fn list<'a>(declared: impl Iterator<Item = &'a Declaration>) -> String {
    let names = declared.map(|one| match &one.identifier {
        Some(identifier) if *identifier != one.resource => format!("{} ({identifier})", one.resource),
        _ => one.resource.clone(),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// How far the code is with the upgrade that is judged.
pub(super) enum Stage<'a> {
    /// It declares the target's major.
    Declared(&'a Declaration),
    /// It declares an older one still.
    NotYet(&'a Declaration),
}

impl<'a> Facts<'a> {
    /// The declaration of the database that is judged.
    ///
    /// # Errors
    /// The gap.
    pub fn declaration(&self) -> Result<&'a Declaration, Gap> {
        let subject = self.change.and_then(|change| change.subject.as_ref()).and_then(|subject| subject.after.as_ref());
        match subject {
            Some(declaration) => Ok(declaration),
            None => the_one(self.declared()?, &Identity::of(self.bundle)),
        }
    }

    /// How far the code is with the major upgrade that is judged; an outcome when there is none.
    ///
    /// # Errors
    /// The gap.
    pub(super) fn stage(&self) -> Result<Result<Stage<'a>, Outcome>, Gap> {
        let declaration = self.declaration()?;
        let target = &self.upgrade.target;
        let Some(source) = &self.upgrade.source else {
            return Err(self.instance().err().unwrap_or(Gap::Unavailable("nobody could say what runs".to_owned())));
        };
        if target.major() <= source.major() {
            return Ok(Err(Outcome::not_applicable(format!("{source} to {target} is no major upgrade"))));
        }
        let declared = declared_version(declaration)?;
        Ok(Ok(if declared.major() == target.major() {
            Stage::Declared(declaration)
        } else {
            Stage::NotYet(declaration)
        }))
    }
}

/// The declared version.
///
/// # Errors
/// Why it cannot be known.
pub(super) fn declared_version(declaration: &Declaration) -> Result<PgVersion, Gap> {
    let place = format!("{} at {}:{}", declaration.resource, declaration.file, declaration.line);
    let Some(text) = &declaration.version else {
        let reason = declaration.reason.as_deref().unwrap_or("the version is not in the files");
        return Err(Gap::Unavailable(format!("{place}: {reason}")));
    };
    text.parse().map_err(|_| Gap::Unavailable(format!("{place} declares '{text}', which is no version")))
}

/// The name of a setting in the words of the tool: `allowMajorVersionUpgrade`.
pub(super) fn in_words_of(tool: Option<Tool>, setting: &str) -> String {
    let pascal = || setting.split('_').map(capital).collect::<String>();
    match tool {
        Some(Tool::Terraform) | None => setting.to_owned(),
        Some(Tool::CloudFormation) => pascal(),
        Some(Tool::Pulumi | Tool::Crossplane | Tool::Ack) => {
            let text = pascal();
            let (first, rest) = text.split_at(text.len().min(1));
            first.to_lowercase() + rest
        }
    }
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}

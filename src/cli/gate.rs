//! `gate`: `check` for a pull request. What is declared now is compared with what was declared where the change began.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{GateArgs, SourceArgs};
use super::check::judged;
use super::code::{Code, Question};
use super::console::Console;
use super::error::Error;
use super::output::Output;
use super::{evidence, settings};
use crate::checks::Registry;
use crate::collect::declared::{self, Error as CodeError};
use crate::collect::files::Files;
use crate::collect::git::Repository;
use crate::config::{self, Config};
use crate::facts::change::{Change, Pair, Step, pair};
use crate::facts::{Asked, Bundle, Declaration, Pinned, Source};
use crate::moment;
use crate::version::PgVersion;

pub(super) async fn run(mut args: GateArgs, outputs: &[Output], console: &Console) -> Result<u8, Error> {
    let comparison = Comparison::of(&args)?;
    let config = comparison.config()?;
    let registry = settings::registry(&args.source.checks_dir, config.holds.as_ref())?;
    settings::globs(&args.judge, &registry)?;
    let mut notes = comparison.notes();
    notes.extend(config.note.clone());
    let found = comparison.declarations(&args.source, &config)?;
    let pins = found.pins;
    let named = args.source.resource.clone().or_else(|| config.holds.as_ref()?.declared.resource.clone());
    let subject = evidence::subject(&args.source.subject, config.holds.as_ref()).map(|wanted| wanted.id().to_owned());
    let change = comparison.change(found.pairs, named.as_deref(), subject.as_deref(), &mut notes)?;
    name_the_instance(&mut args, &change, subject.is_some());
    let target = change.target().map(str::parse::<PgVersion>).transpose();
    let target = target.map_err(|error| Error::Usage(format!("{}: {error}", change_place(&change))))?;
    let declared: Vec<Declaration> = found.after;
    let code = Code::collected(declared::Code { declarations: declared, pins }, comparison.repository.root());
    let bundle = collected(&args, config.holds.as_ref(), target.as_ref(), &registry, code, console).await?;
    let target = target
        .or_else(|| any_version(&bundle, &change))
        .ok_or_else(|| Error::Unseen(format!("nobody could say which version is meant: {}", unknown(&change))))?;
    let mut settings = settings::judgement(&args.judge, target, config.holds.as_ref());
    settings.notes = notes;
    settings.change = Some(change);
    judged(&bundle, &registry, &settings, outputs, console)
}

/// Evidence of the database that the change is about.
async fn collected(
    args: &GateArgs,
    config: Option<&Config>,
    target: Option<&PgVersion>,
    registry: &Registry,
    code: Code,
    console: &Console,
) -> Result<Bundle, Error> {
    if let Some(path) = &args.judge.evidence {
        let mut bundle = Bundle::load(path)?;
        (bundle.declared, bundle.repository) = (code.declared, code.repository);
        console.progress(&format!("judging evidence of {}", moment::minute(bundle.collected_at)));
        return Ok(bundle);
    }
    let is_named = evidence::subject(&args.source.subject, config).is_some();
    let asks_nobody = args.source.no_aws && args.source.no_database;
    if target.is_none() && (asks_nobody || (!is_named && !args.source.no_aws)) {
        // Without a change only the drift is of interest, and nobody was named who would know of it.
        let hint = "no instance was named, so nobody was asked what runs";
        let (aws, database, services) = (nobody(hint), nobody(hint), nobody(hint));
        return Ok(evidence::bundle(Asked::default(), aws, database, services, code));
    }
    evidence::gather(&args.source, config, target, registry, code, console).await
}

fn nobody<T>(hint: &str) -> Source<T> {
    Source::NotGiven { hint: hint.to_owned() }
}

/// The code may say itself which instance it is about.
fn name_the_instance(args: &mut GateArgs, change: &Change, is_named: bool) {
    let Some(subject) = change.subject.as_ref().filter(|_| !is_named && !args.source.no_aws) else { return };
    let (Some(identifier), Some(declaration)) = (subject.identifier(), subject.latest()) else { return };
    let slot = if declaration.engine == "postgres" {
        &mut args.source.subject.instance
    } else {
        &mut args.source.subject.cluster
    };
    *slot = Some(identifier.to_owned());
}

/// A version for a report about no change: what runs, or what was declared.
fn any_version(bundle: &Bundle, change: &Change) -> Option<PgVersion> {
    let instance = bundle.aws.collected().and_then(|aws| aws.instance.collected());
    let server = bundle.database.collected().map(|database| database.server.version.clone());
    let declared = || {
        let subject = change.subject.as_ref()?;
        let versions = [&subject.after, &subject.before].into_iter().flatten();
        { versions }.find_map(|one| one.version.as_ref()?.parse().ok())
    };
    instance.map(|instance| instance.engine_version.clone()).or(server).or_else(declared)
}

fn change_place(change: &Change) -> String {
    let latest = change.subject.as_ref().and_then(Pair::latest);
    latest.map(|one| format!("{} at {}:{}", one.resource, one.file, one.line)).unwrap_or_default()
}

fn unknown(change: &Change) -> String {
    match change.subject.as_ref().map(|subject| (subject, subject.step())) {
        Some((_, Step::Unknown { reason })) => format!("{}: {reason}", change_place(change)),
        _ => "no PostgreSQL database is declared".to_owned(),
    }
}

/// The two states of the repository.
struct Comparison {
    repository: Repository,
    /// As the user named it.
    name: String,
    is_merge_base: bool,
    id: String,
    base: Files,
    config_path: Option<PathBuf>,
}

/// The configuration that holds, and what is to be said of it.
struct Held {
    holds: Option<Config>,
    /// The change's own.
    ours: Option<Config>,
    note: Option<String>,
}

struct Found {
    pairs: Vec<Pair>,
    after: Vec<Declaration>,
    pins: Vec<Pinned>,
}

impl Comparison {
    fn of(args: &GateArgs) -> Result<Self, Error> {
        let here = env::current_dir().map_err(|source| Error::Runtime { source })?;
        let config_path = match &args.source.subject.config {
            Some(path) => Some(path.clone()),
            None => config::find(&here),
        };
        let start = args.source.declared.as_deref().or(config_path.as_deref()).unwrap_or(&here);
        let repository = Repository::around(start)?;
        let name = args.base.clone().unwrap_or_else(base_of_environment);
        let base = repository.base(&name)?;
        let commit = repository.files(&base.id, declared::may_be_read)?;
        let id = base.id;
        let is_merge_base = base.is_merge_base;
        let base = Files::Commit(Arc::new(commit));
        // A change may have taken the file away.
        let of_base = || here.ancestors().map(|folder| folder.join(config::FILE_NAME)).find(|path| base.is_file(path));
        let config_path = config_path.or_else(of_base);
        Ok(Self { repository, name, is_merge_base, id, base, config_path })
    }

    fn notes(&self) -> Vec<String> {
        let note =
            || format!("the history here is too short to find where the change began: compared with {}", self.name);
        (!self.is_merge_base).then(note).into_iter().collect()
    }

    /// The configuration of the base, so that a change cannot excuse itself; its own, without its waivers, where the base
    /// has none.
    fn config(&self) -> Result<Held, Error> {
        let Some(path) = &self.config_path else { return Ok(Held { holds: None, ours: None, note: None }) };
        let ours = if path.is_file() || self.base.kind(path).is_err() { Some(config::load(path)?) } else { None };
        let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(bytes) = self.base.bytes(path) else {
            let waived = ours.as_ref().is_some_and(|config| !config.waivers.is_empty());
            let note = waived.then(|| format!("{shown} is new here: its waivers hold once they are in {}", self.name));
            let holds = ours.clone().map(|config| Config { waivers: Vec::new(), ..config });
            return Ok(Held { holds, ours, note });
        };
        let text = String::from_utf8_lossy(&bytes);
        let is_changed = std::fs::read(path).map_or(true, |now| now != bytes);
        if let Ok(base) = config::parse(&path.to_string_lossy(), &text, path.parent().unwrap_or(Path::new(""))) {
            let note = || format!("{shown} is changed here: the one in {} holds, waivers and all", self.name);
            Ok(Held { holds: Some(base), ours, note: is_changed.then(note) })
        } else {
            let note = format!("{shown} in {} is invalid: the one here holds, but for its waivers", self.name);
            let holds = ours.clone().map(|config| Config { waivers: Vec::new(), ..config });
            Ok(Held { holds, ours, note: Some(note) })
        }
    }

    /// What the code declares before and after. Where the place is new or gone, the whole repository is looked through:
    /// the code may have moved.
    fn declarations(&self, args: &SourceArgs, config: &Held) -> Result<Found, Error> {
        let root = || Question { path: self.repository.root().to_owned(), stack: args.stack.clone(), resource: None };
        let asked = Question::of(args, config.holds.as_ref());
        let asked = Question { resource: None, ..asked.unwrap_or_else(root) };
        let read =
            |question: &Question, files: &Files| question.read(files).map(|code| code.below(&question.folder(files)));
        let after = match read(&asked, &Files::Disk) {
            Err(Error::Declared(CodeError::Missing { .. })) if args.declared.is_none() => {
                let ours = Question::of(args, config.ours.as_ref()).filter(|ours| ours.path != asked.path);
                read(&Question { resource: None, ..ours.unwrap_or_else(root) }, &Files::Disk)
            }
            other => other,
        };
        let after = match after {
            Err(Error::Declared(CodeError::NothingToRead { .. })) => declared::Code::default(),
            other => other?,
        };
        let stack = asked.stack.clone();
        let before = match read(&asked, &self.base) {
            Err(Error::Declared(CodeError::Missing { .. })) => read(&Question { stack, ..root() }, &self.base),
            other => other,
        };
        let before = match before {
            Err(Error::Declared(CodeError::NothingToRead { .. })) => declared::Code::default(),
            other => other?,
        };
        let pairs = pair(before.declarations, after.declarations.clone());
        Ok(Found { pairs, after: after.declarations, pins: after.pins })
    }

    /// Which of the pairs is judged.
    fn change(
        &self,
        pairs: Vec<Pair>,
        resource: Option<&str>,
        instance: Option<&str>,
        notes: &mut Vec<String>,
    ) -> Result<Change, Error> {
        let is_scoped = resource.is_some();
        let is_new = |pair: &Pair| matches!(pair.step(), Step::Added { .. });
        let is_named = |pair: &Pair| {
            let is_instance = |identifier: &str| instance.is_some_and(|id| id.eq_ignore_ascii_case(identifier));
            resource.map_or_else(|| pair.identifier().is_some_and(is_instance), |resource| pair.name() == resource)
        };
        let mut named: Vec<usize> = (0..pairs.len()).filter(|at| is_named(&pairs[*at])).collect();
        if is_scoped && named.is_empty() {
            let names: Vec<&str> = pairs.iter().map(Pair::name).collect();
            let resource = resource.unwrap_or_default();
            return Err(Error::Usage(format!("no database '{resource}' is declared; there is {}", list(&names))));
        }
        if named.is_empty() {
            named = (0..pairs.len()).filter(|at| pairs[*at].may_change()).collect();
            // A replica goes with its primary.
            let names: Vec<String> = named.iter().map(|at| pairs[*at].name().to_owned()).collect();
            named.retain(|at| !pairs[*at].replicates(&names));
        }
        if named.is_empty() {
            named = (0..pairs.len()).filter(|at| pairs.len() == 1 || !is_new(&pairs[*at])).collect();
            // Of several that stay as they are none is the subject.
            named.truncate(usize::from(named.len() == 1));
        }
        if named.len() > 1 {
            let names: Vec<&str> = named.iter().map(|at| pairs[*at].name()).collect();
            return Err(Error::Usage(format!("{} databases change, pass --resource: {}", names.len(), list(&names))));
        }
        let subject = named.first().copied();
        let subject_name: Vec<String> = subject.iter().map(|at| pairs[*at].name().to_owned()).collect();
        let mut others = Vec::new();
        let mut chosen = None;
        for (at, pair) in pairs.into_iter().enumerate() {
            match pair.step() {
                _ if Some(at) == subject => chosen = Some(pair),
                _ if pair.replicates(&subject_name) => {}
                Step::Added { version } => notes.push(format!("{} is new here, as {version}: not judged", pair.name())),
                Step::Same => {}
                Step::Changed { .. } | Step::Unknown { .. } | Step::Removed => others.push(pair),
            }
        }
        if is_scoped {
            notes.extend(others.iter().map(|pair| format!("{} changes too: not judged", pair.name())));
        }
        let other_files = self.other_files(chosen.as_ref())?;
        Ok(Change { base: self.name.clone(), subject: chosen, others, is_scoped, other_files })
    }

    /// How many files the change touches beside those that declare the subject.
    fn other_files(&self, subject: Option<&Pair>) -> Result<usize, Error> {
        let own: Vec<&str> = subject
            .into_iter()
            .flat_map(|pair| [&pair.before, &pair.after])
            .flatten()
            .flat_map(|one| {
                let group = one.parameter_group.as_ref().and_then(|group| group.family.as_ref());
                let place = one.place.as_ref().map(|place| place.file.as_str());
                [Some(one.file.as_str()), place, group.map(|family| family.file.as_str())]
            })
            .flatten()
            .collect();
        let changed = self.repository.changed_since(&self.id)?;
        // Files are shown from where they were read, and named by git from the root.
        let is_own = |path: &str| {
            own.iter().any(|file| path == *file || path.ends_with(&format!("/{file}")) || file.ends_with(path))
        };
        Ok(changed.iter().filter(|path| !is_own(path)).count())
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// The base as the CI system names it.
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/variables>
/// <https://docs.gitlab.com/ci/variables/predefined_variables/>
fn base_of_environment() -> String {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    set("GITHUB_BASE_REF")
        .map(|branch| format!("origin/{branch}"))
        .or_else(|| set("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
        .or_else(|| set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME").map(|branch| format!("origin/{branch}")))
        .unwrap_or_else(|| "origin/HEAD".to_owned())
}

//! Options over configuration.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::args::JudgeArgs;
use super::error::Error;
use crate::checks::{Registry, docs};
use crate::config::{self, Config};
use crate::evaluate::Settings;
use crate::rules::Expectations;
use crate::version::PgVersion;

/// The configuration file named, or found upward of the working directory.
pub(super) fn config(named: Option<&Path>) -> Result<Option<Config>, Error> {
    let path = match named {
        Some(path) => Some(path.to_owned()),
        None => std::env::current_dir().ok().and_then(|folder| config::find(&folder)),
    };
    Ok(path.map(|path| config::load(&path)).transpose()?)
}

/// The built-in checks, and those of the folders named.
pub(super) fn registry(folders: &[PathBuf], config: Option<&Config>) -> Result<Registry, Error> {
    let configured = config.map(|config| config.check_dirs.clone()).unwrap_or_default();
    let mut registry = Registry::built_in();
    for folder in folders.iter().chain(&configured) {
        registry = registry.with_folder(folder)?;
    }
    Ok(registry)
}

/// A glob that matches no check is a slip of the pen, and with `--only` it would be a GO.
pub(super) fn globs(args: &JudgeArgs, registry: &Registry) -> Result<(), Error> {
    let given = args.only.iter().map(|glob| ("--only", glob)).chain(args.skip.iter().map(|glob| ("--skip", glob)));
    for (option, glob) in given {
        let pattern = wildmatch::WildMatch::new(glob);
        if !registry.iter().any(|check| pattern.matches(&check.id)) {
            let hint = docs::did_you_mean(registry, glob);
            return Err(Error::Usage(format!("{option} {glob} matches no check{hint}")));
        }
    }
    Ok(())
}

/// What the judgement depends on.
pub(super) fn judgement(args: &JudgeArgs, target: PgVersion, config: Option<&Config>) -> Settings {
    let named = config.map(|config| &config.instance);
    let mut switched_off: Vec<String> = args.only.iter().map(|glob| format!("--only {glob}")).collect();
    switched_off.extend(args.skip.iter().map(|glob| format!("--skip {glob}")));
    Settings {
        platform: args.platform,
        expectations: Expectations {
            account: args.expect_account.clone().or_else(|| named.and_then(|instance| instance.expect_account.clone())),
            identity: args
                .expect_identity
                .clone()
                .or_else(|| named.and_then(|instance| instance.expect_identity.clone())),
        },
        only: args.only.clone(),
        skip: args.skip.clone(),
        waivers: config.map(|config| config.waivers.clone()).unwrap_or_default(),
        fail_on: args.fail_on.into(),
        switched_off,
        max_age: args.max_age,
        ..Settings::plain(target, now())
    }
}

/// The moment of collecting, and of judging.
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

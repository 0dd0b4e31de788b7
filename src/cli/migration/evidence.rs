//! Which extensions there are, and of which version the migration is for.

use super::super::args::MigrationArgs;
use super::super::code::Code;
use super::super::console::Console;
use super::super::error::Error;
use super::super::{evidence, settings};
use crate::checks::Registry;
use crate::collect::postgres::{self, Environment};
use crate::config::Config;
use crate::evaluate::{self, Settings};
use crate::facts::tables::EXTENSIONS;
use crate::facts::{Bundle, DatabaseFacts, Gap, Source};
use crate::migration::{Basis, QUERY};
use crate::rules;
use crate::upgrade::Platform;
use crate::version::PgVersion;

/// What was seen, and what it is seen for.
pub(super) struct Seen {
    bundle: Bundle,
    platform: Platform,
    /// What the migration is for.
    pub target: PgVersion,
    /// Whether the target was named, by option, configuration or code.
    pub is_named: bool,
    /// Whether the server runs it already.
    pub is_live: bool,
}

impl Seen {
    pub(super) async fn of(args: &MigrationArgs, config: Option<&Config>, console: &Console) -> Result<Self, Error> {
        let named = args.target.clone().or_else(|| config?.target.clone());
        let bundle = match &args.evidence {
            Some(path) => Bundle::load(path)?,
            None => collected(args, config, named.as_ref(), console).await?,
        };
        let named = match named {
            Some(target) => Some(target),
            None => declared(&bundle),
        };
        let server = facts(&bundle)?.server.clone();
        let wanted = named.clone().unwrap_or_else(|| server.version.clone());
        let settings = Settings { platform: args.platform, ..Settings::plain(wanted, settings::now()) };
        let upgrade = evaluate::resolve(&bundle, &settings);
        let is_live = server.version.major() >= upgrade.target.major();
        let is_of_rds = args.platform.is_some() || server.rds || server.aurora || bundle.aws.collected().is_some();
        if !is_live && (!is_of_rds || upgrade.platform == Platform::SelfManaged) {
            return Err(Error::Unseen(format!(
                "the server at {} runs {}, and what {} offers is published for RDS and Aurora only (--platform); run this \
                 against the upgraded server",
                server.address, server.version, upgrade.target
            )));
        }
        let target = if is_live { server.version } else { upgrade.target };
        Ok(Self { bundle, platform: upgrade.platform, target, is_named: named.is_some(), is_live })
    }

    pub(super) fn facts(&self) -> Result<&DatabaseFacts, Error> {
        facts(&self.bundle)
    }

    pub(super) fn basis(&self) -> Basis<'_> {
        if self.is_live { Basis::Live } else { Basis::Table { platform: self.platform, target: &self.target } }
    }

    /// The date of the table that stands for the target.
    pub(super) fn as_of(&self) -> Option<&'static str> {
        (!self.is_live).then(|| EXTENSIONS.date(self.platform))
    }

    /// The instance, or else the address.
    pub(super) fn subject(&self, facts: &DatabaseFacts) -> String {
        let asked = self.bundle.asked.instance.as_ref().or(self.bundle.asked.cluster.as_ref());
        asked.unwrap_or(&facts.server.address).clone()
    }

    /// The PostgreSQL database that the migration is for.
    pub(super) fn database(
        &self,
        args: &MigrationArgs,
        facts: &DatabaseFacts,
        of_project: Option<&str>,
    ) -> Result<String, Error> {
        let named = match (&args.dbname, of_project) {
            (Some(name), _) => Some(name.clone()),
            (None, Some(name)) => Some(name.to_owned()),
            (None, None) => of_url(args)?,
        };
        let open = || facts.databases.iter().filter(|one| !one.is_closed()).map(|one| one.name.as_str());
        if let Some(name) = named {
            return if open().any(|other| other == name) {
                Ok(name)
            } else {
                Err(Error::Usage(format!(
                    "the server has no database '{name}' that can be entered; it has {}",
                    list(open())
                )))
            };
        }
        let own: Vec<&str> = open().filter(|name| !["postgres", "template1"].contains(name)).collect();
        match &own[..] {
            [one] => Ok((*one).to_owned()),
            [] => Ok("postgres".to_owned()),
            _ => Err(Error::Usage(format!(
                "which database of the server? Pass --dbname NAME: {}",
                list(own.into_iter())
            ))),
        }
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn facts(bundle: &Bundle) -> Result<&DatabaseFacts, Error> {
    bundle.database.get().map_err(|gap| match gap {
        Gap::Unavailable(reason) | Gap::NotGiven(reason) => Error::Unseen(reason),
        Gap::SwitchedOff(flag) => Error::Unseen(format!("the evidence is without the database: {flag}")),
    })
}

/// The version that the code declares, when it is known.
fn declared(bundle: &Bundle) -> Option<PgVersion> {
    rules::declaration(bundle)?.version.as_ref()?.parse().ok()
}

/// The database that a URL or the environment names.
fn of_url(args: &MigrationArgs) -> Result<Option<String>, Error> {
    if args.evidence.is_some() {
        return Ok(None);
    }
    let env: Environment = std::env::vars().collect();
    let settings = postgres::Settings::from_user(args.source.database_url.as_deref(), &env)?;
    Ok(settings.and_then(|settings| settings.named_database().map(str::to_owned)))
}

async fn collected(
    args: &MigrationArgs,
    config: Option<&Config>,
    target: Option<&PgVersion>,
    console: &Console,
) -> Result<Bundle, Error> {
    let mut source = args.source.clone();
    if source.no_database {
        return Err(Error::Usage(
            "--no-database: which extensions are installed is only known in the database".to_owned(),
        ));
    }
    let is_named = evidence::subject(&source.subject, config).is_some();
    let needs_login = source.iam_auth || source.secret.is_some();
    // RDS is only asked for the address and the password.
    source.no_aws |= !is_named || (source.database_url.is_some() && !needs_login);
    let registry = Registry::built_in().only(QUERY);
    let code = if target.is_none() { Code::of(&source, config)? } else { Code::unread() };
    let mut bundle = evidence::gather(&source, config, target, &registry, code, console).await?;
    if bundle.asked.instance.is_none() && bundle.asked.cluster.is_none() {
        // It is named although RDS was not asked. What the configuration names may be at another address.
        bundle.asked.instance = evidence::subject(&source.subject, None).map(|wanted| wanted.id().to_owned());
    }
    if matches!(bundle.database, Source::NotGiven { .. }) {
        return Err(Error::Usage("which database? Pass --database-url, or set PGHOST".to_owned()));
    }
    Ok(bundle)
}

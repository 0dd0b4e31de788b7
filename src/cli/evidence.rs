//! Collecting: AWS, the database and the code at the same time.

use tokio::sync::oneshot;

use super::args::{SourceArgs, SubjectArgs};
use super::code::Code;
use super::console::Console;
use super::error::Error;
use super::services;
use crate::checks::Registry;
use crate::collect::aws::{self, DatabaseAddress, Wanted};
use crate::collect::postgres;
use crate::config::Config;
use crate::facts::{
    Asked, AwsFacts, Bundle, DatabaseFacts, QueryOutcome, QuerySet, RunningService, SCHEMA_VERSION, Source,
};
use crate::secret::Secret;
use crate::version::PgVersion;

/// Why there is no database evidence when nobody could tell where the database is.
const NO_ADDRESS: &str = "RDS names no endpoint, and there is no --database-url and no PGHOST";

/// Everything that was asked for, into one bundle. What cannot be had is said there; an `Err` is a mistake of the user.
pub(super) async fn gather(
    args: &SourceArgs,
    config: Option<&Config>,
    target: Option<&PgVersion>,
    registry: &Registry,
    code: Code,
    console: &Console,
) -> Result<Bundle, Error> {
    if args.no_aws && args.no_database {
        return Err(Error::Usage("--no-aws and --no-database leave nothing to judge".to_owned()));
    }
    let wanted = wanted(args, config)?;
    let client = match &wanted {
        Some(_) => Some(client(&args.subject, config).await?),
        None => None,
    };
    let (announce, address) = oneshot::channel();
    let ask_aws = async {
        if let (Some(wanted), Some(client)) = (&wanted, &client) {
            let progress = |text: &str| console.progress(text);
            let facts = aws::collect(client, wanted, target, Some(announce), &progress).await?;
            Ok(Source::Collected(facts))
        } else {
            drop(announce);
            Ok(Source::SwitchedOff { flag: "--no-aws".to_owned() })
        }
    };
    let ask_database = database(args, client.as_ref(), address, registry, console);
    let ask_services = services::ask(args, config, console);
    // A mistake found by one ends the others: `try_join` drops them.
    let (aws, database, services): (Source<AwsFacts>, _, _) = tokio::try_join!(ask_aws, ask_database, ask_services)?;
    console.end_progress();
    let database = with_the_cause(database, &aws);
    let asked = match wanted {
        Some(Wanted::Instance(id)) => Asked { instance: Some(id), cluster: None },
        Some(Wanted::Cluster(id)) => Asked { instance: None, cluster: Some(id) },
        None => Asked::default(),
    };
    Ok(bundle(asked, aws, database, services, code))
}

/// When AWS refused the description that would have had the address, that is the cause: one cause is said once.
fn with_the_cause(database: Source<DatabaseFacts>, aws: &Source<AwsFacts>) -> Source<DatabaseFacts> {
    match (&database, aws.collected().map(|aws| &aws.instance)) {
        (Source::Unavailable { reason }, Some(Source::Unavailable { reason: cause })) if reason == NO_ADDRESS => {
            Source::unavailable(cause)
        }
        _ => database,
    }
}

/// A bundle of this moment.
pub(super) fn bundle(
    asked: Asked,
    aws: Source<AwsFacts>,
    database: Source<DatabaseFacts>,
    services: Source<Vec<RunningService>>,
    code: Code,
) -> Bundle {
    Bundle {
        schema_version: SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        collected_at: super::settings::now(),
        asked,
        aws,
        database,
        declared: code.declared,
        repository: code.repository,
        services,
    }
}

fn wanted(args: &SourceArgs, config: Option<&Config>) -> Result<Option<Wanted>, Error> {
    if args.no_aws {
        return Ok(None);
    }
    let wanted = subject(&args.subject, config).ok_or_else(|| {
        Error::Usage(
            "which instance? Pass --instance ID or --cluster ID, or --no-aws to judge a database alone".to_owned(),
        )
    })?;
    Ok(Some(wanted))
}

/// The instance or cluster that the options name, or else the configuration.
pub(super) fn subject(args: &SubjectArgs, config: Option<&Config>) -> Option<Wanted> {
    let by_flag = args.instance.is_some() || args.cluster.is_some();
    let named = config.map(|config| &config.instance).filter(|_| !by_flag);
    let cluster = args.cluster.as_ref().or_else(|| named?.cluster.as_ref());
    let instance = args.instance.as_ref().or_else(|| named?.id.as_ref());
    cluster.cloned().map(Wanted::Cluster).or_else(|| instance.cloned().map(Wanted::Instance))
}

/// The client for the Region and the profile that the options name, or else the configuration.
pub(super) async fn client(args: &SubjectArgs, config: Option<&Config>) -> Result<aws::Client, Error> {
    let named = config.map(|config| &config.instance);
    let region = args.region.as_deref().or(named.and_then(|instance| instance.region.as_deref()));
    let profile = args.profile.as_deref().or(named.and_then(|instance| instance.profile.as_deref()));
    Ok(aws::Client::load(region, profile).await?)
}

async fn database(
    args: &SourceArgs,
    client: Option<&aws::Client>,
    address: oneshot::Receiver<DatabaseAddress>,
    registry: &Registry,
    console: &Console,
) -> Result<Source<DatabaseFacts>, Error> {
    if args.no_database {
        return Ok(Source::SwitchedOff { flag: "--no-database".to_owned() });
    }
    let env: postgres::Environment = std::env::vars().collect();
    let given = postgres::Settings::from_user(args.database_url.as_deref(), &env)?;
    let needs_address = given.is_none() || args.secret.as_deref() == Some("master");
    let address = if needs_address { address.await.ok() } else { None };
    let settings = match (given, &address) {
        (Some(settings), _) => settings,
        (None, Some(DatabaseAddress { endpoint: Some(endpoint), master_username, database_name, .. })) => {
            let (user, database) = (master_username.as_deref(), database_name.as_deref());
            postgres::Settings::from_endpoint(&endpoint.address, endpoint.port, user, database, &env)?
        }
        (None, _) if client.is_none() => {
            return Err(Error::Usage("which database? Pass --database-url, or set PGHOST".to_owned()));
        }
        (None, _) => return Ok(Source::unavailable(NO_ADDRESS)),
    };
    let settings = match log_in(args, client, address.as_ref(), settings).await {
        Ok(settings) => settings,
        Err(error @ Error::Aws(aws::Error::Secret { .. } | aws::Error::Token { .. })) => {
            return Ok(Source::unavailable(error.lines()));
        }
        Err(error) => return Err(error),
    };
    let limits = postgres::Limits {
        jobs: usize::from(args.jobs),
        statement_timeout: args.statement_timeout,
        connect_timeout: args.connect_timeout,
    };
    let progress = |text: &str| console.progress(text);
    Ok(postgres::collect(&settings, &registry.queries(), limits, &progress).await)
}

/// The password that the options ask for.
async fn log_in(
    args: &SourceArgs,
    client: Option<&aws::Client>,
    address: Option<&DatabaseAddress>,
    settings: postgres::Settings,
) -> Result<postgres::Settings, Error> {
    let needs_aws = || Error::Usage("--iam-auth and --secret need AWS, which --no-aws switches off".to_owned());
    if args.iam_auth {
        let (host, port) = settings.host_and_port();
        let user = settings.user().unwrap_or_default().to_owned();
        let token: Secret = aws::iam_token(client.ok_or_else(needs_aws)?, &host, port, &user).await?;
        return Ok(settings.with_password(None, token).with_tls());
    }
    let managed = || address.and_then(|address| address.master_user_secret.clone());
    let arn = match args.secret.as_deref() {
        Some("master") => {
            Some(managed().ok_or_else(|| Error::Usage("the instance has no managed master secret".to_owned()))?)
        }
        Some(arn) => Some(arn.to_owned()),
        None => None,
    };
    match arn {
        Some(arn) => {
            let login = aws::secret_password(client.ok_or_else(needs_aws)?, &arn).await?;
            Ok(settings.with_password(login.username.as_deref(), login.password))
        }
        None => Ok(settings),
    }
}

/// What could not be had, a line each.
pub(super) fn gaps(bundle: &Bundle) -> Vec<String> {
    fn gap<T>(source: &Source<T>, name: &str) -> Option<String> {
        match source {
            Source::Unavailable { reason } => Some(format!("{name}: {reason}")),
            _ => None,
        }
    }
    let mut gaps: Vec<String> = Vec::new();
    gaps.extend(gap(&bundle.aws, "AWS"));
    if let Some(aws) = bundle.aws.collected() {
        gaps.extend(
            [
                gap(&aws.caller, "caller identity"),
                gap(&aws.instance, "instance"),
                gap(&aws.cluster, "cluster"),
                gap(&aws.engine_version, "engine version"),
                gap(&aws.pending_maintenance, "pending maintenance"),
                gap(&aws.parameter_groups, "parameter groups"),
                gap(&aws.orderable, "orderable options"),
                gap(&aws.snapshots, "snapshots"),
                gap(&aws.major_versions, "support dates"),
                gap(&aws.events, "events"),
                gap(&aws.blue_green_deployments, "blue/green deployments"),
                gap(&aws.replicas, "replicas"),
                gap(&aws.target_groups, "parameter groups of newer families"),
                gap(&aws.integrations, "zero-ETL integrations"),
                gap(&aws.free_storage, "free storage"),
            ]
            .into_iter()
            .flatten(),
        );
        gaps.extend(
            aws.user_parameters.iter().filter_map(|(group, source)| gap(source, &format!("parameters of {group}"))),
        );
        gaps.extend(
            aws.target_groups
                .collected()
                .into_iter()
                .flatten()
                .filter_map(|group| gap(&group.parameters, &format!("parameters of {}", group.name))),
        );
        gaps.extend(
            aws.family_defaults.iter().filter_map(|(family, source)| gap(source, &format!("defaults of {family}"))),
        );
        gaps.extend(
            aws.engine_versions.iter().filter_map(|(family, source)| gap(source, &format!("versions of {family}"))),
        );
    }
    gaps.extend(gap(&bundle.database, "database"));
    if let Some(database) = bundle.database.collected() {
        gaps.extend(failed(&database.cluster, "the server"));
        for (name, source) in &database.per_database {
            gaps.extend(gap(source, &format!("database {name}")));
            gaps.extend(
                source.collected().into_iter().flat_map(|answers| failed(answers, &format!("database {name}"))),
            );
        }
    }
    for service in bundle.services.collected().into_iter().flatten() {
        gaps.extend(gap(&service.version, &format!("{} at {}", service.kind.as_str(), service.url)));
    }
    gaps
}

/// The queries that the server did not answer.
fn failed(answers: &QuerySet, place: &str) -> Vec<String> {
    let failed = answers.iter().filter_map(|(id, outcome)| match outcome {
        QueryOutcome::Failed { reason } => Some(format!("{place}, {id}: {reason}")),
        QueryOutcome::Rows(_) => None,
    });
    failed.collect()
}

//! The arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, Span, SpanRelativeTo};

use crate::checks::Severity;
use crate::report::Format;
use crate::upgrade::Platform;
use crate::version::PgVersion;

/// GO or NO-GO on a PostgreSQL major upgrade on Amazon RDS, before anyone schedules it.
#[derive(Debug, Parser)]
#[command(name = "pg-preflight", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 go, 1 no-go, 2 usage (nothing was judged), 3 incomplete (something could not be seen)."
)]
pub struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Args)]
pub(super) struct Global {
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Say on stderr what is being asked
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// No progress on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Collect evidence, judge it against a target version, print the report
    Check(Box<CheckArgs>),
    /// `check` for a pull request: the target is what the change declares, against the base branch
    Gate(Box<GateArgs>),
    /// Collect evidence into one JSON file, for `check --evidence`
    Collect(Box<CollectArgs>),
    /// Which versions the instance can go to, and the hops to a target
    Path(Box<PathArgs>),
    /// What is looked for: list the checks, show one
    Checks(ChecksArgs),
    /// What the infrastructure code declares, and where
    Declared(DeclaredArgs),
    /// Write the Hasura migration that updates the extensions after the upgrade
    Migration(Box<MigrationArgs>),
    /// The whole main job on this machine alone, no account needed
    Demo(DemoArgs),
    /// Print the IAM policy and the SQL grants that it needs
    Permissions(PermissionsArgs),
    /// Write a commented preflight.toml and a CI workflow, for the code that is found
    Init(InitArgs),
    /// Print shell completions
    Completions { shell: clap_complete::Shell },
    /// Print the manual page
    Man,
}

/// Whom to ask.
#[derive(Clone, Debug, Args)]
pub(super) struct SubjectArgs {
    /// RDS DB instance
    #[arg(long, value_name = "ID", conflicts_with = "cluster")]
    pub instance: Option<String>,
    /// Aurora or Multi-AZ DB cluster
    #[arg(long, value_name = "ID")]
    pub cluster: Option<String>,
    /// AWS Region
    #[arg(long)]
    pub region: Option<String>,
    /// AWS profile
    #[arg(long)]
    pub profile: Option<String>,
    /// Configuration file [default: preflight.toml, searched upward]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What to ask, and within which bounds.
#[derive(Clone, Debug, Args)]
pub(super) struct SourceArgs {
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// Do not ask AWS: judge a database alone
    #[arg(long)]
    pub no_aws: bool,
    /// libpq URL; else PG* variables, ~/.pgpass, and the instance's own endpoint
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Do not ask the database: judge AWS alone
    #[arg(long)]
    pub no_database: bool,
    /// Do not ask the services of the configuration which versions run
    #[arg(long)]
    pub no_services: bool,
    /// Log in to the database with an RDS IAM token
    #[arg(long, conflicts_with = "secret")]
    pub iam_auth: bool,
    /// Read the database password from Secrets Manager ('master': the instance's managed secret)
    #[arg(long, value_name = "ARN")]
    pub secret: Option<String>,
    /// Infrastructure code: a file or a folder
    #[arg(long, value_name = "PATH")]
    pub declared: Option<PathBuf>,
    /// Which of several declared databases
    #[arg(long, value_name = "NAME")]
    pub resource: Option<String>,
    /// The Pulumi stack
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,
    /// Folder of your own checks (repeatable)
    #[arg(long, value_name = "DIR")]
    pub checks_dir: Vec<PathBuf>,
    /// Database connections at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
    /// Longest time for one SQL statement
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub statement_timeout: Duration,
    /// Longest time to connect
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub connect_timeout: Duration,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// 16.3, or a major: 16 is the highest valid target of that major
    #[arg(long, value_name = "VERSION")]
    pub target: Option<PgVersion>,
    #[command(flatten)]
    pub judge: JudgeArgs,
}

#[derive(Debug, Args)]
pub(super) struct GateArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// The commit or branch that the change is made against [default: what GitHub or GitLab says, else origin/HEAD]
    #[arg(long, value_name = "REF")]
    pub base: Option<String>,
    #[command(flatten)]
    pub judge: JudgeArgs,
}

/// How the evidence is judged, and where the report goes.
#[derive(Debug, Args)]
pub(super) struct JudgeArgs {
    /// Whose rules apply [default: from the evidence, else rds]
    #[arg(long, value_enum)]
    pub platform: Option<Platform>,
    /// Believe no evidence from another AWS account
    #[arg(long, value_name = "ID")]
    pub expect_account: Option<String>,
    /// Believe no evidence asked for by another identity (a glob over its ARN)
    #[arg(long, value_name = "GLOB")]
    pub expect_identity: Option<String>,
    /// Judge what `collect` wrote, ask nobody
    #[arg(long, value_name = "FILE", conflicts_with_all = ["instance", "cluster", "no_aws", "database_url", "no_database", "no_services", "iam_auth", "secret"])]
    pub evidence: Option<PathBuf>,
    /// Evidence older than this is incomplete
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub max_age: Option<Duration>,
    /// Output format (repeatable, each with an --output)
    #[arg(long, value_enum)]
    pub format: Vec<Format>,
    /// File for the --format before it
    #[arg(long, value_name = "FILE")]
    pub output: Vec<PathBuf>,
    /// Only these checks (a glob over ids, repeatable)
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// Not these checks (a glob over ids, repeatable)
    #[arg(long, value_name = "GLOB")]
    pub skip: Vec<String>,
    /// What makes a no-go
    #[arg(long, value_enum, default_value_t = FailOn::Blocker)]
    pub fail_on: FailOn,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FailOn {
    Blocker,
    Warning,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Blocker => Self::Blocker,
            FailOn::Warning => Self::Warning,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct CollectArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// Also look at the parameter family of this target, should it be no valid one
    #[arg(long, value_name = "VERSION")]
    pub target: Option<PgVersion>,
    /// Where to write the evidence; it is only readable by you [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct PathArgs {
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// Use AWS's published table, ask nobody
    #[arg(long)]
    pub no_aws: bool,
    /// Use evidence that `collect` wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["instance", "cluster", "no_aws"])]
    pub evidence: Option<PathBuf>,
    /// From this version [default: what the instance runs]
    #[arg(long, value_name = "VERSION")]
    pub source: Option<PgVersion>,
    /// To this version, or to a major
    #[arg(long, value_name = "VERSION")]
    pub target: Option<PgVersion>,
    /// Whose versions, with --no-aws [default: rds]
    #[arg(long, value_enum)]
    pub platform: Option<Platform>,
    #[arg(long, value_enum, default_value_t = Text::Text)]
    pub format: Text,
}

/// Formats of small answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Text {
    #[value(alias = "table")]
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(super) struct ChecksArgs {
    #[command(subcommand)]
    pub command: ChecksCommand,
    /// Folder of your own checks (repeatable)
    #[arg(long, value_name = "DIR", global = true)]
    pub checks_dir: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = Text::Text, global = true)]
    pub format: Text,
}

#[derive(Debug, Subcommand)]
pub(super) enum ChecksCommand {
    /// Every check, a line each
    List,
    /// One check: what it looks for, when it applies, its SQL or rule, the remedy
    Show { id: String },
}

#[derive(Debug, Args)]
pub(super) struct DeclaredArgs {
    /// Infrastructure code: a file or a folder [default: from preflight.toml, else .]
    pub path: Option<PathBuf>,
    /// The Pulumi stack
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,
    /// Only this one
    #[arg(long, value_name = "NAME")]
    pub resource: Option<String>,
    /// Configuration file [default: preflight.toml, searched upward]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Text::Text)]
    pub format: Text,
}

#[derive(Debug, Args)]
pub(super) struct MigrationArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// Use evidence that `collect` wrote, ask nobody
    #[arg(long, value_name = "FILE", conflicts_with_all = ["instance", "cluster", "no_aws", "database_url", "no_database", "iam_auth", "secret"])]
    pub evidence: Option<PathBuf>,
    /// What the server is upgraded to: 16.3, or 16 [default: from preflight.toml or the code, else what it runs]
    #[arg(long, value_name = "VERSION")]
    pub target: Option<PgVersion>,
    /// Whose extensions, before the upgrade [default: from the evidence]
    #[arg(long, value_enum)]
    pub platform: Option<Platform>,
    /// Folder of the Hasura project [default: the only one below the working folder]
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// Hasura's name of the database [default: the only one of its metadata]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
    /// PostgreSQL's name of the database [default: the URL's]
    #[arg(long, value_name = "NAME")]
    pub dbname: Option<String>,
    /// The migration's name
    #[arg(long, value_name = "NAME", default_value = "update_extensions")]
    pub name: String,
    /// Let the migration run on a server that is not upgraded yet, where it does nothing and is recorded
    #[arg(long)]
    pub no_guard: bool,
    /// Print the files, write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[arg(long, value_enum, default_value_t = Text::Text)]
    pub format: Text,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The target to judge; the story's team had planned 16.1
    #[arg(long, value_name = "VERSION", default_value = "16.1")]
    pub target: PgVersion,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Also write the evidence, for `check --evidence`
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct PermissionsArgs {
    /// Only one of the two
    #[arg(value_enum)]
    pub what: Option<Permissions>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Permissions {
    Iam,
    Sql,
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Where the code is, and where to write; existing files are kept
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// Whose pipeline
    #[arg(long, value_enum, default_value_t = Ci::Github)]
    pub ci: Ci,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Ci {
    Github,
    Gitlab,
}

/// `5s`, `500ms`, `24h`, `2 days`: a day is 24 hours.
fn duration(text: &str) -> Result<Duration, String> {
    let error = || format!("'{text}' is no duration such as 5s, 500ms or 24h");
    let span: Span = text.parse().map_err(|_| error())?;
    let length: SignedDuration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| error())?;
    Duration::try_from(length).ok().filter(|length| !length.is_zero()).ok_or_else(error)
}

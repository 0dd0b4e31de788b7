//! `demo`: the story, on this machine alone.

use super::args::DemoArgs;
use super::code::Code;
use super::console::Console;
use super::error::Error;
use super::{evidence, output};
use crate::checks::Registry;
use crate::collect::files::Files;
use crate::collect::{aws, declared, postgres};
use crate::demo;
use crate::evaluate::{Settings, evaluate};
use crate::exit;
use crate::facts::{Asked, Bundle, Source};
use crate::rules::Expectations;

/// What the collectors saw on a machine that has a server, for those that have none.
const RECORDED: &str = include_str!("../../fixtures/bundles/story.json");

pub(super) async fn run(args: &DemoArgs, console: &Console) -> Result<u8, Error> {
    let registry = Registry::built_in();
    let progress = |text: &str| console.progress(text);
    let mut notes = Vec::new();
    let bundle = match demo::start(&progress).await {
        Ok(world) => {
            let (version, told) = (world.server().version(), world.told_version());
            notes
                .push(format!("a demo: PostgreSQL {version} plays the story's {told}, which ops.server-version tells"));
            let seen = demo::or_interrupted(Box::pin(look(&world, args, &registry, console))).await;
            world.shutdown().await?;
            seen??
        }
        Err(demo::Error::NoServer { tried }) => {
            let tried = tried.join("; ");
            notes.push(format!("a demo of recorded evidence, since no PostgreSQL server can be had here: {tried}"));
            serde_json::from_str(RECORDED).expect("a test reads it")
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(path) = &args.save {
        bundle.save(path)?;
    }
    let mut report = evaluate(&bundle, &registry, &settings(args));
    report.notes.splice(0..0, notes);
    console.print(&output::render(&report, args.format, console.width()))?;
    Ok(exit::of(report.verdict))
}

/// The real collectors, on the demo's world.
async fn look(world: &demo::Demo, args: &DemoArgs, registry: &Registry, console: &Console) -> Result<Bundle, Error> {
    let progress = |text: &str| console.progress(text);
    let client = aws::Client::at_endpoint(&world.aws_endpoint(), demo::REGION).await?;
    let wanted = aws::Wanted::Instance(demo::INSTANCE.to_owned());
    let url = world.database_url();
    let settings = postgres::Settings::from_user(Some(&url), &postgres::Environment::new())?
        .ok_or_else(|| Error::Unseen("the demo's server has no address".to_owned()))?;
    let queries = registry.queries();
    let (aws, database) = tokio::join!(
        aws::collect(&client, &wanted, Some(&args.target), None, &progress),
        postgres::collect(&settings, &queries, postgres::Limits::default(), &progress),
    );
    console.end_progress();
    let place = world.declared();
    let code = Code::collected(declared::read(&Files::Disk, &place, None)?, &place);
    let asked = Asked { instance: Some(demo::INSTANCE.to_owned()), cluster: None };
    let services = Source::NotGiven { hint: "the demo has none".to_owned() };
    Ok(evidence::bundle(asked, Source::Collected(aws?), database, services, code))
}

fn settings(args: &DemoArgs) -> Settings {
    let expectations = Expectations { account: Some(demo::ACCOUNT.to_owned()), identity: None };
    Settings { expectations, ..Settings::plain(args.target.clone(), super::settings::now()) }
}

//! `path`: which versions the instance can go to, and the hops.

use serde::Serialize;

use super::args::{PathArgs, Text};
use super::console::Console;
use super::error::Error;
use super::{evidence, settings};
use crate::collect::aws;
use crate::exit;
use crate::facts::tables::UPGRADE_TARGETS;
use crate::facts::{Bundle, Gap};
use crate::path::{Graph, arrow, fewest_hops};
use crate::upgrade::Platform;
use crate::version::PgVersion;

#[derive(Serialize)]
struct PathV1<'a> {
    schema_version: u32,
    source: &'a str,
    target: Option<&'a str>,
    basis: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<&'a str>,
    /// Direct targets, oldest first.
    targets: Vec<&'a str>,
    hops: Vec<&'a str>,
    reason: Option<String>,
}

/// Where the graph is from.
struct Map {
    graph: Graph,
    source: PgVersion,
    /// The table's date; `None`: live.
    as_of: Option<&'static str>,
}

pub(super) async fn run(args: PathArgs, console: &Console) -> Result<u8, Error> {
    let config = settings::config(args.subject.config.as_deref())?;
    let target = args.target.clone().or_else(|| config.as_ref().and_then(|config| config.target.clone()));
    let map = map(&args, config.as_ref(), console).await?;
    let (hops, reason) = match &target {
        None => (Vec::new(), None),
        Some(target) if !map.graph.knows(&map.source) => {
            (Vec::new(), Some(format!("{} is not listed, so the way to {target} is not known", map.source)))
        }
        Some(target) if target < &map.source && target.major() < map.source.major() => {
            (Vec::new(), Some(format!("{target} is older than {}: there is no way back", map.source)))
        }
        Some(target) => match fewest_hops(&map.graph, &map.source, target) {
            Some(hops) if hops.is_empty() => (hops, Some(format!("it runs {} already", map.source))),
            Some(hops) => (hops, None),
            None => (Vec::new(), Some(format!("no way leads from {} to {target}", map.source))),
        },
    };
    let found = target.is_none() || !hops.is_empty() || target.as_ref() == Some(&map.source);
    let text = match args.format {
        Text::Json => json(&map, target.as_ref(), &hops, reason),
        Text::Text => text(&map, target.as_ref(), &hops, reason.as_deref()),
    };
    console.print(&text)?;
    Ok(if found { exit::GO } else { exit::NO_GO })
}

async fn map(args: &PathArgs, config: Option<&crate::config::Config>, console: &Console) -> Result<Map, Error> {
    if let Some(path) = &args.evidence {
        let bundle = Bundle::load(path)?;
        let facts = bundle.aws.get().and_then(|aws| Ok((aws, aws.instance.get()?)));
        let (aws, instance) =
            facts.map_err(|gap| Error::Usage(format!("{} holds no AWS evidence: {}", path.display(), words(gap))))?;
        let source = args.source.clone().unwrap_or_else(|| instance.engine_version.clone());
        return Ok(Map { graph: Graph::of_bundle(aws), source, as_of: None });
    }
    let platform = args.platform.unwrap_or(Platform::Rds);
    let wanted = if args.no_aws { None } else { evidence::subject(&args.subject, config) };
    let Some(wanted) = wanted else {
        let source = args
            .source
            .clone()
            .ok_or_else(|| Error::Usage("from where? Pass --source VERSION, or --instance ID to ask RDS".to_owned()))?;
        return Ok(Map { graph: Graph::of_table(platform), source, as_of: Some(UPGRADE_TARGETS.as_of(platform)) });
    };
    let client = evidence::client(&args.subject, config).await?;
    let progress = |text: &str| console.progress(text);
    let facts = aws::collect(&client, &wanted, args.target.as_ref(), None, &progress).await?;
    let instance = facts.instance.get().map_err(|gap| Error::Unseen(words(gap)))?;
    let records = aws::upgrade_graph(&client, &instance.engine, &progress)
        .await
        .map_err(|refusal| Error::Unseen(refusal.to_string()))?;
    let source = args.source.clone().unwrap_or_else(|| instance.engine_version.clone());
    let actual = facts.engine_version.collected().and_then(Option::as_ref);
    Ok(Map { graph: Graph::of_records(records.iter().chain(actual)), source, as_of: None })
}

fn words(gap: Gap) -> String {
    match gap {
        Gap::Unavailable(reason) | Gap::SwitchedOff(reason) | Gap::NotGiven(reason) => reason,
    }
}

fn json(map: &Map, target: Option<&PgVersion>, hops: &[PgVersion], reason: Option<String>) -> String {
    let v1 = PathV1 {
        schema_version: 1,
        source: map.source.as_str(),
        target: hops.last().or(target).map(PgVersion::as_str),
        basis: if map.as_of.is_some() { "table" } else { "live" },
        as_of: map.as_of,
        targets: map.graph.targets(&map.source).map(PgVersion::as_str).collect(),
        hops: hops.iter().map(PgVersion::as_str).collect(),
        reason,
    };
    crate::report::text::json(&v1)
}

fn text(map: &Map, target: Option<&PgVersion>, hops: &[PgVersion], reason: Option<&str>) -> String {
    let mut out = String::new();
    match (target, reason) {
        (Some(_), None) => out.push_str(&format!("{} to {}\n", map.source, arrow(hops))),
        (Some(_), Some(reason)) => out.push_str(&format!("{reason}\n")),
        (None, _) => {}
    }
    out.push_str(&format!("direct targets of {}:\n", map.source));
    let mut majors: Vec<u64> = map.graph.targets(&map.source).map(PgVersion::major).collect();
    majors.dedup();
    for major in &majors {
        let of_major: Vec<&str> =
            map.graph.targets(&map.source).filter(|version| version.major() == *major).map(PgVersion::as_str).collect();
        out.push_str(&format!("  {major}: {}\n", of_major.join(", ")));
    }
    if majors.is_empty() {
        out.push_str("  none\n");
    }
    let basis = match map.as_of {
        Some(as_of) => format!("AWS's published table of {as_of}; the live answer may differ"),
        None => "what RDS answers now".to_owned(),
    };
    out.push_str(&format!("basis: {basis}\n"));
    out
}

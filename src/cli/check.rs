//! `check` and `collect`.

use super::args::{CheckArgs, CollectArgs};
use super::console::Console;
use super::error::Error;
use super::output::{self, Output};
use super::{evidence, settings};
use crate::evaluate::evaluate;
use crate::exit;
use crate::facts::Bundle;
use crate::moment;
use crate::report::Status;

pub(super) async fn run(args: CheckArgs, outputs: &[Output], console: &Console) -> Result<u8, Error> {
    let config = settings::config(args.source.subject.config.as_deref())?;
    let registry = settings::registry(&args.source.checks_dir, config.as_ref())?;
    settings::globs(&args, &registry)?;
    let settings = settings::judgement(&args, config.as_ref())?;
    let bundle = match &args.evidence {
        Some(path) => {
            let mut bundle = Bundle::load(path)?;
            // The code may be here although AWS and the database are not; what was collected with the rest stays else.
            if args.source.declared.is_some() {
                bundle.declared = evidence::declarations(&args.source, config.as_ref())?;
            }
            console.progress(&format!("judging evidence of {}", moment::minute(bundle.collected_at)));
            bundle
        }
        None => evidence::gather(&args.source, config.as_ref(), Some(&settings.target), &registry, console).await?,
    };
    let report = evaluate(&bundle, &registry, &settings);
    if report.results.iter().all(|result| result.status == Status::Skipped) {
        let flags = report.coverage.switched_off.join(" ");
        return Err(Error::Usage(format!("there is nothing to judge with {flags}")));
    }
    output::write(&report, outputs, console)?;
    Ok(exit::of(report.verdict))
}

pub(super) async fn collect(args: CollectArgs, console: &Console) -> Result<u8, Error> {
    let config = settings::config(args.source.subject.config.as_deref())?;
    let registry = settings::registry(&args.source.checks_dir, config.as_ref())?;
    let target = args.target.as_ref().or(config.as_ref().and_then(|config| config.target.as_ref()));
    let bundle = evidence::gather(&args.source, config.as_ref(), target, &registry, console).await?;
    console.end_progress();
    match &args.output {
        Some(path) => bundle.save(path)?,
        None => console.print(&bundle.to_json())?,
    }
    let gaps = evidence::gaps(&bundle);
    if gaps.is_empty() {
        return Ok(exit::GO);
    }
    for gap in gaps {
        console.explain(&gap);
    }
    Ok(exit::INCOMPLETE)
}

//! `check` and `collect`.

use super::args::{CheckArgs, CollectArgs};
use super::code::Code;
use super::console::Console;
use super::error::Error;
use super::output::{self, Output};
use super::{evidence, settings};
use crate::checks::Registry;
use crate::evaluate::{Settings, evaluate};
use crate::exit;
use crate::facts::Bundle;
use crate::moment;
use crate::report::Status;

pub(super) async fn run(args: CheckArgs, outputs: &[Output], console: &Console) -> Result<u8, Error> {
    let config = settings::config(args.source.subject.config.as_deref())?;
    let registry = settings::registry(&args.source.checks_dir, config.as_ref())?;
    settings::globs(&args.judge, &registry)?;
    let target = args.target.clone().or_else(|| config.as_ref()?.target.clone());
    let target =
        target.ok_or_else(|| Error::Usage("which version? Pass --target VERSION, such as 16.3 or 16".to_owned()))?;
    let settings = settings::judgement(&args.judge, target, config.as_ref());
    let bundle = if let Some(path) = &args.judge.evidence {
        let mut bundle = Bundle::load(path)?;
        // The code may be here although AWS and the database are not; what was collected with the rest stays else.
        if args.source.declared.is_some() {
            let code = Code::of(&args.source, config.as_ref())?;
            (bundle.declared, bundle.repository) = (code.declared, code.repository);
        }
        console.progress(&format!("judging evidence of {}", moment::minute(bundle.collected_at)));
        bundle
    } else {
        let code = Code::of(&args.source, config.as_ref())?;
        evidence::gather(&args.source, config.as_ref(), Some(&settings.target), &registry, code, console).await?
    };
    judged(&bundle, &registry, &settings, outputs, console)
}

/// Judges, reports, and says with which code to end.
pub(super) fn judged(
    bundle: &Bundle,
    registry: &Registry,
    settings: &Settings,
    outputs: &[Output],
    console: &Console,
) -> Result<u8, Error> {
    let report = evaluate(bundle, registry, settings);
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
    let code = Code::of(&args.source, config.as_ref())?;
    let bundle = evidence::gather(&args.source, config.as_ref(), target, &registry, code, console).await?;
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

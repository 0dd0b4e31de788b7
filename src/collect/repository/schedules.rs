//! What runs by the clock: workflows, jobs of clusters, Hasura's cron triggers, and rules of AWS's schedulers.

use super::{Source, Tree, entries, entry, items};
use crate::collect::declared::value::{Place, Spot};
use crate::collect::declared::yaml;
use crate::facts::Schedule;

/// A line longer than this is generated.
const MAX_LINE: usize = 4096;

pub(super) fn read(tree: Tree<'_>) -> Vec<Schedule> {
    let mut found = Vec::new();
    for path in tree.paths {
        let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else { continue };
        let is_yaml = ["yml", "yaml"].contains(&extension);
        if !is_yaml && !["tf", "ts", "js", "mjs", "py", "go", "json"].contains(&extension) {
            continue;
        }
        let Some(source) = tree.source(path) else { continue };
        if is_yaml && ["cron", "schedule", "CronJob"].iter().any(|word| source.text.contains(word)) {
            for document in yaml::read_all(&source.file, &source.text).unwrap_or_default() {
                found.extend(workflow(&source, &document));
                found.extend(cluster_job(&document));
                found.extend(triggers(&source, &document));
            }
        }
        found.extend(expressions(&source));
    }
    found
}

fn text(spot: &Spot, key: &str) -> Option<String> {
    entry(spot, key).and_then(Spot::text).map(str::to_owned)
}

fn schedule(at: &Place, name: String, cron: &str, timezone: Option<String>) -> Schedule {
    let cron = cron.split_whitespace().collect::<Vec<_>>().join(" ");
    Schedule { file: at.file.to_string(), line: at.line, name, cron, timezone }
}

fn file_name(source: &Source<'_>) -> String {
    source.file.rsplit('/').next().unwrap_or_default().to_owned()
}

/// `on.schedule` of GitHub, and the scheduled workflows of `CircleCI`; both in UTC.
fn workflow(source: &Source<'_>, document: &Spot) -> Vec<Schedule> {
    let mut found = Vec::new();
    if source.file.contains(".github/workflows/") {
        let schedules = entry(document, "on").and_then(|on| entry(on, "schedule"));
        let name = text(document, "name").unwrap_or_else(|| file_name(source));
        for one in items(schedules) {
            if let Some(cron) = entry(one, "cron")
                && let Some(written) = cron.text()
            {
                found.push(schedule(&cron.at, name.clone(), written, text(one, "timezone")));
            }
        }
    }
    if source.file.contains(".circleci/") {
        let workflows = entry(document, "workflows");
        for (name, workflow) in entries(workflows) {
            let triggers = entry(workflow, "triggers");
            for trigger in items(triggers) {
                if let Some(cron) = entry(trigger, "schedule").and_then(|one| entry(one, "cron"))
                    && let Some(written) = cron.text()
                {
                    found.push(schedule(&cron.at, name.to_owned(), written, None));
                }
            }
        }
    }
    found
}

/// <https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/>
fn cluster_job(document: &Spot) -> Option<Schedule> {
    if text(document, "kind")? != "CronJob" {
        return None;
    }
    let spec = entry(document, "spec")?;
    let cron = entry(spec, "schedule")?;
    let name = entry(document, "metadata").and_then(|metadata| text(metadata, "name")).unwrap_or_default();
    Some(schedule(&cron.at, format!("CronJob {name}"), cron.text()?, text(spec, "timeZone")))
}

/// Hasura's `cron_triggers.yaml`; in UTC.
fn triggers(source: &Source<'_>, document: &Spot) -> Vec<Schedule> {
    if !file_name(source).starts_with("cron_triggers.") {
        return Vec::new();
    }
    let each = items(Some(document)).iter().filter_map(|trigger| {
        let cron = entry(trigger, "schedule")?;
        let name = text(trigger, "name").unwrap_or_default();
        Some(schedule(&cron.at, format!("cron trigger {name}"), cron.text()?, None))
    });
    each.collect()
}

/// `cron(0 3 * * ? *)` and `rate(1 day)` beside the word schedule, in whatever language.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>
fn expressions(source: &Source<'_>) -> Vec<Schedule> {
    let mut found = Vec::new();
    if !["cron(", "rate("].iter().any(|word| source.text.contains(word)) {
        return found;
    }
    let lines: Vec<&str> = source.text.lines().collect();
    for (at, (line, number)) in lines.iter().zip(1..).enumerate() {
        let is_comment = ["#", "//", "*"].iter().any(|mark| line.trim_start().starts_with(mark));
        if line.len() > MAX_LINE || is_comment || !line.to_lowercase().contains("schedule") {
            continue;
        }
        for kind in ["cron(", "rate("] {
            let Some(start) = line.find(kind) else { continue };
            // The expression is a text, not a call of the language's own.
            let is_text = line[..start].ends_with(['"', '\'', '`', ' ']);
            let Some((body, _)) = line[start + kind.len()..].split_once(')').filter(|_| is_text) else { continue };
            let place = Place { file: source.file.clone(), line: number };
            let name = resource(&lines, at).unwrap_or_else(|| file_name(source));
            let cron = if kind == "rate(" { Some(format!("rate({})", body.trim())) } else { five_fields(body) };
            if let Some(cron) = cron.filter(|cron| !cron.contains(['$', '{'])) {
                found.push(schedule(&place, name, &cron, zone(&lines, at)));
            }
        }
    }
    found
}

/// How far around a line its resource is looked for.
const AROUND: usize = 12;

/// `resource "aws_scheduler_schedule" "nightly"` above.
fn resource(lines: &[&str], at: usize) -> Option<String> {
    let above = lines[at.saturating_sub(AROUND)..at].iter().rev();
    above.into_iter().find_map(|line| {
        let rest = line.trim_start().strip_prefix("resource ")?;
        let parts: Vec<&str> = rest.split('"').collect();
        Some(format!("{}.{}", parts.get(1)?, parts.get(3)?))
    })
}

/// `schedule_expression_timezone` beside it, within the same block.
fn zone(lines: &[&str], at: usize) -> Option<String> {
    let is_within = |line: &&&str| !matches!(line.trim(), "" | "}" | "}," | "})" | "});");
    let above = lines[at.saturating_sub(AROUND)..at].iter().rev().take_while(is_within);
    let below = lines[at..].iter().take(AROUND).take_while(is_within);
    above.chain(below).find_map(|line| {
        let lower = line.to_lowercase().replace('_', "");
        lower.contains("scheduleexpressiontimezone").then_some(())?;
        let value = line.split_once(['=', ':'])?.1.trim().trim_end_matches(',').trim_matches(['"', '\'']);
        Some(value.to_owned())
    })
}

/// AWS's six fields as five: its days of the week begin with 1 for Sunday, and `?` is any.
fn five_fields(body: &str) -> Option<String> {
    let fields: Vec<&str> = body.split_whitespace().collect();
    let [minute, hour, day, month, weekday, _year] = fields[..] else { return None };
    let any = |field: &str| if field == "?" { "*".to_owned() } else { field.to_owned() };
    let weekday = any(weekday);
    let weekday = weekday.split(',').map(|part| {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let range: Vec<String> = range
            .split('-')
            .map(|day| match day.parse::<u8>() {
                Ok(day @ 1..=7) => (day - 1).to_string(),
                _ => day.to_owned(),
            })
            .collect();
        let range = range.join("-");
        step.map_or(range.clone(), |step| format!("{range}/{step}"))
    });
    let weekday = weekday.collect::<Vec<_>>().join(",");
    Some(format!("{minute} {hour} {} {month} {weekday}", any(day)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::five_fields;
    use crate::collect::files::Files;
    use crate::collect::repository::read;

    #[test]
    fn schedules_of_a_monorepo() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repository/stack/before");
        let found = read(&Files::Disk, &folder).unwrap().schedules;
        let line = |one: &crate::facts::Schedule| {
            let zone = one.timezone.as_deref().unwrap_or("UTC");
            format!("{}:{} {}: {} {zone}", one.file, one.line, one.name, one.cron)
        };
        assert_eq!(
            found.iter().map(line).collect::<Vec<_>>(),
            [
                ".github/workflows/nightly.yml:4 Nightly dump: 0 2 * * * UTC",
                ".github/workflows/nightly.yml:5 Nightly dump: 30 4 * * 1-5 UTC",
                "hasura/metadata/cron_triggers.yaml:3 cron trigger digest: 0 3 * * 0 UTC",
                "infrastructure/cronjob.yaml:7 CronJob vacuum: 15 2 * * 0 Etc/UTC",
                "infrastructure/schedule.tf:3 aws_scheduler_schedule.purge: 30 2 * * SUN Europe/London",
                "infrastructure/schedule.tf:8 aws_cloudwatch_event_rule.poll: rate(5 minutes) UTC",
            ]
        );
    }

    #[test]
    fn expressions_of_aws() {
        for (body, expected) in [
            ("0 3 * * ? *", Some("0 3 * * *")),
            ("15 10 ? * MON-FRI *", Some("15 10 * * MON-FRI")),
            ("0 2 ? * 1,7 *", Some("0 2 * * 0,6")),
            ("0 2 ? * 2-6 2026", Some("0 2 * * 1-5")),
            ("0 2 ? * 6L *", Some("0 2 * * 6L")),
            ("0 2 * * *", None),
        ] {
            assert_eq!(five_fields(body).as_deref(), expected, "{body}");
        }
    }
}

//! Every check file keeps its word: its own cases, all checks on all bundles, and the generated page.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its fixture has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use pg_preflight::checks::{Case, Check, Expectation, Registry, Rule, Scope, Severity, docs};
use pg_preflight::evaluate::{Settings, evaluate};
use pg_preflight::facts::change::{Change, Pair};
use pg_preflight::facts::{Bundle, Declaration, QueryOutcome, QuerySet, Rows, Source};
use pg_preflight::report::{CheckResult, Report, Status, Verdict, json};
use pg_preflight::version::PgVersion;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A bundle of `fixtures/bundles`, merged with a patch.
fn bundle(name: &str, patch: Option<&str>) -> Bundle {
    let path = root().join("fixtures/bundles").join(format!("{name}.json"));
    let mut value: Value = serde_json::from_str(&fs::read_to_string(&path).expect("the bundle is there")).unwrap();
    if let Some(patch) = patch {
        merge(&mut value, &serde_json::from_str(patch).unwrap_or_else(|error| panic!("{error}: {patch}")));
    }
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{name} with {patch:?}: {error}"))
}

/// RFC 7396, JSON merge patch; evidence that becomes unavailable loses its value.
fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    let object = value.as_object_mut().unwrap();
    if ["unavailable", "not-given", "switched-off"].iter().any(|kind| patch.contains_key(*kind)) {
        object.clear();
    }
    for (key, change) in patch {
        let keeps_null = key == "collected";
        if change.is_null() && !keeps_null {
            object.remove(key);
        } else if !(change.is_null() && patch.len() > 1) {
            merge(object.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

fn settings(target: &str) -> Settings {
    Settings::plain(target.parse().unwrap(), "2026-11-22T22:45:00Z".parse::<Timestamp>().unwrap())
}

fn default_target(bundle: &str) -> &'static str {
    if bundle == "clean" { "17.6" } else { "16.3" }
}

fn result<'a>(report: &'a Report, id: &str) -> &'a CheckResult {
    report.results.iter().find(|result| result.id == id).expect("every check is in every report")
}

/// The rows of a case, as if the server had answered them, in the story's first database.
fn answer(check: &Check, case: &Case) -> Bundle {
    let query = check.query.as_ref().expect("a rows case has a query");
    let rows = case.rows.as_ref().expect("asked for by the caller");
    let rows = rows.iter().map(|row| {
        assert!(
            row.keys().all(|key| query.columns.contains(key)),
            "{}: {}: a column the query has not",
            check.id,
            case.name
        );
        query.columns.iter().map(|column| row.get(column).cloned()).collect()
    });
    let outcome = QueryOutcome::Rows(Rows { columns: query.columns.clone(), rows: rows.collect(), truncated: false });
    let mut bundle = bundle("story", None);
    let Source::Collected(database) = &mut bundle.database else { panic!("the story has a database") };
    match query.scope {
        Scope::Cluster => {
            database.cluster.insert(query.key.clone(), outcome);
        }
        Scope::EachDatabase => {
            for (name, source) in &mut database.per_database {
                let Source::Collected(set) = source else { continue };
                let empty = QueryOutcome::Rows(Rows { columns: query.columns.clone(), rows: vec![], truncated: false });
                set.insert(query.key.clone(), if name == "app" { outcome.clone() } else { empty });
            }
        }
    }
    bundle
}

/// As if another version ran.
fn run_version(bundle: &mut Bundle, version: &str) {
    let version: PgVersion = version.parse().unwrap();
    if let Source::Collected(aws) = &mut bundle.aws
        && let Source::Collected(instance) = &mut aws.instance
    {
        instance.engine_version = version.clone();
    }
    if let Source::Collected(database) = &mut bundle.database {
        database.server.version = version;
    }
}

/// What changes the version of the bundle's first declaration from another one, and the target that this asks for.
fn change(bundle: &Bundle, before: &str) -> (Option<Change>, PgVersion) {
    let after = bundle.declared.collected().expect("a declaration")[0].clone();
    let before = Declaration { version: Some(before.to_owned()), reason: None, ..after.clone() };
    let target = after.version.as_ref().or(before.version.as_ref()).expect("a version").parse().expect("a version");
    let subject = Pair { before: Some(before), after: Some(after) };
    let base = "origin/main".to_owned();
    (Some(Change { base, subject: Some(subject), others: Vec::new(), is_scoped: false, other_files: 0 }), target)
}

#[test]
fn every_case_of_every_check() {
    let registry = Registry::built_in();
    for check in registry.iter() {
        for case in &check.cases {
            let (mut bundle, target) = match &case.bundle {
                Some(name) => (bundle(name, case.patch.as_deref()), default_target(name)),
                None => (answer(check, case), default_target("story")),
            };
            if let Some(version) = &case.source {
                run_version(&mut bundle, version);
            }
            let mut settings = settings(case.target.as_deref().unwrap_or(target));
            settings.platform = case.platform;
            if let Some(before) = &case.before {
                (settings.change, settings.target) = change(&bundle, before);
            }
            let report = evaluate(&bundle, &registry, &settings);
            let seen = result(&report, &check.id);
            let expected = match case.expect {
                Expectation::Pass => Status::Pass,
                Expectation::Fail => Status::Fail,
                Expectation::Unknown => Status::Unknown,
                Expectation::NotApplicable => Status::NotApplicable,
                Expectation::Skipped => Status::Skipped,
            };
            let name = format!("{}: {}", check.id, case.name);
            assert_eq!(seen.status, expected, "{name}: {:?} {:?}", seen.reason, seen.findings);
            let objects: Vec<&str> = seen.findings.iter().map(|finding| finding.object.as_str()).collect();
            assert_eq!(objects, case.objects, "{name}");
            let leftover = |text: &String| pg_preflight::checks::template::placeholders(text).next().is_some();
            assert!(!seen.remedy.commands.iter().any(leftover), "{name}: {:?}", seen.remedy.commands);
            if seen.status == Status::Fail {
                assert!(!seen.remedy.text.is_empty(), "{name} says no cure");
            } else {
                assert!(seen.reason.is_some() || seen.status == Status::Pass, "{name} says no reason");
            }
        }
    }
}

#[test]
fn every_check_can_pass_and_cannot_pass_by_accident() {
    for check in Registry::built_in().iter() {
        let expects = |wanted| check.cases.iter().any(|case| case.expect == wanted);
        assert!(expects(Expectation::Pass), "{} has no case that passes", check.id);
        // The two that only ever judge whether something could be seen fail by being unknown.
        let fails =
            expects(Expectation::Fail) || matches!(check.id.as_str(), "pg.unread-databases" | "aws.caller-identity");
        assert!(fails, "{} has no case that fails", check.id);
    }
}

#[test]
fn rules_and_files_match() {
    let registry = Registry::built_in();
    let used: BTreeSet<&str> = registry
        .iter()
        .filter_map(|check| match &check.rule {
            Rule::Rust { function, .. } => Some(function.as_str()),
            Rule::Rows(_) | Rule::Matrix(_) => None,
        })
        .collect();
    assert_eq!(used, pg_preflight::rules::names().collect(), "a rule without a check, or a check without a rule");
}

#[test]
fn the_clean_bundle_is_clean() {
    let report = evaluate(&bundle("clean", None), &Registry::built_in(), &settings("17.6"));
    let odd: Vec<_> = report
        .results
        .iter()
        .filter(|result| !matches!(result.status, Status::Pass | Status::NotApplicable))
        .map(|result| (&result.id, result.status, &result.reason, &result.findings))
        .collect();
    assert!(odd.is_empty(), "{odd:#?}");
    assert_eq!(report.verdict, Verdict::Go);
}

#[test]
fn the_story_is_judged_as_it_went() {
    let report = evaluate(&bundle("story", None), &Registry::built_in(), &settings("16.1"));
    let statuses: Vec<String> = report
        .results
        .iter()
        .filter(|result| result.status != Status::Pass)
        .map(|result| format!("{} {} {}", result.severity.as_str(), result.status.as_str(), result.id))
        .collect();
    insta::assert_snapshot!(statuses.join("\n"));
}

/// Whatever single piece of AWS evidence is missing, the verdict is never GO because of it.
#[test]
fn no_missing_evidence_makes_a_go() {
    let registry = Registry::built_in();
    let whole = serde_json::to_value(bundle("clean", None)).unwrap();
    let mut blockers_left_open = 0;
    let gone = serde_json::json!({"unavailable": {"reason": "AccessDenied"}});
    let mut pieces: Vec<Vec<String>> = vec![vec!["aws".into()], vec!["database".into()]];
    for key in whole["aws"]["collected"].as_object().unwrap().keys() {
        pieces.push(["aws", "collected", key].map(str::to_owned).to_vec());
    }
    for name in whole["database"]["collected"]["per_database"].as_object().unwrap().keys() {
        pieces.push(["database", "collected", "per_database", name].map(str::to_owned).to_vec());
    }
    for path in pieces {
        let mut value = whole.clone();
        let place = path.iter().fold(&mut value, |value, key| &mut value[key]);
        if place.get("collected").is_none() {
            continue;
        }
        *place = gone.clone();
        let report = evaluate(&serde_json::from_value(value).unwrap(), &registry, &settings("17.6"));
        let open = report.with_status(Status::Unknown).count();
        // Only an instance with custom groups, slots or replicas needs those; for dates the published table stands in, and says so.
        let spare = ["parameter_groups", "major_versions", "replicas", "target_groups"]
            .contains(&path.last().unwrap().as_str());
        assert!(open > 0 || spare, "{path:?} is read by no check");
        let blocker_open = report.with_status(Status::Unknown).any(|result| result.severity == Severity::Blocker);
        blockers_left_open += usize::from(blocker_open);
        assert_eq!(report.verdict == Verdict::Go, !blocker_open, "{path:?}");
    }
    assert!(blockers_left_open >= 10, "only {blockers_left_open}");
}

#[test]
fn the_same_evidence_gives_the_same_bytes_for_any_target() {
    let registry = Registry::built_in();
    let story = bundle("story", None);
    let again: Bundle = serde_json::from_str(&story.to_json()).unwrap();
    for target in ["13.15", "14", "15.7", "16", "16.1", "16.3", "17.2", "18", "12.22", "11.1"] {
        let render = |bundle: &Bundle| json::render(&evaluate(bundle, &registry, &settings(target)));
        assert_eq!(render(&story), render(&again), "{target}");
    }
}

/// A bundle answers every query there is, with no row where nothing was planted.
#[test]
fn the_bundles_answer_every_query() {
    let registry = Registry::built_in();
    for name in ["clean", "story"] {
        let mut whole = bundle(name, None);
        let Source::Collected(database) = &mut whole.database else { panic!("{name} has a database") };
        answer_all(&mut database.cluster, &registry, Scope::Cluster);
        for source in database.per_database.values_mut() {
            if let Source::Collected(set) = source {
                answer_all(set, &registry, Scope::EachDatabase);
            }
        }
        let path = root().join("fixtures/bundles").join(format!("{name}.json"));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            // Other tests read it at the same time.
            let new = path.with_extension("new");
            fs::write(&new, whole.to_json()).unwrap();
            fs::rename(&new, &path).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap();
        assert!(
            written == whole.to_json(),
            "{name}.json is of other checks; run: UPDATE_DOCS=1 cargo test --test checks"
        );
    }
}

fn answer_all(set: &mut QuerySet, registry: &Registry, scope: Scope) {
    let queries: Vec<_> = registry.queries().into_iter().filter(|query| query.scope == scope).collect();
    set.retain(|key, _| queries.iter().any(|query| query.key == *key));
    for query in queries {
        let empty = QueryOutcome::Rows(Rows { columns: query.columns.clone(), rows: vec![], truncated: false });
        match set.get(&query.key) {
            Some(QueryOutcome::Rows(rows)) if rows.columns == query.columns => {}
            _ => {
                set.insert(query.key.clone(), empty);
            }
        }
    }
}

#[test]
fn ids_never_change() {
    let ids: Vec<String> = Registry::built_in().iter().map(|check| check.id.clone()).collect();
    insta::assert_snapshot!(ids.join("\n"));
}

#[test]
fn the_page_is_current() {
    let path = root().join("docs/checks.md");
    let page = docs::page(&Registry::built_in());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/checks.md is not what the checks say; run: UPDATE_DOCS=1 cargo test --test checks");
}

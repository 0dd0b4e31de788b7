use super::*;

fn problems(text: &str) -> String {
    Matrix::parse(text).expect_err("it is wrong").join("\n")
}

fn matrix_of(rows: &str) -> String {
    format!(
        r#"{{"schema": 1, "services": {{"x": {{"title": "X", "kind": "service", "images": ["acme/x"]}}}}, "rows": [{rows}]}}"#
    )
}

fn row(versions: &str, postgres: &str, verdict: &str) -> String {
    format!(
        r#"{{"service": "x", "concern": "server", "versions": "{versions}", "postgres": "{postgres}", "verdict": "{verdict}",
         "grade": "doc", "source": "https://example.org", "date": "2026-08", "says": "so it is"}}"#
    )
}

/// Every row has a source, a date and a grade, all ranges parse, and no two rows answer one question: else this does not load.
#[test]
fn the_matrix_is_clean() {
    let rows: Vec<&Row> = COMPAT.services.values().flat_map(|service| &service.rows).collect();
    assert!(rows.len() > 100 && COMPAT.services.len() > 12, "{}", rows.len());
    for service in COMPAT.services.values() {
        let is_recognised = !service.images.is_empty() || !service.packages.is_empty();
        assert!(is_recognised && !service.rows.is_empty(), "{}", service.name);
        for row in &service.rows {
            let place = format!("{} {} {}", service.name, row.versions, row.postgres);
            assert!(row.verdict != Verdict::Unknown || !row.grade.is_known(), "{place}: known to be unknown");
            assert!(row.verdict != Verdict::Unsupported || row.grade.is_known(), "{place}: a refusal that nobody saw");
            assert!(!row.says.ends_with('.'), "{place}");
        }
    }
}

#[test]
fn what_is_wrong_is_said_at_once() {
    let twice = problems(&matrix_of(&[row(">=1", "<=16", "supported"), row(">=2, <3", "16", "unsupported")].join(",")));
    assert!(twice.contains("row 2 (x, >=2, <3)") && twice.contains(">=1 with PostgreSQL <=16"), "{twice}");
    let both = problems(&matrix_of(&[row("x1", "*", "unknown"), row("*", "sixteen", "unknown")].join(",")));
    assert!(both.contains("row 1") && both.contains("row 2"), "{both}");
    let good = row("*", "*", "supported");
    for (from, to, says) in [
        ("https://example.org", "hearsay", "https://"),
        ("2026-08", "August", "date"),
        ("so it is", " ", "says nothing"),
        ("\"doc\"", "\"rumour\"", "rumour"),
        ("\"service\": \"x\"", "\"service\": \"y\"", "no service y"),
        ("\"grade\": \"doc\", ", "", "grade"),
        ("\"verdict\": ", "\"verdikt\": ", "verdikt"),
    ] {
        let said = problems(&matrix_of(&good.replace(from, to)));
        assert!(said.contains(says), "{said}");
    }
    assert!(problems(&matrix_of("").replace("\"schema\": 1", "\"schema\": 2")).contains("schema 2"));
    assert!(problems(&matrix_of("").replace("\"images\"", "\"packages\"")).contains("npm:pg"));
}

#[test]
fn matrices_are_joined_unless_they_clash() {
    let own = Matrix::parse(&matrix_of(&row("*", "*", "supported"))).unwrap();
    let joined = COMPAT.clone().join(own.clone()).unwrap();
    assert!(joined.services.contains_key("x") && joined.services.contains_key("hasura"));
    assert!(joined.join(own).is_err());
    let same_image = Matrix::parse(&matrix_of("").replace("acme/x", "Hasura/graphql-engine")).unwrap();
    assert!(COMPAT.clone().join(same_image).is_err());
}

fn ruling<'a>(service: &'a str, concern: Concern, version: &str, major: u64) -> Ruling<'a> {
    let service = &COMPAT.services[service];
    let (_, span) = service.version(version).unwrap_or_else(|| panic!("{version}"));
    service.ruling(concern, &span, major)
}

#[test]
fn versions_are_ruled_on() {
    use Concern::{ApplicationDatabase, PgDump, Scram, Server};
    for (service, concern, version, major, expected) in [
        ("hasura", PgDump, "v2.48.16.cli-migrations-v3", 17, "supported"),
        ("hasura", PgDump, "v2.48.16", 18, "uncertain"),
        ("hasura", PgDump, "v2.48.6", 18, "unsupported"),
        ("hasura", PgDump, "v2.36.5-ce.cli-migrations-v3", 15, "supported"),
        ("hasura", PgDump, "v2.36.5-ce", 16, "uncertain"),
        ("hasura", PgDump, "v2.36.5-ce", 17, "unsupported"),
        ("hasura", PgDump, "v2.6.0-beta.1", 14, "uncertain"),
        ("hasura", PgDump, "v2.6.0-beta.2", 14, "supported"),
        ("hasura", PgDump, "v1.3.3", 13, "unsupported"),
        ("hasura", Server, "v2.43.0", 16, "supported"),
        ("hasura", Server, "v2.36.5", 16, "uncertain"),
        ("hasura", Scram, "v2.0.0-alpha.1", 16, "supported"),
        ("hasura", Scram, "v2.0.0-beta.2", 16, "unsupported"),
        ("metabase", ApplicationDatabase, "v1.58.3", 16, "supported"),
        ("metabase", ApplicationDatabase, "v0.58.24", 11, "unsupported"),
        ("metabase", ApplicationDatabase, "v0.60.2", 13, "uncertain"),
        ("metabase", ApplicationDatabase, "v0.63.5.2", 13, "unsupported"),
        ("metabase", ApplicationDatabase, "v0.65.4.x", 14, "uncertain"),
        ("metabase", ApplicationDatabase, "v0.70.1", 18, "supported"),
        ("metabase", Scram, "v0.58.24", 16, "supported"),
        ("node-postgres", Scram, "7.8.9", 16, "unsupported"),
        ("node-postgres", Scram, "7.9.0", 16, "supported"),
        ("npgsql", Scram, "3.2.7", 14, "supported"),
        ("pgjdbc", Scram, "42.1.4.jre7", 14, "unsupported"),
        ("pgx", Server, "5.5.4", 14, "silent"),
    ] {
        let said = match ruling(service, concern, version, major) {
            Ruling::Supported => "supported",
            Ruling::Unsupported(_) => "unsupported",
            Ruling::Uncertain(_) => "uncertain",
            Ruling::Silent => "silent",
        };
        assert_eq!(said, expected, "{service} {version} with {major}");
    }
}

#[test]
fn a_series_across_rows_is_uncertain() {
    let hasura = &COMPAT.services["hasura"];
    let (shown, series) = hasura.version("v2.48").unwrap();
    assert_eq!(shown, "v2.48");
    assert!(matches!(hasura.ruling(Concern::PgDump, &series, 17), Ruling::Uncertain(_)));
    assert_eq!(hasura.ruling(Concern::PgDump, &series, 15), Ruling::Supported);
}

#[test]
fn images_tell_their_version() {
    let told = |service: &str, reference: &str| {
        COMPAT.services[service].in_image(reference).map(|told| told.map(|(shown, _)| shown).map_err(|_| ()))
    };
    for (service, reference, expected) in [
        ("hasura", "hasura/graphql-engine:v2.36.5-ce.cli-migrations-v3", Some(Ok("v2.36.5"))),
        ("hasura", "ghcr.io:5000/acme/hub/hasura/graphql-engine:v2.48.16@sha256:0123", Some(Ok("v2.48.16"))),
        ("hasura", "hasura/graphql-engine", Some(Err(()))),
        ("hasura", "hasura/graphql-engine:${TAG}", Some(Err(()))),
        ("hasura", "hasura/graphql-engine:latest", Some(Err(()))),
        ("hasura", "hasura/graphql-engine@sha256:0123", Some(Err(()))),
        ("hasura", "hasura/graphql-data-connector:v2.48.16", None),
        ("metabase", "metabase/metabase-enterprise:v1.58.3", Some(Ok("v1.58.3"))),
        ("metabase", "docker.io/metabase/metabase:v0.62.18.x", Some(Ok("v0.62.18.x"))),
        ("metabase", "metabase/metabase-dev:v0.62", None),
        ("pgbouncer", "bitnami/pgbouncer:1.22.0-debian-12-r5", Some(Ok("1.22.0"))),
    ] {
        assert_eq!(told(service, reference), expected.map(|one| one.map(str::to_owned)), "{reference}");
    }
}

#[test]
fn a_catalogue_number_bounds_the_release() {
    let hasura = &COMPAT.services["hasura"];
    let of = |number| hasura.of_catalog(number).expect("a bound");
    let version = |text| hasura.version(text).unwrap().1;
    assert!(of(48).contains(&version("v2.48.16")) && !of(48).overlaps(&version("v1.2.2")));
    assert!(of(31).overlaps(&version("v1.1.1")) && !of(31).overlaps(&version("v1.2.0")));
    assert_eq!(hasura.of_catalog(2), None);
}

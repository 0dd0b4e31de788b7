use super::*;
use crate::config::{Config, parse};

fn database(resource: &str, engine: &str, version: Option<&str>, identifier: Option<&str>) -> Declaration {
    Declaration {
        file: format!("infra/{resource}.tf"),
        line: 3,
        resource: resource.to_owned(),
        engine: engine.to_owned(),
        version: version.map(str::to_owned),
        identifier: identifier.map(str::to_owned),
        reason: version.is_none().then(|| "var.version\nhas no default".to_owned()),
        tool: None,
        place: None,
        actual: None,
        replica_of: None,
        settings: std::collections::BTreeMap::new(),
        parameter_group: None,
    }
}

fn one() -> Found {
    Found {
        databases: vec![database("app", "postgres", Some("12.17"), Some("app-prod"))],
        path: Some("infra".to_owned()),
        also: vec!["versions.json".to_owned()],
        stacks: vec!["production".to_owned(), "staging".to_owned()],
        region: Some("eu-west-2".to_owned()),
    }
}

fn several() -> Found {
    let databases = vec![
        database("app", "postgres", Some("14.10"), Some("app-prod")),
        database("aws_rds_cluster.main", "aurora-postgresql", None, Some("main-prod")),
        database("stats", "postgres", Some("15"), None),
    ];
    Found { databases, path: Some(".".to_owned()), ..Found::default() }
}

/// Names that would end a string, a line or a comment somewhere.
fn hostile() -> Found {
    let name = "a\"b\n[x]\\\u{7f}\u{202e}'#${{ x }}*";
    Found {
        databases: vec![
            database(name, "postgres", Some(name), Some(name)),
            database(name, "aurora-postgresql", None, Some(name)),
        ],
        path: Some(name.to_owned()),
        also: vec![name.to_owned()],
        stacks: vec![name.to_owned()],
        region: Some("eu-west-2".to_owned()),
    }
}

/// With all that is commented out but the second of several.
fn all(text: &str) -> String {
    let mut seen = std::collections::BTreeSet::new();
    let mut section = String::new();
    let lines = text.lines().map(|line| {
        let bare = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line);
        if bare.starts_with('[') {
            bare.clone_into(&mut section);
        }
        let key = bare.split(" = ").next().unwrap_or_default();
        // An instance is named by one of the two.
        let key = if key == "cluster" { "id" } else { key };
        if !line.starts_with("# ") && bare.contains(" = ") && !seen.insert(format!("{section} {key}")) {
            return "";
        }
        bare
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn accepted(text: &str) -> Config {
    parse("preflight.toml", text, std::path::Path::new("")).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn what_is_not_known_is_commented_out() {
    let config = accepted(&config(&Found::default()));
    assert_eq!((config.target, config.instance, config.declared), Default::default());
}

#[test]
fn every_key_is_there() {
    let table: toml::Table = toml::from_str(&all(&config(&Found::default()))).expect("TOML");
    let keys = |table: &toml::Value| {
        let table = table.as_array().map_or(table, |all| &all[0]);
        table.as_table().expect("a table").keys().cloned().collect::<Vec<_>>().join(" ")
    };
    let said: Vec<String> =
        table.iter().filter(|(name, _)| *name != "target").map(|(name, it)| format!("{name}: {}", keys(it))).collect();
    let expected = [
        "declared: path resource stack",
        "instance: expect_account id region",
        "query: name sql",
        "service: image_from kind url",
        "waiver: check expires object owner reason",
    ];
    assert_eq!(said, expected);
    assert!(table["target"].as_str().is_some_and(|target| target.parse::<PgVersion>().is_ok()));
    assert!(table["waiver"][0]["expires"].is_datetime());
}

#[test]
fn what_is_found_is_filled_in() {
    let text = config(&one());
    let config = accepted(&text);
    assert_eq!(config.instance.id.as_deref(), Some("app-prod"));
    assert_eq!(config.instance.region.as_deref(), Some("eu-west-2"));
    assert_eq!(config.declared.path.as_deref(), Some(std::path::Path::new("infra")));
    assert_eq!((config.declared.stack, config.target), (None, None));
    for line in ["#stack = \"production\"", "#stack = \"staging\"", "# app: postgres 12.17, infra/app.tf:3"] {
        assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
    }
    // From 12 the newest major that AWS goes to directly; nobody would stop over at 13.
    let target = all(&text).parse::<toml::Table>().expect("TOML")["target"].as_str().and_then(|it| it.parse().ok());
    assert!(target > Some(13), "{target:?}");
}

#[test]
fn of_several_databases_each_is_named() {
    let text = config(&several());
    let config = accepted(&text);
    assert_eq!((config.instance.id, config.instance.cluster, config.declared.resource), (None, None, None));
    for line in [
        "#id = \"app-prod\"",
        "#cluster = \"main-prod\"",
        "#resource = \"app\"",
        "# aws_rds_cluster.main: aurora-postgresql unknown (var.version\\nhas no default), infra/aws_rds_cluster.main.tf:3",
        "#resource = \"aws_rds_cluster.main\"",
        "#resource = \"stats\"",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
    }
}

#[test]
fn names_stay_names() {
    let found = hostile();
    let name = found.path.clone();
    let (plain, whole) = (config(&found), all(&config(&found)));
    assert_eq!(accepted(&plain).declared.path, name.clone().map(Into::into));
    let config = accepted(&whole);
    assert_eq!((&config.declared.stack, &config.declared.resource, &config.instance.id), (&name, &name, &name));
    for text in [plain, github(&found), gitlab(&found)] {
        assert!(
            !text.contains("@paths@") && !text.chars().any(|c| crate::report::text::acts(c) && c != '\n'),
            "{text}"
        );
    }
}

#[test]
fn the_workflow_runs_gate_and_check_and_holds_no_key() {
    for found in [Found::default(), one(), several()] {
        let text = github(&found);
        let command = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            command.contains(
                "pg-preflight gate --base \"origin/$GITHUB_BASE_REF\" --config preflight.toml --format github"
            )
        );
        assert!(command.contains("pg-preflight check --config preflight.toml --format table"));
        assert!(text.contains("role-to-assume") && !text.contains("aws-access-key-id") && !text.contains('\t'));
        assert!(text.contains(concat!("PG_PREFLIGHT_VERSION: \"", env!("CARGO_PKG_VERSION"), "\"")));
    }
    assert!(github(&one()).contains("\n      - \"infra/**\"\n      - \"versions.json\"\n      - \"preflight.toml\"\n"));
    assert!(!github(&several()).contains("paths:"), "code in the root can be anywhere");
}

#[test]
fn the_job_of_gitlab_is_the_template_narrowed_down() {
    let text = gitlab(&one());
    assert!(
        text.contains("\n        - preflight.toml\n        - \"infra/**\"\n        - \"versions.json\"\n"),
        "{text}"
    );
    assert!(text.contains("    AWS_REGION: \"eu-west-2\"\n") && !text.contains("OWNER"), "{text}");
    assert!(text.contains("pg-preflight gate --config preflight.toml --base "));
    assert!(gitlab(&Found::default()).contains(ANYWHERE), "as it is where nothing is known");
}

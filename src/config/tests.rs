use std::path::Path;

use proptest::prelude::*;

use super::*;

const WHOLE: &str = r#"
target = "16.3"

[instance]
id = "app1a2b3c4"
region = "eu-west-2"
expect_account = "123456789012"

[declared]
path = "infrastructure/data/index.ts"
stack = "staging"

[checks]
dirs = ["preflight/checks", "/opt/checks"]

[[service]]
kind = "hasura"                 # hasura | metabase | sharedb | image
url = "https://hasura.example.org"
image_from = "docker-compose.yml"

[[query]]
name = "flows by team"
sql = "select 1"

[[waiver]]
check = "pg.reg-types"
object = "app:public.hooks.fn"
reason = "table is dropped in the release before the upgrade"
owner = "data team"
expires = 2026-12-31
"#;

fn read(text: &str) -> Result<Config, ConfigError> {
    parse("preflight.toml", text, Path::new("repo"))
}

/// The lines and messages of all problems; requires some.
fn require_problems(text: &str) -> Vec<(usize, String)> {
    match read(text) {
        Err(ConfigError::Invalid { problems }) => {
            problems.iter().map(|problem| (problem.line(), problem.message.clone())).collect()
        }
        other => panic!("{other:?} of {text}"),
    }
}

fn waiver_with(rest: &str) -> String {
    format!("[[waiver]]\ncheck = \"pg.x\"\n{rest}\n")
}

#[test]
fn reads_the_whole_of_it() {
    let config = read(WHOLE).unwrap();
    assert_eq!(config.target.unwrap().as_str(), "16.3");
    assert_eq!(config.instance.id.as_deref(), Some("app1a2b3c4"));
    assert_eq!(config.instance.expect_account.as_deref(), Some("123456789012"));
    assert_eq!(config.declared.path.as_deref(), Some(Path::new("repo/infrastructure/data/index.ts")));
    assert_eq!(config.check_dirs, [Path::new("repo/preflight/checks"), Path::new("/opt/checks")]);
    assert_eq!(config.services[0].kind, ServiceKind::Hasura);
    assert_eq!(config.services[0].image_from.as_deref(), Some(Path::new("repo/docker-compose.yml")));
    assert_eq!(config.queries[0].name, "flows by team");
    let waiver = &config.waivers[0];
    assert_eq!((waiver.check.as_str(), waiver.expires), ("pg.reg-types", Date::constant(2026, 12, 31)));
    assert_eq!(waiver.object.as_deref(), Some("app:public.hooks.fn"));
}

#[test]
fn nothing_is_required() {
    let config = read("").unwrap();
    assert!(config.target.is_none() && config.waivers.is_empty() && config.instance == Instance::default());
}

#[test]
fn every_mistake_is_said_with_its_line() {
    for (text, line, message) in [
        (
            "targt = \"16\"",
            1,
            "unknown key `targt` in the file, expected one of target, instance, declared, checks, service, query, waiver",
        ),
        (
            "[instance]\nname = \"x\"",
            2,
            "unknown key `name` in [instance], expected one of id, cluster, region, profile, expect_account, expect_identity",
        ),
        (
            "[database]\nurl = \"x\"",
            1,
            "unknown key `database` in the file, expected one of target, instance, declared, checks, service, query, waiver",
        ),
        (
            "target = \"sixteen\"",
            1,
            "'sixteen' is not a PostgreSQL version (such as 16.3, 16, 16.3-R2 or 12.22-rds.20250508)",
        ),
        ("target = 16.3", 1, "must be a text in quotes, not a number"),
        ("target = \"\"", 1, "must not be empty"),
        ("instance = \"x\"", 1, "must be a table, [instance], not a text"),
        ("[instance]\nid = \"a\"\ncluster = \"b\"", 1, "either `id` or `cluster`, not both"),
        ("[instance]\nexpect_account = 123456789012", 2, "must be a text in quotes, not a number"),
        ("[instance]\nexpect_account = \"123\"", 2, "an AWS account id has 12 digits"),
        ("[checks]\ndirs = \"x\"", 2, "must be a list of texts, not a text"),
        ("[checks]\ndirs = [\"x\", 1]", 2, "must be a text in quotes, not a number"),
        ("[service]\nkind = \"hasura\"", 1, "must be a list of tables, [[service]], not a table"),
        (
            "[[service]]\nkind = \"redis\"\nurl = \"https://x\"",
            2,
            "unknown kind of service, expected one of hasura, metabase, sharedb, image",
        ),
        ("[[service]]\nkind = \"hasura\"", 1, "a service needs `url` or `image_from`, to be asked or read"),
        ("[[service]]\nurl = \"https://x\"", 1, "[[service]] needs `kind`"),
        ("[[service]]\nkind = \"hasura\"\nurl = \"x\"", 3, "an address begins with https:// or http://"),
        ("[[service]]\nkind = \"hasura\"\nurl = \"https://a:b@x\"", 3, "no user or password here: this file is shared"),
        ("[[query]]\nname = \"a\"", 1, "[[query]] needs `sql`"),
        ("[[query]]\nname = \"a\"\nsql = \"1\"\n[[query]]\nname = \"a\"\nsql = \"1\"", 5, "two queries have this name"),
        (&waiver_with("reason = \"x\""), 1, "[[waiver]] needs `expires`"),
        (&waiver_with("expires = 2026-12-31"), 1, "[[waiver]] needs `reason`"),
        (&waiver_with("reason = \" \"\nexpires = 2026-12-31"), 3, "must not be empty"),
        (
            &waiver_with("reason = \"x\"\nexpires = \"2026-12-31\""),
            4,
            "must be a day without quotes, such as 2026-12-31, not a text",
        ),
        (
            &waiver_with("reason = \"x\"\nexpires = 2026-12-31T00:00:00Z"),
            4,
            "must be a day without quotes, such as 2026-12-31, not a date",
        ),
        (
            &waiver_with("reason = \"x\"\nexpires = 2026-12-31\nuntil = 1"),
            5,
            "unknown key `until` in [[waiver]], expected one of check, object, reason, owner, expires",
        ),
    ] {
        assert_eq!(require_problems(text), [(line, message.to_owned())], "{text}");
    }
    // What is no TOML is said in the parser's words.
    assert_eq!(require_problems("target = \"16\nid = 1")[0].0, 1);
    assert_eq!(require_problems(&waiver_with("reason = \"x\"\nexpires = 2026-02-31"))[0].0, 4);
    assert_eq!(require_problems("target = \"16\"\ntarget = \"17\"")[0].0, 2);
}

#[test]
fn all_mistakes_come_at_once_in_order() {
    let text = format!("targt = \"16\"\n[instance]\nname = 1\n{}", waiver_with("expires = 1"));
    let lines: Vec<usize> = require_problems(&text).iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 3, 4, 6]);
    let shown = read(&text).unwrap_err().to_string();
    assert!(shown.contains("preflight.toml:3:1") && shown.contains("^^^^"), "{shown}");
}

#[test]
fn no_secret_is_repeated() {
    for text in [
        "[database]\npassword = \"canary\"",
        "password = canary",
        "database_url = \"postgres://me:canary@host/app\"",
        "[[service]]\nkind = \"hasura\"\nurl = \"https://me:canary@host\"",
        "[[service]]\nkind = \"hasura\"\nadmin_secret = \"canary\"\nurl = \"https://host\"",
    ] {
        let error = read(text).unwrap_err();
        assert!(!error.to_string().contains("canary") && !format!("{error:?}").contains("canary"), "{error}");
    }
}

#[test]
fn is_found_upward_and_its_paths_follow_it() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::write(folder.path().join(FILE_NAME), "[declared]\npath = \"infra\"").unwrap();
    let found = find(&deep).unwrap();
    assert_eq!(found, folder.path().join(FILE_NAME));
    assert_eq!(load(&found).unwrap().declared.path.unwrap(), folder.path().join("infra"));
    let error = load(&deep.join(FILE_NAME)).unwrap_err();
    assert!(matches!(error, ConfigError::Read { .. }) && error.to_string().contains("a/b/preflight.toml"));
    fs::write(deep.join(FILE_NAME), [0xff, 0x00, b'=']).unwrap();
    assert!(matches!(load(&deep.join(FILE_NAME)), Err(ConfigError::Invalid { .. })));
}

proptest! {
    #[test]
    fn never_panics_on_any_text(text in "\\PC*|(?s).*") {
        if let Err(error) = read(&text) {
            let _ = error.to_string();
        }
    }

    #[test]
    fn never_panics_on_any_change(at in 0..WHOLE.len(), with in "(?s).{0,4}", cut in 0_usize..8) {
        let mut text = WHOLE.to_owned();
        text.replace_range(at..(at + cut).min(WHOLE.len()), &with);
        if let Err(error) = read(&text) {
            let _ = error.to_string();
        }
    }
}

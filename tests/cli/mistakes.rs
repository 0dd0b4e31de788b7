//! Bad input: one clear line, exit 2.

use crate::harness::{clean, preflight, story};
use crate::proxy::{Fault, Proxy};

#[test]
fn an_unknown_instance_offers_near_names() {
    for words in ["check --target 16.3 --no-database", "check --target 16.3", "collect", "path --target 16.3"] {
        let line = preflight(&format!("{words} --instance app1a2b3c5")).aws(&story().endpoint).run().mistake();
        let expected = "error: there is no DB instance 'app1a2b3c5' in eu-west-2; the nearest names are app1a2b3c4, ";
        assert!(line.starts_with(expected), "{words}: {line}");
    }
    // Who may not list them is told so much.
    let proxy = Proxy::before(&story().endpoint, |operation, before| {
        (operation == "DescribeDBInstances" && before > 0).then(|| Fault::denied(operation))
    });
    let words = "check --target 16.3 --no-database --instance app1a2b3c5";
    let line = preflight(words).aws(&proxy.url).run().mistake();
    assert_eq!(line, "error: there is no DB instance 'app1a2b3c5' in eu-west-2");
}

#[test]
fn an_unknown_cluster_is_a_mistake() {
    let line =
        preflight("check --target 16.3 --no-database --cluster main").aws(&story().endpoint).run().code(2).stderr;
    assert!(line.contains("'main'"), "{line}");
}

#[test]
fn mysql_is_not_judged() {
    let line = preflight("check --target 16.3 --instance other").aws(&story().endpoint).run().mistake();
    assert_eq!(line, "error: 'other' runs mysql, which is not PostgreSQL");
}

#[test]
fn no_region_is_a_mistake() {
    let line = clean().check_aws("").without("AWS_REGION").run().mistake();
    assert!(line.contains("--region"), "{line}");
    let report = clean().check_aws("--region eu-west-2 --format json").without("AWS_REGION").run().report(0);
    assert_eq!(report.0["instance"]["region"], "eu-west-2");
}

#[test]
fn a_region_and_keys_of_a_profile_are_taken() {
    let credentials = "[ci]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n";
    let ran = clean()
        .check_aws("--profile ci --format json")
        .without("AWS_REGION")
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY")
        .file(".aws/config", "[profile ci]\nregion = eu-west-2\n")
        .file(".aws/credentials", credentials)
        .run();
    assert_eq!(ran.report(0).0["instance"]["region"], "eu-west-2");
}

#[test]
fn an_endpoint_of_rds_alone_is_taken() {
    let ran = clean().check_aws("--format json").env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let report = ran.env("AWS_ENDPOINT_URL_RDS", &clean().endpoint).run().report(3);
    assert_eq!((report.status("rds.target-version"), report.status("aws.caller-identity")), ("pass", "unknown"));
}

#[test]
fn bad_arguments_are_refused_before_anything_is_asked() {
    for words in [
        "check",
        "check --target 16.3",
        "check --target sixteen --instance x",
        "check --target 16.3 --instance x --cluster y",
        "check --target 16.3 --instance x --nonsense",
        "check --target 16.3 --instance x --format pdf",
        "check --target 16.3 --instance x --jobs 0",
        "check --target 16.3 --instance x --statement-timeout 0s",
        "check --target 16.3 --instance x --iam-auth --secret a",
        "check --target 16.3 --instance x --fail-on notice",
        "check --target 16.3 --instance x --platform oracle",
        "path",
        "checks",
        "checks show",
        "completions",
        "completions tcl",
        "nonsense",
        "",
    ] {
        let ran = preflight(words).env("AWS_REGION", "eu-west-2").run().code(2);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{words}: {ran:?}");
    }
    for target in ["sixteen", "16.3.1.2.x", "-1", "16.", "٣"] {
        let ran = preflight("check --instance x --target").args([target]).run().code(2);
        assert!(ran.stderr.contains(target), "{target}: {}", ran.stderr);
    }
}

#[test]
fn a_bad_url_is_a_mistake_and_is_not_repeated() {
    for url in [
        "postgres://me:canary@127.0.0.1:port/x",
        "mysql://me:canary@db/x",
        "canary",
        "postgres://me:canary@db/x?nonsense=1",
        "postgres://me:canary@db/x?sslmode=strict",
        "postgres://me:canary@db/x?sslcert=/x",
    ] {
        let line = clean().ask("check --target 17.6").args(["--database-url", url]).run().mistake();
        assert!(!line.contains("canary"), "{line}");
    }
    let line = clean().ask("check --target 17.6").env("PGSERVICE", "nowhere").run().mistake();
    assert!(line.contains("'nowhere'"), "{line}");
}

/// The environment of a pipeline has a `DATABASE_URL` for other programs, of whatever database.
#[test]
fn a_variable_of_other_programs_means_nothing() {
    for url in ["", "mysql://me:canary@db/x", "postgres://me:canary@db/x"] {
        let ran = clean().ask("check --target 17.6 --format json").env("DATABASE_URL", url).env("PGUSER", "postgres");
        assert_eq!(ran.run().report(0).status("pg.reg-types"), "pass", "the endpoint that RDS names");
    }
}

#[test]
fn libpq_says_where_the_database_is() {
    let url = story().database;
    let (user, rest) = url.split_once("://").unwrap().1.split_once(':').unwrap();
    let (password, rest) = rest.split_once('@').unwrap();
    let (address, database) = rest.split_once('/').unwrap();
    let (host, port) = address.split_once(':').unwrap();
    let bare = || preflight("check --no-aws --target 16 --format json");
    let variables = bare()
        .env("PGHOST", host)
        .env("PGPORT", port)
        .env("PGUSER", user)
        .env("PGPASSWORD", password)
        .env("PGDATABASE", database);
    assert_eq!(variables.run().report(1).status("pg.reg-types"), "fail");
    let pgpass = bare().env("PGHOST", host).env("PGPORT", port).env("PGUSER", user);
    let pgpass = pgpass.file(".pgpass", &format!("*:{port}:*:{user}:{password}\n"));
    assert_eq!(pgpass.run().report(1).status("pg.reg-types"), "fail");
    let service = format!("[story]\nhost={host}\nport={port}\nuser={user}\npassword={password}\ndbname={database}\n");
    let service = bare().env("PGSERVICE", "story").file(".pg_service.conf", &service);
    assert_eq!(service.run().report(1).status("pg.reg-types"), "fail");
    let words = format!("host={host} port={port} user={user} password={password} dbname={database}");
    let ran = bare().args(["--database-url", words.as_str()]).run();
    assert_eq!(ran.report(1).status("pg.reg-types"), "fail");
}

#[test]
fn no_address_at_all_is_a_mistake() {
    let line = preflight("check --no-aws --target 16").run().mistake();
    assert!(line.contains("--database-url"), "{line}");
}

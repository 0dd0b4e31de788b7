use std::path::Path;

use crate::collect::declared::testing::{lines, read_folder};
use crate::facts::Declaration;

fn fixture(path: &str, stack: Option<&str>) -> Vec<Declaration> {
    read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac").join(path), stack)
}

#[test]
fn fixtures_of_pulumi_are_read() {
    let read = |path: &str, stack| lines(&fixture(&format!("pulumi-python/{path}"), stack));
    assert_eq!(
        read("stacks", Some("dev")),
        ["Pulumi.dev.yaml:3 ledger postgres 16.3", "Pulumi.dev.yaml:3 ledger-replica postgres 16.3"]
    );
    assert_eq!(
        read("stacks", Some("prod")),
        [
            "Pulumi.prod.yaml:9 reporting postgres 15.7",
            "__main__.py:14 ledger postgres 14.4",
            "__main__.py:14 ledger-replica postgres 14.4",
        ]
    );
    let lost = "no stack given, of dev, prod";
    assert_eq!(
        read("stacks", None),
        [
            format!("__main__.py:29 ledger postgres config.get(\"engineVersion\") at line 15: {lost}"),
            format!("__main__.py:44 ledger-replica postgres config.get(\"engineVersion\") at line 15: {lost}"),
            format!("__main__.py:48 reporting postgres config.require_object(\"reporting\") at line 47: {lost}"),
        ]
    );
    let events = "infra/settings/versions.py:4 events postgres 13.14";
    assert_eq!(read("package", Some("production")), [events, "infra/settings/versions.py:8 accounts postgres 15.6"]);
    assert_eq!(read("package", Some("staging")), [events, "infra/settings/versions.py:9 accounts postgres 16.3"]);
    let undecided = "name in (\"production\", \"prod\") cannot be decided: \
                     pulumi.get_stack() at infra/settings/environment.py:5: no stack given";
    assert_eq!(
        read("package", None),
        [format!("infra/database.py:21 accounts postgres {undecided}"), events.to_owned()]
    );
    assert_eq!(
        read("components", None),
        [
            "__main__.py:6 orders-db postgres 16.3",
            "__main__.py:6 orders-replica-0 postgres 16.3",
            "__main__.py:7 billing-db postgres 15.7",
            "__main__.py:16 legacy-db postgres 12.19",
            "__main__.py:22 mails postgres 14.12",
            "components/jobs.py:4 jobs postgres 13.15",
        ]
    );
    assert_eq!(
        read("aurora", None),
        [
            "__main__.py:18 warehouse aurora-postgresql 15.4",
            "__main__.py:38 zones postgres 16.3",
            "__main__.py:44 events aurora-postgresql 16.2",
            "__main__.py:47 single postgres 14.12",
            "__main__.py:50 edge-eu-west-1 postgres 16.1",
            "__main__.py:50 edge-us-east-1 postgres 16.1",
        ]
    );
    assert_eq!(read("lookalikes", None), Vec::<String>::new());
}

#[test]
fn what_the_fixtures_do_not_say_has_a_reason() {
    let spread = "config.require_object(\"database\")";
    let expected = [
        "19 name postgres the engine cannot be known: engine at line 19: it is a parameter",
        "25 environment postgres os.environ at line 25: it depends on the environment",
        "27 package postgres DEFAULT_VERSION at line 27: it is imported from acme_platform",
        "28 secret postgres config.require(\"version\") at line 28: unknowns:version is a secret in Pulumi.one.yaml",
        "29 data postgres aws.rds.get_engine_version(engine=\"postgres\", latest=True) at line 9: only a run tells",
        "30 output postgres pulumi.StackReference(\"acme/platform/prod\") at line 10: only a run tells",
        "31 loop postgres it is set in the loop at line 13",
        &format!(
            "32 spread postgres **{spread} may set it, and cannot be known: {spread} at line 32: Pulumi.one.yaml does not set it"
        ),
        "33 engine postgres the engine cannot be known: os.environ at line 33: it depends on the environment",
        "34 unset postgres engineVersion is not set, so RDS chooses it",
    ];
    let mut expected = expected.map(|line| format!("__main__.py:{line}")).to_vec();
    expected.push("versions.json:1 file postgres 16.3".to_owned());
    assert_eq!(lines(&fixture("pulumi-python/unknowns", None)), expected);
}

#[test]
fn fixtures_of_the_cdk_are_read() {
    let read = |path: &str| lines(&fixture(&format!("cdk-python/{path}"), None));
    assert_eq!(
        read("app"),
        [
            "bookings/bookings_stack.py:20 Database postgres 16.3",
            "bookings/bookings_stack.py:20 Replica postgres 16.3",
            "cdk.json:6 Reporting postgres 15.7",
        ]
    );
    assert_eq!(
        read("stages"),
        [
            "config.py:9 Archive postgres 14.12",
            "config.py:9 Catalogue postgres 14.12",
            "config.py:13 Catalogue postgres 16.3",
        ]
    );
    let unversioned = "rds.DatabaseClusterEngine.AURORA_POSTGRESQL at line 39: it names no version";
    assert_eq!(
        read("aurora"),
        [
            "app.py:6 Cluster aurora-postgresql 15.4",
            "app.py:28 Restored aurora-postgresql 14.9",
            "app.py:36 Serverless aurora-postgresql 13.14",
            &format!("app.py:39 Unversioned aurora-postgresql {unversioned}"),
        ]
    );
    assert_eq!(
        read("levels"),
        [
            "app.py:5 Low postgres 14.12",
            "app.py:11 Asked postgres 16.3",
            "app.py:25 Cluster aurora-postgresql 15.5",
            "app.py:36 High postgres 15.8",
        ]
    );
    let latest = "getattr(rds.PostgresEngineVersion, f\"VER_{name}\") at engines.py:5: its name is no version";
    assert_eq!(
        read("helpers"),
        [
            "databases.py:23 Users postgres 16.2",
            "databases.py:23 UsersReplica postgres 16.2",
            &format!("databases.py:29 Latest postgres {latest}"),
            "databases.py:39 ImportedReplica postgres it is its source's, which is declared elsewhere",
            "engines.py:5 Mail0 postgres 13.15",
            "engines.py:5 Push1 postgres 13.15",
            "engines.py:5 Sessions postgres 15.6",
        ]
    );
    assert_eq!(read("lookalikes"), Vec::<String>::new());
}

#[test]
fn fixtures_say_more_than_versions() {
    let find =
        |path: &str, stack, name: &str| fixture(path, stack).into_iter().find(|one| one.resource == name).unwrap();
    let ledger = find("pulumi-python/stacks", Some("prod"), "ledger");
    assert_eq!(ledger.identifier.as_deref(), Some("ledger-prod"));
    let setting = |name: &str| ledger.setting(name).unwrap().value.clone().unwrap();
    assert_eq!((setting("backup_retention_period"), setting("deletion_protection")), ("35".into(), "true".into()));
    let group = ledger.parameter_group.as_ref().unwrap();
    assert_eq!(group.family.as_ref().unwrap().value.as_deref(), Some("postgres14"));
    assert_eq!(group.parameters["rds.logical_replication"].value.as_deref(), Some("1"));
    let warehouse = find("pulumi-python/aurora", None, "warehouse");
    assert_eq!(warehouse.setting("ignored_version").unwrap().line, 21);
    let orders = find("pulumi-python/components", None, "orders-replica-0");
    assert_eq!(orders.replica_of.as_deref(), Some("orders-db"));
    let archive = find("cdk-python/stages", None, "Archive");
    assert_eq!(archive.identifier.as_deref(), Some("production-archive"));
    let database = find("cdk-python/app", None, "Database");
    assert_eq!(database.setting("allow_major_version_upgrade").unwrap().line, 41);
    let group = database.parameter_group.as_ref().unwrap();
    assert_eq!(group.family.as_ref().unwrap().value.as_deref(), Some("postgres16"));
    let cluster = find("cdk-python/aurora", None, "Cluster");
    assert_eq!(cluster.setting("backup_retention_period").unwrap().value.as_deref(), Some("21"));
    assert_eq!(cluster.parameter_group.unwrap().parameters.len(), 1);
    let users = find("cdk-python/helpers", None, "Users");
    assert_eq!(users.identifier.as_deref(), Some("users-live"));
}

#[test]
fn what_derived_classes_pass_on_is_theirs() {
    assert_eq!(
        lines(&fixture("pulumi-python/derived", None)),
        [
            "__main__.py:2 a-pg postgres 15.1",
            "components/base.py:5 b-pg postgres 14.4",
            "components/postgres.py:7 c-pg postgres 11.1"
        ]
    );
    assert_eq!(
        lines(&fixture("pulumi-python/records", None)),
        ["__main__.py:8 nt postgres 15.6", "__main__.py:19 over postgres 12.14", "settings.py:9 set postgres 15.7"]
    );
    let unversioned = "rds.DatabaseInstanceEngine.POSTGRES at line 27: it names no version";
    assert_eq!(
        lines(&fixture("cdk-python/templates", None)),
        [
            "cdk.json:4 Ctx postgres 15.6",
            "cdk.json:5 Env aurora-postgresql 14.10",
            "stacks/db_stack.py:12 Postgres postgres 15.4",
            "stacks/db_stack.py:12 Replica postgres 15.4",
            "stacks/db_stack.py:23 Cfn postgres 13.2",
            "stacks/db_stack.py:24 Par aurora-postgresql 12.12",
            "stacks/db_stack.py:26 Raw postgres 11.9",
            &format!("stacks/db_stack.py:27 NoVer postgres {unversioned}"),
        ]
    );
}

#[test]
fn files_that_are_opened_are_read() {
    assert_eq!(
        lines(&fixture("pulumi-python/files", None)),
        [
            "__main__.py:17 d postgres json.load(g) at line 10: there is no conf/missing.json",
            "conf/a.json:1 a postgres 15.1",
            "conf/a.json:1 c postgres 15.1",
            "conf/a.json:1 e postgres 15.1",
            "conf/b.yaml:2 b postgres 14.10",
            "conf/b.yaml:4 x postgres 13.1",
        ]
    );
    let code = "import json\nimport pulumi_aws as aws\nv = json.load(open('/etc/hostname.json'))\naws.rds.Instance('a', engine='postgres', engine_version=v)\n";
    let found = crate::collect::declared::testing::declared(&[("__main__.py", code)], None);
    assert!(
        found[0].starts_with("__main__.py:4 a postgres json.load(open('/etc/hostname.json')) at line 3: "),
        "{found:?}"
    );
}

#[test]
fn comprehensions_have_names_of_their_own() {
    let code = "import pulumi_aws as aws
one = [aws.rds.Instance(f'a-{n}', engine='postgres', engine_version=v) for n, v in [('x', '16.3'), ('y', '15.1')]]
two = {n: aws.rds.Instance(f'b-{n}', engine='postgres', engine_version=v) for n, v in {'z': '14.1'}.items()}
v = '13.1'
aws.rds.Instance('c', engine=aws.rds.EngineType.POSTGRES, engine_version=v)
";
    let expected = ["2 a-x postgres 16.3", "2 a-y postgres 15.1", "3 b-z postgres 14.1", "4 c postgres 13.1"];
    let expected = expected.map(|line| format!("__main__.py:{line}"));
    assert_eq!(crate::collect::declared::testing::declared(&[("__main__.py", code)], None), expected);
}

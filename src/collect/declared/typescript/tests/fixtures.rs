//! Whole repositories in miniature.

use std::path::Path;

use crate::collect::declared::testing::{lines, read_folder};
use crate::facts::{Declaration, Tool};

fn read(path: &str, stack: Option<&str>) -> Vec<Declaration> {
    read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac").join(path), stack)
}

fn require(path: &str, stack: Option<&str>, expected: &[&str]) -> Vec<Declaration> {
    let found = read(path, stack);
    assert_eq!(lines(&found), expected, "{path} {stack:?}");
    found
}

fn identifiers(found: &[Declaration]) -> Vec<&str> {
    found.iter().map(|one| one.identifier.as_deref().unwrap_or("-")).collect()
}

/// The parameter groups' families.
fn families(found: &[Declaration]) -> Vec<&str> {
    fn family(one: &Declaration) -> Option<&str> {
        one.parameter_group.as_ref()?.family.as_ref()?.value.as_deref()
    }
    found.iter().map(|one| family(one).unwrap_or("-")).collect()
}

#[test]
fn a_monorepo_of_pulumi_is_followed_from_package_to_package() {
    let expected = [
        "packages/config/src/postgres.ts:3 orders-db postgres 15.8",
        "packages/config/src/postgres.ts:4 ledger-db postgres 14.13",
        "services/ledger/infra/Pulumi.production.yaml:3 archive-db postgres 13.16",
        "services/orders/infra/index.ts:7 orders-reporting-db postgres 16.4",
    ];
    let found = require("pulumi-typescript/monorepo", Some("production"), &expected);
    assert_eq!(identifiers(&found), ["acme-orders", "acme-ledger", "acme-archive", "acme-orders-reporting"]);
    assert_eq!(families(&found), ["postgres15", "postgres14", "postgres13", "postgres16"]);
    let group = found[0].parameter_group.as_ref().unwrap();
    assert_eq!(group.name.as_deref(), Some("acme-orders"));
    assert_eq!(group.parameters["rds.force_ssl"].value.as_deref(), Some("1"));
    assert_eq!(found[0].place.as_ref().unwrap().file, "packages/components/src/postgres-database.ts");
    let expected = [
        "packages/config/src/postgres.ts:3 archive-db postgres 15.8",
        "packages/config/src/postgres.ts:3 orders-db postgres 15.8",
        "packages/config/src/postgres.ts:4 ledger-db postgres 14.13",
        "services/orders/infra/index.ts:7 orders-reporting-db postgres 16.4",
    ];
    require("pulumi-typescript/monorepo", Some("staging"), &expected);
}

#[test]
fn paths_of_the_configuration_lead_to_files() {
    let expected = [
        "infra/data/ring-b.ts:4 ring postgres b at infra/data/ring-a.ts:2: it refers too far",
        "infra/versions.json:3 primary postgres 15.7",
        "infra/versions.json:3 replica postgres 15.7",
        "infra/versions.json:4 search postgres 16.2",
    ];
    let found = require("pulumi-typescript/paths", None, &expected);
    assert_eq!(found[1].identifier.as_deref(), Some("shop-primary"));
    assert_eq!(found[2].replica_of.as_deref(), Some("primary"));
    let group = found[1].parameter_group.as_ref().unwrap();
    assert_eq!(group.family.as_ref().unwrap().value.as_deref(), Some("postgres15"));
    assert_eq!(group.parameters.len(), 2);
    assert_eq!(found[1].setting("backup_retention_period").unwrap().value.as_deref(), Some("30"));
}

#[test]
fn scripts_are_followed_through_require_and_loops() {
    let expected = [
        "config/index.js:4 users postgres 12.19",
        "config/index.js:6 events postgres 13.15",
        "config/versions.json:2 audit-eu postgres 11.22",
        "config/versions.json:2 audit-us postgres 11.22",
        "index.js:18 auditors postgres 16.6",
    ];
    let found = require("pulumi-typescript/commonjs", None, &expected);
    assert_eq!(identifiers(&found)[..2], ["legacy-users", "legacy-events"]);
}

#[test]
fn a_stack_decides_what_there_is() {
    let environment =
        "index.ts:39 environment postgres process.env.PG_VERSION at line 39: it depends on the environment";
    let expected = [
        "Pulumi.production.yaml:4 main postgres 15.6",
        "config.ts:7 lookup postgres 16.1",
        "index.ts:18 assigned postgres 14.12",
        "index.ts:28 switched postgres 13.15",
        "index.ts:36 reporting aurora-postgresql 15.4",
        environment,
    ];
    let found = require("pulumi-typescript/stacks", Some("production"), &expected);
    assert_eq!(found[0].identifier.as_deref(), Some("main-production"));
    assert_eq!(found[0].setting("ignored_version").unwrap().file, "config.ts");
    let expected = [
        "Pulumi.staging.yaml:3 main postgres 16.3",
        "config.ts:8 lookup postgres 16.2",
        "index.ts:20 assigned postgres 14.13",
        "index.ts:30 switched postgres 13.16",
        environment,
    ];
    require("pulumi-typescript/stacks", Some("staging"), &expected);
    let expected = [
        "index.ts:8 main postgres config.requireObject<Database>(\"database\") at line 6: no stack given, of production, staging",
        "index.ts:14 lookup postgres getStack() at config.ts:4: no stack given",
        "index.ts:22 assigned postgres version at line 22: it is changed at line 18: isProduction cannot be decided: getStack() at config.ts:4: no stack given",
        "index.ts:33 switched postgres name cannot be decided: pulumi.runtime.getStack() at line 33: no stack given",
        "index.ts:36 reporting aurora-postgresql 15.4",
        environment,
    ];
    require("pulumi-typescript/stacks", None, &expected);
}

#[test]
fn lookalikes_are_not_taken() {
    require("pulumi-typescript/lookalikes", None, &[]);
    require("cdk-typescript/lookalikes", None, &[]);
}

#[test]
fn what_is_lost_says_where() {
    let expected = [
        "index.ts:19 package postgres platform.postgres at line 19: it is imported from \"@acme/platform\"",
        "index.ts:20 broken postgres broken at line 20: broken.ts does not parse: syntax error at line 1",
        "index.ts:21 missing postgres missing at line 21: it is imported from \"./missing\", which is not found",
        "index.ts:22 shared postgres new pulumi.StackReference(\"acme/platform/production\") at line 7: only a run tells",
        "index.ts:23 latest postgres aws.rds.getEngineVersion({ engine: \"postgres\", preferredVers… at line 8: only a run tells",
        "index.ts:24 attempt postgres attempt at line 24: it is changed at line 16: it depends on what fails at line 15",
        "index.ts:26 `db-${version}` postgres list at line 25: it is changed at line 10",
        "index.ts:29 default postgres 16.3",
        "index.ts:30 name postgres version at line 30: it is a parameter",
        "index.ts:33 made postgres 13.1",
    ];
    require("pulumi-typescript/unknowns", None, &expected);
}

#[test]
fn stacks_of_the_cdk_are_told_apart_by_what_makes_them() {
    let expected = [
        "bin/app.ts:10 Database postgres 17.2",
        "bin/app.ts:10 Replica postgres 17.2",
        "lib/environments.ts:4 Database postgres 16.3",
        "lib/environments.ts:4 Replica postgres 16.3",
        "lib/environments.ts:8 Database postgres 15.7",
        "lib/environments.ts:8 Replica postgres 15.7",
    ];
    let found = require("cdk-typescript/app", None, &expected);
    assert_eq!(identifiers(&found)[0], "sandbox-database");
    assert_eq!(families(&found), ["postgres17", "-", "postgres16", "-", "postgres15", "-"]);
    assert!(found.iter().all(|one| one.tool == Some(Tool::CloudFormation)));
    let main = &found[0];
    assert_eq!(main.setting("allow_major_version_upgrade").unwrap().value.as_deref(), Some("true"));
    assert_eq!(main.setting("backup_retention_period").unwrap().value.as_deref(), Some("14"));
    assert_eq!(main.setting("deletion_protection").unwrap().value.as_deref(), Some("true"));
    let parameters = &main.parameter_group.as_ref().unwrap().parameters;
    assert_eq!(parameters["rds.logical_replication"].value.as_deref(), Some("1"));
    assert_eq!(found[1].replica_of.as_deref(), Some("Database"));
}

#[test]
fn engines_are_followed_through_constants_and_fields() {
    let expected = [
        "lib/stack.ts:5 Main aurora-postgresql 15.4",
        "lib/stack.ts:5 Restored aurora-postgresql 15.4",
        "lib/stack.ts:11 Legacy aurora-postgresql 13.9",
        "lib/stack.ts:37 Latest aurora-postgresql DatabaseClusterEngine.AURORA_POSTGRESQL at line 37: it names no version, so RDS chooses it",
        "lib/stack.ts:41 FirstCluster aurora-postgresql 16.1",
        "lib/stack.ts:42 SecondCluster aurora-postgresql 14.6",
    ];
    let found = require("cdk-typescript/aurora", None, &expected);
    assert_eq!(found[0].identifier.as_deref(), Some("data-main"));
    assert_eq!(found[0].setting("backup_retention_period").unwrap().value.as_deref(), Some("35"));
    assert_eq!(families(&found)[0], "aurora-postgresql15");
    let group = found[4].parameter_group.as_ref().unwrap();
    assert_eq!(group.name.as_deref(), Some("default.aurora-postgresql16"));
}

#[test]
fn context_of_the_cdk_is_read() {
    let expected = [
        "cdk.json:4 Main postgres 16.2",
        "cdk.json:6 users postgres 15.5",
        "cdk.json:7 events postgres 14.10",
        "src/main.ts:19 Unset postgres app.node.tryGetContext(\"elsewhere\") at line 19: cdk.json does not set it",
        "src/main.ts:20 Latest postgres DatabaseInstanceEngine.POSTGRES at line 20: it names no version, so RDS chooses it",
    ];
    let found = require("cdk-typescript/context", None, &expected);
    assert_eq!(identifiers(&found), ["-", "data-users", "data-events", "-", "-"]);
}

#[test]
fn plain_classes_and_the_first_version_are_read() {
    let expected = [
        "lib/stack.ts:8 Chosen postgres 13.4",
        "lib/stack.ts:17 Plain postgres 12.18",
        "lib/stack.ts:24 Cluster aurora-postgresql 13.12",
        "lib/stack.ts:35 Early postgres 9.6.22",
    ];
    let found = require("cdk-typescript/cfn", None, &expected);
    assert_eq!(identifiers(&found), ["-", "legacy-plain", "legacy-cluster", "-"]);
    assert_eq!(families(&found)[1], "postgres12");
}

#[test]
fn constructs_of_the_repository_are_what_they_extend() {
    let expected = [
        "apps/shop/main.ts:7 MainPostgres postgres 16.1",
        "apps/shop/main.ts:7 Replica postgres 16.1",
        "apps/shop/main.ts:10 SharedPostgres postgres 13.11",
        "apps/shop/main.ts:13 Plain postgres 15.2",
        "constructs/lib/plain.ts:8 Made postgres this.version at line 9: only a run tells",
        "constructs/lib/postgres.ts:8 OldPostgres postgres 14.12",
    ];
    let found = require("cdk-typescript/library", None, &expected);
    assert_eq!(found[0].identifier.as_deref(), Some("shop-main"));
    assert_eq!(found[1].replica_of.as_deref(), Some("MainPostgres"));
}

#[test]
fn factories_are_followed_through_whoever_passes_them_on() {
    let expected = [
        "derived/main.ts:2 sp postgres 14.4",
        "derived/special.ts:3 fixed-fx postgres 12.2",
        "singleton/factory.ts:3 acme-users postgres 15.1",
        "singleton/orders.ts:2 acme-orders postgres 16.3",
        "whole/packages/db/src/make.ts:3 svc postgres 14.2",
    ];
    require("pulumi-typescript/factories", None, &expected);
}

#[test]
fn parameters_raw_resources_and_overrides_are_read() {
    let expected = [
        "overrides.ts:8 B aurora-postgresql 15.2",
        "overrides.ts:9 A postgres 14.12",
        "overrides.ts:13 C postgres 13.13",
        "parameters.ts:6 A postgres 15.7",
        "parameters.ts:9 B postgres new cdk.CfnParameter(this, 'NoDefault') at line 7: it has no default",
        "parameters.ts:11 Raw postgres 12.3",
    ];
    require("cdk-typescript/templates", None, &expected);
}

#[test]
fn files_that_are_read_and_parsed_are_followed() {
    let expected = [
        "infra/conf/a.json:1 a postgres 15.1",
        "infra/conf/a.json:1 l postgres 15.1",
        "infra/conf/b.yaml:2 b postgres 14.10",
        "infra/index.ts:13 c postgres process.env.CONF at line 9: it depends on the environment",
        "infra/index.ts:14 j postgres JSON.parse('{\"v\": \"1\"}') at line 14: only a run tells",
    ];
    require("pulumi-typescript/files", None, &expected);
}

//! What the fixtures declare, and what happens to hostile files.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::collect::declared::testing::{declared, folder, lines, read_folder, require, try_read};
use crate::facts::Declaration;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac/terraform").join(name)
}

fn found(name: &str, stack: Option<&str>) -> Vec<Declaration> {
    read_folder(&path(name), stack)
}

/// That a fixture declares these: each line, and the identifier where it is known.
fn expect(name: &str, stack: Option<&str>, expected: &[&str]) {
    let all = found(name, stack);
    let with_identifier = |(line, one): (String, &Declaration)| match &one.identifier {
        Some(identifier) => format!("{line} ({identifier})"),
        None => line,
    };
    let lines: Vec<String> = lines(&all).into_iter().zip(&all).map(with_identifier).collect();
    assert_eq!(lines, expected, "{name}");
}

fn resource(version: &str) -> String {
    format!("resource \"aws_db_instance\" \"a\" {{\n  engine = \"postgres\"\n  engine_version = {version}\n}}\n")
}

#[test]
fn modules_of_the_registry_are_read_by_their_arguments() {
    let expected = [
        "main.tf:7 module.app postgres 16.4 (app)",
        "main.tf:30 module.reports postgres 14.10",
        "main.tf:40 module.events aurora-postgresql 15.4",
        "main.tf:51 module.chosen_by_aws postgres engine_version is not set, so RDS chooses it (chosen)",
        "main.tf:84 module.orders aurora-postgresql 15.8 (orders)",
    ];
    expect("registry-modules", None, &expected);
    let all = found("registry-modules", None);
    let family = |index: usize| all[index].parameter_group.as_ref().unwrap().family.as_ref().unwrap().value.as_deref();
    assert_eq!((family(1), family(2)), (Some("postgres14"), Some("aurora-postgresql15")));
}

#[test]
fn of_private_modules_it_is_said_what_they_are_given() {
    let expected = [
        "main.tf:4 module.app postgres 16.3",
        "main.tf:11 module.orders aurora-postgresql 15.8",
        "main.tf:14 module.by_another_name postgres module.by_another_name is not in these files: what it makes of \
         postgres_version (14.10) is not known",
        "main.tf:21 module.many postgres module.many is not in these files: what it makes of \
         databases.app.engine_version (13.14) is not known",
        "main.tf:29 module.of_some_engine postgres the engine cannot be known: module.of_some_engine is not in these \
         files and is given no engine, only engine_version (12.17)",
        "main.tf:34 module.by_default aurora-postgresql module.by_default is not in these files and is given no \
         engine_version",
    ];
    expect("private-modules", None, &expected);
}

#[test]
fn types_of_variables_fill_in_what_is_left_out() {
    let expected = [
        "modules/postgres/main.tf:8 module.db[\"users\"].aws_db_instance.this postgres 14.10 (users-db)",
        "modules/postgres/main.tf:20 module.db.aws_db_instance.this postgres var.engine_version has no default and no \
         tfvars file sets it (dev-db)",
        "prod/main.tf:11 module.db[\"orders\"].aws_db_instance.replica[0] postgres 15.6 (orders-replica-0)",
        "prod/main.tf:11 module.db[\"orders\"].aws_db_instance.replica[1] postgres 15.6 (orders-replica-1)",
        "prod/main.tf:11 module.db[\"orders\"].aws_db_instance.this postgres 15.6 (orders-db)",
        "prod/main.tf:13 module.db[\"old\"].aws_db_instance.this postgres 16.3 (old-db)",
    ];
    expect("local-modules", None, &expected);
    let all = found("local-modules", None);
    assert_eq!(all[2].replica_of.as_deref(), Some("module.db[\"orders\"].aws_db_instance.this"));
    assert_eq!(all[5].parameter_group.as_ref().unwrap().name.as_deref(), Some("old-group"));
}

#[test]
fn the_stack_decides_between_workspaces_and_files() {
    let prod = [
        "main.tf:5 aws_db_instance.main postgres 14.10 (app-prod)",
        "main.tf:23 aws_db_instance.prod_only postgres 12.17",
    ];
    expect("workspaces", Some("prod"), &prod);
    expect("workspaces", Some("staging"), &["main.tf:6 aws_db_instance.main postgres 16.3 (app-staging)"]);
    let all = lines(&found("workspaces", None));
    assert!(all[0].ends_with("terraform.workspace at main.tf:17: no stack given"), "{all:?}");
    let orders = "databases.auto.tfvars:4 aws_db_instance.each[\"orders\"] postgres 14.10 (orders)";
    let users = "databases.auto.tfvars:6 aws_db_instance.each[\"users\"] postgres 16.3 (users)";
    let reports = "terraform.tfvars.json:4 aws_db_instance.reports postgres 15.6";
    let main = "main.tf:17 aws_db_instance.main postgres var.engine_version is 12.17, unless \
                env/prod/eu-west-1/terraform.tfvars applies: no stack given";
    expect("variable-files", None, &[orders, users, main, reports]);
    let main = "env/prod/eu-west-1/terraform.tfvars:1 aws_db_instance.main postgres 13.14";
    expect("variable-files", Some("prod"), &[orders, users, main, reports]);
}

#[test]
fn functions_and_files_are_evaluated() {
    let expected = [
        "VERSION:1 aws_db_instance.text postgres 14.9",
        "databases.yaml:4 aws_db_instance.yaml postgres 16.6 (orders-db)",
        "main.tf:4 aws_db_instance.coalesce postgres 14.10",
        "main.tf:4 aws_db_instance.element postgres 14.10",
        "main.tf:12 aws_db_instance.format postgres 16.3",
        "main.tf:17 aws_db_instance.join postgres 16.4",
        "main.tf:27 aws_db_instance.lookup postgres 15.7",
        "main.tf:32 aws_db_instance.merge postgres 16.1",
        "main.tf:42 aws_db_instance.try postgres 15.5",
        "main.tf:45 aws_db_instance.try_null postgres engine_version is not set, so RDS chooses it",
        "main.tf:66 aws_db_instance.elsewhere postgres file(\"/etc/hostname\") at main.tf:68: only a run tells",
        "main.tf:73 aws_db_instance.lower postgres 16.2",
        "pinned.json:3 aws_db_instance.json postgres 13.13",
    ];
    expect("functions", None, &expected);
}

#[test]
fn loops_are_unrolled() {
    let expected = [
        "main.tf:3 aws_db_instance.this[\"orders\"] postgres 16.3 (orders-db)",
        "main.tf:4 aws_db_instance.this[\"users\"] postgres 14.10 (users-db)",
        "main.tf:28 aws_db_instance.counted[0] postgres 15.6",
        "main.tf:28 aws_db_instance.counted[1] postgres 13.14",
        "main.tf:40 aws_db_instance.same postgres 12.17",
        "main.tf:71 aws_db_instance.asked_for postgres var.versions[count.index] at main.tf:74: count.index at \
         main.tf:74: it differs from one instance to the next",
    ];
    expect("loops", None, &expected);
    let all = found("loops", None);
    let group = all[4].parameter_group.as_ref().unwrap();
    let parameters: Vec<_> =
        group.parameters.iter().map(|(name, stated)| (name.as_str(), stated.value.as_deref().unwrap())).collect();
    let expected = [
        ("log_min_duration_statement", "500"),
        ("rds.force_ssl", "1"),
        ("shared_preload_libraries", "pg_stat_statements"),
        ("work_mem", "65536"),
    ];
    assert_eq!(parameters, expected);
}

#[test]
fn clusters_and_replicas_take_what_others_say() {
    let expected = [
        "main.tf:4 aws_rds_cluster.primary aurora-postgresql 15.4 (orders-eu)",
        "main.tf:4 aws_rds_cluster.secondary aurora-postgresql 15.4 (orders-us)",
        "main.tf:37 aws_rds_cluster.adopted aurora-postgresql aws_rds_global_cluster.adopted is only known to AWS \
         (adopted)",
        "main.tf:67 awscc_rds_db_instance.alone postgres 16.3 (alone)",
    ];
    expect("global", None, &expected);
    let expected = [
        "main.tf:8 aws_db_instance.main postgres 14.10",
        "main.tf:8 aws_db_instance.same postgres 14.10 (same)",
        "main.tf:19 aws_db_instance.ahead postgres 15.6 (ahead)",
        "main.tf:23 aws_db_instance.each[\"blue\"] postgres 13.14 (each-blue)",
        "main.tf:23 aws_db_instance.each[\"green\"] postgres 16.3 (each-green)",
        "main.tf:23 aws_db_instance.of_green postgres 16.3 (of-green)",
        "main.tf:34 aws_db_instance.elsewhere postgres the engine cannot be known: the database that it replicates is \
         not declared here (elsewhere)",
        "main.tf:43 aws_db_instance.restored postgres 16.2 (restored)",
        "main.tf:47 aws_db_instance.restored_as_it_was postgres the engine cannot be known: it is restored from a \
         snapshot (as-it-was)",
    ];
    expect("replicas", None, &expected);
    assert_eq!(found("replicas", None)[5].replica_of.as_deref(), Some("aws_db_instance.each[\"green\"]"));
}

#[test]
fn what_is_said_in_passing_is_not_taken() {
    let expected = [
        "main.tf:17 aws_db_instance.asked postgres data.aws_rds_engine_version.latest.version at main.tf:20: only \
         known to AWS (asked)",
        "main.tf:25 aws_db_instance.ignored postgres 14.10",
        "main.tf:38 aws_db_instance.all_ignored postgres 13.14",
        "main.tf:47 aws_db_instance.kept postgres 15.6",
        "main.tf:73 aws_db_instance.unset postgres engine_version is not set, so RDS chooses it",
    ];
    expect("lifecycle", None, &expected);
    let all = found("lifecycle", None);
    let ignored: Vec<Option<u32>> =
        all.iter().map(|one| one.setting("ignored_version").map(|stated| stated.line)).collect();
    assert_eq!(ignored, [None, Some(29), Some(41), None, None]);
}

#[test]
fn json_is_another_way_to_write_the_same() {
    let expected = [
        "main.tf.json:11 aws_db_instance.variable postgres 14.10 (app-main)",
        "main.tf.json:14 aws_db_instance.optional postgres 13.14",
        "main.tf.json:36 aws_db_instance.literal postgres 15.6",
        "main.tf.json:41 aws_db_instance.template postgres 16.3",
        "main.tf.json:51 aws_db_instance.unknown postgres data.aws_ssm_parameter.version.value at main.tf.json:53: \
         only known to AWS",
        "main.tf.json:81 module.reports postgres 12.17",
        "native.tf:3 aws_db_instance.native postgres 16.4",
    ];
    expect("json-syntax", None, &expected);
    let variable = &found("json-syntax", None)[0];
    assert_eq!(variable.setting("ignored_version").unwrap().line, 29);
    assert_eq!(variable.parameter_group.as_ref().unwrap().parameters.len(), 2);
    let json = "{\"resource\": {\"aws_db_instance\":\n{";
    let found = declared(&[("a.tf.json", json), ("b.tf", &resource("\"16.3\""))], None);
    assert!(found[0].starts_with("a.tf.json:2 a.tf.json postgres file does not parse: "), "{found:?}");
    assert_eq!(found[1], "b.tf:3 aws_db_instance.a postgres 16.3");
}

#[test]
fn units_of_terragrunt_are_calls_of_modules() {
    let expected = [
        "live/_common/postgres.hcl:2 billing.aws_db_instance.this postgres 13.14 (orders-prod)",
        "live/prod/ledger/terragrunt.hcl:13 ledger postgres 15.6 (ledger)",
        "live/prod/orders/terragrunt.hcl:15 orders.aws_db_instance.this postgres 16.3 (orders-prod)",
    ];
    expect("terragrunt", None, &expected);
    let inputs = "inputs = {\n  v = \"16.3\"\n}\n";
    let main = resource("var.v") + "variable \"v\" {\n}\n";
    let name = "aws_db_instance.a postgres";
    let files = [("main.tf", &*main), ("terragrunt.hcl", inputs), ("terraform.tfvars", "v = \"14.10\"\n")];
    require(&files[..2], None, &[&format!("terragrunt.hcl:2 {name} 16.3")]);
    require(&files, None, &[&format!("terraform.tfvars:1 {name} 14.10")]);
    let unit = "include {\n  path = find_in_parent_folders()\n}\nterraform {\n  source = \"git::https://git.example.com/rds-postgres.git\"\n}\n";
    let lost = "db/terragrunt.hcl:5 db postgres include at db/terragrunt.hcl:1 may set it";
    require(&[("db/terragrunt.hcl", unit)], None, &[lost]);
}

#[test]
fn files_of_terragrunt_are_followed_to_where_they_lead() {
    let live = |name: &str| format!("terragrunt-live/{name}");
    let expected = [
        "prod/env.hcl:3 rds.aws_db_instance.this postgres 15.4 (prod-orders)",
        "stage/env.hcl:3 rds.aws_db_instance.this postgres 16.1 (stage-orders)",
    ];
    expect(&live("levels"), None, &expected);
    let expected = [
        "_envcommon/postgres.hcl:12 pg postgres 14.7 (pg-prod)",
        "live/dev/pg/terragrunt.hcl:12 pg postgres 16.2 (pg-dev)",
    ];
    expect(&live("common"), None, &expected);
    expect(&live("yaml"), None, &["live/common.yaml:2 db postgres 15.3 (app)"]);
    let expected =
        ["common_vars.yaml:2 db aurora-postgresql 15.5 (prod-db)", "db2/terragrunt.hcl:11 db2 postgres 15.6 (db2)"];
    expect(&live("exposed"), None, &expected);
    let expected =
        ["m/main.tf:2 b.aws_db_instance.t postgres 12.2 (b)", "root.hcl:4 a.aws_db_instance.t postgres 14.4 (a)"];
    expect(&live("deep"), None, &expected);
    let expected = [
        "common.tfvars:1 a.aws_db_instance.this postgres 15.4 (a)",
        "live/b/terragrunt.hcl:8 b.aws_db_instance.this postgres 15.9 (b)",
        "live/c/extra.tfvars:1 c.aws_db_instance.this postgres 16.4 (c)",
    ];
    expect(&live("var-files"), None, &expected);
    let unit = |inputs: &str| format!("terraform {{\n  source = \"tfr:///acme/rds/aws\"\n}}\n{inputs}");
    let ask = |inputs: &str, other: &str| {
        declared(
            &[
                ("pg/terragrunt.hcl", &unit(inputs)),
                ("env.hcl", other),
                ("pg/deep.hcl", "inputs = { a = { engine_version = 16 } }"),
            ],
            None,
        )
    };
    let engine = "inputs = {\n  engine = \"postgres\"\n  engine_version =";
    for (version, expected) in [
        ("get_env(\"PG\", \"16.3\")\n}", "get_env(\"PG\", \"16.3\") at terragrunt.hcl:6: only a run tells"),
        ("dependency.x.outputs.version\n}", "dependency.x.outputs.version at terragrunt.hcl:6: only a run tells"),
        ("read_terragrunt_config(\"../env.hcl\").locals.v\n}", "16.3"),
        ("read_terragrunt_config(\"none.hcl\", { locals = { v = 15 } }).locals.v\n}", "15"),
        ("read_terragrunt_config(\"../env.hcl\").inputs.v\n}", "14.10"),
    ] {
        let found = ask(&format!("{engine} {version}"), "locals {\n  v = \"16.3\"\n}\ninputs = { v = \"14.10\" }");
        assert!(found.len() == 1 && found[0].ends_with(&format!("pg postgres {expected}")), "{found:?}");
    }
    // Files that read each other, and a unit that includes itself.
    let ring = "locals {\n  v = read_terragrunt_config(\"env.hcl\").locals.v\n}";
    let found = ask(&format!("{engine} read_terragrunt_config(\"../env.hcl\").locals.v\n}}"), ring);
    assert!(found.len() == 1 && found[0].contains("pg postgres "), "{found:?}");
    let found = ask("include {\n  path = \"terragrunt.hcl\"\n}", "");
    assert!(found[0].ends_with("include at pg/terragrunt.hcl:4 may set it"), "{found:?}");
}

#[test]
fn the_first_syntax_and_patterns_are_evaluated() {
    let expected = [
        "main.tf:10 aws_db_instance.main postgres 9.6.24 (prod-main)",
        "main.tf:10 aws_db_instance.replica postgres 9.6.24 (prod-replica-01)",
        "main.tf:32 aws_db_instance.legacy postgres 10.21",
    ];
    expect("first-syntax", None, &expected);
    let expected = [
        "main.tf:1 aws_db_instance.a postgres 15",
        "main.tf:1 aws_db_instance.b postgres 15",
        "main.tf:1 aws_db_instance.d postgres 15.4",
        "main.tf:17 aws_db_instance.c postgres 15.4",
        "main.tf:25 aws_db_instance.e postgres 16",
        "main.tf:29 aws_db_instance.f postgres 15",
    ];
    expect("patterns", None, &expected);
    let expected = [
        "databases/orders.yaml:2 aws_db_instance.db[\"orders\"] postgres 15.4 (orders)",
        "databases/users.yaml:3 aws_db_instance.db[\"users\"] postgres 16.1 (users)",
    ];
    expect("file-sets", None, &expected);
    let expected = [
        "main.tf:9 module.master postgres 14.10 (complete-postgresql-master)",
        "main.tf:9 module.replica postgres 14.10 (complete-postgresql-replica)",
        "main.tf:9 module.replica_bare postgres 14.10 (bare)",
        "main.tf:56 module.prefixed postgres 15",
    ];
    expect("registry-replicas", None, &expected);
    let expected = [
        "main.tf:4 module.primary.aws_db_instance.this postgres 15.4 (main)",
        "main.tf:4 module.replica.aws_db_instance.this postgres 15.4 (main-replica)",
    ];
    expect("replica-modules", None, &expected);
}

#[test]
fn what_multiplies_or_is_deep_ends() {
    let list = format!("locals {{\n  l = [{}]\n  t = \"{}\"\n}}\n", "1, ".repeat(500), ",".repeat(1000));
    for version in [
        "[for a in local.l : [for b in local.l : [for c in local.l : [for d in local.l : \"x\"]]]][0]",
        "[for a in local.l : [for b in local.l : split(\",\", local.t)]][0][0][0]",
        "[for a in [local.l] : [for b in local.l : [for c in local.l : a]]][0][0][0]",
    ] {
        assert_eq!(declared(&[("a.tf", &(resource(version) + &list))], None).len(), 1);
    }
    let chain = |link: fn(usize) -> String| {
        let locals: Vec<String> = (0..200).map(|index| format!("  v{index} = {}\n", link(index + 1))).collect();
        let locals = locals.concat();
        declared(&[("a.tf", &(resource("local.v0") + "locals {\n" + &locals + "}\n"))], None)
    };
    let links: [fn(usize) -> String; 3] = [
        |next| format!("one([for x in [local.v{next}] : x])"),
        |next| format!("try({{ v = lower(local.v{next}) }}.v, \"${{local.v{next}}}\")"),
        |next| format!("one([local.v{next}][*])"),
    ];
    for link in links {
        let found = chain(link);
        assert!(found.len() == 1 && found[0].contains("it refers too far"), "{found:?}");
    }
    let n = 100_000;
    let nested = format!("\"{}1{}\"", "${upper(\\\"".repeat(200), "\\\")}".repeat(200));
    for version in [
        "[".repeat(n),
        "{\"a\":".repeat(n),
        format!("\"{}\"", "${".repeat(n)),
        format!("\"{}\"", "a".repeat(n)),
        format!("\"{}\"", "${".repeat(400)),
        nested,
    ] {
        let json = format!(
            "{{\"resource\": {{\"aws_db_instance\": {{\"a\": {{\"engine\": \"postgres\", \"engine_version\": {version}}}}}}}}}"
        );
        assert_eq!(declared(&[("a.tf.json", &json)], None).len(), 1);
    }
}

fn changed(text: &str, at: usize, cut: usize, with: &str) -> String {
    let start = text.floor_char_boundary(text.len() * at / 1000);
    let end = text.floor_char_boundary((start + cut).min(text.len()));
    format!("{}{with}{}", &text[..start], &text[end.max(start)..])
}

const CHANGED: [&str; 7] = [
    "functions/main.tf",
    "loops/main.tf",
    "json-syntax/main.tf.json",
    "terragrunt/live/prod/orders/terragrunt.hcl",
    "terragrunt-live/levels/prod/rds/terragrunt.hcl",
    "patterns/main.tf",
    "private-modules/main.tf",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..40_usize, with in "(?s)[\\[\\](){}\"$%=?:,*.a \n]{0,6}|(?s).{0,3}") {
        for name in CHANGED {
            let text = changed(&std::fs::read_to_string(path(name)).unwrap(), at, cut, &with);
            let root = std::fs::read_to_string(path("terragrunt-live/levels/root.hcl")).unwrap();
            let root = changed(&root, at, cut, &with);
            let folder = folder(&[(name.rsplit('/').next().unwrap(), &text), ("root.hcl", &root), ("env.hcl", &root)]);
            lines(&try_read(folder.path(), Some("prod")).unwrap());
        }
    }
}

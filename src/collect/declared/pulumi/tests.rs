use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::collect::declared::testing::{declared, folder, lines, read_folder, require, require_none};
use crate::facts::Declaration;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac/pulumi-yaml").join(name)
}

fn found(name: &str, stack: Option<&str>) -> Vec<Declaration> {
    read_folder(&fixture(name), stack)
}

fn identifiers(found: &[Declaration]) -> Vec<&str> {
    found.iter().map(|one| one.identifier.as_deref().unwrap_or("-")).collect()
}

#[test]
fn the_stacks_file_wins_over_the_programs_default() {
    let production = found("shop", Some("acme/shop/production"));
    let expected =
        ["Pulumi.production.yaml:4 database postgres 16.3", "Pulumi.production.yaml:4 reporting postgres 16.3"];
    assert_eq!(lines(&production), expected);
    assert_eq!(identifiers(&production), ["shop-production-db", "shop-production-reporting"]);
    assert_eq!(production[1].replica_of.as_deref(), Some("database"));
    let group = production[0].parameter_group.as_ref().unwrap();
    assert_eq!((group.resource.as_str(), group.name.as_deref()), ("parameters", Some("shop-production-pg16")));
    assert_eq!(group.parameters["rds.logical_replication"].value.as_deref(), Some("1"));
    assert_eq!(production[0].setting("allow_major_version_upgrade").unwrap().value.as_deref(), Some("true"));

    let staging = ["Pulumi.yaml:7 database postgres 14.9", "Pulumi.yaml:7 reporting postgres 14.9"];
    assert_eq!(lines(&found("shop", Some("staging"))), staging);
    let lost = "${databaseVersion} at line 35: no stack given, of production, staging";
    let expected =
        [format!("Pulumi.yaml:30 database postgres {lost}"), format!("Pulumi.yaml:43 reporting postgres {lost}")];
    assert_eq!(lines(&found("shop", None)), expected);
}

#[test]
fn a_program_may_be_elsewhere_than_its_project() {
    let warehouse = found("warehouse", None);
    assert_eq!(lines(&warehouse), ["program/Main.yaml:11 cluster aurora-postgresql 15.4"]);
    assert_eq!(identifiers(&warehouse), ["warehouse"]);
    assert_eq!(warehouse[0].setting("ignored_version").unwrap().line, 20);
    let group = warehouse[0].parameter_group.as_ref().unwrap();
    assert_eq!(group.family.as_ref().unwrap().value.as_deref(), Some("aurora-postgresql15"));
}

#[test]
fn what_only_a_run_tells_has_a_reason() {
    let expected = [
        "Pulumi.yaml:13 app postgres fn::invoke at line 4: only a run tells",
        "Pulumi.yaml:26 copy postgres the engine cannot be known: ${shared.engine} at line 29: only known to AWS",
        "Pulumi.yaml:31 bare postgres engineVersion is not set, so RDS chooses it",
        "Pulumi.yaml:35 wanted postgres the engine cannot be known: ${wantedEngine} at line 38: no stack given",
    ];
    assert_eq!(lines(&found("lookups", None)), expected);
}

#[test]
fn reads_the_native_provider_and_json() {
    let native = found("native", None);
    let expected = ["Pulumi.json:4 orders postgres 16.2", "Pulumi.json:21 cluster aurora-postgresql 15.5"];
    assert_eq!(lines(&native), expected);
    assert_eq!(identifiers(&native), ["orders", "ledger"]);
    let group = native[0].parameter_group.as_ref().unwrap();
    assert_eq!((group.resource.as_str(), group.parameters["work_mem"].line), ("group", 8));
}

#[test]
fn reads_components_and_the_operators_programs() {
    let expected = [
        "PulumiPlugin.yaml:11 primary postgres ${engineVersion} at line 15: it is an input of database",
        "PulumiPlugin.yaml:20 audit postgres 15.7",
        "operator.yaml:7 metrics postgres 16.1",
        "operator.yaml:19 copies postgres 16.2",
    ];
    assert_eq!(lines(&found("component", None)), expected);
}

#[test]
fn a_stack_without_a_file_takes_the_defaults() {
    let program = "name: p\nruntime: yaml\nconfig:\n  p:v: { default: \"16.3\" }\nresources:\n  a:\n    type: aws:rds:Instance\n    properties: { engine: postgres, engineVersion: \"${v}\" }\n";
    require(&[("Pulumi.yaml", program)], None, &["Pulumi.yaml:4 a postgres 16.3"]);
    require(&[("Pulumi.yaml", program), ("Pulumi.dev.yaml", "")], Some("x"), &["Pulumi.yaml:4 a postgres 16.3"]);
    let secret = "config:\n  p:v: { secure: AAAB }\n";
    let lost = "Pulumi.yaml:6 a postgres ${v} at line 8: p:v is a secret in Pulumi.dev.yaml";
    require(&[("Pulumi.yaml", program), ("Pulumi.dev.yaml", secret)], None, &[lost]);
}

#[test]
fn what_is_not_there_is_not_taken() {
    for text in [
        "resources:\n  a: aws:rds:Instance\n",
        "resources:\n  - type: aws:rds:Instance\n",
        "resources:\n  a:\n    type: aws:rds:Snapshot\n    properties: { engine: postgres }\n",
        "resources:\n  a:\n    type: gcp:rds:Instance # aws:rds\n    properties: { engine: postgres }\n",
        "resources:\n  a:\n    type: aws:rds:Instance\n    properties: { engineVersion: 16.3 }\n",
        "# aws:rds:Instance\nresources: {}\n",
        "description: |\n  resources:\n    a: { type: \"aws:rds:Instance\" }\n",
    ] {
        require_none(&[("Pulumi.yaml", text)]);
    }
}

#[test]
fn hostile_programs_end() {
    let program = |version: &str, variables: &str| {
        let head = "resources:\n  a:\n    type: aws:rds:Instance\n    properties:\n      engine: postgres\n";
        let text = format!("{head}      engineVersion: {version}\nvariables:\n{variables}");
        let found = declared(&[("Pulumi.yaml", &text)], None);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    };
    assert!(program("${x}", "  x: ${y}\n  y: ${x}\n").contains("it refers too far"));
    assert!(program("${a.engineVersion}", "  x: 1\n").contains("only known to AWS"));
    let doubling = (0..90).map(|i| format!("  v{i}: ${{v{0}}}${{v{0}}}\n", i + 1)).collect::<Vec<_>>().concat();
    assert!(program("${v0}", &(doubling + "  v90: x\n")).contains("a text too long"));
    let tags =
        (0..90).map(|i| format!("  v{i}: &v{i} [*v{0}, *v{0}, *v{0}]\n", i.max(1) - 1)).collect::<Vec<_>>().concat();
    assert!(program("16", &tags.replacen("[*v0, *v0, *v0]", "[x, x]", 1)).ends_with(" 16"));
    program(&"${".repeat(250_000), "  x: 1\n");
    program(&format!("\"{}\"", "$$".repeat(250_000)), "  x: 1\n");
    program("16", &format!("  x: {}", "[".repeat(250_000)));
}

const SHOP: &str = include_str!("../../../../fixtures/iac/pulumi-yaml/shop/Pulumi.yaml");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_any_change(at in 0..SHOP.len(), cut in 0..40_usize, with in "[\\[\\]{}$.:&*<!\" \n-]{0,6}|(?s).{0,3}") {
        let start = SHOP.floor_char_boundary(at);
        let end = SHOP.floor_char_boundary((start + cut).min(SHOP.len()));
        let text = format!("{}{with}{}", &SHOP[..start], &SHOP[end..]);
        lines(&read_folder(folder(&[("Pulumi.yaml", &text)]).path(), Some("x")));
    }
}

use std::path::Path;

use proptest::prelude::*;

use crate::collect::declared::testing::{declared, folder, lines, read_folder, require, require_none};
use crate::facts::{Declaration, Tool};

fn found(name: &str) -> Vec<Declaration> {
    read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac").join(name), None)
}

/// What is declared, with the identifiers where they are known.
fn shown(found: &[Declaration]) -> Vec<String> {
    let identifier = |one: &Declaration| one.identifier.as_ref().map_or(String::new(), |name| format!(" = {name}"));
    lines(found).into_iter().zip(found).map(|(line, one)| line + &identifier(one)).collect()
}

#[test]
fn reads_upbounds_kinds() {
    let all = found("crossplane/upbound");
    let expected = [
        "databases.yaml:12 shop postgres 15.7 = shop-prod",
        "databases.yaml:12 shop-replica postgres 15.7 = shop-replica",
        "databases.yaml:40 ledger- aurora-postgresql 15.4",
        "databases.yaml:72 frozen postgres 13.14 = frozen",
    ];
    assert_eq!(shown(&all), expected);
    assert!(all.iter().all(|one| one.tool == Some(Tool::Crossplane)));
    assert_eq!(all[1].replica_of.as_deref(), Some("shop"));
    let group = all[0].parameter_group.as_ref().unwrap();
    assert_eq!(group.family.as_ref().unwrap().value.as_deref(), Some("postgres15"));
    assert_eq!(group.parameters["rds.force_ssl"].file, "groups.yaml");
    assert_eq!(all[0].setting("allow_major_version_upgrade").unwrap().value.as_deref(), Some("true"));
    let inert = |one: &Declaration| one.setting("ignored_version").map(|stated| stated.line);
    assert_eq!(all.iter().map(inert).collect::<Vec<_>>(), [None, None, Some(40), Some(71)]);
}

#[test]
fn reads_the_communitys_kinds_in_lists() {
    let all = found("crossplane/community");
    let expected = [
        "list.yaml:11 metrics aurora-postgresql 14.9 = metrics",
        "list.yaml:39 crm postgres 16 = crm-live",
        "list.yaml:47 old postgres 9.6 = old",
    ];
    assert_eq!(shown(&all), expected);
    let group = all[0].parameter_group.as_ref().unwrap();
    assert_eq!(group.parameters["log_min_duration_statement"].value.as_deref(), Some("500"));
    assert_eq!(all[1].setting("ignored_version").unwrap().line, 35);
    for (name, line) in [("apply_immediately", 48), ("skip_final_snapshot", 49)] {
        assert_eq!(all[2].setting(name).unwrap().line, line);
    }
}

#[test]
fn patches_of_compositions_take_the_version_away() {
    let expected = [
        "patches.yaml:20 chosen postgres a patch at line 12 sets it from spec.parameters.version, else it is 14.9",
        "patches.yaml:41 fixed postgres 15.5 = fixed-db",
        "patches.yaml:49 engine aurora-postgresql the engine cannot be known: a patch at line 56 sets it from spec.forProvider",
        "pipeline.yaml:16 instance postgres a patch at line 23 sets it",
        "pipeline.yaml:31 templates postgres the engine cannot be known: function-go-templating at line 31: only a run tells",
    ];
    assert_eq!(shown(&found("crossplane/compositions")), expected);
}

#[test]
fn templates_of_helm_are_never_silently_nothing() {
    let all = shown(&found("crossplane/helm"));
    let broken = "templates/database.yaml:1 database.yaml postgres file does not parse, since Helm fills it in: ";
    assert!(all[0].starts_with(broken), "{all:?}");
    let expected = [
        "templates/quoted.yaml:1 {{ .Release.Name }}-quoted postgres {{ .Values.database.version }} at line 8: it is filled in by Helm",
        "templates/quoted.yaml:10 bare postgres the engine cannot be known: {{ … }} at line 16: it is filled in by Helm = bare",
        "templates/quoted.yaml:19 flux postgres ${postgres_version} at line 26: it is filled in before it is applied = flux",
    ];
    assert_eq!(all[1..], expected);
}

#[test]
fn overlays_of_kustomize_have_the_engine_of_their_base() {
    let all = found("crossplane/kustomize");
    let lost = "the engine cannot be known: it is not written here, as in a patch of Kustomize";
    let expected = [
        "base/database.yaml:8 app postgres 14.11 = app".to_owned(),
        "overlays/production/database.yaml:7 app postgres 16.3 = app".to_owned(),
        format!("overlays/production/database.yaml:18 elsewhere postgres {lost} = elsewhere"),
    ];
    assert_eq!(shown(&all), expected);
    assert_eq!(all[1].setting("deletion_protection").unwrap().line, 8);
}

#[test]
fn reads_the_controllers_kinds() {
    let all = found("ack/instances");
    let expected = [
        "orders.yaml:10 orders postgres 16.3 = orders-prod",
        "orders.yaml:10 orders-replica postgres 16.3 = orders-replica",
    ];
    assert_eq!(shown(&all), expected);
    assert!(all.iter().all(|one| one.tool == Some(Tool::Ack)));
    assert_eq!(all[1].replica_of.as_deref(), Some("orders"));
    let group = all[0].parameter_group.as_ref().unwrap();
    assert_eq!((group.name.as_deref(), group.parameters.len()), (Some("orders-pg16"), 2));

    let all = found("ack/aurora");
    assert_eq!(shown(&all), ["cluster.yaml:8 ledger aurora-postgresql 15 = ledger"]);
    assert_eq!(all[0].parameter_group.as_ref().unwrap().resource, "ledger");
}

#[test]
fn reads_manifests_within_manifests() {
    let expected = [
        "definition.yaml:14 ${schema.spec.name} postgres ${schema.spec.version} at line 22: it is filled in before it is applied",
        "definition.yaml:32 audit postgres 15.7 = audit",
    ];
    assert_eq!(shown(&found("ack/kro")), expected);
}

#[test]
fn manifests_of_the_same_name_are_told_apart() {
    let all = found("ack/environments");
    let expected = [
        "dev.json:5 app postgres 17.2 = app-dev",
        "prod.yaml:1 app postgres engineVersion is not set, so RDS chooses it = app-prod",
        "prod.yaml:26 wrapped postgres 16.10 = wrapped",
    ];
    assert_eq!(shown(&all), expected);
    assert!(all[0].parameter_group.is_none());
    assert_eq!(all[1].parameter_group.as_ref().unwrap().name.as_deref(), Some("app-prod"));
}

#[test]
fn what_only_looks_like_it_is_not_taken() {
    assert_eq!(shown(&found("crossplane/lookalikes")), Vec::<String>::new());
    assert_eq!(shown(&found("ack/lookalikes")), Vec::<String>::new());
    for text in [
        "{{ if x }}\narn: arn:aws:rds:eu-central-1:1:db:x\n- y: [\n",
        "{{- if x }}\nkind: CustomResourceDefinition\nname: instances.rds.aws.upbound.io\nspec: { names: { kind: Instance } }\n",
        "- rds.aws.upbound.io/v1beta1\n: [",
        "apiVersion: rds.aws.upbound.io/v1beta1\nkind: Instances\nspec: {",
        "apiVersion: rds.aws.upbound.io/v1beta1\nkind: Instance\n",
        "apiVersion: rds.aws.upbound.io/v1beta1\nkind: [Instance]\n",
        "apiVersion: rds.aws.upbound.io\nkind: Instance\nspec: { forProvider: { engine: postgres } }\n",
        "kind: List\nitems: rds.aws.upbound.io/v1\n",
    ] {
        require_none(&[("a.yaml", text)]);
    }
    let text = "apiVersion: rds.aws.upbound.io/v1beta1\nkind: Instance\nspec: { forProvider: { engine: postgres }";
    assert!(declared(&[("a.yaml", text)], None)[0].contains("a.yaml postgres file does not parse: "));
}

#[test]
fn anchors_and_odd_values_are_followed_or_unknown() {
    let manifest = |spec: &str| {
        format!("apiVersion: rds.aws.upbound.io/v1beta1\nkind: Instance\nmetadata: {{ name: a }}\nspec: {spec}\n")
    };
    for (spec, expected) in [
        ("{ x: &x { engine: postgres, engineVersion: 16.10 }, forProvider: { <<: *x } }", "a.yaml:4 a postgres 16.10"),
        (
            "{ forProvider: { engine: postgres, engineVersion: null } }",
            "a.yaml:1 a postgres engineVersion is not set, so RDS chooses it",
        ),
        ("{ forProvider: { engine: postgres, engineVersion: [16] } }", "a.yaml:1 a postgres it is no text at line 4"),
        (
            "{ forProvider: { engine: [postgres] } }",
            "a.yaml:1 a postgres the engine cannot be known: it is no text at line 4",
        ),
        (
            "{ forProvider: \"${all}\" }",
            "a.yaml:1 a postgres the engine cannot be known: ${all} at line 4: it is filled in before it is applied",
        ),
    ] {
        require(&[("a.yaml", &manifest(spec))], None, &[expected]);
    }
}

#[test]
fn hostile_manifests_end() {
    let head = "apiVersion: rds.aws.upbound.io/v1beta1\nkind: Instance\nspec:\n  forProvider: { engine: postgres, engineVersion: \"16\" }\n";
    let n = 250_000;
    for rest in ["[".repeat(n), "- ".repeat(n), "(".repeat(n), "{{".repeat(n), "x: &a [*a, *a]\n".repeat(1000)] {
        assert_eq!(declared(&[("a.yaml", &format!("{head}x: {rest}"))], None).len(), 1);
    }
    let many = format!("{head}---\n").repeat(3000);
    assert_eq!(declared(&[("a.yaml", &many)], None).len(), 3000);
    let lists = "{ kind: List, items: [".repeat(20) + &"]}".repeat(20);
    require_none(&[("a.yaml", &format!("# rds.aws\n{lists}"))]);
}

const UPBOUND: &str = include_str!("../../../../fixtures/iac/crossplane/upbound/databases.yaml");
const PATCHES: &str = include_str!("../../../../fixtures/iac/crossplane/compositions/patches.yaml");

fn changed(text: &str, at: usize, cut: usize, with: &str) -> String {
    let start = text.floor_char_boundary(text.len() * at / 1000);
    let end = text.floor_char_boundary((start + cut).min(text.len()));
    format!("{}{with}{}", &text[..start], &text[end..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..60_usize, with in "[\\[\\]{}$.:&*<!\" \n-]{0,6}|(?s).{0,3}") {
        let (one, other) = (changed(UPBOUND, at, cut, &with), changed(PATCHES, at, cut, &with));
        lines(&read_folder(folder(&[("a.yaml", &one), ("b.yaml", &other)]).path(), None));
    }
}

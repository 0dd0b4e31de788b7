use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::collect::declared::testing::{declared, folder, lines, read_folder, require_none, try_read};
use crate::facts::Declaration;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac").join(name)
}

fn found(name: &str) -> Vec<Declaration> {
    read_folder(&path(name), None)
}

/// The lines of a fixture, each followed by what else a state knows: the identifier and the version that runs.
fn known(name: &str) -> Vec<String> {
    let all = found(name);
    let more = all
        .iter()
        .map(|one| format!("({} {})", one.identifier.as_deref().unwrap_or("-"), one.actual.as_deref().unwrap_or("-")));
    lines(&all).into_iter().zip(more).map(|(line, more)| format!("{line} {more}")).collect()
}

#[test]
fn exported_stacks_say_what_is_declared_and_what_runs() {
    let expected = [
        "stack.json:83 app postgres 14.10 (shop-prod 14.12)",
        "stack.json:83 app-replica postgres 14.10 (shop-replica 14.12)",
    ];
    assert_eq!(known("pulumi-state/export"), expected);
    let all = found("pulumi-state/export");
    let group = all[0].parameter_group.as_ref().unwrap();
    assert_eq!((group.resource.as_str(), group.name.as_deref()), ("pg14", Some("shop-prod-pg14")));
    assert_eq!(group.parameters["rds.logical_replication"].value.as_deref(), Some("1"));
    assert_eq!(all[1].replica_of.as_deref(), Some("app"));
    assert_eq!(all[0].setting("deletion_protection").unwrap().value.as_deref(), Some("true"));
    let expected = [
        "prod.json:1 analytics aurora-postgresql engineVersion is not set, so RDS chooses it (analytics 16.4)",
        "prod.json:1 main aurora-postgresql 15.4 (orders 15.8)",
        "prod.json:1 vault aurora-postgresql engineVersion is a secret (vault -)",
    ];
    assert_eq!(known("pulumi-state/aurora"), expected);
    assert!(found("pulumi-state/aurora")[1].setting("ignored_version").is_some());
    let expected = [
        "staging.json:33 ledger postgres 16 (ledger 16.6)",
        "staging.json:51 books aurora-postgresql 16.4 (books 16.4)",
    ];
    assert_eq!(known("pulumi-state/checkpoint"), expected);
}

#[test]
fn previews_say_what_is_about_to_be() {
    let expected = [
        "preview.json:65 app postgres 16.3 (shop-prod 14.12)",
        "preview.json:116 quiet postgres 13.14 (quiet 13.14)",
        "preview.json:138 fresh postgres 17.2 (fresh -)",
        "preview.json:173 moved postgres 15.6 (moved 15.5)",
    ];
    assert_eq!(known("pulumi-state/preview"), expected);
    let expected = [
        "preview.json:11 later postgres engineVersion is known after the update (later -)",
        "preview.json:46 hidden postgres engineVersion is a secret (hidden -)",
        "preview.json:80 unset postgres engineVersion is not set, so RDS chooses it (unset-1 15.7)",
        "preview.json:95 someday postgres the engine cannot be known: engine is known after the update (someday -)",
    ];
    assert_eq!(known("pulumi-state/unknowns"), expected);
}

#[test]
fn code_beside_counts_more() {
    assert_eq!(known("pulumi-state/beside-code"), ["index.ts:5 app postgres 16.3 (- -)"]);
}

#[test]
fn states_of_terraform_are_read_as_shown() {
    let expected = [
        "state.json:54 aws_db_instance.main[0] postgres 14 (app-prod 14.12)",
        "state.json:85 aws_db_instance.main[1] postgres 14.10 (app-dev 14.10)",
        "state.json:112 aws_db_instance.replica postgres 14.12 (app-replica 14.12)",
        "state.json:240 module.db.module.aurora[\"eu\"].aws_rds_cluster.this aurora-postgresql 15.4 (orders-eu 15.8)",
        "state.json:282 module.db.aws_rds_cluster.multi_az postgres 16.4 (ledger 16.4)",
        "state.json:301 module.db.awscc_rds_db_instance.cc postgres 16.3 (cc 16.3)",
    ];
    assert_eq!(known("terraform-state/show"), expected);
    let all = found("terraform-state/show");
    let replica = all.iter().find(|one| one.resource.ends_with("replica")).unwrap();
    assert_eq!(replica.replica_of.as_deref(), Some("aws_db_instance.main[0]"));
    let main = all.iter().find(|one| one.resource.ends_with("main[0]")).unwrap();
    let group = main.parameter_group.as_ref().unwrap();
    assert_eq!((group.resource.as_str(), group.parameters.len()), ("aws_db_parameter_group.main", 1));
    let compact = known("terraform-state/show-compact");
    assert!(compact.len() == all.len() && compact.iter().all(|line| line.starts_with("state.json:1 ")), "{compact:?}");
}

#[test]
fn plans_say_what_is_about_to_be() {
    let expected = [
        "plan.json:24 aws_db_instance.main postgres 16.3 (app-prod 14.12)",
        "plan.json:49 aws_db_instance.quiet postgres 13.14 (quiet 13.14)",
        "plan.json:75 aws_db_instance.moved postgres 15.6 (moved 15.5)",
        "plan.json:98 aws_db_instance.fresh postgres 17.2 (fresh -)",
        "plan.json:106 aws_db_instance.hidden postgres engine_version is sensitive (hidden -)",
        "plan.json:134 module.later.aws_db_instance.this[0] postgres engine_version is known after apply (- -)",
    ];
    assert_eq!(known("terraform-state/plan"), expected);
    let expected = [
        "plan.json:24 aws_db_instance.renamed postgres 13.14 (quiet 13.14)",
        "plan.json:138 aws_db_instance.untouched postgres 10.23 (untouched 10.23)",
    ];
    assert_eq!(known("terraform-state/plan-target"), expected);
}

#[test]
fn states_of_terraform_are_read_as_stored() {
    let expected = [
        "terraform.tfstate:64 aws_db_instance.main postgres 14.10 (app-prod 14.12)",
        "terraform.tfstate:136 module.each[\"x\"].aws_db_instance.main[0] postgres 15.6 (app-a 15.6)",
        "terraform.tfstate:167 module.each[\"x\"].aws_db_instance.main[\"b\"] postgres 16.2 (app-b 16.2)",
        "terraform.tfstate:250 module.aurora.aws_rds_cluster.this[0] aurora-postgresql 15 (orders 15.8)",
        "terraform.tfstate:305 aws_db_instance.hidden postgres engine_version is sensitive (hidden -)",
        "terraform.tfstate:347 aws_db_instance.flat postgres 9.6.24 (flat 9.6.24)",
    ];
    assert_eq!(known("terraform-state/raw"), expected);
    let expected = [
        "states.json:1 aws_db_instance.main postgres 14.10 (app-prod 14.10)",
        "states.json:2 aws_db_instance.other postgres 16.3 (other 16.3)",
    ];
    assert_eq!(known("terraform-state/twice"), expected);
}

#[test]
fn what_is_not_read_is_said() {
    let expected = [
        "terraform.tfstate:28 terraform.tfstate postgres file does not parse: EOF while parsing an object at line 28 column 10 (- -)",
    ];
    assert_eq!(known("terraform-state/cut-off"), expected);
    let expected = [
        "terraform.tfstate:1 terraform.tfstate postgres the state is of Terraform 0.11 or before, which keeps resources by module: only newer ones are read (- -)",
    ];
    assert_eq!(known("terraform-state/old"), expected);
    require_none(&[("a.tf", ""), ("state.tfstate", "{\"version\": 4, \"resources\": [{\"type\": \"aws_s3_bucket\"")]);
    assert_eq!(known("terraform-state/lookalikes"), Vec::<String>::new());
}

#[test]
fn secrets_are_never_said() {
    for name in ["pulumi-state/aurora", "pulumi-state/unknowns", "terraform-state/raw", "terraform-state/plan"] {
        let text = format!("{:?}", found(name));
        for secret in ["15.5\\\"", "ciphertext", "plaintext", "in the clear", "16.1"] {
            assert!(!text.contains(secret), "{name} says {secret}");
        }
    }
}

#[test]
fn byte_order_marks_and_utf_16_change_nothing() {
    let text = std::fs::read_to_string(path("terraform-state/raw/terraform.tfstate")).unwrap();
    let expected = lines(&found("terraform-state/raw"));
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [format!("\u{feff}{text}").into_bytes(), utf16] {
        let folder = folder(&[]);
        std::fs::write(folder.path().join("terraform.tfstate"), bytes).unwrap();
        assert_eq!(lines(&read_folder(folder.path(), None)), expected);
    }
    let windows = text.replace('\n', "\r\n");
    assert_eq!(declared(&[("terraform.tfstate", &windows)], None), expected);
}

/// A state of one database, with something else in it.
fn state(rest: &str) -> String {
    format!(
        "{{\"version\": 4, \"resources\": [{{\"mode\": \"managed\", \"type\": \"aws_db_instance\", \"name\": \"a\", \
         \"instances\": [{{\"attributes\": {{\"engine\": \"postgres\", \"engine_version\": \"16.3\"{rest}}}}}]}}], \
         \"terraform_version\": \"1.9.8\"}}"
    )
}

#[test]
fn hostile_documents_end_in_one_entry() {
    let n = 100_000;
    for rest in [
        format!(", \"tags\": {}", "[".repeat(n)),
        format!(", \"tags\": {}{}", "[".repeat(n), "]".repeat(n)),
        format!(", \"tags\": {}1{}", "{\"a\":".repeat(n), "}".repeat(n)),
        format!(", \"tags\": \"{}\"", "a".repeat(n)),
        format!(", \"tags\": \"{}", "\\".repeat(n)),
        "\0".repeat(n),
    ] {
        let found = declared(&[("terraform.tfstate", &state(&rest))], None);
        assert_eq!(found.len(), 1, "{found:?}");
    }
    let modules = format!(
        "{{\"terraform_version\": \"1\", \"values\": {{\"root_module\": {}\"aws_db_instance\"{}}}}}",
        "{\"child_modules\": [".repeat(n),
        "]}".repeat(n)
    );
    let found = declared(&[("state.json", &modules)], None);
    assert!(found.len() == 1 && found[0].contains("file does not parse"), "{found:?}");
    let many = format!("{}\n", state("")).repeat(2_000);
    assert_eq!(declared(&[("a.json", &many)], None), ["a.json:1 aws_db_instance.a postgres 16.3"]);
}

fn changed(text: &str, at: usize, cut: usize, with: &str) -> String {
    let start = text.floor_char_boundary(text.len() * at / 1000);
    let end = text.floor_char_boundary((start + cut).min(text.len()));
    format!("{}{with}{}", &text[..start], &text[end.max(start)..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..40_usize, with in "(?s)[\\[\\]{}\",:\\\\ a1\n]{0,6}|(?s).{0,3}") {
        for name in ["pulumi-state/preview/preview.json", "terraform-state/plan/plan.json", "terraform-state/raw/terraform.tfstate"] {
            let text = changed(&std::fs::read_to_string(path(name)).unwrap(), at, cut, &with);
            let folder = folder(&[(name.rsplit('/').next().unwrap(), &text)]);
            lines(&try_read(folder.path(), None).unwrap());
        }
    }
}

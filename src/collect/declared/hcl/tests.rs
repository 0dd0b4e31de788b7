use crate::collect::declared::testing::{declared, require, require_none};

fn resource(version: &str) -> String {
    format!("resource \"aws_db_instance\" \"a\" {{\n  engine = \"postgres\"\n  engine_version = {version}\n}}\n")
}

/// The version, or reason, of one database whose version is an expression.
fn version(expression: &str, rest: &str, stack: Option<&str>) -> String {
    let found = declared(&[("main.tf", &(resource(expression) + rest))], stack);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].split_once(" postgres ").unwrap().1.to_owned()
}

const VARIABLE: &str = "variable \"v\" {\n  type = string\n}\n";

#[test]
fn what_the_files_determine_is_followed() {
    for (expression, rest) in [
        ("\"16.3\"", ""),
        ("16.3", ""),
        ("var.v", "variable \"v\" { default = \"16.3\" }"),
        ("\"${var.v}\"", "variable \"v\" { default = 16.3 }"),
        ("local.v", "locals { v = \"16.3\" }"),
        ("\"${local.major}.3\"", "locals { major = 16 }"),
        ("local.versions.app", "locals { versions = { app = \"16.3\" } }"),
        ("local.versions[\"app\"]", "locals { versions = { \"app\" : \"16.3\" } }"),
        ("var.db.version", "variable \"db\" { default = { version = \"16.3\" } }"),
        (
            "var.db.version",
            "variable \"db\" {\n type = object({ version = optional(string, \"16.3\") })\n default = {}\n }",
        ),
        ("true ? \"16.3\" : \"12\"", ""),
        ("coalesce(null, \"16.3\")", ""),
        ("lookup({ a = 1 }, \"v\", \"16.3\")", ""),
        ("merge({ v = 12 }, { v = \"16.3\" }).v", ""),
        ("tostring((16.3))", ""),
        ("local.list[0]", "locals { list = [\"16.3\"] }"),
        ("(local.list[*].v)[0]", "locals { list = [{ v = \"16.3\" }, { v = 12 }] }"),
        ("join(\".\", local.list[*].v[0])", "locals { list = [{ v = [16] }, { v = [3] }] }"),
        ("local.list.*.v[1]", "locals { list = [{ v = 12 }, { v = \"16.3\" }] }"),
        ("[for v in local.list : v if v != \"12\"][0]", "locals { list = [\"12\", \"16.3\"] }"),
        ("{ for k, v in local.map : v => k }[\"app\"]", "locals { map = { \"16.3\" = \"app\" } }"),
        ("one([for v in [1, 2] : \"16.3\" if v == 2])", ""),
        ("element(concat([\"12\"], [\"16.3\"]), 1)", ""),
        ("values({ a = \"16.3\" })[0]", ""),
        ("keys({ \"16.3\" = 1 })[0]", ""),
        ("split(\":\", \"postgres:16.3\")[1]", ""),
        ("substr(\"v16.3-rds\", 1, 4)", ""),
        ("trimprefix(\"v16.3\", \"v\")", ""),
        ("zipmap([\"a\"], [\"16.3\"])[\"a\"]", ""),
        ("lookup({ a = 1 }, \"a\") >= 1 ? \"16.3\" : \"12\"", ""),
        ("format(\"%s%%\", \"16.3\") == \"16.3%\" ? format(\"%v\", \"16.3\") : \"12\"", ""),
        ("merge([{ v = 12 }, { v = \"16.3\" }]...).v", ""),
        ("\"${floor(16.9)}.${1 + 2}\"", ""),
        ("can(local.map.v) ? \"12\" : \"16.3\"", "locals { map = {} }"),
        ("flatten([[\"12\"], [[\"16.3\"]]])[1]", ""),
        ("compact([\"\", \"16.3\"])[0]", ""),
        ("<<EOT\n16.3\nEOT\n", ""),
        ("\"%{ if true }16.3%{ else }12%{ endif }\"", ""),
        ("regex(\"[0-9]+[.][0-9]+\", \"postgres-16.3-R1\")", ""),
        ("join(\".\", regex(\"([0-9]+)_([0-9]+)\", \"16_3\"))", ""),
        ("try(regex(\"x\", \"12\"), \"16.3\")", ""),
        ("length(regexall(\"1\", \"112\")) == 2 ? \"16.3\" : \"12\"", ""),
        ("replace(\"16.3-R2\", \"/-R[0-9]+$/\", \"\")", ""),
        ("format(\"16.%1d\", 3)", ""),
        ("{ dev = \"16.3\", prod = \"16.3\" }[terraform.workspace]", ""),
        ("{ dev = { v = \"16.3\" }, prod = { v = \"16.3\" } }[terraform.workspace].v", ""),
        ("lookup({ dev = \"16.3\" }, terraform.workspace, \"16.3\")", ""),
        ("try(coalesce(null), \"16.3\")", ""),
        ("map(\"a\", \"16.3\")[\"a\"]", ""),
        ("\"${max(12, 16)}.${min(4, 3)}\"", ""),
        ("setproduct([\"a\"], [\"12\", \"16.3\"])[1][1]", ""),
        ("\"16.${range(4)[3]}\"", ""),
        ("chomp(\"16.3\n\")", ""),
        (
            "aws_rds_global_cluster.g.engine_version",
            "resource \"aws_rds_global_cluster\" \"g\" { engine_version = \"16.3\" }",
        ),
    ] {
        assert_eq!(version(expression, rest, None), "16.3", "{expression} {rest}");
    }
    assert_eq!(version("16.10", "", None), "16.10");
}

#[test]
fn what_a_data_source_is_asked_for_is_its_answer() {
    let of = |asked: &str| {
        let data = format!("data \"aws_rds_engine_version\" \"v\" {{\n  engine = \"postgres\"\n  {asked}\n}}\n");
        version("data.aws_rds_engine_version.v.version", &data, None)
    };
    assert_eq!(of("version = \"16.3\""), "16.3");
    for asked in [
        "version = \"16\"",
        "version = \"9.6\"",
        "version = \"16.3\"\n  latest = true",
        "preferred_versions = [\"16.3\"]",
    ] {
        assert!(of(asked).ends_with("only known to AWS"), "{asked}");
    }
}

#[test]
fn what_only_a_run_tells_has_a_reason() {
    for (expression, rest, reason) in [
        ("var.v", VARIABLE, "var.v has no default and no tfvars file sets it"),
        ("var.v", "", "var.v: it is not declared"),
        ("null", "", "engine_version is not set, so RDS chooses it"),
        (
            "data.aws_rds_engine_version.pg.version",
            "",
            "data.aws_rds_engine_version.pg.version at main.tf:3: only known to AWS",
        ),
        ("file(\"version\")", "", "file(\"version\") at main.tf:3: only a run tells"),
        (
            "terraform.workspace == \"prod\" ? \"16\" : \"12\"",
            "",
            "terraform.workspace == \"prod\" cannot be decided: terraform.workspace at main.tf:3: no stack given",
        ),
    ] {
        assert_eq!(version(expression, rest, None), reason, "{expression}");
    }
    assert_eq!(version("terraform.workspace == \"prod\" ? \"16\" : \"12\"", "", Some("prod")), "16");
}

#[test]
fn variable_files_win_by_precedence() {
    let main = resource("var.v") + "variable \"v\" {\n  default = \"12\"\n}\n";
    let main = ("main.tf", main.as_str());
    let base = ("terraform.tfvars", "v = \"13\"\n");
    let auto = ("a.auto.tfvars", "\nv = \"14\"\n");
    let later = ("b.auto.tfvars.json", "{\n\n  \"v\": \"15\"\n}");
    let prod = ("prod.tfvars", "v = \"16\"\n");
    let staging = ("env/staging.tfvars", "v = \"17\"\n");
    let name = "aws_db_instance.a postgres";
    require(&[main], None, &[&format!("main.tf:6 {name} 12")]);
    require(&[main, base], None, &[&format!("terraform.tfvars:1 {name} 13")]);
    require(&[main, base, auto], None, &[&format!("a.auto.tfvars:2 {name} 14")]);
    require(&[main, base, auto, later], None, &[&format!("b.auto.tfvars.json:3 {name} 15")]);
    require(&[main, base, prod], Some("prod"), &[&format!("prod.tfvars:1 {name} 16")]);
    require(&[main, prod, staging], Some("staging"), &[&format!("env/staging.tfvars:1 {name} 17")]);
    let lost =
        format!("main.tf:1 {name} var.v is 12, unless env/staging.tfvars or prod.tfvars applies: no stack given");
    require(&[main, prod, staging], None, &[&lost]);
    let undecided = resource("var.v") + VARIABLE;
    require(&[("main.tf", &undecided), prod], None, &[&format!("prod.tfvars:1 {name} 16")]);
    let broken = ("terraform.tfvars", "v = \n");
    let found = declared(&[main, broken], None);
    assert!(found[0].contains("terraform.tfvars: file does not parse"), "{found:?}");
}

#[test]
fn local_modules_are_read_as_they_are_called() {
    let module = resource("var.v").replace("\"a\"", "\"this\"") + VARIABLE;
    let module = ("modules/db/main.tf", module.as_str());
    let prod = ("prod/main.tf", "module \"db\" {\n  source = \"../modules/db\"\n  v = \"16.3\"\n}\n");
    let dev = ("dev/main.tf", "module \"db\" {\n  source = \"../modules/db\"\n}\n");
    let off = ("off/main.tf", "module \"db\" {\n  source = \"../modules/db\"\n  count = 0\n}\n");
    require(&[module, prod, off], None, &["prod/main.tf:3 module.db.aws_db_instance.this postgres 16.3"]);
    require_none(&[module, off]);
    let lost = "modules/db/main.tf:1 module.db.aws_db_instance.this postgres var.v has no default and module.db does not set it";
    require(&[module, dev], None, &[lost]);
    let lost = "modules/db/main.tf:1 aws_db_instance.this postgres var.v has no default and no tfvars file sets it";
    require(&[module], None, &[lost]);
    let ring = ("ring/main.tf", &*(resource("\"16\"") + "module \"me\" {\n  source = \"./\"\n}\n"));
    assert!(!declared(&[ring], None).is_empty());
}

#[test]
fn instances_are_told_apart_where_they_differ() {
    let each = |version: &str| {
        let code = resource(version).replace("{\n", "{\n  for_each = { new = \"16.3\", old = \"12\" }\n");
        declared(&[("main.tf", &code)], None)
    };
    assert_eq!(each("\"16.3\""), ["main.tf:4 aws_db_instance.a postgres 16.3"]);
    let expected =
        ["main.tf:2 aws_db_instance.a[\"new\"] postgres 16.3", "main.tf:2 aws_db_instance.a[\"old\"] postgres 12"];
    assert_eq!(each("each.value"), expected);
}

#[test]
fn modules_of_others_are_taken_by_their_arguments() {
    let module = |source: &str, rest: &str| {
        let code = format!("module \"db\" {{\n  source = \"{source}\"\n  engine_version = \"16.3\"\n  {rest}\n}}\n");
        declared(&[("main.tf", &code)], None)
    };
    let postgres = "engine = \"postgres\"";
    let aurora = "engine = \"aurora-postgresql\"";
    assert_eq!(module("terraform-aws-modules/rds/aws", postgres), ["main.tf:3 module.db postgres 16.3"]);
    assert_eq!(module("terraform-aws-modules/rds-aurora/aws", aurora), ["main.tf:3 module.db aurora-postgresql 16.3"]);
    let git = "git::https://github.com/terraform-aws-modules/terraform-aws-rds.git?ref=v6.0.0";
    assert_eq!(module(git, "family = \"postgres16\""), ["main.tf:3 module.db postgres 16.3"]);
    assert_eq!(module("app.terraform.io/acme/database/aws", postgres), ["main.tf:3 module.db postgres 16.3"]);
    for (source, rest) in [
        ("terraform-aws-modules/rds/aws", "engine = \"mysql\""),
        ("terraform-aws-modules/rds/aws", "engine = \"postgres\"\n  create_db_instance = false"),
        ("terraform-aws-modules/rds/aws//modules/db_parameter_group", "family = \"postgres16\""),
        ("terraform-aws-modules/rds-proxy/aws", "engine_family = \"POSTGRESQL\""),
        ("cloudposse/elasticache-redis/aws", "family = \"redis7\""),
    ] {
        assert_eq!(module(source, rest), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn overrides_and_opentofu_replace() {
    let main = resource("\"12\"");
    let other = "resource \"aws_db_instance\" \"a\" {\n  engine_version = \"16.3\"\n}\n";
    let name = "aws_db_instance.a postgres 16.3";
    require(&[("main.tf", &main), ("a_override.tf", other)], None, &[&format!("a_override.tf:2 {name}")]);
    require(&[("main.tf", &main), ("main.tofu", &resource("\"16.3\""))], None, &[&format!("main.tofu:3 {name}")]);
}

#[test]
fn what_is_not_there_is_not_taken() {
    for text in [
        "variable \"v\" {}\nresource \"aws_db_instance\" \"a\" {\n  count = 0\n  engine = \"postgres\"\n}",
        "resource \"aws_db_instance\" \"a\" {\n  engine = \"postgres\"\n  lifecycle {\n    enabled = false\n  }\n}",
        "resource \"aws_db_instance\" \"a\" {\n  for_each = {}\n  engine = \"postgres\"\n}",
        "resource \"aws_db_instance\" \"a\" {\n  for_each = toset([])\n  engine = \"postgres\"\n}",
        "resource \"aws_rds_cluster_instance\" \"a\" {\n  engine = \"aurora-postgresql\"\n engine_version = \"16.3\"\n}",
        "data \"aws_db_instance\" \"a\" {\n  engine = \"postgres\"\n engine_version = \"16.3\"\n}",
        "/* resource \"aws_db_instance\" \"a\" { engine = \"postgres\" } */",
        "resource \"aws_db_instance\" \"a\" {\n  engine_version = \"16.3\"\n}",
    ] {
        require_none(&[("main.tf", text)]);
    }
}

use std::path::Path;

use proptest::prelude::*;

use crate::collect::declared::testing::{declared, folder, lines, read_folder, require, require_none};
use crate::facts::declared::setting;
use crate::facts::{Declaration, Tool};

fn fixture(path: &str, stack: Option<&str>) -> Vec<Declaration> {
    read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac").join(path), stack)
}

fn require_fixture(path: &str, stack: Option<&str>, expected: &[&str]) {
    let found = fixture(path, stack);
    assert!(found.iter().all(|one| one.tool == Some(Tool::CloudFormation)), "{found:?}");
    assert_eq!(lines(&found), expected, "{path} {stack:?}");
}

#[test]
fn the_stack_chooses_the_parameter_file() {
    let path = "cloudformation/orders";
    require_fixture(
        path,
        Some("prod"),
        &[
            "parameters/prod.json:3 Orders postgres 16.3",
            "parameters/prod.json:3 OrdersReplica postgres 16.3",
            "parameters/prod.json:6 Reporting postgres 13.16",
        ],
    );
    let staging = fixture(path, Some("staging"));
    let expected = [
        "parameters/staging.json:3 Orders postgres 15.7",
        "parameters/staging.json:3 OrdersReplica postgres 15.7",
        "rds.yaml:75 Reporting postgres parameter ReportingVersion keeps its previous value",
    ];
    assert_eq!(lines(&staging), expected);
    let orders = &staging[0];
    assert_eq!(orders.identifier.as_deref(), Some("orders-staging"));
    assert_eq!(orders.setting(setting::AUTO_MINOR).unwrap().value.as_deref(), Some("true"));
    let group = orders.parameter_group.as_ref().unwrap();
    assert_eq!(group.family.as_ref().unwrap().value.as_deref(), Some("postgres15"));
    assert_eq!(group.parameters["rds.logical_replication"].value.as_deref(), Some("1"));
    assert_eq!(staging[1].replica_of.as_deref(), Some("Orders"));
    let why = "parameter DBEngineVersion is 14.12, unless parameters/prod.json or parameters/staging.json applies: no stack given";
    require_fixture(
        path,
        None,
        &[
            &format!("rds.yaml:51 Orders postgres {why}"),
            &format!("rds.yaml:68 OrdersReplica postgres {why}"),
            "rds.yaml:75 Reporting postgres parameter ReportingVersion is set by parameters/prod.json and parameters/staging.json: no stack given",
        ],
    );
}

#[test]
fn a_cluster_has_the_version_of_its_global_cluster() {
    require_fixture(
        "cloudformation/aurora",
        None,
        &[
            "aurora.json:4 Audit aurora-postgresql 15.4",
            "aurora.json:9 Archive aurora-postgresql 14.9",
            "aurora.json:19 Ledger aurora-postgresql 16.2",
            "aurora.json:58 Scratch aurora-postgresql AWS::Region at aurora.json:62: only known to AWS",
            "aurora.json:65 Elsewhere aurora-postgresql EngineVersion is not set, it is that of the global cluster",
        ],
    );
}

#[test]
fn a_nested_template_has_what_its_parents_give() {
    let found = fixture("cloudformation/nested", None);
    let expected =
        ["main.yaml:4 Database.Instance postgres 15.8", "templates/database.yaml:4 Second.Instance postgres 12.4"];
    assert_eq!(lines(&found), expected);
    assert_eq!([0, 1].map(|i| found[i].identifier.as_deref()), [Some("app"), Some("second")]);
    require_fixture(
        "sam/store",
        None,
        &["template.yaml:3 Store.Copy postgres 16.1", "template.yaml:3 Store.Main postgres 16.1"],
    );
    let child = "Parameters: {V: {Default: '12'}}\nResources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties: {Engine: postgres, EngineVersion: !Ref V}\n";
    let parent = |rest: &str| {
        format!(
            "Resources:\n  S:\n    Type: AWS::CloudFormation::Stack\n    {rest}\n    Properties: {{TemplateURL: c.yaml}}\nConditions: {{No: !Equals [a, b]}}\n"
        )
    };
    require_none(&[("c.yaml", child), ("p.yaml", &parent("Condition: No"))]);
    require(&[("c.yaml", child), ("p.yaml", &parent(""))], None, &["c.yaml:1 S.Db postgres 12"]);
    require(&[("c.yaml", child), ("p.yaml", "AWS::CloudFormation::Stack: [")], None, &["c.yaml:1 Db postgres 12"]);
    let ring = |to: &str| {
        format!("{child}  S:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: {to}}}\n")
    };
    require(
        &[("a.yaml", &ring("b.yaml")), ("b.yaml", &ring("a.yaml")), ("c.yaml", &ring("c.yaml"))],
        None,
        &["a.yaml:1 Db postgres 12", "b.yaml:1 S.Db postgres 12", "c.yaml:1 Db postgres 12"],
    );
}

#[test]
fn parameter_files_of_other_templates_and_environments_say_nothing() {
    let path = "cloudformation/pipeline";
    require_fixture(path, Some("prod"), &["users.yml:15 Users postgres 16.10"]);
    require_fixture(path, Some("dev"), &["users.yml:8 Users postgres EngineVersion is not set, so RDS chooses it"]);
    let why = "condition Pinned cannot be decided: parameter Stage is set by config/users-dev.json and config/users-prod.json: no stack given";
    require_fixture(path, None, &[&format!("users.yml:8 Users postgres {why}")]);
}

#[test]
fn parameter_files_are_found_in_many_places() {
    let template = "Parameters:\n  V: {Type: String, Default: '12'}\n  E: {Type: String, Default: dev, AllowedValues: [dev, prod]}\nResources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties: {Engine: postgres, EngineVersion: !Ref V}\n";
    let list = "[{\"ParameterKey\": \"V\",\n \"ParameterValue\": \"16\"}]";
    let plain = "{\n\"V\": \"16\"}";
    let map = "{\"Parameters\": {\n\"V\": 16}}";
    let yaml = "Parameters:\n  V: 16\n";
    for (path, text) in [
        ("db/prod.json", list),
        ("db/db.prod.json", list),
        ("db/prod.parameters.json", plain),
        ("db/db-prod-params.json", plain),
        ("db/params/prod.json", plain),
        ("db/parameters/prod/db.json", plain),
        ("db/config/prod.json", map),
        ("parameters/prod.json", list),
        ("config/db/prod.yaml", yaml),
        ("config/prod/db.yml", yaml),
        ("env/prod/parameters.json", "[\"E=prod\",\n\"V=16\"]"),
    ] {
        let file = ("db/db.yaml", template);
        let known = format!("{path}:2 Db postgres 16");
        require(&[file, (path, text)], Some("prod"), &[&known]);
        let lost = format!("db/db.yaml:5 Db postgres parameter V is 12, unless {path} applies: no stack given");
        require(&[file, (path, text)], None, &[&lost]);
        let lost =
            format!("db/db.yaml:5 Db postgres parameter V is 12, unless {path} applies: none is called non-prod");
        require(&[file, (path, text)], Some("non-prod"), &[&lost]);
    }
    for path in ["db/parameters.json", "db/db.parameters.json", "db/params.json"] {
        require(&[("db/db.yaml", template), (path, list)], None, &[&format!("{path}:2 Db postgres 16")]);
    }
    for (path, text) in [
        ("db/package.json", plain),
        ("db/other-prod.json", "{\"Outputs\": {\"V\": \"16\"}}"),
        ("db/notes/prod.json", list),
        ("db/app-prod.json", list),
    ] {
        let app = ("db/app.yaml", "Parameters: {V: {Default: '1'}}\nResources: {}\n");
        require(&[("db/db.yaml", template), app, (path, text)], None, &["db/db.yaml:2 Db postgres 12"]);
    }
    let broken = declared(&[("db.yaml", template), ("parameters/prod.json", "[{\"V\",\n}]")], Some("prod"));
    assert_eq!(broken, ["db.yaml:5 Db postgres parameters/prod.json does not parse: line 1"]);
}

#[test]
fn an_environment_that_no_file_sets_is_not_its_default() {
    let template = "Parameters:\n  E: {Type: String, Default: dev, AllowedValues: [dev, prod]}\nConditions:\n  P: !Equals [!Ref E, prod]\nResources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties: {Engine: postgres, EngineVersion: !If [P, '16', '12']}\n";
    require(&[("a.yaml", template)], Some("dev"), &["a.yaml:8 Db postgres 12"]);
    let why =
        "condition P cannot be decided: parameter E is dev unless prod is given for it, which no parameter file does";
    require(&[("a.yaml", template)], Some("prod"), &[&format!("a.yaml:6 Db postgres {why}")]);
}

#[test]
fn loops_are_unrolled_and_what_cannot_be_is_said() {
    let found = fixture("cloudformation/loops", None);
    let expected = [
        "shards.yaml:15 DbOne postgres 15.6",
        "shards.yaml:15 DbTwo postgres 15.6",
        "shards.yaml:24 Tenant${Tenant} postgres 16.4",
        "shards.yaml:25 Fn::ForEach::Strange postgres Fn::ForEach::Strange at line 25: it is no variable, collection and body",
        "shards.yaml:29 Included postgres Fn::Transform at shards.yaml:32: only a run tells",
        "shards.yaml:38 Anchored postgres 16.10",
        "shards.yaml:43 Merged postgres 17.2",
    ];
    assert_eq!(lines(&found), expected);
    assert_eq!(found[1].identifier.as_deref(), Some("shard-Two"));
    assert_eq!(found[2].identifier, None);
}

#[test]
fn conditions_are_followed_as_far_as_they_can_be_decided() {
    require_fixture(
        "cloudformation/chosen",
        None,
        &[
            "template.json:15 Same postgres 16.3",
            "template.json:16 Differs postgres condition IsProd cannot be decided: parameter Env has no default and no parameter file sets it",
            "template.json:21 Fresh postgres 16",
            "template.json:22 Restored postgres the engine cannot be known: Engine is not set, it is that of DBSnapshotIdentifier at line 23",
            "template.json:24 Tracked postgres parameter Latest is read from SSM: /db/version",
            "template.json:26 Resolved postgres {{resolve:ssm:/db/version:3}} at template.json:27: only known to AWS",
            "template.json:28 Circular postgres condition Ring cannot be decided: it refers too far",
        ],
    );
}

#[test]
fn sam_is_configured_by_environment() {
    let found = fixture("sam/booking", Some("prod"));
    assert_eq!(lines(&found), ["samconfig.toml:16 Bookings postgres 16.2"]);
    assert_eq!(found[0].identifier.as_deref(), Some("prod-bookings"));
    require_fixture("sam/booking", Some("staging"), &["samconfig.toml:8 Bookings postgres 15.7"]);
    let why =
        "parameter PgVersion is 15.7, unless samconfig.toml [prod] or samconfig.toml [staging] applies: no stack given";
    require_fixture("sam/booking", None, &[&format!("template.yaml:17 Bookings postgres {why}")]);
}

#[test]
fn what_others_fill_in_is_unknown() {
    require_fixture(
        "sam/serverless",
        None,
        &[
            "serverless.yml:9 Mail postgres ${self:custom.engineVersion} at serverless.yml:13: known when something has filled it in",
            "serverless.yml:18 Queue aurora-postgresql 16.6",
        ],
    );
    require_fixture(
        "sam/custom",
        None,
        &[
            "template.yml:13 One postgres parameter Version has no default and no parameter file sets it",
            "template.yml:16 Two postgres Lookup.Version at template.yml:18: only known to AWS",
            "template.yml:19 Three postgres the engine cannot be known: parameter Engine is read from SSM: /platform/engine",
            "template.yml:22 Four postgres Fn::ImportValue at template.yml:24: only known to AWS",
            "template.yml:25 Five postgres Unwritten at template.yml:27: it is not declared",
        ],
    );
}

#[test]
fn what_the_cdk_synthesizes_counts_where_no_code_does() {
    let found = fixture("cdk-out/instance", None);
    assert_eq!(lines(&found), ["cdk.out/AppStack.template.json:12 DatabaseB269D8BB postgres 15.5"]);
    let group = found[0].parameter_group.as_ref().unwrap();
    assert_eq!(group.family.as_ref().unwrap().value.as_deref(), Some("postgres15"));
    require_fixture(
        "cdk-out/aurora",
        None,
        &[
            "cdk.out/Data.template.json:8 ClusterEB0386A7 aurora-postgresql 16.1",
            "cdk.out/Data.template.json:31 Replica postgres 14",
            "cdk.out/Data.template.json:31 Source postgres 14",
        ],
    );
    require_fixture("cdk-out/nested", None, &["cdk.out/Parent.template.json:2 StorageNestedStack.Db postgres 15"]);
    require_fixture(
        "cdk-out/stages",
        None,
        &[
            "cdk.out/Pipeline.template.json:3 Db postgres EngineVersion is not set, so RDS chooses it",
            "cdk.out/assembly-Prod/ProdData.template.json:4 Db postgres 13.15",
        ],
    );
    assert_eq!(lines(&fixture("cdk-out/beside", None)), ["infra/database.tf:3 aws_db_instance.app postgres 16.3"]);
}

#[test]
fn lookalikes_are_nothing() {
    for path in ["cloudformation/lookalikes", "sam/lookalikes", "cdk-out/lookalikes"] {
        assert_eq!(lines(&fixture(path, None)), Vec::<String>::new(), "{path}");
    }
}

/// The version, or reason, of one database whose version is an expression.
fn version(expression: &str, rest: &str) -> String {
    let text = format!(
        "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      Engine: postgres\n      EngineVersion: {expression}\n{rest}"
    );
    let found = declared(&[("a.yaml", &text)], None);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].split_once(" postgres ").unwrap().1.to_owned()
}

#[test]
fn functions_are_evaluated() {
    let number = "Parameters: {V: {Type: Number, Default: 16}, L: {Type: 'List<Number>', Default: '15,16'}}\n";
    let mapping = "Mappings: {M: {a: {v: '16', w: '16'}}}\n";
    for (expression, rest) in [
        ("16", ""),
        ("\"16\"", ""),
        ("!Ref V", number),
        ("{Ref: V}", number),
        ("!Sub '${V}'", number),
        ("!Sub ['${X}', {X: !Ref V}]", number),
        ("!Select [1, !Ref L]", number),
        ("!Select [0, !Split ['.', '16.3']]", ""),
        ("!Join ['', [!Ref V]]", number),
        ("!Join ['', [1, 6]]", ""),
        ("!FindInMap [M, a, v]", mapping),
        ("!FindInMap [M, !Ref 'AWS::Region', w]", mapping),
        ("!FindInMap [M, b, v, {DefaultValue: 16}]", mapping),
        ("{'Fn::If': [C, 16, 15]}", "Conditions: {C: !And [!Equals [1, 1], !Not [!Equals [true, 'false']]]}\n"),
        ("!If [C, 15, 16]", "Conditions: {C: !Or [!Equals [1, 2], !Equals [2, 1]]}\n"),
    ] {
        assert_eq!(version(expression, rest), "16", "{expression} {rest}");
    }
    assert_eq!(version("16.10", ""), "16.10");
    let not_set = "EngineVersion is not set, so RDS chooses it";
    for (expression, reason) in [
        ("!Ref AWS::NoValue", not_set),
        ("''", not_set),
        ("!Sub '${!V}'", "${V}"),
        ("!FindInMap [M, b, v]", "Fn::FindInMap M at a.yaml:6: there is no such mapping"),
        ("!If [D, 1, 2]", "condition D cannot be decided: it is not declared"),
        ("!Select [7, [1]]", "Fn::Select at a.yaml:6: it is not written as it should be"),
        ("!GetStackOutput {StackName: x}", "Fn::GetStackOutput at a.yaml:6: only a run tells"),
        ("'{{ version }}'", "{{ version }} at a.yaml:6: known when something has filled it in"),
        ("!env PG", "the YAML tag !env at line 6"),
        ("[16]", "EngineVersion is not a text"),
    ] {
        assert_eq!(version(expression, ""), reason, "{expression}");
    }
}

#[test]
fn a_broken_template_is_never_silently_nothing() {
    let yaml = "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n{% if x %}\n      Engine: postgres\n{% endif %}\n";
    let json = "{\"Resources\": {\"Db\": {\"Type\": \"AWS::RDS::DBInstance\",}}}";
    let found = declared(&[("a.yaml", yaml), ("b.json", json), ("c.template", yaml)], None);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|line| line.contains("file does not parse: ")), "{found:?}");
}

#[test]
fn a_template_may_be_json_of_any_name_and_indent() {
    let json = "{\n\t\"Resources\": {\n\t\t\"Db\": {\n\t\t\t\"Type\": \"AWS::RDS::DBInstance\",\n\t\t\t\"Properties\": { \"Engine\": \"postgres\",\n\t\t\t\t\"EngineVersion\": 16.10 } } } }\n";
    for name in ["a.json", "a.template", "a.yaml", "a.cfn"] {
        require(&[(name, json)], None, &[&format!("{name}:6 Db postgres 16.10")]);
    }
}

#[test]
fn hostile_templates_end() {
    let mut conditions = "Conditions:\n".to_owned();
    for i in 0..200 {
        conditions += &format!("  C{i}: !And [!Condition C{0}, !Condition C{0}]\n", i + 1);
    }
    assert!(version("!If [C0, 1, 2]", &conditions).contains("it refers too far"));
    assert!(version("!Ref V", "Parameters: {V: {Default: !Ref V}}\n").contains("it refers too far"));
    let long = version(&format!("!Join ['{0}', [a, b, '{0}']]", "x".repeat(900)), "");
    assert!(long.contains("too long"), "{long}");
    let loops = |body: &str| {
        let many = format!("!Split [',', '{}']", "1,".repeat(400));
        let inner = |name: char, body: &str| format!("{{'Fn::ForEach::{name}': [{name}, {many}, {body}]}}");
        let loops = inner('A', &inner('B', &inner('C', &inner('D', body))));
        format!("# AWS::RDS::DBInstance\nResources: {loops}\n")
    };
    let body = "{'D${A}${B}${C}${D}': {Type: AWS::RDS::DBInstance, Properties: {Engine: postgres}}}";
    let found = declared(&[("a.yaml", &loops(body))], None);
    assert!(found.iter().any(|line| line.contains("more than 500 resources")), "{found:?}");
    assert_eq!(declared(&[("a.yaml", &loops("{}"))], None), Vec::<String>::new());
    for text in ["[".repeat(250_000), "{a: ".repeat(250_000), "- ".repeat(250_000), "!Sub ".repeat(250_000)] {
        let found = declared(&[("a.yaml", &format!("# AWS::RDS::DBInstance\nResources: {text}"))], None);
        assert_eq!(found.len(), 1);
    }
}

const ORDERS: &str = include_str!("../../../../fixtures/iac/cloudformation/orders/rds.yaml");
const CHOSEN: &str = include_str!("../../../../fixtures/iac/cloudformation/chosen/template.json");
const SAMCONFIG: &str = include_str!("../../../../fixtures/iac/sam/booking/samconfig.toml");

/// The text with some of it replaced, at a place given in thousandths.
fn changed(text: &str, at: usize, cut: usize, with: &str) -> String {
    let start = text.floor_char_boundary(text.len() * at / 1000);
    let end = text.floor_char_boundary((start + cut).min(text.len()));
    format!("{}{with}{}", &text[..start], &text[end.max(start)..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..40_usize, with in "(?s)[\\[\\]{}<>\"'!$:,&*#\n -]{0,6}|(?s).{0,3}") {
        let files = [
            ("template.yaml", changed(ORDERS, at, cut, &with)),
            ("b.json", changed(CHOSEN, at, cut, &with)),
            ("samconfig.toml", changed(SAMCONFIG, at, cut, &with)),
        ];
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        lines(&read_folder(folder(&files).path(), Some("prod")));
    }
}

//! The classes of the CDK.

use crate::collect::declared::testing::{declared, folder, require, require_none, try_read};

const CDK: &str = "import * as cdk from 'aws-cdk-lib';\nimport * as rds from 'aws-cdk-lib/aws-rds';\n";

/// The version, or reason, of one database with an engine.
fn version(engine: &str, before: &str) -> String {
    let code = format!("{CDK}{before}\nnew rds.DatabaseInstance(stack, 'Db', {{ engine: {engine} }});");
    let found = declared(&[("app.ts", &code)], None);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].split_once(" Db postgres ").unwrap().1.to_owned()
}

#[test]
fn every_style_of_import_is_followed() {
    for (import, rds) in [
        ("import * as rds from 'aws-cdk-lib/aws-rds';", "rds."),
        ("import { aws_rds as rds } from 'aws-cdk-lib';", "rds."),
        ("import { aws_rds } from 'aws-cdk-lib';", "aws_rds."),
        ("import * as cdk from 'aws-cdk-lib';", "cdk.aws_rds."),
        ("import { DatabaseInstance, DatabaseInstanceEngine, PostgresEngineVersion } from 'aws-cdk-lib/aws-rds';", ""),
        ("import * as rds from '@aws-cdk/aws-rds';", "rds."),
        ("import rds = require('@aws-cdk/aws-rds');", "rds."),
        ("import { aws_rds as rds } from 'monocdk';", "rds."),
        ("import * as rds from 'monocdk/aws-rds';", "rds."),
        ("const rds = require('aws-cdk-lib/aws-rds');", "rds."),
        ("const { aws_rds: rds } = require('aws-cdk-lib');", "rds."),
        ("const rds = __importStar(require('aws-cdk-lib/aws-rds'));", "rds."),
    ] {
        let code = format!(
            "{import}\nnew {rds}DatabaseInstance(this, 'Db', {{ engine: {rds}DatabaseInstanceEngine.postgres({{ version: {rds}PostgresEngineVersion.VER_16_3 }}) }});"
        );
        require(&[("app.ts", &code)], None, &["app.ts:2 Db postgres 16.3"]);
    }
}

#[test]
fn versions_and_engines_are_followed() {
    let engine = |version: &str| format!("rds.DatabaseInstanceEngine.postgres({{ version: {version} }})");
    for (text, before, expected) in [
        (engine("rds.PostgresEngineVersion.VER_16"), "", "16"),
        (engine("rds.PostgresEngineVersion.VER_11_22_RDS_20240418"), "", "11.22-rds.20240418"),
        (engine("rds.PostgresEngineVersion['VER_16_3']"), "", "16.3"),
        (engine("rds.PostgresEngineVersion.of('16.3', '16')"), "", "16.3"),
        (engine("rds.PostgresEngineVersion.of(V, '16')"), "const V = '16.3';", "16.3"),
        (engine("V"), "const V = rds.PostgresEngineVersion.VER_16_3;", "16.3"),
        (engine("VER_16_3"), "const { VER_16_3 } = rds.PostgresEngineVersion;", "16.3"),
        (
            engine("V[cdk.Stack.of(this).stackName]"),
            "const V: any = {};",
            "cdk.Stack.of(this) at line 4: only a run tells",
        ),
        (
            "engine".to_owned(),
            "const version = rds.PostgresEngineVersion.VER_16_3; const engine = rds.DatabaseInstanceEngine.postgres({ version });",
            "16.3",
        ),
        (
            "engines.main".to_owned(),
            "const engines = { main: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_16_3 }) };",
            "16.3",
        ),
        (
            "process.env.NEW ? a : a".to_owned(),
            "const a = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_16_3 });",
            "the engine cannot be known: process.env.NEW at line 4: it depends on the environment",
        ),
        (
            "props.engine".to_owned(),
            "declare const props: any;",
            "the engine cannot be known: props at line 4: it is a variable",
        ),
        (
            "rds.DatabaseInstanceEngine.POSTGRES".to_owned(),
            "",
            "DatabaseInstanceEngine.POSTGRES at line 4: it names no version, so RDS chooses it",
        ),
        (
            engine("rds.PostgresEngineVersion.LATEST"),
            "",
            "rds.PostgresEngineVersion.LATEST at line 4: it is imported from \"aws-cdk-lib\"",
        ),
        (engine("process.env.V"), "", "process.env.V at line 4: it depends on the environment"),
    ] {
        assert_eq!(version(&text, before), expected, "{text} {before}");
    }
}

#[test]
fn namesakes_are_not_taken() {
    let args = "(this, 'Db', { engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_16_3 }) });";
    for code in [
        "import * as rds from 'aws-cdk-lib/aws-docdb'; new rds.DatabaseInstance",
        "import * as rds from 'aws-cdk-lib/aws-neptune'; new rds.DatabaseCluster",
        "import * as rds from '@acme/aws-rds'; new rds.DatabaseInstance",
        "import * as rds from 'aws-cdk-lib/aws-rds'; rds.DatabaseInstance.fromDatabaseInstanceAttributes",
        "import * as rds from 'aws-cdk-lib/aws-rds'; new rds.DatabaseSecret",
        "import * as rds from 'aws-cdk-lib/aws-rds'; new rds.DatabaseProxy",
        "import * as rds from 'aws-cdk-lib/aws-rds'; // new rds.DatabaseInstance",
    ] {
        require_none(&[("app.ts", &format!("{code}{args}"))]);
    }
}

#[test]
fn replicas_and_groups_are_followed_from_stack_to_stack() {
    let data = format!(
        "{CDK}export class Data extends cdk.Stack {{
  public readonly db: rds.DatabaseInstance;
  public readonly group: rds.IParameterGroup;
  constructor(scope: any, id: string, private readonly props: {{ major: string }}) {{
    super(scope, id);
    const engine = rds.DatabaseInstanceEngine.postgres({{ version: rds.PostgresEngineVersion.of(`${{this.props.major}}.2`, props.major) }});
    this.group = new rds.ParameterGroup(this, 'Group', {{ engine, name: 'data', parameters: {{ work_mem: '64MB' }} }});
    this.db = new rds.DatabaseInstance(this, 'Db', {{ engine, parameterGroup: this.group }});
  }}
}}"
    );
    let app = format!(
        "{CDK}import {{ Data }} from './data';
const app = new cdk.App();
const data = new Data(app, 'Data', {{ major: '16' }});
class Replicas extends cdk.Stack {{
  constructor(scope: any, id: string, props: {{ source: Data }}) {{
    super(scope, id);
    new rds.DatabaseInstanceReadReplica(this, 'Replica', {{ sourceDatabaseInstance: props.source.db, parameterGroup: props.source.group }});
    new rds.DatabaseInstanceReadReplica(this, 'Lost', {{ sourceDatabaseInstance: rds.DatabaseInstance.fromDatabaseInstanceAttributes(this, 'X', {{}}) }});
  }}
}}
new Replicas(app, 'Replicas', {{ source: data }});"
    );
    let folder = folder(&[("data.ts", &data), ("app.ts", &app)]);
    let found = try_read(folder.path(), None).unwrap();
    let lines = crate::collect::declared::testing::lines(&found);
    assert_eq!(lines[1..], ["data.ts:8 Db postgres 16.2", "data.ts:8 Replica postgres 16.2"]);
    assert!(
        lines[0].starts_with("app.ts:10 Lost postgres the engine cannot be known: rds.DatabaseInstance.from"),
        "{lines:?}"
    );
    for one in &found[1..] {
        let group = one.parameter_group.as_ref().unwrap();
        assert_eq!(
            (group.name.as_deref(), group.parameters["work_mem"].value.as_deref()),
            (Some("data"), Some("64MB"))
        );
        assert_eq!(group.family.as_ref().unwrap().value.as_deref(), Some("postgres16"));
    }
    assert_eq!(found[2].replica_of.as_deref(), Some("Db"));
}

#[test]
fn an_instance_of_a_cluster_is_no_entry() {
    let code = format!(
        "{CDK}const cluster = new rds.CfnDBCluster(this, 'C', {{ engine: 'aurora-postgresql', engineVersion: '15.4' }});
new rds.CfnDBInstance(this, 'I', {{ engine: 'aurora-postgresql', dbClusterIdentifier: cluster.ref }});
new rds.CfnDBInstance(this, 'J', {{ engine: 'aurora-postgresql', dbClusterIdentifier: cluster.attrDbClusterArn }});
new rds.CfnDBInstance(this, 'K', {{ engine: 'postgres', engineVersion: '16.3', dbClusterIdentifier: undefined }});"
    );
    require(&[("app.ts", &code)], None, &["app.ts:3 C aurora-postgresql 15.4", "app.ts:6 K postgres 16.3"]);
}

#[test]
fn a_version_that_is_set_afterwards_counts() {
    let db = "const db = new rds.DatabaseInstance(stack, 'Db', { engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_16_3 }) });
const cfn = db.node.defaultChild as rds.CfnDBInstance;";
    for (code, expected) in [
        ("cfn.addPropertyOverride('EngineVersion', '16.4');", "16.4"),
        ("cfn.addOverride('Properties.EngineVersion', '16.4');", "16.4"),
        ("cfn.engineVersion = '16.4';", "16.4"),
        ("cfn.storageType = 'gp3'; cfn.engineVersion = '16.4';", "16.4"),
        ("(db.node.findChild('Resource') as any).engineVersion = '16.4';", "16.4"),
        ("if (false) { cfn.engineVersion = '16.4'; }", "16.3"),
        ("if (true) { cfn.engineVersion = '16.4'; }", "16.4"),
        (
            "if (x) { cfn.engineVersion = '16.4'; }",
            "cfn.engineVersion = '16.4' at line 5: it may set the version: x at line 5: it is not declared in this file",
        ),
        (
            "cfn.addPropertyOverride(path, '16.4');",
            "cfn.addPropertyOverride(path, '16.4') at line 5: it may set the version",
        ),
        ("other().engineVersion = '16.4';", "other().engineVersion = '16.4' at line 5: it may set the version"),
        ("cfn.addPropertyOverride('DBParameterGroupName', 'x');", "16.3"),
        ("cfn.applyImmediately = true;", "16.3"),
        ("const two = new rds.CfnDBInstance(stack, 'Two', { engine: 'mysql' }); two.engineVersion = '8.0';", "16.3"),
    ] {
        let found = declared(&[("app.ts", &format!("{CDK}{db}\n{code}"))], None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].split_once(" Db postgres ").unwrap().1, expected, "{code}");
    }
}

#[test]
fn a_resource_of_a_type_as_text_is_read() {
    let raw = |kind: &str, more: &str| {
        let code = format!(
            "{CDK}new cdk.CfnResource(stack, 'Raw', {{ type: '{kind}', properties: {{ Engine: 'postgres', EngineVersion: '16.3'{more} }} }});"
        );
        declared(&[("app.ts", &code)], None)
    };
    assert_eq!(raw("AWS::RDS::DBInstance", ""), ["app.ts:3 Raw postgres 16.3"]);
    assert_eq!(raw("AWS::RDS::DBInstance", ", DBClusterIdentifier: 'c'"), Vec::<String>::new());
    for other in ["AWS::DocDB::DBInstance", "AWS::RDS::DBProxy", "AWS::Neptune::DBCluster"] {
        assert_eq!(raw(other, ""), Vec::<String>::new());
    }
}

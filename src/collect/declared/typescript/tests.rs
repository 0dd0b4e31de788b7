mod calls;
mod cdk;
mod fixtures;
mod hostile;
mod imports;

use crate::collect::declared::testing::{declared, require, require_none};

const AWS: &str = "import * as aws from \"@pulumi/aws\";\nimport * as pulumi from \"@pulumi/pulumi\";\n";

/// What is declared by these lines, which begin at line 3.
fn program(code: &str, stack: Option<&str>) -> Vec<String> {
    declared(&[("index.ts", &format!("{AWS}{code}"))], stack)
}

/// That a database of that version, which is the value of an expression, is found.
fn version(expression: &str, before: &str, stack: Option<&str>) -> String {
    let code =
        format!("{before}\nnew aws.rds.Instance(\"a\", {{ engine: \"postgres\", engineVersion: {expression} }});");
    let found = program(&code, stack);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].split_once(" postgres ").unwrap().1.to_owned()
}

#[test]
fn every_style_of_import_is_followed() {
    for (import, class) in [
        ("import * as aws from '@pulumi/aws';", "aws.rds.Instance"),
        ("import * as cloud from '@pulumi/aws';", "cloud.rds.Instance"),
        ("import aws from '@pulumi/aws';", "aws.rds.Instance"),
        ("import * as aws from '@pulumi/aws';", "aws['rds']['Instance']"),
        ("import { rds } from '@pulumi/aws';", "rds.Instance"),
        ("import { rds as db } from '@pulumi/aws';", "db.Instance"),
        ("import * as rds from '@pulumi/aws/rds';", "rds.Instance"),
        ("import { Instance } from '@pulumi/aws/rds';", "Instance"),
        ("import { Instance as Database } from '@pulumi/aws/rds/index.js';", "Database"),
        ("import { Instance } from '@pulumi/aws/rds/instance';", "Instance"),
        ("import aws = require('@pulumi/aws');", "aws.rds.Instance"),
        ("import aws = require('@pulumi/aws'); import Db = aws.rds.Instance;", "Db"),
        ("const aws = require('@pulumi/aws');", "aws.rds.Instance"),
        ("const { rds } = require('@pulumi/aws');", "rds.Instance"),
        (
            "const { rds: { Instance } } = require('@pulumi/aws'); const aws = require('@pulumi/aws');",
            "aws.rds.Instance",
        ),
        ("const rds = require('@pulumi/aws').rds;", "rds.Instance"),
        ("import * as aws from '@pulumi/aws'; const { Instance } = aws.rds;", "Instance"),
        ("import * as aws from '@pulumi/aws'; const Db = aws.rds.Instance;", "Db"),
        ("import * as native from '@pulumi/aws-native';", "native.rds.DbInstance"),
        ("const aws = await import('@pulumi/aws');", "aws.rds.Instance"),
        ("const aws = __importStar(require('@pulumi/aws'));", "aws.rds.Instance"),
        ("const rds_1 = __importDefault(require('@pulumi/aws/rds'));", "rds_1.default.Instance"),
    ] {
        let code = format!("{import}\nnew {class}('a', {{ engine: 'postgres', engineVersion: '16.3' }});");
        require(&[("a.ts", &code)], None, &["a.ts:2 a postgres 16.3"]);
    }
}

#[test]
fn namesakes_are_not_taken() {
    let args = "('a', { engine: 'postgres', engineVersion: '16.3' });";
    for code in [
        "import { Instance } from './rds'; new Instance",
        "import * as aws from '@acme/aws'; new aws.rds.Instance",
        "import * as aws from '@pulumi/awsx'; new aws.rds.Instance",
        "import * as aws from '@pulumi/aws'; new aws.ec2.Instance",
        "import * as aws from '@pulumi/aws'; new aws.rds.ClusterInstance",
        "import * as aws from '@pulumi/aws'; new aws.rds.GlobalCluster",
        "import * as aws from '@pulumi/aws'; function f(aws: any) { new aws.rds.Instance('a', { engine: 'postgres', engineVersion: '1' }) }; f",
        "import * as gcp from '@pulumi/gcp'; new gcp.rds.Instance",
        "import * as aws from '@pulumi/aws'; // new aws.rds.Instance",
        "import * as aws from '@pulumi/aws'; const text = `new aws.rds.Instance(engineVersion)`; String",
        "import * as aws from '@pulumi/aws'; aws.rds.Instance.get",
    ] {
        require_none(&[("a.ts", &format!("{code}{args}"))]);
    }
}

#[test]
fn other_engines_are_not_taken() {
    for engine in ["mysql", "mariadb", "oracle-ee", "sqlserver-se", "aurora-mysql", "aurora", "neptune"] {
        let code = format!("new aws.rds.Cluster('a', {{ engine: '{engine}', engineVersion: '16.3' }});");
        require_none(&[("index.ts", &format!("{AWS}{code}"))]);
    }
    require_none(&[("index.ts", &format!("{AWS}new aws.rds.Instance('a', {{ engineVersion: '16.3' }});"))]);
}

#[test]
fn a_cluster_has_its_own_engine() {
    let code = "new aws.rds.Cluster('c', { engine: 'aurora-postgresql', engineVersion: '15.4' });
        new aws.rds.Cluster('m', { engine: 'postgres', engineVersion: '16' });";
    let found = program(code, None);
    assert_eq!(found, ["index.ts:3 c aurora-postgresql 15.4", "index.ts:4 m postgres 16"]);
}

#[test]
fn what_the_file_determines_is_followed() {
    for (expression, before) in [
        ("'16.3'", ""),
        ("`16.3`", ""),
        ("v", "const v = '16.3';"),
        ("v", "const v = '16.3' as const;"),
        ("v!", "let v = ('16.3');"),
        ("<string>v", "const v = '16.3' satisfies string;"),
        ("`${major}.3`", "const major = 16;"),
        ("major + '.3'", "const major = '16';"),
        ("versions.app", "const versions = { app: '16.3' };"),
        ("versions['app']", "const versions = { app: '16.3' } as const;"),
        ("versions?.app", "const versions = { app: '16.3' };"),
        ("app", "const { app } = { app: '16.3' };"),
        ("app", "const { db: app = '16.3' } = { other: 1 };"),
        ("V.App", "enum V { App = '16.3' }"),
        ("undefined ?? '16.3'", ""),
        ("'' || '16.3'", ""),
        ("true ? '16.3' : '12'", ""),
        ("Math.random() > 1 ? '16.3' : '16.3'", ""),
        ("list[1]", "const list = ['12', '16.3'];"),
        ("pulumi.output('16.3')", ""),
        ("pulumi.interpolate`16.${minor}`", "const minor = 3;"),
        ("String(v)", "const v = 16.3;"),
        ("v.toString()", "const v = '16.3';"),
        ("Object.freeze({ v: '16.3' }).v", ""),
        ("v()", "const v = () => '16.3';"),
    ] {
        assert_eq!(version(expression, before, None), "16.3", "{before} {expression}");
    }
}

#[test]
fn the_line_is_where_the_value_is_written() {
    let code = "const unused = 1;
        const VERSION =
            '16.3';
        const base = { engine: 'postgres', engineVersion: VERSION };
        new aws.rds.Instance('a', { ...base, identifier: `app-${'x'}` });";
    assert_eq!(program(code, None), ["index.ts:5 a postgres 16.3"]);
}

#[test]
fn the_innermost_name_counts() {
    let code = "const v = '12';
        function make(v: string) { new aws.rds.Instance('a', { engine: 'postgres', engineVersion: v }); }
        { const v = '16'; new aws.rds.Instance('b', { engine: 'postgres', engineVersion: v }); }";
    assert_eq!(
        program(code, None),
        ["index.ts:4 a postgres v at line 4: it is a parameter", "index.ts:5 b postgres 16"]
    );
}

#[test]
fn spreads_keep_their_order() {
    let make = |args: &str| {
        let before = "declare const unknown: any; const base = { engine: 'postgres', engineVersion: '12' };";
        program(&format!("{before}new aws.rds.Instance('a', {{ {args} }});"), None)
    };
    assert_eq!(make("...base, engineVersion: '16'"), ["index.ts:3 a postgres 16"]);
    assert_eq!(make("engineVersion: '16', ...base"), ["index.ts:3 a postgres 12"]);
    assert_eq!(make("...unknown, ...base"), ["index.ts:3 a postgres 12"]);
    assert_eq!(make("...base, ...(false && { engineVersion: '9.6' })"), ["index.ts:3 a postgres 12"]);
    let lost = make("...base, ...unknown, engine: 'postgres'");
    assert!(lost[0].contains("...unknown may set it"), "{lost:?}");
}

#[test]
fn what_only_a_run_tells_has_a_reason() {
    for (expression, before, reason) in [
        ("process.env.V", "", "process.env.V at line 4: it depends on the environment"),
        ("process.env.V ?? '12'", "", "process.env.V at line 4: it depends on the environment"),
        ("v()", "declare function v(): string;", "v() at line 4: only a run tells"),
        ("v()", "function v() { return Math.random(); }", "Math at line 3: it is not declared in this file"),
        ("v", "import { v } from '@acme/v';", "v at line 4: it is imported from \"@acme/v\""),
        ("v", "import { v } from './versions';", "v at line 4: it is imported from \"./versions\", which is not found"),
        ("v", "let v = '12'; run(() => { v = '16'; });", "v at line 4: it is changed at line 3"),
        ("o.v", "const o = { v: '12' }; o.v = '16';", "o at line 4: it is changed at line 3"),
        ("v", "let v; ({ v } = { v: '16' });", "v at line 4: it is changed at line 3"),
        ("nowhere", "", "nowhere at line 4: it is not declared in this file"),
        ("undefined", "", "engineVersion is not set, so RDS chooses it"),
        ("''", "", "engineVersion is not set, so RDS chooses it"),
        ("['16']", "", "engineVersion is not a text"),
        (
            "config.require('v')",
            "const config = new pulumi.Config();",
            "config.require('v') at line 4: there is no Pulumi.yaml above it",
        ),
        (
            "stack === 'production' ? '16' : '12'",
            "const stack = pulumi.getStack();",
            "stack === 'production' cannot be decided: pulumi.getStack() at line 3: no stack given",
        ),
        (
            "config.requireSecret('v')",
            "const config = new pulumi.Config();",
            "config.requireSecret('v') at line 4: it is a secret",
        ),
    ] {
        assert_eq!(version(expression, before, None), reason, "{before} {expression}");
    }
}

#[test]
fn a_stack_decides() {
    let before = "const stack = pulumi.getStack(); const old = ['staging', 'demo'].includes(stack);";
    for (expression, production, staging) in [
        ("stack === 'production' ? '16' : '12'", "16", "12"),
        ("!old ? '16' : '12'", "16", "12"),
        ("stack !== 'production' && '12' || '16'", "16", "12"),
        ("({ production: '16', staging: '12' })[stack]", "16", "12"),
        ("stack.startsWith('prod') ? '16' : '12'", "16", "12"),
    ] {
        assert_eq!(version(expression, before, Some("production")), production, "{expression}");
        assert_eq!(version(expression, before, Some("acme/data/staging")), staging, "{expression}");
    }
}

#[test]
fn configuration_is_read_from_the_stack() {
    let code = format!(
        "{AWS}const config = new pulumi.Config();
        const version = config.get('version') ?? '12';
        new aws.rds.Instance('a', {{ engine: 'postgres', engineVersion: version, identifier: new pulumi.Config('x').require('id') }});"
    );
    let project = ("data/Pulumi.yaml", "name: data\nruntime: nodejs\n");
    let staging = ("data/Pulumi.staging.yaml", "config:\n  data:version: \"16.3\"\n  x:id: app\n");
    let production = ("data/Pulumi.production.yaml", "config:\n  aws:region: eu-west-2\n");
    let program = ("data/src/index.ts", code.as_str());
    let all = [project, staging, production, program];
    require(&[project, staging, program], None, &["data/Pulumi.staging.yaml:2 a postgres 16.3"]);
    require(&all, Some("staging"), &["data/Pulumi.staging.yaml:2 a postgres 16.3"]);
    require(&all, Some("production"), &["data/src/index.ts:4 a postgres 12"]);
    let lost = "config.get('version') at line 4: ";
    let ambiguous = format!("data/src/index.ts:5 a postgres {lost}no stack given, of production, staging");
    require(&all, None, &[&ambiguous]);
    let absent = format!("data/src/index.ts:5 a postgres {lost}there is no Pulumi.demo.yaml");
    require(&all, Some("demo"), &[&absent]);
    let defaults = ("data/Pulumi.yaml", "name: data\nconfig:\n  version:\n    type: string\n    default: '14'\n");
    require(&[defaults, production, program], None, &["data/Pulumi.yaml:5 a postgres 14"]);
    let secret = ("data/Pulumi.staging.yaml", "config:\n  data:version:\n    secure: canary\n");
    let hidden = format!("data/src/index.ts:5 a postgres {lost}data:version is a secret in data/Pulumi.staging.yaml");
    require(&[project, secret, program], None, &[&hidden]);
}

#[test]
fn replicas_are_what_they_replicate() {
    let code = "const main = new aws.rds.Instance('main', { engine: 'postgres', engineVersion: '16.3' });
        new aws.rds.Instance('own', { replicateSourceDb: main.identifier, engineVersion: '16.4' });
        new aws.rds.Instance('same', { replicateSourceDb: main.arn });
        new aws.rds.Instance('copied', { engine: main.engine, engineVersion: main.engineVersion });
        new aws.rds.Instance('unknown', { replicateSourceDb: 'elsewhere', engineVersion: '16.4' });
        const my = new aws.rds.Instance('my', { engine: 'mysql', engineVersion: '8.0' });
        new aws.rds.Instance('mine', { replicateSourceDb: my.id, engineVersion: '8.0' });";
    let expected = [
        "index.ts:3 copied postgres 16.3",
        "index.ts:3 main postgres 16.3",
        "index.ts:3 same postgres 16.3",
        "index.ts:4 own postgres 16.4",
    ];
    assert_eq!(program(code, None), expected);
}

#[test]
fn an_unknown_engine_is_not_silently_nothing() {
    let found = program("export function make(args: any) { return new aws.rds.Instance(args.name, args); }", None);
    assert_eq!(found, ["index.ts:3 args.name postgres the engine cannot be known: args at line 3: it is a parameter"]);
}

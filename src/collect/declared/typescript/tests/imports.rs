//! What other files say.

use crate::collect::declared::testing::{declared, folder, lines, require, try_read};

const AWS: &str = "import * as aws from '@pulumi/aws';\n";

/// The version, or reason, of one database that is given an expression, with other files beside it.
fn version(import: &str, expression: &str, files: &[(&str, &str)]) -> String {
    let code =
        format!("{AWS}{import}\nnew aws.rds.Instance('a', {{ engine: 'postgres', engineVersion: {expression} }});");
    let all: Vec<(&str, &str)> = files.iter().copied().chain([("infra/index.ts", code.as_str())]).collect();
    let found = declared(&all, None);
    assert_eq!(found.len(), 1, "{import} {expression} {found:?}");
    found[0].replace(" a postgres ", " ")
}

#[test]
fn every_way_to_export_and_import_is_followed() {
    for (import, expression, file, text, line) in [
        ("import { v } from './c';", "v", "infra/c.ts", "\nexport const v = '16.3';", 2),
        ("import { v as w } from './c.js';", "w", "infra/c.ts", "export const v = '16.3';", 1),
        ("import { w } from './c';", "w", "infra/c.mts", "const v = '16.3';\nexport { v as w };", 1),
        ("import c from '../c';", "c.v", "c.ts", "export default {\n  v: '16.3',\n};", 2),
        ("import c from '../c';", "c.v", "c.ts", "const c = { v: '16.3' };\nexport default c;", 1),
        ("import c from '../c';", "c", "c.ts", "export default '16.3' as const;", 1),
        ("import { default as c } from '../c';", "c", "c.ts", "export default '16.3';", 1),
        ("import * as c from './c';", "c.v", "infra/c/index.ts", "export const v = '16.3';", 1),
        ("import * as c from './c/';", "c['v']", "infra/c/index.tsx", "export let v = '16.3';", 1),
        ("import * as c from './c';", "c.default.v", "infra/c.ts", "export default { v: '16.3' };", 1),
        ("import { V } from './c';", "V.App", "infra/c.ts", "export enum V {\n App = '16.3' }", 2),
        ("import { v } from './c';", "v.app", "infra/c.ts", "export const v = { app: `16.${3}` };", 1),
        ("import { a } from './c';", "a", "infra/c.ts", "export const { a, b } = { a: '16.3', b: 1 };", 1),
        ("import { v } from './c';", "v()", "infra/c.ts", "export function v() {\n  return '16.3';\n}", 2),
        ("import { v } from './c';", "v(16)", "infra/c.ts", "export const v = (m: number) => `${m}.3`;", 1),
        ("import c = require('./c');", "c.v", "infra/c.ts", "const c = { v: '16.3' };\nexport = c;", 1),
        ("const c = require('./c');", "c.v", "infra/c.js", "module.exports = {\n  v: '16.3' };", 2),
        ("const { v } = require('./c');", "v", "infra/c.js", "exports.v = '16.3';", 1),
        ("const c = require('./c');", "c.v", "infra/c.cjs", "module.exports.v = '16.3';", 1),
        ("const v = require('./c').v;", "v", "infra/c.js", "module.exports = { v: '16.3' };", 1),
        ("", "require('./c.json').v[0]", "infra/c.json", "{\n\"v\": [\n\"16.3\"]}", 3),
        ("import c from './c.json';", "c.v", "infra/c.json", "{ \"v\": \"16.3\" }", 1),
        ("import * as c from './c.json';", "c.v", "infra/c.json", "{ \"v\": \"16.3\" }", 1),
        ("import c from './c.json' with { type: 'json' };", "c.v", "infra/c.json", "{ \"v\": \"16.3\" }", 1),
        ("import { v } from './c';", "v", "infra/c.json", "{ \"v\": \"16.3\" }", 1),
        ("const c = await import('./c');", "c.v", "infra/c.ts", "export const v = '16.3';", 1),
        ("import c from './c';", "c.v", "infra/c.js", "module.exports = { v: '16.3' };", 1),
        ("import { v } from '.';", "v", "infra/index.js", "", 0),
    ] {
        if line > 0 {
            assert_eq!(version(import, expression, &[(file, text)]), format!("{file}:{line} 16.3"), "{import} {text}");
        }
    }
}

#[test]
fn what_is_passed_on_is_followed() {
    let value = ("infra/deep/v.ts", "export const v = '16.3';\nexport default '15.1';\n");
    let other = ("infra/deep/w.ts", "export const w = '12';\n");
    for passing in [
        "export * from './deep/w';\nexport * from './deep/v';",
        "export { v } from './deep/v';",
        "import { v } from './deep/v';\nexport { v };",
        "import * as deep from './deep/v';\nexport const v = deep.v;",
        "import * as deep from './deep/v';\nexport const { v } = deep;",
        "module.exports = { ...require('./deep/w'), ...require('./deep/v') };",
        "module.exports = require('./deep/v');",
    ] {
        let found = version("import { v } from './c';", "v", &[value, other, ("infra/c.ts", passing)]);
        assert_eq!(found, "infra/deep/v.ts:1 16.3", "{passing}");
    }
    let found = version("import { x } from './c';", "x.v", &[value, ("infra/c.ts", "export * as x from './deep/v';")]);
    assert_eq!(found, "infra/deep/v.ts:1 16.3");
    let renamed = ("infra/c.ts", "export { default as v } from './deep/v';");
    assert_eq!(version("import { v } from './c';", "v", &[value, renamed]), "infra/deep/v.ts:2 15.1");
}

#[test]
fn what_cannot_be_followed_says_so() {
    for (import, expression, file, text, reason) in [
        (
            "import { v } from './c';",
            "v",
            "infra/c.ts",
            "export const w = 1;",
            "v at line 3: infra/c.ts does not export v",
        ),
        (
            "import { v } from './c';",
            "v",
            "infra/c.ts",
            "export let v = '1'; export function set() { v = '2'; }",
            "v at infra/c.ts:1: it is changed at infra/c.ts:1",
        ),
        (
            "import { v } from './c';",
            "v",
            "infra/c.ts",
            "export const v = process.env.V;",
            "process.env.V at infra/c.ts:1: it depends on the environment",
        ),
        (
            "import { v } from './c';",
            "v",
            "infra/c.ts",
            "export * from '@acme/a';\nexport * from '@acme/b';",
            "v at line 3: it may be exported by \"@acme/a\" in infra/c.ts",
        ),
        (
            "const c = require('./c');",
            "c.v",
            "infra/c.js",
            "exports.v = '1'; exports.v = '2';",
            "infra/c.js exports it more than once",
        ),
        (
            "import c from './c.json';",
            "c.v",
            "infra/c.json",
            "{ \"v\": ",
            "c at line 3: infra/c.json does not parse: EOF while parsing a value at line 1 column 7",
        ),
        (
            "import { v } from 'c';",
            "v",
            "node_modules/c/index.ts",
            "export const v = '1';",
            "v at line 3: it is imported from \"c\"",
        ),
        (
            "import { v } from '../node_modules/c';",
            "v",
            "node_modules/c/index.ts",
            "export const v = '1';",
            "v at line 3: it is imported from \"../node_modules/c\"",
        ),
    ] {
        let found = version(import, expression, &[(file, text)]);
        assert_eq!(found.split_once(' ').unwrap().1, reason, "{import} {text}");
    }
}

#[test]
fn packages_of_the_repository_are_found() {
    let import = "import { v } from '@acme/db';";
    let source = ("packages/db/src/index.ts", "export const v = '16.3';");
    let expected = "packages/db/src/index.ts:1 16.3";
    let workspaces = ("package.json", "{ \"workspaces\": { \"packages\": [\"packages/*\"] } }");
    for manifest in [
        "{ \"name\": \"@acme/db\" }",
        "{ \"name\": \"@acme/db\", \"main\": \"dist/index.js\" }",
        "{ \"name\": \"@acme/db\", \"main\": \"./src\" }",
        "{ \"name\": \"@acme/db\", \"types\": \"dist/index.d.ts\" }",
        "{ \"name\": \"@acme/db\", \"exports\": \"./dist/index.mjs\" }",
        "{ \"name\": \"@acme/db\", \"exports\": { \".\": [\"./dist/index.js\"] } }",
        "{ \"name\": \"@acme/db\", \"exports\": { \"import\": { \"default\": \"./build/index.js\" } } }",
    ] {
        assert_eq!(version(import, "v", &[source, workspaces, ("packages/db/package.json", manifest)]), expected);
    }
    let manifest = ("packages/db/package.json", "{ \"name\": \"@acme/db\" }");
    for (file, text) in [
        ("pnpm-workspace.yaml", "packages:\n  - packages/*\n"),
        ("lerna.json", "{ \"packages\": [\"packages/**\"] }"),
        ("infra/package.json", "{ \"dependencies\": { \"@acme/db\": \"file:../packages/db\" } }"),
        ("infra/tsconfig.json", "{ \"compilerOptions\": { \"paths\": { \"@acme/*\": [\"../packages/*/src\"] } } }"),
        (
            "tsconfig.json",
            "{ \"compilerOptions\": { \"baseUrl\": \"packages\", \"paths\": { \"@acme/db\": [\"db/src/index\"] } } }",
        ),
    ] {
        assert_eq!(version(import, "v", &[source, manifest, (file, text)]), expected, "{file}");
    }
    let deep = version(
        "import { v } from '@acme/db/versions';",
        "v",
        &[
            workspaces,
            ("packages/db/package.json", "{ \"name\": \"@acme/db\", \"exports\": { \"./*\": \"./dist/*.js\" } }"),
            ("packages/db/src/versions.ts", "export const v = '16.3';"),
        ],
    );
    assert_eq!(deep, "packages/db/src/versions.ts:1 16.3");
    let own = version(
        "import { v } from '#db';",
        "v",
        &[("package.json", "{ \"imports\": { \"#db\": \"./packages/db/src/index.ts\" } }"), source],
    );
    assert_eq!(own, expected);
    let empty = ("packages/db/package.json", "{ \"name\": \"@acme/db\", \"main\": \"dist/index.js\" }");
    let lost = version(import, "v", &[workspaces, empty]);
    assert_eq!(
        lost,
        "infra/index.ts:3 v at line 3: it is imported from \"@acme/db\", whose source is not found in the package's folder db"
    );
    let hostile = ("packages/db/package.json", "{ \"name\": \"@acme/db\", \"main\": \"../../../../etc/passwd\" }");
    assert_eq!(version(import, "v", &[workspaces, hostile, source]), expected);
}

#[test]
fn rings_and_many_files_end() {
    let ring = [
        ("infra/a.ts", "export * from './b';\nexport { x } from './b';\nimport y from './b'; export default y;"),
        ("infra/b.ts", "export * from './a';\nexport { x } from './a';\nimport y from './a'; export default y;"),
    ];
    for expression in ["x", "y", "z"] {
        let found = version("import y, { x, z } from './a';", expression, &ring);
        assert!(
            found.contains("too far") || found.contains("does not export") || found.contains("may be exported"),
            "{found}"
        );
    }
    let many: Vec<(String, String)> =
        (0..300).map(|i| (format!("infra/c{i}.ts"), format!("export {{ v }} from './c{}';", i + 1))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = version("import { v } from './c0';", "v", &many);
    assert!(found.contains("it refers too far") || found.contains("one file more than is followed"), "{found}");
}

#[test]
fn resources_of_other_files_are_followed_and_count_once() {
    let main = "export const main = new aws.rds.Instance('main', { engine: 'postgres', engineVersion: '16.3', parameterGroupName: groups.app.name });";
    let main = format!(
        "{AWS}import groups from './groups';\n{main}\nexport const my = new aws.rds.Instance('my', {{ engine: 'mysql', engineVersion: '8.0' }});"
    );
    let groups =
        format!("{AWS}export default {{ app: new aws.rds.ParameterGroup('app', {{ family: 'postgres16' }}) }};");
    let replicas = format!(
        "{AWS}import {{ main, my }} from './main';
new aws.rds.Instance('same', {{ replicateSourceDb: main.arn }});
new aws.rds.Instance('own', {{ replicateSourceDb: main.identifier, engineVersion: '16.4' }});
new aws.rds.Instance('mine', {{ replicateSourceDb: my.identifier }});
new aws.rds.Instance('copy', {{ engine: main.engine, engineVersion: main.engineVersion }});
new aws.rds.Instance('lost', {{ replicateSourceDb: process.env.SOURCE }});"
    );
    let files = [("main.ts", main.as_str()), ("groups.ts", groups.as_str()), ("replicas.ts", replicas.as_str())];
    let expected = [
        "main.ts:3 copy postgres 16.3",
        "main.ts:3 main postgres 16.3",
        "main.ts:3 same postgres 16.3",
        "replicas.ts:4 own postgres 16.4",
        "replicas.ts:7 lost postgres the engine cannot be known: process.env.SOURCE at line 7: it depends on the environment",
    ];
    require(&files, None, &expected);
    let folder = folder(&files);
    let alone = try_read(&folder.path().join("replicas.ts"), None).unwrap();
    let names: Vec<&str> = alone.iter().map(|one| one.resource.as_str()).collect();
    assert_eq!(names, ["copy", "same", "own", "lost"], "{:?}", lines(&alone));
    let found = try_read(folder.path(), None).unwrap();
    let group = found[1].parameter_group.as_ref().unwrap();
    assert_eq!((group.resource.as_str(), group.family.as_ref().unwrap().file.as_str()), ("app", "groups.ts"));
}

#[test]
fn classes_that_other_files_pass_on_are_known() {
    for (aws, code) in [
        ("export * as aws from '@pulumi/aws';", "import { aws } from './cloud'; new aws.rds.Instance"),
        ("export { rds as db } from '@pulumi/aws';", "import { db } from './cloud'; new db.Instance"),
        ("export * from '@pulumi/aws/rds';", "import { Instance } from './cloud'; new Instance"),
        (
            "import * as aws from '@pulumi/aws'; export const Database = aws.rds.Instance;",
            "import { Database } from './cloud'; new Database",
        ),
        (
            "import * as aws from '@pulumi/aws'; export const Postgres = aws.rds.Instance;",
            "import { Postgres as Pg } from './cloud'; new Pg",
        ),
        ("export { Instance as Postgres } from '@pulumi/aws/rds';", "import * as c from './cloud'; new c.Postgres"),
        ("import { rds } from '@pulumi/aws'; export default rds.Instance;", "import Pg from './cloud'; new Pg"),
        ("module.exports = require('@pulumi/aws');", "const cloud = require('./cloud'); new cloud.rds.Instance"),
    ] {
        let code = format!("{code}('a', {{ engine: 'postgres', engineVersion: '16.3' }});");
        let found = declared(&[("cloud.ts", aws), ("index.ts", &code)], None);
        assert_eq!(found, ["index.ts:1 a postgres 16.3"], "{aws}");
    }
}

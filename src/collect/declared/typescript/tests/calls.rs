//! Databases that functions, classes and loops declare.

use crate::collect::declared::testing::{declared, folder, lines, require, try_read};

const AWS: &str = "import * as aws from '@pulumi/aws';\nimport * as pulumi from '@pulumi/pulumi';\n";

/// What is declared by these lines, which begin at line 3.
fn program(code: &str) -> Vec<String> {
    declared(&[("index.ts", &format!("{AWS}{code}"))], None)
}

fn make(version: &str) -> String {
    format!("return new aws.rds.Instance(`${{name}}-db`, {{ engine: 'postgres', engineVersion: {version} }});")
}

#[test]
fn each_call_is_a_database() {
    let body = make("version");
    for code in [
        format!("function make(name: string, version: string) {{ {body} }}\nmake('a', '16.3');\nmake('b', '15.1');"),
        format!("const make = (name: string, version: string) => {{ {body} }};\nmake('a', '16.3');\nmake('b', '15.1');"),
        format!("make('a', '15.1'); function make(name: string, version: string) {{ {body} }}\nmake('a', '16.3');\nmake('b', '15.1');").replace("make('a', '15.1'); ", ""),
        format!("const make = function (name: string, {{ version }}: any) {{ {body} }}\nmake('a', {{ version: '16.3' }});\nmake('b', {{ version: '15.1' }});"),
        format!("class Make {{ constructor(name: string, version: string) {{ {body} }} }}\nnew Make('a', '16.3');\nnew Make('b', '15.1');"),
        format!("class Make {{ static make(name: string, version: string) {{ {body} }} }}\nMake.make('a', '16.3');\nMake.make('b', '15.1');"),
        format!("class Make {{ make(name: string, version: string) {{ {body} }} }} const one = new Make();\none.make('a', '16.3');\none.make('b', '15.1');"),
        format!("const maker = {{ make(name: string, version: string) {{ {body} }} }};\nmaker.make('a', '16.3');\nmaker.make('b', '15.1');"),
        format!("async function make(name: string, ...[version]: string[]) {{ {body} }}\nawait make('a', '16.3');\nvoid make('b', '15.1');"),
    ] {
        assert_eq!(program(&code), ["index.ts:4 a-db postgres 16.3", "index.ts:5 b-db postgres 15.1"], "{code}");
    }
}

#[test]
fn defaults_are_taken_only_where_nothing_is_given() {
    for version in ["version = '14.1'", "version?: string"] {
        let body = make("version ?? '14.1'");
        let code = format!("export function make(name: string, {version}) {{ {body} }}");
        let lost = program(&code);
        assert_eq!(lost, ["index.ts:3 `${name}-db` postgres version at line 3: it is a parameter"]);
        let known = program(&format!("{code}\nmake('a');\nmake('b', '16.3');\nmake('c', undefined);"));
        assert_eq!(
            known,
            ["index.ts:3 a-db postgres 14.1", "index.ts:3 c-db postgres 14.1", "index.ts:5 b-db postgres 16.3"]
        );
    }
    let code = format!("function make(name: string, version = '14.1') {{ {} }}\nmake(...args);", make("version"));
    assert_eq!(program(&code), ["index.ts:3 `${name}-db` postgres version at line 3: it is spread into the call"]);
    let component = "class Db { constructor(name: string, args: any = {}) { const { version = '14.1', ...rest } = args;
        new aws.rds.Instance(name, { engineVersion: version, ...rest, engine: 'postgres' }); } }";
    let found =
        program(&format!("{component}\nnew Db('a');\nnew Db('b', {{ version: '16.3' }});\nnew Db('c', {{ ...x }});"));
    assert!(found[1].starts_with("index.ts:4 c postgres ...x may set it"), "{found:?}");
    assert_eq!((found[0].as_str(), found[2].as_str()), ("index.ts:3 a postgres 14.1", "index.ts:6 b postgres 16.3"));
}

#[test]
fn a_chain_of_calls_is_followed() {
    let code = format!(
        "function inner(name: string, version: string) {{ {} }}
        function outer(region: string, major: number) {{ inner(`${{region}}-main`, `${{major}}.3`); inner(`${{region}}-old`, '12.1'); }}
        outer('eu', 16);
        for (const region of ['us', 'ap']) outer(region, 15);",
        make("version")
    );
    let expected = [
        "index.ts:4 ap-main-db postgres 15.3",
        "index.ts:4 ap-old-db postgres 12.1",
        "index.ts:4 eu-main-db postgres 16.3",
        "index.ts:4 eu-old-db postgres 12.1",
        "index.ts:4 us-main-db postgres 15.3",
        "index.ts:4 us-old-db postgres 12.1",
    ];
    assert_eq!(program(&code), expected);
}

#[test]
fn loops_over_known_lists_are_unrolled() {
    let new = "new aws.rds.Instance(name, { engine: 'postgres', engineVersion: version });";
    let map = "const all = {\n a: '16.3',\n b: '15.1' };";
    let list = "const list = [\n { name: 'a', version: '16.3' },\n { name: 'b', version: '15.1' }];";
    for (before, code) in [
        (map, format!("for (const [name, version] of Object.entries(all)) {{ {new} }}")),
        (map, format!("Object.entries(all).forEach(([name, version]) => {{ {new} }});")),
        (map, format!("Object.keys(all).map((name) => {{ const version = all[name]; return {new} }});")),
        (map, format!("for (const name in all) {{ const version = all[name]; {new} }}")),
        (list, format!("for (const {{ name, version }} of list) {{ {new} }}")),
        (list, format!("export const dbs = list.map(({{ name, version }}) => {new}").replace("});", "}));")),
        (list, format!("list.filter((one) => one.name !== 'c').forEach(function ({{ name, version }}) {{ {new} }});")),
        (list, format!("pulumi.output(list).apply((all) => all.map(({{ name, version }}) => {{ {new} }}));")),
        (list, format!("[...list].forEach((one) => {{ const {{ name, version }} = one; {new} }});")),
    ] {
        let found = program(&format!("{before}\n{code}"));
        assert_eq!(found, ["index.ts:4 a postgres 16.3", "index.ts:5 b postgres 15.1"], "{code}");
    }
    let unknown = program(&format!("declare const all: any;\nfor (const {{ name, version }} of all) {{ {new} }}"));
    assert_eq!(unknown, ["index.ts:4 name postgres all at line 4: it is a variable"]);
    let other = program(&format!("while (next()) {{ const version = '16.3'; const name = 'a'; {new} }}"));
    assert_eq!(other, ["index.ts:3 a postgres 16.3"]);
    let counted = program(
        "for (let i = 0; i < 3; i++) { new aws.rds.Instance(`a${i}`, { engine: 'postgres', engineVersion: `1${i}` }); }",
    );
    assert_eq!(counted, ["index.ts:3 `a${i}` postgres i at line 3: it is changed at line 3"]);
}

#[test]
fn other_uses_of_a_function_leave_one_unknown() {
    let code = format!("function make(name: string, version: string) {{ {} }}\nmake('a', '16.3');", make("version"));
    assert_eq!(program(&code).len(), 1);
    for other in
        ["[['b', '15']].forEach(([n, v]) => later(make));", "register(make);", "export const alias = { make };"]
    {
        let found = program(&format!("{code}\n{other}"));
        assert_eq!(found.len(), 2, "{other} {found:?}");
        assert!(found.iter().any(|line| line.ends_with("version at line 3: it is a parameter")), "{found:?}");
    }
    let recursive =
        format!("{code}\nfunction again(n: number) {{ if (n) again(n - 1); make('r', '12.1'); }}\nagain(2);");
    assert!(program(&recursive).iter().any(|line| line.ends_with("r-db postgres 12.1")));
}

#[test]
fn calls_of_other_files_count_and_those_of_tests_do_not() {
    let component = format!(
        "{AWS}export class Database extends pulumi.ComponentResource {{
  readonly instance: aws.rds.Instance;
  constructor(name: string, args: {{ version: string }}, opts?: pulumi.ComponentResourceOptions) {{
    super('acme:Database', name, {{}}, opts);
    this.instance = new aws.rds.Instance(`${{name}}-db`, {{ engine: 'postgres', engineVersion: args.version }}, {{ parent: this }});
  }}
}}
export default Database;
"
    );
    let component = ("lib/database.ts", component.as_str());
    let lost = "lib/database.ts:7 `${name}-db` postgres args at lib/database.ts:7: it is a parameter";
    require(&[component], None, &[&lost.replace("at lib/database.ts:7", "at line 7")]);
    let index = (
        "lib/index.ts",
        "export { Database as Postgres } from './database';\nexport { default as Db } from './database';",
    );
    let one =
        ("one/index.ts", "import { Database } from '../lib/database';\nnew Database('one', { version: '16.1' });");
    let two = ("two/index.ts", "import * as lib from '../lib';\nnew lib.Postgres('two', { version: '16.2' });");
    let three =
        ("three/index.ts", "import Anything from '../lib/database';\nnew Anything('three', { version: '16.3' });");
    let four = ("four/index.ts", "import { Db } from '../lib';\nnew Db('four', { version: '16.4' });");
    let test =
        ("lib/database.test.ts", "import { Database } from './database';\nnew Database('test', { version: '9.6' });");
    let expected = [
        "four/index.ts:2 four-db postgres 16.4",
        "one/index.ts:2 one-db postgres 16.1",
        "three/index.ts:2 three-db postgres 16.3",
        "two/index.ts:2 two-db postgres 16.2",
    ];
    require(&[component, index, one, two, three, four, test], None, &expected);
    require(&[component, test], None, &[&lost.replace("at lib/database.ts:7", "at line 7")]);
    let config = ("two/Pulumi.prod.yaml", "config:\n  two:version: '14.2'\n");
    let project = ("two/Pulumi.yaml", "name: two\nruntime: nodejs\n");
    let configured = (
        "two/index.ts",
        "import { Config } from '@pulumi/pulumi';\nimport { Database } from '../lib/database';\nnew Database('two', { version: new Config().require('version') });",
    );
    require(&[component, configured, config, project], Some("prod"), &["two/Pulumi.prod.yaml:2 two-db postgres 14.2"]);
}

#[test]
fn classes_that_extend_each_other_are_followed() {
    let code = "abstract class Base {
  protected readonly engine = 'postgres';
  constructor(protected name: string, version: string, protected readonly minor = 1) {
    new aws.rds.Instance(this.name, { engine: this.engine, engineVersion: `${version}.${this.minor}` });
  }
}
class Main extends Base { constructor(name: string) { super(`${name}-main`, '16'); } }
class Old extends Base {}
class Odd extends Base { protected readonly engine = 'mysql'; }
new Main('a');
new Old('b', '15', 7);
new Odd('c', '14');";
    let found = program(code);
    assert_eq!(found[..2], ["index.ts:6 a-main postgres 16.1", "index.ts:6 b postgres 15.7"]);
    let lost =
        "index.ts:6 c postgres the engine cannot be known: this.engine at line 6: a class that extends it may set it";
    assert_eq!(found[2..], [lost]);
}

#[test]
fn what_a_function_returns_is_a_resource() {
    let code = format!(
        "function make(name: string, version: string) {{ {} }}
        const one = make('one', '16.3');
        const dbs = ['x', 'y'].map((name) => new aws.rds.Instance(name, {{ engine: 'postgres', engineVersion: '15.1' }}));
        new aws.rds.Instance('replica', {{ replicateSourceDb: one.arn }});
        new aws.rds.Instance('second', {{ replicateSourceDb: dbs[1].arn }});
        class Db {{ readonly instance: aws.rds.Instance; constructor(name: string) {{ this.instance = make(name, '14.1'); }} }}
        const db = new Db('held');
        new aws.rds.Instance('third', {{ replicateSourceDb: db.instance.arn }});",
        make("version")
    );
    let found = program(&code);
    for line in [
        "replica postgres 16.3",
        "second postgres 15.1",
        "third postgres 14.1",
        "held-db postgres 14.1",
        "y postgres 15.1",
    ] {
        assert!(found.iter().any(|one| one.ends_with(line)), "{line} {found:#?}");
    }
    assert_eq!(found.len(), 7, "{found:#?}");
}

#[test]
fn changed_names_have_the_value_of_their_place() {
    let new = "new aws.rds.Instance('a', { engine: 'postgres', engineVersion: v });";
    for (code, expected) in [
        (format!("let v = '12'; v = '16.3';\n{new}"), "16.3"),
        (format!("let v; if (true) v = '16.3'; else v = '12';\n{new}"), "16.3"),
        (format!("let v = '16.3'; if (1 === 2) {{ v = '12'; }}\n{new}"), "16.3"),
        (
            format!(
                "let v; switch ('b') {{ case 'a': v = '12'; break; case 'b': case 'c': v = '16.3'; break; default: v = '11'; }}\n{new}"
            ),
            "16.3",
        ),
        (format!("let v; switch ('z') {{ case 'a': v = '12'; break; default: v = '16.3'; }}\n{new}"), "16.3"),
        (format!("let v = '16.3';\n{new}\nv = '12';"), "16.3"),
        (format!("let v = '12'; {{ let v = '16.3'; v += ''; }}\n{new}"), "12"),
        (format!("let v = '16.3';\n[1].forEach(() => {{ {new} }});"), "16.3"),
        (
            format!("let v; switch ('a') {{ case 'a': v = '12'; case 'b': v = '16.3'; }}\n{new}"),
            "v at line 4: it is changed at line 3: a case runs on into the next at line 3",
        ),
        (
            format!("let v = '12'; if (process.argv.length > 2) v = '16.3';\n{new}"),
            "v at line 4: it is changed at line 3: process.argv.length > 2 cannot be decided: process.argv at line 3: it depends on the environment",
        ),
        (
            format!("let v = '12';\n[1].forEach(() => {{ {new} }});\nv = '16.3';"),
            "v at line 4: it is changed at line 5",
        ),
        (format!("let v = '12'; while (more()) v = '16.3';\n{new}"), "v at line 4: it is changed at line 3"),
    ] {
        let found = program(&code);
        assert_eq!(found.len(), 1, "{code} {found:?}");
        assert_eq!(found[0].split_once(" postgres ").unwrap().1, expected, "{code}");
    }
}

#[test]
fn what_is_beside_the_folder_given_counts_with_it() {
    let component = format!(
        "{AWS}export function make(name: string, version: string) {{ {} }}\nmake('inner', '11.1');",
        make("version")
    );
    let shared = format!(
        "{AWS}new aws.rds.Instance('shared', {{ engine: 'postgres', engineVersion: new pulumi.Config().require('v') }});"
    );
    let files = [
        ("package.json", "{ \"workspaces\": [\"packages/*\", \"apps/*\"] }"),
        ("packages/db/package.json", "{ \"name\": \"@acme/db\" }"),
        ("packages/db/index.ts", component.as_str()),
        ("packages/shared.ts", shared.as_str()),
        ("apps/a/Pulumi.yaml", "name: a\nruntime: nodejs\n"),
        ("apps/a/Pulumi.prod.yaml", "config:\n  a:v: '12.2'\n"),
        ("apps/a/index.ts", "import { make } from '@acme/db';\nimport '../../packages/shared';\nmake('a', '16.3');"),
        ("apps/b/index.ts", "import { make } from '@acme/db';\nmake('b', '15.1');"),
    ];
    let folder = folder(&files);
    let read = |path: &str| lines(&try_read(&folder.path().join(path), Some("prod")).unwrap());
    assert_eq!(
        read("apps/a"),
        [
            "../../packages/db/index.ts:4 inner-db postgres 11.1",
            "Pulumi.prod.yaml:2 shared postgres 12.2",
            "index.ts:3 a-db postgres 16.3",
        ]
    );
    let alone = read("apps/b/index.ts");
    assert!(alone.len() == 1 && alone[0].ends_with("apps/b/index.ts:2 b-db postgres 15.1"), "{alone:?}");
    let expected = [
        "apps/a/index.ts:3 a-db postgres 16.3",
        "apps/b/index.ts:2 b-db postgres 15.1",
        "packages/db/index.ts:4 inner-db postgres 11.1",
        "packages/shared.ts:3 shared postgres new pulumi.Config().require('v') at line 3: there is no Pulumi.yaml above it",
    ];
    assert_eq!(read(""), expected);
}

#[test]
fn callers_that_cannot_be_read_leave_one_unknown() {
    let component =
        format!("{AWS}export function makeDatabase(name: string, version: string) {{ {} }}", make("version"));
    let one = ("one.ts", "import { makeDatabase } from './lib';\nmakeDatabase('one', '16.3');");
    let broken = ("two.ts", "import { makeDatabase } from './lib';\nmakeDatabase('two', = '15.1');");
    let expected =
        ["lib.ts:3 `${name}-db` postgres version at line 3: it is a parameter", "one.ts:2 one-db postgres 16.3"];
    require(&[("lib.ts", &component), one], None, &expected[1..]);
    require(&[("lib.ts", &component), one, broken], None, &expected);
    let renamed = ("names.ts", "import { makeDatabase } from './lib';\nexport { makeDatabase as create };");
    let three = ("three.ts", "import { create } from './names';\ncreate('three', '14.2');");
    let expected = ["one.ts:2 one-db postgres 16.3", "three.ts:2 three-db postgres 14.2"];
    require(&[("lib.ts", &component), one, renamed, three], None, &expected);
}

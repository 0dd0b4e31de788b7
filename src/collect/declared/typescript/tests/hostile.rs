//! Whatever a repository holds, reading it ends, and without a panic.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::collect::declared::testing::{declared, folder, lines, try_read};

const AWS: &str = "import * as aws from '@pulumi/aws';\n";
const DB: &str = "new aws.rds.Instance('a', { engine: 'postgres', engineVersion: v });";

/// Reads files that must end in one entry of unknown version, and soon.
fn lost(files: &[(&str, &str)]) -> String {
    let start = Instant::now();
    let found = declared(files, None);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?} {found:?}");
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn imported_files_may_hold_anything() {
    let index = format!("{AWS}import {{ v }} from './c';\n{DB}");
    let n = 250_000;
    for text in [
        "(".repeat(n),
        "[{".repeat(n),
        "a<".repeat(n),
        "x=>".repeat(n),
        "`${".repeat(n),
        "\0".repeat(n),
        format!("export const v = {}1;", "1+".repeat(n)),
        format!("export const v = '{}';", "x".repeat(n)),
        format!("export const v = {}'1';", "`a` + ".repeat(2_000)),
        "export * from './c';".repeat(2_000),
        format!("export const v = a{};", ".b".repeat(n)),
    ] {
        lost(&[("index.ts", &index), ("c.ts", &text)]);
    }
    for text in ["[".repeat(n), "{\"v\":".repeat(n), "null".to_owned(), "[]".to_owned()] {
        let index = format!("{AWS}import c from './c.json';\nconst v = c.v;\n{DB}");
        lost(&[("index.ts", &index), ("c.json", &text)]);
    }
}

#[test]
fn manifests_may_hold_anything() {
    let index = format!("{AWS}import {{ v }} from '@acme/c/x';\n{DB}");
    let n = 100_000;
    for (file, text) in [
        (
            "tsconfig.json",
            "{\"compilerOptions\":{\"paths\":{\"*\":[\"*\",\"..\"],\"@acme/*\":[\"*/*/*\"]},\"baseUrl\":\"../..\"}}"
                .to_owned(),
        ),
        ("tsconfig.json", "{\"extends\":\"./tsconfig.json\"}".to_owned()),
        ("tsconfig.json", "/*".repeat(n)),
        ("tsconfig.json", "[".repeat(n)),
        ("package.json", "{\"workspaces\":[\"**\",\"**/**/**\",\"../../..\",\"/\",\"\"]}".to_owned()),
        ("package.json", "{\"name\":\"@acme/c\",\"exports\":{\"./*\":\"./**********/*\"}}".to_owned()),
        (
            "package.json",
            "{\"name\":\"@acme/c\",\"main\":\".\",\"exports\":{\".\":{\"import\":{\"import\":[[[[[[]]]]]]}}}}"
                .to_owned(),
        ),
        ("package.json", format!("{{\"dependencies\":{{\"@acme/c\":\"file:{}\"}}}}", "../".repeat(300))),
        ("pnpm-workspace.yaml", "packages: &a [*a]".to_owned()),
    ] {
        let found = lost(&[("index.ts", &index), (file, &text)]);
        assert!(found.contains("it is imported from \"@acme/c/x\""), "{file} {found}");
    }
    for specifier in [
        "",
        "/",
        "//",
        "...",
        "./",
        "..",
        "@",
        "@/",
        "#",
        "\\0",
        "file:///etc/passwd",
        "./\\u0000",
        &"../".repeat(500),
        &"a/".repeat(500),
    ] {
        lost(&[("index.ts", &format!("{AWS}import {{ v }} from '{specifier}';\n{DB}"))]);
    }
}

#[test]
fn references_in_rings_end() {
    for code in [
        "const v = v;",
        "const v = w, w = v;",
        "const { v } = { v };",
        "const v = f(); function f() { return f(); }",
        "const v = f(0); function f(n: number): any { return f(n + 1) + f(n + 2); }",
        "class A { get v() { return this.v; } } const v = new A().v;",
        "class A { v = this.w; w = this.v; } const v = new A().v;",
        "class A extends A {} const v = new A().v;",
        "class A extends B {} class B extends A {} const v = new A().v;",
        "class A { a = new A(); } const v = new A().a.a.a.v;",
        "class A { constructor(a: any) { this.b = new A(a); } } const v = new A(1).b.v;",
        "let v = v; v = v; if (v) v = v;",
        "const o = { get v() { return o.v; } }; const v = o.v;",
        "const v = [1].map((x) => v);",
        "const f = (g: any) => g(g); const v = f(f);",
        "enum V { A = V.A } const v = V.A;",
        "import v = v;",
        "import v = a.b; import a = v;",
        "const v = require('./index');",
        "import { v } from './index'; export { v };",
        "import * as self from './index'; export const v = self.v;",
        "import * as self from './index'; const v = self; export * from './index';",
    ] {
        lost(&[("index.ts", &format!("{AWS}{code}\n{DB}"))]);
    }
}

#[test]
fn calls_that_multiply_end() {
    let mut code = format!("{AWS}function f0(v: string) {{ {DB} }}\n");
    for i in 1..60 {
        writeln!(code, "function f{i}(v: string) {{ f{0}(v); f{0}(v); f{0}(v); }}", i - 1).unwrap();
    }
    code += "f59('16.3');";
    lost(&[("index.ts", &code)]);
    let mut code = format!("{AWS}function f0(v: string) {{ {DB} }}\n");
    for i in 0..40 {
        for j in 0..40 {
            writeln!(code, "function g{i}_{j}(v: string) {{ g{j}_{i}(v); f0(v); g{}_{j}(v); }}", (i + 1) % 40).unwrap();
        }
    }
    let found = declared(&[("index.ts", &code)], None);
    assert!(!found.is_empty() && found.iter().all(|line| !line.ends_with("16.3")), "{}", found.len());
    let list = "'16.3', ".repeat(1_000);
    lost(&[("index.ts", &format!("{AWS}for (const v of [{list}]) {{ {DB} }}"))]);
    let nested = "for (const v of list) { ".repeat(40) + DB + &"}".repeat(40);
    let found = declared(&[("index.ts", &format!("{AWS}const list = ['16.3', '15.1', '14.1'];\n{nested}"))], None);
    assert!(!found.is_empty(), "{found:?}");
}

#[test]
fn many_callers_are_too_many() {
    let component = format!("{AWS}export function makeDatabase(v: string) {{ {DB} }}");
    let callers: Vec<(String, String)> = (0..510)
        .map(|i| (format!("c{i}.ts"), format!("import {{ makeDatabase }} from './lib';\nmakeDatabase('16.{i}');")))
        .collect();
    let mut files: Vec<(&str, &str)> = callers.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.push(("lib.ts", &component));
    let found = declared(&files, None);
    assert!(found.iter().any(|line| line.ends_with("v at line 2: it is a parameter")), "{}", found.len());
}

#[test]
fn files_that_only_write_the_name_are_no_callers() {
    let component = format!("{AWS}export class Database {{ constructor(v: string) {{ {DB} }} }}");
    let mut files: Vec<(String, String)> = (0..600)
        .map(|i| (format!("src/m{i}.ts"), "import { x } from './m1';\n/** Of the Database */\n".to_owned()))
        .collect();
    files.extend(
        (0..150).map(|i| (format!("c{i}.ts"), format!("import {{ Database }} from './lib';\nnew Database('16.{i}');"))),
    );
    files.push(("lib.ts".to_owned(), component));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = declared(&files, None);
    assert_eq!(found.len(), 150);
    assert!(found.iter().all(|line| line.contains(" postgres 16.")), "{found:?}");
}

const MONOREPO: [(&str, &str); 7] = [
    ("package.json", "{ \"workspaces\": [\"packages/*\"] }"),
    (
        "packages/config/package.json",
        include_str!("../../../../../fixtures/iac/pulumi-typescript/monorepo/packages/config/package.json"),
    ),
    (
        "packages/config/src/index.ts",
        include_str!("../../../../../fixtures/iac/pulumi-typescript/monorepo/packages/config/src/index.ts"),
    ),
    (
        "packages/config/src/postgres.ts",
        include_str!("../../../../../fixtures/iac/pulumi-typescript/monorepo/packages/config/src/postgres.ts"),
    ),
    (
        "packages/components/package.json",
        include_str!("../../../../../fixtures/iac/pulumi-typescript/monorepo/packages/components/package.json"),
    ),
    (
        "packages/components/src/index.ts",
        include_str!(
            "../../../../../fixtures/iac/pulumi-typescript/monorepo/packages/components/src/postgres-database.ts"
        ),
    ),
    (
        "app/index.ts",
        include_str!("../../../../../fixtures/iac/pulumi-typescript/monorepo/services/orders/infra/index.ts"),
    ),
];

const CDK: [(&str, &str); 4] = [
    ("bin/app.ts", include_str!("../../../../../fixtures/iac/cdk-typescript/app/bin/app.ts")),
    ("lib/environments.ts", include_str!("../../../../../fixtures/iac/cdk-typescript/app/lib/environments.ts")),
    ("lib/database-stack.ts", include_str!("../../../../../fixtures/iac/cdk-typescript/app/lib/database-stack.ts")),
    ("lib/stack.ts", include_str!("../../../../../fixtures/iac/cdk-typescript/aurora/lib/stack.ts")),
];

/// The text with some of it replaced, at a place given in thousandths.
fn changed(text: &str, at: usize, cut: usize, with: &str) -> String {
    let start = text.floor_char_boundary(text.len() * at / 1000);
    let end = text.floor_char_boundary((start + cut).min(text.len()));
    format!("{}{with}{}", &text[..start], &text[end.max(start)..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn never_panics_on_any_change(which in 0..11_usize, at in 0..1000_usize, cut in 0..60_usize, with in "(?s)[\\[\\](){}<>\"'`$=?:,;.@#* \n]{0,6}|(?s).{0,3}|this|super\\(|new |extends |export |await |\\.\\.\\.") {
        let all: Vec<(&str, String)> = MONOREPO
            .iter()
            .chain(&CDK)
            .enumerate()
            .map(|(index, (path, text))| {
                (*path, if index == which { changed(text, at, cut, &with) } else { (*text).to_owned() })
            })
            .collect();
        let all: Vec<(&str, &str)> = all.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let found = lines(&try_read(folder(&all).path(), Some("x")).unwrap());
        prop_assert!(!found.is_empty());
    }
}

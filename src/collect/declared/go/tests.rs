use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::collect::declared::testing::{declared, folder, lines, read_folder, require, require_none, try_read};
use crate::facts::Declaration;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac/pulumi-go").join(name)
}

fn found(name: &str, stack: Option<&str>) -> Vec<Declaration> {
    read_folder(&fixture(name), stack)
}

/// What is declared, with the identifiers where they are known.
fn shown(found: &[Declaration]) -> Vec<String> {
    let identifier = |one: &Declaration| one.identifier.as_ref().map_or(String::new(), |name| format!(" = {name}"));
    lines(found).into_iter().zip(found).map(|(line, one)| line + &identifier(one)).collect()
}

#[test]
fn configuration_is_read_of_the_stack() {
    let prod = found("basic", Some("prod"));
    let expected = [
        "Pulumi.prod.yaml:3 orders postgres 16.4 = orders-prod".to_owned(),
        "Pulumi.prod.yaml:3 orders-replica postgres 16.4".to_owned(),
        "Pulumi.prod.yaml:5 warehouse aurora-postgresql 15.6".to_owned(),
        "main.go:62 data.Label aurora-postgresql engineVersion is not set, so RDS chooses it".to_owned(),
    ];
    assert_eq!(shown(&prod), expected);
    assert_eq!(prod[1].replica_of.as_deref(), Some("orders"));
    let group = prod[0].parameter_group.as_ref().unwrap();
    assert_eq!((group.resource.as_str(), group.name.as_deref()), ("orders-pg", Some("orders-prod")));
    assert_eq!(group.parameters["rds.force_ssl"].line, 27);
    let setting =
        |name: &str| prod[0].setting(name).map(|stated| (stated.value.as_deref().unwrap_or("-"), stated.line));
    assert_eq!(setting("allow_major_version_upgrade"), Some(("true", 39)));
    assert_eq!(setting("backup_retention_period"), Some(("7", 4)));
    assert_eq!(setting("ignored_version"), Some(("true", 42)));
    assert_eq!(shown(&found("basic", Some("dev")))[0], "Pulumi.dev.yaml:2 orders postgres 17 = orders-dev");
    let lost = "conf.Require(\"databaseVersion\") at main.go:37: no stack given, of dev, prod";
    assert_eq!(shown(&found("basic", None))[0], format!("main.go:34 orders postgres {lost}"));
}

#[test]
fn rounds_of_loops_and_calls_of_methods_are_told_apart() {
    let expected = [
        "Pulumi.prod.yaml:3 tagged postgres 15.3 = tagged-db",
        "Pulumi.prod.yaml:7 a postgres 14.1",
        "Pulumi.prod.yaml:9 b postgres 14.2",
        "main.go:39 meth postgres 13.9 = meth-db",
        "main.go:59 x postgres 12.1",
        "main.go:60 y postgres 12.2",
        "main.go:65 fmt.Sprintf(\"ro-%d\", i) postgres 11.1",
        "main.go:65 primary postgres 11.1",
        "main.go:65 rep-a postgres 11.1",
        "main.go:65 rep-b postgres 11.1",
    ];
    assert_eq!(shown(&found("rounds", Some("prod"))), expected);
    let component = ["main.go:18 users-db postgres 13.8 = users-db", "settings/settings.go:10 orders-db postgres 14.2"];
    assert_eq!(shown(&found("component", Some("prod"))), component);
}

#[test]
fn functions_in_variables_are_called() {
    let code = |body: &str| {
        let code = format!(
            "package main\nimport (\n\"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds\"\n\"github.com/pulumi/pulumi/sdk/v3/go/pulumi\"\n)\n\
             func run(ctx *pulumi.Context, outer string) error {{\n\
             create := func(name, v string) error {{\n\
             _, err := rds.NewInstance(ctx, name, &rds.InstanceArgs{{Engine: pulumi.String(\"postgres\"), EngineVersion: pulumi.String(v)}})\nreturn err\n}}\n\
             {body}\nreturn nil\n}}\nfunc main() {{ pulumi.Run(func(ctx *pulumi.Context) error {{ return run(ctx, \"14.1\") }}) }}"
        );
        declared(&[("main.go", &code)], None)
    };
    assert_eq!(
        code("create(\"a\", \"16.3\")\nif err := create(\"b\", \"15.1\"); err != nil { return err }"),
        ["main.go:11 a postgres 16.3", "main.go:12 b postgres 15.1"]
    );
    assert_eq!(
        code("for _, v := range []string{\"12.1\", \"12.2\"} { create(\"v\" + v, v) }"),
        ["main.go:11 v12.1 postgres 12.1", "main.go:11 v12.2 postgres 12.2"]
    );
    assert_eq!(code("create(\"o\", outer)"), ["main.go:14 o postgres 14.1"]);
    assert_eq!(code("use(create)"), ["main.go:8 name postgres v at main.go:8: it is a parameter of create"]);
}

#[test]
fn literals_have_the_shape_of_their_types() {
    let loops = |types: &str, list: &str, version: &str| {
        let code = format!(
            "package main\nimport (\n\"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds\"\n\"github.com/pulumi/pulumi/sdk/v3/go/pulumi\"\n)\n\
             {types}\nfunc run(ctx *pulumi.Context) error {{\nfor _, t := range {list} {{\n\
             rds.NewInstance(ctx, \"db\", &rds.InstanceArgs{{Engine: pulumi.String(\"postgres\"), EngineVersion: pulumi.String({version})}})\n}}\nreturn nil\n}}"
        );
        declared(&[("main.go", &code)], None)
    };
    let db = "type Db struct { Name, Version string }";
    for (types, list) in [
        ("", "[]struct{ Name, Version string }{{\"a\", \"16.3\"}}"),
        (db, "[]Db{{\"a\", \"16.3\"}}"),
        (db, "[]*Db{{\"a\", \"16.3\"}}"),
        (db, "[]Db{{Version: \"16.3\"}}"),
        (db, "[1]Db{Db{\"a\", \"16.3\"}}"),
        (db, "map[string]Db{\"x\": {\"a\", \"16.3\"}}"),
        ("type (Db struct { Name string; Version string }; Dbs []Db)", "(Dbs{{\"a\", \"16.3\"}})"),
    ] {
        assert_eq!(loops(types, list, "t.Version"), ["main.go:8 db postgres 16.3"], "{list}");
    }
    assert_eq!(loops("", "[]string{\"15.1\", \"16.2\"}", "t").len(), 2);
    let lost = loops("type A B\ntype B A", "[]A{{\"a\", \"16.3\"}}", "t.Version");
    assert!(lost.iter().all(|line| !line.ends_with("16.3")) && lost.len() == 1, "{lost:?}");
    assert_eq!(loops("", "other()", "t"), ["main.go:9 db postgres t at main.go:9: it is a variable of a loop"]);
}

#[test]
fn branches_maps_and_functions_are_decided_by_the_stack() {
    let expected = [
        "main.go:15 assigned postgres 13.15",
        "main.go:28 fields postgres 16.2",
        "main.go:36 numbered postgres iota at versions.go:6: it is numbered",
        "main.go:37 counted postgres it is changed at versions.go:19",
        "main.go:40 audit postgres 16.1",
        "main.go:42 each postgres 14.1",
        "main.go:42 each postgres 14.2",
        "versions.go:11 mapped postgres 16.3",
        "versions.go:32 picked postgres 15.7",
    ];
    assert_eq!(shown(&found("stacks", Some("prod"))), expected);
    let dev = shown(&found("stacks", Some("dev")));
    assert!(
        [
            "main.go:17 assigned postgres 13.16",
            "versions.go:13 mapped postgres 17.2",
            "versions.go:34 picked postgres 15.8"
        ]
        .iter()
        .all(|line| dev.iter().any(|found| found == line)),
        "{dev:?}"
    );
    assert!(!dev.iter().any(|line| line.contains("audit")), "{dev:?}");
    let other = shown(&found("stacks", Some("qa")));
    assert!(other.iter().any(|line| line == "main.go:13 assigned postgres 13.14"), "{other:?}");
    let none = shown(&found("stacks", None));
    let reason = "ctx.Stack() == \"prod\" cannot be decided: ctx.Stack() at main.go:14: no stack given";
    assert!(none.iter().any(|line| *line == format!("main.go:19 assigned postgres {reason}")), "{none:?}");
    assert!(
        none.iter().any(|line| line.contains("mapped postgres ctx.Stack() at main.go:24: no stack given")),
        "{none:?}"
    );
    assert!(none.iter().any(|line| line.contains("audit postgres 16.1")), "{none:?}");
}

#[test]
fn packages_of_the_same_module_are_followed() {
    let all = found("module", None);
    let expected = [
        "infra/main.go:14 other postgres 15.7 = other-db",
        "internal/config/config.go:4 app postgres 16.3 = app-db",
        "internal/database/database.go:26 fixed aurora-postgresql 15.4 = fixed",
        "internal/database/database.go:33 unused postgres version at internal/database/database.go:35: it is a parameter of Unused",
    ];
    assert_eq!(shown(&all), expected);
    assert_eq!(all[0].setting("deletion_protection").unwrap().value.as_deref(), Some("true"));
    let one = try_read(&fixture("module/internal/database/database.go"), None).unwrap();
    assert_eq!(one.len(), 3);
}

#[test]
fn reads_the_native_provider() {
    let expected = [
        "main.go:15 orders postgres 16.2 = orders",
        "main.go:17 ledger aurora-postgresql os.Getenv(\"LEDGER_VERSION\") at main.go:20: it depends on the environment = ledger",
    ];
    assert_eq!(shown(&found("native", None)), expected);
}

#[test]
fn what_only_looks_like_it_is_not_taken() {
    assert_eq!(shown(&found("lookalikes", None)), Vec::<String>::new());
    require_none(&[("main.go", "package main\nimport _ \"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds\"\n")]);
}

const HEAD: &str = "package main\nimport (\n\"encoding/json\"\n\"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds\"\n\"github.com/pulumi/pulumi/sdk/v3/go/pulumi\"\n)\n";

fn program(body: &str, rest: &str) -> String {
    format!("{HEAD}func main() {{ pulumi.Run(func(ctx *pulumi.Context) error {{\n{body}\nreturn nil\n}})}}\n{rest}\n")
}

const MAKE: &str =
    "rds.NewInstance(ctx, \"a\", &rds.InstanceArgs{Engine: pulumi.String(\"postgres\"), EngineVersion: @})";

/// The version, or reason, of one database whose version is an expression.
fn version(before: &str, expression: &str, after: &str, rest: &str) -> String {
    let text = program(&format!("{before}\n{}\n{after}", MAKE.replace('@', expression)), rest);
    let found = declared(&[("main.go", &text)], Some("prod"));
    assert_eq!(found.len(), 1, "{found:?} {text}");
    found[0].split_once(" postgres ").unwrap().1.to_owned()
}

#[test]
fn what_the_files_determine_is_followed() {
    for (before, expression, after, rest) in [
        ("", "pulumi.String(\"16.3\")", "", ""),
        (
            "v := defaults(&Args{})",
            "pulumi.String(v)",
            "",
            "type Args struct { V string; Old bool }\nfunc defaults(a *Args) string { if a.Old { return \"12\" }\nif a.V == \"\" { return \"16.3\" + a.V }\nreturn a.V }",
        ),
        ("", "pulumi.StringPtr(string(v))", "", "const v = \"16.3\""),
        ("", "pulumi.String(v)", "", "type Version string\nconst v Version = Version(\"16.3\")"),
        ("v := \"12\"\nif true { v = \"16.3\" }", "pulumi.String(v)", "v = \"13\"", ""),
        ("v := \"12\"\nif v != \"12\" { v = \"13\" } else { v = \"16.3\" }", "pulumi.String(v)", "", ""),
        ("v := \"12\"\n{ v := \"13\"; _ = v }\nv = \"16.3\"", "pulumi.String(v)", "", ""),
        ("v, err := \"12\", nil\nv, w := \"16.3\", 1", "pulumi.String(v)", "", ""),
        (
            "var v string\nswitch { case ctx.Stack() == \"prod\": v = \"16.3\"\ndefault: v = \"12\" }",
            "pulumi.String(v)",
            "",
            "",
        ),
        ("s := struct{ V string }{V: \"16.3\"}", "pulumi.String(s.V)", "", ""),
        ("m := map[string]string{}\nm[\"prod\"] = \"16.3\"", "pulumi.String(m[ctx.Stack()])", "", ""),
        ("m := map[string][]string{\"prod\": {\"12\", \"16.3\"}}", "pulumi.String(m[ctx.Stack()][1])", "", ""),
        (
            "v, ok := map[string]string{\"prod\": \"16.3\"}[ctx.Stack()]\nif !ok { v = \"12\" }",
            "pulumi.String(v)",
            "",
            "",
        ),
        ("v := ptr(\"16.3\")", "pulumi.StringPtr(*v)", "", "func ptr[T any](v T) *T { return &v }"),
        ("", "pulumi.Sprintf(\"%d.%s\", 16, \"3\")", "", ""),
        (
            "args := &Args{V: \"16.3\"}\nshow(args)",
            "pulumi.String(args.V)",
            "",
            "type Args struct { V string }\nfunc show(a *Args) { println(a.V) }",
        ),
        (
            "c, _ := rds.NewCluster(ctx, \"c\", &rds.ClusterArgs{EngineVersion: pulumi.String(\"16.3\")})",
            "c.EngineVersion",
            "",
            "",
        ),
    ] {
        assert_eq!(version(before, expression, after, rest), "16.3", "{before} {expression} {rest}");
    }
}

#[test]
fn what_only_a_run_tells_has_a_reason() {
    for (before, expression, after, rest, reason) in [
        (
            "v := \"12\"\nfor i := 0; i < 2; i++ { v = \"16\" }",
            "pulumi.String(v)",
            "",
            "",
            "it is changed at main.go:9",
        ),
        (
            "v := \"12\"\nif unknown() { v = \"16\" }",
            "pulumi.String(v)",
            "",
            "",
            "unknown() at main.go:9: only a run tells",
        ),
        ("v := \"12\"\nset := func() { v = \"16\" }\nset()", "pulumi.String(v)", "", "", "it is changed at main.go:9"),
        ("v := \"12\"\njson.Unmarshal(data, &v)", "pulumi.String(v)", "", "", "it is changed at main.go:9"),
        ("v := \"12\"\nv += x", "pulumi.String(v)", "", "", "it is changed at main.go:9"),
        (
            "args := &Args{V: \"12\"}\nfill(args)",
            "pulumi.String(args.V)",
            "",
            "type Args struct { V string }\nfunc fill(a *Args) { a.V = \"16\" }",
            "it is changed at main.go:9",
        ),
        ("", "pulumi.String(v)", "", "", "v at main.go:9: it is not declared here"),
        ("", "pulumi.String(\"\\u0031\")", "", "", "\"\\u0031\" at main.go:9: it has an escape that is not read"),
        ("", "other.ApplyT(f).(pulumi.StringOutput)", "", "", "other.ApplyT(f) at main.go:9: only a run tells"),
        (
            "",
            "pulumi.String(f(ctx))",
            "",
            "func f(ctx *pulumi.Context) string { if unknown() { return \"12\" }\nreturn \"16\" }",
            "unknown() at main.go:13: only a run tells",
        ),
        ("v := \"12\"\nfor v = range m { f(v) }", "pulumi.String(v)", "", "", "it is changed at main.go:9"),
        ("", "nil", "", "", "engineVersion is not set, so RDS chooses it"),
    ] {
        assert_eq!(version(before, expression, after, rest), reason, "{before} {expression}");
    }
}

#[test]
fn arguments_that_get_lost_are_no_silence() {
    let text = program("args := arguments()\nrds.NewInstance(ctx, \"a\", args)", "");
    let lost = "main.go:9 a postgres the engine cannot be known: arguments() at main.go:8: only a run tells";
    require(&[("main.go", &text)], None, &[lost]);
    let text = program(
        "var args rds.InstanceArgs\nargs.Engine = pulumi.String(\"postgres\")\nargs.EngineVersion = pulumi.String(\"16.3\")\nrds.NewInstance(ctx, \"a\", &args, opts...)",
        "",
    );
    require(&[("main.go", &text)], None, &["main.go:10 a postgres 16.3"]);
    let text = program(
        "opts := []pulumi.ResourceOption{}\nopts = append(opts, pulumi.IgnoreChanges([]string{\"engineVersion\"}))\nrds.NewInstance(ctx, \"a\", &rds.InstanceArgs{Engine: pulumi.String(\"postgres\")}, opts...)",
        "",
    );
    let found = read_folder(folder(&[("main.go", &text)]).path(), None);
    assert_eq!(found[0].setting("ignored_version").unwrap().line, 9);
}

#[test]
fn what_is_called_several_times_is_declared_several_times() {
    let make = "func make(ctx *pulumi.Context, name, version string) {\nrds.NewInstance(ctx, name, &rds.InstanceArgs{Engine: pulumi.String(\"postgres\"), EngineVersion: pulumi.String(version)})\n}";
    let text = program(
        "make(ctx, \"a\", \"16.3\")\nmake(ctx, \"b\", \"15.7\")\nif ctx.Stack() == \"dev\" { make(ctx, \"c\", \"14.1\") }",
        make,
    );
    require(&[("main.go", &text)], Some("prod"), &["main.go:8 a postgres 16.3", "main.go:9 b postgres 15.7"]);
    let off = program("if ctx.Stack() == \"dev\" { make(ctx, \"c\", \"14.1\") }", make);
    assert_eq!(declared(&[("main.go", &off)], Some("prod")), Vec::<String>::new());
}

#[test]
fn functions_are_known_under_other_names() {
    let body = MAKE.replace('@', "pulumi.String(\"16.3\")");
    let dotted = program(&body, "").replace("\"github.com/pulumi/pulumi-aws", ". \"github.com/pulumi/pulumi-aws");
    require(&[("main.go", &dotted.replace("rds.New", "New"))], None, &["main.go:8 a postgres 16.3"]);
    let renamed = program(&format!("make := rds.NewInstance\n{}", body.replace("rds.NewInstance", "make")), "");
    require(&[("main.go", &renamed)], None, &["main.go:9 a postgres 16.3"]);
    let raw = program(
        &MAKE
            .replace('@', "pulumi.String(v)")
            .replace("rds.New", "v, ok := ctx.GetConfig(\"p:v\")\nif !ok { v = \"12\" }\nrds.New"),
        "",
    );
    let files = [("main.go", raw.as_str()), ("Pulumi.yaml", "name: p\n"), ("Pulumi.x.yaml", "config:\n  p:v: 16.3\n")];
    require(&files, None, &["Pulumi.x.yaml:2 a postgres 16.3"]);
}

#[test]
fn what_does_not_parse_is_never_silently_nothing() {
    let text = program(
        "rds.NewInstance(ctx, \"a\", &rds.InstanceArgs{Engine: pulumi.String(\"postgres\" EngineVersion: })",
        "",
    );
    let found = declared(&[("main.go", &text)], None);
    assert_eq!(found, ["main.go:8 main.go postgres file does not parse: syntax error at line 8"]);
    // What is broken elsewhere takes nothing away.
    let text = program(&MAKE.replace("@})", "pulumi.String(\"16.3\")})"), "func broken( {\n");
    assert_eq!(declared(&[("main.go", &text)], None), ["main.go:8 a postgres 16.3"]);
    let deep = format!("{HEAD}var x = {}", "(".repeat(1000));
    assert_eq!(
        declared(&[("main.go", &deep)], None),
        ["main.go:1 main.go postgres file does not parse: it is nested too deeply"]
    );
    // A line end before a closing bracket is no mistake.
    let text = program(&MAKE.replace("@})", "pulumi.String(v)})"), "const ( u = 1; v = \"16.3\" )");
    assert_eq!(declared(&[("main.go", &text)], None), ["main.go:11 a postgres 16.3"]);
}

#[test]
fn hostile_files_end() {
    let good = program(&MAKE.replace("@})", "pulumi.String(\"16.3\")})"), "");
    let n = 250_000;
    // The parser recovers from the others in more than linear time, and ten seconds are the bound.
    let some = n / 10;
    let texts = [
        "(".repeat(n),
        "[{".repeat(n / 2),
        "\0".repeat(some),
        "\"".repeat(some),
        "`".repeat(some + 1),
        "x:=".repeat(some),
    ];
    for text in texts {
        assert!(
            !declared(&[("main.go", &good), ("other.go", &format!("package main\nvar x = {text}"))], None).is_empty()
        );
        assert!(!declared(&[("main.go", &format!("{good}\nvar x = {text}"))], None).is_empty());
    }
    let sum = format!("var v = {}\"\"", "\"1\"+".repeat(n / 4));
    let text = program(&MAKE.replace("@})", "pulumi.String(v)})"), &sum);
    assert!(declared(&[("main.go", &text)], None)[0].contains("it refers too far"));
    let blocks = program(
        &MAKE.replace("@})", "pulumi.String(\"16.3\")})"),
        &format!("func f() {{\n{}}}", "if x { a := 1; _ = a }\n".repeat(5_000)),
    );
    assert_eq!(declared(&[("main.go", &blocks)], None).len(), 1);
}

#[test]
fn references_that_multiply_or_go_round_end() {
    let make = MAKE.replace("@})", "pulumi.String(v0)})");
    let mut doubling = String::new();
    for i in 0..90 {
        writeln!(doubling, "var v{i} = v{0} + v{0}", i + 1).unwrap();
    }
    let cases = [
        (make.clone(), doubling + "var v90 = v0"),
        (make.clone(), "var v0 = f()\nfunc f() string { return g() + g() }\nfunc g() string { return f() + f() }".to_owned()),
        (format!("v0 := \"1\"\n{}{make}", "v0 = v0 + v0\n".repeat(50)), String::new()),
        (format!("f(ctx)\n{make}"), "var v0 = \"16\"\nfunc f(ctx *pulumi.Context) { g(ctx); g(ctx) }\nfunc g(ctx *pulumi.Context) { f(ctx); f(ctx)\nrds.NewInstance(ctx, \"b\", nil) }".to_owned()),
        (make.replace("v0", "a.EngineVersion").replace("rds.New", "a, _ := rds.New"), String::new()),
    ];
    for (body, rest) in cases {
        let found = declared(&[("main.go", &program(&body, &rest))], None);
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

const BASIC: &str = include_str!("../../../../fixtures/iac/pulumi-go/basic/main.go");
const STACKS: &str = include_str!("../../../../fixtures/iac/pulumi-go/stacks/main.go");
const VERSIONS: &str = include_str!("../../../../fixtures/iac/pulumi-go/stacks/versions.go");

fn changed(text: &str, at: usize, cut: usize, with: &str) -> String {
    let start = text.floor_char_boundary(text.len() * at / 1000);
    let end = text.floor_char_boundary((start + cut).min(text.len()));
    format!("{}{with}{}", &text[..start], &text[end..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..60_usize, with in "[\\[\\](){}\"`&*:=.,;%! \n]{0,6}|(?s).{0,3}") {
        let texts = [BASIC, STACKS, VERSIONS].map(|text| changed(text, at, cut, &with));
        let files = [("a/main.go", texts[0].as_str()), ("b/main.go", &texts[1]), ("b/versions.go", &texts[2])];
        lines(&read_folder(folder(&files).path(), Some("prod")));
    }
}

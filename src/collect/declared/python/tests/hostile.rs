use proptest::prelude::*;

use super::{RELATED, program};
use crate::collect::declared::testing::{folder, lines, read_folder, require_none};

#[test]
fn what_does_not_parse_is_never_silently_nothing() {
    let good = "aws.rds.Instance('a', engine='postgres', engine_version='16.3')\n";
    let pad = "x = 1\n".repeat(20);
    let broken = program("aws.rds.Instance('a', engine='postgres' engine_version='16.3'\n", None);
    assert!(broken[0].contains("__main__.py postgres file does not parse: syntax error at line"), "{broken:?}");
    let far = program(&format!("{good}{pad}def :\n{pad}"), None);
    assert_eq!(far, ["__main__.py:3 a postgres 16.3"]);
    let near = program(&format!("{good}{pad}aws.rds.Instance('b', engine=)\n"), None);
    assert_eq!(near.len(), 2, "{near:?}");
    let twice = program(
        &format!("v = '12'\nif x\n  v = '16'\n{pad}aws.rds.Instance('a', engine='postgres', engine_version=v)"),
        None,
    );
    assert!(twice.iter().all(|line| line.contains("does not parse")), "{twice:?}");
    require_none(&[("a.py", "# words\ndef (")]);
}

#[test]
fn hostile_files_neither_panic_nor_overflow() {
    let n = 100_000;
    let files = [
        "(".repeat(250_000),
        "[{".repeat(n),
        format!("x = {}", "not ".repeat(n)),
        format!("x = 1{}", " + 1".repeat(n)),
        format!("x = y{}", ".a".repeat(n)),
        format!("x = y{}", "()".repeat(n)),
        "if x:\n".repeat(n / 10),
        (0..2000).map(|depth| " ".repeat(depth) + "if x:\n").collect(),
        "x = f'{".repeat(n / 10),
        "\0".repeat(n),
        format!("x = '{}'", "a".repeat(n)),
        format!("x = {}1{}", "lambda: (".repeat(2000), ")".repeat(2000)),
        format!("if x:\n pass\n{}", "elif x:\n pass\n".repeat(20_000)),
    ];
    for text in files {
        let found = program(&format!("aws.rds.Instance('a', engine='postgres', engine_version='16.3')\n{text}"), None);
        assert!(!found.is_empty() && found.len() <= 2, "{} {found:?}", &text[..20]);
    }
}

#[test]
fn references_that_multiply_or_go_round_end() {
    let mut code = String::new();
    for i in 0..90 {
        code += &format!("def v{i}():\n  return v{0}() + v{0}()\n", i + 1);
    }
    code += "def v90():\n  return v0()\naws.rds.Instance('a', engine='postgres', engine_version=v0())\n";
    let found = program(&code, None);
    assert!(found.len() == 1 && found[0].contains("it refers too far"), "{found:?}");
    let calls = "def f(x):\n  g(x)\ndef g(x):\n  f(x)\n  aws.rds.Instance('a', engine='postgres', engine_version=x)\n";
    assert_eq!(program(calls, None), ["__main__.py:7 a postgres x at line 6: it is a parameter"]);
    let class =
        "class A(B):\n  pass\nclass B(A):\n  pass\naws.rds.Instance('a', engine='postgres', engine_version=A().v)\n";
    assert_eq!(program(class, None).len(), 1);
}

const FIXTURE: &str = include_str!("../../../../../fixtures/iac/pulumi-python/components/components/database.py");

/// The text with some of it replaced, at a place given in thousandths.
fn changed(text: &str, at: usize, cut: usize, with: &str) -> String {
    let start = text.floor_char_boundary(text.len() * at / 1000);
    let end = text.floor_char_boundary((start + cut).min(text.len()));
    format!("{}{with}{}", &text[..start], &text[end.max(start)..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..40_usize, with in "(?s)[\\[\\](){}\"'=?:,;.*a \n]{0,6}|(?s).{0,3}") {
        let files = [("a.py", changed(FIXTURE, at, cut, &with)), ("b.py", changed(RELATED, at, cut, &with))];
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        lines(&read_folder(folder(&files).path(), Some("x")));
    }
}

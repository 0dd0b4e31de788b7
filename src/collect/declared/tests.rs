use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::Error;
use super::testing::{folder, lines, require, require_none, try_read as read};

const TS: &str =
    "import * as aws from '@pulumi/aws';\nnew aws.rds.Instance('a', { engine: 'postgres', engineVersion: '16.3' });\n";
const TF: &str = "resource \"aws_db_instance\" \"a\" {\n  engine = \"postgres\"\n  engine_version = \"16.3\"\n}\n";

fn fixture(path: &str) -> Vec<String> {
    lines(&read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac").join(path), None).unwrap())
}

#[test]
fn the_story_declares_one_database() {
    assert_eq!(fixture("story"), ["infrastructure/data/index.ts:52 app postgres 12.17"]);
}

#[test]
fn terraform_finds_resources_variables_and_modules() {
    let expected = [
        "main.tf:36 module.reporting postgres 15.6",
        "variables.tf:9 aws_db_instance.main postgres 14.10",
        "variables.tf:14 aws_db_instance.replica postgres 14.11",
    ];
    assert_eq!(fixture("terraform/rds"), expected);
    let expected = [
        "db.tf:10 aws_rds_cluster.main aurora-postgresql var.engine_version has no default and no tfvars file sets it",
    ];
    assert_eq!(fixture("terraform/aurora"), expected);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac/terraform/aurora");
    assert_eq!(read(&path, None).unwrap()[0].identifier.as_deref(), Some("main-prod"));
    assert_eq!(fixture("terraform/lookalikes"), Vec::<String>::new());
}

#[test]
fn languages_mix_in_order_of_file_and_line() {
    let expected = ["index.ts:3 api postgres 16", "legacy.tf:4 aws_db_instance.legacy postgres 13.14"];
    assert_eq!(fixture("mixed"), expected);
    let monorepo = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/iac/monorepo");
    for (stack, app) in
        [("dev", "Pulumi.dev.yaml:2 app postgres 16.5"), ("prod", "Pulumi.prod.yaml:2 app postgres 15.5")]
    {
        let expected = [
            "cdk/app.py:5 Pg postgres 12.9",
            "cfn/template.yml:5 Database postgres 14.8",
            &format!("infra/app/{app}"),
            "infra/legacy/main.tf:1 aws_db_instance.main postgres 13.7",
            "k8s/db.yaml:4 kdb postgres 16.4",
        ];
        assert_eq!(lines(&read(&monorepo, Some(stack)).unwrap()), expected);
    }
}

#[test]
fn a_file_is_shown_as_it_was_given() {
    let folder = folder(&[("infra/data/index.ts", TS), ("infra/data/other.ts", TS), ("main.tf", TF)]);
    for (given, shown) in [("infra/data/index.ts", "infra/data/index.ts"), ("main.tf", "main.tf")] {
        let path = folder.path().join(given);
        let found = read(&path, None).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].file, path.to_string_lossy());
        assert!(found[0].file.ends_with(shown));
    }
    let nested = folder.path().join("infra/../infra/./data");
    assert_eq!(read(&nested, None).unwrap()[0].file, "index.ts");
}

#[test]
fn skips_what_others_wrote_and_what_was_built() {
    let skipped = ["node_modules/x/a.ts", ".git/a.ts", ".terraform/modules/db/main.tf", "target/a.ts", "dist/a.js"];
    let more = ["cdk.out/a.js", ".hidden/a.ts", ".a.ts", "types.d.ts", "a.txt", "deep/node_modules/a.ts"];
    for path in skipped.into_iter().chain(more) {
        let text = if path.ends_with("tf") { TF } else { TS };
        require_none(&[(path, text), ("empty.ts", "")]);
    }
    let compiled: &[(&str, &str)] =
        &[("index.ts", TS), ("index.js", TS), ("tsconfig.json", "{}"), ("bin/index.js", TS)];
    require(compiled, None, &["index.ts:2 a postgres 16.3"]);
    let huge = format!("{TS}//{}", "x".repeat(3 * 1024 * 1024));
    require_none(&[("huge.ts", &huge), ("empty.ts", "")]);
}

#[test]
fn symbolic_links_make_no_loop() {
    let folder = folder(&[("a/index.ts", TS)]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("a/broken.ts")).unwrap();
    assert_eq!(lines(&read(folder.path(), None).unwrap()), ["a/index.ts:2 a postgres 16.3"]);
}

#[test]
fn says_what_could_not_be_read() {
    let folder = folder(&[("a.txt", ""), ("empty/.keep", ""), ("big.tf", &"#".repeat(3 * 1024 * 1024))]);
    let error = |path: &str| read(&folder.path().join(path), None).unwrap_err();
    assert!(matches!(error("nothing.ts"), Error::Missing { .. }));
    assert!(matches!(error("a.txt"), Error::Unsupported { .. }));
    assert!(matches!(error("empty"), Error::NothingToRead { .. }));
    assert!(matches!(error("big.tf"), Error::TooLarge { .. }));
    assert!(error("nothing.ts").to_string().contains("nothing.ts"));
}

#[test]
fn what_does_not_parse_is_never_silently_nothing() {
    let ts = "import * as aws from '@pulumi/aws';\nnew aws.rds.Instance('a', { engineVersion: '16.3' ;\n";
    let tf = "resource \"aws_db_instance\" \"a\" {\n  engine = \n}\n";
    let found = super::testing::declared(&[("a.ts", ts), ("b.tf", tf), ("c.ts", "const = ;"), ("d.tf", "}")], None);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("a.ts:2 a.ts postgres file does not parse: "), "{found:?}");
    assert!(found[1].starts_with("b.tf:2 b.tf postgres file does not parse: "), "{found:?}");
}

#[test]
fn windows_line_ends_and_byte_order_marks_change_nothing() {
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let (ts, tf) = (windows(TS), windows(TF));
    require(
        &[("a.ts", &ts), ("b.tf", &tf)],
        None,
        &["a.ts:2 a postgres 16.3", "b.tf:3 aws_db_instance.a postgres 16.3"],
    );
}

#[test]
fn hostile_files_neither_panic_nor_overflow() {
    let ts = |text: String| ("a.ts", format!("{TS}{text}"));
    let tf = |text: String| ("a.tf", format!("{TF}{text}"));
    let n = 250_000;
    let files = [
        ts("(".repeat(n)),
        ts("[{".repeat(n)),
        ts("!".repeat(n)),
        ts("a<".repeat(n)),
        ts("x=>".repeat(n)),
        ts(format!("y = {}1", "1+".repeat(n))),
        ts(format!("y{}", ".a".repeat(n))),
        ts("\0".repeat(n)),
        ts("`${".repeat(n)),
        tf("x = ".to_owned() + &"[".repeat(n)),
        tf("x = ".to_owned() + &"(".repeat(n)),
        tf("x = ".to_owned() + &"!".repeat(n)),
        tf("x = 1".to_owned() + &" + 1".repeat(n)),
        tf("x = \"".to_owned() + &"${".repeat(n)),
        tf("a {\n".repeat(n)),
        tf("\0".repeat(n)),
    ];
    for (name, text) in files {
        let found = super::testing::declared(&[(name, &text)], None);
        assert_eq!(found.len(), 1, "{found:?}");
    }
    let yaml = "config:\n  p:v: ".to_owned() + &"[".repeat(n);
    let program = format!(
        "import * as pulumi from '@pulumi/pulumi';\n{}",
        TS.replace("'16.3'", "new pulumi.Config().require('v')")
    );
    let found =
        super::testing::declared(&[("a.ts", &program), ("Pulumi.yaml", "name: p"), ("Pulumi.x.yaml", &yaml)], None);
    assert!(found[0].contains("Pulumi.x.yaml: it does not parse"), "{found:?}");
}

#[test]
fn references_that_multiply_or_go_round_end() {
    let mut ts = TS.replace("'16.3'", "v0");
    let mut tf = TF.replace("\"16.3\"", "local.v0") + "locals {\n";
    for i in 0..90 {
        writeln!(ts, "const v{i} = v{0} + v{0};", i + 1).unwrap();
        writeln!(tf, "  v{i} = \"${{local.v{0}}}${{local.v{0}}}\"", i + 1).unwrap();
    }
    ts += "const v90 = v0;";
    tf += "  v90 = local.v0\n}\n";
    let found = super::testing::declared(&[("a.ts", &ts), ("b.tf", &tf)], None);
    assert!(found.len() == 2 && found.iter().all(|line| line.contains("it refers too far")), "{found:?}");
}

const STORY: &str = include_str!("../../../fixtures/iac/story/infrastructure/data/index.ts");
const RDS: &str = include_str!("../../../fixtures/iac/terraform/rds/main.tf");

/// The text with some of it replaced, at a place given in thousandths.
fn changed(text: &str, at: usize, cut: usize, with: &str) -> String {
    let start = text.floor_char_boundary(text.len() * at / 1000);
    let end = text.floor_char_boundary((start + cut).min(text.len()));
    format!("{}{with}{}", &text[..start], &text[end.max(start)..])
}

proptest! {
    #[test]
    fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..40_usize, with in "(?s)[\\[\\](){}<>\"'`$=?:,;.a \n]{0,6}|(?s).{0,3}") {
        let files = [("index.ts", changed(STORY, at, cut, &with)), ("main.tf", changed(RDS, at, cut, &with))];
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        lines(&read(folder(&files).path(), Some("x")).unwrap());
    }
}

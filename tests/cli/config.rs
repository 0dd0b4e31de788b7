//! `preflight.toml`, the declared version and waivers.

use serde_json::json;

use crate::harness::{ACCOUNT, Preflight, fixture, judge, preflight, story};

const REG: &str = "\
[[waiver]]
check = \"pg.reg-types\"
object = \"app:public.hooks.fn\"
reason = \"table is dropped before\"
owner = \"data team\"
expires = 2099-12-31
";

fn judged(config: &str, words: &str) -> Preflight {
    judge("story", words).file("preflight.toml", config)
}

#[test]
fn what_init_writes_loads() {
    let written = preflight("init").run().code(0);
    let text = std::fs::read_to_string(written.home("preflight.toml")).unwrap();
    let ran = judged(&text, "--target 16.3 --format json").run();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "as it is written");
    let workflow = std::fs::read_to_string(written.home(".github/workflows/pg-preflight.yml")).unwrap();
    let commands = workflow.lines().filter(|line| line.contains("pg-preflight check")).count();
    assert!(commands > 0, "{workflow}");
}

#[test]
fn the_file_settles_what_the_command_line_leaves_open() {
    let config = format!(
        "target = \"16.3\"\n[instance]\nid = \"app1a2b3c4\"\nregion = \"eu-west-2\"\nexpect_account = \"{ACCOUNT}\"\n"
    );
    let run =
        |words: &str| preflight(words).aws(&story().endpoint).without("AWS_REGION").file("preflight.toml", &config);
    let report = run("check --no-database --format json").run().report(1);
    assert_eq!(report.0["target_version"], "16.3");
    assert_eq!(report.0["instance"]["id"], "app1a2b3c4");
    let report = run("check --no-database --format json --target 16.1 --instance clean16").run().report(1);
    assert_eq!((&report.0["target_version"], &report.0["instance"]["id"]), (&json!("16.1"), &json!("clean16")));
    // Also from a folder below, and by name.
    let mut below = run("check --no-database --format json");
    let folder = below.home().join("a/b");
    std::fs::create_dir_all(&folder).unwrap();
    below.command().current_dir(folder);
    assert_eq!(below.run().report(1).0["target_version"], "16.3");
    let other = run("check --no-database --format json --config other.toml").file("other.toml", "target = \"13.15\"\n");
    let words = ["--instance", "app1a2b3c4", "--region", "eu-west-2"];
    assert_eq!(other.args(words).run().report(1).0["target_version"], "13.15");
    assert_eq!(run("path --format json").run().code(0).json()["hops"], json!(["16.3"]));
    let wrong = config.replace(ACCOUNT, "999999999999");
    let ran =
        preflight("check --no-database --format json").aws(&story().endpoint).file("preflight.toml", &wrong).run();
    assert_eq!(ran.report(1).status("aws.caller-identity"), "fail");
}

#[test]
fn a_mistake_in_the_file_is_shown_where_it_is() {
    let cases = [
        ("targt = \"16.3\"\n", "targt", 1),
        ("target = \"sixteen\"\n", "sixteen", 1),
        ("target = \n", "preflight.toml", 1),
        ("[[waiver]]\ncheck = \"pg.reg-types\"\nexpires = 2099-01-01\n", "reason", 1),
        ("[[waiver]]\ncheck = \"pg.reg-types\"\nreason = \"x\"\n", "expires", 1),
        ("[instance]\nidd = \"x\"\n", "idd", 2),
    ];
    for (config, expected, line) in cases {
        let ran = judged(config, "--target 16.3").run().code(2);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{config}: {}", ran.stderr);
        let place = format!("preflight.toml:{line}");
        assert!(ran.stderr.contains(&place) && ran.stderr.contains('^'), "{config}: {}", ran.stderr);
    }
    let line = judge("story", "--target 16.3 --config nowhere.toml").run().mistake();
    assert!(line.contains("nowhere.toml"), "{line}");
}

#[test]
fn a_waived_finding_is_no_blocker_until_its_day() {
    let report = judged(REG, "--target 16.3 --format json").run().report(1);
    let result = report.result("pg.reg-types");
    assert_eq!((&result["status"], &result["expires"]), (&json!("waived"), &json!("2099-12-31")));
    assert!(result["reason"].as_str().unwrap().contains("table is dropped before"), "{result}");
    assert_eq!(report.0["counts"]["waived"], 1);
    let table = judged(REG, "--target 16.3").run().code(1).stdout;
    assert!(table.contains("WAIVED") && table.contains("until 2099-12-31"), "{table}");

    let expired = REG.replace("2099", "2020");
    let table = judged(&expired, "--target 16.3").run().code(1).stdout;
    assert!(table.contains("expired on 2020-12-31"), "{table}");
    let report = judged(&expired, "--target 16.3 --format json").run().report(1);
    assert_eq!(report.status("pg.reg-types"), "fail");

    let idle = REG.replace("public.hooks.fn", "public.other.fn");
    let table = judged(&idle, "--target 16.3").run().code(1).stdout;
    assert!(table.contains("matches nothing"), "{table}");
}

#[test]
fn waiving_every_blocker_is_a_go_that_shows_them() {
    let all = REG.replace("pg.reg-types", "*").replace("object = \"app:public.hooks.fn\"\n", "");
    let report = judged(&all, "--target 16.3 --format json").run().report(0);
    assert_eq!((report.verdict(), &report.0["counts"]["blocker"]), ("go", &json!(0)));
    assert!(report.0["counts"]["waived"].as_u64().unwrap() >= 5);
    let table = judged(&all, "--target 16.3").run().code(0).stdout;
    assert!(table.starts_with("GO  ") && table.contains("WAIVED"), "{table}");
}

#[test]
fn the_storys_code_has_drifted() {
    let code = fixture("demo/infrastructure");
    let words = format!("declared {} --format json", code.display());
    let answer = preflight(&words).run().code(0).json();
    assert_eq!(answer["schema_version"], 1);
    let [one] = answer["declarations"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!(
        (&one["engine"], &one["version"], &one["file"]),
        (&json!("postgres"), &json!("12.17"), &json!("index.ts"))
    );
    assert!(one["line"].as_u64().unwrap() > 1 && one["resource"].is_string(), "{one}");
    for member in ["identifier", "reason"] {
        assert!(one.as_object().unwrap().contains_key(member), "{member}");
    }
    let text = preflight(&format!("declared {}", code.display())).run().code(0).stdout;
    assert!(text.starts_with("12.17 ") && text.contains("index.ts:"), "{text}");

    let report = story().check(&format!("--format json --declared {}", code.display())).run().report(1);
    assert_eq!(report.status("iac.version-drift"), "fail");
    let summary = report.result("iac.version-drift")["summary"].as_str().unwrap();
    assert!(summary.starts_with("the code declares 12.17, 12.19 runs"), "{summary}");
    assert_eq!(report.0["declared"]["version"], "12.17");
    assert_eq!(report.0["declared"]["line"], report.result("iac.version-drift")["findings"][0]["line"]);
}

#[test]
fn code_that_says_too_little_is_3() {
    let none = preflight("declared --format json").run().code(3);
    assert_eq!(none.json()["declarations"], json!([]));
    assert!(none.stderr.starts_with("unknown: there is no infrastructure code in ."), "{}", none.stderr);
    let other = preflight("declared --format json").file("main.tf", "locals { a = 1 }\n").run().code(3);
    assert_eq!((&other.json()["declarations"], other.stderr.as_str()), (&json!([]), ""));
    let unknown = "resource \"aws_db_instance\" \"a\" {\n  engine = \"postgres\"\n  engine_version = var.v\n}\n\
                   variable \"v\" {}\n";
    let ran = preflight("declared --format json").file("db.tf", unknown).run().code(3);
    let one = &ran.json()["declarations"][0];
    assert_eq!((&one["version"], &one["resource"]), (&json!(null), &json!("aws_db_instance.a")));
    assert!(one["reason"].as_str().unwrap().contains("var.v"), "{one}");
    let report = judge("clean", "--target 17.6 --format json").file("db.tf", unknown);
    let path = report.home().join("db.tf").display().to_string();
    // Whether the code declares the upgrade without what RDS asks for cannot be known.
    let report = report.args(["--declared", path.as_str()]).run().report(3);
    assert_eq!(report.status("iac.allow-major-version-upgrade"), "unknown");
    assert_eq!(report.status("iac.version-drift"), "unknown");
    assert!(report.reason("iac.version-drift").contains("var.v"), "{}", report.reason("iac.version-drift"));
}

#[test]
fn code_that_is_not_there_is_a_mistake() {
    let line = preflight("declared /nowhere").run().mistake();
    assert!(line.contains("/nowhere"), "{line}");
    let line = story().check_aws("--declared /nowhere").run().mistake();
    assert!(line.contains("/nowhere"), "{line}");
    let words = format!("--declared {} --resource nobody", fixture("demo/infrastructure").display());
    let line = story().check_aws(&words).run().mistake();
    assert!(line.contains("'nobody'"), "{line}");
}

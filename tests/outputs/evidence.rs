//! The evidence that is judged, and the judgement as a file.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Value, json};

/// What ends a cell, a tag, a line, a fence, a section or a string somewhere, or acts on who reads it.
pub(crate) const HOSTILE: &str = "|<script>alert(1)</script>\r\n]]>\u{1}\u{8}\u{1b}[31m\u{202e}\u{200f}\u{7f}\u{85}\u{ffff}`` \
    [x](https://evil.example/a) ![i](https://evil.example/b) www.evil.example evil@evil.example <https://evil.example> \
    <!-- --> &amp; \"'\\ | -->";

/// The table that the story's blocker is in, when its name is hostile.
pub(crate) const TABLE: &str = "|<script>alert(1)</script>";

pub(crate) struct Case {
    pub(crate) name: &'static str,
    evidence: Value,
    target: &'static str,
    verdict: &'static str,
    code: i32,
}

/// One for each verdict, and what is hard to show.
static CASES: LazyLock<[Case; 5]> = LazyLock::new(|| {
    [
        Case { name: "clean", evidence: bundle("clean"), target: "17.6", verdict: "go", code: 0 },
        Case { name: "story", evidence: bundle("story"), target: "16.1", verdict: "no-go", code: 1 },
        Case { name: "incomplete", evidence: incomplete(), target: "17.6", verdict: "incomplete", code: 3 },
        Case { name: "hostile", evidence: hostile(), target: "16.1", verdict: "no-go", code: 1 },
        Case { name: "crowd", evidence: crowd(), target: "16.1", verdict: "no-go", code: 1 },
    ]
});

pub(crate) fn cases() -> &'static [Case] {
    &*CASES
}

pub(crate) fn case(name: &str) -> &'static Case {
    cases().iter().find(|case| case.name == name).unwrap()
}

impl Case {
    /// The report in a format, as `--output` writes it; each is written once.
    pub(crate) fn report(&self, format: &'static str) -> String {
        static REPORTS: Mutex<BTreeMap<(&str, &str), String>> = Mutex::new(BTreeMap::new());
        let mut reports = REPORTS.lock().unwrap_or_else(PoisonError::into_inner);
        reports.entry((self.name, format)).or_insert_with(|| self.run(format)).clone()
    }

    fn run(&self, format: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let (evidence, output) = (folder.path().join("evidence.json"), folder.path().join("report"));
        std::fs::write(&evidence, self.evidence.to_string()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pg-preflight"));
        command.args(["check", "--target", self.target, "--format", format]);
        command.arg("--evidence").arg(&evidence).arg("--output").arg(&output);
        let ran = command.env_clear().current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!((ran.status.code(), said.as_ref()), (Some(self.code), ""), "{}", self.name);
        std::fs::read_to_string(output).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        let report: Value = serde_json::from_str(&self.report("json")).unwrap();
        assert_eq!(report["verdict"], self.verdict, "{}", self.name);
        report
    }
}

fn bundle(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bundles").join(name).with_extension("json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn incomplete() -> Value {
    let mut bundle = bundle("clean");
    let database = format!("FATAL: password authentication failed for user \"{HOSTILE}\"");
    bundle["database"] = json!({ "unavailable": { "reason": database } });
    bundle["aws"]["collected"]["pending_maintenance"] = json!({ "unavailable": { "reason": HOSTILE } });
    bundle
}

fn hostile() -> Value {
    let mut bundle = bundle("story");
    let aws = &mut bundle["aws"]["collected"];
    aws["instance"]["collected"]["id"] = json!(HOSTILE);
    aws["caller"]["collected"]["arn"] = json!(HOSTILE);
    aws["snapshots"] = json!({ "unavailable": { "reason": HOSTILE } });
    for action in aws["pending_maintenance"]["collected"].as_array_mut().unwrap() {
        action["description"] = json!(HOSTILE);
    }
    for event in aws["events"]["collected"].as_array_mut().unwrap() {
        event["message"] = json!(format!("{}{HOSTILE}", event["message"].as_str().unwrap()));
    }
    let declared = &mut bundle["declared"]["collected"][0];
    declared["file"] = json!(format!("infra structure/{HOSTILE}.ts"));
    declared["resource"] = json!(HOSTILE);
    let database = &mut bundle["database"]["collected"];
    for (check, cells) in [("pg.logical-slots", 3), ("pg.prepared-transactions", 4)] {
        for cell in &mut database["cluster"][check]["rows"]["rows"][0].as_array_mut().unwrap()[..cells] {
            *cell = json!(HOSTILE);
        }
    }
    database["cluster"]["pg.subscriptions"] = json!({ "failed": { "reason": HOSTILE } });
    let reg_types = reg_types(database);
    reg_types.push(json!(["reg", TABLE, HOSTILE, HOSTILE, "table column", format!("ALTER TABLE {HOSTILE}")]));
    reg_types.push(json!(["reg", HOSTILE, TABLE, TABLE, HOSTILE, TABLE]));
    for name in database["databases"].as_array_mut().unwrap().iter_mut().map(|it| &mut it["name"]) {
        if name == "app" || name == "half_dropped" {
            *name = json!(format!("{}{HOSTILE}", name.as_str().unwrap()));
        }
    }
    let answers = database["per_database"].as_object_mut().unwrap();
    let app = answers.remove("app").unwrap();
    answers.insert(format!("app{HOSTILE}"), app);
    answers.insert(TABLE.to_owned(), json!({ "unavailable": { "reason": HOSTILE } }));
    bundle
}

fn crowd() -> Value {
    let mut bundle = bundle("story");
    let rows = reg_types(&mut bundle["database"]["collected"]);
    rows.extend((0..10_000).map(|number| {
        let (table, cure) =
            (format!("public.t{number}{HOSTILE}"), format!("ALTER TABLE t{number} ALTER COLUMN fn TYPE text"));
        json!(["reg", table, "fn", "regproc", "table column", cure])
    }));
    bundle
}

fn reg_types(database: &mut Value) -> &mut Vec<Value> {
    let answer = &mut database["per_database"]["app"]["collected"]["pg.reg-types"];
    answer["rows"]["rows"].as_array_mut().unwrap()
}

#[test]
fn the_cases_are_what_they_are_called() {
    for case in cases() {
        let report = case.json();
        let failed = |id: &str| {
            let results = report["results"].as_array().unwrap();
            let result = results.iter().find(|result| result["id"] == id).unwrap();
            result["findings"].as_array().unwrap().len()
        };
        match case.name {
            "clean" | "incomplete" => {}
            "story" => assert_eq!(failed("pg.reg-types"), 1),
            "hostile" => assert_eq!(failed("pg.reg-types"), 3),
            _ => assert_eq!(failed("pg.reg-types"), 10_001),
        }
    }
}

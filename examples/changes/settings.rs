//! What `ALTER ROLE … SET` takes in one major and no longer in the next.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::Result;
use crate::server::{Running, rows, takes};

const SETTINGS: &str = "
SELECT s.name, s.vartype, coalesce(s.reset_val, ''), coalesce(array_to_string(s.enumvals, ','), ''),
       coalesce(s.min_val, ''), coalesce(s.max_val, '')
FROM pg_settings s WHERE s.name NOT LIKE '%.%' ORDER BY 1";

/// Ways to write a boolean; enums that were booleans once take some of them without listing them.
const WORDS: [&str; 8] = ["on", "off", "true", "false", "yes", "no", "1", "0"];

struct Setting {
    kind: String,
    reset: String,
    choices: String,
    min: String,
    max: String,
}

pub(crate) async fn compare(servers: &[Running]) -> Result<Map<String, Value>> {
    let mut known: Vec<BTreeMap<String, Setting>> = Vec::new();
    for server in servers {
        server.client.batch_execute("CREATE ROLE probe").await?;
        let settings = rows(&server.client, SETTINGS).await?.into_iter().map(|row| {
            let [name, kind, reset, choices, min, max] = <[String; 6]>::try_from(row).expect("six columns");
            (name, Setting { kind, reset, choices, min, max })
        });
        known.push(settings.collect());
    }
    let every_choice = choices(&known);
    let (mut removed, mut refused, mut ranges) = (Vec::new(), Vec::new(), Vec::new());
    let mut parameters = Vec::new();
    for at in 1..servers.len() {
        let (old, new, major) = (&servers[at - 1], &servers[at], servers[at].major);
        for (name, setting) in &known[at - 1] {
            // Some settings are hidden from pg_settings and still there.
            let gone = !takes(&new.client, &format!("SHOW \"{name}\"")).await?;
            if gone {
                parameters.push(json!([major, name]));
            }
            let mut taken = false;
            let mut lost = Vec::new();
            for value in candidates(name, setting, &every_choice) {
                let statement = format!("ALTER ROLE probe SET \"{name}\" TO '{}'", value.replace('\'', "''"));
                if takes(&old.client, &statement).await? {
                    taken = true;
                    if !takes(&new.client, &statement).await? {
                        lost.push(value);
                    }
                }
            }
            match known[at].get(name) {
                _ if gone && taken => removed.push(json!([major, name])),
                Some(now) if !lost.is_empty() && matches!(setting.kind.as_str(), "integer" | "real") => {
                    ranges.push(json!([major, name, now.min, now.max]));
                }
                _ => refused.extend(lost.iter().map(|value| json!([major, name, value]))),
            }
        }
    }
    Ok(Map::from_iter([
        ("parameters".to_owned(), Value::Array(parameters)),
        ("settings".to_owned(), Value::Array(removed)),
        ("setting_values".to_owned(), Value::Array(refused)),
        ("setting_ranges".to_owned(), Value::Array(ranges)),
    ]))
}

/// The choices that any major lists, by setting.
fn choices(known: &[BTreeMap<String, Setting>]) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, setting) in known.iter().flatten() {
        all.entry(name.clone())
            .or_default()
            .extend(setting.choices.split(',').filter(|c| !c.is_empty()).map(str::to_owned));
    }
    all
}

fn candidates(name: &str, setting: &Setting, choices: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut values = BTreeSet::from([setting.reset.clone()]);
    match setting.kind.as_str() {
        "bool" => values.extend(WORDS.map(str::to_owned)),
        "enum" => {
            values.extend(WORDS.map(str::to_owned));
            values.extend(choices.get(name).into_iter().flatten().cloned());
        }
        "integer" | "real" => values.extend([setting.min.clone(), setting.max.clone()]),
        _ => {}
    }
    values
}

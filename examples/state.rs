//! Measures reading states as large as they get: `cargo run --release --example state`
//!
//! Makes an export of a Pulumi stack and a state of Terraform of 100 MB each, pretty-printed, reads each in a process of
//! its own, and prints the time and the peak memory.

#![allow(clippy::print_stdout, reason = "a measurement is there to be read")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use pg_preflight::collect::declared;
use pg_preflight::collect::files::Files;

const SIZE: usize = 100 * 1024 * 1024;
/// One resource of this many is a database.
const EVERY: usize = 50;
const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(path) = std::env::args().nth(1) {
        return read(Path::new(&path));
    }
    let folder = tempfile::tempdir()?;
    for (name, text) in [("stack.json", pulumi()), ("terraform.tfstate", terraform())] {
        let path = folder.path().join(name);
        fs::write(&path, text)?;
        for _ in 0..RUNS {
            let done = Command::new(std::env::current_exe()?).arg(&path).output()?;
            print!("{name}: {}", String::from_utf8_lossy(&done.stdout));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let code = declared::read(&Files::Disk, path, None)?;
    let time = start.elapsed();
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let size = fs::metadata(path)?.len() / (1024 * 1024);
    println!("{size} MB, {} databases, {:.3} s, peak {}", code.declarations.len(), time.as_secs_f64(), peak.trim());
    Ok(())
}

/// Twelve kilobytes of what a resource of another type has.
fn padding(indent: &str) -> String {
    (0..200).fold(String::new(), |mut text, index| {
        let _ = writeln!(text, "{indent}\"setting_{index}\": \"a value with \\\"quotes\\\" and words {index}\",");
        text
    })
}

fn pulumi() -> String {
    let mut text = String::from("{\n    \"version\": 3,\n    \"deployment\": {\n        \"resources\": [\n");
    let padding = padding("                    ");
    let mut index = 0;
    while text.len() < SIZE {
        let (kind, inputs) = if index % EVERY == 0 {
            ("aws:rds/instance:Instance", "\"engine\": \"postgres\",\n                    \"engineVersion\": \"16.3\"")
        } else {
            ("aws:s3/bucketObject:BucketObject", "\"bucket\": \"b\"")
        };
        let comma = if index == 0 { "" } else { ",\n" };
        let _ = write!(
            text,
            "{comma}            {{\n                \"urn\": \"urn:pulumi:prod::p::{kind}::r{index}\",\n                \
             \"type\": \"{kind}\",\n                \"inputs\": {{\n{padding}                    {inputs}\n                \
             }},\n                \"outputs\": {{\n{padding}                    {inputs}\n                }}\n            }}"
        );
        index += 1;
    }
    text + "\n        ]\n    }\n}\n"
}

fn terraform() -> String {
    let mut text = String::from("{\n  \"version\": 4,\n  \"terraform_version\": \"1.9.8\",\n  \"resources\": [\n");
    let padding = padding("            ");
    let mut index = 0;
    while text.len() < SIZE {
        let (kind, attributes) = if index % EVERY == 0 {
            ("aws_db_instance", "\"engine\": \"postgres\",\n            \"engine_version\": \"16.3\"")
        } else {
            ("aws_s3_object", "\"bucket\": \"b\"")
        };
        let comma = if index == 0 { "" } else { ",\n" };
        let _ = write!(
            text,
            "{comma}    {{\n      \"mode\": \"managed\",\n      \"type\": \"{kind}\",\n      \"name\": \"r{index}\",\n      \
             \"instances\": [\n        {{\n          \"attributes\": {{\n{padding}            {attributes}\n          \
             }}\n        }}\n      ]\n    }}"
        );
        index += 1;
    }
    text + "\n  ]\n}\n"
}

//! How long it takes to find the databases of a large repository: `cargo run --release --example search`.

#![allow(clippy::print_stdout, reason = "the figures are its output")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pg_preflight::collect::declared;
use pg_preflight::collect::files::Files;

/// Files of the repository; as many again lie in folders that git ignores.
const FILES: usize = 5_000;
const RUNS: usize = 7;

const PULUMI: &str = r#"import * as aws from "@pulumi/aws";
import { POSTGRES } from "./versions";
new aws.rds.Instance("app", { engine: "postgres", engineVersion: POSTGRES });
"#;
const TERRAFORM: &str =
    "resource \"aws_db_instance\" \"main\" {\n  engine = \"postgres\"\n  engine_version = \"16.3\"\n}\n";
const TEMPLATE: &str = "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      Engine: postgres\n      EngineVersion: '15.7'\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("pg-preflight-search-{}", std::process::id()));
    let outcome = measure(&folder);
    fs::remove_dir_all(&folder)?;
    outcome
}

fn measure(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    repository(folder)?;
    let mut times: Vec<Duration> = Vec::new();
    let mut found = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        found = declared::read(&Files::Disk, folder, None)?.declarations.len();
        times.push(start.elapsed());
    }
    times.sort();
    println!("{FILES} files, {found} databases found");
    println!("median {:?}, fastest {:?}, slowest {:?} of {RUNS}", times[RUNS / 2], times[0], times[RUNS - 1]);
    Ok(())
}

/// What lies in a monorepo: mostly code that has nothing to do with a database.
fn repository(folder: &Path) -> std::io::Result<()> {
    let write = |path: String, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)
    };
    let filler = "export function words(list: string[]) { return list.map((word) => word.trim()); }\n".repeat(60);
    let record = format!("{{\n{}  \"last\": 1\n}}\n", "  \"key of a record\": \"some value\",\n".repeat(80));
    let kinds = ["ts", "tsx", "py", "go", "json", "yaml", "md", "tf", "css", "sql"];
    write(".gitignore".to_owned(), "node_modules/\nbuild/\n*.tfvars\n")?;
    for number in 0..FILES {
        let kind = kinds[number % kinds.len()];
        let text = match kind {
            "json" => record.as_str(),
            "yaml" => "services:\n  web:\n    image: nginx:1.27\n",
            "tf" => "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\"\n}\n",
            "py" => "def words(items):\n    return [item.strip() for item in items]\n",
            "go" => "package words\n\nfunc Count(items []string) int { return len(items) }\n",
            _ => filler.as_str(),
        };
        write(format!("packages/p{}/src/f{number}.{kind}", number / 50), text)?;
        write(format!("build/p{}/f{number}.{kind}", number / 50), PULUMI)?;
    }
    write("infrastructure/app/index.ts".to_owned(), PULUMI)?;
    write("infrastructure/app/versions.ts".to_owned(), "export const POSTGRES = \"16.3\";\n")?;
    write("infrastructure/legacy/main.tf".to_owned(), TERRAFORM)?;
    write("infrastructure/stack/template.yaml".to_owned(), TEMPLATE)
}

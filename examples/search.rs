//! How long it takes to find the databases of a large repository: `cargo run --release --example search`.

#![allow(clippy::print_stdout, reason = "the figures are its output")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pg_preflight::collect::declared;
use pg_preflight::collect::files::Files;

/// Files of a repository; as many again lie in folders that git ignores.
const FILES: usize = 5_000;
/// Of a monorepo: its files of TypeScript, and the programs that use its database component.
const SCRIPTS: usize = 1_000;
const SERVICES: usize = 40;
const RUNS: usize = 7;

const PULUMI: &str = r#"import * as aws from "@pulumi/aws";
import { POSTGRES } from "./versions";
new aws.rds.Instance("app", { engine: "postgres", engineVersion: POSTGRES });
"#;
const TERRAFORM: &str =
    "resource \"aws_db_instance\" \"main\" {\n  engine = \"postgres\"\n  engine_version = \"16.3\"\n}\n";
const TEMPLATE: &str = "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      Engine: postgres\n      EngineVersion: '15.7'\n";

/// What several programs share: its version comes from them, by a base class and a function.
const COMPONENT: &str = r#"import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { Tags, tagged } from "@acme/p1/module50";

export interface DatabaseArgs { version: string; tags?: Tags; size?: string; }

export class Database extends pulumi.ComponentResource {
    readonly instance: aws.rds.Instance;
    constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
        super("acme:index:Database", name, {}, opts);
        this.instance = new aws.rds.Instance(name, {
            engine: "postgres",
            engineVersion: args.version,
            instanceClass: args.size ?? "db.t4g.medium",
            tags: tagged(args.tags),
        }, { parent: this });
    }
}

export function createReplica(name: string, version: string, source: Database) {
    return new aws.rds.Instance(name, { replicateSourceDb: source.instance.identifier, engineVersion: version });
}
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    measure("a repository of all languages", repository)?;
    measure("a monorepo with a shared component", monorepo)
}

fn measure(what: &str, write: fn(&Folder) -> std::io::Result<()>) -> Result<(), Box<dyn std::error::Error>> {
    let folder = Folder(std::env::temp_dir().join(format!("pg-preflight-search-{}", std::process::id())));
    let outcome = write(&folder).map_err(Into::into).and_then(|()| time(what, &folder.0));
    fs::remove_dir_all(&folder.0)?;
    outcome
}

fn time(what: &str, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut times: Vec<Duration> = Vec::new();
    let (mut found, mut known) = (0, 0);
    for _ in 0..RUNS {
        let start = Instant::now();
        let code = declared::read(&Files::Disk, folder, None)?;
        times.push(start.elapsed());
        found = code.declarations.len();
        known = code.declarations.iter().filter(|one| one.version.is_some()).count();
    }
    times.sort();
    println!("{what}: {FILES} files, {found} databases found, {known} of known version");
    println!("median {:?}, fastest {:?}, slowest {:?} of {RUNS}", times[RUNS / 2], times[0], times[RUNS - 1]);
    Ok(())
}

struct Folder(PathBuf);

impl Folder {
    fn write(&self, path: impl AsRef<Path>, text: &str) -> std::io::Result<()> {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&self.0))?;
        fs::write(path, text)
    }

    /// What lies in every repository and has nothing to do with a database.
    fn fill(&self, number: usize, kind: &str) -> std::io::Result<()> {
        let filler = "export function words(list: string[]) { return list.map((word) => word.trim()); }\n".repeat(60);
        let record = format!("{{\n{}  \"last\": 1\n}}\n", "  \"key of a record\": \"some value\",\n".repeat(80));
        let text = match kind {
            "json" => record.as_str(),
            "yaml" => "services:\n  web:\n    image: nginx:1.27\n",
            "tf" => "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\"\n}\n",
            "py" => "def words(items):\n    return [item.strip() for item in items]\n",
            "go" => "package words\n\nfunc Count(items []string) int { return len(items) }\n",
            _ => filler.as_str(),
        };
        self.write(format!("packages/p{}/src/f{number}.{kind}", number / 50), text)?;
        self.write(format!("build/p{}/f{number}.{kind}", number / 50), PULUMI)
    }
}

/// A repository of many languages: mostly code that has nothing to do with a database.
fn repository(folder: &Folder) -> std::io::Result<()> {
    let kinds = ["ts", "tsx", "py", "go", "json", "yaml", "md", "tf", "css", "sql"];
    folder.write(".gitignore", "node_modules/\nbuild/\n*.tfvars\n")?;
    for number in 0..FILES {
        folder.fill(number, kinds[number % kinds.len()])?;
    }
    folder.write("infrastructure/app/index.ts", PULUMI)?;
    folder.write("infrastructure/app/versions.ts", "export const POSTGRES = \"16.3\";\n")?;
    folder.write("infrastructure/legacy/main.tf", TERRAFORM)?;
    folder.write("infrastructure/stack/template.yaml", TEMPLATE)
}

/// A monorepo of TypeScript whose packages import each other, and whose services share a database component.
fn monorepo(folder: &Folder) -> std::io::Result<()> {
    folder.write(".gitignore", "node_modules/\nbuild/\n")?;
    folder.write("package.json", r#"{ "name": "acme", "workspaces": ["packages/*", "services/*/infra"] }"#)?;
    folder.write("tsconfig.json", r#"{ "compilerOptions": { "strict": true } }"#)?;
    folder.write("packages/database/package.json", r#"{ "name": "@acme/database", "main": "src/index.ts" }"#)?;
    folder.write("packages/database/src/index.ts", "export * from \"./database\";\n")?;
    folder.write("packages/database/src/database.ts", COMPONENT)?;
    for number in 0..SERVICES {
        service(folder, number)?;
    }
    let modules = SCRIPTS - SERVICES * 2;
    for number in 0..modules {
        module(folder, number)?;
    }
    let kinds = ["json", "yaml", "md", "css", "sql", "py"];
    for number in SCRIPTS..FILES {
        folder.fill(number, kinds[number % kinds.len()])?;
    }
    Ok(())
}

fn service(folder: &Folder, number: usize) -> std::io::Result<()> {
    let home = format!("services/s{number}/infra");
    let major = 13 + number % 4;
    let program = format!(
        "import {{ Database, createReplica }} from \"@acme/database\";\nimport {{ Tags }} from \"@acme/p1/module50\";\n\
         import {{ settings }} from \"./settings\";\n\nconst tags: Tags = {{ team: \"t{number}\" }};\n\
         const main = new Database(\"service{number}\", {{ version: settings.postgres, tags }});\n\
         createReplica(\"service{number}-replica\", \"{major}.9\", main);\n"
    );
    folder.write(format!("{home}/package.json"), &format!("{{ \"name\": \"@acme/s{number}-infra\" }}"))?;
    folder.write(format!("{home}/Pulumi.yaml"), &format!("name: s{number}\nruntime: nodejs\n"))?;
    folder.write(format!("{home}/index.ts"), &program)?;
    folder.write(format!("{home}/settings.ts"), &format!("export const settings = {{ postgres: \"{major}.7\" }};\n"))
}

/// Code of a product: it speaks of its own database and of records, and imports what is beside it and elsewhere.
fn module(folder: &Folder, number: usize) -> std::io::Result<()> {
    let (package, other) = (number / 40, number * 7 % 17);
    let near = number / 40 * 40 + (number + 1) % 40;
    let code = format!(
        "import {{ Pool }} from \"pg\";\nimport {{ convert{near} }} from \"./module{near}\";\n\
         import {{ Tags, tagged }} from \"@acme/p{other}/module{}\";\n\n\
         export interface Record{number} {{ id: string; words: string[]; tags: Tags; }}\n\
         export type Tags = {{ [name: string]: string }};\n\
         export function tagged(tags: Tags = {{}}) {{ return {{ ...tags, owner: \"p{package}\" }}; }}\n",
        other * 40 + 10,
    );
    let body = format!(
        "/** Reads from the Database and keeps the records that match. */\n\
         export async function load{number}(database: Pool, id: string): Promise<Record{number}[]> {{\n\
         \x20   const found = await database.query(\"select * from records where id = $1\", [id]);\n\
         \x20   return found.rows.map((row) => ({{ ...convert{near}(row), tags: tagged(row.tags) }}));\n}}\n\
         export const convert{number} = (row: any) => ({{ id: row.id, words: (row.text ?? \"\").split(\" \") }});\n"
    );
    let mut rest = String::new();
    for each in 0..12 {
        rest += &format!(
            "export class Step{number}x{each} {{\n    constructor(private readonly pool: Pool) {{}}\n\
                 \x20   async run(id: string) {{ const all = await load{number}(this.pool, id); return all.map((one) => one.words.length + {each}); }}\n}}\n\
                 export const step{number}x{each} = (pool: Pool) => new Step{number}x{each}(pool);\n"
        );
    }
    folder.write(format!("packages/p{package}/package.json"), &format!("{{ \"name\": \"@acme/p{package}\" }}"))?;
    folder.write(format!("packages/p{package}/src/module{number}.ts"), &(code + &body + &rest))
}

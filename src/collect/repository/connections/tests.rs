use std::path::Path;

use proptest::prelude::*;

use super::line;
use crate::collect::files::Files;
use crate::collect::repository::read;
use crate::facts::Connection;

/// `file:line driver setting: how`, with `(local)` of what is not production.
fn lines(connections: &[Connection]) -> Vec<String> {
    let line = |one: &Connection| {
        let driver = one.driver.as_deref().unwrap_or("?");
        let local = if one.local.is_some() { " (local)" } else { "" };
        let tls = serde_json::to_value(one.tls).unwrap();
        format!("{}:{} {driver} {}: {}{local}", one.file, one.line, one.setting, tls.as_str().unwrap())
    };
    connections.iter().map(line).collect()
}

fn fixture(name: &str) -> Vec<Connection> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repository").join(name);
    read(&Files::Disk, &folder).unwrap().connections
}

fn all(files: &[(&str, &str)]) -> Vec<Connection> {
    let files = Files::memory("/m", files.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())));
    read(&files, Path::new("/m")).unwrap().connections
}

fn found(files: &[(&str, &str)]) -> Vec<String> {
    lines(&all(files))
}

#[test]
fn the_story_before_and_after_the_change() {
    assert_eq!(
        lines(&fixture("stack/before")),
        [
            ".env.production:2 ? sslmode=disable: never",
            ".env.production:3 ? no sslmode: unknown",
            ".github/workflows/nightly.yml:11 ? sslmode=disable: never (local)",
            "apps/sharedb/src/server.ts:10 pg ssl: false: never",
            "docker-compose.yml:7 libpq no sslmode: if-offered (local)",
            "docker-compose.yml:8 libpq sslmode=disable: never (local)",
            "docker-compose.yml:12 pgjdbc no sslmode: if-offered (local)",
            "infrastructure/services.ts:6 libpq sslmode=require: unverified",
            "infrastructure/services.ts:7 ? sslmode=verify-full: verified",
            "packages/worker/src/db.ts:10 pg ssl: unknown",
            "packages/worker/src/db.ts:14 pg no ssl: unknown",
            "packages/worker/src/db.ts:17 pg sslmode=require: verified",
            "packages/worker/src/db.ts:20 pg no ssl: never (local)",
        ]
    );
    assert_eq!(
        lines(&fixture("stack/during")),
        ["apps/sharedb/src/fixed.ts:4 pg ssl: { ca }: verified", "apps/sharedb/src/server.ts:9 pg ssl: true: verified"]
    );
}

#[test]
fn what_a_script_gives_its_driver_is_evaluated() {
    for (text, expected) in [
        ("import { Pool } from 'pg';\nnew Pool({ host: h(), ssl: false });", "a.ts:2 pg ssl: false: never"),
        ("const { Client } = require('pg');\nnew Client({ host: h() });", "a.ts:2 pg no ssl: never"),
        ("const pg = require('pg');\nconst ssl = true;\nnew pg.Pool({ ssl });", "a.ts:2 pg ssl: true: verified"),
        ("import pg from 'pg';\nnew pg.Pool();", "a.ts:2 pg no ssl: unknown"),
        ("import { Pool } from 'pg';\nnew Pool(config);", "a.ts:2 pg no ssl: unknown"),
        ("import { Pool } from 'pg';\nnew Pool({ ...more(), ssl: false });", "a.ts:2 pg ssl: false: never"),
        (
            "import { Pool } from 'pg';\nnew Pool({ ssl: { rejectUnauthorized: false } });",
            "a.ts:2 pg ssl: { rejectUnauthorized: false }: unverified",
        ),
        ("import { Pool } from 'pg';\nnew Pool({ ssl: { ca: read() } });", "a.ts:2 pg ssl: { ca }: verified"),
        ("import { Pool } from 'pg';\nnew Pool({ ssl: process.env.X });", "a.ts:2 pg ssl: unknown"),
        (
            "import { Pool } from 'pg';\nnew Pool({ ssl: { ca: read() }, connectionString: 'postgres://u:p@h.x.net/d?sslmode=no-verify' });",
            "a.ts:2 pg sslmode=no-verify: unverified",
        ),
        (
            "import { Pool } from 'pg';\nnew Pool({ connectionString: 'postgres://u:p@h.x.net/d' });",
            "a.ts:2 pg no ssl: never",
        ),
        (
            "import { Pool } from 'pg';\nnew Pool({ connectionString: 'postgres://u:p@localhost/d' });",
            "a.ts:2 pg no ssl: never (local)",
        ),
        (
            "import make from 'sharedb-postgres';\nconst db = make({ host: h(), ssl: false });",
            "a.ts:2 pg ssl: false: never",
        ),
        ("const db = require('sharedb-postgres')({\n  ssl: false });", "a.ts:2 pg ssl: false: never"),
        (
            "import knex from 'knex';\nknex({ client: 'pg', connection: {\n ssl: false } });",
            "a.ts:3 pg ssl: false: never",
        ),
        ("import knex from 'knex';\nknex({ client: 'pg', connection: process.env.URL });", "a.ts:2 pg no ssl: unknown"),
        ("import knex from 'knex';\nknex({ client: 'mysql2', connection: { ssl: false } });", ""),
        (
            "// typeorm\nexport default { type: 'postgres', host: h(), extra: { ssl: false } };",
            "a.ts:2 pg ssl: false: never",
        ),
        (
            "import { Sequelize } from 'sequelize';\nnew Sequelize(process.env.URL, { dialect: 'postgres', dialectOptions: { ssl: { rejectUnauthorized: false } } });",
            "a.ts:2 pg ssl: { rejectUnauthorized: false }: unverified",
        ),
        ("import { Sequelize } from 'sequelize';\nnew Sequelize('d', 'u', 'p', { dialect: 'mysql', host: 'x' });", ""),
        ("import { Pool } from 'mysql';\nnew Pool({ ssl: false });", ""),
        ("import pg from 'pg';\npg.types.setTypeParser(1, f);", ""),
        ("import { Pool } from 'pg';\n// new Pool({ ssl: false })\nconst s = \"new Pool({ ssl: false })\";", ""),
    ] {
        assert_eq!(found(&[("a.ts", text)]).join("; "), expected, "{text}");
    }
}

#[test]
fn an_adapter_of_the_repository_passes_on_what_it_is_given() {
    let adapter = "const pg = require('pg');\nmodule.exports = class { constructor(options) { this.pool = new pg.Pool(options); } };";
    let user = "import PostgresDB from '../lib/sharedb-postgres';\nnew PostgresDB({ host: h(), ssl: false });";
    assert_eq!(found(&[("lib/sharedb-postgres.js", adapter), ("src/a.ts", user)]), ["src/a.ts:2 pg ssl: false: never"]);
    // Without a caller, its own call is what is known.
    assert_eq!(found(&[("lib/sharedb-postgres.js", adapter)]), ["lib/sharedb-postgres.js:2 pg no ssl: unknown"]);
    // As it is published: a function that makes itself.
    let adapter = "const pg = require('pg');\nfunction PostgresDB(options) {\n  if (!(this instanceof PostgresDB)) return new PostgresDB(options);\n  this.pool = new pg.Pool(options);\n}\nmodule.exports = PostgresDB;";
    let found_both = found(&[("lib/sharedb-postgres.js", adapter), ("src/a.ts", user)]);
    assert!(found_both.contains(&"src/a.ts:2 pg ssl: false: never".to_owned()), "{found_both:?}");
    let other = "import Cache from '../lib/cache';\nnew Cache({ host: h(), ssl: false });";
    assert_eq!(found(&[("lib/cache.js", "require('redis')"), ("src/a.ts", other)]), Vec::<String>::new());
}

#[test]
fn options_of_another_file_are_found_where_they_are_written() {
    let code = "import { Pool } from 'pg';\nimport config from './config';\nexport const pool = new Pool(config.db);";
    let config = "export default {\n  db: {\n    host: process.env.PGHOST,\n    ssl: false,\n  },\n};";
    assert_eq!(found(&[("src/a.ts", code), ("src/config.ts", config)]), ["src/config.ts:4 pg ssl: false: never"]);
}

#[test]
fn the_installed_version_decides() {
    let code = ("a.ts", "import { Pool } from 'pg';\nnew Pool({ ssl: true });");
    let lock = |version: &str| format!("pg@x:\n  version \"{version}\"\n");
    assert_eq!(found(&[code, ("yarn.lock", &lock("7.18.2"))]), ["a.ts:2 pg ssl: true: unverified"]);
    assert_eq!(found(&[code, ("yarn.lock", &lock("8.12.0"))]), ["a.ts:2 pg ssl: true: verified"]);
    let both = format!("{}\n{}", lock("7.18.2"), lock("8.12.0"));
    assert_eq!(found(&[code, ("yarn.lock", &both)]), ["a.ts:2 pg ssl: true: unknown"]);
}

#[test]
fn lines_of_any_language_are_read() {
    for (file, text, expected) in [
        ("a.py", "connect(host=\"db.acme-db.net\", sslmode=\"disable\")", "a.py:1 libpq sslmode=disable: never"),
        ("a.py", "DATABASES = {'OPTIONS': {'sslmode': 'require'}}", "a.py:1 libpq sslmode=require: unverified"),
        (
            "a.py",
            "url = f\"postgresql+asyncpg://{user['name']}:{pw}@{host}/x?sslmode=disable\"",
            "a.py:1 asyncpg sslmode=disable: never",
        ),
        (
            "a.go",
            "import _ \"github.com/lib/pq\"\nd := \"host=db.acme-db.net sslmode=disable\"",
            "a.go:2 lib/pq sslmode=disable: never",
        ),
        (
            "application.properties",
            "spring.datasource.url=jdbc:postgresql://db.acme-db.net/x?ssl=true",
            "application.properties:1 pgjdbc ssl=true: verified",
        ),
        (
            "application.yml",
            "url: jdbc:postgresql://db.acme-db.net/x?sslmode=disable",
            "application.yml:1 pgjdbc sslmode=disable: never",
        ),
        (
            "appsettings.json",
            "{\"Db\": \"Host=db.acme-db.net;Username=u;Password=p;SSL Mode=Disable\"}",
            "appsettings.json:1 npgsql sslmode=disable: never",
        ),
        (
            "A.cs",
            "var c = \"Host=localhost;SslMode=VerifyFull;\";",
            "A.cs:1 npgsql sslmode=verify-full: verified (local)",
        ),
        ("main.tf", "provider \"postgresql\" {\n  sslmode = \"disable\"\n}", "main.tf:2 ? sslmode=disable: never"),
        ("k8s/a.yaml", "- name: PGSSLMODE\n  value: disable", "k8s/a.yaml:1 ? sslmode=disable: never"),
        ("k8s/a.yaml", "- name: PGSSLMODE\n  valueFrom: {}", ""),
        ("values.yaml", "sslmode: \"{{ .Values.mode }}\"", "values.yaml:1 ? sslmode: unknown"),
        ("a.ts", "interface A {\n  sslmode: string;\n}", ""),
        ("a.yml", "# PGSSLMODE=disable\nmysql_sslmode: disable", ""),
        (
            "a.env",
            "URL=postgres://u:p@db.acme-db.net/x?uselibpqcompat=true&sslmode=require",
            "a.env:1 ? uselibpqcompat=true&sslmode=require: unverified",
        ),
        ("a.env", "URL=postgres://u:p@localhost/x", ""),
        (
            "test/a.env",
            "URL=postgres://u:p@db.acme-db.net/x?sslmode=disable",
            "test/a.env:1 ? sslmode=disable: never (local)",
        ),
        ("README.md", "postgres://u:p@db.acme-db.net/x?sslmode=disable", ""),
    ] {
        assert_eq!(found(&[(file, text)]).join("; "), expected, "{file}: {text}");
    }
}

#[test]
fn no_secret_is_kept() {
    let secret = "s3cr3t";
    let texts = [
        (
            "a.env",
            format!("URL=postgres://user:{secret}/x?y@{secret}.net/{secret}?sslmode={secret}&sslrootcert={secret}"),
        ),
        ("b.env", format!("PGSSLMODE={secret}")),
        (
            "c.ts",
            format!(
                "import {{ Pool }} from 'pg';\nnew Pool(parse(\"{secret}\"));\nnew Pool({{ ssl: f(`{secret}`) }});\nnew Pool({{ ssl: '{secret}' }});"
            ),
        ),
        ("d.json", format!("{{\"Db\": \"Host={secret}.net;Password={secret};SSL Mode={secret}\"}}")),
    ];
    for (file, text) in &texts {
        let found = format!("{:?}", all(&[(file, text)]));
        assert!(!found.contains(secret), "{file}: {found}");
    }
}

#[test]
fn hosts_beside_the_code_are_no_production() {
    for host in ["localhost", "127.0.0.1", "::1", "db", "postgres", "host.docker.internal", "db.default.svc", "DB"] {
        assert!(super::local(host).is_some(), "{host}");
    }
    for host in ["", "${HOST}", "app.abc.eu-west-2.rds.amazonaws.com", "10.0.0.5", "{{ host }}"] {
        assert!(super::local(host).is_none(), "{host}");
    }
}

#[test]
fn hostile_files_end() {
    let n = 100_000;
    for (name, text) in [
        ("a.ts", format!("import 'pg';{}", "(".repeat(n))),
        ("a.ts", format!("import {{ Pool }} from 'pg';{}", "new Pool({ ssl: false });".repeat(2000))),
        ("a.env", "postgres://".repeat(300)),
        ("a.env", "postgres://{{{{\n".repeat(n)),
        ("a.env", "sslmode ".repeat(400)),
        ("a.env", "://".repeat(1300)),
        ("a.yml", format!("sslmode: {}", "\"".repeat(n))),
    ] {
        assert!(found(&[(name, &text)]).len() <= 2001, "{name}");
    }
    assert!(line::address("").is_none());
}

const SCRIPT: &str = include_str!("../../../../fixtures/repository/stack/before/packages/worker/src/db.ts");
const COMPOSE: &str = include_str!("../../../../fixtures/repository/stack/before/docker-compose.yml");
const VARIABLES: &str = include_str!("../../../../fixtures/repository/stack/before/.env.production");
const WORKFLOW: &str = include_str!("../../../../fixtures/repository/stack/before/.github/workflows/nightly.yml");
const RULES: &str = include_str!("../../../../fixtures/repository/stack/before/infrastructure/schedule.tf");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..40_usize, with in "(?s)[\\[\\]{}<>\"'`$:,&*#@=/?\\\\\n -]{0,6}|(?s).{0,3}") {
        let changed = |text: &str| {
            let start = text.floor_char_boundary(text.len() * at / 1000);
            let end = text.floor_char_boundary((start + cut).min(text.len()));
            format!("{}{with}{}", &text[..start], &text[end.max(start)..])
        };
        let files = [
            ("a.ts", changed(SCRIPT)),
            ("compose.yml", changed(COMPOSE)),
            (".env", changed(VARIABLES)),
            (".github/workflows/a.yml", changed(WORKFLOW)),
            ("a.tf", changed(RULES)),
        ];
        found(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    }
}

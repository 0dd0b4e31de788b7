use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::collect::files::Files;
use crate::collect::repository::read;
use crate::facts::Package;

/// `file:line name version requested`, with `-` for what is not known.
fn lines(packages: &[Package]) -> Vec<String> {
    let line = |one: &Package| {
        assert_ne!(one.version.is_some(), one.reason.is_some(), "{one:?}");
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        format!("{}:{} {} {} {}", one.file, one.line, one.name, known(&one.version), known(&one.requested))
    };
    packages.iter().map(line).collect()
}

fn fixture(name: &str) -> Vec<Package> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repository").join(name);
    read(&Files::Disk, &folder).unwrap().packages
}

fn found(files: &[(&str, &str)]) -> Vec<String> {
    let files = Files::memory("/m", files.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())));
    lines(&read(&files, Path::new("/m")).unwrap().packages)
}

#[test]
fn a_monorepo_with_a_catalog_is_read() {
    let packages = fixture("stack/before");
    // A package of the repository's own is none of the table's.
    assert_eq!(
        lines(&packages),
        [
            "pnpm-lock.yaml:22 knex 3.1.0 3.1.0",
            "pnpm-lock.yaml:29 pg-connection-string 2.6.2 -",
            "pnpm-lock.yaml:32 pg-connection-string 2.6.4 -",
            "pnpm-lock.yaml:35 pg 8.12.0 ^8.12.0",
            "pnpm-lock.yaml:40 sharedb 5.1.1 ^5.1.0",
        ]
    );
}

#[test]
fn lock_files_and_manifests_of_every_kind_are_read() {
    assert_eq!(
        lines(&fixture("drivers")),
        [
            "berry/yarn.lock:9 pg 7.18.2 ^7.18.0",
            "berry/yarn.lock:13 pg 8.12.0 ^8.11.0 || ^8.12.0",
            "bun/bun.lock:4 pg 8.13.1 -",
            "bun/bun.lock:6 pg 8.7.1 -",
            "catalog/gradle/libs.versions.toml:2 org.postgresql:postgresql 42.7.2 -",
            "catalog/gradle/libs.versions.toml:6 org.postgresql:postgresql 42.2.1 -",
            "catalog/gradle/libs.versions.toml:7 org.postgresql:postgresql 42.3.0 -",
            "dotnet/Directory.Packages.props:3 Npgsql 8.0.3 8.0.3",
            "dotnet/Locked/packages.lock.json:8 Npgsql 7.0.6 [7.0.0, )",
            "dotnet/Old/Old.csproj:4 Npgsql 3.2.6 3.2.6",
            "dotnet/Old/Old.csproj:6 npgsql - 4.*",
            "go/go.mod:5 github.com/lib/pq 1.2.0 -",
            "go/go.mod:8 github.com/jackc/pgx/v5 5.5.0 -",
            "go/go.mod:9 github.com/jackc/pgx 3.6.2 -",
            "go/go.mod:11 github.com/jackc/pgx/v4 - -",
            "gradle-lock/gradle.lockfile:2 org.postgresql:postgresql 42.7.3 -",
            "gradle/build.gradle:1 org.postgresql:postgresql 42.7.1 $pgVersion",
            "gradle/build.gradle:5 org.postgresql:postgresql 42.2.0 42.2.0",
            "gradle/build.gradle:6 org.postgresql:postgresql - -",
            "maven/pom.xml:3 org.postgresql:postgresql 42.2.5 ${postgresql.version}",
            "maven/pom.xml:14 org.postgresql:postgresql - -",
            "npm1/package-lock.json:7 knex 0.95.0 -",
            "npm1/package-lock.json:11 pg-connection-string 2.4.0 -",
            "npm1/package-lock.json:17 pg 7.18.2 -",
            "npm3/package-lock.json:9 @prisma/client 5.10.2 ^5.0.0",
            "npm3/package-lock.json:12 pg 8.11.3 ^8.11.0",
            "npm3/package-lock.json:16 pg 8.7.1 ^8.11.0",
            "npm3/package-lock.json:23 pg 8.0.3 ^8.11.0",
            "npm3/package-lock.json:25 sharedb-postgres - -",
            "npm3/package.json:5 typeorm - 0.3.20",
            "pnpm5/pnpm-lock.yaml:7 @prisma/client 4.0.0 -",
            "pnpm5/pnpm-lock.yaml:9 pg-native 3.0.0 -",
            "pnpm5/pnpm-lock.yaml:11 pg 8.7.1 -",
            "pnpm6/pnpm-lock.yaml:4 @prisma/client 5.0.0 -",
            "pnpm6/pnpm-lock.yaml:7 pg 8.11.3 -",
            "pnpm6/pnpm-lock.yaml:10 postgres 3.4.3 -",
            "python/pipenv/Pipfile.lock:6 psycopg2 2.9.5 -",
            "python/requirements-prod.txt:4 psycopg 3.1.18 ==3.1.18",
            "python/requirements-prod.txt:5 psycopg2-binary 2.9.9 ==2.9.9",
            "python/requirements-prod.txt:7 asyncpg - >=0.29",
            "python/requirements/base.txt:1 psycopg2-binary 2.8.6 == 2.8.6",
            "python/uv/uv.lock:5 asyncpg 0.29.0 -",
            "python/uv/uv.lock:13 psycopg-binary 3.1.18 -",
            "ruby/Gemfile.lock:6 pg 1.5.6 -",
            "rust/Cargo.lock:9 sqlx 0.7.4 -",
            "rust/Cargo.lock:16 tokio-postgres 0.7.10 -",
            "unlocked/package.json:3 pg 8.11.3 8.11.3",
            "unlocked/package.json:5 knex - github:acme/knex",
            "unlocked/package.json:8 sequelize 6.35.2 6.35.2",
            "yarn1/yarn.lock:5 @prisma/client 5.10.2 ^5.0.0",
            "yarn1/yarn.lock:8 pg 8.11.3 ^8.0.0 || ^8.1.0",
            "yarn1/yarn.lock:13 pg 7.18.2 ~7.18.0",
        ]
    );
}

#[test]
fn what_is_asked_for_is_never_taken_for_what_is_installed() {
    let manifest = r#"{"name": "a", "dependencies": {"pg": "catalog:old", "knex": "latest", "sharedb": "*"}}"#;
    let workspace = "catalogs:\n  old:\n    pg: ~7.18.0\n";
    assert_eq!(
        found(&[("package.json", manifest), ("pnpm-workspace.yaml", workspace)]),
        ["package.json:1 knex - latest", "package.json:1 sharedb - *", "pnpm-workspace.yaml:3 pg - ~7.18.0"]
    );
    // An address may hold a token, and is not kept.
    let secret = r#"{"dependencies": {"pg": "git+https://tok3n@git.example.net/pg.git"}}"#;
    let all = found(&[("package.json", secret)]);
    assert!(all.len() == 1 && !all[0].contains("tok3n"), "{all:?}");
    let lock = "packages:\n  pg@https://tok3n@x.example.net/pg.tgz:\n    resolution: {}\n";
    let all = found(&[("pnpm-lock.yaml", lock)]);
    assert!(all.len() == 1 && all[0].contains("pg -") && !all[0].contains("tok3n"), "{all:?}");
}

#[test]
fn large_lock_files_are_quick() {
    let mut npm = r#"{"lockfileVersion": 3, "packages": {"#.to_owned();
    let mut pnpm = "lockfileVersion: '9.0'\npackages:\n".to_owned();
    for at in 0..40_000 {
        npm += &format!(
            "\n\"node_modules/package-{at}\": {{\"version\": \"1.0.{at}\", \"integrity\": \"{}\"}},",
            "a".repeat(160)
        );
        pnpm += &format!("\n  package-{at}@1.0.{at}:\n    resolution: {{integrity: {}}}\n", "a".repeat(200));
    }
    npm += "\"node_modules/pg\": {\"version\": \"8.12.0\"}}}";
    pnpm += "\n  pg@8.12.0:\n    resolution: {}\n";
    for (name, text) in [("package-lock.json", &npm), ("pnpm-lock.yaml", &pnpm)] {
        assert!(text.len() > 9_000_000, "{name}");
        let begun = Instant::now();
        assert_eq!(found(&[(name, text)]).len(), 1, "{name}");
        // Without optimisation, on a machine that has more to do.
        assert!(begun.elapsed() < Duration::from_secs(8), "{name}: {:?}", begun.elapsed());
    }
}

const NPM: &str = include_str!("../../../../fixtures/repository/drivers/npm3/package-lock.json");
const PNPM: &str = include_str!("../../../../fixtures/repository/stack/before/pnpm-lock.yaml");
const YARN: &str = include_str!("../../../../fixtures/repository/drivers/berry/yarn.lock");
const POM: &str = include_str!("../../../../fixtures/repository/drivers/maven/pom.xml");
const GRADLE: &str = include_str!("../../../../fixtures/repository/drivers/gradle/build.gradle");
const CATALOG: &str = include_str!("../../../../fixtures/repository/drivers/catalog/gradle/libs.versions.toml");
const PROJECT: &str = include_str!("../../../../fixtures/repository/drivers/dotnet/Old/Old.csproj");
const MODULES: &str = include_str!("../../../../fixtures/repository/drivers/go/go.mod");
const REQUIREMENTS: &str = include_str!("../../../../fixtures/repository/drivers/python/requirements-prod.txt");

#[test]
fn hostile_files_end() {
    let n = 200_000;
    for (name, text) in [
        ("package-lock.json", "{\"dependencies\":".repeat(n)),
        ("package-lock.json", format!("{}1{}", "{\"dependencies\":{\"pg\":".repeat(40), "}}".repeat(40))),
        ("pnpm-lock.yaml", format!("packages:\n  {}\n", "@".repeat(n))),
        ("yarn.lock", format!("{}:\n  version 1\n", "pg@,".repeat(n))),
        ("pom.xml", "<dependency>".repeat(2000)),
        ("Old.csproj", "<PackageReference Include=\"Npgsql\">".repeat(2000)),
        ("Directory.Packages.props", "<!--".repeat(n)),
        ("build.gradle", "'org.postgresql:postgresql:$a' ".repeat(1000)),
        ("package.json", "[".repeat(n)),
        ("go.mod", "require (\n".repeat(n)),
    ] {
        assert!(found(&[(name, &text)]).len() <= 1, "{name}");
    }
}

/// The text with some of it replaced, at a place given in thousandths.
fn changed(text: &str, at: usize, cut: usize, with: &str) -> String {
    let start = text.floor_char_boundary(text.len() * at / 1000);
    let end = text.floor_char_boundary((start + cut).min(text.len()));
    format!("{}{with}{}", &text[..start], &text[end.max(start)..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..40_usize, with in "(?s)[\\[\\]{}<>\"'`$:,&*#@=/\\\\\n -]{0,6}|(?s).{0,3}") {
        let files = [
            ("package-lock.json", changed(NPM, at, cut, &with)),
            ("pnpm-lock.yaml", changed(PNPM, at, cut, &with)),
            ("yarn.lock", changed(YARN, at, cut, &with)),
            ("bun.lock", changed(NPM, at, cut, &with)),
            ("pom.xml", changed(POM, at, cut, &with)),
            ("build.gradle", changed(GRADLE, at, cut, &with)),
            ("libs.versions.toml", changed(CATALOG, at, cut, &with)),
            ("a.csproj", changed(PROJECT, at, cut, &with)),
            ("go.mod", changed(MODULES, at, cut, &with)),
            ("requirements.txt", changed(REQUIREMENTS, at, cut, &with)),
        ];
        found(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    }
}

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::read;
use crate::collect::files::Files;
use crate::facts::{Image, ImageKind};

fn fixture(name: &str) -> Vec<Image> {
    read(&Files::Disk, &Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repository").join(name)).unwrap().images
}

/// `file:line reference (what) version`, with `?` for a PostgreSQL of unknown version and `-` for none.
fn lines(images: &[Image]) -> Vec<String> {
    let line = |one: &Image| {
        let version = match &one.postgres {
            None => "-",
            Some(postgres) => postgres.version.as_deref().unwrap_or("?"),
        };
        format!("{}:{} {} ({}) {version}", one.file, one.line, one.reference, one.what)
    };
    images.iter().map(line).collect()
}

fn require(name: &str, expected: &[&str]) -> Vec<Image> {
    let found = fixture(name);
    assert_eq!(lines(&found), expected, "{name}");
    found
}

fn found(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    lines(&read(&Files::Disk, folder.path()).unwrap().images)
}

#[test]
fn compose_files_are_read_with_their_variables() {
    let images = require(
        "compose",
        &[
            "deploy/broken.yml:3 postgres:12 (a file that does not parse) 12",
            "deploy/stack.yaml:3 timescale/timescaledb:2.14.2-pg15 (service database) 15",
            "deploy/stack.yaml:5 dpage/pgadmin4:8 (service admin) -",
            "docker-compose.yml:5 postgis/postgis:13-3.1 (service db) 13",
            "docker-compose.yml:11 postgres:16.3-alpine (service reporting) 16.3",
            "docker-compose.yml:13 hasura/graphql-engine:v2.36.0 (service hasura) -",
            "docker-compose.yml:15 pgvector/pgvector:pg${PG_MAJOR} (service vectors) ?",
            "docker-compose.yml:17 registry.example.com:5000/library/postgres:15.4 (service mirror) 15.4",
            "docker-compose.yml:19 postgres@sha256:1d2f (service pinned) ?",
            "docker-compose.yml:21 postgres (service newest) ?",
            "docker-compose.yml:23 ghcr.io/acme/postgres:3 (service own) ?",
            "docker-compose.yml:28 redis:7 (service cache) -",
        ],
    );
    let reporting = images.iter().find(|one| one.what == "service reporting").unwrap();
    let set_at = reporting.set_at.as_ref().unwrap();
    assert_eq!((set_at.file.as_str(), set_at.line), (".env", 2));
}

#[test]
fn dockerfiles_are_read_by_stage() {
    require(
        "docker",
        &[
            "Containerfile:1 public.ecr.aws/docker/library/postgres:15-alpine (stage 1) 15",
            "Dockerfile:4 debian:bookworm (stage tools) -",
            "Dockerfile:11 postgresql-client-16 (stage tools) 16",
            "Dockerfile:12 postgresql-server-dev-12 (stage tools) 12",
            "Dockerfile:15 postgres:16.3 (stage build) 16.3",
            "Dockerfile:17 bitnami/postgresql:13 (copied into stage build) 13",
            "Dockerfile:24 postgresql15-client (stage last) 15",
            "Dockerfile:27 postgres:${UNSET} (stage 6) ?",
            "ci/db.Dockerfile:1 pgvector/pgvector:0.8.0-pg17 (stage 1) 17",
            "ci/db.Dockerfile:3 postgresql-17-cron (stage 1) 17",
            "ci/db.Dockerfile:3 postgresql-client (stage 1) ?",
        ],
    );
}

#[test]
fn workflows_are_read_for_every_run_of_their_matrix() {
    let images = require(
        "github",
        &[
            ".github/actions/db/action.yml:5 postgis/postgis:12-3.0 (a step of the action) 12",
            ".github/workflows/test.yml:17 postgres:13-alpine (service db of job matrix) 13",
            ".github/workflows/test.yml:17 postgres:14-alpine (service db of job matrix) 14",
            ".github/workflows/test.yml:17 postgres:16-alpine (service db of job matrix) 16",
            ".github/workflows/test.yml:19 postgis/postgis:16-3.5 (service gis of job matrix) 16",
            ".github/workflows/test.yml:20 redis:7 (service cache of job matrix) -",
            ".github/workflows/test.yml:26 postgresql-client-16 (step client of job matrix) 16",
            ".github/workflows/test.yml:26 postgresql-server-dev-13 (step client of job matrix) 13",
            ".github/workflows/test.yml:26 postgresql-server-dev-14 (step client of job matrix) 14",
            ".github/workflows/test.yml:26 postgresql-server-dev-16 (step client of job matrix) 16",
            ".github/workflows/test.yml:27 postgres:16 (a step of job matrix) 16",
            ".github/workflows/test.yml:31 cimg/postgres:15.4 (container of job inside) 15.4",
            ".github/workflows/test.yml:33 postgres:12 (a step of job inside) 12",
            ".github/workflows/test.yml:36 ankane/setup-postgres@v1 (a step of job inside) 17",
            ".github/workflows/test.yml:37 ikalnytskyi/action-setup-postgres@v8 (a step of job inside) ?",
            ".github/workflows/test.yml:39 ${{ inputs.image }} (a step of job inside) -",
            ".github/workflows/test.yml:41 node:20 (container of job short) -",
            ".github/workflows/test.yml:43 ${{ inputs.database || 'postgres:11' }} (service db of job short) -",
        ],
    );
    let kinds = |kind| images.iter().filter(|one| one.kind == kind).count();
    assert_eq!((kinds(ImageKind::Action), kinds(ImageKind::Package)), (2, 4));
}

#[test]
fn other_pipelines_are_read() {
    require(
        "pipelines",
        &[
            ".circleci/config.yml:7 cimg/ruby:3.2 (executor default) -",
            ".circleci/config.yml:8 cimg/postgres:14.9 (executor default) 14.9",
            ".circleci/config.yml:13 cimg/postgres:<< parameters.tag >> (job build) ?",
            ".circleci/config.yml:15 postgresql-client-12 (job build) 12",
            ".circleci/config.yml:19 postgres:11 (job build) 11",
            ".devcontainer/devcontainer.json:5 ghcr.io/acme/dev:1 (the development container) -",
            ".devcontainer/devcontainer.json:7 postgresql-client-15 (postCreateCommand) 15",
            ".gitlab-ci.yml:5 ruby:3.3 (image of all jobs) -",
            ".gitlab-ci.yml:9 postgres:15-alpine (service of template .base) 15",
            ".gitlab-ci.yml:9 postgres:16-alpine (service of job test) 16",
            ".gitlab-ci.yml:11 redis:7 (service of job test) -",
            ".gitlab-ci.yml:11 redis:7 (service of template .base) -",
            ".gitlab-ci.yml:16 postgresql-client-16 (script of job test) 16",
            ".gitlab-ci.yml:19 postgres:13 (script of job test) 13",
            ".gitlab-ci.yml:21 registry.example.com/acme/lint:1 (image of job lint) -",
            ".gitlab-ci.yml:22 postgresql14-client (before_script of job lint) 14",
            ".gitlab/db.yml:2 alpine/psql:16.3 (image of job dump) 16.3",
        ],
    );
}

#[test]
fn manifests_and_values_are_read() {
    require(
        "kubernetes",
        &[
            "base/app.yaml:9 postgres:16-alpine (container wait of StatefulSet db) 16",
            "base/app.yaml:12 docker.io/bitnami/postgresql:15.4.0-debian-11-r10 (container db of StatefulSet db) 15.4.0",
            "base/app.yaml:24 prodrigestivill/postgres-backup-local:14 (container dump of CronJob backup) 14",
            "base/app.yaml:30 ghcr.io/cloudnative-pg/postgresql:16.2 (Cluster orders) 16.2",
            "base/app.yaml:36 postgresql.version (postgresql acid-users) 13",
            "base/app.yaml:42 registry.developers.crunchydata.com/crunchydata/crunchy-postgres:ubi8-15.2-0 (PostgresCluster hippo) 15.2",
            "base/app.yaml:43 postgresVersion (PostgresCluster hippo) 15",
            "base/kustomization.yaml:5 mirror.example.com/library/postgres:17.2 (an image of kustomize) 17.2",
            "base/kustomization.yaml:6 web@sha256:aa (an image of kustomize) -",
            "chart/templates/job.yaml:7 postgres:12 (a file that does not parse) 12",
            "chart/values.yaml:5 docker.io/bitnami/postgresql:16.10 (values postgresql.image) 16.10",
            "chart/values.yaml:7 bitnami/postgres-exporter:0.15.0 (values postgresql.metrics.image) -",
            "chart/values.yaml:10 metabase/metabase (values metabase.image) -",
            "chart/values.yaml:12 postgres:14 (values initImage) 14",
        ],
    );
}

#[test]
fn lookalikes_are_no_postgres() {
    let images = fixture("lookalikes");
    assert_eq!(images.len(), 4, "{images:?}");
    assert!(images.iter().all(|one| one.postgres.is_none()), "{images:?}");
}

#[test]
fn variables_come_from_where_they_are_set() {
    let compose = "services:\n  db:\n    image: postgres:${A:-12}\n";
    assert_eq!(found(&[("a/compose.yml", compose), (".env", "A=16")]), ["a/compose.yml:3 postgres:12 (service db) 12"]);
    assert_eq!(
        found(&[("a/compose.yml", compose), ("a/.env", "A=16")]),
        ["a/compose.yml:3 postgres:16 (service db) 16"]
    );
    let docker = "FROM postgres:${A:-12}\nARG A=16\nFROM postgres:$A\n";
    assert_eq!(
        found(&[("Dockerfile", docker)]),
        ["Dockerfile:1 postgres:12 (stage 1) 12", "Dockerfile:3 postgres:${A} (stage 2) ?"]
    );
    let matrix = "jobs:\n  a:\n    strategy: {matrix: {db: [{image: 'postgres:12'}, {image: 'mysql:8'}], pg: [13, 14, 15], exclude: [{pg: 13}]}}\n    env: {PG: '${{ matrix.pg }}'}\n    container: '${{ matrix.db.image }}'\n    services: {x: {image: 'postgres:${{ env.PG }}'}, y: {image: 'postgres:${{ matrix.pg }}'}}\n";
    let expected = [
        ".github/workflows/a.yml:5 mysql:8 (container of job a) -",
        ".github/workflows/a.yml:5 postgres:12 (container of job a) 12",
        ".github/workflows/a.yml:6 postgres:${{ env.PG }} (service x of job a) ?",
        ".github/workflows/a.yml:6 postgres:14 (service y of job a) 14",
        ".github/workflows/a.yml:6 postgres:15 (service y of job a) 15",
    ];
    assert_eq!(found(&[(".github/workflows/a.yml", matrix)]), expected);
}

#[test]
fn hostile_files_end() {
    let n = 250_000;
    let axis = |name: &str| format!("{name}: [{}]", (0..500).map(|i| i.to_string()).collect::<Vec<_>>().join(","));
    let matrix = format!(
        "jobs: {{a: {{strategy: {{matrix: {{{}, {}, {}}}}}, container: 'postgres:${{{{ matrix.a }}}}'}}}}",
        axis("a"),
        axis("b"),
        axis("c")
    );
    for (name, text) in [
        ("Dockerfile", "FROM ".to_owned() + &"${A:-".repeat(n)),
        ("Dockerfile", "RUN \\\n".repeat(n)),
        ("Dockerfile", "RUN <<".repeat(n)),
        ("Dockerfile", "ARG A=$A$A\n".repeat(2000) + "FROM $A"),
        ("compose.yml", "image: ".to_owned() + &"[".repeat(n)),
        ("compose.yml", format!("services: {{db: {{image: '{}'}}}}", "$".repeat(n))),
        (".github/workflows/a.yml", matrix),
        (".github/workflows/a.yml", format!("jobs: {{a: {{container: '{}'}}}}", "${{".repeat(n))),
        (".circleci/config.yml", format!("jobs: {{a: {{docker: [{{image: '{}'}}]}}}}", "<<".repeat(n))),
        (".devcontainer/devcontainer.json", "/*".repeat(n)),
        (".devcontainer/devcontainer.json", "\"\\".repeat(n)),
    ] {
        assert!(found(&[(name, &text)]).len() <= 256, "{name}");
    }
}

const COMPOSE: &str = include_str!("../../../fixtures/repository/compose/docker-compose.yml");
const DOCKERFILE: &str = include_str!("../../../fixtures/repository/docker/Dockerfile");
const WORKFLOW: &str = include_str!("../../../fixtures/repository/github/.github/workflows/test.yml");
const MANIFESTS: &str = include_str!("../../../fixtures/repository/kubernetes/base/app.yaml");

/// The text with some of it replaced, at a place given in thousandths.
fn changed(text: &str, at: usize, cut: usize, with: &str) -> String {
    let start = text.floor_char_boundary(text.len() * at / 1000);
    let end = text.floor_char_boundary((start + cut).min(text.len()));
    format!("{}{with}{}", &text[..start], &text[end.max(start)..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_on_any_change(at in 0..1000_usize, cut in 0..40_usize, with in "(?s)[\\[\\]{}<>\"'`$:,&*#@=\\\\\n -]{0,6}|(?s).{0,3}") {
        let files = [
            ("compose.yml", changed(COMPOSE, at, cut, &with)),
            ("Dockerfile", changed(DOCKERFILE, at, cut, &with)),
            (".github/workflows/a.yml", changed(WORKFLOW, at, cut, &with)),
            (".gitlab-ci.yml", changed(WORKFLOW, at, cut, &with)),
            (".circleci/config.yml", changed(WORKFLOW, at, cut, &with)),
            ("values.yaml", changed(MANIFESTS, at, cut, &with)),
            ("app.yaml", changed(MANIFESTS, at, cut, &with)),
        ];
        found(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    }
}

//! Which images and packages hold PostgreSQL, and how their names tell its version (`checks/data/postgres-images.json`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::repository::{Part, PostgresImage};

#[derive(Debug, Deserialize)]
pub struct PostgresImages {
    pub as_of: String,
    pub sources: Vec<String>,
    images: Vec<Published>,
    /// Names of images that people make of it themselves.
    own_names: Vec<String>,
    packages: Vec<Package>,
    /// Packages of whatever version the distribution has.
    unversioned: BTreeMap<String, Part>,
    /// The input that names the version, by action.
    actions: BTreeMap<String, String>,
}

/// Images that are tagged alike.
#[derive(Debug, Deserialize)]
struct Published {
    /// Without the registry.
    names: Vec<Pattern>,
    part: Part,
    tags: Vec<Pattern>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: Pattern,
    part: Part,
}

pub static POSTGRES_IMAGES: LazyLock<PostgresImages> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../checks/data/postgres-images.json"))
        .expect("an embedded table is valid, its test says")
});

impl PostgresImages {
    /// What an image holds of PostgreSQL; `None` of others.
    #[must_use]
    pub fn image(&self, reference: &str) -> Option<PostgresImage> {
        let reference = Reference::of(reference);
        let mut names = reference.names().into_iter();
        let found = names.find_map(|name| {
            let mut images = self.images.iter();
            images.find_map(|image| image.names.iter().find_map(|known| Some((image, known.fits(&name)?))))
        });
        let Some((image, of_name)) = found else {
            let last = reference.path.rsplit('/').next()?;
            let reason =
                format!("{} is no image that is published with PostgreSQL's versions for tags", reference.path);
            return self.own_names.iter().any(|name| name == last).then(|| unknown(Part::Server, reason));
        };
        if let Fit::Version(version) = of_name {
            return Some(known(image.part, &version));
        }
        let tag = reference.tag.as_deref();
        let version = tag.and_then(|tag| {
            let mut fits = image.tags.iter().filter_map(|pattern| pattern.fits(&tag.to_lowercase()));
            fits.find_map(Fit::version)
        });
        Some(match (version, tag) {
            (Some(version), _) => known(image.part, &version),
            (None, Some(tag)) if tag.contains(['$', '{', '<']) => unknown(image.part, format!("{tag} cannot be known")),
            (None, Some(tag)) => unknown(image.part, format!("the tag {tag} names no version")),
            (None, None) if reference.has_digest => unknown(image.part, "a digest names no version".to_owned()),
            (None, None) => unknown(image.part, "no tag is the newest".to_owned()),
        })
    }

    /// What a package of a distribution holds of PostgreSQL; `None` of others.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<PostgresImage> {
        if let Some(part) = self.unversioned.get(name) {
            return Some(unknown(*part, format!("{name} is of the distribution's version")));
        }
        if let Some((before, _)) = name.split_once(['$', '<', '{']) {
            let mut packages = self.packages.iter();
            let package = packages.find(|package| package.name.before == before)?;
            return Some(unknown(package.part, format!("{name} cannot be known")));
        }
        let mut fits = self.packages.iter().filter_map(|package| Some((package, package.name.fits(name)?)));
        fits.find_map(|(package, fit)| Some(known(package.part, &fit.version()?)))
    }

    /// The input of an action that says which PostgreSQL it sets up.
    #[must_use]
    pub fn action(&self, uses: &str) -> Option<&str> {
        let name = uses.split('@').next().unwrap_or(uses).to_lowercase();
        self.actions.get(&name).map(String::as_str)
    }
}

/// A PostgreSQL of a version that is written somewhere.
#[must_use]
pub fn known(part: Part, version: &str) -> PostgresImage {
    let major = version.split('.').next().and_then(|major| major.parse().ok());
    PostgresImage { part, version: Some(version.to_owned()), major, reason: None }
}

#[must_use]
pub fn unknown(part: Part, reason: String) -> PostgresImage {
    PostgresImage { part, version: None, major: None, reason: Some(reason) }
}

/// A reference to an image, taken apart.
/// <https://github.com/distribution/reference/blob/main/reference.go>
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) path: String,
    pub(super) tag: Option<String>,
    pub(super) has_digest: bool,
}

impl Reference {
    pub(super) fn of(text: &str) -> Self {
        let (name, has_digest) = match text.split_once('@') {
            Some((name, _)) => (name, true),
            None => (text, false),
        };
        // The colon of a registry's port is before a slash.
        let (path, tag) = match name.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag.to_owned())),
            _ => (name, None),
        };
        // A variable before the name is a registry.
        let path = path.rsplit('}').next().unwrap_or(path).trim_start_matches('/');
        let path = match path.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':', '$']) || host == "localhost" => rest,
            _ => path,
        };
        Self { path: path.to_lowercase(), tag, has_digest }
    }

    /// The path, and what mirrors leave of it: `library/postgres` of `docker-hub/library/postgres`.
    pub(super) fn names(&self) -> Vec<String> {
        let parts: Vec<&str> = self.path.split('/').collect();
        let last = parts.len().checked_sub(2).filter(|at| *at > 0).map(|at| parts[at..].join("/"));
        std::iter::once(self.path.clone()).chain(last).collect()
    }
}

/// A name with `{version}` in it, and `*` at its ends for anything.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
struct Pattern {
    before: String,
    starts_anywhere: bool,
    /// Nothing of a pattern without a version.
    after: Option<String>,
    ends_anywhere: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Fit {
    Version(String),
    Whole,
}

impl Fit {
    fn version(self) -> Option<String> {
        match self {
            Self::Version(version) => Some(version),
            Self::Whole => None,
        }
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        let (before, after) = match text.split_once("{version}") {
            Some((before, after)) => (before, Some(after)),
            None => (text.as_str(), None),
        };
        let after_text = after.map(|after| after.strip_suffix('*').unwrap_or(after).to_owned());
        Self {
            starts_anywhere: before.starts_with('*'),
            before: before.trim_start_matches('*').to_owned(),
            ends_anywhere: after.is_some_and(|after| after.ends_with('*')),
            after: after_text,
        }
    }
}

impl Pattern {
    fn fits(&self, text: &str) -> Option<Fit> {
        let Some(after) = &self.after else { return (self.before == text).then_some(Fit::Whole) };
        let starts: Vec<usize> = if self.starts_anywhere {
            text.match_indices(&self.before).map(|(at, found)| at + found.len()).collect()
        } else {
            text.starts_with(&self.before).then_some(self.before.len()).into_iter().collect()
        };
        starts.into_iter().find_map(|start| {
            let rest = text.get(start..)?;
            let version = version(rest)?;
            let tail = &rest[version.len()..];
            let fits = if self.ends_anywhere { tail.starts_with(after) } else { tail == after };
            fits.then(|| Fit::Version(version.to_owned()))
        })
    }
}

/// The version that a text begins with: `16.3` of `16.3-alpine`. Of more than three digits it is something else.
fn version(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let version = text[..end].trim_end_matches('.');
    let major = version.split('.').next()?;
    (!major.is_empty() && major.len() <= 3).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version_of(reference: &str) -> Option<String> {
        let image = POSTGRES_IMAGES.image(reference).unwrap_or_else(|| panic!("{reference} is PostgreSQL"));
        assert_ne!(image.version.is_some(), image.reason.is_some());
        assert_eq!(image.version.is_some(), image.major.is_some());
        image.version
    }

    #[test]
    fn tags_tell_the_version() {
        for (reference, version) in [
            ("postgres:16", "16"),
            ("postgres:16.3-alpine3.20", "16.3"),
            ("postgres:17beta1", "17"),
            ("postgres:9.6-alpine", "9.6"),
            ("docker.io/library/postgres:15.4", "15.4"),
            ("public.ecr.aws/docker/library/postgres:16", "16"),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/postgres:14", "14"),
            ("registry.example.com:5000/postgres:13.2", "13.2"),
            ("localhost:5000/postgres:13.2", "13.2"),
            ("postgres:16@sha256:0123", "16"),
            ("${REGISTRY}/postgres:16", "16"),
            ("${PREFIX}postgres:16", "16"),
            ("postgis/postgis:16-3.5-alpine", "16"),
            ("mirror.example.com/hub/postgis/postgis:12-3.0", "12"),
            ("timescale/timescaledb:2.14.2-pg16", "16"),
            ("timescale/timescaledb:latest-pg13", "13"),
            ("timescale/timescaledb-ha:pg17-ts2.17-all", "17"),
            ("timescale/timescaledb-ha:pg16.4-ts2.17", "16.4"),
            ("pgvector/pgvector:pg16", "16"),
            ("pgvector/pgvector:0.8.0-pg17-trixie", "17"),
            ("supabase/postgres:15.1.0.147", "15.1.0.147"),
            ("bitnami/postgresql:16.2.0-debian-12-r5", "16.2.0"),
            ("cimg/postgres:16.3-postgis", "16.3"),
            ("citusdata/citus:14.0.0-pg17", "17"),
            ("citusdata/citus:postgres_16", "16"),
            ("ghcr.io/cloudnative-pg/postgresql:17-bullseye", "17"),
            ("registry.developers.crunchydata.com/crunchydata/crunchy-postgres:ubi8-16.1-0", "16.1"),
            ("registry.developers.crunchydata.com/crunchydata/crunchy-postgres-gis:ubi8-15.2-3.3-0", "15.2"),
            ("registry.opensource.zalan.do/acid/spilo-15:3.0-p1", "15"),
            ("registry.redhat.io/rhel9/postgresql-16:latest", "16"),
            ("quay.io/sclorg/postgresql-15-c9s", "15"),
            ("apache/age:release_PG16_1.5.0", "16"),
            ("groonga/pgroonga:4.0.4-alpine-18", "18"),
            ("ghcr.io/immich-app/postgres:14-vectorchord0.3.0", "14"),
        ] {
            assert_eq!(version_of(reference).as_deref(), Some(version), "{reference}");
        }
        assert_eq!(POSTGRES_IMAGES.image("prodrigestivill/postgres-backup-local:15").unwrap().part, Part::Client);
    }

    #[test]
    fn what_names_no_version_is_unknown() {
        for reference in [
            "postgres",
            "postgres:latest",
            "postgres:alpine3.20",
            "postgres:20240101",
            "postgres@sha256:16ab",
            "postgres:${PG_VERSION}",
            "postgres:${PG_VERSION}-alpine",
            "timescale/timescaledb:2.14.2",
            "timescale/timescaledb:latest",
            "citusdata/citus:12.1",
            "pgvector/pgvector:0.7.0",
            "ankane/pgvector:v0.5.1",
            "ghcr.io/acme/postgres:16",
            "acme/postgis:3",
        ] {
            assert_eq!(version_of(reference), None, "{reference}");
        }
    }

    #[test]
    fn other_images_are_not_taken() {
        for reference in [
            "",
            "redis:7",
            "mysql:8.0",
            "dpage/pgadmin4:8",
            "postgrest/postgrest:v12",
            "quay.io/prometheuscommunity/postgres-exporter:v0.15.0",
            "edoburu/pgbouncer:1.22",
            "postgres-exporter:16",
            "metabase/metabase:v0.58.24",
            "debezium/example-postgres:2.5",
            "acme/postgres-tools:16",
            "https://example.com/postgres.tar",
        ] {
            assert_eq!(POSTGRES_IMAGES.image(reference), None, "{reference}");
        }
    }

    #[test]
    fn packages_tell_the_major() {
        for (name, part, version) in [
            ("postgresql-client-16", Part::Client, Some("16")),
            ("postgresql-server-dev-12", Part::Headers, Some("12")),
            ("postgresql-9.6", Part::Server, Some("9.6")),
            ("postgresql-16-postgis-3", Part::Extension, Some("16")),
            ("postgresql16-client", Part::Client, Some("16")),
            ("postgresql15-server", Part::Server, Some("15")),
            ("postgresql@14", Part::Server, Some("14")),
            ("postgresql-client", Part::Client, None),
            ("postgresql-client-${PG}", Part::Client, None),
            ("postgresql-${{ matrix.pg }}-postgis-3", Part::Server, None),
        ] {
            let found = POSTGRES_IMAGES.package(name).expect(name);
            assert_eq!((found.part, found.version.as_deref()), (part, version), "{name}");
        }
        for name in ["libpq-dev", "postgresql-common", "pgbouncer", "postgresql-client-common", "mysql-client-8"] {
            assert_eq!(POSTGRES_IMAGES.package(name), None, "{name}");
        }
    }

    #[test]
    fn the_table_says_where_it_is_from() {
        assert!(
            !POSTGRES_IMAGES.as_of.is_empty() && POSTGRES_IMAGES.sources.iter().all(|one| one.starts_with("https://"))
        );
        assert!(POSTGRES_IMAGES.actions.keys().all(|name| *name == name.to_lowercase()));
        assert_eq!(POSTGRES_IMAGES.action("Harmon758/postgresql-action@v1"), Some("postgresql version"));
    }
}

//! Manifests of Kubernetes, of operators of PostgreSQL and of kustomize, and the values of Helm's charts.

use super::variables::Filled;
use super::{Source, build, entries, entry, image, items, name};
use crate::collect::declared::value::{Spot, Value};
use crate::facts::images::{known, unknown};
use crate::facts::{Image, ImageKind, Part};

/// Lists of containers, wherever a kind of resource keeps them.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Where resources of operators name PostgreSQL: its image, or its version.
/// <https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/>,
/// <https://access.crunchydata.com/documentation/postgres-operator/latest/references/crd>,
/// <https://postgres-operator.readthedocs.io/en/latest/reference/cluster_manifest/>
const OPERATORS: [(&str, &str, Names); 5] = [
    ("postgresql.cnpg.io/", "Cluster", Names::Image(&["imageName"])),
    ("postgres-operator.crunchydata.com/", "PostgresCluster", Names::Image(&["image"])),
    ("postgres-operator.crunchydata.com/", "PostgresCluster", Names::Version(&["postgresVersion"])),
    ("acid.zalan.do/", "postgresql", Names::Image(&["dockerImage"])),
    ("acid.zalan.do/", "postgresql", Names::Version(&["postgresql", "version"])),
];

#[derive(Clone, Copy)]
enum Names {
    /// Paths within `spec`.
    Image(&'static [&'static str]),
    Version(&'static [&'static str]),
}

pub(super) fn read(source: &Source<'_>, document: &Spot) -> Vec<Image> {
    let text = |key: &str| entry(document, key).and_then(|spot| spot.text().map(str::to_owned));
    let mut found = Vec::new();
    let file = source.file.rsplit('/').next().unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        (Some(version), Some(kind)) => {
            let resource = entry(document, "metadata").and_then(|metadata| entry(metadata, "name"));
            let what = match resource.and_then(Spot::text) {
                Some(resource) => format!("{} {}", name(&kind), name(resource)),
                None => name(&kind).to_owned(),
            };
            containers(document, &what, &mut found);
            operators(document, &version, &kind, &what, &mut found);
            if kind == "Kustomization" {
                kustomized(document, &mut found);
            }
        }
        _ if file.starts_with("kustomization.") => kustomized(document, &mut found),
        _ if file.contains("values") => values(document, "", &mut found),
        _ => {}
    }
    found
}

fn containers(spot: &Spot, what: &str, found: &mut Vec<Image>) {
    for (key, inner) in entries(Some(spot)) {
        if CONTAINERS.contains(&key) {
            for container in items(Some(inner)) {
                let own = entry(container, "name").and_then(Spot::text).unwrap_or_default();
                if let Some(written) = entry(container, "image")
                    && let Some(text) = written.text()
                {
                    found.push(image(&written.at, Filled::of(text), format!("container {} of {what}", name(own))));
                }
            }
        } else {
            containers(inner, what, found);
        }
    }
    for inner in items(Some(spot)) {
        containers(inner, what, found);
    }
}

fn operators(document: &Spot, version: &str, kind: &str, what: &str, found: &mut Vec<Image>) {
    let spec = entry(document, "spec");
    let at = |path: &[&str]| path.iter().try_fold(spec?, |spot, key| entry(spot, key));
    for (group, of, names) in OPERATORS {
        if !version.starts_with(group) || kind != of {
            continue;
        }
        match names {
            Names::Image(path) => {
                if let Some(written) = at(path)
                    && let Some(text) = written.text()
                {
                    found.push(image(&written.at, Filled::of(text), what.to_owned()));
                }
            }
            Names::Version(path) => {
                if let Some(written) = at(path) {
                    let postgres = match written.text() {
                        Some(text) => known(Part::Server, text),
                        None => unknown(Part::Server, "its version is no text".to_owned()),
                    };
                    let reference = Filled::of(&path.join("."));
                    found.push(build(&written.at, ImageKind::Resource, reference, what.to_owned(), Some(postgres)));
                }
            }
        }
    }
}

/// `images` of kustomize, which replace names and tags.
fn kustomized(document: &Spot, found: &mut Vec<Image>) {
    for one in items(entry(document, "images")) {
        let part = |key: &str| entry(one, key).filter(|spot| spot.text().is_some());
        let Some(image_name) = part("newName").or_else(|| part("name")) else { continue };
        let tag = part("newTag");
        let digest = part("digest").map(|digest| format!("@{}", digest.text().unwrap_or_default()));
        let at = tag.as_ref().map_or_else(|| image_name.at.clone(), |tag| tag.at.clone());
        let tag = tag.map(|tag| format!(":{}", tag.text().unwrap_or_default())).unwrap_or_default();
        let reference = format!("{}{tag}{}", image_name.text().unwrap_or_default(), digest.unwrap_or_default());
        found.push(image(&at, Filled::of(&reference), "an image of kustomize".to_owned()));
    }
}

/// `image: {registry, repository, tag, digest}` and `image: text`, at any depth.
fn values(spot: &Spot, path: &str, found: &mut Vec<Image>) {
    let part = |key: &str| entry(spot, key).filter(|part| part.text().is_some());
    let ends_as_image = path.rsplit('.').next().is_some_and(|last| last.to_lowercase().ends_with("image"));
    if let Some(repository) = part("repository").filter(|_| ends_as_image || part("tag").is_some()) {
        let text = |part: Option<&Spot>, before: &str, after: &str| {
            part.and_then(Spot::text).map(|text| format!("{before}{text}{after}")).unwrap_or_default()
        };
        let tag = part("tag");
        let at = tag.unwrap_or(repository).at.clone();
        let own = repository.text().unwrap_or_default();
        let whole =
            format!("{}{own}{}{}", text(part("registry"), "", "/"), text(tag, ":", ""), text(part("digest"), "@", ""));
        found.push(image(&at, Filled::of(&whole), format!("values {path}")));
        return;
    }
    for (key, inner) in entries(Some(spot)) {
        let path =
            if path.is_empty() { name(key).to_owned() } else { name(&format!("{path}.{}", name(key))).to_owned() };
        match (&inner.value, inner.text()) {
            (Value::Text(_), Some(text)) if key.to_lowercase().ends_with("image") && text.contains([':', '/']) => {
                found.push(image(&inner.at, Filled::of(text), format!("values {path}")));
            }
            _ => values(inner, &path, found),
        }
    }
    for (index, inner) in items(Some(spot)).iter().enumerate() {
        values(inner, &format!("{path}.{index}"), found);
    }
}

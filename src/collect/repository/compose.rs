//! Compose files, whatever they are called: a map of services that have images.

use std::collections::BTreeMap;

use super::variables::{self, fill};
use super::{MAX_BYTES, Source, entries, entry, image, name};
use crate::collect::declared::value::{Spot, Value};
use crate::collect::declared::walk;
use crate::collect::files::Kind;
use crate::facts::Image;

pub(super) fn read(source: &Source<'_>, document: &Spot) -> Vec<Image> {
    let named: Vec<(&str, &Spot)> = entries(entry(document, "services")).collect();
    if !named.iter().all(|(_, service)| matches!(service.value, Value::Map(_) | Value::Nothing)) {
        return Vec::new();
    }
    let variables = environment(source);
    let lookup = |name: &str| variables.get(name).cloned();
    let images = named.into_iter().filter_map(|(key, service)| {
        let written = entry(service, "image")?;
        let reference = fill(written.text()?, &lookup);
        Some(image(&written.at, reference, format!("service {}", name(key))))
    });
    images.collect()
}

/// The variables of the `.env` beside it.
fn environment(source: &Source<'_>) -> BTreeMap<String, Spot> {
    let path = source.path.with_file_name(".env");
    let shown = match source.file.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/.env"),
        None => ".env".to_owned(),
    };
    let is_small = matches!(source.files.kind(&path), Ok(Kind::File(length)) if length <= MAX_BYTES);
    let text = is_small.then(|| source.files.bytes(&path).ok()).flatten().map(walk::text);
    text.map(|text| variables::of_file(&shown.into(), &text)).unwrap_or_default()
}

//! Pulumi programs in YAML.

use std::path::Path;

use crate::collect::declared::resource::Program;
use crate::collect::declared::value::Spot;
use crate::collect::declared::walk::Tree;

/// The databases of a `Pulumi.yaml` with resources; nothing of other documents.
pub(in crate::collect::declared) fn read(
    _tree: &Tree,
    _path: &Path,
    _document: &Spot,
    _stack: Option<&str>,
) -> Option<Program> {
    None
}

//! CloudFormation templates, also those of SAM and what the CDK synthesizes.

use std::path::Path;

use super::resource::Program;
use super::value::Spot;
use super::walk::Tree;

/// The databases of a template; nothing of other documents.
pub(super) fn read(_tree: &Tree, _path: &Path, _document: &Spot, _stack: Option<&str>) -> Option<Program> {
    None
}

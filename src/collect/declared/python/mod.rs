//! Programs in Python: of Pulumi, and of the CDK.

use std::path::Path;

use super::Error;
use super::resource::Program;
use super::walk::Tree;

/// The databases of one file.
pub(super) fn read(_tree: &Tree, _path: &Path, _stack: Option<&str>) -> Result<Vec<Program>, Error> {
    Ok(Vec::new())
}

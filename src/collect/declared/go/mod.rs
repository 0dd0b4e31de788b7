//! Pulumi programs in Go. The files of a folder are one package.

use super::Error;
use super::resource::Program;
use super::walk::Tree;

/// The databases of all packages.
pub(super) fn read(_tree: &Tree, _stack: Option<&str>) -> Result<Vec<Program>, Error> {
    Ok(Vec::new())
}

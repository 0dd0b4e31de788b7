//! Drivers and service libraries, from the lock files of the languages.

use super::Tree;
use crate::facts::Package;

pub(super) fn read(_tree: Tree<'_>) -> Vec<Package> {
    Vec::new()
}

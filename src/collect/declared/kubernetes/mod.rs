//! Manifests of Crossplane and of AWS Controllers for Kubernetes.

use super::resource::Program;
use super::value::Spot;

/// The databases of a manifest; nothing of other documents.
pub(super) fn read(_document: &Spot) -> Option<Program> {
    None
}

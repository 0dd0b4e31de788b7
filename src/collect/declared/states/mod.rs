//! What the tools wrote of what they made or are about to make: `pulumi stack export`, `pulumi preview --json`,
//! `terraform show -json` of a state or a plan, `terraform.tfstate`. Such files can be large.

use std::sync::Arc;

use super::resource::Program;

/// Whether a file can be one of them that holds a database.
pub(super) fn is_worth_reading(_bytes: &[u8]) -> bool {
    false
}

/// The databases of a state or plan; `None` of other documents.
pub(super) fn read(_file: &Arc<str>, _text: &str) -> Option<Vec<Program>> {
    None
}

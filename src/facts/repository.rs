//! What the repository says beside the databases that it declares.

use serde::{Deserialize, Serialize};

use super::Pinned;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    #[serde(default)]
    pub pins: Vec<Pinned>,
}

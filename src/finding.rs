//! One thing that was found: what rules say and reports show.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub database: Option<String>,
    /// As the owner of the thing would write it: `schema.table.column`.
    pub object: String,
    pub kind: String,
    pub detail: String,
    /// Of infrastructure code.
    pub location: Option<Location>,
}

/// `app: public.hooks.fn (table column): regproc`, without what is empty.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(database) = &self.database {
            write!(f, "{database}: ")?;
        }
        f.write_str(&self.object)?;
        if !self.kind.is_empty() {
            write!(f, " ({})", self.kind)?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    pub file: String,
    pub line: u32,
}

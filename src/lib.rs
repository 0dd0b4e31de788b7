//! GO or NO-GO on a PostgreSQL major upgrade, before anyone schedules it.
pub mod checks;
pub mod evaluate;
pub mod facts;
mod markdown;
pub mod permissions;
pub mod report;
pub mod rules;
pub mod snippet;
pub mod templates;
pub mod upgrade;
pub mod version;

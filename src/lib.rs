//! GO or NO-GO on a PostgreSQL major upgrade, before anyone schedules it.
pub mod checks;
pub mod collect;
pub mod config;
pub mod evaluate;
pub mod facts;
pub mod report;
pub mod rules;
pub mod snippet;
pub mod upgrade;
pub mod version;

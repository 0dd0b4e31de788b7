//! GO or NO-GO on a PostgreSQL major upgrade, before anyone schedules it.
//!
//! Evidence, then judgement, then the report; each part knows only the ones before it:
//!
//! | room | holds |
//! | --- | --- |
//! | `checks/` (files) and [`checks`] | what is looked for: one TOML file each |
//! | [`facts`] | what was seen: the evidence bundle, and tables of published facts |
//! | [`collect`] | who looked: AWS, the database, the infrastructure code; the only I/O |
//! | [`rules`] and [`evaluate`] | who judges: pure functions of evidence and upgrade |
//! | [`migration`] | what a migration for after the upgrade holds: pure functions too |
//! | [`report`] | how it is shown |
//! | [`cli`] | the commands; the only place that prints |

pub mod causes;
pub mod checks;
pub mod cli;
pub mod collect;
pub mod config;
pub mod demo;
pub mod evaluate;
pub mod exit;
pub mod facts;
pub mod finding;
mod headline;
mod markdown;
pub mod migration;
pub mod moment;
pub mod path;
pub mod permissions;
pub mod quote;
pub mod report;
pub mod rules;
pub mod secret;
pub mod snippet;
pub mod templates;
pub mod upgrade;
pub mod version;

//! The judgement: pure functions of the evidence and the upgrade. No I/O, no clock.
//!
//! A rule that needs more than "every row is a finding" is one file here and one line in `RULES`; its check file
//! owns everything that is said about it.

mod backups;
mod change;
mod cron;
mod databases;
mod declaration;
mod declared;
mod dependents;
mod drift;
mod extensions;
mod identity;
mod images;
mod maintenance;
mod matrix;
mod outcome;
mod parameters;
mod preload;
mod prepared;
mod references;
mod rows;
mod schedules;
mod services;
mod settings;
mod slots;
mod state;
mod support;
mod target;
mod tls;
mod topology;
mod view;

pub use declaration::declaration;
pub use outcome::{Hit, Hits, Open, Outcome};
pub use view::{Answers, Expectations, Facts};

use crate::checks::{Check, Rule};
use crate::facts::Gap;
use crate::quote::{quote_ident, shell};

/// A rule: the outcome, or the evidence it lacks.
pub type RuleFn = fn(&Facts<'_>) -> Result<Outcome, Gap>;

/// Every rule that a check file can name.
const RULES: &[(&str, RuleFn)] = &[
    ("backups::backups_off", backups::backups_off),
    ("backups::backup_age", backups::backup_age),
    ("change::declared_version", change::declared_version),
    ("databases::invalid_databases", databases::invalid_databases),
    ("databases::unconnectable_databases", databases::unconnectable_databases),
    ("databases::unread_databases", databases::unread_databases),
    ("declared::aws_profile", declared::aws_profile),
    ("declared::backups_off", declared::backups_off),
    ("declared::final_snapshot", declared::final_snapshot),
    ("declared::parameter_drift", declared::parameter_drift),
    ("declared::replica_version", declared::replica_version),
    ("declared::settings_drift", declared::settings_drift),
    ("dependents::dropped_along", dependents::dropped_along),
    ("dependents::tracked_tables", dependents::tracked_tables),
    ("drift::version_drift", drift::version_drift),
    ("extensions::not_offered", extensions::not_offered),
    ("extensions::unlisted", extensions::unlisted),
    ("extensions::update_after", extensions::update_after),
    ("extensions::newer_than_target", extensions::newer_than_target),
    ("extensions::refused", extensions::refused),
    ("extensions::outdated", extensions::outdated),
    ("extensions::maybe_outdated", extensions::maybe_outdated),
    ("extensions::no_update_path", extensions::no_update_path),
    ("identity::caller_identity", identity::caller_identity),
    ("identity::server_version", identity::server_version),
    ("images::clients", images::clients),
    ("images::servers", images::servers),
    ("maintenance::pending_maintenance", maintenance::pending_maintenance),
    ("maintenance::pending_modifications", maintenance::pending_modifications),
    ("parameters::parameter_group_status", parameters::parameter_group_status),
    ("parameters::parameter_group_family", parameters::parameter_group_family),
    ("parameters::lost_parameters", parameters::lost_parameters),
    ("preload::not_preloaded", preload::not_preloaded),
    ("prepared::allow_major_version_upgrade", prepared::allow_major_version_upgrade),
    ("prepared::apply_immediately", prepared::apply_immediately),
    ("prepared::bare_major", prepared::bare_major),
    ("prepared::deferred", prepared::deferred),
    ("prepared::ignored_version", prepared::ignored_version),
    ("prepared::not_prepared", prepared::not_prepared),
    ("prepared::parameter_group_family", prepared::parameter_group_family),
    ("references::removed", references::removed),
    ("references::row_types", references::row_types),
    ("references::shifted_columns", references::shifted_columns),
    ("schedules::in_window", schedules::in_window),
    ("settings::refused", settings::refused),
    ("slots::unusable", slots::unusable),
    ("slots::at_target", slots::at_target),
    ("slots::behind", slots::behind),
    ("slots::plugins", slots::plugins),
    ("slots::lost", slots::lost),
    ("state::instance_status", state::instance_status),
    ("state::master_username", state::master_username),
    ("state::option_group", state::option_group),
    ("state::ca_certificate", state::ca_certificate),
    ("state::free_storage", state::free_storage),
    ("state::failed_attempts", state::failed_attempts),
    ("support::support_dates", support::support_dates),
    ("support::extended_support_off", support::extended_support_off),
    ("target::target_version", target::target_version),
    ("target::older_target", target::older_target),
    ("target::instance_class", target::instance_class),
    ("tls::force_ssl", tls::force_ssl),
    ("tls::plaintext_clients", tls::plaintext_clients),
    ("tls::plaintext_code", tls::plaintext_code),
    ("tls::plaintext_sessions", tls::plaintext_sessions),
    ("tls::switched_off", tls::switched_off),
    ("topology::upgraded_elsewhere", topology::upgraded_elsewhere),
    ("topology::replicas", topology::replicas),
    ("topology::blue_green", topology::blue_green),
    ("topology::blue_green_limits", topology::blue_green_limits),
    ("topology::zero_etl", topology::zero_etl),
];

/// Whether a check file may name this function.
#[must_use]
pub fn exists(function: &str) -> bool {
    RULES.iter().any(|(name, _)| *name == function)
}

/// Every function a check file can name.
pub fn names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|(name, _)| *name)
}

/// The answer to a query is not of the form that its check reads.
fn lacks_column() -> Gap {
    Gap::Unavailable("the answer lacks a column that the check reads".to_owned())
}

/// Judges one check.
///
/// # Errors
/// The evidence that the rule lacks.
pub fn judge(check: &Check, facts: &Facts<'_>) -> Result<Outcome, Gap> {
    match &check.rule {
        Rule::Rows(rule) => rows::judge(facts, rule),
        Rule::Matrix(rule) => matrix::judge(facts, rule),
        Rule::Rust { function, .. } => {
            let rule = RULES.iter().find(|(name, _)| name == function).map(|(_, rule)| rule);
            rule.expect("validated when the check was read")(facts)
        }
    }
}

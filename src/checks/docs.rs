//! Texts about checks, all from the check files.

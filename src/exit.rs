//! The exit codes: other people's scripts depend on them.

use crate::report::Verdict;

/// Every blocker that applies was answered, and none failed.
pub const GO: u8 = 0;
/// A blocker failed.
pub const NO_GO: u8 = 1;
/// Bad arguments, bad configuration, unreadable file: nothing was judged.
pub const USAGE: u8 = 2;
/// No blocker failed, but one could not be answered; also when the program itself broke.
pub const INCOMPLETE: u8 = 3;

#[must_use]
pub fn of(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Go => GO,
        Verdict::NoGo => NO_GO,
        Verdict::Incomplete => INCOMPLETE,
    }
}

//! Random names and passwords, from the operating system.

use std::fmt::Write as _;
use std::io;

/// `bytes` random bytes in hexadecimal: safe in a file name, a URL and an SQL literal.
///
/// # Errors
/// When the operating system has no randomness.
pub(super) fn hex(bytes: usize) -> io::Result<String> {
    let mut raw = vec![0; bytes];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut raw).map_err(|_| io::Error::other("no randomness to be had"))?;
    Ok(raw.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

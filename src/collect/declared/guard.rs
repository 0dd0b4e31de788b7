//! Parsers of other people recurse without a bound; here is where that cannot hurt.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Longer than any honest file takes by a factor of a thousand; hostile ones take cubic time.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    #[error("it is nested too deeply")]
    TooDeep,
    #[error("it takes too long")]
    TooLong,
    #[error("the parser gave up")]
    GaveUp,
}

/// Runs the work in a thread with that many bytes of stack, of which only what is used is ever taken from the machine.
/// Work that does not end in time is left behind; it holds no lock and no file.
pub(super) fn run<T: Send + 'static>(stack: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let job = move || {
        let _ = sender.send(work());
    };
    thread::Builder::new().name("parser".into()).stack_size(stack).spawn(job).map_err(|_| Trouble::TooDeep)?;
    receiver.recv_timeout(PATIENCE).map_err(|error| match error {
        mpsc::RecvTimeoutError::Timeout => Trouble::TooLong,
        mpsc::RecvTimeoutError::Disconnected => Trouble::GaveUp,
    })
}

/// Deepest nesting of brackets, wherever they stand.
pub(super) fn bracket_depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

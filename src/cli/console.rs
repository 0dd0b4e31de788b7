//! stdout for reports, stderr for everything else.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Color, Global};
use super::error::Error;

/// How wide a report is where no terminal says so.
const PIPED: u16 = 80;

pub(super) struct Console {
    color: ColorChoice,
    verbose: bool,
    bar: RefCell<Option<ProgressBar>>,
    show_progress: bool,
}

impl Console {
    pub(super) fn new(global: &Global) -> Self {
        let color = match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        // For what is said on stderr, also by an error that knows no console.
        color.write_global();
        let show_progress = !global.quiet && !global.verbose && io::stderr().is_terminal();
        Self { color, verbose: global.verbose, bar: RefCell::new(None), show_progress }
    }

    /// Columns of the terminal, or 80.
    #[expect(clippy::unused_self, reason = "a console has a width")]
    pub(super) fn width(&self) -> u16 {
        if io::stdout().is_terminal() { terminal_width().unwrap_or(PIPED) } else { PIPED }
    }

    /// What is going on: a spinner on a terminal, lines with `--verbose`, else nothing.
    pub(super) fn progress(&self, text: &str) {
        if self.verbose {
            let _ = writeln!(io::stderr(), "{text}");
        }
        if self.show_progress {
            let mut slot = self.bar.borrow_mut();
            let bar = slot.get_or_insert_with(|| {
                let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
                bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("a valid template"));
                bar.enable_steady_tick(Duration::from_millis(100));
                bar
            });
            bar.set_message(text.to_owned());
        }
    }

    pub(super) fn end_progress(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }

    /// Prints to stdout. A reader that went away (`| head`) is no error: the exit code still says the verdict.
    pub(super) fn print(&self, text: &str) -> Result<(), Error> {
        self.end_progress();
        let mut out = AutoStream::new(io::stdout().lock(), self.color_for_stdout());
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome.map_err(|source| Error::Print { source }),
        }
    }

    fn color_for_stdout(&self) -> ColorChoice {
        match self.color {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()),
            choice => choice,
        }
    }

    /// Why the exit code is not 0, where no report says it: that is no warning, and is said always.
    pub(super) fn explain(&self, text: &str) {
        self.end_progress();
        let _ = writeln!(io::stderr(), "unknown: {text}");
    }

    pub(super) fn error(text: &str) {
        let style = anstyle::AnsiColor::Red.on_default().bold();
        // A message that shows a place in a file begins with the word already.
        let text = text.strip_prefix("error: ").unwrap_or(text);
        let _ = writeln!(AutoStream::auto(io::stderr()), "{style}error:{style:#} {text}");
    }
}

/// As the shell exports it; `COLUMNS` first, since a person may set it.
fn terminal_width() -> Option<u16> {
    let from_environment = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    from_environment.or_else(|| comfy_table::Table::new().width())
}

//! A problem in a file a person wrote: file, line, caret.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A message that points into a text, as rustc prints them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// As shown to the user: a path.
    pub origin: String,
    pub text: String,
    pub span: Range<usize>,
    pub message: String,
}

impl Problem {
    /// What `toml` says of a text that does not parse.
    #[must_use]
    pub fn of_toml(origin: &str, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        Self { origin: origin.to_owned(), text: text.to_owned(), span, message: error.message().to_owned() }
    }

    /// 1-based
    #[must_use]
    pub fn line(&self) -> usize {
        self.text[..self.span.start.min(self.text.len())].matches('\n').count() + 1
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (start, end) = (self.span.start.min(self.text.len()), self.span.end.min(self.text.len()));
        let message = self.message.replace('\n', ", ");
        let snippet = Snippet::source(&self.text)
            .path(&self.origin)
            .line_start(1)
            .annotation(AnnotationKind::Primary.span(start..end.max(start)));
        let report = &[Level::ERROR.primary_title(&message).element(snippet)];
        write!(f, "{}", Renderer::plain().render(report))
    }
}

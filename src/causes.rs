//! An error and what caused it, in words.

use std::error::Error;

/// The message and its causes, joined by colons; a cause that is said already is not repeated.
#[must_use]
pub fn joined(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    #[test]
    fn every_cause_is_said_once() {
        let root = Layer { text: "refused", source: None };
        let middle = Layer { text: "no connection: refused", source: Some(Box::new(root)) };
        let top = Layer { text: "cannot ask", source: Some(Box::new(middle)) };
        assert_eq!(joined(&top), "cannot ask: no connection: refused");
    }
}

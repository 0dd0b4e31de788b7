//! Evidence that may be missing, and why it is.

use serde::{Deserialize, Serialize};

/// One piece of evidence. What is missing is never nothing: it says why, so that a check can say it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source<T> {
    Collected(T),
    /// It was asked for and could not be had: denied, broken, timed out. In the words of the server.
    Unavailable {
        reason: String,
    },
    /// The user switched it off: `--no-aws`.
    SwitchedOff {
        flag: String,
    },
    /// Nobody said where it is, and nothing requires it: no `--declared`.
    NotGiven {
        hint: String,
    },
}

/// Why a piece of evidence is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    Unavailable(String),
    SwitchedOff(String),
    NotGiven(String),
}

impl<T> Source<T> {
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into() }
    }

    /// The evidence, or why there is none.
    ///
    /// # Errors
    /// The [`Gap`], which a rule passes on with `?` and so never mistakes for a pass.
    pub fn get(&self) -> Result<&T, Gap> {
        match self {
            Self::Collected(value) => Ok(value),
            Self::Unavailable { reason } => Err(Gap::Unavailable(reason.clone())),
            Self::SwitchedOff { flag } => Err(Gap::SwitchedOff(flag.clone())),
            Self::NotGiven { hint } => Err(Gap::NotGiven(hint.clone())),
        }
    }

    /// Evidence of a version that did not look.
    #[must_use]
    pub fn not_looked() -> Self {
        Self::NotGiven { hint: "the evidence was collected by a version that did not look".to_owned() }
    }

    pub fn collected(&self) -> Option<&T> {
        self.get().ok()
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Source<U> {
        match self {
            Self::Collected(value) => Source::Collected(f(value)),
            Self::Unavailable { reason } => Source::Unavailable { reason },
            Self::SwitchedOff { flag } => Source::SwitchedOff { flag },
            Self::NotGiven { hint } => Source::NotGiven { hint },
        }
    }
}

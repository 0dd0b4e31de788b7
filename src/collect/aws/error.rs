//! What went wrong, in one line and in the words of the server.

use std::error::Error as StdError;
use std::fmt::Write as _;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_rds::config::http::HttpResponse;
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};

use super::credentials;
use crate::collect::http::CaBundle;
use crate::facts::Source;

/// The user's mistakes, and the secrets that could not be had. All else that fails is a [`Source::Unavailable`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no AWS region is given: use --region, AWS_REGION or the region of a profile")]
    NoRegion,
    #[error(transparent)]
    CaBundle(#[from] CaBundle),
    #[error("there is no DB instance '{id}' in {region}{}", hint(near, *others))]
    NoSuchInstance {
        id: String,
        region: String,
        /// The nearest names, the best first; empty when there are none or nobody may list them.
        near: Vec<String>,
        /// How many more there are.
        others: usize,
    },
    #[error("there is no DB cluster '{id}' in {region}{}", hint(near, *others))]
    NoSuchCluster { id: String, region: String, near: Vec<String>, others: usize },
    #[error("'{id}' runs {engine}, which is not PostgreSQL")]
    NotPostgres { id: String, engine: String },
    #[error("cannot read the secret {arn}")]
    Secret { arn: String, source: Refusal },
    #[error("cannot make an IAM token for {user} at {host}")]
    Token { host: String, user: String, source: Refusal },
}

fn hint(near: &[String], others: usize) -> String {
    let mut text = String::new();
    if !near.is_empty() {
        let _ = write!(text, "; the nearest names are {}", near.join(", "));
        if others > 0 {
            let _ = write!(text, " and {others} more");
        }
    }
    text
}

/// An operation that gave no usable answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The error code of the service: `AccessDenied`.
    pub code: Option<String>,
    /// One line.
    pub reason: String,
}

impl Refusal {
    pub(super) fn new(reason: &str) -> Self {
        Self { code: None, reason: one_line(reason) }
    }

    pub(super) fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

impl<E: ProvideErrorMetadata + StdError + 'static> From<SdkError<E>> for Refusal {
    fn from(error: SdkError<E>) -> Self {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
        Self { code, reason: reason(&error) }
    }
}

/// The evidence, or the gap with its reason.
pub(super) fn source<T>(answer: Result<T, Refusal>) -> Source<T> {
    answer.map_or_else(|refusal| Source::Unavailable { reason: refusal.reason }, Source::Collected)
}

/// One clear line about a failed call: `AccessDenied: User is not authorized to perform: rds:DescribeEvents`.
#[must_use]
pub fn reason<E: ProvideErrorMetadata + StdError + 'static>(error: &SdkError<E>) -> String {
    let text = match error {
        SdkError::ServiceError(refused) => match (refused.err().code(), refused.err().message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => format!("{code} (HTTP {})", refused.raw().status()),
            (None, _) if refused.raw().status().is_success() => unreadable(refused.raw(), error),
            (None, _) => foreign(refused.raw()),
        },
        SdkError::ResponseError(broken) => unreadable(broken.raw(), error),
        SdkError::TimeoutError(_) => "timed out: the endpoint gave no answer".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            "timed out: the endpoint cannot be reached".to_owned()
        }
        SdkError::DispatchFailure(failure) if failure.is_io() => {
            format!("the endpoint cannot be reached: {}", root_cause(error))
        }
        _ => without_answer(error),
    };
    one_line(&text)
}

/// The SDK's sentence ends with a debug form of what it found.
fn unreadable(answer: &HttpResponse, error: &(dyn StdError + 'static)) -> String {
    let cause = root_cause(error);
    let cause = cause.split_once(" got StartEl").map_or(cause.as_str(), |(sentence, _)| sentence);
    format!("the answer (HTTP {}) cannot be read: {cause}", answer.status())
}

/// An error that is not in the protocol of the service: of a stand-in endpoint, of a proxy between.
fn foreign(answer: &HttpResponse) -> String {
    let body = String::from_utf8_lossy(answer.body().bytes().unwrap_or_default());
    match (between(&body, "<Code>", "</Code>"), between(&body, "<Message>", "</Message>")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => format!("{code} (HTTP {})", answer.status()),
        _ => format!("the endpoint answered HTTP {} with no error of AWS", answer.status()),
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = text.split_once(start)?.1;
    Some(rest.split_once(end)?.0.trim()).filter(|found| !found.is_empty())
}

/// What failed before there was a connection: credentials, the region, the endpoint.
fn without_answer(error: &(dyn StdError + 'static)) -> String {
    match chain(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
        Some(error) => credentials::explain(error),
        None => root_cause(error),
    }
}

pub(super) fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The innermost cause: the outer ones say "dispatch failure" and the like.
pub(in crate::collect) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Foreign text as one line of bounded length, with nothing that a terminal would act on.
pub(in crate::collect) fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = clean.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(600) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

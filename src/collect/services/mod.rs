//! The services in front of the database: each says itself which version runs, to anybody.
//!
//! No user, password or secret is sent to any of them.

mod answer;
mod ask;

use std::path::Path;
use std::time::Duration;

use url::Url;

use super::http::{self, CaBundle};
use crate::facts::{RunningService, ServiceKind, Source};
use ask::Asker;

/// A service of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub kind: ServiceKind,
    /// `https://host/base`
    pub url: String,
}

/// How long anybody may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For a connection with its TLS.
    pub connect_timeout: Duration,
    /// From the question to the end of the answer, redirects and all.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(5), timeout: Duration::from_secs(10) }
    }
}

/// What each service says, in the order of the configuration; all are asked at once. `ca_bundle` is a PEM file of the
/// issuers to trust instead of the system's.
///
/// # Errors
/// When that file is no use. Whatever a service does is a gap of its own.
pub async fn collect(
    services: &[Address],
    ca_bundle: Option<&Path>,
    limits: Limits,
    progress: &dyn Fn(&str),
) -> Result<Vec<RunningService>, CaBundle> {
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let asker = Asker::new(&http::trust(ca_bundle)?, limits);
    let ask = |service: &Address| {
        let (kind, asker) = (service.kind, &asker);
        let base = base(&service.url);
        let shown = base.as_ref().map_or_else(|_| bare(&service.url), shown);
        progress(&format!("asking {} at {shown}", kind.as_str()));
        async move {
            let version = match base {
                Ok(base) => asker.get(&base, answer::path(kind)).await.and_then(|answer| answer.version(kind)),
                Err(error) => Err(format!("its address cannot be used: {error}")),
            };
            RunningService { kind, url: shown, version: version.map_or_else(Source::unavailable, Source::Collected) }
        }
    };
    Ok(futures_util::future::join_all(services.iter().map(ask)).await)
}

/// What is neither sent nor shown: a query may hold a key.
fn base(text: &str) -> Result<Url, url::ParseError> {
    let mut url = Url::parse(text)?;
    url.set_query(None);
    url.set_fragment(None);
    ask::forget_the_user(&mut url);
    Ok(url)
}

fn shown(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn bare(text: &str) -> String {
    text.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        for (text, expected) in [
            ("https://hasura.example.org", "https://hasura.example.org"),
            ("http://Host:8080/graphql//", "http://host:8080/graphql"),
            ("https://me:canary@host/base?key=canary#canary", "https://host/base"),
            ("https://[::1]:3000/", "https://[::1]:3000"),
        ] {
            assert_eq!(shown(&base(text).unwrap()), expected);
        }
        for text in ["https://host:99999/?key=canary", "https://a b/#canary", "https://[::1?canary"] {
            assert!(base(text).is_err() && !bare(text).contains("canary"), "{text}");
        }
    }
}

//! One question over HTTP, within bounds.

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::TlsContext;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use url::Url;

use super::Limits;
use super::answer::Answer;
use crate::collect::aws::error::{one_line, root_cause};
use crate::collect::http;

const MAX_REDIRECTS: usize = 5;
/// The settings that Metabase tells everybody are 0.2 MB.
const MAX_BODY: usize = 1_000_000;

pub(super) struct Asker {
    client: Connector,
    limits: Limits,
}

impl Asker {
    pub(super) fn new(trust: &TlsContext, limits: Limits) -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(limits.connect_timeout).build();
        Self { client: http::connector(Some(settings), trust), limits }
    }

    /// The answer to a question, wherever it is sent to; or in one line why there is none.
    pub(super) async fn get(&self, base: &Url, path: &str) -> Result<Answer, String> {
        let answered = tokio::time::timeout(self.limits.timeout, self.follow(below(base, path))).await;
        answered.unwrap_or_else(|_| Err(format!("no answer in {:?}", self.limits.timeout)))
    }

    async fn follow(&self, first: Url) -> Result<Answer, String> {
        let mut url = first.clone();
        for _ in 0..=MAX_REDIRECTS {
            // What is wrong after a redirect is easily looked for at the wrong place.
            let way = if url == first { String::new() } else { format!(" (after a redirect to {})", place(&url)) };
            let said = |reason: String| one_line(&format!("{reason}{way}"));
            let response = self.send(&url).await.map_err(said)?;
            match redirect(&url, &response) {
                Some(next) => url = next.map_err(said)?,
                None => return read(response, &url, way.clone()).await.map_err(said),
            }
        }
        Err(format!("it redirects more than {MAX_REDIRECTS} times, at last to {}", one_line(&place(&url))))
    }

    async fn send(&self, url: &Url) -> Result<HttpResponse, String> {
        let mut request = HttpRequest::get(url).map_err(|error| format!("its address cannot be used: {error}"))?;
        request.headers_mut().insert("accept", "application/json");
        request.headers_mut().insert("user-agent", concat!("pg-preflight/", env!("CARGO_PKG_VERSION")));
        self.client.call(request).await.map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &ConnectorError) -> String {
        if error.is_timeout() {
            return format!("no connection in {:?}", self.limits.connect_timeout);
        }
        let cause = root_cause(error);
        let is_foreign = cause.contains("UnknownIssuer");
        let hint = if is_foreign { "; AWS_CA_BUNDLE or SSL_CERT_FILE can name a file with its issuer" } else { "" };
        format!("no answer: {cause}{hint}")
    }
}

/// The address of a question, below the one of the service, which may name it already.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let given = base.path().trim_end_matches('/');
    let given = given.strip_suffix(path).unwrap_or(given);
    url.set_path(&format!("{given}{path}"));
    url
}

/// Where the answer sends us, if it does.
fn redirect(from: &Url, response: &HttpResponse) -> Option<Result<Url, String>> {
    let status = response.status().as_u16();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let next = response.headers().get("location").and_then(|to| from.join(to).ok());
    Some(match next.filter(|next| matches!(next.scheme(), "http" | "https") && next.has_host()) {
        None => Err(format!("it redirects (HTTP {status}) to no address of the web")),
        Some(next) if from.scheme() == "https" && next.scheme() == "http" => {
            Err(format!("it redirects from https to {}, which is not followed", place(&next)))
        }
        Some(mut next) => {
            forget_the_user(&mut next);
            Ok(next)
        }
    })
}

/// Nobody's name and password are sent, not even those that a redirect hands out.
pub(super) fn forget_the_user(url: &mut Url) {
    // It fails for addresses without a host, which have no user.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

/// Without the query: that of a login page holds tokens.
fn place(url: &Url) -> String {
    let mut url = url.clone();
    forget_the_user(&mut url);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

async fn read(response: HttpResponse, url: &Url, way: String) -> Result<Answer, String> {
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").unwrap_or_default().to_ascii_lowercase();
    let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
    let body = match body {
        Ok(body) => body.to_bytes().to_vec(),
        // What an error page says is of no interest.
        Err(_) if !(200..300).contains(&status) => Vec::new(),
        Err(error) if error.is::<LengthLimitError>() => return Err("its answer is larger than 1 MB".to_owned()),
        Err(error) => return Err(format!("its answer breaks off: {}", root_cause(error.as_ref()))),
    };
    Ok(Answer { status, kind, body, path: url.path().to_owned(), way })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_below_the_address() {
        for (base, expected) in [
            ("https://host", "https://host/v1/version"),
            ("https://host/", "https://host/v1/version"),
            ("https://host/base//", "https://host/base/v1/version"),
            ("https://host/base/v1/version", "https://host/base/v1/version"),
            ("https://host/a%2Fb", "https://host/a%2Fb/v1/version"),
        ] {
            assert_eq!(below(&Url::parse(base).unwrap(), "/v1/version").as_str(), expected);
        }
    }
}

//! What an answer says, or why it says nothing.

use hyper::StatusCode;
use serde_json::Value;

use crate::collect::aws::error::one_line;
use crate::facts::ServiceKind;
use crate::report::text::cut;

/// Longer ones are none.
const MAX_VERSION: usize = 64;

pub(super) struct Answer {
    pub(super) status: u16,
    /// The media type, in small letters.
    pub(super) kind: String,
    pub(super) body: Vec<u8>,
    /// Of the address that answered.
    pub(super) path: String,
    /// The way there, for messages.
    pub(super) way: String,
}

/// Where a service tells anybody its version.
/// <https://hasura.io/docs/2.0/api-reference/version/>, <https://www.metabase.com/docs/latest/api/session>
pub(super) fn path(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Hasura => "/v1/version",
        ServiceKind::Metabase => "/api/session/properties",
    }
}

/// Where in the JSON it is.
fn pointer(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Hasura => "/version",
        ServiceKind::Metabase => "/version/tag",
    }
}

impl Answer {
    /// The version, as the service writes it; or in one line why there is none.
    pub(super) fn version(&self, kind: ServiceKind) -> Result<String, String> {
        self.read(kind).map_err(|reason| one_line(&format!("{reason}{}", self.way)))
    }

    fn read(&self, kind: ServiceKind) -> Result<String, String> {
        if self.is_web_page() {
            return Err(format!("it answered with a web page, {}", self.status()));
        }
        if !(200..300).contains(&self.status) {
            return Err(format!("it answered {} to GET {}", self.status(), self.path));
        }
        if self.body.trim_ascii().is_empty() {
            return Err(format!("its answer is empty, {}", self.status()));
        }
        let said: Value =
            serde_json::from_slice(&self.body).map_err(|error| format!("its answer is no JSON: {error}"))?;
        let pointer = pointer(kind);
        let Some(version) = said.pointer(pointer).and_then(Value::as_str) else {
            return Err(format!("its answer has no {}", pointer[1..].replace('/', ".")));
        };
        if !is_version(version) {
            return Err(format!("what it says is no version: '{}'", cut(version, MAX_VERSION)));
        }
        Ok(version.to_owned())
    }

    fn is_web_page(&self) -> bool {
        self.kind.contains("html") || self.body.trim_ascii_start().starts_with(b"<")
    }

    fn status(&self) -> String {
        let words = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        format!("HTTP {} {}", self.status, words.unwrap_or_default()).trim_end().to_owned()
    }
}

/// `v2.48.16`, `v2.36.5-ce`, `v0.63.5.2`, `v0.62.18.x`: two numbers at least, and then what releases are called.
fn is_version(text: &str) -> bool {
    let number =
        |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let bare = text.strip_prefix('v').unwrap_or(text);
    let (numbers, _) = bare.split_once('-').unwrap_or((bare, ""));
    let mut parts = numbers.split('.');
    number(parts.next())
        && number(parts.next())
        && text.len() <= MAX_VERSION
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(status: u16, kind: &str, body: &[u8]) -> Answer {
        Answer {
            status,
            kind: kind.to_owned(),
            body: body.to_vec(),
            path: "/v1/version".to_owned(),
            way: String::new(),
        }
    }

    fn hasura(body: &str) -> Result<String, String> {
        answer(200, "application/json", body.as_bytes()).version(ServiceKind::Hasura)
    }

    #[test]
    fn every_shape_of_a_version_is_read_as_it_is() {
        for version in [
            "v2.48.16",
            "v2.36.5-ce",
            "v2.4.0-beta.1",
            "v1.3.3",
            "v2.46.0-cloud.1",
            "v0.58.24",
            "v1.58.24",
            "v0.63.5.2",
            "v0.62.18.x",
            "v0.50.0-SNAPSHOT",
            "2.0",
        ] {
            assert_eq!(hasura(&format!(r#"{{"version":"{version}"}}"#)).as_deref(), Ok(version));
            let body = format!(r#"{{"version":{{"tag":"{version}","date":"2026-01-02","hash":"0abc123"}}}}"#);
            let said = answer(200, "application/json", body.as_bytes()).version(ServiceKind::Metabase);
            assert_eq!(said.as_deref(), Ok(version));
        }
    }

    #[test]
    fn what_is_no_version_is_none() {
        for version in ["", "v", "16", "v2", "dev-0abc123-main", "vLOCAL_DEV", "2.x", "2.48; x", "v2..1", ".5", "vv2.1"]
        {
            let reason = hasura(&format!(r#"{{"version":"{version}"}}"#)).unwrap_err();
            assert_eq!(reason, format!("what it says is no version: '{version}'"));
        }
        let reason = hasura(&format!(r#"{{"version":"2.48.{}"}}"#, "1".repeat(90_000))).unwrap_err();
        assert!(reason.len() < 120, "{reason}");
        assert!(!hasura(r#"{"version":"2.1\u001b[31m\n"}"#).unwrap_err().contains(['\u{1b}', '\n']));
    }

    #[test]
    fn every_other_answer_says_what_it_is() {
        let page = "<!DOCTYPE html><html><body>Bad Gateway</body></html>";
        for (status, kind, body, expected) in [
            (502, "text/html; charset=utf-8", page, "it answered with a web page, HTTP 502 Bad Gateway"),
            (200, "application/json", page, "it answered with a web page, HTTP 200 OK"),
            (200, "text/html", "", "it answered with a web page, HTTP 200 OK"),
            (
                401,
                "application/json",
                r#"{"version":"v2.1.0"}"#,
                "it answered HTTP 401 Unauthorized to GET /v1/version",
            ),
            (599, "", "", "it answered HTTP 599 to GET /v1/version"),
            (304, "", "", "it answered HTTP 304 Not Modified to GET /v1/version"),
            (204, "", "", "its answer is empty, HTTP 204 No Content"),
            (200, "", " \n", "its answer is empty, HTTP 200 OK"),
            (
                200,
                "application/json",
                "{\"version\":",
                "its answer is no JSON: EOF while parsing a value at line 1 column 11",
            ),
            (200, "application/json", "[]", "its answer has no version"),
            (200, "application/json", r#"{"version":2}"#, "its answer has no version"),
            (200, "application/json", r#"{"version":null}"#, "its answer has no version"),
        ] {
            assert_eq!(answer(status, kind, body.as_bytes()).version(ServiceKind::Hasura).unwrap_err(), expected);
        }
        let of_hasura = br#"{"server_type":"ce","version":"v2.48.16"}"#;
        let said = answer(200, "", of_hasura).version(ServiceKind::Metabase);
        assert_eq!(said.unwrap_err(), "its answer has no version.tag");
        assert!(hasura(&"[".repeat(900_000)).unwrap_err().starts_with("its answer is no JSON: recursion limit"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_answer_is_a_version_or_one_line(status in 0_u16..1000, kind in "\\PC{0,12}", body: Vec<u8>) {
            for service in [ServiceKind::Hasura, ServiceKind::Metabase] {
                if let Err(reason) = answer(status, &kind, &body).version(service) {
                    prop_assert!(!reason.is_empty() && !reason.chars().any(char::is_control));
                }
            }
        }
    }
}

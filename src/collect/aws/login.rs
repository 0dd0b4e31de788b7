//! Passwords for the database: Secrets Manager and RDS IAM tokens.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::client::Client;
use super::credentials::explain;
use super::error::{Error, Refusal};
use crate::secret::Secret;

/// RDS takes no token that is older.
const TOKEN_LIFE: Duration = Duration::from_mins(15);
/// The characters that a signed query leaves as they are.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a secret of RDS holds: `{"username": "…", "password": "…"}`.
#[derive(Clone, Debug)]
pub struct Login {
    pub username: Option<String>,
    pub password: Secret,
}

/// Reads a secret, in the Region that its ARN names.
///
/// # Errors
/// [`Error::Secret`]: the service's refusal, or that the secret is not of the form that RDS writes.
pub async fn secret_password(client: &Client, arn: &str) -> Result<Login, Error> {
    let failed = |source| Error::Secret { arn: arn.to_owned(), source };
    let region = arn.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2));
    let ask = client.secrets_manager(region).get_secret_value().secret_id(arn);
    let answer = ask.send().await.map_err(|error| failed(error.into()))?;
    parse(answer.secret_string.as_deref().unwrap_or_default()).map_err(failed)
}

/// No error of the JSON parser is passed on, since it quotes what it read.
fn parse(text: &str) -> Result<Login, Refusal> {
    let unfit = || Refusal::new("it is no JSON object with a password");
    let value: serde_json::Value = serde_json::from_str(text).map_err(|_| unfit())?;
    let member = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
    let password = member("password").filter(|password| !password.is_empty()).ok_or_else(unfit)?;
    Ok(Login { username: member("username").map(str::to_owned), password: Secret::new(password) })
}

/// A token that stands for the password of `user` for 15 minutes, signed here, without a request.
/// See <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html>.
///
/// # Errors
/// [`Error::Token`] when there are no credentials or the host is not one.
pub async fn iam_token(client: &Client, host: &str, port: u16, user: &str) -> Result<Secret, Error> {
    let failed = |source| Error::Token { host: host.to_owned(), user: user.to_owned(), source };
    let provider = client.config.credentials_provider().ok_or_else(|| failed(Refusal::new("no credentials found")))?;
    let found = provider.provide_credentials().await.map_err(|error| failed(Refusal::new(&explain(&error))))?;
    presign(found, client.region(), SystemTime::now(), (host, port), user).map_err(failed)
}

fn presign(
    found: aws_credential_types::Credentials,
    region: &str,
    time: SystemTime,
    (host, port): (&str, u16),
    user: &str,
) -> Result<Secret, Refusal> {
    let broken = |error: &dyn std::error::Error| Refusal::new(&format!("it cannot be signed: {error}"));
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(TOKEN_LIFE);
    settings.signature_location = SignatureLocation::QueryParams;
    let identity = found.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(time)
        .settings(settings)
        .build()
        .map_err(|error| broken(&error))?;
    let mut url = format!("https://{host}:{port}/?Action=connect&DBUser={}", utf8_percent_encode(user, UNRESERVED));
    let request = SignableRequest::new("GET", url.as_str(), std::iter::empty(), SignableBody::empty())
        .map_err(|error| broken(&error))?;
    let (instructions, _) = sign(request, &params.into()).map_err(|error| broken(&error))?.into_parts();
    for (name, value) in instructions.params() {
        url.push('&');
        url.push_str(name);
        url.push('=');
        url.extend(utf8_percent_encode(value, UNRESERVED));
    }
    Ok(Secret::new(url.trim_start_matches("https://")))
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;

    use super::*;

    fn token(host: &str, user: &str) -> Result<Secret, Refusal> {
        let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", Some("a/b+c=".to_owned()), None, "test");
        let time = SystemTime::UNIX_EPOCH + Duration::from_hours(479_086);
        presign(keys, "eu-west-2", time, (host, 5432), user)
    }

    #[test]
    fn a_token_is_a_signed_query() {
        let token = token("db.example.org", "app user").unwrap();
        let text = token.expose();
        assert!(text.starts_with("db.example.org:5432/?Action=connect&DBUser=app%20user&"), "{text}");
        assert!(text.contains("&X-Amz-Expires=900&"), "{text}");
        assert!(
            text.contains("&X-Amz-Credential=AKIDEXAMPLE%2F20240826%2Feu-west-2%2Frds-db%2Faws4_request&"),
            "{text}"
        );
        assert!(text.contains("&X-Amz-Security-Token=a%2Fb%2Bc%3D"), "{text}");
        // The signature that botocore gives for the same keys and time.
        let signature = "dfadd3bb07f1f2a9716c79290acef0d0cb2963f9366d0b7ded4206c89d14064e";
        assert!(text.contains(&format!("&X-Amz-Signature={signature}")), "{text}");
    }

    #[test]
    fn a_host_that_is_none_is_an_error() {
        assert!(token("not a host", "app").is_err());
    }

    #[test]
    fn a_secret_needs_a_password() {
        let login = parse(r#"{"username":"dbuser","password":"p\"w"}"#).unwrap();
        assert_eq!((login.username.as_deref(), login.password.expose()), (Some("dbuser"), "p\"w"));
        for text in
            ["", "hunter2", "\"hunter2\"", r#"{"password":7}"#, r#"{"username":"x"}"#, r#"{"password":"hunter2""#]
        {
            let refusal = parse(text).unwrap_err();
            assert!(!refusal.reason.contains("hunter2"), "{refusal}");
        }
    }
}

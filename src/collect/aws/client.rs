//! One configured connection to AWS: credentials, region, endpoint, TLS, timeouts and retries.

use std::path::Path;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;

use super::credentials::{Once, of_profile};
use super::error::Error;
use super::whole::Whole;
use crate::collect::http;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_ATTEMPTS: u32 = 5;
/// The SDK's default of a second is made for servers; a person waits for this program.
const INITIAL_BACKOFF: Duration = Duration::from_millis(150);

/// The clients of the services that are asked. Cheap to make, so one per run.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) rds: aws_sdk_rds::Client,
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) config: SdkConfig,
    region: String,
    profile: Option<String>,
}

impl Client {
    /// Reads the configuration as the AWS CLI does: the standard credential chain, `AWS_REGION`, profiles,
    /// `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_RDS`, `AWS_CA_BUNDLE`, `HTTPS_PROXY`. Asks nobody for credentials yet.
    ///
    /// # Errors
    /// [`Error::NoRegion`] when no region is given anywhere, [`Error::CaBundle`] when `AWS_CA_BUNDLE` cannot be used.
    pub async fn load(region: Option<&str>, profile: Option<&str>) -> Result<Self, Error> {
        let mut loader = configuration(http::ca_bundle().as_deref())?;
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let mut config = loader.load().await;
        if let Some(profile) = profile {
            let provider = of_profile(profile, &config);
            config = config.into_builder().credentials_provider(provider).build();
        }
        let named = profile.map(str::to_owned).or_else(of_environment);
        Ok(Self { profile: named, ..Self::new(&config)? })
    }

    /// The clients for a configuration, as made by [`configuration`].
    ///
    /// # Errors
    /// [`Error::NoRegion`] when it has no region.
    pub fn new(config: &SdkConfig) -> Result<Self, Error> {
        let mut config = config.clone();
        if let Some(provider) = config.credentials_provider() {
            let once = SharedCredentialsProvider::new(Once::new(provider));
            config = config.into_builder().credentials_provider(once).build();
        }
        let region = config.region().map(ToString::to_string).filter(|region| !region.trim().is_empty());
        Ok(Self {
            rds: aws_sdk_rds::Client::from_conf(aws_sdk_rds::config::Builder::from(&config).interceptor(Whole).build()),
            sts: aws_sdk_sts::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            region: region.ok_or(Error::NoRegion)?,
            profile: None,
            config,
        })
    }

    /// An endpoint that takes any credentials, such as the demo's; the environment's are not sent to it.
    ///
    /// # Errors
    /// Never, but for what [`Client::new`] says.
    pub async fn at_endpoint(url: &str, region: &str) -> Result<Self, Error> {
        let nobody = aws_credential_types::Credentials::new("demo", "demo", None, None, "demo");
        let loader = configuration(None)?.endpoint_url(url).region(Region::new(region.to_owned()));
        Self::new(&loader.credentials_provider(nobody).load().await)
    }

    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The profile that was named, by option or environment.
    pub(super) fn profile(&self) -> Option<String> {
        self.profile.clone()
    }

    /// Secrets Manager in another Region, since the ARN of a secret says where it is.
    pub(super) fn secrets_manager(&self, region: Option<&str>) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.config);
        if let Some(region) = region.filter(|region| !region.is_empty()) {
            config.set_region(Some(Region::new(region.to_owned())));
        }
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }
}

/// The profile of the environment; keys in it come first.
fn of_environment() -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if set("AWS_ACCESS_KEY_ID").is_some() { None } else { set("AWS_PROFILE") }
}

/// The SDK's loader with our HTTP client, timeouts and retries; what it does not set comes from the environment.
/// `ca_bundle` is a PEM file of the issuers to trust instead of the system's.
///
/// # Errors
/// [`Error::CaBundle`] when the file cannot be read or holds no certificate.
pub fn configuration(ca_bundle: Option<&Path>) -> Result<ConfigLoader, Error> {
    let trust = http::trust(ca_bundle)?;
    let client = Builder::new().build_with_connector_fn(move |settings, _| http::connector(settings.cloned(), &trust));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS).with_initial_backoff(INITIAL_BACKOFF);
    let loader = aws_config::defaults(BehaviorVersion::latest());
    Ok(loader.http_client(client).timeout_config(timeouts).retry_config(retries))
}

#[cfg(test)]
impl Client {
    /// A client whose RDS is mocked.
    pub(super) fn mocked(rds: aws_sdk_rds::Client) -> Self {
        let config = SdkConfig::builder().region(Region::new("eu-west-2")).behavior_version(BehaviorVersion::latest());
        Self { rds, ..Self::new(&config.build()).expect("it has a region") }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn a_configuration_without_region_is_refused() {
        for region in [None, Some(" ")] {
            let mut config = SdkConfig::builder().behavior_version(BehaviorVersion::latest());
            config.set_region(region.map(Region::new));
            assert!(matches!(Client::new(&config.build()), Err(Error::NoRegion)));
        }
    }

    #[test]
    fn a_ca_bundle_is_checked_before_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (name, text) in [("empty.pem", ""), ("text.pem", "hello"), ("bad.pem", bad)] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let error = configuration(Some(&path)).map(|_| ()).unwrap_err();
            assert!(error.to_string().ends_with(name) && error.source().is_some(), "{error}");
        }
        assert!(configuration(Some(&folder.path().join("missing.pem"))).is_err());
        assert!(configuration(Some(Path::new(""))).is_ok(), "an empty variable is none");
    }
}

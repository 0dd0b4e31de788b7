//! Where credentials come from, and why there are none.

use std::error::Error as StdError;

use aws_config::SdkConfig;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use tokio::sync::OnceCell;

use super::error::{chain, one_line};

/// Phrases of the SDK that say nothing.
const EMPTY: &[&str] = &["the credential provider was not enabled", "an error occurred while loading credentials"];

/// Credentials, loaded once for all that ask at the same time. The SDK's chain gives the second to ask another error
/// than the first, and one cause must have one reason.
#[derive(Debug)]
pub(super) struct Once {
    inner: SharedCredentialsProvider,
    loaded: OnceCell<Result<Credentials, Explained>>,
}

/// The reason in our words, as it comes out of the SDK again.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Explained(String);

impl Once {
    pub(super) fn new(inner: SharedCredentialsProvider) -> Self {
        Self { inner, loaded: OnceCell::new() }
    }
}

impl ProvideCredentials for Once {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let load = async || self.inner.provide_credentials().await.map_err(|error| Explained(explain(&error)));
        future::ProvideCredentials::new(async move {
            self.loaded.get_or_init(load).await.clone().map_err(CredentialsError::provider_error)
        })
    }
}

/// The credentials of one profile and no others: who names a profile does not mean the keys in the environment.
pub(super) fn of_profile(profile: &str, config: &SdkConfig) -> SharedCredentialsProvider {
    let mut providers = ProviderConfig::default().with_region(config.region().cloned());
    if let Some(http) = config.http_client() {
        providers = providers.with_http_client(http);
    }
    let provider = ProfileFileCredentialsProvider::builder().configure(&providers).profile_name(profile).build();
    SharedCredentialsProvider::new(provider)
}

/// Why there are no credentials, in one line.
pub(super) fn explain(error: &CredentialsError) -> String {
    if let Some(explained) = chain(error).find_map(|cause| cause.downcast_ref::<Explained>()) {
        return explained.0.clone();
    }
    let told = causes(error);
    match error {
        CredentialsError::ProviderTimedOut(_) => "no credentials found: their provider timed out".to_owned(),
        CredentialsError::CredentialsNotLoaded(_) => match undefined_profile(&told) {
            Some(profile) => one_line(&format!("no usable credentials: {profile}")),
            None => {
                "no credentials found: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or log in with 'aws sso login'".to_owned()
            }
        },
        _ if told.contains("SSO") || told.contains("/sso/") => {
            one_line(&format!("no usable credentials: {told}; log in with 'aws sso login'"))
        }
        _ => one_line(&format!("no usable credentials: {told}")),
    }
}

/// The one sentence that matters among what each provider of the chain says of itself.
fn undefined_profile(told: &str) -> Option<&str> {
    let line = told.lines().find(|line| line.contains("was not defined"))?;
    line.find("profile `").map(|at| &line[at..])
}

fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut told: Vec<String> = chain(error).map(ToString::to_string).collect();
    told.retain(|cause| !EMPTY.contains(&cause.as_str()));
    told.dedup();
    told.join(": ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Debug)]
    struct Failing(Arc<AtomicUsize>);

    impl ProvideCredentials for Failing {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            let error = CredentialsError::provider_error(format!("attempt {count}"));
            future::ProvideCredentials::ready(Err(error))
        }
    }

    #[tokio::test]
    async fn everybody_hears_the_same_reason() {
        let asked = Arc::new(AtomicUsize::new(0));
        let once = Once::new(SharedCredentialsProvider::new(Failing(Arc::clone(&asked))));
        let (first, second) = tokio::join!(once.provide_credentials(), once.provide_credentials());
        let reasons = [first, second].map(|answer| explain(&answer.unwrap_err()));
        assert_eq!(reasons, ["no usable credentials: attempt 0", "no usable credentials: attempt 0"]);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn says_what_to_do() {
        let none = CredentialsError::not_loaded("no credentials found in chain. Attempted:\n  Environment: not set");
        assert!(explain(&none).starts_with("no credentials found: set AWS_PROFILE"), "{}", explain(&none));
        let profile =
            "no credentials found in chain. Attempted:\n  Profile: profile `x` was not defined: no\n  IMDS: off";
        let profile = CredentialsError::not_loaded(profile);
        assert_eq!(explain(&profile), "no usable credentials: profile `x` was not defined: no");
        let expired = CredentialsError::provider_error("the SSO token has expired and cannot be refreshed");
        let reason =
            "no usable credentials: the SSO token has expired and cannot be refreshed; log in with 'aws sso login'";
        assert_eq!(explain(&expired), reason);
    }
}

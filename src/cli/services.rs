//! Asking the services of the configuration.

use super::args::SourceArgs;
use super::console::Console;
use super::error::Error;
use crate::collect::http;
use crate::collect::services::{Address, Limits, collect};
use crate::config::{Config, Service, ServiceKind as Configured};
use crate::facts::{RunningService, ServiceKind, Source};

/// Which versions run. A file of issuers that is no use is a mistake of the user.
pub(super) async fn ask(
    args: &SourceArgs,
    config: Option<&Config>,
    console: &Console,
) -> Result<Source<Vec<RunningService>>, Error> {
    if args.no_services {
        return Ok(Source::SwitchedOff { flag: "--no-services".to_owned() });
    }
    let addresses = addresses(config.map_or(&[], |config| &config.services), console);
    if addresses.is_empty() {
        return Ok(Source::NotGiven { hint: "no [[service]] of the configuration has a url to ask".to_owned() });
    }
    let limits = Limits { connect_timeout: args.connect_timeout, ..Limits::default() };
    let progress = |text: &str| console.progress(text);
    Ok(Source::Collected(collect(&addresses, http::ca_bundle().as_deref(), limits, &progress).await?))
}

/// Whom to ask, each once.
fn addresses(services: &[Service], console: &Console) -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    for service in services {
        let Some(url) = service.url.clone() else { continue };
        let kind = match service.kind {
            Configured::Hasura => ServiceKind::Hasura,
            Configured::Metabase => ServiceKind::Metabase,
            other @ (Configured::ShareDb | Configured::Image) => {
                console.progress(&format!("not asking {}: it tells no version over HTTP", other.as_str()));
                continue;
            }
        };
        let address = Address { kind, url };
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

//! The options that node-postgres and what is built upon it take.
//! <https://node-postgres.com/features/ssl>, <https://knexjs.org/guide/#configuration-options>,
//! <https://typeorm.io/docs/drivers/postgres>, <https://sequelize.org/docs/v6/other-topics/dialect-specific-things/>

use super::line::{Address, address};
use super::{Versions, harmless, local, unknown};
use crate::collect::declared::value::{Place, Spot, Value};
use crate::facts::Connection;
use crate::facts::drivers::{NOTHING, Reading};

/// Where an address is.
const ADDRESSES: [&str; 4] = ["connectionString", "url", "uri", "connection"];

/// What is said of one connection.
pub(super) struct Options<'o> {
    pub driver: &'o str,
    /// The object, or the address itself.
    pub given: Vec<Spot>,
    /// Where the call is.
    pub at: Place,
}

pub(super) fn judge(options: &Options<'_>, versions: &Versions) -> Connection {
    let mut said = Said { ssl: None, addresses: Vec::new(), hosts: Vec::new(), lost: None };
    for given in &options.given {
        said.take(given, 0);
    }
    if options.given.is_empty() {
        said.lost = Some("it is given nothing: PGSSLMODE decides where it runs".to_owned());
    }
    let known = said.addresses.iter().filter_map(|spot| Some((spot, address(spot.scalar()?)?)));
    let known: Vec<(&Spot, Address)> = known.collect();
    let hosts =
        said.hosts.iter().filter_map(|spot| spot.scalar()).chain(known.iter().map(|(_, one)| one.host.as_str()));
    let local = hosts.into_iter().find_map(local);
    let make = |at: &Place, setting: &str, reading: Reading| {
        super::connection(at, Some(options.driver), setting, reading, local.clone())
    };
    // What the address says replaces the whole object.
    if let Some((spot, one)) = known.iter().find(|(_, one)| one.setting.is_some()) {
        let setting = one.setting.as_deref().unwrap_or_default();
        return make(&spot.at, setting, versions.reading(Some(options.driver), setting));
    }
    let has_unknown_address = said.addresses.iter().any(|spot| spot.lost().is_some());
    let (at, setting, key) = match (&said.ssl, &said.lost) {
        (Some(ssl), _) => match key(ssl) {
            Ok((shown, key)) => (ssl.at.clone(), shown, key),
            Err(reason) => return make(&ssl.at, "ssl", unknown(reason)),
        },
        (None, Some(reason)) => return make(&options.at, "no ssl", unknown(reason.clone())),
        (None, None) if has_unknown_address => {
            let reason = "its address may say sslmode, and is not in the code";
            return make(&options.at, "no ssl", unknown(reason));
        }
        (None, None) => (options.at.clone(), "no ssl".to_owned(), NOTHING.to_owned()),
    };
    let mut reading = versions.reading(Some(options.driver), &key);
    if has_unknown_address {
        reading.because.push_str("; a sslmode in its address would replace that, and the address is not in the code");
    }
    make(&at, &setting, reading)
}

struct Said {
    ssl: Option<Spot>,
    addresses: Vec<Spot>,
    hosts: Vec<Spot>,
    /// Why something may be said that is not seen.
    lost: Option<String>,
}

/// Options within options: knex's `connection`, Sequelize's `dialectOptions`, `TypeORM`'s `extra`.
const WITHIN: [&str; 3] = ["connection", "dialectOptions", "extra"];

impl Said {
    fn take(&mut self, spot: &Spot, depth: u32) {
        let Value::Map(map) = &spot.value else {
            match spot.lost() {
                Some(reason) => self.lost = self.lost.take().or_else(|| Some(harmless(reason))),
                None if spot.scalar().is_some() => self.addresses.push(spot.clone()),
                None => {}
            }
            return;
        };
        if let Some(reason) = &map.open {
            self.lost = self.lost.take().or_else(|| Some(harmless(reason)));
        }
        if let Some(ssl) = map.entries.get("ssl").filter(|spot| !spot.is_nothing()) {
            self.ssl = Some(ssl.clone());
        }
        for key in ["host", "hostname"] {
            self.hosts.extend(map.entries.get(key).cloned());
        }
        for key in ADDRESSES {
            let address = map.entries.get(key);
            self.addresses.extend(address.filter(|spot| spot.scalar().is_some() || spot.lost().is_some()).cloned());
        }
        for key in WITHIN {
            if let Some(inner) = map.entries.get(key).filter(|spot| matches!(spot.value, Value::Map(_)) && depth < 4) {
                self.take(inner, depth + 1);
            }
        }
    }
}

/// `ssl` as it is shown, and as the table has it.
fn key(ssl: &Spot) -> Result<(String, String), String> {
    let both = |text: &str| Ok((text.to_owned(), text.to_owned()));
    match &ssl.value {
        Value::Bool(true) => both("ssl: true"),
        Value::Bool(false) => both("ssl: false"),
        Value::Text(text) if text == "no-verify" => Ok(("ssl: no-verify".to_owned(), "ssl=no-verify".to_owned())),
        Value::Map(map) => {
            let unverified = "ssl: { rejectUnauthorized: false }";
            match map.entries.get("rejectUnauthorized").map(|spot| (&spot.value, spot.lost())) {
                Some((Value::Bool(false), _)) => return both(unverified),
                Some((_, Some(reason))) => return Err(format!("rejectUnauthorized: {}", harmless(reason))),
                _ => {}
            }
            match (&map.open, map.entries.get("ca").filter(|spot| !spot.is_nothing())) {
                (Some(reason), _) => Err(harmless(reason)),
                (None, Some(_)) => both("ssl: { ca }"),
                (None, None) => both("ssl: {}"),
            }
        }
        _ => Err(ssl.lost().map_or_else(|| "its value is none that we know".to_owned(), harmless)),
    }
}

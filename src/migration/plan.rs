//! What becomes of each extension of a database.

use std::collections::BTreeSet;

use super::installed::Installed;
use crate::facts::tables::{EXTENSION_STEPS, EXTENSIONS, Offer};
use crate::quote::quote_ident;
use crate::upgrade::Platform;
use crate::version::{PgVersion, older};

/// By what an extension is called behind.
#[derive(Clone, Copy, Debug)]
pub enum Basis<'a> {
    /// The server that was asked runs the version that is meant.
    Live,
    /// It does not yet: by what AWS publishes of the target.
    Table { platform: Platform, target: &'a PgVersion },
}

/// What is done to the extensions of a database, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What needs another one comes after it.
    pub steps: Vec<Step>,
    pub left: Vec<Left>,
}

/// An update, or several that are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub action: Action,
    pub updates: Vec<Update>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    pub name: String,
    pub from: String,
    pub to: String,
    pub owner: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Alter,
    /// By PostGIS's own function, which is in this schema, so many times.
    Postgis {
        schema: String,
        times: usize,
    },
}

/// An extension that is not updated, although it is not known to be the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub name: String,
    pub version: String,
    pub reason: String,
    /// Whether nobody could say what is to be done.
    pub is_unknown: bool,
}

/// What PostGIS's function updates.
/// <https://postgis.net/docs/postgis_extensions_upgrade.html>
const FAMILY: [&str; 5] = ["postgis", "postgis_raster", "postgis_sfcgal", "postgis_topology", "postgis_tiger_geocoder"];
const POSTGIS: &str = "postgis";
/// From this version on PostGIS has its function.
const POSTGIS_HAS_FUNCTION: &str = "2.5";

impl Step {
    /// The statement, to be run in the extension's database.
    #[must_use]
    pub fn statement(&self) -> String {
        match &self.action {
            Action::Alter => {
                let name = self.updates.first().map_or("", |update| &update.name);
                format!("ALTER EXTENSION {} UPDATE;", quote_ident(name))
            }
            Action::Postgis { schema, .. } => format!("SELECT {}.postgis_extensions_upgrade();", quote_ident(schema)),
        }
    }

    /// How often it is run.
    #[must_use]
    pub fn times(&self) -> usize {
        match self.action {
            Action::Alter => 1,
            Action::Postgis { times, .. } => times,
        }
    }
}

enum State {
    Current,
    Behind(String),
    Left(String),
    Unknown(String),
}

/// What is to be done to the extensions of a database.
#[must_use]
pub fn plan(installed: &[Installed], basis: Basis<'_>) -> Plan {
    let mut plan = Plan::default();
    let postgis = installed.iter().find(|one| one.name == POSTGIS && !older(&one.version, POSTGIS_HAS_FUNCTION));
    let of_function = |one: &Installed| postgis.is_some() && FAMILY.contains(&one.name.as_str());
    for group in in_order(installed, &of_function) {
        let mut updates = Vec::new();
        for one in group {
            let left =
                |reason, is_unknown| Left { name: one.name.clone(), version: one.version.clone(), reason, is_unknown };
            match state(one, basis, of_function(one)) {
                State::Current => {}
                State::Behind(to) => updates.push(Update {
                    name: one.name.clone(),
                    from: one.version.clone(),
                    to,
                    owner: one.owner.clone(),
                }),
                State::Left(reason) => plan.left.push(left(reason, false)),
                State::Unknown(reason) => plan.left.push(left(reason, true)),
            }
        }
        let action = match postgis.filter(|_| updates.iter().any(|update| FAMILY.contains(&update.name.as_str()))) {
            Some(postgis) => {
                // From 2 to 3 raster becomes an extension of its own, which the second call packages.
                let times = if postgis.version.starts_with("2.") { 2 } else { 1 };
                Action::Postgis { schema: postgis.schema.clone(), times }
            }
            None => Action::Alter,
        };
        if !updates.is_empty() {
            plan.steps.push(Step { action, updates });
        }
    }
    plan.left.sort_by(|a, b| a.name.cmp(&b.name));
    plan
}

/// The extensions, those first that others need, and otherwise by name; what one function updates stands together.
fn in_order<'a>(installed: &'a [Installed], is_grouped: &dyn Fn(&Installed) -> bool) -> Vec<Vec<&'a Installed>> {
    let (grouped, single): (Vec<&Installed>, Vec<&Installed>) = installed.iter().partition(|one| is_grouped(one));
    let mut waiting: Vec<Vec<&Installed>> = single.into_iter().map(|one| vec![one]).collect();
    if !grouped.is_empty() {
        waiting.push(grouped);
    }
    for group in &mut waiting {
        group.sort_by(|a, b| a.name.cmp(&b.name));
    }
    waiting.sort_by(|a, b| a[0].name.cmp(&b[0].name));
    let mut pending: BTreeSet<&str> = installed.iter().map(|one| one.name.as_str()).collect();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let is_ready = |group: &Vec<&Installed>| {
            let own = |name: &str| group.iter().any(|one| one.name == name);
            let needs = group.iter().flat_map(|one| &one.requires);
            needs.filter(|name| !own(name)).all(|name| !pending.contains(name.as_str()))
        };
        // A ring of extensions cannot be installed; should there be one, any order is as good.
        let at = waiting.iter().position(is_ready).unwrap_or(0);
        let group = waiting.remove(at);
        for one in &group {
            pending.remove(one.name.as_str());
        }
        ordered.push(group);
    }
    ordered
}

fn state(one: &Installed, basis: Basis<'_>, by_function: bool) -> State {
    match basis {
        Basis::Live => live(one, by_function),
        Basis::Table { platform, target } => published(one, platform, target),
    }
}

fn live(one: &Installed, by_function: bool) -> State {
    let Some(available) = &one.available else {
        return State::Left("this server does not have it, so nothing can update it".to_owned());
    };
    if one.version == *available {
        return State::Current;
    }
    if older(available, &one.version) {
        return State::Left(format!("it is newer than {available}, which this server has"));
    }
    match one.has_way {
        _ if by_function => State::Behind(available.clone()),
        Some(true) => State::Behind(available.clone()),
        Some(false) => State::Left(format!(
            "it has no script from {} to {available}: ALTER EXTENSION answers \"has no update path\"; drop it and create \
             it anew, by hand, as DROP EXTENSION takes along what depends on it",
            one.version
        )),
        None => State::Unknown(format!("nobody could say whether it has scripts from {} to {available}", one.version)),
    }
}

fn published(one: &Installed, platform: Platform, target: &PgVersion) -> State {
    // It has never had another version.
    if one.name == "plpgsql" {
        return State::Current;
    }
    if EXTENSION_STEPS.refuses(&one.name, target) {
        return State::Left(format!("it must be dropped before an upgrade to {target}, and created anew after it"));
    }
    match EXTENSIONS.offer(platform, &one.name, target) {
        Offer::NotOffered => State::Left(format!("{target} does not offer it: it must be dropped before the upgrade")),
        Offer::Unlisted => {
            State::Unknown(format!("AWS's table of {} does not list it for {target}", EXTENSIONS.date(platform)))
        }
        Offer::Version { version: None, at } => State::Unknown(format!("AWS lists it for {at} without a version")),
        Offer::Version { version: Some(offered), .. } if offered == one.version => State::Current,
        Offer::Version { version: Some(offered), at } if older(&one.version, &offered) => {
            if EXTENSION_STEPS.recreate.contains(&one.name) {
                State::Left(format!(
                    "{at} offers {offered}, and it has no script to get there: drop it and create it anew, by hand"
                ))
            } else {
                State::Behind(offered)
            }
        }
        Offer::Version { version: Some(offered), .. } if !older(&offered, &one.version) => {
            State::Unknown(format!("nobody could say whether {} is older than {offered}", one.version))
        }
        Offer::Version { version: Some(offered), at } => {
            State::Left(format!("it is newer than {offered}, which {at} offers"))
        }
    }
}

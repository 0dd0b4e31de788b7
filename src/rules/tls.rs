//! Clients that speak clear text, against what the target will require. One cause is one finding: of the checks here at
//! most one speaks, and the others say which.

use std::collections::BTreeMap;

use super::parameters::{FORCE_SSL, family_defaults};
use super::{Answers, Facts, Hit, Open, Outcome, lacks_column};
use crate::facts::drivers::DRIVERS;
use crate::facts::rds::Parameter;
use crate::facts::tables::PARAMETERS;
use crate::facts::{Connection, Gap, Stated, Tls};
use crate::upgrade::DEFAULT_PREFIX;

const SEE_CLIENTS: &str = "see service.plaintext-clients";
const SEE_CODE: &str = "see service.plaintext-code";

/// What the target will ask of its clients, and where that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    pub required: bool,
    /// `the default of postgres16`, `set in parameter group app-postgres16`
    pub source: String,
    group: Option<Group>,
}

/// Where a person set it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: String,
    place: Option<(String, u32)>,
}

/// Whether the target requires TLS; `Err` when nobody can know it for certain.
pub(super) fn requirement(facts: &Facts<'_>) -> Result<Requirement, Gap> {
    let family = facts.upgrade.family(facts.upgrade.target.major());
    let declared = facts.declaration().ok().and_then(|declaration| declaration.parameter_group.as_ref());
    // A group that the code makes of the target's family is the one that is used.
    if let Some(group) = declared
        && let Some(Stated { value: Some(of), .. }) = &group.family
        && *of == family
    {
        return match group.parameters.get(FORCE_SSL) {
            None => default(facts, &family),
            Some(stated) => of_code(&group.resource, stated),
        };
    }
    let mut candidates = Vec::new();
    if let Some(group) = declared {
        match (&group.family, group.parameters.get(FORCE_SSL), &group.name) {
            (Some(Stated { value: None, reason, .. }), ..) => {
                let why = reason.as_deref().unwrap_or("it cannot be known");
                return Err(lost(&format!("the family of parameter group {}: {why}", group.resource)));
            }
            // It goes on under a new family, by what is written in it now.
            (Some(_), Some(stated), _) => candidates.push(of_code(&group.resource, stated)?),
            (Some(_), None, _) => candidates.push(default(facts, &family)?),
            (None, _, Some(name)) if !name.starts_with(DEFAULT_PREFIX) => {
                let groups = facts.aws()?.target_groups.get()?;
                if let Some(named) = groups.iter().find(|one| one.name == *name && one.family == family) {
                    return of_group(facts, &family, &named.name, named.parameters.get()?);
                }
            }
            _ => {}
        }
    }
    let aws = facts.aws()?;
    let own: Vec<_> = aws.target_groups.get()?.iter().filter(|group| group.family == family).collect();
    for group in &own {
        candidates.push(of_group(facts, &family, &group.name, group.parameters.get()?)?);
    }
    // Without a group of people's own RDS takes the default one, which a declared group may not stay.
    if candidates.is_empty() || own.is_empty() {
        candidates.push(default(facts, &family)?);
    }
    let first = candidates.swap_remove(0);
    match candidates.iter().find(|other| other.required != first.required) {
        None => Ok(first),
        Some(other) => {
            let says = |one: &Requirement| {
                format!("{} {} TLS", one.source, if one.required { "requires" } else { "does not require" })
            };
            Err(lost(&format!("which group the target gets is not written: {}, {}", says(&first), says(other))))
        }
    }
}

fn lost(reason: &str) -> Gap {
    Gap::Unavailable(format!("whether the target requires TLS: {reason}"))
}

fn is_on(value: &str) -> bool {
    ["1", "on", "true"].contains(&value.to_lowercase().as_str())
}

fn of_code(resource: &str, stated: &Stated) -> Result<Requirement, Gap> {
    let Some(value) = &stated.value else {
        let why = stated.reason.as_deref().unwrap_or("it cannot be known");
        return Err(lost(&format!("{FORCE_SSL} in {resource}: {why}")));
    };
    let place = Some((stated.file.clone(), stated.line));
    Ok(Requirement {
        required: is_on(value),
        source: format!("{FORCE_SSL} = {value} in parameter group {resource} of the code"),
        group: Some(Group { name: resource.to_owned(), place }),
    })
}

fn of_group(facts: &Facts<'_>, family: &str, name: &str, set: &[Parameter]) -> Result<Requirement, Gap> {
    match set.iter().find(|parameter| parameter.name == FORCE_SSL).and_then(|parameter| parameter.value.as_deref()) {
        Some(value) => Ok(Requirement {
            required: is_on(value),
            source: format!("{FORCE_SSL} = {value} in parameter group {name}"),
            group: Some(Group { name: name.to_owned(), place: None }),
        }),
        None => default(facts, family),
    }
}

/// What a group has in which nobody sets it. Of Aurora only the live answer tells.
fn default(facts: &Facts<'_>, family: &str) -> Result<Requirement, Gap> {
    let live = family_defaults(facts, family)?.get(FORCE_SSL).and_then(|parameter| parameter.value.clone());
    let documented = || {
        let is_documented = facts.upgrade.platform == crate::upgrade::Platform::Rds;
        PARAMETERS.default_of(FORCE_SSL, facts.upgrade.target.major()).filter(|_| is_documented).map(str::to_owned)
    };
    match live.or_else(documented) {
        Some(value) => {
            Ok(Requirement { required: is_on(&value), source: format!("the default of {family}"), group: None })
        }
        None => Err(lost(&format!("the default of {FORCE_SSL} in {family} is not known"))),
    }
}

/// A client that is connected in clear text.
struct Client {
    role: String,
    says: String,
    driver: Option<&'static str>,
}

/// The clients that are connected in clear text, each once, however often it was seen.
fn clients(facts: &Facts<'_>) -> Result<(Vec<Client>, Vec<Open>), Gap> {
    let Answers { rows, open } = facts.answers()?;
    let mut most: BTreeMap<(String, String, String, String), u64> = BTreeMap::new();
    for (_, row) in rows {
        let cell = |column: &str| row.get(column).cloned().ok_or_else(lacks_column);
        let sessions = cell("sessions")?.parse().unwrap_or(1);
        let client = (cell("role")?, cell("in_database")?, cell("client")?, cell("application")?);
        let known = most.entry(client).or_default();
        *known = sessions.max(*known);
    }
    let clients = most.into_iter().map(|((role, database, client, application), sessions)| {
        let driver = DRIVERS.of_application(&application);
        let named = if application.is_empty() { "it names no application".to_owned() } else { application };
        let sessions = if sessions == 1 { "1 session".to_owned() } else { format!("{sessions} sessions") };
        let within = if database.is_empty() { String::new() } else { format!(" in {database}") };
        Client { role, says: format!("{sessions}{within} from {client} ({named})"), driver }
    });
    Ok((clients.collect(), open))
}

fn hits_of(clients: &[Client]) -> Vec<Hit> {
    let mut hits = super::Hits::default();
    for client in clients {
        let says = match client.driver {
            Some(driver) => format!("{}, by {driver}", client.says),
            None => client.says.clone(),
        };
        Hit::add(&mut hits, Hit::new(&client.role, "role", says).with("role", &client.role));
    }
    hits.all
}

/// Where the code says clear text, of what is not beside it or a test.
fn of_the_code(facts: &Facts<'_>) -> Vec<Hit> {
    let connections = facts.bundle.repository.get().map(|repository| repository.connections.as_slice());
    let never = connections.unwrap_or_default().iter().filter(|one| one.tls == Tls::Never && one.local.is_none());
    never.map(place).collect()
}

fn place(one: &Connection) -> Hit {
    let driver = one.driver.as_deref().map(|driver| format!(" ({driver})")).unwrap_or_default();
    let because = one.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let detail = format!("{}{driver}{because}", one.setting);
    Hit::new(format!("{}:{}", one.file, one.line), "code", detail).at(&one.file, one.line)
}

fn stays(facts: &Facts<'_>) -> Option<Outcome> {
    let source = facts.upgrade.source.as_ref()?;
    let target = &facts.upgrade.target;
    let reason = || format!("{source} to {target} is no major upgrade, the parameter groups stay");
    (target.major() <= source.major()).then(|| Outcome::not_applicable(reason()))
}

fn not_required(requirement: &Requirement) -> Outcome {
    Outcome::not_applicable(format!("the target does not require TLS: {}", requirement.source))
}

/// No client that is connected now is refused after the upgrade.
pub(super) fn plaintext_clients(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    if let Some(outcome) = stays(facts) {
        return Ok(outcome);
    }
    let required = requirement(facts);
    if let Ok(requirement) = &required
        && !requirement.required
    {
        return Ok(not_required(requirement));
    }
    let (clients, open) = clients(facts)?;
    if clients.is_empty() {
        return Ok(Outcome::pass().leaving_open(open));
    }
    let requirement = required?;
    let mut hits = hits_of(&clients);
    hits.extend(of_the_code(facts));
    let count = clients.len();
    let are = if count == 1 { "1 client is".to_owned() } else { format!("{count} clients are") };
    let summary = format!("{are} in clear text and refused after the upgrade: {}", requirement.source);
    Ok(Outcome::hits(hits).leaving_open(open).summarised(summary))
}

/// Whether [`plaintext_clients`] speaks.
fn clients_speak(facts: &Facts<'_>) -> bool {
    let seen = clients(facts).is_ok_and(|(clients, _)| !clients.is_empty());
    seen && requirement(facts).is_ok_and(|requirement| requirement.required)
}

/// The clients that are connected in clear text, where nobody can know what becomes of them.
pub(super) fn plaintext_sessions(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let (clients, open) = clients(facts)?;
    match requirement(facts) {
        Ok(requirement) if requirement.required => return Ok(Outcome::not_applicable(SEE_CLIENTS)),
        Ok(requirement) => return Ok(not_required(&requirement)),
        Err(_) => {}
    }
    Ok(Outcome::hits(hits_of(&clients)).leaving_open(open))
}

/// No code says clear text, where no client was seen that does.
pub(super) fn plaintext_code(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    if let Some(outcome) = stays(facts) {
        return Ok(outcome);
    }
    let connections = &facts.bundle.repository.get()?.connections;
    if connections.is_empty() {
        return Ok(Outcome::not_applicable("no file of the repository says how it connects"));
    }
    let required = requirement(facts);
    match &required {
        Ok(requirement) if !requirement.required => return Ok(not_required(requirement)),
        _ if clients_speak(facts) => return Ok(Outcome::not_applicable(SEE_CLIENTS)),
        _ => {}
    }
    // What a file says for whoever reads it is unknown of nature; what code gives to its driver should be known.
    let is_open = |one: &&Connection| one.tls == Tls::Unknown && one.local.is_none() && one.driver.is_some();
    let open = connections.iter().filter(is_open).map(|one| Open {
        part: format!("{}:{}", one.file, one.line),
        reason: one.reason.clone().unwrap_or_else(|| "it cannot be known".to_owned()),
    });
    let outcome = Outcome::hits(of_the_code(facts)).leaving_open(open);
    Ok(match required {
        Ok(requirement) => {
            let count = of_the_code(facts).len();
            let places = if count == 1 { "1 place".to_owned() } else { format!("{count} places") };
            outcome.summarised(format!("{places} in the code say clear text, TLS is required: {}", requirement.source))
        }
        Err(_) => outcome,
    })
}

/// Nobody switched the requirement off.
pub(super) fn switched_off(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    if let Some(outcome) = stays(facts) {
        return Ok(outcome);
    }
    let requirement = requirement(facts)?;
    let family = facts.upgrade.family(facts.upgrade.target.major());
    let Some(group) = requirement.group.filter(|_| !requirement.required) else { return Ok(Outcome::pass()) };
    // Where it is off anyway nobody switched it off.
    if !default(facts, &family)?.required {
        return Ok(Outcome::pass());
    }
    let detail = format!("{FORCE_SSL} is 0, the default of {family} is 1: clients may go on in clear text");
    let hit = Hit::new(&group.name, "parameter group", detail);
    let hit = match &group.place {
        Some((file, line)) => hit.at(file, *line),
        None => hit,
    };
    Ok(Outcome::hits(vec![hit]))
}

/// Clients that may connect without TLS today may do so after the upgrade.
pub(super) fn force_ssl(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    if let Some(outcome) = super::parameters::groups_stay(facts)? {
        return Ok(outcome);
    }
    let family = facts.upgrade.family(facts.upgrade.target.major());
    let (now, where_set) = super::parameters::force_ssl_now(facts)?;
    // Where the group is not known yet, by the default that it will have unless somebody sets it.
    let target = match requirement(facts) {
        Ok(target) => target,
        Err(_) => default(facts, &family)?,
    };
    if is_on(&now) || !target.required {
        return Ok(Outcome::pass());
    }
    if clients_speak(facts) {
        return Ok(Outcome::not_applicable(SEE_CLIENTS));
    }
    if !of_the_code(facts).is_empty() {
        return Ok(Outcome::not_applicable(SEE_CODE));
    }
    let detail = format!("{now} now ({where_set}), then 1 ({}): clients without TLS are refused", target.source);
    Ok(Outcome::hits(vec![Hit::new(FORCE_SSL, "parameter", detail).with("family", family)]))
}

//! The databases and parameter groups of a program.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::cdk::{self, Construct};
use super::construct::{Made, Site};
use super::frame::Scope;
use super::symbol::Class;
use super::world::{Module, World};
use crate::collect::declared::property::{CLOUDFORMATION, GROUP_NAMES, Property, Vocabulary};
use crate::collect::declared::resource::{Group, Kind, Program, Resource};
use crate::collect::declared::value::{Place, Spot, Value, normal};

/// References to resources of other files that are followed.
const MAX_ELSEWHERE: usize = 200;

/// What a class of RDS declares.
pub(super) enum Declared {
    Database(Resource),
    Group(Group),
}

impl<'a> World<'a> {
    /// What a file declares, and what of other files that refers to.
    pub(super) fn declared(&self, module: &Rc<Module<'a>>) -> Program {
        let top = Scope::top(module);
        let mut found = Program { pins: self.project(&top).pins(), ..Program::default() };
        for (made, symbol) in self.made_in(&top) {
            let Some(class) = symbol.declares() else { continue };
            let ways = match made {
                Made::Class(class) => self.constructions(module, class),
                _ => self.contexts(module, made.span()),
            };
            let site = |scope: &Scope<'a>| Site { scope: scope.clone(), made, symbol: symbol.clone() };
            for scope in &ways.scopes {
                match self.declare(&site(scope), class) {
                    Some(Declared::Database(resource)) => found.resources.push(resource),
                    Some(Declared::Group(group)) => found.groups.push(group),
                    None => {}
                }
            }
            // Who else leads here may give another version.
            if ways.is_open
                && let Some(Declared::Database(resource)) = self.declare(&site(&top), class)
                && [Property::Version, Property::Engine].iter().any(|matters| is_lost(&resource, *matters))
            {
                found.resources.push(resource);
            }
        }
        self.declare_passed_on(module, &mut found);
        if self.leads_out {
            self.declare_outside(module, &mut found);
        }
        self.refer(&mut found);
        for project in self.projects() {
            found.pins.extend(project.pins());
        }
        found
    }

    /// Adds what was referred to and is declared elsewhere, until nothing is left.
    fn refer(&self, found: &mut Program) {
        let mut known: BTreeSet<String> = found.resources.iter().map(|resource| resource.key.clone()).collect();
        known.extend(found.groups.iter().map(|group| group.key.clone()));
        let next = |known: &BTreeSet<String>| {
            let referred = self.referred.borrow();
            let unknown = referred.iter().find(|(key, _)| !known.contains(*key));
            unknown.map(|(key, site)| (key.clone(), site.clone()))
        };
        while let Some((key, site)) = next(&known)
            && found.elsewhere.len() < MAX_ELSEWHERE
        {
            known.insert(key.clone());
            let Some(class) = site.symbol.declares() else { continue };
            match self.declare(&site, class) {
                Some(Declared::Database(resource)) => {
                    found.elsewhere.push(key);
                    found.resources.push(resource);
                }
                Some(Declared::Group(group)) => found.groups.push(group),
                None => {}
            }
        }
    }

    pub(super) fn declare(&self, site: &Site<'a>, class: Class) -> Option<Declared> {
        self.refuel();
        let resource = match class {
            Class::Group | Class::Cdk(Construct::PlainGroup) => return Some(Declared::Group(self.group(site))),
            Class::Cdk(Construct::Group) => return Some(Declared::Group(cdk::group(self, site))),
            Class::Database(kind, vocabulary) => self.resource(site, kind, vocabulary)?,
            Class::Cdk(Construct::Plain(kind)) => {
                let mut resource = self.resource(site, kind, &CLOUDFORMATION)?;
                let nothing = || Spot::new(Value::Nothing, resource.at.clone());
                let version = resource.properties.remove(&Property::Version).unwrap_or_else(nothing);
                let version = self.overridden(site, version);
                if !version.is_nothing() {
                    resource.properties.insert(Property::Version, version);
                }
                resource
            }
            Class::Cdk(Construct::Database(kind)) => cdk::resource(self, site, kind),
            Class::Cdk(Construct::Raw) => cdk::raw(self, site)?,
            Class::Cdk(Construct::Replica) => cdk::resource(self, site, Kind::Instance),
        };
        Some(Declared::Database(with_source(resource)))
    }

    /// A database or cluster; `None` of an instance that belongs to its cluster.
    fn resource(&self, site: &Site<'a>, kind: Kind, vocabulary: &'static Vocabulary) -> Option<Resource> {
        let given = self.arguments(site, 0);
        let cluster = given.named("dbclusteridentifier").filter(|spot| kind == Kind::Instance && !spot.is_nothing());
        if cluster.is_some_and(|cluster| !matches!(cluster.value, Value::Unknown(_))) {
            return None;
        }
        let get = |property: Property| vocabulary.read(property, kind, &given);
        let at = site.scope.place(site.made.span());
        let mut resource = Resource::new(site.key(), self.name(site), at, kind, vocabulary, get);
        resource.ignored = ignored(&self.argument(site, site.symbol.arguments_at() + 1, 0));
        Some(resource)
    }

    fn group(&self, site: &Site<'a>) -> Group {
        let given = self.arguments(site, 0);
        let get = |name: &str| given.named(name).unwrap_or_else(|| Spot::new(Value::Nothing, given.at.clone()));
        let identifier = GROUP_NAMES.iter().map(|name| get(name)).find(|spot| !spot.is_nothing());
        Group {
            key: site.key(),
            name: self.name(site),
            identifier: identifier.unwrap_or_else(|| Spot::new(Value::Nothing, given.at.clone())),
            family: get("family"),
            parameters: get("parameters"),
        }
    }
}

fn is_lost(resource: &Resource, property: Property) -> bool {
    resource.get(property).is_some_and(|spot| spot.lost().is_some())
}

/// What replicates something unknown is of an engine that is unknown, not of none.
fn with_source(mut resource: Resource) -> Resource {
    let source = resource.get(Property::Source).and_then(|source| match &source.value {
        Value::Unknown(reason) => Some(Spot::unknown(reason.clone(), source.at.clone())),
        _ => None,
    });
    if let (Some(source), None) = (source, resource.get(Property::Engine)) {
        resource.properties.insert(Property::Engine, source);
    }
    resource
}

/// Where `ignoreChanges` names the version.
fn ignored(options: &Spot) -> Option<Place> {
    let Value::List(names) = options.named("ignorechanges")?.value else { return None };
    names
        .iter()
        .find(|name| name.text().is_some_and(|name| normal(name) == "engineversion"))
        .map(|name| name.at.clone())
}

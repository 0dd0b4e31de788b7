//! What scripts give to node-postgres and to what is built upon it; what an adapter of the repository passes on is known
//! from its callers.

use memchr::memmem;

use super::Versions;
use super::options::{self, Options};
use crate::collect::declared::typescript::calls::{Given, Scripts, Wanted};
use crate::collect::declared::value::{Spot, Value};
use crate::collect::repository::Tree;
use crate::facts::Connection;

pub(super) const EXTENSIONS: [&str; 8] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

/// A script without any of these connects to no PostgreSQL.
const MARKS: [&[u8]; 9] =
    [b"postgres", b"Postgres", b"'pg'", b"\"pg\"", b"knex", b"Knex", b"typeorm", b"sequelize", b"sharedb"];

/// Packages whose calls connect.
const PACKAGES: [&str; 6] = ["pg", "pg-pool", "sharedb-postgres", "postgres", "sequelize", "sequelize-typescript"];

/// Objects that are options of a connection wherever they are.
const OBJECTS: &[&[&str]] = &[&["client", "connection"], &["type", "host"], &["type", "url"], &["dialect"]];

/// What names PostgreSQL in such an object.
const NAMES: [&str; 6] = ["pg", "postgres", "postgresql", "pg-native", "aurora-postgres", "pgnative"];

pub(super) fn read(tree: Tree<'_>, versions: &Versions) -> Vec<Connection> {
    let Some(scripts) = Scripts::of(tree.files, tree.root) else { return Vec::new() };
    let mut found = Vec::new();
    for path in tree.paths {
        let is_script = path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|one| extension == *one));
        if !is_script || path.to_string_lossy().ends_with(".min.js") {
            continue;
        }
        let Some(source) = tree.source(path) else { continue };
        if !MARKS.iter().any(|mark| memmem::find(source.text.as_bytes(), mark).is_some()) {
            continue;
        }
        let wanted = Wanted { call: |package, _| PACKAGES.contains(&package), objects: OBJECTS };
        let Some(script) = scripts.read(path, &source.text, wanted) else { continue };
        for call in &script.calls {
            if let Some((driver, given)) = connects(call) {
                found.push(options::judge(&Options { driver, given, at: call.at.clone() }, versions));
            }
        }
        for object in script.objects.iter().filter(|object| is_of_postgres(object)) {
            let given = Options { driver: "pg", given: vec![object.clone()], at: object.at.clone() };
            found.push(options::judge(&given, versions));
        }
    }
    // The object that a call is given is seen twice, and several calls lead to one place.
    found.sort();
    found.dedup_by(|a, b| (&a.file, a.line, &a.setting) == (&b.file, b.line, &b.setting));
    found
}

/// The driver, and what is said of the connection, where a call makes one.
fn connects(call: &Given) -> Option<(&'static str, Vec<Spot>)> {
    let first = || call.arguments.first().cloned().into_iter().collect::<Vec<_>>();
    let name = call.name.as_str();
    Some(match call.package.as_str() {
        "pg" | "pg-pool" if call.is_new && (["Pool", "Client", ""].contains(&name)) => ("pg", first()),
        "sharedb-postgres" => ("pg", first()),
        "postgres" if name.is_empty() => {
            let options = call.arguments.iter().filter(|spot| matches!(spot.value, Value::Map(_)));
            (
                "postgres.js",
                options.cloned().chain(first().into_iter().filter(|spot| spot.scalar().is_some())).collect(),
            )
        }
        "sequelize" | "sequelize-typescript" if call.is_new && name == "Sequelize" => {
            let is_ours = call.arguments.iter().any(is_of_postgres)
                || call.arguments.first().and_then(Spot::scalar).is_some_and(|text| text.starts_with("postgres"));
            is_ours.then(|| ("pg", sequelized(&call.arguments)))?
        }
        _ => return None,
    })
}

/// Sequelize takes an address and options, or database, user, password and options.
fn sequelized(arguments: &[Spot]) -> Vec<Spot> {
    let options = arguments.iter().filter(|spot| matches!(spot.value, Value::Map(_))).cloned();
    let address = arguments.first().filter(|spot| {
        spot.scalar().is_some_and(|text| text.contains("://")) || (spot.lost().is_some() && arguments.len() <= 2)
    });
    let address = address.map(|spot| {
        let entries = [("url".to_owned(), spot.clone())].into();
        Spot::new(Value::Map(crate::collect::declared::value::Map { entries, open: None }), spot.at.clone())
    });
    options.chain(address).collect()
}

/// Whether options name PostgreSQL: knex's `client`, `TypeORM`'s `type`, Sequelize's `dialect`.
fn is_of_postgres(object: &Spot) -> bool {
    let Value::Map(map) = &object.value else { return false };
    ["client", "type", "dialect"]
        .iter()
        .any(|key| map.entries.get(*key).and_then(Spot::text).is_some_and(|text| NAMES.contains(&text)))
}

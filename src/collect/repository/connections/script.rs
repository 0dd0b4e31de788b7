//! What scripts give to node-postgres, to what is built upon it, and to adapters of the repository's own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use memchr::memmem;

use super::options::{self, Options};
use super::{Versions, is_test};
use crate::collect::declared::typescript::calls::{self, Given, Wanted};
use crate::collect::declared::value::{Spot, Value};
use crate::collect::repository::Tree;
use crate::collect::repository::packages::Workspaces;
use crate::facts::Connection;

pub(super) const EXTENSIONS: [&str; 8] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

/// A script without any of these connects to no PostgreSQL.
const MARKS: [&[u8]; 9] =
    [b"postgres", b"Postgres", b"'pg'", b"\"pg\"", b"knex", b"Knex", b"typeorm", b"sequelize", b"sharedb"];

/// Objects that are options of a connection wherever they are.
const OBJECTS: &[&[&str]] = &[&["client", "connection"], &["type", "host"], &["type", "url"], &["dialect"]];

/// What names PostgreSQL in such an object.
const NAMES: [&str; 6] = ["pg", "postgres", "postgresql", "pg-native", "aurora-postgres", "pgnative"];

/// An adapter of the repository's own that a script calls.
struct Adapter {
    file: PathBuf,
}

pub(super) fn read(tree: Tree<'_>, workspaces: &Workspaces, versions: &Versions) -> Vec<Connection> {
    let adapters = workspaces.adapters();
    let mut found: Vec<(PathBuf, Connection, bool)> = Vec::new();
    let mut called: BTreeSet<PathBuf> = BTreeSet::new();
    for path in tree.paths {
        let is_script = path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|one| extension == *one));
        if !is_script || path.to_string_lossy().ends_with(".min.js") {
            continue;
        }
        let Some(source) = tree.source(path) else { continue };
        if !MARKS.iter().any(|mark| memmem::find(source.text.as_bytes(), mark).is_some()) {
            continue;
        }
        let wanted = Wanted { package: |_| true, objects: OBJECTS };
        let Some(script) = calls::read(tree.files, path, &source.file, &source.text, wanted) else { continue };
        for call in &script.calls {
            let adapter = || adapter(tree, workspaces, &adapters, path, call);
            let (driver, given, adapter) = match (connects(call), adapter()) {
                (Some((driver, given)), _) => (driver, given, None),
                (None, Some(adapter)) if is_to_adapter(call) => ("pg", call.arguments.clone(), Some(adapter)),
                _ => continue,
            };
            let is_passed_on = given.iter().any(is_parameter);
            let connection = options::judge(&Options { driver, given, at: call.at.clone() }, versions);
            called.extend(adapter.filter(|_| !is_test(Path::new(&connection.file))).map(|adapter| adapter.file));
            found.push((path.clone(), connection, is_passed_on));
        }
        for object in script.objects.iter().filter(|object| is_of_postgres(object)) {
            let given = Options { driver: "pg", given: vec![object.clone()], at: object.at.clone() };
            found.push((path.clone(), options::judge(&given, versions), false));
        }
    }
    // An adapter passes on what its callers say, which is known then.
    found.retain(|(path, _, is_passed_on)| !(*is_passed_on && called.iter().any(|one| path.starts_with(one))));
    let mut connections: Vec<Connection> = found.into_iter().map(|(_, connection, _)| connection).collect();
    // The object that a call is given is seen twice.
    connections.sort();
    connections.dedup_by(|a, b| (&a.file, a.line, &a.setting) == (&b.file, b.line, &b.setting));
    connections
}

/// The driver, and what is said of the connection, where a call makes one.
fn connects(call: &Given) -> Option<(&'static str, Vec<Spot>)> {
    let first = || call.arguments.first().cloned().into_iter().collect::<Vec<_>>();
    let name = call.name.as_str();
    Some(match call.package.as_str() {
        "pg" | "pg-pool" if call.is_new && (["Pool", "Client", ""].contains(&name)) => ("pg", first()),
        "pg-native" => return None,
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

/// Whether options name PostgreSQL: knex's `client`, TypeORM's `type`, Sequelize's `dialect`.
fn is_of_postgres(object: &Spot) -> bool {
    let Value::Map(map) = &object.value else { return false };
    ["client", "type", "dialect"]
        .iter()
        .any(|key| map.entries.get(*key).and_then(Spot::text).is_some_and(|text| NAMES.contains(&text)))
}

/// Whether something is what a function is given.
fn is_parameter(spot: &Spot) -> bool {
    let reason = match &spot.value {
        Value::Map(map) => map.open.as_deref(),
        _ => spot.lost(),
    };
    reason.is_some_and(|reason| reason.contains("it is a parameter"))
}

/// Whether a call to an adapter gives it a connection's options.
fn is_to_adapter(call: &Given) -> bool {
    let Some(first) = call.arguments.first() else { return false };
    let name = if call.name.is_empty() { call.package.as_str() } else { call.name.as_str() }.to_lowercase();
    let sounds = ["postgres", "pg", "sharedb"].iter().any(|word| name.contains(word));
    options::is_one(first)
        || (sounds && call.is_new && (first.lost().is_some() || matches!(first.value, Value::Map(_))))
}

/// The file of the repository, or the package, that a call is of, where it uses node-postgres.
fn adapter(
    tree: Tree<'_>,
    workspaces: &Workspaces,
    names: &BTreeSet<&str>,
    from: &Path,
    call: &Given,
) -> Option<Adapter> {
    if names.contains(call.package.as_str()) {
        return Some(Adapter { file: workspaces.folder(&call.package)?.to_owned() });
    }
    let relative = call.package.starts_with("./") || call.package.starts_with("../");
    let base = relative.then(|| from.parent())??.join(&call.package);
    let stem = base.with_extension("");
    let with = |path: &Path, extension: &str| PathBuf::from(format!("{}.{extension}", path.display()));
    let candidates = std::iter::once(base.clone())
        .chain(EXTENSIONS.iter().map(|extension| with(&base, extension)))
        .chain(EXTENSIONS.iter().map(|extension| with(&stem, extension)))
        .chain(EXTENSIONS.iter().map(|extension| with(&base.join("index"), extension)));
    let file = candidates.filter(|path| tree.files.is_file(path)).find_map(|path| tree.files.canonical(&path).ok())?;
    let bytes = tree.files.bytes(&file).ok()?;
    let uses = [&b"'pg'"[..], b"\"pg\""].iter().any(|name| memmem::find(&bytes, name).is_some());
    uses.then_some(Adapter { file })
}

//! The libraries that come with a server, and the functions in them that its extensions name.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::Result;
use crate::server::{Running, rows, takes};

const INSTALLABLE: &str = "
SELECT v.name, v.version FROM pg_available_extension_versions v
WHERE NOT v.installed AND v.name NOT LIKE 'postgis%' AND v.name NOT LIKE 'address%'
ORDER BY 1, 2";

const NAMED: &str = "
SELECT DISTINCT p.probin, p.prosrc FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE l.lanname = 'c' AND p.oid >= 16384 AND p.probin LIKE '$libdir/%'";

pub(crate) async fn compare(servers: &[Running]) -> Result<Map<String, Value>> {
    let mut named = Vec::new();
    for server in servers {
        named.push(named_by_extensions(server).await?);
    }
    let (mut libraries, mut symbols) = (BTreeSet::new(), BTreeSet::new());
    for at in 1..servers.len() {
        let (server, major) = (&servers[at], servers[at].major);
        for (library, symbol) in &named[at - 1] {
            if !loads(server, library).await? {
                libraries.insert((major, library.clone()));
            } else if !has(server, library, symbol).await? {
                symbols.insert((major, library.clone(), symbol.clone()));
            }
        }
    }
    let known: BTreeSet<&String> = named.iter().flatten().map(|(library, _)| library).collect();
    Ok(Map::from_iter([
        ("libraries".to_owned(), json!(libraries.into_iter().map(|row| json!(row)).collect::<Vec<_>>())),
        ("library_symbols".to_owned(), json!(symbols.into_iter().map(|row| json!(row)).collect::<Vec<_>>())),
        ("libraries_known".to_owned(), json!(known)),
    ]))
}

/// Every C function that any installable version of any extension makes: library and symbol.
async fn named_by_extensions(server: &Running) -> Result<BTreeSet<(String, String)>> {
    let client = server.in_new_database("extensions").await?;
    let mut all = BTreeSet::new();
    for row in rows(&client, INSTALLABLE).await? {
        let create = format!("CREATE EXTENSION \"{}\" VERSION '{}' CASCADE", row[0], row[1]);
        client.batch_execute("BEGIN").await?;
        // Many versions can only be reached by an update, and some need a library in shared_preload_libraries.
        if client.batch_execute(&create).await.is_ok() {
            let found = rows(&client, NAMED).await?;
            all.extend(found.into_iter().map(|row| (row[0].clone(), row[1].clone())));
        }
        client.batch_execute("ROLLBACK").await?;
    }
    Ok(all)
}

/// `LOAD` would start what the library starts; a function that it lacks tells as much by its message.
async fn loads(server: &Running, library: &str) -> Result<bool> {
    server.client.batch_execute("BEGIN").await?;
    let error = server.client.batch_execute(&create(library, "no_such_function")).await.expect_err("no such function");
    server.client.batch_execute("ROLLBACK").await?;
    let message = error.as_db_error().map(|error| error.message().to_owned()).unwrap_or_default();
    Ok(message.contains("could not find function"))
}

async fn has(server: &Running, library: &str, symbol: &str) -> Result<bool> {
    takes(&server.client, &create(library, symbol)).await
}

fn create(library: &str, symbol: &str) -> String {
    format!("CREATE FUNCTION pg_temp.probe() RETURNS int LANGUAGE c AS '{library}', '{symbol}'")
}

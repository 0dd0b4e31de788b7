//! Functions, operators, types, casts, relations and their columns.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::Result;
use crate::server::{Running, rows, takes};

/// Argument types fully written, so that a name can be resolved whatever the search path.
const FUNCTIONS: &str = "
SELECT p.proname || '(' || coalesce((SELECT string_agg(format_type(a.t, NULL), ',' ORDER BY a.n)
         FROM unnest(p.proargtypes) WITH ORDINALITY a(t, n)), '') || ')',
       p.proname,
       coalesce((SELECT string_agg(format_type(a.t, NULL), ',' ORDER BY a.n)
         FROM unnest(p.proargtypes) WITH ORDINALITY a(t, n)), ''),
       p.prokind, p.provolatile, CASE WHEN l.lanname = 'internal' THEN p.prosrc END,
       CASE WHEN p.proargmodes IS NOT NULL THEN
         (SELECT string_agg(p.proargnames[i], ',' ORDER BY i) FROM generate_subscripts(p.proargmodes, 1) i
          WHERE p.proargmodes[i] IN ('o', 'b', 't')) END,
       p.prorettype::regtype, p.proretset
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.oid < 16384
ORDER BY 1";

const OPERATORS: &str = "
SELECT o.oprname, CASE o.oprleft WHEN 0 THEN 'none' ELSE format_type(o.oprleft, NULL) END,
       CASE o.oprright WHEN 0 THEN 'none' ELSE format_type(o.oprright, NULL) END
FROM pg_operator o WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oid < 16384
ORDER BY 1, 2, 3";

const TYPES: &str = "
SELECT t.typname FROM pg_type t
WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typrelid = 0 AND t.oid < 16384 AND t.typcategory <> 'A'
ORDER BY 1";

const CASTS: &str = "
SELECT format_type(c.castsource, NULL), format_type(c.casttarget, NULL) FROM pg_cast c WHERE c.oid < 16384
ORDER BY 1, 2";

const RELATIONS: &str = "
SELECT n.nspname || '.' || c.relname, string_agg(a.attname, ',' ORDER BY a.attnum)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') AND c.oid < 16384
GROUP BY 1 ORDER BY 1";

const DEFAULT_CLASSES: &str = "
SELECT am.amname, format_type(oc.opcintype, NULL) FROM pg_opclass oc JOIN pg_am am ON am.oid = oc.opcmethod
WHERE oc.opcdefault AND oc.oid < 16384 ORDER BY 1, 2";

struct Function {
    name: String,
    arguments: Vec<String>,
    kind: String,
    volatility: String,
    symbol: String,
    /// The columns it returns, when it names them.
    columns: String,
    result: String,
}

struct Catalog {
    functions: BTreeMap<String, Function>,
    operators: BTreeSet<(String, String, String)>,
    types: BTreeSet<String>,
    casts: BTreeSet<(String, String)>,
    relations: BTreeMap<String, String>,
    default_classes: BTreeSet<(String, String)>,
}

/// A major, from which on it is so; what is; and what else belongs to it.
type Row = (u64, String, Vec<String>);

pub(crate) async fn compare(servers: &[Running]) -> Result<Map<String, Value>> {
    let mut catalogs = Vec::new();
    for server in servers {
        catalogs.push(read(server).await?);
    }
    let mut found: BTreeMap<&str, BTreeSet<Row>> = BTreeMap::new();
    for name in [
        "calls",
        "functions",
        "operators",
        "types",
        "relations",
        "columns",
        "lost_immutable",
        "symbols",
        "casts_added",
        "default_classes_added",
    ] {
        found.insert(name, BTreeSet::new());
    }
    for at in 1..servers.len() {
        let (old, new, server) = (&catalogs[at - 1], &catalogs[at], &servers[at]);
        let major = server.major;
        let mut add = |list: &'static str, key: String, cells: Vec<String>| {
            found.get_mut(list).expect("it was put in").insert((major, key, cells));
        };
        for (signature, function) in &old.functions {
            let name = signature.clone();
            match new.functions.get(signature) {
                None => {
                    add("functions", name.clone(), vec![]);
                    // No stored expression calls what takes a pointer of the server's own.
                    if !function.arguments.iter().any(|of| of == "internal") && !resolves(server, function).await? {
                        add("calls", name, vec![]);
                    }
                }
                Some(now) if function.volatility == "i" && now.volatility != "i" => {
                    add("lost_immutable", name, vec![]);
                }
                Some(_) => {}
            }
        }
        for operator @ (name, left, right) in &old.operators {
            if !new.operators.contains(operator) && !operates(server, name, left, right).await? {
                add("operators", format!("{name}({left},{right})"), vec![]);
            }
        }
        for name in old.types.difference(&new.types) {
            add("types", name.clone(), vec![]);
        }
        for (relation, columns) in &old.relations {
            let Some(now) = new.relations.get(relation) else {
                add("relations", relation.clone(), vec![]);
                continue;
            };
            let now: BTreeSet<&str> = now.split(',').collect();
            for column in columns.split(',').filter(|column| !now.contains(column)) {
                add("columns", relation.clone(), vec![column.to_owned()]);
            }
        }
        let symbols = |catalog: &Catalog| -> BTreeSet<String> {
            catalog.functions.values().map(|function| function.symbol.clone()).filter(|s| !s.is_empty()).collect()
        };
        for symbol in symbols(old).difference(&symbols(new)) {
            let create = format!("CREATE FUNCTION pg_temp.probe() RETURNS int LANGUAGE internal AS '{symbol}'");
            if !takes(&server.client, &create).await? {
                add("symbols", symbol.clone(), vec![]);
            }
        }
        for (from, to) in new.casts.difference(&old.casts) {
            add("casts_added", from.clone(), vec![to.clone()]);
        }
        for (method, of) in new.default_classes.difference(&old.default_classes) {
            add("default_classes_added", method.clone(), vec![of.clone()]);
        }
    }
    let mut table: Map<String, Value> = found
        .into_iter()
        .map(|(name, rows)| {
            let rows = rows.into_iter().map(|(major, key, cells)| {
                json!(
                    [json!(major), json!(key)]
                        .into_iter()
                        .chain(cells.into_iter().map(Value::from))
                        .collect::<Vec<_>>()
                )
            });
            (name.to_owned(), Value::Array(rows.collect()))
        })
        .collect();
    table.insert("row_types".to_owned(), row_types(servers, &catalogs));
    Ok(table)
}

async fn read(server: &Running) -> Result<Catalog> {
    let pairs = |rows: Vec<Vec<String>>| rows.into_iter().map(|row| (row[0].clone(), row[1].clone()));
    let functions = rows(&server.client, FUNCTIONS).await?.into_iter().map(|row| {
        let arguments = row[2].split(',').filter(|text| !text.is_empty()).map(str::to_owned).collect();
        let [signature, name, _, kind, volatility, symbol, columns, result, ..] = row.as_slice() else {
            unreachable!("the query has nine columns")
        };
        let function = Function {
            name: name.clone(),
            arguments,
            kind: kind.clone(),
            volatility: volatility.clone(),
            symbol: symbol.clone(),
            columns: columns.clone(),
            result: result.clone(),
        };
        (signature.clone(), function)
    });
    let functions = functions.collect();
    let operators = rows(&server.client, OPERATORS).await?;
    Ok(Catalog {
        functions,
        operators: operators.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect(),
        types: rows(&server.client, TYPES).await?.into_iter().map(|row| row[0].clone()).collect(),
        casts: pairs(rows(&server.client, CASTS).await?).collect(),
        relations: pairs(rows(&server.client, RELATIONS).await?).collect(),
        default_classes: pairs(rows(&server.client, DEFAULT_CLASSES).await?).collect(),
    })
}

/// A value of a type; of a polymorphic one a value of a type that fits.
fn null(of: &str) -> String {
    let concrete = match of {
        "anyelement" | "anynonarray" | "anycompatible" | "anycompatiblenonarray" | "\"any\"" => "integer",
        "anyarray" | "anycompatiblearray" => "integer[]",
        "anyrange" | "anycompatiblerange" => "int4range",
        other => other,
    };
    format!("NULL::{concrete}")
}

/// Whether a call as a stored expression makes it, by name with arguments of these types, still finds a function.
async fn resolves(server: &Running, function: &Function) -> Result<bool> {
    let arguments: Vec<String> = function.arguments.iter().map(|of| null(of)).collect();
    let over = if function.kind == "w" { " OVER ()" } else { "" };
    let call = format!(
        "CREATE TEMP VIEW probe AS SELECT 1 FROM (SELECT pg_catalog.\"{}\"({}){over}) x",
        function.name,
        arguments.join(",")
    );
    takes(&server.client, &call).await
}

async fn operates(server: &Running, name: &str, left: &str, right: &str) -> Result<bool> {
    let side = |of: &str| if of == "none" { String::new() } else { null(of) };
    let call = format!(
        "CREATE TEMP VIEW probe AS SELECT 1 FROM (SELECT {} OPERATOR(pg_catalog.{name}) {}) x",
        side(left),
        side(right)
    );
    takes(&server.client, &call).await
}

/// The columns of system relations and of functions that return rows, from each major on in which they differ from the
/// major before: what an alias list over them is laid against.
fn row_types(servers: &[Running], catalogs: &[Catalog]) -> Value {
    let mut lists: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for (server, catalog) in servers.iter().zip(catalogs) {
        let functions = catalog.functions.iter().filter(|(_, function)| !function.columns.is_empty());
        let functions = functions.map(|(signature, function)| (signature.clone(), &function.columns));
        let results = catalog
            .functions
            .iter()
            .filter(|(_, function)| catalog.relations.contains_key(&format!("pg_catalog.{}", function.result)));
        assert_eq!(results.count(), 0, "no built-in function returns the row type of a relation");
        let relations = catalog.relations.iter().map(|(name, columns)| (name.clone(), columns));
        for (name, columns) in functions.chain(relations) {
            let list = lists.entry(name).or_default();
            if list.last().is_none_or(|(_, last)| last != columns) {
                list.push((server.major, columns.clone()));
            }
        }
    }
    let changing = lists.into_iter().filter(|(_, list)| list.len() > 1);
    let rows = changing.map(|(name, list)| {
        let versions: Map<String, Value> =
            list.into_iter().map(|(major, columns)| (major.to_string(), json!(columns))).collect();
        json!([name, versions])
    });
    Value::Array(rows.collect())
}

//! The extensions that an upgrade may ask to be dropped. What hangs on an extension is costly to ask, so it is asked of
//! these alone.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::changes::CHANGES;
use super::tables::{EXTENSION_STEPS, EXTENSIONS};

/// How a query names them: rows of one text, as `VALUES` takes them.
const PLACEHOLDER: &str = "{droppable_extensions}";

/// Those that the precheck refuses, that are to be made anew, that some version does not offer any more, and whose library
/// is gone.
pub static DROPPABLE: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let libraries = CHANGES.between("libraries", 0, u64::MAX);
    let gone = libraries.filter_map(|texts| texts.first()?.strip_prefix("$libdir/").map(str::to_owned));
    let steps = EXTENSION_STEPS.refused().chain(EXTENSION_STEPS.recreate.iter().map(String::as_str));
    steps.chain(EXTENSIONS.withdrawn()).map(str::to_owned).chain(gone).collect()
});

/// SQL with the list written out.
#[must_use]
pub fn fill(sql: String) -> String {
    if !sql.contains(PLACEHOLDER) {
        return sql;
    }
    let rows: Vec<String> = DROPPABLE.iter().map(|name| format!("('{}')", name.replace('\'', "''"))).collect();
    sql.replace(PLACEHOLDER, &rows.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_to_be_dropped_is_in_the_list() {
        for name in ["pg_repack", "pgaudit", "plcoffee", "adminpack", "hstore_plpython2"] {
            assert!(DROPPABLE.contains(name), "{name}");
        }
        for name in ["hstore", "postgis", "pg_stat_statements", "plpgsql"] {
            assert!(!DROPPABLE.contains(name), "{name}");
        }
        assert!(fill("SELECT 1".to_owned()) == "SELECT 1");
        assert!(fill("(VALUES {droppable_extensions}) v".to_owned()).starts_with("(VALUES ('"));
    }
}

//! What programs of the AWS CDK have in common, whatever their language.

use std::path::Path;
use std::sync::Arc;

use super::json;
use super::value::{Place, Spot, Value};
use super::walk::Tree;

/// The version that a constant of `PostgresEngineVersion` or `AuroraPostgresEngineVersion` stands for: `VER_16_3` is
/// `16.3`. <https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_rds.PostgresEngineVersion.html>
pub(super) fn version_of_constant(name: &str) -> Option<String> {
    let (numbers, suffix) = match name.strip_prefix("VER_")? {
        rest if rest.ends_with("_LIMITLESS") => (rest.strip_suffix("_LIMITLESS")?, "-limitless".to_owned()),
        rest => match rest.split_once("_RDS_") {
            // Extended support: `11.22-rds.20240418`.
            Some((numbers, date)) if date.len() == 8 && is_number(date) => (numbers, format!("-rds.{date}")),
            Some(_) => return None,
            None => (rest, String::new()),
        },
    };
    let is_version = numbers.split('_').all(is_number) && numbers.split('_').count() <= 3;
    is_version.then(|| numbers.replace('_', ".") + &suffix)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The major version, of which the family of a parameter group is made: `16` of `16.3`, `9.6` of `9.6.24`.
pub(super) fn major(version: &str) -> Option<String> {
    let mut parts = version.split(['.', '-']);
    match (parts.next()?, parts.next()) {
        ("9", Some(second)) if is_number(second) => Some(format!("9.{second}")),
        (first, _) if is_number(first) => Some(first.to_owned()),
        _ => None,
    }
}

/// What `cdk.json` gives a program to read.
#[derive(Debug)]
pub(super) struct Context {
    /// Files by precedence, or why one cannot be read.
    files: Result<Vec<Spot>, String>,
}

impl Context {
    /// Of the nearest `cdk.json` above a program.
    /// <https://docs.aws.amazon.com/cdk/v2/guide/context.html>
    pub(super) fn of(tree: &Tree, program: &Path) -> Self {
        let folder = program.ancestors().skip(1).find(|folder| tree.store.is_file(&folder.join("cdk.json")));
        let Some(folder) = folder else { return Self { files: Ok(Vec::new()) } };
        let read = |name: &str| -> Result<Option<Spot>, String> {
            let path = folder.join(name);
            if !tree.store.is_file(&path) {
                return Ok(None);
            }
            let shown: Arc<str> = tree.shown(&path);
            let text = tree.text(&path).map_err(|error| error.to_string())?;
            json::read(&shown, &text).map(Some).map_err(|error| format!("{shown}: {error}"))
        };
        let files = read("cdk.json").and_then(|own| {
            let own = own.and_then(|own| own.entry("context"));
            Ok(own.into_iter().chain(read("cdk.context.json")?).collect())
        });
        Self { files }
    }

    /// What is written under a key; nothing when it is not.
    ///
    /// # Errors
    /// Why that cannot be known.
    pub(super) fn setting(&self, key: &str, at: &Place) -> Result<Spot, String> {
        let files = self.files.as_ref().map_err(Clone::clone)?;
        let written = files.iter().filter_map(|file| file.entry(key)).find(|spot| !spot.is_nothing());
        Ok(written.unwrap_or_else(|| Spot::new(Value::Nothing, at.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_versions() {
        for (name, version) in [
            ("VER_16_3", "16.3"),
            ("VER_16", "16"),
            ("VER_16_10", "16.10"),
            ("VER_9_6_24", "9.6.24"),
            ("VER_9_5", "9.5"),
            ("VER_11_22_RDS_20240418", "11.22-rds.20240418"),
            ("VER_16_4_LIMITLESS", "16.4-limitless"),
        ] {
            assert_eq!(version_of_constant(name).as_deref(), Some(version), "{name}");
        }
        let others =
            ["", "VER_", "VER__16", "VER_16_", "VER_16_X", "VER_16_00_4210_2_V1", "V16", "ver_16_3", "VER_LATEST"];
        for name in others.into_iter().chain(["VER_11_22_RDS_2024", "VER_11_RDS_", "VER_LIMITLESS", "VER_16_3_1_2"]) {
            assert_eq!(version_of_constant(name), None, "{name}");
        }
    }

    #[test]
    fn the_major_version_names_the_family() {
        for (version, expected) in
            [("16.3", "16"), ("16", "16"), ("9.6.24", "9.6"), ("9.6", "9.6"), ("16.4-limitless", "16")]
        {
            assert_eq!(major(version).as_deref(), Some(expected), "{version}");
        }
        assert_eq!(major("latest"), None);
        assert_eq!(major(""), None);
    }
}

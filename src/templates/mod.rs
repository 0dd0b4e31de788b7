//! The files that `init` writes, for the code that it found.

#[cfg(test)]
mod tests;

use crate::facts::Declaration;
use crate::path::Graph;
use crate::report::text::{cut, json, one_line};
use crate::upgrade::Platform;
use crate::version::PgVersion;

const CONFIG: &str = include_str!("preflight.toml");
const GITHUB: &str = include_str!("github.yml");
const GITLAB: &str = include_str!("../../ci/gitlab.yml");

/// Where the job of the first line of GitLab's template begins.
const JOB: &str = "\npg-preflight:\n";
/// The pattern of GitLab's template that stands for code anywhere.
const ANYWHERE: &str = "        - \"**/*.{tf,tofu,ts,mts,cts,js,mjs,cjs,py,go,yaml,yml,json,template,cfn}\"\n";

/// Characters of a comment about a database.
const COMMENT: usize = 200;

/// What the repository says of itself; nothing of it need be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Without replicas.
    pub databases: Vec<Declaration>,
    /// The folder of the code, relative to the one that is written to; `.` is that one.
    pub path: Option<String>,
    /// Files outside of that folder in which a version is written.
    pub also: Vec<String>,
    /// The stacks of Pulumi.
    pub stacks: Vec<String>,
    pub region: Option<String>,
}

impl Found {
    fn only(&self) -> Option<&Declaration> {
        match &self.databases[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Patterns of what a change must touch to be of interest; empty where that can be anywhere.
    fn patterns(&self) -> Vec<String> {
        let Some(path) = self.path.as_deref().filter(|path| *path != ".") else { return Vec::new() };
        let mut all = vec![format!("{}/**", plain(path))];
        all.extend(self.also.iter().map(|file| plain(file)));
        all.push("preflight.toml".to_owned());
        all
    }
}

/// A `preflight.toml` with every key; what nobody knows, has a default or is not everybody's, is commented out (`#key`).
#[must_use]
pub fn config(found: &Found) -> String {
    let target = format!("#target = \"{}\"", target(found));
    let region = match &found.region {
        Some(region) => format!("region = {}", quoted(region)),
        None => "#region = \"eu-west-2\"".to_owned(),
    };
    CONFIG
        .replace("@target@", &target)
        .replace("@instance@", &instance(found))
        .replace("@region@", &region)
        .replace("@declared@", &declared(found))
}

/// A GitHub Actions workflow that judges every pull request, and every week what nobody changed.
#[must_use]
pub fn github(found: &Found) -> String {
    let mut paths = found.patterns();
    let mut block = String::new();
    if !paths.is_empty() {
        paths.push(".github/workflows/pg-preflight.yml".to_owned());
        block.push_str("\n    # Where the check is required it must always run: then take the paths away.\n    paths:");
        for path in &paths {
            block.push_str(&format!("\n      - {}", quoted(path)));
        }
    }
    let region = found.region.as_deref().map_or("${{ vars.AWS_REGION }}".to_owned(), quoted);
    GITHUB.replace("@paths@", &block).replace("@version@", env!("CARGO_PKG_VERSION")).replace("@region@", &region)
}

/// A file for GitLab to include, with a job that judges every merge request.
#[must_use]
pub fn gitlab(found: &Found) -> String {
    let job = GITLAB.find(JOB).map_or(GITLAB, |at| &GITLAB[at + 1..]);
    let mut text = format!("# GO or NO-GO on the PostgreSQL version that a merge request declares.\n\n{job}");
    let patterns = found.patterns();
    if !patterns.is_empty() {
        let list = patterns.iter().filter(|pattern| *pattern != "preflight.toml");
        let list: Vec<String> = list.map(|pattern| format!("        - {}\n", quoted(pattern))).collect();
        text = text.replace(ANYWHERE, &list.concat());
    }
    if let Some(region) = &found.region {
        text = text.replace("    AWS_REGION: \"\"\n", &format!("    AWS_REGION: {}\n", quoted(region)));
    }
    text.replace("gate --base", "gate --config preflight.toml --base")
}

/// The `.gitlab-ci.yml` of a repository that has none.
pub const GITLAB_INCLUDE: &str = "include:\n  - local: .gitlab/pg-preflight.yml\n";

/// The newest major that AWS lets the highest declared version go to, by the published table.
fn target(found: &Found) -> u64 {
    let versions = found.databases.iter().filter_map(|one| {
        let platform = if one.engine == "postgres" { Platform::Rds } else { Platform::Aurora };
        Some((one.version.as_ref()?.parse::<PgVersion>().ok()?, platform))
    });
    match versions.max_by(|(one, _), (other, _)| one.cmp(other)) {
        Some((version, platform)) => {
            let next = Graph::of_table(platform).targets(&version).map(PgVersion::major).max();
            next.filter(|next| *next > version.major()).unwrap_or(version.major() + 1)
        }
        None => 17,
    }
}

fn instance(found: &Found) -> String {
    let named = |one: &Declaration| {
        let key = if one.engine == "postgres" { "id" } else { "cluster" };
        one.identifier.as_ref().map(|identifier| format!("{key} = {}", quoted(identifier)))
    };
    let lines: Vec<String> = match found.only() {
        Some(only) => named(only).into_iter().collect(),
        None => found.databases.iter().filter_map(|one| Some(format!("#{}", named(one)?))).collect(),
    };
    if lines.is_empty() { "#id = \"my-database\"".to_owned() } else { lines.join("\n") }
}

fn declared(found: &Found) -> String {
    let Some(path) = &found.path else {
        let lines = [
            "#[declared]",
            "# A file or a folder of infrastructure code.",
            "#path = \"infrastructure\"",
            "# Where one code base makes several stacks or environments.",
            "#stack = \"production\"",
            "# Where several databases are declared.",
            "#resource = \"app\"",
        ];
        return lines.join("\n");
    };
    let mut lines: Vec<String> = vec!["[declared]".to_owned()];
    lines.extend(found.only().map(|only| format!("# {}", comment(only))));
    lines.push(format!("path = {}", quoted(path)));
    if found.stacks.is_empty() {
        lines.push("# Where one code base makes several stacks or environments.".to_owned());
        lines.push("#stack = \"production\"".to_owned());
    } else {
        lines.push("# The stack of Pulumi that is meant, as there are:".to_owned());
        lines.extend(found.stacks.iter().map(|stack| format!("#stack = {}", quoted(stack))));
    }
    if found.databases.len() > 1 {
        lines.push("# The database that is meant, here and in [instance], as there are:".to_owned());
        for one in &found.databases {
            lines.push(format!("# {}", comment(one)));
            lines.push(format!("#resource = {}", quoted(&one.resource)));
        }
    } else {
        lines.push("# Where several databases are declared.".to_owned());
        lines.push(format!("#resource = {}", quoted(found.only().map_or("app", |only| &only.resource))));
    }
    lines.join("\n")
}

/// What is known of a database: `app: postgres 12.17, index.ts:52`.
fn comment(one: &Declaration) -> String {
    let version = match (&one.version, &one.reason) {
        (Some(version), _) => version.clone(),
        (None, Some(reason)) => format!("unknown ({reason})"),
        (None, None) => "unknown".to_owned(),
    };
    let text = format!("{}: {} {version}, {}:{}", one.resource, one.engine, one.file, one.line);
    cut(&one_line(&text), COMMENT).into_owned()
}

/// A text in double quotes, for TOML and for YAML: both read what JSON writes.
fn quoted(text: &str) -> String {
    let text = text.to_owned();
    json(&text).trim_end().to_owned()
}

/// A path as a pattern: what patterns act on becomes a star.
fn plain(path: &str) -> String {
    path.chars().map(|c| if "*?+[]{}!\\".contains(c) { '*' } else { c }).collect()
}

//! The files that `init` writes.

/// A `preflight.toml` with every key; those with a default, or not everybody's, are commented out (`#key`).
pub const CONFIG: &str = r#"# What pg-preflight judges in this repository. Options on the command line win over this file.

# The version that is wanted: 16.3, or a major, which means its highest valid minor.
target = "16"

[instance]
# The RDS DB instance, as DescribeDBInstances names it.
id = "my-database"
#region = "eu-west-2"
# Evidence from another account is not believed.
#expect_account = "123456789012"

# What the infrastructure code declares is compared with what runs.
#[declared]
# A file or a folder: Pulumi TypeScript or JavaScript, Terraform or OpenTofu.
#path = "infrastructure"
# Where one code base makes several stacks.
#stack = "production"

# Services in front of the database: hasura, metabase, sharedb, or image for any other.
# Kept for a later version: this one checks the entries, and judges no service yet.
#[[service]]
#kind = "hasura"
# Ask the running service, or read its image from the repository, or both.
#url = "https://hasura.example.org"
#image_from = "docker-compose.yml"

# Queries whose plans and timings are compared before and after the upgrade.
# Kept for a later version: this one checks the entries, and runs none yet.
#[[query]]
#name = "newest orders"
#sql = "select id from orders order by created_at desc limit 50"

# Findings that somebody answers for, until a day. Reason and expiry are required.
#[[waiver]]
# The check, by id or glob.
#check = "pg.reg-types"
# Only on this object: database:object, or a glob.
#object = "app:public.hooks.fn"
#reason = "the table is dropped in the release before the upgrade"
#owner = "data team"
#expires = 2030-12-31
"#;

/// A GitHub Actions workflow that judges every pull request, and every week what nobody changed.
pub const WORKFLOW: &str = concat!(
    r#"# GO or NO-GO on the PostgreSQL upgrade that preflight.toml asks for.
name: pg-preflight

on:
  pull_request:
  # Maintenance, support dates and valid targets change without a commit.
  schedule:
    - cron: "17 6 * * 1"
  workflow_dispatch:

# The job reads the repository and nothing more; what else it needs is granted below, to this job alone.
permissions:
  contents: read

jobs:
  preflight:
    # The runner must reach the database; where it cannot, add --no-database to the command: the report will say so.
    runs-on: ubuntu-latest
    timeout-minutes: 15
    permissions:
      contents: read
      # To ask GitHub for the OIDC token that AWS trusts instead of a stored key.
      id-token: write
      # To show the findings in code scanning. Without code scanning, drop this line and the last step.
      security-events: write
    steps:
      - uses: actions/checkout@v4
        with:
          # No token is left in the checkout.
          persist-credentials: false

      # A role that trusts this repository and holds the policy of the README, which only reads.
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ vars.PG_PREFLIGHT_ROLE_ARN }}
          aws-region: ${{ vars.AWS_REGION }}

      # The version is pinned, so that a new check turns no pull request red by surprise.
      - run: cargo install pg-preflight --locked --version "#,
    env!("CARGO_PKG_VERSION"),
    r#"

      # Exit 0 is GO, 1 NO-GO, 2 a mistake in the configuration, 3 incomplete: only GO passes.
      - run: >-
          pg-preflight check --config preflight.toml
          --format table
          --format sarif --output pg-preflight.sarif
        env:
          # The login role of the README's SQL grants; with --iam-auth in the command no password is needed.
          PGUSER: preflight
          PGPASSWORD: ${{ secrets.PG_PREFLIGHT_PASSWORD }}

      # Also when the verdict failed the step before: that is when the findings matter.
      - uses: github/codeql-action/upload-sarif@v3
        if: ${{ !cancelled() && hashFiles('pg-preflight.sarif') != '' }}
        with:
          sarif_file: pg-preflight.sarif
"#
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key of the configuration's contract.
    fn assert_complete(text: &str) {
        let config: toml::Table = toml::from_str(text).expect("TOML");
        let keys = |table: &toml::Value| {
            let table = table.as_array().map_or(table, |all| &all[0]);
            table.as_table().expect("a table").keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert!(config["target"].as_str().expect("a text").parse::<crate::version::PgVersion>().is_ok());
        let said: Vec<String> = config
            .iter()
            .filter(|(name, _)| *name != "target")
            .map(|(name, it)| format!("{name}: {}", keys(it)))
            .collect();
        let expected = [
            "declared: path stack",
            "instance: expect_account id region",
            "query: name sql",
            "service: image_from kind url",
            "waiver: check expires object owner reason",
        ];
        assert_eq!(said, expected);
        assert!(config["waiver"][0]["expires"].is_datetime());
    }

    #[test]
    fn the_configuration_parses_as_it_is_and_with_all_keys() {
        let as_it_is: toml::Table = toml::from_str(CONFIG).expect("TOML");
        assert_eq!(as_it_is.keys().collect::<Vec<_>>(), ["instance", "target"]);
        let all: Vec<&str> = CONFIG
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(key) if !key.starts_with(' ') => key,
                _ => line,
            })
            .collect();
        assert_complete(&all.join("\n"));
    }

    #[test]
    fn the_workflow_runs_the_check_and_holds_no_key() {
        let command = WORKFLOW.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(command.contains(
            "pg-preflight check --config preflight.toml --format table --format sarif --output pg-preflight.sarif"
        ));
        assert!(WORKFLOW.contains("role-to-assume") && !WORKFLOW.contains("aws-access-key-id"));
        assert!(!WORKFLOW.contains('\t'));
    }
}

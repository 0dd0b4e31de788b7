//! What pg-preflight must be allowed to do: the IAM policy and the SQL grants.

use std::collections::BTreeSet;

use serde_json::json;

use crate::checks::{Registry, Rule};

/// What the collector asks of AWS whatever the checks; `sts:GetCallerIdentity` needs no grant.
const BASE: [&str; 18] = [
    "cloudwatch:GetMetricStatistics",
    "rds:DescribeBlueGreenDeployments",
    "rds:DescribeDBClusterParameterGroups",
    "rds:DescribeDBClusterParameters",
    "rds:DescribeDBClusterSnapshots",
    "rds:DescribeDBClusters",
    "rds:DescribeDBEngineVersions",
    "rds:DescribeDBInstances",
    "rds:DescribeDBMajorEngineVersions",
    "rds:DescribeDBParameterGroups",
    "rds:DescribeDBParameters",
    "rds:DescribeDBSnapshots",
    "rds:DescribeEngineDefaultClusterParameters",
    "rds:DescribeEngineDefaultParameters",
    "rds:DescribeEvents",
    "rds:DescribeIntegrations",
    "rds:DescribeOrderableDBInstanceOptions",
    "rds:DescribePendingMaintenanceActions",
];

/// The IAM policy, as indented JSON with a final newline: nothing in it changes anything.
#[must_use]
pub fn iam_policy(registry: &Registry) -> String {
    let mut actions: BTreeSet<&str> = BASE.into();
    for check in registry.iter() {
        if let Rule::Rust { calls, .. } = &check.rule {
            actions.extend(calls.iter().map(String::as_str).filter(|call| *call != "sts:GetCallerIdentity"));
        }
    }
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Sid": "PgPreflightReads", "Effect": "Allow", "Action": actions, "Resource": "*" }],
    });
    format!("{policy:#}\n")
}

/// The statements that only some ways to the database need, and when.
#[must_use]
pub fn iam_optional() -> &'static str {
    r#"Add this statement for --iam-auth, which logs in with a token instead of a password. The resource names the
DbiResourceId of the instance (of a cluster its DbClusterResourceId) and the role in the database:

{
  "Sid": "PgPreflightConnects",
  "Effect": "Allow",
  "Action": "rds-db:connect",
  "Resource": "arn:aws:rds-db:REGION:ACCOUNT:dbuser:DBI_RESOURCE_ID/preflight"
}

Add this statement for --secret, or to log in with the master password that RDS manages; kms:Decrypt on its key too
when the secret has a key of your own:

{
  "Sid": "PgPreflightReadsItsPassword",
  "Effect": "Allow",
  "Action": "secretsmanager:GetSecretValue",
  "Resource": "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"
}
"#
}

/// The role to create in the server, as a psql script; run it as the master user.
#[must_use]
pub fn sql_grants() -> String {
    r"-- A role that looks and cannot touch. Once for the server, as its master user, in psql.
CREATE ROLE preflight LOGIN;

-- Statistics, settings and slots of everybody; no table's rows.
GRANT pg_monitor TO preflight;

-- Not even by mistake.
ALTER ROLE preflight SET default_transaction_read_only = on;

-- How it logs in: a password, asked for here so that it is in no log,
\password preflight
-- or --iam-auth: then, instead of the password,
-- GRANT rds_iam TO preflight;

-- Every database is looked into. Everybody may connect unless that was revoked; this says it for each one.
SELECT format('GRANT CONNECT ON DATABASE %I TO preflight;', datname)
FROM pg_catalog.pg_database
WHERE datallowconn AND datconnlimit <> -2 AND datname NOT IN ('template0', 'rdsadmin')
ORDER BY datname
\gexec
"
    .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::checks::docs::sample;

    #[test]
    fn the_policy_has_the_base_and_the_calls_and_nothing_that_writes() {
        let policy: Value = serde_json::from_str(&iam_policy(&sample::registry())).expect("JSON");
        let actions: Vec<&str> = policy["Statement"][0]["Action"]
            .as_array()
            .expect("actions")
            .iter()
            .map(|action| action.as_str().expect("a text"))
            .collect();
        assert!(BASE.iter().all(|action| actions.contains(action)));
        assert!(actions.contains(&"rds:DescribeRecommendations"), "a call of the sample's rule");
        assert!(!actions.contains(&"sts:GetCallerIdentity"));
        assert!(actions.is_sorted());
        assert!(actions.iter().all(|action| action.contains(":Describe") || action.contains(":Get")));
    }

    #[test]
    fn the_role_may_be_created() {
        // PostgreSQL reserves names that begin with pg_.
        let role = sql_grants();
        assert!(role.contains("CREATE ROLE preflight LOGIN") && !role.contains("ROLE pg_"));
        assert!(crate::templates::github(&crate::templates::Found::default()).contains("PGUSER: preflight\n"));
        assert!(iam_optional().contains("dbuser:DBI_RESOURCE_ID/preflight"));
    }

    #[test]
    fn the_optional_statements_are_json() {
        let statements: Vec<Value> = iam_optional()
            .split("\n\n")
            .filter(|part| part.starts_with('{'))
            .map(|part| serde_json::from_str(part).expect("JSON"))
            .collect();
        let actions: Vec<&str> = statements.iter().filter_map(|statement| statement["Action"].as_str()).collect();
        assert_eq!(actions, ["rds-db:connect", "secretsmanager:GetSecretValue"]);
    }
}

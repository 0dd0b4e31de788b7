//! An account with the instance `app`, its replica, an Aurora cluster `main` and a `MySQL` instance.

use crate::server::{Call, Reply};

/// What AWS would answer.
pub(crate) fn world(call: &Call) -> Reply {
    let operation = call.operation.as_str();
    match operation {
        "DescribeDBInstances" => instances(call),
        "DescribeDBClusters" if call.get("DBClusterIdentifier") == Some("main") => Reply::ok("DescribeDBClusters.main"),
        "DescribeDBClusters" => Reply::error(404, "no-cluster"),
        "DescribeDBEngineVersions" => engine_versions(call),
        "DescribePendingMaintenanceActions" => paged(call, &[(None, "1"), (Some("m2"), "2")]),
        "DescribeDBParameterGroups" => paged(call, &[(None, "1"), (Some("app-pg12"), "2")]),
        "DescribeEngineDefaultParameters" => paged(call, &[(None, "1"), (Some("d2"), "2")]),
        "DescribeOrderableDBInstanceOptions" if call.get("Engine") == Some("aurora-postgresql") => {
            Reply::ok("DescribeOrderableDBInstanceOptions.aurora")
        }
        "DescribeEvents" if call.get("SourceIdentifier") != Some("app") => Reply::ok("DescribeEvents.none"),
        "GetMetricStatistics" => Reply::body("application/cbor", free_storage()),
        "secretsmanager.GetSecretValue" => Reply::body(
            "application/x-amz-json-1.1",
            r#"{"Name":"rds!db","SecretString":"{\"username\":\"dbuser\",\"password\":\"secret-password-text\"}"}"#,
        ),
        _ => Reply::ok(operation),
    }
}

fn instances(call: &Call) -> Reply {
    match (call.get("DBInstanceIdentifier"), call.get("Marker")) {
        (Some(id @ ("app" | "app-replica" | "legacy" | "main-one" | "odd")), _) => {
            Reply::ok(&format!("DescribeDBInstances.{id}"))
        }
        (Some(_), _) => Reply::error(404, "no-instance"),
        (None, None) => Reply::ok("DescribeDBInstances.list.1"),
        (None, Some(_)) => Reply::ok("DescribeDBInstances.list.2"),
    }
}

fn engine_versions(call: &Call) -> Reply {
    assert_eq!(call.get("IncludeAll"), Some("true"), "deprecated versions come back empty otherwise");
    match (call.get("Engine"), call.get("EngineVersion"), call.get("DBParameterGroupFamily")) {
        (Some("aurora-postgresql"), ..) => Reply::ok("DescribeDBEngineVersions.aurora"),
        (_, Some(_), _) => Reply::ok("DescribeDBEngineVersions.actual"),
        (.., Some("postgres12")) => {
            let page = match call.get("Marker") {
                None => "1",
                Some("a2") => "2",
                Some(_) => "3",
            };
            Reply::ok(&format!("DescribeDBEngineVersions.postgres12.{page}"))
        }
        _ => Reply::ok("DescribeDBEngineVersions.unfiltered"),
    }
}

fn paged(call: &Call, pages: &[(Option<&str>, &str)]) -> Reply {
    let page = pages.iter().find(|(marker, _)| *marker == call.get("Marker"));
    let (_, page) = page.unwrap_or_else(|| panic!("{} has no page {:?}", call.operation, call.get("Marker")));
    Reply::ok(&format!("{}.{page}", call.operation))
}

/// `{"Label": …, "Datapoints": [{"Timestamp": …, "Minimum": …}, …]}` as CBOR.
fn free_storage() -> Vec<u8> {
    let text = |text: &str| [&[0x60 + u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat();
    let number = |number: f64| [&[0xfb][..], &number.to_be_bytes()].concat();
    let point = |at: f64, bytes: f64| {
        let timestamp = [&[0xc1][..], &number(at)].concat();
        [&[0xa2][..], &text("Timestamp"), &timestamp, &text("Minimum"), &number(bytes)].concat()
    };
    let points = [&[0x82][..], &point(1_795_380_000.0, 9e9), &point(1_795_380_300.0, 8.5e9)].concat();
    [&[0xa2][..], &text("Label"), &text("FreeStorageSpace"), &text("Datapoints"), &points].concat()
}

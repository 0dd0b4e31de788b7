//! The demo's world, looked at with the clients that the collectors use.

#![allow(clippy::unwrap_used, reason = "the functions here are parts of tests")]

use std::path::Path;
use std::time::{Duration, SystemTime};

use aws_sdk_rds::config::{BehaviorVersion, Credentials, Region};
use pg_preflight::demo::{self, Demo};
use tokio_postgres::NoTls;

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_there_and_nothing_remains_of_it() {
    let demo = demo::start(&|_| ()).await.expect("npm or an installed PostgreSQL");
    let code = demo.declared();
    let folder = code.parent().unwrap().to_owned();
    let data = demo.server().data_dir();
    assert!(
        std::fs::read_to_string(code.join("infrastructure/index.ts")).unwrap().contains(r#"engineVersion: "12.17""#)
    );
    assert!(!format!("{demo:?}").contains(password(&demo.database_url())));
    database(&demo).await;
    rds(&demo).await;
    cloudwatch(&demo).await;
    demo.shutdown().await.unwrap();
    assert!(!Path::new(&folder).exists() && !data.exists());
}

fn password(url: &str) -> &str {
    url.split([':', '@']).nth(2).unwrap()
}

async fn database(demo: &Demo) {
    let (client, connection) = tokio_postgres::connect(&demo.database_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let texts = async |sql: &str| -> Vec<String> {
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    assert_eq!(
        texts("select current_user || (select rolsuper from pg_roles where rolname = current_user)").await,
        ["preflightfalse"]
    );
    assert_eq!(texts("select datname::text from pg_database where datconnlimit = -2").await, ["half_dropped"]);
    assert_eq!(texts("select gid from pg_prepared_xacts").await, ["merge-team-1"]);
    assert_eq!(
        texts("select slot_name::text from pg_replication_slots where slot_type = 'logical'").await,
        ["debezium"]
    );
    assert_eq!(
        texts("select attrelid::regclass || '.' || attname from pg_attribute where atttypid = 'regproc'::regtype and attrelid >= 16384").await,
        ["hooks.fn"]
    );
    assert_eq!(
        texts("select datname::text from pg_database where datname in ('app', 'metabase') order by 1").await,
        ["app", "metabase"]
    );
    assert_eq!(
        texts("select extname || ' ' || extversion from pg_extension where extname = 'hstore'").await,
        ["hstore 1.4"]
    );
}

async fn rds(demo: &Demo) {
    let config = aws_sdk_rds::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::new(demo::REGION))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(demo.aws_endpoint())
        .build();
    let client = aws_sdk_rds::Client::from_conf(config);
    let found = client.describe_db_instances().db_instance_identifier(demo::INSTANCE).send().await.unwrap();
    let [instance] = found.db_instances() else { panic!("one instance") };
    assert_eq!(instance.engine_version(), Some("12.19"));
    assert_eq!(instance.endpoint().unwrap().port(), Some(i32::from(demo.server().port())));
    let restorable = SystemTime::try_from(*instance.latest_restorable_time().unwrap()).unwrap();
    assert!(restorable.elapsed().unwrap() < Duration::from_hours(1), "times are of today");
    let missing = client.describe_db_instances().db_instance_identifier("nobody").send().await.unwrap_err();
    assert!(missing.into_service_error().is_db_instance_not_found_fault());
    let versions = client.describe_db_engine_versions().engine("postgres").engine_version("12.19").include_all(true);
    let targets = versions.send().await.unwrap().db_engine_versions()[0].valid_upgrade_target().to_vec();
    assert!(targets.iter().any(|target| target.engine_version() == Some("16.3")));
    assert!(!targets.iter().any(|target| target.engine_version() == Some("16.1")));
    let pending = client.describe_pending_maintenance_actions().send().await.unwrap();
    assert_eq!(pending.pending_maintenance_actions()[0].pending_maintenance_action_details().len(), 2);
    let majors = client.describe_db_major_engine_versions().engine("postgres").send().await.unwrap();
    assert_eq!(majors.db_major_engine_versions().len(), 7);
    let events = client.describe_events().send().await.unwrap();
    assert!(
        events
            .events()
            .iter()
            .any(|event| event.message().unwrap_or_default().contains("pg_upgrade can not be completed"))
    );
}

async fn cloudwatch(demo: &Demo) {
    let config = aws_sdk_cloudwatch::Config::builder()
        .behavior_version(aws_sdk_cloudwatch::config::BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(aws_sdk_cloudwatch::config::Region::new(demo::REGION))
        .credentials_provider(aws_sdk_cloudwatch::config::Credentials::new("demo", "demo", None, None, "demo"))
        .endpoint_url(demo.aws_endpoint())
        .build();
    let now = aws_sdk_cloudwatch::primitives::DateTime::from(SystemTime::now());
    let answer = aws_sdk_cloudwatch::Client::from_conf(config)
        .get_metric_statistics()
        .namespace("AWS/RDS")
        .metric_name("FreeStorageSpace")
        .start_time(now)
        .end_time(now)
        .period(300)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.label(), Some("FreeStorageSpace"));
    let newest = answer.datapoints().iter().max_by_key(|point| point.timestamp().unwrap().secs()).unwrap();
    assert!((newest.minimum().unwrap() - 11.39e9).abs() < 1.0);
    assert!(now.secs() - newest.timestamp().unwrap().secs() < 600);
}

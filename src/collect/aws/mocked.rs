//! What is asked of RDS, seen through typed mocks; the answers over the wire are in `tests/aws_wire`.

use aws_sdk_rds::Client as Rds;
use aws_sdk_rds::operation::describe_db_engine_versions::DescribeDbEngineVersionsOutput;
use aws_sdk_rds::operation::describe_db_instances::DescribeDbInstancesOutput;
use aws_sdk_rds::operation::describe_db_parameters::DescribeDbParametersOutput;
use aws_sdk_rds::operation::describe_orderable_db_instance_options::DescribeOrderableDbInstanceOptionsOutput;
use aws_sdk_rds::primitives::DateTime;
use aws_sdk_rds::types as sdk;
use aws_smithy_mocks::{RuleMode, mock, mock_client};

use super::client::Client;
use super::{convert, instances, parameters, versions};

#[tokio::test]
async fn a_version_is_asked_for_with_the_deprecated_ones() {
    let rule = mock!(Rds::describe_db_engine_versions)
        .match_requests(|ask| {
            ask.include_all() == Some(true)
                && ask.engine() == Some("postgres")
                && ask.engine_version() == Some("12.22-rds.20250508")
        })
        .then_output(|| DescribeDbEngineVersionsOutput::builder().build());
    let client = Client::mocked(mock_client!(aws_sdk_rds, [&rule]));
    let version = "12.22-rds.20250508".parse().unwrap();
    assert_eq!(versions::actual(&client, "postgres", &version, &|_| ()).await, Ok(None));
    assert_eq!(rule.num_calls(), 1);
}

#[tokio::test]
async fn a_class_is_asked_for_at_every_version() {
    let rule = mock!(Rds::describe_orderable_db_instance_options)
        .match_requests(|ask| {
            ask.engine_version().is_none()
                && ask.db_instance_class() == Some("db.t3.small")
                && ask.max_records() == Some(1000)
        })
        .then_output(|| DescribeOrderableDbInstanceOptionsOutput::builder().build());
    let client = Client::mocked(mock_client!(aws_sdk_rds, [&rule]));
    assert_eq!(versions::orderable(&client, "postgres", "db.t3.small", &|_| ()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn only_what_a_person_set_is_kept() {
    let parameter = |name: &str, source: &str| sdk::Parameter::builder().parameter_name(name).source(source).build();
    let rule =
        mock!(Rds::describe_db_parameters).match_requests(|ask| ask.source() == Some("user")).then_output(move || {
            let parameters = [("a", "user"), ("b", "system"), ("c", "engine-default")];
            let parameters = parameters.map(|(name, source)| parameter(name, source)).to_vec();
            DescribeDbParametersOutput::builder().set_parameters(Some(parameters)).build()
        });
    let client = Client::mocked(mock_client!(aws_sdk_rds, [&rule]));
    let kept = parameters::set_by_user(&client, "group").await.unwrap();
    assert_eq!(kept.into_iter().map(|parameter| parameter.name).collect::<Vec<_>>(), ["a"]);
}

#[tokio::test]
async fn replicas_of_other_regions_are_not_asked_for() {
    let rule = mock!(Rds::describe_db_instances)
        .match_requests(|ask| ask.db_instance_identifier() == Some("here"))
        .then_output(|| {
            let here = sdk::DbInstance::builder()
                .db_instance_identifier("here")
                .engine("postgres")
                .engine_version("16.3-R2")
                .db_instance_class("db.t3.small")
                .db_instance_status("available");
            DescribeDbInstancesOutput::builder().db_instances(here.build()).build()
        });
    let client = Client::mocked(mock_client!(aws_sdk_rds, RuleMode::MatchAny, [&rule]));
    let ids = ["here", "arn:aws:rds:us-east-1:123456789012:db:there"].map(str::to_owned);
    let replicas = instances::replicas(&client, &ids).await.unwrap();
    assert_eq!(replicas.iter().map(|replica| replica.id.as_str()).collect::<Vec<_>>(), ["here"]);
    assert_eq!(rule.num_calls(), 1);
}

/// Every member that the API has, so that none is forgotten when it waits.
#[test]
fn every_pending_value_is_told_and_no_password() {
    let pending = sdk::PendingModifiedValues::builder()
        .db_instance_class("db.m7g.large")
        .allocated_storage(100)
        .master_user_password("hunter2")
        .port(5433)
        .backup_retention_period(7)
        .multi_az(true)
        .engine_version("16.3")
        .license_model("postgresql-license")
        .iops(3000)
        .storage_throughput(125)
        .db_instance_identifier("renamed")
        .storage_type("gp3")
        .ca_certificate_identifier("rds-ca-ecc384-g1")
        .db_subnet_group_name("subnets")
        .pending_cloudwatch_logs_exports(
            sdk::PendingCloudwatchLogsExports::builder().log_types_to_disable("upgrade").build(),
        )
        .processor_features(sdk::ProcessorFeature::builder().name("threadsPerCore").value("1").build())
        .automation_mode(sdk::AutomationMode::AllPaused)
        .resume_full_automation_mode_time(DateTime::from_secs(0))
        .multi_tenant(false)
        .iam_database_authentication_enabled(true)
        .dedicated_log_volume(true)
        .engine("postgres")
        .db_capacity_reservation_identifier("reservation")
        .build();
    let instance = sdk::DbInstance::builder()
        .db_instance_identifier("app")
        .engine("postgres")
        .engine_version("12.19")
        .db_instance_class("db.t3.small")
        .db_instance_status("available")
        .pending_modified_values(pending);
    let told = convert::instance(instance.build()).unwrap().pending_modified_values;
    let text = told.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(text);
}

#[test]
fn an_instance_without_its_essentials_is_refused() {
    let whole = || {
        sdk::DbInstance::builder()
            .db_instance_identifier("app")
            .engine("postgres")
            .engine_version("16.3")
            .db_instance_class("db.t3.small")
            .db_instance_status("creating")
    };
    assert_eq!(convert::instance(whole().build()).unwrap().endpoint, None);
    let parts = [
        whole().set_db_instance_identifier(None),
        whole().set_engine(None),
        whole().set_engine_version(Some(String::new())),
        whole().set_engine_version(Some("sixteen".to_owned())),
        whole().set_db_instance_class(None),
        whole().set_db_instance_status(None),
    ];
    for part in parts {
        assert!(convert::instance(part.build()).is_err());
    }
}

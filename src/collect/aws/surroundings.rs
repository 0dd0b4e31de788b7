//! Who asks, and how much storage is left: STS and CloudWatch.

use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Statistic};

use super::client::Client;
use super::convert::time;
use super::error::Refusal;
use crate::facts::rds::{Caller, FreeStorage};

const HOUR: Duration = Duration::from_hours(1);
/// Seconds
const PERIOD: i32 = 300;

pub(super) async fn caller(client: &Client) -> Result<Caller, Refusal> {
    let answer = client.sts.get_caller_identity().send().await?;
    match (answer.account, answer.arn) {
        (Some(account), Some(arn)) => Ok(Caller { account, arn }),
        _ => Err(Refusal::new("the answer has no account or no ARN")),
    }
}

/// The smallest `FreeStorageSpace` of the last hour; Aurora has no such metric.
pub(super) async fn free_storage(client: &Client, instance: &str) -> Result<Option<FreeStorage>, Refusal> {
    let now = SystemTime::now();
    let ask = client
        .cloudwatch
        .get_metric_statistics()
        .namespace("AWS/RDS")
        .metric_name("FreeStorageSpace")
        .dimensions(Dimension::builder().name("DBInstanceIdentifier").value(instance).build())
        .start_time(DateTime::from(now - HOUR))
        .end_time(DateTime::from(now))
        .period(PERIOD)
        .statistics(Statistic::Minimum);
    let points = ask.send().await?.datapoints.unwrap_or_default();
    let seen = points.into_iter().filter_map(|point| {
        let bytes = point.minimum.filter(|bytes| bytes.is_finite())?;
        Some(FreeStorage { bytes, at: point.timestamp.and_then(time) })
    });
    Ok(seen.min_by(|a, b| a.bytes.total_cmp(&b.bytes)))
}

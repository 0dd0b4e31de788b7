//! Parameter groups, what people set in them, and what a family knows.

use aws_sdk_rds::types as sdk;

use super::client::Client;
use super::error::Refusal;
use super::pages;
use crate::facts::rds::{Parameter, ParameterGroup};

/// The `Source` of a parameter that a person set.
const USER: &str = "user";

pub(super) async fn groups(client: &Client) -> Result<Vec<ParameterGroup>, Refusal> {
    let found = pages::all(
        |marker| client.rds.describe_db_parameter_groups().set_marker(marker).send(),
        |page| (page.db_parameter_groups, page.marker),
    )
    .await?;
    let group = |from: sdk::DbParameterGroup| group(from.db_parameter_group_name, from.db_parameter_group_family);
    Ok(found.into_iter().filter_map(group).collect())
}

pub(super) async fn cluster_groups(client: &Client) -> Result<Vec<ParameterGroup>, Refusal> {
    let found = pages::all(
        |marker| client.rds.describe_db_cluster_parameter_groups().set_marker(marker).send(),
        |page| (page.db_cluster_parameter_groups, page.marker),
    )
    .await?;
    let group = |from: sdk::DbClusterParameterGroup| {
        group(from.db_cluster_parameter_group_name, from.db_parameter_group_family)
    };
    Ok(found.into_iter().filter_map(group).collect())
}

/// What a person set in a group.
pub(super) async fn set_by_user(client: &Client, group: &str) -> Result<Vec<Parameter>, Refusal> {
    let found = pages::all(
        |marker| {
            let ask = client.rds.describe_db_parameters().db_parameter_group_name(group).source(USER);
            ask.set_marker(marker).send()
        },
        |page| (page.parameters, page.marker),
    )
    .await?;
    Ok(only_user(found))
}

/// What a person set in a cluster's group.
pub(super) async fn set_by_user_in_cluster(client: &Client, group: &str) -> Result<Vec<Parameter>, Refusal> {
    let found = pages::all(
        |marker| {
            let ask = client.rds.describe_db_cluster_parameters().db_cluster_parameter_group_name(group).source(USER);
            ask.set_marker(marker).send()
        },
        |page| (page.parameters, page.marker),
    )
    .await?;
    Ok(only_user(found))
}

/// The parameters of a family with their defaults.
pub(super) async fn defaults(client: &Client, family: &str) -> Result<Vec<Parameter>, Refusal> {
    let found = pages::all(
        |marker| {
            let ask = client.rds.describe_engine_default_parameters().db_parameter_group_family(family);
            ask.set_marker(marker).send()
        },
        |page| engine_defaults(page.engine_defaults),
    )
    .await?;
    Ok(found.into_iter().filter_map(parameter).collect())
}

/// The parameters of a family for clusters.
pub(super) async fn cluster_defaults(client: &Client, family: &str) -> Result<Vec<Parameter>, Refusal> {
    let found = pages::all(
        |marker| {
            let ask = client.rds.describe_engine_default_cluster_parameters().db_parameter_group_family(family);
            ask.set_marker(marker).send()
        },
        |page| engine_defaults(page.engine_defaults),
    )
    .await?;
    Ok(found.into_iter().filter_map(parameter).collect())
}

fn engine_defaults(from: Option<sdk::EngineDefaults>) -> (Option<Vec<sdk::Parameter>>, Option<String>) {
    from.map_or((None, None), |defaults| (defaults.parameters, defaults.marker))
}

fn group(name: Option<String>, family: Option<String>) -> Option<ParameterGroup> {
    Some(ParameterGroup { name: name?, family: family.unwrap_or_default() })
}

/// An endpoint may ignore the `Source` of the request, so the answer's own is looked at.
fn only_user(found: Vec<sdk::Parameter>) -> Vec<Parameter> {
    found.into_iter().filter(|from| from.source.as_deref() == Some(USER)).filter_map(parameter).collect()
}

fn parameter(from: sdk::Parameter) -> Option<Parameter> {
    Some(Parameter { name: from.parameter_name?, value: from.parameter_value, apply_type: from.apply_type })
}

//! The AWS collector against real HTTP: recorded-shape answers, pages, refusals and broken answers.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

mod server;
mod world;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pg_preflight::collect::aws::{
    DatabaseAddress, Error, Wanted, collect, list_instances, secret_password, upgrade_graph,
};
use pg_preflight::facts::{AwsFacts, Source};
use serde_json::Value;
use server::{Call, Reply, Server};
use tokio::sync::oneshot;
use world::world;

const REGION: &str = "eu-west-2";

fn instance(id: &str) -> Wanted {
    Wanted::Instance(id.to_owned())
}

async fn ask(server: &Server, wanted: &Wanted) -> Result<AwsFacts, Error> {
    let target = "17".parse().unwrap();
    collect(&server.client(REGION).await, wanted, Some(&target), None, &|_| ()).await
}

/// The facts about `app` when the server answers as the account does, some calls aside.
async fn app(other: impl Fn(&Call) -> Option<Reply> + Send + Sync + 'static) -> AwsFacts {
    let server = Server::start(Duration::ZERO, move |call| other(call).unwrap_or_else(|| world(call))).await;
    ask(&server, &instance("app")).await.unwrap()
}

fn seen<T>(source: &Source<T>) -> &T {
    source.collected().expect("it was collected")
}

/// Path and reason of every gap.
fn gaps(facts: &AwsFacts) -> Vec<(String, String)> {
    fn walk(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
        for entry in value.as_array().into_iter().flatten() {
            let name = entry["name"].as_str().unwrap_or_default();
            walk(&format!("{}.{name}", path.trim_end_matches(".collected")), &entry["parameters"], found);
        }
        let Some(members) = value.as_object() else { return };
        match members.get("unavailable").and_then(|gap| gap["reason"].as_str()) {
            Some(reason) => found.push((path.to_owned(), reason.to_owned())),
            None => members.iter().for_each(|(name, value)| walk(format!("{path}.{name}").as_str(), value, found)),
        }
    }
    let mut found = Vec::new();
    walk("", &serde_json::to_value(facts).unwrap(), &mut found);
    found
}

fn places(facts: &AwsFacts) -> Vec<String> {
    gaps(facts).into_iter().map(|(path, _)| path).collect()
}

#[tokio::test]
async fn reads_every_operation_to_its_last_page() {
    let server = Server::start(Duration::ZERO, world).await;
    let notes = Mutex::new(Vec::new());
    let client = server.client(REGION).await;
    let target = "17".parse().unwrap();
    let note = |text: &str| notes.lock().unwrap().push(text.to_owned());
    let facts = collect(&client, &instance("APP"), Some(&target), None, &note).await.unwrap();

    assert_eq!(gaps(&facts), []);
    assert_eq!(facts.region, REGION);
    assert_eq!(seen(&facts.caller).account, "123456789012");
    insta::assert_snapshot!("instance", serde_json::to_string_pretty(&facts.instance).unwrap());

    let actual = seen(&facts.engine_version).as_ref().unwrap();
    assert_eq!(actual.status.as_deref(), Some("deprecated"));
    let targets: Vec<&str> = actual.valid_targets.iter().map(|target| target.version.as_str()).collect();
    assert_eq!(targets, ["12.22-rds.20260224", "13.20", "16.8", "16.8-R2"], "no Aurora, nothing unreadable");
    assert!(notes.into_inner().unwrap().iter().any(|note| note.contains("'sixteen'")));

    let families: Vec<(&str, usize)> =
        facts.engine_versions.iter().map(|(name, versions)| (name.as_str(), seen(versions).len())).collect();
    assert_eq!(families, [("postgres12", 7), ("postgres13", 1), ("postgres16", 2), ("postgres17", 1)]);
    assert_eq!(seen(&facts.pending_maintenance).len(), 2, "those of the instance, unknown kinds too");
    assert_eq!(seen(&facts.pending_maintenance)[1].action, "some-new-action");
    assert_eq!(seen(&facts.parameter_groups).len(), 3);
    let set: Vec<&str> = seen(&facts.user_parameters["app-pg12"]).iter().map(|set| set.name.as_str()).collect();
    assert_eq!(set, ["max_connections", "rds.force_ssl"]);
    assert_eq!(facts.family_defaults.keys().collect::<Vec<_>>(), ["postgres13", "postgres16", "postgres17"]);
    assert_eq!(seen(&facts.family_defaults["postgres16"]).len(), 2);
    assert_eq!(seen(&facts.orderable).len(), 3, "one class, each option once");
    assert_eq!(seen(&facts.snapshots).len(), 1);
    assert_eq!(seen(&facts.major_versions)[0].lifecycles.len(), 2);
    assert_eq!(seen(&facts.events).len(), 2);
    assert_eq!(seen(&facts.blue_green_deployments)[0].id, "bgd-2");
    let newer = seen(&facts.target_groups);
    assert_eq!((newer.len(), newer[0].name.as_str(), newer[0].family.as_str()), (1, "app-pg16", "postgres16"));
    assert_eq!(seen(&newer[0].parameters).len(), 2);
    let reading: Vec<&str> = seen(&facts.integrations).iter().map(|found| found.name.as_str()).collect();
    assert_eq!(reading, ["reports"]);
    assert_eq!(seen(&facts.replicas)[0].replica_source.as_deref(), Some("app"));
    assert_eq!(seen(&facts.free_storage).as_ref().unwrap().bytes.to_string(), "8500000000");
}

#[tokio::test]
async fn keeps_no_secret() {
    let facts = app(|_| None).await;
    let text = serde_json::to_string(&facts).unwrap();
    assert!(text.contains(r#""MasterUserPassword":"***""#));
    assert!(!text.contains("password-text") && !text.contains("secret-key-text"), "{text}");
}

#[tokio::test]
async fn one_refused_operation_is_one_gap() {
    let cases: &[(&str, &[&str])] = &[
        ("GetCallerIdentity", &[".caller"]),
        ("GetMetricStatistics", &[".free_storage"]),
        ("DescribeBlueGreenDeployments", &[".blue_green_deployments"]),
        ("DescribeDBMajorEngineVersions", &[".major_versions"]),
        ("DescribeDBParameterGroups", &[".parameter_groups", ".target_groups"]),
        ("DescribeDBParameters", &[".user_parameters.app-pg12", ".target_groups.app-pg16"]),
        ("DescribeDBSnapshots", &[".snapshots"]),
        ("DescribeEvents", &[".events"]),
        ("DescribeIntegrations", &[".integrations"]),
        ("DescribeOrderableDBInstanceOptions", &[".orderable"]),
        ("DescribePendingMaintenanceActions", &[".pending_maintenance"]),
        (
            "DescribeEngineDefaultParameters",
            &[".family_defaults.postgres13", ".family_defaults.postgres16", ".family_defaults.postgres17"],
        ),
        (
            "DescribeDBEngineVersions",
            &[".engine_version", ".engine_versions.postgres12", ".engine_versions.postgres17"],
        ),
    ];
    for (refused, expected) in cases {
        let facts = app(move |call| (call.operation == *refused).then(|| Reply::error(403, "denied"))).await;
        assert_eq!(places(&facts), *expected, "{refused}");
        for (_, reason) in gaps(&facts) {
            assert!(reason.starts_with("AccessDenied: User: arn:aws:sts::123456789012:"), "{reason}");
        }
    }
}

#[tokio::test]
async fn a_broken_answer_is_a_gap_with_a_readable_reason() {
    let cases: Vec<(Reply, &str)> = vec![
        (Reply::error(400, "unknown"), "InvalidAction: The action is not valid for this web service."),
        (Reply::error(500, "internal"), "InternalFailure: An internal error has occurred."),
        (Reply::file(502, "error.proxy.html"), "the endpoint answered HTTP 502 with no error of AWS"),
        (Reply::file(200, "error.proxy.html"), "the answer (HTTP 200) cannot be read: "),
        (Reply::body("text/xml", ""), "the answer (HTTP 200) cannot be read: "),
        (Reply::body("text/xml", "<DescribeEventsResponse/>"), "the answer (HTTP 200) cannot be read: "),
        (Reply::ok("DescribeEvents").cut(), "the answer (HTTP 200) cannot be read: "),
        (Reply::ok("DescribeEvents").half(), "the answer (HTTP 200) cannot be read: "),
        (Reply::ok("DescribeEvents").replacing("</Events>", ""), "the answer (HTTP 200) cannot be read: "),
    ];
    for (reply, expected) in cases {
        let facts = app(move |call| (call.operation == "DescribeEvents").then(|| reply.clone())).await;
        let gaps = gaps(&facts);
        assert_eq!(places(&facts), [".events"], "{gaps:?}");
        assert!(gaps[0].1.starts_with(expected) && !gaps[0].1.contains('{'), "{}", gaps[0].1);
    }
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(Duration::ZERO, move |call| {
        let throttled = call.operation == "DescribeDBSnapshots" && asked.fetch_add(1, Ordering::SeqCst) < 2;
        if throttled { Reply::error(400, "throttling") } else { world(call) }
    })
    .await;
    let facts = collect(&server.client("eu-west-1").await, &instance("app"), None, None, &|_| ()).await.unwrap();
    assert_eq!(gaps(&facts), []);
    assert_eq!(server.count("DescribeDBSnapshots"), 3);
}

#[tokio::test]
async fn a_list_without_end_is_no_list() {
    let endless = |call: &Call, next: &str| {
        let page = Reply::ok("DescribeDBParameterGroups.1");
        (call.operation == "DescribeDBParameterGroups")
            .then(|| page.replacing("<Marker>app-pg12</Marker>", &format!("<Marker>{next}</Marker>")))
    };
    let same = app(move |call| endless(call, "again")).await;
    let (both, reason) = ([".parameter_groups", ".target_groups"], "the list has no end: marker 'again' came twice");
    assert_eq!(gaps(&same), both.map(|place| (place.to_owned(), reason.to_owned())));
    let circle = app(move |call| endless(call, if call.get("Marker") == Some("a") { "b" } else { "a" })).await;
    assert_eq!(places(&circle), both);
}

/// Each costs a call, so there is a bound; what is beyond it was not seen.
#[tokio::test]
async fn twenty_groups_of_newer_families_are_read() {
    let group = |at| {
        format!(
            "<DBParameterGroup><DBParameterGroupName>g{at}</DBParameterGroupName>\
             <DBParameterGroupFamily>postgres17</DBParameterGroupFamily></DBParameterGroup>"
        )
    };
    let many: String = (10..34).map(group).collect();
    let server = Server::start(Duration::ZERO, move |call| match call.operation.as_str() {
        "DescribeDBParameterGroups" => Reply::ok("DescribeDBParameterGroups.2")
            .replacing("</DBParameterGroups>", &format!("{many}</DBParameterGroups>")),
        _ => world(call),
    })
    .await;
    let facts = ask(&server, &instance("app")).await.unwrap();
    assert_eq!(seen(&facts.target_groups).len(), 25);
    assert_eq!(server.count("DescribeDBParameters"), 21, "those, and the one in use");
    let places = places(&facts);
    assert_eq!((places.len(), places[4].as_str()), (5, ".target_groups.app-pg16"), "the wanted family's come first");
}

#[tokio::test]
async fn a_list_that_is_cut_is_no_list() {
    let facts = app(|call| (call.get("Marker") == Some("a3")).then(|| Reply::error(403, "denied"))).await;
    assert_eq!(places(&facts), [".engine_versions.postgres12"]);
}

#[tokio::test]
async fn what_depends_on_the_instance_has_its_reason() {
    let server = Server::start(Duration::ZERO, |call| match call.operation.as_str() {
        "DescribeDBInstances" => Reply::error(403, "denied"),
        _ => world(call),
    })
    .await;
    let (sender, receiver) = oneshot::channel();
    let client = server.client(REGION).await;
    let facts = collect(&client, &instance("app"), None, Some(sender), &|_| ()).await.unwrap();
    let dependent =
        [".instance", ".cluster", ".engine_version", ".orderable", ".major_versions", ".replicas", ".target_groups"];
    assert_eq!(places(&facts), dependent);
    assert_eq!(gaps(&facts).into_iter().map(|(_, reason)| reason).collect::<BTreeSet<_>>().len(), 1);
    assert!(receiver.await.is_err(), "nobody announces an unknown address");
}

#[tokio::test]
async fn an_expired_token_is_one_reason() {
    let server = Server::start(Duration::ZERO, |_| Reply::error(403, "expired")).await;
    let facts = ask(&server, &instance("app")).await.unwrap();
    let reasons: BTreeSet<String> = gaps(&facts).into_iter().map(|(_, reason)| reason).collect();
    let expected = "ExpiredToken: The security token included in the request is expired";
    assert_eq!(reasons, BTreeSet::from([expected.to_owned()]));
}

#[tokio::test]
async fn a_version_that_cannot_be_read_is_a_gap() {
    let server = Server::start(Duration::ZERO, world).await;
    let facts = ask(&server, &instance("odd")).await.unwrap();
    let reason = &gaps(&facts).iter().find(|(path, _)| path == ".instance").unwrap().1.clone();
    assert!(reason.starts_with("the version of odd cannot be read: 'twelve' is not"), "{reason}");
    assert!(facts.snapshots.collected().is_some());
}

#[tokio::test]
async fn a_wrong_name_offers_near_ones() {
    let server = Server::start(Duration::ZERO, world).await;
    let error = ask(&server, &instance("APQ")).await.unwrap_err();
    let Error::NoSuchInstance { near, others, id, .. } = &error else { panic!("{error}") };
    assert_eq!((id.as_str(), near[0].as_str(), near.len(), *others), ("apq", "app", 5, 3));
    let text = error.to_string();
    assert!(
        text.starts_with("there is no DB instance 'apq' in eu-west-2; the nearest names are app, apex, "),
        "{text}"
    );
    assert!(text.ends_with(" and 3 more"), "{text}");
    assert_eq!(list_instances(&server.client(REGION).await).await.unwrap().len(), 8);
}

#[tokio::test]
async fn a_wrong_name_is_said_without_the_right_to_list() {
    let server = Server::start(Duration::ZERO, |call| match call.get("DBInstanceIdentifier") {
        None if call.operation == "DescribeDBInstances" => Reply::error(403, "denied"),
        _ => world(call),
    })
    .await;
    let error = ask(&server, &instance("apq")).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no DB instance 'apq' in eu-west-2");
    let error = ask(&server, &Wanted::Cluster("mian".to_owned())).await.unwrap_err();
    assert!(matches!(error, Error::NoSuchCluster { .. }), "{error}");
}

#[tokio::test]
async fn another_engine_is_refused() {
    let server = Server::start(Duration::ZERO, world).await;
    let error = ask(&server, &instance("legacy")).await.unwrap_err();
    assert_eq!(error.to_string(), "'legacy' runs mysql, which is not PostgreSQL");
}

#[tokio::test]
async fn a_cluster_is_described_with_its_writer() {
    let server = Server::start(Duration::ZERO, world).await;
    let (sender, receiver) = oneshot::channel();
    let client = server.client(REGION).await;
    let facts = collect(&client, &Wanted::Cluster("Main".into()), None, Some(sender), &|_| ()).await.unwrap();
    assert_eq!(gaps(&facts), []);
    assert_eq!(seen(&facts.instance).id, "main-one");
    insta::assert_snapshot!("cluster", serde_json::to_string_pretty(&facts.cluster).unwrap());
    let maintained: Vec<&str> =
        seen(&facts.pending_maintenance).iter().map(|action| action.resource.as_str()).collect();
    let arn = |rest: &str| format!("arn:aws:rds:eu-west-2:123456789012:{rest}");
    assert_eq!(maintained, [arn("cluster:main"), arn("db:main-two")]);
    assert_eq!(seen(&facts.parameter_groups)[0].family, "aurora-postgresql13");
    let set: Vec<&str> =
        seen(&facts.user_parameters["default.aurora-postgresql13"]).iter().map(|set| set.name.as_str()).collect();
    assert_eq!(set, ["max_connections", "rds.force_ssl", "rds.logical_replication"]);
    let families = ["aurora-postgresql14", "aurora-postgresql15"];
    assert_eq!(facts.family_defaults.keys().collect::<Vec<_>>(), families);
    assert_eq!(seen(&facts.family_defaults["aurora-postgresql15"]).len(), 3);
    assert_eq!(seen(&facts.orderable).len(), 1);
    assert_eq!(seen(&facts.snapshots)[0].id, "rds:main-2026-11-22-02-05");
    assert_eq!(seen(&facts.blue_green_deployments)[0].id, "bgd-3");
    let address = receiver.await.unwrap();
    assert_eq!(address.endpoint.unwrap().address, "main.cluster-c1example.eu-west-2.rds.amazonaws.com");
}

#[tokio::test]
async fn a_member_comes_with_its_cluster() {
    let server = Server::start(Duration::ZERO, world).await;
    let (sender, receiver) = oneshot::channel();
    let client = server.client(REGION).await;
    let facts = collect(&client, &instance("main-one"), None, Some(sender), &|_| ()).await.unwrap();
    assert_eq!(gaps(&facts), []);
    assert_eq!(seen(&facts.cluster).as_ref().unwrap().id, "main");
    assert_eq!(seen(&facts.snapshots)[0].id, "rds:main-2026-11-22-02-05", "members have none of their own");
    assert_eq!(seen(&facts.pending_maintenance).len(), 1);
    let address = receiver.await.unwrap();
    assert!(address.master_user_secret.unwrap().ends_with("rds!cluster-example"), "the cluster's");
}

#[tokio::test]
async fn the_address_is_announced_and_the_secret_read() {
    let server = Server::start(Duration::ZERO, world).await;
    let (sender, receiver) = oneshot::channel();
    let client = server.client(REGION).await;
    collect(&client, &instance("app"), None, Some(sender), &|_| ()).await.unwrap();
    let DatabaseAddress { endpoint, master_username, database_name, master_user_secret } = receiver.await.unwrap();
    assert_eq!(endpoint.unwrap().port, 5432);
    assert_eq!((master_username.as_deref(), database_name.as_deref()), (Some("dbuser"), Some("app")));
    let login = secret_password(&client, &master_user_secret.unwrap()).await.unwrap();
    assert_eq!(login.password.expose(), "secret-password-text");
    assert!(!format!("{login:?}").contains("secret-password-text"));
}

#[tokio::test]
async fn the_upgrade_graph_has_all_pages() {
    let server = Server::start(Duration::ZERO, |call| {
        let mut call = call.clone();
        call.parameters.insert("DBParameterGroupFamily".to_owned(), "postgres12".to_owned());
        world(&call)
    })
    .await;
    let graph = upgrade_graph(&server.client(REGION).await, "postgres", &|_| ()).await.unwrap();
    assert_eq!(graph.len(), 7);
    assert_eq!(graph[6].valid_targets.len(), 4);
}

/// With pages left out, as the number of those is the server's choice.
#[tokio::test]
async fn no_chain_of_calls_is_longer_than_three() {
    for wanted in [instance("app"), instance("main-one"), Wanted::Cluster("main".to_owned())] {
        let server = Server::start(Duration::from_millis(300), |call| match call.operation.as_str() {
            "DescribePendingMaintenanceActions" | "DescribeDBParameterGroups" | "DescribeEngineDefaultParameters" => {
                Reply::ok(&format!("{}.2", call.operation))
            }
            "DescribeDBEngineVersions" if call.get("DBParameterGroupFamily") == Some("postgres12") => {
                Reply::ok("DescribeDBEngineVersions.postgres12.3")
            }
            _ => world(call),
        })
        .await;
        let facts = ask(&server, &wanted).await.unwrap();
        assert_eq!(gaps(&facts), []);
        assert!(server.calls().len() > 15);
        assert_eq!(server.depth(), 3, "{wanted:?}: {:#?}", server.calls());
    }
}

//! RDS, STS and CloudWatch on loopback, from recorded answers.
//!
//! The answers are in `fixtures/demo/aws/`, one file an operation, one record a line, so that a request parameter
//! selects records as it does at RDS. They are of one day; their times are moved to the present, so that the newest
//! snapshot of the story stays a day old.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp, civil};
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::cloudwatch;

/// When the answers were taken: just after the newest time in them that is not in the future.
const RECORDED_AT: &str = "2026-11-22T21:05:00Z";

/// More than any request of an AWS SDK to these operations.
const REQUEST_LIMIT: usize = 64 * 1024;

macro_rules! answers {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../fixtures/demo/aws/", $name, ".xml")))),*]
    };
}

/// By operation, or operation and qualifier.
const ANSWERS: &[(&str, &str)] = answers! {
    "DescribeBlueGreenDeployments"
    "DescribeDBClusters"
    "DescribeDBEngineVersions"
    "DescribeDBInstances"
    "DescribeDBInstances.none"
    "DescribeDBMajorEngineVersions"
    "DescribeDBParameterGroups"
    "DescribeDBParameters.app-postgres12"
    "DescribeDBParameters.none"
    "DescribeDBSnapshots"
    "DescribeEngineDefaultParameters.none"
    "DescribeEngineDefaultParameters.postgres12"
    "DescribeEngineDefaultParameters.postgres13"
    "DescribeEngineDefaultParameters.postgres14"
    "DescribeEngineDefaultParameters.postgres15"
    "DescribeEngineDefaultParameters.postgres16"
    "DescribeEngineDefaultParameters.postgres17"
    "DescribeEvents"
    "DescribeIntegrations"
    "DescribeOrderableDBInstanceOptions"
    "DescribePendingMaintenanceActions"
    "GetCallerIdentity"
};

/// Parameters that select records by the element of the same name.
const SELECTORS: [&str; 9] = [
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "Engine",
    "EngineVersion",
    "DBParameterGroupFamily",
    "DBInstanceClass",
    "MajorEngineVersion",
    "Source",
    "SourceIdentifier",
];

/// The part of the story's instance that is not known before its server runs.
const RECORDED_ENDPOINT: &str = "<Address>127.0.0.1</Address><Port>5432</Port>";

/// Operations whose answers tell the instance's version; the others list versions, and stay as they are.
const ABOUT_INSTANCE: [&str; 3] = ["DescribeDBInstances", "DescribeDBSnapshots", "DescribePendingMaintenanceActions"];

/// The minors that the story happens at, of the major of the server at hand. They are in the recorded lists: from each
/// of the actual ones 16.3 is a valid target, and 16.1 is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Versions {
    pub declared: &'static str,
    pub actual: &'static str,
    /// What RDS would move it to next.
    next: &'static str,
}

impl Versions {
    const RECORDED: Self = Self { declared: "12.17", actual: "12.19", next: "12.20" };

    /// Those for a server of a major; of a major that the story cannot happen at, the recorded ones.
    pub(super) fn of(major: u64) -> Self {
        match major {
            13 => Self { declared: "13.13", actual: "13.15", next: "13.16" },
            14 => Self { declared: "14.10", actual: "14.12", next: "14.13" },
            15 => Self { declared: "15.5", actual: "15.7", next: "15.8" },
            _ => Self::RECORDED,
        }
    }

    fn retold(self, about_instance: bool, text: String) -> String {
        if !about_instance {
            return text;
        }
        text.replace(Self::RECORDED.actual, self.actual).replace(Self::RECORDED.next, self.next)
    }

    /// The story's code, declaring what it declares.
    pub(super) fn code(self, recorded: &str) -> String {
        recorded.replace(Self::RECORDED.declared, self.declared)
    }
}

/// A running stand-in; it ends when dropped.
#[derive(Debug)]
pub struct RdsEndpoint {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl RdsEndpoint {
    /// Serves on a free port of 127.0.0.1; the story's instances have their endpoint at `postgres_port` there.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn serve(postgres_port: u16) -> io::Result<Self> {
        Self::serve_as(postgres_port, Versions::RECORDED).await
    }

    /// As [`RdsEndpoint::serve`], with the story's instance at other versions.
    ///
    /// # Errors
    /// When no port can be had.
    pub(super) async fn serve_as(postgres_port: u16, versions: Versions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, task: tokio::spawn(accept(listener, postgres_port, versions)) })
    }

    /// For `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for RdsEndpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, postgres_port: u16, versions: Versions) {
    // Held by this task, so that they end with it.
    let mut connections = JoinSet::new();
    loop {
        // A client that has gone already is no reason to stop.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let service = service_fn(move |request| answer(request, postgres_port, versions));
        connections.spawn(async move {
            // The client sees a broken connection; there is nobody else to tell.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(
    request: Request<Incoming>,
    postgres_port: u16,
    versions: Versions,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let Ok(body) = Limited::new(request.into_body(), REQUEST_LIMIT).collect().await else {
        return Ok(xml(StatusCode::BAD_REQUEST, error("MalformedInput", "the request cannot be read")));
    };
    if let Some((_, operation)) = path.split_once("/operation/") {
        let (status, body) = cloudwatch::answer(operation, Timestamp::now());
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
        return Ok(response);
    }
    let parameters = form(&String::from_utf8_lossy(&body.to_bytes()));
    let (status, text) = recorded(&parameters, postgres_port, Timestamp::now());
    Ok(xml(status, versions.retold(parameters.iter().any(|(_, value)| ABOUT_INSTANCE.contains(&value.as_str())), text)))
}

fn xml(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}

fn form(body: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    body.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decode(name), decode(value))).collect()
}

/// The answer to a request of the Query protocol, as of `now`.
fn recorded(parameters: &[(String, String)], postgres_port: u16, now: Timestamp) -> (StatusCode, String) {
    let get = |name: &str| parameters.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str());
    let operation = get("Action").unwrap_or_default();
    let file = |qualifier: Option<&str>| {
        let name = qualifier.map_or_else(|| operation.to_owned(), |qualifier| format!("{operation}.{qualifier}"));
        ANSWERS.iter().find(|(of, _)| *of == name).map(|(_, text)| *text)
    };
    let qualifier = || get("DBParameterGroupFamily").or_else(|| get("DBParameterGroupName"));
    let refusal = || file(Some("none")).map(|text| (refusal_status(text), text.to_owned()));
    let Some(text) = file(None).or_else(|| file(Some(qualifier()?))) else {
        if let Some(refusal) = refusal() {
            return refusal;
        }
        let message = format!("The action {operation} is not valid for this web service.");
        return (StatusCode::BAD_REQUEST, error("InvalidAction", &message));
    };
    let wanted: Vec<(&str, &str)> = SELECTORS.iter().filter_map(|name| Some((*name, get(name)?))).collect();
    let mut found = select(text, &wanted);
    // RDS lists nothing for an unknown version, and refuses an unknown instance.
    let selected_none = !wanted.is_empty() && !found.lines().any(is_record);
    if let Some(refusal) = refusal().filter(|_| selected_none && operation == "DescribeDBInstances") {
        return refusal;
    }
    // The support calendar is as it is, whatever the day.
    if operation != "DescribeDBMajorEngineVersions" {
        let recorded_at: Timestamp = RECORDED_AT.parse().unwrap_or(now);
        found = moved(&found, now.duration_since(recorded_at));
    }
    let endpoint = format!("<Address>127.0.0.1</Address><Port>{postgres_port}</Port>");
    (StatusCode::OK, found.replace(RECORDED_ENDPOINT, &endpoint))
}

fn refusal_status(text: &str) -> StatusCode {
    if text.contains("NotFound</Code>") { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST }
}

fn error(code: &str, message: &str) -> String {
    let message = message.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>0</RequestId></ErrorResponse>"
    )
}

/// A line that holds one record, from its opening to its closing tag.
fn is_record(line: &str) -> bool {
    let tag = line.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(tag, _)| tag);
    tag.is_some_and(|tag| line.len() > 2 * tag.len() + 5 && line.ends_with(&format!("</{tag}>")))
}

/// The text without the records whose first element of a wanted name has another value.
fn select(text: &str, wanted: &[(&str, &str)]) -> String {
    let kept = text.lines().filter(|line| {
        !is_record(line)
            || wanted.iter().all(|(name, value)| {
                // An ARN stands for the identifier at its end.
                let value = value.rsplit(':').next().unwrap_or(value);
                first(line, name).is_none_or(|has| has == value)
            })
    });
    kept.collect::<Vec<_>>().join("\n")
}

fn first<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("<{name}>"))?;
    rest.split_once('<').map(|(value, _)| value)
}

/// The text with its times, also those in names of automated snapshots, moved.
fn moved(text: &str, by: SignedDuration) -> String {
    const INSTANT: usize = "2026-11-22T21:05:00Z".len();
    const IN_NAME: &str = "%Y-%m-%d-%H-%M";
    const NAME: usize = "2026-11-22-21-05".len();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("20") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let instant = from.get(..INSTANT).filter(|word| word.ends_with('Z')).and_then(|word| {
            let time: Timestamp = word.parse().ok()?;
            Some(format!("{:.0}", time.checked_add(by).ok()?))
        });
        let name = from.get(..NAME).and_then(|word| {
            let time = civil::DateTime::strptime(IN_NAME, word).ok()?;
            Some(time.checked_add(by).ok()?.strftime(IN_NAME).to_string())
        });
        let (new, length) = match (instant, name) {
            (Some(new), _) => (new, INSTANT),
            (None, Some(new)) => (new, NAME),
            (None, None) => ("20".to_owned(), 2),
        };
        out.push_str(&new);
        rest = &from[length..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    fn ask(parameters: &[(&str, &str)]) -> (StatusCode, String) {
        let parameters: Vec<_> = parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        recorded(&parameters, 15432, RECORDED_AT.parse().unwrap())
    }

    fn records(parameters: &[(&str, &str)]) -> Vec<String> {
        let (status, text) = ask(parameters);
        assert_eq!(status, StatusCode::OK, "{text}");
        text.lines().filter(|line| is_record(line)).map(str::to_owned).collect()
    }

    #[test]
    fn every_recorded_answer_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo/aws");
        let there: BTreeSet<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let listed = ANSWERS.iter().map(|(name, _)| format!("{name}.xml").into()).collect();
        assert_eq!(there, listed);
    }

    #[test]
    fn a_parameter_selects_records() {
        let instances = |id| records(&[("Action", "DescribeDBInstances"), ("DBInstanceIdentifier", id)]);
        assert_eq!(records(&[("Action", "DescribeDBInstances")]).len(), 3);
        let app = instances("app1a2b3c4");
        assert_eq!(
            (app.len(), first(&app[0], "EngineVersion"), first(&app[0], "Port")),
            (1, Some("12.19"), Some("15432"))
        );
        assert_eq!(instances("arn:aws:rds:eu-west-2:123456789012:db:clean16").len(), 1);

        let version = |version| records(&[("Action", "DescribeDBEngineVersions"), ("EngineVersion", version)]);
        // Not those that only lead to it.
        assert_eq!(version("16.3").len(), 1);
        assert_eq!(version("16.99").len(), 0);
        let family = records(&[("Action", "DescribeDBEngineVersions"), ("DBParameterGroupFamily", "postgres12")]);
        assert!(family.len() > 3 && family.iter().all(|line| first(line, "MajorEngineVersion") == Some("12")));

        let group = [("Action", "DescribeDBParameters"), ("DBParameterGroupName", "app-postgres12")];
        let user = records(&[&group[..], &[("Source", "user")]].concat());
        assert!(user.len() == 5 && user.iter().all(|line| line.contains("<Source>user</Source>")), "{user:#?}");
        let force_ssl = |family| {
            let all = records(&[("Action", "DescribeEngineDefaultParameters"), ("DBParameterGroupFamily", family)]);
            assert!(all.len() > 12, "{family}");
            all.iter().find(|line| line.contains("rds.force_ssl")).unwrap().contains("<ParameterValue>1<")
        };
        assert_eq!(["postgres14", "postgres15", "postgres16"].map(force_ssl), [false, true, true]);
    }

    #[test]
    fn what_is_not_there_is_refused_as_rds_does() {
        let (status, text) = ask(&[("Action", "DescribeDBInstances"), ("DBInstanceIdentifier", "app")]);
        assert!(status == StatusCode::NOT_FOUND && text.contains("<Code>DBInstanceNotFound</Code>"), "{text}");
        let (status, text) = ask(&[("Action", "DescribeDBParameters"), ("DBParameterGroupName", "none of ours")]);
        assert!(status == StatusCode::NOT_FOUND && text.contains("<Code>DBParameterGroupNotFound</Code>"), "{text}");
        for (action, code) in [
            ("Describe<&Nothing", "InvalidAction"),
            ("", "InvalidAction"),
            ("DescribeEngineDefaultParameters", "InvalidParameterValue"),
        ] {
            let (status, text) = ask(&[("Action", action)]);
            assert!(status == StatusCode::BAD_REQUEST && text.contains(&format!("<Code>{code}</Code>")), "{text}");
        }
    }

    #[test]
    fn times_move_with_the_present() {
        let by = SignedDuration::from_hours(24 * 9 + 2);
        assert_eq!(moved("<A>2026-11-22T21:05:00Z</A>20 x", by), "<A>2026-12-01T23:05:00Z</A>20 x");
        assert_eq!(moved("rds:app-2026-11-21-22-05<", by), "rds:app-2026-12-01-00-05<");
        assert_eq!(moved("postgres 12.20, 2020-13-99, é20", by), "postgres 12.20, 2020-13-99, é20");
    }
}

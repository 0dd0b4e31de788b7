//! The throw-away servers that every other live test stands on.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "the functions here are parts of tests")]

mod support;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use pg_preflight::demo::{Server, ServerOptions, StartError};

/// The name of the test that is a child of another: it prints what it has and waits to be killed.
const CHILD: &str = "PG_PREFLIGHT_TEST_CHILD";

async fn boots(major: u64) {
    let server = support::server(major);
    let client = support::connect(server, "postgres").await;
    let row = client.query_one("select version(), current_setting('data_directory')", &[]).await.unwrap();
    let (version, data): (String, String) = (row.get(0), row.get(1));
    assert!(version.starts_with(&format!("PostgreSQL {}", server.version())), "{version}");
    assert_eq!(server.version().major(), major);
    assert_eq!(Path::new(&data), server.data_dir());
    client.batch_execute("create extension hstore").await.expect("contrib is there");
}

#[tokio::test]
async fn postgres_12() {
    boots(12).await;
}

#[tokio::test]
async fn postgres_14() {
    boots(14).await;
}

#[tokio::test]
async fn postgres_16() {
    boots(16).await;
}

#[tokio::test]
async fn postgres_17() {
    boots(17).await;
}

#[tokio::test]
async fn a_dropped_server_leaves_nothing() {
    let server = support::fresh_server(16);
    let (folder, pid) = traces(&server);
    assert!(folder.exists() && alive(pid));
    // An open session does not hold it up.
    let client = support::connect(&server, "postgres").await;
    tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
    assert!(client.simple_query("select 1").await.is_err());
    assert!(!folder.exists(), "{}", folder.display());
    assert!(!alive(pid));
}

#[test]
fn a_killed_process_leaves_nothing() {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "starts_a_server_and_waits", "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let said = lines.find_map(|line| line.split_once("server: ").map(|(_, said)| said.to_owned())).unwrap();
    let (pid, folder) = said.split_once(' ').unwrap();
    let (pid, folder): (u32, _) = (pid.parse().unwrap(), Path::new(folder));
    assert!(alive(pid) && folder.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let patience = Instant::now() + Duration::from_secs(30);
    while (alive(pid) || folder.exists()) && Instant::now() < patience {
        thread::sleep(Duration::from_millis(50));
    }
    assert!(!alive(pid), "the server outlives the process that started it");
    assert!(!folder.exists(), "{}", folder.display());
}

/// Does nothing unless [`a_killed_process_leaves_nothing`] runs it.
#[test]
fn starts_a_server_and_waits() {
    if env::var_os(CHILD).is_some() {
        let (folder, pid) = traces(support::server(16));
        println!("server: {pid} {}", folder.display());
        thread::sleep(Duration::from_mins(10));
    }
}

#[tokio::test]
async fn a_password_is_demanded_when_there_is_one() {
    let options = ServerOptions { password: Some("not the one".to_owned()), ..ServerOptions::default() };
    let server = Server::start(&support::binaries(16), &options).unwrap();
    assert!(tokio_postgres::connect(&server.url("postgres"), tokio_postgres::NoTls).await.is_err());
    assert!(!server.data_dir().parent().unwrap().join("password").exists());
}

#[test]
fn a_server_that_does_not_start_says_why() {
    let settings = vec![("wal_level".to_owned(), "sideways".to_owned())];
    let refused = Server::start(&support::binaries(16), &ServerOptions { settings, ..ServerOptions::default() });
    let Err(StartError::Exited { log, .. }) = refused else { panic!("it started") };
    assert!(log.contains("sideways"), "{log}");
}

fn traces(server: &Server) -> (PathBuf, u32) {
    (server.data_dir().parent().unwrap().to_owned(), server.pid().unwrap())
}

fn alive(pid: u32) -> bool {
    Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status().unwrap().success()
}

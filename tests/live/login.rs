//! Logging in: passwords, databases that are not there, and servers that are none.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use pg_preflight::checks::Registry;
use pg_preflight::collect::postgres::{Environment, Limits, Settings, collect};
use pg_preflight::demo::Server;
use pg_preflight::facts::Source;

use crate::support;
use crate::world::{
    ROLE, assert_answered, collected, create_database, entered, in_url, login, look_as, refusal, run, settings, world,
};

const PASSWORD: &str = "c@n/ary: p%ss\\wörd";

/// A server that demands SCRAM of everyone, and what its superuser is called with a password.
async fn guarded() -> Server {
    let server = support::fresh_server_with(16, &[], Some(PASSWORD));
    let admin = support::connect_as(&url(&server, "postgres", PASSWORD)).await;
    run(&admin, &format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'; GRANT pg_monitor TO {ROLE}")).await;
    server
}

fn url(server: &Server, user: &str, password: &str) -> String {
    format!("postgresql://{user}:{}@127.0.0.1:{}/postgres", in_url(password), server.port())
}

fn attempts(server: &Server) -> usize {
    let log = std::fs::read_to_string(server.data_dir().parent().unwrap().join("log")).unwrap();
    log.lines().filter(|line| line.contains("FATAL:  password authentication failed")).count()
}

#[tokio::test]
async fn a_password_works_and_a_wrong_one_is_told_but_not_shown() {
    let server = guarded().await;
    assert_answered(&look_as(&settings(&url(&server, ROLE, PASSWORD))).await, &[]);

    let without = format!("postgresql://{ROLE}@127.0.0.1:{}", server.port());
    let env = Environment::from([("PGPASSWORD".to_owned(), PASSWORD.to_owned())]);
    assert_answered(&look_as(&Settings::from_user(Some(&without), &env).unwrap().unwrap()).await, &[]);

    let folder = tempfile::tempdir().unwrap();
    let passfile = folder.path().join("pgpass");
    let escaped = PASSWORD.replace('\\', "\\\\").replace(':', "\\:");
    std::fs::write(&passfile, format!("127.0.0.1:{}:*:{ROLE}:{escaped}\n", server.port())).unwrap();
    let with_file = format!("{without}?passfile={}", in_url(&passfile.display().to_string()));
    assert_answered(&look_as(&settings(&with_file)).await, &[]);

    let before = attempts(&server);
    let wrong = "wr0ng c@nary";
    let no_database = url(&server, ROLE, wrong).replace("/postgres", "");
    let reason = refusal(&settings(&no_database), Limits::default()).await;
    assert_eq!(reason, format!("password authentication failed for user \"{ROLE}\" (SQLSTATE 28P01)"));
    assert_eq!(attempts(&server) - before, 1, "no second try on another database");
    let reason = refusal(&settings(&without), Limits::default()).await;
    assert!(reason.contains("password missing"), "{reason}");
    // A server may repeat what it was given.
    let named_so = url(&server, wrong, wrong).replace(&format!("{wrong}:"), &format!("{}:", in_url(wrong)));
    let reason = refusal(&settings(&named_so), Limits::default()).await;
    assert!(!reason.contains(wrong), "{reason}");
}

#[tokio::test]
async fn the_database_that_is_named_must_be_there() {
    let (server, admin) = world(16).await;
    let reason = refusal(&login(&server, "/nowhere"), Limits::default()).await;
    assert_eq!(reason, "database \"nowhere\" does not exist (SQLSTATE 3D000)");
    let nobody = settings(&format!("postgresql://nobody_here@127.0.0.1:{}", server.port()));
    assert!(refusal(&nobody, Limits::default()).await.contains("role \"nobody_here\" does not exist"));

    // Where none is named, any will do.
    run(&admin, "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC").await;
    let facts = look_as(&login(&server, "")).await;
    assert_eq!(entered(&facts).into_iter().collect::<Vec<_>>(), ["template1"]);
    let guess = Settings::from_endpoint("127.0.0.1", server.port(), Some(ROLE), Some("dropped"), &Environment::new());
    assert_eq!(entered(&look_as(&guess.unwrap()).await).len(), 1);
    create_database(&admin, "app").await;
    let guess = Settings::from_endpoint("127.0.0.1", server.port(), Some(ROLE), Some("app"), &Environment::new());
    assert_eq!(entered(&look_as(&guess.unwrap()).await).len(), 2);
}

/// A listener that does this to every connection.
fn listener(act: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().flatten().for_each(act));
    port
}

#[tokio::test]
async fn what_is_no_server_is_told_soon() {
    let limits = Limits { connect_timeout: Duration::from_millis(700), ..Limits::default() };
    let held = std::sync::Mutex::new(Vec::new());
    let silent = listener(move |stream| held.lock().unwrap().push(stream));
    let gone = listener(drop);
    let web = listener(|mut stream| {
        let mut request = [0; 8];
        let _ = stream.read(&mut request);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (port, words) in [(silent, "gave no answer within 700ms"), (gone, ""), (web, ""), (closed, "refused")] {
        for mode in ["disable", "prefer", "require"] {
            let started = Instant::now();
            let url = format!("postgresql://me:canary@127.0.0.1:{port}/?sslmode={mode}");
            let reason = refusal(&settings(&url), limits).await;
            assert!(reason.contains(words) && !reason.is_empty() && !reason.contains("canary"), "{reason}");
            assert!(started.elapsed() < Duration::from_millis(1500), "{mode}: {:?}", started.elapsed());
        }
    }
    let reason = refusal(&settings("postgresql://me@no-such-host.invalid/"), Limits::default()).await;
    assert!(reason.contains("lookup") || reason.contains("resolve"), "{reason}");
}

/// The network swallows everything after so many bytes of the server's.
#[tokio::test]
async fn a_connection_that_hangs_in_the_middle_is_unknown() {
    let (server, _admin) = world(16).await;
    let port = server.port();
    for bytes in [400, 900, 1500] {
        let held = std::sync::Mutex::new(Vec::new());
        let proxy = listener(move |client| {
            let upstream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut from, &mut to));
            let (upstream, mut back) = (upstream, client.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut upstream.take(bytes), &mut back));
            held.lock().unwrap().push(client);
        });
        let limits = Limits {
            connect_timeout: Duration::from_secs(1),
            statement_timeout: Duration::from_millis(300),
            ..Limits::default()
        };
        let started = Instant::now();
        let registry = Registry::built_in();
        let hanging = settings(&format!("postgresql://{ROLE}@127.0.0.1:{proxy}"));
        match collect(&hanging, &registry.queries(), limits, &|_| ()).await {
            Source::Unavailable { reason } => assert!(reason.contains("no answer within"), "{reason}"),
            source => {
                let facts = collected(source);
                let open = format!("{facts:?}");
                assert!(open.contains("no answer within"), "{open}");
                assert_eq!(facts.databases.len(), 2);
            }
        }
        assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    }
}

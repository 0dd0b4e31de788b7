//! Servers as RDS has them, with clients that come from elsewhere.

use std::net::SocketAddr;
use std::sync::LazyLock;

use pg_preflight::demo::Server;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

use crate::certified::{self, Authorities};
use crate::support;
use crate::world::{ROLE, run};

pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});

/// Where the clients come from: sessions of the server's own machine are not looked at.
pub(crate) const ELSEWHERE: &str = "127.0.0.2";

/// The server that tests share: PostgreSQL 16 that takes `app` by TLS only.
pub(crate) static FORCED: LazyLock<Place> = LazyLock::new(|| RUNTIME.block_on(Place::start(16, true)));

/// A server with TLS, with the role `app` for clients and [`ROLE`] for who looks.
pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) admin: Client,
    pub(crate) roots: Authorities,
    /// Of the way from elsewhere.
    port: u16,
}

impl Place {
    /// `rds.force_ssl` has RDS write `hostssl` instead of `host`.
    pub(crate) async fn start(major: u64, force_ssl: bool) -> Self {
        let server = support::fresh_server(major);
        let admin = support::connect(&server, "postgres").await;
        run(&admin, &format!("CREATE ROLE app LOGIN; CREATE ROLE {ROLE} LOGIN; GRANT pg_monitor TO {ROLE}")).await;
        let roots = certified::encrypt(&server, &admin, &["localhost"], &hba(force_ssl)).await;
        let port = from_elsewhere(server.port()).await;
        Self { server, admin, roots, port }
    }

    pub(crate) async fn set_force_ssl(&self, force_ssl: bool) {
        certified::let_in(&self.server, &self.admin, &hba(force_ssl)).await;
    }

    /// For clients: `query` is `?sslmode=…` or nothing.
    pub(crate) fn url(&self, query: &str) -> String {
        format!("postgresql://app@localhost:{}/postgres{query}", self.port)
    }

    /// The certificate of the issuer: what the bundle of RDS is to RDS.
    pub(crate) fn bundle(&self) -> String {
        std::fs::read_to_string(self.roots.path("ours.pem")).unwrap()
    }
}

fn hba(force_ssl: bool) -> String {
    let kind = if force_ssl { "hostssl" } else { "host" };
    format!("host all postgres,{ROLE} 127.0.0.1/32 trust\n{kind} all app {ELSEWHERE}/32 trust\n")
}

/// A port whose connections reach the server from [`ELSEWHERE`].
async fn from_elsewhere(server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(relay(client, server));
        }
    });
    port
}

async fn relay(mut client: TcpStream, server: u16) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(ELSEWHERE.parse().expect("an address"), 0))?;
    let mut server = socket.connect(SocketAddr::from(([127, 0, 0, 1], server))).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}

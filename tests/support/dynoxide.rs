//! A DynamoDB engine inside the test process: its own runtime thread, a loopback port, spoken to over the wire.
#![allow(dead_code, reason = "each test file uses its part of this one")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::net::TcpListener;
use std::path::Path;
use std::thread;

use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::tables::{KeyAttribute, TableDefinition};
use canvas_memory::dynamodb::{Credentials, DynamoClient, DynamoConfig, SharedCredentialsProvider};
use dynoxide::Database;
use tokio::sync::oneshot;

/// Stops the engine when dropped.
pub(crate) struct Dynoxide {
    /// Where it listens.
    pub(crate) endpoint: String,
    /// The database itself, to look past the wire.
    pub(crate) database: Database,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Dynoxide {
    /// Starts an empty engine.
    pub(crate) fn start() -> Self {
        Self::serve(Database::memory().unwrap())
    }

    /// Starts an engine on a file, which is made where it is missing.
    pub(crate) fn start_on(file: &Path) -> Self {
        Self::serve(Database::new(file.to_str().unwrap()).unwrap())
    }

    fn serve(database: Database) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let served = database.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                // Connections that the client keeps open would hold a graceful shutdown.
                tokio::select! {
                    () = dynoxide::server::serve_on(listener, served) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { endpoint, database, stop: Some(stop), thread: Some(thread) }
    }

    /// A client of this engine.
    pub(crate) fn client(&self, clock: Clock) -> DynamoClient {
        client_at(&self.endpoint, clock)
    }

    /// A client and a table with these keys.
    pub(crate) async fn table(
        &self,
        name: &str,
        partition_key: &str,
        sort_key: Option<&str>,
        clock: Clock,
    ) -> DynamoClient {
        let client = self.client(clock);
        let table =
            TableDefinition::new(name, KeyAttribute::text(partition_key), sort_key.map(KeyAttribute::text));
        table.create(&client).await.unwrap();
        client
    }
}

impl Drop for Dynoxide {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A client of any endpoint, with keys that mean nothing.
pub(crate) fn client_at(endpoint: &str, clock: Clock) -> DynamoClient {
    DynamoClient::new(config_at(endpoint, clock)).unwrap()
}

/// Its configuration.
pub(crate) fn config_at(endpoint: &str, clock: Clock) -> DynamoConfig {
    let keys = Credentials::new("AKIDTEST", "secret", None, None, "test");
    let mut config = DynamoConfig::new("us-east-1", SharedCredentialsProvider::new(keys));
    config.endpoint_url = Some(endpoint.to_owned());
    config.clock = clock;
    config
}

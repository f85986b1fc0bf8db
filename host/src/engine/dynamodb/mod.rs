//! The built-in DynamoDB engine: dynoxide in this process, behind the wire protocol of Amazon DynamoDB.
//!
//! Data lies in the SQLite file `dynamodb.sqlite`, in write-ahead mode with a sync at every commit: an acknowledged
//! write survives the death of the process and of the machine. DynamoDB's own time to live runs as a sweep.

mod dispatch;
mod http;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dynoxide::Database;
use secrecy::SecretString;

use super::guard::PageGuard;
use super::server::{self, Server};
use super::{ANY_LOOPBACK_PORT, EngineError, EngineStorage, secret};

const DATABASE_FILE: &str = "dynamodb.sqlite";
/// How long the engine rests after a sweep for expired items.
const SWEEP_REST: Duration = Duration::from_secs(60);
/// A sweep of a large table rests this many times as long as it worked, so that it never takes more than a tenth of
/// the engine's time.
const SWEEP_REST_RATIO: u32 = 9;

/// How a DynamoDB engine is to be started.
#[derive(Debug)]
pub struct DynamoDbOptions {
    /// Where its tables are kept.
    pub storage: EngineStorage,
    /// The address to listen on. Away from loopback the access key is the only protection: requests are not encrypted.
    pub listen: SocketAddr,
    /// The access key id that requests must be signed with; a random one when `None`.
    pub access_key: Option<SecretString>,
}

impl DynamoDbOptions {
    /// A free loopback port and a random access key.
    #[must_use]
    pub fn new(storage: EngineStorage) -> Self {
        Self { storage, listen: ANY_LOOPBACK_PORT, access_key: None }
    }
}

/// A running DynamoDB engine. Dropping it finishes the requests under way and closes the database.
///
/// Requests must carry [`access_key`](Self::access_key) as the access key id of their AWS signature; the signature
/// itself is not checked, and neither is the region.
#[derive(Debug)]
pub struct DynamoDbEngine {
    server: Server,
    access_key: SecretString,
    secret_access_key: SecretString,
}

impl DynamoDbEngine {
    /// Opens the database and starts to serve it, on threads of its own. Blocks while the file is opened.
    ///
    /// # Errors
    /// [`EngineError`] when the address is taken, or the database file cannot be opened.
    pub fn start(options: DynamoDbOptions) -> Result<Self, EngineError> {
        let DynamoDbOptions { storage, listen, access_key } = options;
        let access_key = secret::given_or_random(access_key, "access key")?;
        let listener = server::bind(listen)?;
        let database = open(&storage)?;
        let router = http::router(database.clone(), PageGuard::new(listen), access_key.clone());
        let sweep = sweep_regularly(database, storage.clone());
        let server = Server::start("dynamodb-engine", listener, router, sweep, storage)?;
        Ok(Self { server, access_key, secret_access_key: secret::random() })
    }

    /// The endpoint URL for a DynamoDB client, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.server.url()
    }

    /// The address that the engine listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The access key id that every request must be signed with.
    #[must_use]
    pub fn access_key(&self) -> &SecretString {
        &self.access_key
    }

    /// A secret access key to sign with, since clients need one. Any other is accepted as well.
    #[must_use]
    pub fn secret_access_key(&self) -> &SecretString {
        &self.secret_access_key
    }
}

fn open(storage: &EngineStorage) -> Result<Database, EngineError> {
    let open_error = |file: &str, reason: String| EngineError::Open { file: file.to_owned(), reason };
    match storage {
        EngineStorage::Memory => Database::memory().map_err(|error| open_error("memory", error.to_string())),
        EngineStorage::Directory(data_dir) => {
            let path = data_dir.private_file(DATABASE_FILE)?;
            let file = path.display().to_string();
            let Some(utf8_path) = path.to_str() else {
                return Err(open_error(&file, "its path is not UTF-8".to_owned()));
            };
            Database::new(utf8_path).map_err(|error| open_error(&file, error.to_string()))
        }
    }
}

/// dynoxide removes expired items only when it is told to. `storage` keeps the directory locked while a sweep works.
async fn sweep_regularly(database: Database, storage: EngineStorage) {
    loop {
        let (database, storage) = (database.clone(), storage.clone());
        let swept = tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            let result = database.sweep_ttl();
            drop(storage);
            (result, started.elapsed())
        });
        let Ok((result, worked)) = swept.await else { return };
        match result {
            Ok(0) => {}
            Ok(items) => tracing::debug!(items, "removed expired items"),
            Err(error) => {
                tracing::warn!(%error, "the sweep for expired items failed and will be tried again")
            }
        }
        tokio::time::sleep(SWEEP_REST.max(worked.saturating_mul(SWEEP_REST_RATIO))).await;
    }
}

//! An endpoint that speaks Upstash's REST protocol, in front of the built-in database or of a real Redis or Valkey.

mod backend;
mod builtin;
mod http;
mod redis;
mod reply;
mod request;
mod shebang;

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::HeaderValue;
use secrecy::SecretString;
use uuid::Uuid;

use self::backend::Backend;
use self::builtin::BuiltIn;
use self::http::Endpoint;
use self::redis::Redis;
use super::clock::{Clock, SystemClock};
use super::guard::PageGuard;
use super::server::{self, Server};
use super::{ANY_LOOPBACK_PORT, EngineError, EngineStorage, secret};

/// Upstash's request limit on its larger plans.
pub const DEFAULT_MAX_REQUEST_BYTES: usize = 10 * 1024 * 1024;

/// What keeps the data of an Upstash endpoint.
#[derive(Debug)]
#[non_exhaustive]
pub enum UpstashBackend {
    /// The built-in database.
    BuiltIn(EngineStorage),
    /// A real Redis or Valkey, by its URL, such as `redis://127.0.0.1:6379/0`. The URL may hold a password.
    Redis(SecretString),
}

/// How an Upstash endpoint is to be started.
#[derive(Debug)]
pub struct UpstashOptions {
    /// What keeps the data.
    pub backend: UpstashBackend,
    /// The address to listen on. Away from loopback the token is the only protection: requests are not encrypted.
    pub listen: SocketAddr,
    /// The token for everything; a random one when `None`.
    pub token: Option<SecretString>,
    /// A second token that only reads.
    pub read_only_token: Option<SecretString>,
    /// The longest request body, in bytes.
    pub max_request_bytes: usize,
    /// What time it is for the built-in database.
    pub clock: Arc<dyn Clock>,
}

impl UpstashOptions {
    /// A free loopback port, a random token, no read-only token, requests of up to 10 MiB.
    #[must_use]
    pub fn new(backend: UpstashBackend) -> Self {
        Self {
            backend,
            listen: ANY_LOOPBACK_PORT,
            token: None,
            read_only_token: None,
            max_request_bytes: DEFAULT_MAX_REQUEST_BYTES,
            clock: Arc::new(SystemClock),
        }
    }
}

/// A running Upstash endpoint. Dropping it finishes the requests under way and closes the database.
#[derive(Debug)]
pub struct UpstashEngine {
    server: Server,
    token: SecretString,
}

impl UpstashEngine {
    /// Opens the database, or connects to Redis, and starts to serve it on threads of its own. Blocks meanwhile.
    ///
    /// # Errors
    /// [`EngineError`] when the address is taken, the database file cannot be opened, Redis cannot be reached, or an
    /// option makes no sense.
    pub fn start(options: UpstashOptions) -> Result<Self, EngineError> {
        let UpstashOptions { backend, listen, token, read_only_token, max_request_bytes, clock } = options;
        let token = secret::given_or_random(token, "token")?;
        let read_only_token = match read_only_token {
            Some(given) => Some(secret::given_or_random(Some(given), "read-only token")?),
            None => None,
        };
        let listener = server::bind(listen)?;
        let endpoint = |backend: Arc<dyn Backend>| {
            http::router(Endpoint {
                backend,
                guard: PageGuard::new(listen),
                token: token.clone(),
                read_only_token,
                max_request_bytes,
                sync_token: sync_token(),
            })
        };
        let server = match backend {
            UpstashBackend::BuiltIn(storage) => {
                let database = Arc::new(BuiltIn::start(storage, clock)?);
                let sweep = Arc::clone(&database).sweep_regularly();
                Server::start("upstash-engine", listener, endpoint(database), sweep, ())?
            }
            UpstashBackend::Redis(url) => {
                let redis = Arc::new(Redis::start(&url)?);
                Server::start("upstash-engine", listener, endpoint(redis), pending(), ())?
            }
        };
        Ok(Self { server, token })
    }

    /// The base URL for an Upstash client, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The address that the endpoint listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The token for everything.
    #[must_use]
    pub fn token(&self) -> &SecretString {
        &self.token
    }
}

fn sync_token() -> HeaderValue {
    HeaderValue::try_from(Uuid::new_v4().simple().to_string()).unwrap_or(HeaderValue::from_static("0"))
}

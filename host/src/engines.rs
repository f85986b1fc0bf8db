//! The databases that this program carries, started when a node first asks for one.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use canvas_memory::declare::{BuiltinDynamoDb, BuiltinEngines, BuiltinUpstash, Secret};
use canvas_memory::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};

use crate::data_dir::LazyDataDir;
use crate::engine::EngineStorage;
use crate::engine::dynamodb::{DynamoDbEngine, DynamoDbOptions};
use crate::engine::upstash::{UpstashBackend, UpstashEngine, UpstashOptions};

/// The engines on one data directory. Dropping it stops them.
#[derive(Debug)]
pub struct Engines {
    data_dir: LazyDataDir,
    redis: Option<SecretString>,
    dynamodb: Mutex<Option<DynamoDbEngine>>,
    upstash: Mutex<Option<UpstashEngine>>,
}

/// Starts one engine.
type Start = fn(&Engines) -> Result<()>;

impl Engines {
    /// Engines that keep their data in `data_dir`; with the URL of a Redis or Valkey, the Upstash endpoint stands in
    /// front of that and keeps nothing of its own.
    #[must_use]
    pub fn new(data_dir: LazyDataDir, redis: Option<SecretString>) -> Self {
        Self { data_dir, redis, dynamodb: Mutex::default(), upstash: Mutex::default() }
    }

    /// Starts both engines, each on a thread of its own; who asks for one meanwhile waits for it. What fails is tried
    /// again, and told, when a node asks.
    ///
    /// # Errors
    /// `Unavailable` when no threads can be started.
    pub fn start(self: &Arc<Self>) -> Result<Vec<JoinHandle<()>>> {
        let starts: [(&'static str, Start); 2] = [
            ("dynamodb", |engines| engines.dynamodb().map(drop)),
            ("upstash", |engines| engines.upstash().map(drop)),
        ];
        let spawn = |(name, start): (_, Start)| {
            let engines = Arc::clone(self);
            let work = move || {
                if let Err(error) = start(&engines) {
                    tracing::warn!(engine = name, %error, "a built-in engine did not start");
                }
            };
            std::thread::Builder::new().name(format!("start-{name}")).spawn(work).map_err(|error| {
                Error::new(ErrorKind::Unavailable, "no threads can be started").with_source(error)
            })
        };
        starts.into_iter().map(spawn).collect()
    }

    fn storage(&self) -> Result<EngineStorage> {
        Ok(EngineStorage::Directory(self.data_dir.open()?))
    }
}

impl BuiltinEngines for Engines {
    fn dynamodb(&self) -> Result<BuiltinDynamoDb> {
        let mut engine = self.dynamodb.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = match &mut *engine {
            Some(engine) => engine,
            None => engine.insert(DynamoDbEngine::start(DynamoDbOptions::new(self.storage()?))?),
        };
        Ok(BuiltinDynamoDb {
            endpoint: engine.endpoint(),
            access_key: Secret::new(engine.access_key().expose_secret()),
            secret_key: Secret::new(engine.secret_access_key().expose_secret()),
        })
    }

    fn upstash(&self) -> Result<BuiltinUpstash> {
        let mut engine = self.upstash.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = match &mut *engine {
            Some(engine) => engine,
            None => {
                let backend = match &self.redis {
                    Some(url) => UpstashBackend::Redis(url.clone()),
                    None => UpstashBackend::BuiltIn(self.storage()?),
                };
                engine.insert(UpstashEngine::start(UpstashOptions::new(backend))?)
            }
        };
        Ok(BuiltinUpstash { url: engine.url(), token: Secret::new(engine.token().expose_secret()) })
    }
}

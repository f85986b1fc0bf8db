//! The host's parts, put together once: what the API, `serve` and the commands on this machine work with.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use async_trait::async_trait;
use canvas_memory::declare::{ConnectContext, Credential, EndpointPolicy, OperatorPolicy};
use canvas_memory::flow::CredentialSource;
use canvas_memory::registry::Registry;
use canvas_memory::{Error, ErrorKind, Result};
use secrecy::SecretString;

use crate::data_dir::{DataDir, LazyDataDir};
use crate::engines::Engines;
use crate::runs::{Connections, RunLimits, Runs};
use crate::state::{FileStateStore, StateStore, first_flows};
use crate::vault::{KeySource, Vault};

/// How a host is to be put together.
#[derive(Debug)]
pub struct AppOptions {
    /// Where everything is kept: flows, sealed credentials, the engines' data.
    pub data_dir: PathBuf,
    /// The key that credentials are sealed with.
    pub key: KeySource,
    /// Keys that credentials may still be sealed with, after a rotation that was interrupted.
    pub previous_keys: Vec<KeySource>,
    /// What an endpoint that a user typed may be.
    pub endpoints: Arc<dyn EndpointPolicy>,
    /// Whether a credential may stand for this machine's own AWS identity.
    pub uses_machine_identity: bool,
    /// How much runs may take.
    pub run_limits: RunLimits,
    /// The URL of a Redis or Valkey for the built-in Upstash endpoint to stand in front of.
    pub redis: Option<SecretString>,
}

impl AppOptions {
    /// A host on `data_dir`, as careful as one that others reach: public https endpoints, no machine identity.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>, key: KeySource) -> Self {
        Self {
            data_dir: data_dir.into(),
            key,
            previous_keys: Vec::new(),
            endpoints: Arc::new(OperatorPolicy::default()),
            uses_machine_identity: false,
            run_limits: RunLimits::default(),
            redis: None,
        }
    }
}

/// A host: registry, engines, credentials, flows. Clones share it; it ends with the last one.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    registry: Registry,
    context: ConnectContext,
    vault: Arc<Vault>,
    state: Arc<dyn StateStore>,
    connections: Connections,
    runs: Runs,
    data_dir: DataDir,
    starting: Vec<JoinHandle<()>>,
}

impl App {
    /// Opens and locks the data directory, opens vault and flows, and starts both engines on threads of their own. An engine
    /// that does not start is an error where it is used. Blocks on the disk.
    ///
    /// # Errors
    /// `Storage` when another process has the directory, or the disk fails; as [`Vault::open`] when sealed credentials
    /// have lost their key.
    pub fn open(options: AppOptions) -> Result<Self> {
        let lazy = LazyDataDir::new(&options.data_dir);
        let data_dir = lazy.open()?;
        let vault = Vault::open_with_previous(data_dir.path(), options.key, &options.previous_keys)?;
        let state = Arc::new(FileStateStore::open(data_dir.path(), &first_flows())?);
        let engines = Arc::new(Engines::new(lazy, options.redis));
        let starting = engines.start()?;
        let context = ConnectContext {
            engines,
            endpoints: options.endpoints,
            uses_machine_identity: options.uses_machine_identity,
            ..ConnectContext::default()
        };
        let registry = Registry::collect();
        Ok(Self(Arc::new(Parts {
            registry,
            context,
            vault: Arc::new(vault),
            state,
            connections: Connections::default(),
            runs: Runs::new(options.run_limits),
            data_dir,
            starting,
        })))
    }

    /// All node and credential types.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// What nodes connect with.
    #[must_use]
    pub fn context(&self) -> &ConnectContext {
        &self.0.context
    }

    /// The sealed credentials. Its calls block on the disk: see [`App::with_vault`].
    #[must_use]
    pub fn vault(&self) -> &Arc<Vault> {
        &self.0.vault
    }

    /// The saved flows.
    #[must_use]
    pub fn state(&self) -> &Arc<dyn StateStore> {
        &self.0.state
    }

    /// Flows that are connected, ready to run.
    #[must_use]
    pub fn connections(&self) -> &Connections {
        &self.0.connections
    }

    /// The runs at work and those that have ended.
    #[must_use]
    pub fn runs(&self) -> &Runs {
        &self.0.runs
    }

    /// The locked data directory.
    #[must_use]
    pub fn data_dir(&self) -> &DataDir {
        &self.0.data_dir
    }

    /// Works with the vault on a thread that may block.
    ///
    /// # Errors
    /// Whatever `work` fails with.
    pub async fn with_vault<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Vault) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let vault = self.0.vault.clone();
        tokio::task::spawn_blocking(move || work(&vault)).await.unwrap_or_else(|error| {
            let message = "work with the credentials ended unfinished; report this as a defect";
            Err(Error::new(ErrorKind::Unavailable, message).with_source(error))
        })
    }
}

/// The saved credentials.
#[async_trait]
impl CredentialSource for App {
    async fn credential(&self, id: &str) -> Result<Credential> {
        let id = id.to_owned();
        self.with_vault(move |vault| vault.get(&id).map(Into::into)).await
    }
}

impl Drop for Parts {
    /// The threads that start the engines hold the data directory, which is to be free when this returns.
    fn drop(&mut self) {
        for starting in self.starting.drain(..) {
            if starting.join().is_err() {
                tracing::error!("an engine's start panicked");
            }
        }
    }
}

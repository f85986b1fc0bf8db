//! Flows that are connected, kept while neither document nor credentials change: a run then starts at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use canvas_memory::Result;
use canvas_memory::chain::Chain;
use canvas_memory::declare::Credential;
use canvas_memory::flow::{self, CredentialSource, Flow};
use serde_json::Value;

use crate::app::App;

/// Connected flows that are kept; the one that was not used for longest goes first.
const KEPT: usize = 64;

/// Connected flows.
#[derive(Debug, Default)]
pub struct Connections(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    flows: HashMap<Key, (Runnable, u64)>,
    /// Counts the uses.
    uses: u64,
}

/// What a connected flow was made from: the state of its document, and the revision of each credential that it names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    document: String,
    credentials: Vec<(String, Option<u64>)>,
}

/// A flow that can be run.
#[derive(Clone, Debug)]
pub struct Runnable {
    /// What answers.
    pub chain: Arc<dyn Chain>,
    /// The title of the memory that it keeps turns in.
    pub memory: Option<String>,
    key: Key,
}

impl Connections {
    /// The flow, connected. `document` tells this state of it from every other.
    ///
    /// # Errors
    /// As [`flow::connect`].
    pub async fn get(&self, app: &App, flow: &Flow, document: String) -> Result<Runnable> {
        let ids: BTreeSet<_> = flow.nodes.iter().filter_map(|node| node.credential.clone()).collect();
        let credentials = Fetched::fetch(app, ids.clone()).await?;
        let revision = |id: &String| credentials.found.get(id).map(Credential::revision);
        let revisions = ids.iter().map(|id| (id.clone(), revision(id))).collect();
        let key = Key { document, credentials: revisions };
        if let Some(runnable) = self.kept(|kept| kept.find(&key)) {
            return Ok(runnable);
        }
        let connected = flow::connect(flow, app.registry(), &credentials, app.context()).await?;
        let memory = connected.memories.keys().next().and_then(|id| {
            let schema = app.registry().node_schema(&flow.node(id)?.node_type)?;
            schema.get("title").and_then(Value::as_str).map(str::to_owned)
        });
        let runnable = Runnable { chain: connected.chain, memory, key };
        self.kept(|kept| kept.add(runnable.clone()));
        Ok(runnable)
    }

    /// Lets a connected flow go, so that the next run connects it anew.
    pub fn forget(&self, runnable: &Runnable) {
        self.kept(|kept| kept.flows.remove(&runnable.key));
    }

    /// Lets every flow go that names this credential.
    pub fn forget_credential(&self, id: &str) {
        self.kept(|kept| kept.flows.retain(|key, _| key.credentials.iter().all(|(named, _)| named != id)));
    }

    fn kept<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn find(&mut self, key: &Key) -> Option<Runnable> {
        self.uses += 1;
        let (runnable, used) = self.flows.get_mut(key)?;
        *used = self.uses;
        Some(runnable.clone())
    }

    fn add(&mut self, runnable: Runnable) {
        self.uses += 1;
        self.flows.insert(runnable.key.clone(), (runnable, self.uses));
        if self.flows.len() > KEPT {
            let oldest = self.flows.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.flows.remove(&key);
            }
        }
    }
}

/// The credentials that a flow names, as far as they can be opened. Asking for another tells why it can't.
#[derive(Debug)]
struct Fetched {
    app: App,
    found: BTreeMap<String, Credential>,
}

impl Fetched {
    async fn fetch(app: &App, ids: BTreeSet<String>) -> Result<Self> {
        let app = app.clone();
        if ids.is_empty() {
            return Ok(Self { app, found: BTreeMap::new() });
        }
        let found = app.with_vault(move |vault| {
            let open = |id: String| vault.get(&id).ok().map(|opened| (id, opened.into()));
            Ok(ids.into_iter().filter_map(open).collect())
        });
        Ok(Self { found: found.await?, app })
    }
}

#[async_trait]
impl CredentialSource for Fetched {
    async fn credential(&self, id: &str) -> Result<Credential> {
        match self.found.get(id) {
            Some(credential) => Ok(credential.clone()),
            None => self.app.credential(id).await,
        }
    }
}

//! From a document to live nodes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::{BoxFuture, try_join_all};
use serde_json::Value;

use super::credentials::CredentialSource;
use super::document::Flow;
use super::graph::Graph;
use super::upgrade::current_inputs;
use crate::chain::Chain;
use crate::declare::{ConnectArgs, ConnectContext, Connected, Health, Instance};
use crate::error::{Error, ErrorKind, Result};
use crate::memory::ChatMemory;
use crate::registry::Registry;

/// A flow that can be run: its chain, and all that the chain stands on.
pub struct ConnectedFlow {
    /// What answers.
    pub chain: Arc<dyn Chain>,
    /// The id of its node.
    pub chain_node: String,
    /// The memories, by the ids of their nodes.
    pub memories: BTreeMap<String, Arc<ChatMemory>>,
    /// The health checks, by the ids of the nodes. Nothing is checked until one is polled.
    pub healths: BTreeMap<String, BoxFuture<'static, Result<Health>>>,
}

impl fmt::Debug for ConnectedFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectedFlow")
            .field("chain_node", &self.chain_node)
            .field("memories", &self.memories.keys())
            .field("healths", &self.healths.keys())
            .finish_non_exhaustive()
    }
}

/// Connects the flow's chain and all that it stands on. Other nodes are left alone.
///
/// Nodes that do not stand on each other connect at once.
///
/// # Errors
/// `InvalidInput` for whatever [`Flow::problems`] reports on the nodes in question, and whatever a node fails to connect
/// with. The error's context names the `node`.
pub async fn connect(
    flow: &Flow,
    registry: &Registry,
    credentials: &dyn CredentialSource,
    context: &ConnectContext,
) -> Result<ConnectedFlow> {
    let connecting = async {
        flow.check_counts()?;
        let graph = Graph::of(flow);
        let at = graph.chain(registry).map_err(|problem| problem.to_error())?;
        let mut live = Bench { graph: &graph, registry, credentials, context }.connect(at).await?;
        let chain_node = graph.id(at).to_owned();
        let chain = match live.get(&at) {
            Some(connected) => connected.chain().map_err(|error| error.with("node", &chain_node))?,
            None => return Err(Error::new(ErrorKind::NotFound, "the flow has no chain; add one")),
        };
        let mut memories = BTreeMap::new();
        let mut healths = BTreeMap::new();
        while let Some((at, connected)) = live.pop_first() {
            let id = graph.id(at).to_owned();
            if let Instance::Memory(memory) = connected.instance {
                memories.insert(id.clone(), memory);
            }
            healths.insert(id, connected.health);
        }
        Ok(ConnectedFlow { chain, chain_node, memories, healths })
    };
    connecting.await.map_err(|error: Error| error.in_operation("connect"))
}

/// Connects one node and all that it stands on: for its health, its sessions or its choices.
///
/// # Errors
/// `NotFound` when the flow has no such node; else as [`connect`].
pub async fn connect_node(
    flow: &Flow,
    node: &str,
    registry: &Registry,
    credentials: &dyn CredentialSource,
    context: &ConnectContext,
) -> Result<Connected> {
    let connecting = async {
        flow.check_counts()?;
        let graph = Graph::of(flow);
        let missing = || {
            let message = "the flow has no node with this id; it may have been removed";
            Error::new(ErrorKind::NotFound, message).with("node", node)
        };
        let at = graph.at(node).ok_or_else(missing)?;
        let mut live = Bench { graph: &graph, registry, credentials, context }.connect(at).await?;
        live.remove(&at).ok_or_else(missing)
    };
    connecting.await.map_err(|error| error.in_operation("connect"))
}

/// What nodes are connected with.
struct Bench<'a> {
    graph: &'a Graph<'a>,
    registry: &'a Registry,
    credentials: &'a dyn CredentialSource,
    context: &'a ConnectContext,
}

impl Bench<'_> {
    /// The node at `at` and all that it stands on, alive.
    async fn connect(&self, at: usize) -> Result<BTreeMap<usize, Connected>> {
        let nodes = self.graph.foundations(at);
        if let Some(problem) = self.graph.hindrance(self.registry, &nodes) {
            return Err(problem.to_error());
        }
        let groups = self.graph.in_order(&nodes).map_err(|cycle| self.graph.cycle(&cycle).to_error())?;
        let mut live = BTreeMap::new();
        // Health checks can't be shared between threads; whoever stands on a node needs its instance alone.
        let mut instances = BTreeMap::new();
        for group in groups {
            let connecting = group.iter().map(|&at| self.connect_one(at, &instances));
            let connected = try_join_all(connecting).await?;
            for (at, connected) in group.into_iter().zip(connected) {
                instances.insert(at, connected.instance.clone());
                live.insert(at, connected);
            }
        }
        Ok(live)
    }

    /// One node, when all that it stands on is alive.
    async fn connect_one(&self, at: usize, live: &BTreeMap<usize, Instance>) -> Result<Connected> {
        let (Some(node), Some(entry)) = (self.graph.node(at), self.graph.entry(self.registry, at)) else {
            return Err(Error::new(ErrorKind::Unsupported, "the node's type is unknown here"));
        };
        let connecting = async {
            let mut args = ConnectArgs::new(self.context);
            if let Some(id) = &node.credential {
                args = args.with_credential(self.credentials.credential(id).await?);
            }
            for link in self.graph.incoming(at) {
                if let Some(instance) = live.get(&link.source) {
                    args = args.with_port(&link.edge.target_handle, instance.clone());
                }
            }
            let inputs = current_inputs(node, entry).map_err(|problem| problem.to_error())?.into_owned();
            self.registry.connect_json(&node.node_type, &Value::Object(inputs), args).await
        };
        connecting.await.map_err(|error: Error| error.with("node", &node.id))
    }
}

//! The reference graph: everything in this process, nothing durable.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::node::object;
use super::*;
use crate::clock::Clock;
use crate::store::PageToken;
use crate::usage::Usage;

/// Keeps graphs in the memory of this process: for tests, and as the plainest statement of what a graph store does.
///
/// Clones share their nodes. It costs nothing, so its [`Usage`] is all zeros.
#[derive(Clone, Default)]
pub struct InProcessGraph {
    graphs: Arc<Mutex<HashMap<Scope, Graph>>>,
    clock: Clock,
}

#[derive(Default)]
struct Graph {
    nodes: BTreeMap<NodeId, Node>,
    edges: BTreeMap<EdgeId, Edge>,
}

impl InProcessGraph {
    /// A store without nodes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same nodes under another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Scope, Graph>> {
        self.graphs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, scope: &Scope, act: impl FnOnce(&mut Graph) -> T) -> T {
        act(self.lock().entry(scope.clone()).or_default())
    }
}

impl fmt::Debug for InProcessGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessGraph").field("scopes", &self.lock().len()).finish()
    }
}

/// What tokens of this store begin with.
const AFTER: &str = "after:";

/// The rows after the one that `page` names, and where the next page begins.
fn cut<T>(rows: Vec<T>, page: &Page, id: impl Fn(&T) -> &str) -> Result<(Vec<T>, Option<PageToken>)> {
    let after = match page.token.as_ref().map(|token| token.0.strip_prefix(AFTER)) {
        None => None,
        Some(Some(after)) => Some(after),
        Some(None) => {
            let problem = "is not one of this listing; start with the first page";
            return Err(Error::invalid_input("page", problem));
        }
    };
    let mut rows: Vec<T> = rows.into_iter().filter(|row| after.is_none_or(|after| id(row) > after)).collect();
    let limit = page.limit.get() as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| PageToken(format!("{AFTER}{}", id(row))));
    Ok((rows, next))
}

fn page_of(edges: Vec<Edge>, page: &Page) -> Result<EdgePage> {
    let (edges, next) = cut(edges, page, |edge| edge.id.as_str())?;
    Ok(EdgePage { edges, next, ..EdgePage::default() })
}

fn is_same(edge: &Edge, key: &EdgeKey) -> bool {
    edge.source == key.source && edge.target == key.target && edge.relationship_type == key.relationship_type
}

#[async_trait]
impl GraphStore for InProcessGraph {
    fn capabilities(&self) -> GraphCapabilities {
        GraphCapabilities {
            layout: "in-process/graph",
            word_search: true,
            edges_by_age: false,
            edges_of_type_lag: false,
            list_reads_everything: false,
        }
    }

    async fn put_nodes(&self, scope: &Scope, nodes: Vec<NewNode>) -> Result<NodesPut> {
        let mut ids = HashSet::new();
        let mut nodes = nodes;
        for node in &mut nodes {
            node.metadata = object("metadata", node.metadata.take())?;
            if !ids.insert(node.id.clone()) {
                return Err(Error::invalid_input("nodes", "holds one node twice; give each once"));
            }
        }
        let now = self.clock.epoch_secs();
        let outcomes = self.with(scope, |graph| {
            let put = |NewNode { id, content, metadata }| match graph.nodes.get(&id) {
                Some(node) => Put::Existed(node.clone()),
                None => {
                    let created_at_epoch_secs = Some(now);
                    let node =
                        Node { id, content, metadata, created_at_epoch_secs, updated_at_epoch_secs: None };
                    graph.nodes.insert(node.id.clone(), node.clone());
                    Put::Created(node)
                }
            };
            nodes.into_iter().map(put).collect()
        });
        Ok(NodesPut { outcomes, usage: Usage::default() })
    }

    async fn nodes(&self, scope: &Scope, ids: &[NodeId]) -> Result<NodesRead> {
        let mut read = NodesRead::default();
        self.with(scope, |graph| {
            for id in ids {
                match graph.nodes.get(id) {
                    Some(node) => read.nodes.push(node.clone()),
                    None => read.missing.push(id.clone()),
                }
            }
        });
        Ok(read)
    }

    async fn update_node(&self, scope: &Scope, id: &NodeId, change: NodeChange) -> Result<NodeUpdated> {
        if let Change::Set(metadata) = &change.metadata {
            object("metadata", Some(metadata.clone()))?;
        }
        let now = self.clock.epoch_secs();
        self.with(scope, |graph| {
            let node = graph.nodes.get_mut(id).ok_or_else(no_such_node)?;
            if change != NodeChange::default() {
                *node = change.applied_to(node, now)?;
            }
            Ok(NodeUpdated { node: node.clone(), usage: Usage::default() })
        })
    }

    async fn delete_node(&self, scope: &Scope, id: &NodeId) -> Result<NodeDeleted> {
        Ok(self.with(scope, |graph| {
            let existed = graph.nodes.remove(id).is_some();
            let before = graph.edges.len();
            graph.edges.retain(|_, edge| edge.source != *id && edge.target != *id);
            let edges = (before - graph.edges.len()) as u64;
            NodeDeleted { existed, edges, ..NodeDeleted::default() }
        }))
    }

    async fn list_nodes(&self, scope: &Scope, page: Page) -> Result<NodePage> {
        let nodes = self.with(scope, |graph| graph.nodes.values().cloned().collect());
        let (nodes, next) = cut(nodes, &page, |node: &Node| node.id.as_str())?;
        Ok(NodePage { nodes, next, ..NodePage::default() })
    }

    async fn link(&self, scope: &Scope, link: Link) -> Result<Linked> {
        let Link { key, properties, between_existing } = link;
        let properties = object("properties", properties)?;
        let id = key.edge_id();
        let now = self.clock.epoch_secs();
        self.with(scope, |graph| {
            let there = |node| graph.nodes.contains_key(node);
            if between_existing && !(there(&key.source) && there(&key.target)) {
                return Err(no_such_node());
            }
            if let Some(edge) = graph.edges.get(&id) {
                let duplicate = || Linked { edge: edge.clone(), duplicate: true, usage: Usage::default() };
                return if is_same(edge, &key) { Ok(duplicate()) } else { Err(other_edge()) };
            }
            let EdgeKey { source, relationship_type, target, .. } = key;
            let created_at_epoch_secs = Some(now);
            let edge = Edge { id, source, relationship_type, target, properties, created_at_epoch_secs };
            graph.edges.insert(edge.id.clone(), edge.clone());
            Ok(Linked { edge, duplicate: false, usage: Usage::default() })
        })
    }

    async fn unlink(&self, scope: &Scope, edge: &EdgeKey) -> Result<Unlinked> {
        let id = edge.edge_id();
        self.with(scope, |graph| match graph.edges.get(&id) {
            Some(there) if !is_same(there, edge) => Err(other_edge()),
            there => {
                let existed = there.is_some();
                graph.edges.remove(&id);
                Ok(Unlinked { existed, usage: Usage::default() })
            }
        })
    }

    async fn edges(&self, scope: &Scope, node: &NodeId, which: &EdgesOf) -> Result<EdgePage> {
        let EdgesOf { direction, types, page } = which;
        let wanted = |edge: &&Edge| {
            let outgoing = *direction != Direction::Incoming && edge.source == *node;
            let incoming = *direction != Direction::Outgoing && edge.target == *node;
            (outgoing || incoming) && (types.is_empty() || types.contains(&edge.relationship_type))
        };
        let edges = self.with(scope, |graph| graph.edges.values().filter(wanted).cloned().collect());
        page_of(edges, page)
    }

    async fn edges_of_type(
        &self,
        scope: &Scope,
        relationship_type: &RelationshipType,
        page: Page,
    ) -> Result<EdgePage> {
        let wanted = |edge: &&Edge| edge.relationship_type == *relationship_type;
        let edges = self.with(scope, |graph| graph.edges.values().filter(wanted).cloned().collect());
        page_of(edges, &page)
    }

    async fn search(&self, scope: &Scope, text: &str, limit: NonZeroU32) -> Result<Hits> {
        let nodes: Vec<Node> = self.with(scope, |graph| graph.nodes.values().cloned().collect());
        let mut hits = search::hits(text, nodes);
        let truncated = hits.len() > limit.get() as usize;
        hits.truncate(limit.get() as usize);
        Ok(Hits { hits, truncated, ..Hits::default() })
    }
}

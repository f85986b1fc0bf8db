//! What a graph memory keeps: nodes, each a fact or a thing with a name, and typed edges between them.
//!
//! A [`GraphStore`] is a layout on a connected client, as a [`ChatStore`](crate::store::ChatStore) is. What each promises is
//! spelled out, and checked on any of them, in [`conformance`].

mod changes;
pub mod conformance;
mod edge;
mod facts;
mod ids;
mod in_process;
mod memory;
mod names;
mod near;
pub(crate) mod node;
pub mod provenance;
pub(crate) mod search;
mod tools;
mod walk;
pub mod words;

use std::fmt;
use std::num::NonZeroU32;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::session::Scope;
use crate::store::Page;

pub use self::changes::Recorded;
pub use self::edge::{
    Direction, Edge, EdgeKey, EdgePage, EdgesOf, Identity, Link, Linked, Neighbour, Neighbours, Unlinked,
};
pub use self::facts::{About, Fact, Facts};
pub use self::ids::{EdgeId, NodeId, RelationshipType};
pub use self::in_process::InProcessGraph;
pub use self::memory::{GraphMemory, GraphOptions};
pub use self::node::{
    Change, NewNode, Node, NodeChange, NodeDeleted, NodePage, NodePut, NodeRead, NodeUpdated, NodesPut,
    NodesRead, Put,
};
pub use self::search::{Hit, Hits};
pub use self::walk::{Limit, NearbyNode, Neighbourhood, Path, Paths, Walk, WalkLimits};

/// What a graph store can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GraphCapabilities {
    /// The layout's name, such as `dynamodb/mem0-graph`.
    pub layout: &'static str,
    /// Whether [`GraphStore::search`] goes by the words of a node too, and not by names alone.
    pub word_search: bool,
    /// Whether [`GraphStore::edges_of_type`] gives the oldest edges first.
    pub edges_by_age: bool,
    /// Whether an acknowledged edge may be missing from [`GraphStore::edges_of_type`] for a moment.
    pub edges_of_type_lag: bool,
    /// Whether a page of [`GraphStore::list_nodes`] reads everything on its way, other scopes' nodes too.
    pub list_reads_everything: bool,
}

/// Keeps nodes and the edges between them, each scope's apart from all others'.
///
/// Each result and error carries [`Usage`](crate::usage::Usage). A write whose reply was lost is
/// [`UnknownWrite`](ErrorKind::UnknownWrite), and the same call is safe to make again. What can't be read is told by its key,
/// hides nothing else, and is never overwritten.
#[async_trait]
pub trait GraphStore: fmt::Debug + Send + Sync {
    /// What this store can do.
    fn capabilities(&self) -> GraphCapabilities;

    /// Puts nodes where none of their ids is yet; a node that is there already is left as it is, and told. Outcomes come in
    /// the order of `nodes`. A failure in the middle leaves the nodes before it stored.
    ///
    /// # Errors
    /// `InvalidInput` when an id comes twice or metadata is no JSON object; `TooLarge`; `UnknownWrite`.
    async fn put_nodes(&self, scope: &Scope, nodes: Vec<NewNode>) -> Result<NodesPut>;

    /// Reads nodes by their ids, in the order of `ids`; those that are not there are left out and named.
    ///
    /// # Errors
    /// `Unavailable` and the like.
    async fn nodes(&self, scope: &Scope, ids: &[NodeId]) -> Result<NodesRead>;

    /// Changes content or metadata of a node. What the change keeps stays as it is, also against another writer.
    ///
    /// # Errors
    /// `NotFound` when there is no such node, and then none is made; `Conflict` when its content is not the one that the
    /// change expects; `Corrupt` when what is there can't be read;
    /// `UnknownWrite`.
    async fn update_node(&self, scope: &Scope, id: &NodeId, change: NodeChange) -> Result<NodeUpdated>;

    /// Removes a node and all its edges, however many, in bounded memory. From its beginning on the node is not there for
    /// readers of this store, and nothing can be linked to it with [`Link::between_existing`]. After a failure the same call
    /// goes on where it ended. Also removes edges that lead to a node which is not there.
    ///
    /// # Errors
    /// `UnknownWrite`, `Unavailable` and the like; then a part may be removed already.
    async fn delete_node(&self, scope: &Scope, id: &NodeId) -> Result<NodeDeleted>;

    /// The nodes of a scope, a page at a time, in no order that means anything.
    ///
    /// # Errors
    /// `InvalidInput` for a page token of another listing.
    async fn list_nodes(&self, scope: &Scope, page: Page) -> Result<NodePage>;

    /// Adds an edge, whole or not at all. One that is there already under the same id is left as it is, and told.
    ///
    /// # Errors
    /// `NotFound` when the link demands nodes that exist and one does not; `Conflict` when the id stands for an edge between
    /// other nodes or of another type; `UnknownWrite`, after which the same `Link` is safe to repeat.
    async fn link(&self, scope: &Scope, link: Link) -> Result<Linked>;

    /// Removes an edge, whole or not at all.
    ///
    /// # Errors
    /// `Conflict` when the id stands for an edge between other nodes or of another type; `UnknownWrite`.
    async fn unlink(&self, scope: &Scope, edge: &EdgeKey) -> Result<Unlinked>;

    /// The edges of a node, a page at a time, each once. Types are picked out before the limit is counted.
    ///
    /// # Errors
    /// `InvalidInput` for a page token of another listing.
    async fn edges(&self, scope: &Scope, node: &NodeId, which: &EdgesOf) -> Result<EdgePage>;

    /// All edges of a type, a page at a time, each once.
    ///
    /// # Errors
    /// `InvalidInput` for a page token of another listing; `NotFound` when an index is missing that the store goes by.
    async fn edges_of_type(
        &self,
        scope: &Scope,
        relationship_type: &RelationshipType,
        page: Page,
    ) -> Result<EdgePage>;

    /// Nodes that `text` names, or with which it shares words ([`words`]), the best match first: by name before by words,
    /// more words before fewer, newer before older.
    ///
    /// # Errors
    /// `Unavailable` and the like.
    async fn search(&self, scope: &Scope, text: &str, limit: NonZeroU32) -> Result<Hits>;

    /// Puts one node where its id is not taken yet, as [`GraphStore::put_nodes`] does.
    ///
    /// # Errors
    /// As there; `Corrupt` when a node is there that can't be read.
    async fn put_node(&self, scope: &Scope, node: NewNode) -> Result<NodePut> {
        let NodesPut { outcomes, usage } = self.put_nodes(scope, vec![node]).await?;
        match outcomes.into_iter().next() {
            Some(Put::Created(node)) => Ok(NodePut { node, created: true, usage }),
            Some(Put::Existed(node)) => Ok(NodePut { node, created: false, usage }),
            Some(Put::Unreadable(row)) => Err(corrupt(&row.reason).with_usage(usage)),
            None => Err(Error::new(ErrorKind::Protocol, "the store tells nothing of a node that was put")),
        }
    }

    /// Reads one node.
    ///
    /// # Errors
    /// `Corrupt` when what is there can't be read.
    async fn node(&self, scope: &Scope, id: &NodeId) -> Result<NodeRead> {
        let NodesRead { nodes, unreadable, usage, .. } = self.nodes(scope, std::slice::from_ref(id)).await?;
        match unreadable.into_iter().next() {
            Some(row) => Err(corrupt(&row.reason).with_usage(usage)),
            None => Ok(NodeRead { node: nodes.into_iter().next(), usage }),
        }
    }

    /// The edges of a node with the nodes at their other ends: a page of [`GraphStore::edges`], and one batch read.
    ///
    /// # Errors
    /// As [`GraphStore::edges`].
    async fn neighbours(&self, scope: &Scope, node: &NodeId, which: &EdgesOf) -> Result<Neighbours> {
        walk::neighbours(self, scope, node, which).await
    }

    /// Everything that is at most as many edges away from a node as the limits of `walk` say, nearest first.
    ///
    /// # Errors
    /// As [`GraphStore::neighbours`].
    async fn neighbourhood(&self, scope: &Scope, node: &NodeId, walk: &Walk) -> Result<Neighbourhood> {
        walk::neighbourhood(self, scope, node, walk).await
    }

    /// The ways from one node to another that meet no node twice, shortest first.
    ///
    /// # Errors
    /// As [`GraphStore::neighbours`].
    async fn paths(&self, scope: &Scope, from: &NodeId, to: &NodeId, walk: &Walk) -> Result<Paths> {
        walk::paths(self, scope, from, to, walk).await
    }
}

fn corrupt(reason: &str) -> Error {
    let message =
        format!("the node that is stored can't be read: {reason}; correct or delete it where it lies");
    Error::new(ErrorKind::Corrupt, message)
}

pub(crate) fn no_such_node() -> Error {
    Error::new(ErrorKind::NotFound, "there is no such node; put it first, or correct its name")
}

pub(crate) fn other_edge() -> Error {
    let message =
        "the id stands for another edge, between other nodes or of another type; nothing was changed";
    Error::new(ErrorKind::Conflict { position: None }, message)
}

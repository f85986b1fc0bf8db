//! Changes of a graph memory, recorded in the history beside it.

use schemars::JsonSchema;
use serde::Serialize;

use super::facts::edge_line;
use super::{
    Edge, EdgeKey, GraphMemory, Identity, Link, Linked, NewNode, NodeChange, NodeDeleted, NodeId, NodePut,
    NodeUpdated, Unlinked,
};
use crate::error::{Error, Result};
use crate::history::NewRecord;
use crate::usage::Usage;

/// A change that was made, and whether the history has it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Recorded{T}")]
pub struct Recorded<T> {
    /// What came of the change.
    #[serde(flatten)]
    pub outcome: T,
    /// What kept the connected history from recording the change, which stands all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unrecorded: Option<Error>,
}

impl GraphMemory {
    /// Puts a node, as [`GraphStore::put_node`](super::GraphStore::put_node) does.
    ///
    /// # Errors
    /// As there.
    pub async fn put_node(&self, node: NewNode) -> Result<Recorded<NodePut>> {
        let put = self.store().put_node(self.scope(), node).await?;
        let record = put.created.then(|| NewRecord::added(put.node.id.as_str(), put.node.content.as_str()));
        Ok(self.record(put, record).await)
    }

    /// Changes a node, as [`GraphStore::update_node`](super::GraphStore::update_node) does. With a history it is read before,
    /// unless the change says what is expected there.
    ///
    /// # Errors
    /// As there.
    pub async fn update_node(&self, id: &NodeId, change: NodeChange) -> Result<Recorded<NodeUpdated>> {
        let (before, usage) = match change.if_content.clone() {
            Some(expected) => (Some(expected), Usage::default()),
            None => self.content_before(id).await?,
        };
        let updated = self.store().update_node(self.scope(), id, change).await;
        let updated = updated.map_err(|error| error.with_usage(usage))?;
        let record = before
            .filter(|before| *before != updated.node.content)
            .map(|before| NewRecord::updated(id.as_str(), before, updated.node.content.as_str()));
        Ok(costing(self.record(updated, record).await, usage))
    }

    /// Removes a node and its edges, as [`GraphStore::delete_node`](super::GraphStore::delete_node) does. With a history it
    /// is read before; of its edges the history says nothing.
    ///
    /// # Errors
    /// As there.
    pub async fn delete_node(&self, id: &NodeId) -> Result<Recorded<NodeDeleted>> {
        let (before, usage) = self.content_before(id).await?;
        let deleted = self.store().delete_node(self.scope(), id).await;
        let deleted = deleted.map_err(|error| error.with_usage(usage))?;
        let record = before.map(|before| NewRecord::deleted(id.as_str(), before));
        Ok(costing(self.record(deleted, record).await, usage))
    }

    /// Adds an edge, as [`GraphStore::link`](super::GraphStore::link) does. The history knows it by its id.
    ///
    /// # Errors
    /// As there.
    pub async fn link(&self, link: Link) -> Result<Recorded<Linked>> {
        let linked = self.store().link(self.scope(), link).await?;
        let record =
            (!linked.duplicate).then(|| NewRecord::added(linked.edge.id.as_str(), line(&linked.edge)));
        Ok(self.record(linked, record).await)
    }

    /// Removes an edge, as [`GraphStore::unlink`](super::GraphStore::unlink) does.
    ///
    /// # Errors
    /// As there.
    pub async fn unlink(&self, edge: &EdgeKey) -> Result<Recorded<Unlinked>> {
        let unlinked = self.store().unlink(self.scope(), edge).await?;
        let EdgeKey { identity, source, relationship_type, target } = edge;
        let record = match identity {
            Identity::Own(id) if unlinked.existed => {
                Some(NewRecord::deleted(id.as_str(), edge_line(source, relationship_type, target)))
            }
            _ => None,
        };
        Ok(self.record(unlinked, record).await)
    }

    /// What is known of a node before a change, where a history asks for it. What can't be read hinders no change.
    async fn content_before(&self, id: &NodeId) -> Result<(Option<String>, Usage)> {
        if self.history().is_none() {
            return Ok((None, Usage::default()));
        }
        let read = self.store().nodes(self.scope(), std::slice::from_ref(id)).await?;
        Ok((read.nodes.into_iter().next().map(|node| node.content), read.usage))
    }

    async fn record<T: Costs>(&self, outcome: T, record: Option<NewRecord>) -> Recorded<T> {
        let recorded = Recorded { outcome, unrecorded: None };
        let (Some(history), Some(record)) = (self.history(), record) else { return recorded };
        match history.add(self.scope(), record).await {
            Ok(added) => costing(recorded, added.usage),
            Err(error) => {
                let usage = error.usage();
                costing(Recorded { unrecorded: Some(error), ..recorded }, usage)
            }
        }
    }
}

fn line(edge: &Edge) -> String {
    edge_line(&edge.source, &edge.relationship_type, &edge.target)
}

fn costing<T: Costs>(mut recorded: Recorded<T>, usage: Usage) -> Recorded<T> {
    *recorded.outcome.usage() += usage;
    recorded
}

/// An outcome that says what it cost.
trait Costs {
    fn usage(&mut self) -> &mut Usage;
}

macro_rules! costs {
    ($($outcome:ty),*) => {
        $(impl Costs for $outcome {
            fn usage(&mut self) -> &mut Usage {
                &mut self.usage
            }
        })*
    };
}

costs!(NodePut, NodeUpdated, NodeDeleted, Linked, Unlinked);

//! Edges, and what comes of linking, unlinking and following them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::{EdgeId, NodeId, RelationshipType};
use super::node::Node;
use crate::json::RawJson;
use crate::store::{Page, PageToken, Unreadable};
use crate::usage::Usage;

/// An edge that is stored: the source stands in the relation to the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "GraphEdge")]
pub struct Edge {
    /// What tells it from others.
    pub id: EdgeId,
    /// Where it begins.
    pub source: NodeId,
    /// What kind of relation it is.
    pub relationship_type: RelationshipType,
    /// Where it ends.
    pub target: NodeId,
    /// A JSON object, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<RawJson>,
    /// When it was linked, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at_epoch_secs: Option<u64>,
}

impl Edge {
    /// The end that is not `node`; `node` itself for an edge from a node to itself.
    #[must_use]
    pub fn other_end(&self, node: &NodeId) -> &NodeId {
        if self.source == *node { &self.target } else { &self.source }
    }

    /// What it takes to remove it.
    #[must_use]
    pub fn key(&self) -> EdgeKey {
        EdgeKey {
            identity: Identity::Own(self.id.clone()),
            source: self.source.clone(),
            relationship_type: self.relationship_type.clone(),
            target: self.target.clone(),
        }
    }
}

/// Which of the edges between the same nodes one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The one of this id.
    Own(EdgeId),
    /// The only one of its source, type and target that is linked so: its id follows from these, so that hosts that know
    /// nothing of each other link the same edge. Edges that were linked under ids of their own don't count.
    OncePerTriple,
}

/// Which edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeKey {
    /// Which of those between the same nodes.
    pub identity: Identity,
    /// Where it begins.
    pub source: NodeId,
    /// What kind of relation it is.
    pub relationship_type: RelationshipType,
    /// Where it ends.
    pub target: NodeId,
}

/// The namespace of ids that follow from source, type and target.
const ONCE: Uuid = Uuid::from_u128(0x6f1d_9c1e_2b64_4a0b_9d5e_7c3f_08a1_b2d4);

impl EdgeKey {
    /// The edge's id: its own, or the one that follows from source, type and target.
    #[must_use]
    pub fn edge_id(&self) -> EdgeId {
        match &self.identity {
            Identity::Own(id) => id.clone(),
            Identity::OncePerTriple => {
                let parts = [self.source.as_str(), self.relationship_type.as_str(), self.target.as_str()];
                // With their lengths, so that no other parts give the same text.
                let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
                EdgeId::of(Uuid::new_v5(&ONCE, text.as_bytes()))
            }
        }
    }
}

/// An edge to add. It carries its id, so that adding the same again is safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which edge.
    pub key: EdgeKey,
    /// A JSON object.
    pub properties: Option<RawJson>,
    /// Whether both nodes have to be there.
    pub between_existing: bool,
}

impl Link {
    /// An edge with a new id, between nodes of which nobody asks whether they are there.
    #[must_use]
    pub fn new(source: NodeId, relationship_type: RelationshipType, target: NodeId) -> Self {
        let key = EdgeKey { identity: Identity::Own(EdgeId::mint()), source, relationship_type, target };
        Self { key, properties: None, between_existing: false }
    }

    /// Adds it under this id.
    #[must_use]
    pub fn with_id(mut self, id: EdgeId) -> Self {
        self.key.identity = Identity::Own(id);
        self
    }

    /// Adds it once per source, type and target, as [`Identity::OncePerTriple`] says.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.key.identity = Identity::OncePerTriple;
        self
    }

    /// Adds it only between nodes that are there.
    #[must_use]
    pub fn between_existing(self) -> Self {
        Self { between_existing: true, ..self }
    }

    /// Gives it properties, a JSON object.
    #[must_use]
    pub fn with_properties(self, properties: RawJson) -> Self {
        Self { properties: Some(properties), ..self }
    }
}

/// An edge that is there now.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Linked {
    /// As it is stored.
    pub edge: Edge,
    /// Whether an earlier call or attempt had linked it; then nothing was changed, its properties neither.
    pub duplicate: bool,
    /// What the call cost.
    pub usage: Usage,
}

/// An edge that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Unlinked {
    /// Whether it was there; `false` also where an attempt before, whose reply was lost, had removed it.
    pub existed: bool,
    /// What the call cost.
    pub usage: Usage,
}

/// Which edges of a node, by the end that it stands at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It is the source.
    Outgoing,
    /// It is the target.
    Incoming,
    /// Either.
    #[default]
    Both,
}

/// Which edges of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EdgesOf {
    /// By the end that the node stands at.
    pub direction: Direction,
    /// By type; empty for all. At most [`EdgesOf::MAX_TYPES`].
    pub types: Vec<RelationshipType>,
    /// Which page of them.
    pub page: Page,
}

impl EdgesOf {
    /// The most types that can be asked for at once.
    pub const MAX_TYPES: usize = 50;
}

/// A page of edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct EdgePage {
    /// Each once.
    pub edges: Vec<Edge>,
    /// Rows that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// The next page; `None` after the last.
    pub next: Option<PageToken>,
    /// What the call cost.
    pub usage: Usage,
}

/// An edge of a node, and the node at its other end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Neighbour {
    /// The edge.
    pub edge: Edge,
    /// The other node; the same one for an edge from a node to itself.
    pub node: Node,
}

/// A page of neighbours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Neighbours {
    /// Each edge once; a node as often as edges lead to it.
    pub neighbours: Vec<Neighbour>,
    /// Edges of the page whose other node is not there.
    pub dangling: Vec<Edge>,
    /// Rows that can't be read: edges, and nodes at the other end of edges.
    pub unreadable: Vec<Unreadable>,
    /// The next page; `None` after the last.
    pub next: Option<PageToken>,
    /// What the call cost.
    pub usage: Usage,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_source_type_and_target_and_from_nothing_else() {
        let key = |source: &str, relationship_type: &str, target: &str| {
            let node = |name| NodeId::new(name).unwrap();
            let relationship_type = RelationshipType::new(relationship_type).unwrap();
            Link::new(node(source), relationship_type, node(target)).once().key.edge_id()
        };
        // Stored edges rest on this value.
        assert_eq!(key("blue", "RELATED_TO", "sky").as_str(), "6770ab8b-270b-5a93-b2b1-ab6ab5a237ea");
        assert_eq!(key("a", "b", "c"), key("a", "b", "c"));
        for other in [key("ab", "x", "c"), key("a", "c", "b"), key("c", "b", "a"), key("a1", "1b", "c")] {
            assert_ne!(key("a", "b", "c"), other);
        }
    }
}

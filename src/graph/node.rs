//! Nodes, and what comes of putting, reading, changing and removing them.

use schemars::JsonSchema;
use serde::Serialize;

use super::ids::NodeId;
use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::store::{PageToken, Unreadable};
use crate::usage::Usage;

/// A node that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "StoredNode")]
pub struct Node {
    /// Its name.
    pub id: NodeId,
    /// What is known: a text, perhaps empty.
    pub content: String,
    /// A JSON object, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<RawJson>,
    /// When it was put, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at_epoch_secs: Option<u64>,
    /// When it was last changed, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at_epoch_secs: Option<u64>,
}

impl Node {
    /// When it was put or last changed, in seconds since 1970; 0 where nobody noted it.
    #[must_use]
    pub fn changed_at_epoch_secs(&self) -> u64 {
        self.updated_at_epoch_secs.or(self.created_at_epoch_secs).unwrap_or_default()
    }
}

/// A node to put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNode {
    /// Its name.
    pub id: NodeId,
    /// What is known.
    pub content: String,
    /// A JSON object.
    pub metadata: Option<RawJson>,
}

impl NewNode {
    /// A node without metadata.
    #[must_use]
    pub fn new(id: NodeId, content: impl Into<String>) -> Self {
        Self { id, content: content.into(), metadata: None }
    }

    /// Gives it metadata, a JSON object.
    #[must_use]
    pub fn with_metadata(self, metadata: RawJson) -> Self {
        Self { metadata: Some(metadata), ..self }
    }
}

/// JSON that goes into a graph: an object, which is all that other readers of such data take. An empty one is none.
///
/// # Errors
/// `InvalidInput` of `field`.
pub(crate) fn object(field: &'static str, json: Option<RawJson>) -> Result<Option<RawJson>> {
    match json {
        Some(json) if !json.as_str().starts_with('{') => Err(Error::invalid_input(
            field,
            "is not a JSON object; give one such as `{\"topic\": \"colors\"}`",
        )),
        json => Ok(json.filter(|json| !json.is_blank())),
    }
}

/// What happens to a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes this.
    Set(T),
    /// It becomes empty.
    Clear,
}

/// A change of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeChange {
    /// What is known.
    pub content: Change<String>,
    /// A JSON object.
    pub metadata: Change<RawJson>,
    /// Only if the content still is this.
    pub if_content: Option<String>,
}

impl NodeChange {
    /// What a node becomes by it.
    ///
    /// # Errors
    /// `Conflict` when the node's content is not the one that the change expects.
    pub(crate) fn applied_to(&self, node: &Node, now: u64) -> Result<Node> {
        if self.if_content.as_ref().is_some_and(|expected| *expected != node.content) {
            let message = "the node has changed since it was read; read it again";
            return Err(Error::new(ErrorKind::Conflict { position: None }, message));
        }
        Ok(Node {
            id: node.id.clone(),
            content: match &self.content {
                Change::Keep => node.content.clone(),
                Change::Set(content) => content.clone(),
                Change::Clear => String::new(),
            },
            metadata: match &self.metadata {
                Change::Keep => node.metadata.clone(),
                Change::Set(metadata) => Some(metadata.clone()).filter(|metadata| !metadata.is_blank()),
                Change::Clear => None,
            },
            created_at_epoch_secs: node.created_at_epoch_secs,
            updated_at_epoch_secs: Some(now),
        })
    }
}

/// What came of putting one node of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Put {
    /// It was put.
    Created(Node),
    /// A node of that name is there already, perhaps of an attempt before; nothing was changed.
    Existed(Node),
    /// Something is there under that name that can't be read; nothing was changed.
    Unreadable(Unreadable),
}

/// What came of putting nodes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NodesPut {
    /// In the order in which the nodes were given.
    pub outcomes: Vec<Put>,
    /// What the call cost.
    pub usage: Usage,
}

/// A node that is there now.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NodePut {
    /// As it is stored.
    pub node: Node,
    /// Whether this call put it; else it was there already, perhaps of an attempt before, and is left as it was.
    pub created: bool,
    /// What the call cost.
    pub usage: Usage,
}

/// A node that was looked for.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NodeRead {
    /// `None` where there is none.
    pub node: Option<Node>,
    /// What the call cost.
    pub usage: Usage,
}

/// Nodes that were looked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct NodesRead {
    /// Those that are there, in the order in which they were asked for.
    pub nodes: Vec<Node>,
    /// Those that are not.
    pub missing: Vec<NodeId>,
    /// Those that are there and can't be read.
    pub unreadable: Vec<Unreadable>,
    /// What the call cost.
    pub usage: Usage,
}

/// A node that was changed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NodeUpdated {
    /// As it is stored now.
    pub node: Node,
    /// What the call cost.
    pub usage: Usage,
}

/// A node that is gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct NodeDeleted {
    /// Whether it was there, whole or as a deletion that was cut off had left it.
    pub existed: bool,
    /// How many edges this call removed.
    pub edges: u64,
    /// Rows of the node that can't be read and are left as they are; the first hundred.
    pub unreadable: Vec<Unreadable>,
    /// What the call cost.
    pub usage: Usage,
}

/// A page of nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct NodePage {
    /// In no order that means anything.
    pub nodes: Vec<Node>,
    /// Nodes that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// The next page; `None` after the last.
    pub next: Option<PageToken>,
    /// What the call cost.
    pub usage: Usage,
}

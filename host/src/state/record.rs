//! What a store of flows hands out.

use canvas_memory::Result;
use canvas_memory::flow::Flow;
use schemars::JsonSchema;
use serde::Serialize;

use super::Etag;

/// A flow with what is known about it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FlowRecord {
    /// Names the flow: 1 to 64 of `a-z`, `0-9` and `-`.
    pub id: String,
    /// The state that the document is in.
    pub etag: Etag,
    /// When it was last changed, in UTC, as RFC 3339 writes it.
    pub updated: String,
    /// The document.
    pub flow: Flow,
}

/// A flow as it stands in a list.
#[derive(Debug)]
pub struct ListedFlow {
    /// Names the flow.
    pub id: String,
    /// What is known about it, or why it can't be read: as [`StateStore::flow`](super::StateStore::flow) says.
    pub summary: Result<FlowSummary>,
}

/// What a list tells of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FlowSummary {
    /// What people call it.
    pub name: String,
    /// When it was last changed, in UTC, as RFC 3339 writes it.
    pub updated: String,
    /// The state that the document is in.
    pub etag: Etag,
}

/// A place where a flow names a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CredentialUse {
    /// The id of the credential.
    #[serde(skip)]
    pub credential: String,
    /// The id of the flow.
    pub flow: String,
    /// What people call the flow.
    pub flow_name: String,
    /// The id of the node in the flow.
    pub node: String,
}

impl From<FlowRecord> for FlowSummary {
    fn from(FlowRecord { etag, updated, flow, .. }: FlowRecord) -> Self {
        Self { name: flow.name, updated, etag }
    }
}

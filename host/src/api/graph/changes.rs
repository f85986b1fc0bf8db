//! Changes of what a graph memory node keeps. Where a history is connected to the node, it records them.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::Json;
use axum::extract::State;
use canvas_memory::graph::{
    Change, EdgeId, EdgeKey, Identity, Link, Linked, NewNode, NodeChange, NodeDeleted, NodeId, NodePut,
    NodeUpdated, Recorded, RelationshipType, Unlinked,
};
use canvas_memory::json::RawJson;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::OfGraphNode;
use crate::api::extract::Body;
use crate::api::node_ref::NodeRef;
use crate::api::object::Object;
use crate::api::openapi::{NODE_ERRORS, describe};
use crate::api::problem::Result;
use crate::app::App;

pub(super) fn routes() -> ApiRouter<App> {
    let op = |id, summary| describe(id, summary, NODE_ERRORS);
    ApiRouter::new()
        .api_route(
            "/graph/put_node",
            post_with(put_node, op("putGraphNode", "Keep a node, if it is not there")),
        )
        .api_route("/graph/update_node", post_with(update_node, op("updateGraphNode", "Change a node")))
        .api_route(
            "/graph/delete_node",
            post_with(delete_node, op("deleteGraphNode", "Remove a node with all its edges")),
        )
        .api_route("/graph/link", post_with(link, op("linkGraphNodes", "Add an edge")))
        .api_route("/graph/unlink", post_with(unlink, op("unlinkGraphNodes", "Remove an edge")))
}

/// A node to keep.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PutNode {
    /// The graph memory node.
    memory: NodeRef,
    /// What to keep.
    node: Object<GraphNode>,
}

/// A node of a graph.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GraphNode {
    /// Its name.
    id: NodeId,
    /// What is known.
    content: String,
    /// Whatever else belongs to it.
    #[schemars(with = "Option<Map<String, Value>>")]
    metadata: Option<RawJson>,
}

async fn put_node(State(app): State<App>, Body(of): Body<PutNode>) -> Result<Json<Recorded<NodePut>>> {
    let GraphNode { id, content, metadata } = of.node.0;
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.put_node(NewNode { id, content, metadata }).await?))
}

/// A change of a node. What is left out stays as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UpdateNode {
    /// The graph memory node.
    memory: NodeRef,
    /// The node's name.
    id: NodeId,
    /// What is known now.
    content: Option<String>,
    /// Whatever else belongs to it now, in place of what did; `null` for nothing.
    #[serde(default, deserialize_with = "even_null")]
    #[schemars(with = "Option<Map<String, Value>>")]
    metadata: Option<RawJson>,
    /// Change it only if its content still is this.
    if_content: Option<String>,
}

/// Tells `null` from a field that is left out.
fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RawJson>, D::Error> {
    RawJson::deserialize(deserializer).map(Some)
}

async fn update_node(
    State(app): State<App>,
    Body(of): Body<UpdateNode>,
) -> Result<Json<Recorded<NodeUpdated>>> {
    let change = NodeChange {
        content: of.content.map_or(Change::Keep, Change::Set),
        metadata: match of.metadata {
            None => Change::Keep,
            Some(metadata) if metadata.as_str() == "null" => Change::Clear,
            Some(metadata) => Change::Set(metadata),
        },
        if_content: of.if_content,
    };
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.update_node(&of.id, change).await?))
}

async fn delete_node(
    State(app): State<App>,
    Body(of): Body<OfGraphNode>,
) -> Result<Json<Recorded<NodeDeleted>>> {
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.delete_node(&of.id).await?))
}

/// An edge to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LinkNodes {
    /// The graph memory node.
    memory: NodeRef,
    /// Where it begins.
    source: NodeId,
    /// What kind of relation it is.
    relationship_type: RelationshipType,
    /// Where it ends.
    target: NodeId,
    /// Whatever else belongs to it.
    #[schemars(with = "Option<Map<String, Value>>")]
    properties: Option<RawJson>,
    /// An id that tells it from others between the same nodes. Left out, there is one of its type between them.
    id: Option<EdgeId>,
    /// Whether both nodes have to be there.
    #[serde(default = "yes")]
    between_existing: bool,
}

fn yes() -> bool {
    true
}

async fn link(State(app): State<App>, Body(of): Body<LinkNodes>) -> Result<Json<Recorded<Linked>>> {
    let link = Link::new(of.source, of.relationship_type, of.target);
    let link = match of.id {
        Some(id) => link.with_id(id),
        None => link.once(),
    };
    let link = Link { properties: of.properties, between_existing: of.between_existing, ..link };
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.link(link).await?))
}

/// An edge to remove.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UnlinkNodes {
    /// The graph memory node.
    memory: NodeRef,
    /// Which edge, as it was read.
    edge: Object<EdgeRef>,
}

/// An edge between two nodes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EdgeRef {
    /// What tells it from others.
    id: EdgeId,
    /// Where it begins.
    source: NodeId,
    /// What kind of relation it is.
    relationship_type: RelationshipType,
    /// Where it ends.
    target: NodeId,
}

async fn unlink(State(app): State<App>, Body(of): Body<UnlinkNodes>) -> Result<Json<Recorded<Unlinked>>> {
    let EdgeRef { id, source, relationship_type, target } = of.edge.0;
    let key = EdgeKey { identity: Identity::Own(id), source, relationship_type, target };
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.unlink(&key).await?))
}

//! The facts that a graph memory node keeps.

mod changes;

use std::num::NonZeroU32;

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::Json;
use axum::extract::State;
use canvas_memory::graph::{
    Direction, EdgePage, EdgesOf, Facts, GraphCapabilities, Hits, Neighbourhood, Neighbours, NodeId,
    NodePage, NodeRead, Paths, RelationshipType, Walk, WalkLimits,
};
use canvas_memory::store::{Page, PageToken};
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::Body;
use super::memory::{rows, some_rows};
use super::node_ref::NodeRef;
use super::openapi::{NODE_ERRORS, describe};
use super::problem::{Problem, Result};
use crate::app::App;

/// The most requests that one look around a node makes of the service behind.
const MAX_WALK_REQUESTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(199);

pub(super) fn routes() -> ApiRouter<App> {
    let op = |id, summary| describe(id, summary, NODE_ERRORS);
    ApiRouter::new()
        .api_route(
            "/graph/capabilities",
            post_with(capabilities, op("readGraphCapabilities", "What the store of a graph memory can do")),
        )
        .api_route("/graph/nodes", post_with(nodes, op("listGraphNodes", "The nodes that are kept")))
        .api_route("/graph/node", post_with(node, op("readGraphNode", "One node")))
        .api_route(
            "/graph/search",
            post_with(search, op("searchGraph", "Nodes that a text names, or with which it shares words")),
        )
        .api_route(
            "/graph/facts",
            post_with(facts, op("findFacts", "What a prompt would be given near what is said")),
        )
        .api_route(
            "/graph/neighbours",
            post_with(
                neighbours,
                op("listNeighbours", "The edges of a node, with the nodes at their other ends"),
            ),
        )
        .api_route(
            "/graph/neighbourhood",
            post_with(neighbourhood, op("readNeighbourhood", "What is near a node, nearest first")),
        )
        .api_route("/graph/paths", post_with(paths, op("findPaths", "The ways from one node to another")))
        .api_route("/graph/types", post_with(edges_of_type, op("listEdgesOfType", "All edges of a type")))
        .merge(changes::routes())
        .with_path_items(|item| item.tag("graph"))
}

/// A graph memory node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfGraph {
    /// The graph memory node.
    memory: NodeRef,
}

async fn capabilities(State(app): State<App>, Body(of): Body<OfGraph>) -> Result<Json<GraphCapabilities>> {
    Ok(Json(of.memory.graph(&app).await?.store().capabilities()))
}

/// A page of nodes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GraphNodesPage {
    /// The graph memory node.
    memory: NodeRef,
    /// How many rows at most.
    #[serde(default = "some_rows")]
    #[schemars(range(min = 1, max = 1_000))]
    limit: NonZeroU32,
    /// The `next` of the page before.
    page: Option<PageToken>,
}

async fn nodes(State(app): State<App>, Body(of): Body<GraphNodesPage>) -> Result<Json<NodePage>> {
    let page = Page { limit: rows("limit", of.limit)?, token: of.page };
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.store().list_nodes(memory.scope(), page).await?))
}

/// Which node of which graph.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfGraphNode {
    /// The graph memory node.
    memory: NodeRef,
    /// The node's name.
    id: NodeId,
}

async fn node(State(app): State<App>, Body(of): Body<OfGraphNode>) -> Result<Json<NodeRead>> {
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.store().node(memory.scope(), &of.id).await?))
}

/// What to look for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GraphSearch {
    /// The graph memory node.
    memory: NodeRef,
    /// Names, words, or a sentence.
    text: String,
    /// How many nodes at most.
    #[serde(default = "some_rows")]
    #[schemars(range(min = 1, max = 1_000))]
    limit: NonZeroU32,
}

async fn search(State(app): State<App>, Body(of): Body<GraphSearch>) -> Result<Json<Hits>> {
    let limit = rows("limit", of.limit)?;
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.store().search(memory.scope(), &of.text, limit).await?))
}

/// What is said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NearText {
    /// The graph memory node.
    memory: NodeRef,
    /// A message, as a person would write it.
    text: String,
}

async fn facts(State(app): State<App>, Body(of): Body<NearText>) -> Result<Json<Facts>> {
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.facts_near(&[of.text]).await?))
}

/// Which edges of a node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NeighboursPage {
    /// The graph memory node.
    memory: NodeRef,
    /// The node's name.
    id: NodeId,
    /// By the end that the node stands at.
    #[serde(default)]
    direction: Direction,
    /// By type; empty for all.
    #[serde(default)]
    #[schemars(length(max = 50))]
    types: Vec<RelationshipType>,
    /// How many rows at most.
    #[serde(default = "some_rows")]
    #[schemars(range(min = 1, max = 1_000))]
    limit: NonZeroU32,
    /// The `next` of the page before.
    page: Option<PageToken>,
}

async fn neighbours(State(app): State<App>, Body(of): Body<NeighboursPage>) -> Result<Json<Neighbours>> {
    let page = Page { limit: rows("limit", of.limit)?, token: of.page };
    let which = EdgesOf { direction: of.direction, types: few(of.types)?, page };
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.store().neighbours(memory.scope(), &of.id, &which).await?))
}

/// How far to go, and along what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AroundNode {
    /// The graph memory node.
    memory: NodeRef,
    /// The node's name.
    id: NodeId,
    /// How many edges away at most.
    #[serde(default = "some_depth")]
    #[schemars(range(max = 16))]
    depth: u32,
    /// Along which edges of each node.
    #[serde(default)]
    direction: Direction,
    /// Along edges of these types; empty for all.
    #[serde(default)]
    #[schemars(length(max = 50))]
    types: Vec<RelationshipType>,
    /// How many nodes at most.
    #[serde(default = "some_nodes")]
    #[schemars(range(min = 1, max = 1_000))]
    max_nodes: NonZeroU32,
    /// How many edges at most.
    #[serde(default = "most_rows")]
    #[schemars(range(min = 1, max = 1_000))]
    max_edges: NonZeroU32,
}

async fn neighbourhood(State(app): State<App>, Body(of): Body<AroundNode>) -> Result<Json<Neighbourhood>> {
    let limits = WalkLimits {
        depth: shallow(of.depth)?,
        nodes: rows("max_nodes", of.max_nodes)?,
        edges: rows("max_edges", of.max_edges)?,
        requests: MAX_WALK_REQUESTS,
        ..WalkLimits::default()
    };
    let walk = Walk { direction: of.direction, types: few(of.types)?, limits };
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.store().neighbourhood(memory.scope(), &of.id, &walk).await?))
}

/// From where to where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BetweenNodes {
    /// The graph memory node.
    memory: NodeRef,
    /// Where the paths begin.
    from: NodeId,
    /// Where they end.
    to: NodeId,
    /// How many edges each has at most.
    #[serde(default = "some_depth")]
    #[schemars(range(max = 16))]
    depth: u32,
    /// Along which edges of each node.
    #[serde(default)]
    direction: Direction,
    /// Along edges of these types; empty for all.
    #[serde(default)]
    #[schemars(length(max = 50))]
    types: Vec<RelationshipType>,
}

async fn paths(State(app): State<App>, Body(of): Body<BetweenNodes>) -> Result<Json<Paths>> {
    let limits =
        WalkLimits { depth: shallow(of.depth)?, requests: MAX_WALK_REQUESTS, ..WalkLimits::default() };
    let walk = Walk { direction: of.direction, types: few(of.types)?, limits };
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.store().paths(memory.scope(), &of.from, &of.to, &walk).await?))
}

/// A page of the edges of a type.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EdgesOfTypePage {
    /// The graph memory node.
    memory: NodeRef,
    /// The type.
    relationship_type: RelationshipType,
    /// How many rows at most.
    #[serde(default = "some_rows")]
    #[schemars(range(min = 1, max = 1_000))]
    limit: NonZeroU32,
    /// The `next` of the page before.
    page: Option<PageToken>,
}

async fn edges_of_type(State(app): State<App>, Body(of): Body<EdgesOfTypePage>) -> Result<Json<EdgePage>> {
    let page = Page { limit: rows("limit", of.limit)?, token: of.page };
    let memory = of.memory.graph(&app).await?;
    Ok(Json(memory.store().edges_of_type(memory.scope(), &of.relationship_type, page).await?))
}

fn some_depth() -> u32 {
    WalkLimits::default().depth
}

fn some_nodes() -> NonZeroU32 {
    WalkLimits::default().nodes
}

fn most_rows() -> NonZeroU32 {
    WalkLimits::default().edges
}

fn shallow(depth: u32) -> Result<u32> {
    if depth > WalkLimits::MAX_DEPTH {
        let problem = format!("is {depth}; {} edges is the farthest that is looked", WalkLimits::MAX_DEPTH);
        return Err(Problem::invalid("depth", problem));
    }
    Ok(depth)
}

fn few(types: Vec<RelationshipType>) -> Result<Vec<RelationshipType>> {
    if types.len() > EdgesOf::MAX_TYPES {
        let problem = format!("holds {} types; at most {} fit", types.len(), EdgesOf::MAX_TYPES);
        return Err(Problem::invalid("types", problem));
    }
    Ok(types)
}

//! Following edges over any store: neighbours, neighbourhoods and paths, in pages and batches, within limits.

mod explore;
mod paths;

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Serialize;

use self::explore::Explorer;
pub(super) use self::paths::paths;
use super::edge::{Direction, Edge, EdgesOf, Neighbour, Neighbours};
use super::ids::{NodeId, RelationshipType};
use super::node::Node;
use super::{EdgePage, GraphStore};
use crate::error::Result;
use crate::session::Scope;
use crate::store::Unreadable;
use crate::usage::Usage;

pub use self::paths::{Path, Paths};

/// Where to go from a node, and how far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// Along which edges of each node.
    pub direction: Direction,
    /// Along edges of these types; empty for all.
    pub types: Vec<RelationshipType>,
    /// When to stop.
    pub limits: WalkLimits,
}

/// When a walk stops. What it has by then is its result, and says that it is not all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkLimits {
    /// The most edges between the node it starts from and any other; more than [`WalkLimits::MAX_DEPTH`] count as that.
    pub depth: u32,
    /// The most nodes.
    pub nodes: NonZeroU32,
    /// The most edges.
    pub edges: NonZeroU32,
    /// After so many requests it makes no more.
    pub requests: NonZeroU32,
    /// The most paths.
    pub paths: NonZeroU32,
}

impl WalkLimits {
    /// The deepest that a walk goes.
    pub const MAX_DEPTH: u32 = 16;

    fn depth(&self) -> u32 {
        self.depth.min(Self::MAX_DEPTH)
    }
}

impl Default for WalkLimits {
    /// 2 edges deep, 200 nodes, 1,000 edges, 100 requests, 20 paths.
    fn default() -> Self {
        let some = |number: u32| NonZeroU32::MIN.saturating_add(number - 1);
        Self { depth: 2, nodes: some(200), edges: some(1_000), requests: some(100), paths: some(20) }
    }
}

/// Which limit ended a walk before it was at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "WalkLimit")]
pub enum Limit {
    /// Of nodes.
    Nodes,
    /// Of edges.
    Edges,
    /// Of requests.
    Requests,
    /// Of paths.
    Paths,
}

/// A node near another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NearbyNode {
    /// The node.
    pub node: Node,
    /// How many edges away it is; 0 for the node itself.
    pub depth: u32,
}

/// What is near a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Neighbourhood {
    /// The nearest first, from the node itself on. Empty where that is not there.
    pub nodes: Vec<NearbyNode>,
    /// Edges between these nodes, each once: all that a node less than the full depth away has.
    pub edges: Vec<Edge>,
    /// Edges that lead to no node.
    pub dangling: Vec<Edge>,
    /// Rows that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// The limit that left something out; `None` where nothing was.
    pub truncated: Option<Limit>,
    /// What the call cost.
    pub usage: Usage,
}

pub(super) async fn neighbours<S: GraphStore + ?Sized>(
    store: &S,
    scope: &Scope,
    node: &NodeId,
    which: &EdgesOf,
) -> Result<Neighbours> {
    let EdgePage { edges, mut unreadable, next, mut usage } = store.edges(scope, node, which).await?;
    let mut seen = HashSet::new();
    let ends = edges.iter().map(|edge| edge.other_end(node)).filter(|end| seen.insert(*end)).cloned();
    let ends: Vec<_> = ends.collect();
    let mut nodes = HashMap::new();
    let mut missing = HashSet::new();
    if !ends.is_empty() {
        let read = store.nodes(scope, &ends).await.map_err(|error| error.with_usage(usage))?;
        usage += read.usage;
        unreadable.extend(read.unreadable);
        missing.extend(read.missing);
        nodes.extend(read.nodes.into_iter().map(|node| (node.id.clone(), node)));
    }
    let (mut neighbours, mut dangling) = (Vec::new(), Vec::new());
    for edge in edges {
        let end = edge.other_end(node);
        match nodes.get(end) {
            Some(node) => neighbours.push(Neighbour { node: node.clone(), edge }),
            None if missing.contains(end) => dangling.push(edge),
            // The node is among what can't be read.
            None => {}
        }
    }
    Ok(Neighbours { neighbours, dangling, unreadable, next, usage })
}

pub(super) async fn neighbourhood<S: GraphStore + ?Sized>(
    store: &S,
    scope: &Scope,
    node: &NodeId,
    walk: &Walk,
) -> Result<Neighbourhood> {
    let mut explorer = Explorer::new(store, scope, walk);
    match explorer.explore(node, None).await {
        Ok(()) => Ok(explorer.into_neighbourhood()),
        Err(error) => Err(error.with_usage(explorer.usage)),
    }
}

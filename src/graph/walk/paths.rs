//! Ways from one node to another.

use std::collections::{HashMap, HashSet, VecDeque};

use schemars::JsonSchema;
use serde::Serialize;

use super::explore::{Explorer, Steps};
use super::{Limit, Neighbourhood, Walk};
use crate::error::Result;
use crate::graph::GraphStore;
use crate::graph::edge::{Direction, Edge};
use crate::graph::ids::NodeId;
use crate::graph::node::Node;
use crate::session::Scope;
use crate::store::Unreadable;
use crate::usage::Usage;

/// How many steps are tried between nodes that were read already, before the search ends.
const MAX_TRIED: u32 = 100_000;

/// A way from one node to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Path {
    /// From the first to the last; none twice.
    pub nodes: Vec<NodeId>,
    /// The edges between them, one fewer.
    pub edges: Vec<Edge>,
}

/// The ways from one node to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Paths {
    /// The shortest first.
    pub paths: Vec<Path>,
    /// The nodes that they meet, each once.
    pub nodes: Vec<Node>,
    /// Rows on the way that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// The limit that left something out; `None` where nothing was.
    pub truncated: Option<Limit>,
    /// What the call cost.
    pub usage: Usage,
}

pub(in crate::graph) async fn paths<S: GraphStore + ?Sized>(
    store: &S,
    scope: &Scope,
    from: &NodeId,
    to: &NodeId,
    walk: &Walk,
) -> Result<Paths> {
    let mut explorer = Explorer::new(store, scope, walk);
    if let Err(error) = explorer.explore(from, Some(to)).await {
        return Err(error.with_usage(explorer.usage));
    }
    let Neighbourhood { nodes, edges, unreadable, mut truncated, usage, .. } = explorer.into_neighbourhood();
    let steps = steps(&edges, walk.direction);
    let mut search = Search {
        steps: &steps,
        to,
        distance: distances(&edges, walk.direction, to),
        most: walk.limits.paths.get() as usize,
        tried: 0,
        full: false,
        found: Vec::new(),
    };
    if nodes.iter().any(|near| near.node.id == *from) {
        for length in 0..=walk.limits.depth() {
            search.extend(&mut Trail { nodes: vec![from], edges: Vec::new() }, length);
        }
    }
    if search.full {
        truncated.get_or_insert(Limit::Paths);
    }
    let paths = search.found;
    let on_paths: HashSet<_> = paths.iter().flat_map(|path| &path.nodes).collect();
    let nodes = nodes.into_iter().map(|near| near.node).filter(|node| on_paths.contains(&node.id)).collect();
    Ok(Paths { paths, nodes, unreadable, truncated, usage })
}

fn steps(edges: &[Edge], direction: Direction) -> Steps<'_> {
    let mut steps = Steps::new();
    for edge in edges {
        if direction != Direction::Incoming {
            steps.entry(&edge.source).or_default().push((edge, &edge.target));
        }
        if direction != Direction::Outgoing {
            steps.entry(&edge.target).or_default().push((edge, &edge.source));
        }
    }
    steps
}

/// How many steps each node is away from `to` at least.
fn distances<'a>(edges: &'a [Edge], direction: Direction, to: &'a NodeId) -> HashMap<&'a NodeId, u32> {
    let backwards = steps(
        edges,
        match direction {
            Direction::Outgoing => Direction::Incoming,
            Direction::Incoming => Direction::Outgoing,
            Direction::Both => Direction::Both,
        },
    );
    let mut distances = HashMap::from([(to, 0)]);
    let mut left = VecDeque::from([(to, 0)]);
    while let Some((node, distance)) = left.pop_front() {
        for (_, before) in backwards.get(node).into_iter().flatten() {
            if !distances.contains_key(before) {
                distances.insert(before, distance + 1);
                left.push_back((before, distance + 1));
            }
        }
    }
    distances
}

/// The way gone so far.
struct Trail<'a> {
    nodes: Vec<&'a NodeId>,
    edges: Vec<&'a Edge>,
}

struct Search<'a, 's> {
    steps: &'s Steps<'a>,
    to: &'a NodeId,
    distance: HashMap<&'a NodeId, u32>,
    most: usize,
    tried: u32,
    full: bool,
    found: Vec<Path>,
}

impl<'a> Search<'a, '_> {
    /// Finds the ways on from the end of `trail` that are exactly `left` steps long.
    fn extend(&mut self, trail: &mut Trail<'a>, left: u32) {
        let Some(&here) = trail.nodes.last() else { return };
        if here == self.to {
            if left == 0 {
                self.full |= self.found.len() >= self.most;
                if !self.full {
                    self.found.push(Path {
                        nodes: trail.nodes.iter().copied().cloned().collect(),
                        edges: trail.edges.iter().copied().cloned().collect(),
                    });
                }
            }
            return;
        }
        for &(edge, next) in self.steps.get(here).into_iter().flatten() {
            self.tried += 1;
            self.full |= self.tried > MAX_TRIED;
            if self.full {
                return;
            }
            let reachable = self.distance.get(next).is_some_and(|distance| *distance < left);
            if !reachable || trail.nodes.contains(&next) {
                continue;
            }
            trail.nodes.push(next);
            trail.edges.push(edge);
            self.extend(trail, left - 1);
            trail.nodes.pop();
            trail.edges.pop();
        }
    }
}

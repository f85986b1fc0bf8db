//! Reading what lies around a node, a level at a time.

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZeroU32;

use futures_util::future::join_all;

use super::{Limit, NearbyNode, Neighbourhood, Walk};
use crate::error::Result;
use crate::graph::edge::{Edge, EdgePage, EdgesOf};
use crate::graph::ids::{EdgeId, NodeId};
use crate::graph::{GraphStore, NodesRead};
use crate::session::Scope;
use crate::store::{Page, PageToken, Unreadable};
use crate::usage::Usage;

/// How many nodes' edges are read at a time.
const PARALLEL_READS: usize = 8;

/// How many edges a page asks for, and how many nodes a batch.
const PAGE: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);

pub(super) struct Explorer<'a, S: ?Sized> {
    store: &'a S,
    scope: &'a Scope,
    walk: &'a Walk,
    pub(super) nodes: Vec<NearbyNode>,
    known: HashSet<NodeId>,
    pub(super) edges: Vec<Edge>,
    known_edges: HashSet<(EdgeId, NodeId)>,
    missing: HashSet<NodeId>,
    pub(super) unreadable: Vec<Unreadable>,
    pub(super) truncated: Option<Limit>,
    pub(super) usage: Usage,
}

impl<'a, S: GraphStore + ?Sized> Explorer<'a, S> {
    pub(super) fn new(store: &'a S, scope: &'a Scope, walk: &'a Walk) -> Self {
        Self {
            store,
            scope,
            walk,
            nodes: Vec::new(),
            known: HashSet::new(),
            edges: Vec::new(),
            known_edges: HashSet::new(),
            missing: HashSet::new(),
            unreadable: Vec::new(),
            truncated: None,
            usage: Usage::default(),
        }
    }

    /// Reads all around `start`, but nothing behind `barrier`.
    pub(super) async fn explore(&mut self, start: &NodeId, barrier: Option<&NodeId>) -> Result<()> {
        let mut level = self.read_nodes(vec![start.clone()], 0).await?;
        for depth in 1..=self.walk.limits.depth() {
            level.retain(|node| Some(node) != barrier);
            if level.is_empty() {
                return Ok(());
            }
            let ends = self.read_edges(level).await?;
            level = self.read_nodes(ends, depth).await?;
            if self.truncated.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads the edges of these nodes; returns those at the other ends that are new.
    async fn read_edges(&mut self, level: Vec<NodeId>) -> Result<Vec<NodeId>> {
        let mut left: VecDeque<(NodeId, Option<PageToken>)> =
            level.into_iter().map(|node| (node, None)).collect();
        let (mut ends, mut seen) = (Vec::new(), HashSet::new());
        while !left.is_empty() {
            let parallel = self.requests_left().min(PARALLEL_READS);
            if parallel == 0 {
                self.truncated = Some(Limit::Requests);
                return Ok(ends);
            }
            let (store, scope, walk) = (self.store, self.scope, self.walk);
            let reads = left.drain(..parallel.min(left.len())).map(|(node, token)| async move {
                let which = EdgesOf {
                    direction: walk.direction,
                    types: walk.types.clone(),
                    page: Page { limit: PAGE, token },
                };
                (store.edges(scope, &node, &which).await, node)
            });
            let pages = join_all(reads).await;
            for (page, _) in &pages {
                self.usage += page.as_ref().map_or(Usage::default(), |page| page.usage);
            }
            for (page, node) in pages {
                let EdgePage { edges, unreadable, next, .. } = page?;
                self.unreadable.extend(unreadable);
                for edge in edges {
                    if self.known_edges.contains(&(edge.id.clone(), edge.source.clone())) {
                        continue;
                    }
                    if self.edges.len() >= self.walk.limits.edges.get() as usize {
                        self.truncated = Some(Limit::Edges);
                        return Ok(ends);
                    }
                    let end = edge.other_end(&node).clone();
                    if !self.known.contains(&end) && !self.missing.contains(&end) && seen.insert(end.clone())
                    {
                        ends.push(end);
                    }
                    self.known_edges.insert((edge.id.clone(), edge.source.clone()));
                    self.edges.push(edge);
                }
                if next.is_some() {
                    left.push_back((node, next));
                }
            }
        }
        Ok(ends)
    }

    /// Reads nodes; returns the names of those that are there.
    async fn read_nodes(&mut self, mut ids: Vec<NodeId>, depth: u32) -> Result<Vec<NodeId>> {
        let room = (self.walk.limits.nodes.get() as usize).saturating_sub(self.nodes.len());
        if ids.len() > room {
            ids.truncate(room);
            self.truncated.get_or_insert(Limit::Nodes);
        }
        let mut found = Vec::new();
        for ids in ids.chunks(PAGE.get() as usize) {
            if self.requests_left() == 0 {
                self.truncated = Some(Limit::Requests);
                break;
            }
            let NodesRead { nodes, missing, unreadable, usage } = self.store.nodes(self.scope, ids).await?;
            self.usage += usage;
            self.missing.extend(missing);
            self.unreadable.extend(unreadable);
            for node in nodes {
                self.known.insert(node.id.clone());
                found.push(node.id.clone());
                self.nodes.push(NearbyNode { node, depth });
            }
        }
        Ok(found)
    }

    fn requests_left(&self) -> usize {
        let left = u64::from(self.walk.limits.requests.get()).saturating_sub(self.usage.requests);
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// The edges whose two nodes are there, and those that lead to none.
    pub(super) fn into_neighbourhood(self) -> Neighbourhood {
        let (mut edges, mut dangling) = (Vec::new(), Vec::new());
        for edge in self.edges {
            if self.known.contains(&edge.source) && self.known.contains(&edge.target) {
                edges.push(edge);
            } else if self.missing.contains(&edge.source) || self.missing.contains(&edge.target) {
                dangling.push(edge);
            }
        }
        Neighbourhood {
            nodes: self.nodes,
            edges,
            dangling,
            unreadable: self.unreadable,
            truncated: self.truncated,
            usage: self.usage,
        }
    }
}

/// Edges by the node from which a walk goes along them.
pub(super) type Steps<'a> = HashMap<&'a NodeId, Vec<(&'a Edge, &'a NodeId)>>;

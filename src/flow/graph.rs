//! A flow's nodes and edges, looked up by id.

use std::collections::{BTreeSet, HashMap};

use super::document::{Edge, Flow, FlowNode};
use crate::declare::NodeEntry;
use crate::registry::Registry;

/// Nodes by id, and the edges that come in at each. Nodes are told by their place in the document.
pub(super) struct Graph<'a> {
    pub(super) flow: &'a Flow,
    by_id: HashMap<&'a str, usize>,
    /// Edges whose two nodes are there, by the node that they go to.
    incoming: HashMap<usize, Vec<Link<'a>>>,
}

/// An edge whose two nodes are there.
#[derive(Clone, Copy)]
pub(super) struct Link<'a> {
    pub(super) edge: &'a Edge,
    pub(super) source: usize,
}

/// Nodes that stand on each other in a circle, in the direction of the edges.
pub(super) struct Cycle(pub(super) Vec<usize>);

impl<'a> Graph<'a> {
    /// Of two nodes with the same id the first counts; [`Flow::problems`] reports the other.
    pub(super) fn of(flow: &'a Flow) -> Self {
        let mut by_id = HashMap::new();
        for (at, node) in flow.nodes.iter().enumerate() {
            by_id.entry(node.id.as_str()).or_insert(at);
        }
        let mut incoming: HashMap<usize, Vec<Link<'a>>> = HashMap::new();
        for edge in &flow.edges {
            if let (Some(&source), Some(&target)) =
                (by_id.get(edge.source.as_str()), by_id.get(edge.target.as_str()))
            {
                incoming.entry(target).or_default().push(Link { edge, source });
            }
        }
        Self { flow, by_id, incoming }
    }

    pub(super) fn at(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(super) fn node(&self, at: usize) -> Option<&'a FlowNode> {
        self.flow.nodes.get(at)
    }

    /// The id of a node.
    pub(super) fn id(&self, at: usize) -> &'a str {
        self.node(at).map_or("", |node| node.id.as_str())
    }

    /// What the type of a node says about itself; `None` for a type that nothing declares, and for what another canvas
    /// had saved.
    pub(super) fn entry<'r>(&self, registry: &'r Registry, at: usize) -> Option<&'r NodeEntry> {
        let node = self.node(at).filter(|node| node.foreign.is_none())?;
        registry.node(&node.node_type)
    }

    pub(super) fn is_known(&self, registry: &Registry, at: usize) -> bool {
        self.entry(registry, at).is_some()
    }

    /// The edges that come in at a node, in the order of the document.
    pub(super) fn incoming(&self, at: usize) -> &[Link<'a>] {
        self.incoming.get(&at).map_or(&[], Vec::as_slice)
    }

    /// A node and all that it stands on.
    pub(super) fn foundations(&self, at: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::from([at]);
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            open.extend(
                self.incoming(at).iter().map(|link| link.source).filter(|&source| found.insert(source)),
            );
        }
        found
    }

    /// `nodes` in groups: each stands only on groups before it, so that those of one group can connect at once.
    ///
    /// # Errors
    /// A circle, where there is one among `nodes`.
    pub(super) fn in_order(&self, nodes: &BTreeSet<usize>) -> Result<Vec<Vec<usize>>, Cycle> {
        let mut left = nodes.clone();
        let mut groups = Vec::new();
        while !left.is_empty() {
            let ready: Vec<_> = left
                .iter()
                .copied()
                .filter(|&at| !self.incoming(at).iter().any(|link| left.contains(&link.source)))
                .collect();
            if ready.is_empty() {
                return Err(self.cycle_among(&left));
            }
            for at in &ready {
                left.remove(at);
            }
            groups.push(ready);
        }
        Ok(groups)
    }

    /// Every node of `left` stands on another of them: walking back must come round.
    fn cycle_among(&self, left: &BTreeSet<usize>) -> Cycle {
        let mut path: Vec<usize> = left.first().copied().into_iter().collect();
        while let Some(before) = path.last().and_then(|&at| {
            self.incoming(at).iter().map(|link| link.source).find(|source| left.contains(source))
        }) {
            if let Some(from) = path.iter().position(|&at| at == before) {
                let mut round = path.split_off(from);
                round.reverse();
                return Cycle(round);
            }
            path.push(before);
        }
        Cycle(path)
    }
}

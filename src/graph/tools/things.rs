//! The things that a model names.

use std::num::NonZeroU32;

use crate::error::{Error, ErrorKind, Result};
use crate::graph::names::node_id;
use crate::graph::{Direction, Edge, EdgesOf, GraphMemory, Node, NodeId, RelationshipType};
use crate::store::Page;
use crate::usage::Usage;

/// A thing by the name that a model gave it.
pub(super) enum Thing {
    /// It is there: under the name as it was given, where a person or another program has put it so, or as this memory
    /// writes names.
    Known(Node),
    /// It is not.
    New(NodeId),
}

impl Thing {
    pub(super) fn id(&self) -> &NodeId {
        match self {
            Self::Known(node) => &node.id,
            Self::New(id) => id,
        }
    }
}

/// Looks for the things of these names, in one request.
pub(super) async fn find<const N: usize>(
    memory: &GraphMemory,
    names: [(&'static str, &str); N],
    usage: &mut Usage,
) -> Result<[Thing; N]> {
    let mut wanted = Vec::with_capacity(N);
    for (argument, name) in names {
        wanted.push((argument, as_written(argument, name)?, written_here(argument, name)?));
    }
    let mut ids: Vec<_> =
        wanted.iter().flat_map(|(_, written, own)| [written.clone(), own.clone()]).collect();
    ids.sort_unstable();
    ids.dedup();
    let read = memory.store().nodes(memory.scope(), &ids).await?;
    *usage += read.usage;
    if !read.unreadable.is_empty() {
        let message =
            "what is kept under this name can't be read, and is left as it is; a person has to look at it";
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    let things = wanted.into_iter().map(|(_, written, own)| {
        let known = [&written, &own].into_iter().find_map(|id| read.nodes.iter().find(|node| node.id == *id));
        known.map_or(Thing::New(own), |node| Thing::Known(node.clone()))
    });
    things.collect::<Vec<_>>().try_into().map_err(|_| Error::new(ErrorKind::Protocol, "a thing was lost"))
}

fn as_written(argument: &'static str, name: &str) -> Result<NodeId> {
    NodeId::new(name.trim()).map_err(|_| blank(argument))
}

fn written_here(argument: &'static str, name: &str) -> Result<NodeId> {
    NodeId::new(node_id(name)).map_err(|_| blank(argument))
}

fn blank(argument: &'static str) -> Error {
    Error::invalid_input(argument, "is blank or too long; give a short name")
}

/// How a relation is written: `lives in` is `LIVES_IN`.
pub(super) fn relationship_type(argument: &'static str, relation: &str) -> Result<RelationshipType> {
    let words = relation.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.map(str::to_uppercase).collect::<Vec<_>>().join("_");
    RelationshipType::new(name).map_err(|_| blank(argument))
}

/// How the edges of one thing are read.
const PAGE: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);
/// Of a thing with more edges of a type, the others are not looked at: 10,000 are none that a sentence means.
const MAX_PAGES: usize = 100;

/// The edges of one type from one thing to another, also those that other programs have linked under ids of their own.
pub(super) async fn edges_between(
    memory: &GraphMemory,
    source: &NodeId,
    relation: &RelationshipType,
    target: &NodeId,
    usage: &mut Usage,
) -> Result<Vec<Edge>> {
    let mut edges = Vec::new();
    let mut token = None;
    for _ in 0..MAX_PAGES {
        let which = EdgesOf {
            direction: Direction::Outgoing,
            types: vec![relation.clone()],
            page: Page { limit: PAGE, token },
        };
        let page = memory.store().edges(memory.scope(), source, &which).await?;
        *usage += page.usage;
        edges.extend(page.edges.into_iter().filter(|edge| edge.target == *target));
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    Ok(edges)
}

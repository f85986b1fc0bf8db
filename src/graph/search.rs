//! What a search finds.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::node::Node;
use super::words;
use crate::store::Unreadable;
use crate::usage::Usage;

/// A node that a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Hit {
    /// The node.
    pub node: Node,
    /// Whether the text names it.
    pub by_name: bool,
    /// The words that it shares with the text, sorted.
    pub words: Vec<String>,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Hits {
    /// The best match first.
    pub hits: Vec<Hit>,
    /// Nodes that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// Whether there may be more than were looked at or returned.
    pub truncated: bool,
    /// What the call cost.
    pub usage: Usage,
}

/// Those of `nodes` that `text` names or with which it shares words, the best first.
pub(crate) fn hits(text: &str, nodes: Vec<Node>) -> Vec<Hit> {
    let (names, wanted) = (words::names_in(text), words::of_text(text));
    let hits = nodes.into_iter().filter_map(|node| {
        let by_name = names.contains(node.id.as_str());
        let words = words::of_node(node.id.as_str(), &node.content);
        let words: Vec<_> = words.intersection(&wanted).cloned().collect();
        (by_name || !words.is_empty()).then_some(Hit { node, by_name, words })
    });
    let mut hits: Vec<_> = hits.collect();
    hits.sort_by(|one, other| {
        let place = |hit: &Hit| {
            (Reverse(hit.by_name), Reverse(hit.words.len()), Reverse(hit.node.changed_at_epoch_secs()))
        };
        place(one).cmp(&place(other)).then_with(|| one.node.id.cmp(&other.node.id))
    });
    hits
}

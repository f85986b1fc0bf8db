//! Facts as a model reads them.

use schemars::JsonSchema;
use serde::Serialize;

use super::provenance;
use super::{Edge, EdgeId, Node, NodeId, RelationshipType};
use crate::session::Source;
use crate::usage::Usage;

/// The longest content that a line holds, in bytes: the rest is cut off, so that one thing does not displace all others.
const MAX_CONTENT_BYTES: usize = 1_000;

/// What a graph knows near what was said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Facts {
    /// Nearest first, each once.
    pub facts: Vec<Fact>,
    /// Whether there were more than the limits let through.
    pub left_out: bool,
    /// Rows on the way that can't be read and were left as they are.
    pub unreadable: u64,
    /// What the look-up cost.
    pub usage: Usage,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fact {
    /// As the model reads it: `blue: My favorite color is blue`, or `blue —RELATED_TO→ sky`.
    pub line: String,
    /// What it is a fact of.
    pub about: About,
    /// How many relations away it is from what was said: 0 for what is known of a thing that was named.
    pub hops: u32,
    /// Where it came from, the newest last; empty where its writer did not say.
    pub sources: Vec<Source>,
}

/// What a fact is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum About {
    /// A thing.
    Node {
        /// Its name.
        id: NodeId,
    },
    /// A relation between two things.
    Edge {
        /// What tells it from others.
        id: EdgeId,
        /// Where it begins.
        source: NodeId,
        /// What kind of relation it is.
        relationship_type: RelationshipType,
        /// Where it ends.
        target: NodeId,
    },
}

impl Facts {
    /// A line a fact, as prompts hold them; empty where there are none.
    #[must_use]
    pub fn text(&self) -> String {
        self.facts.iter().map(|fact| format!("- {}", fact.line)).collect::<Vec<_>>().join("\n")
    }
}

impl Fact {
    /// What is known of a node; `None` where that is nothing but its name.
    pub(super) fn of_node(node: &Node, hops: u32) -> Option<Self> {
        let content = in_one_line(&node.content);
        let says_something = !content.is_empty() && content != node.id.as_str();
        says_something.then(|| Self {
            line: format!("{}: {content}", in_one_line(node.id.as_str())),
            about: About::Node { id: node.id.clone() },
            hops,
            sources: provenance::of(node.metadata.as_ref()),
        })
    }

    pub(super) fn of_edge(edge: &Edge, hops: u32) -> Self {
        Self {
            line: edge_line(&edge.source, &edge.relationship_type, &edge.target),
            about: About::Edge {
                id: edge.id.clone(),
                source: edge.source.clone(),
                relationship_type: edge.relationship_type.clone(),
                target: edge.target.clone(),
            },
            hops,
            sources: provenance::of(edge.properties.as_ref()),
        }
    }
}

/// `blue —RELATED_TO→ sky`.
pub(super) fn edge_line(source: &NodeId, relationship_type: &RelationshipType, target: &NodeId) -> String {
    let [source, relation, target] =
        [source.as_str(), relationship_type.as_str(), target.as_str()].map(in_one_line);
    format!("{source} —{relation}→ {target}")
}

/// Text in one line, cut where it is long: whoever wrote it must not be able to add facts by breaking lines.
fn in_one_line(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let line = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    match line.get(..line.floor_char_boundary(MAX_CONTENT_BYTES)) {
        Some(start) if start.len() < line.len() => format!("{start} …"),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_content_makes_more_than_one_line_and_none_is_long() {
        assert_eq!(
            in_one_line(" likes tea\r\n\n- lives  in\tParis\u{2028}x "),
            "likes tea; - lives in Paris x"
        );
        let long = in_one_line(&"é".repeat(100_000));
        assert!(long.len() <= MAX_CONTENT_BYTES + 4 && long.ends_with("é …"), "{}", long.len());
        assert_eq!(in_one_line(" \n "), "");
    }
}

//! Edges of a foreign document: as edges, and again as values of the nodes that they go to.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::Value;

use super::super::document::{Edge, too_large};
use super::super::limits;
use super::foreign::{ForeignNode, Opened};
use super::report::{DroppedEdge, ImportReport};
use crate::error::Result;
use crate::json::RawJson;

/// An edge between two nodes of the document, before its ports are ours.
struct Link<'a> {
    source: usize,
    /// The source's handle, where one is told.
    source_handle: &'a str,
    target: usize,
    /// The name of the target's input.
    input: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForeignEdge {
    source: String,
    target: String,
    #[serde(default)]
    source_handle: String,
    #[serde(default)]
    target_handle: String,
}

pub(super) fn edges(
    nodes: &[ForeignNode],
    opened: &[Option<Opened<'_>>],
    listed: &[RawJson],
    report: &mut ImportReport,
) -> Result<Vec<Edge>> {
    let mut by_id = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        by_id.entry(node.id.as_str()).or_insert(at);
    }
    let listed: Vec<Option<ForeignEdge>> = listed.iter().map(|edge| edge.decode().ok()).collect();
    let mut links = Vec::new();
    for edge in &listed {
        let Some(edge) = edge else {
            report.drop_edge("", "", "it does not say which nodes it joins; draw it anew".to_owned());
            continue;
        };
        match (by_id.get(edge.source.as_str()), by_id.get(edge.target.as_str())) {
            (Some(&source), Some(&target)) => {
                let input =
                    nodes.get(target).map_or_else(String::new, |node| node.input_of(&edge.target_handle));
                links.push(Link { source, source_handle: &edge.source_handle, target, input });
            }
            _ => report.drop_edge(&edge.source, &edge.target, "one of the two nodes is not there".to_owned()),
        }
    }
    for (target, node) in nodes.iter().enumerate() {
        for (input, source) in node.references() {
            match by_id.get(source) {
                Some(&source) => links.push(Link { source, source_handle: "", target, input: input.clone() }),
                None => {
                    report.drop_edge(source, &node.id, "the node that gives is not there".to_owned());
                }
            }
        }
    }
    let mut seen = HashSet::new();
    links.retain(|link| seen.insert((link.source, link.target, link.input.clone())));
    let found = links.len() + report.dropped_edges.len();
    if found > 2 * limits::MAX_EDGES {
        return Err(too_large("edges", found, limits::MAX_EDGES));
    }
    Ok(links.into_iter().filter_map(|link| link.edge(nodes, opened, report)).collect())
}

impl Link<'_> {
    fn edge(
        self,
        nodes: &[ForeignNode],
        opened: &[Option<Opened<'_>>],
        report: &mut ImportReport,
    ) -> Option<Edge> {
        let (source, target) = (nodes.get(self.source)?, nodes.get(self.target)?);
        let gives = opened.get(self.source)?.as_ref();
        let takes = opened.get(self.target)?.as_ref();
        let port = takes.map(|takes| takes.entry.input_ports().iter().find(|port| port.id == self.input));
        if let Some(None) = port {
            let message = format!(
                "`{}` has no port that stands for `{}`; the node works without",
                target.id,
                shortened(&self.input)
            );
            report.drop_edge(&source.id, &target.id, message);
            return None;
        }
        let port = port.flatten();
        let source_handle = match gives {
            Some(gives) => {
                let outputs = gives.entry.output_ports();
                let fitting = outputs.iter().find(|output| port.is_some_and(|port| port.accepts(output)));
                fitting.or(outputs.first())?.id.to_owned()
            }
            None => source.output_of(self.source_handle),
        };
        Some(Edge {
            source: source.id.clone(),
            source_handle,
            target: target.id.clone(),
            target_handle: self.input,
        })
    }
}

impl ForeignNode {
    /// The name of the input that a handle such as `chain_0-input-memory-BaseMemory` belongs to.
    fn input_of(&self, handle: &str) -> String {
        match self.anchors.iter().find(|anchor| !anchor.id.is_empty() && anchor.id == handle) {
            Some(anchor) => anchor.name.clone(),
            None => named(handle, &self.id, "-input-"),
        }
    }

    /// The name of the output that a handle such as `model_0-output-model-A|B` belongs to.
    fn output_of(&self, handle: &str) -> String {
        match handle {
            "" => "output".to_owned(),
            handle => named(handle, &self.id, "-output-"),
        }
    }

    /// The inputs that hold links, with the id of the node that each names.
    fn references(&self) -> impl Iterator<Item = (&String, &str)> {
        let linked = self.inputs.iter().filter(|(name, _)| self.is_link(name));
        linked.flat_map(|(name, value)| {
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            let named = values.iter().filter_map(Value::as_str).filter_map(reference);
            named.map(move |id| (name, id)).take(limits::MAX_EDGES)
        })
    }
}

fn named(handle: &str, id: &str, side: &str) -> String {
    let inner = handle.strip_prefix(id).and_then(|rest| rest.strip_prefix(side));
    let name = inner.map(|inner| inner.split('-').next().unwrap_or(inner));
    shortened(name.unwrap_or(handle))
}

/// The id in `{{id.data.instance}}`.
fn reference(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    inner.trim().strip_suffix(".data.instance")
}

/// Handles of unknown nodes are foreign text of any length.
fn shortened(name: &str) -> String {
    name.chars().take(limits::MAX_ID_BYTES).collect()
}

impl ImportReport {
    fn drop_edge(&mut self, source: &str, target: &str, message: String) {
        self.dropped_edges.push(DroppedEdge {
            source: source.to_owned(),
            target: target.to_owned(),
            message,
        });
    }
}

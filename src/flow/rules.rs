//! Which edges a canvas lets a person draw.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::{Edge, Flow, FlowNode};
use super::graph::Graph;
use super::problem::ProblemCode;
use crate::declare::{NodeEntry, Port};
use crate::registry::Registry;

/// Why an edge can't be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Refusal {
    /// Which rule it breaks.
    pub code: ProblemCode,
    /// The reason, as a sentence for who draws.
    pub message: String,
}

impl Flow {
    /// Whether `edge` can be added. A canvas follows the same rules, from the manifest alone, in this order:
    ///
    /// 1. Both nodes are in the flow (`no_such_node`), and their types are declared (`unknown_type`).
    /// 2. `sourceHandle` is the id of an output port of the source, `targetHandle` the id of an input port of the target
    ///    (`no_such_port`).
    /// 3. The two ports share a type (`types_differ`).
    /// 4. A node is not connected to itself, and the source does not stand on the target, directly or through others
    ///    (`cycle`).
    /// 5. The same edge is not there already (`doubled_edge`).
    /// 6. A port that does not take `many` has no edge yet (`full_port`).
    ///
    /// # Errors
    /// The first rule that the edge breaks.
    pub fn can_connect(&self, registry: &Registry, edge: &Edge) -> Result<(), Refusal> {
        let graph = Graph::of(self);
        let input = graph.check_ports(registry, edge).map_err(|fault| fault.refusal)?;
        if edge.source == edge.target {
            return Err(Refusal::new(ProblemCode::Cycle, "a node can't be connected to itself"));
        }
        if let (Some(source), Some(target)) = (graph.at(&edge.source), graph.at(&edge.target))
            && graph.foundations(source).contains(&target)
        {
            let message = format!(
                "`{}` stands on `{}` already; joined the other way round too, each would wait for the other",
                edge.source, edge.target
            );
            return Err(Refusal::new(ProblemCode::Cycle, message));
        }
        if self.edges.contains(edge) {
            return Err(Refusal::new(ProblemCode::DoubledEdge, "these two are connected already"));
        }
        let taken = |other: &&Edge| other.target == edge.target && other.target_handle == edge.target_handle;
        match self.edges.iter().find(taken) {
            Some(other) if !input.many => {
                let message = format!(
                    "`{}` takes one node and has `{}`; remove that edge first",
                    input.title, other.source
                );
                Err(Refusal::new(ProblemCode::FullPort, message))
            }
            _ => Ok(()),
        }
    }
}

impl Refusal {
    fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What is wrong with an edge, and at which of its nodes and ports.
pub(super) struct Fault<'a> {
    /// `None` where neither node is there.
    pub(super) node: Option<&'a str>,
    pub(super) field: Option<&'a str>,
    pub(super) refusal: Refusal,
}

impl<'a> Graph<'a> {
    /// Rules 1 to 3, which look at the edge alone. The input port that it goes to.
    pub(super) fn check_ports<'e>(
        &self,
        registry: &Registry,
        edge: &'e Edge,
    ) -> Result<&'static Port, Fault<'e>> {
        let at_source = |refusal| Fault {
            node: self.at(&edge.source).map(|_| edge.source.as_str()),
            field: Some(edge.source_handle.as_str()),
            refusal,
        };
        let at_target = |refusal| Fault {
            node: self.at(&edge.target).map(|_| edge.target.as_str()),
            field: Some(edge.target_handle.as_str()),
            refusal,
        };
        // A node that is missing is the fault of the other end, which is there to be mended.
        let (source, gives) = self.declared(registry, &edge.source).map_err(at_target)?;
        let (target, takes) = self.declared(registry, &edge.target).map_err(at_source)?;
        let output = port(source, gives.output_ports(), &edge.source_handle, "output").map_err(at_source)?;
        let input = port(target, takes.input_ports(), &edge.target_handle, "input").map_err(at_target)?;
        if input.accepts(output) {
            return Ok(input);
        }
        let message = format!(
            "`{}` of `{}` takes {}, and `{}` gives {}; connect another node",
            input.title,
            target.id,
            input.types.join(" or "),
            source.id,
            output.types.first().copied().unwrap_or("nothing")
        );
        Err(at_target(Refusal::new(ProblemCode::TypesDiffer, message)))
    }

    fn declared<'r>(
        &self,
        registry: &'r Registry,
        id: &str,
    ) -> Result<(&'a FlowNode, &'r NodeEntry), Refusal> {
        let missing = || {
            let message = format!("there is no node `{}` in this flow; remove the edge", shortened(id));
            Refusal::new(ProblemCode::NoSuchNode, message)
        };
        let at = self.at(id).ok_or_else(missing)?;
        let node = self.node(at).ok_or_else(missing)?;
        let entry = self.entry(registry, at).ok_or_else(|| {
            let message =
                format!("the type of `{}` is unknown here, so nothing can be connected to it", node.id);
            Refusal::new(ProblemCode::UnknownType, message)
        })?;
        Ok((node, entry))
    }
}

fn port(node: &FlowNode, ports: &'static [Port], id: &str, side: &str) -> Result<&'static Port, Refusal> {
    ports.iter().find(|port| port.id == id).ok_or_else(|| {
        let ids: Vec<_> = ports.iter().map(|port| format!("`{}`", port.id)).collect();
        let there = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        let message = format!(
            "`{}` has no {side} named `{}`; it has {there}, connect one of them",
            node.id,
            shortened(id)
        );
        Refusal::new(ProblemCode::NoSuchPort, message)
    })
}

/// Ids of edges are the caller's own text and may be of any length.
fn shortened(id: &str) -> String {
    match id.char_indices().nth(64) {
        Some((at, _)) => format!("{}…", id.split_at(at).0),
        None => id.to_owned(),
    }
}

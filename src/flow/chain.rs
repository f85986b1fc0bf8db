//! Which node of a flow is run.

use std::collections::HashSet;

use super::graph::{Cycle, Graph};
use super::problem::{FlowProblem, ProblemCode};
use crate::declare::{NodeEntry, Port};
use crate::registry::Registry;

impl Graph<'_> {
    /// The node that is run: the chain or agent whose output no other node takes.
    ///
    /// # Errors
    /// The problem, when there is none, or more than one.
    pub(super) fn chain(&self, registry: &Registry) -> Result<usize, FlowProblem> {
        let gives_chain = |at: usize| {
            let ports = self.entry(registry, at).map(NodeEntry::output_ports);
            ports.is_some_and(|ports| ports.iter().any(Port::gives_chain))
        };
        let is_known = |id: &str| self.at(id).is_some_and(|at| self.is_known(registry, at));
        let edges = self.flow.edges.iter().filter(|edge| is_known(&edge.target));
        let taken: HashSet<_> = edges.map(|edge| edge.source.as_str()).collect();
        let chains: Vec<_> = (0..self.flow.nodes.len())
            .filter(|&at| gives_chain(at) && !taken.contains(self.id(at)))
            .collect();
        match chains.as_slice() {
            [only] => Ok(*only),
            [] => Err(FlowProblem::of_flow(
                ProblemCode::NoChain,
                "no chain or agent stands at the flow's end; add one, such as a Conversation Chain, and connect a \
                 model and a memory to it",
            )),
            several => {
                let ids: Vec<_> = several.iter().map(|&at| format!("`{}`", self.id(at))).collect();
                let message = format!(
                    "{} could each be run; keep one and remove the others, or move them to flows of their own",
                    ids.join(" and ")
                );
                Err(FlowProblem::of_flow(ProblemCode::SeveralChains, message))
            }
        }
    }

    pub(super) fn cycle(&self, Cycle(round): &Cycle) -> FlowProblem {
        let ids: Vec<_> = round.iter().chain(round.first()).map(|&at| format!("`{}`", self.id(at))).collect();
        let message = format!(
            "the nodes {} stand on each other in a circle; remove one of these edges",
            ids.join(" → ")
        );
        let first = round.first().map(|&at| self.id(at).to_owned());
        FlowProblem { node: first, ..FlowProblem::of_flow(ProblemCode::Cycle, message) }
    }
}

//! Edges, and the circles that they close.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::super::document::Edge;
use super::super::problem::{FlowProblem, ProblemCode, ProblemLevel};
use super::Inspection;

impl Inspection<'_> {
    pub(super) fn edges(&mut self) {
        let mut seen = HashSet::new();
        let mut taken: BTreeMap<(&str, &str), Vec<&Edge>> = BTreeMap::new();
        for edge in &self.graph.flow.edges {
            if !seen.insert(edge) {
                let message = format!("`{}` is connected here twice; remove one edge", edge.source);
                self.report(&edge.target, edge.target_handle.clone(), ProblemCode::DoubledEdge, message);
                continue;
            }
            match self.graph.check_ports(self.registry, edge) {
                Ok(input) if !input.many => {
                    taken.entry((&edge.target, &edge.target_handle)).or_default().push(edge);
                }
                Ok(_) => {}
                // The node itself is reported.
                Err(fault) if fault.refusal.code == ProblemCode::UnknownType => {}
                Err(fault) => self.problems.push(FlowProblem {
                    node: fault.node.map(str::to_owned),
                    field: fault.field.map(str::to_owned),
                    code: fault.refusal.code,
                    level: ProblemLevel::Error,
                    message: fault.refusal.message,
                }),
            }
        }
        for ((target, port), edges) in taken.into_iter().filter(|(_, edges)| edges.len() > 1) {
            let sources: Vec<_> = edges.iter().map(|edge| format!("`{}`", edge.source)).collect();
            let message =
                format!("`{port}` takes one node and has {}; keep one of these edges", sources.join(" and "));
            self.report(target, port.to_owned(), ProblemCode::FullPort, message);
        }
    }

    pub(super) fn cycles(&mut self) {
        let mut nodes: BTreeSet<_> = (0..self.graph.flow.nodes.len()).collect();
        while let Err(cycle) = self.graph.in_order(&nodes) {
            self.problems.push(self.graph.cycle(&cycle));
            for at in &cycle.0 {
                nodes.remove(at);
            }
            if cycle.0.is_empty() {
                return;
            }
        }
    }
}

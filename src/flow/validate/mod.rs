//! Everything that is wrong with a flow.

mod document;
mod edges;
mod nodes;

use std::collections::BTreeSet;

use super::credentials::CredentialTypes;
use super::document::Flow;
use super::graph::Graph;
use super::problem::{FlowProblem, ProblemCode, ProblemLevel};
use crate::registry::Registry;

impl Flow {
    /// Everything that is wrong with the flow; it runs when none of it is of the level [`ProblemLevel::Error`].
    ///
    /// The node that is run is the chain or agent whose output no other node takes. What is wrong with a node that it
    /// does not stand on keeps nothing from running, and is a warning. Inputs of older versions are judged after they
    /// were brought up, as [`connect`](super::connect()) does.
    #[must_use]
    pub fn problems(&self, registry: &Registry, credentials: &dyn CredentialTypes) -> Vec<FlowProblem> {
        let graph = Graph::of(self);
        let mut problems = Inspection::of(&graph, registry, Some(credentials));
        match graph.chain(registry) {
            Ok(chain) => {
                let foundations = graph.foundations(chain);
                demote(&mut problems, &graph, &foundations);
                problems.extend(unconnected(&graph, registry, &foundations));
            }
            Err(problem) => problems.insert(0, problem),
        }
        problems
    }
}

impl Graph<'_> {
    /// The first thing that keeps the nodes `foundations` from coming alive, besides their credentials.
    pub(super) fn hindrance(
        &self,
        registry: &Registry,
        foundations: &BTreeSet<usize>,
    ) -> Option<FlowProblem> {
        let mut problems = Inspection::of(self, registry, None);
        demote(&mut problems, self, foundations);
        problems.into_iter().find(|problem| problem.level == ProblemLevel::Error)
    }
}

/// A look at a whole flow.
struct Inspection<'a> {
    graph: &'a Graph<'a>,
    registry: &'a Registry,
    /// `None` where credentials are not looked at.
    credentials: Option<&'a dyn CredentialTypes>,
    problems: Vec<FlowProblem>,
}

impl<'a> Inspection<'a> {
    /// All problems, each as bad as if everything stood on its node.
    fn of(
        graph: &'a Graph<'a>,
        registry: &'a Registry,
        credentials: Option<&'a dyn CredentialTypes>,
    ) -> Vec<FlowProblem> {
        let mut inspection = Self { graph, registry, credentials, problems: Vec::new() };
        inspection.document();
        inspection.nodes();
        inspection.edges();
        inspection.cycles();
        inspection.problems
    }

    fn report(
        &mut self,
        node: &str,
        field: impl Into<Option<String>>,
        code: ProblemCode,
        message: impl Into<String>,
    ) {
        self.problems.push(FlowProblem {
            node: Some(node.to_owned()),
            field: field.into(),
            code,
            level: ProblemLevel::Error,
            message: message.into(),
        });
    }
}

/// Makes warnings of what is wrong with nodes that nothing which runs stands on.
fn demote(problems: &mut [FlowProblem], graph: &Graph<'_>, foundations: &BTreeSet<usize>) {
    for problem in problems {
        // These make it unclear which node is meant, or are too much whatever runs.
        let is_of_document = matches!(
            problem.code,
            ProblemCode::DuplicateId | ProblemCode::BadId | ProblemCode::BadName | ProblemCode::TooLarge
        );
        let stands = |id: &String| graph.at(id).is_some_and(|at| foundations.contains(&at));
        if !is_of_document && !problem.node.as_ref().is_some_and(stands) {
            problem.level = ProblemLevel::Warning;
        }
    }
}

/// Known nodes that the chain does not stand on. Unknown ones have been reported.
fn unconnected<'a>(
    graph: &'a Graph<'_>,
    registry: &'a Registry,
    foundations: &'a BTreeSet<usize>,
) -> impl Iterator<Item = FlowProblem> + 'a {
    let nodes = graph.flow.nodes.iter().enumerate();
    let idle = nodes.filter(|(at, _)| graph.is_known(registry, *at) && !foundations.contains(at));
    idle.map(|(_, node)| FlowProblem {
        node: Some(node.id.clone()),
        field: None,
        code: ProblemCode::NotConnected,
        level: ProblemLevel::Warning,
        message: format!("the chain does not stand on `{}`; connect it, or remove it", node.id),
    })
}

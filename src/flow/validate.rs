//! Everything that is wrong with a flow.

use super::credentials::CredentialTypes;
use super::document::Flow;
use super::graph::Graph;
use super::problem::FlowProblem;
use crate::registry::Registry;

impl Flow {
    /// Everything that is wrong with the flow; it runs when none of it is of the level
    /// [`Error`](super::ProblemLevel::Error).
    #[must_use]
    pub fn problems(&self, registry: &Registry, _credentials: &dyn CredentialTypes) -> Vec<FlowProblem> {
        let graph = Graph::of(self);
        graph.chain(registry).err().into_iter().collect()
    }
}

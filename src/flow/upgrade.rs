//! Bringing nodes of older versions up.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::document::{Flow, FlowNode};
use super::problem::{FlowProblem, ProblemCode};
use crate::declare::NodeEntry;
use crate::registry::Registry;

/// A flow whose nodes are of today's versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Upgraded {
    /// The flow.
    pub flow: Flow,
    /// Which nodes were brought up.
    pub nodes: Vec<UpgradedNode>,
    /// Which could not be, and are as they were.
    pub problems: Vec<FlowProblem>,
}

/// A node that was brought up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct UpgradedNode {
    /// The node's id.
    pub node: String,
    /// The version that its inputs were made for.
    pub from: u32,
    /// The version that they are of now.
    pub to: u32,
}

impl Flow {
    /// The flow with the inputs of each node brought up to today's version of its declaration. Nodes of unknown types
    /// and of newer versions are kept whole.
    #[must_use]
    pub fn upgraded(&self, registry: &Registry) -> Upgraded {
        let mut upgraded = Upgraded { flow: self.clone(), nodes: Vec::new(), problems: Vec::new() };
        for node in upgraded.flow.nodes.iter_mut().filter(|node| node.foreign.is_none()) {
            let Some(entry) = registry.node(&node.node_type) else { continue };
            let inputs = match current_inputs(node, entry) {
                Ok(Cow::Owned(inputs)) => inputs,
                Ok(Cow::Borrowed(_)) => continue,
                Err(problem) => {
                    upgraded.problems.push(problem);
                    continue;
                }
            };
            node.inputs = inputs;
            let from = std::mem::replace(&mut node.version, entry.version());
            upgraded.nodes.push(UpgradedNode { node: node.id.clone(), from, to: node.version });
        }
        upgraded
    }
}

/// The inputs of a node, brought up to today's version where they are older.
///
/// # Errors
/// The problem, when they do not fit the version that the node says.
pub(super) fn current_inputs<'a>(
    node: &'a FlowNode,
    entry: &NodeEntry,
) -> Result<Cow<'a, Map<String, Value>>, FlowProblem> {
    if node.version >= entry.version() {
        return Ok(Cow::Borrowed(&node.inputs));
    }
    let mut inputs = node.inputs.clone();
    entry.upgrade(node.version, &mut inputs).map_err(|error| {
        let message = format!(
            "version {} of this node can't be brought up to version {}: {}; add the node anew",
            node.version,
            entry.version(),
            error.message()
        );
        FlowProblem {
            node: Some(node.id.clone()),
            ..FlowProblem::of_flow(ProblemCode::UpgradeFailed, message)
        }
    })?;
    Ok(Cow::Owned(inputs))
}

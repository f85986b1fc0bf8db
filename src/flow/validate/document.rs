//! Counts, names and ids.

use std::collections::HashSet;

use super::super::limits;
use super::super::problem::{FlowProblem, ProblemCode};
use super::Inspection;

impl Inspection<'_> {
    pub(super) fn document(&mut self) {
        let flow = self.graph.flow;
        if let Err(error) = flow.check_counts() {
            self.problems.push(FlowProblem::of_flow(ProblemCode::TooLarge, error.message()));
        }
        if let Err(error) = flow.check_name() {
            self.problems.push(FlowProblem::of_flow(ProblemCode::BadName, error.message()));
        }
        let mut seen = HashSet::new();
        for (at, node) in flow.nodes.iter().enumerate() {
            if let Some(message) = bad_id(&node.id) {
                let message = format!("the id of node {} of the document {message}", at + 1);
                self.report(&node.id, "id".to_owned(), ProblemCode::BadId, message);
            }
            if !seen.insert(node.id.as_str()) {
                let message = format!("several nodes have the id `{}`; give each its own", node.id);
                self.report(&node.id, "id".to_owned(), ProblemCode::DuplicateId, message);
            }
            let name = node.name.as_deref().unwrap_or_default();
            if name.chars().nth(limits::MAX_NAME_CHARS).is_some() {
                let message =
                    format!("the name is longer than {} characters; shorten it", limits::MAX_NAME_CHARS);
                self.report(&node.id, "name".to_owned(), ProblemCode::TooLarge, message);
            }
        }
    }
}

/// What is wrong with a node's id, if anything.
fn bad_id(id: &str) -> Option<String> {
    if id.is_empty() {
        return Some("is empty; give it one, such as `memory_1`".to_owned());
    }
    if id.len() > limits::MAX_ID_BYTES {
        return Some(format!("is longer than {} bytes; shorten it", limits::MAX_ID_BYTES));
    }
    let is_plain = |letter: char| !letter.is_control() && !letter.is_whitespace();
    let message = "holds spaces or characters that can't be seen; use letters, digits, `_` and `-`";
    (!id.chars().all(is_plain)).then(|| message.to_owned())
}

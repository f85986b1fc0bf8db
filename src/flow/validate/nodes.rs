//! Each node for itself: type, version, inputs, credential.

use serde_json::{Map, Value};

use super::super::document::FlowNode;
use super::super::problem::ProblemCode;
use super::super::upgrade::current_inputs;
use super::Inspection;
use crate::declare::{CredentialSlot, NodeEntry};

/// What other canvases call notes that people stick on them. They mean nothing to a run.
const NOTES: [&str; 2] = ["stickyNote", "stickyNoteAgentflow"];

impl Inspection<'_> {
    pub(super) fn nodes(&mut self) {
        for (at, node) in self.graph.flow.nodes.iter().enumerate() {
            match self.graph.entry(self.registry, at).copied() {
                Some(entry) => self.node(at, node, &entry),
                None => self.unknown(node),
            }
        }
    }

    fn unknown(&mut self, node: &FlowNode) {
        let node_type = &node.node_type;
        if NOTES.contains(&node_type.as_str()) {
            return;
        }
        let message = match node.foreign {
            Some(_) => format!(
                "`{node_type}` is a node of another canvas that is not known here: it is kept and not run; put a known \
                 node in its place"
            ),
            None => format!(
                "nothing declares the type `{node_type}`: the node is kept and not run; correct the type, or use a \
                 program that was built with it"
            ),
        };
        self.report(&node.id, "type".to_owned(), ProblemCode::UnknownType, message);
    }

    fn node(&mut self, at: usize, node: &FlowNode, entry: &NodeEntry) {
        self.open_ports(at, node, entry);
        if node.version > entry.version() {
            let message = format!(
                "was made for version {} of `{}`, and this program has version {}; it is kept as it is, open it in the \
                 newer program",
                node.version,
                entry.node_type(),
                entry.version()
            );
            self.report(&node.id, "version".to_owned(), ProblemCode::NewerVersion, message);
            return;
        }
        match current_inputs(node, entry) {
            Ok(inputs) => {
                let inputs = inputs.into_owned();
                self.credential(node, entry, &inputs);
                self.inputs(node, inputs);
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    fn inputs(&mut self, node: &FlowNode, inputs: Map<String, Value>) {
        let problems = self.registry.validate(&node.node_type, &Value::Object(inputs)).unwrap_or_default();
        for problem in problems {
            let message = format!("`{}` {}", problem.input, problem.message);
            self.report(&node.id, problem.input, ProblemCode::BadInput, message);
        }
    }

    fn credential(&mut self, node: &FlowNode, entry: &NodeEntry, inputs: &Map<String, Value>) {
        let Some(credentials) = self.credentials else { return };
        let slots = entry.credentials();
        let fitting: Vec<_> = slots.iter().flat_map(|slot| slot.types).copied().collect();
        let of_type = fitting.join(" or ");
        let Some(id) = &node.credential else {
            let needed = slots.iter().find(|slot| slot.is_required(inputs));
            if let Some(CredentialSlot { title, .. }) = needed {
                let message = format!("the {title} is missing; choose or create one of type {of_type}");
                self.report(&node.id, "credential".to_owned(), ProblemCode::MissingCredential, message);
            }
            return;
        };
        let (code, message) = match credentials.credential_type(id) {
            None => (
                ProblemCode::UnknownCredential,
                format!(
                    "the credential is not there, it may have been deleted; choose or create one of type {of_type}"
                ),
            ),
            Some(found) if fitting.is_empty() => (
                ProblemCode::WrongCredential,
                format!(
                    "`{}` takes no credential and has one of type {found}; disconnect it",
                    entry.node_type()
                ),
            ),
            Some(found) if !fitting.contains(&found.as_str()) => (
                ProblemCode::WrongCredential,
                format!("the credential is of type {found}; choose one of type {of_type}"),
            ),
            Some(_) => return,
        };
        self.report(&node.id, "credential".to_owned(), code, message);
    }

    fn open_ports(&mut self, at: usize, node: &FlowNode, entry: &NodeEntry) {
        let incoming = self.graph.incoming(at);
        for port in entry.input_ports().iter().filter(|port| port.required) {
            if !incoming.iter().any(|link| link.edge.target_handle == port.id) {
                let message = format!(
                    "`{}` is not connected; connect a node that gives {}",
                    port.title,
                    port.types.join(" or ")
                );
                self.report(&node.id, port.id.to_owned(), ProblemCode::OpenPort, message);
            }
        }
    }
}

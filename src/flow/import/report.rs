//! What an import tells.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::problem::FlowProblem;
use super::super::upgrade::UpgradedNode;

/// Whose document was imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportSource {
    /// This program's own.
    CanvasMemory,
    /// That of Flowise, AnswerAI and their relatives.
    Flowise,
}

/// What became of a document that was imported. It holds no secret and no value of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct ImportReport {
    /// Whose document it was.
    pub source: ImportSource,
    /// Nodes whose type became one of ours.
    pub converted: Vec<Converted>,
    /// Values that were stored loosely.
    pub coerced: Vec<Coerced>,
    /// Inputs that held something and were left out.
    pub dropped: Vec<Dropped>,
    /// Edges that were left out.
    pub dropped_edges: Vec<DroppedEdge>,
    /// Nodes whose credential must be connected again: ids of credentials are never taken over.
    pub connect_again: Vec<ConnectAgain>,
    /// Nodes whose type is unknown here. They are kept whole, shown, and not run.
    pub unknown_nodes: Vec<UnknownNode>,
    /// Variables in texts.
    pub variables: Vec<KeptVariable>,
    /// Nodes of older versions that were brought up.
    pub upgraded: Vec<UpgradedNode>,
    /// What is still wrong with the flow. Credentials that must be connected again are among it.
    pub problems: Vec<FlowProblem>,
}

/// A node whose type became one of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Converted {
    /// The node's id.
    pub node: String,
    /// Its type there.
    pub from: String,
    /// Its type here.
    pub to: String,
}

/// A value that was stored loosely and was made what the schema asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Coerced {
    /// The node's id.
    pub node: String,
    /// The input, under its name here.
    pub field: String,
    /// What was found, such as `text`.
    pub from: String,
    /// What became of it, such as `a whole number`.
    pub to: String,
}

/// An input that held something and was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Dropped {
    /// The node's id.
    pub node: String,
    /// The input, under its name there.
    pub field: String,
    /// Why.
    pub reason: DropReason,
    /// What to do, as a sentence.
    pub message: String,
}

/// Why an input was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// Nothing here stands for it.
    UnknownInput,
    /// Its value does not fit.
    DoesNotFit,
    /// It looks like a secret, and secrets belong in credentials.
    Secret,
    /// It holds a variable that nothing fills there.
    Variable,
}

/// An edge that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct DroppedEdge {
    /// The id of the node that gives.
    pub source: String,
    /// The id of the node that takes.
    pub target: String,
    /// Why, and what to do, as a sentence.
    pub message: String,
}

/// A node whose credential must be connected again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct ConnectAgain {
    /// The node's id.
    pub node: String,
    /// What the slot is called.
    pub slot: String,
    /// The credential types that fit.
    pub types: Vec<String>,
    /// Whether the node does not run without.
    pub required: bool,
}

/// A node whose type is unknown here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct UnknownNode {
    /// The node's id.
    pub node: String,
    /// Its type there.
    #[serde(rename = "type")]
    pub node_type: String,
    /// What its card was called.
    pub label: Option<String>,
}

/// A variable in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct KeptVariable {
    /// The node's id.
    pub node: String,
    /// The input whose text holds it, under its name here.
    pub field: String,
    /// The variable as it stood there, such as `$vars.tone`.
    pub variable: String,
    /// What the text says now, such as `chat_history`; `None` where it stays as it is and nothing fills it.
    pub now: Option<String>,
    /// What became of it and what to do, as a sentence.
    pub message: String,
}

impl ImportReport {
    pub(super) fn new(source: ImportSource) -> Self {
        Self {
            source,
            converted: Vec::new(),
            coerced: Vec::new(),
            dropped: Vec::new(),
            dropped_edges: Vec::new(),
            connect_again: Vec::new(),
            unknown_nodes: Vec::new(),
            variables: Vec::new(),
            upgraded: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn drop_input(&mut self, node: &str, field: &str, reason: DropReason, message: String) {
        self.dropped.push(Dropped { node: node.to_owned(), field: field.to_owned(), reason, message });
    }

    pub(super) fn drop_secret(&mut self, node: &str, field: &str) {
        let message = "it looks like a secret; enter it in a credential".to_owned();
        self.drop_input(node, field, DropReason::Secret, message);
    }
}

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

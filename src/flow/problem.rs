//! What is wrong with a flow.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// Something that is wrong with a flow, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct FlowProblem {
    /// The id of the node; `None` where it is the flow as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The input, port or field of the node; `credential` for its credential slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What kind of problem it is.
    pub code: ProblemCode,
    /// Whether it keeps the flow from running.
    pub level: ProblemLevel,
    /// What is wrong and what to do, as a sentence.
    pub message: String,
}

/// Whether a problem keeps the flow from running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemLevel {
    /// The flow does not run until it is mended.
    Error,
    /// The flow runs: the chain does not stand on what is wrong.
    Warning,
}

/// Kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemCode {
    /// A name, id or count is beyond its limit.
    TooLarge,
    /// The flow's name is too long or holds control characters.
    BadName,
    /// A node's id is empty or holds spaces or control characters.
    BadId,
    /// Two nodes have the same id.
    DuplicateId,
    /// Nothing declares the node's type.
    UnknownType,
    /// The node was made for a newer version of its declaration.
    NewerVersion,
    /// The node's inputs can't be brought up to today's version of its declaration.
    UpgradeFailed,
    /// An input is missing, unknown or does not fit.
    BadInput,
    /// The node needs a credential and has none.
    MissingCredential,
    /// The credential that the node names is not there.
    UnknownCredential,
    /// The credential that the node names is of a type that does not fit.
    WrongCredential,
    /// An edge begins or ends at a node that is not there.
    NoSuchNode,
    /// An edge begins or ends at a port that its node does not have.
    NoSuchPort,
    /// An edge joins ports whose types do not meet.
    TypesDiffer,
    /// The same edge stands twice.
    DoubledEdge,
    /// A port that takes one has several edges.
    FullPort,
    /// A port that must be connected is not.
    OpenPort,
    /// Nodes stand on each other in a circle.
    Cycle,
    /// No node is a chain or agent.
    NoChain,
    /// Several chains could be run.
    SeveralChains,
    /// The chain does not stand on this node.
    NotConnected,
}

impl FlowProblem {
    pub(super) fn of_flow(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { node: None, field: None, code, level: ProblemLevel::Error, message: message.into() }
    }

    /// The problem as an error, for a flow that is run all the same.
    #[must_use]
    pub fn to_error(&self) -> Error {
        let kind = match self.code {
            ProblemCode::UnknownType | ProblemCode::NewerVersion => ErrorKind::Unsupported,
            ProblemCode::TooLarge => ErrorKind::TooLarge,
            _ => ErrorKind::InvalidInput { field: self.field.clone().unwrap_or_else(|| "flow".to_owned()) },
        };
        let error = Error::new(kind, &self.message);
        match &self.node {
            Some(node) => error.with("node", node),
            None => error,
        }
    }
}

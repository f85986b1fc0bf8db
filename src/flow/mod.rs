//! Flows: the saved document of a canvas, what is wrong with it, and how it comes alive.
//!
//! A flow refers to declarations and never holds them: node type, version, inputs, the id of a credential. It knows
//! the registry and the traits of models, memories and chains, and no backend.

mod chain;
mod connect;
mod credentials;
mod document;
mod graph;
mod import;
pub mod limits;
mod problem;
mod rules;
mod templates;
mod upgrade;
mod validate;

pub use connect::{ConnectedFlow, connect, connect_node};
pub use credentials::{CredentialSource, CredentialTypes, NoCredentials};
pub use document::{Edge, FORMAT, Flow, FlowNode, Position, Viewport};
pub use import::{
    Coerced, ConnectAgain, Converted, DropReason, Dropped, DroppedEdge, ImportReport, ImportSource, Imported,
    KeptVariable, UnknownNode, import,
};
pub use problem::{FlowProblem, ProblemCode, ProblemLevel};
pub use rules::Refusal;
pub use templates::{Template, templates};
pub use upgrade::{Upgraded, UpgradedNode};

//! Flows: the saved document of a canvas, what is wrong with it, and how it comes alive.
//!
//! A flow refers to declarations and never holds them: node type, version, inputs, the id of a credential. It knows
//! the registry and the traits of models, memories and chains, and no backend.
//!
//! ```
//! use canvas_memory::declare::ConnectContext;
//! use canvas_memory::flow::{self, Flow, NoCredentials};
//! use canvas_memory::registry::Registry;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> canvas_memory::Result<()> {
//! let flow = Flow::parse(
//!     br#"{
//!       "format": 1,
//!       "nodes": [
//!         {"id": "model_1", "type": "echoModel"},
//!         {"id": "chain_1", "type": "conversationChain"}
//!       ],
//!       "edges": [
//!         {"source": "model_1", "sourceHandle": "model", "target": "chain_1", "targetHandle": "model"}
//!       ]
//!     }"#,
//! )?;
//! let registry = Registry::collect();
//! assert_eq!(flow.problems(&registry, &NoCredentials), []);
//! let connected = flow::connect(&flow, &registry, &NoCredentials, &ConnectContext::default()).await?;
//! assert_eq!(connected.chain_node, "chain_1");
//! # Ok(())
//! # }
//! ```

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

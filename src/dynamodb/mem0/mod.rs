//! What Mem0 keeps, in tables of DynamoDB.

pub(crate) mod configuration;
pub mod conversation;
pub mod graph;
pub mod history;

//! Making what a node's service lacks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::health::Finding;
use crate::usage::Usage;

/// What [`Node::set_up`](super::Node::set_up) made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SetUp {
    /// What was made, by name, such as a table's; nothing where all was there already.
    pub made: Vec<String>,
    /// How what is there now stands, such as what differs in a table that was there already.
    pub findings: Vec<Finding>,
    /// What it cost.
    pub usage: Usage,
}

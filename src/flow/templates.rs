//! Flows to begin with.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Flow;

/// A flow to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Template {
    /// Names the template, such as `dynamodb-builtin`.
    pub id: &'static str,
    /// What people choose by.
    pub title: &'static str,
    /// What it does, and what it needs.
    pub description: &'static str,
    /// The flow.
    pub flow: Flow,
}

/// The flows to begin with.
#[must_use]
pub fn templates() -> Vec<Template> {
    Vec::new()
}

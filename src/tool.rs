//! What a tool does: something that a model asks for and can't do itself.

use std::fmt;

use async_trait::async_trait;

use crate::error::Result;
use crate::json::RawJson;
use crate::model::ToolSpec;

/// Does what a model asks for, and tells it the result.
#[async_trait]
pub trait Tool: fmt::Debug + Send + Sync {
    /// What the model is told of it. The name is unique among the tools of an agent.
    fn spec(&self) -> ToolSpec;

    /// Carries out one call. `arguments` fit the schema of [`ToolSpec::parameters`]. A call that is stopped is dropped
    /// wherever it waits.
    ///
    /// # Errors
    /// Whatever keeps the tool from a result. The model reads the error's message, so that it can mend its call.
    async fn call(&self, arguments: &RawJson) -> Result<String>;
}

//! What a tool does: something that a model asks for and can't do itself.

use std::fmt;

use async_trait::async_trait;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::json::RawJson;
use crate::model::ToolSpec;
use crate::session::Source;
use crate::usage::Usage;

/// Does what a model asks for, and tells it the result.
#[async_trait]
pub trait Tool: fmt::Debug + Send + Sync {
    /// What the model is told of it. The name is unique among the tools of an agent.
    fn spec(&self) -> ToolSpec;

    /// Carries out one call. `arguments` fit the schema of [`ToolSpec::parameters`]; `source` is where the call was
    /// asked for. A call that is stopped is dropped wherever it waits.
    ///
    /// # Errors
    /// Whatever keeps the tool from a result. The model reads the error's message, so that it can mend its call.
    async fn call(&self, arguments: &RawJson, source: &Source) -> Result<ToolOutput>;
}

/// What a tool gives back.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolOutput {
    /// What the model reads.
    pub text: String,
    /// What backends charged for it.
    pub usage: Usage,
}

impl From<String> for ToolOutput {
    /// The output of a tool that asks no backend.
    fn from(text: String) -> Self {
        Self { text, usage: Usage::default() }
    }
}

impl ToolSpec {
    /// A tool whose arguments are an `A`: its doc comments tell the model what they mean.
    #[must_use]
    pub fn of<A: JsonSchema>(name: &str, description: &str) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        });
        let mut schema = settings.into_generator().into_root_schema_for::<A>();
        // The struct's name and purpose are the tool's.
        schema.remove("title");
        schema.remove("description");
        // Some providers refuse an object without this list.
        schema.ensure_object().entry("properties").or_insert_with(|| serde_json::json!({}));
        // A schema is JSON already; were it not, an agent would refuse the tool by name.
        let parameters = RawJson::of(&schema).unwrap_or_else(|_| RawJson::from(name));
        Self { name: name.to_owned(), description: description.to_owned(), parameters }
    }
}

/// The arguments of a call as an `A`.
///
/// # Errors
/// `InvalidInput` when they do not fit.
pub fn arguments<A: DeserializeOwned>(arguments: &RawJson) -> Result<A> {
    // The text of a decoding error may quote the value, which is part of the conversation.
    arguments.decode().map_err(|_| Error::invalid_input("arguments", "do not fit the tool's schema"))
}

//! Which flow a request means: a saved one, or one that stands in the request.

use std::borrow::Cow;

use canvas_memory::flow::Flow;
use canvas_memory::json::RawJson;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use sha2::{Digest, Sha256};

use super::problem::Result;
use crate::app::App;

/// A saved flow, or a document.
#[derive(Debug)]
pub(super) enum FlowRef {
    Saved(String),
    Document(RawJson),
}

impl<'de> Deserialize<'de> for FlowRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        match raw.as_str().as_bytes().first() {
            Some(b'"') => raw.decode().map(Self::Saved).map_err(|_| de::Error::custom("`flow` does not fit")),
            Some(b'{') => Ok(Self::Document(raw)),
            _ => Err(de::Error::custom(
                "`flow` is neither the id of a saved flow nor a document; give one of them",
            )),
        }
    }
}

impl JsonSchema for FlowRef {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "FlowRef".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string"}, generator.subschema_for::<Flow>()]})
    }
}

/// A flow, and what tells this state of it from every other.
#[derive(Debug)]
pub(super) struct ReadFlow {
    pub(super) flow: Flow,
    pub(super) state: String,
}

impl ReadFlow {
    pub(super) async fn saved(app: &App, id: &str) -> Result<Self> {
        let record = app.state().flow(id).await?;
        Ok(Self { flow: record.flow, state: record.etag.to_string() })
    }
}

impl FlowRef {
    /// The id of a saved flow.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Saved(id) => Some(id),
            Self::Document(_) => None,
        }
    }

    pub(super) async fn read(self, app: &App) -> Result<ReadFlow> {
        match self {
            Self::Saved(id) => ReadFlow::saved(app, &id).await,
            Self::Document(raw) => {
                let flow = Flow::parse(raw.as_str().as_bytes())?;
                Ok(ReadFlow { flow, state: format!("document {:x}", Sha256::digest(raw.as_str())) })
            }
        }
    }
}

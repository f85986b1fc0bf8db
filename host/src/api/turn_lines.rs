//! The turns of a whole session as lines of JSON, so that no length of it fills the memory.

use std::convert::Infallible;

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as Described, StatusCode as Code};
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use canvas_memory::store::TurnPage;
use futures_util::{Stream, StreamExt};
use schemars::JsonSchema;
use serde::Serialize;

use super::openapi::{content, schema_object};
use crate::runs::{ErrorBody, SharedError};

const MEDIA_TYPE: &str = "application/x-ndjson";

/// A page of turns on each line; an error on the way is the last line.
pub(super) struct TurnLines(Body);

/// One line.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum TurnLine {
    /// Some turns.
    Page(TurnPage),
    /// What kept the rest from being read.
    Failed(ErrorBody),
}

impl TurnLines {
    pub(super) fn new(pages: impl Stream<Item = canvas_memory::Result<TurnPage>> + Send + 'static) -> Self {
        let lines = pages.map(|page| {
            let line = match page {
                Ok(page) => TurnLine::Page(page),
                Err(error) => TurnLine::Failed(SharedError::new(error).in_body()),
            };
            Ok::<_, Infallible>(serde_json::to_string(&line).unwrap_or_default() + "\n")
        });
        Self(Body::from_stream(lines))
    }
}

impl IntoResponse for TurnLines {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], self.0).into_response()
    }
}

impl OperationOutput for TurnLines {
    type Inner = Self;

    fn inferred_responses(ctx: &mut GenContext, _: &mut Operation) -> Vec<(Option<Code>, Described)> {
        let description = "A line for each page.".to_owned();
        let content = content(MEDIA_TYPE, schema_object(ctx.schema.subschema_for::<TurnLine>()));
        vec![(Some(Code::Code(200)), Described { description, content, ..Described::default() })]
    }
}

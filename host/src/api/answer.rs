//! Answers with headers, which say in the document what they carry.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{
    Header, HeaderStyle, Operation, ParameterSchemaOrContent, ReferenceOr, Response as Described,
    SchemaObject, StatusCode as Code,
};
use axum::Json;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, json_schema};
use serde::Serialize;

use crate::state::Etag;

/// Something that was made: 201, with its address.
#[derive(Debug)]
pub(super) struct Created<T> {
    pub(super) location: String,
    pub(super) body: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.body)).into_response();
        set(&mut response, LOCATION, self.location);
        response
    }
}

impl<T: JsonSchema> OperationOutput for Created<T> {
    type Inner = T;

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Code>, Described)> {
        let mut described = Json::<T>::operation_response(ctx, operation).unwrap_or_default();
        describe(&mut described, "location", "Where it is.");
        vec![(Some(Code::Code(201)), described)]
    }
}

/// An answer about something with a state, which its etag names.
#[derive(Debug)]
pub(super) struct Tagged<T> {
    pub(super) etag: Etag,
    pub(super) answer: T,
}

impl<T: IntoResponse> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        set(&mut response, ETAG, self.etag.to_header());
        response
    }
}

impl<T: OperationOutput> OperationOutput for Tagged<T> {
    type Inner = T::Inner;

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Code>, Described)> {
        let mut responses = T::inferred_responses(ctx, operation);
        for (_, described) in &mut responses {
            describe(described, "etag", "The state that the flow is in.");
        }
        responses
    }
}

fn set(response: &mut Response, name: HeaderName, value: String) {
    // What stands in these headers is made of ids and hashes.
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
}

fn describe(response: &mut Described, name: &str, description: &str) {
    if response.description.is_empty() {
        response.description = "Done.".to_owned();
    }
    response.headers.insert(name.to_owned(), ReferenceOr::Item(text_header(description)));
}

/// A header that always comes, and holds text.
pub(super) fn text_header(description: &str) -> Header {
    let json_schema = json_schema!({"type": "string"});
    Header {
        description: Some(description.to_owned()),
        style: HeaderStyle::Simple,
        required: true,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(SchemaObject {
            json_schema,
            external_docs: None,
            example: None,
        }),
        example: None,
        examples: Default::default(),
        extensions: Default::default(),
    }
}

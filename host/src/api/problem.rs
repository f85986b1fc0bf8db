//! Errors as the API answers them: `{"error": …}` with a fitting status, whatever went wrong.

use std::fmt;

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use canvas_memory::{Error, ErrorKind};
use schemars::JsonSchema;
use serde::Serialize;

/// What a client is asked to wait before it tries again.
const RETRY_AFTER_SECS: u32 = 1;

/// What every failed request is answered with.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ErrorBody {
    /// What went wrong, and what to do.
    pub(super) error: Error,
}

/// An error on its way out.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    error: Error,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// An error whose kind does not tell the status.
    pub(super) fn new(status: StatusCode, error: Error) -> Self {
        Self { status, error, headers: Vec::new() }
    }

    /// Something that is not there; `what` names it, as in "flow `x`".
    pub(super) fn not_found(what: impl fmt::Display) -> Self {
        Self::from(Error::new(ErrorKind::NotFound, format!("there is no {what}")))
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn into_error(self) -> Error {
        self.error
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::new(status(error.kind()), error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, error, headers } = self;
        let mut response = (status, Json(ErrorBody { error })).into_response();
        let answer = response.headers_mut();
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            answer.insert(RETRY_AFTER, RETRY_AFTER_SECS.into());
        }
        answer.extend(headers);
        response
    }
}

/// Failures of the services behind a node are told apart from a request's own: 401 and 403 are the API's.
fn status(kind: &ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::InvalidInput { .. } => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Mismatch | ErrorKind::Conflict { .. } | ErrorKind::TurnIdReused => StatusCode::CONFLICT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Unsupported => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::MissingCredential
        | ErrorKind::Undecryptable
        | ErrorKind::Unauthenticated
        | ErrorKind::Denied => StatusCode::FAILED_DEPENDENCY,
        ErrorKind::Protocol => StatusCode::BAD_GATEWAY,
        ErrorKind::Throttled | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Unknown { .. } => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

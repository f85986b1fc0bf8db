//! Errors as the API answers them: `{"error": …}` with a fitting status, whatever went wrong.

use std::any::Any;
use std::fmt;

use aide::OperationOutput;
use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use canvas_memory::{Error, ErrorKind};

use crate::runs::SharedError;

/// What a client is asked to wait before it tries again.
const RETRY_AFTER_SECS: u32 = 1;

pub(super) type Result<T, E = Problem> = std::result::Result<T, E>;

/// An error on its way out.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    error: SharedError,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// An error whose kind does not tell the status.
    pub(super) fn new(status: StatusCode, error: Error) -> Self {
        Self { status, error: SharedError::new(error), headers: Vec::new() }
    }

    /// Something that is not there.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::NotFound, message).into()
    }

    /// A value of the request that can't be used: `problem` continues the field's name.
    pub(super) fn invalid(field: impl Into<String>, problem: impl fmt::Display) -> Self {
        Error::invalid_input(field, problem).into()
    }

    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn error(&self) -> &SharedError {
        &self.error
    }

    /// The answer with another body, which says the same in the words of others.
    pub(super) fn into_response_with(self, body: impl IntoResponse) -> Response {
        let Self { status, headers, .. } = self;
        let mut response = (status, body).into_response();
        let answer = response.headers_mut();
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            answer.insert(RETRY_AFTER, RETRY_AFTER_SECS.into());
        }
        answer.extend(headers);
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        SharedError::new(error).into()
    }
}

impl From<SharedError> for Problem {
    fn from(error: SharedError) -> Self {
        Self { status: status(error.kind()), error, headers: Vec::new() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Json(self.error.in_body());
        self.into_response_with(body)
    }
}

/// Which statuses an operation can fail with is said where it is described.
impl OperationOutput for Problem {
    type Inner = Self;
}

/// The last resort: a defect of this program answers like every other error.
pub(super) fn of_panic(_: Box<dyn Any + Send>) -> Response {
    let message = "a defect of this program kept it from an answer; report it with the log of the host";
    let error = Error::new(ErrorKind::Unavailable, message);
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error).into_response()
}

pub(super) async fn no_such_path() -> Problem {
    Problem::not_found("there is nothing at this path; `/api/v1/openapi.json` lists what there is")
}

pub(super) async fn no_such_method() -> Problem {
    let message = "this path does not take this method; the header Allow lists those that it takes";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, Error::new(ErrorKind::Unsupported, message))
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
        ErrorKind::Unknown { .. } | ErrorKind::UnknownWrite => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

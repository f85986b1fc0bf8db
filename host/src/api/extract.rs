//! What handlers take from a request. Whatever does not fit is refused in the API's own shape, by place and never by
//! text.

use std::time::Duration;

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::body::{Body as RequestBody, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use canvas_memory::{Error, ErrorKind};
use futures_util::StreamExt;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::object::Object;
use super::problem::{Problem, Result};

/// What a request body holds at most, unless its operation takes a whole flow.
pub(super) const MAX_BODY_BYTES: usize = 1 << 20;
/// What is read, and thrown away, of a body that is too large: a client that is cut off while it sends sees no answer.
const DISCARDED_BYTES: usize = 64 << 20;
const DISCARDING_TIME: Duration = Duration::from_secs(10);
/// How long a body may take to come. Operations that wait for a model wait longer, but not for their request.
const BODY_TIME: Duration = Duration::from_secs(100);

/// A JSON body of at most `MAX` bytes.
#[derive(Debug)]
pub(super) struct Body<T, const MAX: usize = MAX_BODY_BYTES>(pub(super) T);

impl<T: DeserializeOwned, S: Sync, const MAX: usize> FromRequest<S> for Body<T, MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        check_content_type(request.headers())?;
        parse(&read_within(BODY_TIME, request, MAX).await?).map(Self)
    }
}

impl<T: JsonSchema, const MAX: usize> OperationInput for Body<T, MAX> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        axum::Json::<T>::operation_input(ctx, operation);
    }
}

/// The text of a JSON body of at most `MAX` bytes, for those who read it themselves.
#[derive(Debug)]
pub(super) struct RawBody<const MAX: usize>(pub(super) Bytes);

impl<S: Sync, const MAX: usize> FromRequest<S> for RawBody<MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        check_content_type(request.headers())?;
        read_within(BODY_TIME, request, MAX).await.map(Self)
    }
}

/// Its schema is said where the operation is described.
impl<const MAX: usize> OperationInput for RawBody<MAX> {}

/// The parameters in the path.
#[derive(Debug)]
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let extracted = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        extracted.map(|path| Self(path.0)).map_err(|_| Problem::invalid("path", "is not UTF-8 text"))
    }
}

impl<T: JsonSchema> OperationInput for Path<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        axum::extract::Path::<T>::operation_input(ctx, operation);
    }
}

/// The parameters behind `?`.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let extracted = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        extracted.map(|query| Self(query.0)).map_err(|_| {
            Problem::invalid("query", "does not fit; the parameters of this operation are `true` or `false`")
        })
    }
}

impl<T: JsonSchema> OperationInput for Query<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        axum::extract::Query::<T>::operation_input(ctx, operation);
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<()> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let error = Error::invalid_input("Content-Type", "is not JSON's; send `Content-Type: application/json`");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error))
}

async fn read_within(time: Duration, request: Request, max_bytes: usize) -> Result<Bytes> {
    tokio::time::timeout(time, read(request, max_bytes)).await.unwrap_or_else(|_| {
        let problem = format!("did not come whole within {} s; send it faster, or less", time.as_secs());
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, Error::invalid_input("body", problem)))
    })
}

/// Reads a body in memory that is bounded by `max_bytes`, however long it is.
async fn read(request: Request, max_bytes: usize) -> Result<Bytes> {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced: Option<usize> = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|bytes| bytes > max_bytes) {
        // Who expects a word before sending gets it, and sends nothing.
        if !request.headers().contains_key(EXPECT) {
            discard(request.into_body()).await;
        }
        return Err(too_large(max_bytes));
    }
    let mut frames = request.into_body().into_data_stream();
    let mut read = Vec::with_capacity(announced.unwrap_or_default());
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|error| {
            Problem::from(Error::invalid_input("body", "broke off before its end").with_source(error))
        })?;
        if read.len() + frame.len() > max_bytes {
            drop(read);
            discard(RequestBody::from_stream(frames)).await;
            return Err(too_large(max_bytes));
        }
        read.extend_from_slice(&frame);
    }
    Ok(read.into())
}

async fn discard(body: RequestBody) {
    let mut frames = body.into_data_stream();
    let discarding = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = frames.next().await {
            bytes += frame.len();
            if bytes > DISCARDED_BYTES {
                break;
            }
        }
    };
    // What is left after that time is cut off.
    let _ = tokio::time::timeout(DISCARDING_TIME, discarding).await;
}

fn too_large(max_bytes: usize) -> Problem {
    let message =
        format!("the request body has more than {max_bytes} bytes, which this operation takes at most");
    Error::new(ErrorKind::TooLarge, message).into()
}

/// Decodes JSON. The error names the field and what belongs there, and quotes nothing of what was sent.
pub(super) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let Object(parsed) = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        unfit(&path, &error.into_inner())
    })?;
    reader.end().map_err(|error| unfit(".", &error))?;
    Ok(parsed)
}

fn unfit(path: &str, error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        let (line, column) = (error.line(), error.column());
        let problem = format!("is not well-formed JSON, from line {line}, column {column} on");
        return Problem::invalid("body", problem);
    }
    let at = if path == "." { "" } else { path };
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    if let Some(missing) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let field = if at.is_empty() { missing.to_owned() } else { format!("{at}.{missing}") };
        return Problem::invalid(shortened(&field), "is missing");
    }
    if let Some(twice) = text.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
        return Problem::invalid(shortened(twice), "is given twice; give it once");
    }
    let field = if at.is_empty() { "body".to_owned() } else { shortened(at) };
    // What stands before the comma may be the value.
    match text.rsplit_once(", expected ") {
        Some((found, wanted)) if found.starts_with("unknown field ") => {
            Problem::invalid(field, format!("is not known here; there is {wanted}"))
        }
        Some((found, wanted)) if found.starts_with("invalid ") || found.starts_with("unknown variant ") => {
            let wanted = if wanted.starts_with("struct ") { "an object" } else { wanted };
            Problem::invalid(field, format!("does not fit; it takes {wanted}"))
        }
        _ if text.starts_with("unknown field ") => Problem::invalid(field, "is not known here"),
        // A type of ours has refused the value, in words that name a field and quote nothing.
        _ if text.starts_with('`') => {
            let problem = text.split_once("` ").map_or("does not fit", |(_, problem)| problem);
            Problem::invalid(field, problem)
        }
        _ => Problem::invalid(field, "does not fit"),
    }
}

/// Names of fields are the caller's own text and may be of any length.
fn shortened(field: &str) -> String {
    const MAX_CHARS: usize = 100;
    match field.char_indices().nth(MAX_CHARS) {
        Some((at, _)) => format!("{}…", field.get(..at).unwrap_or_default()),
        None => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use canvas_memory::message::Message;
    use canvas_memory::session::SessionId;
    use serde::Deserialize;

    use super::*;

    #[tokio::test]
    async fn who_sends_a_body_and_never_ends_it_is_told_so() {
        let first = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
        let body = RequestBody::from_stream(first.chain(futures_util::stream::pending()));
        let read = read_within(Duration::from_millis(10), Request::new(body), 100).await;
        let problem = read.unwrap_err();
        assert_eq!(problem.status(), StatusCode::REQUEST_TIMEOUT);
        assert!(problem.error().get().message().starts_with("`body` did not come whole"));
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is there to be read into")]
    struct Example {
        session: SessionId,
        limit: Option<u8>,
        message: Option<Message>,
    }

    #[test]
    fn an_error_names_the_field_and_quotes_nothing() {
        for (json, says) in [
            (r#"{"session": "hunter2""#, "`body` is not well-formed JSON, from line 1, column 21 on"),
            (r#""hunter2""#, "`body` does not fit; it takes an object"),
            (r#" ["hunter2", 1, null]"#, "`body` does not fit; it takes an object"),
            (r#"{"session": "s", "session": "hunter2"}"#, "`session` is given twice; give it once"),
            (r#"{}"#, "`session` is missing"),
            (r#"{"session": ""}"#, "`session` is empty; give at least one character"),
            (
                r#"{"session": "s", "limit": "hunter2, expected hunter2"}"#,
                "`limit` does not fit; it takes u8",
            ),
            (r#"{"session": "s", "limit": 400}"#, "`limit` does not fit; it takes u8"),
            (
                r#"{"session": "s", "limits": 4}"#,
                "`limits` is not known here; there is one of `session`, `limit`, `message`",
            ),
            (r#"{"session": "s", "message": {"role": 7}}"#, "`message.role` does not fit; it takes a string"),
            (r#"{"session": "s"} hunter2"#, "`body` is not well-formed JSON, from line 1, column 18 on"),
        ] {
            let problem = parse::<Example>(json.as_bytes()).unwrap_err();
            assert_eq!(problem.error().get().message(), says, "{json}");
        }
    }
}

//! The REST protocol: who may ask, what is asked, and how the answer is written.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::Serialize;

use super::backend::{Backend, BackendError, DISCARDED};
use super::builtin::commands;
use super::reply::{Encoding, Envelope, Reply};
use super::request::{Command, command_from_json, command_from_path, commands_from_json, token_from_query};
use crate::engine::guard::PageGuard;
use crate::engine::secret;

const ALLOWED_METHODS: &str = "HEAD, GET, POST, PUT";
const SYNC_TOKEN: &str = "upstash-sync-token";

pub(super) struct Endpoint {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) guard: PageGuard,
    pub(super) token: SecretString,
    pub(super) read_only_token: Option<SecretString>,
    pub(super) max_request_bytes: usize,
    /// One database answers everything in order, so every read sees every write and one token says it all.
    pub(super) sync_token: HeaderValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Full,
    ReadOnly,
}

/// A refusal of the whole request.
struct Refusal(StatusCode, String);

type Answered = Result<Response, Refusal>;

pub(super) fn router(endpoint: Endpoint) -> Router {
    Router::new().fallback(handle).with_state(Arc::new(endpoint))
}

async fn handle(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let mut response = match endpoint.answer(request).await {
        Ok(response) => response,
        Err(Refusal(status, error)) => {
            json(status, &Envelope { reply: &Reply::Error(error), encoding: Encoding::Plain })
        }
    };
    response.headers_mut().insert(SYNC_TOKEN, endpoint.sync_token.clone());
    response
}

impl Endpoint {
    async fn answer(&self, request: Request) -> Answered {
        let (parts, body) = request.into_parts();
        if let Some(reason) = self.guard.refusal(&parts.headers) {
            return Err(Refusal(StatusCode::FORBIDDEN, format!("ERR {reason}")));
        }
        let access = self.access(&parts)?;
        let encoding = encoding(&parts.headers);
        match (&parts.method, parts.uri.path()) {
            (&Method::POST | &Method::PUT, "/") => {
                let command = command_from_json(&self.read(&parts, body).await?).map_err(bad_request)?;
                self.single(command, access, encoding).await
            }
            (&Method::POST | &Method::PUT, "/pipeline") => {
                let commands = commands_from_json(&self.read(&parts, body).await?).map_err(bad_request)?;
                self.pipeline(commands, access, encoding).await
            }
            (&Method::POST | &Method::PUT, "/multi-exec") => {
                let commands = commands_from_json(&self.read(&parts, body).await?).map_err(bad_request)?;
                self.transaction(commands, access, encoding).await
            }
            (&Method::POST | &Method::PUT, path) => {
                let body = self.read(&parts, body).await?;
                let query = parts.uri.query().unwrap_or_default();
                let command = command_from_path(path, Some(&body), query).map_err(bad_request)?;
                self.single(command, access, encoding).await
            }
            (&Method::GET | &Method::HEAD, path) => {
                let query = parts.uri.query().unwrap_or_default();
                let command = command_from_path(path, None, query).map_err(bad_request)?;
                self.single(command, access, encoding).await
            }
            _ => {
                let error = Reply::Error(format!("ERR method not allowed: use one of {ALLOWED_METHODS}"));
                let envelope = Envelope { reply: &error, encoding };
                let mut response = json(StatusCode::METHOD_NOT_ALLOWED, &envelope);
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(ALLOWED_METHODS));
                Ok(response)
            }
        }
    }

    fn access(&self, parts: &Parts) -> Result<Access, Refusal> {
        let header = parts.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let given = match header.and_then(bearer_token) {
            Some(token) => Some(token.to_vec()),
            None => parts.uri.query().and_then(token_from_query),
        };
        let given = given.unwrap_or_default();
        if secret::matches(&self.token, &given) {
            return Ok(Access::Full);
        }
        if self.read_only_token.as_ref().is_some_and(|token| secret::matches(token, &given)) {
            return Ok(Access::ReadOnly);
        }
        Err(Refusal(StatusCode::UNAUTHORIZED, "WRONGPASS invalid or missing auth token".to_owned()))
    }

    async fn read(&self, parts: &Parts, body: Body) -> Result<Vec<u8>, Refusal> {
        let max = self.max_request_bytes;
        let announced =
            parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > max) {
            return Err(bad_request(format!(
                "ERR max request size limit exceeded: a request holds {max} bytes at most"
            )));
        }
        match to_bytes(body, max).await {
            Ok(bytes) => Ok(bytes.into()),
            Err(_) => Err(bad_request(format!(
                "ERR the request body could not be read: it broke off, or max request size limit exceeded ({max} bytes)"
            ))),
        }
    }

    async fn single(&self, command: Command, access: Access, encoding: Encoding) -> Answered {
        if let Some(refusal) = refuse_write(&command, access) {
            return Err(bad_request(refusal));
        }
        let replies = self.backend.pipeline(vec![command]).await.map_err(backend_refusal)?;
        let reply =
            replies.first().ok_or_else(|| backend_refusal(BackendError::Failed(NO_ANSWER.to_owned())))?;
        let status = if matches!(reply, Reply::Error(_)) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        Ok(json(status, &Envelope { reply, encoding }))
    }

    async fn pipeline(&self, commands: Vec<Command>, access: Access, encoding: Encoding) -> Answered {
        let refusals: Vec<_> = commands.iter().map(|command| refuse_write(command, access)).collect();
        let allowed = commands.into_iter().zip(&refusals).filter(|(_, refusal)| refusal.is_none());
        let allowed: Vec<_> = allowed.map(|(command, _)| command).collect();
        let mut answered = self.backend.pipeline(allowed).await.map_err(backend_refusal)?.into_iter();
        let replies = refusals.into_iter().map(|refusal| match refusal {
            Some(refusal) => Reply::Error(refusal),
            None => answered.next().unwrap_or_else(|| Reply::Error(NO_ANSWER.to_owned())),
        });
        Ok(all(&replies.collect::<Vec<_>>(), encoding))
    }

    async fn transaction(&self, commands: Vec<Command>, access: Access, encoding: Encoding) -> Answered {
        if let Some(refusal) = commands.iter().find_map(|command| refuse_write(command, access)) {
            return Err(bad_request(format!("{DISCARDED} {refusal}")));
        }
        let replies = self.backend.transaction(commands).await.map_err(backend_refusal)?;
        Ok(all(&replies, encoding))
    }
}

const NO_ANSWER: &str = "ERR the database gave no answer";

/// With a read-only token, only commands known to read are let through.
fn refuse_write(command: &Command, access: Access) -> Option<String> {
    let reads = commands::find(command.name()).is_some_and(|spec| !spec.writes);
    (access == Access::ReadOnly && !reads)
        .then(|| format!("NOPERM this user has no permissions to run the '{}' command", command.name()))
}

fn bearer_token(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

fn encoding(headers: &HeaderMap) -> Encoding {
    let base64 =
        headers.get("upstash-encoding").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"base64"));
    if base64 { Encoding::Base64 } else { Encoding::Plain }
}

fn bad_request(error: String) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, error)
}

fn backend_refusal(error: BackendError) -> Refusal {
    match error {
        BackendError::Refused(error) => bad_request(error),
        BackendError::Failed(error) => Refusal(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

fn all(replies: &[Reply], encoding: Encoding) -> Response {
    let envelopes: Vec<_> = replies.iter().map(|reply| Envelope { reply, encoding }).collect();
    json(StatusCode::OK, &envelopes)
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

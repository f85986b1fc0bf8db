//! DynamoDB's wire protocol: `POST /`, the operation in `x-amz-target`, JSON in and out.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use dynoxide::Database;
use dynoxide::auth_material::{self, AuthMaterial};
use secrecy::SecretString;
use uuid::Uuid;

use super::dispatch::dispatch;
use crate::engine::guard::PageGuard;
use crate::engine::secret;

/// DynamoDB's own limit for a request body.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
const TARGET_PREFIXES: [&str; 2] = ["DynamoDB_20120810.", "DynamoDBStreams_20120810."];
const SERVICE_ERROR_PREFIX: &str = "com.amazon.coral.service#";

struct Engine {
    database: Database,
    guard: PageGuard,
    access_key: SecretString,
}

pub(super) fn router(database: Database, guard: PageGuard, access_key: SecretString) -> Router {
    Router::new()
        .route("/", post(handle))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(Engine { database, guard, access_key }))
}

/// What SQLite says when a write was rolled back for want of space.
const DISK_FULL: &str = "database or disk is full";

/// A request that may be read: not from a web page, and signed with this engine's access key id.
struct Admitted;

impl FromRequestParts<Arc<Engine>> for Admitted {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, engine: &Arc<Engine>) -> Result<Self, Response> {
        if let Some(reason) = engine.guard.refusal(&parts.headers) {
            return Err(error(StatusCode::FORBIDDEN, "AccessDeniedException", reason));
        }
        let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let material = AuthMaterial {
            authorization,
            query: parts.uri.query().unwrap_or_default(),
            has_date_header: parts.headers.contains_key("x-amz-date") || parts.headers.contains_key("date"),
        };
        if let Some(body) = auth_material::validate(material) {
            return Err(answer(StatusCode::BAD_REQUEST, body));
        }
        let given = authorization.and_then(access_key_id).unwrap_or_default();
        if !secret::matches(&engine.access_key, given.as_bytes()) {
            return Err(error(
                StatusCode::BAD_REQUEST,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ));
        }
        Ok(Self)
    }
}

/// The access key id in `AWS4-HMAC-SHA256 Credential=<id>/<date>/<region>/dynamodb/aws4_request, …`.
fn access_key_id(authorization: &str) -> Option<&str> {
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split_once('/').map(|(id, _)| id)
}

/// dynoxide works in SQLite right here: these threads are the engine's own, and the database serves one request at a
/// time whatever thread it waits on.
async fn handle(_: Admitted, State(engine): State<Arc<Engine>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = TARGET_PREFIXES.iter().find_map(|prefix| target.strip_prefix(prefix)).unwrap_or_default();
    match dispatch(&engine.database, operation, &body) {
        Some(Ok(json)) => answer(StatusCode::OK, json),
        Some(Err(full)) if full.to_string().contains(DISK_FULL) => error(
            StatusCode::BAD_REQUEST,
            "StorageFullException",
            "the disk that holds the built-in engine's data is full; nothing was written",
        ),
        Some(Err(error)) => {
            let status =
                StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            if status.is_server_error() {
                tracing::error!(operation, %error, "the database failed");
            }
            answer(status, error.to_json())
        }
        None => error(
            StatusCode::BAD_REQUEST,
            "UnknownOperationException",
            "the x-amz-target header names no operation of this engine",
        ),
    }
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    let body = serde_json::json!({ "__type": format!("{SERVICE_ERROR_PREFIX}{kind}"), "message": message });
    answer(status, body.to_string())
}

fn answer(status: StatusCode, json: String) -> Response {
    let headers = [
        (CONTENT_TYPE.as_str(), "application/x-amz-json-1.0".to_owned()),
        ("x-amzn-requestid", Uuid::new_v4().simple().to_string()),
    ];
    (status, headers, json).into_response()
}

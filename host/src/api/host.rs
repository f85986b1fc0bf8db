//! The host itself.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::Json;
use axum::extract::State;
use canvas_memory::Result;
use canvas_memory::registry::Refused;
use schemars::JsonSchema;
use serde::Serialize;

use super::openapi::describe;
use super::problem;
use crate::app::App;
use crate::runs::SharedError;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route("/host", get_with(read, describe("readHost", "What this host is made of", &[])))
        .with_path_items(|item| item.tag("host"))
}

/// A host.
#[derive(Debug, Serialize, JsonSchema)]
struct Host {
    /// The program's version.
    version: &'static str,
    /// Declarations of nodes and credential types that could not be taken.
    refused: Vec<RefusedDeclaration>,
    /// The databases that it carries inside itself.
    engines: Vec<Engine>,
    /// The id of the key that credentials are sealed with, once one was.
    key_id: Option<String>,
}

/// A declaration that could not be taken.
#[derive(Debug, Serialize, JsonSchema)]
struct RefusedDeclaration {
    /// The node or credential type's name.
    name: String,
    /// The Rust type that declares it.
    rust_type: &'static str,
    /// What is wrong with it.
    reason: String,
}

impl From<&Refused> for RefusedDeclaration {
    fn from(Refused { name, rust_type, reason }: &Refused) -> Self {
        Self { name: name.clone(), rust_type, reason: reason.clone() }
    }
}

/// A database that the host carries inside itself. Its address is nobody's business.
#[derive(Debug, Serialize, JsonSchema)]
struct Engine {
    /// `dynamodb` or `upstash`.
    name: &'static str,
    /// Whether it works.
    ready: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<SharedError>,
}

impl Engine {
    fn new<T>(name: &'static str, started: Result<T>) -> Self {
        let error = started.err().map(SharedError::new);
        Self { name, ready: error.is_none(), error }
    }
}

async fn read(State(app): State<App>) -> problem::Result<Json<Host>> {
    // Asking waits for an engine that is still being started.
    let asked = tokio::task::spawn_blocking(move || Host {
        version: env!("CARGO_PKG_VERSION"),
        refused: app.registry().refused().iter().map(Into::into).collect(),
        engines: vec![
            Engine::new("dynamodb", app.context().engines.dynamodb()),
            Engine::new("upstash", app.context().engines.upstash()),
        ],
        key_id: app.vault().key_id(),
    });
    let host = asked.await.map_err(|error| {
        let message = "the engines could not be asked; report this as a defect";
        canvas_memory::Error::new(canvas_memory::ErrorKind::Unavailable, message).with_source(error)
    })?;
    Ok(Json(host))
}

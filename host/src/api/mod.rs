//! The HTTP API: everything that the page and other programs ask of a host, under `/api/v1`.

mod answer;
mod credentials;
mod doctor;
mod extract;
mod flow_ref;
mod flows;
mod graph;
mod history;
mod host;
mod import;
mod listener;
mod login;
mod memory;
mod node_ref;
mod nodes;
mod object;
mod openapi;
mod page;
mod prediction;
mod problem;
mod runs;
mod security;
mod serve;
mod tables;
mod tokens;
mod turn_lines;

use std::time::Duration;

use aide::axum::ApiRouter;
use aide::openapi::OpenApi;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use canvas_memory::{Error, ErrorKind};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
pub use listener::ConnectionLimits;
use problem::Problem;
use security::Gate;
pub use serve::{ServeOptions, check_token, serve};

/// How long a request may take that does not wait for a run: nodes and the services behind them have limits of their
/// own below this.
const REQUEST_TIME: Duration = Duration::from_secs(120);
/// How long a question may wait for its answer: as long as a run may work.
const PREDICTION_TIME: Duration = Duration::from_secs(30 * 60);

/// Every path that the document lists.
fn routes() -> ApiRouter<App> {
    let quick = ApiRouter::new()
        .merge(login::routes())
        .merge(host::routes())
        .merge(nodes::routes())
        .merge(doctor::routes())
        .merge(flows::routes())
        .merge(import::routes())
        .merge(runs::routes())
        .merge(memory::routes())
        .merge(graph::routes())
        .merge(history::routes())
        .merge(credentials::routes())
        .merge(tables::routes())
        .layer(from_fn(|request: Request, next: Next| within(REQUEST_TIME, request, next)));
    let slow = prediction::routes()
        .layer(from_fn(|request: Request, next: Next| within(PREDICTION_TIME, request, next)));
    ApiRouter::new().nest("/api/v1", quick.merge(slow))
}

/// The document of the API, as `/api/v1/openapi.json` serves it.
#[must_use]
pub fn document() -> OpenApi {
    openapi::begin();
    openapi::finish(routes()).1
}

fn router(app: App, gate: Gate) -> Router {
    openapi::begin();
    let (routes, document) = openapi::finish(routes());
    let document = Bytes::from(serde_json::to_vec(&document).unwrap_or_default());
    let show_document = || async { ([(CONTENT_TYPE, "application/json")], document) };
    routes
        .merge(page::routes())
        .route("/api/v1/openapi.json", get(show_document))
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        .with_state(app)
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(Extension(gate.clone()))
        .layer(from_fn_with_state(gate, security::guard))
}

async fn within(time: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message = format!("there was no answer within {} s; try again", time.as_secs());
            Problem::from(Error::new(ErrorKind::Unavailable, message)).into_response()
        }
    }
}

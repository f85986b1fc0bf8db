//! An OpenAI-compatible server that says the half of its answer, and the rest when a test lets it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::routing::post;
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::sync::Semaphore;

/// What the model says before and after the gate.
pub(crate) const HALVES: [&str; 2] = ["Half of it, ", "and the rest."];

pub(crate) struct GatedModel {
    /// With `/v1/` at its end.
    pub(crate) base_url: String,
    gate: Arc<Semaphore>,
}

impl GatedModel {
    pub(crate) async fn start() -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(gate.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base_url, gate }
    }

    /// Lets so many answers end.
    pub(crate) fn open(&self, answers: usize) {
        self.gate.add_permits(answers);
    }
}

async fn answer(State(gate): State<Arc<Semaphore>>) -> Response<Body> {
    let chunk = |text: &str, finish: Option<&str>| {
        let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "model": "stub-1",
            "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]});
        format!("data: {chunk}\n\n")
    };
    let first = chunk(HALVES[0], None);
    let rest = chunk(HALVES[1], Some("stop")) + "data: [DONE]\n\n";
    let rest = stream::once(async move {
        gate.acquire().await.unwrap().forget();
        rest
    });
    let stream = stream::once(async { first }).chain(rest).map(Ok::<_, Infallible>);
    Response::builder().header("content-type", "text/event-stream").body(Body::from_stream(stream)).unwrap()
}

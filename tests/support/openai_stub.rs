//! An OpenAI-compatible server that answers what a test tells it to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

/// What the stub answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Pieces of text, streamed.
    Text(Vec<&'static str>),
    /// A tool call, streamed in pieces.
    ToolCall { name: &'static str, arguments: Vec<&'static str> },
    /// A status with a body.
    Status(u16, &'static str),
    /// A stream event that is not JSON.
    Malformed,
    /// A stream that breaks off after its first piece, without an end.
    Dropped,
    /// A web page.
    Html,
    /// Nothing, for so long.
    Silence(Duration),
}

#[derive(Clone)]
struct Stub {
    reply: Reply,
    requests: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

/// A running stub; it ends with the test's runtime.
pub(crate) struct OpenAiStub {
    /// With `/v1/` at its end.
    pub(crate) base_url: String,
    requests: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

impl OpenAiStub {
    pub(crate) async fn start(reply: Reply) -> Self {
        let requests = Arc::default();
        let stub = Stub { reply, requests: Arc::clone(&requests) };
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(|| async { Json(json!({"data": [{"id": "stub-1"}]})) }))
            .with_state(stub);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base_url, requests }
    }

    /// Headers and bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<(HeaderMap, Value)> {
        self.requests.lock().unwrap().clone()
    }
}

async fn complete(State(stub): State<Stub>, headers: HeaderMap, Json(body): Json<Value>) -> Response<Body> {
    stub.requests.lock().unwrap().push((headers, body));
    let chunk = |delta: Value, finish: Option<&str>| {
        let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "model": "stub-1",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
        format!("data: {chunk}\n\n")
    };
    let usage = json!({"id": "c1", "object": "chat.completion.chunk", "model": "stub-1", "choices": [],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}});
    let end = |reason| format!("{}data: {usage}\n\ndata: [DONE]\n\n", chunk(json!({}), Some(reason)));
    match stub.reply {
        Reply::Text(pieces) => {
            let text: String = pieces.iter().map(|piece| chunk(json!({"content": piece}), None)).collect();
            stream(text + &end("stop"))
        }
        Reply::ToolCall { name, arguments } => {
            let first = json!({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                "function": {"name": name, "arguments": ""}}]});
            let more = |piece: &&str| json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]});
            let pieces: String = arguments.iter().map(|piece| chunk(more(piece), None)).collect();
            stream(chunk(first, None) + &pieces + &end("tool_calls"))
        }
        Reply::Status(status, body) => Response::builder()
            .status(StatusCode::from_u16(status).unwrap())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.into())
            .unwrap(),
        Reply::Malformed => stream("data: {\"choices\": [\n\n".to_owned()),
        Reply::Dropped => {
            let pieces =
                [Ok(Bytes::from(chunk(json!({"content": "half"}), None))), Err(std::io::Error::other("cut"))];
            let body = Body::from_stream(futures_util::stream::iter(pieces));
            Response::builder().header(header::CONTENT_TYPE, "text/event-stream").body(body).unwrap()
        }
        Reply::Html => Response::builder()
            .header(header::CONTENT_TYPE, "text/html")
            .body("<html>Welcome to nginx!</html>".into())
            .unwrap(),
        Reply::Silence(pause) => {
            tokio::time::sleep(pause).await;
            stream(String::new())
        }
    }
}

fn stream(events: String) -> Response<Body> {
    Response::builder().header(header::CONTENT_TYPE, "text/event-stream").body(events.into()).unwrap()
}

//! An OpenAI-compatible server that answers what a test tells it to.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// What the stub answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Pieces of text, streamed.
    Text(Vec<&'static str>),
    /// Text and calls of tools, streamed in pieces.
    Calls(&'static str, Vec<Call>),
    /// A refusal, in the field that OpenAI has for it.
    Refusal(Vec<&'static str>),
    /// Pieces of text, and then the end that a content filter makes.
    Filtered(Vec<&'static str>),
    /// A status with a body.
    Status(u16, &'static str),
    /// A stream event that is not JSON.
    Malformed,
    /// A piece of text, and then an error as an event of the stream.
    ErrorInStream,
    /// A stream that breaks off after its first piece, with an error of the connection.
    Dropped,
    /// A stream that ends after its first piece as if that were all.
    Unfinished,
    /// A web page.
    Html,
    /// Nothing, for so long.
    Silence(Duration),
    /// A piece of text, if any, and then nothing more while the connection stays open.
    Hanging(Option<&'static str>),
}

/// A call of a tool; its arguments come in these pieces.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) arguments: Vec<&'static str>,
}

/// A call whose arguments come in one piece.
pub(crate) fn call(id: &'static str, name: &'static str, arguments: &'static str) -> Call {
    Call { id, name, arguments: vec![arguments] }
}

#[derive(Clone)]
struct Stub {
    script: Arc<Mutex<VecDeque<Reply>>>,
    /// Once the script is over.
    then: Option<Reply>,
    requests: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    hung_up: mpsc::UnboundedSender<()>,
}

/// A running stub; it ends with the test's runtime.
pub(crate) struct OpenAiStub {
    /// With `/v1/` at its end.
    pub(crate) base_url: String,
    requests: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    hung_up: mpsc::UnboundedReceiver<()>,
}

impl OpenAiStub {
    /// Answers each request in the same way.
    pub(crate) async fn start(reply: Reply) -> Self {
        Self::listen(Vec::new(), Some(reply)).await
    }

    /// Answers one request after the other, and fails those that come after the last reply.
    pub(crate) async fn script(replies: impl Into<Vec<Reply>>) -> Self {
        Self::listen(replies.into(), None).await
    }

    async fn listen(script: Vec<Reply>, then: Option<Reply>) -> Self {
        let requests = Arc::default();
        let (sender, hung_up) = mpsc::unbounded_channel();
        let script = Arc::new(Mutex::new(script.into()));
        let stub = Stub { script, then, requests: Arc::clone(&requests), hung_up: sender };
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(|| async { Json(json!({"data": [{"id": "stub-1"}]})) }))
            .with_state(stub);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base_url, requests, hung_up }
    }

    /// Headers and bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<(HeaderMap, Value)> {
        self.requests.lock().unwrap().clone()
    }

    /// The messages of the request `number`, from 0.
    pub(crate) fn messages(&self, number: usize) -> Vec<Value> {
        self.requests()[number].1["messages"].as_array().unwrap().clone()
    }

    /// Waits until a client has broken off a [`Reply::Hanging`].
    pub(crate) async fn client_hung_up(&mut self) {
        self.hung_up.recv().await.unwrap();
    }
}

fn chunk(delta: Value, finish: Option<&str>) -> String {
    let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "model": "stub-1",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    format!("data: {chunk}\n\n")
}

fn texts(pieces: &[&str]) -> String {
    pieces.iter().map(|piece| chunk(json!({"content": piece, "refusal": null}), None)).collect()
}

fn end(reason: &str) -> String {
    let usage = json!({"id": "c1", "object": "chat.completion.chunk", "model": "stub-1", "choices": [],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}});
    format!("{}data: {usage}\n\ndata: [DONE]\n\n", chunk(json!({}), Some(reason)))
}

/// As OpenAI streams calls: the first piece has id and name, the others only the place.
fn calls(calls: &[Call]) -> String {
    let pieces = calls.iter().enumerate().flat_map(|(index, call)| {
        let first = json!({"index": index, "id": call.id, "type": "function",
            "function": {"name": call.name, "arguments": ""}});
        let more =
            call.arguments.iter().map(move |piece| json!({"index": index, "function": {"arguments": piece}}));
        std::iter::once(first).chain(more)
    });
    pieces.map(|piece| chunk(json!({"tool_calls": [piece]}), None)).collect()
}

async fn complete(State(stub): State<Stub>, headers: HeaderMap, Json(body): Json<Value>) -> Response<Body> {
    stub.requests.lock().unwrap().push((headers, body));
    let next = stub.script.lock().unwrap().pop_front();
    match next.or(stub.then).unwrap_or(Reply::Status(500, r#"{"error":{"code":"the_script_is_over"}}"#)) {
        Reply::Text(pieces) => events(texts(&pieces) + &end("stop")),
        Reply::Calls(text, asked) => events(texts(&[text]) + &calls(&asked) + &end("tool_calls")),
        Reply::Refusal(pieces) => {
            let pieces: String = pieces.iter().map(|piece| chunk(json!({"refusal": piece}), None)).collect();
            events(chunk(json!({"role": "assistant", "content": ""}), None) + &pieces + &end("stop"))
        }
        Reply::Filtered(pieces) => events(texts(&pieces) + &end("content_filter")),
        Reply::Status(status, body) => Response::builder()
            .status(StatusCode::from_u16(status).unwrap())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.into())
            .unwrap(),
        Reply::Malformed => events("data: {\"choices\": [\n\n".to_owned()),
        Reply::ErrorInStream => {
            let error = json!({"error": {"message": "secret plans", "type": "server_error"}});
            events(format!("{}data: {error}\n\n", texts(&["half"])))
        }
        Reply::Dropped => {
            let pieces = [Ok(Bytes::from(texts(&["half"]))), Err(std::io::Error::other("cut"))];
            streamed(stream::iter(pieces))
        }
        Reply::Unfinished => events(texts(&["half"])),
        Reply::Html => Response::builder()
            .header(header::CONTENT_TYPE, "text/html")
            .body("<html>Welcome to nginx!</html>".into())
            .unwrap(),
        Reply::Silence(pause) => {
            tokio::time::sleep(pause).await;
            events(String::new())
        }
        Reply::Hanging(text) => {
            let first = Bytes::from(text.map_or(String::new(), |text| texts(&[text])));
            let guard = HungUp(stub.hung_up);
            let pieces = stream::iter([Ok::<_, Infallible>(first)]).chain(stream::once(async move {
                let _guard = guard;
                std::future::pending().await
            }));
            streamed(pieces)
        }
    }
}

/// Tells when the client has gone.
struct HungUp(mpsc::UnboundedSender<()>);

impl Drop for HungUp {
    fn drop(&mut self) {
        // The test may be over.
        let _ = self.0.send(());
    }
}

fn events(events: String) -> Response<Body> {
    streamed(stream::iter([Ok::<_, Infallible>(Bytes::from(events))]))
}

fn streamed<E>(pieces: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Response<Body>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    let body = Body::from_stream(pieces);
    Response::builder().header(header::CONTENT_TYPE, "text/event-stream").body(body).unwrap()
}

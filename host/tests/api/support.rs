//! A host on a real listener, and a client that holds every answer to the document.

use std::path::Path;
use std::sync::Arc;

use canvas_memory::declare::OperatorPolicy;
use canvas_memory_host::api::{self, ServeOptions};
use canvas_memory_host::app::{App, AppOptions};
use canvas_memory_host::runs::RunLimits;
use canvas_memory_host::vault::KeySource;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::conformity;

/// Where a host keeps its things, from one start to the next.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn data_dir(&self) -> std::path::PathBuf {
        self.path().join("data")
    }

    pub(crate) fn options(&self) -> AppOptions {
        let key = KeySource::DefaultFile(Some(self.path().join("key")));
        AppOptions::new(self.data_dir(), key)
    }

    pub(crate) async fn start(&self) -> Host {
        Host::serve(self.options(), ServeOptions::default()).await
    }

    /// With loopback allowed to be dialled: what the tests themselves listen on.
    pub(crate) async fn start_for(&self, allowed: &[&str]) -> Host {
        Host::serve(self.options_for(allowed), ServeOptions::default()).await
    }

    pub(crate) fn options_for(&self, allowed: &[&str]) -> AppOptions {
        let allowed: Vec<_> = allowed.iter().map(|entry| entry.parse().unwrap()).collect();
        AppOptions { endpoints: Arc::new(OperatorPolicy::new(&allowed)), ..self.options() }
    }

    pub(crate) async fn start_with(&self, limits: RunLimits, allowed: &[&str]) -> Host {
        let options = AppOptions { run_limits: limits, ..self.options_for(allowed) };
        Host::serve(options, ServeOptions::default()).await
    }
}

/// `host:port` of a URL, as an operator allows it.
pub(crate) fn allow(url: &str) -> String {
    let rest = url.trim_start_matches("http://");
    rest.split('/').next().unwrap().to_owned()
}

/// A host that serves.
pub(crate) struct Host {
    pub(crate) url: String,
    http: reqwest::Client,
    stop: CancellationToken,
    serving: JoinHandle<canvas_memory::Result<()>>,
}

/// What a host answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Host {
    pub(crate) async fn serve(options: AppOptions, serve: ServeOptions) -> Self {
        Self::serve_on("127.0.0.1:0", options, serve).await
    }

    pub(crate) async fn serve_on(listen: &str, options: AppOptions, serve: ServeOptions) -> Self {
        let app = App::open(options).unwrap();
        let listener = TcpListener::bind(listen).await.unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let stop = serve.stop.clone();
        let serving = tokio::spawn(api::serve(app, listener, serve));
        Self { url, http: reqwest::Client::new(), stop, serving }
    }

    /// Stops in good order; the data directory is free then.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn send(&self, method: Method, path: &str, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        conformity::check(method.as_str(), path, status.as_u16(), &headers, &body);
        Answer { status, headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let path = format!("/api/v1{path}");
        self.send(Method::GET, &path, self.request(Method::GET, &path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        let path = format!("/api/v1{path}");
        self.send(Method::POST, &path, self.request(Method::POST, &path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        let path = format!("/api/v1{path}");
        self.send(Method::PATCH, &path, self.request(Method::PATCH, &path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        let path = format!("/api/v1{path}");
        self.send(Method::DELETE, &path, self.request(Method::DELETE, &path)).await
    }

    pub(crate) async fn put(&self, path: &str, if_match: Option<&str>, body: &Value) -> Answer {
        let path = format!("/api/v1{path}");
        let mut request = self.request(Method::PUT, &path).json(body);
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        self.send(Method::PUT, &path, request).await
    }

    /// Saves a flow; its id.
    pub(crate) async fn save(&self, flow: &Value) -> String {
        let saved = self.post("/flows", json!({"flow": flow})).await.created();
        saved["id"].as_str().unwrap().to_owned()
    }

    /// Saves a flow of two or three nodes; its id.
    pub(crate) async fn flow(&self, memory: Value, model: Value) -> String {
        self.save(&flow(memory, model)).await
    }

    /// Runs a message to its end: the events by name, and the data of the last.
    pub(crate) async fn run(&self, run: Value) -> Ran {
        let started = self.post("/runs", run).await.created();
        let id = started["id"].as_str().unwrap().to_owned();
        let events = self.events(&id, None).await;
        let last = events.last().unwrap().clone();
        Ran { id, started, events, last: last.data, name: last.name }
    }

    /// The events of a run until its end.
    pub(crate) async fn events(&self, run: &str, after: Option<&str>) -> Vec<Event> {
        let mut request = self.request(Method::GET, &format!("/api/v1/runs/{run}/events"));
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        parse_events(&response.text().await.unwrap())
    }
}

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) id: String,
    pub(crate) started: Value,
    pub(crate) events: Vec<Event>,
    pub(crate) last: Value,
    pub(crate) name: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn answer(&self) -> String {
        assert_eq!(self.name, "done", "{self:?}");
        let messages = self.last["turn"]["messages"].as_array().unwrap();
        messages.last().unwrap()["content"].as_str().unwrap().to_owned()
    }
}

/// A server-sent event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

pub(crate) fn parse_events(stream: &str) -> Vec<Event> {
    let field = |block: &str, name: &str| {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
    };
    let events = stream.split("\n\n").filter(|block| block.contains("data:"));
    events
        .map(|block| Event {
            id: field(block, "id"),
            name: field(block, "event"),
            data: serde_json::from_str(&field(block, "data")).unwrap(),
        })
        .collect()
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.body
    }

    #[track_caller]
    pub(crate) fn created(self) -> Value {
        assert_eq!(self.status, 201, "{self:?}");
        self.body
    }

    /// The error, which has to be of this status and kind.
    #[track_caller]
    pub(crate) fn error(self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.body["error"]["kind"], kind, "{self:?}");
        self.body["error"].clone()
    }
}

/// A memory on the built-in DynamoDB.
pub(crate) fn dynamodb(table: &str) -> Value {
    json!({"type": "DynamoDBChatMemory", "inputs": {
        "tableName": table, "partitionKey": "session", "sortKey": "turn", "endpoint": "builtin",
    }})
}

/// A memory on the built-in Upstash endpoint.
pub(crate) fn upstash() -> Value {
    json!({"type": "upstashRedisBackedChatMemory", "inputs": {"baseURL": "builtin"}})
}

pub(crate) fn echo() -> Value {
    json!({"type": "echoModel", "inputs": {}})
}

/// A model of OpenAI's form, on a server of the test's own.
pub(crate) fn openai(base_url: &str) -> Value {
    json!({"type": "chatModel", "inputs": {"provider": "openai", "modelName": "stub-1", "baseURL": base_url}})
}

/// A chain with a model and a memory.
pub(crate) fn flow(memory: Value, model: Value) -> Value {
    let node = |id: &str, node: Value| {
        let mut node = node;
        node["id"] = id.into();
        node["position"] = json!({"x": 0, "y": 0});
        node
    };
    let edge = |source: &str, port: &str| json!({"source": source, "sourceHandle": port, "target": "chain", "targetHandle": port});
    json!({
        "format": 1,
        "name": "A chain",
        "nodes": [
            node("memory", memory),
            node("model", model),
            node("chain", json!({"type": "conversationChain", "inputs": {}})),
        ],
        "edges": [edge("memory", "memory"), edge("model", "model")],
    })
}

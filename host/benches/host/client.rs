//! A client of the host's API.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::server::Server;

/// A template on each engine.
pub(crate) const TEMPLATES: [(&str, &str); 2] =
    [("DynamoDB engine", "dynamodb-builtin"), ("Upstash engine", "upstash-redis-builtin")];

/// A run that was stored.
pub(crate) struct Ran {
    /// The messages of its turn.
    pub(crate) messages: Value,
    /// How long its load and its append took, as its steps tell.
    pub(crate) in_memory: Duration,
}

/// A client with connections of its own. Clones share them.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    base: String,
}

/// A flow, and its memory as requests name it.
#[derive(Clone)]
pub(crate) struct Flow {
    pub(crate) id: String,
    memory: Value,
}

impl Api {
    pub(crate) fn new(server: &Server) -> Self {
        let http = Client::builder().no_proxy().build().unwrap();
        Self { http, base: format!("{}/api/v1", server.url) }
    }

    /// The answer; `Err` with what was said instead.
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<String, String> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.map_err(|error| error.to_string())?;
        let status = response.status();
        let text = response.text().await.map_err(|error| error.to_string())?;
        if matches!(status, StatusCode::OK | StatusCode::CREATED) {
            Ok(text)
        } else {
            Err(format!("{status}: {text}"))
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let text = self.send(Method::POST, path, Some(body)).await?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    /// How many flows are listed.
    pub(crate) async fn flows(&self) -> usize {
        let text = self.send(Method::GET, "/flows", None).await.unwrap();
        let flows: Value = serde_json::from_str(&text).unwrap();
        flows["flows"].as_array().unwrap().len()
    }

    pub(crate) async fn flow_from(&self, template: &str) -> Flow {
        let made = self.post("/flows", &json!({"template": template})).await.unwrap();
        let nodes = made["flow"]["nodes"].as_array().unwrap();
        let is_memory = |node: &&Value| node["type"].as_str().unwrap().ends_with("ChatMemory");
        let node = nodes.iter().find(is_memory).unwrap();
        let id = made["id"].as_str().unwrap().to_owned();
        Flow { memory: json!({"flow": id, "node": node["id"]}), id }
    }

    /// Runs a message to its end.
    pub(crate) async fn run(&self, flow: &Flow, session: &str, message: &str) -> Result<Ran, String> {
        let order = json!({"flow": flow.id, "session": session, "message": message});
        let run = self.post("/runs", &order).await?;
        let path = format!("/runs/{}/events", run["id"].as_str().unwrap_or_default());
        let events = self.send(Method::GET, &path, None).await?;
        let data = events.lines().filter_map(|line| line.strip_prefix("data:"));
        let data: Vec<Value> = data
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{error}: {events}"))?;
        let is_memory = |event: &&Value| matches!(event["kind"]["step"].as_str(), Some("loaded" | "stored"));
        let in_memory_ms: f64 =
            data.iter().filter(is_memory).filter_map(|event| event["took_ms"].as_f64()).sum();
        match data.last() {
            Some(done) if done["stored"]["state"] == "stored" && in_memory_ms > 0.0 => Ok(Ran {
                messages: done["turn"]["messages"].clone(),
                in_memory: Duration::from_secs_f64(in_memory_ms / 1e3),
            }),
            _ => Err(events),
        }
    }

    pub(crate) async fn load(&self, flow: &Flow, session: &str) -> Result<Value, String> {
        self.post("/memory/load", &json!({"memory": flow.memory, "session": session})).await
    }

    pub(crate) async fn append(&self, flow: &Flow, session: &str, messages: &Value) -> Result<(), String> {
        let turn = json!({"messages": messages});
        let body = json!({"memory": flow.memory, "session": session, "turn": turn});
        self.post("/memory/append", &body).await.map(drop)
    }

    /// How many turns a session has, of 1000 at most.
    pub(crate) async fn turns(&self, flow: &Flow, session: &str) -> usize {
        let body = json!({"memory": flow.memory, "session": session, "last": 1_000});
        self.post("/memory/turns", &body).await.unwrap()["turns"].as_array().unwrap().len()
    }
}

//! A plain HTTP client for the Upstash endpoint.

#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(dead_code, reason = "each test program uses its own part")]

use canvas_memory_host::engine::upstash::UpstashEngine;
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;

#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Client {
    pub(crate) fn new(engine: &UpstashEngine) -> Self {
        Self::at(&engine.url(), engine.token().expose_secret())
    }

    pub(crate) fn at(url: &str, token: &str) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned(), token: token.to_owned() }
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.post_text(path, &body.to_string()).await
    }

    pub(crate) async fn post_text(&self, path: &str, body: &str) -> (StatusCode, Value) {
        let answer = self.request(Method::POST, path).body(body.to_owned()).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    pub(crate) async fn post_base64(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.request(Method::POST, path).header("Upstash-Encoding", "base64");
        let answer = request.body(body.to_string()).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The result of one command, which must succeed.
    pub(crate) async fn run(&self, command: Value) -> Value {
        let (status, mut body) = self.post("/", &command).await;
        match body.get_mut("result") {
            Some(result) if status == StatusCode::OK => result.take(),
            _ => panic!("{command} was refused with {status}: {body}"),
        }
    }

    /// The result of one command; `None` when it was refused or nobody answered.
    pub(crate) async fn try_run(&self, command: Value) -> Option<Value> {
        let answer = self.request(Method::POST, "/").body(command.to_string()).send().await.ok()?;
        answer.json::<Value>().await.ok()?.get_mut("result").map(Value::take)
    }
}

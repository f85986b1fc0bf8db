//! A running host, as a client sees it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command};
use std::thread::JoinHandle;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{Program, Ran};

/// The program, serving on a free port.
pub(crate) struct Host {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    stderr: Option<JoinHandle<String>>,
    pub(crate) url: String,
    http: reqwest::Client,
    token: Option<String>,
}

impl Host {
    pub(crate) fn start(program: &Program) -> Self {
        Self::start_with(program, &[])
    }

    #[track_caller]
    pub(crate) fn start_with(program: &Program, args: &[&str]) -> Self {
        Self::spawn(program.command(&[&["--listen", "127.0.0.1:0"], args].concat()))
    }

    /// Starts the host, and waits for its address.
    #[track_caller]
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        stdout.read_line(&mut url).unwrap();
        if !url.starts_with("http://") {
            child.wait().unwrap();
            panic!("the host did not start: {url}{}", stderr.join().unwrap());
        }
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = url.trim_end().to_owned();
        Self { child, stdout, stderr: Some(stderr), url, http, token: None }
    }

    /// A client that bears a token.
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1/{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A client of its own, with the address that ends `/api/v1/`.
    pub(crate) fn api(&self) -> (reqwest::Client, String) {
        (self.http.clone(), format!("{}/api/v1/", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// Makes a flow from a template, and gives its id.
    pub(crate) async fn flow_from(&self, template: &str) -> String {
        let made = self.post("flows", &json!({"template": template})).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Runs a message, and gives the answer with all events.
    pub(crate) async fn say(&self, flow: &str, session: &str, message: &str) -> Answer {
        let run = self.post("runs", &json!({"flow": flow, "session": session, "message": message})).await;
        let path = format!("runs/{}/events", run["id"].as_str().unwrap());
        let response = self.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let events = response.text().await.unwrap();
        let done = events.lines().filter_map(|line| line.strip_prefix("data:")).next_back().unwrap();
        let done: Value = serde_json::from_str(done).unwrap();
        let messages = done["turn"]["messages"].as_array();
        let text = messages.and_then(|messages| messages.last()?["content"].as_str());
        let text = text.unwrap_or_else(|| panic!("{events}")).to_owned();
        Answer { text, stored: done["stored"]["state"] == "stored" }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal, and waits for the end. Standard output is what came after the address.
    pub(crate) fn stop(mut self, signal: &str) -> Ran {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let code = self.child.wait().unwrap().code();
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        Ran { code, stdout, stderr }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a flow said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) stored: bool,
}

/// The JSON of an answer, which has to be a good one.
pub(crate) async fn answer(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// The status of an answer, and its JSON.
pub(crate) async fn refusal(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

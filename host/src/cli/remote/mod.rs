//! The host that has the data directory open, as a client of its API.

mod runs;
mod sse;

use std::error::Error as StdError;
use std::time::Duration;

use canvas_memory::json::RawJson;
use canvas_memory::{Error, ErrorKind};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;

use super::failure::Failure;
use crate::running::RunningHost;

pub(super) use runs::RemoteRuns;

/// How long the host may take to accept a connection; it is on this machine.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the host may be silent. It retries its databases within this time, and runs are told of in between.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// A running host.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    http: reqwest::Client,
    host: RunningHost,
}

impl Remote {
    pub(super) fn new(host: RunningHost) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|error| unreachable(&host, error))?;
        Ok(Self { http, host })
    }

    /// `GET` of a path below `/api/v1/`.
    pub(super) async fn get(&self, path: &str) -> Result<RawJson, Failure> {
        self.answer(self.request(Method::GET, path)).await
    }

    /// `POST` to a path below `/api/v1/`.
    pub(super) async fn post(&self, path: &str, body: &impl Serialize) -> Result<RawJson, Failure> {
        self.answer(self.request(Method::POST, path).json(body)).await
    }

    /// `DELETE` of a path below `/api/v1/`.
    pub(super) async fn delete(&self, path: &str) -> Result<(), Failure> {
        self.send(self.request(Method::DELETE, path)).await.map(drop)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1/{path}", self.host.url);
        self.http.request(method, url).bearer_auth(self.host.secret.expose_secret())
    }

    async fn answer(&self, request: RequestBuilder) -> Result<RawJson, Failure> {
        let response = self.send(request).await?;
        let text = response.text().await.map_err(|error| unreachable(&self.host, error))?;
        RawJson::parse(text).map_err(|error| unreachable(&self.host, error))
    }

    /// Sends a request; what the host refuses comes as the error that it told.
    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| unreachable(&self.host, error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        match serde_json::from_str::<Value>(&text).ok().as_mut().and_then(|body| body.get_mut("error")) {
            Some(error) => Err(Failure::from_json(error.take())),
            None => Err(unreachable(&self.host, format!("it answered with status {status}"))),
        }
    }
}

fn unreachable(host: &RunningHost, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Failure {
    let message =
        "the host that has the data directory open does not answer as it should; stop it and start it again";
    let error = Error::new(ErrorKind::Unavailable, message).with_source(source);
    error.with("url", &host.url).with("process", host.process_id).into()
}

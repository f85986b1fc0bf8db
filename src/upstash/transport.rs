use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::dial::Forbidden;
use crate::error::{Error, ErrorKind, Result};
use crate::http;

use super::config::ClientConfig;

/// The largest answer that is read: no session that a model can take comes near.
const MAX_RESPONSE_BYTES: usize = 256 * 1024 * 1024;

const SYNC_TOKEN: HeaderName = HeaderName::from_static("upstash-sync-token");
const ENCODING: HeaderName = HeaderName::from_static("upstash-encoding");

/// A request to the endpoint, without what stays the same.
#[derive(Clone)]
pub struct Request {
    /// What follows the base URL: nothing, or `/pipeline`.
    pub path: &'static str,
    /// What the last answer said of the state it saw; empty before the first.
    pub sync_token: String,
    /// JSON: a command, or an array of commands.
    pub body: Bytes,
}

/// An answer of the endpoint.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// What to send with the next request.
    pub sync_token: Option<String>,
    /// The whole body.
    pub body: Bytes,
}

impl fmt::Debug for Request {
    /// Its shape: the body is conversation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("path", &self.path)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Response {
    /// Its shape: the body is conversation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum SendError {
    /// No connection: nothing was sent.
    NotSent(Box<dyn StdError + Send + Sync>),
    /// The address must not be dialled, with the reason.
    Forbidden(String),
    /// The request went out, and no answer came in time.
    TimedOut,
    /// The request went out, and the connection broke before an answer.
    Lost(Box<dyn StdError + Send + Sync>),
    /// An answer began and did not end, or was too long.
    Garbled(Box<dyn StdError + Send + Sync>),
}

/// Carries requests to an endpoint. [`HttpTransport`] is the real one; a bench can replay answers in its place.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync {
    /// The endpoint's host, for errors.
    fn endpoint(&self) -> &str;

    /// Sends a request once.
    ///
    /// # Errors
    /// When there is no whole answer.
    async fn send(&self, request: Request) -> Result<Response, SendError>;
}

/// Sends requests over HTTP, with the headers that the official clients send.
///
/// It follows no redirect and takes no proxy from the environment, so that the token goes to the named host only.
pub struct HttpTransport {
    http: reqwest::Client,
    url: Url,
    host: String,
}

impl HttpTransport {
    /// Prepares connections; none is opened yet.
    ///
    /// # Errors
    /// `InvalidInput` for a URL or token that can't be used; `Unavailable` when TLS can't be set up on this machine.
    pub fn new(config: &ClientConfig) -> Result<Self> {
        let url = config.url()?;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, config.authorization()?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ENCODING, HeaderValue::from_static("base64"));
        let http = http::client(&config.dialer)
            .default_headers(headers)
            .user_agent(concat!("canvas-memory/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(config.timeouts.connect)
            .timeout(config.timeouts.request)
            .retry(reqwest::retry::never());
        let http = http.build().map_err(|error| {
            let message = "TLS can't be set up; check this machine's root certificates";
            Error::new(ErrorKind::Unavailable, message).with_source(error)
        })?;
        let host = url.host_str().unwrap_or_default().to_owned();
        Ok(Self { http, url, host })
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        if !path.is_empty() {
            url.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        }
        url
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("host", &self.host).finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for HttpTransport {
    fn endpoint(&self) -> &str {
        &self.host
    }

    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let mut answer = self
            .http
            .post(self.url(request.path))
            .header(SYNC_TOKEN, request.sync_token)
            .body(request.body)
            .send()
            .await
            .map_err(without_answer)?;
        let sync_token = answer.headers().get(SYNC_TOKEN).and_then(|value| value.to_str().ok());
        let sync_token = sync_token.map(str::to_owned);
        let status = answer.status().as_u16();
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(without_end)? {
            if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
                return Err(SendError::Garbled(format!("more than {MAX_RESPONSE_BYTES} bytes").into()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, sync_token, body: body.freeze() })
    }
}

fn without_answer(error: reqwest::Error) -> SendError {
    let error = error.without_url();
    if let Some(Forbidden(reason)) = Forbidden::among(&error) {
        return SendError::Forbidden(reason.clone());
    }
    if error.is_connect() || error.is_builder() {
        SendError::NotSent(error.into())
    } else if error.is_timeout() {
        SendError::TimedOut
    } else {
        SendError::Lost(error.into())
    }
}

fn without_end(error: reqwest::Error) -> SendError {
    if error.is_timeout() { SendError::TimedOut } else { SendError::Garbled(error.without_url().into()) }
}

//! Answers from memory in place of the network.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use canvas_memory::dynamodb::SharedHttpClient;
use canvas_memory::upstash::{Request, Response, SendError, Transport};

/// Answers each operation of DynamoDB always the same, and counts what was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct DynamoReplay {
    answers: Arc<Mutex<HashMap<String, Bytes>>>,
    sent: Arc<AtomicU64>,
}

impl DynamoReplay {
    /// Answers `operation`, such as `PutItem`, with `body`.
    pub(crate) fn answer(&self, operation: &str, body: impl Into<Bytes>) {
        self.answers.lock().unwrap().insert(format!("DynamoDB_20120810.{operation}"), body.into());
    }

    pub(crate) fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// Bytes of the bodies sent since the last look.
    pub(crate) fn take_sent(&self) -> u64 {
        self.sent.swap(0, Ordering::Relaxed)
    }
}

impl HttpConnector for DynamoReplay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sent = request.body().content_length().unwrap();
        self.sent.fetch_add(sent, Ordering::Relaxed);
        let target = request.headers().get("x-amz-target").unwrap();
        let body = self.answers.lock().unwrap().get(target).cloned();
        let body = body.unwrap_or_else(|| panic!("no answer to {target}"));
        let status = StatusCode::try_from(200).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

/// Answers every request of Upstash's REST API the same.
#[derive(Debug)]
pub(crate) struct UpstashReplay(pub(crate) Response);

#[async_trait]
impl Transport for UpstashReplay {
    fn endpoint(&self) -> &str {
        "replay"
    }

    async fn send(&self, _: Request) -> Result<Response, SendError> {
        Ok(self.0.clone())
    }
}

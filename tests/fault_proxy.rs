//! The proxy that the other tests let requests go wrong with does what it says.
#![allow(clippy::unwrap_used, reason = "clippy.toml exempts tests, but not the functions that they share")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use canvas_memory::conformance::{Fault, Requests};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use support::fault_proxy::{Dialect, FaultProxy};

const DELAY: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_millis(300);

/// A server that counts what reached it, behind the proxy.
struct Scene {
    proxy: FaultProxy,
    arrived: Arc<AtomicUsize>,
    client: Client,
}

impl Scene {
    async fn new(dialect: Dialect) -> Self {
        let arrived = Arc::new(AtomicUsize::new(0));
        let upstream = serve(arrived.clone()).await;
        let proxy = FaultProxy::start(upstream, dialect, DELAY).await;
        let client = Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        Self { proxy, arrived, client }
    }

    async fn post(&self, target: &str) -> reqwest::Result<Response> {
        let request = self.client.post(format!("{}/path?q=1", self.proxy.url()));
        request.header("x-amz-target", target).body("said").send().await
    }

    async fn text(&self) -> reqwest::Result<String> {
        self.post("X.PutItem").await?.text().await
    }

    async fn json(&self, target: &str) -> (u16, Value) {
        let answer = self.post(target).await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    fn arrived(&self) -> usize {
        self.arrived.load(Ordering::SeqCst)
    }
}

async fn serve(arrived: Arc<AtomicUsize>) -> std::net::SocketAddr {
    let count = |State(arrived): State<Arc<AtomicUsize>>, headers: HeaderMap, body: String| async move {
        let number = arrived.fetch_add(1, Ordering::SeqCst) + 1;
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        format!("{number} {target} {body}")
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        async move { axum::serve(listener, Router::new().fallback(count).with_state(arrived)).await },
    );
    address
}

#[tokio::test]
async fn without_a_fault_everything_passes_unchanged() {
    let scene = Scene::new(Dialect::DynamoDb).await;
    assert_eq!(scene.text().await.unwrap(), "1 X.PutItem said");
    assert_eq!(scene.text().await.unwrap(), "2 X.PutItem said");
    assert_eq!(scene.proxy.requests(), 2);
    assert!(!scene.proxy.heal());
}

#[tokio::test]
async fn what_is_lost_arrives_or_not_and_is_not_answered() {
    for (fault, arrives) in [
        (Fault::LoseReply, 1),
        (Fault::LoseRequest, 0),
        (Fault::Nothing, 0),
        (Fault::Slow, 1),
        (Fault::Truncate, 1),
    ] {
        let scene = Scene::new(Dialect::DynamoDb).await;
        scene.proxy.inject(fault, Requests::Nth(1));
        let error = scene.text().await.unwrap_err();
        assert_eq!(scene.arrived(), arrives, "{fault:?}");
        assert_eq!(error.is_timeout(), fault == Fault::Slow, "{fault:?}: {error}");
        assert!(scene.proxy.heal(), "{fault:?}");
        assert_eq!(scene.text().await.unwrap(), format!("{} X.PutItem said", arrives + 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_cut_answer_has_its_head() {
    let scene = Scene::new(Dialect::DynamoDb).await;
    scene.proxy.inject(Fault::Truncate, Requests::Nth(1));
    let answer = scene.post("X.PutItem").await.unwrap();
    assert_eq!(answer.content_length(), Some("1 X.PutItem said".len() as u64));
    assert!(answer.bytes().await.is_err());
}

#[tokio::test]
async fn a_request_delivered_twice_gets_the_answer_meant() {
    let scene = Scene::new(Dialect::DynamoDb).await;
    scene.proxy.inject(Fault::TwiceFirstAnswer, Requests::Nth(1));
    assert_eq!(scene.text().await.unwrap(), "1 X.PutItem said");
    scene.proxy.inject(Fault::TwiceSecondAnswer, Requests::Nth(1));
    assert_eq!(scene.text().await.unwrap(), "4 X.PutItem said");
}

#[tokio::test]
async fn faults_meet_the_requests_that_were_named() {
    let scene = Scene::new(Dialect::Upstash).await;
    scene.proxy.inject(Fault::LoseRequest, Requests::Nth(2));
    assert!(scene.text().await.is_ok());
    assert!(scene.text().await.is_err());
    assert!(scene.text().await.is_ok());
    scene.proxy.inject(Fault::LoseRequest, Requests::From(2));
    assert!(scene.text().await.is_ok());
    assert!(scene.text().await.is_err());
    assert!(scene.text().await.is_err());
    scene.proxy.inject(Fault::LoseRequest, Requests::Nth(3));
    assert!(scene.text().await.is_ok());
    assert!(!scene.proxy.heal(), "the third request never came");
    scene.proxy.inject_into(".GetItem", Fault::LoseRequest, Requests::Nth(1));
    assert!(scene.text().await.is_ok());
    assert!(scene.post("X.GetItem").await.is_err());
}

#[tokio::test]
async fn own_answers_speak_the_protocol() {
    let dynamodb = Scene::new(Dialect::DynamoDb).await;
    dynamodb.proxy.inject(Fault::Throttle, Requests::Nth(1));
    let (status, body) = dynamodb.json("X.PutItem").await;
    assert_eq!(
        (status, &body["__type"]),
        (400, &json!("com.amazonaws.dynamodb.v20120810#ThrottlingException"))
    );
    dynamodb.proxy.inject(Fault::ServerError, Requests::Nth(1));
    assert_eq!(dynamodb.json("X.PutItem").await.0, 500);
    assert_eq!(dynamodb.arrived(), 0);
    dynamodb.proxy.inject(Fault::ServerErrorAfterCommit, Requests::Nth(1));
    assert_eq!(dynamodb.json("X.PutItem").await.0, 500);
    assert_eq!(dynamodb.arrived(), 1);
    dynamodb.proxy.inject(Fault::Html, Requests::Nth(1));
    assert!(dynamodb.text().await.unwrap().starts_with("<!DOCTYPE html>"));

    let upstash = Scene::new(Dialect::Upstash).await;
    upstash.proxy.inject(Fault::Throttle, Requests::Nth(1));
    let (status, body) = upstash.json("").await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().starts_with("ERR max daily request limit exceeded"));
}

#[tokio::test]
async fn only_a_transaction_is_cancelled() {
    let scene = Scene::new(Dialect::DynamoDb).await;
    scene.proxy.inject(Fault::CancelTransaction, Requests::Nth(1));
    assert!(scene.text().await.is_ok());
    let request = scene.client.post(scene.proxy.url()).header("x-amz-target", "X.TransactWriteItems");
    let answer = request.body(r#"{"TransactItems":[{},{}]}"#).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let body: Value = answer.json().await.unwrap();
    let codes: Vec<_> = body["CancellationReasons"].as_array().unwrap().iter().map(|r| &r["Code"]).collect();
    assert_eq!(codes, ["TransactionConflict", "None"]);
    assert!(scene.proxy.heal());
}

#[tokio::test]
async fn an_upstream_can_move_and_be_away() {
    let scene = Scene::new(Dialect::DynamoDb).await;
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    scene.proxy.set_upstream(gone);
    assert!(scene.text().await.is_err());
    let other = Arc::new(AtomicUsize::new(41));
    scene.proxy.set_upstream(serve(other).await);
    assert_eq!(scene.text().await.unwrap(), "42 X.PutItem said");
}

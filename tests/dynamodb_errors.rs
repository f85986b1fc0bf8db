//! DynamoDB's errors, each as a kind of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

#[path = "support/dynoxide.rs"]
mod dynoxide_engine;
#[path = "support/fault_proxy.rs"]
#[allow(dead_code, reason = "each test binary uses a part of this module")]
mod fault_proxy;
#[path = "support/raw_server.rs"]
mod raw_server;

use std::num::NonZeroU32;
use std::time::Duration;

use canvas_memory::clock::Clock;
use canvas_memory::conformance::Requests;
use canvas_memory::dynamodb::DynamoClient;
use canvas_memory::dynamodb::item_per_session::ItemConfig;
use canvas_memory::dynamodb::list::ListStore;
use canvas_memory::dynamodb::turns::{TurnsConfig, TurnsStore};
use canvas_memory::message::Message;
use canvas_memory::session::{SessionKey, Turn};
use canvas_memory::store::{Append, ChatStore, Consistency, Window};
use canvas_memory::{Error, Retry};
use dynoxide_engine::Dynoxide;
use fault_proxy::{Dialect, FaultProxy};
use raw_server::{Answer, serve};

/// The errors of a load and an append that DynamoDB answers in this way.
async fn answered(status: &str, code: &str, message: &str) -> [Error; 2] {
    let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"{message}"}}"#);
    let (url, _) = serve(Answer::body(status, "application/x-amz-json-1.0", &body, body.len())).await;
    let mut config = dynoxide_engine::config_at(&url, Clock::system());
    config.max_attempts = NonZeroU32::MIN;
    let client = DynamoClient::new(config).unwrap();
    let store = ListStore::new(client, ItemConfig::new("chat", "id")).unwrap();
    let key = SessionKey::local("s").unwrap();
    let append = Append::new(Turn::new([Message::user("private words")]));
    [
        store.recent(&key, Window::Everything, Consistency::Strong).await.unwrap_err(),
        store.append(&key, append).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn each_refusal_is_told_apart_and_certain() {
    let size = "Item size to update has exceeded the maximum allowed size";
    let name = "1 validation error detected: Value 'x' at 'tableName' failed to satisfy constraint";
    for (code, message, kind) in [
        ("ResourceNotFoundException", "", "not_found"),
        ("AccessDeniedException", "not authorized to perform: dynamodb:UpdateItem", "denied"),
        ("UnrecognizedClientException", "", "unauthenticated"),
        ("InvalidSignatureException", "", "unauthenticated"),
        ("ExpiredTokenException", "", "unauthenticated"),
        ("ThrottlingException", "", "throttled"),
        ("ProvisionedThroughputExceededException", "", "throttled"),
        ("RequestLimitExceeded", "", "throttled"),
        ("ItemCollectionSizeLimitExceededException", "", "too_large"),
        ("ValidationException", size, "too_large"),
        ("ValidationException", name, "invalid_input"),
        ("ValidationException", "The provided key element does not match the schema", "mismatch"),
        ("SomethingNew", "", "protocol"),
    ] {
        for error in answered("400 Bad Request", code, message).await {
            assert_eq!(error.kind().code(), kind, "{code}: {error:?}");
            assert!(!format!("{error:?}").contains("private words"));
            let retry = if kind == "throttled" { Retry::Later } else { Retry::Never };
            assert_eq!(error.retry(), retry, "{code}");
        }
    }
}

#[tokio::test]
async fn a_failure_of_the_server_leaves_a_write_in_doubt() {
    let [load, append] = answered("500 Internal Server Error", "InternalServerError", "").await;
    assert_eq!(load.kind().code(), "unavailable");
    assert_eq!(append.kind().code(), "unknown");
    assert_eq!(append.retry(), Retry::Now);
}

#[tokio::test]
async fn a_cancelled_transaction_tells_what_stands_in_its_way() {
    let engine = Dynoxide::start();
    engine.table("chat", "id", Some("Part"), Clock::system()).await;
    let upstream = engine.endpoint.strip_prefix("http://").unwrap().parse().unwrap();
    let proxy = FaultProxy::start(upstream, Dialect::DynamoDb, Duration::ZERO).await;
    let client = dynoxide_engine::client_at(proxy.url(), Clock::system());
    let store = TurnsStore::new(client, TurnsConfig::new("chat", "id", "Part")).unwrap();
    let key = SessionKey::local("s").unwrap();
    let append = || Append::new(Turn::new([Message::user("private words")])).exact();
    store.append(&key, append()).await.unwrap();
    for (code, kind) in [
        ("ValidationError", "mismatch"),
        ("ItemCollectionSizeLimitExceeded", "too_large"),
        ("ProvisionedThroughputExceeded", "throttled"),
        ("ThrottlingError", "throttled"),
        ("AccessDenied", "denied"),
    ] {
        proxy.cancel_transactions_for(code, Requests::From(1));
        for error in [store.append(&key, append()).await.unwrap_err(), store.clear(&key).await.unwrap_err()] {
            assert_eq!(error.kind().code(), kind, "{code}: {error:?}");
            assert!(error.to_string().contains("chat"), "{error}");
            assert!(!format!("{error:?}").contains("private words"));
        }
        assert!(proxy.heal());
    }
    assert_eq!(store.clear(&key).await.unwrap().turns, 1);
}

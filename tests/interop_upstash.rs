//! Sessions in Redis that other packages and our list layout write and read in turns, over the Upstash REST API.
#![cfg(feature = "upstash")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod support;

use std::num::NonZeroU32;

use canvas_memory::message::Message;
use canvas_memory::session::SessionKey;
use canvas_memory::store::SessionState;
use canvas_memory::upstash::list::{ListOptions, PYTHON_KEY_PREFIX, UpstashListStore};
use canvas_memory::upstash::{Client, ClientConfig};
use serde_json::json;
use support::interop::{History, Package};
use support::journey::{Keeps, append, exactly, load, take_turns, turn};
use support::upstash_endpoint::{Endpoint, Resp, TOKEN};

const SESSION: &str = "-séance 😀";

fn history(package: Package, endpoint: &Endpoint) -> History {
    History::upstash(package, &endpoint.url, TOKEN, SESSION)
}

fn key_prefix(package: Package) -> &'static str {
    if package == Package::LangChainPython { PYTHON_KEY_PREFIX } else { "" }
}

fn store(package: Package, endpoint: &Endpoint, session_ttl_secs: Option<u32>) -> UpstashListStore {
    let client = Client::new(&ClientConfig::new(&endpoint.url, TOKEN)).unwrap();
    let key_prefix = key_prefix(package).to_owned();
    let session_ttl_secs = session_ttl_secs.map(|secs| NonZeroU32::new(secs).unwrap());
    UpstashListStore::new(client, ListOptions { key_prefix, session_ttl_secs, ..ListOptions::default() })
}

async fn list_layout(package: Package, keeps: Keeps) {
    let endpoint = Endpoint::start().await;
    let key = SessionKey::local(SESSION).unwrap();
    take_turns(&store(package, &endpoint, None), &key, &history(package, &endpoint), keeps, exactly).await;
}

#[tokio::test]
async fn langchain_js_and_we_take_turns() {
    list_layout(Package::LangChainJs, Keeps::WholeMessages).await;
}

#[tokio::test]
async fn the_canvas_node_and_we_take_turns() {
    list_layout(Package::Flowise, Keeps::TextsOfWholeMessages).await;
}

#[tokio::test]
async fn langchain_python_and_we_take_turns() {
    list_layout(Package::LangChainPython, Keeps::WholeMessages).await;
}

/// Whole seconds that the session has left, of at most `of`; none when it never expires.
async fn ttl_secs(package: Package, endpoint: &Endpoint) -> i64 {
    let list = format!("{}{SESSION}", key_prefix(package));
    match endpoint.redis.call(&["TTL", &list]).await {
        Resp::Integer(secs) => secs,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_lifetime_is_set_by_them_and_by_us() {
    let key = SessionKey::local(SESSION).unwrap();
    let theirs = json!([{"role": "user", "content": "theirs"}]);
    for package in [Package::LangChainJs, Package::Flowise, Package::LangChainPython] {
        let endpoint = Endpoint::start().await;
        let left = async || ttl_secs(package, &endpoint).await;
        let without_ttl = store(package, &endpoint, None);
        let with_ttl = store(package, &endpoint, Some(7_200));
        history(package, &endpoint).option("ttl", "3600").write(&theirs).await.unwrap();
        let expires_at = load(&without_ttl, &key).await.turns[0].expires_at_epoch_secs;
        assert!(expires_at.is_some(), "{package:?}");

        // Ours without a lifetime leaves theirs as it is, as theirs without one leaves ours.
        append(&without_ttl, &key, &turn("a", [Message::user("ours")])).await;
        assert!((1..=3_600).contains(&left().await), "{package:?}");
        append(&with_ttl, &key, &turn("b", [Message::user("ours")])).await;
        assert!((3_601..=7_200).contains(&left().await), "{package:?}");
        history(package, &endpoint).write(&theirs).await.unwrap();
        assert!((3_601..=7_200).contains(&left().await), "{package:?}");
        assert_eq!(load(&with_ttl, &key).await.turns.len(), 4, "{package:?}");

        endpoint.redis.call(&["PEXPIREAT", &format!("{}{SESSION}", key_prefix(package)), "1"]).await;
        assert_eq!(load(&with_ttl, &key).await.state, SessionState::New, "{package:?}");
        assert_eq!(history(package, &endpoint).read().await.unwrap(), json!([]), "{package:?}");
    }
}

//! The node `upstashRedisBackedChatMemory` and its credential, over the wire to a real Redis.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

#[path = "support/upstash_endpoint.rs"]
mod upstash_endpoint;

use std::sync::Arc;

use canvas_memory::declare::{
    BuiltinEngines, BuiltinUpstash, ConnectArgs, ConnectContext, Connected, Credential, Health, HttpsOnly,
    Level, Secret, Target,
};
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::{Scope, SessionId, Turn};
use canvas_memory::store::Append;
use canvas_memory::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use upstash_endpoint::{Endpoint, Resp, TOKEN};

const NODE: &str = "upstashRedisBackedChatMemory";

#[derive(Debug)]
struct Engine(String);

impl BuiltinEngines for Engine {
    fn upstash(&self) -> Result<BuiltinUpstash> {
        Ok(BuiltinUpstash { url: self.0.clone(), token: Secret::new(TOKEN) })
    }
}

fn credential(fields: Value) -> Credential {
    Credential::new("c1", "upstashRedisMemoryApi", 1, fields.to_string())
}

fn full() -> Credential {
    credential(json!({"upstashRestToken": TOKEN, "host": "127.0.0.1"}))
}

async fn connect_with(inputs: Value, credential: Credential, context: &ConnectContext) -> Result<Connected> {
    let args = ConnectArgs::new(context).with_credential(credential);
    Registry::collect().connect_json(NODE, &inputs, args).await
}

async fn refused(inputs: Value, credential: Credential, context: &ConnectContext) -> Error {
    connect_with(inputs.clone(), credential, context).await.expect_err(&inputs.to_string())
}

fn told(health: &Health) -> Vec<String> {
    let mark = |level| if level == Level::Ok { "ok" } else { "warning" };
    health
        .findings
        .iter()
        .map(|found| format!("{} {}: {}", mark(found.level), found.subject, found.text))
        .collect()
}

async fn keys(endpoint: &Endpoint) -> Vec<String> {
    endpoint.redis.call(&["KEYS", "*"]).await.texts()
}

#[tokio::test]
async fn builtin_needs_no_credential() {
    let endpoint = Endpoint::start().await;
    let context =
        ConnectContext { engines: Arc::new(Engine(endpoint.url.clone())), ..ConnectContext::default() };
    let inputs = json!({"baseURL": "builtin", "sessionTTL": 3600, "keyPrefix": "chat:"});
    let registry = Registry::collect();
    let connected = registry.connect_json(NODE, &inputs, ConnectArgs::new(&context)).await.unwrap();
    let memory = connected.memory().unwrap();
    assert_eq!(memory.options().memory_key.0, "chat_history");
    let session = SessionId::new("s1").unwrap();
    let turn = Turn::new([Message::user("hi"), Message::assistant("hello")]);
    memory.append(&session, Append::new(turn)).await.unwrap();
    assert_eq!(memory.load(&session).await.unwrap().messages().count(), 2);
    assert_eq!(keys(&endpoint).await, ["chat:s1"]);
    let Resp::Integer(ttl_secs) = endpoint.redis.call(&["TTL", "chat:s1"]).await else { panic!("no number") };
    assert!((3_590..=3_600).contains(&ttl_secs), "{ttl_secs}");

    let health = connected.health.await.unwrap();
    assert_eq!(
        told(&health),
        ["ok database: it answers and knows the token", "ok rights: the token may load, append and clear",]
    );
    assert_eq!(health.usage.requests, 3);
    assert_eq!(keys(&endpoint).await, ["chat:s1"], "the check leaves nothing behind");

    let none = ConnectContext::default();
    let error = registry.connect_json(NODE, &inputs, ConnectArgs::new(&none)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn inputs_that_do_not_fit_are_refused_by_name() {
    let endpoint = Endpoint::start().await;
    let context = ConnectContext::default();
    for (input, value, problem) in [
        ("baseURL", json!(""), "is empty; give at least one character"),
        ("baseURL", json!("eu1.upstash.io"), "is not an address"),
        ("baseURL", json!("http://eu1.upstash.io"), "over `https:` only"),
        ("baseURL", json!("rediss://eu1.upstash.io:6379"), "is not a web address"),
        ("baseURL", json!("https://u:hunter2@eu1.upstash.io"), "belong in the credential"),
        ("baseURL", json!("https://eu1.upstash.io"), "127.0.0.1 only"),
        ("sessionTTL", json!("3600"), "must be a whole number; found text"),
        ("sessionTTL", json!(""), "must be a whole number; found empty text"),
        ("sessionTTL", json!(0), "must be at least 1"),
        ("sessionTTL", json!(-5), "must be at least 1"),
        ("sessionTTL", json!(12.7), "must be a whole number; found a number with a decimal point"),
        ("sessionId", json!(""), "is empty; give at least one character"),
        ("trim", json!(0), "must be at least 1"),
        ("memoryKey", json!("{{x}}"), "must match"),
        ("sessionTtl", json!(60), "did you mean `sessionTTL`?"),
    ] {
        let mut inputs = json!({"baseURL": endpoint.url});
        inputs[input] = value;
        let error = refused(inputs, full(), &context).await;
        assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == input), "{error}");
        assert!(error.message().contains(problem), "{input}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let inputs = json!({"baseURL": endpoint.url});
    let strict = ConnectContext { endpoints: Arc::new(HttpsOnly), ..ConnectContext::default() };
    assert!(refused(inputs.clone(), full(), &strict).await.message().contains("`http:`"));
    let team = ConnectContext { scope: Scope::new("team-7").unwrap(), ..ConnectContext::default() };
    assert_eq!(*refused(inputs.clone(), full(), &team).await.kind(), ErrorKind::Unsupported);
    let error =
        Registry::collect().connect_json(NODE, &inputs, ConnectArgs::new(&context)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::MissingCredential);
    assert!(endpoint.seen().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn a_token_goes_only_where_its_credential_says() {
    let endpoint = Endpoint::start().await;
    let context = ConnectContext::default();
    let registry = Registry::collect();
    let inputs = json!({"baseURL": endpoint.url});
    let unnamed = || credential(json!({"upstashRestToken": TOKEN}));

    let error = refused(inputs.clone(), unnamed(), &context).await;
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "host"), "{error}");
    assert!(error.message().contains("enter `127.0.0.1` there"), "{error}");
    let lookalike = json!({"baseURL": "https://upstash.io.example.com"});
    assert!(refused(lookalike, unnamed(), &context).await.message().contains("upstash.io.example.com"));
    assert!(connect_with(json!({"baseURL": "https://x.upstash.io"}), unnamed(), &context).await.is_ok());

    let elsewhere = || credential(json!({"upstashRestToken": TOKEN, "host": "eu1.upstash.io"}));
    let error = refused(inputs, elsewhere(), &context).await;
    assert!(error.message().contains("eu1.upstash.io only"), "{error}");
    let target = Target { endpoint: Some(endpoint.url.clone()), ..Target::default() };
    assert!(registry.test_credential(&elsewhere(), &target, &context).await.is_err());
    let nowhere = registry.test_credential(&unnamed(), &Target::default(), &context).await.unwrap_err();
    assert!(nowhere.message().starts_with("`host` is missing"), "{nowhere}");
    assert!(endpoint.seen().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn the_test_tells_a_read_only_token_and_leaves_nothing_behind() {
    let endpoint = Endpoint::start().await;
    let context = ConnectContext::default();
    let registry = Registry::collect();
    let target = Target { endpoint: Some(endpoint.url.clone()), ..Target::default() };
    let test = |credential: Credential| {
        let (registry, target, context) = (&registry, &target, &context);
        async move { registry.test_credential(&credential, target, context).await }
    };
    let health = test(full()).await.unwrap();
    assert_eq!(
        told(&health),
        ["ok credential: the database knows the token", "ok rights: the token may read and write"]
    );
    assert_eq!((health.usage.requests, health.usage.commands), (2, 2));
    assert!(keys(&endpoint).await.is_empty());

    let wrong = credential(json!({"upstashRestToken": "hunter2", "host": "127.0.0.1"}));
    let error = test(wrong.clone()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{error:?}").contains("hunter2"));
    let inputs = json!({"baseURL": endpoint.url});
    let connected = connect_with(inputs.clone(), wrong, &ConnectContext::default()).await.unwrap();
    assert_eq!(*connected.health.await.unwrap_err().kind(), ErrorKind::Unauthenticated);

    let redis = endpoint.redis.call(&["ACL", "SETUSER", "default", "-@write"]).await;
    assert_eq!(redis, Resp::Simple("OK".into()));
    let health = test(full()).await.unwrap();
    assert!(told(&health)[1].starts_with("warning rights: the token is a read-only one"), "{health:?}");
    let connected = connect_with(inputs, full(), &context).await.unwrap();
    let error = connected.health.await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Denied);
    assert!(error.usage().requests >= 2, "{error:?}");
}

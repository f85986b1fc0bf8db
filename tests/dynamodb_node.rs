//! The node `DynamoDBChatMemory` and its credential, over the wire to a real engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

#[path = "support/dynoxide.rs"]
mod dynoxide_engine;

use std::sync::Arc;

use canvas_memory::clock::Clock;
use canvas_memory::declare::{
    BuiltinDynamoDb, BuiltinEngines, ConnectArgs, ConnectContext, Connected, Credential, Health, HttpsOnly,
    Level, Secret, Target,
};
use canvas_memory::dynamodb::tables::{KeyAttribute, TableDefinition};
use canvas_memory::memory::SessionSource;
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::{Scope, SessionId, Turn};
use canvas_memory::store::Append;
use canvas_memory::{Error, ErrorKind, Result};
use dynoxide_engine::Dynoxide;
use serde_json::{Value, json};

const NODE: &str = "DynamoDBChatMemory";

#[derive(Debug)]
struct Engine(String);

impl BuiltinEngines for Engine {
    fn dynamodb(&self) -> Result<BuiltinDynamoDb> {
        Ok(BuiltinDynamoDb {
            endpoint: self.0.clone(),
            access_key: Secret::new("AKIDBUILTIN"),
            secret_key: Secret::new("hunter2"),
        })
    }
}

fn host(engine: &Dynoxide) -> ConnectContext {
    ConnectContext { engines: Arc::new(Engine(engine.endpoint.clone())), ..ConnectContext::default() }
}

fn keys() -> Credential {
    let fields = json!({"accessKey": "AKIDTEST", "secretAccessKey": "hunter2"});
    Credential::new("c1", "dynamodbMemoryApi", 1, fields.to_string())
}

async fn connect(inputs: Value, context: &ConnectContext) -> Result<Connected> {
    let args = ConnectArgs::new(context).with_credential(keys());
    Registry::collect().connect_json(NODE, &inputs, args).await
}

async fn refused(inputs: Value, context: &ConnectContext) -> Error {
    connect(inputs.clone(), context).await.expect_err(&inputs.to_string())
}

async fn make_table(engine: &Dynoxide, name: &str, sort_key: Option<&str>) {
    engine.table(name, "sessionId", sort_key, Clock::system()).await;
}

fn told(health: &Health) -> Vec<String> {
    let mark = |level| if level == Level::Ok { "ok" } else { "warning" };
    health
        .findings
        .iter()
        .map(|found| format!("{} {}: {}", mark(found.level), found.subject, found.text))
        .collect()
}

async fn say(connected: &Connected, session: &SessionId, text: &str) -> Vec<String> {
    let memory = connected.memory().unwrap();
    let turn = Turn::new([Message::user(text), Message::assistant(format!("You said {text}"))]);
    memory.append(session, Append::new(turn)).await.unwrap();
    memory.load(session).await.unwrap().messages().map(Message::text).collect()
}

#[tokio::test]
async fn builtin_needs_no_credential_and_makes_the_table() {
    let engine = Dynoxide::start();
    let context = host(&engine);
    let inputs = json!({
        "tableName": "chat", "partitionKey": "sessionId", "endpoint": "builtin",
        "sessionId": "user-id-123", "memoryKey": "history",
        "recall": {"policy": "lastTurns", "turns": 1},
    });
    let registry = Registry::collect();
    let connected = registry.connect_json(NODE, &inputs, ConnectArgs::new(&context)).await.unwrap();
    let memory = connected.memory().unwrap();
    assert_eq!(memory.options().memory_key.0, "history");
    assert_eq!(memory.store().capabilities().layout, "dynamodb/turns");
    let chat = SessionId::mint();
    let session = memory.effective_session(None, &chat);
    assert_eq!((session.id.as_str(), session.source), ("user-id-123", SessionSource::Node));

    assert_eq!(say(&connected, &session.id, "one").await, ["one", "You said one"]);
    assert_eq!(say(&connected, &session.id, "two").await, ["two", "You said two"]);

    let health = connected.health.await.unwrap();
    assert_eq!(
        told(&health),
        [
            "ok table: `chat` is there in us-east-1, with the keys `sessionId` and `sk`",
            "ok layout: an item a turn, at the same cost however long the conversation",
            "ok rights: the credential may load, append and clear",
        ]
    );
    assert!(health.usage.requests >= 4, "{:?}", health.usage);

    let again = registry.connect_json(NODE, &inputs, ConnectArgs::new(&context)).await.unwrap();
    assert_eq!(again.memory().unwrap().load(&session.id).await.unwrap().messages().count(), 2);
    assert_eq!(format!("{:?}", context.clients), "Clients { kept: 2 }", "a client and a table, shared");
}

#[tokio::test]
async fn the_layout_comes_from_the_keys_and_from_what_is_stored() {
    let engine = Dynoxide::start();
    let context = ConnectContext::default();
    make_table(&engine, "plain", None).await;
    make_table(&engine, "sorted", Some("sk")).await;
    let layout = async |more: Value| {
        let mut inputs = json!({"partitionKey": "sessionId", "endpoint": engine.endpoint});
        inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let connected = connect(inputs, &context).await?;
        let session = SessionId::new("s1").unwrap();
        assert_eq!(say(&connected, &session, "hi").await.last().unwrap(), "You said hi");
        let name = connected.memory()?.store().capabilities().layout;
        connected.health.await.map(|_| name)
    };
    assert_eq!(layout(json!({"tableName": "sorted"})).await.unwrap(), "dynamodb/turns");
    assert_eq!(layout(json!({"tableName": "sorted", "sortKey": "sk"})).await.unwrap(), "dynamodb/turns");
    assert_eq!(layout(json!({"tableName": "plain", "layout": "history"})).await.unwrap(), "dynamodb/history");
    assert_eq!(layout(json!({"tableName": "plain"})).await.unwrap(), "dynamodb/history", "it is there");
    make_table(&engine, "empty", None).await;
    assert_eq!(layout(json!({"tableName": "empty"})).await.unwrap(), "dynamodb/list");

    let no_sort_key = layout(json!({"tableName": "plain", "layout": "turns"})).await.unwrap_err();
    assert_eq!(*no_sort_key.kind(), ErrorKind::Mismatch);
    let other_key = layout(json!({"tableName": "sorted", "sortKey": "range"})).await.unwrap_err();
    let told = other_key.to_string();
    assert!(told.contains("`sk`") && told.contains("input sortKey"), "{told}");
    let other_key = layout(json!({"tableName": "plain", "partitionKey": "id"})).await.unwrap_err();
    assert!(other_key.to_string().contains("input partitionKey"), "{other_key}");
    let missing = layout(json!({"tableName": "nowhere", "region": "eu-west-1"})).await.unwrap_err();
    assert_eq!(*missing.kind(), ErrorKind::NotFound);
    assert!(missing.to_string().contains("table nowhere, region eu-west-1"), "{missing}");
    let made = layout(json!({"tableName": "nowhere", "createTable": true, "layout": "list"})).await;
    assert_eq!(made.unwrap(), "dynamodb/list");
}

#[tokio::test]
async fn inputs_that_do_not_fit_are_refused_by_name() {
    let engine = Dynoxide::start();
    make_table(&engine, "sorted", Some("sk")).await;
    make_table(&engine, "plain", None).await;
    let context = ConnectContext::default();
    let good = json!({"tableName": "sorted", "partitionKey": "sessionId", "endpoint": engine.endpoint});
    for (input, value, problem) in [
        ("tableName", json!(""), "must have at least 3 characters"),
        ("tableName", json!(null), "must be text; found null; leave it out to mean nothing"),
        ("partitionKey", json!(7), "must be text; found a number"),
        ("region", json!("Ireland (eu)"), "is not a region's name"),
        ("sessionId", json!(""), "is empty; give at least one character"),
        ("sessionId", json!("x".repeat(10_000)), "has 10000 bytes; at most 2048 fit"),
        ("memoryKey", json!("a b"), "must match"),
        ("ttlSecs", json!("3600"), "must be a whole number; found text"),
        ("ttlSecs", json!(0), "must be at least 1"),
        ("ttlSecs", json!(60), ""),
        ("layout", json!("rows"), "must be one of `list`, `history`, `turns`"),
        ("endpoint", json!("localhost"), "is not an address"),
        ("endpoint", json!("http://db.example.com"), "over `https:` only"),
        ("endpoint", json!("builtin"), ""),
        ("tablename", json!("x"), "is not an input of `DynamoDBChatMemory`; did you mean `tableName`?"),
    ] {
        let mut inputs = good.clone();
        inputs[input] = value.clone();
        let error = refused(inputs, &context).await;
        match (input, error.kind()) {
            ("endpoint", ErrorKind::Unsupported) => {}
            ("ttlSecs", ErrorKind::InvalidInput { field }) if field == "expiryAttribute" => {}
            (input, ErrorKind::InvalidInput { field }) => assert_eq!(field, input, "{error}"),
            _ => panic!("{input}: {error}"),
        }
        assert!(error.message().contains(problem), "{input}: {error}");
        assert!(!error.to_string().contains("hunter2"));
    }

    let strict = ConnectContext { endpoints: Arc::new(HttpsOnly), ..ConnectContext::default() };
    let error = refused(good.clone(), &strict).await;
    assert!(error.message().contains("`endpoint` begins with `http:`"), "{error}");

    let error = Registry::collect().connect_json(NODE, &good, ConnectArgs::new(&context)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::MissingCredential);

    let team = ConnectContext { scope: Scope::new("team-7").unwrap(), ..ConnectContext::default() };
    assert!(connect(good.clone(), &team).await.is_ok());
    let mut plain = good;
    plain["tableName"] = json!("plain");
    let error = refused(plain, &team).await;
    assert_eq!(*error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("sort key"), "{error}");
}

#[tokio::test]
async fn the_health_check_sees_what_changed_and_what_is_missing() {
    let engine = Dynoxide::start();
    make_table(&engine, "chat", Some("sk")).await;
    let context = ConnectContext::default();
    let inputs = json!({
        "tableName": "chat", "partitionKey": "sessionId", "endpoint": engine.endpoint,
        "expiryAttribute": "expireAt", "ttlSecs": 3600,
    });
    let health = connect(inputs.clone(), &context).await.unwrap().health.await.unwrap();
    let expiry = told(&health).pop().unwrap();
    assert!(expiry.starts_with("warning expiry: the table removes nothing by itself"), "{expiry}");

    let probed = engine.client(Clock::system()).sdk().scan().table_name("chat").send().await.unwrap();
    assert_eq!(probed.count(), 0, "the check leaves nothing behind");

    let connected = connect(inputs.clone(), &context).await.unwrap();
    let client = engine.client(Clock::system());
    client.sdk().delete_table().table_name("chat").send().await.unwrap();
    assert_eq!(*connected.health.await.unwrap_err().kind(), ErrorKind::NotFound);

    make_table(&engine, "chat", None).await;
    let connected = connect(inputs.clone(), &context).await.unwrap();
    assert_eq!(connected.memory().unwrap().store().capabilities().layout, "dynamodb/list", "looked at anew");
    client.sdk().delete_table().table_name("chat").send().await.unwrap();
    let keys = ["sessionId", "sk"].map(KeyAttribute::text);
    let [partition_key, sort_key] = keys;
    let table = TableDefinition {
        expiry_attribute: Some("expireAt".into()),
        ..TableDefinition::new("chat", partition_key, sort_key)
    };
    table.create(&client).await.unwrap();
    let changed = connected.health.await.unwrap_err();
    assert_eq!(*changed.kind(), ErrorKind::Mismatch);
    assert!(changed.message().contains("connect it again"), "{changed}");
    let health = connect(inputs, &context).await.unwrap().health.await.unwrap();
    assert_eq!(told(&health).pop().unwrap(), "ok expiry: the table removes items by `expireAt`");
}

#[tokio::test]
async fn the_form_offers_tables_and_regions() {
    let engine = Dynoxide::start();
    make_table(&engine, "one", None).await;
    make_table(&engine, "two", None).await;
    let context = ConnectContext::default();
    let registry = Registry::collect();
    let args = || ConnectArgs::new(&context).with_credential(keys());
    let form = json!({"endpoint": engine.endpoint, "region": ""}).as_object().unwrap().clone();
    let tables = registry.choices(NODE, "tables", &form, args()).await.unwrap();
    assert_eq!(tables.iter().map(|choice| choice.value.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    let regions = registry.choices(NODE, "regions", &form, args()).await.unwrap();
    assert!(regions.iter().any(|region| region.value == "eu-west-1"));
    let unknown = registry.choices(NODE, "colours", &form, args()).await.unwrap_err();
    assert_eq!(*unknown.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn the_credential_is_tested_where_it_is_used() {
    let engine = Dynoxide::start();
    let context = ConnectContext::default();
    let registry = Registry::collect();
    let target = Target { endpoint: Some(engine.endpoint.clone()), ..Target::default() };
    let health = registry.test_credential(&keys(), &target, &context).await.unwrap();
    assert_eq!(told(&health), ["ok credential: AWS knows the credential in us-east-1"]);
    assert_eq!(health.usage.requests, 1);

    for kind in [
        json!({"kind": "machine"}),
        json!({"kind": "profile", "profile": "work"}),
        json!({"kind": "role", "roleArn": "arn:aws:iam::123456789012:role/chat"}),
    ] {
        let credential = Credential::new("c2", "dynamodbMemoryApi", 1, kind.to_string());
        let error = registry.test_credential(&credential, &target, &context).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Denied, "{kind}");
        assert!(error.message().contains("the operator does not allow"), "{error}");
    }
    let bad_role = Credential::new("c2", "dynamodbMemoryApi", 1, r#"{"kind":"role","roleArn":"chat"}"#);
    let error = registry.test_credential(&bad_role, &target, &context).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "roleArn"), "{error}");
    let nowhere = Target { endpoint: Some("http://127.0.0.1:9".into()), ..Target::default() };
    let error = registry.test_credential(&keys(), &nowhere, &context).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unavailable);
}

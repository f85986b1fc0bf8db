//! The node, as a host connects it.

use std::sync::Arc;

use canvas_memory::declare::{
    BuiltinDynamoDb, BuiltinEngines, ConnectArgs, ConnectContext, Connected, Credential, Level, Secret,
};
use canvas_memory::error::ErrorKind;
use canvas_memory::memory::SessionSource;
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::{Scope, SessionId, Turn};
use canvas_memory::store::Append;
use canvas_memory::{Error, Result};
use serde_json::{Value, json};

use crate::dynoxide_engine::Dynoxide;

pub(crate) const NODE: &str = "griptapeDynamoDBConversationMemory";

/// A context with an engine.
pub(crate) struct Canvas {
    pub(crate) context: ConnectContext,
    pub(crate) engine: Dynoxide,
}

#[derive(Debug)]
struct Builtin(String);

impl BuiltinEngines for Builtin {
    fn dynamodb(&self) -> Result<BuiltinDynamoDb> {
        let [access_key, secret_key] = ["AKIDBUILTIN", "hunter2"].map(Secret::new);
        Ok(BuiltinDynamoDb { endpoint: self.0.clone(), access_key, secret_key })
    }
}

impl Canvas {
    pub(crate) fn new() -> Self {
        let engine = Dynoxide::start();
        let engines = Arc::new(Builtin(engine.endpoint.clone()));
        Self { context: ConnectContext { engines, ..ConnectContext::default() }, engine }
    }

    async fn connect(&self, inputs: Value) -> Result<Connected> {
        let fields = json!({"accessKey": "AKIDTEST", "secretAccessKey": "hunter2"});
        let credential = Credential::new("c1", "dynamodbMemoryApi", 1, fields.to_string());
        let args = ConnectArgs::new(&self.context);
        let args = if inputs["endpoint"] == "builtin" { args } else { args.with_credential(credential) };
        Registry::collect().connect_json(NODE, &inputs, args).await
    }

    async fn refused(&self, inputs: Value) -> Error {
        self.connect(inputs.clone()).await.expect_err(&inputs.to_string())
    }
}

async fn said(connected: &Connected, session: &str, text: &str) -> Vec<String> {
    let (memory, session) = (connected.memory().unwrap(), SessionId::new(session).unwrap());
    let turn = Turn::new([Message::user(text), Message::assistant(format!("re: {text}"))]);
    memory.append(&session, Append::new(turn)).await.unwrap();
    memory.load(&session).await.unwrap().messages().map(Message::text).collect()
}

#[tokio::test]
async fn builtin_needs_no_credential_and_makes_the_table_of_the_recipe() {
    let canvas = Canvas::new();
    let inputs = json!({"tableName": "griptape", "endpoint": "builtin", "partitionKeyValue": "user-id-123"});
    let connected = canvas.connect(inputs).await.unwrap();
    let memory = connected.memory().unwrap();
    assert_eq!(memory.store().capabilities().layout, "dynamodb/griptape");
    let session = memory.effective_session(None, &SessionId::mint());
    assert_eq!((session.id.as_str(), session.source), ("user-id-123", SessionSource::Node));
    assert_eq!(said(&connected, "user-id-123", "Hello").await, ["Hello", "re: Hello"]);
    let health = connected.health.await.unwrap();
    assert!(health.findings.iter().all(|finding| finding.level == Level::Ok), "{health:?}");
}

#[tokio::test]
async fn griptapes_own_configuration_is_taken_in_its_own_spelling() {
    let canvas = Canvas::new();
    let inputs = json!({
        "table_name": "memory", "partition_key": "session", "partition_key_value": "s", "value_attribute_key": "json",
        "sort_key": "part", "sort_key_value": "7", "sortKeyType": "number", "max_runs": 2, "create_table": true,
        "endpoint": canvas.engine.endpoint,
    });
    let connected = canvas.connect(inputs).await.unwrap();
    for text in ["a", "b"] {
        said(&connected, "s", text).await;
    }
    assert_eq!(said(&connected, "s", "c").await, ["b", "re: b", "c", "re: c"]);
    let memory = connected.memory().unwrap();
    let key = memory.key(&SessionId::new("s").unwrap());
    let record = memory.store().inspect(&key, Default::default()).await.unwrap().records.remove(0);
    let item: Value = record.raw.decode().unwrap();
    assert_eq!((&item["session"]["S"], &item["part"]["N"]), (&"s".into(), &"7".into()));
    assert!(item["json"]["S"].as_str().is_some_and(|json| json.starts_with(r#"{"runs""#)), "{item}");
    connected.health.await.unwrap();
}

#[tokio::test]
async fn the_table_is_made_only_where_the_node_says_so() {
    let canvas = Canvas::new();
    let inputs = json!({"tableName": "griptape", "endpoint": canvas.engine.endpoint});
    let connected = canvas.connect(inputs.clone()).await.unwrap();
    let error = connected.health.await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound, "{error}");
    let fields = json!({"accessKey": "AKIDTEST", "secretAccessKey": "hunter2"});
    let args = ConnectArgs::new(&canvas.context).with_credential(Credential::new(
        "c1",
        "dynamodbMemoryApi",
        1,
        fields.to_string(),
    ));
    let made = Registry::collect().set_up(NODE, &inputs, args).await.unwrap();
    assert_eq!(made.made, ["griptape"]);
    canvas.connect(inputs).await.unwrap().health.await.unwrap();
}

#[tokio::test]
async fn what_cannot_work_is_refused_by_its_input() {
    let canvas = Canvas::new();
    for (more, field) in [
        (json!({"sortKey": "sk"}), "sortKeyValue"),
        (json!({"sortKeyValue": "x"}), "sortKey"),
        (json!({"sortKey": "sk", "sortKeyValue": "x", "sortKeyType": "number"}), "sortKeyValue"),
        (json!({"valueAttributeKey": "id"}), "valueAttributeKey"),
        (json!({"ttlSecs": 60}), "expiryAttribute"),
        (json!({"partitionKeyValue": "x".repeat(5000)}), "partitionKeyValue"),
        (json!({"recall": {"policy": "summaryAndRecent", "turns": 4, "template": "x"}}), "recall"),
        (json!({"generation": "F2"}), "generation"),
        (json!({"table_nane": "x"}), "table_nane"),
    ] {
        let mut inputs = json!({"tableName": "griptape", "endpoint": "builtin"});
        inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = canvas.refused(inputs).await;
        let is_field = matches!(error.kind(), ErrorKind::InvalidInput { field: named } if named == field);
        assert!(is_field, "{field}: {error}");
    }
    let scope = Scope::new("team-7").unwrap();
    let canvas = Canvas { context: ConnectContext { scope, ..canvas.context }, engine: canvas.engine };
    let error = canvas.refused(json!({"tableName": "griptape", "endpoint": "builtin"})).await;
    assert_eq!(*error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_summary_without_a_model_is_warned_of() {
    let canvas = Canvas::new();
    let recall = json!({"policy": "summaryAndRecent", "turns": 4});
    let inputs = json!({"tableName": "griptape", "endpoint": "builtin", "recall": recall});
    let health = canvas.connect(inputs).await.unwrap().health.await.unwrap();
    let warned: Vec<_> =
        health.findings.iter().filter(|finding| finding.level != Level::Ok).map(|it| &it.subject).collect();
    assert_eq!(warned, ["summary"]);
}

#[tokio::test]
async fn the_doctor_tells_what_is_wrong_with_the_table() {
    let canvas = Canvas::new();
    canvas.engine.table("griptape", "session", None, canvas_memory::clock::Clock::system()).await;
    let inputs = json!({"tableName": "griptape", "endpoint": "builtin"});
    let diagnosis =
        Registry::collect().diagnose(NODE, &inputs, ConnectArgs::new(&canvas.context)).await.unwrap();
    let failed: Vec<_> =
        diagnosis.findings.iter().filter(|finding| finding.level != Level::Ok).map(|it| &it.text).collect();
    assert!(failed.iter().any(|text| text.contains("`session`")), "{diagnosis:?}");
}

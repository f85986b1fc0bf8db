//! The two nodes: what they connect to, what they take for inputs, what they say of themselves.

use std::sync::Arc;

use canvas_memory::declare::{
    BuiltinDynamoDb, BuiltinEngines, ConnectArgs, ConnectContext, Connected, Credential, Health, Level,
    Secret,
};
use canvas_memory::error::{Error, ErrorKind, Result};
use canvas_memory::flow;
use canvas_memory::history::NewRecord;
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::{Scope, SessionId, Turn};
use canvas_memory::store::{Append, Page};
use serde_json::{Value, json};

use crate::bench::{Bench, THEN, text};

const CONVERSATION: &str = "mem0DynamoDBConversationMemory";
const HISTORY: &str = "mem0DynamoDBHistoryStore";

#[derive(Debug)]
struct Engine(String);

impl BuiltinEngines for Engine {
    fn dynamodb(&self) -> Result<BuiltinDynamoDb> {
        let (access_key, secret_key) = (Secret::new("AKIDBUILTIN"), Secret::new("hunter2"));
        Ok(BuiltinDynamoDb { endpoint: self.0.clone(), access_key, secret_key })
    }
}

fn host(bench: &Bench) -> ConnectContext {
    let engines = Arc::new(Engine(bench.endpoint.clone()));
    ConnectContext { engines, clock: bench.clock.clone(), ..ConnectContext::default() }
}

async fn connect(node: &str, inputs: Value, context: &ConnectContext) -> Result<Connected> {
    let fields = json!({"accessKey": "AKIDTEST", "secretAccessKey": "hunter2"});
    let keys = Credential::new("c1", "dynamodbMemoryApi", 1, fields.to_string());
    let args = ConnectArgs::new(context).with_credential(keys);
    Registry::collect().connect_json(node, &inputs, args).await
}

fn warnings(health: &Health) -> Vec<&str> {
    let warnings = health.findings.iter().filter(|found| found.level == Level::Warning);
    warnings.map(|found| found.text.as_str()).collect()
}

fn field(error: &Error) -> &str {
    match error.kind() {
        ErrorKind::InvalidInput { field } => field,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_memory_on_the_built_in_engine_makes_its_table_and_keeps_conversations() {
    let bench = Bench::start().await;
    let context = host(&bench);
    let inputs = json!({"tableName": "made", "endpoint": "builtin", "ttlEnabled": true, "ttlDays": 2});
    let connected = connect(CONVERSATION, inputs.clone(), &context).await.unwrap();
    let (memory, session) = (connected.memory().unwrap(), SessionId::new("s-1").unwrap());
    memory.append(&session, Append::new(Turn::new([Message::user("hello")]))).await.unwrap();
    let health = connected.health.await.unwrap();
    assert_eq!(warnings(&health), [""; 0], "{health:?}");

    let read = bench.sdk.get_item().table_name("made").key("user_id", text("local"));
    let item = read.key("conversation_id", text("s-1")).send().await.unwrap().item.unwrap();
    assert_eq!(item["expiration_time"].as_n().unwrap(), &(THEN + 2 * 86_400).to_string());
    let again = connect(CONVERSATION, inputs, &context).await.unwrap().memory().unwrap();
    assert_eq!(again.load(&session).await.unwrap().messages().count(), 1);
}

#[tokio::test]
async fn a_scope_is_a_user_and_a_node_of_one_user_refuses_others() {
    let bench = Bench::start().await;
    let context = ConnectContext { scope: Scope::new("ann").unwrap(), ..host(&bench) };
    let inputs = json!({"tableName": "conversations", "endpoint": "builtin"});
    let memory = connect(CONVERSATION, inputs, &context).await.unwrap().memory().unwrap();
    let session = SessionId::new("s").unwrap();
    memory.append(&session, Append::new(Turn::new([Message::user("hello")]))).await.unwrap();
    assert!(bench.item("ann", "s").await.is_some());
    let inputs = json!({"tableName": "conversations", "endpoint": "builtin", "userId": "bob"});
    let error = connect(CONVERSATION, inputs.clone(), &context).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported, "{error}");
    let memory = connect(CONVERSATION, inputs, &host(&bench)).await.unwrap().memory().unwrap();
    memory.append(&session, Append::new(Turn::new([Message::user("hello")]))).await.unwrap();
    assert!(bench.item("bob", "s").await.is_some());
}

#[tokio::test]
async fn mem0s_configuration_is_taken_for_inputs_and_what_is_left_out_is_told() {
    let bench = Bench::start().await;
    let context = host(&bench);
    let config = json!({
        "table_name": "conversations", "region": "eu-west-1", "endpoint_url": "builtin", "use_iam_role": true,
        "aws_access_key_id": null, "ttl_enabled": true, "ttl_attribute": "expiration_time", "ttl_days": 7,
    });
    let block = json!({"provider": "dynamodb", "config": config});
    let connected = connect(CONVERSATION, block.clone(), &context).await.unwrap();
    let memory = connected.memory().unwrap();
    memory
        .append(&SessionId::new("s").unwrap(), Append::new(Turn::new([Message::user("hello")])))
        .await
        .unwrap();
    let item = bench.item("local", "s").await.unwrap();
    assert_eq!(item["expiration_time"].as_n().unwrap(), &(THEN + 7 * 86_400).to_string());
    let health = connected.health.await.unwrap();
    assert!(
        warnings(&health).iter().any(|text| text.starts_with("`use_iam_role` is left out")),
        "{health:?}"
    );

    let registry = Registry::collect();
    assert_eq!(registry.validate(CONVERSATION, &block).unwrap(), []);
    assert_eq!(registry.validate(CONVERSATION, &config).unwrap(), []);
    let of_history = json!({"provider": "dynamodb", "config": {"table_name": "history", "ttl_days": 30}});
    let adopted = registry.adopt(HISTORY, &of_history).unwrap();
    assert_eq!(adopted.inputs, json!({"tableName": "history"}));
    assert_eq!(adopted.left_out[0].input, "ttl_days");

    let with_key =
        json!({"provider": "dynamodb", "config": {"table_name": "t", "aws_secret_access_key": "hunter2"}});
    let error = connect(CONVERSATION, with_key, &context).await.unwrap_err();
    assert_eq!(field(&error), "aws_secret_access_key");
    assert!(!error.to_string().contains("hunter2") && error.message().contains("credential"), "{error}");
    let of_redis = json!({"provider": "redis", "config": {"table_name": "conversations"}});
    assert_eq!(field(&connect(CONVERSATION, of_redis, &context).await.unwrap_err()), "provider");
    let of_graph =
        json!({"provider": "dynamodb", "config": {"table_name": "conversations", "enable_gsi": true}});
    assert_eq!(field(&connect(CONVERSATION, of_graph, &context).await.unwrap_err()), "enable_gsi");
}

#[tokio::test]
async fn an_imported_flow_has_its_configuration_taken_over_and_its_keys_removed() {
    let config = json!({
        "table_name": "Mem0Conversations", "use_iam_role": false, "ttl_days": 7,
        "aws_access_key_id": "AKIDTEST", "aws_secret_access_key": "hunter2",
    });
    let document = json!({
        "format": "canvas-memory/flow", "version": 1, "name": "f", "edges": [],
        "nodes": [{"id": "m", "type": CONVERSATION, "version": 1, "position": {"x": 0, "y": 0},
                   "inputs": {"provider": "dynamodb", "config": config}}],
    });
    let template = flow::Flow::new("f");
    let mut own: Value = serde_json::from_slice(template.to_json().as_bytes()).unwrap();
    own["nodes"] = document["nodes"].clone();
    let imported = flow::import(own.to_string().as_bytes(), &Registry::collect()).unwrap();
    assert_eq!(
        Value::Object(imported.flow.nodes[0].inputs.clone()),
        json!({"tableName": "Mem0Conversations", "ttlDays": 7})
    );
    let mut dropped: Vec<_> = imported.report.dropped.iter().map(|dropped| dropped.field.as_str()).collect();
    dropped.sort_unstable();
    assert_eq!(dropped, ["aws_access_key_id", "aws_secret_access_key", "use_iam_role"]);
    assert!(!format!("{imported:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_history_on_the_built_in_engine_makes_its_table_and_keeps_records() {
    let bench = Bench::start().await;
    let context = host(&bench);
    let inputs = json!({"tableName": "records", "endpoint": "builtin"});
    let connected = connect(HISTORY, inputs.clone(), &context).await.unwrap();
    let store = connected.history().unwrap();
    store.add(&context.scope, NewRecord::added("m", "a")).await.unwrap();
    let health = connected.health.await.unwrap();
    assert_eq!(warnings(&health), [""; 0], "{health:?}");
    let again = connect(HISTORY, inputs, &context).await.unwrap().history().unwrap();
    assert_eq!(again.history(&context.scope, "m", Page::default()).await.unwrap().records.len(), 1);
    let error = connect(HISTORY, json!({"tableName": "records", "endpoint": "builtin"}), &context)
        .await
        .unwrap()
        .memory()
        .unwrap_err();
    assert!(error.message().contains("a history store"), "{error}");
}

#[tokio::test]
async fn each_table_is_set_up_once_and_a_table_of_another_shape_is_told() {
    let bench = Bench::start().await;
    let context = host(&bench);
    let registry = Registry::collect();
    for (node, other) in [(CONVERSATION, "history"), (HISTORY, "conversations")] {
        let inputs = json!({"tableName": "new-table", "endpoint": "builtin"});
        let set_up = registry.set_up(node, &inputs, ConnectArgs::new(&context)).await.unwrap();
        assert_eq!(set_up.made, ["new-table"]);
        let set_up = registry.set_up(node, &inputs, ConnectArgs::new(&context)).await.unwrap();
        assert_eq!(set_up.made, [""; 0]);
        bench.sdk.delete_table().table_name("new-table").send().await.unwrap();

        let inputs = json!({"tableName": other, "endpoint": "builtin"});
        let error = connect(node, inputs.clone(), &context).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Mismatch, "{error}");
        let diagnosis = registry.diagnose(node, &inputs, ConnectArgs::new(&context)).await.unwrap();
        assert!(diagnosis.findings.iter().any(|found| found.level == Level::Error), "{diagnosis:?}");
        assert_eq!(diagnosis.policy, None, "the built-in engine has none");
    }
}

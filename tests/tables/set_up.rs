//! A node that makes its table when it is asked to.

use canvas_memory::ErrorKind;
use canvas_memory::declare::{ConnectArgs, ConnectContext, Credential, Level, SetUp};
use canvas_memory::registry::Registry;
use serde_json::{Value, json};

use super::about;
use super::support::dynamodb::{client, create_table};
use super::support::dynoxide::Dynoxide;

async fn set_up(engine: &Dynoxide, more: Value) -> canvas_memory::Result<SetUp> {
    let mut inputs = json!({"tableName": "chat", "partitionKey": "sessionId", "endpoint": engine.endpoint});
    inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let fields = json!({"accessKey": "AKIDTEST", "secretAccessKey": "hunter2"}).to_string();
    let context = ConnectContext::default();
    let credential = Credential::new("c1", "dynamodbMemoryApi", 1, fields);
    let args = ConnectArgs::new(&context).with_credential(credential);
    Registry::collect().set_up("DynamoDBChatMemory", &inputs, args).await
}

#[tokio::test]
async fn the_table_that_the_inputs_mean_is_made_once() {
    let engine = Dynoxide::start();
    let more = || json!({"expiryAttribute": "expireAt", "ttlSecs": 60});
    let made = set_up(&engine, more()).await.unwrap();
    assert_eq!(made.made, ["chat"]);
    assert_eq!(about(&made.findings, "table"), "`chat` is made and ready");
    let again = set_up(&engine, more()).await.unwrap();
    assert!(again.made.is_empty(), "{again:?}");
    assert!(again.findings.iter().all(|finding| finding.level == Level::Ok), "{again:?}");
    let described = client(&engine.endpoint).describe_table().table_name("chat").send().await.unwrap();
    let keys: Vec<_> =
        described.table().unwrap().key_schema().iter().map(|key| key.attribute_name()).collect();
    assert_eq!(keys, ["sessionId", "sk"]);
}

#[tokio::test]
async fn a_table_that_serves_another_layout_is_left_as_it_is() {
    let engine = Dynoxide::start();
    create_table(&client(&engine.endpoint), "chat", "sessionId", None).await;
    let found = set_up(&engine, json!({})).await.unwrap();
    assert!(found.made.is_empty(), "{found:?}");
    let error = set_up(&engine, json!({"sortKey": "sk"})).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Mismatch, "{error}");
}

#[tokio::test]
async fn inputs_are_checked_and_a_node_without_anything_to_make_says_so() {
    let engine = Dynoxide::start();
    let error = set_up(&engine, json!({"tabelName": "x"})).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "tabelName"), "{error}");
    let context = ConnectContext::default();
    let nothing = Registry::collect().set_up("echoModel", &json!({}), ConnectArgs::new(&context)).await;
    assert_eq!(*nothing.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_node_that_can_do_it_says_so() {
    let registry = Registry::collect();
    let capabilities = &registry.node_schema("DynamoDBChatMemory").unwrap()["x-node"]["capabilities"];
    assert!(capabilities.as_array().unwrap().contains(&json!("setUp")), "{capabilities}");
}

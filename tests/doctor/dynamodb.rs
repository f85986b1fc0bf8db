//! Tables that are not there or of another shape, on a real engine.

use std::sync::Arc;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ProvisionedThroughput, ScalarAttributeType,
    TimeToLiveSpecification,
};
use canvas_memory::Result;
use canvas_memory::declare::{
    BuiltinDynamoDb, BuiltinEngines, ConnectContext, Credential, Diagnosis, Level, Secret,
};
use serde_json::{Value, json};

use super::support::dynamodb::{client, create_table};
use super::support::dynoxide::Dynoxide;
use super::{about, diagnose, subjects, told};

const NODE: &str = "DynamoDBChatMemory";

fn keys() -> Credential {
    let fields = json!({"accessKey": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "hunter2"});
    Credential::new("c1", "dynamodbMemoryApi", 1, fields.to_string())
}

async fn look(engine: &Dynoxide, inputs: Value) -> Diagnosis {
    let mut inputs = inputs;
    inputs["endpoint"] = json!(engine.endpoint);
    diagnose(NODE, &inputs, Some(keys()), &ConnectContext::default()).await
}

async fn tables(engine: &Dynoxide) -> Vec<String> {
    client(&engine.endpoint).list_tables().send().await.unwrap().table_names.unwrap_or_default()
}

#[tokio::test]
async fn a_good_table_is_told_line_by_line_and_left_as_it_was() {
    let engine = Dynoxide::start();
    let sdk = client(&engine.endpoint);
    create_table(&sdk, "chat", "sessionId", Some("sk")).await;
    let expiry = TimeToLiveSpecification::builder().enabled(true).attribute_name("expireAt").build().unwrap();
    sdk.update_time_to_live().table_name("chat").time_to_live_specification(expiry).send().await.unwrap();
    let inputs = json!({"tableName": "chat", "partitionKey": "sessionId", "expiryAttribute": "expireAt", "ttlSecs": 60});
    let found = look(&engine, inputs).await;
    assert_eq!(found.level(), Level::Ok, "{found:#?}");
    let lines = told(&found, Level::Ok);
    for line in [
        "identity: the access key that ends in `MPLE`",
        "endpoint: DynamoDB answers for the region us-east-1",
        "credential: DynamoDB knows it",
        "table: `chat` is there in us-east-1",
        "keys: `sessionId` (text) and `sk` (text)",
        "layout: an item a turn, at the same cost however long the conversation",
        "expiry: the table removes items by `expireAt`",
        "rights: all that this layout needs is allowed: load, append, clear, list and inspect",
    ] {
        assert!(lines.iter().any(|told| told == line), "{line}: {lines:#?}");
    }
    assert!(!format!("{found:?}").contains("hunter2") && !format!("{found:?}").contains("AKIA"));
    assert!(found.usage.requests >= 8, "{:?}", found.usage);
    let items = sdk.scan().table_name("chat").send().await.unwrap();
    assert_eq!(items.count(), 0, "it leaves nothing behind");
}

#[tokio::test]
async fn a_missing_table_is_told_and_not_made() {
    let engine = Dynoxide::start();
    let inputs = json!({"tableName": "chat", "partitionKey": "id", "region": "eu-west-1"});
    let found = look(&engine, inputs.clone()).await;
    assert_eq!(subjects(&found, Level::Error), ["table"], "{found:#?}");
    let text = about(&found, "table");
    assert!(text.contains("`chat` is not there in eu-west-1") && text.contains("create it"), "{text}");

    let mut making = inputs;
    making["createTable"] = json!(true);
    making["expiryAttribute"] = json!("expireAt");
    let found = look(&engine, making).await;
    assert_eq!(found.level(), Level::Warning, "{found:#?}");
    let policy = found.policy.unwrap();
    assert_eq!(policy["Statement"][1]["Sid"], "MakeTable");
    assert_eq!(
        policy["Statement"][1]["Action"],
        json!(["dynamodb:CreateTable", "dynamodb:UpdateTimeToLive"])
    );
    assert_eq!(policy["Statement"][1]["Resource"], "arn:aws:dynamodb:eu-west-1:*:table/chat");
    assert!(tables(&engine).await.is_empty());
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_table_is_told_at_once() {
    let engine = Dynoxide::start();
    let sdk = client(&engine.endpoint);
    create_table(&sdk, "chat", "SessionId", Some("Turn")).await;
    let expiry = TimeToLiveSpecification::builder().enabled(true).attribute_name("ttl").build().unwrap();
    sdk.update_time_to_live().table_name("chat").time_to_live_specification(expiry).send().await.unwrap();
    let inputs = json!({
        "tableName": "chat", "partitionKey": "sessionId", "sortKey": "sk", "expiryAttribute": "expireAt",
        "sessionId": "x".repeat(5000),
    });
    let found = look(&engine, inputs).await;
    assert_eq!(subjects(&found, Level::Error), ["sessionId", "partitionKey", "sortKey"], "{found:#?}");
    assert!(about(&found, "partitionKey").contains("the table's partition key is `SessionId`"));
    assert!(about(&found, "sortKey").contains("the table's sort key is `Turn`"));
    assert_eq!(subjects(&found, Level::Warning), ["expiry"]);
    assert!(about(&found, "expiry").contains("by `ttl` and not by `expireAt`"));

    create_table(&sdk, "plain", "id", None).await;
    let inputs = json!({"tableName": "plain", "partitionKey": "id", "sortKey": "sk", "expiryAttribute": "id", "ttlSecs": 5});
    let found = look(&engine, inputs).await;
    assert_eq!(subjects(&found, Level::Error), ["sortKey", "expiryAttribute"], "{found:#?}");
    assert!(about(&found, "sortKey").contains("the table has no sort key"));
    assert!(about(&found, "expiry").contains("turn on its time to live for `id`"));

    let inputs = json!({"tableName": "plain", "partitionKey": "id", "layout": "turns"});
    let found = look(&engine, inputs).await;
    assert_eq!(subjects(&found, Level::Error), ["layout"], "{found:#?}");
}

#[tokio::test]
async fn a_key_that_is_a_number_and_capacity_that_is_bought_are_told() {
    let engine = Dynoxide::start();
    let sdk = client(&engine.endpoint);
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::N);
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    let capacity = ProvisionedThroughput::builder().read_capacity_units(3).write_capacity_units(2);
    let request = sdk.create_table().table_name("numbers").billing_mode(BillingMode::Provisioned);
    let request = request.provisioned_throughput(capacity.build().unwrap()).deletion_protection_enabled(true);
    request.attribute_definitions(id.build().unwrap()).key_schema(key.build().unwrap()).send().await.unwrap();
    let found = look(&engine, json!({"tableName": "numbers", "partitionKey": "id"})).await;
    assert_eq!(subjects(&found, Level::Error), ["partitionKey"], "{found:#?}");
    assert!(about(&found, "partitionKey").contains("is of type N"));
    assert!(about(&found, "capacity").contains("3 read and 2 write units"));
    assert!(about(&found, "deletion").contains("is protected"));
}

#[derive(Debug)]
struct Engine(String);

impl BuiltinEngines for Engine {
    fn dynamodb(&self) -> Result<BuiltinDynamoDb> {
        let (access_key, secret_key) = (Secret::new("AKIDBUILTIN"), Secret::new("hunter2"));
        Ok(BuiltinDynamoDb { endpoint: self.0.clone(), access_key, secret_key })
    }
}

#[tokio::test]
async fn the_built_in_engine_needs_neither_credential_nor_policy() {
    let engine = Dynoxide::start();
    let engines = Arc::new(Engine(engine.endpoint.clone()));
    let context = ConnectContext { engines, ..ConnectContext::default() };
    let inputs = json!({"tableName": "chat", "partitionKey": "id", "endpoint": "builtin"});
    let found = diagnose(NODE, &inputs, None, &context).await;
    assert_eq!((found.level(), &found.policy), (Level::Ok, &None), "{found:#?}");
    assert!(about(&found, "table").contains("not there yet"));
    assert!(tables(&engine).await.is_empty());
}

#[tokio::test]
async fn inputs_and_credentials_that_do_not_fit_are_told_by_name() {
    let context = ConnectContext::default();
    let inputs = json!({"tabelName": "chat", "ttlSecs": "3600"});
    let token =
        Credential::new("c2", "upstashRedisMemoryApi", 1, json!({"upstashRestToken": "hunter2"}).to_string());
    let found = diagnose(NODE, &inputs, Some(token), &context).await;
    let wrong = subjects(&found, Level::Error);
    for subject in ["tabelName", "tableName", "partitionKey", "ttlSecs", "credential"] {
        assert!(wrong.contains(&subject), "{subject}: {found:#?}");
    }
    let inputs = json!({"tableName": "chat", "partitionKey": "id", "region": "eu-wst-1"});
    let found = diagnose(NODE, &inputs, None, &context).await;
    assert_eq!(subjects(&found, Level::Error), ["credential"], "{found:#?}");
    assert!(about(&found, "region").contains("`eu-wst-1`"));
}

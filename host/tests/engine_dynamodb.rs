//! The built-in DynamoDB engine over the wire, through the AWS SDK.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, Put, ScalarAttributeType,
    TimeToLiveSpecification, TransactWriteItem,
};
use canvas_memory_host::data_dir::{DataDir, DataDirError};
use canvas_memory_host::engine::dynamodb::{DynamoDbEngine, DynamoDbOptions};
use canvas_memory_host::engine::{EngineError, EngineStorage};
use secrecy::ExposeSecret;

const TABLE: &str = "chat";

fn client_with_key(engine: &DynamoDbEngine, access_key: &str) -> Client {
    let secret = engine.secret_access_key().expose_secret();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(engine.endpoint())
        .credentials_provider(Credentials::new(access_key, secret, None, None, "test"))
        .build();
    Client::from_conf(config)
}

fn client(engine: &DynamoDbEngine) -> Client {
    client_with_key(engine, engine.access_key().expose_secret())
}

fn start_in(dir: &std::path::Path) -> DynamoDbEngine {
    let data_dir = DataDir::open(dir).expect("the directory is free");
    DynamoDbEngine::start(DynamoDbOptions::new(EngineStorage::Directory(data_dir)))
        .expect("the engine starts")
}

fn start_in_memory() -> DynamoDbEngine {
    DynamoDbEngine::start(DynamoDbOptions::new(EngineStorage::Memory)).expect("the engine starts")
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

async fn create_table(client: &Client) {
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("session", KeyType::Hash))
        .key_schema(key("position", KeyType::Range))
        .attribute_definitions(attribute("session", ScalarAttributeType::S))
        .attribute_definitions(attribute("position", ScalarAttributeType::N))
        .send()
        .await
        .unwrap();
}

async fn put(client: &Client, position: u64, text: &str) {
    client
        .put_item()
        .table_name(TABLE)
        .item("session", s("a"))
        .item("position", n(position))
        .item("text", s(text))
        .send()
        .await
        .unwrap();
}

/// The texts of session `a`, newest first.
async fn texts(client: &Client) -> Vec<String> {
    let answer = client
        .query()
        .table_name(TABLE)
        .key_condition_expression("#s = :s")
        .expression_attribute_names("#s", "session")
        .expression_attribute_values(":s", s("a"))
        .scan_index_forward(false)
        .consistent_read(true)
        .send()
        .await
        .unwrap();
    answer.items().iter().map(|item| item["text"].as_s().unwrap().clone()).collect()
}

#[tokio::test]
async fn put_get_and_query_over_the_wire() {
    let engine = start_in_memory();
    let client = client(&engine);
    create_table(&client).await;
    for (position, text) in [(1, "hello"), (2, ""), (3, "emoji 😀 and ünïcode")] {
        put(&client, position, text).await;
    }

    assert_eq!(texts(&client).await, ["emoji 😀 and ünïcode", "", "hello"]);
    let item = client
        .get_item()
        .table_name(TABLE)
        .key("session", s("a"))
        .key("position", n(1))
        .send()
        .await
        .unwrap();
    assert_eq!(item.item().unwrap()["text"], s("hello"));
}

#[tokio::test]
async fn a_transaction_is_whole_or_not_at_all() {
    let engine = start_in_memory();
    let client = client(&engine);
    create_table(&client).await;
    put(&client, 2, "taken").await;
    let put_if_absent = |position| {
        let put = Put::builder()
            .table_name(TABLE)
            .item("session", s("a"))
            .item("position", n(position))
            .item("text", s("new"))
            .condition_expression("attribute_not_exists(#s)")
            .expression_attribute_names("#s", "session")
            .build()
            .unwrap();
        TransactWriteItem::builder().put(put).build()
    };

    let refused = client
        .transact_write_items()
        .transact_items(put_if_absent(1))
        .transact_items(put_if_absent(2))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(refused.is_transaction_canceled_exception(), "{refused:?}");
    assert_eq!(texts(&client).await, ["taken"]);

    client
        .transact_write_items()
        .transact_items(put_if_absent(3))
        .transact_items(put_if_absent(4))
        .send()
        .await
        .unwrap();
    assert_eq!(texts(&client).await, ["new", "new", "taken"]);
}

#[tokio::test]
async fn the_400_kb_limit_is_refused_as_dynamodb_does() {
    let engine = start_in_memory();
    let client = client(&engine);
    create_table(&client).await;
    let refused = client
        .put_item()
        .table_name(TABLE)
        .item("session", s("a"))
        .item("position", n(1))
        .item("text", s(&"x".repeat(410 * 1024)))
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("ValidationException"));
    assert!(refused.message().unwrap().contains("Item size has exceeded the maximum allowed size"));
}

#[tokio::test]
async fn a_restart_keeps_every_item_and_makes_new_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start_in(dir.path());
    create_table(&client(&engine)).await;
    put(&client(&engine), 1, "kept").await;
    let first_key = engine.access_key().expose_secret().to_owned();
    drop(engine);

    let engine = start_in(dir.path());
    assert_eq!(texts(&client(&engine)).await, ["kept"]);
    assert_ne!(engine.access_key().expose_secret(), first_key);
    let refused = client_with_key(&engine, &first_key).list_tables().send().await.unwrap_err();
    assert_eq!(refused.code(), Some("UnrecognizedClientException"));
}

#[tokio::test]
async fn expired_items_are_swept_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start_in(dir.path());
    let first = client(&engine);
    create_table(&first).await;
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires").build().unwrap();
    first.update_time_to_live().table_name(TABLE).time_to_live_specification(ttl).send().await.unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (position, text, expires) in [(1, "expired", now - 10), (2, "live", now + 3600)] {
        first
            .put_item()
            .table_name(TABLE)
            .item("session", s("a"))
            .item("position", n(position))
            .item("text", s(text))
            .item("expires", n(expires))
            .send()
            .await
            .unwrap();
    }
    drop(engine);

    let engine = start_in(dir.path());
    let client = client(&engine);
    for _ in 0..1000 {
        if texts(&client).await == ["live"] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the expired item is still there: {:?}", texts(&client).await);
}

#[tokio::test]
async fn a_wrong_or_missing_key_and_a_web_page_are_refused() {
    let engine = start_in_memory();
    let wrong = client_with_key(&engine, "AKIDWRONG").list_tables().send().await.unwrap_err();
    assert_eq!(wrong.code(), Some("UnrecognizedClientException"));

    let key = engine.access_key().expose_secret();
    let signed = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00"
    );
    let list_tables = || {
        reqwest::Client::new()
            .post(engine.endpoint())
            .header("x-amz-target", "DynamoDB_20120810.ListTables")
            .header("x-amz-date", "20260101T000000Z")
            .header("content-type", "application/x-amz-json-1.0")
            .body("{}")
    };
    let refused = list_tables().send().await.unwrap();
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("MissingAuthenticationTokenException"));

    let origin =
        list_tables().header("authorization", &signed).header("origin", "http://localhost").send().await;
    let refused = origin.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(refused.headers().get("access-control-allow-origin").is_none());

    let rebound = list_tables().header("authorization", &signed).header("host", "evil.example").send().await;
    assert_eq!(rebound.unwrap().status(), 403);

    let preflight = reqwest::Client::new()
        .request(reqwest::Method::OPTIONS, engine.endpoint())
        .header("origin", "http://localhost")
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();
    assert!(!preflight.status().is_success());
    assert!(preflight.headers().get("access-control-allow-origin").is_none());

    assert_eq!(list_tables().header("authorization", &signed).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_malformed_request_names_the_operation_and_repeats_no_text() {
    let engine = start_in_memory();
    let key = engine.access_key().expose_secret();
    let send = async |target: &str, body: &str| {
        let answer = reqwest::Client::new()
            .post(engine.endpoint())
            .header("x-amz-target", format!("DynamoDB_20120810.{target}"))
            .header("x-amz-date", "20260101T000000Z")
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={key}/d/r/s/aws4_request, SignedHeaders=h, Signature=0"),
            )
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };

    let (status, body) = send("PutItem", r#"{"TableName": "chat", "Item": "private words"}"#).await;
    assert_eq!(status, 400);
    assert!(body.contains("SerializationException") && body.contains("PutItem"), "{body}");
    assert!(!body.contains("private words"), "{body}");
    let (status, body) = send("PutItem", "").await;
    assert_eq!(status, 400);
    assert!(body.contains("SerializationException"), "{body}");
    let (status, body) = send("NoSuchThing", "{}").await;
    assert_eq!(status, 400);
    assert!(body.contains("UnknownOperationException"), "{body}");
}

#[test]
fn a_directory_in_use_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let engine = start_in(dir.path());
    let refused = DataDir::open(dir.path()).unwrap_err();
    assert!(matches!(refused, DataDirError::InUse { process_id: Some(id), .. } if id == std::process::id()));
    let text = refused.to_string();
    assert!(text.contains(dir.path().canonicalize().unwrap().to_str().unwrap()), "{text}");
    assert!(text.contains("--data-dir") && text.contains("another canvas-memory process"), "{text}");

    drop(engine);
    DataDir::open(dir.path()).expect("the lock ended with the engine");
}

#[cfg(unix)]
#[test]
fn the_lock_of_a_killed_process_is_free_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut holder = Command::new("flock")
        .arg("--no-fork")
        .arg(dir.path().join("lock"))
        .args(["sh", "-c", "echo locked; exec sleep 600"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("flock of util-linux is installed");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(holder.stdout.take().unwrap()), &mut line)
        .unwrap();
    assert_eq!(line, "locked\n");
    assert!(matches!(DataDir::open(dir.path()), Err(DataDirError::InUse { .. })));
    holder.kill().unwrap();
    holder.wait().unwrap();
    DataDir::open(dir.path()).expect("the lock ended with its process");
}

#[cfg(unix)]
#[test]
fn the_directory_and_its_files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("new/data");
    let engine = start_in(&path);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    for entry in std::fs::read_dir(&path).unwrap() {
        let file = entry.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    drop(engine);
}

#[test]
fn a_taken_port_and_a_broken_file_are_named() {
    let engine = start_in_memory();
    let mut options = DynamoDbOptions::new(EngineStorage::Memory);
    options.listen = engine.addr();
    let taken = DynamoDbEngine::start(options).unwrap_err();
    assert!(matches!(taken, EngineError::Listen { .. }));
    assert!(taken.to_string().contains(&engine.addr().to_string()), "{taken}");

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("dynamodb.sqlite");
    std::fs::write(&file, "not a database ".repeat(100)).unwrap();
    let storage = EngineStorage::Directory(DataDir::open(dir.path()).unwrap());
    let broken = DynamoDbEngine::start(DynamoDbOptions::new(storage)).unwrap_err();
    assert!(broken.to_string().contains("dynamodb.sqlite"), "{broken}");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("not a database"));
}

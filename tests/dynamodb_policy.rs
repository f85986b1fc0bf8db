//! The policies in the node's docs are enough, and none of their actions is too much to miss.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

mod support;

use canvas_memory::declare::{ConnectArgs, ConnectContext, Connected, Credential, Health, Target};
use canvas_memory::dynamodb::tables::{KeyAttribute, TableDefinition};
use canvas_memory::dynamodb::{Credentials, DynamoClient, DynamoConfig, SharedCredentialsProvider};
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::{Scope, SessionId, Turn};
use canvas_memory::store::{Append, Page};
use canvas_memory::{ErrorKind, Result};
use serde_json::{Value, json};
use support::moto::{AccessKey, Moto};

const NODE: &str = "DynamoDBChatMemory";
const DOCS: &str = include_str!("../nodes/memory/dynamodb/docs.md");

/// The policies in the docs: for a table with a sort key, and for one without.
fn policies() -> [Value; 2] {
    let blocks = DOCS.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let policies: Vec<Value> = blocks
        .map(|block| serde_json::from_str(block).unwrap())
        .filter(|block: &Value| block.get("Statement").is_some())
        .collect();
    policies.try_into().unwrap()
}

fn actions(policy: &Value) -> Vec<String> {
    serde_json::from_value(policy["Statement"][0]["Action"].clone()).unwrap()
}

/// moto compares no resources.
fn allowing(actions: &[String]) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
    })
}

async fn moto_with_table(sort_key: Option<&str>) -> Moto {
    let moto = Moto::start();
    let keys = Credentials::new("AKIDTEST", "secret", None, None, "test");
    let mut config = DynamoConfig::new("us-east-1", SharedCredentialsProvider::new(keys));
    config.endpoint_url = Some(moto.endpoint().to_owned());
    let table = TableDefinition::new(
        "chat-memory",
        KeyAttribute::text("sessionId"),
        sort_key.map(KeyAttribute::text),
    );
    table.create(&DynamoClient::new(config).unwrap()).await.unwrap();
    moto
}

fn credential(key: &AccessKey) -> Credential {
    let fields = json!({"accessKey": key.access_key_id, "secretAccessKey": key.secret_access_key});
    Credential::new(&key.access_key_id, "dynamodbMemoryApi", 1, fields.to_string())
}

async fn connect(moto: &Moto, key: &AccessKey, more: Value) -> Result<Connected> {
    let context = ConnectContext::default();
    let mut inputs =
        json!({"tableName": "chat-memory", "partitionKey": "sessionId", "endpoint": moto.endpoint()});
    inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let args = ConnectArgs::new(&context).with_credential(credential(key));
    Registry::collect().connect_json(NODE, &inputs, args).await
}

/// What a memory does in its life. Not its transactions, which exact appends and clears of turns are: AWS asks for the
/// actions of the writes inside them, moto for one that AWS does not have.
async fn live(connected: Connected) -> Result<()> {
    let memory = connected.memory()?;
    connected.health.await?;
    let session = SessionId::new("user-id-123")?;
    let turn = |text: &str| Append::new(Turn::new([Message::user(text), Message::assistant("Hello!")]));
    memory.append(&session, turn("one")).await?;
    memory.append(&session, turn("two")).await?;
    assert_eq!(memory.load(&session).await?.messages().count(), 4);
    let listed = memory.store().sessions(&Scope::default(), Page::default()).await?;
    assert_eq!(listed.sessions.len(), 1);
    if !memory.store().capabilities().layout.ends_with("turns") {
        assert_eq!(memory.clear(&session).await?.turns, 2);
    }
    Ok(())
}

#[tokio::test]
async fn the_documented_policies_are_enough() {
    for (policy, sort_key) in policies().iter().zip([Some("sk"), None]) {
        let moto = moto_with_table(sort_key).await;
        let key = moto.add_user(&allowing(&actions(policy)));
        // moto can't read the projection that finds the layout of a table without a sort key.
        let layout = if sort_key.is_some() { "turns" } else { "list" };
        let connected = connect(&moto, &key, json!({"layout": layout})).await.unwrap();
        live(connected).await.unwrap_or_else(|error| panic!("{sort_key:?}: {error:?}"));
    }
}

#[tokio::test]
async fn a_right_that_is_missing_is_named() {
    for (policy, sort_key) in policies().iter().zip([Some("sk"), None]) {
        let all = actions(policy);
        let moto = moto_with_table(sort_key).await;
        let mut named = Vec::new();
        for missing in &all {
            let rest: Vec<_> = all.iter().filter(|action| *action != missing).cloned().collect();
            let key = moto.add_user(&allowing(&rest));
            // Without a look at the table, the inputs say which layout it has.
            let told =
                json!({"layout": if sort_key.is_some() { "turns" } else { "list" }, "sortKey": sort_key});
            let told = if sort_key.is_some() { told } else { json!({"layout": "list"}) };
            let connected = connect(&moto, &key, told).await.unwrap();
            match (missing.as_str(), connected.health.await) {
                ("dynamodb:DescribeTable", Ok(health)) => {
                    assert!(health.findings[0].text.contains("allow `dynamodb:DescribeTable`"), "{health:?}");
                }
                ("dynamodb:Scan", Ok(_)) => {}
                (_, Err(error)) if *error.kind() == ErrorKind::Denied => {
                    assert!(error.to_string().contains(&format!("action {missing}")), "{error}");
                    named.push(missing.clone());
                }
                (_, outcome) => panic!("{missing}: {outcome:?}"),
            }
        }
        assert_eq!(named.len(), if sort_key.is_some() { 7 } else { 4 }, "{named:?}");
    }
}

/// An endpoint that answers each request as AWS does.
async fn answering(status: u16, body: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = move || async move { (axum::http::StatusCode::from_u16(status).unwrap(), body) };
    let app = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn test(key: &AccessKey, endpoint: &str) -> Result<Health> {
    let target = Target { endpoint: Some(endpoint.to_owned()), ..Target::default() };
    Registry::collect().test_credential(&credential(key), &target, &ConnectContext::default()).await
}

#[tokio::test]
async fn only_a_refusal_by_name_proves_a_key() {
    let key = || AccessKey { access_key_id: "AKIATEST".into(), secret_access_key: "hunter2".into() };
    let denied = r#"{"__type":"com.amazon.coral.service#AccessDeniedException",
        "Message":"User: arn:aws:iam::1:user/u is not authorized to perform: dynamodb:ListTables"}"#;
    let health = test(&key(), &answering(400, denied).await).await.unwrap();
    assert!(health.findings[0].text.contains("may not list tables"), "{health:?}");

    let unknown = r#"{"__type":"com.amazon.coral.service#UnrecognizedClientException",
        "message":"The security token included in the request is invalid."}"#;
    let error = test(&key(), &answering(400, unknown).await).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");

    let firewall = test(&key(), &answering(403, "<html>Forbidden</html>").await).await.unwrap_err();
    assert!(matches!(firewall.kind(), ErrorKind::Denied | ErrorKind::Protocol), "{firewall:?}");
    let portal = test(&key(), &answering(200, "<html>Log in</html>").await).await.unwrap_err();
    assert_eq!(*portal.kind(), ErrorKind::Protocol, "{portal:?}");

    // moto refuses in a form of its own, which proves nothing.
    let moto = moto_with_table(None).await;
    let user = moto.add_user(&allowing(&["dynamodb:ListTables".to_owned()]));
    let other_secret =
        AccessKey { access_key_id: user.access_key_id.clone(), secret_access_key: "hunter2".into() };
    assert!(test(&other_secret, moto.endpoint()).await.is_err());
    assert!(test(&user, moto.endpoint()).await.is_ok());
}

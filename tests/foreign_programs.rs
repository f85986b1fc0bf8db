//! The facts about foreign programs that our layouts rest on, shown by the programs themselves.
//! When an update of a package breaks one of these, a layout has to follow.
#![cfg(feature = "dynamodb")]
#![allow(clippy::expect_used, reason = "clippy.toml exempts tests, but not the functions that they share")]

mod support;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use support::dynalite::Dynalite;
use support::dynamodb::{client, client_with_key, create_table};
use support::interop::{History, Package};
use support::moto::Moto;
use support::redis_server::RedisServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TABLE: &str = "conversations";
const KEY: &str = "id";
const SESSION: &str = "-séance 😀";

fn conversation() -> Value {
    json!([
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": "Weather in Paris? 😀 日本語", "name": "bob", "id": "m-1",
         "additional_kwargs": {"trace": "x", "f": 1.5, "n": 3}},
        {"role": "assistant", "content": "", "id": "m-2", "response_metadata": {"finish_reason": "tool_calls"},
         "tool_calls": [{"id": "call_1", "name": "get_weather",
                         "arguments": {"city": "Paris", "lat": 48.85, "deep": {"a": [1, 2, null, true]}}}]},
        {"role": "tool", "content": "{\"temp\":21.5}", "tool_call_id": "call_1", "name": "get_weather"},
        {"role": "critic", "content": "as a critic"},
        {"role": "user", "content": [{"type": "text", "text": "what is this"},
                                     {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
        {"role": "assistant", "content": "It is 21.5 °C. ✅"}
    ])
}

fn history(package: Package, endpoint: &str) -> History {
    History::dynamodb(package, endpoint, TABLE, KEY, SESSION)
}

async fn dynalite() -> (Dynalite, Client) {
    let server = Dynalite::start();
    let client = client(server.endpoint());
    create_table(&client, TABLE, KEY, None).await;
    (server, client)
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn m<const N: usize>(fields: [(&str, AttributeValue); N]) -> AttributeValue {
    AttributeValue::M(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

async fn put(client: &Client, attributes: impl IntoIterator<Item = (&str, AttributeValue)>) {
    let mut request = client.put_item().table_name(TABLE).item(KEY, s(SESSION));
    for (name, value) in attributes {
        request = request.item(name, value);
    }
    request.send().await.expect("the item is valid");
}

async fn item(client: &Client) -> HashMap<String, AttributeValue> {
    let answer = client.get_item().table_name(TABLE).key(KEY, s(SESSION)).send().await;
    answer.expect("the table exists").item.expect("the item exists")
}

#[tokio::test]
async fn langchain_python_keeps_a_whole_conversation_in_dynamodb() {
    let (dynalite, _) = dynalite().await;
    let moto = Moto::start();
    create_table(&client(moto.endpoint()), TABLE, KEY, None).await;
    for endpoint in [dynalite.endpoint(), moto.endpoint()] {
        let python = history(Package::LangChainPython, endpoint);
        python.write(&conversation()).await.unwrap();
        assert_eq!(python.read().await.unwrap(), conversation());
        python.clear().await.unwrap();
        assert_eq!(python.read().await.unwrap(), json!([]));
    }
}

#[tokio::test]
async fn langchain_js_and_the_canvas_node_read_each_others_texts() {
    let (server, _) = dynalite().await;
    let langchain = history(Package::LangChainJs, server.endpoint());
    let canvas = history(Package::Flowise, server.endpoint());
    langchain
        .write(&json!([{"role": "system", "content": "sé😀"}, {"role": "critic", "content": "c"}]))
        .await
        .unwrap();
    canvas
        .write(&json!([{"role": "user", "content": "u"}, {"role": "assistant", "content": ""}]))
        .await
        .unwrap();
    let expected = json!([
        {"role": "system", "content": "sé😀"},
        {"role": "critic", "content": "c"},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": ""}
    ]);
    assert_eq!(langchain.read().await.unwrap(), expected);
    assert_eq!(canvas.read().await.unwrap(), expected);
}

#[tokio::test]
async fn langchain_js_cannot_read_a_tool_message_that_it_wrote_to_dynamodb() {
    let (server, _) = dynalite().await;
    let langchain = history(Package::LangChainJs, server.endpoint());
    let tool_result = json!([{"role": "tool", "content": "21.5", "tool_call_id": "call_1"}]);
    langchain.write(&tool_result).await.unwrap();
    let error = langchain.read().await.unwrap_err();
    assert!(error.contains("Tool call ID must be defined"), "{error}");
}

#[tokio::test]
async fn unknown_fields_of_a_list_item_are_unseen_and_survive_foreign_appends() {
    let (server, client) = dynalite().await;
    let ours = m([("turn", s("t-1")), ("bytes", AttributeValue::B(vec![0, 255].into()))]);
    let message = m([("type", s("ai")), ("text", s("hello")), ("ours", ours.clone())]);
    let passed_over = m([("type", s("tool")), ("text", AttributeValue::Null(true)), ("ours", ours.clone())]);
    let list = vec![message, passed_over, s("passed over too")];
    put(&client, [("messages", AttributeValue::L(list.clone())), ("ours", ours.clone())]).await;

    for package in [Package::LangChainJs, Package::Flowise] {
        let raw = history(package, server.endpoint()).read_raw().await.unwrap();
        assert_eq!(raw.as_array().unwrap().len(), 1, "{package:?}");
        assert_eq!(raw[0]["data"]["content"], "hello", "{package:?}");
        assert_eq!(raw[0]["data"]["ours"], Value::Null, "{package:?}");
    }
    for package in [Package::LangChainJs, Package::Flowise] {
        let foreign = history(package, server.endpoint());
        foreign.write(&json!([{"role": "user", "content": "more"}])).await.unwrap();
    }
    let item = item(&client).await;
    assert_eq!(item["ours"], ours);
    let stored = item["messages"].as_l().unwrap();
    assert_eq!(stored[..3], list);
    assert_eq!(stored.len(), 5);
}

#[tokio::test]
async fn langchain_python_rewrites_data_exactly_and_drops_what_stands_beside_it() {
    let (server, client) = dynalite().await;
    let ours = m([
        ("turn", s("t-1")),
        ("bytes", AttributeValue::B(vec![0, 255].into())),
        ("long", AttributeValue::N("12345678901234567890123456789012345678".to_owned())),
        ("nothing", AttributeValue::Null(true)),
    ]);
    let data = m([
        ("type", s("human")),
        ("content", s("hi")),
        ("id", AttributeValue::Null(true)),
        ("name", AttributeValue::Null(true)),
        ("additional_kwargs", m([("ours", ours.clone())])),
        ("response_metadata", m([("ours", ours.clone())])),
        ("ours", ours.clone()),
    ]);
    let message = m([("type", s("human")), ("data", data.clone()), ("ours", ours.clone())]);
    put(&client, [("History", AttributeValue::L(vec![message])), ("ours", ours.clone())]).await;

    let python = history(Package::LangChainPython, server.endpoint());
    python.write(&json!([{"role": "assistant", "content": "hello"}])).await.unwrap();

    let item = item(&client).await;
    assert_eq!(item["ours"], ours);
    assert_eq!(item["History"].as_l().unwrap()[0], m([("type", s("human")), ("data", data)]));
}

#[tokio::test]
async fn langchain_python_needs_the_list_to_be_there_and_no_unknown_field_in_a_tool_call() {
    let (server, client) = dynalite().await;
    let python = history(Package::LangChainPython, server.endpoint());

    put(&client, [("ours", s("x"))]).await;
    assert!(python.read().await.unwrap_err().contains("KeyError: 'History'"));
    put(&client, [("History", AttributeValue::L(Vec::new()))]).await;
    assert_eq!(python.read().await.unwrap(), json!([]));

    let call = m([("id", s("c")), ("name", s("f")), ("args", m([])), ("ours", s("x"))]);
    let data = m([("content", s("")), ("tool_calls", AttributeValue::L(vec![call]))]);
    let message = m([("type", s("ai")), ("data", data)]);
    put(&client, [("History", AttributeValue::L(vec![message]))]).await;
    assert!(python.read().await.unwrap_err().contains("unexpected keyword argument 'ours'"));
}

#[tokio::test]
async fn moto_lets_a_user_do_what_the_policy_names_and_no_more() {
    let server = Moto::start();
    create_table(&client(server.endpoint()), TABLE, KEY, None).await;
    let key = server.add_user(&json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}]
    }));
    let get = async |secret: &str| {
        let client = client_with_key(server.endpoint(), &key.access_key_id, secret);
        client.get_item().table_name(TABLE).key(KEY, s(SESSION)).send().await
    };
    get(&key.secret_access_key).await.expect("the policy allows GetItem");
    let error = get("not the secret").await.expect_err("the signature is wrong");
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 403);

    let client = client_with_key(server.endpoint(), &key.access_key_id, &key.secret_access_key);
    let put = client.put_item().table_name(TABLE).item(KEY, s(SESSION)).send().await;
    let error = put.expect_err("the policy does not allow PutItem");
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 403);
}

#[tokio::test]
async fn redis_servers_run_beside_each_other() {
    let servers = [RedisServer::start(), RedisServer::start()];
    assert_ne!(servers[0].url(), servers[1].url());
    for server in &servers {
        let address = server.url().strip_prefix("redis://").unwrap().to_owned();
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        connection.write_all(b"PING\r\n").await.unwrap();
        let mut answer = [0; 7];
        connection.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"+PONG\r\n");
    }
}

//! The layout of the canvas node and LangChain JS, over the wire.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "support/dynoxide.rs"]
mod dynoxide_engine;
#[path = "support/item.rs"]
mod item;
#[path = "support/item_promises.rs"]
#[macro_use]
mod item_promises;
#[path = "support/raw_server.rs"]
mod raw_server;

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::item_per_session::ItemConfig;
use canvas_memory::dynamodb::layout::{Layout, choose};
use canvas_memory::dynamodb::list::{ListCodec, ListStore};
use canvas_memory::dynamodb::tables::describe;
use canvas_memory::message::{Message, Role};
use canvas_memory::session::{Scope, Turn};
use canvas_memory::store::{Append, ChatStore, Consistency, Page, Recent, Window};
use dynoxide_engine::Dynoxide;
use item::{fixture, get, put, text};
use item_promises::{exchange, key};

promises!(ListCodec);

const FLOWISE: &str = include_str!("fixtures/flowise/flowise-dynamodb-items.json");
const LANGCHAIN: &str = include_str!("fixtures/langchain-js/lcjs-dynamodb-items.json");
const LANGCHAIN_TOOL: &str = include_str!("fixtures/langchain-js/lcjs-dynamodb-toolmessage-items.json");
const LANGCHAIN_SORT_KEY: &str = include_str!("fixtures/langchain-js/lcjs-dynamodb-sortkey-items.json");

async fn load(store: &ListStore) -> Recent {
    store.recent(&key("session-1"), Window::Everything, Consistency::Strong).await.unwrap()
}

/// Loads a fixture, goes on with it and loads again; returns the messages that the fixture holds.
async fn continued(json: &str, sort_key: Option<&str>) -> Vec<Message> {
    let engine = Dynoxide::start();
    let client = engine.table("chat", "id", sort_key, Clock::system()).await;
    let original = fixture(json).remove(0);
    put(&client, "chat", original.clone()).await;
    let config = ItemConfig { sort_key: sort_key.map(str::to_owned), ..ItemConfig::new("chat", "id") };
    let store = ListStore::new(client.clone(), config).unwrap();
    let before = load(&store).await;
    assert!(before.unreadable.is_empty());
    let appended = store.append(&key("session-1"), Append::new(exchange(1))).await.unwrap();
    assert_eq!(appended.usage.requests, 1);
    let after = load(&store).await;
    assert_eq!(after.turns[..before.turns.len()], before.turns);
    assert_eq!(after.turns.last().unwrap().messages, exchange(1).messages);
    assert_eq!(after.position, Some(appended.position));
    let listed = store.sessions(&Scope::default(), Page::default()).await.unwrap().sessions;
    assert_eq!(listed.len(), 1);

    let mut keys = vec![("id", "session-1")];
    keys.extend(sort_key.map(|name| (name, name)));
    let stored = get(&client, "chat", &keys).await.unwrap();
    let theirs = original["messages"].as_l().unwrap();
    assert_eq!(stored["messages"].as_l().unwrap()[..theirs.len()], *theirs);
    before.turns.into_iter().flat_map(|turn| turn.messages).collect()
}

#[tokio::test]
async fn a_canvas_session_is_read_and_continued() {
    let messages = continued(FLOWISE, None).await;
    assert_eq!(messages.len(), 6);
    assert_eq!(messages[0], Message::user("Hello"));
    assert_eq!(messages[1], Message::assistant("Hi there! 👋"));
    assert_eq!(messages[4], Message::user("   leading and trailing spaces   "));
}

#[tokio::test]
async fn a_langchain_js_session_is_read_and_continued() {
    let messages = continued(LANGCHAIN, None).await;
    let roles: Vec<_> = messages.iter().map(|message| message.role.as_str()).collect();
    let expected = ["user", "assistant", "user", "assistant", "user", "assistant"];
    assert_eq!(roles[..6], expected);
    assert_eq!(roles[6..], ["system", "user", "assistant", "critic", "assistant"]);
    assert_eq!(messages[7].extra["additional_kwargs"].as_str(), r#"{"trace":"x1","n":3,"f":1.5}"#);
    assert_eq!(messages[8].tool_calls[0].arguments.as_str(), r#"{"city":"Paris"}"#);
}

#[tokio::test]
async fn a_session_that_langchain_js_cannot_read_itself_is_read() {
    let messages = continued(LANGCHAIN_TOOL, None).await;
    assert_eq!(messages.len(), 12);
    assert_eq!(messages[9].role, Role::Tool);
    assert_eq!(messages[9].text(), r#"{"temp":21.5}"#);
}

#[tokio::test]
async fn a_session_under_a_sort_key_is_read_and_continued() {
    let messages = continued(LANGCHAIN_SORT_KEY, Some("sk")).await;
    assert_eq!(messages.len(), 2);
    assert!(messages[0].text().starts_with("turn 0 h: lorem"));
}

#[tokio::test]
async fn what_we_write_has_only_shapes_that_others_read() {
    let bench = item_promises::bench::<ListCodec>(|_| {}).await;
    let mut calls = Message::assistant("looking");
    let arguments = canvas_memory::json::RawJson::parse("{}").unwrap();
    calls.tool_calls = vec![canvas_memory::message::ToolCall::new("c", "f", arguments)];
    let turn = Turn::new([
        Message::system("s"),
        Message::user("u"),
        calls,
        Message::tool("c", "result"),
        Message::new(Role::from("critic"), "hm"),
    ]);
    bench.append("s", &turn).await;
    let stored = bench.stored("s").await;
    let shapes: Vec<_> = stored["messages"]
        .as_l()
        .unwrap()
        .iter()
        .map(|element| {
            let fields = element.as_m().unwrap();
            let field = |name: &str| fields.get(name).map_or("", |value| value.as_s().unwrap().as_str());
            assert!(!fields.contains_key("additional_kwargs"));
            (field("type"), field("text"), field("role"))
        })
        .collect();
    assert_eq!(
        shapes,
        [
            ("system", "s", ""),
            ("human", "u", ""),
            ("ai", "looking", ""),
            ("generic", "result", "assistant"),
            ("generic", "hm", "critic")
        ]
    );
}

#[tokio::test]
async fn an_element_without_type_or_text_is_told() {
    let bench = item_promises::bench::<ListCodec>(|_| {}).await;
    let element = |fields: &[(&str, AttributeValue)]| {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        AttributeValue::M(fields.collect())
    };
    let hi = element(&[("type", text("human")), ("text", text("hi"))]);
    let unknown = element(&[("type", text("remove")), ("text", text("odd"))]);
    let bad = [
        element(&[("type", text("human"))]),
        element(&[("text", text("private words"))]),
        element(&[("type", text("human")), ("text", AttributeValue::Null(true))]),
    ];
    for element in [&hi, &unknown].into_iter().chain(&bad) {
        item::push(&bench.client, "chat", ("SessionId", "s"), "messages", element.clone()).await;
    }
    let recent = bench.load("s").await;
    assert_eq!(recent.turns[0].messages.len(), 2);
    assert_eq!(recent.turns[0].messages[1].role, Role::from("remove"));
    let told: Vec<_> = recent.unreadable.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(told, ["messages[2]", "messages[3]", "messages[4]"]);
    assert!(recent.unreadable[0].reason.contains("`text`"));
    assert!(!format!("{:?}", recent.unreadable).contains("private"));
}

#[tokio::test]
async fn the_layout_follows_the_keys_and_what_is_stored() {
    let engine = Dynoxide::start();
    let client = engine.table("plain", "id", None, Clock::system()).await;
    engine.table("sorted", "id", Some("sk"), Clock::system()).await;
    let plain = describe(&client, "plain").await.unwrap();
    let sorted = describe(&client, "sorted").await.unwrap();
    let layout = async |table, wish, attribute| {
        choose(&client, table, wish, attribute).await.map(|chosen| chosen.layout)
    };

    assert_eq!(layout(&plain, None, None).await.unwrap(), Layout::List);
    assert_eq!(layout(&sorted, None, None).await.unwrap(), Layout::Turns);
    assert_eq!(layout(&sorted, Some(Layout::List), None).await.unwrap(), Layout::List);
    let refused = layout(&plain, Some(Layout::Turns), None).await.unwrap_err();
    assert_eq!(refused.kind().code(), "mismatch");

    let python = include_str!("fixtures/langchain-python/lcpy-dynamodb-items.json");
    let mut item = fixture(python).remove(0);
    let list = item.remove("History").unwrap();
    item.insert("id".to_owned(), item["SessionId"].clone());
    item.insert("History".to_owned(), list.clone());
    put(&client, "plain", item.clone()).await;
    let chosen = choose(&client, &plain, None, None).await.unwrap();
    assert_eq!((chosen.layout, chosen.usage.requests), (Layout::History, 1));
    assert_eq!(layout(&plain, Some(Layout::List), None).await.unwrap(), Layout::List);

    item.remove("History");
    item.insert("chat".to_owned(), list);
    put(&client, "plain", item).await;
    assert_eq!(layout(&plain, None, Some("chat")).await.unwrap(), Layout::History);
    put(&client, "plain", fixture(FLOWISE).remove(0)).await;
    assert_eq!(layout(&plain, None, None).await.unwrap(), Layout::List);
}

//! The layout of LangChain Python, over the wire.
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

use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::DynamoClient;
use canvas_memory::dynamodb::history::{HistoryCodec, HistoryStore};
use canvas_memory::dynamodb::item_per_session::ItemConfig;
use canvas_memory::dynamodb::size::Item;
use canvas_memory::message::{Message, Role};
use canvas_memory::store::{After, Append, ChatStore, Consistency, Recent, SessionState, Window};
use dynoxide_engine::Dynoxide;
use item::{fixture, get, put};
use item_promises::{exchange, key};

promises!(HistoryCodec);

const PLAIN: &str = include_str!("fixtures/langchain-python/lcpy-dynamodb-items.json");
const WITH_TTL: &str = include_str!("fixtures/langchain-python/lcpy-dynamodb-ttl-historysize4-items.json");

/// A store on an engine that holds a fixture.
async fn opened(json: &str, now_epoch_secs: u64) -> (Dynoxide, DynamoClient, HistoryStore) {
    let engine = Dynoxide::start();
    let client = engine.table("chat", "SessionId", None, Clock::manual(now_epoch_secs)).await;
    put(&client, "chat", fixture(json).remove(0)).await;
    let config =
        ItemConfig { expiry_attribute: Some("expireAt".to_owned()), ..ItemConfig::new("chat", "SessionId") };
    let store = HistoryStore::new(client.clone(), config).unwrap();
    (engine, client, store)
}

async fn load(store: &HistoryStore) -> Recent {
    store.recent(&key("session-1"), Window::Everything, Consistency::Strong).await.unwrap()
}

/// Loads a fixture, goes on with it and loads again; returns its messages and what is stored in the end.
async fn continued(json: &str) -> (Vec<Message>, Item) {
    let (_engine, client, store) = opened(json, 1_700_000_000).await;
    let before = load(&store).await;
    assert!(before.unreadable.is_empty());
    let first = Append::new(exchange(1)).after(After::Exactly(before.position.clone()));
    store.append(&key("session-1"), first).await.unwrap();
    let second = store.append(&key("session-1"), Append::new(exchange(2))).await.unwrap();
    assert_eq!(second.usage.requests, 1);
    let after = load(&store).await;
    assert_eq!(after.turns[..before.turns.len()], before.turns);
    assert_eq!(after.turns.last().unwrap().messages, exchange(2).messages);
    let stored = get(&client, "chat", &[("SessionId", "session-1")]).await.unwrap();
    let original = fixture(json).remove(0);
    let theirs = original["History"].as_l().unwrap();
    assert_eq!(stored["History"].as_l().unwrap()[..theirs.len()], *theirs);
    (before.turns.into_iter().flat_map(|turn| turn.messages).collect(), stored)
}

#[tokio::test]
async fn a_langchain_python_session_is_read_and_continued() {
    let (messages, _) = continued(PLAIN).await;
    assert_eq!(messages.len(), 12);
    assert_eq!(messages[1], Message::assistant("Hi there! 👋"));
    assert_eq!((messages[7].name.as_deref(), messages[7].id.as_deref()), (Some("bob"), Some("msg-h-1")));
    assert_eq!(messages[7].extra["additional_kwargs"].as_str(), r#"{"n":3,"trace":"x1"}"#);
    assert_eq!(messages[8].tool_calls[0].arguments.as_str(), r#"{"city":"Paris"}"#);
    assert!(messages[8].extra["usage_metadata"].as_str().contains(r#""total_tokens":12"#));
    assert_eq!(messages[9].tool_call_id.as_deref(), Some("call_1"));
    assert_eq!(messages[10].role, Role::from("critic"));
}

#[tokio::test]
async fn the_expiry_that_langchain_python_wrote_is_kept_and_obeyed() {
    let (messages, stored) = continued(WITH_TTL).await;
    assert_eq!(messages.len(), 4);
    assert_eq!(stored["expireAt"].as_n().unwrap(), "1795172711");
    let (_engine, _, store) = opened(WITH_TTL, 1_795_172_711).await;
    let expired = load(&store).await;
    assert_eq!((expired.state, expired.turns.len()), (SessionState::Expired, 0));
    store.append(&key("session-1"), Append::new(exchange(1))).await.unwrap();
    let anew = load(&store).await;
    assert_eq!(anew.turns.len(), 1);
    assert_eq!(anew.turns[0].expires_at_epoch_secs, None);
}

#[tokio::test]
async fn a_turn_keeps_its_one_effect_when_the_item_is_rewritten() {
    let bench = item_promises::bench::<HistoryCodec>(|_| {}).await;
    let (first, second) = (exchange(1), exchange(2));
    let position = bench.append("s", &first).await;
    bench.append("s", &second).await;
    // As releases do that write with PutItem: key and list, nothing else.
    let mut item = bench.stored("s").await;
    item.retain(|name, _| name == "SessionId" || name == "History");
    put(&bench.client, "chat", item).await;

    let again = bench.store.append(&key("s"), Append::new(first.clone())).await.unwrap();
    assert!(again.duplicate);
    assert_eq!(again.position, position);
    let third = bench.store.append(&key("s"), Append::new(exchange(3))).await.unwrap();
    assert_eq!(third.usage.requests, 2);
    let mut ids = bench.stored("s").await["cm_turns"].as_ss().unwrap().clone();
    ids.sort();
    let turns = bench.load("s").await.turns;
    let mut known: Vec<_> = turns.iter().map(|turn| turn.id.as_ref().unwrap().to_string()).collect();
    known.sort();
    assert_eq!(ids, known);
    assert_eq!(bench.store.append(&key("s"), Append::new(exchange(4))).await.unwrap().usage.requests, 1);
    assert!(bench.store.append(&key("s"), Append::new(second)).await.unwrap().duplicate);
}

#[tokio::test]
async fn what_we_write_has_the_fields_that_langchain_python_writes() {
    let bench = item_promises::bench::<HistoryCodec>(|_| {}).await;
    bench.append("s", &exchange(1)).await;
    let stored = bench.stored("s").await;
    let theirs = fixture(PLAIN).remove(0);
    for (ours, theirs) in stored["History"].as_l().unwrap().iter().zip(theirs["History"].as_l().unwrap()) {
        let (ours, theirs) = (ours.as_m().unwrap(), theirs.as_m().unwrap());
        assert_eq!(ours["type"], theirs["type"]);
        let fields = |data: &Item| {
            let mut names: Vec<_> = data["data"].as_m().unwrap().keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(fields(ours), fields(theirs));
    }
}

//! What only LangChain Python does to a session: it lets it expire, cuts it short, and wrote it anew as a whole.

use std::num::NonZeroU64;

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::history::HistoryStore;
use canvas_memory::dynamodb::item_per_session::ItemConfig;
use canvas_memory::message::Message;
use canvas_memory::session::SessionKey;
use canvas_memory::store::SessionState;
use serde_json::{Value, json};

use super::support::conversation::message;
use super::support::dynamodb::{client, create_table};
use super::support::interop::{History, Package};
use super::support::journey::{append, ids, load, messages, repeat, shown_by, turn};
use super::{DYNOXIDE, KEY, history, session};

const EXPIRY: &str = "expireAt";
const TTL_SECS: u64 = 3_600;

async fn table(name: &str) -> (SessionKey, History) {
    create_table(&client(&DYNOXIDE.endpoint), name, KEY, None).await;
    let key = session(name);
    let python = history(Package::LangChainPython, &DYNOXIDE.endpoint, name, &key);
    (key, python)
}

#[tokio::test]
async fn a_session_expires_when_python_says_and_when_we_say() {
    let (key, python) = table("expiring").await;
    let python = python.option("ttl", &TTL_SECS.to_string());
    let start = Clock::system().epoch_secs();
    let clock = Clock::manual(start);
    let mut config = ItemConfig::new("expiring", KEY);
    config.expiry_attribute = Some(EXPIRY.to_owned());
    config.ttl_secs = NonZeroU64::new(2 * TTL_SECS);
    let store = HistoryStore::new(DYNOXIDE.client(clock.clone()), config).unwrap();

    python.write(&json!([{"role": "user", "content": "theirs"}])).await.unwrap();
    let theirs = load(&store, &key).await.turns[0].expires_at_epoch_secs.unwrap();
    assert!(theirs >= start + TTL_SECS);
    append(&store, &key, &turn("ours", [Message::user("ours")])).await;
    let ours = load(&store, &key).await;
    assert_eq!(ours.turns[0].expires_at_epoch_secs, Some(start + 2 * TTL_SECS));

    clock.set(start + 2 * TTL_SECS);
    assert_eq!(load(&store, &key).await.state, SessionState::Expired);
    append(&store, &key, &turn("anew", [Message::user("anew")])).await;
    assert_eq!(ids(&load(&store, &key).await), [Some("anew")]);
    assert_eq!(shown_by(&python).await, [json!({"role": "user", "content": "anew"})]);
}

#[tokio::test]
async fn turns_that_python_cut_off_stay_known() {
    let (key, python) = table("cut").await;
    let store = HistoryStore::new(DYNOXIDE.client(Clock::system()), ItemConfig::new("cut", KEY)).unwrap();
    let texts = |of: &str| ["a", "b"].map(|text| format!("{of} {text}"));
    let exchange = |of: &str| {
        let [question, answer] = texts(of);
        turn(of, [Message::user(question), Message::assistant(answer)])
    };
    let turns = ["t1", "t2", "t3"].map(exchange);
    for turn in &turns {
        append(&store, &key, turn).await;
    }
    let python = python.option("history-size", "4");
    python.write(&json!([{"role": "user", "content": "theirs"}])).await.unwrap();

    // The newest four: of the second turn there is only the answer, without the mark that stood before it.
    let kept = load(&store, &key).await;
    assert_eq!(ids(&kept), [None, Some("t3"), None]);
    let shown = messages(&kept);
    let texts: Vec<_> = shown.iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(texts, ["t2 b", "t3 a", "t3 b", "theirs"]);
    for turn in &turns {
        assert!(append(&store, &key, turn).await.duplicate, "{}", turn.id);
    }
    append(&store, &key, &exchange("t4")).await;
    assert_eq!(shown_by(&python).await[..4], shown);
    assert_eq!(ids(&load(&store, &key).await), [None, Some("t3"), None, Some("t4")]);
}

/// Releases that put the item instead of updating it drop what stands beside the list.
#[tokio::test]
async fn turns_are_known_by_their_marks_when_python_dropped_the_ids_beside_them() {
    let (key, python) = table("put").await;
    let store = HistoryStore::new(DYNOXIDE.client(Clock::system()), ItemConfig::new("put", KEY)).unwrap();
    let first = turn("first", [Message::user("a"), Message::assistant("b")]);
    append(&store, &key, &first).await;
    python.write(&json!([{"role": "user", "content": "theirs"}])).await.unwrap();
    let sdk = client(&DYNOXIDE.endpoint);
    let item = |request: aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder| {
        request.table_name("put").key(KEY, AttributeValue::S(key.session.to_string()))
    };
    let mut stored = item(sdk.get_item()).send().await.unwrap().item.unwrap();
    stored.retain(|name, _| [KEY, "History"].contains(&name.as_str()));
    sdk.put_item().table_name("put").set_item(Some(stored)).send().await.unwrap();

    repeat(&store, &key, &[&first]).await;
    let second = turn("second", [Message::user("c")]);
    append(&store, &key, &second).await;
    repeat(&store, &key, &[&first, &second]).await;
    assert_eq!(ids(&load(&store, &key).await), [Some("first"), None, Some("second")]);
    let texts = ["a", "b", "theirs", "c"];
    assert_eq!(shown_by(&python).await.iter().map(|shown| &shown["content"]).collect::<Vec<_>>(), texts);
}

/// DynamoDB has no place for a field without a name, and Python needs an object where one was.
#[tokio::test]
async fn fields_without_a_name_are_kept_for_us_and_left_out_for_python() {
    let (key, python) = table("nameless").await;
    let store =
        HistoryStore::new(DYNOXIDE.client(Clock::system()), ItemConfig::new("nameless", KEY)).unwrap();
    let written = |object: Value| {
        let call = json!({"id": "c", "name": "f", "arguments": object});
        json!({"role": "assistant", "content": "x", "additional_kwargs": object, "tool_calls": [call]})
    };
    let message = message(&written(json!({"": 1, "a": {"": {}, "b": 2}})));
    append(&store, &key, &turn("t", [message.clone()])).await;
    assert_eq!(load(&store, &key).await.turns[0].messages, [message]);
    assert_eq!(shown_by(&python).await, [written(json!({"a": {"b": 2}}))]);
}

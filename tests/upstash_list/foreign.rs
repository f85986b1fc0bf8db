//! What other programs wrote, and what they would make of ours.

use canvas_memory::ErrorKind;
use canvas_memory::json::RawJson;
use canvas_memory::message::{Message, Role};
use canvas_memory::session::{Turn, TurnId};
use canvas_memory::store::{Append, ChatStore, Consistency, Window};
use canvas_memory::upstash::list::{ListOptions, PYTHON_KEY_PREFIX, UpstashListStore};
use serde_json::Value;

use crate::upstash_endpoint::Endpoint;
use crate::{append, ids, key, load, messages, store, store_with, turns};

const JS: &str = include_str!("../fixtures/langchain-js/lcjs-upstash-redis.json");
const PYTHON: &str = include_str!("../fixtures/langchain-python/lcpy-upstash-redis.json");
const CANVAS: &str = include_str!("../fixtures/flowise/flowise-upstash-redis.json");
const CANVAS_TTL: &str = include_str!("../fixtures/flowise/flowise-upstash-ttl3600-redis.json");

/// Puts a fixture into Redis; gives its key and entries, newest first.
async fn put(endpoint: &Endpoint, fixture: &str) -> (String, Vec<String>) {
    let fixture: Value = serde_json::from_str(fixture).unwrap();
    let key = fixture["key"].as_str().unwrap().to_owned();
    let entries = fixture["lrange_0_-1"].as_array().unwrap().iter();
    let entries: Vec<_> = entries.map(|entry| entry.as_str().unwrap().to_owned()).collect();
    for entry in &entries {
        endpoint.redis.call(&["RPUSH", &key, entry]).await;
    }
    if let Some(ttl) = fixture["ttl"].as_i64().filter(|ttl| *ttl > 0) {
        endpoint.redis.call(&["EXPIRE", &key, &ttl.to_string()]).await;
    }
    (key, entries)
}

fn python(endpoint: &Endpoint) -> UpstashListStore {
    store_with(endpoint, ListOptions { key_prefix: PYTHON_KEY_PREFIX.into(), ..ListOptions::default() })
}

#[tokio::test]
async fn each_fixture_is_read_without_loss_and_continued() {
    let endpoint = Endpoint::start().await;
    for (fixture, turn_count, store) in [
        (JS, 4, store(&endpoint)),
        (PYTHON, 4, python(&endpoint)),
        (CANVAS, 3, store(&endpoint)),
        (CANVAS_TTL, 1, store(&endpoint)),
    ] {
        let (list, entries) = put(&endpoint, fixture).await;
        let session = list.strip_prefix(PYTHON_KEY_PREFIX).unwrap_or(&list);
        let before = load(&store, session).await;
        assert_eq!(before.turns.len(), turn_count);
        assert_eq!(before.turns.iter().map(|turn| turn.messages.len()).sum::<usize>(), entries.len());
        assert!(before.unreadable.is_empty() && before.complete);
        assert!(before.turns.iter().all(|turn| turn.id.is_none()));
        let after = canvas_memory::store::After::Exactly(before.position.clone());
        store.append(&key(session), append("ours").after(after)).await.unwrap();
        let now = load(&store, session).await;
        assert_eq!(now.turns[..turn_count], before.turns);
        assert_eq!(ids(&now.turns[turn_count..]), ["ours"]);
        let raw = endpoint.redis.call(&["LRANGE", &list, "0", "-1"]).await.texts();
        assert_eq!(raw[2..], entries);
    }
}

#[tokio::test]
async fn other_readers_find_their_own_form() {
    let endpoint = Endpoint::start().await;
    let turn =
        || Turn::with_id(TurnId::new("t").unwrap(), [Message::user("hi"), Message::assistant("Hello")]);
    store(&endpoint).append(&key("s"), Append::new(turn())).await.unwrap();
    python(&endpoint).append(&key("s"), Append::new(turn())).await.unwrap();
    for (list, expected) in [
        (
            "s",
            [
                r#"{"type":"human","data":{"content":"hi","additional_kwargs":{},"response_metadata":{}}}"#,
                r#"{"type":"ai","data":{"content":"Hello","tool_calls":[],"invalid_tool_calls":[],"additional_kwargs":{},"response_metadata":{}}}"#,
            ],
        ),
        (
            "message_store:s",
            [
                r#"{"type":"human","data":{"content":"hi","additional_kwargs":{},"response_metadata":{},"type":"human","name":null,"id":null}}"#,
                r#"{"type":"ai","data":{"content":"Hello","additional_kwargs":{},"response_metadata":{},"type":"ai","name":null,"id":null,"tool_calls":[],"invalid_tool_calls":[],"usage_metadata":null}}"#,
            ],
        ),
    ] {
        let raw = endpoint.redis.call(&["LRANGE", list, "0", "-1"]).await.texts();
        let mut own_bytes = 0;
        for (entry, expected) in raw.iter().rev().zip(expected) {
            let mut entry_json: Value = serde_json::from_str(entry).unwrap();
            assert!(entry_json.as_object_mut().unwrap().remove("cm").is_some());
            assert_eq!(entry_json, serde_json::from_str::<Value>(expected).unwrap());
            own_bytes += entry.len() - expected.len();
        }
        assert!(own_bytes <= 200, "{own_bytes}");
    }
}

#[tokio::test]
async fn what_is_not_a_message_is_reported_and_hides_nothing() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    store.append(&key("s"), append("a")).await.unwrap();
    let strange = ["plain words", "12", "[]", "null", "{}", "\"words\"", r#"{"type":"human","data":{}}"#];
    for entry in strange {
        endpoint.redis.call(&["LPUSH", "s", entry]).await;
    }
    endpoint.redis.call(&["LPUSH", "s", r#"{"type":"human","data":{"content":"cut \ud83d"}}"#]).await;
    store.append(&key("s"), append("b")).await.unwrap();
    for window in [Window::Everything, turns(3), messages(5)] {
        let recent = store.recent(&key("s"), window, Consistency::Strong).await.unwrap();
        assert_eq!(ids(&recent.turns), ["a", "", "b"]);
        assert_eq!(recent.turns[1].messages[0].text(), "cut \u{fffd}");
        let keys: Vec<_> = recent.unreadable.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys, ["s[-3]", "s[-4]", "s[-5]", "s[-6]", "s[-7]", "s[-8]", "s[-9]"]);
        assert!(recent.unreadable.iter().all(|row| !row.reason.contains("words")));
    }
    let position = load(&store, "s").await.position;
    store.append(&key("s"), append("c").after(canvas_memory::store::After::Exactly(position))).await.unwrap();
}

#[tokio::test]
async fn unreadable_is_never_empty() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    endpoint.redis.call(&["LPUSH", "s", "plain words"]).await;
    let error = store.recent(&key("s"), Window::Everything, Consistency::Strong).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("s[-1]") && !error.to_string().contains("words"), "{error}");
}

#[tokio::test]
async fn a_key_of_another_type_is_named() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    endpoint.redis.call(&["SET", "taken", "secret words"]).await;
    let errors = [
        store.append(&key("taken"), append("a")).await.unwrap_err(),
        store.recent(&key("taken"), turns(1), Consistency::Strong).await.unwrap_err(),
        store.inspect(&key("taken"), Default::default()).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(*error.kind(), ErrorKind::Mismatch);
        assert!(error.to_string().contains("key taken") && !error.to_string().contains("secret"), "{error}");
    }
}

/// The script tells turns apart by the look of entries, the library by reading them: every window of every mixture
/// must be the end of the whole.
#[tokio::test]
async fn windows_are_the_end_of_the_whole_in_any_mixture() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for mixture in 0..60 {
        let session = format!("mixture {mixture}");
        for _ in 0..=random(9) {
            let foreign = match random(9) {
                0 => r#"{"type":"human","data":{"content":"q","additional_kwargs":{}}}"#,
                1 => r#"{"type": "human", "data": {"content": "q", "type": "human", "name": null}}"#,
                2 => r#"{"data":{"content":"q"},"type":"human"}"#,
                3 => r#"{"type":"ai","data":{"content":"a"}}"#,
                4 => r#"{"type":"system","data":{"content":"s"}}"#,
                5 => r#"{"type":"generic","data":{"content":"g","role":"user"}}"#,
                6 => "plain",
                _ => {
                    let length = usize::try_from(1 + random(4)).unwrap();
                    let roles = [Role::System, Role::User, Role::Assistant, Role::User];
                    let messages: Vec<_> =
                        roles[4 - length..].iter().map(|role| Message::new(role.clone(), "x")).collect();
                    store.append(&key(&session), Append::new(Turn::new(messages))).await.unwrap();
                    continue;
                }
            };
            endpoint.redis.call(&["LPUSH", &session, foreign]).await;
        }
        let raw = endpoint.redis.call(&["LRANGE", &session, "0", "-1"]).await.texts();
        let Ok(whole) = store.recent(&key(&session), Window::Everything, Consistency::Strong).await else {
            assert!(raw.iter().all(|entry| entry == "plain"), "{raw:#?}");
            continue;
        };
        for count in 1..=12 {
            let recent = store.recent(&key(&session), turns(count), Consistency::Strong).await.unwrap();
            let skipped = whole.turns.len().saturating_sub(usize::try_from(count).unwrap());
            assert_eq!(recent.turns, whole.turns[skipped..], "{count} turns of {raw:#?}");
            assert!(recent.complete || skipped > 0 || raw.last().unwrap() == "plain", "{raw:#?}");

            let recent = store.recent(&key(&session), messages(count), Consistency::Strong).await.unwrap();
            let held = |turns: &[canvas_memory::session::StoredTurn]| {
                turns.iter().map(|turn| turn.messages.len()).sum::<usize>()
            };
            let count = usize::try_from(count).unwrap();
            let expected = (0..whole.turns.len()).rev().find(|&from| held(&whole.turns[from..]) >= count);
            assert_eq!(recent.turns, whole.turns[expected.unwrap_or(0)..], "{count} messages of {raw:#?}");
        }
    }
}

#[tokio::test]
async fn a_turn_whose_start_another_program_trimmed_is_still_read() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    for id in ["a", "b"] {
        store.append(&key("s"), append(id)).await.unwrap();
    }
    endpoint.redis.call(&["LTRIM", "s", "0", "2"]).await;
    let recent = load(&store, "s").await;
    assert_eq!(ids(&recent.turns), ["", "b"]);
    assert_eq!(recent.turns[0].messages, [Message::assistant("answer a")]);
}

#[tokio::test]
async fn a_text_with_a_lone_surrogate_goes_in_and_out() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let raw = RawJson::parse(r#"{"role":"user","content":"cut \ud83d"}"#).unwrap();
    let message: Message = serde_json::from_str(raw.as_str()).unwrap();
    store.append(&key("s"), Append::new(Turn::new([message.clone()]))).await.unwrap();
    assert_eq!(load(&store, "s").await.turns[0].messages, [message]);
}

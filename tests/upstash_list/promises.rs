//! Turns are kept whole, in order, once, at a flat cost.

use std::num::NonZeroU32;
use std::sync::Arc;

use canvas_memory::ErrorKind;
use canvas_memory::json::RawJson;
use canvas_memory::message::{Message, Part, Role, ToolCall};
use canvas_memory::session::{Scope, SessionId, SessionKey, TokenCount, Turn, TurnId};
use canvas_memory::store::{After, Append, ChatStore, Consistency, Dedupe, SessionState};
use canvas_memory::upstash::list::ListOptions;

use crate::upstash_endpoint::{Endpoint, Resp};
use crate::{append, ids, key, load, messages, store, store_with, turn, turns};

#[tokio::test]
async fn an_append_and_a_load_are_one_command_in_one_request_each() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    for number in 0..40 {
        let done = store.append(&key("s"), append(&format!("t{number}"))).await.unwrap();
        assert_eq!((done.usage.requests, done.usage.commands, done.duplicate), (1, 1, false));
    }
    for window in [turns(3), messages(6), canvas_memory::store::Window::Everything] {
        let recent = store.recent(&key("s"), window, Consistency::Strong).await.unwrap();
        assert_eq!((recent.usage.requests, recent.usage.commands), (1, 1));
        assert_eq!(ids(&recent.turns)[recent.turns.len() - 3..], ["t37", "t38", "t39"]);
        assert_eq!(recent.position.as_ref(), recent.turns.last().map(|turn| &turn.position));
    }
    let seen = endpoint.seen();
    assert_eq!(seen.len(), 43);
    assert!(seen.iter().all(|request| request.base64 && request.path == "/"));
    for (request, keys) in
        [(&seen[0], vec!["3", "s", "s:cm:notes", "s:cm:ids"]), (&seen[42], vec!["2", "s", "s:cm:notes"])]
    {
        let command = &request.commands[0];
        assert_eq!(command[0], "EVAL");
        assert!(command[1].starts_with("#!lua flags=allow-key-locking\n"));
        assert_eq!(command[2..2 + keys.len()], keys);
    }
    assert_eq!(seen[0].sync_token.as_deref(), Some(""));
    assert_eq!(seen[1].sync_token.as_deref(), Some("state-1"));
}

#[tokio::test]
async fn a_load_receives_what_it_returns_however_long_the_session_is() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let mut received = Vec::new();
    for number in 100..400 {
        store.append(&key("s"), append(&number.to_string())).await.unwrap();
        if matches!(number, 149 | 399) {
            let recent = store.recent(&key("s"), turns(20), Consistency::Strong).await.unwrap();
            assert_eq!((recent.turns.len(), recent.complete), (20, false));
            received.push(recent.usage.bytes_received);
        }
    }
    assert!(received[0].abs_diff(received[1]) <= 4, "{received:?}: only the length has a digit more");
}

#[tokio::test]
async fn everything_a_message_holds_comes_back() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let mut asked = Message::user("Weather in Paris? 😀 \u{0} \u{2028} </script>");
    asked.name = Some("bob".into());
    asked.extra.insert("trace".into(), RawJson::parse("12345678901234567890.10").unwrap());
    let mut calls = Message::assistant("");
    let arguments = RawJson::parse(r#"{"city":"\ud83d","n":1.10}"#).unwrap();
    calls.tool_calls = vec![ToolCall::new("call_1", "get_weather", arguments)];
    let mut result = Message::tool("call_1", "{\"temp\":21.5}");
    result.name = Some("get_weather".into());
    let mut parts = Message::new(Role::from("critic"), "");
    parts.parts = vec![
        Part::Text("look".into()),
        Part::image("image/png", &"iVBORw0KGgo".repeat(290_000)),
        Part::Json(RawJson::parse(r#""cut \ud83d""#).unwrap()),
    ];
    let mut turn = Turn::new([asked, calls, result, parts]);
    turn.tokens = Some(TokenCount { tokenizer: "o200k_base".into(), count: 12 });
    let appended = store.append(&key("s"), Append::new(turn.clone())).await.unwrap();
    assert!(appended.usage.bytes_sent > 3_000_000);
    let recent = load(&store, "s").await;
    assert_eq!(recent.turns[0].messages, turn.messages);
    assert_eq!(recent.turns[0].tokens, turn.tokens);
    assert_eq!(recent.turns[0].id, Some(turn.id));
    assert_eq!(recent.turns[0].position, appended.position);
    assert!(recent.turns[0].stored_at_epoch_secs.is_some());
    assert!(recent.complete && recent.unreadable.is_empty());
}

#[tokio::test]
async fn one_turn_id_has_one_effect() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let first = store.append(&key("s"), append("a")).await.unwrap();
    store.append(&key("s"), append("b")).await.unwrap();
    let again = store.append(&key("s"), append("a")).await.unwrap();
    assert!(again.duplicate && again.position == first.position);
    assert_eq!(again.dedupe, Dedupe::Lean);
    let mut other = append("a");
    other.turn.messages[1] = Message::assistant("something else");
    let error = store.append(&key("s"), other).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TurnIdReused);
    assert_eq!(error.usage().requests, 1);
    assert_eq!(ids(&load(&store, "s").await.turns), ["a", "b"]);
}

#[tokio::test]
async fn a_turn_id_in_a_text_is_not_that_turn() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let id = TurnId::new(r#"odd"\id"#).unwrap();
    let mark = r#"{"cm":{"turn":"odd\"\\id","n":1,"sum":"00"}}"#;
    let mut quoting = Message::user(mark);
    quoting.extra.insert("additional_kwargs".into(), RawJson::parse(mark).unwrap());
    store.append(&key("s"), Append::new(Turn::new([quoting]))).await.unwrap();
    let done =
        store.append(&key("s"), Append::new(Turn::with_id(id.clone(), [Message::user("x")]))).await.unwrap();
    assert!(!done.duplicate);
    let done = store.append(&key("s"), Append::new(Turn::with_id(id, [Message::user("x")]))).await.unwrap();
    assert!(done.duplicate);
}

#[tokio::test]
async fn an_exact_turn_id_is_remembered_behind_any_number_of_turns() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let first = store.append(&key("s"), append("lean")).await.unwrap();
    store.append(&key("s"), append("exact").exact()).await.unwrap();
    for _ in 0..130 {
        store.append(&key("s"), Append::new(Turn::new(turn("x").messages))).await.unwrap();
    }
    let again = store.append(&key("s"), append("exact").exact()).await.unwrap();
    assert_eq!((again.duplicate, again.dedupe, again.usage.requests), (true, Dedupe::Exact, 1));
    let mut other = append("exact");
    other.turn.messages.pop();
    let error = store.append(&key("s"), other).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TurnIdReused);
    // By its id alone a lean turn is not known any more; with the position it was tried at, it is.
    let near = append("lean").after(After::Near(canvas_memory::session::Position::new("0.")));
    let again = store.append(&key("s"), near).await.unwrap();
    assert!(again.duplicate && again.position == first.position);
    let Resp::Integer(ttl) = endpoint.redis.call(&["TTL", "s:cm:ids"]).await else { panic!() };
    assert!((86_300..=86_400).contains(&ttl), "{ttl}");
    assert_eq!(endpoint.redis.call(&["HLEN", "s:cm:ids"]).await, Resp::Integer(1));
}

#[tokio::test]
async fn a_demanded_position_holds_only_while_nothing_happened() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let exactly = |id: &str, position| append(id).after(After::Exactly(position));
    let first = store.append(&key("s"), exactly("a", None)).await.unwrap();
    let error = store.append(&key("s"), exactly("b", None)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Conflict { position: Some(first.position.clone()) });
    let second = store.append(&key("s"), exactly("b", Some(first.position.clone()))).await.unwrap();
    let error = store.append(&key("s"), exactly("c", Some(first.position.clone()))).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Conflict { position: Some(second.position) });
    // What was stored there is a duplicate and no conflict.
    let again = store.append(&key("s"), exactly("b", Some(first.position.clone()))).await.unwrap();
    assert!(again.duplicate);

    // The same turn at the same place after a clear is another end of the session.
    store.clear(&key("s")).await.unwrap();
    let error = store.append(&key("s"), exactly("c", Some(first.position.clone()))).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Conflict { position: None });
    store.append(&key("s"), append("a")).await.unwrap();
    let error = store.append(&key("s"), exactly("c", Some(first.position))).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Conflict { position: Some(_) }));
    assert_eq!(ids(&load(&store, "s").await.turns), ["a"]);
}

#[tokio::test]
async fn trimming_keeps_whole_turns() {
    let endpoint = Endpoint::start().await;
    let options = ListOptions { trim_messages: NonZeroU32::new(5), ..ListOptions::default() };
    let store = store_with(&endpoint, options);
    let mut last = None;
    for id in ["a", "b", "c", "d", "e"] {
        last = Some(store.append(&key("s"), append(id)).await.unwrap().position);
    }
    let recent = load(&store, "s").await;
    assert_eq!(ids(&recent.turns), ["c", "d", "e"]);
    assert!(recent.turns.iter().all(|turn| turn.messages.len() == 2));
    assert_eq!(recent.position, last);
    let again = append("e").after(After::Near(recent.turns[1].position.clone()));
    assert!(store.append(&key("s"), again).await.unwrap().duplicate);
    let many: Vec<_> = (0..2_500).map(|number| Message::user(number.to_string())).collect();
    store.append(&key("s"), Append::new(Turn::new(many.clone()))).await.unwrap();
    let recent = load(&store, "s").await;
    assert_eq!(recent.turns.len(), 1);
    assert_eq!(recent.turns[0].messages, many);
}

#[tokio::test]
async fn a_lifetime_is_set_in_the_write() {
    let endpoint = Endpoint::start().await;
    let forever = store(&endpoint);
    let hour = ListOptions { session_ttl_secs: NonZeroU32::new(3_600), ..ListOptions::default() };
    let hour = store_with(&endpoint, hour);
    forever.append(&key("s"), append("a")).await.unwrap();
    assert_eq!(load(&forever, "s").await.turns[0].expires_at_epoch_secs, None);
    endpoint.seen();
    hour.append(&key("s"), append("b")).await.unwrap();
    assert_eq!(endpoint.seen().len(), 1);
    let Resp::Integer(ttl) = endpoint.redis.call(&["TTL", "s"]).await else { panic!() };
    assert!((3_500..=3_600).contains(&ttl), "{ttl}");
    let stored = &load(&hour, "s").await.turns[1];
    let left = stored.expires_at_epoch_secs.unwrap() - stored.stored_at_epoch_secs.unwrap();
    assert!((3_590..=3_700).contains(&left), "{left}");
    assert!(hour.capabilities().expiry && !forever.capabilities().expiry);

    endpoint.redis.call(&["PEXPIRE", "s", "1"]).await;
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let recent = load(&hour, "s").await;
    assert_eq!((recent.state, recent.turns.len(), recent.position), (SessionState::New, 0, None));
    hour.append(&key("s"), append("c")).await.unwrap();
    assert_eq!(ids(&load(&hour, "s").await.turns), ["c"]);
}

#[tokio::test]
async fn a_clear_is_complete_and_says_how_much_it_removed() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    endpoint.redis.call(&["LPUSH", "s", r#"{"type":"human","text":"old"}"#, "plain text"]).await;
    for id in ["a", "b"] {
        store.append(&key("s"), append(id).exact()).await.unwrap();
    }
    store.set_note(&key("s"), "summary", "so far", 0).await.unwrap();
    let cleared = store.clear(&key("s")).await.unwrap();
    assert_eq!((cleared.turns, cleared.messages, cleared.usage.requests), (3, 5, 1));
    assert_eq!(endpoint.redis.call(&["KEYS", "*"]).await, Resp::Array(vec![]));
    assert_eq!(load(&store, "s").await.state, SessionState::New);
    let cleared = store.clear(&key("s")).await.unwrap();
    assert_eq!((cleared.turns, cleared.messages), (0, 0));
    assert!(!store.append(&key("s"), append("a").exact()).await.unwrap().duplicate);
}

#[tokio::test]
async fn sessions_of_any_unicode_are_kept_apart() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let long = "é".repeat(1_024);
    let sessions = [" ", "\u{0}", "日本語 😀", "a*b?[c]", "a*b?[d]", "{x}:y", "\"\\\r\n", &long];
    for (number, session) in sessions.iter().enumerate() {
        store.append(&key(session), append(&number.to_string())).await.unwrap();
    }
    for (number, session) in sessions.iter().enumerate() {
        assert_eq!(ids(&load(&store, session).await.turns), [number.to_string()]);
    }
}

#[tokio::test]
async fn what_has_no_place_is_refused_before_anything_is_sent() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let scoped = SessionKey { scope: Scope::new("team").unwrap(), session: SessionId::new("s").unwrap() };
    let error = store.append(&scoped, append("a")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported);
    for side in ["s:cm:ids", "s:cm:notes"] {
        let error = store.append(&key(side), append("a")).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "sessionId"));
    }
    let error = store.append(&key("s"), Append::new(Turn::new([]))).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "messages"));
    assert!(endpoint.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_of_many_tasks_all_survive() {
    let endpoint = Endpoint::start().await;
    let store = Arc::new(store(&endpoint));
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in 0..5 {
                    store.append(&key("s"), append(&format!("{task}-{number}"))).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let recent = load(&store, "s").await;
    assert_eq!(recent.turns.len(), 64 * 5);
    for task in 0..64 {
        let prefix = format!("{task}-");
        let own: Vec<_> = ids(&recent.turns).into_iter().filter(|id| id.starts_with(&prefix)).collect();
        assert_eq!(own, (0..5).map(|number| format!("{prefix}{number}")).collect::<Vec<_>>());
    }
    assert!(recent.turns.iter().all(|turn| turn.messages.len() == 2));
}

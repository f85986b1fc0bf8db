//! A conversation as a session, beside Mem0's own store on the same item.

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::dynamodb::mem0::conversation::{ConversationConfig, ConversationStore};
use canvas_memory::error::ErrorKind;
use canvas_memory::message::{Message, Role, ToolCall};
use canvas_memory::session::{Scope, SessionId, SessionKey, Turn};
use canvas_memory::store::{
    After, Append, ChatStore, Consistency, MessageRef, Page, Recent, SessionState, Window,
};

use crate::bench::{Bench, THEN, raw, text};

fn of(user: &str, conversation: &str) -> SessionKey {
    SessionKey { scope: Scope::new(user).unwrap(), session: SessionId::new(conversation).unwrap() }
}

async fn load(store: &ConversationStore, key: &SessionKey) -> Recent {
    store.recent(key, Window::Everything, Consistency::Strong).await.unwrap()
}

/// An exchange with a tool, and a field that no API knows.
fn rich() -> Turn {
    let mut question = Message::user("Weather?");
    question.name = Some("ann".to_owned());
    question.extra.insert("trace".to_owned(), raw("1.10"));
    let mut call = Message::assistant("");
    call.tool_calls.push(ToolCall::new("c1", "weather", raw(r#"{"city":"Paris","n":1.10}"#)));
    let turn = [question, call, Message::tool("c1", "21"), Message::assistant("21 degrees 😀")];
    Turn::new(turn)
}

#[tokio::test]
async fn a_conversation_of_mem0_goes_on_as_a_session_and_with_mem0_again() {
    let bench = Bench::start().await;
    bench.put_fixture().await;
    let store = bench.conversations(None);
    let key = of("test_user", "test_user:1795168631");
    let loaded = load(&store, &key).await;
    assert_eq!(loaded.turns[0].messages, [Message::user("hello")]);
    let turn = rich();
    let near = After::Near(loaded.position.unwrap());
    let appended = store.append(&key, Append::new(turn.clone()).after(near)).await.unwrap();
    assert_eq!(appended.usage.requests, 2);

    // Every message is one that an API takes, and Mem0's is as it was.
    let item = bench.item("test_user", key.session.as_str()).await.unwrap();
    let messages = item["messages"].as_s().unwrap();
    let expected = concat!(
        r#"[{"role": "user", "content": "hello"}, "#,
        r#"{"role":"user","content":"Weather?","name":"ann"}, "#,
        r#"{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":"#,
        r#"{"name":"weather","arguments":"{\"city\":\"Paris\",\"n\":1.10}"}}]}, "#,
        r#"{"role":"tool","content":"21","tool_call_id":"c1"}, "#,
        r#"{"role":"assistant","content":"21 degrees 😀"}]"#,
    );
    assert_eq!(messages, expected);

    // Python spells it anew, without the oldest message and with one more.
    let python = concat!(
        r#"[{"role": "user", "content": "Weather?", "name": "ann"}, "#,
        r#"{"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "type": "function", "function": "#,
        r#"{"name": "weather", "arguments": "{\"city\":\"Paris\",\"n\":1.10}"}}]}, "#,
        r#"{"role": "tool", "content": "21", "tool_call_id": "c1"}, "#,
        r#"{"role": "assistant", "content": "21 degrees \ud83d\ude00"}, "#,
        r#"{"role": "user", "content": "Thanks"}]"#,
    );
    bench.mem0_updates("test_user", key.session.as_str(), python).await;
    let loaded = load(&store, &key).await;
    assert_eq!(loaded.turns.len(), 2, "{loaded:?}");
    assert_eq!(loaded.turns[0].id, Some(turn.id.clone()));
    assert_eq!(loaded.turns[0].messages, turn.messages);
    assert_eq!(loaded.turns[1].messages, [Message::user("Thanks")]);
    let again = store.append(&key, Append::new(turn)).await.unwrap();
    assert!(again.duplicate, "its id is known wherever it lies");

    // A turn that Mem0 rewrites is one of Mem0's.
    bench.mem0_updates("test_user", key.session.as_str(), &python.replace("21 degrees", "22 degrees")).await;
    let loaded = load(&store, &key).await;
    assert_eq!(loaded.turns[0].id, None);
    assert_eq!(loaded.turns[0].messages[3].text(), "22 degrees 😀");
    store.append(&key, Append::new(Turn::new([Message::user("Bye")]))).await.unwrap();
    assert_eq!(load(&store, &key).await.turns.len(), 3);
}

#[tokio::test]
async fn mem0_and_a_host_that_append_in_turns_lose_nothing() {
    let bench = Bench::start().await;
    let (store, key) = (bench.conversations(None), of("ann", "chat-1"));
    let mut turns = Vec::new();
    for n in 0..6 {
        let turn = Turn::new([Message::user(format!("q{n}")), Message::assistant("same answer")]);
        store.append(&key, Append::new(turn.clone())).await.unwrap();
        turns.push(turn.messages);
        let item = bench.item("ann", "chat-1").await.unwrap();
        let mut messages: Vec<serde_json::Value> =
            serde_json::from_str(item["messages"].as_s().unwrap()).unwrap();
        messages.push(serde_json::json!({"role": "user", "content": "same question"}));
        bench.mem0_updates("ann", "chat-1", &serde_json::to_string_pretty(&messages).unwrap()).await;
        turns.push(vec![Message::user("same question")]);
    }
    let loaded = load(&store, &key).await;
    let found: Vec<_> = loaded.turns.iter().map(|turn| turn.messages.clone()).collect();
    assert_eq!(found, turns);
    assert_eq!(loaded.turns.iter().filter(|turn| turn.id.is_some()).count(), 6);
}

#[tokio::test]
async fn what_mem0_keeps_beside_messages_stays_and_its_fields_inside_too() {
    let bench = Bench::start().await;
    let (store, key) = (bench.conversations(None), of("ann", "ann:1795168630"));
    let odd = r#"{"role": "user", "content": "cut \ud83d", "n": 12345678901234567890.10, "id": "m1"}"#;
    let item = [
        ("user_id", text("ann")),
        ("conversation_id", text("ann:1795168630")),
        ("messages", text(&format!("[{odd},\n {odd}]"))),
        ("timestamp", AttributeValue::N("1795168630.5".to_owned())),
        ("metadata", text("not JSON")),
        ("someone_else", AttributeValue::Ns(vec!["1".to_owned()])),
    ];
    bench.put(item.map(|(name, value)| (name.to_owned(), value)).into()).await;
    store.append(&key, Append::new(Turn::new([Message::user("hi")]))).await.unwrap();
    let turns = load(&store, &key).await.turns;
    assert_eq!(turns[0].messages[0].id.as_deref(), Some("m1"));
    let at = MessageRef { position: turns[0].position.clone(), turn_id: None, index: 0 };
    let edited = Message { parts: Message::user("whole").parts, ..turns[0].messages[0].clone() };
    store.edit_message(&key, &at, edited).await.unwrap();

    let after = bench.item("ann", "ann:1795168630").await.unwrap();
    let whole = r#"{"role":"user","content":"whole","id":"m1","n":12345678901234567890.10}"#;
    let expected = format!(r#"[{whole}, {odd}, {{"role":"user","content":"hi"}}]"#);
    assert_eq!(after["messages"], text(&expected));
    assert_eq!(after["metadata"], text("not JSON"));
    assert_eq!(after["someone_else"], AttributeValue::Ns(vec!["1".to_owned()]));
    assert_eq!(after["timestamp"], AttributeValue::N("1795168630.5".to_owned()));
}

#[tokio::test]
async fn a_scope_is_a_user_unless_the_node_names_one() {
    let bench = Bench::start().await;
    let store = bench.conversations(None);
    for scope in ["local", "ann"] {
        let turn = Turn::new([Message::user(scope)]);
        store.append(&of(scope, "c"), Append::new(turn)).await.unwrap();
        assert!(bench.item(scope, "c").await.is_some());
        let listed = store.sessions(&Scope::new(scope).unwrap(), Page::default()).await.unwrap();
        assert_eq!(listed.sessions.len(), 1);
        assert_eq!(listed.sessions[0].last_active_epoch_secs, Some(THEN));
    }
    let config =
        ConversationConfig { user_id: Some("bob".to_owned()), ..ConversationConfig::new("conversations") };
    let of_bob = ConversationStore::new(bench.client(), config).unwrap();
    of_bob.append(&of("local", "c"), Append::new(Turn::new([Message::user("b")]))).await.unwrap();
    assert!(bench.item("bob", "c").await.is_some());
    assert!(!of_bob.capabilities().scopes);
    let error =
        of_bob.append(&of("ann", "c"), Append::new(Turn::new([Message::user("b")]))).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_session_id_longer_than_a_sort_key_is_kept_whole() {
    let bench = Bench::start().await;
    let store = bench.conversations(None);
    let ids = ["é".repeat(1_000), format!("{}x", "é".repeat(1_000)), "é".repeat(500)];
    for id in &ids {
        let turn = Turn::new([Message::user(id.as_str())]);
        store.append(&of("ann", id), Append::new(turn)).await.unwrap();
    }
    let listed = store.sessions(&Scope::new("ann").unwrap(), Page::default()).await.unwrap().sessions;
    let mut listed: Vec<_> = listed.iter().map(|entry| entry.session.as_str()).collect();
    listed.sort_unstable_by_key(|id| id.len());
    assert_eq!(listed, [ids[2].as_str(), &ids[0], &ids[1]]);
    for id in &ids {
        assert_eq!(load(&store, &of("ann", id)).await.turns[0].messages[0].text(), *id);
    }
}

#[tokio::test]
async fn a_conversation_that_is_deleted_is_not_continued_where_it_ended() {
    let bench = Bench::start().await;
    let (store, key) = (bench.conversations(None), of("ann", "c"));
    let first = store.append(&key, Append::new(Turn::new([Message::user("old")]))).await.unwrap();
    store.set_note(&key, "summary", "old things", 0).await.unwrap();
    assert!(store.delete("ann", "c").await.unwrap().existed);
    let exactly =
        Append::new(Turn::new([Message::user("x")])).after(After::Exactly(Some(first.position.clone())));
    let error = store.append(&key, exactly).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Conflict { position: None });
    assert!(bench.item("ann", "c").await.is_none());

    let near = Append::new(Turn::new([Message::user("new")])).after(After::Near(first.position));
    store.append(&key, near).await.unwrap();
    let loaded = load(&store, &key).await;
    assert_eq!((loaded.turns.len(), loaded.notes.len(), loaded.state), (1, 0, SessionState::Present));
    assert_eq!(loaded.turns[0].messages[0].text(), "new");
}

#[tokio::test]
async fn a_full_conversation_is_refused_with_the_way_out_and_nothing_is_lost() {
    let bench = Bench::start().await;
    let (store, key) = (bench.conversations(None), of("ann", "c"));
    let big = |n: u32| Turn::new([Message::user(format!("{n}{}", "x".repeat(100_000)))]);
    for n in 0..4 {
        store.append(&key, Append::new(big(n))).await.unwrap();
    }
    let before = bench.item("ann", "c").await.unwrap();
    let error = store.append(&key, Append::new(big(5))).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("layout turns"), "{error}");
    assert_eq!(bench.item("ann", "c").await.unwrap(), before);
    let loaded = load(&store, &key).await;
    assert!(loaded.fill.unwrap().is_near_limit());
    assert_eq!(loaded.turns.len(), 4);
}

#[tokio::test]
async fn a_load_is_one_request_and_an_append_two_at_units_that_can_be_foretold() {
    let bench = Bench::start().await;
    let (store, key) = (bench.conversations(None), of("ann", "c"));
    for n in 0..200 {
        let before = bench.item("ann", "c").await;
        let bytes =
            |item: &canvas_memory::dynamodb::size::Item| canvas_memory::dynamodb::size::item_bytes(item);
        let turn = Turn::new([Message::user(format!("q{n}")), Message::assistant("a")]);
        let appended = store.append(&key, Append::new(turn)).await.unwrap();
        let after = bench.item("ann", "c").await.unwrap();
        let read = before.as_ref().map_or(0, bytes).div_ceil(4_096).max(1) as f64;
        let written = bytes(&after).div_ceil(1_024) as f64;
        let usage = appended.usage;
        assert_eq!((usage.requests, usage.read_units, usage.write_units), (2, read, written), "turn {n}");
    }
    assert_eq!(load(&store, &key).await.usage.requests, 1);
}

#[tokio::test]
async fn messages_that_are_no_text_are_corrupt_and_stay() {
    let bench = Bench::start().await;
    let (store, key) = (bench.conversations(None), of("ann", "c"));
    for bad in
        [text("{\"role\":"), text("{}"), AttributeValue::L(Vec::new()), AttributeValue::N("1".to_owned())]
    {
        let item = [("user_id", text("ann")), ("conversation_id", text("c")), ("messages", bad)];
        let item: canvas_memory::dynamodb::size::Item =
            item.map(|(name, value)| (name.to_owned(), value)).into();
        bench.put(item.clone()).await;
        let loaded = store.recent(&key, Window::Everything, Consistency::Strong).await;
        assert_eq!(*loaded.unwrap_err().kind(), ErrorKind::Corrupt);
        let appended = store.append(&key, Append::new(Turn::new([Message::new(Role::User, "a")]))).await;
        assert_eq!(*appended.unwrap_err().kind(), ErrorKind::Corrupt);
        let noted = store.set_note(&key, "summary", "a", 0).await;
        assert_eq!(*noted.unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(bench.item("ann", "c").await.unwrap(), item);
    }
    assert_eq!(store.clear(&key).await.unwrap().turns, 0);
    assert!(bench.item("ann", "c").await.is_none());
}

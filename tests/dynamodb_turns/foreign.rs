//! Rows of other programs, scopes, and ids of any kind.

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::dynamodb::size::Item;
use canvas_memory::dynamodb::turns::TurnsConfig;
use canvas_memory::message::{Message, Role};
use canvas_memory::session::{Scope, SessionId, SessionKey, Turn};
use canvas_memory::store::{After, Append, ChatStore, SessionState};
use canvas_memory::{ErrorKind, dynamodb::turns::TurnsStore};

use crate::bench::{Bench, TABLE, key, page, s, turn};

/// What LangChain JS writes on a table with a sort key.
fn langchain_item(session: &str, messages: &[(&str, &str)]) -> Item {
    let elements = messages.iter().map(|(kind, text)| {
        AttributeValue::M(
            [("type", *kind), ("text", *text), ("additional_kwargs", "{}")]
                .map(|(name, value)| (name.to_owned(), s(value)))
                .into(),
        )
    });
    Item::from([
        ("SessionId".to_owned(), s(session)),
        ("SK".to_owned(), s("SK")),
        ("messages".to_owned(), AttributeValue::L(elements.collect())),
    ])
}

#[tokio::test]
async fn what_langchain_js_left_is_the_oldest_part_and_stays_as_it_is() {
    let bench = Bench::start().await;
    let key = key("s");
    let item = langchain_item("s", &[("human", "a"), ("ai", "b"), ("human", "c"), ("ai", "d")]);
    bench.put(item.clone()).await;
    let loaded = bench.all(&key).await;
    assert_eq!((loaded.usage.requests, loaded.turns.len(), loaded.complete), (1, 2, true));
    assert_eq!(loaded.turns[1].messages, [Message::user("c"), Message::new(Role::Assistant, "d")]);
    assert_eq!(loaded.position.as_ref(), Some(&loaded.turns[1].position));

    let none = Append::new(turn("e")).after(After::Exactly(None));
    assert!(matches!(bench.store.append(&key, none).await.unwrap_err().kind(), ErrorKind::Conflict { .. }));
    let here = Append::new(turn("e")).after(After::Exactly(loaded.position.clone()));
    bench.store.append(&key, here).await.unwrap();
    assert_eq!(bench.texts(&key).await, ["a", "c", "e"]);
    assert_eq!(bench.streamed(&key).await, ["a", "c", "e"]);
    let last = bench.last(&key, 2).await;
    assert_eq!(
        (crate::bench::texts(&last.turns), last.complete),
        (vec!["c".to_owned(), "e".to_owned()], false)
    );
    assert!(bench.last(&key, 3).await.complete);
    assert_eq!(bench.item("s", "SK").await.unwrap(), item);

    let cleared = bench.store.clear(&key).await.unwrap();
    assert_eq!((cleared.turns, cleared.messages), (3, 6));
    assert!(bench.item("s", "SK").await.is_none());
}

#[tokio::test]
async fn an_append_after_langchain_js_went_on_is_a_conflict() {
    let bench = Bench::start().await;
    let key = key("s");
    bench.put(langchain_item("s", &[("human", "a"), ("ai", "b")])).await;
    let before = bench.all(&key).await.position;
    bench.put(langchain_item("s", &[("human", "x"), ("ai", "y")])).await;
    let append = Append::new(turn("c")).after(After::Exactly(before));
    assert!(matches!(bench.store.append(&key, append).await.unwrap_err().kind(), ErrorKind::Conflict { .. }));
}

#[tokio::test]
async fn an_element_that_is_no_message_is_told_and_an_item_that_is_none_is_not_empty() {
    let bench = Bench::start().await;
    let mut bad = langchain_item("s", &[("human", "a")]);
    let Some(AttributeValue::L(elements)) = bad.get_mut("messages") else { panic!("{bad:?}") };
    elements.push(s("no message"));
    bench.put(bad).await;
    let mut broken = langchain_item("t", &[]);
    broken.insert("messages".to_owned(), s("not a list"));
    bench.put(broken).await;
    let loaded = bench.all(&key("s")).await;
    assert_eq!((loaded.turns.len(), loaded.unreadable.len()), (1, 1));
    let window = canvas_memory::store::Window::Everything;
    let error = bench.store.recent(&key("t"), window, Default::default()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("key SK"), "{error}");
}

#[tokio::test]
async fn rows_of_other_programs_in_the_partition_do_not_disturb() {
    let bench = Bench::start().await;
    let key = key("s");
    let foreign: Vec<String> =
        ["META", "SK#", "SK#1", "SK#00000000000x", "SK#abc", "SKX", "!note", "~", "zzz", "0"]
            .map(str::to_owned)
            .into_iter()
            .chain((0..30).map(|n| format!("SK#{n:011}")))
            .collect();
    for sort in &foreign {
        let row = [("SessionId", s("s")), ("SK", s(sort)), ("msgs", s("theirs")), ("barrier", s("x"))];
        bench.put(row.map(|(name, value)| (name.to_owned(), value)).into()).await;
    }
    assert_eq!(bench.all(&key).await.state, SessionState::New);
    for n in 0..4 {
        bench.say(&key, &n.to_string()).await;
    }
    assert_eq!(bench.texts(&key).await, ["0", "1", "2", "3"]);
    assert_eq!(bench.streamed(&key).await, ["0", "1", "2", "3"]);
    let last = bench.last(&key, 4).await;
    assert_eq!((last.turns.len(), last.complete, last.unreadable.len()), (4, true, 0));
    assert_eq!(bench.store.clear(&key).await.unwrap().turns, 4);
    bench.store.sweep(&key, page(100, None)).await.unwrap();
    for sort in &foreign {
        assert_eq!(bench.item("s", sort).await.unwrap()["msgs"], s("theirs"), "{sort}");
    }
}

#[tokio::test]
async fn scopes_and_ids_that_look_like_ours_are_kept_apart() {
    let bench = Bench::start().await;
    let sessions = [
        ("local", "x"),
        ("team", "x"),
        ("team2", "x"),
        ("local", "canvas-memory:scope:team:x"),
        ("local", "canvas-memory:local:x"),
        ("local", "canvas-memory:sessions:local"),
        ("team", "canvas-memory:local:x"),
        ("local", "日本語 😀\u{0}\u{10FFFF}"),
        ("team", " "),
    ];
    let keys: Vec<_> = sessions
        .iter()
        .map(|(scope, session)| SessionKey {
            scope: Scope::new(*scope).unwrap(),
            session: SessionId::new(*session).unwrap(),
        })
        .collect();
    for (n, key) in keys.iter().enumerate() {
        bench.say(key, &n.to_string()).await;
    }
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(bench.texts(key).await, [n.to_string()]);
        let listed = bench.store.sessions(&key.scope, page(100, None)).await.unwrap().sessions;
        assert!(listed.iter().any(|entry| entry.session == key.session));
        assert!(
            listed.iter().all(|entry| { sessions.contains(&(key.scope.as_str(), entry.session.as_str())) })
        );
    }
    bench.store.clear(&keys[0]).await.unwrap();
    assert_eq!(bench.texts(&keys[1]).await, ["1"]);
    let too_long = SessionKey {
        scope: Scope::new("team").unwrap(),
        session: SessionId::new("x".repeat(2_048)).unwrap(),
    };
    let error = bench.store.append(&too_long, Append::new(turn("x"))).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "sessionId"));
    bench.say(&SessionKey { scope: Scope::default(), ..too_long }, "fits").await;
}

#[tokio::test]
async fn what_is_not_understood_is_kept_byte_for_byte() {
    let bench = Bench::start().await;
    let json = r#"[{"role":"critic","content":[{"type":"image","n":1.10}],"name":"c"},{"role":"assistant","content":"cut \ud83d","tool_calls":[{"id":"1","name":"f","arguments":{"x":12345678901234567890.10}}],"trace":[1e400,null]},{"role":"tool","content":"","tool_call_id":"1"}]"#;
    let messages: Vec<Message> = serde_json::from_str(json).unwrap();
    bench.store.append(&key("s"), Append::new(Turn::new(messages))).await.unwrap();
    let loaded = bench.all(&key("s")).await;
    assert_eq!(serde_json::to_string(&loaded.turns[0].messages).unwrap(), json);
}

#[tokio::test]
async fn names_that_collide_are_refused() {
    let bench = Bench::start().await;
    let field = |config: TurnsConfig| match TurnsStore::new(bench.client.clone(), config).unwrap_err().kind()
    {
        ErrorKind::InvalidInput { field } => field.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(field(TurnsConfig::new("", "id", "sk")), "tableName");
    assert_eq!(field(TurnsConfig::new(TABLE, "tid", "sk")), "partitionKey");
    assert_eq!(field(TurnsConfig::new(TABLE, "id", "id")), "sortKey");
    assert_eq!(field(TurnsConfig::new(TABLE, "id", "!id")), "sortKey");
    let day = std::num::NonZeroU64::new(86_400).unwrap();
    assert_eq!(field(TurnsConfig::new(TABLE, "id", "sk").expiring("sk", day)), "expiryAttribute");
    let nameless = TurnsConfig { ttl_secs: Some(day), ..TurnsConfig::new(TABLE, "id", "sk") };
    assert_eq!(field(nameless), "expiryAttribute");
}

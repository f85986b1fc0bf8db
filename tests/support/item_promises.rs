//! What both layouts with one item a session promise, as tests over the wire.
#![allow(dead_code, reason = "each test file uses its part of this one")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::item_per_session::{Codec, ItemConfig, ItemPerSession};
use canvas_memory::dynamodb::size::{self, Item};
use canvas_memory::dynamodb::{DynamoClient, Timeouts};
use canvas_memory::json::RawJson;
use canvas_memory::message::{Message, Part, Role, ToolCall};
use canvas_memory::session::{Position, Scope, SessionKey, TokenCount, Turn, TurnId};
use canvas_memory::store::{
    After, Append, ChatStore, Consistency, MessageRef, Page, Recent, SessionState, Window,
};
use canvas_memory::{Error, ErrorKind};

use crate::dynoxide_engine::{Dynoxide, config_at};
use crate::item::{get, push, put, text};
use crate::raw_server::{Answer, serve};

const TABLE: &str = "chat";
const KEY: &str = "SessionId";

/// A store on an engine of its own.
pub(crate) struct Bench<C> {
    pub(crate) engine: Dynoxide,
    pub(crate) client: DynamoClient,
    pub(crate) clock: Clock,
    pub(crate) store: ItemPerSession<C>,
}

pub(crate) async fn bench<C: Codec>(adjust: impl FnOnce(&mut ItemConfig)) -> Bench<C> {
    let engine = Dynoxide::start();
    let clock = Clock::manual(1_700_000_000);
    let mut config = ItemConfig::new(TABLE, KEY);
    adjust(&mut config);
    let client = engine.table(TABLE, KEY, config.sort_key.as_deref(), clock.clone()).await;
    let store = ItemPerSession::new(client.clone(), config).unwrap();
    Bench { engine, client, clock, store }
}

pub(crate) fn key(id: &str) -> SessionKey {
    SessionKey::local(id).unwrap()
}

pub(crate) fn exchange(nth: usize) -> Turn {
    Turn::new([Message::user(format!("question {nth}")), Message::assistant(format!("answer {nth}"))])
}

impl<C: Codec> Bench<C> {
    pub(crate) async fn append(&self, id: &str, turn: &Turn) -> Position {
        let appended = self.store.append(&key(id), Append::new(turn.clone())).await.unwrap();
        assert!(!appended.duplicate);
        appended.position
    }

    pub(crate) async fn load(&self, id: &str) -> Recent {
        self.store.recent(&key(id), Window::Everything, Consistency::Strong).await.unwrap()
    }

    pub(crate) async fn stored(&self, id: &str) -> Item {
        get(&self.client, TABLE, &[(KEY, id)]).await.unwrap()
    }

    async fn refused(&self, id: &str, append: Append) -> Error {
        self.store.append(&key(id), append).await.unwrap_err()
    }
}

fn messages(recent: &Recent) -> Vec<Message> {
    recent.turns.iter().flat_map(|turn| turn.messages.clone()).collect()
}

fn elements(item: &Item, list: &str) -> Vec<AttributeValue> {
    item[list].as_l().unwrap().clone()
}

/// A message as another program would write it.
fn foreign<C: Codec>(message: &Message) -> AttributeValue {
    C::encode(message, None).unwrap()
}

pub(crate) async fn each_call_is_one_request_and_pays_for_the_item<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let long = "x".repeat(700);
    for nth in 0..20 {
        let turn = Turn::new([Message::user(format!("{nth} {long}")), Message::assistant("ok")]);
        let after = match bench.load("s").await.position {
            Some(position) if nth % 2 == 0 => After::Near(position),
            _ => After::End,
        };
        let appended = bench.store.append(&key("s"), Append::new(turn).after(after)).await.unwrap();
        let bytes = size::item_bytes(&bench.stored("s").await);
        assert_eq!(appended.usage.requests, 1);
        assert_eq!(appended.usage.write_units, size::write_units(bytes) as f64);
        assert!(appended.usage.bytes_sent > 700);
        let recent = bench.load("s").await;
        assert_eq!(recent.position.as_ref(), Some(&appended.position));
        assert_eq!(recent.usage.requests, 1);
        assert_eq!(recent.usage.read_units, bytes.div_ceil(4096) as f64);
        assert_eq!(recent.fill.unwrap().bytes, bytes);
        let eventual =
            bench.store.recent(&key("s"), Window::Everything, Consistency::Eventual).await.unwrap();
        assert_eq!(eventual.usage.read_units, bytes.div_ceil(4096) as f64 / 2.0);
    }
}

pub(crate) async fn our_fields_cost_at_most_200_bytes_a_turn<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let turns: Vec<_> = (0..50).map(exchange).collect();
    let mut bare = Vec::new();
    for turn in &turns {
        let mut turn = turn.clone();
        turn.tokens = Some(TokenCount { tokenizer: "o200k_base".to_owned(), count: 12_345 });
        bench.append("s", &turn).await;
        bare.extend(turn.messages.iter().map(foreign::<C>));
    }
    let bare = Item::from([(KEY.to_owned(), text("s")), (C::ATTRIBUTE.to_owned(), AttributeValue::L(bare))]);
    let ours = size::item_bytes(&bench.stored("s").await) - size::item_bytes(&bare);
    assert!(ours <= 200 * turns.len() as u64, "{ours}");
}

pub(crate) async fn a_turn_id_has_one_effect<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let first = exchange(1);
    let position = bench.append("s", &first).await;
    for nth in 2..40 {
        bench.append("s", &exchange(nth)).await;
    }
    let stale = After::Near(position.clone());
    for after in [After::End, stale, After::Exactly(None), After::Exactly(Some(position.clone()))] {
        let again = bench.store.append(&key("s"), Append::new(first.clone()).after(after)).await.unwrap();
        assert!(again.duplicate);
        assert_eq!(again.position, position);
        assert!(again.usage.write_units >= 1.0, "a refused condition is charged");
    }
    assert_eq!(bench.load("s").await.turns.len(), 39);

    let other = Turn::with_id(first.id.clone(), [Message::user("something else")]);
    let reused = bench.refused("s", Append::new(other)).await;
    assert_eq!(*reused.kind(), ErrorKind::TurnIdReused);
    assert!(!reused.to_string().contains("something else"));
    assert_eq!(bench.load("s").await.turns.len(), 39);
}

pub(crate) async fn an_expected_position_conflicts_when_the_session_moved_on<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let exactly =
        |position: &Position, nth| Append::new(exchange(nth)).after(After::Exactly(Some(position.clone())));
    let missing = bench.refused("s", exactly(&Position::new("2.0.none"), 0)).await;
    assert_eq!(*missing.kind(), ErrorKind::Conflict { position: None });

    let first = Append::new(exchange(1)).after(After::Exactly(None));
    let first = bench.store.append(&key("s"), first).await.unwrap().position;
    let second = bench.store.append(&key("s"), exactly(&first, 2)).await.unwrap();
    assert_eq!(second.usage.requests, 1);
    let second = second.position;

    let conflict = ErrorKind::Conflict { position: Some(second.clone()) };
    assert_eq!(*bench.refused("s", exactly(&first, 3)).await.kind(), conflict);
    let none = Append::new(exchange(3)).after(After::Exactly(None));
    assert_eq!(*bench.refused("s", none).await.kind(), conflict);
    let near = Append::new(exchange(3)).after(After::Near(first.clone()));
    assert!(!bench.store.append(&key("s"), near).await.unwrap().duplicate);

    let bad = bench.refused("s", exactly(&Position::new("000000000001"), 9)).await;
    assert!(matches!(bad.kind(), ErrorKind::InvalidInput { field } if field == "position"), "{bad}");
    assert_eq!(bench.load("s").await.turns.len(), 3);
}

pub(crate) async fn clear_then_append_does_not_fool_a_position<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let before = bench.append("s", &exchange(1)).await;
    bench.store.clear(&key("s")).await.unwrap();
    // Same length, same texts, another turn.
    let now = bench.append("s", &exchange(1)).await;
    let stale = Append::new(exchange(2)).after(After::Exactly(Some(before)));
    assert_eq!(*bench.refused("s", stale).await.kind(), ErrorKind::Conflict { position: Some(now) });
}

pub(crate) async fn a_position_after_foreign_messages_is_exact_too<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let says =
        |message: Message| push(&bench.client, TABLE, (KEY, "s"), C::ATTRIBUTE, foreign::<C>(&message));
    says(Message::user("hi")).await;
    says(Message::assistant("hello")).await;
    let position = bench.load("s").await.position.unwrap();
    let exactly = Append::new(exchange(1)).after(After::Exactly(Some(position.clone())));
    let ours = bench.store.append(&key("s"), exactly).await.unwrap().position;
    says(Message::user("and?")).await;
    let late = Append::new(exchange(2)).after(After::Exactly(Some(position)));
    assert!(matches!(bench.refused("s", late).await.kind(), ErrorKind::Conflict { position: Some(_) }));
    let late = Append::new(exchange(2)).after(After::Exactly(Some(ours)));
    assert!(matches!(bench.refused("s", late).await.kind(), ErrorKind::Conflict { position: Some(_) }));
    let lengths: Vec<_> = bench.load("s").await.turns.iter().map(|turn| turn.messages.len()).collect();
    assert_eq!(lengths, [2, 2, 1]);
}

pub(crate) async fn an_expired_session_is_not_returned_and_not_revived<C: Codec>() {
    let bench = bench::<C>(|config| {
        config.expiry_attribute = Some("expireAt".to_owned());
        config.ttl_secs = NonZeroU64::new(60);
    })
    .await;
    let old = bench.append("s", &exchange(1)).await;
    bench.append("other", &exchange(1)).await;
    assert_eq!(bench.load("s").await.turns[0].expires_at_epoch_secs, Some(1_700_000_060));
    assert!(bench.store.set_note(&key("s"), "summary", "old", 0).await.is_ok());
    bench.clock.set(1_700_000_060);
    let expired = bench.load("s").await;
    assert_eq!((expired.state, expired.turns.len(), expired.position), (SessionState::Expired, 0, None));
    assert!(expired.notes.is_empty());
    assert_eq!(bench.store.note(&key("s"), "summary").await.unwrap().note, None);
    assert!(bench.store.sessions(&Scope::default(), Page::default()).await.unwrap().sessions.is_empty());
    assert_eq!(bench.store.clear(&key("other")).await.unwrap().turns, 0);

    let gone = Append::new(exchange(2)).after(After::Exactly(Some(old)));
    assert_eq!(*bench.refused("s", gone).await.kind(), ErrorKind::Conflict { position: None });
    let appended = bench.store.append(&key("s"), Append::new(exchange(2))).await.unwrap();
    assert!(!appended.duplicate);
    let recent = bench.load("s").await;
    assert_eq!(recent.position, Some(appended.position));
    assert_eq!(messages(&recent), exchange(2).messages);
    assert_eq!(recent.turns[0].expires_at_epoch_secs, Some(1_700_000_120));
    assert!(recent.notes.is_empty());
}

pub(crate) async fn one_bad_element_is_reported_and_does_not_hide_the_rest<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    bench.append("s", &exchange(1)).await;
    let bad = AttributeValue::N("7".to_owned());
    push(&bench.client, TABLE, (KEY, "s"), C::ATTRIBUTE, bad.clone()).await;
    bench.append("s", &exchange(2)).await;
    let recent = bench.load("s").await;
    assert_eq!(messages(&recent).len(), 4);
    assert_eq!(recent.unreadable.len(), 1);
    assert!(recent.unreadable[0].key.ends_with("[2]"), "{:?}", recent.unreadable);
    assert_eq!(elements(&bench.stored("s").await, C::ATTRIBUTE)[2], bad);

    push(&bench.client, TABLE, (KEY, "bad"), C::ATTRIBUTE, bad).await;
    let error = bench.store.recent(&key("bad"), Window::Everything, Consistency::Strong).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    let item = Item::from([(KEY.to_owned(), text("worse")), (C::ATTRIBUTE.to_owned(), text("secret words"))]);
    put(&bench.client, TABLE, item.clone()).await;
    let corrupt =
        bench.store.recent(&key("worse"), Window::Everything, Consistency::Strong).await.unwrap_err();
    let mismatch = bench.refused("worse", Append::new(exchange(1))).await;
    for error in [corrupt, mismatch] {
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Mismatch), "{error}");
        assert!(error.to_string().contains(C::ATTRIBUTE), "{error}");
        assert!(!format!("{error:?}").contains("secret words"), "{error:?}");
    }
    assert_eq!(bench.stored("worse").await, item);
}

pub(crate) async fn what_others_wrote_is_left_as_it_is<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let mut theirs = foreign::<C>(&Message::user("theirs"));
    let AttributeValue::M(fields) = &mut theirs else { panic!("not a map") };
    fields.insert("score".to_owned(), AttributeValue::N("1.5".to_owned()));
    let item = Item::from([
        (KEY.to_owned(), text("s")),
        ("owner".to_owned(), AttributeValue::Ss(vec!["a".to_owned(), "b".to_owned()])),
        (C::ATTRIBUTE.to_owned(), AttributeValue::L(vec![theirs.clone()])),
    ]);
    put(&bench.client, TABLE, item.clone()).await;
    bench.append("s", &exchange(1)).await;
    bench.append("s", &exchange(2)).await;
    bench.store.set_note(&key("s"), "summary", "so far", 0).await.unwrap();
    let turn = &bench.load("s").await.turns[1];
    let at = MessageRef { position: turn.position.clone(), turn_id: turn.id.clone(), index: 0 };
    bench.store.delete_message(&key("s"), &at).await.unwrap();
    let stored = bench.stored("s").await;
    assert_eq!(stored["owner"], item["owner"]);
    assert_eq!(elements(&stored, C::ATTRIBUTE)[0], theirs);
    assert_eq!(messages(&bench.load("s").await).len(), 4);
}

pub(crate) async fn clear_counts_what_was_there<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let nothing = bench.store.clear(&key("s")).await.unwrap();
    assert_eq!((nothing.turns, nothing.messages), (0, 0));
    for nth in 0..3 {
        bench.append("s", &exchange(nth)).await;
    }
    push(&bench.client, TABLE, (KEY, "s"), C::ATTRIBUTE, foreign::<C>(&Message::user("?"))).await;
    let cleared = bench.store.clear(&key("s")).await.unwrap();
    assert_eq!((cleared.turns, cleared.messages, cleared.usage.requests), (4, 7, 1));
    let recent = bench.load("s").await;
    assert_eq!((recent.state, recent.position), (SessionState::New, None));
}

pub(crate) async fn a_full_item_says_the_way_out_and_loses_nothing<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let huge = Turn::new([Message::user("x".repeat(450_000))]);
    let error = bench.refused("s", Append::new(huge)).await;
    assert_eq!((error.kind().code(), error.usage().requests), ("too_large", 0));
    let big = |nth: usize| Turn::new([Message::user(format!("{nth}{}", "x".repeat(95_000)))]);
    for nth in 0..4 {
        bench.append("s", &big(nth)).await;
    }
    assert!(bench.load("s").await.fill.unwrap().is_near_limit());
    let error = bench.refused("s", Append::new(big(4))).await;
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("sort key"), "{error}");
    assert_eq!(bench.load("s").await.turns.len(), 4);
    bench.append("s", &exchange(5)).await;
}

pub(crate) async fn messages_of_every_shape_are_kept<C: Codec>() {
    let raw = |json: &str| RawJson::parse(json).unwrap();
    let call = |id: &str, arguments: &str| ToolCall::new(id, "get_weather", raw(arguments));
    let mut calls = Message::assistant("let me look");
    calls.tool_calls = vec![
        call("c1", r#"{"unit":"C","city":"Paris","n":1.10,"deep":[[{"a":null}]]}"#),
        call("c2", "{}"),
        call("c3", r#""{\"cut""#),
    ];
    let mut result = Message::tool("c1", r#"{"temp":21.5}"#);
    result.name = Some("get_weather".to_owned());
    let mut parts = Message::user("");
    parts.parts = vec![
        Part::Text("what is this? 👩‍👩‍👧‍👦".to_owned()),
        Part::image("image/png", "iVBORw0KGgo="),
        Part::Json(raw(r#""cut \ud83d""#)),
    ];
    let mut named = Message::user("named");
    named.name = Some("bob".to_owned());
    named.id = Some("m-1".to_owned());
    for (field, value) in [
        ("long", "123456789012345678901234567890.123456789012345678901234567890"),
        ("far", "1e400"),
        ("float", "1.0"),
        ("type", r#""message""#),
        ("text", "false"),
        ("cm", "3"),
        ("additional_kwargs", r#"{"tool_calls":[],"b":1,"a":2}"#),
        ("response_metadata", r#"{"canvas_memory":"theirs","finish":"stop"}"#),
        ("empty", r#"{"":""}"#),
    ] {
        named.extra.insert(field.to_owned(), raw(value));
    }
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let mut nested = Message::assistant("deep");
    nested.extra.insert("deep".to_owned(), raw(&deep));
    let bench = bench::<C>(|_| {}).await;
    let mut turn = Turn::new([
        Message::system("be brief"),
        parts,
        calls,
        result,
        named,
        nested,
        Message::assistant(""),
        Message::new(Role::from("critic"), "as a critic"),
        Message::new(Role::from("function"), "5"),
        Message::new(Role::Tool, "orphan"),
        Message::user("\u{0}\u{7} \u{2028}</script>"),
    ]);
    turn.tokens = Some(TokenCount { tokenizer: "o200k_base".to_owned(), count: 77 });
    bench.append("s", &turn).await;
    let recent = bench.load("s").await;
    assert_eq!(recent.turns.len(), 1);
    for (stored, message) in recent.turns[0].messages.iter().zip(&turn.messages) {
        assert_eq!(stored, message);
    }
    assert_eq!(recent.turns[0].messages.len(), turn.messages.len());
    assert_eq!(recent.turns[0].tokens, turn.tokens);
    assert_eq!(recent.turns[0].stored_at_epoch_secs, Some(1_700_000_000));
    assert!(bench.store.append(&key("s"), Append::new(turn)).await.unwrap().duplicate);
}

pub(crate) async fn session_ids_of_any_unicode_are_kept_apart<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let longest = "x".repeat(2_048);
    let ids = ["a", "A", " ", "日本語 😀", "e\u{301}", "é", "\u{0}", "canvas-memory:x", longest.as_str()];
    for (nth, id) in ids.iter().enumerate() {
        bench.append(id, &exchange(nth)).await;
    }
    for (nth, id) in ids.iter().enumerate() {
        assert_eq!(messages(&bench.load(id).await), exchange(nth).messages, "{id:?}");
    }
    let mut found = Vec::new();
    let mut page = Page { limit: NonZeroU32::new(2).unwrap(), token: None };
    loop {
        let listed = bench.store.sessions(&Scope::default(), page.clone()).await.unwrap();
        found.extend(listed.sessions.into_iter().map(|entry| entry.session.as_str().to_owned()));
        page.token = listed.next;
        if page.token.is_none() {
            break;
        }
    }
    found.sort();
    let mut expected: Vec<_> = ids.iter().map(ToString::to_string).collect();
    expected.sort();
    assert_eq!(found, expected);
}

pub(crate) async fn two_writers_both_survive<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let store = Arc::new(bench.store.clone());
    let writers = (0..24).map(|nth| {
        let store = store.clone();
        tokio::spawn(async move {
            let after = if nth % 2 == 0 { After::End } else { After::Near(Position::new("2.0.x")) };
            store.append(&key("s"), Append::new(exchange(nth)).after(after)).await.unwrap().position
        })
    });
    let mut positions = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        positions.push(writer.await.unwrap());
    }
    let recent = bench.load("s").await;
    assert_eq!(recent.turns.len(), 24);
    let mut stored: Vec<_> = recent.turns.into_iter().map(|turn| turn.position.to_string()).collect();
    let mut told: Vec<_> = positions.into_iter().map(|position| position.to_string()).collect();
    stored.sort();
    told.sort();
    assert_eq!(stored, told);
}

pub(crate) async fn windows_take_whole_turns_from_the_end<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    push(&bench.client, TABLE, (KEY, "s"), C::ATTRIBUTE, AttributeValue::Bool(true)).await;
    for nth in 1..=5 {
        bench.append("s", &exchange(nth)).await;
    }
    let n = |count| NonZeroU32::new(count).unwrap();
    for (window, turns, complete) in [
        (Window::LastTurns(n(2)), 2, false),
        (Window::LastTurns(n(5)), 5, true),
        (Window::LastTurns(n(9)), 5, true),
        (Window::LastMessages(n(1)), 1, false),
        (Window::LastMessages(n(2)), 1, false),
        (Window::LastMessages(n(3)), 2, false),
        (Window::LastMessages(n(99)), 5, true),
    ] {
        let recent = bench.store.recent(&key("s"), window, Consistency::Strong).await.unwrap();
        assert_eq!((recent.turns.len(), recent.complete), (turns, complete), "{window:?}");
        assert_eq!(recent.unreadable.len(), usize::from(complete), "{window:?}");
        assert_eq!(recent.turns.last().unwrap().messages, exchange(5).messages);
    }
}

pub(crate) async fn notes_count_their_versions<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let session = key("s");
    let write = |text, version| bench.store.set_note(&session, "summary", text, version);
    assert_eq!(bench.store.note(&session, "summary").await.unwrap().note, None);
    assert_eq!(write("one", 0).await.unwrap().version, 1);
    assert_eq!(bench.load("s").await.state, SessionState::Empty);
    bench.append("s", &exchange(1)).await;
    assert_eq!(write("two", 1).await.unwrap().version, 2);
    for version in [0, 1, 3] {
        let stale = write("late", version).await.unwrap_err();
        assert_eq!(*stale.kind(), ErrorKind::Conflict { position: None });
    }
    let note = bench.store.note(&session, "summary").await.unwrap().note.unwrap();
    assert_eq!((note.text.as_str(), note.version), ("two", 2));
    assert_eq!(bench.load("s").await.notes, [note]);
    bench.store.clear(&session).await.unwrap();
    assert_eq!(bench.store.note(&session, "summary").await.unwrap().note, None);
    assert!(bench.store.set_note(&session, "", "x", 0).await.is_err());
}

pub(crate) async fn one_message_can_be_changed_and_removed<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    push(&bench.client, TABLE, (KEY, "s"), C::ATTRIBUTE, foreign::<C>(&Message::user("theirs"))).await;
    let first = exchange(1);
    bench.append("s", &first).await;
    bench.append("s", &exchange(2)).await;
    let at = |recent: &Recent, turn: usize, index| MessageRef {
        position: recent.turns[turn].position.clone(),
        turn_id: recent.turns[turn].id.clone(),
        index,
    };
    let before = bench.load("s").await;
    let edited =
        bench.store.edit_message(&key("s"), &at(&before, 1, 0), Message::user("better")).await.unwrap();
    assert_eq!(edited.position, before.position);
    let removed = bench.store.delete_message(&key("s"), &at(&before, 0, 0)).await.unwrap();
    let after = bench.load("s").await;
    assert_eq!(removed.position, after.position);
    assert_ne!(after.position, before.position);
    assert_eq!(after.turns[0].id, Some(first.id.clone()));
    assert_eq!(after.turns[0].messages, [Message::user("better"), Message::assistant("answer 1")]);

    // The turn is another place further, and the same turn.
    let shifted = at(&before, 2, 0);
    bench.store.edit_message(&key("s"), &shifted, Message::user("question 2")).await.unwrap();
    let foreign = bench.store.delete_message(&key("s"), &at(&before, 0, 0)).await.unwrap_err();
    assert_eq!(*foreign.kind(), ErrorKind::NotFound);
    let beyond = bench.store.delete_message(&key("s"), &at(&after, 0, 2)).await.unwrap_err();
    assert_eq!(*beyond.kind(), ErrorKind::NotFound);
    bench.store.delete_message(&key("s"), &at(&after, 0, 0)).await.unwrap();
    let left = bench.load("s").await;
    assert_eq!(left.turns[0].id, Some(first.id.clone()));
    assert_eq!(left.turns[0].messages, [Message::assistant("answer 1")]);
    let stale = bench.store.delete_message(&key("s"), &at(&after, 0, 0)).await.unwrap_err();
    assert!(matches!(stale.kind(), ErrorKind::Conflict { position: Some(_) }), "{stale}");
    bench.store.delete_message(&key("s"), &at(&left, 0, 0)).await.unwrap();
    assert_eq!(messages(&bench.load("s").await), exchange(2).messages);
    // The turn had its effect; removing its messages does not make its id free.
    assert!(bench.store.append(&key("s"), Append::new(first)).await.unwrap().duplicate);
}

pub(crate) async fn other_scopes_are_refused<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let scope = Scope::new("tenant-1").unwrap();
    let theirs = SessionKey { scope: scope.clone(), session: key("s").session };
    let error = bench.store.append(&theirs, Append::new(exchange(1))).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unsupported);
    assert_eq!(*bench.store.clear(&theirs).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let listed = bench.store.sessions(&scope, Page::default()).await.unwrap_err();
    assert_eq!(*listed.kind(), ErrorKind::Unsupported);
}

pub(crate) async fn a_missing_table_and_a_numeric_key_are_named<C: Codec>() {
    let engine = Dynoxide::start();
    let client = engine.client(Clock::system());
    let store = |table: &str| ItemPerSession::<C>::new(client.clone(), ItemConfig::new(table, KEY)).unwrap();
    let missing = store("nowhere").append(&key("s"), Append::new(exchange(1))).await.unwrap_err();
    assert_eq!(*missing.kind(), ErrorKind::NotFound);
    assert!(missing.to_string().contains("table nowhere"), "{missing}");
    assert!(missing.to_string().contains("us-east-1"), "{missing}");

    let number = AttributeDefinition::builder().attribute_name(KEY).attribute_type(ScalarAttributeType::N);
    let schema = KeySchemaElement::builder().attribute_name(KEY).key_type(KeyType::Hash);
    let create = client.sdk().create_table().table_name("numbers").billing_mode(BillingMode::PayPerRequest);
    let create = create.key_schema(schema.build().unwrap()).attribute_definitions(number.build().unwrap());
    create.send().await.unwrap();
    let append = store("numbers").append(&key("s"), Append::new(exchange(1))).await.unwrap_err();
    let load = store("numbers").recent(&key("s"), Window::Everything, Consistency::Strong).await.unwrap_err();
    let list = store("numbers").sessions(&Scope::default(), Page::default()).await.unwrap_err();
    for error in [append, load, list] {
        assert_eq!(*error.kind(), ErrorKind::Mismatch, "{error:?}");
    }
}

async fn at_endpoint<C: Codec>(url: &str, attempts: u32) -> ItemPerSession<C> {
    let mut config = config_at(url, Clock::system());
    config.max_attempts = NonZeroU32::new(attempts).unwrap();
    config.timeouts = Timeouts { attempt: Duration::from_millis(300), ..Timeouts::default() };
    ItemPerSession::new(DynamoClient::new(config).unwrap(), ItemConfig::new(TABLE, KEY)).unwrap()
}

pub(crate) async fn an_endpoint_that_is_not_dynamodb_is_told_apart<C: Codec>() {
    let json = "application/x-amz-json-1.0";
    let half = r#"{"Item":{"SessionId":{"S":"s"#;
    let cases = [
        ("HTML", Answer::html("200 OK"), "protocol", "unknown"),
        ("an empty body", Answer::body("200 OK", json, "", 0), "protocol", "unknown"),
        ("some JSON", Answer::body("200 OK", json, r#"{"message":"ok"}"#, 16), "protocol", "unknown"),
        ("half a body", Answer::body("200 OK", json, half, 500), "protocol", "unknown"),
        ("half a JSON", Answer::body("200 OK", json, half, half.len()), "protocol", "unknown"),
        ("nothing", Answer::Bytes(Vec::new()), "unavailable", "unknown"),
        ("silence", Answer::Silence, "unavailable", "unknown"),
        ("HTML 404", Answer::html("404 Not Found"), "protocol", "protocol"),
        ("HTML 403", Answer::html("403 Forbidden"), "denied", "denied"),
        ("HTML 502", Answer::html("502 Bad Gateway"), "unavailable", "unknown"),
    ];
    for (name, answer, read, written) in cases {
        let (url, _) = serve(answer).await;
        let store = at_endpoint::<C>(&url, 1).await;
        let load = store.recent(&key("s"), Window::Everything, Consistency::Strong).await.unwrap_err();
        assert_eq!(load.kind().code(), read, "load, {name}: {load:?}");
        assert_eq!(load.usage().requests, 1, "{name}");
        let turn = exchange(1);
        let append = store.append(&key("s"), Append::new(turn.clone())).await.unwrap_err();
        assert_eq!(append.kind().code(), written, "append, {name}: {append:?}");
        if let ErrorKind::Unknown { turn_id, .. } = append.kind() {
            assert_eq!(*turn_id, turn.id);
        }
        assert!(!format!("{append:?}").contains("question 1"), "{append:?}");
    }
}

pub(crate) async fn a_refused_connection_has_sent_nothing<C: Codec>() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let store = at_endpoint::<C>(&url, 2).await;
    let load = store.recent(&key("s"), Window::Everything, Consistency::Strong).await.unwrap_err();
    let append = store.append(&key("s"), Append::new(exchange(1))).await.unwrap_err();
    for error in [load, append] {
        assert_eq!(*error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert_eq!(error.usage().requests, 2);
    }
}

pub(crate) async fn a_lost_reply_is_unknown_and_safe_to_repeat<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    let (url, requests) = serve(Answer::LoseFirst(1, bench.engine.endpoint.clone())).await;
    let store = at_endpoint::<C>(&url, 1).await;
    let turn = exchange(1);
    let lost = store.append(&key("s"), Append::new(turn.clone())).await.unwrap_err();
    assert_eq!(*lost.kind(), ErrorKind::Unknown { turn_id: turn.id.clone(), position: None });
    let again = store.append(&key("s"), Append::new(turn)).await.unwrap();
    assert!(again.duplicate);
    assert_eq!(bench.load("s").await.turns.len(), 1);
    assert_eq!(requests.load(std::sync::atomic::Ordering::SeqCst), 2);

    let (url, _) = serve(Answer::LoseFirst(1, bench.engine.endpoint.clone())).await;
    let store = at_endpoint::<C>(&url, 2).await;
    let once = store.append(&key("s"), Append::new(exchange(2))).await.unwrap();
    assert_eq!((once.duplicate, once.usage.requests), (true, 2));
    assert_eq!(bench.load("s").await.turns.len(), 2);
}

pub(crate) async fn inspect_shows_the_item_as_it_is<C: Codec>() {
    let bench = bench::<C>(|_| {}).await;
    assert!(bench.store.inspect(&key("s"), Page::default()).await.unwrap().records.is_empty());
    let turn = Turn::with_id(TurnId::new("turn-1").unwrap(), exchange(1).messages);
    bench.append("s", &turn).await;
    let inspection = bench.store.inspect(&key("s"), Page::default()).await.unwrap();
    let record = &inspection.records[0];
    assert_eq!(record.bytes, size::item_bytes(&bench.stored("s").await));
    assert_eq!(record.limit_bytes, Some(409_600));
    let raw: serde_json::Value = record.raw.decode().unwrap();
    assert_eq!(raw[KEY]["S"], "s");
    assert_eq!(raw["cm_turns"]["SS"][0], "turn-1");
    assert_eq!(raw[C::ATTRIBUTE]["L"].as_array().unwrap().len(), 2);
}

/// A test a promise.
macro_rules! promises {
    ($codec:ty: $($name:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            item_promises::$name::<$codec>().await;
        }
    )*};
    ($codec:ty) => {
        promises! { $codec:
            each_call_is_one_request_and_pays_for_the_item,
            our_fields_cost_at_most_200_bytes_a_turn,
            a_turn_id_has_one_effect,
            an_expected_position_conflicts_when_the_session_moved_on,
            clear_then_append_does_not_fool_a_position,
            a_position_after_foreign_messages_is_exact_too,
            an_expired_session_is_not_returned_and_not_revived,
            one_bad_element_is_reported_and_does_not_hide_the_rest,
            what_others_wrote_is_left_as_it_is,
            clear_counts_what_was_there,
            a_full_item_says_the_way_out_and_loses_nothing,
            messages_of_every_shape_are_kept,
            session_ids_of_any_unicode_are_kept_apart,
            two_writers_both_survive,
            windows_take_whole_turns_from_the_end,
            notes_count_their_versions,
            one_message_can_be_changed_and_removed,
            other_scopes_are_refused,
            a_missing_table_and_a_numeric_key_are_named,
            an_endpoint_that_is_not_dynamodb_is_told_apart,
            a_refused_connection_has_sent_nothing,
            a_lost_reply_is_unknown_and_safe_to_repeat,
            inspect_shows_the_item_as_it_is,
        }
    };
}

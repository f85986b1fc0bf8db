//! Figures that are exact and hold on both backends. Those of one DynamoDB layout alone stand with its other tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by them")]

#[path = "support/dynoxide.rs"]
mod dynoxide_engine;
#[path = "support/upstash_endpoint.rs"]
mod upstash_endpoint;

use std::num::NonZeroU32;
use std::sync::Arc;

use canvas_memory::clock::Clock;
use canvas_memory::dynamodb::item_per_session::ItemConfig;
use canvas_memory::dynamodb::list::ListStore;
use canvas_memory::dynamodb::turns::{TurnsConfig, TurnsStore};
use canvas_memory::langchain::{Dialect, write_entry};
use canvas_memory::message::{Message, Part};
use canvas_memory::session::{SessionKey, TokenCount, Turn};
use canvas_memory::store::{After, Append, ChatStore, Consistency, Recent, Window};
use canvas_memory::upstash::list::{ListOptions, UpstashListStore};
use canvas_memory::upstash::{Client, ClientConfig};
use dynoxide_engine::Dynoxide;
use tokio::task::JoinSet;
use upstash_endpoint::{Endpoint, TOKEN};

/// Our own fields of a turn, in its entries.
const MAX_OVERHEAD_BYTES: usize = 200;

const SESSIONS: usize = 1_000;
const TASKS: usize = 64;
/// Appends to each session.
const TURNS: usize = 2;

fn upstash(endpoint: &Endpoint) -> UpstashListStore {
    let client = Client::new(&ClientConfig::new(&endpoint.url, TOKEN)).unwrap();
    UpstashListStore::new(client, ListOptions::default())
}

fn key(session: &str) -> SessionKey {
    SessionKey::local(session).unwrap()
}

fn exchange(text: &str) -> Turn {
    Turn::new([Message::user(text), Message::assistant(format!("re: {text}"))])
}

async fn last_20(store: &impl ChatStore, session: &str) -> Recent {
    let window = Window::LastTurns(NonZeroU32::new(20).unwrap());
    store.recent(&key(session), window, Consistency::Strong).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_sessions_from_64_tasks_no_turn_is_lost_in_dynamodb_turns() {
    let engine = Dynoxide::start();
    let client = engine.table("turns", "SessionId", Some("SK"), Clock::system()).await;
    none_is_lost(TurnsStore::new(client, TurnsConfig::new("turns", "SessionId", "SK")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_sessions_from_64_tasks_no_turn_is_lost_in_dynamodb_list() {
    let engine = Dynoxide::start();
    let client = engine.table("list", "SessionId", None, Clock::system()).await;
    none_is_lost(ListStore::new(client, ItemConfig::new("list", "SessionId")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_sessions_from_64_tasks_no_turn_is_lost_in_upstash() {
    none_is_lost(upstash(&Endpoint::start().await)).await;
}

async fn none_is_lost(store: impl ChatStore + 'static) {
    let store = Arc::new(store);
    let name = |session: usize| key(&format!("user-id-{session}"));
    let text = |session: usize, turn: usize| format!("session {session}, turn {turn}");
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut ends = vec![After::End; SESSIONS.div_ceil(TASKS)];
            for turn in 0..TURNS {
                for (session, end) in (task..SESSIONS).step_by(TASKS).zip(&mut ends) {
                    let append = Append::new(exchange(&text(session, turn))).after(end.clone());
                    let done = store.append(&name(session), append).await.unwrap();
                    assert!(!done.duplicate);
                    *end = After::Near(done.position);
                }
            }
        });
    }
    tasks.join_all().await;
    for session in 0..SESSIONS {
        let recent = store.recent(&name(session), Window::Everything, Consistency::Strong).await.unwrap();
        let found: Vec<_> = recent.turns.into_iter().map(|turn| turn.messages).collect();
        let stored: Vec<_> = (0..TURNS).map(|turn| exchange(&text(session, turn)).messages).collect();
        assert_eq!(found, stored, "{}, session {session}", store.capabilities().layout);
    }
}

#[tokio::test]
async fn upstash_sends_and_receives_the_same_at_turn_2_and_at_turn_10_000() {
    let endpoint = Endpoint::start().await;
    let store = upstash(&endpoint);
    let mut end = store.append(&key("s"), Append::new(exchange("same"))).await.unwrap().position;
    let mut seen = Vec::new();
    for filled in [0, 9_970] {
        for _ in 0..filled / 10 {
            let entries = (0..10).flat_map(|_| FOREIGN).collect::<Vec<_>>();
            endpoint.redis.call(&[&["LPUSH", "s"], entries.as_slice()].concat()).await;
        }
        if filled > 0 {
            end = last_20(&store, "s").await.position.unwrap();
        }
        for _ in 0..21 {
            let append = Append::new(exchange("same")).after(After::Near(end));
            let done = store.append(&key("s"), append).await.unwrap();
            assert_eq!((done.usage.requests, done.usage.commands), (1, 1));
            seen.push(done.usage.bytes_sent);
            end = done.position;
        }
        let recent = last_20(&store, "s").await;
        assert_eq!((recent.turns.len(), recent.usage.requests, recent.usage.commands), (20, 1, 1));
        seen.push(recent.usage.bytes_received);
    }
    let (short, long) = seen.split_at(seen.len() / 2);
    // The session's length is in both, and has more digits.
    assert!(short.iter().zip(long).all(|(short, long)| short.abs_diff(*long) <= 4), "{short:?} {long:?}");
}

/// A turn as LangChain JS writes it.
const FOREIGN: [&str; 2] = [
    r#"{"type":"human","data":{"content":"same","additional_kwargs":{},"response_metadata":{}}}"#,
    r#"{"type":"ai","data":{"content":"re: same","additional_kwargs":{},"response_metadata":{}}}"#,
];

#[tokio::test]
async fn in_upstash_our_own_fields_stay_within_200_bytes_a_turn() {
    let endpoint = Endpoint::start().await;
    let mut turn = exchange("hello");
    turn.tokens = Some(TokenCount { tokenizer: "o200k_base".to_owned(), count: 12_345 });
    upstash(&endpoint).append(&key("s"), Append::new(turn.clone())).await.unwrap();
    let stored = endpoint.redis.call(&["LRANGE", "s", "0", "-1"]).await.texts();
    let stored: usize = stored.iter().map(String::len).sum();
    let plain = turn.messages.iter().map(|message| write_entry(message, Dialect::Js, &[]).unwrap().len());
    let ours = stored - plain.sum::<usize>();
    assert!(ours <= MAX_OVERHEAD_BYTES, "{ours} bytes");
}

#[tokio::test]
async fn in_upstash_an_image_of_3_mb_in_one_message_is_kept_and_recalled() {
    let endpoint = Endpoint::start().await;
    let store = upstash(&endpoint);
    let mut message = Message::user("What is this?");
    message.parts.push(Part::image("image/png", &"iVBORw0K".repeat(3 * 1024 * 1024 / 8)));
    let turn = Turn::new([message, Message::assistant("A picture.")]);
    store.append(&key("s"), Append::new(exchange("before"))).await.unwrap();
    let done = store.append(&key("s"), Append::new(turn.clone())).await.unwrap();
    assert_eq!(done.usage.requests, 1);
    store.append(&key("s"), Append::new(exchange("after"))).await.unwrap();

    let recent = last_20(&store, "s").await;
    assert_eq!((recent.turns.len(), recent.usage.requests), (3, 1));
    assert_eq!(recent.turns[1].messages, turn.messages);
    assert_eq!(recent.turns[1].id, Some(turn.id));
}

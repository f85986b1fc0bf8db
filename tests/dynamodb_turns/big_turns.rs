//! Turns too big for an item.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::ErrorKind;
use canvas_memory::dynamodb::turns::{MAX_TURN_BYTES, TurnsStore};
use canvas_memory::message::Message;
use canvas_memory::session::Turn;
use canvas_memory::store::{Append, ChatStore, Consistency, SessionState, Window};
use futures_util::TryStreamExt;

use crate::bench::{Bench, id, key, page, place, texts};
use crate::dynoxide_engine::client_at;
use crate::figures::noise;
use crate::proxy::{self, Break};

fn big(name: &str) -> Turn {
    let text: String = noise().take(1_000_000).collect();
    Turn::with_id(id(name), [Message::user(text), Message::assistant("seen")])
}

#[tokio::test]
async fn what_compresses_into_an_item_stays_in_one() {
    let bench = Bench::start().await;
    let key = key("s");
    let turn = Turn::new([Message::user("again and again ".repeat(200_000))]);
    bench.store.append(&key, Append::new(turn.clone())).await.unwrap();
    assert_eq!(bench.sort_keys(&key).await, [place(1)]);
    let loaded = bench.last(&key, 1).await;
    assert_eq!(loaded.turns[0].messages, turn.messages);
    assert_eq!(loaded.usage.requests, 1);
}

#[tokio::test]
async fn a_crash_between_pieces_and_turn_leaves_nothing_to_see_and_the_retry_is_whole() {
    let bench = Bench::start().await;
    let key = key("s");
    for allowed in [1, 2] {
        let endpoint = proxy::start(&bench.engine.endpoint, "PutItem", allowed, Break::Request).await;
        let store = TurnsStore::new(client_at(&endpoint, bench.clock.clone()), bench.store.config().clone());
        let error = store.unwrap().append(&key, Append::new(big("mine"))).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unknown { .. } | ErrorKind::Unavailable), "{error:?}");
        let loaded = bench.all(&key).await;
        assert_eq!((loaded.turns.len(), loaded.state), (0, SessionState::New));
        assert!(bench.sort_keys(&key).await.iter().all(|sort| sort.starts_with("!chunk#")));
    }
    assert!(!bench.sort_keys(&key).await.is_empty(), "pieces were written");
    let done = bench.store.append(&key, Append::new(big("mine"))).await.unwrap();
    assert!(!done.duplicate);
    assert_eq!(bench.all(&key).await.turns[0].messages, big("mine").messages);
}

/// Pieces and turn ids that a sweep over all pages removes.
async fn swept(bench: &Bench) -> (u64, u64) {
    let (mut chunks, mut ids, mut token) = (0, 0, None);
    loop {
        let swept = bench.store.sweep(&key("s"), page(2, token)).await.unwrap();
        (chunks, ids) = (chunks + swept.chunks, ids + swept.ids);
        token = swept.next;
        if token.is_none() {
            return (chunks, ids);
        }
    }
}

#[tokio::test]
async fn a_sweep_removes_pieces_left_behind_and_no_others() {
    let bench = Bench::start().await;
    let key = key("s");
    bench.store.append(&key, Append::new(big("whole")).exact()).await.unwrap();
    let endpoint = proxy::start(&bench.engine.endpoint, "PutItem", 2, Break::Request).await;
    let store = TurnsStore::new(client_at(&endpoint, bench.clock.clone()), bench.store.config().clone());
    store.unwrap().append(&key, Append::new(big("lost"))).await.unwrap_err();
    let orphans = bench.sort_keys(&key).await.iter().filter(|sort| sort.contains("#lost#")).count() as u64;
    assert!(orphans > 0);

    bench.pass(86_399);
    assert_eq!(swept(&bench).await, (0, 0));
    bench.pass(1);
    assert_eq!(swept(&bench).await, (orphans, 1));
    assert_eq!(bench.all(&key).await.turns[0].messages, big("whole").messages);
}

#[tokio::test]
async fn a_damaged_piece_is_reported_by_key_and_hides_nothing_else() {
    let bench = Bench::start().await;
    let key = key("s");
    bench.say(&key, "before").await;
    bench.store.append(&key, Append::new(big("mine"))).await.unwrap();
    bench.say(&key, "after").await;
    let sorts = bench.sort_keys(&key).await;
    let piece = sorts.iter().find(|sort| sort.starts_with("!chunk#")).unwrap();
    let whole = bench.item("s", piece).await.unwrap();

    let mut damaged = whole.clone();
    let AttributeValue::B(bytes) = &whole["part"] else { panic!("{whole:?}") };
    let mut bytes = bytes.as_ref().to_vec();
    bytes[1_000] ^= 1;
    damaged.insert("part".to_owned(), AttributeValue::B(Blob::new(bytes)));
    for damage in ["changed", "missing"] {
        if damage == "changed" {
            bench.put(damaged.clone()).await;
        } else {
            bench.delete("s", piece).await;
        }
        for consistency in [Consistency::Strong, Consistency::Eventual] {
            let loaded = bench.store.recent(&key, Window::Everything, consistency).await.unwrap();
            assert_eq!(texts(&loaded.turns), ["before", "after"]);
            assert_eq!(loaded.unreadable.len(), 1);
            assert_eq!(loaded.unreadable[0].key, place(2));
        }
        assert_eq!(texts(&bench.last(&key, 2).await.turns), ["before", "after"]);
        assert_eq!(bench.streamed(&key).await, ["before", "after"]);
    }
    bench.put(whole).await;
    assert_eq!(bench.all(&key).await.turns[1].messages, big("mine").messages);
}

#[tokio::test]
async fn a_retry_of_a_big_turn_is_known_and_other_content_refused() {
    let bench = Bench::start().await;
    let key = key("s");
    bench.store.append(&key, Append::new(big("mine"))).await.unwrap();
    assert!(bench.store.append(&key, Append::new(big("mine"))).await.unwrap().duplicate);
    let mut other = big("mine");
    other.messages.pop();
    let error = bench.store.append(&key, Append::new(other)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TurnIdReused);
    assert_eq!(bench.all(&key).await.turns[0].messages, big("mine").messages);
}

#[tokio::test]
async fn a_turn_beyond_all_limits_is_refused_and_nothing_written() {
    let bench = Bench::start().await;
    let turn = Turn::new([Message::user("x".repeat(MAX_TURN_BYTES))]);
    let error = bench.store.append(&key("s"), Append::new(turn)).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.usage().requests, 0);
}

#[tokio::test]
async fn a_clear_between_a_row_and_its_pieces_is_no_damage() {
    let key = key("s");
    for streamed in [false, true] {
        let bench = Bench::start().await;
        bench.say(&key, "before").await;
        bench.store.append(&key, Append::new(big("big"))).await.unwrap();
        let (endpoint, held) = proxy::holding(&bench.engine.endpoint, "BatchGetItem").await;
        let held_up =
            TurnsStore::new(client_at(&endpoint, bench.clock.clone()), bench.store.config().clone()).unwrap();
        let clear = async {
            held.arrived().await;
            bench.store.clear(&key).await.unwrap();
            held.release();
        };
        if streamed {
            let (pages, ()) = tokio::join!(held_up.turns(&key).try_collect::<Vec<_>>(), clear);
            let pages = pages.unwrap();
            assert!(
                pages.iter().all(|page| page.turns.is_empty() && page.unreadable.is_empty()),
                "{pages:?}"
            );
        } else {
            let load = held_up.recent(&key, Window::Everything, Consistency::Strong);
            let (loaded, ()) = tokio::join!(load, clear);
            let loaded = loaded.unwrap();
            assert_eq!((loaded.state, loaded.turns.len()), (SessionState::Empty, 0));
            assert!(loaded.unreadable.is_empty() && loaded.complete, "{loaded:?}");
            assert_eq!(loaded.position, bench.all(&key).await.position);
        }
    }
}

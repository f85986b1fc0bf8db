//! One turn id has one effect.

use canvas_memory::ErrorKind;
use canvas_memory::dynamodb::turns::TurnsStore;
use canvas_memory::session::Position;
use canvas_memory::store::{After, Append, ChatStore, Dedupe};

use crate::bench::{Bench, key, turn_as};
use crate::dynoxide_engine::client_at;
use crate::proxy::{self, Break};

#[tokio::test]
async fn the_same_turn_twice_is_stored_once() {
    let bench = Bench::start().await;
    let key = key("s");
    for exact in [false, true] {
        let turn = turn_as(if exact { "exact" } else { "lean" }, "hello");
        let append = |after| {
            let append = Append::new(turn.clone()).after(after);
            if exact { append.exact() } else { append }
        };
        let first = bench.store.append(&key, append(After::End)).await.unwrap();
        assert!(!first.duplicate);
        assert_eq!(first.dedupe, if exact { Dedupe::Exact } else { Dedupe::Lean });
        let again = bench.store.append(&key, append(After::End)).await.unwrap();
        assert_eq!((again.duplicate, &again.position), (true, &first.position));
        if exact {
            let near = bench.store.append(&key, append(After::Near(first.position.clone()))).await.unwrap();
            assert_eq!((near.duplicate, near.position), (true, first.position));
        }
    }
}

#[tokio::test]
async fn a_retry_at_the_position_it_first_tried_is_known_however_many_came_after() {
    let bench = Bench::start().await;
    let key = key("s");
    let base = bench.say(&key, "0").await.position;
    let append = Append::new(turn_as("mine", "hello")).after(After::Near(base.clone()));
    let first = bench.store.append(&key, append.clone()).await.unwrap();
    for n in 0..30 {
        bench.say(&key, &n.to_string()).await;
    }
    for after in [After::Near(base.clone()), After::Exactly(Some(base))] {
        let again = bench.store.append(&key, append.clone().after(after.clone())).await.unwrap();
        assert_eq!((again.duplicate, &again.position), (true, &first.position));
        // Also when the position is too old to be taken at its word.
        bench.pass(90_000);
        let later = bench.store.append(&key, append.clone().after(after)).await.unwrap();
        assert_eq!((later.duplicate, &later.position), (true, &first.position));
    }
    assert_eq!(bench.all(&key).await.turns.len(), 32);
}

#[tokio::test]
async fn by_its_id_alone_a_turn_is_known_among_the_newest_or_for_a_day() {
    let bench = Bench::start().await;
    let key = key("s");
    let lean = Append::new(turn_as("lean", "a"));
    let exact = Append::new(turn_as("exact", "b")).exact();
    bench.store.append(&key, lean.clone()).await.unwrap();
    let stored = bench.store.append(&key, exact.clone()).await.unwrap();
    for n in 0..5 {
        bench.say(&key, &n.to_string()).await;
    }
    assert!(bench.store.append(&key, lean.clone()).await.unwrap().duplicate);
    for n in 0..20 {
        bench.say(&key, &n.to_string()).await;
    }
    assert!(!bench.store.append(&key, lean).await.unwrap().duplicate, "past the newest");
    bench.pass(86_399);
    let known = bench.store.append(&key, exact.clone()).await.unwrap();
    assert_eq!((known.duplicate, known.position), (true, stored.position));
    bench.pass(1);
    assert!(!bench.store.append(&key, exact.clone()).await.unwrap().duplicate, "past its day");
    assert!(bench.store.append(&key, exact).await.unwrap().duplicate, "its day began anew");
}

#[tokio::test]
async fn an_id_with_other_messages_is_refused_in_each_way_of_appending() {
    let bench = Bench::start().await;
    let key = key("s");
    let base = bench.say(&key, "0").await.position;
    for (name, exact) in [("lean", false), ("exact", true)] {
        let base = bench.all(&key).await.position.unwrap_or(base.clone());
        let stored = Append::new(turn_as(name, "one"));
        let other = Append::new(turn_as(name, "two"));
        let (stored, other) = if exact { (stored.exact(), other.exact()) } else { (stored, other) };
        bench.store.append(&key, stored).await.unwrap();
        for after in [After::End, After::Near(base.clone()), After::Exactly(Some(base))] {
            let error = bench.store.append(&key, other.clone().after(after)).await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::TurnIdReused);
            assert!(!error.to_string().contains("two"), "{error}");
        }
    }
    assert_eq!(bench.texts(&key).await, ["0", "one", "one"]);
}

#[tokio::test]
async fn a_lost_reply_is_unknown_and_its_retry_is_exact() {
    let bench = Bench::start().await;
    for (session, operation, exact) in [("a", "PutItem", false), ("b", "TransactWriteItems", true)] {
        let key = key(session);
        let endpoint = proxy::start(&bench.engine.endpoint, operation, 0, Break::Reply).await;
        let broken = client_at(&endpoint, bench.clock.clone());
        let broken = TurnsStore::new(broken, bench.store.config().clone()).unwrap();
        let append = Append::new(turn_as("mine", "hello"));
        let append = if exact { append.exact() } else { append };
        let error = broken.append(&key, append.clone()).await.unwrap_err();
        let ErrorKind::Unknown { turn_id, position: Some(position) } = error.kind() else {
            panic!("{error:?}")
        };
        assert_eq!(turn_id.as_str(), "mine");
        assert!(error.usage().requests >= 2, "{:?}", error.usage());
        for n in 0..15 {
            bench.say(&key, &n.to_string()).await;
        }
        for after in [After::Near(position.clone()), After::Exactly(Some(position.clone()))] {
            assert!(bench.store.append(&key, append.clone().after(after)).await.unwrap().duplicate);
        }
        assert_eq!(bench.texts(&key).await.iter().filter(|text| *text == "hello").count(), 1);
    }
    let other = After::Near(Position::new("someone else's"));
    let error = bench.store.append(&key("a"), Append::new(turn_as("x", "y")).after(other)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "position"));
}

//! Turns that expire are gone by the clock, not by when the database gets to it.

use canvas_memory::ErrorKind;
use canvas_memory::store::{After, Append, ChatStore, SessionState};

use crate::bench::{Bench, NOW, key, page, place, turn, turn_as};

#[tokio::test]
async fn expired_turns_are_not_returned_and_not_revived() {
    let bench = Bench::expiring(100).await;
    let key = key("s");
    bench.say(&key, "old").await;
    bench.pass(60);
    bench.say(&key, "new").await;
    assert_eq!(bench.all(&key).await.turns[0].expires_at_epoch_secs, Some(NOW + 100));
    bench.pass(39);
    assert_eq!(bench.texts(&key).await, ["old", "new"]);
    bench.pass(1);
    assert_eq!(bench.texts(&key).await, ["new"]);
    assert_eq!(bench.streamed(&key).await, ["new"]);
    bench.say(&key, "newest").await;
    assert_eq!(bench.texts(&key).await, ["new", "newest"]);
    assert_eq!(bench.last(&key, 1).await.turns.len(), 1);

    bench.pass(1_000);
    let loaded = bench.all(&key).await;
    assert_eq!((loaded.turns.len(), loaded.state, loaded.complete), (0, SessionState::Expired, true));
    let first = Append::new(turn("again")).after(After::Exactly(None));
    bench.store.append(&key, first).await.unwrap();
    assert_eq!(bench.texts(&key).await, ["again"]);
    assert_eq!(bench.sort_keys(&key).await.len(), 4, "nothing was taken away by the store itself");
    assert_eq!(bench.store.clear(&key).await.unwrap().turns, 1, "what was visible");
}

#[tokio::test]
async fn expired_rows_between_do_not_shorten_the_window() {
    let bench = Bench::expiring(100_000).await;
    let key = key("s");
    for n in 0..12 {
        bench.say(&key, &n.to_string()).await;
    }
    for seq in 3..12 {
        let mut item = bench.item("s", &place(seq)).await.unwrap();
        item.insert("expireAt".to_owned(), aws_sdk_dynamodb::types::AttributeValue::N((NOW - 1).to_string()));
        bench.put(item).await;
    }
    let loaded = bench.last(&key, 3).await;
    assert_eq!(crate::bench::texts(&loaded.turns), ["0", "1", "11"]);
    assert!(loaded.complete);
}

#[tokio::test]
async fn a_session_emptied_by_expiry_is_not_taken_for_the_one_before() {
    let bench = Bench::expiring(100).await;
    let key = key("s");
    let stale = bench.say(&key, "old").await.position;
    bench.pass(200);
    bench.delete("s", &place(1)).await;
    assert_eq!(bench.all(&key).await.state, SessionState::New);
    bench.say(&key, "new").await;
    let late = Append::new(turn("late")).after(After::Exactly(Some(stale)));
    assert!(matches!(bench.store.append(&key, late).await.unwrap_err().kind(), ErrorKind::Conflict { .. }));
}

#[tokio::test]
async fn every_row_of_a_turn_tells_the_database_when_it_may_go() {
    let bench = Bench::expiring(100).await;
    let key = key("s");
    bench.store.append(&key, Append::new(turn_as("mine", "a")).exact()).await.unwrap();
    bench.store.set_note(&key, "summary", "about a", 0).await.unwrap();
    let rows = bench.rows(&key).await;
    let expiries: Vec<_> = rows.iter().map(|row| (row.key.as_str(), row.expires_at_epoch_secs)).collect();
    assert_eq!(
        expiries,
        [
            ("SK#~summary", Some(NOW + 100)),
            (place(1).as_str(), Some(NOW + 100)),
            ("!id#mine", Some(NOW + 86_400)),
        ]
    );
    bench.pass(100);
    assert!(bench.all(&key).await.notes.is_empty());
    assert_eq!(bench.store.note(&key, "summary").await.unwrap().note, None);
    assert_eq!(bench.store.set_note(&key, "summary", "anew", 0).await.unwrap().version, 1);
    assert_eq!(bench.store.sessions(&key.scope, page(10, None)).await.unwrap().sessions.len(), 1);
    bench.pass(7_200);
    assert!(bench.store.sessions(&key.scope, page(10, None)).await.unwrap().sessions.is_empty());
}

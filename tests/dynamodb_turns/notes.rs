//! Notes with versions.

use canvas_memory::ErrorKind;
use canvas_memory::dynamodb::turns::TurnsStore;
use canvas_memory::store::{ChatStore, Note};

use crate::bench::{Bench, key};
use crate::dynoxide_engine::client_at;
use crate::proxy::{self, Break};

#[tokio::test]
async fn a_note_is_written_over_the_version_that_was_read() {
    let bench = Bench::start().await;
    let key = key("s");
    assert_eq!(bench.store.note(&key, "summary").await.unwrap().note, None);
    assert_eq!(bench.store.set_note(&key, "summary", "one", 0).await.unwrap().version, 1);
    assert_eq!(bench.store.set_note(&key, "summary", "two", 1).await.unwrap().version, 2);
    for stale in [0, 1, 3] {
        let error = bench.store.set_note(&key, "summary", "three", stale).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Conflict { position: None });
    }
    let note = Note { name: "summary".to_owned(), text: "two".to_owned(), version: 2 };
    assert_eq!(bench.store.note(&key, "summary").await.unwrap().note, Some(note.clone()));
    bench.say(&key, "hello").await;
    let loaded = bench.last(&key, 1).await;
    assert_eq!((loaded.notes, loaded.usage.requests, loaded.turns.len()), (vec![note], 1, 1));
}

#[tokio::test]
async fn a_note_whose_reply_was_lost_is_written_once() {
    let bench = Bench::start().await;
    let key = key("s");
    let endpoint = proxy::start(&bench.engine.endpoint, "PutItem", 0, Break::Reply).await;
    let client = client_at(&endpoint, bench.clock.clone());
    let broken = TurnsStore::new(client, bench.store.config().clone()).unwrap();
    broken.set_note(&key, "summary", "one", 0).await.unwrap_err();
    assert_eq!(bench.store.set_note(&key, "summary", "one", 0).await.unwrap().version, 1);
    bench.store.set_note(&key, "summary", "other", 0).await.unwrap_err();
}

#[tokio::test]
async fn names_and_texts_that_do_not_fit_are_refused() {
    let bench = Bench::start().await;
    for name in ["", "a b", "~", "é", &"x".repeat(65)] {
        let error = bench.store.set_note(&key("s"), name, "x", 0).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "name"));
    }
    let long = "x".repeat(400_000);
    let error = bench.store.set_note(&key("s"), "summary", &long, 0).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
}

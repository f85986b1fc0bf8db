//! Notes go with their session.

use canvas_memory::ErrorKind;
use canvas_memory::store::ChatStore;

use crate::upstash_endpoint::{Endpoint, Fault, Resp};
use crate::{append, key, load, store};

#[tokio::test]
async fn a_note_is_written_only_over_the_version_that_was_read() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    store.append(&key("s"), append("a")).await.unwrap();
    assert_eq!(store.note(&key("s"), "summary").await.unwrap().note, None);
    assert_eq!(store.set_note(&key("s"), "summary", "one", 0).await.unwrap().version, 1);
    let error = store.set_note(&key("s"), "summary", "other", 0).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Conflict { .. }));
    endpoint.inject([Fault::LoseReply]);
    assert_eq!(store.set_note(&key("s"), "summary", "two 😀", 1).await.unwrap().version, 2);
    let read = store.note(&key("s"), "summary").await.unwrap();
    let note = read.note.unwrap();
    assert_eq!((note.text.as_str(), note.version, read.usage.requests), ("two 😀", 2, 1));
    endpoint.seen();
    assert_eq!(load(&store, "s").await.notes, [note]);
    assert_eq!(endpoint.seen().len(), 1);
}

#[tokio::test]
async fn a_note_lives_as_long_as_its_session() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    store.append(&key("s"), append("a")).await.unwrap();
    endpoint.redis.call(&["EXPIRE", "s", "100"]).await;
    store.set_note(&key("s"), "summary", "one", 0).await.unwrap();
    let Resp::Integer(ttl) = endpoint.redis.call(&["TTL", "s:cm:notes"]).await else { panic!() };
    assert!((90..=100).contains(&ttl), "{ttl}");

    // Another program made the session expire before its notes.
    endpoint.redis.call(&["DEL", "s"]).await;
    assert_eq!(store.note(&key("s"), "summary").await.unwrap().note, None);
    assert!(load(&store, "s").await.notes.is_empty());
    store.append(&key("s"), append("b")).await.unwrap();
    assert!(load(&store, "s").await.notes.is_empty());
}

#[tokio::test]
async fn a_note_may_come_before_the_first_turn() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    store.set_note(&key("s"), "summary", "from elsewhere", 0).await.unwrap();
    assert_eq!(store.note(&key("s"), "summary").await.unwrap().note.unwrap().version, 1);
    store.append(&key("s"), append("a")).await.unwrap();
    let notes = load(&store, "s").await.notes;
    assert_eq!((notes.len(), notes[0].text.as_str()), (1, "from elsewhere"));
    store.clear(&key("s")).await.unwrap();
    assert_eq!(store.note(&key("s"), "summary").await.unwrap().note, None);
}

#[tokio::test]
async fn a_note_that_is_none_is_reported() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    store.append(&key("s"), append("a")).await.unwrap();
    endpoint.redis.call(&["HSET", "s:cm:notes", "summary", "words"]).await;
    let recent = load(&store, "s").await;
    assert_eq!((recent.turns.len(), recent.notes.len()), (1, 0));
    assert_eq!(recent.unreadable[0].key, "s:cm:notes[summary]");
    let error = store.note(&key("s"), "summary").await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn an_endpoint_that_never_encodes_is_understood_all_the_same() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    endpoint.never_encode();
    store.append(&key("s"), append("a")).await.unwrap();
    store.set_note(&key("s"), "summary", "abcd", 0).await.unwrap();
    // `conflict` and `abcd` look like base64.
    let error = store.set_note(&key("s"), "summary", "other", 0).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Conflict { .. }), "{error}");
    let loaded = load(&store, "s").await;
    assert_eq!((loaded.turns.len(), loaded.notes[0].text.as_str()), (1, "abcd"));
}

//! What Mem0's own store does, done without its faults.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::dynamodb::mem0::conversation::{MetadataChange, NewConversation};
use canvas_memory::error::ErrorKind;
use canvas_memory::json::RawJson;
use canvas_memory::store::{Page, PageToken};

use crate::bench::{Bench, THEN, raw, said, text};

fn page(limit: u32) -> Page {
    Page { limit: NonZeroU32::new(limit).unwrap(), token: None }
}

fn new(texts: &[&str]) -> NewConversation {
    NewConversation { messages: said(texts), metadata: None }
}

#[tokio::test]
async fn items_of_mem0_are_read_listed_and_continued() {
    let bench = Bench::start().await;
    bench.put_fixture().await;
    let store = bench.conversations(Some(30));
    let listed = store.list("test_user", page(10)).await.unwrap();
    let ids: Vec<_> = listed.conversations.iter().map(|found| found.conversation_id.as_str()).collect();
    assert_eq!(ids, ["test_user:1795168631", "test_user:1795168630"]);
    let [newest, older] = listed.conversations.as_slice() else { panic!("{listed:?}") };
    assert_eq!(newest.messages[0].as_str(), r#"{"role": "user", "content": "hello"}"#);
    assert_eq!(newest.metadata.as_ref().unwrap().as_str(), r#"{"topic": "colors"}"#);
    assert_eq!((older.metadata.as_ref(), older.timestamp_epoch_secs), (None, Some(1_795_168_630)));
    assert_eq!(older.expires_at_epoch_secs, Some(1_797_760_630));

    store.append_messages("test_user", ids[0], &said(&["again"])).await.unwrap();
    let item = bench.item("test_user", ids[0]).await.unwrap();
    assert_eq!(
        item["messages"],
        text(r#"[{"role": "user", "content": "hello"}, {"role":"user","content":"again"}]"#)
    );
    assert_eq!(item["metadata"], text(r#"{"topic": "colors"}"#));
    assert_eq!(item["timestamp"], AttributeValue::N("1795168631".to_owned()));
    assert_eq!(item["expiration_time"], AttributeValue::N((THEN + 30 * 86_400).to_string()), "renewed");
}

#[tokio::test]
async fn a_new_conversation_lies_as_mem0_leaves_it() {
    let bench = Bench::start().await;
    let store = bench.conversations(Some(30));
    let messages = vec![raw(r#"{"role": "user", "content": "hi", "x": 1.10}"#)];
    let metadata = Some(raw(r#"{"topic":"colors"}"#));
    let stored = store.store("ann", &NewConversation { messages, metadata }).await.unwrap();
    assert_eq!(stored.usage.requests, 1);
    let mut item = bench.item("ann", &stored.conversation_id).await.unwrap();
    assert_eq!(item.remove("messages").unwrap(), text(r#"[{"role": "user", "content": "hi", "x": 1.10}]"#));
    assert_eq!(item.remove("metadata").unwrap(), text(r#"{"topic":"colors"}"#));
    assert_eq!(item.remove("type").unwrap(), text("conversation"));
    assert_eq!(item.remove("timestamp").unwrap(), AttributeValue::N(THEN.to_string()));
    let expiry = AttributeValue::N((THEN + 30 * 86_400).to_string());
    assert_eq!(item.remove("expiration_time").unwrap(), expiry);
    assert_eq!(item.len(), 2, "and the keys: {item:?}");
    let blank = NewConversation { metadata: Some(raw("{}")), ..new(&["hi"]) };
    let stored = store.store("ann", &blank).await.unwrap();
    assert!(!bench.item("ann", &stored.conversation_id).await.unwrap().contains_key("metadata"));
}

#[tokio::test]
async fn ids_of_one_second_are_unique_and_sort_with_old_ones() {
    let bench = Bench::start().await;
    bench.put_fixture().await;
    let (store, other) = (bench.conversations(None), bench.conversations(None));
    let mut ids = Vec::new();
    for n in 0..20 {
        let store = if n % 2 == 0 { &store } else { &other };
        ids.push(store.store("test_user", &new(&["hi"])).await.unwrap().conversation_id);
    }
    let batch: Vec<_> = (0..60).map(|n| new(&[&n.to_string()])).collect();
    let stored = store.store_batch("test_user", &batch).await.unwrap().conversation_ids;
    assert!(stored.is_sorted());
    ids.extend(stored);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 80, "{ids:?}");
    assert!(ids.iter().all(|id| id.starts_with(&format!("test_user:{THEN}."))), "{ids:?}");
    assert!(ids.iter().all(|id| id.as_str() > "test_user:1795168631"));
    assert!(ids.iter().all(|id| id.as_str() < format!("test_user:{}", THEN + 1).as_str()));

    bench.clock.set(THEN + 1);
    let later = store.store("test_user", &new(&["later"])).await.unwrap().conversation_id;
    assert!(ids.iter().all(|id| *id < later));
    let listed = store.list("test_user", page(100)).await.unwrap().conversations;
    assert_eq!(listed.len(), 83);
    assert_eq!(listed[0].conversation_id, later);
    assert!(listed.is_sorted_by(|one, next| one.conversation_id > next.conversation_id));
}

#[tokio::test]
async fn a_page_of_20_of_10_000_conversations_is_one_request() {
    let bench = Bench::start().await;
    let store = bench.conversations(None);
    bench.fill("ann", 10_000).await;
    bench.clock.set(THEN + 10_000);
    store.store("bob", &new(&["not ann's"])).await.unwrap();
    let newest = store.store("ann", &new(&["newest"])).await.unwrap().conversation_id;
    let first = store.list("ann", page(20)).await.unwrap();
    assert_eq!((first.usage.requests, first.conversations.len()), (1, 20));
    assert_eq!(first.conversations[0].conversation_id, newest);
    // 20 items of some 130 bytes, read strongly.
    assert_eq!(first.usage.read_units, 1.0);
    let next = store.list("ann", Page { token: first.next, ..page(20) }).await.unwrap();
    assert_eq!((next.usage.requests, next.conversations.len()), (1, 20));
    assert!(next.conversations[0].conversation_id < first.conversations[19].conversation_id);
}

#[tokio::test]
async fn what_is_not_there_is_not_updated() {
    let bench = Bench::start().await;
    let store = bench.conversations(Some(1));
    let update = store.update("ann", "ann:1", &said(&["a"]), MetadataChange::Keep).await;
    assert_eq!(*update.unwrap_err().kind(), ErrorKind::NotFound);
    let append = store.append_messages("ann", "ann:1", &said(&["a"])).await;
    assert_eq!(*append.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(bench.item("ann", "ann:1").await.is_none(), "nothing came of it");
    assert_eq!(store.get("ann", "ann:1").await.unwrap().conversation, None);
    assert!(!store.delete("ann", "ann:1").await.unwrap().existed);

    let id = store.store("ann", &new(&["a"])).await.unwrap().conversation_id;
    bench.clock.set(THEN + 86_400);
    for expired in [
        store.update("ann", &id, &said(&["b"]), MetadataChange::Keep).await,
        store.append_messages("ann", &id, &said(&["b"])).await,
    ] {
        assert_eq!(*expired.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert_eq!(store.get("ann", &id).await.unwrap().conversation, None);
    assert!(store.list("ann", page(10)).await.unwrap().conversations.is_empty());
    assert!(!store.delete("ann", &id).await.unwrap().existed);
    assert!(bench.item("ann", &id).await.is_none(), "what has expired is removed all the same");
}

#[tokio::test]
async fn an_update_renews_the_expiry_and_metadata_can_be_cleared() {
    let bench = Bench::start().await;
    let store = bench.conversations(Some(1));
    let with_topic = NewConversation { metadata: Some(raw(r#"{"topic":1}"#)), ..new(&["a"]) };
    let id = store.store("ann", &with_topic).await.unwrap().conversation_id;
    bench.clock.set(THEN + 86_399);
    let kept = store.update("ann", &id, &said(&["b", "c"]), MetadataChange::Keep).await.unwrap();
    assert_eq!((kept.messages, kept.usage.requests), (2, 2));
    bench.clock.set(THEN + 86_400 + 10);
    let found = store.get("ann", &id).await.unwrap().conversation.unwrap();
    assert_eq!(found.messages, said(&["b", "c"]));
    assert_eq!(found.metadata, Some(raw(r#"{"topic":1}"#)));
    assert_eq!(found.updated_at_epoch_secs, Some(THEN + 86_399));
    assert_eq!(found.timestamp_epoch_secs, Some(THEN));

    let set = MetadataChange::Set(raw(r#"{"topic":2}"#));
    store.update("ann", &id, &said(&["b"]), set).await.unwrap();
    assert_eq!(bench.item("ann", &id).await.unwrap()["metadata"], text(r#"{"topic":2}"#));
    store.update("ann", &id, &said(&["b"]), MetadataChange::Clear).await.unwrap();
    assert!(!bench.item("ann", &id).await.unwrap().contains_key("metadata"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_append_at_a_time_both_survive() {
    let bench = Bench::start().await;
    let store = bench.conversations(None);
    let id = store.store("ann", &new(&[])).await.unwrap().conversation_id;
    let appending = (0..16).map(|n| {
        let (store, id) = (bench.conversations(None), id.clone());
        tokio::spawn(async move { store.append_messages("ann", &id, &said(&[&n.to_string()])).await })
    });
    for appended in appending.collect::<Vec<_>>() {
        appended.await.unwrap().unwrap();
    }
    let found = store.get("ann", &id).await.unwrap().conversation.unwrap().messages;
    let found: BTreeSet<_> = found.iter().map(RawJson::as_str).collect();
    assert_eq!(found.len(), 16);
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_is_never_overwritten() {
    let bench = Bench::start().await;
    bench.put_fixture().await;
    let store = bench.conversations(None);
    let id = "test_user:1795168631";
    for (attribute, bad) in [("messages", "[{\"role\""), ("metadata", "{")] {
        let before = bench.item("test_user", id).await.unwrap();
        let mut spoilt = before.clone();
        spoilt.insert(attribute.to_owned(), text(bad));
        bench.put(spoilt.clone()).await;
        let error = store.get("test_user", id).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(attribute), "{error}");
        let listed = store.list("test_user", page(10)).await.unwrap();
        assert_eq!((listed.conversations.len(), listed.unreadable.len()), (1, 1));
        assert_eq!(listed.unreadable[0].key, id);
        if attribute == "messages" {
            let update = store.append_messages("test_user", id, &said(&["a"])).await;
            assert_eq!(*update.unwrap_err().kind(), ErrorKind::Corrupt);
            assert_eq!(bench.item("test_user", id).await.unwrap(), spoilt);
        }
        bench.put(before).await;
    }
}

#[tokio::test]
async fn bad_input_is_refused_by_its_field() {
    let bench = Bench::start().await;
    let store = bench.conversations(None);
    let field = |error: canvas_memory::Error| match error.kind() {
        ErrorKind::InvalidInput { field } => {
            assert_eq!(error.usage().requests, 0, "{error}");
            field.clone()
        }
        other => panic!("{other:?}"),
    };
    let bad = NewConversation { messages: vec![raw("17")], metadata: None };
    assert_eq!(field(store.store("ann", &bad).await.unwrap_err()), "messages[0]");
    let batch = store.store_batch("ann", &[new(&["a"]), bad]).await.unwrap_err();
    assert_eq!(field(batch), "messages[0]");
    let bad = NewConversation { metadata: Some(raw("[1]")), ..new(&["a"]) };
    assert_eq!(field(store.store("ann", &bad).await.unwrap_err()), "metadata");
    assert_eq!(field(store.store("", &new(&["a"])).await.unwrap_err()), "userId");
    assert_eq!(field(store.get("ann", "").await.unwrap_err()), "conversationId");
    assert_eq!(field(store.get(&"x".repeat(2_000), "c").await.unwrap_err()), "userId");
    for token in ["nonsense", r#"{"user_id":"bob","conversation_id":"c"}"#] {
        let token = Some(PageToken(token.to_owned()));
        assert_eq!(field(store.list("ann", Page { token, ..page(1) }).await.unwrap_err()), "page");
    }
    assert!(store.list("ann", page(10)).await.unwrap().conversations.is_empty());
    let full = new(&[&"x".repeat(420_000)]);
    let error = store.store("ann", &full).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("new conversation"), "{error}");
}

//! The history store: its promises on two engines, what it costs, what Mem0's own records become.

use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::error::ErrorKind;
use canvas_memory::history::{HistoryStore, NewRecord, NewSessionMessage, StoredRecord, conformance};
use canvas_memory::session::Scope;
use canvas_memory::store::Page;
use serde_json::Value;

use crate::bench::{Bench, text};

const FIXTURE: &str = include_str!("../fixtures/mem0/mem0-sqlite-history-records.json");

fn all() -> Page {
    Page { limit: NonZeroU32::new(1_000).unwrap(), token: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_promises_are_kept_on_dynoxide() {
    let bench = Bench::start().await;
    let (one, other) = (bench.history(), bench.history());
    conformance::check(&one, Some(&other)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_promises_are_kept_on_moto() {
    // Two requests at a time both read before either writes: only one host can use it.
    conformance::check(&Bench::on_moto().await.history(), None).await.unwrap();
}

#[tokio::test]
async fn records_of_mem0_are_taken_over_as_they_are() {
    let bench = Bench::start().await;
    let (store, scope) = (bench.history(), Scope::default());
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    for (list, memory) in [("history_mem1", "mem-1"), ("history_batch_add", "mem-2")] {
        let records: Vec<NewRecord> = serde_json::from_value(fixture[list].clone()).unwrap();
        let added = store.add_batch(&scope, records.clone()).await.unwrap().added;
        assert!(added.iter().all(|added| !added.duplicate));
        let page = store.history(&scope, memory, all()).await.unwrap();
        let found: Vec<_> = page.records.iter().map(|StoredRecord { record, .. }| record).collect();
        assert_eq!(serde_json::to_value(found).unwrap(), fixture[list]);
        let again = store.add_batch(&scope, records).await.unwrap().added;
        assert!(again.iter().all(|added| added.duplicate));
    }
    // Of one timestamp, Mem0 keeps the oldest ten; here the newest are kept.
    let messages: Vec<_> = (0..14).map(|n| NewSessionMessage::new("user", format!("m{n}"))).collect();
    store.add_messages(&scope, "user_id=alice", messages).await.unwrap();
    let recent = store.recent_messages(&scope, "user_id=alice", NonZeroU32::MAX).await.unwrap();
    let said: Vec<_> = recent.messages.into_iter().map(|message| message.content).collect();
    assert_eq!(said, (4..14).map(|n| format!("m{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_each_operation_costs() {
    let bench = Bench::start().await;
    let (store, scope) = (bench.history(), Scope::default());
    for n in 0..40 {
        let added = store.add(&scope, NewRecord::added("m", format!("{n}"))).await.unwrap();
        // The newest place, then the record and its row of the listing in a transaction.
        assert_eq!((added.usage.requests, added.usage.write_units), (2, 4.0), "record {n}");
        assert!(added.usage.read_units <= 1.0, "{:?}", added.usage);
    }
    let page = Page { limit: NonZeroU32::new(20).unwrap(), token: None };
    assert_eq!(store.history(&scope, "m", page).await.unwrap().usage.requests, 1);

    let said = |n: u32| vec![NewSessionMessage::new("user", format!("{n}"))];
    let first = store.add_messages(&scope, "s", said(0)).await.unwrap();
    assert_eq!((first.usage.requests, first.usage.write_units), (2, 4.0), "listed once for its user");
    for n in 1..30 {
        let added = store.add_messages(&scope, "s", said(n)).await.unwrap();
        assert_eq!(added.usage.requests, 2);
        assert!(added.usage.write_units <= 3.0, "{:?}", added.usage);
    }
    let recent = store.recent_messages(&scope, "s", NonZeroU32::MAX).await.unwrap();
    assert_eq!((recent.usage.requests, recent.usage.read_units), (1, 1.0));

    let deleted = store.delete_user(&scope, scope.as_str()).await.unwrap();
    assert_eq!((deleted.records, deleted.messages), (40, 10));
    // The listing, one transaction for the records, the messages read and removed, the listing again.
    assert_eq!(deleted.usage.requests, 5);
}

#[tokio::test]
async fn nothing_of_a_user_is_left_in_the_table() {
    let bench = Bench::start().await;
    let (store, scope) = (bench.history(), Scope::new("acme").unwrap());
    let of_ann = |record: NewRecord| NewRecord { user: Some("ann".to_owned()), ..record };
    let records = (0..130).map(|n| of_ann(NewRecord::added(format!("m{}", n % 7), "secret")));
    store.add_batch(&scope, records.collect()).await.unwrap();
    let said = NewSessionMessage { user: Some("ann".to_owned()), ..NewSessionMessage::new("user", "secret") };
    store.add_messages(&scope, "s", vec![said]).await.unwrap();
    let deleted = store.delete_user(&scope, "ann").await.unwrap();
    assert_eq!((deleted.records, deleted.messages), (130, 1));
    let left = bench.sdk.scan().table_name("history").send().await.unwrap();
    assert_eq!(left.items(), []);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_left() {
    let bench = Bench::start().await;
    let (store, scope) = (bench.history(), Scope::default());
    store.add(&scope, NewRecord::added("m", "a")).await.unwrap();
    store.add_messages(&scope, "s", vec![NewSessionMessage::new("user", "a")]).await.unwrap();
    let spoil = |pk: &str, sk: &str, attribute: &str, value: AttributeValue| {
        bench
            .sdk
            .update_item()
            .table_name("history")
            .key("pk", text(pk))
            .key("sk", text(sk))
            .update_expression("SET #a = :v")
            .expression_attribute_names("#a", attribute)
            .expression_attribute_values(":v", value)
            .send()
    };
    spoil("local#memory#m", "00000000000000000001", "event", text("MERGE")).await.unwrap();
    spoil("local#session#s", "messages", "messages", text("[{")).await.unwrap();

    let page = store.history(&scope, "m", all()).await.unwrap();
    assert!(page.records.is_empty());
    assert!(page.unreadable[0].reason.contains("`event`"), "{:?}", page.unreadable);
    let error = store.recent_messages(&scope, "s", NonZeroU32::MAX).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    let error = store.add_messages(&scope, "s", vec![NewSessionMessage::new("user", "b")]).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("local#session#s"), "{error}");
    // A record can be added behind one that can't be read.
    assert_eq!(store.add(&scope, NewRecord::added("m", "b")).await.unwrap().sequence, 2);
}

#[tokio::test]
async fn a_record_that_does_not_fit_is_refused_with_the_way_out() {
    let bench = Bench::start().await;
    let (store, scope) = (bench.history(), Scope::default());
    let long = "x".repeat(420_000);
    let error = store.add(&scope, NewRecord::added("m", &long)).await.unwrap_err();
    assert_eq!((error.kind(), error.usage().requests), (&ErrorKind::TooLarge, 0));
    let halves: Vec<_> = (0..2).map(|_| NewSessionMessage::new("user", &long[..210_000])).collect();
    let error = store.add_messages(&scope, "s", halves).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("keep fewer"), "{error}");
    assert!(store.recent_messages(&scope, "s", NonZeroU32::MAX).await.unwrap().messages.is_empty());
}

//! What a load brings.

use std::num::NonZeroU32;

use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::ErrorKind;
use canvas_memory::message::Message;
use canvas_memory::session::{TokenCount, Turn};
use canvas_memory::store::{Append, ChatStore, Consistency, SessionState, Window};

use crate::bench::{Bench, NOW, key, page, place, s, texts};

#[tokio::test]
async fn the_newest_turns_come_oldest_first_and_tell_whether_there_are_more() {
    let bench = Bench::start().await;
    let key = key("s");
    let fresh = bench.all(&key).await;
    assert_eq!((fresh.state, fresh.position, fresh.complete), (SessionState::New, None, true));
    for n in 0..5 {
        bench.say(&key, &n.to_string()).await;
    }
    let last = bench.last(&key, 3).await;
    assert_eq!((texts(&last.turns).concat().as_str(), last.complete), ("234", false));
    assert_eq!(last.position.as_ref(), Some(&last.turns[2].position));
    assert_eq!(last.turns[0].stored_at_epoch_secs, Some(NOW));
    for turns in [5, 6, 100] {
        let all = bench.last(&key, turns).await;
        assert_eq!((all.turns.len(), all.complete, all.usage.requests), (5, true, 1), "{turns}");
    }
}

#[tokio::test]
async fn a_window_of_messages_is_the_fewest_turns_that_have_them() {
    let bench = Bench::start().await;
    let key = key("s");
    for size in [1, 3, 1, 1, 4, 1, 2] {
        let messages: Vec<_> = (0..size).map(|n| Message::user(format!("{size}:{n}"))).collect();
        bench.store.append(&key, Append::new(Turn::new(messages))).await.unwrap();
    }
    for (wanted, turns) in [(1, 1), (2, 1), (3, 2), (4, 3), (7, 3), (8, 4), (13, 7), (50, 7)] {
        let window = Window::LastMessages(NonZeroU32::new(wanted).unwrap());
        let loaded = bench.store.recent(&key, window, Consistency::Strong).await.unwrap();
        assert_eq!((loaded.turns.len(), loaded.complete), (turns, turns == 7), "{wanted} messages");
    }
}

#[tokio::test]
async fn a_bad_row_is_told_by_its_key_and_hides_nothing() {
    let bench = Bench::start().await;
    let key = key("s");
    let counted = Turn {
        tokens: Some(TokenCount { tokenizer: "a b".to_owned(), count: 9 }),
        ..Turn::new([Message::user("0")])
    };
    bench.store.append(&key, Append::new(counted.clone())).await.unwrap();
    for n in 1..6 {
        bench.say(&key, &n.to_string()).await;
    }
    let secret = "[\"not a message but a secret\"]";
    for (seq, name, value) in [
        (2, "msgs", s(secret)),
        (3, "tid", AttributeValue::N("3".to_owned())),
        (4, "msgs", AttributeValue::Bool(true)),
        (6, "tok", s("many")),
    ] {
        let mut item = bench.item("s", &place(seq)).await.unwrap();
        item.insert(name.to_owned(), value);
        bench.put(item).await;
    }
    let loaded = bench.all(&key).await;
    assert_eq!(texts(&loaded.turns), ["0", "4"]);
    assert_eq!(loaded.turns[0].tokens, counted.tokens);
    let keys: Vec<_> = loaded.unreadable.iter().map(|row| row.key.clone()).collect();
    assert_eq!(keys, [6, 4, 3, 2].map(place));
    assert!(loaded.unreadable.iter().all(|row| !row.reason.contains("secret")), "{:?}", loaded.unreadable);
    assert_eq!(texts(&bench.last(&key, 1).await.turns), ["4"]);
    bench.say(&key, "on it goes").await;
    assert_eq!(bench.texts(&key).await, ["0", "4", "on it goes"]);

    for seq in [1, 5, 7] {
        bench.delete("s", &place(seq)).await;
    }
    let error = bench.store.recent(&key, Window::Everything, Consistency::Strong).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    assert!(error.usage().requests == 1 && error.to_string().contains(&place(6)), "{error}");
}

#[tokio::test]
async fn rows_deleted_in_the_middle_leave_the_rest_in_order() {
    let bench = Bench::start().await;
    let key = key("s");
    for n in 0..8 {
        bench.say(&key, &n.to_string()).await;
    }
    for seq in [3, 4, 6] {
        bench.delete("s", &place(seq)).await;
    }
    assert_eq!(bench.texts(&key).await, ["0", "1", "4", "6", "7"]);
    assert_eq!(bench.streamed(&key).await, ["0", "1", "4", "6", "7"]);
    assert_eq!(texts(&bench.last(&key, 3).await.turns), ["4", "6", "7"]);
    bench.say(&key, "8").await;
    assert_eq!(bench.texts(&key).await, ["0", "1", "4", "6", "7", "8"]);
    assert_eq!(bench.store.clear(&key).await.unwrap().turns, 6);
}

#[tokio::test]
async fn long_sessions_come_in_pages() {
    let bench = Bench::start().await;
    let key = key("s");
    bench.say(&key, &"z".repeat(100_000)).await;
    bench.fill("s", 2, 35).await;
    let loaded = bench.all(&key).await;
    assert_eq!((loaded.turns.len(), loaded.complete), (35, true));
    assert!(loaded.usage.requests > 1);
    assert_eq!(bench.streamed(&key).await.len(), 35);
    assert_eq!(bench.store.clear(&key).await.unwrap().turns, 35);
    assert!(bench.streamed(&key).await.is_empty());
}

#[tokio::test]
async fn inspecting_shows_rows_newest_first_page_by_page() {
    let bench = Bench::start().await;
    let key = key("s");
    for n in 0..5 {
        bench.say(&key, &n.to_string()).await;
    }
    let (mut sorts, mut token) = (Vec::new(), None);
    loop {
        let found = bench.store.inspect(&key, page(2, token)).await.unwrap();
        for record in &found.records {
            assert!(record.raw.as_str().contains(r#""SessionId":{"S":"s"}"#), "{:?}", record.raw);
        }
        sorts.extend(found.records.into_iter().map(|record| record.key));
        token = found.next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(sorts, [5, 4, 3, 2, 1].map(place));
}

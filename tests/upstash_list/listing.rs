//! Sessions, turns and raw entries, page by page.

use std::num::NonZeroU32;

use canvas_memory::ErrorKind;
use canvas_memory::session::Scope;
use canvas_memory::store::{ChatStore, Page, PageToken};
use canvas_memory::upstash::list::ListOptions;
use futures_util::TryStreamExt;

use crate::upstash_endpoint::Endpoint;
use crate::{append, ids, key, load, store, store_with};

fn page(limit: u32, token: Option<PageToken>) -> Page {
    Page { limit: NonZeroU32::new(limit).unwrap(), token }
}

#[tokio::test]
async fn sessions_are_listed_in_pages_and_without_what_is_none() {
    let endpoint = Endpoint::start().await;
    let prefix = "chat[1]*:";
    let store = store_with(&endpoint, ListOptions { key_prefix: prefix.into(), ..ListOptions::default() });
    for number in 0..120 {
        store.append(&key(&format!("session {number:03}")), append("a").exact()).await.unwrap();
    }
    store.set_note(&key("session 001"), "summary", "x", 0).await.unwrap();
    for other in ["chat1x:a", "other", "chat[1]*:", "chat[1]*:s:cm:ids"] {
        endpoint.redis.call(&["LPUSH", other, "x"]).await;
    }
    endpoint.redis.call(&["SET", "chat[1]*:string", "x"]).await;
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let sessions = store.sessions(&Scope::default(), page(25, token)).await.unwrap();
        assert!(sessions.sessions.len() <= 25 && sessions.usage.requests > 0);
        found.extend(sessions.sessions.into_iter().map(|entry| entry.session.to_string()));
        token = sessions.next;
        if token.is_none() {
            break;
        }
    }
    found.sort();
    let expected: Vec<_> = (0..120).map(|number| format!("session {number:03}")).collect();
    assert_eq!(found, expected);
    let error = store.sessions(&Scope::default(), page(1, Some(PageToken("x".into())))).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "page"));
}

#[tokio::test]
async fn all_turns_come_oldest_first_and_whole() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    endpoint.redis.call(&["LPUSH", "s", "plain"]).await;
    for number in 0..150 {
        if number % 7 == 0 {
            endpoint.redis.call(&["LPUSH", "s", r#"{"type":"human","text":"old"}"#, "plain"]).await;
        }
        store.append(&key("s"), append(&number.to_string())).await.unwrap();
    }
    let pages: Vec<_> = store.turns(&key("s")).try_collect().await.unwrap();
    assert!(pages.len() > 4);
    let turns: Vec<_> = pages.iter().flat_map(|page| page.turns.clone()).collect();
    let unreadable: Vec<_> = pages.iter().flat_map(|page| page.unreadable.clone()).collect();
    let whole = load(&store, "s").await;
    assert_eq!(turns, whole.turns);
    assert_eq!(unreadable, whole.unreadable);
    assert_eq!(ids(&turns).iter().filter(|id| !id.is_empty()).count(), 150);
    let none: Vec<_> = store.turns(&key("none")).try_collect().await.unwrap();
    assert!(none.iter().all(|page| page.turns.is_empty()));
}

#[tokio::test]
async fn entries_are_shown_as_they_are_stored() {
    let endpoint = Endpoint::start().await;
    let store = store(&endpoint);
    let entries = ["plain words", r#"{"type":"human","text":"cut \ud83d"}"#, r#"{"n":1.10}"#, "4"];
    for entry in entries {
        endpoint.redis.call(&["LPUSH", "s", entry]).await;
    }
    endpoint.redis.call(&["EXPIRE", "s", "100"]).await;
    let first = store.inspect(&key("s"), page(3, None)).await.unwrap();
    // One command, so that no other comes between what it reads.
    assert_eq!((first.usage.requests, first.usage.commands), (1, 1));
    store.append(&key("s"), append("a")).await.unwrap();
    let second = store.inspect(&key("s"), page(3, first.next.clone())).await.unwrap();
    assert_eq!(second.next, None);
    let records: Vec<_> = first.records.iter().chain(&second.records).collect();
    let shown: Vec<_> = records.iter().map(|record| (record.key.as_str(), record.raw.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("s[-4]", "4"),
            ("s[-3]", r#"{"n":1.10}"#),
            ("s[-2]", r#""{\"type\":\"human\",\"text\":\"cut \\ud83d\"}""#),
            ("s[-1]", r#""plain words""#),
        ]
    );
    assert_eq!(records[3].bytes, 11);
    assert!(records[0].expires_at_epoch_secs.is_some());
    let error = store.inspect(&key("s"), page(1, Some(PageToken("0".into())))).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidInput { field } if field == "page"));
}

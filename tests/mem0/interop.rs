//! Beside Mem0's own history in SQLite: the same records in the same order, and the newest messages where it keeps the oldest.

use std::io::Write;
use std::num::NonZeroU32;
use std::process::Stdio;

use canvas_memory::history::{HistoryStore, NewRecord, NewSessionMessage};
use canvas_memory::session::Scope;
use canvas_memory::store::Page;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::support::interop;

const SESSION: &str = "user_id=alice";

fn mem0(given: &Value) -> Value {
    let mut child =
        interop::mem0("mem0_history.py").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "mem0_history.py failed; its error stands above");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn at(minute: u32) -> String {
    format!("2026-08-22T10:{minute:02}:00+00:00")
}

fn batch(of: std::ops::Range<u32>) -> Value {
    of.map(|n| json!({"role": "user", "content": format!("m{n}"), "name": "alice"})).collect()
}

#[tokio::test]
async fn what_mem0_keeps_in_sqlite_is_taken_over_in_its_order() {
    let records = json!([
        {"memory_id": "m-1", "new_memory": "Alice", "event": "ADD", "created_at": at(0), "actor_id": "alice", "role": "user"},
        {"memory_id": "m-2", "new_memory": "Bob 😀", "event": "ADD", "created_at": at(1)},
        {"memory_id": "m-1", "old_memory": "Alice", "new_memory": "Alice B.", "event": "UPDATE", "created_at": at(0),
         "updated_at": at(2)},
        {"memory_id": "m-1", "old_memory": "Alice B.", "event": "DELETE", "created_at": at(0), "updated_at": at(3),
         "is_deleted": 1},
    ]);
    let theirs = mem0(&json!({"records": records, "batches": []}));
    let bench = Bench::start().await;
    let (store, scope) = (bench.history(), Scope::default());
    for (memory, kept) in theirs["history"].as_object().unwrap() {
        let taken: Vec<NewRecord> = serde_json::from_value(kept.clone()).unwrap();
        store.add_batch(&scope, taken).await.unwrap();
        let page = store.history(&scope, memory, Page::default()).await.unwrap();
        let ours: Vec<_> = page.records.into_iter().map(|stored| stored.record).collect();
        assert_eq!(serde_json::to_value(ours).unwrap(), *kept);
    }
}

#[tokio::test]
async fn the_last_messages_are_mem0s_but_for_a_long_batch() {
    let bench = Bench::start().await;
    let (store, scope) = (bench.history(), Scope::default());
    let said = |messages: &Value| -> Vec<String> {
        let messages = messages.as_array().unwrap().iter();
        messages.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
    };
    let one_by_one: Vec<_> = (0..14).map(|n| batch(n..n + 1)).collect();
    let theirs = mem0(&json!({"records": [], "batches": one_by_one}));
    for message in &one_by_one {
        let message: Vec<NewSessionMessage> = serde_json::from_value(message.clone()).unwrap();
        store.add_messages(&scope, SESSION, message).await.unwrap();
    }
    let recent = store.recent_messages(&scope, SESSION, NonZeroU32::MAX).await.unwrap().messages;
    let ours: Vec<_> = recent.iter().map(|message| message.content.clone()).collect();
    assert_eq!(ours, said(&theirs["messages"]));
    assert_eq!(theirs["messages"][0]["name"], json!(recent[0].name));
    // Both write times alike.
    let shape = |time: &str| time.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(shape(theirs["messages"][0]["created_at"].as_str().unwrap()), shape(&recent[0].created_at));

    let theirs = mem0(&json!({"records": [], "batches": [batch(0..14)]}));
    assert_eq!(said(&theirs["messages"])[9], "m9", "of one timestamp, it keeps the oldest");
    let at_once: Vec<NewSessionMessage> = serde_json::from_value(batch(0..14)).unwrap();
    store.add_messages(&scope, "user_id=bob", at_once).await.unwrap();
    let recent = store.recent_messages(&scope, "user_id=bob", NonZeroU32::MAX).await.unwrap().messages;
    assert_eq!(recent[9].content, "m13");
}

//! The records and messages of a history store, over the API.

use serde_json::{Value, json};

use crate::support::{Home, Host};

fn of(more: Value) -> Value {
    let inputs = json!({"tableName": "history", "endpoint": "builtin"});
    let mut body = json!({"history": {"type": "mem0DynamoDBHistoryStore", "inputs": inputs}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn add(host: &Host, records: Value) -> Value {
    host.post("/history/add", of(json!({"records": records}))).await.ok()
}

#[tokio::test]
async fn a_memorys_history_is_added_listed_and_removed_with_its_user() {
    let home = Home::new();
    let host = home.start().await;
    let first =
        json!({"id": "r1", "user": "ann", "memory_id": "m", "event": "ADD", "new_memory": "Name is Ann"});
    let more: Vec<_> = (0..4)
        .map(
            |n| json!({"memory_id": "m", "event": "UPDATE", "old_memory": "x", "new_memory": format!("{n}")}),
        )
        .collect();
    let added = add(&host, json!([first])).await;
    assert_eq!((&added["added"][0]["id"], &added["added"][0]["duplicate"]), (&"r1".into(), &false.into()));
    add(&host, json!(more)).await;
    assert_eq!(add(&host, json!([first])).await["added"][0]["duplicate"], true);

    let page = host.post("/history/records", of(json!({"memory_id": "m", "limit": 2}))).await.ok();
    assert_eq!(page["records"][0]["new_memory"], "Name is Ann", "{page}");
    assert_eq!((&page["records"][0]["sequence"], &page["records"][0]["user"]), (&1.into(), &"ann".into()));
    assert_eq!(page["records"][1]["user"], "local");
    let more = of(json!({"memory_id": "m", "limit": 100, "page": page["next"]}));
    let rest = host.post("/history/records", more).await.ok();
    assert_eq!((rest["records"].as_array().unwrap().len(), &rest["next"]), (3, &Value::Null), "{rest}");

    let other = json!([{"id": "r1", "user": "ann", "memory_id": "m", "event": "ADD", "new_memory": "other"}]);
    host.post("/history/add", of(json!({"records": other}))).await.error(400, "invalid_input");
    let deleted = host.post("/history/delete_user", of(json!({"user": "ann"}))).await.ok();
    assert_eq!((&deleted["records"], &deleted["messages"]), (&1.into(), &0.into()), "{deleted}");
    let reset = host.post("/history/reset", of(json!({}))).await.ok();
    assert_eq!(reset["records"], 4, "{reset}");
    let page = host.post("/history/records", of(json!({"memory_id": "m"}))).await.ok();
    assert_eq!(page["records"], json!([]));
}

#[tokio::test]
async fn the_newest_messages_of_a_session_are_kept_and_removed() {
    let home = Home::new();
    let host = home.start().await;
    let messages: Vec<_> = (0..12).map(|n| json!({"role": "user", "content": format!("m{n}")})).collect();
    let said = of(json!({"session_scope": "user_id=ann", "messages": messages}));
    let added = host.post("/history/add_messages", said).await.ok();
    assert_eq!((&added["added"], &added["sequence"]), (&12.into(), &12.into()), "{added}");
    let of_ann = json!({"session_scope": "user_id=ann"});
    let recent = host.post("/history/messages", of(of_ann.clone())).await.ok();
    assert_eq!(recent["messages"].as_array().unwrap().len(), 10);
    assert_eq!(recent["messages"][9]["content"], "m11", "{recent}");
    let last = of(json!({"session_scope": "user_id=ann", "limit": 1}));
    assert_eq!(host.post("/history/messages", last).await.ok()["messages"][0]["content"], "m11");
    let deleted = host.post("/history/delete_session", of(of_ann.clone())).await.ok();
    assert_eq!(deleted["messages"], 10, "{deleted}");
    assert_eq!(host.post("/history/messages", of(of_ann)).await.ok()["messages"], json!([]));
}

#[tokio::test]
async fn another_node_and_bad_records_are_refused() {
    let home = Home::new();
    let host = home.start().await;
    let memory = json!({"type": "mem0DynamoDBConversationMemory", "inputs": {"tableName": "c-1", "endpoint": "builtin"}});
    let body = json!({"history": memory, "memory_id": "m"});
    host.post("/history/records", body).await.error(422, "unsupported");
    for bad in [
        json!({"memory_id": "m", "event": "MERGE"}),
        json!({"memory_id": "m", "event": "ADD", "created_at": "soon"}),
        json!({"memory_id": "", "event": "ADD"}),
        json!(["m", "ADD"]),
    ] {
        host.post("/history/add", of(json!({"records": [bad]}))).await.error(400, "invalid_input");
    }
}

//! What a newcomer does: a flow from a template, a message, a restart, a second message.

use serde_json::{Value, json};

use crate::support::{Home, dynamodb, echo, upstash};

const FIRST: &str = "Hello my name is Collin.";

/// Says two messages with a restart between, and looks at what is kept.
async fn converse(make: impl AsyncFn(&crate::support::Host) -> String, memory: Value) {
    let home = Home::new();
    let host = home.start().await;
    let flow = make(&host).await;
    let run = host.run(json!({"flow": flow, "message": FIRST, "session": "s", "turn_id": "t-1"})).await;
    assert!(run.answer().contains("Memory gave me nothing"), "{run:?}");
    assert_eq!(run.started["turn_id"], "t-1");
    assert_eq!(run.last["session"], json!({"id": "s", "source": "request"}));
    assert_eq!(run.last["stored"]["state"], "stored");
    let names: Vec<_> = run.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["started", "step", "text", "step", "step", "done"]);
    host.stop().await;

    let host = home.start().await;
    let run = host.run(json!({"flow": flow, "message": "What is my name?", "session": "s"})).await;
    assert!(run.answer().contains(FIRST), "{run:?}");

    // A client that saw no answer says its first message again, after the restart.
    let again = host.run(json!({"flow": flow, "message": FIRST, "session": "s", "turn_id": "t-1"})).await;
    assert_eq!(again.last["stored"]["duplicate"], true, "{again:?}");
    assert!(again.answer().contains("Memory gave me nothing"), "{again:?}");

    let of = json!({"memory": memory, "session": "s"});
    let loaded = host.post("/memory/load", of.clone()).await.ok();
    assert_eq!(loaded["turns"].as_array().unwrap().len(), 2, "{loaded}");
    assert_eq!(loaded["turns"][0]["messages"][0]["content"], FIRST);
    let turns = host.post("/memory/turns", json!({"memory": memory, "session": "s", "last": 1})).await.ok();
    assert_eq!(turns["turns"].as_array().unwrap().len(), 1, "{turns}");
    let all = host.post("/memory/all_turns", of.clone()).await.ok();
    assert_eq!(all["turns"], loaded["turns"], "{all}");
    let capabilities = host.post("/memory/capabilities", json!({"memory": memory})).await.ok();
    assert_eq!(capabilities["flat_cost"], true, "{capabilities}");
    let sessions = host.post("/memory/sessions", json!({"memory": memory})).await.ok();
    assert_eq!(sessions["sessions"][0]["session"], "s", "{sessions}");
    let records = host.post("/memory/inspect", of.clone()).await.ok();
    assert!(!records["records"].as_array().unwrap().is_empty(), "{records}");
    let health = host.post("/nodes/health", json!({"node": memory})).await.ok();
    assert!(!health["findings"].as_array().unwrap().is_empty(), "{health}");

    let append = |after: &Value| {
        json!({"memory": memory, "session": "s", "after": after,
            "turn": {"id": "t-2", "messages": [{"role": "user", "content": "By hand."}]}})
    };
    let appended = host.post("/memory/append", append(&loaded["position"])).await.ok();
    assert_eq!(appended["duplicate"], false);
    let again = host.post("/memory/append", append(&loaded["position"])).await.ok();
    assert_eq!(again["duplicate"], true);
    let moved = json!({"memory": memory, "session": "s", "after": loaded["position"],
        "turn": {"messages": [{"role": "user", "content": "Too late."}]}});
    host.post("/memory/append", moved).await.error(409, "conflict");

    let cleared = host.post("/memory/clear", of.clone()).await.ok();
    assert_eq!(cleared["turns"], 3, "{cleared}");
    let empty = host.post("/memory/load", of).await.ok();
    assert_eq!(empty["turns"], json!([]));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_on_dynamodb_survives_a_restart() {
    converse(async |host| host.flow(dynamodb("chat"), echo()).await, dynamodb("chat")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_on_upstash_survives_a_restart() {
    converse(async |host| host.flow(upstash(), echo()).await, upstash()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_template_becomes_a_flow() {
    let home = Home::new();
    let host = home.start().await;
    let templates = host.get("/templates").await.ok();
    let templates = templates["templates"].as_array().unwrap().clone();
    assert_eq!(templates.len(), 4);
    for template in &templates {
        let made = host.post("/flows", json!({"template": template["id"], "name": "Mine"})).await;
        let etag = made.headers["etag"].to_str().unwrap().to_owned();
        let location = made.headers["location"].to_str().unwrap().to_owned();
        let made = made.created();
        assert_eq!(made["flow"]["name"], "Mine");
        assert_eq!(made["flow"]["nodes"], template["flow"]["nodes"]);
        assert_eq!(location, format!("/api/v1/flows/{}", made["id"].as_str().unwrap()));
        assert_eq!(etag, format!("\"{}\"", made["etag"].as_str().unwrap()));
        let examined = host.post("/doctor", json!({"flow": made["id"]})).await.ok();
        assert!(!examined["nodes"].as_array().unwrap().is_empty(), "{examined}");
    }
    let built_in = templates.iter().find(|template| {
        let text = template["flow"].to_string();
        text.contains("echoModel") && text.contains("DynamoDBChatMemory")
    });
    let flow = built_in.unwrap()["flow"].clone();
    let run = host.run(json!({"flow": flow, "message": FIRST})).await;
    assert_eq!(run.last["stored"]["state"], "stored");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_can_be_changed_and_removed() {
    let home = Home::new();
    let host = home.start().await;
    let memory = json!({"type": "DynamoDBChatMemory", "inputs": {
        "tableName": "lists", "partitionKey": "session", "layout": "list", "endpoint": "builtin",
    }});
    let of = |more: Value| {
        let mut body = json!({"memory": memory, "session": "s"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let turn = json!({"id": "t", "messages": [
        {"role": "user", "content": "one"}, {"role": "assistant", "content": "two"},
    ]});
    host.post("/memory/append", of(json!({"turn": turn}))).await.ok();
    let loaded = host.post("/memory/load", of(json!({}))).await.ok();
    let at = json!({"position": loaded["turns"][0]["position"], "turn_id": "t", "index": 1});
    let message = json!({"role": "assistant", "content": "zwei"});
    host.post("/memory/edit_message", of(json!({"at": at, "message": message}))).await.ok();
    let loaded = host.post("/memory/load", of(json!({}))).await.ok();
    assert_eq!(loaded["turns"][0]["messages"][1]["content"], "zwei", "{loaded}");
    let at = json!({"position": loaded["turns"][0]["position"], "turn_id": "t", "index": 1});
    host.post("/memory/delete_message", of(json!({"at": at}))).await.ok();
    let loaded = host.post("/memory/load", of(json!({}))).await.ok();
    assert_eq!(loaded["turns"][0]["messages"].as_array().unwrap().len(), 1, "{loaded}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_tells_what_it_is_made_of() {
    let home = Home::new();
    let host = home.start().await;
    let made_of = host.get("/host").await.ok();
    assert_eq!(made_of["version"], env!("CARGO_PKG_VERSION"));
    let engines = json!([{"name": "dynamodb", "ready": true}, {"name": "upstash", "ready": true}]);
    assert_eq!(made_of["engines"], engines);
    assert!(!made_of.to_string().contains("127.0.0.1"), "no page learns where an engine listens");
    let manifest = host.get("/manifest").await.ok();
    assert!(manifest["nodes"].as_array().unwrap().len() >= 6);
    let regions = json!({"type": "DynamoDBChatMemory", "method": "regions", "inputs": {}});
    let regions = host.post("/nodes/options", regions).await.ok();
    assert!(regions["choices"].to_string().contains("eu-west-1"), "{regions}");
    host.stop().await;
}

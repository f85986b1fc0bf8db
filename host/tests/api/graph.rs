//! The facts of a graph memory, over the API.

use serde_json::{Value, json};

use crate::openai_stub::{OpenAiStub, Reply, call};
use crate::support::{Home, Host, allow, dynamodb, openai};

pub(crate) fn graph() -> Value {
    json!({"type": "mem0DynamoDBGraphMemory", "inputs": {"tableName": "graph", "endpoint": "builtin"}})
}

/// A request about the graph.
fn of(more: Value) -> Value {
    let mut body = json!({"memory": graph()});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn put(host: &Host, id: &str, content: &str) -> Value {
    let node = json!({"id": id, "content": content, "metadata": {"topic": "family"}});
    host.post("/graph/put_node", of(json!({"node": node}))).await.ok()
}

async fn link(host: &Host, source: &str, relation: &str, target: &str) -> Value {
    let edge = json!({"source": source, "relationship_type": relation, "target": target});
    host.post("/graph/link", of(edge)).await.ok()
}

fn ids(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_graph_is_kept_followed_changed_and_removed() {
    let home = Home::new();
    let host = home.start().await;
    let capabilities = host.post("/graph/capabilities", of(json!({}))).await.ok();
    assert_eq!(capabilities["layout"], "dynamodb/mem0-graph");

    let made = put(&host, "emma", "is six years old").await;
    assert_eq!((&made["created"], &made["node"]["metadata"]["topic"]), (&true.into(), &"family".into()));
    assert!(made["usage"]["write_units"].as_f64().unwrap() > 0.0, "{made}");
    let again = put(&host, "emma", "is seven years old").await;
    assert_eq!((&again["created"], &again["node"]["content"]), (&false.into(), &"is six years old".into()));
    put(&host, "dinosaurs", "died out").await;
    put(&host, "ann", "is her sister").await;
    let linked = link(&host, "emma", "LIKES", "dinosaurs").await;
    assert_eq!(linked["duplicate"], false, "{linked}");
    assert_eq!(link(&host, "emma", "LIKES", "dinosaurs").await["duplicate"], true);
    link(&host, "ann", "SISTER_OF", "emma").await;

    let nodes = host.post("/graph/nodes", of(json!({"limit": 100}))).await.ok();
    let mut listed = ids(&nodes["nodes"]);
    listed.sort_unstable();
    assert_eq!(listed, ["ann", "dinosaurs", "emma"]);
    let node = host.post("/graph/node", of(json!({"id": "emma"}))).await.ok();
    assert_eq!(node["node"]["content"], "is six years old");
    let nobody = host.post("/graph/node", of(json!({"id": "nobody"}))).await.ok();
    assert_eq!(nobody["node"], Value::Null);
    let hits = host.post("/graph/search", of(json!({"text": "Emma is how old?"}))).await.ok();
    assert_eq!(hits["hits"][0]["node"]["id"], "emma", "{hits}");
    let facts = host.post("/graph/facts", of(json!({"text": "What does Emma like?"}))).await.ok();
    assert_eq!(facts["facts"][0]["line"], "emma: is six years old", "{facts}");
    assert_eq!(facts["facts"][0]["about"], json!({"kind": "node", "id": "emma"}));

    let near = host.post("/graph/neighbours", of(json!({"id": "emma", "direction": "outgoing"}))).await.ok();
    assert_eq!(near["neighbours"][0]["node"]["id"], "dinosaurs", "{near}");
    assert_eq!(near["neighbours"].as_array().unwrap().len(), 1);
    let near = host.post("/graph/neighbours", of(json!({"id": "emma", "types": ["SISTER_OF"]}))).await.ok();
    assert_eq!(near["neighbours"][0]["node"]["id"], "ann", "{near}");
    let around = host.post("/graph/neighbourhood", of(json!({"id": "ann", "depth": 2}))).await.ok();
    let depths: Vec<_> =
        around["nodes"].as_array().unwrap().iter().map(|near| near["depth"].clone()).collect();
    assert_eq!(depths, [0, 1, 2], "{around}");
    let paths = host.post("/graph/paths", of(json!({"from": "ann", "to": "dinosaurs"}))).await.ok();
    assert_eq!(paths["paths"][0]["nodes"], json!(["ann", "emma", "dinosaurs"]), "{paths}");
    let likes = host.post("/graph/types", of(json!({"relationship_type": "LIKES"}))).await.ok();
    assert_eq!(likes["edges"].as_array().unwrap().len(), 1, "{likes}");

    let change = json!({"id": "emma", "content": "is seven years old", "if_content": "is six years old"});
    let changed = host.post("/graph/update_node", of(change.clone())).await.ok();
    assert_eq!(changed["node"]["metadata"]["topic"], "family", "{changed}");
    host.post("/graph/update_node", of(change)).await.error(409, "conflict");
    let cleared = host.post("/graph/update_node", of(json!({"id": "emma", "metadata": null}))).await.ok();
    assert_eq!(cleared["node"]["metadata"], Value::Null, "{cleared}");
    assert_eq!(cleared["node"]["content"], "is seven years old");

    let edge = likes["edges"][0].clone();
    let edge =
        json!({"id": edge["id"], "source": "emma", "relationship_type": "LIKES", "target": "dinosaurs"});
    let unlinked = host.post("/graph/unlink", of(json!({"edge": edge}))).await.ok();
    assert_eq!(unlinked["existed"], true);
    assert_eq!(host.post("/graph/unlink", of(json!({"edge": edge}))).await.ok()["existed"], false);
    let deleted = host.post("/graph/delete_node", of(json!({"id": "emma"}))).await.ok();
    assert_eq!((&deleted["existed"], &deleted["edges"]), (&true.into(), &1.into()), "{deleted}");
    let around = host.post("/graph/neighbourhood", of(json!({"id": "ann"}))).await.ok();
    assert_eq!((ids_near(&around), around["edges"].as_array().unwrap().len()), (vec!["ann"], 0), "{around}");
    host.stop().await;
}

fn ids_near(around: &Value) -> Vec<&str> {
    around["nodes"].as_array().unwrap().iter().map(|near| near["node"]["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name_and_nothing_is_kept() {
    let home = Home::new();
    let host = home.start().await;
    put(&host, "emma", "is six years old").await;
    let node = |node: Value| of(json!({"node": node}));
    let edge = json!({"source": "emma", "relationship_type": "LIKES", "target": "dinosaurs"});
    for (path, body, field) in [
        ("put_node", node(json!({"id": "", "content": "x"})), "node"),
        ("put_node", node(json!({"id": "x".repeat(2_049), "content": "x"})), "node"),
        ("put_node", node(json!({"id": "x"})), "node"),
        ("put_node", node(json!(["x", "y"])), "node"),
        ("put_node", node(json!({"id": "x", "content": "y", "metadata": [1]})), "metadata"),
        ("link", of(json!({"source": "emma", "relationship_type": "", "target": "x"})), "relationship_type"),
        ("neighbours", of(json!({"id": "emma", "limit": 1_001})), "limit"),
        ("neighbours", of(json!({"id": "emma", "page": "nonsense"})), "page"),
        ("neighbours", of(json!({"id": "emma", "types": vec!["T"; 51]})), "types"),
        ("neighbourhood", of(json!({"id": "emma", "depth": 17})), "depth"),
        ("neighbourhood", of(json!({"id": "emma", "max_nodes": 0})), "max_nodes"),
        ("nodes", of(json!({"limit": 0})), "limit"),
        ("search", of(json!({})), "text"),
    ] {
        let error = host.post(&format!("/graph/{path}"), body).await.error(400, "invalid_input");
        let told = error["field"].as_str().unwrap();
        assert!(told.contains(field), "{path}: `{told}` is not `{field}`: {error}");
    }
    let error = host.post("/graph/link", of(edge)).await.error(404, "not_found");
    assert!(error["message"].as_str().unwrap().contains("no such node"), "{error}");
    let change = json!({"id": "nobody", "content": "x"});
    host.post("/graph/update_node", of(change)).await.error(404, "not_found");
    let huge = json!({"id": "huge", "content": "x".repeat(500_000)});
    host.post("/graph/put_node", node(huge)).await.error(413, "too_large");
    let chat = json!({"memory": dynamodb("chat")});
    let error = host.post("/graph/nodes", chat).await.error(422, "unsupported");
    assert!(error["message"].as_str().unwrap().contains("not to a graph memory"), "{error}");
    let nodes = host.post("/graph/nodes", of(json!({}))).await.ok();
    assert_eq!(ids(&nodes["nodes"]), ["emma"], "{nodes}");
    host.stop().await;
}

/// An agent with a memory, a graph, and a history of what becomes of it.
fn agent_flow(model: Value) -> Value {
    let node = |id: &str, mut node: Value| {
        node["id"] = id.into();
        node["position"] = json!({"x": 0, "y": 0});
        node
    };
    let edge = |source: &str, target: &str| json!({"source": source, "sourceHandle": source, "target": target, "targetHandle": source});
    let history = json!({"type": "mem0DynamoDBHistoryStore", "inputs": {"tableName": "history", "endpoint": "builtin"}});
    json!({
        "format": 1,
        "name": "An agent that remembers",
        "nodes": [
            node("memory", dynamodb("chat")),
            node("model", model),
            node("history", history),
            node("graph", graph()),
            node("agent", json!({"type": "toolAgent", "inputs": {}})),
        ],
        "edges": [edge("memory", "agent"), edge("model", "agent"), edge("history", "graph"), edge("graph", "agent")],
    })
}

#[tokio::test]
async fn an_agent_remembers_across_sessions_and_a_restart_and_the_history_knows() {
    let stub = OpenAiStub::script([
        Reply::Calls(
            "",
            vec![
                call("1", "remember", r#"{"name": "Emma", "content": "Emma is six."}"#),
                call("2", "remember", r#"{"name": "Emma", "content": "Emma is seven.", "replace": true}"#),
                call("3", "relate", r#"{"source": "user", "relation": "SISTER_OF", "target": "Emma"}"#),
            ],
        ),
        Reply::Text(vec!["Noted."]),
        Reply::Text(vec!["Seven."]),
        Reply::Calls("", vec![call("4", "forget", r#"{"name": "Emma"}"#)]),
        Reply::Text(vec!["Gone."]),
    ])
    .await;
    let home = Home::new();
    let allowed = [allow(&stub.base_url)];
    let allowed: Vec<_> = allowed.iter().map(String::as_str).collect();
    let host = home.start_for(&allowed).await;
    let flow = host.save(&agent_flow(openai(&stub.base_url))).await;
    let said =
        json!({"flow": flow, "message": "My sister Emma is seven.", "session": "s-1", "turn_id": "t-1"});
    assert_eq!(host.run(said).await.answer(), "Noted.");
    host.stop().await;

    let host = home.start_for(&allowed).await;
    let ran = host.run(json!({"flow": flow, "message": "How old is Emma?", "session": "s-2"})).await;
    assert_eq!(ran.answer(), "Seven.");
    let found = ran.events.iter().find(|event| event.data["kind"]["step"] == "facts_found").unwrap();
    let facts = found.data["kind"]["facts"].as_array().unwrap();
    assert_eq!(facts[0]["line"], "emma: Emma is seven.", "{facts:?}");
    assert_eq!(
        facts[0]["sources"],
        json!([{"session": "s-1", "turn_id": "t-1", "message_ids": ["t-1:0", "t-1:1"]}])
    );
    let sent = stub.messages(2);
    assert!(
        sent[1]["content"].as_str().unwrap().ends_with("- emma: Emma is seven.\n- user —SISTER_OF→ emma"),
        "{sent:?}"
    );

    assert_eq!(
        host.run(json!({"flow": flow, "message": "Forget her.", "session": "s-1"})).await.answer(),
        "Gone."
    );
    let saved = json!({"flow": flow, "node": "graph"});
    let emma = host.post("/graph/node", json!({"memory": saved, "id": "emma"})).await.ok();
    assert_eq!(emma["node"], Value::Null);
    let history = json!({"history": {"flow": flow, "node": "history"}, "memory_id": "emma"});
    let records = host.post("/history/records", history).await.ok();
    let records = records["records"].as_array().unwrap();
    let events: Vec<_> = records.iter().map(|record| record["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["ADD", "UPDATE", "DELETE"], "{records:?}");
    assert_eq!(records[2]["old_memory"], "Emma is seven.");
    host.stop().await;
}

#[tokio::test]
async fn the_node_makes_its_table_and_tells_how_it_stands() {
    let home = Home::new();
    let host = home.start().await;
    let made = host.post("/nodes/setup", json!({"node": graph()})).await.ok();
    assert_eq!(made["made"], json!(["graph"]), "{made}");
    let again = host.post("/nodes/setup", json!({"node": graph()})).await.ok();
    assert_eq!(again["made"], json!([]), "{again}");
    let health = host.post("/nodes/health", json!({"node": graph()})).await.ok();
    let subjects: Vec<_> =
        health["findings"].as_array().unwrap().iter().map(|it| it["subject"].clone()).collect();
    assert_eq!(subjects, ["table", "layout", "rights"], "{health}");

    let other =
        json!({"type": "mem0DynamoDBGraphMemory", "inputs": {"tableName": "chat", "endpoint": "builtin"}});
    let chat = json!({"memory": dynamodb("chat"), "session": "s"});
    host.post("/memory/load", chat).await.ok();
    let error = host.post("/graph/nodes", json!({"memory": other})).await.error(409, "mismatch");
    assert!(error["message"].as_str().unwrap().contains("node_id"), "{error}");
    host.stop().await;
}

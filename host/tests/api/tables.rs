//! The tables under the nodes: made for a node, made by their layout, compared, deleted.

use serde_json::json;

use crate::support::{Home, echo};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_has_its_table_made() {
    let host = Home::new().start().await;
    let inputs = json!({"tableName": "made", "partitionKey": "id", "endpoint": "builtin"});
    let node = json!({"node": {"type": "DynamoDBChatMemory", "inputs": inputs}});
    let made = host.post("/nodes/setup", node.clone()).await.ok();
    assert_eq!(made["made"], json!(["made"]), "{made}");
    let again = host.post("/nodes/setup", node.clone()).await.ok();
    assert_eq!(again["made"], json!([]), "{again}");
    let health = host.post("/nodes/health", node).await.ok();
    assert!(health["findings"].to_string().contains("`made` is there"), "{health}");

    let error = host.post("/nodes/setup", json!({"node": echo()})).await.error(422, "unsupported");
    assert_eq!(error["operation"], "set_up", "{error}");
    let on_aws = json!({"type": "DynamoDBChatMemory", "inputs": {"tableName": "made", "partitionKey": "id"}});
    host.post("/nodes/setup", json!({"node": on_aws})).await.error(424, "missing_credential");
    let nonsense = json!({"type": "DynamoDBChatMemory", "inputs": {"tabelName": "x"}});
    host.post("/nodes/setup", json!({"node": nonsense})).await.error(400, "invalid_input");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_made_compared_and_deleted() {
    let host = Home::new().start().await;
    let mem0 = json!({"tables": {"layout": "mem0", "ttl_enabled": true, "tags": {"team": "memory"}, "endpoint": "builtin"}});
    let made = host.post("/tables/create", mem0.clone()).await.ok();
    assert_eq!(
        (&made["tables"][0]["made"], &made["tables"][1]["made"]),
        (&json!(true), &json!(true)),
        "{made}"
    );
    let again = host.post("/tables/create", mem0.clone()).await.ok();
    assert_eq!((&again["tables"][0]["made"], &again["level"]), (&json!(false), &json!("ok")), "{again}");
    let checked = host.post("/tables/check", mem0).await.ok();
    assert_eq!(checked["level"], "ok", "{checked}");

    let graph = json!({"table": "Mem0Graph", "endpoint": "builtin"});
    assert_eq!(host.post("/tables/delete", graph.clone()).await.ok()["deleted"], "Mem0Graph");
    host.post("/tables/delete", graph).await.error(404, "not_found");

    let other =
        json!({"tables": {"layout": "turns", "table_name": "Mem0Conversations", "endpoint": "builtin"}});
    let error = host.post("/tables/create", other).await.error(409, "mismatch");
    assert!(error["message"].as_str().unwrap().contains("`user_id`"), "{error}");
    let unknown = json!({"tables": {"layout": "turnz", "table_name": "x"}});
    host.post("/tables/create", unknown).await.error(400, "invalid_input");
    let listed = json!({"tables": ["turns", "x"]});
    host.post("/tables/create", listed).await.error(400, "invalid_input");
    let on_aws = json!({"tables": {"layout": "turns", "table_name": "x"}});
    host.post("/tables/create", on_aws).await.error(424, "missing_credential");
}

//! schemathesis sends what the document allows, and what it does not, and holds the answers to it.

use std::path::Path;
use std::process::Stdio;

use canvas_memory_host::api;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::graph::graph;
use crate::support::{Home, Host, dynamodb, echo, upstash};

/// Requests of each operation and phase; enough for about a minute.
const MAX_EXAMPLES: &str = "50";

#[tokio::test(flavor = "multi_thread")]
async fn no_request_finds_a_server_error_or_an_answer_outside_the_document() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop/.venv/bin/schemathesis");
    assert!(program.exists(), "{} is missing. Run tests/install.sh", program.display());
    let home = Home::new();
    let host = home.start().await;
    let document = home.path().join("openapi.json");
    std::fs::write(&document, with_examples(&host).await.to_string()).unwrap();
    let ran = Command::new(program)
        .arg("run")
        .arg(document)
        .args(["--url", &host.url, "--no-color", "--max-examples", MAX_EXAMPLES])
        // What a schema can't say, such as which ids there are, is refused as it should be.
        .args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"])
        .args(["--generation-deterministic", "--continue-on-failure", "--request-timeout", "60"])
        .args(["--suppress-health-check", "all"])
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}");
    host.get("/host").await.ok();
    host.stop().await;
}

/// The document, with examples that name what is there: without them, hardly a request would come to a node.
async fn with_examples(host: &Host) -> Value {
    let flow = host.flow(dynamodb("chat"), echo()).await;
    let run = host.run(json!({"flow": flow, "message": "Hello", "session": "s", "turn_id": "t"})).await;
    let fields = json!({"accessKey": "AKIAEXAMPLE", "secretAccessKey": "example"});
    let credential = json!({"id": "aws", "name": "AWS", "type": "dynamodbMemoryApi", "fields": fields});
    host.post("/credentials", credential).await.created();
    let turns = host.post("/memory/load", json!({"memory": dynamodb("chat"), "session": "s"})).await.ok();

    let emma = json!({"id": "emma", "content": "is six years old"});
    host.post("/graph/put_node", json!({"memory": graph(), "node": emma})).await.ok();

    let mut document = serde_json::to_value(api::document()).unwrap();
    let saved = json!({"flow": flow, "node": "memory"});
    let of = |more: Value| {
        let mut body = json!({"memory": saved, "session": "s"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let at = json!({"position": turns["position"], "turn_id": "t", "index": 0});
    let message = json!({"role": "user", "content": "Hello"});
    let document_of_flow = crate::support::flow(upstash(), echo());
    for (path, body) in [
        ("memory/load", of(json!({}))),
        ("memory/turns", of(json!({"last": 10}))),
        ("memory/inspect", of(json!({"limit": 10}))),
        ("memory/sessions", json!({"memory": upstash(), "limit": 10})),
        ("memory/append", of(json!({"turn": {"messages": [message]}}))),
        ("memory/delete_message", of(json!({"at": at}))),
        ("memory/edit_message", of(json!({"at": at, "message": message}))),
        ("memory/clear", json!({"memory": upstash(), "session": "s"})),
        ("graph/nodes", json!({"memory": graph(), "limit": 10})),
        ("graph/node", json!({"memory": graph(), "id": "emma"})),
        ("graph/search", json!({"memory": graph(), "text": "Emma", "limit": 10})),
        ("graph/facts", json!({"memory": graph(), "text": "How old is Emma?"})),
        ("graph/neighbours", json!({"memory": graph(), "id": "emma", "types": ["LIKES"]})),
        ("graph/neighbourhood", json!({"memory": graph(), "id": "emma", "depth": 1})),
        ("graph/paths", json!({"memory": graph(), "from": "emma", "to": "tea", "depth": 1})),
        ("graph/types", json!({"memory": graph(), "relationship_type": "LIKES"})),
        ("graph/put_node", json!({"memory": graph(), "node": {"id": "tea", "content": "", "metadata": {}}})),
        (
            "graph/update_node",
            json!({"memory": graph(), "id": "emma", "content": "is seven", "metadata": null}),
        ),
        (
            "graph/link",
            json!({"memory": graph(), "source": "emma", "relationship_type": "LIKES", "target": "tea"}),
        ),
        ("graph/delete_node", json!({"memory": graph(), "id": "tea"})),
        ("nodes/health", json!({"node": upstash()})),
        ("nodes/options", json!({"type": "DynamoDBChatMemory", "method": "regions", "inputs": {}})),
        ("doctor", json!({"flow": flow})),
        ("runs", json!({"flow": flow, "message": "Hello", "session": "s"})),
        ("prediction/{id}", json!({"question": "Hello", "chatId": "c"})),
        ("flows", json!({"template": "dynamodb-builtin"})),
        ("flows/validate", document_of_flow.clone()),
        ("flows/import", document_of_flow),
        ("credentials/test", json!({"id": "aws", "target": {"endpoint": "http://127.0.0.1:1"}})),
    ] {
        let operation = &mut document["paths"][format!("/api/v1/{path}")]["post"];
        operation["requestBody"]["content"]["application/json"]["example"] = body;
    }
    for (path, item) in document["paths"].as_object_mut().unwrap() {
        let id = match path.split('/').nth(3).unwrap() {
            "flows" | "prediction" | "chatflows-streaming" => flow.as_str(),
            "runs" => run.id.as_str(),
            _ => "aws",
        };
        let operations = item.as_object_mut().unwrap().values_mut();
        let parameters =
            operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut()).flatten();
        parameters
            .filter(|parameter| parameter["name"] == "id")
            .for_each(|parameter| parameter["example"] = id.into());
    }
    document
}

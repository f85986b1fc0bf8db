//! A flow as Flowise downloads it, imported and run.

use reqwest::Method;
use serde_json::{Value, json};

use crate::host::{Host, answer};
use crate::openai_stub::{OpenAiStub, Reply};
use crate::support::Program;

const EXPORT: &str = include_str!("../../../tests/fixtures/flowise/flowise-export-chatflow.json");

#[tokio::test]
async fn a_flowise_export_is_imported_and_run() {
    let stub = OpenAiStub::start(Reply::Text(vec!["Nice to meet ", "you."])).await;
    let address = stub.base_url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let on_dynamodb = json!({"endpoint": "builtin", "createTable": true});
    for (memory, inputs) in
        [("DynamoDBChatMemory", on_dynamodb), ("upstashRedisBackedChatMemory", json!({"baseURL": "builtin"}))]
    {
        let program = Program::new();
        let host = Host::start_with(&program, &["--allow-endpoint", &address]);
        let flow = imported(&host, &stub.base_url, memory, inputs).await;
        let first = host.say(&flow, "user-id-123", "Hello my name is Collin.").await;
        assert_eq!((first.text.as_str(), first.stored), ("Nice to meet you.", true));
        host.kill();

        let host = Host::start_with(&program, &["--allow-endpoint", &address]);
        assert!(host.say(&flow, "user-id-123", "What is my name?").await.stored);
        let asked = stub.messages(stub.requests().len() - 1);
        let said: Vec<_> = asked
            .iter()
            .map(|message| (message["role"].as_str().unwrap(), message["content"].as_str().unwrap()))
            .collect();
        assert!(said[0].0 == "system" && said[0].1.contains("friendly conversation"), "{said:?}");
        assert_eq!(
            said[1..],
            [
                ("user", "Hello my name is Collin."),
                ("assistant", "Nice to meet you."),
                ("user", "What is my name?"),
            ]
        );
    }
}

/// Imports the export, and connects it: the model to a server of this machine, the memory to an engine.
async fn imported(host: &Host, base_url: &str, memory: &str, inputs: Value) -> String {
    let import = host.request(Method::POST, "flows/import").header("content-type", "application/json");
    let imported = answer(import.body(EXPORT)).await;
    assert_eq!(imported["report"]["unknown_nodes"], json!([]), "{imported}");
    let mut flow = imported["flow"].clone();
    for node in flow["nodes"].as_array_mut().unwrap() {
        match node["type"].as_str().unwrap() {
            "chatModel" => node["inputs"]["baseURL"] = base_url.into(),
            "DynamoDBChatMemory" if memory == "DynamoDBChatMemory" => {
                let endpoint = inputs.as_object().unwrap().clone();
                node["inputs"].as_object_mut().unwrap().extend(endpoint);
            }
            "DynamoDBChatMemory" => {
                node["type"] = memory.into();
                node["inputs"] = inputs.clone();
            }
            _ => {}
        }
    }
    let id = imported["id"].as_str().unwrap().to_owned();
    let etag = imported["etag"].as_str().unwrap();
    let put = host.request(Method::PUT, &format!("flows/{id}")).header("if-match", format!("\"{etag}\""));
    answer(put.json(&flow)).await;
    let problems = host.post("flows/validate", &flow).await;
    assert_eq!(problems["problems"], json!([]));
    id
}

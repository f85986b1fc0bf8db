//! Flows as chat clients of existing canvases call them.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::interop;
use crate::openai_stub::{OpenAiStub, Reply, call};
use crate::support::{Home, Host, allow, dynamodb, echo, upstash};

async fn ask(host: &Host, flow: &str, question: Value) -> Value {
    host.post(&format!("/prediction/{flow}"), question).await.ok()
}

/// The events of a stream, as a client of existing canvases takes them apart: lines that begin with `data:`.
async fn stream(host: &Host, flow: &str, question: Value) -> Vec<Value> {
    let request = host.request(Method::POST, &format!("/api/v1/prediction/{flow}")).json(&question);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_is_the_one_that_existing_clients_expect() {
    let home = Home::new();
    let host = home.start().await;
    let own = host.flow(dynamodb("chat"), echo()).await;
    let mut named = dynamodb("chat");
    named["inputs"]["sessionId"] = "of-the-node".into();
    let named = host.flow(named, echo()).await;
    let config = json!({"sessionId": "of-the-config", "openAIApiKey": "sk-x", "baseURL": "http://10.0.0.1", "tableName": "other"});
    for (flow, question, session) in [
        (&named, json!({"question": "q", "chatId": "c", "overrideConfig": config}), "of-the-config"),
        (&named, json!({"question": "q", "chatId": "c"}), "c"),
        (&named, json!({"question": "q", "overrideConfig": null, "chatId": null}), "of-the-node"),
        (&own, json!({"question": "q", "chatId": "c"}), "c"),
    ] {
        let answer = ask(&host, flow, question.clone()).await;
        assert_eq!(answer["sessionId"], session, "{question}");
        assert_eq!(answer["question"], "q");
        assert_eq!(answer["memoryType"], "DynamoDB Chat Memory");
        assert!(answer["text"].as_str().unwrap().contains("Echo Model"), "{answer}");
    }
    let fresh =
        ask(&host, &own, json!({"question": "q", "history": [{"role": "userMessage", "content": "x"}]}))
            .await;
    assert_eq!(fresh["chatId"], fresh["sessionId"]);
    let next = ask(&host, &own, json!({"question": "again", "chatId": fresh["chatId"]})).await;
    assert!(next["text"].as_str().unwrap().contains("> user: q"), "{next}");
    let ids: HashSet<_> = [&fresh, &next].iter().map(|answer| answer["chatMessageId"].to_string()).collect();
    assert_eq!(ids.len(), 2);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_what_existing_clients_listen_for() {
    let home = Home::new();
    let host = home.start().await;
    let flow = host.flow(upstash(), echo()).await;
    assert_eq!(host.get(&format!("/chatflows-streaming/{flow}")).await.ok(), json!({"isStreaming": true}));
    for streaming in [json!(true), json!("true")] {
        let question = json!({"question": "q", "chatId": "c", "streaming": streaming});
        let events = stream(&host, &flow, question).await;
        let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!((names[0], &names[names.len() - 2..]), ("start", &["metadata", "end"][..]), "{names:?}");
        assert!(names[1..names.len() - 2].iter().all(|name| *name == "token"), "{names:?}");
        let metadata = &events[events.len() - 2]["data"];
        assert_eq!((&metadata["chatId"], &metadata["sessionId"]), (&json!("c"), &json!("c")));
        assert!(metadata["chatMessageId"].is_string() && metadata["question"] == "q", "{metadata}");
        assert_eq!(events.last().unwrap()["data"], "[DONE]");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_that_were_called_are_told() {
    let home = Home::new();
    let calls = || Reply::Calls("", vec![call("c1", "calculator", r#"{"input":"6*7"}"#)]);
    let script = vec![calls(), Reply::Text(vec!["42."]), calls(), Reply::Text(vec!["42."])];
    let model = OpenAiStub::script(script).await;
    let host = home.start_for(&[&allow(&model.base_url)]).await;
    let edge = |source: &str, from: &str, to: &str| json!({"source": source, "sourceHandle": from, "target": "agent", "targetHandle": to});
    let at = json!({"x": 0, "y": 0});
    let flow = json!({"format": 1, "name": "Agent", "nodes": [
        {"id": "model", "position": at, "type": "chatModel",
            "inputs": {"provider": "openai", "modelName": "stub-1", "baseURL": model.base_url}},
        {"id": "tool", "position": at, "type": "calculator", "inputs": {}},
        {"id": "agent", "position": at, "type": "toolAgent", "inputs": {}},
    ], "edges": [edge("model", "model", "model"), edge("tool", "tool", "tools")]});
    let flow = host.save(&flow).await;
    let answer = ask(&host, &flow, json!({"question": "What is 6*7?"})).await;
    let used = json!([{"tool": "calculator", "toolInput": {"input": "6*7"}, "toolOutput": "42"}]);
    assert_eq!((&answer["text"], &answer["usedTools"]), (&json!("42."), &used), "{answer}");
    let events = stream(&host, &flow, json!({"question": "What is 6*7?", "streaming": true})).await;
    let told = events.iter().find(|event| event["event"] == "usedTools").unwrap();
    assert_eq!(told["data"], used, "{events:#?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_understands_answers_and_streams() {
    let home = Home::new();
    let host = home.start().await;
    let flow = host.flow(dynamodb("chat"), echo()).await;
    let ask = async |fields: Value| {
        let mut client = tokio::process::Command::from(interop::python("flowise_client.py"));
        let ran = client.args([&host.url, &flow, &fields.to_string()]).output().await.unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let lines: Vec<Value> = ran
            .stdout
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        lines
    };
    let first = ask(json!({"question": "Hello my name is Collin.", "chatId": "c"})).await;
    assert_eq!((first.len(), &first[0]["sessionId"]), (1, &json!("c")), "{first:?}");
    let events = ask(json!({"question": "What is my name?", "chatId": "c", "streaming": true})).await;
    let tokens = events.iter().filter(|event| event["event"] == "token");
    let text: String = tokens.map(|event| event["data"].as_str().unwrap()).collect();
    assert!(text.contains("Collin"), "{events:?}");
    assert_eq!(events.last().unwrap()["event"], "end");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_told_in_both_forms() {
    let home = Home::new();
    let host = home.start().await;
    for (question, status, kind, field) in [
        (json!({"question": "q"}), 404, "not_found", Value::Null),
        (json!({"question": ""}), 400, "invalid_input", json!("question")),
        (json!({"chatId": "c"}), 400, "invalid_input", json!("question")),
        (
            json!({"question": "q", "overrideConfig": "hunter2"}),
            400,
            "invalid_input",
            json!("overrideConfig"),
        ),
        (
            json!({"question": "q", "overrideConfig": ["hunter2"]}),
            400,
            "invalid_input",
            json!("overrideConfig"),
        ),
        (
            json!({"question": "q", "overrideConfig": {"sessionId": 7}}),
            400,
            "invalid_input",
            json!("overrideConfig.sessionId"),
        ),
        (json!(["q", null, null, null]), 400, "invalid_input", json!("body")),
    ] {
        let answer = host.post("/prediction/nothing", question).await;
        let body = answer.body.clone();
        assert_eq!(answer.error(status, kind)["field"], field, "{body}");
        assert_eq!((&body["statusCode"], &body["success"]), (&json!(status), &json!(false)), "{body}");
        assert!(body["message"].as_str().is_some_and(|tells| !tells.contains("hunter2")), "{body}");
    }
    host.get("/chatflows-streaming/nothing").await.error(404, "not_found");
    host.stop().await;
}

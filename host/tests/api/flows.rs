//! Saved flows: etags, problems, export and import.

use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::openai_stub::{OpenAiStub, Reply};
use crate::support::{Home, allow, dynamodb, echo, flow};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_the_second_is_told() {
    let home = Home::new();
    let host = home.start().await;
    let made =
        host.post("/flows", json!({"flow": flow(dynamodb("chat"), echo()), "name": "One"})).await.created();
    let id = made["id"].as_str().unwrap();
    let path = format!("/flows/{id}");
    let tag = format!("\"{}\"", made["etag"].as_str().unwrap());

    let full = format!("/api/v1{path}");
    let unchanged = host.request(Method::GET, &full).header("if-none-match", format!("\"x\", {tag}"));
    let unchanged = host.send(Method::GET, &full, unchanged).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.headers["etag"].to_str().unwrap()), (304, &*tag));

    let mut edited = made["flow"].clone();
    edited["name"] = "Two".into();
    let error = host.put(&path, None, &edited).await.error(428, "invalid_input");
    assert_eq!(error["field"], "If-Match");
    let replaced = host.put(&path, Some(&tag), &edited).await;
    let new_tag = replaced.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(replaced.ok()["flow"]["name"], "Two");
    assert_ne!(new_tag, tag);
    let late = host.put(&path, Some(&tag), &edited).await;
    assert_eq!(late.headers["etag"].to_str().unwrap(), new_tag);
    late.error(412, "conflict");
    host.put(&path, Some("*"), &edited).await.ok();
    let list = format!("\"other\", W/{new_tag}");
    host.put(&path, Some(&format!("\"other\", {tag}")), &edited).await.error(412, "conflict");
    host.put(&path, Some(&list), &edited).await.ok();

    let delete = |tag: &str| host.request(Method::DELETE, &full).header("if-match", tag);
    host.send(Method::DELETE, &full, delete(&tag)).await.error(412, "conflict");
    assert_eq!(host.send(Method::DELETE, &full, delete(&new_tag)).await.status, 204);
    host.get(&path).await.error(404, "not_found");
    host.put(&path, Some("*"), &edited).await.error(404, "not_found");
    host.delete(&path).await.error(404, "not_found");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_can_not_be_shown_is_not_saved() {
    let home = Home::new();
    let host = home.start().await;
    let made = host.post("/flows", json!({"name": "Ä".repeat(200)})).await.created();
    let path = format!("/flows/{}", made["id"].as_str().unwrap());
    for name in ["hunter2\n".to_owned(), "\u{7}hunter2".to_owned(), "hunter2".repeat(40)] {
        let mut flow = made["flow"].clone();
        flow["name"] = name.as_str().into();
        let problems = host.post("/flows/validate", flow.clone()).await.ok();
        assert!(
            problems["problems"].as_array().unwrap().iter().any(|problem| problem["code"] == "bad_name"),
            "{problems}"
        );
        for refused in [
            host.put(&path, Some("*"), &flow).await,
            host.post("/flows", json!({"flow": flow})).await,
            host.post("/flows", json!({"name": name})).await,
        ] {
            let error = refused.error(400, "invalid_input");
            assert_eq!(error["field"], "name", "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let imported = host.post("/flows/import", flow).await.created();
        assert!(imported["flow"]["name"].as_str().unwrap().contains("hunter2"), "{imported}");
    }
    assert_eq!(host.get(&path).await.ok()["flow"]["name"], made["flow"]["name"]);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_can_not_be_read_is_listed_and_hides_nothing() {
    let home = Home::new();
    let host = home.start().await;
    let id = host.flow(dynamodb("chat"), echo()).await;
    let folder = home.data_dir().join("flows");
    fs::write(folder.join("broken.json"), "{ this is no flow").unwrap();
    fs::copy(folder.join(format!("{id}.json")), folder.join("by-hand.json")).unwrap();
    let listed = host.get("/flows").await.ok();
    let find = |id: &str| listed["flows"].as_array().unwrap().iter().find(|flow| flow["id"] == id).unwrap();
    assert!(find("broken")["error"]["message"].is_string(), "{listed}");
    assert_eq!(find("by-hand")["name"], find(&id)["name"]);
    host.run(json!({"flow": "by-hand", "message": "Hello"})).await.answer();
    let answer = host.get("/flows/broken").await;
    assert!(answer.status.is_client_error() || answer.status == 500, "{answer:?}");
    assert_eq!(host.delete("/flows/broken").await.status, 204);
    host.stop().await;
}

/// What is wrong with a flow, as its problems say it and as a run does.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_flow_is_told_by_node_and_field() {
    let home = Home::new();
    let host = home.start().await;
    let good = flow(dynamodb("chat"), echo());
    let edge = |source: &str, from: &str, target: &str, to: &str| json!({"source": source, "sourceHandle": from, "target": target, "targetHandle": to});
    let with = |change: &dyn Fn(&mut Value)| {
        let mut flow = good.clone();
        change(&mut flow);
        flow
    };
    let cases = [
        (
            "cycle",
            with(&|flow| {
                let mut inner = flow["nodes"][2].clone();
                inner["id"] = "inner".into();
                flow["nodes"].as_array_mut().unwrap().push(inner);
                let edges = flow["edges"].as_array_mut().unwrap();
                edges.push(edge("chain", "chain", "inner", "memory"));
                edges.push(edge("inner", "chain", "chain", "memory"));
            }),
        ),
        ("open_port", with(&|flow| drop(flow["edges"].as_array_mut().unwrap().remove(1)))),
        (
            "full_port",
            with(&|flow| {
                let mut second = flow["nodes"][0].clone();
                second["id"] = "second".into();
                flow["nodes"].as_array_mut().unwrap().push(second);
                flow["edges"].as_array_mut().unwrap().push(edge("second", "memory", "chain", "memory"));
            }),
        ),
        ("unknown_type", with(&|flow| flow["nodes"][1]["type"] = "quantumModel".into())),
        ("bad_input", with(&|flow| flow["nodes"][0]["inputs"]["tableNme"] = "typo".into())),
        ("no_chain", json!({"format": 1, "nodes": []})),
        ("types_differ", with(&|flow| flow["edges"][0]["source"] = "model".into())),
    ];
    for (code, flow) in cases {
        let problems = host.post("/flows/validate", flow.clone()).await.ok()["problems"].clone();
        let problems = problems.as_array().unwrap();
        assert!(!problems.is_empty(), "{code}");
        if code != "types_differ" {
            assert!(problems.iter().any(|problem| problem["code"] == code), "{code}: {problems:#?}");
        }
        let id = host.save(&flow).await;
        let refused = host.post("/runs", json!({"flow": id, "message": "Hello"})).await;
        let is_unknown = code == "unknown_type";
        let error =
            if is_unknown { refused.error(422, "unsupported") } else { refused.error(400, "invalid_input") };
        assert!(!error["message"].as_str().unwrap().is_empty(), "{code}: {error}");
    }
    assert_eq!(host.post("/flows/validate", good.clone()).await.ok()["problems"], json!([]));
    host.run(json!({"flow": good, "message": "Hello"})).await.answer();
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_flowise_exported_is_opened_and_run() {
    let home = Home::new();
    let stub = OpenAiStub::start(Reply::Text(vec!["Nice to meet ", "you."])).await;
    let host = home.start_for(&[&allow(&stub.base_url)]).await;
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/flowise/flowise-export-chatflow.json");
    let export: Value = serde_json::from_str(&fs::read_to_string(fixture).unwrap()).unwrap();
    let listed = async || host.get("/flows").await.ok()["flows"].as_array().unwrap().len();
    let before = listed().await;
    let preview = host.post("/flows/import?dry_run=true", export.clone()).await.ok();
    assert_eq!(preview["report"]["source"], "flowise");
    assert_eq!(listed().await, before, "a preview saves nothing");
    let imported = host.post("/flows/import", export).await.created();
    assert_eq!(imported["flow"], preview["flow"]);
    assert_eq!(listed().await, before + 1);

    // The model is pointed at the test's own server, and the memory at the built-in engine.
    let mut flow = imported["flow"].clone();
    let key = json!({"id": "key", "name": "Key", "type": "chatModelApi", "fields": {"apiKey": "sk-test", "host": allow(&stub.base_url)}});
    host.post("/credentials", key).await.created();
    for node in flow["nodes"].as_array_mut().unwrap() {
        match node["type"].as_str().unwrap() {
            "chatModel" => {
                node["credential"] = "key".into();
                node["inputs"]["baseURL"] = stub.base_url.as_str().into();
            }
            "DynamoDBChatMemory" => {
                node["inputs"]["endpoint"] = "builtin".into();
                node["inputs"].as_object_mut().unwrap().remove("sessionId");
            }
            "upstashRedisBackedChatMemory" => node["inputs"]["baseURL"] = "builtin".into(),
            _ => {}
        }
    }
    let path = format!("/flows/{}", imported["id"].as_str().unwrap());
    host.put(&path, Some(imported["etag"].as_str().unwrap()), &flow).await.ok();
    let problems = host.post("/flows/validate", flow).await.ok();
    let run = host
        .run(json!({"flow": imported["id"], "message": "Hello my name is Collin.", "session": "s"}))
        .await;
    assert_eq!(run.answer(), "Nice to meet you.", "{problems}");
    assert_eq!(run.last["stored"]["state"], "stored");
    let (headers, _) = &stub.requests()[0];
    assert_eq!(headers["authorization"], "Bearer sk-test");

    let exported = host.get(&format!("{path}/export")).await.ok();
    let again = host.post("/flows/import", exported).await.created();
    assert_eq!(again["report"]["source"], "canvas_memory");
    assert!(!again["flow"].to_string().contains("\"credential\""), "{again}");
    host.stop().await;
}

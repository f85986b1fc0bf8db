//! Runs survive their clients, and whatever happens around them.

use std::collections::HashSet;
use std::time::Duration;

use canvas_memory::conformance::{Fault, Requests};
use canvas_memory_host::engine::EngineStorage;
use canvas_memory_host::engine::dynamodb::{DynamoDbEngine, DynamoDbOptions};
use canvas_memory_host::runs::RunLimits;
use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::fault_proxy::{Dialect, FaultProxy};
use crate::gated_model::{GatedModel, HALVES};
use crate::support::{Home, Host, allow, dynamodb, echo, openai, upstash};

/// Waits until the run has said this much.
async fn said(host: &Host, run: &str, text: &str) {
    let request = host.request(reqwest::Method::GET, &format!("/api/v1/runs/{run}/events"));
    let mut response = request.send().await.unwrap();
    let mut stream = String::new();
    while let Some(piece) = response.chunk().await.unwrap() {
        stream.push_str(std::str::from_utf8(&piece).unwrap());
        if stream.contains(text) {
            // The client goes away in mid-stream here.
            return;
        }
    }
    panic!("{stream}");
}

async fn start(host: &Host, run: Value) -> String {
    let started = host.post("/runs", run).await.created();
    started["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_when_its_client_goes_away() {
    let home = Home::new();
    let model = GatedModel::start().await;
    let host = home.start_for(&[&allow(&model.base_url)]).await;
    let flow = host.flow(dynamodb("chat"), openai(&model.base_url)).await;
    let run = start(&host, json!({"flow": flow, "message": "Hello", "session": "s"})).await;
    said(&host, &run, HALVES[0]).await;
    assert_eq!(host.get(&format!("/runs/{run}")).await.ok()["state"], "running");
    model.open(1);
    let events = host.events(&run, None).await;
    let texts: String = events.iter().filter_map(|event| event.data["text"].as_str()).collect();
    assert_eq!(texts, HALVES.concat());
    let loaded = json!({"memory": dynamodb("chat"), "session": "s"});
    let loaded = host.post("/memory/load", loaded).await.ok();
    assert_eq!(loaded["turns"][0]["messages"][1]["content"], HALVES.concat(), "{loaded}");

    // A reader who comes back goes on after the last event that it has seen.
    for (at, event) in events.iter().enumerate() {
        let rest = host.events(&run, Some(&event.id)).await;
        let rest: Vec<_> = rest.iter().map(|event| &event.data).collect();
        let wanted: Vec<_> = events[at + 1..].iter().map(|event| &event.data).collect();
        assert_eq!(rest, wanted, "after {}", event.id);
    }
    let view = host.get(&format!("/runs/{run}")).await.ok();
    assert_eq!((&view["state"], &view["result"]), (&json!("done"), &events.last().unwrap().data));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_as_the_flow_was_when_it_began() {
    let home = Home::new();
    let model = GatedModel::start().await;
    let host = home.start_for(&[&allow(&model.base_url)]).await;
    let document = crate::support::flow(dynamodb("before"), openai(&model.base_url));
    let flow = host.save(&document).await;
    let run = start(&host, json!({"flow": flow, "message": "Hello", "session": "s"})).await;
    said(&host, &run, HALVES[0]).await;
    let edited = crate::support::flow(dynamodb("after"), echo());
    host.put(&format!("/flows/{flow}"), Some("*"), &edited).await.ok();
    model.open(1);
    assert_eq!(host.events(&run, None).await.last().unwrap().name, "done");
    let turns = async |table| {
        let loaded = json!({"memory": dynamodb(table), "session": "s"});
        host.post("/memory/load", loaded).await.ok()["turns"].as_array().unwrap().len()
    };
    assert_eq!((turns("before").await, turns("after").await), (1, 0));
    let next = host.run(json!({"flow": flow, "message": "Hello", "session": "s"})).await;
    assert!(next.answer().contains("Echo Model"), "{next:?}");
    assert_eq!((turns("before").await, turns("after").await), (1, 1));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_answer_is_kept_and_marked() {
    let home = Home::new();
    let model = GatedModel::start().await;
    let host = home.start_for(&[&allow(&model.base_url)]).await;
    let flow = host.flow(upstash(), openai(&model.base_url)).await;
    let run = start(&host, json!({"flow": flow, "message": "Hello", "session": "s"})).await;
    said(&host, &run, HALVES[0]).await;
    host.post(&format!("/runs/{run}/stop"), json!({})).await.ok();
    let last = host.events(&run, None).await.pop().unwrap().data;
    assert_eq!((&last["stopped"], &last["stored"]["state"]), (&json!(true), &json!("stored")), "{last}");
    let loaded = host.post("/memory/load", json!({"memory": upstash(), "session": "s"})).await.ok();
    let answer = &loaded["turns"][0]["messages"][1];
    assert_eq!((&answer["content"], &answer["stopped"]), (&json!(HALVES[0]), &json!(true)), "{loaded}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_keeps_what_was_said() {
    let home = Home::new();
    let model = GatedModel::start().await;
    let host = home.start_for(&[&allow(&model.base_url)]).await;
    let flow = host.flow(dynamodb("chat"), openai(&model.base_url)).await;
    let run = start(&host, json!({"flow": flow, "message": "Hello", "session": "s"})).await;
    said(&host, &run, HALVES[0]).await;
    model.open(1);
    host.stop().await;
    let host = home.start().await;
    let loaded = host.post("/memory/load", json!({"memory": dynamodb("chat"), "session": "s"})).await.ok();
    assert_eq!(loaded["turns"][0]["messages"][1]["content"], HALVES.concat(), "{loaded}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_too_many_is_told_to_come_again() {
    let home = Home::new();
    let model = GatedModel::start().await;
    let limits = RunLimits { at_once: 1, ..RunLimits::default() };
    let host = home.start_with(limits, &[&allow(&model.base_url)]).await;
    let flow = host.flow(dynamodb("chat"), openai(&model.base_url)).await;
    let run = start(&host, json!({"flow": flow, "message": "Hello"})).await;
    let refused = host.post("/runs", json!({"flow": flow, "message": "Hello"})).await;
    refused.error(429, "throttled");
    model.open(2);
    assert_eq!(host.events(&run, None).await.last().unwrap().name, "done");
    loop {
        let next = host.post("/runs", json!({"flow": flow, "message": "Hello"})).await;
        if next.status == 201 {
            break;
        }
        next.error(429, "throttled");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_runs_at_once_all_answer() {
    let home = Home::new();
    let host = home.start().await;
    for (memory, name) in [(dynamodb("chat"), "dynamodb"), (upstash(), "upstash")] {
        let flow = host.flow(memory.clone(), echo()).await;
        let said = (0..64).map(|at| {
            let (host, flow) = (&host, &flow);
            async move {
                let run = json!({"flow": flow, "message": format!("message {at}"), "session": format!("{name} {at}")});
                host.run(run).await
            }
        });
        let runs = join_all(said).await;
        assert!(runs.iter().all(|run| run.last["stored"]["state"] == "stored"), "{runs:?}");
        let turns: HashSet<_> = runs.iter().map(|run| run.started["turn_id"].to_string()).collect();
        assert_eq!(turns.len(), 64);
        let sessions = host.post("/memory/sessions", json!({"memory": memory, "limit": 100})).await.ok();
        assert_eq!(sessions["sessions"].as_array().unwrap().len(), 64, "{name}");
    }
    // Many on one session: all are kept.
    let flow = host.flow(dynamodb("one"), echo()).await;
    let said = (0..16).map(|at| host.run(json!({"flow": flow, "message": format!("{at}"), "session": "s"})));
    join_all(said).await;
    let loaded = host.post("/memory/load", json!({"memory": dynamodb("one"), "session": "s"})).await.ok();
    assert_eq!(loaded["turns"].as_array().unwrap().len(), 16, "{loaded}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_append_got_no_reply_is_stored_again_once() {
    let home = Home::new();
    let engine = tokio::task::spawn_blocking(|| {
        DynamoDbEngine::start(DynamoDbOptions::new(EngineStorage::Memory)).unwrap()
    });
    let engine = engine.await.unwrap();
    let proxy = FaultProxy::start(engine.addr(), Dialect::DynamoDb, Duration::from_secs(1)).await;
    let host = home.start_for(&[&allow(proxy.url())]).await;
    let fields = json!({
        "accessKey": engine.access_key().expose_secret(),
        "secretAccessKey": engine.secret_access_key().expose_secret(),
    });
    let credential = json!({"id": "aws", "name": "AWS", "type": "dynamodbMemoryApi", "fields": fields});
    host.post("/credentials", credential).await.created();
    let memory = json!({"type": "DynamoDBChatMemory", "credential": "aws", "inputs": {
        "tableName": "chat", "partitionKey": "session", "sortKey": "turn", "endpoint": proxy.url(),
        "createTable": true,
    }});
    let flow = host.flow(memory.clone(), echo()).await;
    host.run(json!({"flow": flow, "message": "First.", "session": "s"})).await;

    proxy.inject_into(".PutItem", Fault::LoseReply, Requests::From(1));
    let run = host.run(json!({"flow": flow, "message": "Second.", "session": "s"})).await;
    assert!(run.answer().contains("First."), "the answer is there all the same: {run:?}");
    assert_eq!(run.last["stored"]["state"], "not_stored", "{run:?}");
    assert_eq!(run.last["stored"]["error"]["kind"], "unknown");
    let store = format!("/runs/{}/store", run.id);
    host.post(&store, json!({})).await.error(504, "unknown");
    assert!(proxy.heal());

    let stored = host.post(&store, json!({})).await.ok();
    assert_eq!(stored["result"]["stored"]["state"], "stored", "{stored}");
    assert_eq!(stored["result"]["stored"]["duplicate"], true, "the first attempt had stored it");
    let again = host.post(&store, json!({})).await.ok();
    assert_eq!(again["result"], stored["result"]);
    let last = host.events(&run.id, None).await.pop().unwrap();
    assert_eq!(last.data, stored["result"], "who reads the events again is told");
    let loaded = host.post("/memory/load", json!({"memory": memory, "session": "s"})).await.ok();
    assert_eq!(loaded["turns"].as_array().unwrap().len(), 2, "{loaded}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_stored_again_says_why() {
    let home = Home::new();
    let host = home.start().await;
    for path in ["", "/events", "/stop", "/store"] {
        let path = format!("/runs/nothing{path}");
        let answer = if path.ends_with("nothing") || path.ends_with("events") {
            host.get(&path).await
        } else {
            host.post(&path, json!({})).await
        };
        let error = answer.error(404, "not_found");
        assert!(error["message"].as_str().unwrap().contains("turn_id"), "{error}");
    }
    let flow = crate::support::flow(dynamodb("chat"), echo());
    let mut without = flow.clone();
    without["edges"].as_array_mut().unwrap().remove(0);
    let run = host.run(json!({"flow": without, "message": "Hello"})).await;
    assert_eq!(run.last["stored"]["state"], "no_memory", "{run:?}");
    host.post(&format!("/runs/{}/store", run.id), json!({})).await.error(422, "unsupported");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instructions_that_grow_without_end_fail_one_run_and_nothing_else() {
    let home = Home::new();
    let host = home.start().await;
    let instructed = |text: String| {
        let mut flow = crate::support::flow(dynamodb("chat"), echo());
        flow["nodes"][2]["inputs"]["systemMessagePrompt"] = text.into();
        flow
    };
    let question = "q".repeat(100_000);
    let many = json!({"flow": instructed("{{question}}".repeat(1_000)), "message": question});
    let run = host.run(many).await;
    assert_eq!(
        (run.name.as_str(), &run.last["error"]["kind"]),
        ("error", &json!("too_large")),
        "{:?}",
        run.last
    );
    let braces = json!({"flow": instructed("{{".repeat(1 << 20)), "message": "Hello"});
    assert_eq!(host.run(braces).await.name, "done");
    host.stop().await;
}

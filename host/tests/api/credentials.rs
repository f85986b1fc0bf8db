//! Credentials: secrets go in, are used, and never come out.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;

use canvas_memory_host::api::ServeOptions;
use canvas_memory_host::app::{App, AppOptions};
use canvas_memory_host::engine::EngineStorage;
use canvas_memory_host::engine::upstash::{UpstashBackend, UpstashEngine, UpstashOptions};
use canvas_memory_host::vault::KeySource;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{Home, Host, allow, echo};

const SECRET: &str = "hunter2-is-not-to-be-seen";

fn aws(id: &str) -> Value {
    let fields = json!({"accessKey": "AKIAEXAMPLE", "secretAccessKey": SECRET});
    json!({"id": id, "name": "Production", "type": "dynamodbMemoryApi", "fields": fields})
}

/// Whether any file below `dir` holds `text`.
fn holds(dir: &Path, text: &str) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_is_shown_without_its_secrets() {
    let home = Home::new();
    let host = home.start().await;
    let made = host.post("/credentials", aws("aws")).await.created();
    assert_eq!(made["fields"], json!({"accessKey": {"set": true}, "secretAccessKey": {"set": true}}));
    assert_eq!(made["credential"]["revision"], 1);
    let changed =
        json!({"name": "Staging", "fields": {"sessionToken": "temporary", "accessKey": "AKIAOTHER"}});
    let changed = host.patch("/credentials/aws", changed).await.ok();
    assert_eq!(changed["fields"].as_object().unwrap().len(), 3, "{changed}");
    assert_eq!(
        (&changed["credential"]["name"], &changed["credential"]["revision"]),
        (&json!("Staging"), &json!(2))
    );
    let removed = host.patch("/credentials/aws", json!({"fields": {"sessionToken": null}})).await.ok();
    assert_eq!(removed["fields"].as_object().unwrap().len(), 2, "{removed}");
    let all = [
        made,
        changed,
        removed,
        host.get("/credentials").await.ok(),
        host.get("/credentials/aws").await.ok(),
    ];
    assert!(all.iter().all(|shown| !shown.to_string().contains(SECRET)), "{all:#?}");

    for (body, field) in [
        (json!({"name": "x", "type": "nothing", "fields": {"a": SECRET}}), "type"),
        (
            json!({"name": "x", "type": "dynamodbMemoryApi", "fields": {"accessKey": SECRET}}),
            "secretAccessKey",
        ),
        (json!({"name": "x", "type": "dynamodbMemoryApi", "fields": SECRET}), "fields"),
        (
            json!({"name": "x", "type": "dynamodbMemoryApi", "fields": {"accessKey": 7, "secretAccessKey": SECRET}}),
            "accessKey",
        ),
        (
            json!({"name": SECRET.repeat(20), "type": "dynamodbMemoryApi", "fields": aws("x")["fields"]}),
            "name",
        ),
        (aws("aws"), "id"),
    ] {
        let error = host.post("/credentials", body).await.error(400, "invalid_input");
        assert_eq!(error["field"], field, "{error}");
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
    let error = host.patch("/credentials/aws", json!({"fields": {"accessKey": null}})).await;
    assert_eq!(error.error(400, "invalid_input")["field"], "accessKey");
    host.get("/credentials/nothing").await.error(404, "missing_credential");
    host.patch("/credentials/nothing", json!({"name": "x"})).await.error(404, "missing_credential");
    host.delete("/credentials/nothing").await.error(404, "missing_credential");
    host.get("/credentials/No%20Id").await.error(400, "invalid_input");
    host.stop().await;
    assert!(!holds(home.path(), SECRET), "sealed on the disk");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_tested_before_it_is_saved_and_with_what_is_saved() {
    let home = Home::new();
    let engine = tokio::task::spawn_blocking(|| {
        UpstashEngine::start(UpstashOptions::new(UpstashBackend::BuiltIn(EngineStorage::Memory))).unwrap()
    });
    let engine = engine.await.unwrap();
    let (url, token) = (engine.url(), engine.token().expose_secret().to_owned());
    let host = home.start_for(&[&allow(&url)]).await;
    let target = json!({"endpoint": url});
    let test = |more: Value| {
        let mut body = json!({"target": target});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let named = allow(&url);
    let right = json!({"upstashRestToken": token, "host": named});
    let unsaved = test(json!({"type": "upstashRedisMemoryApi", "fields": right}));
    let health = host.post("/credentials/test", unsaved).await.ok();
    assert!(health["findings"].to_string().contains("knows the token"), "{health}");
    let wrong = json!({"upstashRestToken": SECRET, "host": named});
    let refused =
        host.post("/credentials/test", test(json!({"type": "upstashRedisMemoryApi", "fields": wrong}))).await;
    let error = refused.error(424, "unauthenticated");
    assert!(!error.to_string().contains(SECRET), "{error}");
    assert_eq!(host.get("/credentials").await.ok()["credentials"], json!([]), "nothing was saved");

    let new = json!({"id": "redis", "name": "Redis", "type": "upstashRedisMemoryApi", "fields": right});
    host.post("/credentials", new).await.created();
    host.post("/credentials/test", test(json!({"id": "redis"}))).await.ok();
    let changed = test(json!({"id": "redis", "fields": {"upstashRestToken": SECRET}}));
    host.post("/credentials/test", changed).await.error(424, "unauthenticated");
    host.post("/credentials/test", test(json!({"id": "redis"}))).await.ok();
    let elsewhere = json!({"id": "redis", "target": {"endpoint": "http://127.0.0.1:1"}});
    let error = host.post("/credentials/test", elsewhere).await.error(400, "invalid_input");
    assert!(error["message"].as_str().unwrap().contains("--allow-endpoint"), "{error}");
    // Deleted and made anew under its id, it is another credential.
    let memory =
        json!({"type": "upstashRedisBackedChatMemory", "credential": "again", "inputs": {"baseURL": url}});
    for (token, fits) in [(SECRET, false), (token.as_str(), true)] {
        let fields = json!({"upstashRestToken": token, "host": named});
        let new = json!({"id": "again", "name": "Redis", "type": "upstashRedisMemoryApi", "fields": fields});
        host.post("/credentials", new).await.created();
        let loaded = host.post("/memory/load", json!({"memory": memory, "session": "s"})).await;
        if fits {
            loaded.ok();
        } else {
            loaded.error(424, "unauthenticated");
        }
        assert_eq!(host.delete("/credentials/again").await.status, 204);
    }
    host.post("/credentials/test", test(json!({}))).await.error(400, "invalid_input");
    host.post("/credentials/test", test(json!({"id": "nothing"}))).await.error(404, "missing_credential");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_secret_can_not_be_sent_to_another_host_by_whoever_may_change_a_credential() {
    let home = Home::new();
    let thief = TcpListener::bind("127.0.0.1:0").unwrap();
    thief.set_nonblocking(true).unwrap();
    let place = thief.local_addr().unwrap().to_string();
    let host = home.start_for(&[&place]).await;
    let target = json!({"endpoint": format!("http://{place}"), "provider": "openai"});
    for (id, credential_type, secret) in [
        ("redis", "upstashRedisMemoryApi", "upstashRestToken"),
        ("named", "upstashRedisMemoryApi", "upstashRestToken"),
        ("model", "chatModelApi", "apiKey"),
    ] {
        let mut fields = json!({secret: SECRET});
        if id == "named" {
            fields["host"] = "eu1-mine.upstash.io".into();
        }
        let new = json!({"id": id, "name": "Mine", "type": credential_type, "fields": fields});
        host.post("/credentials", new).await.created();
        let path = format!("/credentials/{id}");
        for fields in [
            json!({"host": place}),
            json!({"host": place, secret: null}),
            json!({"host": "other.upstash.io"}),
        ] {
            let change = json!({"name": "Stolen", "fields": fields});
            let test = json!({"id": id, "fields": fields, "target": target});
            for refused in [host.patch(&path, change).await, host.post("/credentials/test", test).await] {
                let error = refused.error(400, "invalid_input");
                if fields.get(secret).is_none() {
                    assert_eq!(error["field"], "host", "{error}");
                    let told = error["message"].as_str().unwrap();
                    assert!(told.contains(&format!("enter `{secret}` again")), "{told}");
                }
            }
        }
        let unnamed = json!({"fields": {"host": null}});
        let answer = host.patch(&path, unnamed).await;
        assert_eq!(answer.status, if id == "named" { 400 } else { 200 }, "{answer:?}");
        assert_eq!(host.get(&path).await.ok()["credential"]["name"], "Mine");
    }
    let dialled = thief.accept().map_err(|error| error.kind());
    assert_eq!(dialled.err(), Some(ErrorKind::WouldBlock), "nobody was sent a secret");
    let own = json!({"fields": {"host": place, "upstashRestToken": "mine"}});
    host.patch("/credentials/redis", own).await.ok();
    host.patch("/credentials/redis", json!({"name": "Renamed", "fields": {"host": place}})).await.ok();
    host.stop().await;
}

/// A flow whose memory has a credential, on an address that no one dials.
async fn flow_with(host: &Host, credential: &str) -> String {
    let memory = json!({"type": "DynamoDBChatMemory", "credential": credential, "inputs": {
        "tableName": "chat", "partitionKey": "session", "region": "eu-west-1",
    }});
    host.flow(memory, echo()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_in_use_is_deleted_only_by_force_and_then_missed_by_name() {
    let home = Home::new();
    let host = home.start().await;
    host.post("/credentials", aws("aws")).await.created();
    let flow = flow_with(&host, "aws").await;
    let shown = host.get("/credentials/aws").await.ok();
    let used_by = json!([{"flow": flow, "flow_name": "A chain", "node": "memory"}]);
    assert_eq!(shown["used_by"], used_by);
    let error = host.delete("/credentials/aws").await.error(409, "conflict");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains(&flow) && message.contains("memory") && message.contains("force=true"),
        "{message}"
    );
    assert_eq!(host.delete("/credentials/aws?force=true").await.status, 204);
    let error =
        host.post("/runs", json!({"flow": flow, "message": "Hello"})).await.error(424, "missing_credential");
    assert_eq!(error["context"]["node"], "memory", "{error}");
    let problems = host
        .post("/flows/validate", host.get(&format!("/flows/{flow}")).await.ok()["flow"].clone())
        .await
        .ok();
    assert!(problems["problems"].to_string().contains("unknown_credential"), "{problems}");
    let exported = host.get(&format!("/flows/{flow}/export")).await.ok();
    assert!(!exported.to_string().contains("\"aws\""), "{exported}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_of_another_key_is_an_error_of_its_own_and_hides_nothing() {
    let home = Home::new();
    let key = |name: &str| KeySource::DefaultFile(Some(home.path().join(name)));
    let options = |now: &str, before: &[&str]| AppOptions {
        key: key(now),
        previous_keys: before.iter().map(|name| key(name)).collect(),
        ..home.options()
    };
    let host = Host::serve(options("old", &[]), ServeOptions::default()).await;
    host.post("/credentials", aws("first")).await.created();
    let flow = flow_with(&host, "first").await;
    host.stop().await;

    let lost = App::open(options("new", &[])).unwrap_err();
    assert_eq!(lost.kind().code(), "undecryptable", "sealed credentials have lost their key: {lost}");

    fs::write(home.path().join("new"), "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=").unwrap();
    let host = Host::serve(options("new", &["old"]), ServeOptions::default()).await;
    host.post("/credentials", aws("second")).await.created();
    host.stop().await;

    let host = Host::serve(options("new", &[]), ServeOptions::default()).await;
    let listed = host.get("/credentials").await.ok();
    let (first, second) = (&listed["credentials"][0], &listed["credentials"][1]);
    assert_eq!(first["error"]["kind"], "undecryptable", "{listed}");
    assert_eq!(second["fields"].as_object().unwrap().len(), 2, "{listed}");
    let error =
        host.post("/runs", json!({"flow": flow, "message": "Hello"})).await.error(424, "undecryptable");
    assert_eq!(error["context"]["node"], "memory", "{error}");
    host.patch("/credentials/first", json!({"name": "x"})).await.error(424, "undecryptable");
    assert_eq!(host.delete("/credentials/first?force=true").await.status, 204);
    host.stop().await;
}

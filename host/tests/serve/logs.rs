//! Whatever the operator asks to be logged, conversations and secrets stay out of it.

use std::fs;

use reqwest::Method;
use serde_json::json;

use crate::host::Host;
use crate::support::Program;

#[tokio::test]
async fn no_log_holds_a_conversation_or_a_secret() {
    let program = Program::new();
    let token = program.home().join("token");
    fs::write(&token, "mark3r-t0ken").unwrap();
    let mut command = program.command(&["--listen", "127.0.0.1:0", "--token-file", token.to_str().unwrap()]);
    command.env("CANVAS_MEMORY_LOG", "trace");
    let host = Host::spawn(command).with_token("mark3r-t0ken");
    for template in ["dynamodb-builtin", "upstash-redis-builtin"] {
        let flow = host.flow_from(template).await;
        assert!(host.say(&flow, "s", "mark3r-t3xt").await.stored);
        let asked = json!({"question": "mark3r-t3xt", "overrideConfig": {"sessionId": "s"}});
        host.post(&format!("prediction/{flow}"), &asked).await;
    }
    let fields = json!({"upstashRestToken": "mark3r-s3cret", "host": "eu1-mark3r.upstash.io"});
    let saved = json!({"id": "mine", "name": "Mine", "type": "upstashRedisMemoryApi", "fields": fields});
    host.post("credentials", &saved).await;
    for (path, body) in [
        ("runs", json!({"flow": "mark3r-flow", "message": {"mark3r-t3xt": 1}})),
        (
            "credentials",
            json!({"name": "x", "type": "upstashRedisMemoryApi", "fields": {"mark3r-s3cret": 1}}),
        ),
        ("credentials/test", json!({"id": "mine", "target": {"endpoint": "https://127.0.0.1:1"}})),
        ("flows/import", json!({"nodes": ["mark3r-t3xt"]})),
    ] {
        let refused = host.request(Method::POST, path).json(&body).send().await.unwrap();
        assert!(refused.status().is_client_error(), "{path}: {refused:?}");
    }
    let ran = host.stop("-TERM");
    assert!(ran.stderr.contains("DEBUG") && ran.stderr.contains("usage.requests"), "it logs: {ran:?}");
    assert!(!ran.stderr.contains("mark3r"), "{}", ran.stderr);
}

//! Upstash's own clients, on the built-in database and on a real Redis behind the endpoint: the same to them, and right.

use std::process::Command;

use canvas_memory_host::engine::upstash::UpstashEngine;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::interop::{node, python};
use crate::redis_server::RedisServer;

/// What a client's script did, step by step.
fn transcript(mut script: Command, engine: &UpstashEngine) -> Vec<Value> {
    let token = engine.token().expose_secret();
    let ran = script.arg(format!("--url={}", engine.url())).arg(format!("--token={token}")).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// Fails with the first steps that are not as expected.
fn assert_same(found: &[Value], expected: &[Value], whose: &str) {
    let differing: Vec<_> =
        found.iter().zip(expected).filter(|(found, expected)| found != expected).collect();
    let shown =
        differing.iter().take(5).map(|(found, expected)| format!("\n  {found}\n  instead of {expected}"));
    assert!(differing.is_empty(), "{whose}: {} steps differ{}", differing.len(), shown.collect::<String>());
    assert_eq!(found.len(), expected.len(), "{whose}: steps are missing or new");
}

fn compare(script: fn() -> Command, expected: &str) {
    let expected: Vec<Value> = serde_json::from_str(expected).unwrap();
    let redis = RedisServer::start();
    assert_same(&transcript(script(), &redis.endpoint()), &expected, "a real Redis");
    assert_same(&transcript(script(), &crate::built_in()), &expected, "the built-in database");
}

#[test]
fn the_javascript_client_works_alike_on_both() {
    compare(|| node("upstash_client.mjs"), include_str!("javascript.json"));
}

#[test]
fn the_python_client_works_alike_on_both() {
    compare(|| python("upstash_client.py"), include_str!("python.json"));
}

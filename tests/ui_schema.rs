//! `ui-schema/` is what the declarations say: this test rewrites it, and fails if it had drifted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use canvas_memory::registry::Registry;
use serde::Serialize;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ui-schema")
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

fn generated(registry: &Registry) -> BTreeMap<PathBuf, String> {
    let manifest = registry.manifest();
    let mut files = BTreeMap::from([(folder().join("manifest.json"), pretty(&manifest))]);
    for (kind, annotation, schemas) in
        [("nodes", "x-node", &manifest.nodes), ("credentials", "x-credential", &manifest.credentials)]
    {
        for schema in schemas {
            let name = schema[annotation]["type"].as_str().unwrap();
            files.insert(folder().join(kind).join(format!("{name}.json")), pretty(schema));
        }
    }
    files
}

/// Files in the generated folders.
fn existing() -> Vec<PathBuf> {
    let folders = ["nodes", "credentials"].map(|kind| folder().join(kind));
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_committed_schemas_are_what_the_declarations_say() {
    let registry = Registry::collect();
    assert!(registry.refused().is_empty(), "{:#?}", registry.refused());
    let generated = generated(&registry);
    let mut drifted = Vec::new();
    for (path, text) in &generated {
        if fs::read_to_string(path).ok().as_deref() != Some(text) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            drifted.push(path.display().to_string());
        }
    }
    for path in existing() {
        if !generated.contains_key(&path) {
            fs::remove_file(&path).unwrap();
            drifted.push(path.display().to_string());
        }
    }
    assert!(drifted.is_empty(), "these had drifted and are rewritten; commit them: {drifted:#?}");
}

/// All schemas inside of `schema`, with the way there.
fn walk<'a>(schema: &'a Value, at: &str, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(at, schema);
    match schema {
        Value::Object(keywords) => {
            for (name, value) in keywords {
                walk(value, &format!("{at}/{name}"), visit);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                walk(value, &format!("{at}/{index}"), visit);
            }
        }
        _ => {}
    }
}

#[test]
fn secrets_stand_in_credential_types_only() {
    let manifest = Registry::collect().manifest();
    for node in &manifest.nodes {
        walk(node, "", &mut |at, schema| {
            let marked = schema.get("writeOnly").is_some()
                || schema.get("format").and_then(Value::as_str) == Some("password");
            assert!(!marked, "{}{at} is a secret", node["x-node"]["type"]);
        });
    }
    for credential in &manifest.credentials {
        let mut secrets = 0;
        walk(credential, "", &mut |_, schema| {
            secrets += usize::from(schema.get("writeOnly").and_then(Value::as_bool) == Some(true));
        });
        assert!(secrets > 0, "{} has a secret", credential["x-credential"]["type"]);
    }
}

#[test]
fn schemas_come_in_few_forms() {
    let manifest = Registry::collect().manifest();
    for schema in manifest.nodes.iter().chain(&manifest.credentials) {
        walk(schema, "", &mut |at, schema| {
            for keyword in ["$ref", "$defs", "anyOf", "allOf", "enum"] {
                assert!(schema.get(keyword).is_none(), "{at} has `{keyword}`");
            }
            assert!(!schema.get("type").is_some_and(Value::is_array), "{at} has one type");
        });
    }
}

#[test]
fn the_known_nodes_keep_the_names_that_existing_canvases_use() {
    let registry = Registry::collect();
    for (node, credential, inputs) in [
        (
            "DynamoDBChatMemory",
            "dynamodbMemoryApi",
            &["tableName", "partitionKey", "region", "sessionId", "memoryKey"][..],
        ),
        (
            "upstashRedisBackedChatMemory",
            "upstashRedisMemoryApi",
            &["baseURL", "sessionId", "sessionTTL", "memoryKey"],
        ),
    ] {
        let schema = registry.node_schema(node).unwrap();
        for input in inputs {
            assert!(schema["properties"].get(*input).is_some(), "{node} has {input}");
        }
        assert_eq!(schema["x-node"]["credentials"][0]["types"][0], credential);
        let port_types = &schema["x-node"]["outputPorts"][0]["types"];
        let own = node.replacen("upstash", "Upstash", 1);
        assert_eq!(*port_types, serde_json::json!([own, "BaseChatMemory", "BaseMemory"]));
    }
    let fields = |name: &str| registry.credential_schema(name).unwrap().clone();
    let keys = fields("dynamodbMemoryApi")["oneOf"][0]["required"].clone();
    assert_eq!(keys, serde_json::json!(["accessKey", "secretAccessKey"]));
    let upstash = fields("upstashRedisMemoryApi")["required"].clone();
    assert_eq!(upstash, serde_json::json!(["upstashRestToken"]));
}

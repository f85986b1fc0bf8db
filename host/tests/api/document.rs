//! The committed document of the API.

use std::fs;
use std::path::Path;

use canvas_memory_host::api;
use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(api::document()).unwrap()
}

#[test]
fn the_committed_document_is_what_the_api_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let text = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    let committed = fs::read_to_string(&path).unwrap_or_default();
    if committed != text {
        fs::write(&path, text).unwrap();
        panic!("{} had drifted and is rewritten; commit it", path.display());
    }
}

#[test]
fn every_operation_says_what_it_is_and_how_it_fails() {
    let document = document();
    let mut ids = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(!id.is_empty() && !ids.contains(&id), "{method} {path}: `{id}`");
            ids.push(id);
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{id}");
            assert!(operation["tags"][0].is_string(), "{id}");
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in responses {
                let is_error = status.starts_with('4') || status.starts_with('5');
                assert_eq!(response["$ref"].is_string(), is_error, "{id} {status}: {response}");
                let has_body = response["content"].is_object() || is_error;
                assert!(has_body || ["204", "304"].contains(&status.as_str()), "{id} {status}");
            }
            let success = responses.keys().find(|status| status.starts_with('2'));
            assert!(success.is_some(), "{id}");
        }
    }
    assert!(ids.len() > 30, "{ids:?}");
}

#[test]
fn the_document_refers_to_nothing_that_is_not_there() {
    fn refs(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| refs(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| refs(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    refs(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap_or_default();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

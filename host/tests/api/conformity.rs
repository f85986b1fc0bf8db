//! Holds answers to the document: status, headers, media type and body.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use canvas_memory_host::api;
use jsonschema::Validator;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(api::document()).unwrap());

#[track_caller]
pub(crate) fn check(method: &str, path: &str, status: u16, headers: &HeaderMap, body: &Value) {
    let path = path.split('?').next().unwrap();
    let Some(item) = operation(path, &method.to_lowercase()) else {
        // What the document does not list is refused in the one shape all the same.
        assert!([403, 404, 405].contains(&status), "{method} {path}: {status}");
        return conforms(
            "#/components/schemas/ErrorBody",
            &json!({"$ref": "#/components/schemas/ErrorBody"}),
            body,
        );
    };
    let said = |what: &str| format!("{method} {path}: {status}: {what}: {body}");
    let response = &item["responses"][status.to_string()];
    assert!(response.is_object(), "{}", said("the document does not list this status"));
    let response = match response["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(&reference[1..]).unwrap(),
        None => response,
    };
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        assert!(header["required"] != true || headers.contains_key(name), "{}", said(name));
    }
    let Some(content) = response["content"].as_object() else {
        return assert!(body.is_null(), "{}", said("there is a body"));
    };
    let media_type = headers["content-type"].to_str().unwrap();
    let schema = &content.get(media_type).unwrap_or_else(|| panic!("{}", said(media_type)))["schema"];
    conforms(&format!("{method} {path} {status} {media_type}"), schema, body);
}

/// The operation whose path fits; one without parameters fits better.
fn operation(path: &str, method: &str) -> Option<&'static Value> {
    let fits = |template: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template.zip(path).all(|(wanted, found)| wanted.starts_with('{') || wanted == found)
    };
    let mut found: Vec<_> =
        DOCUMENT["paths"].as_object().unwrap().iter().filter(|(template, _)| fits(template)).collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    found.first().and_then(|(_, item)| item.get(method))
}

#[track_caller]
fn conforms(name: &str, schema: &Value, body: &Value) {
    static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let key = schema.to_string();
    let known = VALIDATORS.lock().unwrap().get(&key).cloned();
    let validator = known.unwrap_or_else(|| {
        let mut whole = schema.clone();
        whole["components"] = json!({"schemas": DOCUMENT["components"]["schemas"]});
        let validator = Arc::new(jsonschema::draft202012::options().offline().build(&whole).unwrap());
        VALIDATORS.lock().unwrap().insert(key, validator.clone());
        validator
    });
    if let Some(error) = validator.iter_errors(body).next() {
        panic!("{name}: {error} at {}: {body:#}", error.instance_path());
    }
}

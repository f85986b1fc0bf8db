//! The fields of a credential, taken apart.

use canvas_memory::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

/// What the fields of one credential may take as JSON.
const FIELDS_MAX_BYTES: usize = 64 * 1024;
/// Escapes make a text at most this much longer.
const JSON_GROWTH: usize = 6;

/// A JSON object of secrets; its texts are wiped when it is dropped.
pub(super) struct SecretFields(Map<String, Value>);

impl SecretFields {
    /// Reads a JSON object.
    pub(super) fn parse(json: &SecretString) -> Result<Self> {
        let text = json.expose_secret();
        if text.len() > FIELDS_MAX_BYTES {
            return Err(too_large(text.len()));
        }
        // The parser's error may quote a value, so it is not passed on.
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(mut other) => {
                wipe(&mut other);
                Err(Error::invalid_input("fields", format!("has to be a JSON object, got {}", shape(&other))))
            }
            Err(_) => {
                let problem = format!("has to be a JSON object, got {} bytes that are not JSON", text.len());
                Err(Error::invalid_input("fields", problem))
            }
        }
    }

    /// The object without the fields that are null.
    pub(super) fn without_nulls(self) -> Self {
        let mut fields = Self(Map::new());
        fields.merge(self);
        fields
    }

    /// Applies a merge patch (RFC 7396).
    pub(super) fn merge(&mut self, mut patch: Self) {
        merge(&mut self.0, std::mem::take(&mut patch.0));
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    pub(super) fn to_json(&self) -> Result<SecretString> {
        // Room for all of it: growing would leave copies behind.
        let mut json = Zeroizing::new(Vec::with_capacity(FIELDS_MAX_BYTES * JSON_GROWTH));
        let text = match serde_json::to_writer(&mut *json, &self.0) {
            Ok(()) => std::str::from_utf8(&json).ok(),
            Err(_) => None,
        };
        match text {
            Some(text) if text.len() <= FIELDS_MAX_BYTES => Ok(text.into()),
            Some(text) => Err(too_large(text.len())),
            None => Err(Error::invalid_input("fields", "can't be written as JSON")),
        }
    }
}

impl Drop for SecretFields {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

/// The fields after a merge patch.
pub(super) fn merged(fields: &SecretString, patch: &SecretString) -> Result<SecretString> {
    let mut merged = SecretFields::parse(fields)?;
    merged.merge(SecretFields::parse(patch)?);
    merged.to_json()
}

fn merge(fields: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                if let Some(mut removed) = fields.remove(&name) {
                    wipe(&mut removed);
                }
            }
            Value::Object(patch) => {
                let field = fields.entry(name).or_insert(Value::Null);
                if !field.is_object() {
                    wipe(field);
                    *field = Value::Object(Map::new());
                }
                if let Value::Object(inner) = field {
                    merge(inner, patch);
                }
            }
            value => {
                if let Some(mut replaced) = fields.insert(name, value) {
                    wipe(&mut replaced);
                }
            }
        }
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn too_large(bytes: usize) -> Error {
    Error::invalid_input(
        "fields",
        format!("has {bytes} bytes of JSON; a credential holds {FIELDS_MAX_BYTES}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> SecretFields {
        SecretFields::parse(&value.to_string().into()).unwrap()
    }

    #[test]
    fn a_patch_keeps_what_is_absent_and_removes_what_is_null() {
        let mut kept =
            fields(json!({"accessKey": "a", "token": "t", "nested": {"x": "1", "y": "2"}, "flat": "f"}));
        kept.merge(fields(json!({
            "token": null, "absent": null, "accessKey": "b", "nested": {"x": null, "z": {"deep": "3", "no": null}},
            "flat": {"now": "object"},
        })));
        let merged: Value = serde_json::from_str(kept.to_json().unwrap().expose_secret()).unwrap();
        assert_eq!(
            merged,
            json!({"accessKey": "b", "nested": {"y": "2", "z": {"deep": "3"}}, "flat": {"now": "object"}})
        );
    }

    #[test]
    fn new_fields_that_are_null_are_absent() {
        assert_eq!(
            fields(json!({"a": "1", "b": null, "c": {"d": null}})).without_nulls().names(),
            ["a", "c"]
        );
    }

    #[test]
    fn what_is_not_an_object_is_refused_without_quoting_it() {
        for text in ["\"hunter2\"", "[\"hunter2\"]", "hunter2", "{\"a\": hunter2}", "{\"a\":\"hunter2\"", ""]
        {
            let error = SecretFields::parse(&text.into()).err().unwrap();
            assert!(error.message().starts_with("`fields` has to be a JSON object, got "), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn the_size_is_limited_also_after_a_patch() {
        let long = |name: &str| json!({name: "x".repeat(FIELDS_MAX_BYTES / 2)});
        let mut grown = fields(long("a"));
        assert!(grown.to_json().is_ok());
        grown.merge(fields(long("b")));
        assert!(grown.to_json().unwrap_err().message().contains("a credential holds 65536"));
        let controls = fields(json!({"a": "\u{1}".repeat(FIELDS_MAX_BYTES / 8)}));
        assert!(controls.to_json().is_ok());
        assert!(SecretFields::parse(&json!({"a": "x".repeat(FIELDS_MAX_BYTES)}).to_string().into()).is_err());
    }

    #[test]
    fn wiping_reaches_every_text() {
        let mut value = json!({"a": "x", "b": [{"c": "y"}, 1]});
        wipe(&mut value);
        assert_eq!(value, json!({"a": "", "b": [{"c": ""}, 1]}));
    }
}

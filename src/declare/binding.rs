//! Fields that say where a credential's secrets go. Who changes one has to know the secrets: otherwise whoever may change a
//! credential could have them sent to a place of his own, and read there what is never shown.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// The names under `binding` of a credential type's schema.
pub(crate) fn declared(schema: &Value) -> impl Iterator<Item = &str> {
    let names = schema.pointer("/x-credential/binding").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
}

/// Refuses a patch that changes a binding field and leaves secrets as they were.
///
/// # Errors
/// `InvalidInput` that names the binding field, and the secrets to enter with it.
pub(crate) fn check(schema: &Value, before: &Value, patch: &Value, after: &Value) -> Result<()> {
    let Some(changed) = declared(schema).find(|name| before.get(*name) != after.get(*name)) else {
        return Ok(());
    };
    let mut kept = Kept { secrets: secret_names(schema), found: Vec::new() };
    if let Some(fields) = after.as_object() {
        kept.look_through(fields, patch.as_object(), "");
    }
    if kept.found.is_empty() {
        return Ok(());
    }
    let kept = kept.found.join("`, `");
    let problem =
        format!("says where `{kept}` may be sent; to change it, enter `{kept}` again in the same change");
    Err(Error::invalid_input(changed, problem))
}

/// The names of all secret fields, in every variant.
fn secret_names(schema: &Value) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    collect_secret_names(schema, &mut names);
    names
}

fn collect_secret_names<'a>(schema: &'a Value, names: &mut BTreeSet<&'a str>) {
    match schema {
        Value::Object(keywords) => {
            let properties = keywords.get("properties").and_then(Value::as_object);
            for (name, field) in properties.into_iter().flatten() {
                if field.get("writeOnly").is_some_and(|is_secret| *is_secret == Value::Bool(true)) {
                    names.insert(name);
                }
            }
            keywords.values().for_each(|value| collect_secret_names(value, names));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_secret_names(value, names)),
        _ => {}
    }
}

/// Secrets that a patch has left as they were.
struct Kept<'a> {
    secrets: BTreeSet<&'a str>,
    /// Their names, with dots between those of nested ones.
    found: Vec<String>,
}

impl Kept<'_> {
    fn look_through(&mut self, fields: &Map<String, Value>, patch: Option<&Map<String, Value>>, path: &str) {
        for (name, value) in fields {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let given = patch.and_then(|patch| patch.get(name)).filter(|given| !given.is_null());
            match value {
                Value::Object(inner) => self.look_through(inner, given.and_then(Value::as_object), &path),
                // A patch replaces a list as a whole.
                Value::Array(values) if given.is_none() => {
                    for inner in values.iter().filter_map(Value::as_object) {
                        self.look_through(inner, None, &path);
                    }
                }
                _ if given.is_none() && self.secrets.contains(name.as_str()) => self.found.push(path),
                _ => {}
            }
        }
    }
}

//! JSON as YAML for people to read: blocks, in the order of the document, and no anchors or tags.

use serde_json::Value;

/// The document, with a comment above.
pub(super) fn document(comment: &str, value: &Value) -> String {
    let mut text: String =
        comment.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect();
    block(&mut text, value, 0);
    text
}

fn block(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                text.push_str(&format!("{indent}{}:", scalar(&Value::from(name.as_str()))));
                beside(text, value, depth + 1);
            }
        }
        Value::Array(values) => {
            for value in values {
                text.push_str(&format!("{indent}-"));
                match value {
                    // What is within begins beside its dash.
                    Value::Object(_) | Value::Array(_) => {
                        let mut inner = String::new();
                        block(&mut inner, value, depth + 1);
                        text.push(' ');
                        text.push_str(inner.trim_start());
                    }
                    _ => beside(text, value, depth + 1),
                }
            }
        }
        scalar_value => text.push_str(&format!("{indent}{}\n", scalar(scalar_value))),
    }
}

fn beside(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            block(text, value, depth);
        }
        Value::Array(values) if !values.is_empty() => {
            if values.iter().all(|value| !value.is_object() && !value.is_array()) {
                let values: Vec<_> = values.iter().map(scalar).collect();
                text.push_str(&format!(" [{}]\n", values.join(", ")));
            } else {
                text.push('\n');
                block(text, value, depth);
            }
        }
        _ => text.push_str(&format!(" {}\n", scalar(value))),
    }
}

/// Quoted unless nobody could take it for anything but text.
fn scalar(value: &Value) -> String {
    let plain = |text: &str| {
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "._:/-".contains(c))
            && !text.ends_with(':')
            && !words.contains(&text.to_ascii_lowercase().as_str())
    };
    match value {
        Value::String(text) if plain(text) => text.clone(),
        other => other.to_string(),
    }
}

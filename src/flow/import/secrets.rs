//! Secrets among the inputs of foreign nodes: found by name and by look, and never taken over.

use serde_json::Value;

use super::inputs::CREDENTIAL_ID;

/// Whether the input `name` holds a secret.
pub(super) fn is_secret(name: &str, value: &Value) -> bool {
    match value {
        Value::String(text) if text.is_empty() => false,
        Value::String(text) => (has_secret_name(name) && !is_plain_number(text)) || looks_secret(text),
        Value::Array(values) => values.iter().any(|value| is_secret(name, value)),
        Value::Object(fields) => fields.iter().any(|(name, value)| is_secret(name, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Removes what is secret or names a credential, at any depth, also in texts that are JSON; `removed` is told the name
/// of each.
pub(super) fn strip(value: &mut Value, removed: &mut dyn FnMut(&str)) {
    strip_inside(value, true, removed);
}

fn strip_inside(value: &mut Value, reads_texts: bool, removed: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| {
                let keeps = !names_credential(name, value) && !is_secret_here(name, value);
                if !keeps {
                    removed(name);
                }
                keeps
            });
            fields.values_mut().for_each(|value| strip_inside(value, reads_texts, removed));
        }
        Value::Array(values) => {
            values.iter_mut().for_each(|value| strip_inside(value, reads_texts, removed));
        }
        // Headers and the like are kept as JSON in a text.
        Value::String(text) if reads_texts && text.trim_start().starts_with(['{', '[']) => {
            let Ok(mut inner) = serde_json::from_str(text) else { return };
            let mut found = false;
            strip_inside(&mut inner, false, &mut |name| {
                found = true;
                removed(name);
            });
            if found {
                *text = inner.to_string();
            }
        }
        _ => {}
    }
}

/// Whether the value itself is secret, not only something deep inside of it.
fn is_secret_here(name: &str, value: &Value) -> bool {
    match value {
        Value::Object(fields) => has_secret_name(name) && !fields.is_empty(),
        Value::Array(values) => values.iter().any(|value| value.is_string() && is_secret(name, value)),
        value => is_secret(name, value),
    }
}

fn names_credential(name: &str, value: &Value) -> bool {
    matches!(name, CREDENTIAL_ID | "credential" | "credentialId")
        && value.as_str().is_some_and(|id| !id.is_empty())
}

fn has_secret_name(name: &str) -> bool {
    const PARTS: [&str; 9] = [
        "apikey",
        "secret",
        "password",
        "passwd",
        "passphrase",
        "privatekey",
        "accesskey",
        "authorization",
        "bearer",
    ];
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    PARTS.iter().any(|part| plain.contains(part)) || plain.ends_with("token")
}

fn is_plain_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok()
}

/// Whether a text has the look of a key, token or address with a password.
fn looks_secret(text: &str) -> bool {
    const PREFIXES: [&str; 8] = ["sk-", "sk_", "AKIA", "ASIA", "ghp_", "github_pat_", "xoxb-", "xoxp-"];
    const SHORTEST: usize = 20;
    let text = text.trim();
    if text.starts_with("Bearer ") || text.starts_with("Basic ") {
        return true;
    }
    if text.contains(char::is_whitespace) {
        return false;
    }
    let is_token = text.len() >= SHORTEST && PREFIXES.iter().any(|prefix| text.starts_with(prefix));
    let is_web_token = text.starts_with("eyJ") && text.matches('.').count() == 2;
    is_token || is_web_token || has_password(text)
}

/// Whether an address holds a password before its host.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_known_by_name_and_by_look() {
        for (name, value) in [
            ("openAIApiKey", json!("x")),
            ("upstashRestToken", json!("x")),
            ("AWS_SECRET", json!("x")),
            ("modelName", json!("sk-abcdefghijklmnopqrstuvwx")),
            ("url", json!("redis://user:hunter2@example.com:6379/0")),
            ("headers", json!({"Authorization": "Bearer x"})),
            ("x", json!(["Bearer abc"])),
        ] {
            assert!(is_secret(name, &value), "{name} {value}");
        }
        for (name, value) in [
            ("maxTokens", json!("256")),
            ("maxToken", json!("256")),
            ("apiKey", json!("")),
            ("partitionKey", json!("id")),
            ("memoryKey", json!("chat_history")),
            ("tableName", json!("sk-table")),
            ("baseURL", json!("https://example.com/a:b@c")),
            ("systemMessage", json!("sk- is how keys of some providers begin")),
        ] {
            assert!(!is_secret(name, &value), "{name} {value}");
        }
    }

    #[test]
    fn stripping_reaches_nested_values_and_json_in_texts() {
        let mut value = json!({
            "model": {"apiKey": "hunter2", "FLOWISE_CREDENTIAL_ID": "hunter2", "name": "gpt"},
            "headers": r#"{"Authorization": "Bearer hunter2", "Accept": "text/plain"}"#,
            "urls": ["https://a.example", "https://me:hunter2@a.example"],
        });
        let mut removed = Vec::new();
        strip(&mut value, &mut |name| removed.push(name.to_owned()));
        assert_eq!(value, json!({"model": {"name": "gpt"}, "headers": r#"{"Accept":"text/plain"}"#}));
        assert_eq!(removed, ["urls", "apiKey", "FLOWISE_CREDENTIAL_ID", "Authorization"]);
    }
}

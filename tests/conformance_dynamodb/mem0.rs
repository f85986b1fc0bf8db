//! A conversation, past the store: as Mem0 reads it, and spoilt.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use canvas_memory::message::Role;
use serde_json::{Value, json};

use super::TABLE;

/// Mem0's own keys.
pub(crate) const KEYS: (&str, &str) = ("user_id", "conversation_id");

/// The suite's sessions are those of a host with one user.
const USER: &str = "local";

/// What Mem0 reads: it parses `messages` and hands the list on. No package of it that does is published.
async fn messages(sdk: &Client, session: &str) -> Vec<Value> {
    let read = sdk.get_item().table_name(TABLE).consistent_read(true);
    let read = read.key(KEYS.0, text(USER)).key(KEYS.1, text(session));
    let item = read.send().await.unwrap().item.unwrap();
    serde_json::from_str(item["messages"].as_s().unwrap()).unwrap()
}

pub(crate) async fn view(sdk: &Client, session: &str) -> Vec<(Role, String)> {
    let messages = messages(sdk, session).await;
    let read = |message: &Value| {
        let fields = message.as_object().unwrap();
        assert_eq!(fields.len(), 2, "an API refuses fields that it does not know");
        let field = |name: &str| fields[name].as_str().unwrap().to_owned();
        (Role::from(field("role").as_str()), field("content"))
    };
    messages.iter().map(read).collect()
}

/// Spoils the two messages of a turn.
pub(crate) async fn corrupt(sdk: &Client, session: &str, nth: usize) {
    let mut messages = messages(sdk, session).await;
    messages[2 * nth] = json!(17);
    messages[2 * nth + 1] = json!({"content": "no role"});
    sdk.update_item()
        .table_name(TABLE)
        .key(KEYS.0, text(USER))
        .key(KEYS.1, text(session))
        .update_expression("SET messages = :bad")
        .expression_attribute_values(":bad", text(&Value::Array(messages).to_string()))
        .send()
        .await
        .unwrap();
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

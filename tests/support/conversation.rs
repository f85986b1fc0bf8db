//! What foreign packages write into a session, what we write into it, and what they have to see of that.

use canvas_memory::message::{Message, Role};
use serde_json::{Value, json};

const TEXT: &str = "Multi\nline\ttab \"quotes\" back\\slash é 日本語 😀👩‍👩‍👧‍👦 \u{7} </script>   ";

/// Texts of a person and a model: all that a canvas node writes. Two turns.
pub(crate) fn texts() -> Vec<Value> {
    vec![
        json!({"role": "user", "content": TEXT}),
        json!({"role": "assistant", "content": ""}),
        json!({"role": "user", "content": ""}),
        json!({"role": "assistant", "content": "Réponse:\r\n– done ✅"}),
    ]
}

/// Everything that LangChain JS keeps in DynamoDB's `messages` list, tool calls as the OpenAI API has them. Two turns.
pub(crate) fn texts_with_kwargs() -> Vec<Value> {
    vec![
        json!({"role": "system", "content": "You are terse."}),
        json!({"role": "user", "content": TEXT, "additional_kwargs": {"trace": "x", "f": 1.5, "n": 3, "deep": {"a": [null]}}}),
        json!({"role": "assistant", "content": "",
            "tool_calls": [{"id": "call_1", "name": "get_weather", "arguments": {"city": "Paris", "lat": 48.85}}],
            "additional_kwargs": {"tool_calls": [{"id": "call_1", "type": "function", "function":
                {"name": "get_weather", "arguments": "{\"city\":\"Paris\",\"lat\":48.85}"}}]}}),
        json!({"role": "critic", "content": "as a critic"}),
        json!({"role": "assistant", "content": "It is 21.5 °C. ✅"}),
        json!({"role": "user", "content": ""}),
        json!({"role": "assistant", "content": "bye"}),
    ]
}

/// Everything that LangChain keeps where it stores whole messages. Two turns.
pub(crate) fn whole_messages() -> Vec<Value> {
    vec![
        json!({"role": "system", "content": "You are terse."}),
        json!({"role": "user", "content": TEXT, "name": "bob", "id": "m-1",
            "additional_kwargs": {"trace": "x", "f": 1.5, "n": 3, "deep": {"a": [null]}}}),
        json!({"role": "assistant", "content": "", "id": "m-2", "response_metadata": {"finish_reason": "tool_calls"},
            "tool_calls": [
                {"id": "call_1", "name": "get_weather",
                    "arguments": {"city": "Paris", "lat": 48.85, "deep": {"a": [1, 2, null, true]}}},
                {"id": "call_2", "name": "now", "arguments": {}}]}),
        json!({"role": "tool", "content": "{\"temp\":21.5}", "tool_call_id": "call_1", "name": "get_weather"}),
        json!({"role": "tool", "content": "", "tool_call_id": "call_2"}),
        json!({"role": "critic", "content": "as a critic"}),
        json!({"role": "assistant", "content": "It is 21.5 °C. ✅", "name": "weatherman"}),
        json!({"role": "user", "content": [{"type": "text", "text": "what is this"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}),
        json!({"role": "function", "content": "5", "name": "f"}),
        json!({"role": "assistant", "content": ""}),
    ]
}

/// A message that we write, and what a reader of whole messages has to show of it.
pub(crate) struct Odd {
    written: Value,
    shown: Value,
}

/// Messages with something that a reader would die of, were it stored as it is.
pub(crate) fn odd_messages() -> Vec<Odd> {
    let odd = |shown: Value, more: Value| {
        let mut written = shown.clone();
        written.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Odd { written, shown }
    };
    vec![
        odd(
            json!({"role": "user", "content": "fields under names that readers know, with other values"}),
            json!({"type": "message", "additional_kwargs": "text", "response_metadata": [1], "usage_metadata": {"total": 1},
                "example": "yes", "artifact": 7, "status": "completed", "invalid_tool_calls": "none",
                "content_blocks": [{"type": "text"}], "contentBlocks": 1, "tool_call_chunks": 2, "text": "x",
                "lc_kwargs": {"content": "y"}, "refusal": null, "cm": "ours", "canvas_memory": true, "self": 1, "": 2}),
        ),
        odd(
            json!({"role": "assistant", "content": "fields of a model's answer that are almost right"}),
            json!({"tool_call_chunks": [{"name": "f", "args": "{", "id": "c", "error": null}],
                "invalid_tool_calls": [{"name": "f", "args": "{", "id": "c", "error": null, "index": 0}],
                "usage_metadata": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3,
                    "input_token_details": {"audio": "none"}}}),
        ),
        odd(
            json!({"role": "assistant", "content": "arguments cut off"}),
            json!({"tool_calls": [{"id": "call_3", "name": "f", "arguments": "{\"cut"}]}),
        ),
        odd(
            json!({"role": "tool", "content": "a state of its own", "tool_call_id": "call_3", "name": "f"}),
            json!({"status": "completed"}),
        ),
        odd(json!({"role": "assistant", "content": "stopped in mid-sen"}), json!({"stopped": true})),
        odd(json!({"role": "tool", "content": "the result of no call"}), json!({})),
        odd(json!({"role": "function", "content": "of no function"}), json!({})),
        odd(json!({"role": "developer", "content": "another role"}), json!({"role_hint": [1.5, -2]})),
        odd(
            json!({"role": "user", "content": [{"type": "text", "text": "cached", "cache_control": {"type": "ephemeral"}},
                {"type": "file", "file": {"file_id": "f-1"}}]}),
            json!({}),
        ),
    ]
}

impl Odd {
    pub(crate) fn message(&self) -> Message {
        message(&self.written)
    }

    pub(crate) fn shown(&self) -> Value {
        self.shown.clone()
    }
}

/// The message of our JSON form, which the foreign scripts use too.
pub(crate) fn message(json: &Value) -> Message {
    serde_json::from_value(json.clone()).unwrap()
}

/// What a reader shows that keeps no more of a message than its role and text.
pub(crate) fn role_and_text(message: &Message) -> Value {
    let role = match &message.role {
        // Their model API would refuse a tool result without its call, which this layout has no place for.
        Role::Tool => "assistant",
        role => role.as_str(),
    };
    json!({"role": role, "content": message.text()})
}

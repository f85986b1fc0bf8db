use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};
use crate::json::{RawJson, mend_surrogates};
use crate::message::{Message, Role, parts_from_content};

use super::{data, tool_calls};

/// A stored message, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The message.
    pub message: Message,
    /// What stands beside `type` and `data`; LangChain's readers pass over it.
    pub beside: BTreeMap<String, RawJson>,
}

/// Reads a stored message from its JSON text.
///
/// # Errors
/// `Corrupt` when the text is not a stored message; the error tells its shape, and none of its text.
pub fn read_entry(text: &str) -> Result<Entry> {
    let text = text.trim();
    let mut top: BTreeMap<String, &RawValue> =
        serde_json::from_str(text).map_err(|_| not_a_message(shape_of(text)))?;
    let kind = top.get("type").and_then(|kind| serde_json::from_str::<String>(kind.get()).ok());
    let kind = kind.ok_or_else(|| not_a_message("an object without a `type` that is a string"))?;
    if let Some(data) = top.remove("data") {
        top.remove("type");
        let message = read_data(&kind, data.get())?;
        let beside = top.into_iter().filter_map(|(name, raw)| Some((name, own(raw)?))).collect();
        return Ok(Entry { message, beside });
    }
    if top.contains_key("text") {
        return read_oldest(&kind, &top);
    }
    Err(not_a_message("an object with neither `data` nor `text`"))
}

/// Reads a message from its type and the JSON text of its `data`.
///
/// # Errors
/// `Corrupt` when `data` is not an object with `content`.
pub fn read_data(kind: &str, data: &str) -> Result<Message> {
    let mut fields: BTreeMap<String, RawJson> =
        serde_json::from_str(data).map_err(|_| not_a_message("one whose `data` is not an object"))?;
    let content =
        fields.remove("content").ok_or_else(|| not_a_message("one without `content` in its `data`"))?;
    let mut message = Message::new(role(kind, fields.get("role")), "");
    message.parts =
        parts_from_content(content).map_err(|_| not_a_message("one with unreadable `content`"))?;
    if kind_of_role(kind) {
        fields.remove("role");
    }
    fields.remove("type");
    take_tool_calls(&mut fields, &mut message);
    for (field, place) in
        [("name", &mut message.name), ("id", &mut message.id), ("tool_call_id", &mut message.tool_call_id)]
    {
        // A number, or text that a `String` can't hold, stays what it is, among the other fields.
        if let Some(text) = fields.get(field).and_then(RawJson::decode_exact::<Option<String>>) {
            *place = text;
            fields.remove(field);
        }
    }
    let sheltered = fields.remove(data::SHELTERED);
    fields.retain(|field, value| !(data::is_blank_by_habit(field) && value.is_blank()));
    if let Some(sheltered) = sheltered {
        match sheltered.decode_exact::<BTreeMap<String, RawJson>>() {
            Some(sheltered) => fields.extend(sheltered),
            None => _ = fields.insert(data::SHELTERED.to_owned(), sheltered),
        }
    }
    message.extra = fields;
    Ok(message)
}

fn take_tool_calls(fields: &mut BTreeMap<String, RawJson>, message: &mut Message) {
    if let Some(calls) = fields.get(tool_calls::ALL).and_then(RawJson::decode_exact) {
        message.tool_calls = calls;
        for field in [tool_calls::ALL, "tool_calls", "invalid_tool_calls"] {
            fields.remove(field);
        }
        return;
    }
    if let Some(calls) = fields.get("tool_calls").and_then(tool_calls::read) {
        message.tool_calls = calls;
        fields.remove("tool_calls");
    }
    if message.tool_calls.is_empty() && message.role == Role::Assistant {
        let older = fields.get("additional_kwargs").and_then(tool_calls::read_openai);
        message.tool_calls = older.unwrap_or_default();
    }
}

/// `{"type", "text", "role"?}`, as the first writers had it.
fn read_oldest(kind: &str, top: &BTreeMap<String, &RawValue>) -> Result<Entry> {
    let content = top.get("text").and_then(|raw| own(raw));
    let content = content.ok_or_else(|| not_a_message("one with unreadable `text`"))?;
    let role_name = top.get("role").and_then(|raw| own(raw));
    let mut message = Message::new(role(kind, role_name.as_ref()), "");
    message.parts = parts_from_content(content).map_err(|_| not_a_message("one with unreadable `text`"))?;
    let rest = top.iter().filter(|(name, _)| !matches!(name.as_str(), "type" | "text" | "role"));
    let beside = rest.filter_map(|(name, raw)| Some((name.clone(), own(raw)?))).collect();
    Ok(Entry { message, beside })
}

/// Whether messages of this type name their role in a field.
fn kind_of_role(kind: &str) -> bool {
    matches!(kind, "generic" | "chat" | "ChatMessageChunk")
}

fn role(kind: &str, named: Option<&RawJson>) -> Role {
    match kind {
        "human" | "HumanMessageChunk" => Role::User,
        "ai" | "AIMessageChunk" => Role::Assistant,
        "SystemMessageChunk" => Role::System,
        "ToolMessageChunk" => Role::Tool,
        "FunctionMessageChunk" => Role::Other("function".to_owned()),
        kind if kind_of_role(kind) => {
            let name = named.and_then(|raw| raw.decode::<String>().ok());
            Role::from(name.as_deref().unwrap_or(kind))
        }
        kind => Role::from(kind),
    }
}

fn own(raw: &RawValue) -> Option<RawJson> {
    RawJson::parse(raw.get()).ok()
}

fn not_a_message(shape: &str) -> Error {
    let message = format!("not a stored message but {shape}; a message is `{{\"type\", \"data\"}}`");
    Error::new(ErrorKind::Corrupt, message)
}

fn shape_of(text: &str) -> &'static str {
    match serde_json::from_str::<serde_json::Value>(&mend_surrogates(text)) {
        Err(_) => "text that is not JSON",
        Ok(serde_json::Value::Null) => "null",
        Ok(serde_json::Value::Bool(_)) => "true or false",
        Ok(serde_json::Value::Number(_)) => "a number",
        Ok(serde_json::Value::String(_)) => "a string",
        Ok(serde_json::Value::Array(_)) => "an array",
        Ok(serde_json::Value::Object(_)) => "an object with a field name that is not Unicode",
    }
}

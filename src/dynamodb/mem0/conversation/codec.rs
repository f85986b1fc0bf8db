//! Messages in the form that chat model APIs take, which is what Mem0's users hand it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::json::RawJson;
use crate::message::{Content, Message, Role, ToolCall, parts_from_content};

/// A message as an API takes it. What the form has no place for is left out.
///
/// # Errors
/// `InvalidInput` when a part of the message has no JSON form.
pub(super) fn encode(message: &Message) -> Result<RawJson> {
    let said = |text: &&str| !text.is_empty();
    let wire = Wire {
        name: message.name.as_deref().filter(said),
        tool_calls: message.tool_calls.iter().map(|call| Call::of(call, None)).collect(),
        tool_call_id: message.tool_call_id.as_deref().filter(said),
        ..Wire::of(message)
    };
    write(&wire)
}

/// A message with all that it holds, fields that an API may refuse among them: as Mem0 gave it.
///
/// # Errors
/// As [`encode`].
pub(super) fn encode_whole(message: &Message) -> Result<RawJson> {
    let wire = Wire {
        name: message.name.as_deref(),
        tool_calls: message.tool_calls.iter().map(|call| Call::of(call, Some(&call.extra))).collect(),
        tool_call_id: message.tool_call_id.as_deref(),
        id: message.id.as_deref(),
        extra: Some(&message.extra),
        ..Wire::of(message)
    };
    write(&wire)
}

#[derive(Serialize)]
struct Wire<'a> {
    role: &'a Role,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(flatten)]
    extra: Option<&'a BTreeMap<String, RawJson>>,
}

impl<'a> Wire<'a> {
    fn of(message: &'a Message) -> Self {
        Self {
            role: &message.role,
            content: Content(&message.parts),
            name: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
            id: None,
            extra: None,
        }
    }
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Function<'a>,
    #[serde(flatten)]
    extra: Option<&'a BTreeMap<String, RawJson>>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> Call<'a> {
    fn of(call: &'a ToolCall, extra: Option<&'a BTreeMap<String, RawJson>>) -> Self {
        let function = Function { name: &call.name, arguments: call.arguments.as_str() };
        Self { id: &call.id, r#type: "function", function, extra }
    }
}

fn write(wire: &Wire<'_>) -> Result<RawJson> {
    RawJson::of(wire).map_err(|source| {
        Error::invalid_input("messages", "holds a message that has no JSON form").with_source(source)
    })
}

/// Reads a message.
///
/// # Errors
/// What is wrong with its shape, without its text.
pub(super) fn decode(raw: &RawJson) -> Result<Message, String> {
    let fields = raw.decode_exact::<BTreeMap<String, RawJson>>().or_else(|| raw.decode().ok());
    let mut fields = fields.ok_or("is not an object")?;
    let role: String =
        fields.remove("role").and_then(|role| role.decode().ok()).ok_or("has no `role` that is a string")?;
    let mut message = Message::new(Role::from(role.as_str()), "");
    if let Some(content) = fields.remove("content") {
        message.parts = parts_from_content(content).map_err(|_| "has a `content` that can't be read")?;
    }
    message.name = take_text(&mut fields, "name");
    message.tool_call_id = take_text(&mut fields, "tool_call_id");
    message.id = take_text(&mut fields, "id");
    if let Some(calls) = fields.get("tool_calls").and_then(calls) {
        fields.remove("tool_calls");
        message.tool_calls = calls;
    }
    message.extra = fields;
    Ok(message)
}

/// Takes a field out where it is a string; whatever else it is stays.
fn take_text(fields: &mut BTreeMap<String, RawJson>, name: &str) -> Option<String> {
    let text = fields.get(name)?.decode_exact()?;
    fields.remove(name);
    Some(text)
}

/// The calls, in the API's form or in ours; `None` when they have another.
fn calls(raw: &RawJson) -> Option<Vec<ToolCall>> {
    raw.decode_exact::<Option<Vec<RawJson>>>()?.unwrap_or_default().iter().map(call).collect()
}

fn call(raw: &RawJson) -> Option<ToolCall> {
    let mut fields = raw.decode_exact::<BTreeMap<String, RawJson>>()?;
    let Some(function) = fields.remove("function") else { return raw.decode_exact() };
    let mut function = function.decode_exact::<BTreeMap<String, RawJson>>()?;
    let id = take_text(&mut fields, "id").unwrap_or_default();
    let name = take_text(&mut function, "name")?;
    let arguments = match function.remove("arguments") {
        None => RawJson::parse("{}").ok()?,
        Some(arguments) => match arguments.decode_exact::<String>() {
            Some(text) => RawJson::parse(text).unwrap_or(arguments),
            None => arguments,
        },
    };
    fields.retain(|field, value| !(field == "type" && value.as_str() == "\"function\""));
    // Fields of the function that are not known go where those of the call do.
    fields.extend(function);
    Some(ToolCall { extra: fields, ..ToolCall::new(id, name, arguments) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> RawJson {
        RawJson::parse(text).unwrap()
    }

    #[test]
    fn what_an_api_takes_is_written_as_it_takes_it() {
        for text in [
            r#"{"role":"user","content":"Hello 😀","name":"bob"}"#,
            r#"{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"n\":1.10}"}}]}"#,
            r#"{"role":"tool","content":"21","tool_call_id":"c1"}"#,
            r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}]}"#,
            r#"{"role":"user","content":"cut \ud83d"}"#,
        ] {
            let message = decode(&raw(text)).unwrap();
            assert!(message.extra.is_empty(), "{text}");
            assert_eq!(encode(&message).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_not_known_is_kept_and_what_is_no_message_told() {
        let message =
            decode(&raw(r#"{"role":"user","content":null,"name":7,"tool_calls":[3],"x":1.10}"#)).unwrap();
        assert!(message.parts.is_empty());
        assert_eq!(message.extra["x"].as_str(), "1.10");
        assert_eq!(message.extra["name"].as_str(), "7");
        assert_eq!(message.extra["tool_calls"].as_str(), "[3]");
        let own = r#"{"role":"assistant","tool_calls":[{"id":"c","name":"f","arguments":"no JSON"}]}"#;
        assert_eq!(decode(&raw(own)).unwrap().tool_calls[0].arguments.as_str(), "\"no JSON\"");
        for (text, reason) in
            [("17", "object"), ("[]", "object"), ("{}", "`role`"), (r#"{"role":1}"#, "`role`")]
        {
            assert!(decode(&raw(text)).unwrap_err().contains(reason), "{text}");
        }
    }
}

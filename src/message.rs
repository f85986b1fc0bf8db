//! A message and its parts, in one form for every backend.
//!
//! As JSON a message is what chat model APIs take, with whatever else it carries beside:
//!
//! ```json
//! {"role": "user", "content": "Weather in Paris?", "name": "bob"}
//! {"role": "assistant", "content": "", "tool_calls": [{"id": "call_1", "name": "get_weather", "arguments": {"city": "Paris"}}]}
//! {"role": "tool", "content": "{\"temp\":21.5}", "tool_call_id": "call_1", "name": "get_weather"}
//! ```

mod tool_call;

pub use tool_call::ToolCall;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::RawJson;

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Instructions to the model.
    System,
    /// The person. A user message opens a turn in data that other programs wrote.
    User,
    /// The model.
    Assistant,
    /// The result of a tool call.
    Tool,
    /// Any other speaker, under the name that the writer gave it.
    Other(String),
}

impl Role {
    /// The role's name as chat model APIs spell it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for Role {
    fn from(name: &str) -> Self {
        match name {
            "system" => Self::System,
            "user" => Self::User,
            "assistant" => Self::Assistant,
            "tool" => Self::Tool,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::from(name.as_str()))
    }
}

/// One piece of a message's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Plain text.
    Text(String),
    /// Anything else — an image, a file, a text part with fields of its own — as the JSON it came as.
    Json(RawJson),
}

impl Part {
    /// An image inside the message, in the form that OpenAI-compatible APIs take.
    #[must_use]
    pub fn image(mime_type: &str, base64: &str) -> Self {
        let url = format!("data:{mime_type};base64,{base64}");
        let part = serde_json::json!({"type": "image_url", "image_url": {"url": url}});
        RawJson::of(&part).map_or_else(|_| Self::Text(url), Self::Json)
    }

    /// The text of this part; `None` for what is not text.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct TextPart {
            text: String,
        }
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Json(raw) if raw.as_str().starts_with('"') => raw.decode().ok(),
            Self::Json(raw) => raw.decode::<TextPart>().ok().map(|part| part.text),
        }
    }
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// The content, in order; empty when there is none.
    pub parts: Vec<Part>,
    /// Tools that an assistant message calls.
    pub tool_calls: Vec<ToolCall>,
    /// The call that a tool message answers.
    pub tool_call_id: Option<String>,
    /// The speaker's name, or the tool's.
    pub name: Option<String>,
    /// The message's own id, where its writer gave one.
    pub id: Option<String>,
    /// Everything else that the message carries, by field name.
    pub extra: BTreeMap<String, RawJson>,
}

impl Message {
    /// A message with text; empty text makes a message without content.
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        let text = text.into();
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] };
        Self {
            role,
            parts,
            tool_calls: Vec::new(),
            tool_call_id: None,
            name: None,
            id: None,
            extra: BTreeMap::new(),
        }
    }

    /// What a person said.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// What a model said.
    #[must_use]
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    /// Instructions to a model.
    #[must_use]
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, text)
    }

    /// The result of the tool call `tool_call_id`.
    #[must_use]
    pub fn tool(tool_call_id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { tool_call_id: Some(tool_call_id.into()), ..Self::new(Role::Tool, text) }
    }

    /// All text of the message; parts that are not text are left out.
    #[must_use]
    pub fn text(&self) -> String {
        match self.parts.as_slice() {
            [Part::Text(text)] => text.clone(),
            parts => parts.iter().filter_map(Part::text).collect::<Vec<_>>().join("\n"),
        }
    }

    /// Whether role and text say everything that the message holds.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(self.parts.as_slice(), [] | [Part::Text(_)])
            && self.tool_calls.is_empty()
            && self.tool_call_id.is_none()
            && self.name.is_none()
            && self.id.is_none()
            && self.extra.is_empty()
    }
}

/// Reads the `content` of a message: a string, an array of parts, or nothing.
///
/// # Errors
/// When `content` is an array whose elements are not JSON, which well-formed JSON cannot be.
pub fn parts_from_content(content: RawJson) -> Result<Vec<Part>, serde_json::Error> {
    let text = content.as_str();
    Ok(if content.is_blank() {
        Vec::new()
    } else if text.starts_with('[') {
        serde_json::from_str::<Vec<RawJson>>(text)?.into_iter().map(part_from_raw).collect()
    } else {
        vec![part_from_raw(content)]
    })
}

fn part_from_raw(raw: RawJson) -> Part {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct PlainText {
        r#type: String,
        text: String,
    }
    let text = raw.as_str();
    if text.starts_with('"') {
        // A lone surrogate has no place in a `String`: such text stays as it is.
        return serde_json::from_str(text).map_or_else(|_| Part::Json(raw), Part::Text);
    }
    match serde_json::from_str::<PlainText>(text) {
        Ok(part) if part.r#type == "text" => Part::Text(part.text),
        _ => Part::Json(raw),
    }
}

/// The `content` form of parts: a string where one text says it all, else an array of parts.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a>(pub &'a [Part]);

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct TextPart<'a> {
            r#type: &'static str,
            text: &'a str,
        }
        struct InArray<'a>(&'a Part);
        impl Serialize for InArray<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    Part::Text(text) => TextPart { r#type: "text", text }.serialize(serializer),
                    Part::Json(raw) => raw.serialize(serializer),
                }
            }
        }
        match self.0 {
            [] => serializer.serialize_str(""),
            [Part::Text(text)] => serializer.serialize_str(text),
            [Part::Json(raw)] if raw.as_str().starts_with('"') => raw.serialize(serializer),
            parts => serializer.collect_seq(parts.iter().map(InArray)),
        }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("role", &self.role)?;
        map.serialize_entry("content", &Content(&self.parts))?;
        if !self.tool_calls.is_empty() {
            map.serialize_entry("tool_calls", &self.tool_calls)?;
        }
        for (field, value) in [("tool_call_id", &self.tool_call_id), ("name", &self.name), ("id", &self.id)] {
            if let Some(value) = value {
                map.serialize_entry(field, value)?;
            }
        }
        for (field, value) in &self.extra {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}

impl JsonSchema for Message {
    fn schema_name() -> Cow<'static, str> {
        "Message".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "Message",
            "description": "One message of a conversation, as chat model APIs take it. Further fields are kept as they are.",
            "type": "object",
            "properties": {
                "role": {
                    "description": "Who speaks: `system`, `user`, `assistant`, `tool`, or another name.",
                    "type": "string",
                },
                "content": {
                    "description": "Text, or parts such as `{\"type\": \"text\", \"text\": …}` and images.",
                    "type": ["string", "array", "null"],
                },
                "tool_calls": {
                    "description": "Tools that an assistant message calls.",
                    "type": ["array", "null"],
                    "items": generator.subschema_for::<ToolCall>(),
                },
                "tool_call_id": {"description": "The call that a tool message answers.", "type": ["string", "null"]},
                "name": {"description": "The speaker's name, or the tool's.", "type": ["string", "null"]},
                "id": {"description": "The message's own id.", "type": ["string", "null"]},
            },
            "required": ["role"],
        })
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MessageVisitor;

        impl<'de> Visitor<'de> for MessageVisitor {
            type Value = Message;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message with `role` and `content`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message, A::Error> {
                let mut role = None;
                let mut message = Message::new(Role::User, "");
                while let Some(field) = map.next_key::<String>()? {
                    match field.as_str() {
                        "role" => role = Some(map.next_value()?),
                        "content" => {
                            message.parts =
                                parts_from_content(map.next_value()?).map_err(de::Error::custom)?;
                        }
                        "tool_calls" => {
                            message.tool_calls = map.next_value::<Option<_>>()?.unwrap_or_default();
                        }
                        "tool_call_id" => message.tool_call_id = map.next_value()?,
                        "name" => message.name = map.next_value()?,
                        "id" => message.id = map.next_value()?,
                        _ => {
                            message.extra.insert(field, map.next_value()?);
                        }
                    }
                }
                message.role = role.ok_or_else(|| de::Error::missing_field("role"))?;
                Ok(message)
            }
        }

        deserializer.deserialize_map(MessageVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) {
        let message: Message = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&message).unwrap(), text);
    }

    #[test]
    fn a_message_is_written_as_it_was_read() {
        round_trip(r#"{"role":"user","content":"Weather in Paris?","name":"bob"}"#);
        round_trip(
            r#"{"role":"assistant","content":"","tool_calls":[{"id":"call_1","name":"get_weather","arguments":{"n":1.10},"index":0}]}"#,
        );
        round_trip(
            r#"{"role":"critic","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}]}"#,
        );
        round_trip(r#"{"role":"user","content":"cut \ud83d","trace":12345678901234567890123}"#);
    }

    #[test]
    fn text_leaves_out_what_is_not_text() {
        let message: Message = serde_json::from_str(
            r#"{"role":"user","content":["a",{"type":"text","text":"b","cache":1},{"type":"image"}]}"#,
        )
        .unwrap();
        assert_eq!(message.text(), "a\nb");
        assert_eq!(
            serde_json::from_str::<Message>(r#"{"role":"user","content":"cut \ud83d"}"#).unwrap().text(),
            "cut \u{fffd}"
        );
    }

    #[test]
    fn a_message_without_role_is_refused() {
        let error = serde_json::from_str::<Message>(r#"{"content":"x"}"#).unwrap_err();
        assert!(error.to_string().contains("role"), "{error}");
    }
}

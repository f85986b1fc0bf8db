use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{Error as _, SerializeMap, Serializer};

use crate::error::{Error, ErrorKind, Result};
use crate::json::RawJson;
use crate::message::{Content, Message, Role};

use super::{Dialect, data, tool_calls};

/// The `type` under which `dialect` keeps the message.
///
/// A tool result without its call's id, and a function's without a name, have no type that other readers take: they go
/// as a message with a role of its own.
#[must_use]
pub fn kind(message: &Message, dialect: Dialect) -> &'static str {
    match &message.role {
        Role::System => "system",
        Role::User => "human",
        Role::Assistant => "ai",
        Role::Tool if message.tool_call_id.is_some() => "tool",
        Role::Other(name) if name == "function" && message.name.is_some() => "function",
        Role::Tool | Role::Other(_) => match dialect {
            Dialect::Js => "generic",
            Dialect::Python => "chat",
        },
    }
}

/// The JSON text of a stored message, with the fields of `beside` before `type` and `data`.
///
/// # Errors
/// `InvalidInput` when a part of the message has no JSON form.
pub fn write_entry(message: &Message, dialect: Dialect, beside: &[(&str, &RawJson)]) -> Result<String> {
    struct Stored<'a>(&'a Message, Dialect, &'a [(&'a str, &'a RawJson)]);
    impl Serialize for Stored<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for (name, value) in self.2 {
                map.serialize_entry(name, value)?;
            }
            map.serialize_entry("type", kind(self.0, self.1))?;
            map.serialize_entry("data", &Data(self.0, self.1))?;
            map.end()
        }
    }
    serde_json::to_string(&Stored(message, dialect, beside)).map_err(refused)
}

/// The `data` of a stored message.
///
/// # Errors
/// As [`write_entry`].
pub fn write_data(message: &Message, dialect: Dialect) -> Result<RawJson> {
    RawJson::of(&Data(message, dialect)).map_err(refused)
}

fn refused(source: serde_json::Error) -> Error {
    let problem = "holds a message that has no JSON form";
    Error::new(ErrorKind::InvalidInput { field: "messages".to_owned() }, format!("`messages` {problem}"))
        .with_source(source)
}

struct Data<'a>(&'a Message, Dialect);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(message, dialect) = *self;
        let kind = kind(message, dialect);
        let calls = tool_calls::write(&message.tool_calls, dialect).map_err(S::Error::custom)?;
        let (mut extra, mut sheltered): (BTreeMap<_, _>, BTreeMap<_, _>) =
            message.extra.iter().partition(|(field, value)| {
                // A blank of the message's own must not pass for one that the writer leaves by habit.
                data::fits(kind, field, value) && !(data::is_blank_by_habit(field) && value.is_blank())
            });
        if calls.incomplete
            && let Some((field, theirs)) = extra.remove_entry(&"invalid_tool_calls".to_owned())
        {
            sheltered.insert(field, theirs);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("content", &Content(&message.parts))?;
        let mut fields = Fields { map, extra, python: dialect == Dialect::Python };
        match dialect {
            Dialect::Js => {
                if kind == "generic" {
                    fields.map.serialize_entry("role", &message.role)?;
                }
                fields.text("tool_call_id", message.tool_call_id.as_deref())?;
                fields.text("name", message.name.as_deref())?;
                fields.text("id", message.id.as_deref())?;
                fields.calls(kind, &calls)?;
                fields.or("additional_kwargs", "{}")?;
                fields.or("response_metadata", "{}")?;
            }
            Dialect::Python => {
                fields.or("additional_kwargs", "{}")?;
                fields.or("response_metadata", "{}")?;
                fields.map.serialize_entry("type", kind)?;
                fields.text("name", message.name.as_deref())?;
                fields.text("id", message.id.as_deref())?;
                fields.calls(kind, &calls)?;
                match kind {
                    "ai" => fields.or("usage_metadata", "null")?,
                    "tool" => {
                        fields.text("tool_call_id", message.tool_call_id.as_deref())?;
                        fields.or("artifact", "null")?;
                    }
                    "chat" => fields.map.serialize_entry("role", &message.role)?,
                    _ => {}
                }
                if let (Some(id), false) = (&message.tool_call_id, kind == "tool") {
                    fields.map.serialize_entry("tool_call_id", id)?;
                }
            }
        }
        if calls.incomplete {
            fields.map.serialize_entry(tool_calls::ALL, &message.tool_calls)?;
        }
        for (field, value) in &fields.extra {
            fields.map.serialize_entry(field, value)?;
        }
        if !sheltered.is_empty() {
            fields.map.serialize_entry(data::SHELTERED, &sheltered)?;
        }
        fields.map.end()
    }
}

/// The fields being written, and those of the message's `extra` that are still to come.
struct Fields<'a, M> {
    map: M,
    extra: BTreeMap<&'a String, &'a RawJson>,
    python: bool,
}

impl<M: SerializeMap> Fields<'_, M> {
    /// A field of text: left out by JS, `null` by Python, where there is none.
    fn text(&mut self, field: &'static str, value: Option<&str>) -> Result<(), M::Error> {
        if value.is_some() || self.python { self.map.serialize_entry(field, &value) } else { Ok(()) }
    }

    /// A field that the writer always writes: the message's own, or `blank`.
    fn or(&mut self, field: &'static str, blank: &'static str) -> Result<(), M::Error> {
        match self.extra.remove_entry(&field.to_owned()) {
            Some((_, value)) => self.map.serialize_entry(field, value),
            None => {
                let blank = RawJson::parse(blank).map_err(M::Error::custom)?;
                self.map.serialize_entry(field, &blank)
            }
        }
    }

    fn calls(&mut self, kind: &str, calls: &tool_calls::Written) -> Result<(), M::Error> {
        if kind == "ai" || !calls.tool_calls.is_empty() {
            self.map.serialize_entry("tool_calls", &calls.tool_calls)?;
        }
        if !calls.invalid_tool_calls.is_empty() {
            self.map.serialize_entry("invalid_tool_calls", &calls.invalid_tool_calls)
        } else if kind == "ai" {
            self.or("invalid_tool_calls", "[]")
        } else {
            Ok(())
        }
    }
}

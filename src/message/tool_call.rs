use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::RawJson;

/// A model's wish to have a tool called.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub struct ToolCall {
    /// What the result refers to as its `tool_call_id`.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments, usually a JSON object.
    pub arguments: RawJson,
    /// Everything else that the call carries, by field name.
    #[schemars(flatten)]
    pub extra: BTreeMap<String, RawJson>,
}

impl ToolCall {
    /// A call that carries nothing else.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, arguments: RawJson) -> Self {
        Self { id: id.into(), name: name.into(), arguments, extra: BTreeMap::new() }
    }
}

impl Serialize for ToolCall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3 + self.extra.len()))?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("arguments", &self.arguments)?;
        for (field, value) in &self.extra {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ToolCall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ToolCallVisitor;

        impl<'de> Visitor<'de> for ToolCallVisitor {
            type Value = ToolCall;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tool call with `id`, `name` and `arguments`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ToolCall, A::Error> {
                let (mut id, mut name, mut arguments) = (None, None, None);
                let mut extra = BTreeMap::new();
                while let Some(field) = map.next_key::<String>()? {
                    match field.as_str() {
                        "id" => id = Some(map.next_value()?),
                        "name" => name = Some(map.next_value()?),
                        "arguments" => arguments = Some(map.next_value()?),
                        _ => {
                            extra.insert(field, map.next_value()?);
                        }
                    }
                }
                let missing = de::Error::missing_field;
                Ok(ToolCall {
                    id: id.ok_or_else(|| missing("id"))?,
                    name: name.ok_or_else(|| missing("name"))?,
                    arguments: arguments.ok_or_else(|| missing("arguments"))?,
                    extra,
                })
            }
        }

        deserializer.deserialize_map(ToolCallVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_written_as_it_was_read() {
        for text in [
            r#"{"id":"c1","name":"clock","arguments":{"n":1.10}}"#,
            r#"{"id":"","name":"clock","arguments":"text","index":0,"type":"function"}"#,
        ] {
            let call: ToolCall = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&call).unwrap(), text);
        }
    }

    #[test]
    fn a_call_without_one_of_its_fields_is_refused() {
        for (text, field) in [
            (r#"{"name":"f","arguments":{}}"#, "id"),
            (r#"{"id":"c","arguments":{}}"#, "name"),
            (r#"{"id":"c","name":"f"}"#, "arguments"),
        ] {
            let error = serde_json::from_str::<ToolCall>(text).unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }
}

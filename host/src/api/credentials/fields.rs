//! Secret fields on their way in.

use std::borrow::Cow;

use canvas_memory::json::RawJson;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de};

/// The fields of a credential: a JSON object of secrets.
#[derive(Clone, Debug)]
pub(super) struct SecretFields(pub(super) SecretString);

impl<'de> Deserialize<'de> for SecretFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        if !raw.as_str().starts_with('{') {
            return Err(de::Error::custom("`fields` is no JSON object"));
        }
        Ok(Self(raw.as_str().into()))
    }
}

impl JsonSchema for SecretFields {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecretFields".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "writeOnly": true})
    }
}

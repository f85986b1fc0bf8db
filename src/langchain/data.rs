//! The fields of `data`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json::RawJson;

use super::tool_calls;

/// Where fields of ours are kept that would stop another reader from reading the message.
pub(super) const SHELTERED: &str = "cm_extra";

/// Whether writers leave the field blank where they have nothing to say; a blank one is then not worth keeping.
pub(super) fn is_blank_by_habit(field: &str) -> bool {
    matches!(
        field,
        "additional_kwargs"
            | "response_metadata"
            | "invalid_tool_calls"
            | "usage_metadata"
            | "artifact"
            | "tool_call_chunks"
    )
}

/// Whether other readers take `value` in the field of a message of this kind. They check the fields they know, and one
/// that does not fit makes the whole history unreadable to them.
pub(super) fn fits(kind: &str, field: &str, value: &RawJson) -> bool {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only the shape matters")]
    struct UsageMetadata {
        input_tokens: i64,
        output_tokens: i64,
        total_tokens: i64,
        #[serde(default)]
        input_token_details: BTreeMap<String, i64>,
        #[serde(default)]
        output_token_details: BTreeMap<String, i64>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only the shape matters")]
    struct InvalidToolCall {
        r#type: Option<String>,
        name: Option<String>,
        args: Option<String>,
        id: Option<String>,
        error: Option<String>,
    }
    let text = value.as_str();
    match field {
        SHELTERED
        | tool_calls::ALL
        | "type"
        | "role"
        | "content"
        | "content_blocks"
        | "contentBlocks"
        | "tool_calls"
        | "tool_call_chunks"
        | "tool_call_id"
        | "name"
        | "id"
        // Python hands the fields to a constructor, whose own first argument has this name.
        | "self" => false,
        "additional_kwargs" | "response_metadata" => text.starts_with('{'),
        "usage_metadata" => text == "null" || value.decode::<UsageMetadata>().is_ok(),
        "invalid_tool_calls" => value.decode::<Vec<InvalidToolCall>>().is_ok(),
        "status" => kind != "tool" || matches!(text, "\"success\"" | "\"error\""),
        "example" => matches!(text, "true" | "false"),
        _ => true,
    }
}

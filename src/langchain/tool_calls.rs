//! Tool calls, in the places where they are stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::json::RawJson;
use crate::message::ToolCall;

use super::Dialect;

/// All calls of a message in our own form, where `tool_calls` can't hold them all.
pub(super) const ALL: &str = "cm_tool_calls";

/// The `type` that writers give each call, as JSON.
const TYPE: &str = "\"tool_call\"";

/// The calls in `tool_calls`; `None` when it has another shape.
pub(super) fn read(raw: &RawJson) -> Option<Vec<ToolCall>> {
    let call = |mut stored: BTreeMap<String, RawJson>| {
        let id = stored.remove("id").map_or(Some(None), |id| id.decode_exact::<Option<String>>())?;
        let name = stored.remove("name")?.decode_exact::<String>()?;
        let arguments = stored.remove("args").map_or_else(|| RawJson::parse("{}").ok(), Some)?;
        stored.retain(|field, value| !(field == "type" && value.as_str() == TYPE));
        Some(ToolCall { extra: stored, ..ToolCall::new(id.unwrap_or_default(), name, arguments) })
    };
    raw.decode_exact::<Option<Vec<_>>>()?.unwrap_or_default().into_iter().map(call).collect()
}

/// The calls that stand in `additional_kwargs` only, as the OpenAI API has them and older writers left them.
pub(super) fn read_openai(additional_kwargs: &RawJson) -> Option<Vec<ToolCall>> {
    #[derive(Deserialize)]
    struct Kwargs {
        tool_calls: Vec<Call>,
    }
    #[derive(Deserialize)]
    struct Call {
        #[serde(default)]
        id: Option<String>,
        function: Function,
    }
    #[derive(Deserialize)]
    struct Function {
        name: String,
        #[serde(default)]
        arguments: String,
    }
    let call = |stored: Call| {
        let Function { name, arguments } = stored.function;
        let arguments = RawJson::parse(arguments.as_str()).unwrap_or_else(|_| RawJson::from(&*arguments));
        ToolCall::new(stored.id.unwrap_or_default(), name, arguments)
    };
    Some(additional_kwargs.decode::<Kwargs>().ok()?.tool_calls.into_iter().map(call).collect())
}

/// The calls as a dialect's own writer spells them.
#[derive(Default)]
pub(super) struct Written {
    /// Those with an object as arguments.
    pub(super) tool_calls: Vec<RawJson>,
    /// The others: readers refuse them among `tool_calls`.
    pub(super) invalid_tool_calls: Vec<RawJson>,
    /// Whether the calls hold more than these two say. An unknown field in a call is fatal to LangChain Python.
    pub(super) incomplete: bool,
}

pub(super) fn write(calls: &[ToolCall], dialect: Dialect) -> serde_json::Result<Written> {
    #[derive(Serialize)]
    struct Js<'a> {
        id: &'a str,
        name: &'a str,
        args: &'a RawJson,
        r#type: &'static str,
    }
    #[derive(Serialize)]
    struct Python<'a> {
        name: &'a str,
        args: &'a RawJson,
        id: &'a str,
        r#type: &'static str,
    }
    #[derive(Serialize)]
    struct Invalid<'a> {
        name: &'a str,
        args: String,
        id: &'a str,
        error: Option<&'a str>,
        r#type: &'static str,
    }
    let mut written = Written::default();
    for ToolCall { id, name, arguments: args, extra } in calls {
        written.incomplete |= !extra.is_empty();
        let r#type = "tool_call";
        if !args.as_str().starts_with('{') {
            let args = args.decode::<String>().unwrap_or_else(|_| args.as_str().to_owned());
            let r#type = "invalid_tool_call";
            written.incomplete = true;
            written.invalid_tool_calls.push(RawJson::of(&Invalid { name, args, id, error: None, r#type })?);
        } else {
            written.tool_calls.push(match dialect {
                Dialect::Js => RawJson::of(&Js { id, name, args, r#type })?,
                Dialect::Python => RawJson::of(&Python { name, args, id, r#type })?,
            });
        }
    }
    Ok(written)
}

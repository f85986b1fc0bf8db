//! Answers, errors and events in the words of existing chat clients.

use std::convert::Infallible;

use aide::OperationOutput;
use axum::Json;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use canvas_memory::message::{Message, Role};
use canvas_memory::session::Turn;
use futures_util::{Stream, StreamExt, stream};
use schemars::{JsonSchema, Schema, json_schema};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::api::problem::Problem;
use crate::api::runs::KEEP_ALIVE;
use crate::runs::SharedError;

/// The schema of one event of a stream.
pub(super) fn event_schema() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {
                    "type": "object",
                    "properties": {
                        "event": {
                            "type": "string",
                            "enum": ["start", "token", "usedTools", "abort", "metadata", "error", "end"],
                        },
                        "data": {"description": "Text, used tools, or what stands beside the answer."},
                    },
                    "required": ["event", "data"],
                },
            },
        },
        "required": ["data"],
    })
}

/// An answer, as clients of existing canvases read it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Prediction {
    /// The answer's text.
    pub(super) text: String,
    #[serde(flatten)]
    pub(super) metadata: Metadata,
    /// The tools that were called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) used_tools: Vec<UsedTool>,
}

/// What stands beside an answer's text.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    /// The question.
    pub(super) question: String,
    /// The chat's own id, to go on with.
    pub(super) chat_id: String,
    /// The id of the turn.
    pub(super) chat_message_id: String,
    /// The conversation that the turn is kept in.
    pub(super) session_id: String,
    /// The title of the memory node; left out for a flow without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory_type: Option<String>,
    /// Why the turn is not kept, where it is not. The answer is whole all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory_error: Option<SharedError>,
}

/// A tool that was called.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsedTool {
    /// Its name.
    pub(super) tool: String,
    /// What the model handed over.
    pub(super) tool_input: Value,
    /// What it got back.
    pub(super) tool_output: String,
}

/// A failed prediction: the error in the words of existing clients, and in ours.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Failure {
    status_code: u16,
    success: bool,
    message: String,
    stack: Map<String, Value>,
    error: SharedError,
}

/// An error as clients of existing canvases read it.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Problem);

impl<E: Into<Problem>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error = self.0.error().clone();
        let failure = Failure {
            status_code: self.0.status().as_u16(),
            success: false,
            message: error.get().to_string(),
            stack: Map::new(),
            error,
        };
        self.0.into_response_with(Json(failure))
    }
}

impl OperationOutput for Refused {
    type Inner = Self;
}

/// Clients read a line `data:` with the event's name in it, after a line `message:`.
pub(super) fn event(name: &str, data: &impl Serialize) -> Bytes {
    format!("message:\ndata:{}\n\n", json!({"event": name, "data": data})).into()
}

/// Says from time to time that a quiet stream is alive.
pub(super) fn kept_alive(
    events: impl Stream<Item = Bytes> + Send,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::unfold(Box::pin(events), |mut events| async {
        match tokio::time::timeout(KEEP_ALIVE, events.next()).await {
            Ok(event) => event.map(|event| (Ok(event), events)),
            Err(_) => Some((Ok(Bytes::from_static(b":\n\n")), events)),
        }
    })
}

pub(super) fn answer_text(turn: &Turn) -> String {
    turn.messages
        .iter()
        .rfind(|message| message.role == Role::Assistant)
        .map(Message::text)
        .unwrap_or_default()
}

pub(super) fn used_tools(turn: &Turn) -> Vec<UsedTool> {
    let calls = turn.messages.iter().flat_map(|message| &message.tool_calls);
    calls
        .map(|call| {
            let output = turn.messages.iter().find(|message| message.tool_call_id.as_ref() == Some(&call.id));
            UsedTool {
                tool: call.name.clone(),
                tool_input: call.arguments.decode().unwrap_or_default(),
                tool_output: output.map(Message::text).unwrap_or_default(),
            }
        })
        .collect()
}

//! A flow as chat clients of existing canvases call it: one path, one question, one answer or a stream of events.

use std::convert::Infallible;
use std::sync::Arc;

use aide::OperationOutput;
use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as Described, StatusCode as Code};
use axum::Json;
use axum::body::{Body as ResponseBody, Bytes};
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use canvas_memory::message::{Message, Role};
use canvas_memory::session::{SessionId, Turn};
use futures_util::{Stream, StreamExt, stream};
use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::extract::{Body, Path};
use super::flow_ref::ReadFlow;
use super::flows::FlowId;
use super::openapi::{RUN_ERRORS, content, describe, schema_object};
use super::problem::Problem;
use super::runs::{KEEP_ALIVE, begin};
use crate::app::App;
use crate::runs::{Cursor, Logged, Run, RunEnd, RunOrder, RunResult, Runnable, SharedError};

const DESCRIPTION: &str = "\
As Flowise and AnswerAI answer it. The session is that of `overrideConfig.sessionId`, else `chatId`, else the memory \
node's own, else a new one; the answer says which. Nothing else in `overrideConfig` has an effect: no request overrides \
credentials, endpoints or prompts. `history` has none either: the flow's memory keeps the conversation.";

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/prediction/{id}",
            post_with(predict, |operation| {
                describe("predict", "Ask a flow one question", RUN_ERRORS)(operation).description(DESCRIPTION)
            }),
        )
        .api_route(
            "/chatflows-streaming/{id}",
            get_with(
                streaming,
                describe("readStreaming", "Whether a flow can stream its answers", &[404, 422]),
            ),
        )
        .with_path_items(|item| item.tag("runs"))
}

/// Whether a flow can stream its answers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Streaming {
    /// Every flow can.
    is_streaming: bool,
}

/// Clients ask this before they ask for a stream.
async fn streaming(
    State(app): State<App>,
    Path(FlowId { id }): Path<FlowId>,
) -> super::problem::Result<Json<Streaming>> {
    app.state().flow(&id).await?;
    Ok(Json(Streaming { is_streaming: true }))
}

/// A question. Fields that are not listed have no effect.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Question {
    /// What the person says.
    #[schemars(length(min = 1))]
    question: String,
    /// The conversation to go on with.
    chat_id: Option<SessionId>,
    /// `sessionId` is the conversation to go on with; nothing else has an effect.
    override_config: Option<Overrides>,
    /// Answer with a stream of events: true, or the text `true`.
    #[schemars(with = "Option<bool>")]
    streaming: Option<Value>,
}

/// What a question may override.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Overrides {
    /// The conversation to go on with.
    session_id: Option<SessionId>,
}

/// An answer, as clients of existing canvases read it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Prediction {
    /// The answer's text.
    text: String,
    #[serde(flatten)]
    metadata: Metadata,
    /// The tools that were called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    used_tools: Vec<UsedTool>,
}

/// What stands beside an answer's text.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    /// The question.
    question: String,
    /// The chat's own id, to go on with.
    chat_id: String,
    /// The id of the turn.
    chat_message_id: String,
    /// The conversation that the turn is kept in.
    session_id: String,
    /// The title of the memory node; left out for a flow without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_type: Option<String>,
    /// Why the turn is not kept, where it is not. The answer is whole all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_error: Option<SharedError>,
}

/// A tool that was called.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct UsedTool {
    /// Its name.
    tool: String,
    /// What the model handed over.
    tool_input: Value,
    /// What it got back.
    tool_output: String,
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
struct Refused(Problem);

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

/// An answer in one piece, or a stream of events.
struct Answer(Response);

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        self.0
    }
}

impl OperationOutput for Answer {
    type Inner = Prediction;

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Code>, Described)> {
        let mut described = Json::<Prediction>::operation_response(ctx, operation).unwrap_or_default();
        let events: Vec<_> = content("text/event-stream", schema_object(event_schema()));
        described.content.extend(events);
        vec![(Some(Code::Code(200)), described)]
    }
}

/// The schema of one event of a stream.
fn event_schema() -> Schema {
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

async fn predict(
    State(app): State<App>,
    Path(FlowId { id }): Path<FlowId>,
    Body(asked): Body<Question>,
) -> Result<Answer, Refused> {
    if asked.question.is_empty() {
        return Err(Problem::invalid("question", "is empty; say something").into());
    }
    let is_streaming = match &asked.streaming {
        Some(Value::Bool(streaming)) => *streaming,
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    let overridden = asked.override_config.and_then(|overrides| overrides.session_id);
    let order = RunOrder {
        flow: Some(id.clone()),
        message: Message::user(&asked.question),
        session: overridden.or_else(|| asked.chat_id.clone()),
        chat: asked.chat_id.unwrap_or_else(SessionId::mint),
        turn_id: None,
    };
    let flow = ReadFlow::saved(&app, &id).await?;
    let (run, runnable) = begin(&app, flow, order).await?;
    let asking = Asking { question: asked.question, run, runnable };
    if is_streaming { Ok(Answer(asking.stream())) } else { asking.answer().await.map(Answer) }
}

/// A question on its way.
struct Asking {
    question: String,
    run: Arc<Run>,
    runnable: Runnable,
}

impl Asking {
    /// Waits for the end. The run goes on when the client does not wait.
    async fn answer(self) -> Result<Response, Refused> {
        let events = self.run.events(Cursor::default());
        events.for_each(|_| std::future::ready(())).await;
        match self.run.end() {
            Some(RunEnd::Done { result, .. }) => {
                let text = answer_text(&result.turn);
                let used_tools = used_tools(&result.turn);
                Ok(Json(Prediction { text, metadata: self.metadata(&result), used_tools }).into_response())
            }
            Some(RunEnd::Failed(error)) => Err(error.into()),
            None => Err(Problem::not_found("the run has no end; ask again").into()),
        }
    }

    fn stream(self) -> Response {
        let events = self.run.events(Cursor::default());
        let told = events.flat_map(move |logged| stream::iter(self.tell(&logged)));
        let body = ResponseBody::from_stream(kept_alive(told));
        let mut response = body.into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        response
    }

    /// An event of the run, in the words of existing clients.
    fn tell(&self, logged: &Logged) -> Vec<Bytes> {
        let data = || serde_json::from_str::<Value>(&logged.json).unwrap_or_default();
        match logged.name {
            "started" => vec![event("start", &"")],
            "text" => vec![event("token", data().get("text").unwrap_or(&Value::Null))],
            "done" => match self.run.end() {
                Some(RunEnd::Done { result, .. }) => self.tell_result(&result),
                _ => Vec::new(),
            },
            "error" => {
                let error = data();
                let message = error.pointer("/error/message").unwrap_or(&Value::Null);
                vec![event("error", message), event("end", &"[DONE]")]
            }
            _ => Vec::new(),
        }
    }

    fn tell_result(&self, result: &RunResult) -> Vec<Bytes> {
        let mut events = Vec::new();
        let used_tools = used_tools(&result.turn);
        if !used_tools.is_empty() {
            events.push(event("usedTools", &used_tools));
        }
        if result.stopped {
            events.push(event("abort", &"[DONE]"));
        }
        events.push(event("metadata", &self.metadata(result)));
        events.push(event("end", &"[DONE]"));
        events
    }

    fn metadata(&self, result: &RunResult) -> Metadata {
        let chat_id = self.run.chat().to_string();
        let session = result.session.as_ref().map(|session| session.id.to_string());
        Metadata {
            question: self.question.clone(),
            session_id: session.unwrap_or_else(|| chat_id.clone()),
            chat_id,
            chat_message_id: result.turn.id.to_string(),
            memory_type: self.runnable.memory.clone(),
            memory_error: result.not_stored().cloned(),
        }
    }
}

/// Clients read a line `data:` with the event's name in it, after a line `message:`.
fn event(name: &str, data: &impl Serialize) -> Bytes {
    format!("message:\ndata:{}\n\n", json!({"event": name, "data": data})).into()
}

/// Says from time to time that a quiet stream is alive.
fn kept_alive(
    events: impl Stream<Item = Bytes> + Send,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::unfold(Box::pin(events), |mut events| async {
        match tokio::time::timeout(KEEP_ALIVE, events.next()).await {
            Ok(event) => event.map(|event| (Ok(event), events)),
            Err(_) => Some((Ok(Bytes::from_static(b":\n\n")), events)),
        }
    })
}

fn answer_text(turn: &Turn) -> String {
    turn.messages
        .iter()
        .rfind(|message| message.role == Role::Assistant)
        .map(Message::text)
        .unwrap_or_default()
}

fn used_tools(turn: &Turn) -> Vec<UsedTool> {
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

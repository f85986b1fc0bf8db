//! A flow as chat clients of existing canvases call it: one path, one question, one answer or a stream of events.

mod words;

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
use canvas_memory::message::Message;
use canvas_memory::session::SessionId;
use futures_util::{StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::extract::{Body, Path};
use super::flow_ref::ReadFlow;
use super::flows::FlowId;
use super::object::Object;
use super::openapi::{RUN_ERRORS, content, describe, schema_object};
use super::problem::Problem;
use super::runs::begin;
use crate::app::App;
use crate::runs::{Cursor, Logged, Run, RunEnd, RunOrder, RunResult, Runnable};
use words::{Metadata, Prediction, Refused, answer_text, event, event_schema, kept_alive, used_tools};

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
    override_config: Option<Object<Overrides>>,
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

async fn predict(
    State(app): State<App>,
    Path(FlowId { id }): Path<FlowId>,
    asked: Result<Body<Question>, Problem>,
) -> Result<Answer, Refused> {
    let Body(asked) = asked?;
    if asked.question.is_empty() {
        return Err(Problem::invalid("question", "is empty; say something").into());
    }
    let is_streaming = match &asked.streaming {
        Some(Value::Bool(streaming)) => *streaming,
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    let overridden = asked.override_config.and_then(|Object(overrides)| overrides.session_id);
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

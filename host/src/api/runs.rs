//! Messages on their way through a flow.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::openapi::StatusCode as Code;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use canvas_memory::ErrorKind;
use canvas_memory::chain::RunEvent;
use canvas_memory::json::RawJson;
use canvas_memory::message::{Message, Role};
use canvas_memory::session::{SessionId, TurnId};
use futures_util::StreamExt;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::answer::Created;
use super::extract::{Body, Path};
use super::flow_ref::{FlowRef, ReadFlow};
use super::flows::MAX_FLOW_BODY_BYTES;
use super::openapi::{NODE_ERRORS, RUN_ERRORS, content, describe, schema_object};
use super::problem::{Problem, Result};
use crate::app::App;
use crate::runs::{Cursor, ErrorBody, Run, RunOrder, RunResult, RunView, Runnable};

/// How often a quiet stream says that it is alive.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

const EVENTS: &str = "\
Server-sent events. `started`, `step` and `text` carry a `RunEvent`. The last one is `done` with a `RunResult`, or \
`error` with an `ErrorBody`. Each `id` may be handed back as `Last-Event-ID`, to go on there; without it, the events come \
from the start. Of a very long run, the oldest events are no longer kept; the last one always holds the whole turn.";

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/runs",
            post_with(start, |operation| {
                describe("startRun", "Run a message through a flow", RUN_ERRORS)(operation)
                    .description("Answers when the run has begun. It goes on when nobody listens.")
            }),
        )
        .api_route("/runs/{id}", get_with(read, describe("readRun", "Tell how a run stands", &[404])))
        .api_route(
            "/runs/{id}/events",
            get_with(events, |operation| {
                describe("followRun", "Follow a run", &[404])(operation).description(EVENTS)
            }),
        )
        .api_route("/runs/{id}/stop", post_with(stop, describe("stopRun", "End a run early", &[404])))
        .api_route(
            "/runs/{id}/store",
            post_with(store, |operation| {
                describe("storeTurn", "Store the turn of a run again", NODE_ERRORS)(operation).description(
                    "For a run whose answer could not be stored. Storing what is stored changes nothing.",
                )
            }),
        )
        .with_path_items(|item| item.tag("runs"))
}

/// A message to run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewRun {
    /// The id of a saved flow, or a flow's document.
    flow: FlowRef,
    /// What the person says: text, or a message.
    message: NewMessage,
    /// The session to go on with, instead of the memory's own.
    session: Option<SessionId>,
    /// The chat's own session, used when neither `session` nor the memory names one; a new one when left out.
    chat: Option<SessionId>,
    /// Makes the message repeatable: the same id again has no second effect.
    turn_id: Option<TurnId>,
}

/// Text, or a message.
#[derive(Debug)]
struct NewMessage(Message);

impl<'de> Deserialize<'de> for NewMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        if raw.as_str().starts_with('"') {
            let text: String =
                raw.decode().map_err(|_| de::Error::custom("`message` is no text that can be read"))?;
            return Ok(Self(Message::user(text)));
        }
        raw.decode_exact().map(Self).ok_or_else(|| {
            de::Error::custom(
                "`message` is neither text nor a message with `role` and `content`; give one of them",
            )
        })
    }
}

impl JsonSchema for NewMessage {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NewMessage".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string", "minLength": 1}, generator.subschema_for::<Message>()]})
    }
}

/// A run that has begun.
#[derive(Debug, Serialize, JsonSchema)]
struct StartedRun {
    /// Names the run.
    id: String,
    /// The turn that it makes: with it, the message can be repeated.
    turn_id: Option<TurnId>,
    /// The chat's own session, to go on with.
    chat: SessionId,
}

async fn start(
    State(app): State<App>,
    Body(new): Body<NewRun, MAX_FLOW_BODY_BYTES>,
) -> Result<Created<StartedRun>> {
    let NewRun { flow, message: NewMessage(message), session, chat, turn_id } = new;
    // What else a flow's model hears, such as instructions and what tools gave, is the flow's own to say.
    if message.role != Role::User || !message.tool_calls.is_empty() {
        let problem = "is not what a person says; give its `role` as `user`, and no tool calls";
        return Err(Problem::invalid("message", problem));
    }
    if message.parts.is_empty() {
        return Err(Problem::invalid("message", "is empty; say something"));
    }
    let chat = chat.unwrap_or_else(SessionId::mint);
    let order = RunOrder { flow: flow.id().map(str::to_owned), message, session, chat, turn_id };
    let (run, _) = begin(&app, flow.read(&app).await?, order).await?;
    let location = format!("/api/v1/runs/{}", run.id());
    let body =
        StartedRun { id: run.id().to_owned(), turn_id: run.turn_id().cloned(), chat: run.chat().clone() };
    Ok(Created { location, body })
}

/// Starts a run on a flow as it is now: what is edited later is for later runs.
pub(super) async fn begin(app: &App, read: ReadFlow, order: RunOrder) -> Result<(Arc<Run>, Runnable)> {
    let slot = app.runs().slot().map_err(|error| {
        let is_busy = *error.kind() == ErrorKind::Throttled;
        let problem = Problem::from(error);
        if is_busy { problem.with_status(StatusCode::TOO_MANY_REQUESTS) } else { problem }
    })?;
    let runnable = app.connections().get(app, &read.flow, read.state).await?;
    // What a connected flow knows of a table or database may be out of date.
    let (kept, connected) = (app.clone(), runnable.clone());
    let failed = move || kept.connections().forget(&connected);
    let run = slot.start(runnable.chain.clone(), order, failed).await?;
    Ok((run, runnable))
}

/// A run's id.
#[derive(Debug, Deserialize, JsonSchema)]
struct RunId {
    /// The run's id.
    id: String,
}

impl RunId {
    fn find(&self, app: &App) -> Result<Arc<Run>> {
        app.runs().get(&self.id).ok_or_else(|| {
            Problem::not_found(
                "there is no run with this id: only the last runs are kept, and none beyond a restart; the message can \
                 be run again with its turn_id, which has no second effect",
            )
        })
    }
}

async fn read(State(app): State<App>, Path(id): Path<RunId>) -> Result<Json<RunView>> {
    Ok(Json(id.find(&app)?.view()))
}

async fn stop(State(app): State<App>, Path(id): Path<RunId>) -> Result<Json<RunView>> {
    let run = id.find(&app)?;
    run.stop();
    Ok(Json(run.view()))
}

async fn store(State(app): State<App>, Path(id): Path<RunId>) -> Result<Json<RunView>> {
    let run = id.find(&app)?;
    run.store().await?;
    Ok(Json(run.view()))
}

/// The events of a run.
struct Events(Response);

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        self.0
    }
}

impl aide::OperationOutput for Events {
    type Inner = String;

    fn inferred_responses(
        ctx: &mut aide::generate::GenContext,
        _: &mut aide::openapi::Operation,
    ) -> Vec<(Option<Code>, aide::openapi::Response)> {
        let events = aide::openapi::Response {
            description: EVENTS.to_owned(),
            content: content("text/event-stream", schema_object(event_schema(&mut ctx.schema))),
            ..Default::default()
        };
        vec![(Some(Code::Code(200)), events)]
    }
}

/// The schema of one event.
fn event_schema(generator: &mut SchemaGenerator) -> Schema {
    let data = [
        generator.subschema_for::<RunEvent>(),
        generator.subschema_for::<RunResult>(),
        generator.subschema_for::<ErrorBody>(),
    ];
    json_schema!({
        "type": "object",
        "properties": {
            "id": {"description": "Where to go on.", "type": "string"},
            "event": {"type": "string", "enum": ["started", "step", "text", "done", "error"]},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {"anyOf": data},
            },
        },
        "required": ["id", "event", "data"],
    })
}

async fn events(State(app): State<App>, Path(id): Path<RunId>, headers: HeaderMap) -> Result<Events> {
    let run = id.find(&app)?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let from: Cursor = last.and_then(|last| last.parse().ok()).unwrap_or_default();
    let events = run.events(from).map(|logged| {
        let event = Event::default().id(logged.after.to_string()).event(logged.name).data(&*logged.json);
        Ok::<_, Infallible>(event)
    });
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Events(Sse::new(events).keep_alive(alive).into_response()))
}

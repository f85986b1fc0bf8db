//! The conversations that a memory node keeps.

use std::num::NonZeroU32;
use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::Json;
use axum::extract::State;
use canvas_memory::memory::ChatMemory;
use canvas_memory::message::Message;
use canvas_memory::recall::Recalled;
use canvas_memory::session::{Position, SessionId, SessionKey, TokenCount, Turn, TurnId};
use canvas_memory::store::{
    After, Append, Appended, Capabilities, Cleared, Consistency, Inspection, Mended, MessageRef, Page,
    PageToken, Recent, Sessions, Window,
};
use futures_util::{StreamExt, stream};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::extract::Body;
use super::node_ref::NodeRef;
use super::object::Object;
use super::openapi::{NODE_ERRORS, describe};
use super::problem::{Problem, Result};
use super::turn_lines::TurnLines;
use crate::app::App;

/// Rows of a page, and turns at once.
const MAX_ROWS: u32 = 1_000;

const ALL_TURNS: &str = "\
Lines of JSON, each a page of turns; however long the session is, one page of it is in memory. An error on the way is \
the last line. Ends early when nobody reads on.";

pub(super) fn routes() -> ApiRouter<App> {
    let op = |id, summary| describe(id, summary, NODE_ERRORS);
    ApiRouter::new()
        .api_route(
            "/memory/capabilities",
            post_with(capabilities, op("readCapabilities", "What the store of a memory can do")),
        )
        .api_route("/memory/load", post_with(load, op("loadMemory", "What the memory recalls of a session")))
        .api_route(
            "/memory/turns",
            post_with(turns, op("listTurns", "The newest turns of a session, whatever is recalled")),
        )
        .api_route(
            "/memory/all_turns",
            post_with(all_turns, move |operation| {
                op("readAllTurns", "All turns of a session, oldest first")(operation).description(ALL_TURNS)
            }),
        )
        .api_route("/memory/sessions", post_with(sessions, op("listSessions", "The sessions that are kept")))
        .api_route(
            "/memory/inspect",
            post_with(inspect, op("inspectSession", "What is stored, as the backend has it")),
        )
        .api_route("/memory/append", post_with(append, op("appendTurn", "Store a turn")))
        .api_route("/memory/clear", post_with(clear, op("clearSession", "Remove a session")))
        .api_route(
            "/memory/delete_message",
            post_with(delete_message, op("deleteMessage", "Remove one message")),
        )
        .api_route("/memory/edit_message", post_with(edit_message, op("editMessage", "Replace one message")))
        .with_path_items(|item| item.tag("memory"))
}

/// A memory node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfMemory {
    /// The memory node.
    memory: NodeRef,
}

async fn capabilities(State(app): State<App>, Body(of): Body<OfMemory>) -> Result<Json<Capabilities>> {
    Ok(Json(of.memory.memory(&app).await?.store().capabilities()))
}

/// Which session of which memory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfSession {
    /// The memory node.
    memory: NodeRef,
    /// The session; the node's own when left out.
    session: Option<SessionId>,
}

async fn load(State(app): State<App>, Body(of): Body<OfSession>) -> Result<Json<Recalled>> {
    let memory = of.memory.memory(&app).await?;
    let session = chosen(&memory, of.session)?;
    Ok(Json(memory.load(&session).await?))
}

async fn clear(State(app): State<App>, Body(of): Body<OfSession>) -> Result<Json<Cleared>> {
    let memory = of.memory.memory(&app).await?;
    let session = chosen(&memory, of.session)?;
    Ok(Json(memory.clear(&session).await?))
}

/// How many turns of a session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LastTurns {
    /// The memory node.
    memory: NodeRef,
    /// The session; the node's own when left out.
    session: Option<SessionId>,
    /// How many turns at most.
    #[serde(default = "some_rows")]
    #[schemars(range(min = 1, max = 1_000))]
    last: NonZeroU32,
}

async fn turns(State(app): State<App>, Body(of): Body<LastTurns>) -> Result<Json<Recent>> {
    let window = Window::LastTurns(rows("last", of.last)?);
    let (memory, key) = session_key(&app, &of.memory, of.session).await?;
    Ok(Json(memory.store().recent(&key, window, Consistency::Strong).await?))
}

async fn all_turns(State(app): State<App>, Body(of): Body<OfSession>) -> Result<TurnLines> {
    let (memory, key) = session_key(&app, &of.memory, of.session).await?;
    let (told, mut pages) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut turns = memory.store().turns(&key);
        while let Some(page) = turns.next().await {
            let is_last = page.is_err();
            if told.send(page).await.is_err() || is_last {
                break;
            }
        }
    });
    // What fails at once is an answer like any other.
    let first = pages.recv().await.transpose()?;
    Ok(TurnLines::new(stream::iter(first.map(Ok)).chain(ReceiverStream::new(pages))))
}

/// A page of sessions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SessionsPage {
    /// The memory node.
    memory: NodeRef,
    /// How many rows at most.
    #[serde(default = "some_rows")]
    #[schemars(range(min = 1, max = 1_000))]
    limit: NonZeroU32,
    /// The `next` of the page before.
    page: Option<PageToken>,
}

async fn sessions(State(app): State<App>, Body(of): Body<SessionsPage>) -> Result<Json<Sessions>> {
    let page = Page { limit: rows("limit", of.limit)?, token: of.page };
    let memory = of.memory.memory(&app).await?;
    Ok(Json(memory.store().sessions(memory.scope(), page).await?))
}

/// A page of what is stored of a session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InspectionPage {
    /// The memory node.
    memory: NodeRef,
    /// The session; the node's own when left out.
    session: Option<SessionId>,
    /// How many rows at most.
    #[serde(default = "some_rows")]
    #[schemars(range(min = 1, max = 1_000))]
    limit: NonZeroU32,
    /// The `next` of the page before.
    page: Option<PageToken>,
}

async fn inspect(State(app): State<App>, Body(of): Body<InspectionPage>) -> Result<Json<Inspection>> {
    let page = Page { limit: rows("limit", of.limit)?, token: of.page };
    let (memory, key) = session_key(&app, &of.memory, of.session).await?;
    Ok(Json(memory.store().inspect(&key, page).await?))
}

/// A turn to store.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AppendTurn {
    /// The memory node.
    memory: NodeRef,
    /// The session; the node's own when left out.
    session: Option<SessionId>,
    /// What to store.
    turn: Object<NewTurn>,
    /// Store only if the session still ends here, as a load told it.
    after: Option<Position>,
}

/// A turn that may have an id already.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewTurn {
    /// Makes the append repeatable: the same id again has no second effect.
    id: Option<TurnId>,
    /// At least one, oldest first.
    #[schemars(length(min = 1))]
    messages: Vec<Message>,
    /// The size of the turn, where it was counted.
    tokens: Option<TokenCount>,
}

async fn append(State(app): State<App>, Body(of): Body<AppendTurn>) -> Result<Json<Appended>> {
    let memory = of.memory.memory(&app).await?;
    let session = chosen(&memory, of.session)?;
    let NewTurn { id, messages, tokens } = of.turn.0;
    let is_repeatable = id.is_some();
    let turn = Turn { id: id.unwrap_or_else(TurnId::mint), messages, tokens };
    let after = of.after.map_or(After::End, |position| After::Exactly(Some(position)));
    let append = Append::new(turn).after(after);
    let append = if is_repeatable { append.exact() } else { append };
    Ok(Json(memory.append(&session, append).await?))
}

/// One message of a session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfMessage {
    /// The memory node.
    memory: NodeRef,
    /// The session; the node's own when left out.
    session: Option<SessionId>,
    /// Which message.
    at: Object<MessageRef>,
}

async fn delete_message(State(app): State<App>, Body(of): Body<OfMessage>) -> Result<Json<Mended>> {
    let (memory, key) = session_key(&app, &of.memory, of.session).await?;
    Ok(Json(memory.store().delete_message(&key, &of.at.0).await?))
}

/// A message, and what is to stand in its place.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EditMessage {
    /// The memory node.
    memory: NodeRef,
    /// The session; the node's own when left out.
    session: Option<SessionId>,
    /// Which message.
    at: Object<MessageRef>,
    /// What is to stand there.
    message: Message,
}

async fn edit_message(State(app): State<App>, Body(of): Body<EditMessage>) -> Result<Json<Mended>> {
    let (memory, key) = session_key(&app, &of.memory, of.session).await?;
    Ok(Json(memory.store().edit_message(&key, &of.at.0, of.message).await?))
}

async fn session_key(
    app: &App,
    memory: &NodeRef,
    session: Option<SessionId>,
) -> Result<(Arc<ChatMemory>, SessionKey)> {
    let memory = memory.memory(app).await?;
    let key = memory.key(&chosen(&memory, session)?);
    Ok((memory, key))
}

fn chosen(memory: &ChatMemory, session: Option<SessionId>) -> Result<SessionId> {
    session.or_else(|| memory.options().session.clone()).ok_or_else(|| {
        Problem::invalid(
            "session",
            "is missing, and the memory node names none; give the session to work with",
        )
    })
}

pub(super) fn some_rows() -> NonZeroU32 {
    Page::default().limit
}

pub(super) fn rows(field: &str, wanted: NonZeroU32) -> Result<NonZeroU32> {
    if wanted.get() > MAX_ROWS {
        return Err(Problem::invalid(field, format!("is {wanted}; at most {MAX_ROWS} rows come at once")));
    }
    Ok(wanted)
}

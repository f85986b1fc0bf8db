//! What a history store keeps of memories and sessions. Its scope is the host's, as of all that a host keeps.

use std::num::NonZeroU32;

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::Json;
use axum::extract::State;
use canvas_memory::history::{
    AddedBatch, AddedMessages, Deleted, HistoryPage, NewRecord, NewSessionMessage, RecentMessages,
};
use canvas_memory::store::{Page, PageToken};
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::Body;
use super::memory::{rows, some_rows};
use super::node_ref::NodeRef;
use super::object::Object;
use super::openapi::{NODE_ERRORS, describe};
use super::problem::Result;
use crate::app::App;

pub(super) fn routes() -> ApiRouter<App> {
    let op = |id, summary| describe(id, summary, NODE_ERRORS);
    ApiRouter::new()
        .api_route(
            "/history/records",
            post_with(records, op("listHistory", "What happened to a memory, oldest first")),
        )
        .api_route(
            "/history/add",
            post_with(add, op("addHistory", "Add records, each behind its memory's newest")),
        )
        .api_route(
            "/history/messages",
            post_with(
                messages,
                op("listSessionMessages", "The newest messages of a session scope, oldest first"),
            ),
        )
        .api_route(
            "/history/add_messages",
            post_with(add_messages, op("addSessionMessages", "Add messages to a session scope")),
        )
        .api_route(
            "/history/delete_session",
            post_with(delete_session, op("deleteSessionMessages", "Remove the messages of a session scope")),
        )
        .api_route(
            "/history/delete_user",
            post_with(delete_user, op("deleteUserHistory", "Remove all records and messages of a user")),
        )
        .api_route("/history/reset", post_with(reset, op("resetHistory", "Remove all records and messages")))
        .with_path_items(|item| item.tag("history"))
}

/// Which memory of which history.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RecordsPage {
    /// The history store node.
    history: NodeRef,
    /// The memory.
    #[schemars(length(min = 1, max = 1_024))]
    memory_id: String,
    /// How many rows at most.
    #[serde(default = "some_rows")]
    #[schemars(range(min = 1, max = 1_000))]
    limit: NonZeroU32,
    /// The `next` of the page before.
    page: Option<PageToken>,
}

async fn records(State(app): State<App>, Body(of): Body<RecordsPage>) -> Result<Json<HistoryPage>> {
    let page = Page { limit: rows("limit", of.limit)?, token: of.page };
    let history = of.history.history(&app).await?;
    Ok(Json(history.history(&app.context().scope, &of.memory_id, page).await?))
}

/// Records to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewRecords {
    /// The history store node.
    history: NodeRef,
    /// The records, in the order in which things happened. One with an id may be sent again.
    #[schemars(length(max = 1_000))]
    records: Vec<Object<NewRecord>>,
}

async fn add(State(app): State<App>, Body(of): Body<NewRecords>) -> Result<Json<AddedBatch>> {
    let history = of.history.history(&app).await?;
    let records = of.records.into_iter().map(|record| record.0).collect();
    Ok(Json(history.add_batch(&app.context().scope, records).await?))
}

/// How many messages of which session scope.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LastMessages {
    /// The history store node.
    history: NodeRef,
    /// The session scope.
    #[schemars(length(min = 1, max = 1_024))]
    session_scope: String,
    /// How many messages at most.
    #[serde(default = "some_rows")]
    #[schemars(range(min = 1, max = 1_000))]
    limit: NonZeroU32,
}

async fn messages(State(app): State<App>, Body(of): Body<LastMessages>) -> Result<Json<RecentMessages>> {
    let limit = rows("limit", of.limit)?;
    let history = of.history.history(&app).await?;
    Ok(Json(history.recent_messages(&app.context().scope, &of.session_scope, limit).await?))
}

/// Messages to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewSessionMessages {
    /// The history store node.
    history: NodeRef,
    /// The session scope.
    #[schemars(length(min = 1, max = 1_024))]
    session_scope: String,
    /// The messages, oldest first. One with an id may be sent again.
    #[schemars(length(max = 1_000))]
    messages: Vec<Object<NewSessionMessage>>,
}

async fn add_messages(
    State(app): State<App>,
    Body(of): Body<NewSessionMessages>,
) -> Result<Json<AddedMessages>> {
    let history = of.history.history(&app).await?;
    let messages = of.messages.into_iter().map(|message| message.0).collect();
    Ok(Json(history.add_messages(&app.context().scope, &of.session_scope, messages).await?))
}

/// Which session scope of which history.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfSessionScope {
    /// The history store node.
    history: NodeRef,
    /// The session scope.
    #[schemars(length(min = 1, max = 1_024))]
    session_scope: String,
}

async fn delete_session(State(app): State<App>, Body(of): Body<OfSessionScope>) -> Result<Json<Deleted>> {
    let history = of.history.history(&app).await?;
    Ok(Json(history.delete_session(&app.context().scope, &of.session_scope).await?))
}

/// Which user of which history.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfUser {
    /// The history store node.
    history: NodeRef,
    /// The user.
    #[schemars(length(min = 1, max = 200))]
    user: String,
}

async fn delete_user(State(app): State<App>, Body(of): Body<OfUser>) -> Result<Json<Deleted>> {
    let history = of.history.history(&app).await?;
    Ok(Json(history.delete_user(&app.context().scope, &of.user).await?))
}

/// A history store.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfHistory {
    /// The history store node.
    history: NodeRef,
}

async fn reset(State(app): State<App>, Body(of): Body<OfHistory>) -> Result<Json<Deleted>> {
    let history = of.history.history(&app).await?;
    Ok(Json(history.reset(&app.context().scope).await?))
}

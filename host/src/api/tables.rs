//! The tables under the nodes on DynamoDB.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::Body;
use super::object::Object;
use super::openapi::{NODE_ERRORS, describe};
use super::problem::Result;
use crate::app::App;
use crate::tables::{Deleted, Place, TableOptions, Tables, TablesReport};

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/tables/create",
            post_with(create, |operation| {
                describe("createTables", "Make the tables of a layout", NODE_ERRORS)(operation)
                    .description("A table that is there is not changed; what differs is a finding.")
            }),
        )
        .api_route(
            "/tables/check",
            post_with(check, describe("checkTables", "Compare tables with what they are to be", NODE_ERRORS)),
        )
        .api_route(
            "/tables/delete",
            post_with(delete, |operation| {
                describe("deleteTable", "Delete a table with all that is in it", NODE_ERRORS)(operation)
                    .description("There is no way back but a backup. A table whose deletion protection is on is refused.")
            }),
        )
        .with_path_items(|item| item.tag("tables"))
}

/// Which tables, and who asks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfTables {
    /// Which tables, and how they are to be.
    tables: Object<TableOptions>,
    /// The id of the credential; the built-in engine needs none.
    credential: Option<String>,
}

async fn create(State(app): State<App>, Body(of): Body<OfTables>) -> Result<Json<TablesReport>> {
    Ok(Json(tables(&app).create(&of.tables.0, of.credential.as_deref()).await?))
}

async fn check(State(app): State<App>, Body(of): Body<OfTables>) -> Result<Json<TablesReport>> {
    Ok(Json(tables(&app).check(&of.tables.0, of.credential.as_deref()).await?))
}

/// Which table, and who asks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ToDelete {
    /// The table's name.
    table: String,
    /// The AWS region; `us-east-1` when left out.
    region: Option<String>,
    /// Another address that speaks DynamoDB, or `builtin` for the database inside this host.
    endpoint: Option<String>,
    /// The id of the credential; the built-in engine needs none.
    credential: Option<String>,
}

async fn delete(State(app): State<App>, Body(of): Body<ToDelete>) -> Result<Json<Deleted>> {
    let place = Place { region: of.region, endpoint: of.endpoint };
    Ok(Json(tables(&app).delete(&of.table, &place, of.credential.as_deref()).await?))
}

fn tables(app: &App) -> Tables<'_> {
    Tables { context: app.context(), credentials: app }
}

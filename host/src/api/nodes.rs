//! Kinds of nodes, and live ones.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json;
use axum::extract::State;
use canvas_memory::declare::{Choice, ConnectArgs, Health, Manifest, SetUp};
use canvas_memory::flow::CredentialSource as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::extract::Body;
use super::node_ref::NodeRef;
use super::openapi::{NODE_ERRORS, describe};
use super::problem::Result;
use crate::app::App;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/manifest",
            get_with(
                manifest,
                describe("readManifest", "Every declaration of nodes and credential types", &[]),
            ),
        )
        .api_route(
            "/nodes/health",
            post_with(health, describe("checkNode", "Look whether a node can do its work", NODE_ERRORS)),
        )
        .api_route(
            "/nodes/setup",
            post_with(set_up, |operation| {
                describe("setUpNode", "Make what a node's service lacks, such as its table", NODE_ERRORS)(
                    operation,
                )
                .description(
                    "What is there already is not changed. Nodes that can do it have the capability `setUp`.",
                )
            }),
        )
        .api_route(
            "/nodes/options",
            post_with(options, describe("listOptions", "The choices of an input", NODE_ERRORS)),
        )
        .with_path_items(|item| item.tag("nodes"))
}

async fn manifest(State(app): State<App>) -> Json<Manifest> {
    Json(app.registry().manifest())
}

/// A node to look at.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfNode {
    /// The node.
    node: NodeRef,
}

async fn health(State(app): State<App>, Body(of): Body<OfNode>) -> Result<Json<Health>> {
    let connected = of.node.connect(&app).await?;
    Ok(Json(connected.health.await?))
}

async fn set_up(State(app): State<App>, Body(of): Body<OfNode>) -> Result<Json<SetUp>> {
    let node = of.node.inline(&app).await?;
    let args = node.args(&app).await?;
    Ok(Json(app.registry().set_up(&node.node_type, &Value::Object(node.inputs), args).await?))
}

/// Which choices.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfOptions {
    /// The type that the node is declared under.
    #[serde(rename = "type")]
    node_type: String,
    /// The `method` that the input's `x-options` names.
    method: String,
    /// What the form holds so far.
    #[serde(default)]
    inputs: Map<String, Value>,
    /// The id of the credential in the node's slot.
    credential: Option<String>,
}

/// The choices of an input.
#[derive(Debug, Serialize, JsonSchema)]
struct Choices {
    /// In the order to show them.
    choices: Vec<Choice>,
}

async fn options(State(app): State<App>, Body(of): Body<OfOptions>) -> Result<Json<Choices>> {
    let mut args = ConnectArgs::new(app.context());
    if let Some(id) = &of.credential {
        args = args.with_credential(app.credential(id).await?);
    }
    let choices = app.registry().choices(&of.node_type, &of.method, &of.inputs, args).await?;
    Ok(Json(Choices { choices }))
}

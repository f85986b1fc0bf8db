//! Everything that keeps a node or a whole flow from working.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::extract::Body;
use super::flow_ref::FlowRef;
use super::flows::MAX_FLOW_BODY_BYTES;
use super::node_ref::{Inline, NodeRef};
use super::openapi::{NODE_ERRORS, describe};
use super::problem::Result;
use crate::app::App;
use crate::doctor::{Doctor, Report};

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/doctor",
            post_with(examine, |operation| {
                describe("examine", "Find everything that keeps a node or a flow from working", NODE_ERRORS)(
                    operation,
                )
                .description("Creates and changes nothing. It prints the least policies that would do.")
            }),
        )
        .with_path_items(|item| item.tag("nodes"))
}

/// What to look at.
#[derive(Debug, JsonSchema)]
#[schemars(untagged, deny_unknown_fields)]
enum Patient {
    /// A whole flow.
    Flow {
        /// The id of a saved flow, or a flow's document.
        flow: FlowRef,
    },
    /// One node.
    Node {
        /// The node.
        node: NodeRef,
    },
}

impl<'de> Deserialize<'de> for Patient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            flow: Option<FlowRef>,
            node: Option<NodeRef>,
        }
        match Fields::deserialize(deserializer)? {
            Fields { flow: Some(flow), node: None } => Ok(Self::Flow { flow }),
            Fields { flow: None, node: Some(node) } => Ok(Self::Node { node }),
            _ => Err(de::Error::custom("`body` has to name either a `flow` or a `node`; give one of them")),
        }
    }
}

async fn examine(
    State(app): State<App>,
    Body(patient): Body<Patient, MAX_FLOW_BODY_BYTES>,
) -> Result<Json<Report>> {
    let doctor = Doctor { registry: app.registry(), context: app.context(), credentials: &app };
    let node = match patient {
        Patient::Flow { flow } => return Ok(Json(doctor.flow(&flow.read(&app).await?.flow).await)),
        Patient::Node { node } => node.inline(&app).await?,
    };
    let Inline { node_type, inputs, credential } = node;
    Ok(Json(doctor.node(&node_type, &Value::Object(inputs), credential.as_deref()).await?))
}

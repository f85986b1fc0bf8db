//! Which node a request means: one of a saved flow, or one that stands in the request.

use std::sync::Arc;

use canvas_memory::declare::{ConnectArgs, Connected};
use canvas_memory::flow::{CredentialSource as _, Flow, FlowNode, connect_node};
use canvas_memory::graph::GraphMemory;
use canvas_memory::history::HistoryStore;
use canvas_memory::memory::ChatMemory;
use canvas_memory::{Error, ErrorKind};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use super::object::Object;
use super::problem::Result;
use crate::app::App;

/// A node of a saved flow, or a node's type with its inputs.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged, deny_unknown_fields)]
pub(super) enum NodeRef {
    /// A node of a saved flow, with all that it stands on.
    Saved {
        /// The flow's id.
        flow: String,
        /// The node's id within it.
        node: String,
    },
    /// A node that is not saved.
    Inline(Inline),
}

/// A node that is not saved.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Inline {
    /// The type that it is declared under, such as `DynamoDBChatMemory`.
    #[serde(rename = "type")]
    pub(super) node_type: String,
    /// The settings, as its declaration names them.
    #[serde(default)]
    pub(super) inputs: Map<String, Value>,
    /// The id of the credential in its slot.
    pub(super) credential: Option<String>,
}

impl<'de> Deserialize<'de> for NodeRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            flow: Option<String>,
            node: Option<String>,
            r#type: Option<String>,
            inputs: Option<Map<String, Value>>,
            credential: Option<String>,
        }
        match Object::<Fields>::deserialize(deserializer)?.0 {
            Fields { flow: Some(flow), node: Some(node), r#type: None, inputs: None, credential: None } => {
                Ok(Self::Saved { flow, node })
            }
            Fields { flow: None, node: None, r#type: Some(node_type), inputs, credential } => {
                Ok(Self::Inline(Inline { node_type, inputs: inputs.unwrap_or_default(), credential }))
            }
            _ => Err(de::Error::custom(
                "`node` is neither `flow` and `node`, which name a node of a saved flow, nor `type` and `inputs`, which \
                 are a node; give the one or the other",
            )),
        }
    }
}

impl NodeRef {
    /// The node, alive.
    pub(super) async fn connect(&self, app: &App) -> Result<Connected> {
        match self {
            Self::Saved { flow, node } => {
                let flow = saved(app, flow).await?;
                Ok(connect_node(&flow, node, app.registry(), app, app.context()).await?)
            }
            Self::Inline(inline) => {
                let inputs = Value::Object(inline.inputs.clone());
                let args = inline.args(app).await?;
                Ok(app.registry().connect_json(&inline.node_type, &inputs, args).await?)
            }
        }
    }

    /// The node by itself, without what it stands on.
    pub(super) async fn inline(self, app: &App) -> Result<Inline> {
        match self {
            Self::Inline(inline) => Ok(inline),
            Self::Saved { flow, node } => {
                let saved = app.state().flow(&flow).await?.flow.upgraded(app.registry()).flow;
                let found = saved.nodes.into_iter().find(|found| found.id == node);
                let FlowNode { node_type, inputs, credential, .. } = found.ok_or_else(|| {
                    let message = "the flow has no node with this id; it may have been removed";
                    Error::new(ErrorKind::NotFound, message).with("node", node)
                })?;
                Ok(Inline { node_type, inputs, credential })
            }
        }
    }

    /// The node, which has to be a memory.
    pub(super) async fn memory(&self, app: &App) -> Result<Arc<ChatMemory>> {
        Ok(self.connect(app).await?.memory()?)
    }

    /// The node, which has to be a graph memory.
    pub(super) async fn graph(&self, app: &App) -> Result<Arc<GraphMemory>> {
        Ok(self.connect(app).await?.graph()?)
    }

    /// The node, which has to be a history store.
    pub(super) async fn history(&self, app: &App) -> Result<Arc<dyn HistoryStore>> {
        Ok(self.connect(app).await?.history()?)
    }
}

impl Inline {
    /// What it connects with.
    pub(super) async fn args<'a>(&self, app: &'a App) -> Result<ConnectArgs<'a>> {
        let args = ConnectArgs::new(app.context());
        Ok(match &self.credential {
            Some(id) => args.with_credential(app.credential(id).await?),
            None => args,
        })
    }
}

/// A saved flow.
pub(super) async fn saved(app: &App, flow: &str) -> Result<Flow> {
    Ok(app.state().flow(flow).await?.flow)
}

#![doc = include_str!("docs.md")]

mod model;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

pub use model::EchoModel;

use crate::declare::{Capability, Category, ConnectArgs, Connected, Instance, Node, Port};
use crate::error::Result;

/// Echo Model
///
/// Repeats what memory gave it. Not an AI: it works offline, without an account, and shows that memory does its work.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {}

/// The node `echoModel`.
#[derive(Debug)]
pub struct EchoModelNode;

impl Node for EchoModelNode {
    type Inputs = Inputs;

    const TYPE: &'static str = "echoModel";
    const CATEGORY: Category = Category::CHAT_MODELS;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const OUTPUT_PORTS: &'static [Port] =
        &[Port::new("model", "Model", &["EchoModel", "BaseChatModel", "BaseLanguageModel"])];
    const CAPABILITIES: &'static [Capability] = &[Capability::Builtin, Capability::Streaming];

    async fn connect(Inputs {}: Inputs, _: ConnectArgs<'_>) -> Result<Connected> {
        Ok(Connected::new(Instance::Model(Arc::new(EchoModel))))
    }
}

crate::register_node!(EchoModelNode);

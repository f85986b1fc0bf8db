#![doc = include_str!("docs.md")]

mod chain;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

pub use chain::ConversationChain;

use crate::chain::check_variables;
use crate::declare::{Capability, Category, ConnectArgs, Connected, Instance, Node, Port, Ui, Widget};
use crate::error::{Error, Result};

/// Conversation Chain
///
/// Takes a message through memory and model, and keeps the turn.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// System message
    ///
    /// Instructions to the model. `{{question}}`, `{{$flow.sessionId}}` and `{{$flow.chatId}}` are filled in. Where it
    /// holds the memory's variable, such as `{{chat_history}}`, the conversation comes there as text; else it comes as
    /// messages. Facts of a graph memory come where its variable stands, such as `{{graph_facts}}`, or after the
    /// instructions.
    #[serde(default)]
    #[schemars(extend("x-ui" = Ui::new().widget(Widget::Multiline).placeholder("You are a helpful assistant.")))]
    pub system_message_prompt: String,
}

/// The node `conversationChain`.
#[derive(Debug)]
pub struct ConversationChainNode;

impl Node for ConversationChainNode {
    type Inputs = Inputs;

    const TYPE: &'static str = "conversationChain";
    const CATEGORY: Category = Category::CHAINS;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const INPUT_PORTS: &'static [Port] = &[
        Port::new("model", "Chat Model", &["BaseChatModel"]).required(),
        Port::new("memory", "Memory", &["BaseChatMemory", "BaseMemory"]),
        Port::new("graph", "Graph Memory", &["BaseGraphMemory"]),
    ];
    const OUTPUT_PORTS: &'static [Port] = &[Port::new("chain", "Chain", &["ConversationChain", "BaseChain"])];
    const CAPABILITIES: &'static [Capability] = &[Capability::Streaming];

    async fn connect(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
        let model = args.ports.model("model")?.ok_or_else(|| {
            Error::invalid_input("model", "is not connected; connect a chat model, such as the Echo Model")
        })?;
        let memory = args.ports.memory("memory")?;
        let graph = args.ports.graph("graph")?;
        check_variables(memory.as_deref(), graph.as_deref())?;
        let chain = ConversationChain { model, memory, graph, system_prompt: inputs.system_message_prompt };
        Ok(Connected::new(Instance::Chain(Arc::new(chain))))
    }
}

crate::register_node!(ConversationChainNode);

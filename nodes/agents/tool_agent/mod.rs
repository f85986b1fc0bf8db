#![doc = include_str!("docs.md")]

mod agent;
mod toolbox;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

pub use agent::ToolAgent;
pub use toolbox::Toolbox;

use crate::chain::check_variables;
use crate::declare::{Capability, Category, ConnectArgs, Connected, Instance, Node, Port, Ui, Widget};
use crate::error::{Error, Result};
use crate::graph::GraphMemory;

/// Tool Agent
///
/// Answers with the help of tools: the model chooses which to call, reads what they return, and goes on until it has
/// an answer. The whole exchange is kept as one turn.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    /// System message
    ///
    /// Instructions to the model. `{{question}}`, `{{$flow.sessionId}}` and `{{$flow.chatId}}` are filled in. Where it
    /// holds the memory's variable, such as `{{chat_history}}`, the conversation comes there as text; else it comes as
    /// messages. Facts of a graph memory come where its variable stands, such as `{{graph_facts}}`, or after the
    /// instructions.
    #[serde(default = "default_system_message")]
    #[schemars(extend("x-ui" = Ui::new().widget(Widget::Multiline)))]
    pub system_message: String,
    /// Max iterations
    ///
    /// How often the model may ask for tools before it has to answer.
    #[serde(default = "default_max_iterations")]
    #[schemars(range(min = 1, max = 100), extend("x-ui" = Ui::new().advanced()))]
    pub max_iterations: u32,
}

fn default_system_message() -> String {
    "You are a helpful AI assistant.".to_owned()
}

fn default_max_iterations() -> u32 {
    15
}

/// The node `toolAgent`.
#[derive(Debug)]
pub struct ToolAgentNode;

impl Node for ToolAgentNode {
    type Inputs = Inputs;

    const TYPE: &'static str = "toolAgent";
    const CATEGORY: Category = Category::AGENTS;
    const ICON: &'static str = include_str!("icon.svg");
    const DOCS: &'static str = include_str!("docs.md");
    const INPUT_PORTS: &'static [Port] = &[
        Port::new("tools", "Tools", &["Tool"]).many(),
        Port::new("model", "Chat Model", &["BaseChatModel"]).required(),
        Port::new("memory", "Memory", &["BaseChatMemory", "BaseMemory"]),
        Port::new("graph", "Graph Memory", &["BaseGraphMemory"]),
    ];
    const OUTPUT_PORTS: &'static [Port] = &[Port::new("agent", "Agent", &["AgentExecutor", "BaseChain"])];
    const CAPABILITIES: &'static [Capability] = &[Capability::Streaming];

    async fn connect(inputs: Inputs, args: ConnectArgs<'_>) -> Result<Connected> {
        let model = args.ports.model("model")?.ok_or_else(|| {
            Error::invalid_input("model", "is not connected; connect a chat model that can call tools")
        })?;
        let memory = args.ports.memory("memory")?;
        let graph = args.ports.graph("graph")?;
        check_variables(memory.as_deref(), graph.as_deref())?;
        let mut tools = args.ports.tools("tools")?;
        tools.extend(graph.iter().flat_map(GraphMemory::tools));
        let agent = ToolAgent {
            model,
            memory,
            graph,
            tools: Toolbox::new(tools)?,
            instructions: inputs.system_message,
            max_iterations: inputs.max_iterations,
        };
        Ok(Connected::new(Instance::Chain(Arc::new(agent))))
    }
}

crate::register_node!(ToolAgentNode);

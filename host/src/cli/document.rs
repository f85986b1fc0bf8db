//! The flow that a command means: a saved one, one in a file, or the one that its arguments describe.

use canvas_memory::declare::NodeEntry;
use canvas_memory::flow::{Edge, Flow, FlowNode, Position, import};
use canvas_memory::registry::Registry;
use canvas_memory::{Error, Result};
use serde_json::{Map, Value, json};

use super::args::{ChatArgs, NodeArgs};
use super::credentials::Credentials;
use super::output::Output;
use super::read::{json_argument, read_file};
use crate::id;

/// The ids of the nodes that arguments describe.
const MEMORY: &str = "memory";
const MODEL: &str = "model";
const CHAIN: &str = "chain";
const CHAIN_TYPE: &str = "conversationChain";
/// How far the nodes lie apart on a canvas, in pixels.
const GRID: f64 = 400.0;

/// Which flow to run.
#[derive(Debug)]
pub(super) enum FlowChoice {
    /// The saved one with this id.
    Saved(String),
    /// This one.
    Document(Box<Flow>),
}

impl FlowChoice {
    /// The flow that the arguments of `chat` mean.
    pub(super) fn of(
        args: &ChatArgs,
        credentials: &mut Credentials<'_>,
        registry: &Registry,
        output: Output,
    ) -> Result<Self> {
        match &args.flow {
            Some(flow) => Self::named(flow, registry, output),
            None => described(args, credentials, registry).map(|flow| Self::Document(Box::new(flow))),
        }
    }

    /// The flow that `--flow` names: a saved one by its id, else the one in that file.
    pub(super) fn named(flow: &str, registry: &Registry, output: Output) -> Result<Self> {
        if id::check("a flow", flow).is_ok() {
            return Ok(Self::Saved(flow.to_owned()));
        }
        from_file(flow, registry, output).map(|flow| Self::Document(Box::new(flow)))
    }
}

/// Opens the file of a flow, whoever wrote it. A flow of this program goes on naming its credentials.
fn from_file(file: &str, registry: &Registry, output: Output) -> Result<Flow> {
    let text = read_file("flow", file.strip_prefix('@').unwrap_or(file))?;
    if let Ok(own) = Flow::parse(text.as_bytes()) {
        return Ok(own.upgraded(registry).flow);
    }
    let imported = import(text.as_bytes(), registry)?;
    for problem in &imported.report.problems {
        let node = problem.node.as_ref().map(|node| format!("{node}: ")).unwrap_or_default();
        output.note(&format!("{node}{}", problem.message));
    }
    Ok(imported.flow)
}

/// A memory and a model on a chain.
fn described(args: &ChatArgs, credentials: &mut Credentials<'_>, registry: &Registry) -> Result<Flow> {
    let memory = memory_node(&args.node, credentials, registry)?;
    let model = model_node(args, credentials, registry)?;
    let system = json!(args.system.as_deref().unwrap_or_default());
    let chain =
        node(CHAIN, CHAIN_TYPE, Map::from_iter([("systemMessagePrompt".to_owned(), system)]), registry);
    let mut edges = vec![edge(&memory, CHAIN, MEMORY, registry), edge(&model, CHAIN, MODEL, registry)];
    // The model that answers writes the summaries too.
    if registry.node(&memory.node_type).is_some_and(takes_model) {
        edges.push(edge(&model, MEMORY, MODEL, registry));
    }
    let nodes = [memory, model, chain].into_iter().zip([(0.0, 0.0), (0.0, GRID), (GRID, 0.0)]);
    let nodes = nodes.map(|(node, (x, y))| FlowNode { position: Position { x, y }, ..node });
    Ok(Flow { nodes: nodes.collect(), edges, ..Flow::new("chat") })
}

/// The memory node that the arguments describe.
pub(super) fn memory_node(
    args: &NodeArgs,
    credentials: &mut Credentials<'_>,
    registry: &Registry,
) -> Result<FlowNode> {
    let inputs = match &args.inputs {
        Some(inputs) => json_argument("inputs", inputs)?,
        None => builtin_inputs(&args.node),
    };
    // A type that was mistyped is told with the one that was meant.
    registry.validate(&args.node, &Value::Null)?;
    let mut memory = node(MEMORY, &args.node, inputs, registry);
    if let Some(argument) = &args.credential {
        memory.credential = Some(credentials.id(registry, &args.node, "credential", argument)?);
    }
    Ok(memory)
}

fn model_node(args: &ChatArgs, credentials: &mut Credentials<'_>, registry: &Registry) -> Result<FlowNode> {
    let (model_type, inputs) = model(args)?;
    let mut model = node(MODEL, model_type, inputs, registry);
    if let Some(argument) = &args.model_credential {
        model.credential = Some(credentials.id(registry, model_type, "model-credential", argument)?);
    }
    Ok(model)
}

fn node(id: &str, node_type: &str, inputs: Map<String, Value>, registry: &Registry) -> FlowNode {
    FlowNode {
        id: id.to_owned(),
        node_type: node_type.to_owned(),
        version: registry.node(node_type).map_or(1, |entry| entry.version()),
        name: None,
        position: Position::default(),
        inputs,
        credential: None,
        foreign: None,
        other: Map::new(),
    }
}

fn takes_model(memory: &NodeEntry) -> bool {
    memory.input_ports().iter().any(|port| port.id == MODEL)
}

/// From the output of `source`. A type that is not known is told when the flow connects.
fn edge(source: &FlowNode, target: &str, port: &str, registry: &Registry) -> Edge {
    let output = registry.node(&source.node_type).and_then(|entry| entry.output_ports().first());
    Edge {
        source: source.id.clone(),
        source_handle: output.map_or(port, |output| output.id).to_owned(),
        target: target.to_owned(),
        target_handle: port.to_owned(),
    }
}

/// The inputs that keep everything on this machine; none for a node that this program does not know.
fn builtin_inputs(node: &str) -> Map<String, Value> {
    let inputs = match node {
        "DynamoDBChatMemory" => json!({
            "tableName": "canvas-memory",
            "partitionKey": "session",
            "sortKey": "turn",
            "endpoint": "builtin",
        }),
        "griptapeDynamoDBConversationMemory" => json!({"tableName": "griptape", "endpoint": "builtin"}),
        "mem0DynamoDBConversationMemory" => json!({"tableName": "mem0", "endpoint": "builtin"}),
        "upstashRedisBackedChatMemory" => json!({"baseURL": "builtin"}),
        _ => Value::Null,
    };
    match inputs {
        Value::Object(inputs) => inputs,
        _ => Map::new(),
    }
}

/// The model's node type and inputs.
fn model(args: &ChatArgs) -> Result<(&'static str, Map<String, Value>)> {
    if args.model == "echo" {
        if args.base_url.is_some() {
            return Err(Error::invalid_input(
                "base-url",
                "is given, and the Echo Model has none; add --model",
            ));
        }
        return Ok(("echoModel", Map::new()));
    }
    let Some((provider, name)) = args.model.split_once(':') else {
        let problem =
            format!("is `{}`; give `echo`, or PROVIDER:MODEL such as openai:gpt-4o-mini", args.model);
        return Err(Error::invalid_input("model", problem));
    };
    let mut inputs = Map::new();
    inputs.insert("provider".to_owned(), provider.into());
    inputs.insert("modelName".to_owned(), name.into());
    if let Some(base_url) = &args.base_url {
        inputs.insert("baseURL".to_owned(), base_url.as_str().into());
    }
    Ok(("chatModel", inputs))
}

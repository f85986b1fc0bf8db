//! Flows to begin with.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::document::{Edge, Flow, FlowNode, Position};

/// A flow to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Template {
    /// Names the template, such as `dynamodb-builtin`.
    pub id: &'static str,
    /// What people choose by.
    pub title: &'static str,
    /// What it does, and what it needs.
    pub description: &'static str,
    /// The flow.
    pub flow: Flow,
}

/// The flows to begin with. The first two run as they are, in a host that carries both databases.
#[must_use]
pub fn templates() -> Vec<Template> {
    let echo = || ("echo_1", "echoModel", json!({}));
    vec![
        Template {
            id: "dynamodb-builtin",
            title: "DynamoDB on this machine",
            description: "A conversation that is kept in the DynamoDB inside this program. It needs no account and no key: the \
                          Echo Model repeats what memory gave it, and shows that memory does its work.",
            flow: conversation(
                "DynamoDB on this machine",
                echo(),
                (
                    "dynamodb_1",
                    "DynamoDBChatMemory",
                    json!({
                        "tableName": "canvas-memory",
                        "partitionKey": "session",
                        "sortKey": "turn",
                        "endpoint": "builtin",
                    }),
                ),
            ),
        },
        Template {
            id: "upstash-redis-builtin",
            title: "Upstash Redis on this machine",
            description: "A conversation that is kept in the Redis inside this program, which speaks the protocol of Upstash. It \
                          needs no account and no key.",
            flow: conversation(
                "Upstash Redis on this machine",
                echo(),
                ("upstash_redis_1", "upstashRedisBackedChatMemory", json!({"baseURL": "builtin"})),
            ),
        },
        Template {
            id: "openai-dynamodb-aws",
            title: "OpenAI-compatible model and DynamoDB on AWS",
            description: "A conversation with a model of OpenAI, or of any server that speaks its protocol, kept in a table of \
                          your AWS account. Connect a chat model key and an AWS credential; the table is created at first use.",
            flow: conversation(
                "OpenAI-compatible model and DynamoDB on AWS",
                ("model_1", "chatModel", json!({"provider": "openai", "modelName": "gpt-4o-mini"})),
                (
                    "dynamodb_1",
                    "DynamoDBChatMemory",
                    json!({
                        "tableName": "canvas-memory",
                        "partitionKey": "session",
                        "sortKey": "turn",
                        "region": "us-east-1",
                        "createTable": true,
                    }),
                ),
            ),
        },
        Template {
            id: "agent-graph-builtin",
            title: "Agent with a graph memory on this machine",
            description: "An agent that remembers: facts that it learns come back in every conversation, and a history records \
                          what becomes of them. All is kept in the DynamoDB inside this program. Connect a key for a chat \
                          model that can call tools.",
            flow: agent_with_graph(),
        },
    ]
}

type NodeOf = (&'static str, &'static str, Value);

/// Model and memory, one above the other, and the chain to their right.
fn conversation(name: &str, model: NodeOf, memory: NodeOf) -> Flow {
    let chain = ("chain_1", "conversationChain", json!({}));
    let mut flow = Flow::new(name);
    flow.edges = vec![edge(model.0, "model", chain.0), edge(memory.0, "memory", chain.0)];
    flow.nodes = vec![node(model, 80.0, 80.0), node(memory, 80.0, 340.0), node(chain, 480.0, 200.0)];
    flow
}

fn agent_with_graph() -> Flow {
    let table = |name: &str| json!({"tableName": name, "endpoint": "builtin"});
    let chat = json!({
        "tableName": "canvas-memory",
        "partitionKey": "session",
        "sortKey": "turn",
        "endpoint": "builtin",
    });
    let mut flow = Flow::new("Agent with a graph memory on this machine");
    flow.edges = vec![
        edge("model_1", "model", "agent_1"),
        edge("dynamodb_1", "memory", "agent_1"),
        edge("graph_1", "graph", "agent_1"),
        edge("history_1", "history", "graph_1"),
    ];
    let model = json!({"provider": "openai", "modelName": "gpt-4o-mini"});
    flow.nodes = vec![
        node(("model_1", "chatModel", model), 480.0, 80.0),
        node(("dynamodb_1", "DynamoDBChatMemory", chat), 480.0, 340.0),
        node(("history_1", "mem0DynamoDBHistoryStore", table("canvas-memory-history")), 80.0, 600.0),
        node(("graph_1", "mem0DynamoDBGraphMemory", table("canvas-memory-graph")), 480.0, 600.0),
        node(("agent_1", "toolAgent", json!({})), 880.0, 340.0),
    ];
    flow
}

/// From an output to the input of the same name.
fn edge(source: &str, port: &str, target: &str) -> Edge {
    Edge {
        source: source.to_owned(),
        source_handle: port.to_owned(),
        target: target.to_owned(),
        target_handle: port.to_owned(),
    }
}

fn node((id, node_type, inputs): NodeOf, x: f64, y: f64) -> FlowNode {
    FlowNode {
        id: id.to_owned(),
        node_type: node_type.to_owned(),
        version: 1,
        name: None,
        position: Position { x, y },
        inputs: match inputs {
            Value::Object(inputs) => inputs,
            _ => Map::new(),
        },
        credential: None,
        foreign: None,
        other: Map::new(),
    }
}

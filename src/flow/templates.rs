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
    ]
}

type NodeOf = (&'static str, &'static str, Value);

/// Model and memory, one above the other, and the chain to their right.
fn conversation(name: &str, model: NodeOf, memory: NodeOf) -> Flow {
    let chain = ("chain_1", "conversationChain", json!({}));
    let edge = |(id, _, _): &NodeOf, port: &str| Edge {
        source: (*id).to_owned(),
        source_handle: port.to_owned(),
        target: chain.0.to_owned(),
        target_handle: port.to_owned(),
    };
    let mut flow = Flow::new(name);
    flow.edges = vec![edge(&model, "model"), edge(&memory, "memory")];
    flow.nodes = vec![node(model, 80.0, 80.0), node(memory, 80.0, 340.0), node(chain, 480.0, 200.0)];
    flow
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

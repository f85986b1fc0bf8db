//! Flows for tests, and what is known of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use canvas_memory::flow::{Flow, FlowProblem, ProblemCode, ProblemLevel};
use canvas_memory::registry::Registry;
use serde_json::{Value, json};

/// All nodes of the library.
pub(crate) static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::collect);

/// Credentials by id, with their types.
pub(crate) fn credentials() -> BTreeMap<String, String> {
    [("aws", "dynamodbMemoryApi"), ("upstash", "upstashRedisMemoryApi"), ("key", "chatModelApi")]
        .map(|(id, name)| (id.to_owned(), name.to_owned()))
        .into()
}

/// A flow that runs: model and memory on a chain.
pub(crate) fn good() -> Value {
    json!({
        "format": 1,
        "name": "Support",
        "nodes": [
            {"id": "model", "type": "echoModel", "version": 1, "position": {"x": 0, "y": 0}, "inputs": {}},
            {"id": "memory", "type": "DynamoDBChatMemory", "version": 1, "position": {"x": 0, "y": 200.5},
             "inputs": {"tableName": "chat", "partitionKey": "id"}, "credential": "aws"},
            {"id": "chain", "type": "conversationChain", "version": 1, "position": {"x": 300, "y": 100}, "inputs": {}},
        ],
        "edges": [edge("model", "chain"), edge("memory", "chain")],
    })
}

/// The edge from the node `source`, whose name is that of both ports.
pub(crate) fn edge(source: &str, target: &str) -> Value {
    let port = source.trim_end_matches(|last: char| last.is_ascii_digit());
    json!({"source": source, "sourceHandle": port, "target": target, "targetHandle": port})
}

/// Reads a flow and changes it first.
pub(crate) fn flow(change: impl FnOnce(&mut Value)) -> Flow {
    let mut document = good();
    change(&mut document);
    Flow::parse(&serde_json::to_vec(&document).unwrap()).unwrap()
}

pub(crate) fn add(document: &mut Value, list: &str, value: Value) {
    document[list].as_array_mut().unwrap().push(value);
}

pub(crate) fn problems(change: impl FnOnce(&mut Value)) -> Vec<FlowProblem> {
    flow(change).problems(&REGISTRY, &credentials())
}

/// What a program sees of a problem.
pub(crate) fn seen(problem: &FlowProblem) -> (ProblemLevel, ProblemCode, &str, &str) {
    let (node, field) = (problem.node.as_deref(), problem.field.as_deref());
    (problem.level, problem.code, node.unwrap_or_default(), field.unwrap_or_default())
}

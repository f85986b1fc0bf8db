//! A flow comes alive, as far as the chain stands on it.

use async_trait::async_trait;
use canvas_memory::chain::RunRequest;
use canvas_memory::declare::{ConnectContext, Credential, Instance};
use canvas_memory::flow::{self, CredentialSource, Flow, NoCredentials};
use canvas_memory::message::Message;
use canvas_memory::registry::Registry;
use canvas_memory::session::SessionId;
use canvas_memory::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::nodes::registry;
use crate::support::{add, edge};

/// Has one credential.
#[derive(Debug)]
struct One;

#[async_trait]
impl CredentialSource for One {
    async fn credential(&self, id: &str) -> Result<Credential> {
        match id {
            "upstash" => Ok(Credential::new(id, "upstashRedisMemoryApi", 1, "{}".to_owned())),
            _ => Err(Error::new(ErrorKind::MissingCredential, "it was deleted")),
        }
    }
}

fn parse(document: &Value) -> Flow {
    Flow::parse(&serde_json::to_vec(document).unwrap()).unwrap()
}

/// A chain with a memory of the type `memory`, and a node that can't connect beside it.
fn with_memory(memory: &str) -> Value {
    json!({
        "format": 1,
        "nodes": [
            {"id": "chain", "type": "conversationChain"},
            {"id": "model", "type": "echoModel"},
            {"id": "memory", "type": memory},
            {"id": "idle", "type": "broken"},
            {"id": "later", "type": "futureNode"},
        ],
        "edges": [edge("memory", "chain"), edge("model", "chain")],
    })
}

fn relays(nodes: Value, edges: &[[&str; 2]]) -> Flow {
    let edges: Vec<_> = edges
        .iter()
        .map(|[source, target]| json!({"source": source, "sourceHandle": "out", "target": target, "targetHandle": "in"}))
        .collect();
    parse(&json!({"format": 1, "nodes": nodes, "edges": edges}))
}

async fn refused(flow: &Flow, registry: &Registry) -> Error {
    flow::connect(flow, registry, &One, &ConnectContext::default()).await.unwrap_err()
}

fn node_of(error: &Error) -> Vec<&str> {
    error.context().iter().filter(|(name, _)| *name == "node").map(|(_, id)| id.as_str()).collect()
}

#[tokio::test]
async fn a_chain_runs_with_its_memory_and_leaves_other_nodes_alone() {
    let registry = registry();
    let flow = parse(&with_memory("kept"));
    let connected =
        flow::connect(&flow, &registry, &NoCredentials, &ConnectContext::default()).await.unwrap();
    assert_eq!(connected.chain_node, "chain");
    assert_eq!(connected.memories.keys().collect::<Vec<_>>(), ["memory"]);
    assert_eq!(connected.healths.keys().collect::<Vec<_>>(), ["chain", "memory", "model"]);
    let say = |text: &str| RunRequest {
        message: Message::user(text),
        session: None,
        chat: SessionId::new("chat-1").unwrap(),
        turn_id: None,
        stop: Default::default(),
    };
    connected.chain.run(say("My name is Collin."), &mut |_| ()).await.unwrap();
    let second = connected.chain.run(say("My name?"), &mut |_| ()).await.unwrap();
    assert!(second.turn.messages.last().unwrap().text().contains("> user: My name is Collin."));
    for (_, health) in connected.healths {
        health.await.unwrap();
    }
}

#[tokio::test]
async fn an_error_names_the_node() {
    let registry = registry();
    let error = refused(&parse(&with_memory("broken")), &registry).await;
    assert_eq!((error.kind(), error.operation()), (&ErrorKind::Unavailable, Some("connect")));
    assert_eq!(node_of(&error), ["memory"]);

    let mut locked = with_memory("locked");
    locked["nodes"][2]["credential"] = "gone".into();
    let error = refused(&parse(&locked), &registry).await;
    assert_eq!((error.kind(), node_of(&error)), (&ErrorKind::MissingCredential, vec!["memory"]));

    locked["nodes"][2]["credential"] = "upstash".into();
    flow::connect(&parse(&locked), &registry, &One, &ConnectContext::default()).await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_connects() {
    let registry = registry();
    for (change, node, text) in [
        (
            (|flow| flow["nodes"][1]["type"] = "futureModel".into()) as fn(&mut Value),
            "model",
            "`futureModel`",
        ),
        (|flow| flow["edges"][1]["sourceHandle"] = "out".into(), "model", "no output named `out`"),
        (|flow| flow["nodes"][1]["inputs"]["x"] = 1.into(), "model", "`x`"),
        (|flow| flow["nodes"][0]["version"] = 7.into(), "chain", "version 7"),
        (
            |flow| {
                add(
                    flow,
                    "edges",
                    json!({"source": "chain", "sourceHandle": "chain", "target": "memory",
                                          "targetHandle": "x"}),
                )
            },
            "chain",
            "no chain",
        ),
        (|flow| add(flow, "nodes", json!({"id": "model", "type": "echoModel"})), "model", "its own"),
    ] {
        let mut document = with_memory("broken");
        change(&mut document);
        let error = refused(&parse(&document), &registry).await;
        assert!(error.message().contains(text), "{text}: {error}");
        assert!(node_of(&error) == [node] || node_of(&error).is_empty(), "{text}: {error}");
    }
}

#[tokio::test]
async fn one_node_connects_with_what_it_stands_on() {
    let registry = registry();
    let flow = relays(
        json!([
            {"id": "c", "type": "relay", "version": 2, "inputs": {"words": "three"}},
            {"id": "a", "type": "relay", "version": 1, "inputs": {"text": "one"}},
            {"id": "b", "type": "relay", "version": 2, "inputs": {"words": "two"}},
            {"id": "end", "type": "relay", "version": 2, "inputs": {"words": "end"}},
        ]),
        // The order of the edges is that of the instances on a port for many.
        &[["b", "c"], ["a", "c"], ["a", "b"], ["c", "end"]],
    );
    let context = ConnectContext::default();
    let connected = flow::connect_node(&flow, "c", &registry, &One, &context).await.unwrap();
    let Instance::Other(words) = connected.instance else { panic!("it is something else") };
    assert_eq!(words.downcast_ref::<String>().unwrap(), "one two one three");

    let error = flow::connect_node(&flow, "d", &registry, &One, &context).await.unwrap_err();
    assert_eq!((error.kind(), node_of(&error)), (&ErrorKind::NotFound, vec!["d"]));
    let error = refused(&flow, &registry).await;
    assert!(error.message().contains("Conversation Chain"), "it has no chain: {error}");
}

#[tokio::test]
async fn a_circle_is_refused() {
    let node = |id: &str| json!({"id": id, "type": "relay", "version": 2, "inputs": {"words": id}});
    let flow = relays(json!([node("a"), node("b"), node("c")]), &[["a", "b"], ["b", "a"], ["b", "c"]]);
    let error =
        flow::connect_node(&flow, "c", &registry(), &One, &ConnectContext::default()).await.unwrap_err();
    assert!(error.message().contains("circle") && error.message().contains("`b`"), "{error}");
    let edge = serde_json::from_value(
        json!({"source": "c", "sourceHandle": "out", "target": "a", "targetHandle": "in"}),
    );
    let straight = relays(json!([node("a"), node("b"), node("c")]), &[["a", "b"], ["b", "c"]]);
    let refused = straight.can_connect(&registry(), &edge.unwrap()).unwrap_err();
    assert!(refused.message.contains("stands on"), "{refused:?}");
}

#[tokio::test]
async fn independent_nodes_connect_at_once() {
    let flow = relays(
        json!([
            {"id": "a", "type": "pair"},
            {"id": "b", "type": "pair"},
            {"id": "end", "type": "relay", "version": 2, "inputs": {"words": "end"}},
        ]),
        &[["a", "end"], ["b", "end"]],
    );
    let registry = registry();
    let context = ConnectContext::default();
    let connecting = flow::connect_node(&flow, "end", &registry, &One, &context);
    // Each waits for the other: one after the other would wait for ever.
    let connected = tokio::time::timeout(std::time::Duration::from_secs(60), connecting).await;
    assert!(connected.expect("the two must connect at once").is_ok());
}

//! Which edges may be drawn.

use canvas_memory::flow::{Edge, ProblemCode as Code};
use serde_json::{Value, json};

use crate::support::{REGISTRY, add, edge, flow};

fn refusal(change: impl FnOnce(&mut Value), edge: Value) -> Option<(Code, String)> {
    let edge: Edge = serde_json::from_value(edge).unwrap();
    let refused = flow(change).can_connect(&REGISTRY, &edge).err()?;
    Some((refused.code, refused.message))
}

fn handles(source: [&str; 2], target: [&str; 2]) -> Value {
    json!({"source": source[0], "sourceHandle": source[1], "target": target[0], "targetHandle": target[1]})
}

fn agent(flow: &mut Value) {
    add(flow, "nodes", json!({"id": "agent", "type": "toolAgent"}));
    add(flow, "nodes", json!({"id": "tools1", "type": "calculator"}));
    add(flow, "nodes", json!({"id": "tools2", "type": "currentDateTime"}));
}

#[test]
fn ports_whose_types_meet_connect() {
    assert_eq!(refusal(|flow| flow["edges"] = json!([]), edge("memory", "chain")), None);
    assert_eq!(refusal(agent, edge("memory", "agent")), None, "one memory may serve two");
    let tool = REGISTRY.node("calculator").unwrap().output_ports()[0].id;
    let first = handles(["tools1", tool], ["agent", "tools"]);
    let second = handles(["tools2", tool], ["agent", "tools"]);
    let with_first = |flow: &mut Value| {
        agent(flow);
        add(flow, "edges", first);
    };
    assert_eq!(refusal(with_first, second), None, "a port for many takes many");
}

#[test]
fn each_rule_refuses_with_its_reason() {
    let table = [
        (handles(["ghost", "model"], ["chain", "model"]), Code::NoSuchNode, "no node `ghost`"),
        (handles(["model", "model"], ["unknown", "model"]), Code::UnknownType, "unknown here"),
        (handles(["model", "out"], ["chain", "model"]), Code::NoSuchPort, "no output named `out`"),
        (handles(["model", "model"], ["chain", "mind"]), Code::NoSuchPort, "no input named `mind`"),
        (handles(["memory", "memory"], ["agent", "model"]), Code::TypesDiffer, "takes BaseChatModel"),
        (edge("memory", "chain"), Code::DoubledEdge, "already"),
        (edge("memory2", "chain"), Code::FullPort, "has `memory`"),
    ];
    for (edge, code, reason) in table {
        let nodes = |flow: &mut Value| {
            agent(flow);
            add(flow, "nodes", json!({"id": "memory2", "type": "DynamoDBChatMemory"}));
            add(flow, "nodes", json!({"id": "unknown", "type": "futureChain"}));
        };
        let (found, message) = refusal(nodes, edge.clone()).unwrap_or_else(|| panic!("{edge} was let pass"));
        assert_eq!(found, code, "{edge}: {message}");
        assert!(message.contains(reason), "{edge}: {message}");
    }
}

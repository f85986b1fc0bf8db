//! Nodes of older and newer versions.

use canvas_memory::flow::{Flow, NoCredentials, ProblemCode, UpgradedNode};
use serde_json::json;

use crate::nodes::registry;

#[test]
fn older_nodes_are_brought_up_and_newer_ones_are_kept_whole() {
    let flow = json!({"format": 1, "nodes": [
        {"id": "old", "type": "relay", "version": 1, "inputs": {"text": "a"}},
        {"id": "new", "type": "relay", "version": 3, "inputs": {"sentences": ["b"]}},
        {"id": "now", "type": "relay", "version": 2, "inputs": {"words": "c"}},
        {"id": "odd", "type": "relay", "version": 1, "inputs": {"words": "d"}},
        {"id": "foreign", "type": "relay", "version": 1, "inputs": {"text": "e"}, "foreign": {"text": "e"}},
        {"id": "future", "type": "futureNode", "version": 1, "inputs": {"text": "f"}},
    ]});
    let flow = Flow::parse(&serde_json::to_vec(&flow).unwrap()).unwrap();
    let registry = registry();
    let upgraded = flow.upgraded(&registry);
    assert_eq!(upgraded.nodes, [UpgradedNode { node: "old".into(), from: 1, to: 2 }]);
    let old = upgraded.flow.node("old").unwrap();
    assert_eq!((old.version, json!(old.inputs)), (2, json!({"words": "a"})));
    for kept in ["new", "now", "odd", "foreign", "future"] {
        assert_eq!(upgraded.flow.node(kept), flow.node(kept), "{kept}");
    }
    let [failed] = upgraded.problems.as_slice() else { panic!("{:?}", upgraded.problems) };
    assert_eq!((failed.code, failed.node.as_deref()), (ProblemCode::UpgradeFailed, Some("odd")));

    let problems = flow.problems(&registry, &NoCredentials);
    let codes = |id: &str| -> Vec<_> {
        problems
            .iter()
            .filter(|problem| problem.node.as_deref() == Some(id))
            .map(|problem| problem.code)
            .collect()
    };
    assert_eq!(codes("old"), [], "its inputs are judged as they will be");
    assert_eq!(codes("new"), [ProblemCode::NewerVersion]);
    assert_eq!(codes("odd"), [ProblemCode::UpgradeFailed]);
}

//! What is wrong with a flow is told with node, field and way out.

use canvas_memory::flow::{Flow, NoCredentials, ProblemCode as Code, ProblemLevel};
use serde_json::{Value, json};

use crate::support::{REGISTRY, add, credentials, edge, flow, problems, seen};

type Change = fn(&mut Value);

#[test]
fn a_flow_that_runs_has_no_problem() {
    assert_eq!(problems(|_| ()), []);
}

#[test]
fn what_keeps_a_flow_from_running_is_an_error_with_its_place() {
    let table: &[(&str, Change, Code, &str, &str, &str)] = &[
        (
            "two nodes with one id",
            |flow| flow["nodes"][0]["id"] = "memory".into(),
            Code::DuplicateId,
            "memory",
            "id",
            "give each its own",
        ),
        (
            "an empty id",
            |flow| add(flow, "nodes", json!({"id": "", "type": "echoModel"})),
            Code::BadId,
            "",
            "id",
            "is empty",
        ),
        (
            "an id with a line's end",
            |flow| add(flow, "nodes", json!({"id": "a\nb", "type": "echoModel"})),
            Code::BadId,
            "a\nb",
            "id",
            "can't be seen",
        ),
        (
            "a long name",
            |flow| flow["nodes"][0]["name"] = "x".repeat(201).into(),
            Code::TooLarge,
            "model",
            "name",
            "shorten it",
        ),
        (
            "a long name of the flow",
            |flow| flow["name"] = "x".repeat(201).into(),
            Code::BadName,
            "",
            "",
            "shorten it",
        ),
        (
            "an unknown type that the chain stands on",
            |flow| flow["nodes"][0]["type"] = "futureModel".into(),
            Code::UnknownType,
            "model",
            "type",
            "`futureModel`",
        ),
        (
            "a newer version",
            |flow| flow["nodes"][1]["version"] = 9.into(),
            Code::NewerVersion,
            "memory",
            "version",
            "version 9",
        ),
        (
            "a missing input",
            |flow| {
                flow["nodes"][1]["inputs"].as_object_mut().unwrap().remove("tableName");
            },
            Code::BadInput,
            "memory",
            "tableName",
            "is missing",
        ),
        (
            "a misspelt input",
            |flow| flow["nodes"][1]["inputs"]["partitionkey"] = "id".into(),
            Code::BadInput,
            "memory",
            "partitionkey",
            "did you mean `partitionKey`?",
        ),
        (
            "a missing credential",
            |flow| {
                flow["nodes"][1].as_object_mut().unwrap().remove("credential");
            },
            Code::MissingCredential,
            "memory",
            "credential",
            "dynamodbMemoryApi",
        ),
        (
            "a credential that was deleted",
            |flow| flow["nodes"][1]["credential"] = "gone".into(),
            Code::UnknownCredential,
            "memory",
            "credential",
            "deleted",
        ),
        (
            "a credential of another type",
            |flow| flow["nodes"][1]["credential"] = "upstash".into(),
            Code::WrongCredential,
            "memory",
            "credential",
            "choose one of type dynamodbMemoryApi",
        ),
        (
            "a credential for a node that takes none",
            |flow| flow["nodes"][0]["credential"] = "aws".into(),
            Code::WrongCredential,
            "model",
            "credential",
            "disconnect it",
        ),
        (
            "an edge from nowhere",
            |flow| add(flow, "edges", edge("ghost", "chain")),
            Code::NoSuchNode,
            "chain",
            "ghost",
            "no node `ghost`",
        ),
        (
            "an edge to nowhere",
            |flow| add(flow, "edges", edge("memory", "ghost")),
            Code::NoSuchNode,
            "memory",
            "memory",
            "no node `ghost`",
        ),
        (
            "an output that is not there",
            |flow| flow["edges"][1]["sourceHandle"] = "out".into(),
            Code::NoSuchPort,
            "memory",
            "out",
            "it has `memory`",
        ),
        (
            "an input that is not there",
            |flow| flow["edges"][1]["targetHandle"] = "mind".into(),
            Code::NoSuchPort,
            "chain",
            "mind",
            "it has `model`, `memory`",
        ),
        (
            "types that do not meet",
            |flow| flow["edges"][1]["targetHandle"] = "model".into(),
            Code::TypesDiffer,
            "chain",
            "model",
            "takes BaseChatModel",
        ),
        (
            "the same edge twice",
            |flow| add(flow, "edges", edge("memory", "chain")),
            Code::DoubledEdge,
            "chain",
            "memory",
            "twice",
        ),
        (
            "two memories",
            |flow| {
                add(
                    flow,
                    "nodes",
                    json!({"id": "memory2", "type": "upstashRedisBackedChatMemory",
                                      "inputs": {"baseURL": "builtin"}}),
                );
                add(flow, "edges", edge("memory2", "chain"));
            },
            Code::FullPort,
            "chain",
            "memory",
            "`memory` and `memory2`",
        ),
        (
            "a missing model",
            |flow| {
                flow["edges"].as_array_mut().unwrap().remove(0);
            },
            Code::OpenPort,
            "chain",
            "model",
            "connect a node that gives BaseChatModel",
        ),
        (
            "no chain",
            |flow| {
                flow["nodes"].as_array_mut().unwrap().truncate(2);
                flow["edges"] = json!([]);
            },
            Code::NoChain,
            "",
            "",
            "Conversation Chain",
        ),
        (
            "two chains",
            |flow| add(flow, "nodes", json!({"id": "chain2", "type": "conversationChain"})),
            Code::SeveralChains,
            "",
            "",
            "`chain` and `chain2`",
        ),
        (
            "an empty flow",
            |flow| {
                flow["nodes"] = json!([]);
                flow["edges"] = json!([]);
            },
            Code::NoChain,
            "",
            "",
            "add one",
        ),
    ];
    for (what, change, code, node, field, text) in table {
        let problems = problems(change);
        let found =
            problems.iter().find(|problem| seen(problem) == (ProblemLevel::Error, *code, *node, *field));
        let found = found.unwrap_or_else(|| panic!("{what}: {problems:#?}"));
        assert!(found.message.contains(text), "{what}: {}", found.message);
    }
}

#[test]
fn a_circle_is_told_with_the_nodes_on_it() {
    // By their types no two nodes of ours close a circle, but edges in a file may.
    let back = |source: &str| json!({"source": source, "sourceHandle": source, "target": "model", "targetHandle": "x"});
    for (source, round) in [("chain", "`chain` → `model` → `chain`"), ("model", "`model` → `model`")] {
        let problems = problems(|flow| add(flow, "edges", back(source)));
        let circles: Vec<_> = problems.iter().filter(|problem| problem.code == Code::Cycle).collect();
        let [circle] = circles.as_slice() else { panic!("{problems:#?}") };
        assert_eq!(circle.level, ProblemLevel::Error);
        assert!(circle.message.contains(round), "{}", circle.message);
    }
}

#[test]
fn what_the_chain_does_not_stand_on_is_a_warning() {
    let problems = problems(|flow| {
        add(flow, "nodes", json!({"id": "idle", "type": "DynamoDBChatMemory", "inputs": {}}));
        add(flow, "nodes", json!({"id": "future", "type": "futureMemory"}));
        add(flow, "nodes", json!({"id": "note", "type": "stickyNote", "foreign": {"data": {}}}));
    });
    let levels: Vec<_> = problems.iter().map(|problem| problem.level).collect();
    assert!(
        !levels.is_empty() && levels.iter().all(|level| *level == ProblemLevel::Warning),
        "{problems:#?}"
    );
    let told: Vec<_> = problems.iter().map(|problem| (seen(problem).1, seen(problem).2)).collect();
    assert!(
        told.contains(&(Code::NotConnected, "idle")) && told.contains(&(Code::MissingCredential, "idle"))
    );
    assert!(told.contains(&(Code::UnknownType, "future")), "{told:?}");
    assert!(!told.iter().any(|(_, node)| *node == "note"), "a note is no problem: {told:?}");
}

#[test]
fn the_chain_at_the_end_is_the_one_that_runs() {
    // What another canvas put behind the chain is unknown here, and takes nothing.
    let problems = problems(|flow| {
        add(flow, "nodes", json!({"id": "after", "type": "chainTool", "foreign": {}}));
        add(
            flow,
            "edges",
            json!({"source": "chain", "sourceHandle": "chain", "target": "after", "targetHandle": "x"}),
        );
    });
    let told: Vec<_> = problems.iter().map(seen).collect();
    assert_eq!(told, [(ProblemLevel::Warning, Code::UnknownType, "after", "type")]);
}

#[test]
fn builtin_engines_need_no_credential() {
    let problems = problems(|flow| {
        flow["nodes"][1]["inputs"]["endpoint"] = "builtin".into();
        flow["nodes"][1].as_object_mut().unwrap().remove("credential");
    });
    assert_eq!(problems, []);
}

#[test]
fn no_problem_quotes_a_value() {
    let flow = flow(|flow| {
        flow["nodes"][1]["inputs"] = json!({"tableName": ["hunter2"], "partitionKey": 5, "ttlSecs": "hunter2",
                                            "recall": {"policy": "hunter2"}});
        flow["nodes"][1]["credential"] = "hunter2".into();
    });
    let problems = flow.problems(&REGISTRY, &NoCredentials);
    assert!(problems.len() >= 5, "{problems:#?}");
    assert!(!serde_json::to_string(&problems).unwrap().contains("hunter2"), "{problems:#?}");
}

#[test]
fn a_thousand_nodes_in_one_line_are_judged_at_once() {
    let nodes: Vec<_> = (0..1000).map(|at| json!({"id": format!("n{at}"), "type": "echoModel"})).collect();
    let edges: Vec<_> = (0..1000)
        .map(|at| {
            let target = format!("n{}", (at + 1) % 1000);
            json!({"source": format!("n{at}"), "sourceHandle": "model", "target": target, "targetHandle": "x"})
        })
        .collect();
    let document = json!({"format": 1, "nodes": nodes, "edges": edges});
    let flow = Flow::parse(&serde_json::to_vec(&document).unwrap()).unwrap();
    let problems = flow.problems(&REGISTRY, &credentials());
    assert_eq!(problems.iter().filter(|problem| problem.code == Code::Cycle).count(), 1);
}

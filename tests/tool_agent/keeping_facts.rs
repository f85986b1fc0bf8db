//! An agent that remembers, relates and forgets.

use std::sync::Arc;

use canvas_memory::chain::{Chain, RunEvent, StepKind};
use canvas_memory::declare::Instance;
use canvas_memory::dynamodb::mem0::history::{self, HistoryConfig, Mem0HistoryStore};
use canvas_memory::graph::{GraphMemory, Link, NewNode, Node, NodeId, RelationshipType, provenance};
use canvas_memory::history::{HistoryEvent, HistoryRecord, HistoryStore};
use canvas_memory::json::RawJson;
use canvas_memory::message::Message;
use canvas_memory::session::{SessionId, Source, TurnId};
use canvas_memory::tool::Tool;
use canvas_memory::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::canvas::{Canvas, Layout, request, request_with_id, run, sent_shape, session, shape};
use crate::support::openai_stub::{OpenAiStub, Reply, call};

async fn agent(canvas: &Canvas, stub: &OpenAiStub, graph: &Arc<GraphMemory>) -> Arc<dyn Chain> {
    let memory = canvas.memory(Layout::UpstashList).await;
    let ports = vec![
        ("model", canvas.model(stub).await),
        ("memory", Instance::Memory(memory)),
        ("graph", Instance::Graph(graph.clone())),
    ];
    canvas.connect("toolAgent", json!({}), ports).await.unwrap().chain().unwrap()
}

async fn node(graph: &GraphMemory, name: &str) -> Option<Node> {
    graph.store().node(graph.scope(), &NodeId::new(name).unwrap()).await.unwrap().node
}

#[tokio::test]
async fn what_an_agent_keeps_comes_back_with_where_it_came_from() {
    let canvas = Canvas::new().await;
    let graph = canvas.graph(json!({})).await;
    let stub = OpenAiStub::script([
        Reply::Calls(
            "",
            vec![
                call("1", "remember", r#"{"name": "Emma", "content": "Emma is six years old."}"#),
                call("2", "relate", r#"{"source": "user", "relation": "sister of", "target": "Emma"}"#),
            ],
        ),
        Reply::Text(vec!["Noted."]),
        Reply::Text(vec!["She is six."]),
        Reply::Calls("", vec![call("3", "forget", r#"{"name": "emma"}"#)]),
        Reply::Text(vec!["Forgotten."]),
        Reply::Text(vec!["Who is Emma?"]),
    ])
    .await;
    let agent = agent(&canvas, &stub, &graph).await;

    let first = run(&*agent, request_with_id("My sister Emma is six.", "turn-1")).await;
    assert!(first.events.contains(&"called remember ok".to_owned()), "{:?}", first.events);
    let turn = shape(&first.outcome().turn.messages);
    assert_eq!(
        turn[2..4],
        ["tool =1: Remembered of emma: Emma is six years old.", "tool =2: Remembered: user —SISTER_OF→ emma"]
    );
    let sources = vec![Source {
        session: session(),
        turn_id: TurnId::new("turn-1").unwrap(),
        message_ids: vec!["turn-1:0".into(), "turn-1:1".into()],
    }];
    let emma = node(&graph, "emma").await.unwrap();
    assert_eq!(provenance::of(emma.metadata.as_ref()), sources);

    // In another session, of which the conversation knows nothing.
    let mut other = request("How old is Emma?");
    other.session = Some(SessionId::new("session-2").unwrap());
    let mut found = Vec::new();
    let asked = agent
        .run(other.clone(), &mut |event| {
            if let RunEvent::Step(step) = event
                && let StepKind::FactsFound { facts, .. } = step.kind
            {
                assert!(step.usage.requests > 0 && step.usage.read_units > 0.0, "{:?}", step.usage);
                found = facts;
            }
        })
        .await
        .unwrap();
    assert_eq!(asked.turn.messages[1], Message::assistant("She is six."));
    let sent = sent_shape(&stub.messages(2));
    assert!(sent[1].ends_with("- emma: Emma is six years old.\n- user —SISTER_OF→ emma"), "{sent:?}");
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert!(found.iter().all(|fact| fact.sources == sources) && found.len() == 2, "{found:?}");

    run(&*agent, request("Forget her.")).await.outcome();
    assert!(node(&graph, "emma").await.is_none());
    let sent_before = stub.requests().len();
    other.message = Message::user("And Emma?");
    let ran = run(&*agent, other).await;
    assert!(ran.events.contains(&"found 0".to_owned()), "{:?}", ran.events);
    ran.outcome();
    let facts: Vec<_> = sent_shape(&stub.messages(sent_before));
    assert!(!facts.iter().any(|message| message.contains("SISTER_OF")), "{facts:?}");
}

#[tokio::test]
async fn tools_come_with_the_graph_unless_its_node_says_otherwise() {
    let canvas = Canvas::new().await;
    for (tools, named) in [(true, vec!["forget", "relate", "remember"]), (false, vec![])] {
        let graph = canvas.graph(json!({"tools": tools})).await;
        let stub = OpenAiStub::start(Reply::Text(vec!["Hi."])).await;
        run(&*agent(&canvas, &stub, &graph).await, request("Hi")).await.outcome();
        let body = &stub.requests()[0].1;
        let names: Vec<_> = body["tools"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|tool| tool["function"]["name"].clone())
            .collect();
        assert_eq!(names, named);
    }
}

/// The tool of this name.
fn tool(graph: &Arc<GraphMemory>, name: &str) -> Arc<dyn Tool> {
    graph.tools().into_iter().find(|tool| tool.spec().name == name).unwrap()
}

fn said_in(turn: &str) -> Source {
    let turn_id = TurnId::new(turn).unwrap();
    Source { session: session(), turn_id, message_ids: vec![format!("{turn}:0")] }
}

async fn try_call(graph: &Arc<GraphMemory>, name: &str, arguments: &Value) -> Result<String, Error> {
    let arguments = RawJson::of(arguments).unwrap();
    tool(graph, name).call(&arguments, &said_in("t-1")).await.map(|output| output.text)
}

async fn called(graph: &Arc<GraphMemory>, name: &str, arguments: Value) -> String {
    try_call(graph, name, &arguments).await.unwrap()
}

#[tokio::test]
async fn saying_the_same_again_changes_nothing() {
    let canvas = Canvas::new().await;
    let graph = canvas.graph(json!({})).await;
    let fact = json!({"name": " Green  TEA ", "content": "is\n healthy"});
    assert_eq!(called(&graph, "remember", fact.clone()).await, "Remembered of green tea: is healthy");
    let before = node(&graph, "green tea").await;
    assert_eq!(called(&graph, "remember", fact).await, "This was remembered of green tea already.");
    assert_eq!(node(&graph, "green tea").await, before);

    let relation = json!({"source": "user", "relation": "likes", "target": "Green tea"});
    assert_eq!(called(&graph, "relate", relation.clone()).await, "Remembered: user —LIKES→ green tea");
    assert_eq!(
        called(&graph, "relate", relation.clone()).await,
        "This was remembered already: user —LIKES→ green tea"
    );
    let forget = json!({"name": "user", "relation": "LIKES", "target": "green tea"});
    assert_eq!(called(&graph, "forget", forget.clone()).await, "Forgot: user —LIKES→ green tea");
    let nothing = "There is nothing to forget: user —LIKES→ green tea is not remembered.";
    assert_eq!(called(&graph, "forget", forget).await, nothing);
    assert_eq!(called(&graph, "relate", relation).await, "Remembered: user —LIKES→ green tea");
    let all = json!({"name": "GREEN TEA"});
    assert_eq!(called(&graph, "forget", all.clone()).await, "Forgot green tea and its 1 relation.");
    let nothing = "There is nothing to forget: nothing is remembered of green tea.";
    assert_eq!(called(&graph, "forget", all).await, nothing);
    let user = json!({"name": "user"});
    assert_eq!(called(&graph, "forget", user).await, "Forgot user.");
}

#[tokio::test]
async fn more_of_a_thing_is_added_or_takes_the_place_of_what_was_known() {
    let canvas = Canvas::new().await;
    let graph = canvas.graph(json!({})).await;
    called(&graph, "remember", json!({"name": "bob", "content": "lives in Rome"})).await;
    let more = RawJson::of(&json!({"name": "Bob", "content": "likes tea"})).unwrap();
    let told = tool(&graph, "remember").call(&more, &said_in("t-2")).await.unwrap();
    assert_eq!(told.text, "Remembered. Now known of bob: lives in Rome; likes tea");
    assert!(told.usage.write_units > 0.0 && told.usage.requests >= 2, "{:?}", told.usage);
    let bob = node(&graph, "bob").await.unwrap();
    assert_eq!(bob.content, "lives in Rome\nlikes tea");
    assert_eq!(provenance::of(bob.metadata.as_ref()), [said_in("t-1"), said_in("t-2")]);
    let facts = graph.facts_near(&["Bob".to_owned()]).await.unwrap();
    assert_eq!(facts.text(), "- bob: lives in Rome; likes tea");

    let replaced = json!({"name": "bob", "content": "lives in Oslo", "replace": true});
    called(&graph, "remember", replaced).await;
    let bob = node(&graph, "bob").await.unwrap();
    assert_eq!((bob.content.as_str(), provenance::of(bob.metadata.as_ref()).len()), ("lives in Oslo", 1));
}

#[tokio::test]
async fn two_runs_that_add_to_one_thing_at_once_both_keep_their_fact() {
    let canvas = Canvas::new().await;
    let graph = canvas.graph(json!({})).await;
    let facts: Vec<_> = (0..6).map(|n| json!({"name": "bob", "content": format!("fact {n}")})).collect();
    let kept = futures_util::future::join_all(facts.iter().map(|fact| try_call(&graph, "remember", fact)));
    for kept in kept.await {
        kept.unwrap();
    }
    let bob = node(&graph, "bob").await.unwrap();
    let mut lines: Vec<_> = bob.content.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["fact 0", "fact 1", "fact 2", "fact 3", "fact 4", "fact 5"]);
}

#[tokio::test]
async fn what_other_programs_put_is_meant_by_its_name_and_kept() {
    let canvas = Canvas::new().await;
    let graph = canvas.graph(json!({})).await;
    let (blue, sky) = (NodeId::new("Blue").unwrap(), NodeId::new("Sky").unwrap());
    let theirs = RawJson::parse(r#"{"topic":"colors"}"#).unwrap();
    let nodes = vec![
        NewNode::new(blue.clone(), "a color").with_metadata(theirs),
        NewNode::new(sky.clone(), "is above"),
    ];
    graph.store().put_nodes(graph.scope(), nodes).await.unwrap();
    let relation = RelationshipType::new("RELATED_TO").unwrap();
    graph.store().link(graph.scope(), Link::new(blue, relation, sky)).await.unwrap();

    let known = json!({"source": "Blue", "relation": "related to", "target": "Sky"});
    assert_eq!(called(&graph, "relate", known).await, "This was remembered already: Blue —RELATED_TO→ Sky");
    called(&graph, "remember", json!({"name": "Blue", "content": "is cold"})).await;
    let blue = node(&graph, "Blue").await.unwrap();
    assert_eq!(blue.content, "a color\nis cold");
    assert!(blue.metadata.unwrap().as_str().contains(r#""topic":"colors""#));
    assert!(node(&graph, "blue").await.is_none());
    let forget = json!({"name": "Blue", "relation": "RELATED_TO", "target": "Sky"});
    assert_eq!(called(&graph, "forget", forget).await, "Forgot: Blue —RELATED_TO→ Sky");
}

#[tokio::test]
async fn a_thing_may_be_related_to_itself_and_in_a_ring() {
    let canvas = Canvas::new().await;
    let graph = canvas.graph(json!({"depth": 4})).await;
    for (source, target) in [("a1", "a1"), ("a1", "b1"), ("b1", "c1"), ("c1", "a1")] {
        called(&graph, "relate", json!({"source": source, "relation": "KNOWS", "target": target})).await;
    }
    let facts = graph.facts_near(&["a1".to_owned()]).await.unwrap();
    assert_eq!(facts.facts.len(), 4, "{}", facts.text());
    assert_eq!(called(&graph, "forget", json!({"name": "a1"})).await, "Forgot a1 and its 3 relations.");
}

#[tokio::test]
async fn calls_that_make_no_sense_are_told_to_the_model_and_keep_nothing() {
    let canvas = Canvas::new().await;
    let graph = canvas.graph(json!({})).await;
    let long = "x".repeat(201);
    let huge = "x".repeat(2_001);
    let calls = [
        ("remember", json!({"name": "", "content": "x"})),
        ("remember", json!({"name": "  ", "content": "x"})),
        ("remember", json!({"name": "x", "content": " \n "})),
        ("remember", json!({"name": long, "content": "x"})),
        ("remember", json!({"name": "x", "content": huge})),
        ("remember", json!({"name": 7, "content": "x"})),
        ("remember", json!({"name": "x"})),
        ("relate", json!({"source": "a", "relation": "?!", "target": "b"})),
        ("relate", json!({"source": "a", "relation": "LIKES", "target": " "})),
        ("relate", json!({"source": "a", "target": "b"})),
        ("forget", json!({"name": "\u{a0}"})),
        ("forget", json!({"name": "x", "relation": "LIKES"})),
        ("forget", json!({"name": "x", "target": "y"})),
        ("forget", json!(["x"])),
    ];
    for (at, (name, arguments)) in calls.iter().enumerate() {
        let (id, arguments): (&'static str, &'static str) =
            (at.to_string().leak(), arguments.to_string().leak());
        let stub = OpenAiStub::script([
            Reply::Calls("", vec![call(id, name, arguments)]),
            Reply::Text(vec!["I see."]),
        ])
        .await;
        let ran = run(&*agent(&canvas, &stub, &graph).await, request("?")).await;
        assert!(
            ran.events.contains(&format!("called {name} failed")),
            "{name} {arguments}: {:?}",
            ran.events
        );
        let told = &shape(&ran.outcome().turn.messages)[2];
        assert!(told.contains(": Error: ") && told.len() < 400, "{name} {arguments}: {told}");
    }
    let kept = graph.store().list_nodes(graph.scope(), Default::default()).await.unwrap();
    assert!(kept.nodes.is_empty(), "{kept:?}");
}

#[tokio::test]
async fn a_thing_does_not_grow_without_bounds() {
    let canvas = Canvas::new().await;
    let graph = canvas.graph(json!({})).await;
    let mut refused = None;
    for n in 0..10 {
        let fact = json!({"name": "bob", "content": format!("{n}{}", "x".repeat(1_990))});
        refused = try_call(&graph, "remember", &fact).await.err();
        if refused.is_some() {
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!(*refused.kind(), ErrorKind::TooLarge, "{refused}");
    assert!(refused.message().contains("replace"), "{refused}");
    let short = json!({"name": "bob", "content": "is fine", "replace": true});
    assert_eq!(called(&graph, "remember", short).await, "Remembered. Now known of bob: is fine");
}

#[tokio::test]
async fn a_history_records_what_is_remembered_changed_and_forgotten() {
    let canvas = Canvas::new().await;
    let client = canvas.client();
    history::table("history").create(&client).await.unwrap();
    let history = Arc::new(Mem0HistoryStore::new(client.clone(), HistoryConfig::new("history")).unwrap());
    let inputs = json!({"tableName": "graph", "endpoint": "builtin"});
    let ports = [("history", Instance::History(history.clone()))];
    let graph = canvas.connect("mem0DynamoDBGraphMemory", inputs, ports).await.unwrap().graph().unwrap();

    called(&graph, "remember", json!({"name": "Bob", "content": "lives in Rome"})).await;
    called(&graph, "remember", json!({"name": "Bob", "content": "lives in Rome"})).await;
    called(&graph, "remember", json!({"name": "Bob", "content": "lives in Oslo", "replace": true})).await;
    called(&graph, "relate", json!({"source": "user", "relation": "knows", "target": "Bob"})).await;
    let edges = graph.store().edges(graph.scope(), &NodeId::new("bob").unwrap(), &Default::default()).await;
    let edge = edges.unwrap().edges.remove(0);
    called(&graph, "forget", json!({"name": "user", "relation": "knows", "target": "Bob"})).await;
    called(&graph, "forget", json!({"name": "Bob"})).await;
    called(&graph, "forget", json!({"name": "Bob"})).await;

    let recorded = async |memory_id: &str| -> Vec<_> {
        let page = history.history(graph.scope(), memory_id, Default::default()).await.unwrap();
        let record = |record: HistoryRecord| (record.event, record.old_memory, record.new_memory);
        page.records.into_iter().map(|stored| record(stored.record)).collect()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        recorded("bob").await,
        [
            (HistoryEvent::Add, None, text("lives in Rome")),
            (HistoryEvent::Update, text("lives in Rome"), text("lives in Oslo")),
            (HistoryEvent::Delete, text("lives in Oslo"), None),
        ]
    );
    let line = || text("user —KNOWS→ bob");
    let of_edge = recorded(edge.id.as_str()).await;
    assert_eq!(of_edge, [(HistoryEvent::Add, None, line()), (HistoryEvent::Delete, line(), None)]);

    // The fact is kept where its record is not, and the model is told.
    client.sdk().delete_table().table_name("history").send().await.unwrap();
    let told = called(&graph, "remember", json!({"name": "Eve", "content": "is tall"})).await;
    assert!(told.starts_with("Remembered of eve: is tall") && told.contains("history"), "{told}");
    assert_eq!(node(&graph, "eve").await.unwrap().content, "is tall");
}

#[tokio::test]
async fn what_a_call_and_a_look_up_cost() {
    let canvas = Canvas::new().await;
    let graph = canvas.graph(json!({})).await;
    let plain = canvas.graph(json!({"tableName": "plain", "findByWords": false})).await;
    let cost = async |graph: &Arc<GraphMemory>, name: &str, arguments: Value| {
        let arguments = RawJson::of(&arguments).unwrap();
        let usage = tool(graph, name).call(&arguments, &said_in("t-1")).await.unwrap().usage;
        (usage.requests, usage.read_units, usage.write_units)
    };
    let emma = || json!({"name": "emma", "content": "likes green dinosaurs"});
    let relation = || json!({"source": "ann", "relation": "SISTER_OF", "target": "emma"});
    let mut costs = Vec::new();
    // The node, and a row for each of the words emma, likes, green and dinosaurs.
    costs.push(("a new thing", cost(&graph, "remember", emma()).await));
    costs.push(("the same again", cost(&graph, "remember", emma()).await));
    costs.push(("without words", cost(&plain, "remember", emma()).await));
    cost(&graph, "remember", json!({"name": "ann", "content": "is her sister"})).await;
    costs.push(("a new relation", cost(&graph, "relate", relation()).await));
    costs.push(("the same relation again", cost(&graph, "relate", relation()).await));
    for (look_up, graph) in [("a look-up", &graph), ("a look-up without words", &plain)] {
        let near = graph.facts_near(&["How old is Emma?".to_owned()]).await.unwrap();
        let usage = near.usage;
        costs.push((look_up, (usage.requests, usage.read_units, usage.write_units)));
    }
    costs.push((
        "a thing with a relation is forgotten",
        cost(&graph, "forget", json!({"name": "emma"})).await,
    ));
    assert_eq!(
        costs,
        [
            ("a new thing", (2, 1.0, 10.0)),
            ("the same again", (1, 1.0, 0.0)),
            ("without words", (2, 1.0, 2.0)),
            ("a new relation", (3, 3.0, 13.0)),
            ("the same relation again", (2, 3.0, 0.0)),
            ("a look-up", (8, 32.0, 0.0)),
            ("a look-up without words", (4, 28.0, 0.0)),
            ("a thing with a relation is forgotten", (9, 6.0, 22.0)),
        ]
    );
}

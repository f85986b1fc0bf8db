//! Documents that are broken, huge or hostile.

use canvas_memory::ErrorKind;
use canvas_memory::flow::{Flow, import, limits};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::flowise::{changed, imported};
use crate::support::REGISTRY;

#[test]
fn what_is_no_flow_is_refused_and_never_quoted() {
    for (document, kind, text) in [
        (b"hunter2".to_vec(), "flow", "line 1, column"),
        (Vec::new(), "flow", "line 1, column 0"),
        (b"[\"hunter2\"]".to_vec(), "flow", "no object with `nodes`"),
        (b"{}".to_vec(), "flow", "has no `nodes`"),
        (br#"{"nodes": "hunter2"}"#.to_vec(), "nodes", "is no list"),
        (br#"{"nodes": ["hunter2"]}"#.to_vec(), "nodes[0]", "is no object"),
        (br#"{"nodes": [], "edges": "hunter2"}"#.to_vec(), "edges", "is no list"),
        (br#"{"flowData": {"nodes": []}}"#.to_vec(), "flow", "`flowData` is no text"),
        (br#"{"flowData": "hunter2"}"#.to_vec(), "flow", "line 1"),
        (br#"{"flowData": "{\"flowData\": \"{}\"}"}"#.to_vec(), "flow", "has no `nodes`"),
        (vec![0xff, 0xfe, b'{'], "flow", "line 1"),
    ] {
        let error = import(&document, &REGISTRY).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::InvalidInput { field: kind.to_owned() }, "{error}");
        assert!(error.message().contains(text) && !format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    let error = import(br#"{"format": 2, "nodes": []}"#, &REGISTRY).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unsupported);
}

#[test]
fn a_huge_document_is_refused() {
    let node = json!({"id": "a", "data": {"name": "x"}});
    let many_inputs: Value = (0..=limits::MAX_INPUTS).map(|at| (format!("i{at}"), json!(1))).collect();
    let many_links: Vec<_> = (0..3)
        .map(|node| {
            let links: Vec<_> = (0..limits::MAX_EDGES).map(|at| format!("{{{{x{at}.data.instance}}}}")).collect();
            json!({"id": node.to_string(), "data": {"inputAnchors": [{"name": "in"}], "inputs": {"in": links}}})
        })
        .collect();
    for document in [
        json!({"nodes": vec![node; 100_000]}),
        json!({"nodes": [], "edges": vec![json!({}); limits::MAX_EDGES + 1]}),
        json!({"nodes": [{"id": "a", "data": {"name": "x", "inputs": {"text": "y".repeat(limits::MAX_DOCUMENT_BYTES)}}}]}),
        json!({"nodes": [{"id": "a", "data": {"name": "x", "inputs": many_inputs}}]}),
        json!({"nodes": [], "x": "z".repeat(limits::MAX_IMPORT_BYTES)}),
        json!({"nodes": many_links}),
    ] {
        let error = import(&serde_json::to_vec(&document).unwrap(), &REGISTRY).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::TooLarge, "{error}");
    }
}

#[test]
fn a_text_with_a_hundred_thousand_variables_is_read_at_once() {
    const VARIABLES: usize = 100_000;
    let text: String = (0..VARIABLES).map(|at| format!("{{{{v{at}}}}}{{{{v{at}}}}}")).collect();
    let document = json!({"nodes": [
        {"id": "c", "data": {"name": "conversationChain", "inputs": {"systemMessagePrompt": text}}},
    ], "edges": []});
    let imported = import(&serde_json::to_vec(&document).unwrap(), &REGISTRY).unwrap();
    assert_eq!(imported.report.variables.len(), VARIABLES, "each is told once");
}

#[test]
fn a_link_that_stands_many_times_is_one_edge() {
    let flow = imported(|document| {
        let chain = document["nodes"].as_array_mut().unwrap().last_mut().unwrap();
        chain["data"]["inputs"]["memory"] = json!(vec!["{{DynamoDBChatMemory_0.data.instance}}"; 200_000]);
    });
    assert_eq!(flow.flow.edges.len(), 2);
}

#[test]
fn a_document_nested_deep_is_refused() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        for document in [
            deep.clone(),
            format!(r#"{{"nodes": {deep}}}"#),
            format!(r#"{{"nodes": [{{"id": "a", "data": {{"name": "x", "inputs": {{"y": {deep}}}}}}}]}}"#),
            format!(r#"{{"nodes": [{deep}]}}"#),
            format!(r#"{{"format": 1, "nodes": [{{"id": "a", "type": "x", "inputs": {{"y": {deep}}}}}]}}"#),
        ] {
            let error = import(document.as_bytes(), &REGISTRY).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::InvalidInput { .. }), "{error}");
        }
        // What nobody reads does no harm.
        import(format!(r#"{{"nodes": [], "x": {deep}}}"#).as_bytes(), &REGISTRY).unwrap();
    }
}

/// Any place of a document, told by numbers.
fn somewhere<'a>(mut value: &'a mut Value, way: &[usize]) -> &'a mut Value {
    for step in way {
        let length = match value {
            Value::Array(values) => values.len(),
            Value::Object(fields) => fields.len(),
            _ => 0,
        };
        if length == 0 {
            return value;
        }
        value = match value {
            Value::Array(values) => &mut values[step % length],
            Value::Object(fields) => fields.values_mut().nth(step % length).unwrap(),
            leaf => leaf,
        };
    }
    value
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!("")),
        Just(json!([])),
        Just(json!({})),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[{]{2}(chatOpenAI_0.data.instance|[$]vars.x|question|[{] *)[}]{2}".prop_map(Value::from),
        prop_oneof![
            "chatOpenAI",
            "toolAgent",
            "DynamoDBChatMemory",
            "conversationChain",
            "DynamoDBChatMemory_0"
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,8}", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_export_is_opened_or_refused_and_what_is_opened_can_be_saved(
        changes in prop::collection::vec((prop::collection::vec(any::<usize>(), 1..9), anything()), 1..4),
    ) {
        let document = changed(|document| {
            for (way, value) in changes {
                *somewhere(document, &way) = value;
            }
        });
        if let Ok(imported) = import(&document, &REGISTRY) {
            let saved = Flow::parse(imported.flow.to_json().as_bytes()).unwrap();
            prop_assert_eq!(&saved.to_json(), &imported.flow.to_json());
            prop_assert!(saved.nodes.iter().all(|node| node.credential.is_none()));
        }
    }

    #[test]
    fn an_export_that_was_cut_or_overwritten_does_no_harm(at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..8)) {
        let mut document = changed(|_| ());
        let at = at.index(document.len());
        let cut = document[..at].to_vec();
        prop_assert!(import(&cut, &REGISTRY).is_err());
        let end = (at + bytes.len()).min(document.len());
        document.splice(at..end, bytes);
        let _ = import(&document, &REGISTRY);
        let _ = Flow::parse(&document);
    }
}

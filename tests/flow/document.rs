//! The document on disk: kept whole, pleasant in git, refused with a reason.

use canvas_memory::ErrorKind;
use canvas_memory::flow::{Flow, limits};
use serde_json::{Value, json};

use crate::support::good;

const TEXT: &str = r#"{
  "format": 1,
  "name": "Support",
  "nodes": [
    {
      "id": "memory_1",
      "type": "DynamoDBChatMemory",
      "version": 1,
      "name": "Long-term",
      "position": {
        "x": -10,
        "y": 20.5
      },
      "inputs": {
        "tableName": "chat",
        "partitionKey": "id"
      },
      "credential": "c_1",
      "comment": "by hand"
    },
    {
      "id": "note_1",
      "type": "stickyNote",
      "version": 1,
      "position": {
        "x": 0,
        "y": 0
      },
      "inputs": {},
      "foreign": {"n":12345678901234567890.10,"s":"\ud83d"}
    }
  ],
  "edges": [
    {
      "source": "memory_1",
      "sourceHandle": "memory",
      "target": "note_1",
      "targetHandle": "x"
    }
  ],
  "viewport": {
    "x": 0,
    "y": 0,
    "zoom": 1
  },
  "tags": [
    "mine"
  ]
}
"#;

#[test]
fn a_document_comes_back_byte_for_byte() {
    assert_eq!(Flow::parse(TEXT.as_bytes()).unwrap().to_json(), TEXT);
}

#[test]
fn an_exported_document_names_no_credential() {
    let flow = Flow::parse(TEXT.as_bytes()).unwrap();
    let exported = flow.without_credentials();
    assert!(!exported.to_json().contains("c_1"));
    assert_eq!(exported.to_json(), TEXT.replace("      \"credential\": \"c_1\",\n", ""));
}

#[test]
fn what_can_not_be_read_is_refused_with_its_place() {
    let with = |change: fn(&mut Value)| {
        let mut document = good();
        change(&mut document);
        serde_json::to_vec(&document).unwrap()
    };
    for (document, field, text) in [
        (b"hunter2".to_vec(), "flow", "line 1, column"),
        (Vec::new(), "flow", "line 1, column 0"),
        (b"[]".to_vec(), "flow", "is not JSON"),
        (with(|flow| flow["format"] = "hunter2".into()), "format", "write 1"),
        (with(|flow| flow["format"] = 0.into()), "format", "write 1"),
        (b"{}".to_vec(), "format", "\"format\": 1"),
        (with(|flow| flow["nodes"] = "hunter2".into()), "nodes", "must be a list; found text"),
        (
            with(|flow| flow["nodes"][1]["position"]["x"] = "hunter2".into()),
            "nodes.1.position.x",
            "must be a number",
        ),
        (
            with(|flow| flow["nodes"][1]["inputs"] = json!([])),
            "nodes.1.inputs",
            "must be an object; found a list",
        ),
        (
            with(|flow| {
                flow["nodes"][0].as_object_mut().unwrap().remove("id");
            }),
            "nodes.0.id",
            "is missing",
        ),
        (
            with(|flow| flow["edges"][0]["label"] = "hunter2".into()),
            "edges.0.label",
            "is not a field of a flow",
        ),
        (with(|flow| flow["nodes"][0]["version"] = json!(1.5)), "nodes.0.version", "must be a whole number"),
    ] {
        let error = Flow::parse(&document).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::InvalidInput { field: field.to_owned() }, "{error}");
        assert!(error.message().contains(text) && !error.message().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_newer_form_is_refused_as_such() {
    // Its fields may all be others.
    let error = Flow::parse(br#"{"format": 2, "nodes": {"a": 1}}"#).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unsupported);
    assert!(error.message().contains("format 2") && error.message().contains("newer program"), "{error}");
}

#[test]
fn a_document_beyond_the_limits_is_refused() {
    let nodes: Vec<_> =
        (0..=limits::MAX_NODES).map(|at| json!({"id": format!("n{at}"), "type": "x"})).collect();
    let edge = json!({"source": "a", "sourceHandle": "b", "target": "c", "targetHandle": "d"});
    let edges = vec![edge; limits::MAX_EDGES + 1];
    for document in [
        serde_json::to_vec(&json!({"format": 1, "nodes": nodes})).unwrap(),
        serde_json::to_vec(&json!({"format": 1, "edges": edges})).unwrap(),
        format!(r#"{{"format": 1, "x": "{}"}}"#, "y".repeat(limits::MAX_DOCUMENT_BYTES)).into_bytes(),
    ] {
        assert_eq!(Flow::parse(&document).unwrap_err().kind(), &ErrorKind::TooLarge);
    }
}

#[test]
fn a_document_nested_deep_is_refused() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!(r#"{{"format": 1, "x": {}1{}}}"#, open.repeat(10_000), close.repeat(10_000));
        let error = Flow::parse(deep.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::InvalidInput { field: "flow".to_owned() }, "{error}");
    }
}

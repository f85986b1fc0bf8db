use serde_json::{Value, json};

use super::*;
use crate::json::RawJson;
use crate::message::{Message, Part, Role, ToolCall};

const BOTH: [Dialect; 2] = [Dialect::Js, Dialect::Python];

/// The entries of a fixture, oldest first.
fn entries(fixture: &str) -> Vec<String> {
    let fixture: Value = serde_json::from_str(fixture).unwrap();
    let newest_first = fixture["lrange_0_-1"].as_array().unwrap().iter();
    newest_first.rev().map(|entry| entry.as_str().unwrap().to_owned()).collect()
}

fn js() -> Vec<String> {
    entries(include_str!("../../tests/fixtures/langchain-js/lcjs-upstash-redis.json"))
}

fn python() -> Vec<String> {
    entries(include_str!("../../tests/fixtures/langchain-python/lcpy-upstash-redis.json"))
}

fn read(entry: &str) -> Message {
    read_entry(entry).unwrap().message
}

fn raw(text: &str) -> RawJson {
    RawJson::parse(text).unwrap()
}

#[test]
fn what_each_dialect_wrote_is_written_the_same() {
    for (dialect, entries) in [(Dialect::Js, js()), (Dialect::Python, python())] {
        for entry in entries {
            let again = write_entry(&read(&entry), dialect, &[]).unwrap();
            let (again, entry): (Value, Value) =
                (serde_json::from_str(&again).unwrap(), serde_json::from_str(&entry).unwrap());
            assert_eq!(again, entry, "{dialect:?}");
        }
    }
}

#[test]
fn plain_js_messages_are_written_byte_for_byte() {
    let flowise = entries(include_str!("../../tests/fixtures/flowise/flowise-upstash-redis.json"));
    for entry in flowise.iter().chain(&js()[..6]) {
        assert_eq!(&write_entry(&read(entry), Dialect::Js, &[]).unwrap(), entry);
    }
}

#[test]
fn the_fields_of_a_message_find_their_places() {
    for entries in [js(), python()] {
        let messages: Vec<_> = entries.iter().map(|entry| read(entry)).collect();
        assert_eq!(messages[1], Message::assistant("Hi there! 👋"));
        assert_eq!(messages[6], Message::system("You are terse."));
        let asked = &messages[7];
        assert_eq!((asked.name.as_deref(), asked.id.as_deref()), (Some("bob"), Some("msg-h-1")));
        assert!(asked.extra["additional_kwargs"].as_str().contains("x1"));
        let call = &messages[8].tool_calls[0];
        assert_eq!((call.id.as_str(), call.name.as_str()), ("call_1", "get_weather"));
        assert_eq!(call.arguments.decode::<Value>().unwrap(), json!({"city": "Paris"}));
        assert!(messages[8].parts.is_empty());
        assert_eq!(messages[9].tool_call_id.as_deref(), Some("call_1"));
        assert_eq!(messages[9].role, Role::Tool);
        assert_eq!(messages[10].role, Role::Other("critic".to_owned()));
    }
}

#[test]
fn messages_of_every_shape_come_back_equal() {
    let call = |id: &str, arguments| ToolCall::new(id, "f", raw(arguments));
    let mut calls = Message::assistant("two calls");
    calls.tool_calls = vec![call("a", r#""{cut""#), call("b", "{}")];
    let mut carrying = Message::assistant("");
    carrying.tool_calls = vec![call("a", "{}"), call("b", "{}")];
    for (field, value) in [("type", r#""function""#), ("args", "7"), ("index", "0")] {
        carrying.tool_calls[0].extra.insert(field.into(), raw(value));
    }
    carrying.extra = [("invalid_tool_calls".into(), raw(r#"[{"name":"n"}]"#))].into();
    calls.extra.insert("invalid_tool_calls".into(), raw(r#"[{"name":"n","args":"{","id":"i","error":"e"}]"#));
    let mut odd = Message::user("odd fields");
    for (field, value) in [
        ("type", r#""message""#),
        ("additional_kwargs", r#""not an object""#),
        ("response_metadata", "{}"),
        ("usage_metadata", r#"{"total":1}"#),
        ("status", r#""completed""#),
        ("refusal", "null"),
        ("long", "12345678901234567890.10"),
        ("cut", r#""\ud83d""#),
        ("cm_extra", "7"),
    ] {
        odd.extra.insert(field.into(), raw(value));
    }
    let mut tool = Message::tool("call_1", "4");
    tool.extra.insert("status".into(), raw(r#""completed""#));
    let mut function = Message::new(Role::from("function"), "5");
    function.name = Some("f".into());
    let mut rich = Message::user("");
    rich.parts =
        vec![Part::Text("a".into()), Part::image("image/png", "AAAA"), Part::Json(raw(r#""\ud83d""#))];
    let mut no_call = Message::new(Role::Tool, "orphan");
    no_call.name = Some("f".into());
    let anonymous = Message::new(Role::from("function"), "no name");
    let mut cut = Message::user("");
    cut.parts = vec![Part::Json(raw(r#""cut \ud83d""#))];
    for message in [calls, carrying, odd, function, rich, no_call, anonymous, cut, Message::assistant("")] {
        for dialect in BOTH {
            let entry = write_entry(&message, dialect, &[]).unwrap();
            assert_eq!(read(&entry), message, "{dialect:?} {entry}");
        }
    }
    assert_eq!(read(&write_entry(&tool, Dialect::Js, &[]).unwrap()), tool);
    let plain = Message::tool("call_1", "4");
    for dialect in BOTH {
        assert_eq!(read(&write_entry(&plain, dialect, &[]).unwrap()), plain, "{dialect:?}");
    }
}

#[test]
fn fields_that_other_readers_refuse_are_sheltered() {
    let mut message = Message::tool("call_1", "4");
    message.extra.insert("status".into(), raw(r#""completed""#));
    message.extra.insert("type".into(), raw(r#""message""#));
    let entry: Value = serde_json::from_str(&write_entry(&message, Dialect::Python, &[]).unwrap()).unwrap();
    assert_eq!(entry["data"]["type"], "tool");
    assert!(entry["data"].get("status").is_none(), "LangChain fills it in");
    assert_eq!(entry["data"]["cm_extra"], json!({"status": "completed", "type": "message"}));
}

#[test]
fn calls_in_additional_kwargs_only_are_understood() {
    let entry = r#"{"type":"ai","data":{"content":"","additional_kwargs":{"tool_calls":[
        {"id":"c","type":"function","function":{"name":"f","arguments":"{\"n\":1.10}"}},
        {"id":"d","type":"function","function":{"name":"g","arguments":"{cut"}}]}}}"#;
    let calls = read(entry).tool_calls;
    assert_eq!(calls[0].arguments.as_str(), r#"{"n":1.10}"#);
    assert_eq!(calls[1].arguments.as_str(), r#""{cut""#);
}

#[test]
fn older_forms_are_read() {
    assert_eq!(read(r#"{"type":"human","text":"hi"}"#), Message::user("hi"));
    assert_eq!(read(r#"{"type":"generic","role":"critic","text":"x"}"#).role, Role::from("critic"));
    assert_eq!(
        read(r#"{"type":"AIMessageChunk","data":{"content":"x","tool_call_chunks":[]}}"#),
        Message::assistant("x")
    );
}

#[test]
fn what_stands_beside_is_handed_out_and_written() {
    let mark = raw(r#"{"turn":"t"}"#);
    let entry = write_entry(&Message::user("hi"), Dialect::Js, &[("cm", &mark)]).unwrap();
    assert_eq!(
        entry,
        r#"{"cm":{"turn":"t"},"type":"human","data":{"content":"hi","additional_kwargs":{},"response_metadata":{}}}"#
    );
    assert_eq!(read_entry(&entry).unwrap().beside["cm"], mark);
}

#[test]
fn what_is_not_a_message_is_told_by_its_shape() {
    for (entry, shape) in [
        ("secret words", "text that is not JSON"),
        ("\"secret words\"", "a string"),
        ("12", "a number"),
        ("[]", "an array"),
        ("null", "null"),
        ("{}", "without a `type`"),
        (r#"{"type":"human"}"#, "neither `data` nor `text`"),
        (r#"{"type":"human","data":{}}"#, "without `content`"),
        (r#"{"type":"human","data":[1]}"#, "`data` is not an object"),
    ] {
        let error = read_entry(entry).unwrap_err().to_string();
        assert!(error.contains(shape), "{entry}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn unknown_fields_of_a_foreign_call_are_kept_and_written_where_no_reader_stumbles() {
    let stored = r#"{"type":"ai","data":{"content":"","tool_calls":[{"type":"tool_call","id":"a","name":"f","args":{},"index":0}]}}"#;
    let message = read(stored);
    assert_eq!(message.tool_calls[0].extra, [("index".into(), raw("0"))].into());
    for dialect in BOTH {
        let data: Value = write_data(&message, dialect).unwrap().decode().unwrap();
        let call = data["tool_calls"][0].as_object().unwrap();
        assert!(call.keys().all(|field| ["args", "id", "name", "type"].contains(&field.as_str())), "{data}");
    }
}

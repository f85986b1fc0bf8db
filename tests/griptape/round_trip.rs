//! Whatever is in a session comes back: our turns, in any mixture of generations, and runs of others byte for byte.

use canvas_memory::griptape::{FileSlot, Generation, GriptapeConfig, GriptapeFiles};
use canvas_memory::json::RawJson;
use canvas_memory::message::{Message, Part, Role, ToolCall};
use canvas_memory::session::Turn;
use canvas_memory::store::{Append, ChatStore};
use proptest::prelude::*;

use crate::bench::{Bench, OLD, all, key, raw_runs, turn};

fn raw() -> impl Strategy<Value = RawJson> {
    prop_oneof![
        Just(r#"{"n": 12345678901234567890.10, "e": 1E400}"#),
        Just(r#""cut \ud83d""#),
        Just("null"),
        Just(r#"[[{"a": "\u00e9"}]]"#),
    ]
    .prop_map(|text| RawJson::parse(text).unwrap())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "\\PC{0,20}", Just("a\u{0}\u{1f}\u{2028}\\\"".to_owned())]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        3 => text().prop_map(Part::Text),
        1 => Just(Part::Json(RawJson::parse(r#""cut \ud83d""#).unwrap())),
        1 => Just(Part::image("image/png", "aGk=")),
        1 => Just(Part::Json(RawJson::parse(r#"{"type":"text","text":"a","cache":1.10}"#).unwrap())),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let role = prop_oneof![
        3 => Just("user"), 3 => Just("assistant"), 1 => Just("system"), 1 => Just("tool"), 1 => Just("critic")
    ];
    let calls = prop::collection::vec((text(), raw()), 0..2);
    let extra = prop::collection::btree_map("[a-z]{8}", raw(), 0..2);
    (role, prop::collection::vec(part(), 0..3), calls, prop::option::of(text()), extra).prop_map(
        |(role, parts, calls, name, extra)| Message {
            parts,
            tool_calls: calls.into_iter().map(|(id, raw)| ToolCall::new(id, "tool", raw)).collect(),
            name,
            extra,
            ..Message::new(Role::from(role), "")
        },
    )
}

/// A message as it is after JSON, in which content has one form for several parts.
fn as_json(message: &Message) -> String {
    serde_json::to_string(message).unwrap()
}

/// Runs of other programs, fit for any reader or for none.
fn foreign_run() -> impl Strategy<Value = String> {
    let end = prop_oneof![
        Just(
            r#"{"type": "TextArtifact", "id": "i", "reference": null, "meta": {}, "name": "n", "value": "t"}"#
        ),
        Just(r#"{"type":"JsonArtifact","value":{"n":1.10,"e":1E400}}"#),
        Just(r#"{"type": "ListArtifact", "value": [{"type": "InfoArtifact", "value": "\ud83d"}]}"#),
        Just(r#"{"type":"OtherArtifact","module_name":"os","value":[ ]}"#),
        Just("null"),
    ];
    (end.clone(), end, any::<u32>(), any::<bool>()).prop_map(|(input, output, id, spaced)| {
        let run =
            format!(r#"{{"type": "Run", "id": "{id}", "meta": null, "input": {input}, "output": {output}}}"#);
        if spaced { run.replace(", \"", ",\n  \"") } else { run }
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn turns_come_back_whichever_generation_they_went_through(
        turns in prop::collection::vec((prop::collection::vec(message(), 1..5), any::<bool>()), 1..6)
    ) {
        runtime().block_on(async {
            let bench = Bench::start().await;
            let nodes = [bench.node(GriptapeConfig::default()), bench.node(OLD)];
            let mut expected = Vec::new();
            for (messages, old) in &turns {
                let turn = Turn::new(messages.clone());
                let node = &nodes[usize::from(*old)];
                node.append(&key("s"), Append::new(turn.clone())).await.unwrap();
                assert!(node.append(&key("s"), Append::new(turn.clone())).await.unwrap().duplicate);
                expected.push(turn);
                let found = all(node, "s").await.turns;
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(&expected) {
                    assert_eq!(found.id.as_ref(), Some(&expected.id));
                    let texts = |messages: &[Message]| messages.iter().map(as_json).collect::<Vec<_>>();
                    assert_eq!(texts(&found.messages), texts(&expected.messages));
                }
            }
        });
    }

    #[test]
    fn runs_of_others_stay_as_they_are(runs in prop::collection::vec(foreign_run(), 0..6)) {
        runtime().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let config = GriptapeConfig { generation: Generation::F3, ..GriptapeConfig::default() };
            let files = GriptapeFiles::new(FileSlot::new(folder.path()), config).unwrap();
            let file = folder.path().join("s.json");
            let value = format!("{{\"runs\": [{}], \"metadata\": {{\"theirs\": 1.10}}, \"top\": 1E400}}", runs.join(" ,"));
            std::fs::write(&file, value).unwrap();
            for text in ["a", "b"] {
                files.append(&key("s"), Append::new(turn(text))).await.unwrap();
            }
            files.set_note(&key("s"), "mood", "calm", 0).await.unwrap();
            let after = std::fs::read_to_string(&file).unwrap();
            assert_eq!(raw_runs(&after)[..runs.len()], runs[..]);
            assert!(after.contains("\"theirs\": 1.10") && after.contains("\"top\": 1E400"), "{after}");
        });
    }
}

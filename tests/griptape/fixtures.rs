//! What Griptape's releases left in tables, read without loss and continued without a change to it.

use canvas_memory::dynamodb::size::Item;
use canvas_memory::json::RawJson;
use canvas_memory::message::{Message, Part, Role};
use canvas_memory::store::{Append, ChatStore, SessionState};
use canvas_memory::summary::Summary;
use serde_json::{Value, json};

use crate::bench::{Bench, OLD, all, key, raw_runs, s, texts, turn};

const F0: &str = include_str!("../fixtures/griptape/griptape-0.20.0-conversation-2runs.json");
const F0_SUMMARY: &str = include_str!("../fixtures/griptape/griptape-0.20.0-summary-2runs.json");
const F1: &str = include_str!("../fixtures/griptape/griptape-0.25.1-conversation-2runs.json");
const F1_SUMMARY: &str = include_str!("../fixtures/griptape/griptape-0.25.1-summary-2runs.json");
const F2: &str = include_str!("../fixtures/griptape/griptape-0.28.2-conversation-2runs.json");
const F2_SUMMARY: &str = include_str!("../fixtures/griptape/griptape-0.28.2-summary-2runs.json");
const F3: &str = include_str!("../fixtures/griptape/griptape-1.13.0-conversation-2runs.json");
const F3_SUMMARY: &str = include_str!("../fixtures/griptape/griptape-1.13.0-summary-2runs.json");
const F3_GIVEN_SUMMARY: &str = include_str!("../fixtures/griptape/griptape-1.13.0-summary-ctor.json");
const F3_AGENT: &str = include_str!("../fixtures/griptape/griptape-1.13.0-recipe-agent-2runs.json");
const GROUP: &str = include_str!("../fixtures/griptape/griptape-seed-group-id-123.json");
const USER: &str = include_str!("../fixtures/griptape/griptape-seed-user-id-123.json");
const ARTIFACTS: &str = include_str!("../fixtures/griptape/griptape-1.13.0-artifact-types.json");

const ALL: &[&str] = &[
    F0,
    F0_SUMMARY,
    F1,
    F1_SUMMARY,
    F2,
    F2_SUMMARY,
    F3,
    F3_SUMMARY,
    F3_GIVEN_SUMMARY,
    F3_AGENT,
    GROUP,
    USER,
];

/// A fixture's item and its session.
fn item(fixture: &str) -> (Item, String) {
    let attributes: serde_json::Map<String, Value> = serde_json::from_str(fixture).unwrap();
    let text = |value: &Value| value["S"].as_str().unwrap().to_owned();
    let item: Item = attributes.iter().map(|(name, value)| (name.clone(), s(text(value)))).collect();
    (item, text(&attributes["id"]))
}

fn value(fixture: &str) -> String {
    item(fixture).0["value"].as_s().unwrap().clone()
}

/// Input and output of each run, read without the code under test.
fn said(value: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(value).unwrap();
    let text = |end: &Value| end.as_str().or_else(|| end["value"].as_str()).unwrap().to_owned();
    let runs = value["runs"].as_array().unwrap();
    runs.iter().flat_map(|run| [text(&run["input"]), text(&run["output"])]).collect()
}

#[tokio::test]
async fn every_generation_is_read() {
    let bench = Bench::start().await;
    for fixture in ALL {
        let (item, session) = item(fixture);
        bench.put(item).await;
        let recent = bench.all(&session).await;
        assert_eq!(recent.state, SessionState::Present);
        assert!(recent.unreadable.is_empty() && recent.complete, "{recent:?}");
        let expected = said(&value(fixture));
        assert_eq!(texts(&recent.turns), expected);
        let runs: Value = serde_json::from_str(&value(fixture)).unwrap();
        for (turn, run) in recent.turns.iter().zip(runs["runs"].as_array().unwrap()) {
            let roles: Vec<_> = turn.messages.iter().map(|message| message.role.clone()).collect();
            assert_eq!(roles, [Role::User, Role::Assistant]);
            assert!(turn.messages.iter().all(Message::is_plain), "{turn:?}");
            assert_eq!(turn.id.as_ref().unwrap().as_str(), run["id"].as_str().unwrap());
        }
    }
}

#[tokio::test]
async fn a_run_that_nobody_touched_is_written_back_byte_for_byte() {
    for (fixtures, config) in [
        (&[F2, F2_SUMMARY, F3, F3_SUMMARY, F3_GIVEN_SUMMARY, F3_AGENT][..], Default::default()),
        (&[F0, F0_SUMMARY, F1, F1_SUMMARY, GROUP, USER], OLD),
    ] {
        let bench =
            Bench::with(canvas_memory::dynamodb::griptape::ItemSlotConfig::new("griptape", "id"), config)
                .await;
        for fixture in fixtures {
            let (mut item, session) = item(fixture);
            item.insert("owner".to_owned(), s("somebody else's"));
            bench.put(item).await;
            let before = raw_runs(&value(fixture));
            bench.say(&session, "and now?").await;
            let after = raw_runs(&bench.value(&session).await);
            assert_eq!(after[..before.len()], before[..], "{session}");
            assert_eq!(after.len(), before.len() + 1);
            assert_eq!(bench.item(&session).await.unwrap()["owner"], s("somebody else's"));
        }
    }
}

/// A reader that can't load one generation gets the other, with all that was said.
#[tokio::test]
async fn a_session_in_another_generation_is_brought_into_the_one_that_is_written() {
    for (fixture, config) in [
        (F0, Default::default()),
        (F1, Default::default()),
        (F1_SUMMARY, Default::default()),
        (F2, OLD),
        (F3, OLD),
    ] {
        let bench =
            Bench::with(canvas_memory::dynamodb::griptape::ItemSlotConfig::new("griptape", "id"), config)
                .await;
        let (item, session) = item(fixture);
        bench.put(item).await;
        let before = bench.all(&session).await;
        bench.say(&session, "and now?").await;
        let json = bench.json(&session).await;
        let runs = json["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 3);
        let is_old = config == OLD;
        for run in runs {
            assert_eq!(run["type"], "Run");
            for end in ["input", "output"] {
                assert_eq!(run[end].is_string(), is_old, "{run}");
                assert!(is_old || run[end]["type"] == "TextArtifact");
            }
            let known = ["type", "id", "meta", "input", "output"];
            assert!(run.as_object().unwrap().keys().all(|name| known.contains(&name.as_str())), "{run}");
        }
        assert_eq!(json.get("type").is_some(), is_old);
        assert_eq!(json.get("metadata").is_some(), !is_old);
        let after = bench.all(&session).await;
        assert_eq!(after.turns[..2], before.turns[..]);
        assert_eq!(after.notes, before.notes);
    }
}

#[tokio::test]
async fn the_summary_of_another_program_is_the_note() {
    let bench = Bench::start().await;
    for (fixture, text, index) in [
        (F0_SUMMARY, "SUMMARY-1", 1),
        (F1_SUMMARY, "SUMMARY-1", 1),
        (F2_SUMMARY, "SUMMARY-1", 1),
        (F3_GIVEN_SUMMARY, "given summary", 0),
    ] {
        let (item, session) = item(fixture);
        bench.put(item).await;
        let recent = bench.all(&session).await;
        let (summary, version) = Summary::among(&recent.notes).unwrap().unwrap();
        let through = (index > 0).then(|| recent.turns[index - 1].position.clone());
        assert_eq!(
            summary,
            Summary { text: text.to_owned(), through, turns_covered: index as u64, model: None }
        );
        let newer = Summary { text: "ours".to_owned(), model: Some("m".to_owned()), ..summary };
        let newer_text = newer.to_note_text().unwrap();
        bench.store.set_note(&key(&session), Summary::NOTE, &newer_text, version).await.unwrap();
        let metadata = &bench.json(&session).await["metadata"];
        assert_eq!((&metadata["summary"], &metadata["summary_index"]), (&json!("ours"), &json!(index)));
        let note = bench.store.note(&key(&session), Summary::NOTE).await.unwrap().note.unwrap();
        assert_eq!((note.text, note.version), (newer_text, version + 1));
    }
    // Their own summary memory never writes one back.
    bench.put(item(F3_SUMMARY).0).await;
    assert!(bench.all("sum-1").await.notes.is_empty());
}

#[tokio::test]
async fn every_artifact_is_read_and_kept() {
    let bench = Bench::start().await;
    let artifacts: Vec<RawJson> = serde_json::from_str(ARTIFACTS).unwrap();
    let unknown = r#"{"type":"ActionArtifact","value":{"tag": 1.10},"module_name":"subprocess"}"#;
    let artifacts: Vec<_> = artifacts.into_iter().chain([RawJson::parse(unknown).unwrap()]).collect();
    let runs: Vec<_> = artifacts
        .iter()
        .enumerate()
        .map(|(at, artifact)| {
            let output = r#"{"type": "TextArtifact", "value": "ok"}"#;
            let input = artifact.as_str();
            format!(r#"{{"type": "Run", "id": "r{at}", "meta": null, "input": {input}, "output": {output}}}"#)
        })
        .collect();
    bench.put_value("s", format!(r#"{{"runs": [{}], "metadata": {{}}}}"#, runs.join(", "))).await;
    let recent = bench.all("s").await;
    assert!(recent.unreadable.is_empty(), "{:?}", recent.unreadable);
    let inputs: Vec<_> = recent.turns.iter().map(|turn| turn.messages[0].clone()).collect();
    let plain: Vec<_> = inputs.iter().map(Message::text).collect();
    assert_eq!(plain[0], "t");
    assert_eq!(serde_json::from_str::<Value>(&plain[1]).unwrap(), json!({"a": [1, 2]}));
    assert_eq!(plain[2], "x\n\ny");
    assert_eq!(plain[3..6], ["i", "e", "true"]);
    // Blob, image, audio: what no text can hold is a part, as it came or as models take it.
    assert_eq!(inputs[6].parts, [Part::Json(artifacts[6].clone())]);
    assert!(matches!(&inputs[7].parts[..], [Part::Json(image)] if image.as_str().contains("data:image/")));
    assert_eq!(inputs[8].parts, [Part::Json(artifacts[8].clone())]);
    assert!(matches!(&inputs[9].parts[..], [Part::Json(image)] if image.as_str().contains("image_url")));
    assert_eq!(inputs.last().unwrap().parts, [Part::Json(artifacts.last().unwrap().clone())]);
    bench.store.append(&key("s"), Append::new(turn("next"))).await.unwrap();
    assert_eq!(raw_runs(&bench.value("s").await)[..runs.len()], runs[..]);

    // An old reader gets their text, and they come back from beside it.
    let old = bench.node(OLD);
    old.append(&key("s"), Append::new(turn("for old readers"))).await.unwrap();
    let json = bench.json("s").await;
    assert!(json["runs"].as_array().unwrap().iter().all(|run| run["input"].is_string()));
    assert_eq!(json["runs"][2]["input"], "x\n\ny");
    let there = all(&old, "s").await.turns;
    assert_eq!(there[..recent.turns.len()], recent.turns[..]);
    bench.say("s", "and back").await;
    let back = bench.json("s").await;
    for (run, artifact) in back["runs"].as_array().unwrap().iter().zip(&artifacts).skip(1) {
        assert_eq!(run["input"], serde_json::from_str::<Value>(artifact.as_str()).unwrap());
    }
    assert!(!bench.item("s").await.unwrap().contains_key("cm_beside"));
}

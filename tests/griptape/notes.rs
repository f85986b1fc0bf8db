//! Notes, and when a summary no longer holds.

use canvas_memory::error::ErrorKind;
use canvas_memory::message::Message;
use canvas_memory::session::Position;
use canvas_memory::store::{ChatStore, MessageRef, Note, SessionState};
use canvas_memory::summary::Summary;
use serde_json::json;

use crate::bench::{Bench, key, turn_as};

/// A session of four turns, whose first two are summarised.
async fn summarised() -> Bench {
    let bench = Bench::start().await;
    for text in ["a", "b", "c", "d"] {
        let append = canvas_memory::store::Append::new(turn_as(text, text));
        bench.store.append(&key("s"), append).await.unwrap();
    }
    let summary = covering(&bench, 2).await;
    bench.store.set_note(&key("s"), "summary", &summary.to_note_text().unwrap(), 0).await.unwrap();
    bench
}

async fn covering(bench: &Bench, turns: usize) -> Summary {
    let through = bench.all("s").await.turns[turns - 1].position.clone();
    let model = Some("m".to_owned());
    Summary { text: "They met.".to_owned(), through: Some(through), turns_covered: turns as u64, model }
}

async fn first_message_of(bench: &Bench, turn: usize) -> MessageRef {
    let turn = bench.all("s").await.turns.remove(turn);
    MessageRef { position: turn.position, turn_id: turn.id, index: 0 }
}

#[tokio::test]
async fn a_summary_of_what_was_changed_or_removed_is_gone() {
    for turn in [0, 1] {
        let bench = summarised().await;
        let at = first_message_of(&bench, turn).await;
        bench.store.edit_message(&key("s"), &at, Message::user("other")).await.unwrap();
        assert_eq!(bench.all("s").await.notes, [], "{turn}");
        let metadata = &bench.json("s").await["metadata"];
        assert!(metadata.get("summary").is_none() && metadata.get("summary_index").is_none(), "{metadata}");

        let bench = summarised().await;
        let at = first_message_of(&bench, turn).await;
        bench.store.delete_message(&key("s"), &at).await.unwrap();
        assert_eq!(bench.all("s").await.notes, [], "{turn}");
    }
}

#[tokio::test]
async fn a_summary_holds_when_something_later_is_changed() {
    let bench = summarised().await;
    let notes = bench.all("s").await.notes;
    let at = first_message_of(&bench, 2).await;
    bench.store.edit_message(&key("s"), &at, Message::user("other")).await.unwrap();
    for _ in 0..2 {
        let at = first_message_of(&bench, 3).await;
        bench.store.delete_message(&key("s"), &at).await.unwrap();
    }
    assert_eq!(bench.all("s").await.turns.len(), 3);
    assert_eq!(bench.all("s").await.notes, notes);
}

#[tokio::test]
async fn a_summary_of_turns_that_are_not_there_is_a_conflict() {
    let bench = summarised().await;
    let stale = covering(&bench, 3).await;
    let at = first_message_of(&bench, 2).await;
    bench.store.delete_message(&key("s"), &at).await.unwrap();
    for through in [stale.through.clone(), Some(Position::new("2.elsewhere"))] {
        let summary = Summary { through, ..stale.clone() };
        let written = bench.store.set_note(&key("s"), "summary", &summary.to_note_text().unwrap(), 1).await;
        assert!(matches!(written.unwrap_err().kind(), ErrorKind::Conflict { .. }));
    }
    let note = bench.store.note(&key("s"), "summary").await.unwrap().note.unwrap();
    assert_eq!((note.version, Summary::parse(&note.text).unwrap().turns_covered), (1, 2));
}

#[tokio::test]
async fn any_text_is_a_note_and_a_summary_only_what_is_one() {
    let bench = Bench::start().await;
    let text = r#"{ "text": "They met.", "turns_covered": 0, "through": null }"#;
    for (version, text) in (0..).zip(["birds", text, "", "{}", text]) {
        bench.store.set_note(&key("s"), "summary", text, version).await.unwrap();
        let note = bench.store.note(&key("s"), "summary").await.unwrap().note.unwrap();
        assert_eq!(note, Note { name: "summary".to_owned(), text: text.to_owned(), version: version + 1 });
        let is_summary = Summary::parse(text).is_ok();
        assert_eq!(bench.json("s").await["metadata"].get("summary").is_some(), is_summary, "{text}");
    }
    bench.store.set_note(&key("s"), "mood", "calm", 0).await.unwrap();
    let recent = bench.all("s").await;
    assert_eq!(recent.state, SessionState::Empty);
    let names: Vec<_> = recent.notes.iter().map(|note| note.name.as_str()).collect();
    assert_eq!(names, ["mood", "summary"]);
    assert_eq!(bench.json("s").await["runs"], json!([]), "another program loads it as empty");
}

/// Other programs let runs go, and leave the index where it was.
#[tokio::test]
async fn an_index_past_the_end_covers_what_is_there() {
    let bench = Bench::start().await;
    bench.say("s", "a").await;
    let mut json = bench.json("s").await;
    json["metadata"] = json!({"summary": "They met.", "summary_index": 9, "theirs": [1]});
    bench.put_value("s", json.to_string()).await;
    let (summary, _) = Summary::among(&bench.all("s").await.notes).unwrap().unwrap();
    assert_eq!(summary.turns_covered, 1);
    bench.say("s", "b").await;
    assert_eq!(bench.json("s").await["metadata"]["theirs"], json!([1]));
}

#[tokio::test]
async fn a_summary_goes_through_the_last_turn_that_can_be_read() {
    let bench = summarised().await;
    let mut json = bench.json("s").await;
    json["runs"][1]["output"] = json!(null);
    bench.put_value("s", json.to_string()).await;
    let recent = bench.all("s").await;
    let (summary, _) = Summary::among(&recent.notes).unwrap().unwrap();
    assert_eq!(summary.through.as_ref(), Some(&recent.turns[0].position));
    assert_eq!(bench.json("s").await["metadata"]["summary_index"], 2);
}

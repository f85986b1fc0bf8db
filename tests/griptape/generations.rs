//! Turns that are more than a question and an answer, in both generations that are written.

use canvas_memory::dynamodb::griptape::ItemSlotConfig;
use canvas_memory::griptape::GriptapeConfig;
use canvas_memory::json::RawJson;
use canvas_memory::message::{Message, ToolCall};
use canvas_memory::session::{TokenCount, Turn};
use canvas_memory::store::{Append, ChatStore, MessageRef};
use serde_json::{Value, json};

use crate::bench::{Bench, NOW, OLD, TABLE, key, s, texts, turn};

/// A turn with everything.
fn rich() -> Turn {
    let mut question = Message::user("Weather?");
    question.name = Some("Matt".to_owned());
    let mut call = Message::assistant("");
    let arguments = RawJson::parse(r#"{"city": "Paris", "n": 12345678901234567890.10, "e": 1E400}"#).unwrap();
    call.tool_calls = vec![ToolCall::new("c1", "weather", arguments)];
    let mut answer = Message::assistant("21.5 °C.");
    answer.extra.insert("trace".to_owned(), RawJson::parse(r#"{"t":"\ud83d"}"#).unwrap());
    let messages = [Message::system("Be brief."), question, call, Message::tool("c1", "21.5"), answer];
    let mut turn = Turn::new(messages);
    turn.tokens = Some(TokenCount { tokenizer: "o200k_base".to_owned(), count: 99 });
    turn
}

async fn kept(config: GriptapeConfig) -> (Bench, Turn) {
    let bench = Bench::with(ItemSlotConfig::new(TABLE, "id"), config).await;
    let turn = rich();
    bench.store.append(&key("s"), Append::new(turn.clone())).await.unwrap();
    bench.say("s", "and tomorrow?").await;
    let stored = &bench.all("s").await.turns[0];
    assert_eq!(stored.messages, turn.messages);
    assert_eq!((stored.tokens.clone(), stored.stored_at_epoch_secs), (turn.tokens.clone(), Some(NOW)));
    (bench, turn)
}

/// As Python writes JSON: no character that is not ASCII.
fn rewritten_by_python(value: &Value) -> String {
    value.to_string().replace('°', "\\u00b0")
}

#[tokio::test]
async fn all_of_a_turn_is_kept_in_the_newest_generation() {
    let (bench, turn) = kept(GriptapeConfig::default()).await;
    let json = bench.json("s").await;
    let run = &json["runs"][0];
    assert_eq!(run["id"], turn.id.as_str());
    assert_eq!(run["input"], json!({"type": "TextArtifact", "value": "Weather?"}));
    assert_eq!(run["output"], json!({"type": "TextArtifact", "value": "21.5 °C."}));
    assert!(run["meta"]["cm"]["messages"].is_string(), "Python would rewrite numbers");
    assert_eq!(
        json["runs"][1]["meta"]["cm"].get("messages"),
        None,
        "nothing to keep of a question and its answer"
    );

    // Another program continues the session, with fields of its own in `meta`.
    let mut theirs = json.clone();
    theirs["runs"][0]["meta"]["theirs"] = json!(true);
    bench.put_value("s", rewritten_by_python(&theirs)).await;
    assert_eq!(bench.all("s").await.turns[0].messages, turn.messages);
    bench.say("s", "next").await;
    assert_eq!(bench.json("s").await["runs"][0]["meta"]["theirs"], true);
    let again = bench.store.append(&key("s"), Append::new(turn)).await.unwrap();
    assert!(again.duplicate);
}

#[tokio::test]
async fn all_of_a_turn_is_kept_beside_the_older_generation() {
    let (bench, turn) = kept(OLD).await;
    let json = bench.json("s").await;
    assert_eq!(
        json["runs"][0],
        json!({"type": "Run", "id": turn.id.as_str(), "input": "Weather?", "output": "21.5 °C."})
    );
    assert_eq!((json["type"].as_str(), &json["max_runs"]), (Some("ConversationMemory"), &Value::Null));

    // The other program's driver sets the value alone.
    let mut theirs = json.clone();
    let run = json!({"type": "Run", "id": "f", "input": "And you?", "output": "Fine."});
    theirs["runs"].as_array_mut().unwrap().push(run);
    let mut item = bench.item("s").await.unwrap();
    item.insert("value".to_owned(), s(rewritten_by_python(&theirs)));
    bench.put(item).await;
    let turns = bench.all("s").await.turns;
    assert_eq!(turns[0].messages, turn.messages);
    assert_eq!(texts(&turns[2..]), ["And you?", "Fine."]);
    let again = bench.store.append(&key("s"), Append::new(turn.clone())).await.unwrap();
    assert!(again.duplicate);

    // There and back, and nothing of it is lost.
    let newest = bench.node(GriptapeConfig::default());
    newest.append(&key("s"), Append::new(crate::bench::turn("newest"))).await.unwrap();
    assert!(!bench.item("s").await.unwrap().contains_key("cm_beside"));
    assert_eq!(bench.all("s").await.turns[..3], turns[..]);
    bench.say("s", "old again").await;
    assert_eq!(bench.all("s").await.turns[..3], turns[..]);
}

#[tokio::test]
async fn a_summary_and_its_index_stand_where_each_generation_looks() {
    let bench = Bench::start().await;
    for text in ["a", "b", "c"] {
        bench.say("s", text).await;
    }
    let through = bench.all("s").await.turns[1].position.clone();
    let summary = canvas_memory::summary::Summary {
        text: "They met.".to_owned(),
        through: Some(through),
        turns_covered: 2,
        model: Some("m".to_owned()),
    };
    let text = summary.to_note_text().unwrap();
    bench.store.set_note(&key("s"), "summary", &text, 0).await.unwrap();
    bench.store.set_note(&key("s"), "mood", "calm", 0).await.unwrap();
    let notes = bench.all("s").await.notes;
    let old = bench.node(OLD);
    old.append(&key("s"), Append::new(turn("d"))).await.unwrap();
    let json = bench.json("s").await;
    assert_eq!(json["type"], "SummaryConversationMemory");
    assert_eq!(
        (&json["summary"], &json["summary_index"], &json["offset"]),
        (&json!("They met."), &json!(2), &json!(1))
    );
    assert_eq!(bench.all("s").await.notes, notes);
    bench.say("s", "e").await;
    let json = bench.json("s").await;
    assert_eq!(
        (&json["metadata"]["summary"], &json["metadata"]["summary_index"]),
        (&json!("They met."), &json!(2))
    );
    assert_eq!(bench.all("s").await.notes, notes);
}

#[tokio::test]
async fn fields_of_the_older_top_level_come_back() {
    let bench = Bench::start().await;
    let value = r#"{"type": "MyMemory", "runs": [{"id": "a", "input": "q", "output": "r", "mine": 1.10}], "max_runs": 3, "offset": 2, "mine": [1.10]}"#;
    bench.put_value("s", value).await;
    bench.say("s", "b").await;
    let json: Value = bench.json("s").await;
    assert_eq!(json.as_object().unwrap().keys().collect::<Vec<_>>(), ["runs", "metadata"]);
    assert_eq!(json["runs"][0].as_object().unwrap().len(), 5, "a reader refuses what it does not know");
    let old = bench.node(OLD);
    old.append(&key("s"), Append::new(turn("c"))).await.unwrap();
    let value = bench.value("s").await;
    for part in [
        r#""type": "MyMemory""#,
        r#""max_runs": 3"#,
        r#""offset": 2"#,
        r#""mine": [1.10]"#,
        r#""mine": 1.10"#,
    ] {
        assert!(value.contains(part), "{part}: {value}");
    }
    // The number of runs that the session says it keeps holds in both.
    bench.say("s", "d").await;
    assert_eq!(texts(&bench.all("s").await.turns), ["b", "re: b", "c", "re: c", "d", "re: d"]);
}

#[tokio::test]
async fn a_changed_message_leaves_the_rest_of_its_run() {
    let image = r#"{"type": "ImageArtifact", "id": "i", "name": "n", "value": "aGk=", "format": "png", "width": 1, "height": 1}"#;
    let run = format!(
        r#"{{"type": "Run", "id": "a", "meta": {{"theirs": 1.10}}, "input": {image}, "output": {{"type": "TextArtifact", "value": "A dot."}}}}"#
    );
    let bench = Bench::start().await;
    bench.put_value("s", format!(r#"{{"runs": [{run}], "metadata": {{}}}}"#)).await;
    let before = bench.all("s").await.turns.remove(0);
    let at = |index| MessageRef { position: before.position.clone(), turn_id: before.id.clone(), index };
    bench.store.edit_message(&key("s"), &at(1), Message::assistant("A point.")).await.unwrap();
    let value = bench.value("s").await;
    assert!(value.contains(image) && value.contains("\"theirs\": 1.10"), "{value}");
    let after = bench.all("s").await.turns.remove(0);
    assert_eq!(after.messages, [before.messages[0].clone(), Message::assistant("A point.")]);
    assert_eq!((&after.id, &after.position), (&before.id, &before.position));

    // Without its answer the run still has an output, which must not be null.
    bench.store.delete_message(&key("s"), &at(1)).await.unwrap();
    assert_eq!(bench.json("s").await["runs"][0]["output"]["value"], "");
    let turn = bench.all("s").await.turns.remove(0);
    assert_eq!(turn.messages, [before.messages[0].clone()]);
    let at = MessageRef { position: turn.position, turn_id: None, index: 0 };
    bench.store.delete_message(&key("s"), &at).await.unwrap();
    assert_eq!(bench.json("s").await["runs"], json!([]));
}

//! Sessions that griptape and our store continue in turns.

use canvas_memory::dynamodb::griptape::{FixedSortKey, ItemSlotConfig, SortKeyValue};
use canvas_memory::griptape::GriptapeConfig;
use canvas_memory::json::RawJson;
use canvas_memory::message::{Message, ToolCall};
use canvas_memory::session::Turn;
use canvas_memory::store::{Append, ChatStore};
use canvas_memory::summary::Summary;
use serde_json::{Value, json};

use crate::bench::{Bench, OLD, TABLE, key, raw_runs, texts};
use crate::interop::{Script, griptape};

const NEW_RELEASE: &str = "1.13";
const OLD_RELEASE: &str = "0.25";
const SESSION: &str = "-séance 😀 {}";

/// griptape on [`SESSION`].
struct Griptape(Script);

impl Griptape {
    fn on(bench: &Bench, release: &str, more: &[(&str, &str)]) -> Self {
        let options =
            [&[("endpoint", bench.engine.endpoint.as_str()), ("table", TABLE), ("session", SESSION)], more];
        Self(Script::start(griptape(release, &options.concat())))
    }

    /// Runs an agent once; returns what its model was given, without instructions.
    async fn ask(&mut self, input: &str, answer: &str) -> Vec<(String, String)> {
        self.ask_with_summary(input, answer, None).await
    }

    async fn ask_with_summary(
        &mut self,
        input: &str,
        answer: &str,
        summary: Option<&str>,
    ) -> Vec<(String, String)> {
        let request = json!({"operation": "ask", "input": input, "answer": answer, "summary": summary});
        let prompts = self.0.request(request).await.unwrap();
        let prompt: Vec<(String, String)> = serde_json::from_value(prompts[0].clone()).unwrap();
        prompt.into_iter().filter(|(role, _)| role != "system").collect()
    }

    async fn read(&mut self) -> Value {
        self.0.request(json!({"operation": "read"})).await.unwrap()
    }
}

fn said(prompt: &[(String, String)]) -> Vec<(&str, &str)> {
    prompt.iter().map(|(role, text)| (role.as_str(), text.as_str())).collect()
}

async fn take_turns(bench: &Bench, release: &str, more: &[(&str, &str)]) {
    let mut griptape = Griptape::on(bench, release, more);
    let first = bench.say(SESSION, "Hello my name is Collin. 👋").await;
    let prompt = griptape.ask("What is my name?", "Collin, naïve 日本語").await;
    assert_eq!(
        said(&prompt),
        [
            ("user", "Hello my name is Collin. 👋"),
            ("assistant", "re: Hello my name is Collin. 👋"),
            ("user", "What is my name?")
        ]
    );
    let ours = bench.all(SESSION).await;
    assert_eq!(texts(&ours.turns)[2..], ["What is my name?".to_owned(), "Collin, naïve 日本語".to_owned()]);
    assert_eq!(ours.turns[0].position, first.position, "griptape's rewrite leaves our turn where it was");
    let before = raw_runs(&value(bench).await);
    bench.say(SESSION, "Bye").await;
    assert_eq!(raw_runs(&value(bench).await)[..2], before, "their runs stay byte for byte");
    let prompt = griptape.ask("And?", "So.").await;
    assert_eq!(said(&prompt)[4..], [("user", "Bye"), ("assistant", "re: Bye"), ("user", "And?")]);
    let ours = bench.all(SESSION).await;
    let ids: Vec<_> = ours.turns.iter().map(|turn| turn.id.as_ref().unwrap().as_str()).collect();
    let theirs = griptape.read().await;
    let run_ids: Vec<_> =
        theirs["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    assert_eq!(run_ids, ids, "a turn's id is the run's");
}

async fn value(bench: &Bench) -> String {
    let record = bench.store.inspect(&key(SESSION), Default::default()).await.unwrap().records.remove(0);
    let item: Value = record.raw.decode().unwrap();
    item["value"]["S"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn griptape_1_13_and_ours_continue_a_session_in_turns() {
    take_turns(&Bench::start().await, NEW_RELEASE, &[]).await;
}

#[tokio::test]
async fn griptape_0_25_and_ours_continue_a_session_of_the_first_generation_in_turns() {
    let bench = Bench::with(ItemSlotConfig::new(TABLE, "id"), OLD).await;
    take_turns(&bench, OLD_RELEASE, &[]).await;
}

#[tokio::test]
async fn a_fixed_sort_key_of_either_type_is_shared() {
    for (value, option) in [
        (SortKeyValue::Text("memory".into()), ("sort-value", "memory")),
        (SortKeyValue::Number("7".into()), ("sort-number", "7")),
    ] {
        let sort_key = Some(FixedSortKey { attribute: "sk".into(), value });
        let slot = ItemSlotConfig { sort_key, ..ItemSlotConfig::new(TABLE, "id") };
        let bench = Bench::with(slot, GriptapeConfig::default()).await;
        take_turns(&bench, NEW_RELEASE, &[("sort-key", "sk"), option]).await;
    }
}

/// A turn with all that a run has no place for.
fn rich_turn() -> Turn {
    let call = ToolCall::new("c1", "weather", RawJson::parse(r#"{"city": "Paris", "n": 1.10}"#).unwrap());
    let calls = Message { tool_calls: vec![call], ..Message::assistant("") };
    let zach = Message { name: Some("Zach".into()), ..Message::user("Weather? 🌦") };
    let cut = serde_json::from_str(r#"{"role":"assistant","content":"cut \ud83d"}"#).unwrap();
    Turn::new([zach, calls, Message::tool("c1", "21 °C"), cut])
}

#[tokio::test]
async fn what_griptape_has_no_place_for_survives_its_writes() {
    for (config, release) in [(GriptapeConfig::default(), NEW_RELEASE), (OLD, OLD_RELEASE)] {
        let bench = Bench::with(ItemSlotConfig::new(TABLE, "id"), config).await;
        let turn = rich_turn();
        bench.store.append(&key(SESSION), Append::new(turn.clone())).await.unwrap();
        let mut griptape = Griptape::on(&bench, release, &[]);
        let prompt = griptape.ask("Thanks", "Welcome").await;
        assert_eq!(prompt[0].1, "Weather? 🌦", "{release}");
        assert!(prompt[1].1.starts_with("cut "), "{release}: {prompt:?}");
        let ours = bench.all(SESSION).await;
        assert_eq!(ours.unreadable, [], "{release}");
        assert_eq!(ours.turns[0].messages, turn.messages, "{release}");
        assert_eq!(texts(&ours.turns[1..]), ["Thanks", "Welcome"]);
    }
}

#[tokio::test]
async fn griptape_reads_our_summary_and_its_writes_leave_it() {
    let bench = Bench::start().await;
    for text in ["a", "b", "c"] {
        bench.say(SESSION, text).await;
    }
    let through = bench.all(SESSION).await.turns[1].position.clone();
    let model = Some("m".to_owned());
    let summary = Summary { text: "They spelled.".into(), through: Some(through), turns_covered: 2, model };
    let text = summary.to_note_text().unwrap();
    bench.store.set_note(&key(SESSION), Summary::NOTE, &text, 0).await.unwrap();
    let mut griptape = Griptape::on(&bench, NEW_RELEASE, &[("offset", "9")]);
    let read = griptape.read().await;
    assert_eq!((&read["summary"], &read["summary_index"]), (&"They spelled.".into(), &2.into()));
    let prompt = griptape.ask("d", "D").await;
    assert_eq!(
        said(&prompt),
        [
            ("user", "Summary of the conversation so far: They spelled."),
            ("user", "c"),
            ("assistant", "re: c"),
            ("user", "d")
        ]
    );
    let ours = bench.all(SESSION).await;
    assert_eq!(Summary::among(&ours.notes).unwrap(), Some((summary, 1)));
    assert_eq!(texts(&ours.turns[3..]), ["d", "D"]);
}

#[tokio::test]
async fn a_summary_that_griptape_made_is_ours() {
    let bench = Bench::with(ItemSlotConfig::new(TABLE, "id"), OLD).await;
    let mut griptape = Griptape::on(&bench, OLD_RELEASE, &[("offset", "1")]);
    for text in ["a", "b"] {
        griptape.ask_with_summary(text, text, Some("They spelled a.")).await;
    }
    let ours = bench.all(SESSION).await;
    let (summary, version) = Summary::among(&ours.notes).unwrap().unwrap();
    assert_eq!((summary.text.as_str(), summary.turns_covered), ("They spelled a.", 1));
    assert_eq!((summary.through.as_ref(), summary.model.as_ref()), (Some(&ours.turns[0].position), None));
    // Ours takes it up, and griptape reads that.
    let next = Summary {
        text: "They spelled a and b.".into(),
        through: Some(ours.turns[1].position.clone()),
        turns_covered: 2,
        model: Some("m".into()),
    };
    let text = next.to_note_text().unwrap();
    bench.store.set_note(&key(SESSION), Summary::NOTE, &text, version).await.unwrap();
    let read = griptape.read().await;
    assert_eq!((&read["summary"], &read["summary_index"]), (&"They spelled a and b.".into(), &2.into()));
}

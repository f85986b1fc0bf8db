//! What goes into a summary, when, and what becomes of failures.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};

use super::*;
use crate::background::Background;
use crate::error::Retry;
use crate::memory::{ChatMemory, MemoryOptions};
use crate::model::{Answer, AnswerEvent, AnswerStream, ChatModel, Prompt};
use crate::session::{Scope, SessionId, Turn};
use crate::store::{Append, InProcessStore, Window};

/// Answers with the beginning of what it is asked, or fails.
#[derive(Debug, Default)]
struct Model {
    asked: Mutex<Vec<String>>,
    fails: Mutex<Option<Fault>>,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Error,
    Nothing,
    TooLong,
    Silence,
}

#[async_trait]
impl ChatModel for Model {
    fn name(&self) -> &'static str {
        "model-1"
    }

    async fn answer(&self, prompt: Prompt) -> Result<AnswerStream> {
        let text = prompt.messages[0].text();
        self.asked.lock().unwrap().push(text.clone());
        let fails = *self.fails.lock().unwrap();
        let message = match fails {
            None => Message::assistant(format!("<{}>", text.chars().take(1000).collect::<String>())),
            Some(Fault::Nothing) => Message::assistant(" \n"),
            Some(Fault::TooLong) => Message::assistant("x".repeat(1 << 20)),
            Some(Fault::Error) => return Err(Error::new(ErrorKind::Unavailable, "down")),
            Some(Fault::Silence) => std::future::pending().await,
        };
        let answer = Answer { message, input_tokens: None, output_tokens: None };
        Ok(stream::iter([Ok(AnswerEvent::Done(answer))]).boxed())
    }
}

struct Bench {
    store: Arc<InProcessStore>,
    memory: ChatMemory,
    model: Arc<Model>,
    background: Background,
    session: SessionId,
}

impl Bench {
    fn new(turns: u32) -> Self {
        let (store, model) = (Arc::new(InProcessStore::new()), Arc::new(Model::default()));
        let background = Background::default();
        let memory = host(store.clone(), model.clone(), background.clone(), turns);
        Self { store, memory, model, background, session: SessionId::new("s").unwrap() }
    }

    /// One turn as a chain takes it.
    async fn say(&self, text: &str) {
        let recalled = self.recalled().await;
        let turn = Turn::new([Message::user(text)]);
        self.memory.append(&self.session, Append::new(turn)).await.unwrap();
        self.memory.summarize_after(&self.session, &recalled);
        assert!(self.background.finish(Duration::from_secs(3600)).await);
    }

    async fn recalled(&self) -> Recalled {
        self.memory.load(&self.session).await.unwrap()
    }

    /// The summary's text and the texts of the recent turns.
    async fn view(&self) -> (Option<String>, Vec<String>) {
        let recalled = self.recalled().await;
        let texts = recalled.messages().map(Message::text).collect();
        (recalled.summary.map(|summary| summary.text), texts)
    }

    fn fail(&self, fault: impl Into<Option<Fault>>) {
        *self.model.fails.lock().unwrap() = fault.into();
    }

    fn asked(&self) -> usize {
        self.model.asked.lock().unwrap().len()
    }

    async fn note(&self) -> Option<Note> {
        self.store.note(&self.memory.key(&self.session), Summary::NOTE).await.unwrap().note
    }
}

fn recall(turns: u32) -> Recall {
    let template = "{{summary}}+{{conversation}}".to_owned();
    Recall::SummaryAndRecent { turns: NonZeroU32::new(turns).unwrap(), template }
}

fn host(store: Arc<InProcessStore>, model: Arc<Model>, background: Background, turns: u32) -> ChatMemory {
    let options = MemoryOptions { recall: recall(turns), ..MemoryOptions::default() };
    ChatMemory::new(store, Scope::default(), options).with_summarizer(Summarizer::new(model, background))
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn when_the_recent_part_outgrows_its_budget_the_older_half_goes_into_the_summary() {
    let bench = Bench::new(3);
    for text in ["a", "b", "c"] {
        bench.say(text).await;
    }
    assert_eq!((bench.view().await, bench.asked()), ((None, words(&["a", "b", "c"])), 0));
    bench.say("d").await;
    let first = "<+Human: a\nHuman: b>".to_owned();
    assert_eq!(bench.view().await, (Some(first.clone()), words(&["c", "d"])));
    bench.say("e").await;
    assert_eq!(bench.asked(), 1);
    bench.say("f").await;
    let second = format!("<{first}+Human: c\nHuman: d>");
    assert_eq!(bench.view().await, (Some(second), words(&["e", "f"])));
    let summary = bench.recalled().await.summary.unwrap();
    assert_eq!((summary.turns_covered, summary.model.as_deref()), (4, Some("model-1")));
    let key = bench.memory.key(&bench.session);
    let stored = bench.store.recent(&key, Window::Everything, Default::default()).await.unwrap();
    assert_eq!(stored.turns.len(), 6, "raw turns stay");
    assert_eq!(summary.through.as_ref(), Some(&stored.turns[3].position));
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_any_kind_advances_nothing_and_the_next_turn_makes_up_for_it() {
    let bench = Bench::new(2);
    for text in ["a", "b"] {
        bench.say(text).await;
    }
    for (fault, text) in
        [(Fault::Error, "c"), (Fault::Nothing, "d"), (Fault::TooLong, "e"), (Fault::Silence, "f")]
    {
        bench.fail(fault);
        let before = bench.asked();
        bench.say(text).await;
        assert_eq!((bench.asked(), bench.note().await), (before + 1, None), "{fault:?}");
    }
    // What is recalled does not grow with the failures.
    assert_eq!(bench.view().await, (None, words(&["d", "e", "f"])));
    bench.fail(None);
    bench.say("g").await;
    let summary = bench.recalled().await.summary.unwrap();
    assert_eq!(summary.turns_covered, 6);
    assert_eq!(bench.view().await.1, words(&["g"]));
}

#[tokio::test]
async fn a_long_session_is_summarized_piece_by_piece_and_each_piece_counts() {
    let bench = Bench::new(2);
    let key = bench.memory.key(&bench.session);
    for n in 0..10 {
        let turn = Turn::new([Message::user(format!("{n}{}", "é".repeat(16 << 10)))]);
        bench.store.append(&key, Append::new(turn)).await.unwrap();
    }
    bench.say("new").await;
    assert_eq!((bench.asked(), bench.note().await.unwrap().version), (5, 5));
    let asked = bench.model.asked.lock().unwrap().clone();
    assert!(asked[0].starts_with("+Human: 0é") && asked[0].ends_with("é\n[…]"));
    assert!(asked.iter().all(|asked| asked.len() < 68 << 10));
    assert!(asked[4].starts_with("<") && asked[4].contains("+Human: 8é"), "the summary so far comes first");
    let summary = bench.recalled().await.summary.unwrap();
    assert_eq!((summary.turns_covered, bench.view().await.1), (10, words(&["new"])));
}

#[tokio::test]
async fn another_host_that_was_first_wins() {
    let bench = Bench::new(1);
    bench.say("a").await;
    let recalled = bench.recalled().await;
    let other = host(bench.store.clone(), bench.model.clone(), bench.background.clone(), 1);
    bench.memory.append(&bench.session, Append::new(Turn::new([Message::user("b")]))).await.unwrap();
    bench.memory.summarize_after(&bench.session, &recalled);
    other.summarize_after(&bench.session, &recalled);
    assert!(bench.background.finish(Duration::from_secs(60)).await);
    let note = bench.note().await.unwrap();
    assert_eq!((note.version, bench.view().await.1), (1, words(&["b"])));
}

#[tokio::test]
async fn memories_that_share_what_is_at_work_ask_once() {
    let bench = Bench::new(1);
    let at_work = Arc::new(AtWork::default());
    let memory = || {
        let summarizer = Summarizer::new(bench.model.clone(), bench.background.clone());
        let options = MemoryOptions { recall: recall(1), ..MemoryOptions::default() };
        ChatMemory::new(bench.store.clone(), Scope::default(), options)
            .with_summarizer(summarizer.sharing(at_work.clone()))
    };
    bench.say("a").await;
    let recalled = bench.recalled().await;
    bench.memory.append(&bench.session, Append::new(Turn::new([Message::user("b")]))).await.unwrap();
    bench.fail(Fault::Error);
    for memory in [memory(), memory(), memory()] {
        memory.summarize_after(&bench.session, &recalled);
    }
    assert!(bench.background.finish(Duration::from_secs(60)).await);
    assert_eq!(bench.asked(), 1);
    memory().summarize_after(&bench.session, &recalled);
    assert!(bench.background.finish(Duration::from_secs(60)).await);
    assert_eq!(bench.asked(), 2, "a failure does not block the session");
}

#[tokio::test]
async fn a_session_that_is_cleared_meanwhile_keeps_no_summary() {
    /// Clears the session while the model works.
    #[derive(Debug)]
    struct Clearing(Model, Arc<InProcessStore>, SessionKey);
    #[async_trait]
    impl ChatModel for Clearing {
        fn name(&self) -> &str {
            self.0.name()
        }
        async fn answer(&self, prompt: Prompt) -> Result<AnswerStream> {
            self.1.clear(&self.2).await.unwrap();
            self.0.answer(prompt).await
        }
    }
    let bench = Bench::new(1);
    bench.say("a").await;
    let recalled = bench.recalled().await;
    bench.memory.append(&bench.session, Append::new(Turn::new([Message::user("b")]))).await.unwrap();
    let key = bench.memory.key(&bench.session);
    let model = Arc::new(Clearing(Model::default(), bench.store.clone(), key));
    let summarizer = Summarizer::new(model.clone(), bench.background.clone());
    bench.memory.clone().with_summarizer(summarizer).summarize_after(&bench.session, &recalled);
    assert!(bench.background.finish(Duration::from_secs(60)).await);
    assert_eq!(model.0.asked.lock().unwrap().len(), 1);
    assert_eq!((bench.note().await, bench.view().await), (None, (None, words(&[]))));
}

#[tokio::test]
async fn a_summary_of_turns_that_are_gone_is_not_recalled_and_is_made_anew() {
    let bench = Bench::new(2);
    for text in ["a", "b"] {
        bench.say(text).await;
    }
    let key = bench.memory.key(&bench.session);
    let gone = Summary {
        text: "of another time".into(),
        through: Some(Position::new("gone")),
        turns_covered: 9,
        model: None,
    };
    bench.store.set_note(&key, Summary::NOTE, &gone.to_note_text().unwrap(), 0).await.unwrap();
    assert_eq!(bench.view().await, (None, words(&["a", "b"])));
    bench.say("c").await;
    assert_eq!(bench.view().await, (Some("<+Human: a\nHuman: b>".into()), words(&["c"])));
    assert_eq!(bench.note().await.unwrap().version, 2);
}

#[tokio::test]
async fn a_summary_of_turns_that_are_gone_is_found_out_in_a_long_session_too() {
    let bench = Bench::new(2);
    let key = bench.memory.key(&bench.session);
    for n in 0..9 {
        let turn = Turn::new([Message::user(n.to_string())]);
        bench.store.append(&key, Append::new(turn)).await.unwrap();
    }
    let gone =
        Summary { text: "old".into(), through: Some(Position::new("gone")), turns_covered: 9, model: None };
    bench.store.set_note(&key, Summary::NOTE, &gone.to_note_text().unwrap(), 0).await.unwrap();
    // As far as the newest turns tell, it covers older ones.
    assert_eq!(bench.view().await.0, Some("old".into()));
    bench.say("9").await;
    let (summary, recent) = bench.view().await;
    let all: Vec<_> = (0..9).map(|n| format!("Human: {n}")).collect();
    assert_eq!((summary, recent), (Some(format!("<+{}>", all.join("\n"))), words(&["9"])));
}

#[tokio::test]
async fn a_summary_whose_turns_were_let_go_holds_for_all_that_are_there() {
    let bench = Bench::new(2);
    let key = bench.memory.key(&bench.session);
    let of_gone = Summary { text: "then".into(), through: None, turns_covered: 5, model: None };
    bench.store.set_note(&key, Summary::NOTE, &of_gone.to_note_text().unwrap(), 0).await.unwrap();
    for text in ["a", "b", "c"] {
        bench.say(text).await;
    }
    let summary = bench.recalled().await.summary.unwrap();
    assert_eq!((summary.text.as_str(), summary.turns_covered), ("<then+Human: a\nHuman: b>", 7));
}

#[tokio::test]
async fn a_note_that_is_no_summary_is_told_and_never_overwritten() {
    let bench = Bench::new(1);
    let key = bench.memory.key(&bench.session);
    bench.store.set_note(&key, Summary::NOTE, "They met.", 0).await.unwrap();
    for text in ["a", "b", "c"] {
        bench.say(text).await;
    }
    let recalled = bench.recalled().await;
    assert_eq!((recalled.summary, bench.asked()), (None, 0));
    assert_eq!(recalled.unreadable[0].key, "summary");
    assert_eq!(bench.note().await.unwrap().text, "They met.");
}

#[tokio::test]
async fn without_a_model_a_summary_is_recalled_and_not_advanced() {
    let bench = Bench::new(1);
    for text in ["a", "b"] {
        bench.say(text).await;
    }
    let options = MemoryOptions { recall: recall(1), ..MemoryOptions::default() };
    let reader = ChatMemory::new(bench.store.clone(), Scope::default(), options);
    let recalled = reader.load(&bench.session).await.unwrap();
    reader.append(&bench.session, Append::new(Turn::new([Message::user("c")]))).await.unwrap();
    reader.summarize_after(&bench.session, &recalled);
    assert_eq!((recalled.summary.unwrap().turns_covered, bench.note().await.unwrap().version), (1, 1));
    let messages: Vec<_> = recalled_texts(&reader.load(&bench.session).await.unwrap());
    assert_eq!(messages, ["Summary of the conversation so far:\n<+Human: a>", "b", "c"]);
}

fn recalled_texts(recalled: &Recalled) -> Vec<String> {
    recalled.prompt_messages().map(|message| message.text()).collect()
}

#[test]
fn a_template_without_a_place_for_the_conversation_is_refused() {
    let Recall::SummaryAndRecent { turns, .. } = recall(1) else { return };
    let error = Recall::SummaryAndRecent { turns, template: "{{summary}}".into() }.check().unwrap_err();
    assert_eq!(error.retry(), Retry::Never);
    assert!(error.message().contains("{{conversation}}"), "{error}");
    let json = serde_json::json!({"policy": "summaryAndRecent", "turns": 1});
    serde_json::from_value::<Recall>(json).unwrap().check().unwrap();
}

#[test]
fn a_note_holds_a_summary_and_nothing_else_passes_for_one() {
    let summary = Summary {
        text: "They met.".into(),
        through: Some(Position::new("7")),
        turns_covered: 7,
        model: Some("m".into()),
    };
    let text = summary.to_note_text().unwrap();
    assert_eq!(Summary::parse(&text).unwrap(), summary);
    let foreign = r#"{"text": "They met.", "turns_covered": 2}"#;
    assert_eq!(Summary::parse(foreign).unwrap().through, None);
    for bad in ["", "They met.", "null", "[]", r#"{"text": 7, "turns_covered": 1}"#, r#"{"text": "x"}"#] {
        let error = Summary::parse(bad).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Corrupt, "{bad}");
        assert!(!error.to_string().contains("They met"), "{error}");
    }
    let note = |name: &str| Note { name: name.into(), text: text.clone(), version: 3 };
    assert_eq!(Summary::among(&[note("other")]).unwrap(), None);
    assert_eq!(Summary::among(&[note("other"), note("summary")]).unwrap(), Some((summary, 3)));
}

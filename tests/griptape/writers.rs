//! Others at the same session, Griptape among them.

use std::sync::Arc;

use canvas_memory::dynamodb::griptape::ItemSlot;
use canvas_memory::error::{Error, ErrorKind, Result};
use canvas_memory::griptape::{
    Content, GriptapeConfig, GriptapeStore, Lifetime, Seen, Slot, WriteError, Written,
};
use canvas_memory::message::Message;
use canvas_memory::session::{SessionId, Turn};
use canvas_memory::store::{After, Append, ChatStore, Consistency, MessageRef, Page, Record, Sessions};
use canvas_memory::usage::Usage;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::bench::{Bench, OLD, all, key, texts, turn, turn_as};

/// A slot at which somebody else does something between our read and our write.
#[derive(Debug)]
struct Meddled {
    slot: ItemSlot,
    between: Mutex<Vec<(SessionId, Content)>>,
}

#[async_trait::async_trait]
impl Slot for Meddled {
    fn layout(&self) -> &'static str {
        self.slot.layout()
    }

    fn limit_bytes(&self) -> Option<u64> {
        self.slot.limit_bytes()
    }

    fn bytes_with(&self, session: &SessionId, seen: Option<&Seen>, content: &Content) -> u64 {
        self.slot.bytes_with(session, seen, content)
    }

    fn expires(&self) -> bool {
        self.slot.expires()
    }

    fn keeps_beside(&self) -> bool {
        self.slot.keeps_beside()
    }

    fn now_epoch_secs(&self) -> u64 {
        self.slot.now_epoch_secs()
    }

    fn locate(&self, error: Error) -> Error {
        self.slot.locate(error)
    }

    async fn read(&self, session: &SessionId, consistency: Consistency) -> Result<(Option<Seen>, Usage)> {
        self.slot.read(session, consistency).await
    }

    async fn write(
        &self,
        session: &SessionId,
        expected: Option<&Content>,
        content: &Content,
        lifetime: Lifetime,
    ) -> Result<(Written, Usage), WriteError> {
        if let Some((session, theirs)) = self.between.lock().await.pop() {
            let (seen, _) = self.slot.read(&session, Consistency::Strong).await.unwrap();
            let there = seen.and_then(|seen| seen.content).map(|content| content.unwrap());
            self.slot.write(&session, there.as_ref(), &theirs, Lifetime::Keep).await.unwrap();
        }
        self.slot.write(session, expected, content, lifetime).await
    }

    async fn clear(&self, session: &SessionId) -> Result<(Option<Seen>, Usage)> {
        self.slot.clear(session).await
    }

    async fn sessions(&self, page: Page) -> Result<Sessions> {
        self.slot.sessions(page).await
    }

    async fn inspect(&self, session: &SessionId) -> Result<(Option<Record>, Usage)> {
        self.slot.inspect(session).await
    }
}

/// A store in whose first write Griptape comes between with another run.
async fn meddled(bench: &Bench, run: &str) -> GriptapeStore<Meddled> {
    let mut value = bench.json("s").await;
    value["runs"].as_array_mut().unwrap().push(serde_json::json!({
        "type": "Run", "id": run, "meta": null,
        "input": {"type": "TextArtifact", "value": "theirs"},
        "output": {"type": "TextArtifact", "value": "re: theirs"},
    }));
    let content = Content { value: value.to_string(), beside: None };
    let slot = ItemSlot::new(bench.client.clone(), bench.slot.clone()).unwrap();
    let between = Mutex::new(vec![(SessionId::new("s").unwrap(), content)]);
    GriptapeStore::new(Meddled { slot, between }, GriptapeConfig::default()).unwrap()
}

#[tokio::test]
async fn a_run_that_comes_between_stays_and_so_does_ours() {
    let bench = Bench::start().await;
    bench.say("s", "a").await;
    let store = meddled(&bench, "f").await;
    let appended = store.append(&key("s"), Append::new(turn("b"))).await.unwrap();
    // A read, the write that was refused with what is there, and the write on that.
    assert_eq!((appended.usage.requests, appended.usage.read_units), (3, 1.0));
    assert_eq!(appended.usage.write_units, 2.0);
    let said = ["a", "re: a", "theirs", "re: theirs", "b", "re: b"];
    assert_eq!(texts(&bench.all("s").await.turns), said);
    assert_eq!(bench.all("s").await.position, Some(appended.position));
}

#[tokio::test]
async fn who_asked_for_a_place_gets_it_or_a_conflict() {
    let bench = Bench::start().await;
    let end = bench.say("s", "a").await.position;
    let store = meddled(&bench, "f").await;
    let append = Append::new(turn("b")).after(After::Exactly(Some(end)));
    let error = store.append(&key("s"), append).await.unwrap_err();
    let position = bench.all("s").await.position;
    assert_eq!(*error.kind(), ErrorKind::Conflict { position });
    assert_eq!(texts(&bench.all("s").await.turns), ["a", "re: a", "theirs", "re: theirs"]);
}

#[tokio::test]
async fn a_note_and_a_change_go_into_what_came_between() {
    let bench = Bench::start().await;
    bench.say("s", "a").await;
    let turn = bench.all("s").await.turns.remove(0);
    meddled(&bench, "f").await.set_note(&key("s"), "mood", "calm", 0).await.unwrap();
    let at = MessageRef { position: turn.position, turn_id: turn.id, index: 0 };
    let changed =
        meddled(&bench, "g").await.edit_message(&key("s"), &at, Message::user("changed")).await.unwrap();
    let recent = bench.all("s").await;
    assert_eq!(texts(&recent.turns)[..2], ["changed", "re: a"]);
    assert_eq!((recent.turns.len(), recent.notes.len()), (3, 1));
    assert_eq!(recent.position, changed.position);
}

/// A conversation that is deleted while a turn is added to it.
#[tokio::test]
async fn a_clear_that_comes_between_leaves_the_new_turn_alone() {
    let bench = Bench::start().await;
    for _ in 0..20 {
        bench.say("s", "old").await;
        let (store, cleared) = (bench.store.clone(), bench.store.clone());
        let appending = tokio::spawn(async move { store.append(&key("s"), Append::new(turn("new"))).await });
        let clearing = tokio::spawn(async move { cleared.clear(&key("s")).await });
        appending.await.unwrap().unwrap();
        clearing.await.unwrap().unwrap();
        let left = texts(&bench.all("s").await.turns);
        assert!(left.is_empty() || left == ["new", "re: new"], "{left:?}");
        bench.store.clear(&key("s")).await.unwrap();
    }
}

/// Nodes of both generations at one session: a bad idea, and nothing is lost by it.
#[tokio::test(flavor = "multi_thread")]
async fn writers_of_both_generations_keep_their_turns() {
    let bench = Bench::start().await;
    let stores = [Arc::new(bench.store.clone()), Arc::new(bench.node(OLD))];
    let mut writers = JoinSet::new();
    for number in 0..10 {
        let store = stores[number % 2].clone();
        writers.spawn(async move {
            let mut named = Message::user(number.to_string());
            named.name = Some("bob".to_owned());
            let turn = Turn {
                messages: vec![named, Message::assistant("ok")],
                ..turn_as(&format!("t{number}"), "")
            };
            store.append(&key("s"), Append::new(turn)).await.unwrap()
        });
    }
    writers.join_all().await;
    let turns = all(&bench.store, "s").await.turns;
    assert_eq!(turns.len(), 10);
    assert!(turns.iter().all(|turn| turn.messages[0].name.as_deref() == Some("bob")));
}

use async_trait::async_trait;
use canvas_memory::chain::{Outcome, RunEvent, Stored};
use canvas_memory::session::Turn;
use canvas_memory::store::{Append, Appended};
use canvas_memory::usage::Usage;
use futures_util::StreamExt;

use super::*;

/// Answers when it is stopped, and panics when it is told to.
#[derive(Debug)]
struct Waiting;

#[async_trait]
impl Chain for Waiting {
    async fn run(&self, request: RunRequest, events: &mut (dyn FnMut(RunEvent) + Send)) -> Result<Outcome> {
        let turn_id = request.turn_id.unwrap_or_else(TurnId::mint);
        events(RunEvent::Started { turn_id: turn_id.clone(), session: None });
        assert_ne!(request.message.text(), "panic", "the message says so");
        request.stop.cancelled().await;
        let turn = Turn::with_id(turn_id, [request.message]);
        Ok(Outcome { turn, session: None, stored: Stored::NoMemory, stopped: true, usage: Usage::default() })
    }

    async fn retry(&self, _: &SessionId, _: Append) -> Result<Appended> {
        Err(Error::new(ErrorKind::Unsupported, "there is no memory"))
    }
}

fn order(text: &str) -> RunOrder {
    let chat = SessionId::mint();
    RunOrder { flow: None, message: Message::user(text), session: None, chat, turn_id: None }
}

async fn start(runs: &Runs, text: &str) -> Arc<Run> {
    runs.slot().unwrap().start(Arc::new(Waiting), order(text), || {}).await.unwrap()
}

async fn last(run: &Arc<Run>) -> &'static str {
    run.events(Cursor::default()).map(|event| event.name).fold("", async |_, name| name).await
}

#[tokio::test]
async fn more_runs_than_allowed_are_refused_until_one_has_ended() {
    let runs = Runs::new(RunLimits { at_once: 2, ..RunLimits::default() });
    let (first, _second) = (start(&runs, "a").await, start(&runs, "b").await);
    assert_eq!(*runs.slot().unwrap_err().kind(), ErrorKind::Throttled);
    first.stop();
    assert_eq!(last(&first).await, "done");
    while runs.slot().is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_stopped() {
    let runs = Runs::new(RunLimits { run_time: Duration::from_millis(10), ..RunLimits::default() });
    let run = start(&runs, "a").await;
    assert_eq!(last(&run).await, "done");
    assert!(run.view().result.unwrap().stopped);
}

#[tokio::test]
async fn a_defect_ends_the_run_and_not_the_host() {
    let runs = Runs::new(RunLimits { at_once: 1, ..RunLimits::default() });
    let run = start(&runs, "panic").await;
    assert_eq!(last(&run).await, "error");
    assert_eq!(run.view().state, RunState::Failed);
    while runs.slot().is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_bounded_number_of_ended_runs_is_kept() {
    let runs = Runs::new(RunLimits { finished: 3, ..RunLimits::default() });
    let mut ids = Vec::new();
    for _ in 0..5 {
        let run = start(&runs, "a").await;
        run.stop();
        last(&run).await;
        while runs.table().finished.iter().all(|(id, _)| id != run.id()) {
            tokio::task::yield_now().await;
        }
        ids.push(run.id().to_owned());
    }
    let kept: Vec<_> = ids.iter().map(|id| runs.get(id).is_some()).collect();
    assert_eq!(kept, [false, false, true, true, true]);
}

#[tokio::test]
async fn closing_stops_what_does_not_end_and_takes_nothing_more() {
    let runs = Runs::new(RunLimits::default());
    let run = start(&runs, "a").await;
    runs.close(Duration::from_millis(10)).await;
    assert_eq!(run.view().state, RunState::Done);
    assert_eq!(*runs.slot().unwrap_err().kind(), ErrorKind::Unavailable);
}

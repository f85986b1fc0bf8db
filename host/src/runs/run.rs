//! One run: its task, its events, its end.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use canvas_memory::chain::{Chain, Outcome, RunEvent, RunRequest, Stored};
use canvas_memory::session::{SessionId, TurnId};
use canvas_memory::store::{After, Append};
use canvas_memory::{Error, ErrorKind};
use futures_util::{FutureExt, Stream};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::log::{Cursor, EventLog, Logged, follow};
use super::result::{RunResult, SharedError, StoredState};
use crate::timestamp;

/// One message through a flow. It works on its own task, and goes on when nobody listens.
#[derive(Debug)]
pub struct Run {
    id: String,
    flow: Option<String>,
    chat: SessionId,
    started_at: String,
    turn_id: OnceLock<TurnId>,
    stop: CancellationToken,
    log: EventLog,
    end: Mutex<Option<RunEnd>>,
    /// Held while the turn is being stored again.
    storing: tokio::sync::Mutex<()>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub enum RunEnd {
    /// It answered.
    Done {
        /// What became of it.
        result: Arc<RunResult>,
        /// What it takes to store the turn again, where it is not stored.
        unstored: Option<Unstored>,
    },
    /// It did not.
    Failed(SharedError),
}

/// A turn that is not stored, and the chain that can store it.
#[derive(Clone, Debug)]
pub struct Unstored {
    chain: Arc<dyn Chain>,
    append: Append,
}

/// A run as the API tells it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunView {
    /// Names the run.
    pub id: String,
    /// The saved flow that it goes through; null for one that came with the request.
    pub flow: Option<String>,
    /// The turn that it makes.
    pub turn_id: Option<TurnId>,
    /// The chat's own session.
    pub chat: SessionId,
    /// When it began, in UTC, as RFC 3339 writes it.
    pub started_at: String,
    /// How it stands.
    pub state: RunState,
    /// What became of it, once it is `done`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "inner")]
    #[schemars(with = "Option<RunResult>")]
    pub result: Option<Arc<RunResult>>,
    /// What went wrong, once it has `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<SharedError>,
}

fn inner<S: Serializer>(result: &Option<Arc<RunResult>>, serializer: S) -> Result<S::Ok, S::Error> {
    result.as_deref().serialize(serializer)
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It works.
    Running,
    /// It has answered.
    Done,
    /// It has failed.
    Failed,
}

/// Lets [`follow`] hold a run.
#[derive(Debug)]
struct LogOf(Arc<Run>);

impl AsRef<EventLog> for LogOf {
    fn as_ref(&self) -> &EventLog {
        &self.0.log
    }
}

impl Run {
    pub(super) fn new(
        flow: Option<String>,
        chat: SessionId,
        stop: CancellationToken,
        event_bytes: usize,
    ) -> Self {
        Self {
            id: uuid::Uuid::new_v4().simple().to_string(),
            flow,
            chat,
            started_at: timestamp::now(),
            turn_id: OnceLock::new(),
            stop,
            log: EventLog::new(event_bytes),
            end: Mutex::default(),
            storing: tokio::sync::Mutex::default(),
        }
    }

    /// Names the run. Nobody guesses it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The turn that it makes, once it has begun.
    #[must_use]
    pub fn turn_id(&self) -> Option<&TurnId> {
        self.turn_id.get()
    }

    /// The chat's own session.
    #[must_use]
    pub fn chat(&self) -> &SessionId {
        &self.chat
    }

    /// Ends it early; what was said until then is stored.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// How it ended; nothing while it works.
    #[must_use]
    pub fn end(&self) -> Option<RunEnd> {
        self.lock().clone()
    }

    /// The events after `cursor`, and those to come, until the run has ended. Whoever stops reading stops nothing else.
    pub fn events(self: &Arc<Self>, cursor: Cursor) -> impl Stream<Item = Logged> + Send + use<> {
        follow(LogOf(self.clone()), cursor)
    }

    /// The run as the API tells it.
    #[must_use]
    pub fn view(&self) -> RunView {
        let (state, result, error) = match self.end() {
            None => (RunState::Running, None, None),
            Some(RunEnd::Done { result, .. }) => (RunState::Done, Some(result), None),
            Some(RunEnd::Failed(error)) => (RunState::Failed, None, Some(error)),
        };
        RunView {
            id: self.id.clone(),
            flow: self.flow.clone(),
            turn_id: self.turn_id().cloned(),
            chat: self.chat.clone(),
            started_at: self.started_at.clone(),
            state,
            result,
            error,
        }
    }

    /// Stores the turn again whose append had failed. A turn that is stored stays as it is.
    ///
    /// # Errors
    /// `Unsupported` when there is no turn to store; whatever the append fails with.
    pub async fn store(&self) -> Result<(), SharedError> {
        let _storing = self.storing.lock().await;
        let none = |message| Err(SharedError::new(Error::new(ErrorKind::Unsupported, message)));
        let (result, unstored) = match self.end() {
            Some(RunEnd::Done { result, unstored: Some(unstored) }) => (result, unstored),
            Some(RunEnd::Done { result, .. }) if matches!(result.stored, StoredState::Stored(_)) => {
                return Ok(());
            }
            Some(RunEnd::Done { .. }) => return none("this run made no turn that could be stored"),
            Some(RunEnd::Failed(_)) => {
                return none("this run failed before it had an answer; run the message again");
            }
            None => return none("this run has not ended; wait for its last event, or stop it"),
        };
        let Some(session) = &result.session else {
            return none("this run has no memory to store its turn in");
        };
        match unstored.chain.retry(&session.id, unstored.append.clone()).await {
            Ok(appended) => {
                let usage = appended.usage;
                self.finish(result.stored_again(StoredState::Stored(appended), usage), None);
                Ok(())
            }
            Err(error) => {
                let mut unstored = unstored;
                // A retry is exact where it carries the position that was first tried.
                if let ErrorKind::Unknown { position: Some(tried), .. } = error.kind() {
                    unstored.append.after = After::Near(tried.clone());
                }
                let usage = error.usage();
                let error = SharedError::new(error);
                let state = StoredState::NotStored { error: error.clone() };
                self.finish(result.stored_again(state, usage), Some(unstored));
                Err(error)
            }
        }
    }

    pub(super) fn event_bytes(&self) -> usize {
        self.log.bytes()
    }

    /// Whether an answer would be lost with this run.
    pub(super) fn is_unstored(&self) -> bool {
        matches!(&*self.lock(), Some(RunEnd::Done { unstored: Some(_), .. }))
    }

    /// Runs the chain to its end. `began` hears of the first event.
    pub(super) async fn drive(
        &self,
        chain: Arc<dyn Chain>,
        request: RunRequest,
        run_time: Duration,
        began: oneshot::Sender<()>,
    ) {
        let mut began = Some(began);
        let mut record = |event: RunEvent| {
            if let RunEvent::Started { turn_id, .. } = &event {
                let _ = self.turn_id.set(turn_id.clone());
            }
            self.log.record(event);
            if let Some(began) = began.take() {
                let _ = began.send(());
            }
        };
        let running = async {
            let mut running = chain.run(request, &mut record);
            tokio::select! {
                outcome = &mut running => outcome,
                () = tokio::time::sleep(run_time) => {
                    self.stop.cancel();
                    running.await
                }
            }
        };
        match AssertUnwindSafe(running).catch_unwind().await {
            Ok(Ok(outcome)) => self.answered(chain, outcome),
            Ok(Err(error)) => self.fail(error),
            Err(_) => {
                let message = "the run ended in a defect of this program; report it with the log of the host";
                self.fail(Error::new(ErrorKind::Protocol, message));
            }
        }
    }

    fn answered(&self, chain: Arc<dyn Chain>, outcome: Outcome) {
        let unstored = match &outcome.stored {
            Stored::No { append, .. } => Some(Unstored { chain, append: (**append).clone() }),
            _ => None,
        };
        self.finish(RunResult::of(outcome), unstored);
    }

    fn finish(&self, result: RunResult, unstored: Option<Unstored>) {
        let result = Arc::new(result);
        *self.lock() = Some(RunEnd::Done { result: result.clone(), unstored });
        self.log.done(result);
    }

    fn fail(&self, error: Error) {
        let error = SharedError::new(error);
        *self.lock() = Some(RunEnd::Failed(error.clone()));
        self.log.failed(error);
    }

    fn lock(&self) -> MutexGuard<'_, Option<RunEnd>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

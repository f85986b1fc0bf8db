//! Runs: each is a task of its own and survives the client that asked for it.

mod connections;
mod limits;
mod log;
mod result;
mod run;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use canvas_memory::chain::{Chain, RunRequest};
use canvas_memory::message::Message;
use canvas_memory::session::{SessionId, TurnId};
use canvas_memory::{Error, ErrorKind, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

pub use connections::{Connections, Runnable};
pub use limits::RunLimits;
pub use log::{Cursor, Logged};
pub use result::{ErrorBody, RunResult, SharedError, StoredState};
pub use run::{Run, RunEnd, RunState, RunView, Unstored};

/// How long a run that was stopped may take to store what it has.
const STOPPED_RUN_GRACE: Duration = Duration::from_secs(5);

/// The runs of a host: those that work, and the last that have ended. Clones share them.
#[derive(Clone, Debug)]
pub struct Runs(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: RunLimits,
    /// A permit for each run at once.
    slots: Arc<Semaphore>,
    table: Mutex<Table>,
    /// Stops every run.
    stop: CancellationToken,
    /// Set when no more runs are taken.
    closed: CancellationToken,
}

#[derive(Debug, Default)]
struct Table {
    runs: HashMap<String, Arc<Run>>,
    /// Ended runs by id, with the bytes of their events, the oldest first.
    finished: VecDeque<(String, usize)>,
    finished_bytes: usize,
}

/// Leave to start one run.
#[derive(Debug)]
pub struct Slot {
    runs: Runs,
    permit: OwnedSemaphorePermit,
}

/// One message to run.
#[derive(Clone, Debug)]
pub struct RunOrder {
    /// The saved flow that it goes through.
    pub flow: Option<String>,
    /// What the person says.
    pub message: Message,
    /// The session that the request names.
    pub session: Option<SessionId>,
    /// The chat's own session.
    pub chat: SessionId,
    /// An id that the caller brings.
    pub turn_id: Option<TurnId>,
}

impl Runs {
    /// No runs yet.
    #[must_use]
    pub fn new(limits: RunLimits) -> Self {
        let slots = Arc::new(Semaphore::new(limits.at_once));
        let (stop, closed) = (CancellationToken::new(), CancellationToken::new());
        Self(Arc::new(Shared { limits, slots, table: Mutex::default(), stop, closed }))
    }

    /// Takes one of the places for runs at once.
    ///
    /// # Errors
    /// `Throttled` when all are taken; `Unavailable` when this host is stopping.
    pub fn slot(&self) -> Result<Slot> {
        if self.0.closed.is_cancelled() {
            let message = "this host is stopping; try again when it is back";
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        let permit = self.0.slots.clone().try_acquire_owned().map_err(|_| {
            let message =
                format!("{} runs are at work, and more are not allowed; try again", self.0.limits.at_once);
            Error::new(ErrorKind::Throttled, message)
        })?;
        Ok(Slot { runs: self.clone(), permit })
    }

    /// A run by its id, while it is kept.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Run>> {
        self.table().runs.get(id).cloned()
    }

    /// Takes no more runs, lets those at work end for `grace`, and then stops them, marked.
    pub async fn close(&self, grace: Duration) {
        self.0.closed.cancel();
        if self.ended_within(grace).await {
            return;
        }
        self.0.stop.cancel();
        if !self.ended_within(STOPPED_RUN_GRACE).await {
            tracing::warn!("runs were at work when the host stopped; their turns may not be stored");
        }
    }

    async fn ended_within(&self, time: Duration) -> bool {
        let all = u32::try_from(self.0.limits.at_once).unwrap_or(u32::MAX);
        tokio::time::timeout(time, self.0.slots.acquire_many(all)).await.is_ok()
    }

    fn ended(&self, run: &Run) {
        let RunLimits { finished, finished_bytes, .. } = self.0.limits;
        let bytes = run.event_bytes();
        let mut table = self.table();
        table.finished.push_back((run.id().to_owned(), bytes));
        table.finished_bytes += bytes;
        while table.finished.len() > finished
            || (table.finished_bytes > finished_bytes && table.finished.len() > 1)
        {
            table.forget_one();
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Forgets the oldest run whose turn is kept; the oldest of all where there is none.
    fn forget_one(&mut self) {
        let is_safe = |(id, _): &(String, usize)| self.runs.get(id).is_none_or(|run| !run.is_unstored());
        let at = self.finished.iter().position(is_safe).unwrap_or(0);
        if let Some((id, bytes)) = self.finished.remove(at) {
            self.runs.remove(&id);
            self.finished_bytes -= bytes;
        }
    }
}

impl Slot {
    /// Starts a run, and returns when it has begun. `failed` is told when it ends without an answer, or with one that
    /// could not be stored.
    ///
    /// # Errors
    /// What the run fails with before its first event.
    pub async fn start(
        self,
        chain: Arc<dyn Chain>,
        order: RunOrder,
        failed: impl FnOnce() + Send + 'static,
    ) -> Result<Arc<Run>, SharedError> {
        let Self { runs, permit } = self;
        let RunOrder { flow, message, session, chat, turn_id } = order;
        let stop = runs.0.stop.child_token();
        let limits = runs.0.limits;
        let run = Arc::new(Run::new(flow, chat.clone(), stop.clone(), limits.event_bytes));
        let request = RunRequest { message, session, chat, turn_id, stop };
        runs.table().runs.insert(run.id().to_owned(), run.clone());
        let (began, has_begun) = oneshot::channel();
        let task = run.clone();
        tokio::spawn(async move {
            task.drive(chain, request, limits.run_time, began).await;
            if !matches!(task.end(), Some(RunEnd::Done { unstored: None, .. })) {
                failed();
            }
            runs.ended(&task);
            drop(permit);
        });
        match (has_begun.await, run.end()) {
            (Err(_), Some(RunEnd::Failed(error))) => Err(error),
            _ => Ok(run),
        }
    }
}

#[cfg(test)]
mod tests;

//! The thread that owns the database.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::super::backend::{BackendError, DISCARDED};
use super::super::reply::Reply;
use super::super::request::Command;
use super::commands::{self, Run, as_reply};
use super::db::{CommandError, Db};
use super::scripts::ScriptCache;
use crate::engine::clock::Clock;

/// How many expired keys are removed before other requests get their turn.
pub(super) const SWEEP_BATCH: i64 = 64;
/// How many waiting requests are committed together.
const MAX_COMMIT: usize = 64;

type Answer = Result<Vec<Reply>, BackendError>;

/// One request to the database.
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What is asked for.
pub(super) enum Work {
    /// Commands, each for itself.
    Pipeline(Vec<Command>),
    /// Commands that run only if every one of them can be tried.
    Transaction(Vec<Command>),
    /// Removal of a few expired keys; answers how many.
    Sweep,
}

/// Runs jobs, one after another.
pub(super) struct Worker {
    connection: Connection,
    clock: Arc<dyn Clock>,
    scripts: ScriptCache,
}

impl Worker {
    pub(super) fn new(connection: Connection, clock: Arc<dyn Clock>) -> Self {
        Self { connection, clock, scripts: ScriptCache::default() }
    }

    /// Runs until nobody can send any more.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < MAX_COMMIT
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
            self.commit(batch);
        }
    }

    /// Runs the jobs in one SQLite transaction: a single sync makes all of them durable. Nobody hears of a result
    /// before that.
    fn commit(&mut self, batch: Vec<Job>) {
        let (work, waiting): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.work, job.answer)).unzip();
        match self.run_batch(work) {
            Ok(answers) => {
                for (waiting, answer) in waiting.into_iter().zip(answers) {
                    let _ = waiting.send(answer);
                }
            }
            Err(error) => {
                let failure = self.failed(&error);
                for waiting in waiting {
                    let _ = waiting.send(Err(failure.clone()));
                }
            }
        }
    }

    fn run_batch(&mut self, work: Vec<Work>) -> rusqlite::Result<Vec<Answer>> {
        self.connection.execute_batch("BEGIN")?;
        let mut answers = Vec::with_capacity(work.len());
        for work in work {
            self.connection.execute_batch("SAVEPOINT job")?;
            match self.run_work(work) {
                Ok(answer) => {
                    self.connection.execute_batch("RELEASE job")?;
                    answers.push(answer);
                }
                // SQLite gave up the whole transaction, and with it the jobs before this one.
                Err(error) if self.connection.is_autocommit() => return Err(error),
                Err(error) => {
                    self.connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
                    answers.push(Err(failure(&error)));
                }
            }
        }
        self.connection.execute_batch("COMMIT")?;
        Ok(answers)
    }

    /// Brings the connection back to where nothing is under way.
    fn failed(&self, error: &rusqlite::Error) -> BackendError {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "the database could not roll back");
        }
        failure(error)
    }

    fn run_work(&mut self, work: Work) -> rusqlite::Result<Answer> {
        match work {
            Work::Pipeline(commands) => self.run_each(&commands).map(Ok),
            Work::Transaction(commands) => {
                match commands.iter().find_map(|command| commands::check(command).err()) {
                    Some(CommandError::Refused(reason)) => {
                        Ok(Err(BackendError::Refused(format!("{DISCARDED} {reason}"))))
                    }
                    Some(CommandError::Storage(error)) => Err(error),
                    None => self.run_each(&commands).map(Ok),
                }
            }
            Work::Sweep => {
                let db = Db { connection: &self.connection, now_ms: self.clock.now_ms() };
                let swept = db.sweep(usize::try_from(SWEEP_BATCH).unwrap_or_default());
                as_reply(swept.map(Reply::count)).map(|reply| Ok(vec![reply]))
            }
        }
    }

    fn run_each(&mut self, commands: &[Command]) -> rusqlite::Result<Vec<Reply>> {
        commands.iter().map(|command| self.run_command(command)).collect()
    }

    fn run_command(&mut self, command: &Command) -> rusqlite::Result<Reply> {
        let db = Db { connection: &self.connection, now_ms: self.clock.now_ms() };
        as_reply(commands::check(command).and_then(|spec| match spec.run {
            Run::OnKeys(run) => run(&db, command.args()),
            Run::Script(script) => self.scripts.run(&db, script, command.args()),
        }))
    }
}

fn failure(error: &rusqlite::Error) -> BackendError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
        return BackendError::Refused("ERR the engine's disk is full, and nothing was changed".to_owned());
    }
    tracing::error!(%error, "the database failed");
    BackendError::Failed(format!("ERR the engine could not store this, and nothing was changed: {error}"))
}

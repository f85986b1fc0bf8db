//! The built-in database: Redis's strings, lists, hashes and expiry in a SQLite file, on a thread of its own.
//!
//! One thread runs every command, so a transaction or a script has the database to itself. Requests that wait are
//! committed together: each is whole or not there at all, and none is acknowledged before the commit is on disk.

mod args;
mod cjson;
pub(super) mod commands;
mod convert;
mod db;
mod expiry;
mod glob;
mod hashes;
mod keys;
mod lists;
mod lua;
mod lua_error;
mod schema;
mod scripts;
mod strings;
mod worker;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::backend::{Backend, BackendError};
use super::reply::Reply;
use super::request::Command;
use crate::engine::clock::Clock;
use crate::engine::{EngineError, EngineStorage};
pub(super) use scripts::sha1_hex;
use worker::{Job, Work, Worker};

const DATABASE_FILE: &str = "upstash.sqlite";
/// Requests that wait for the thread; more have to wait at their connection.
const QUEUE: usize = 256;
/// Deeply nested JSON and long Lua patterns are followed by recursion, within limits that fit into this stack.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// How long the sweep rests between looks for expired keys.
const SWEEP_REST: Duration = Duration::from_secs(1);

/// The built-in database. Dropping it finishes what is queued and closes the file.
pub(super) struct BuiltIn {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl BuiltIn {
    /// Opens the database and starts its thread.
    pub(super) fn start(storage: EngineStorage, clock: Arc<dyn Clock>) -> Result<Self, EngineError> {
        let connection = open(&storage)?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("upstash-store".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                Worker::new(connection, clock).run(queue);
                drop(storage);
            })
            .map_err(EngineError::Threads)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    async fn run(&self, work: Work) -> Result<Vec<Reply>, BackendError> {
        let gone = || BackendError::Failed("ERR the engine is stopping: nothing was changed".to_owned());
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(Job { work, answer }).await.map_err(|_| gone())?;
        answered.await.map_err(|_| {
            BackendError::Failed(
                "ERR the engine stopped: whether the command took effect is unknown".to_owned(),
            )
        })?
    }

    /// Removes expired keys, a few at a time, for as long as the database is open.
    pub(super) async fn sweep_regularly(self: Arc<Self>) {
        loop {
            match self.run(Work::Sweep).await {
                Ok(replies) if replies.contains(&Reply::Int(worker::SWEEP_BATCH)) => {
                    tokio::task::yield_now().await
                }
                Ok(_) => tokio::time::sleep(SWEEP_REST).await,
                Err(BackendError::Refused(error) | BackendError::Failed(error)) => {
                    tracing::warn!(error, "the sweep for expired keys failed and will be tried again");
                    tokio::time::sleep(SWEEP_REST).await;
                }
            }
        }
    }
}

impl Drop for BuiltIn {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the database's thread panicked");
        }
    }
}

#[async_trait]
impl Backend for BuiltIn {
    async fn pipeline(&self, commands: Vec<Command>) -> Result<Vec<Reply>, BackendError> {
        self.run(Work::Pipeline(commands)).await
    }

    async fn transaction(&self, commands: Vec<Command>) -> Result<Vec<Reply>, BackendError> {
        self.run(Work::Transaction(commands)).await
    }
}

fn open(storage: &EngineStorage) -> Result<Connection, EngineError> {
    let (connection, file) = match storage {
        EngineStorage::Memory => (Connection::open_in_memory(), "memory".to_owned()),
        EngineStorage::Directory(data_dir) => {
            let path = data_dir.private_file(DATABASE_FILE)?;
            (Connection::open(&path), path.display().to_string())
        }
    };
    let connection = connection.map_err(|error| error.to_string());
    connection
        .and_then(|connection| schema::prepare(&connection).map(|()| connection))
        .map_err(|reason| EngineError::Open { file, reason })
}

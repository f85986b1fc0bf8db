//! The history of memories in one table, for several hosts at once.
//!
//! The keys are our own, because Mem0 has no form of this in DynamoDB; the attributes of a record bear its names.
//!
//! | `pk` | `sk` | what it is |
//! |---|---|---|
//! | `{scope}#memory#{memory id}` | the sequence, 20 digits | a record |
//! | `{scope}#session#{session scope}` | `messages` | the newest messages of a session scope, as JSON |
//! | `{scope}#listed` | `{user}#record#{record id}` | where a record is, and what tells it from others |
//! | `{scope}#listed` | `{user}#session#{digest}` | a session scope that holds messages of the user |
//!
//! A record and its row of the listing are written in one transaction, each only where nothing is: the sequence rises
//! whatever the clocks say, and a record id has one effect. By the listing, everything of one user or of one scope can be
//! found and removed, and nothing else has to be read for it.

mod add;
mod delete;
mod keys;
mod messages;
mod record;
mod requests;
mod table;

pub use table::{NEEDS, table};

use std::fmt;
use std::num::NonZeroU32;

use async_trait::async_trait;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use jiff::Timestamp;

use super::super::client::DynamoClient;
use super::super::error::CallError;
use crate::error::{Error, ErrorKind, Result};
use crate::history::{
    AddedBatch, AddedMessages, Deleted, HistoryPage, HistoryStore, KEPT_MESSAGES, MAX_KEY_BYTES,
    MAX_USER_BYTES, NewRecord, NewSessionMessage, RecentMessages, check_text,
};
use crate::session::Scope;
use crate::store::Page;

/// The partition key attribute.
pub const PARTITION_KEY: &str = "pk";
/// The sort key attribute.
pub const SORT_KEY: &str = "sk";

/// A table, and how much of a session scope is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryConfig {
    /// The table's name.
    pub table: String,
    /// How many of the newest messages of a session scope are kept.
    pub kept_messages: NonZeroU32,
}

impl HistoryConfig {
    /// A table in which as many messages are kept as Mem0 keeps.
    #[must_use]
    pub fn new(table: impl Into<String>) -> Self {
        let kept_messages = NonZeroU32::new(KEPT_MESSAGES).unwrap_or(NonZeroU32::MIN);
        Self { table: table.into(), kept_messages }
    }
}

/// A history store in a table of DynamoDB.
#[derive(Clone)]
pub struct Mem0HistoryStore {
    client: DynamoClient,
    config: HistoryConfig,
}

impl Mem0HistoryStore {
    /// A store on a table. No request is sent.
    ///
    /// # Errors
    /// `InvalidInput` when the configuration names no table.
    pub fn new(client: DynamoClient, config: HistoryConfig) -> Result<Self> {
        if config.table.is_empty() {
            return Err(Error::invalid_input("tableName", "is empty; name a table"));
        }
        Ok(Self { client, config })
    }

    fn located(&self, error: Error) -> Error {
        let error = error.with("table", &self.config.table);
        if *error.kind() == ErrorKind::NotFound { error.with("region", self.client.region()) } else { error }
    }

    fn failed<E>(&self, error: CallError<E>) -> Error
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        self.located(error.into_error())
    }

    /// The time as Mem0 writes it, such as `2026-11-20T09:54:29.368170+00:00`.
    fn now(&self) -> String {
        let micros = i64::try_from(self.client.clock().epoch_micros()).unwrap_or(i64::MAX);
        let now = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
        now.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
    }

    /// Others came between each time.
    fn contended(&self) -> Error {
        let message = "other writers came between each time; try again in a while";
        self.located(Error::new(ErrorKind::Throttled, message))
    }
}

#[async_trait]
impl HistoryStore for Mem0HistoryStore {
    fn layout(&self) -> &'static str {
        "dynamodb/mem0/history"
    }

    async fn add_batch(&self, scope: &Scope, records: Vec<NewRecord>) -> Result<AddedBatch> {
        self.add_records(scope, records).await.map_err(|error| error.in_operation("add"))
    }

    async fn history(&self, scope: &Scope, memory_id: &str, page: Page) -> Result<HistoryPage> {
        check_text("memory_id", memory_id, MAX_KEY_BYTES)?;
        self.read_history(scope, memory_id, page).await.map_err(|error| error.in_operation("history"))
    }

    async fn add_messages(
        &self,
        scope: &Scope,
        session_scope: &str,
        messages: Vec<NewSessionMessage>,
    ) -> Result<AddedMessages> {
        check_text("session_scope", session_scope, MAX_KEY_BYTES)?;
        let added = self.add_to_session(scope, session_scope, messages).await;
        added.map_err(|error| error.in_operation("add_messages"))
    }

    async fn recent_messages(
        &self,
        scope: &Scope,
        session_scope: &str,
        limit: NonZeroU32,
    ) -> Result<RecentMessages> {
        check_text("session_scope", session_scope, MAX_KEY_BYTES)?;
        let recent = self.newest_messages(scope, session_scope, limit).await;
        recent.map_err(|error| error.in_operation("recent_messages"))
    }

    async fn delete_session(&self, scope: &Scope, session_scope: &str) -> Result<Deleted> {
        check_text("session_scope", session_scope, MAX_KEY_BYTES)?;
        let deleted = self.delete_messages(scope, session_scope).await;
        deleted.map_err(|error| error.in_operation("delete_session"))
    }

    async fn delete_user(&self, scope: &Scope, user: &str) -> Result<Deleted> {
        check_text("user", user, MAX_USER_BYTES)?;
        let deleted = self.delete_listed(scope, Some(user)).await;
        deleted.map_err(|error| error.in_operation("delete_user"))
    }

    async fn reset(&self, scope: &Scope) -> Result<Deleted> {
        self.delete_listed(scope, None).await.map_err(|error| error.in_operation("reset"))
    }
}

impl fmt::Debug for Mem0HistoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mem0HistoryStore")
            .field("client", &self.client)
            .field("config", &self.config)
            .finish()
    }
}

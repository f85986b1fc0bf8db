//! What happened to memories, and the last messages of sessions.
//!
//! A [`HistoryStore`] takes the place of the SQLite file that Mem0 keeps beside its memories, for several hosts at once: what
//! was added to a memory, changed and deleted, in the order in which the store took it, and the newest few messages of each
//! session scope, from which memories are made.

pub mod conformance;
mod types;

use std::fmt;
use std::num::NonZeroU32;

use async_trait::async_trait;

pub use types::*;

use crate::error::{Error, ErrorKind, Result};
use crate::session::Scope;
use crate::store::Page;

/// Keeps the history of memories and the last messages of sessions.
///
/// Everything belongs to a [`Scope`], which the host sets, and to a user within it. Each result and error carries
/// [`Usage`](crate::usage::Usage).
#[async_trait]
pub trait HistoryStore: fmt::Debug + Send + Sync {
    /// The layout's name, such as `dynamodb/mem0/history`.
    fn layout(&self) -> &'static str;

    /// Adds records, in this order: each becomes the newest of its memory. A record whose id its user has already changes
    /// nothing, so that a repeated call has one effect.
    ///
    /// # Errors
    /// `InvalidInput` for a field that can't be kept, and for an id that stands for another record already. Where an error
    /// comes after a part of many records was stored, repeating the call adds the rest.
    async fn add_batch(&self, scope: &Scope, records: Vec<NewRecord>) -> Result<AddedBatch>;

    /// Adds one record.
    ///
    /// # Errors
    /// As [`HistoryStore::add_batch`].
    async fn add(&self, scope: &Scope, record: NewRecord) -> Result<Added> {
        let AddedBatch { added, usage } = self.add_batch(scope, vec![record]).await?;
        let added = added.into_iter().next().ok_or_else(|| {
            Error::new(ErrorKind::Protocol, "the store did not tell what became of the record")
                .with_usage(usage)
        })?;
        Ok(Added { usage, ..added })
    }

    /// The records of a memory, oldest first, a page at a time. Each has a higher sequence than the one before, whatever
    /// the clocks of the hosts that wrote them.
    ///
    /// # Errors
    /// `InvalidInput` for a page token of another listing.
    async fn history(&self, scope: &Scope, memory_id: &str, page: Page) -> Result<HistoryPage>;

    /// Adds messages to a session scope, in this order, all or none. Only the newest are kept. Messages up to the last one
    /// whose id is there already are taken as stored before.
    ///
    /// # Errors
    /// `InvalidInput` for a field that can't be kept; `TooLarge` when the messages that are kept don't fit.
    async fn add_messages(
        &self,
        scope: &Scope,
        session_scope: &str,
        messages: Vec<NewSessionMessage>,
    ) -> Result<AddedMessages>;

    /// The newest messages of a session scope, oldest first; each has a higher sequence than the one before.
    ///
    /// # Errors
    /// `Corrupt` when what is stored can't be read.
    async fn recent_messages(
        &self,
        scope: &Scope,
        session_scope: &str,
        limit: NonZeroU32,
    ) -> Result<RecentMessages>;

    /// Removes the messages of a session scope.
    ///
    /// # Errors
    /// `Unavailable` and the like; repeating is safe.
    async fn delete_session(&self, scope: &Scope, session_scope: &str) -> Result<Deleted>;

    /// Removes all records and messages of a user, and says how many they were.
    ///
    /// # Errors
    /// `Unavailable` and the like; then a part may be removed already, and repeating removes the rest.
    async fn delete_user(&self, scope: &Scope, user: &str) -> Result<Deleted>;

    /// Removes all records and messages of a scope, and says how many they were.
    ///
    /// # Errors
    /// As [`HistoryStore::delete_user`].
    async fn reset(&self, scope: &Scope) -> Result<Deleted>;
}

//! What a store does: keep the turns of sessions, whole, in order, once.
//!
//! A store is a layout on a connected client. The ten promises that each store keeps are spelled out, and checked, in
//! [`crate::conformance`].

mod in_process;
mod metered;
mod types;

pub use in_process::InProcessStore;
pub use metered::Metered;
pub use types::*;

use std::fmt;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::session::{Scope, SessionKey};

/// Keeps the turns of sessions.
///
/// Each result and error carries [`Usage`](crate::usage::Usage).
#[async_trait]
pub trait ChatStore: fmt::Debug + Send + Sync {
    /// What this store can do.
    fn capabilities(&self) -> Capabilities;

    /// Adds a turn at the end of a session, whole or not at all. When this returns, the turn is durable.
    ///
    /// # Errors
    /// `Conflict` when the position was demanded and the session has moved on; `TurnIdReused` when the id stands for
    /// other messages; `Unknown` when the reply was lost, and then the same append is safe to repeat; `TooLarge`.
    async fn append(&self, key: &SessionKey, append: Append) -> Result<Appended>;

    /// The newest part of a session, oldest first.
    ///
    /// # Errors
    /// `Corrupt` when nothing of what is there can be read; one bad row does not hide the rest.
    async fn recent(&self, key: &SessionKey, window: Window, consistency: Consistency) -> Result<Recent>;

    /// Removes a session at once and completely, also against a writer that loaded before.
    ///
    /// # Errors
    /// `Unavailable` and the like; then the session may be cleared already, and clearing again is safe.
    async fn clear(&self, key: &SessionKey) -> Result<Cleared>;

    /// Reads a note, such as a summary.
    ///
    /// # Errors
    /// `Unsupported` where the layout keeps none.
    async fn note(&self, key: &SessionKey, name: &str) -> Result<NoteRead>;

    /// Writes a note if its version still is `if_version`; 0 stands for a note that is not there yet. Notes go with
    /// their session.
    ///
    /// # Errors
    /// `Conflict` when another version is there; `Unsupported` where the layout keeps none.
    async fn set_note(
        &self,
        key: &SessionKey,
        name: &str,
        text: &str,
        if_version: u64,
    ) -> Result<NoteWritten>;

    /// The sessions of a scope, a page at a time, in the order that [`Capabilities::sessions`] tells.
    ///
    /// # Errors
    /// `InvalidInput` for a page token of another store.
    async fn sessions(&self, scope: &Scope, page: Page) -> Result<Sessions>;

    /// All turns of a session, oldest first, a page at a time, in constant memory.
    fn turns<'a>(&'a self, key: &'a SessionKey) -> BoxStream<'a, Result<TurnPage>>;

    /// What is stored, as the backend has it.
    ///
    /// # Errors
    /// `InvalidInput` for a page token of another store.
    async fn inspect(&self, key: &SessionKey, page: Page) -> Result<Inspection>;

    /// Removes one message.
    ///
    /// # Errors
    /// `Unsupported` unless [`Capabilities::delete_message`]; `NotFound`; `Conflict` when it changed meanwhile.
    async fn delete_message(&self, _key: &SessionKey, _at: &MessageRef) -> Result<Mended> {
        Err(Error::new(ErrorKind::Unsupported, "this layout can't remove a single message")
            .in_operation("delete_message"))
    }

    /// Replaces one message.
    ///
    /// # Errors
    /// As [`ChatStore::delete_message`], with [`Capabilities::edit_message`].
    async fn edit_message(&self, _key: &SessionKey, _at: &MessageRef, _message: Message) -> Result<Mended> {
        Err(Error::new(ErrorKind::Unsupported, "this layout can't change a single message")
            .in_operation("edit_message"))
    }
}

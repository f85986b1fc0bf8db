//! Where the text of a session lies.

use std::fmt;

use async_trait::async_trait;

use crate::error::{Error, Result};
use crate::session::SessionId;
use crate::store::{Consistency, Page, Record, Sessions};
use crate::usage::Usage;

/// What a slot keeps of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The JSON that Griptape reads.
    pub value: String,
    /// JSON of ours that has no place in it.
    pub beside: Option<String>,
}

/// A slot, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What is there, and the error where it is no text. `None` where nothing is.
    pub content: Option<Result<Content, NoText>>,
    /// The bytes of all that is there, by the rules of the backend.
    pub bytes: u64,
    /// The bytes of what the slot holds besides its content.
    pub other_bytes: u64,
    /// When the session expires, in seconds since 1970.
    pub expires_at_epoch_secs: Option<u64>,
}

/// The slot holds something else than text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoText {
    /// What it holds, such as `a number`.
    pub shape: &'static str,
}

/// What a write does to the expiry of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It begins anew, where sessions expire.
    Renew,
    /// It stays, and begins where the session has none.
    Keep,
    /// The session had expired, and this is another one.
    Replace,
}

/// How a write ended.
#[derive(Clone, Debug)]
pub enum Written {
    /// The content is there.
    Done,
    /// The slot is not as it was expected. Nothing was written; this is there, and `None` where nothing is.
    Changed(Option<Seen>),
}

/// A write that failed.
#[derive(Debug)]
pub struct WriteError {
    /// What went wrong, with usage.
    pub error: Error,
    /// Whether the content may be there all the same.
    pub in_doubt: bool,
}

/// Keeps the text of each session, and takes a new one only in place of the one that was read.
#[async_trait]
pub trait Slot: fmt::Debug + Send + Sync {
    /// The layout's name, such as `dynamodb/griptape`.
    fn layout(&self) -> &'static str;

    /// The size at which the backend refuses a write.
    fn limit_bytes(&self) -> Option<u64>;

    /// The bytes of the session with `content` in place of what was seen, by the rules of the backend.
    fn bytes_with(&self, session: &SessionId, seen: Option<&Seen>, content: &Content) -> u64;

    /// Whether sessions can expire.
    fn expires(&self) -> bool;

    /// Whether text can be kept beside the value.
    fn keeps_beside(&self) -> bool;

    /// The time, in seconds since 1970.
    fn now_epoch_secs(&self) -> u64;

    /// Adds to an error where the slot is.
    fn locate(&self, error: Error) -> Error;

    /// Reads a session; `None` where there is nothing.
    ///
    /// # Errors
    /// Those of the backend. What can't be read as text is no error but [`NoText`].
    async fn read(&self, session: &SessionId, consistency: Consistency) -> Result<(Option<Seen>, Usage)>;

    /// Writes `content` if `expected` still is what the slot holds; `None` stands for nothing.
    ///
    /// # Errors
    /// Those of the backend, and whether the write may have happened.
    async fn write(
        &self,
        session: &SessionId,
        expected: Option<&Content>,
        content: &Content,
        lifetime: Lifetime,
    ) -> Result<(Written, Usage), WriteError>;

    /// Removes a session, whatever is in it; returns what was there.
    ///
    /// # Errors
    /// Those of the backend; then it may be removed already, and removing again is safe.
    async fn clear(&self, session: &SessionId) -> Result<(Option<Seen>, Usage)>;

    /// The sessions that are there, in no order.
    ///
    /// # Errors
    /// `InvalidInput` for a page token of another store.
    async fn sessions(&self, page: Page) -> Result<Sessions>;

    /// A session as the backend has it.
    ///
    /// # Errors
    /// Those of the backend.
    async fn inspect(&self, session: &SessionId) -> Result<(Option<Record>, Usage)>;
}

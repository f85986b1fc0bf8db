//! What Mem0's operations take and give.

use serde::Serialize;

use crate::json::RawJson;
use crate::store::{PageToken, Unreadable};
use crate::usage::Usage;

/// A conversation to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConversation {
    /// Each an object with `role` and `content`, stored as it is.
    pub messages: Vec<RawJson>,
    /// Any object; not stored when blank.
    pub metadata: Option<RawJson>,
}

/// A conversation, as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conversation {
    /// Whose it is.
    pub user_id: String,
    /// Which of theirs.
    pub conversation_id: String,
    /// Oldest first, each as it was written.
    pub messages: Vec<RawJson>,
    /// What its writer said about it; `None` where nothing.
    pub metadata: Option<RawJson>,
    /// When it was made, in seconds since 1970.
    pub timestamp_epoch_secs: Option<u64>,
    /// When it was changed, in seconds since 1970.
    pub updated_at_epoch_secs: Option<u64>,
    /// When it expires, in seconds since 1970.
    pub expires_at_epoch_secs: Option<u64>,
}

/// A conversation that was stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stored {
    /// Its id.
    pub conversation_id: String,
    /// What the call cost.
    pub usage: Usage,
}

/// Conversations that were stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredBatch {
    /// Their ids, in the order of the call, each above the one before.
    pub conversation_ids: Vec<String>,
    /// What the call cost.
    pub usage: Usage,
}

/// A conversation that was looked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// `None` where it is not there, or has expired.
    pub conversation: Option<Conversation>,
    /// What the call cost.
    pub usage: Usage,
}

/// A page of a user's conversations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conversations {
    /// From the highest id down: newest first, where ids tell the time.
    pub conversations: Vec<Conversation>,
    /// Items that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// The next page; `None` after the last.
    pub next: Option<PageToken>,
    /// What the call cost.
    pub usage: Usage,
}

/// What becomes of a conversation's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MetadataChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is removed.
    Clear,
    /// It is this.
    Set(RawJson),
}

/// A conversation that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Updated {
    /// How many messages it has now.
    pub messages: usize,
    /// What the call cost.
    pub usage: Usage,
}

/// A conversation that was removed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Deleted {
    /// Whether it was there.
    pub existed: bool,
    /// What the call cost.
    pub usage: Usage,
}

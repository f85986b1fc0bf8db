//! Conversations as Mem0 keeps them: one item a conversation, under its user, with the messages as one JSON text.
//!
//! [`ConversationStore`] does what Mem0's own store does, and is a [`ChatStore`](crate::store::ChatStore) too: there a
//! conversation is a session under its id, and its user is the scope, or the one user that the configuration names.
//!
//! | attribute | | whose |
//! |---|---|---|
//! | `user_id`, `conversation_id` | S | Mem0's keys |
//! | `messages` | S: a JSON array of messages in the form that chat model APIs take | Mem0's |
//! | `timestamp`, `updated_at`, `expiration_time` | N: epoch seconds | Mem0's |
//! | `type`, `metadata` | S | Mem0's |
//! | `cm_turns` | L: which messages are which turn of ours, and what of them the form has no place for | ours |
//! | `cm_session` | S: the session's whole id, where it is longer than a sort key | ours |
//! | `cm_version` | N: counts our writes | ours |
//! | `cm_note_…` | M: notes | ours |
//!
//! Mem0 hands the messages on as they lie, and its users send them to a model's API, which refuses fields that it does not
//! know. So nothing of ours lies inside a message; and Mem0 updates single attributes, so ours survive it. A turn is found
//! again by what its messages say, wherever Mem0 moves them, and a turn that it rewrites becomes one of Mem0's.
//!
//! The whole text has to be written for each message, so an append reads the item, and writes it if it is unchanged:
//! two requests, whose cost grows with the conversation up to DynamoDB's 400 KB.

mod append;
mod chat;
mod codec;
mod config;
mod draft;
mod edit;
mod id;
mod items;
mod list;
mod marks;
mod notes;
mod requests;
mod snapshot;
mod table;
mod types;

pub use config::ConversationConfig;
pub use table::{NEEDS, table};
pub use types::{
    Conversation, Conversations, Deleted, Found, MetadataChange, NewConversation, Stored, StoredBatch,
    Updated,
};

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::super::client::DynamoClient;
use crate::error::{Error, ErrorKind, Result};

/// The partition key attribute.
pub const PARTITION_KEY: &str = "user_id";
/// The sort key attribute.
pub const SORT_KEY: &str = "conversation_id";

/// A store of conversations in a table of Mem0's.
#[derive(Clone)]
pub struct ConversationStore {
    client: DynamoClient,
    config: ConversationConfig,
    /// When the newest id was made, in microseconds since 1970, so that each is above the one before.
    newest_id: Arc<AtomicU64>,
}

impl ConversationStore {
    /// A store on a table. No request is sent.
    ///
    /// # Errors
    /// `InvalidInput` when the configuration contradicts itself.
    pub fn new(client: DynamoClient, config: ConversationConfig) -> Result<Self> {
        config.check()?;
        Ok(Self { client, config, newest_id: Arc::default() })
    }

    fn now(&self) -> u64 {
        self.client.clock().epoch_secs()
    }

    fn located(&self, error: Error) -> Error {
        let error = error.with("table", &self.config.table);
        if *error.kind() == ErrorKind::NotFound { error.with("region", self.client.region()) } else { error }
    }
}

impl fmt::Debug for ConversationStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationStore")
            .field("client", &self.client)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

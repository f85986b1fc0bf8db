//! Ids of conversations: `{user}:{epoch seconds}` as Mem0 makes them, with the microseconds and chance behind.
//!
//! Mem0 makes two of one second the same, and the second takes the place of the first. Ours sort among Mem0's by time, no
//! two hosts make the same, and they are put only where nothing is.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use sha2::{Digest, Sha256};

use super::ConversationStore;
use crate::error::{Error, Result};
use crate::session::SessionId;

/// The limit of a sort key.
pub(super) const MAX_ID_BYTES: usize = 1_024;
/// Leaves room for a digest.
const MAX_BEGINNING_BYTES: usize = 900;
/// Leaves room for the time in an id.
const MAX_USER_BYTES: usize = 1_000;

impl ConversationStore {
    /// An id above all that this store made before.
    pub(super) fn next_id(&self, user_id: &str) -> String {
        let now = self.client.clock().epoch_micros();
        let next = |newest: u64| Some(now.max(newest.saturating_add(1)));
        let before = self.newest_id.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let micros = now.max(before.unwrap_or_default().saturating_add(1));
        let (_, chance) = uuid::Uuid::new_v4().as_u64_pair();
        format!("{user_id}:{}.{:06}-{:08x}", micros / 1_000_000, micros % 1_000_000, chance as u32)
    }
}

/// The id of a session's conversation: the session's own, or of one that is longer than a sort key its beginning and a
/// digest. `long` then is the whole.
pub(super) struct OfSession<'a> {
    pub(super) conversation_id: Cow<'a, str>,
    pub(super) long: Option<&'a str>,
}

impl<'a> OfSession<'a> {
    pub(super) fn new(session: &'a SessionId) -> Self {
        let id = session.as_str();
        if id.len() <= MAX_ID_BYTES {
            return Self { conversation_id: Cow::Borrowed(id), long: None };
        }
        let digest: String = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect();
        let beginning = id.get(..id.floor_char_boundary(MAX_BEGINNING_BYTES)).unwrap_or_default();
        Self { conversation_id: Cow::Owned(format!("{beginning}~{digest}")), long: Some(id) }
    }
}

/// Checks a user's id.
///
/// # Errors
/// `InvalidInput` when it is empty or too long.
pub(super) fn check_user(field: &'static str, user_id: &str) -> Result<()> {
    check(field, user_id, MAX_USER_BYTES)
}

/// Checks a conversation's id.
///
/// # Errors
/// `InvalidInput` when it is empty or too long.
pub(super) fn check_id(field: &'static str, id: &str) -> Result<()> {
    check(field, id, MAX_ID_BYTES)
}

fn check(field: &'static str, text: &str, max_bytes: usize) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid_input(field, "is empty; give at least one character"));
    }
    if text.len() > max_bytes {
        return Err(Error::invalid_input(
            field,
            format!("has {} bytes; at most {max_bytes} fit", text.len()),
        ));
    }
    Ok(())
}

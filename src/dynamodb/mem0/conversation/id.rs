//! Ids of conversations: `{user}:{epoch seconds}` as Mem0 makes them, with the microseconds behind.
//!
//! Mem0 makes two of one second the same, and the second takes the place of the first. Ours sort among Mem0's by time, and
//! are put only where nothing is.

use std::sync::atomic::Ordering;

use super::ConversationStore;
use crate::error::{Error, Result};

/// The limit of a sort key.
pub(super) const MAX_ID_BYTES: usize = 1_024;
/// Leaves room for the time in an id.
const MAX_USER_BYTES: usize = 1_000;

impl ConversationStore {
    /// An id above all that this store made before.
    pub(super) fn next_id(&self, user_id: &str) -> String {
        let now = self.client.clock().epoch_micros();
        let next = |newest: u64| Some(now.max(newest.saturating_add(1)));
        let before = self.newest_id.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let micros = now.max(before.unwrap_or_default().saturating_add(1));
        format!("{user_id}:{}.{:06}", micros / 1_000_000, micros % 1_000_000)
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
